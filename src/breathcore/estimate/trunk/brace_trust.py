"""Whether the level of a brace, with another channel's breath taken off, is sure enough to be told.

A drill's zone is 10 points wide: a level is told only where it is known to a few points, and once an end of a breath
out has agreed with the calibration's rest, or two with each other. Own method; limits chosen on simulated wearers.
"""

import math

AGREE = 0.03  # of the range: two ends of breaths out no farther apart say the same
AT_REST = 0.012  # of the range: a first one no farther from the calibration's rest says the same as that
APART = 0.05  # of the range: at its own end of a breath out a reading shows the level by itself; the two differ by less
UNSURE_SD = 0.022  # of the range: a level known less well is not told
RIPPLE_SD = 0.03  # of what the breath pulls: by so much a breath differs from what is taken off
REMAINS_SD = 0.5  # of what usually remains of a breath


class Trust:
    """Takes the levels at ends of breaths out; says whether a level can be told."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget all: calibrated anew."""
        self._settled = False
        self._last = math.nan
        self._apart = 0.0

    def own_end(self, apart: float) -> None:
        """Take how much higher the level is told than the reading itself is where its breath out ended."""
        self._apart = abs(apart)

    def end(self, level: float) -> None:
        """Take the level at the end of a breath out, as a share of the range."""
        first = self._last != self._last
        agrees = abs(level) <= AT_REST if first else abs(level - self._last) <= AGREE
        self._settled = self._settled or agrees
        self._last = level

    def sure(self, ripple: float, level_sd: float, remains: float, *, ramp: bool) -> bool:
        """Return whether a level with the breath taken off is sure; all as shares of the range.

        `ripple` is what is taken off now, `level_sd` what the level is known to by the filter, `remains` what usually
        remains of a breath (RMS), `ramp` whether the level is on its way.
        """
        sd = math.sqrt(level_sd**2 + (RIPPLE_SD * ripple) ** 2 + (REMAINS_SD * remains) ** 2)
        return self._settled and self._apart <= APART and not ramp and sd < UNSURE_SD
