"""Respiratory sinus arrhythmia: how the heart rate rose and fell within one breath."""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.intervals import middles, normal
from breathcore.model.arrays import F64
from breathcore.model.estimates import Breath, SinusArrhythmia

FEWEST = 4  # normal intervals in a breath: a sine has three numbers to find
WHOLE = 0.8  # share of them that must be normal
NAN = float("nan")
_RIDGE = 1e-9 * np.eye(3)  # beats that fall together leave nothing to divide by


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of one heart: when each interval had its middle (s), the rate it tells (/min), whether it is normal."""

    middle_s: F64
    rate_bpm: F64
    normal: np.ndarray

    @classmethod
    def of(cls, t_s: F64, rr_s: F64) -> "Beats":
        """Return those of intervals `rr_s` (n,) that end at `t_s` (n,)."""
        return cls(middles(t_s, rr_s), 60.0 / np.maximum(rr_s, 1e-3), normal(t_s, rr_s))

    def between(self, start_s: float, end_s: float) -> "Beats":
        """Return those whose middles are in [start_s, end_s)."""
        first, last = self.middle_s.searchsorted((start_s, end_s))
        return Beats(self.middle_s[first:last], self.rate_bpm[first:last], self.normal[first:last])


@dataclass(frozen=True, slots=True)
class Swing:
    """The heart's rise and fall in one cycle; NaN where too few normal beats fell into it.

    `quality` is the share of normal intervals times the share of their variance that one sine explains.
    """

    amplitude_bpm: float = NAN
    phase_deg: float = NAN
    quality: float = 0.0


def swing(beats: Beats, start_s: float, end_s: float, full_s: float) -> Swing:
    """Return what the heart did in the cycle [start_s, end_s), whose lungs were fullest at `full_s` (NaN: not known).

    The amplitude is the highest less the lowest rate of its normal intervals (peak to trough); a heart with few beats
    in a breath does not show its extremes, so it is too small in fast breathing. The phase is that of the sine of the
    cycle's length fitted by least squares: how long after `full_s` it is highest, as a share of 360°, −180 to 180.
    """
    inside = beats.between(start_s, end_s)
    good = inside.normal
    count = int(good.sum())
    if count < FEWEST or count < WHOLE * len(good):
        return Swing()
    rate = inside.rate_bpm[good]
    angle = 2.0 * math.pi / (end_s - start_s) * (inside.middle_s[good] - start_s)
    terms = np.array((np.ones(count), np.cos(angle), np.sin(angle)))
    fit = np.linalg.solve(terms @ terms.T + _RIDGE, terms @ rate)
    off = rate - float(rate.sum()) / count
    left = rate - fit @ terms
    spread = float(off @ off)
    explained = 1.0 - float(left @ left) / spread if spread > 0 else 0.0
    highest = math.degrees(math.atan2(float(fit[2]), float(fit[1])))
    lag = highest - 360.0 * (full_s - start_s) / (end_s - start_s)
    return Swing(float(rate.max() - rate.min()), wrapped(lag), max(explained, 0.0) * count / len(good))


def wrapped(degrees: float) -> float:
    """Return the same angle in [-180, 180); NaN stays NaN."""
    return (degrees + 180.0) % 360.0 - 180.0 if math.isfinite(degrees) else NAN


def fullest_s(breath: Breath) -> float:
    """Return when the lungs were fullest: at the exhale's onset, or in the middle of the hold before it."""
    hold_s = breath.hold_in_s if breath.hold_in_s > 0 else 0.0
    return breath.exhale_onset_s - 0.5 * hold_s


def arrhythmia(beats: Beats, breath: Breath, source: str) -> SinusArrhythmia:
    """Return how the heart of `source` followed `breath`, which has ended."""
    found = swing(beats, breath.inhale_onset_s, breath.end_s, fullest_s(breath))
    return SinusArrhythmia(
        breath.end_s, breath.inhale_onset_s, found.amplitude_bpm, found.phase_deg, found.quality, source
    )
