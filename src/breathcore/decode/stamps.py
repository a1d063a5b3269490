"""Device stamps that wrap: which samples were lost before a packet, and which packets cannot be believed.

Packets without a checksum have only their stamp to be judged by. One that goes on where the last one ended is
believed; so is one that leaves a hole, unless it came before it was taken: the host must have waited for as long, but
for what the packet before came late. A stamp far off is refused, and believed only when the next packet goes on from
it (the device's clock was set). A packet that goes on from before the last hole shows the one in between to have been
false.
"""

from dataclasses import dataclass, replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason

_FIRST_LATE_S = 0.3  # the first packet may be this late
_EARLY_S = 0.12  # packets are no faster than the fastest before by more than this
_CATCHES_UP = 0.1  # of the time in which packets come: what is late for long is not late, the clocks differ
_PAUSE_S = 0.25  # a longer wait is a stall
_REORDERED_S = 1.0  # a packet that comes late comes less late than this
_APART = 0.5  # of a sample: nearer than this to where it should be is a continuation
_LEAST = 0.5  # of the samples before: a stamp that goes on by less repeats them
_RATE_ERROR = 0.05  # a stream may run this much faster or slower than nominal


@dataclass(frozen=True, slots=True)
class _Mark:
    """A packet: the stamp of its first sample in counts, its samples, its arrival."""

    count: int
    rows_n: int
    t_host_s: float


class Stamps:
    """The stamps of one stream, each that of a packet's first sample.

    Parameters
    ----------
    tick_s : float
        Seconds a count.
    bits : int
        Width after which the counts wrap.
    """

    def __init__(self, tick_s: float, bits: int = 32) -> None:
        self._tick_s, self._turn = tick_s, 1 << bits
        self._last: _Mark | None = None
        self._other: _Mark | None = None  # the one before the last hole, or the last that was refused
        self._late_s = _FIRST_LATE_S  # how late the last packet came, at most
        self._unwrapped = 0

    def times(self, count: int, rows_n: int, rate_hz: float, t_host_s: float) -> tuple[F64, int]:
        """Return device times (rows_n,) in s, unwrapped, and the samples lost before them.

        Raises DecodeError: NOT_RISING for a repeated or late packet (one that goes on by much less than its samples
        take is such a one), OUT_OF_RANGE for a stamp far off.
        """
        mark = _Mark(count, rows_n, t_host_s)
        if self._last is None:
            self._unwrapped = count
            step_s, lost_n = 1.0 / rate_hz, 0
        else:
            step_s, lost_n = self._placed(mark, self._last, rate_hz)
            self._unwrapped += self._ahead(mark, self._last)
        self._last = mark
        return self._unwrapped * self._tick_s + step_s * np.arange(rows_n, dtype=np.float64), lost_n

    def _placed(self, mark: _Mark, last: _Mark, rate_hz: float) -> tuple[float, int]:
        """Return the time between samples and the samples lost before `mark`."""
        ahead_s = self._ahead(mark, last) * self._tick_s
        waited_s = mark.t_host_s - last.t_host_s
        late_s = max(0.0, self._late_s + waited_s - _CATCHES_UP * min(waited_s, _PAUSE_S) - ahead_s)
        if _continues(ahead_s, last.rows_n, rate_hz):
            self._other, self._late_s = None, late_s
            return ahead_s / last.rows_n, 0
        if -_REORDERED_S < ahead_s < _LEAST * last.rows_n / rate_hz:
            raise DecodeError(FaultReason.NOT_RISING, 0, f"{mark.count} after {last.count}")
        other = self._other
        if other is not None and _continues(self._ahead(mark, other) * self._tick_s, other.rows_n, rate_hz):
            self._other, self._late_s = None, _FIRST_LATE_S
            return 1.0 / rate_hz, last.rows_n
        if not 0 < ahead_s <= waited_s * (1.0 + _RATE_ERROR) + self._late_s + _EARLY_S:
            self._other = mark
            raise DecodeError(FaultReason.OUT_OF_RANGE, 0, f"{mark.count} after {last.count}")
        self._late_s = late_s
        self._other = replace(last, rows_n=last.rows_n + mark.rows_n)  # where the next one goes on if `mark` is false
        return 1.0 / rate_hz, max(1, round(ahead_s * rate_hz) - last.rows_n)

    def _ahead(self, mark: _Mark, last: _Mark) -> int:
        """Return how many counts `mark` is ahead of `last`, by the shorter way round."""
        half = self._turn // 2
        return (mark.count - last.count + half) % self._turn - half


def _continues(ahead_s: float, rows_n: int, rate_hz: float) -> bool:
    return _LEAST * rows_n <= ahead_s * rate_hz <= rows_n + _APART + _RATE_ERROR * rows_n
