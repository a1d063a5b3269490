"""Ribs and belly: whose part of the breath is whose, and how far the belly lags behind the ribs.

The lag is that of the highest cross-correlation over the last breaths, within half a breath to either side, as an
angle of the breath's own length (Prisk 2002, who found it within 5 degrees where the loop's width is off by 30). Our
departure: each lag is correlated over the same number of samples, taken evenly from both sides, so that a trace which
drifts does not pull the lag towards 0. Where one of the two hardly moves, or they are not alike, there is no angle.
"""

import math
from typing import NamedTuple

import numpy as np

from breathcore.estimate.trunk.excursion import mended, smoothed
from breathcore.estimate.trunk.site import GRID_HZ
from breathcore.model.arrays import F64

LEAST_RATIO, MOST_RATIO = 0.15, 6.0  # ribs to belly: beyond, the smaller one's time is not known
ALIKE = 0.75
PARADOX_DEG = 120.0
BREATHS_N = 3
SMOOTH = 0.06  # of a breath


class Lag(NamedTuple):
    """Angle by which the second lags behind the first, degrees, and the correlation there."""

    deg: float
    correlation: float


UNKNOWN = Lag(math.nan, math.nan)


def lag(first: F64, second: F64, cycle_s: float) -> Lag:
    """Return how far `second` (n,) lags behind `first` (n,), both on the grid, two breaths of `cycle_s` or more."""
    a, b = mended(first), mended(second)
    half = math.floor(0.5 * cycle_s * GRID_HZ)
    if a is None or b is None or len(a) < 3 * half or half < 3:
        return UNKNOWN
    width = round(SMOOTH * cycle_s * GRID_HZ)
    a, b = _level(smoothed(a, width)), _level(smoothed(b, width))
    lags = range(-half - 2, half + 3)
    size = len(a) - half - 2
    found = np.array([_correlation(a, b, k, size) for k in lags])
    best = 1 + int(found[1:-1].argmax())
    left, top, right = (float(v) for v in found[best - 1 : best + 2])
    bend = left - 2.0 * top + right
    at = lags[best] + (0.5 * (left - right) / bend if bend < 0 else 0.0)
    deg = 360.0 * at / GRID_HZ / cycle_s
    return Lag(deg - 360.0 * math.floor((deg + 180.0) / 360.0), top)


def _correlation(a: F64, b: F64, k: int, size: int) -> float:
    """Return the correlation of `a` with `b` `k` samples later over `size` samples round the middle."""
    start_a = (len(a) - size - k) // 2
    p, q = a[start_a : start_a + size], b[start_a + k : start_a + k + size]
    p, q = p - p.mean(), q - q.mean()
    norm = math.sqrt(float(p @ p) * float(q @ q))
    return float(p @ q) / norm if norm > 0 else 0.0


def _level(y: F64) -> F64:
    """Return `y` (n,) less its straight line."""
    at = np.arange(len(y)) - 0.5 * (len(y) - 1)
    slope = float(y @ at) / float(at @ at)
    return np.asarray(y - y.mean() - slope * at, dtype=np.float64)
