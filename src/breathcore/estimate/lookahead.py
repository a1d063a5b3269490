"""Look-ahead: where the breath trace will be in the next tenths of a second, told from its own last seconds."""

import math

import numpy as np

from breathcore.dsp.ring import Ring
from breathcore.model.arrays import F64
from breathcore.model.estimates import RateEstimate

MOST_S = 0.64  # ahead
AHEAD_S = (0.16, 0.32, 0.48, 0.64)  # what is learned; between them a straight line
STEP_S = 0.04  # between predicted points
BACK_S = (0.08, 0.16, 0.28, 0.44, 0.70, 1.00)  # the trace is compared with itself so long ago
LEARN_S = 40.0  # of trace are learned from: some breaths, even slow ones
LEAST_S = 8.0
EVERY_S = 0.08  # an example
RIDGE = 1e-3  # of the mean power of the regressors: the weights of a noisy trace shrink, those of a clean one do not
EDGE = 0.02  # of the learned trace lies beyond the person's range on either side
FULL_QUALITY = 0.7  # from here up the whole look-ahead is used; below, in proportion
FASTEST_TRACE_HZ = 50.0

_BACK = np.asarray(BACK_S)
_AHEAD = np.asarray(AHEAD_S)


class LookAhead:
    """Predicts a trace by linear regression on its own past, learned anew at each whole second.

    What the trace will have gained in 0.16, 0.32, 0.48 and 0.64 s is a weighted sum of what it has gained over the
    last 0.08 … 1 s; the weights are those that would have been best over the last 40 s. Differences, so that a middle
    that drifts does not matter, and least squares, so that into a hold, and where nothing can be foretold, the weights
    come out small by themselves. A prediction does not leave the 2nd to 98th percentile of the last 40 s.

    Depends on the samples alone, not on the blocks they came in. Reference: adaptive linear regression for respiratory
    gating (Radiat Oncol 2023 18:149, 0.4–0.6 s ahead); here several steps at once, on differences, and with a ridge.
    """

    def __init__(self) -> None:
        self._ring = Ring(math.ceil(FASTEST_TRACE_HZ * (LEARN_S + 2.0)), 1)
        self._reach_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget the trace."""
        self._ring.reset()
        self._weights: F64 | None = None
        self._low = self._high = math.nan
        self._next_s = -math.inf

    @property
    def reach_s(self) -> float:
        """How far is predicted now: less the worse the signal is, nothing where the breath is refused."""
        return self._reach_s if self._weights is not None else 0.0

    def guide(self, rate: RateEstimate) -> None:
        """Take how good the signal is."""
        good = min(max(rate.quality / FULL_QUALITY, 0.0), 1.0) if rate.refusal is None else 0.0
        self._reach_s = MOST_S * good

    def push(self, t_s: F64, y: F64, *, gap_before: bool = False) -> None:
        """Take trace `t_s` (n,), `y` (n,), evenly spaced; after a gap it begins anew."""
        if gap_before:
            self.reset()
        start, count = 0, len(t_s)
        while start < count:
            if t_s[start] >= self._next_s:
                self._learn()
                self._next_s = math.floor(t_s[start]) + 1.0
            end = int(t_s.searchsorted(self._next_s))
            self._ring.push(t_s[start:end], y[None, start:end])
            start = end

    def turn(self) -> None:
        """Go on with the trace upside down."""
        self._ring.last()[1][:] *= -1.0
        self._low, self._high = -self._high, -self._low

    def ahead(self) -> tuple[F64, F64]:
        """Return times (m,) after the newest sample and predicted levels (m,); empty without look-ahead."""
        count = math.floor(self.reach_s / STEP_S + 1e-9)
        if self._weights is None or not count:
            return np.empty(0), np.empty(0)
        t_s, y = self._newest()
        now = y[-1]
        gain = (now - np.interp(t_s[-1] - _BACK, t_s, y)) @ self._weights
        ahead_s = STEP_S * np.arange(1, count + 1)
        level = now + np.interp(ahead_s, (0.0, *AHEAD_S), (0.0, *gain))
        return t_s[-1] + ahead_s, np.clip(level, min(self._low, now), max(self._high, now))

    def _newest(self) -> tuple[F64, F64]:
        t_s, y = self._ring.last(math.ceil(FASTEST_TRACE_HZ * (BACK_S[-1] + 0.2)))
        return t_s, y[0]

    def _learn(self) -> None:
        t_s, y = self._ring.last()
        if len(t_s) < 3 or t_s[-1] - t_s[0] < LEAST_S:
            return
        first_s = max(t_s[0] + BACK_S[-1], t_s[-1] - LEARN_S)
        at_s = np.arange(first_s, t_s[-1] - MOST_S, EVERY_S)
        now = np.interp(at_s, t_s, y[0])
        past = now - np.interp(at_s - _BACK[:, None], t_s, y[0])
        future = np.interp(at_s + _AHEAD[:, None], t_s, y[0]) - now
        power = past @ past.T
        ridge = RIDGE * float(np.trace(power)) / len(power)
        if ridge <= 0.0:  # nothing has moved
            self._weights = None
            return
        self._weights = np.linalg.solve(power + ridge * np.eye(len(power)), past @ future.T)
        self._limit(np.sort(y[0, t_s >= first_s]))

    def _limit(self, ordered: F64) -> None:
        edge = int(EDGE * len(ordered))
        self._low, self._high = float(ordered[edge]), float(ordered[-1 - edge])
