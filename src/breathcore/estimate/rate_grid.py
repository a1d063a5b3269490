"""A forward filter over a grid of breathing rates: evidence of single windows, gathered as time goes on."""

import numpy as np

from breathcore.model.arrays import F64, frozen

SLOWEST_BPM, FASTEST_BPM = 3.0, 45.0
RATES_BPM = frozen(np.geomspace(SLOWEST_BPM, FASTEST_BPM, 110))  # steps of 2.5 %


class RateTracker:
    """The probability of each of `RATES_BPM`, given all evidence so far.

    Parameters
    ----------
    drift_per_s : float
        SD by which the log of a person's rate wanders in a second (free breathing about 0.06, signals.md §3).
    restart_per_s : float
        Chance a second that the rate jumps anywhere.
    """

    def __init__(self, drift_per_s: float = 0.06, restart_per_s: float = 0.01) -> None:
        self._restart = restart_per_s
        log = np.log(RATES_BPM)
        kernel = np.exp(-0.5 * ((log[:, None] - log[None, :]) / drift_per_s) ** 2)
        self._move = kernel / kernel.sum(axis=0)
        self.reset()

    def reset(self) -> None:
        """Forget all evidence."""
        self.belief: F64 = np.full(len(RATES_BPM), 1.0 / len(RATES_BPM))

    def push(self, likelihood: F64) -> F64:
        """Let a second pass and take its evidence (110,), any scale; return the belief (110,), which sums to 1."""
        moved = (1.0 - self._restart) * (self._move @ self.belief) + self._restart / len(RATES_BPM)
        belief = moved * likelihood
        total = float(belief.sum())
        self.belief = belief / total if total > 0 else moved
        return self.belief
