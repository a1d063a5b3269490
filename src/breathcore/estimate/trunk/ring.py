"""All the way round: left against right with what noise alone makes of it, and the 360° score."""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.trunk import RING, Side, SiteExpansion, Unmeasured

PAIRS_N = 8  # breaths that left and right are compared over
LEAST_N = 3
SURE = 1.96
BENDS = 0.087  # SD of the slope of a reading from one person's site to the next: evenly within 15 %
SHARED = 0.2  # of what a site does is seen at its neighbours: 10-30 %
MOST_NOISE = 6.0  # of the index: with 7 a tenth of people were up to 5.7 off
NORMAL = 10.0  # of the symmetry index: beyond, a side opens more, and the sensors are to be exchanged once
LESS = 0.2  # of what the other sites open
AGAINST, AGAINST_SHARE = -0.6, 0.15  # correlation with the others; of the full breath: less is noise
NAN = math.nan


class Symmetry(NamedTuple):
    """100 (left - right) / mean, the half-width of what scatter and sensors make of it, or why there is no number.

    `opens_more` is the side that does so by more than that and `NORMAL`; it may be known where no number is told.
    """

    value: float
    noise: float
    opens_more: Side | None = None
    reason: Unmeasured | None = None


def skins_half_width(mean: float, skins_n: int = 2) -> float:
    """Return the half-width of the index, percent, that skins make which do not turn in proportion in a breath."""
    return SURE * 100.0 * math.sqrt(skins_n) * BENDS * abs(1.0 - mean)


class Pairs:
    """Left and right of the last breaths.

    The index is that of the sums over `PAIRS_N` breaths. Its noise has four parts: the breath-to-breath scatter of the
    difference (over the root of their number); what the full breaths of the calibration leave open about the ratio of
    the two ranges; that a skin does not turn in proportion between ease and full (`BENDS`); and that neighbours share
    what one side does (`SHARED`). More breaths shrink the first only, deep breaths the third: in quiet ones it is the
    largest. Where all of it comes to more than `MOST_NOISE` no number is told, and the largest part says why.
    """

    def __init__(self) -> None:
        self._pairs: deque[tuple[float, float]] = deque(maxlen=PAIRS_N)

    def reset(self) -> None:
        """Forget all breaths."""
        self._pairs.clear()

    def push(self, left: float, right: float) -> None:
        """Take one breath's shares."""
        self._pairs.append((left, right))

    @property
    def index(self) -> float:
        """100 (left - right) / mean of the breaths so far, NaN without one that opened anything."""
        left, right = (sum(p[k] for p in self._pairs) for k in (0, 1))
        return 200.0 * (left - right) / (left + right) if left + right > 0.0 else NAN

    def tell(self, ratio_sd: float, skins_n: int) -> Symmetry:
        """Return the index now; `ratio_sd` of both ranges, `skins_n` of the two are read from the skin's turn."""
        if len(self._pairs) < LEAST_N:
            return Symmetry(NAN, NAN, reason=Unmeasured.TOO_SHORT)
        left, right = np.array(self._pairs).T
        mean = 0.5 * (float(left.mean()) + float(right.mean()))
        if mean <= 0.0:
            return Symmetry(NAN, NAN, reason=Unmeasured.NO_BREATH)
        index, n = self.index, len(left)
        scatter = 100.0 * moments(left - right)[1] / mean / math.sqrt(n - 1)
        parts = {
            Unmeasured.SHALLOW: skins_half_width(mean, skins_n) / SURE,
            Unmeasured.UNEVEN: 100.0 * ratio_sd,
            Unmeasured.ROUGH if n == PAIRS_N else Unmeasured.TOO_SHORT: scatter,
        }
        shared = SHARED * abs(index) if skins_n else 0.0
        noise = SURE * math.sqrt(sum(x * x for x in (*parts.values(), shared)))
        more = None if abs(index) <= max(noise, NORMAL) else Side.LEFT if index > 0.0 else Side.RIGHT
        if noise <= MOST_NOISE:
            return Symmetry(index, noise, more)
        largest = max(parts, key=lambda reason: parts[reason])
        return Symmetry(NAN, noise, more, largest if parts[largest] > shared else Unmeasured.ROUGH)


def against(levels: F64) -> list[bool]:
    """Return which of the sites' `levels` (sites, n) in one breath move against the mean of the others.

    Of fewer than three sites nobody knows which one does. A straight line is left out of each, missing samples too.
    """
    sites_n = len(levels)
    levels = levels[:, np.isfinite(levels).all(axis=0)]
    if sites_n < 3 or levels.shape[1] < 3:
        return [False] * sites_n
    at = np.arange(levels.shape[1]) - 0.5 * (levels.shape[1] - 1)
    flat = levels - levels.mean(axis=1, keepdims=True)
    flat -= np.outer((flat * at).sum(axis=1) / (at * at).sum(), at)
    others = flat.sum(axis=0) - flat
    size = np.sqrt((flat * flat).sum(axis=1) * (others * others).sum(axis=1))
    return [bool(x) for x in (flat * others).sum(axis=1) < AGAINST * size]


def score_of(ring: Sequence[SiteExpansion]) -> tuple[float, Place | None, Unmeasured | None]:
    """Return the 360° score of one breath, the site that opened least, and why there is no score.

    100 mean(e) (1 - SD(e) / mean(e)) of the shares e of front, left, right and back, each no more than 1. All four are
    needed: three sites are not all the way round. A site is the least only where it opened less than the others by more
    than `LESS`, which is about what the sensors make of sites that open alike; None: all open evenly.
    """
    if len(ring) < len(RING):
        return NAN, None, Unmeasured.NO_SENSOR
    missing = next((s.reason for s in ring if s.reason is not None), None)
    if missing is not None:
        return NAN, None, missing
    shares = np.clip([s.share for s in ring], 0.0, 1.0)
    mean, sd = moments(shares)
    least = float(shares.min())
    others = (len(ring) * mean - least) / (len(ring) - 1)
    stands_out = least < (1.0 - LESS) * others
    return max(0.0, 100.0 * (mean - sd)), ring[int(shares.argmin())].place if stands_out else None, None
