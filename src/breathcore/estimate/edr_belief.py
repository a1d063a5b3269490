"""From the sways of beats to a breathing rate, and how sure it is.

The likelihood of a rate is a power of what it explains, the same for all rates and people, so nothing is learned and
no rate is preferred; a forward filter (`rate_grid`) gathers it, and the answer is the peak of its belief. The fewer the
beats, the more of their sway one rate explains by chance; so what it explains counts in proportion to their number.

Quality is the chance that the answer is within 2/min. It grows with how much of the belief is there and with what the
answer has explained in the last minute (beats of somebody who does not breathe sway too, but not for long at one rate).
`benchmarks/fit_ecg.py` fits those weights anew with each patient left out in turn.
"""

import math
from collections import deque

import numpy as np

from breathcore.estimate.edr import Sway
from breathcore.estimate.rate_grid import RATES_BPM, RateTracker, likeliest
from breathcore.model.arrays import F64

NAN = float("nan")
EVERY_S = 4  # evidence of windows that overlap by half a minute: oftener tells nothing new
USUAL_BPM = 80.0  # heart rate at which a share explained counts as it is
FLOOR, POWER = 0.1, 0.9  # likelihood = (FLOOR + evidence) ** POWER, each EVERY_S
DRIFT_PER_S, RESTART_PER_S = 0.025, 0.004
MEMORY, FEWEST = 16, 8  # evidences: a minute; fewer count as this many
NEAR_N = 3  # steps of the grid to either side that count as the same rate
LASTING_FLOOR, CERTAIN = 0.02, 0.995
WEIGHTS = (1.0, 3.0, 6.9)  # of the two signs in the log odds, and the offset
GOOD = 0.6  # of the beats of half a minute must be normal ones
CLEAN = 0.96  # likeness of the middle one: below, noise sways as much as the breath does


class BreathBelief:
    """What the beats so far say of the breathing rate; takes what sways every 4 s.

    Attributes
    ----------
    usable : bool
        Whether the last half minute had beats to judge by; if not, the others are those of the last time.
    rate_bpm, quality : float
        The answer, and the chance that it is within 2/min.
    signs : tuple of float
        Log odds of the belief within 2/min of the answer; log of what the answer explained in the last minute.
    """

    def __init__(self) -> None:
        self._tracker = RateTracker(DRIFT_PER_S, RESTART_PER_S, EVERY_S)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._tracker.reset()
        self._memory: deque[F64] = deque(maxlen=MEMORY)
        self.usable = False
        self.rate_bpm, self.quality = NAN, 0.0
        self.signs = (NAN, NAN)

    def push(self, sway: Sway | None) -> None:
        """Take what sways now, if anything is known of it."""
        self.usable = sway is not None and sway.good >= GOOD and sway.likeness >= CLEAN and not sway.still
        if sway is not None and sway.still:
            self._memory.clear()  # what lasted lasts no more
        if sway is None or not self.usable:
            self._memory.append(np.zeros(len(RATES_BPM)))
            self._tracker.push(np.ones(len(RATES_BPM)))
            return
        evidence = sway.evidence * (sway.hr_bpm / USUAL_BPM)
        self._memory.append(evidence)
        self.rate_bpm, near = likeliest(self._tracker.push((FLOOR + evidence) ** POWER))
        near = min(max(near, 1.0 - CERTAIN), CERTAIN)
        lasting = math.log(LASTING_FLOOR + self._lasting(self.rate_bpm))
        self.signs = math.log(near / (1.0 - near)), lasting
        odds = sum(w * sign for w, sign in zip(WEIGHTS, (*self.signs, 1.0), strict=True))
        self.quality = 1.0 / (1.0 + math.exp(-odds))

    def _lasting(self, rate_bpm: float) -> float:
        """Return what `rate_bpm` has explained in the last minute."""
        k = int(np.asarray(RATES_BPM).searchsorted(rate_bpm))
        near = np.array(self._memory)[:, max(k - NEAR_N, 0) : k + NEAR_N + 1]
        return float(np.add.reduce(near.max(axis=1))) / max(len(near), FEWEST)
