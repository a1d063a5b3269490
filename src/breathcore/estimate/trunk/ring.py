"""All the way round: left against right with what noise alone makes of it, and the 360° score."""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.model.device import Place
from breathcore.model.trunk import RING, SiteExpansion, Unmeasured

PAIRS_N = 8  # breaths that left and right are compared over
LEAST_N = 3
SURE = 1.96
BENDS = 0.087  # SD of the slope of a reading from one person's site to the next: evenly within 15 %
ASK_AT = 10.0  # of the symmetry index: ask for the sensors to be exchanged
NAN = math.nan


class Symmetry(NamedTuple):
    """100 (left - right) / mean, the half-width of what scatter and calibration make of it, or why there is none."""

    value: float
    noise: float
    reason: Unmeasured | None = None


class Pairs:
    """Left and right of the last breaths.

    The index is that of the sums over `PAIRS_N` breaths. Its noise has three parts: the breath-to-breath scatter of the
    difference (over the root of their number); what the coefficients of variation of both calibrations leave open about
    the two ranges (over the root of the number of full breaths); and that neither reading is straight between ease and
    full (`BENDS`). More breaths shrink the first only; deep breaths the last: in quiet ones it is the largest.
    """

    def __init__(self) -> None:
        self._pairs: deque[tuple[float, float]] = deque(maxlen=PAIRS_N)

    def reset(self) -> None:
        """Forget all breaths."""
        self._pairs.clear()

    def push(self, left: float, right: float) -> None:
        """Take one breath's shares."""
        self._pairs.append((left, right))

    def tell(self, cv_left: float, cv_right: float, fulls_n: int) -> Symmetry:
        """Return the index now, given the coefficients of variation of both sides' `fulls_n` full breaths."""
        if len(self._pairs) < LEAST_N:
            return Symmetry(NAN, NAN, Unmeasured.TOO_SHORT)
        left, right = np.array(self._pairs).T
        mean = 0.5 * (float(left.mean()) + float(right.mean()))
        if mean <= 0.0:
            return Symmetry(NAN, NAN, Unmeasured.NO_BREATH)
        index = 100.0 * (float(left.mean()) - float(right.mean())) / mean
        n = len(left)
        scatter = 100.0 * moments(left - right)[1] / mean / math.sqrt(n - 1)
        ranges = 100.0 * math.hypot(cv_left, cv_right) / math.sqrt(max(1, fulls_n))
        bends = 100.0 * math.sqrt(2.0) * BENDS * max(0.0, 1.0 - mean)
        return Symmetry(index, SURE * math.sqrt(scatter**2 + ranges**2 + bends**2))


def score_of(ring: Sequence[SiteExpansion]) -> tuple[float, Place | None, Unmeasured | None]:
    """Return the 360° score of one breath, the site that opened least, and why there is no score.

    100 mean(e) (1 - SD(e) / mean(e)) of the shares e of front, left, right and back, each no more than 1. All four are
    needed: three sites are not all the way round.
    """
    if len(ring) < len(RING):
        return NAN, None, Unmeasured.NO_SENSOR
    missing = next((s.reason for s in ring if s.reason is not None), None)
    if missing is not None:
        return NAN, None, missing
    shares = np.clip([s.share for s in ring], 0.0, 1.0)
    mean, sd = moments(shares)
    return max(0.0, 100.0 * (mean - sd)), ring[int(shares.argmin())].place, None
