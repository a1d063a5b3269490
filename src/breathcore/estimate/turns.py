"""The turns of breathing in a window: where peaks and troughs are, how regular they come, what rate that makes."""

from dataclasses import dataclass

import numpy as np

from breathcore.dsp.peaks import prune, refine, turning_points
from breathcore.estimate.band import Spectrum
from breathcore.model.arrays import F64

LOW_HZ = 0.04
LOW_WHEN_FAST_HZ = 0.08  # drift counts as breaths otherwise
FAST_BPM = 14.0
HIGH_HZ = 1.0
FIRST_PART = 0.15  # of the spread: what a turn must stand out by, at first
PART = 0.3  # of the median excursion: thereafter


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Alternating extremes: `at_s` (n,) from the window's start and `level` (n,), and the waveform they are of."""

    at_s: F64
    level: F64
    z: F64

    def since(self, t_s: float) -> "Turns":
        """Return those at or after `t_s`."""
        first = int(np.searchsorted(self.at_s, t_s))
        return Turns(self.at_s[first:], self.level[first:], self.z)

    def rate_bpm(self) -> float:
        """Return 60 (n − 1) / (last − first), the mean over peaks and over troughs; NaN if fewer than two of either."""
        first, second = self.at_s[::2], self.at_s[1::2]
        if len(second) < 2:
            return float("nan")
        rates = [60.0 * (len(e) - 1) / float(e[-1] - e[0]) for e in (first, second)]
        return 0.5 * (rates[0] + rates[1])


def find_turns(spectrum: Spectrum, step_s: float) -> Turns:
    """Find the turns of breathing: once roughly, then in the band that suits the rate found (accuracy.md)."""
    rough = _turns(spectrum.band(LOW_HZ, HIGH_HZ), step_s)
    rate = _mean_rate(rough)
    if not rate > 0:
        return rough
    low = LOW_WHEN_FAST_HZ if rate > FAST_BPM else LOW_HZ
    return _turns(spectrum.band(low, min(max(rate / 20.0, 0.3), 1.2)), step_s)


def _mean_rate(turns: Turns) -> float:
    if len(turns.at_s) < 4:
        return float("nan")
    return 30.0 * (len(turns.at_s) - 1) / float(turns.at_s[-1] - turns.at_s[0])


def _turns(z: F64, step_s: float) -> Turns:
    inner = turning_points(z)
    at = np.concatenate(([0], inner, [len(z) - 1]))
    levels = z[at].tolist()
    ordered = np.sort(z)
    edge = len(z) // 20
    kept = prune(levels, FIRST_PART * float(ordered[-1 - edge] - ordered[edge]))
    if len(kept) > 1:
        excursion = np.sort(np.abs(z[at[kept[1:]]] - z[at[kept[:-1]]]))
        kept = prune(levels, PART * float(excursion[len(excursion) // 2]))
    places = at[kept]
    return Turns(refine(z, places) * step_s if len(kept) else np.empty(0), z[places], z)
