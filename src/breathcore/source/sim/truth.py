"""What really happened, for accuracy checks after a run; nothing that estimates may see it."""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.model.arrays import F64


@dataclass(frozen=True, slots=True)
class TrueBreath:
    """One breath of the wearer: session times, and its tilt in degrees."""

    inhale_onset_s: float
    exhale_onset_s: float
    end_s: float
    amplitude_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """All finished breaths and all beats up to `until_s`."""

    until_s: float
    breaths: tuple[TrueBreath, ...]
    beats_s: F64

    def breaths_in(self, from_s: float, to_s: float) -> tuple[TrueBreath, ...]:
        """Return the breaths whose inhale began in `[from_s, to_s)`."""
        return tuple(b for b in self.breaths if from_s <= b.inhale_onset_s < to_s)

    def rate_bpm(self, from_s: float, to_s: float) -> float:
        """Return the rate from the first to the last inhale onset in the span; NaN with fewer than two."""
        onsets = [b.inhale_onset_s for b in self.breaths_in(from_s, to_s)]
        if len(onsets) < 2:
            return math.nan
        return 60.0 * (len(onsets) - 1) / (onsets[-1] - onsets[0])

    def heart_bpm(self, from_s: float, to_s: float) -> float:
        """Return the mean heart rate of the beats in the span; NaN with fewer than two."""
        beats = self.beats_s[(self.beats_s >= from_s) & (self.beats_s < to_s)]
        if beats.size < 2:
            return math.nan
        return float(60.0 / np.diff(beats).mean())
