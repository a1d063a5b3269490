"""A forward filter over a grid of breathing rates: evidence of single windows, gathered as time goes on."""

import math

import numpy as np

from breathcore.model.arrays import F64, frozen

SLOWEST_BPM, FASTEST_BPM = 3.0, 45.0
RATES_BPM = frozen(np.geomspace(SLOWEST_BPM, FASTEST_BPM, 110))  # steps of 2.5 %
PEAK_SHARE = 0.12  # of the likeliest rate: what counts as the same one
NEAR_BPM = 2.0


class RateTracker:
    """The probability of each of `RATES_BPM`, given all evidence so far.

    No rate is likelier than another to begin with: what is slow in a drill is as good as what is usual at rest.

    Parameters
    ----------
    drift_per_s : float
        SD by which the log of a person's rate wanders in a second (free breathing about 0.06, signals.md §3; evidence
        from overlapping windows wanders less).
    restart_per_s : float
        Chance a second that the rate jumps anywhere.
    step_s : float
        Time from one evidence to the next.
    """

    def __init__(self, drift_per_s: float = 0.06, restart_per_s: float = 0.01, step_s: float = 1.0) -> None:
        self._restart = restart_per_s * step_s
        log = np.log(RATES_BPM)
        kernel = np.exp(-0.5 * ((log[:, None] - log[None, :]) / (drift_per_s * math.sqrt(step_s))) ** 2)
        self._move = kernel / kernel.sum(axis=0)
        self.reset()

    def reset(self) -> None:
        """Forget all evidence."""
        self.belief: F64 = np.full(len(RATES_BPM), 1.0 / len(RATES_BPM))

    def push(self, likelihood: F64) -> F64:
        """Let a step pass and take its evidence (110,), any scale; return the belief (110,), which sums to 1."""
        moved = (1.0 - self._restart) * (self._move @ self.belief) + self._restart / len(RATES_BPM)
        belief = moved * likelihood
        total = float(belief.sum())
        self.belief = belief / total if total > 0 else moved
        return self.belief


def likeliest(belief: F64) -> tuple[float, float]:
    """Return the mean of the highest peak of `belief` (110,) in breaths/min, and how much lies within 2/min of it."""
    rates = np.asarray(RATES_BPM)
    top = float(rates[belief.argmax()])
    first, last = rates.searchsorted([(1.0 - PEAK_SHARE) * top, (1.0 + PEAK_SHARE) * top])
    peak = belief[first:last]
    rate = float(np.add.reduce(peak * rates[first:last])) / float(np.add.reduce(peak))
    first, last = rates.searchsorted([rate - NEAR_BPM, rate + NEAR_BPM])
    return rate, float(np.add.reduce(belief[first:last]))
