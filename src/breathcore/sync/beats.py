"""Beat times from RR intervals, which carry no time of their own."""

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock

COUNTS_PER_S = 1024
DRIFT_S = 0.5
PERIOD_S = 1.0  # straps notify once a second: the newest beat may be that old when it arrives
SILENCE_S = 5.0  # a link that stalls may be silent for less and lose nothing
LATE_N = 3  # packets in a row that must agree that beats are missing
CLOSEST_S = 0.2  # no two beats are nearer; used only where an anchor steps back


class BeatClock:
    """Places beats by adding up raw 1/1024-s counts from an anchor: rounding never accumulates.

    The anchor is the arrival of a packet's newest beat. It is set anew after a gap (`lost_n`, or 5 s without a beat),
    and when the sum has drifted by 0.5 s: ahead of the arrivals, which cannot be, or behind them by that much more
    than the second that a beat may wait for its packet, three packets in a row. Times are thus late by up to 1 s, and
    exact relative to each other between anchors.
    """

    def __init__(self) -> None:
        self._anchor_s = 0.0
        self._counts = 0
        self._late_n = 0
        self._last_s = -np.inf
        self._arrival_s = -np.inf
        self._anchored = False

    def place(self, block: RawBlock, arrival_s: float) -> tuple[F64, bool]:
        """Return the beat times (n,) of a block of intervals, and whether they do not continue those before."""
        sums = np.cumsum(np.rint(block.x[:, 0] * COUNTS_PER_S))
        silent = arrival_s - self._arrival_s > SILENCE_S
        gap = self._anchored and (block.lost_n > 0 or silent or self._drifted(float(sums[-1]), arrival_s))
        self._arrival_s = arrival_s
        if gap or not self._anchored:
            self._anchor(sums, arrival_s)
        times = self._anchor_s + (self._counts + sums) / COUNTS_PER_S
        self._counts += int(sums[-1])
        self._last_s = float(times[-1])
        return times, gap

    def _drifted(self, counts: float, arrival_s: float) -> bool:
        behind_s = arrival_s - (self._anchor_s + (self._counts + counts) / COUNTS_PER_S)
        self._late_n = self._late_n + 1 if behind_s > PERIOD_S + DRIFT_S else 0
        return behind_s < -DRIFT_S or self._late_n >= LATE_N

    def _anchor(self, sums: F64, arrival_s: float) -> None:
        self._anchored = True
        self._late_n = 0
        self._counts = 0
        first_s = arrival_s - float(sums[-1] - sums[0]) / COUNTS_PER_S
        self._anchor_s = max(first_s, self._last_s + CLOSEST_S) - float(sums[0]) / COUNTS_PER_S
