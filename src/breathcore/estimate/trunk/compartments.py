"""Ribs and belly: whose part of the breath is whose, and how far the belly lags behind the ribs.

The lag is that of the highest cross-correlation over the last breaths, within two thirds of a breath to either side, as
an angle of the told breath's own length (Prisk 2002, who found it within 5 degrees where the loop's width is off by
30). Our departures: each lag is correlated over the same number of samples, taken evenly from both sides, so that a
trace which drifts does not pull the lag towards 0; and where another lag, more than a few degrees off, is all but as
good, there is no angle: near half a breath nobody can tell leading from lagging. Where one of the two hardly moves, or
they are not alike, there is none either. The lag is taken to last as long in the last breaths as in the told one: of
breaths that differ in length by half, only those are looked at that are like the last.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from breathcore.estimate.trunk.excursion import mended, smoothed
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.model.arrays import F64
from breathcore.model.estimates import Breath

LEAST_RATIO, MOST_RATIO = 0.15, 6.0  # ribs to belly: beyond, the smaller one's time is not known
ALIKE = 0.9
PARADOX_DEG = 120.0
BREATHS_N = 3
REACH = 0.65  # of a breath: so far a lag is looked for; breaths are not all of one length
LEAST_REACHES = 2.2
AS_GOOD, APART_DEG = 0.02, 10.0  # a lag that is so near in correlation and so far in angle leaves none told
LONGER, GAP_S = 1.5, 0.1
SMOOTH = 0.06  # of a breath


class Lag(NamedTuple):
    """Angle by which the second lags behind the first, degrees, and the correlation there."""

    deg: float
    correlation: float


UNKNOWN = Lag(math.nan, math.nan)


def lag(first: F64, second: F64, cycle_s: float, breath_s: float) -> Lag:
    """Return how far `second` (n,) lags behind `first` (n,), as an angle of a breath of `breath_s`.

    Both are on the grid, over 1.5 breaths of `cycle_s` or more. NaN where that is not clear.
    """
    a, b = mended(first), mended(second)
    reach = math.floor(REACH * cycle_s * GRID_HZ)
    if a is None or b is None or len(a) < LEAST_REACHES * reach or reach < 3:
        return UNKNOWN
    width = round(SMOOTH * cycle_s * GRID_HZ)
    a, b = _level(smoothed(a, width)), _level(smoothed(b, width))
    lags = range(-reach - 2, reach + 3)
    size = len(a) - reach - 2
    found = np.array([_correlation(a, b, k, size) for k in lags])
    tops = _tops(found)
    if not len(tops):
        return UNKNOWN
    degs = [360.0 * (lags[k] + _off(found[k - 1 : k + 2])) / GRID_HZ / breath_s for k in tops]
    best = max(range(len(tops)), key=lambda n: found[tops[n]])
    top = float(found[tops[best]])
    rivals = [wrapped_deg(d - degs[best]) for d, k in zip(degs, tops, strict=True) if found[k] >= top - AS_GOOD]
    if max(abs(d) for d in rivals) > APART_DEG:
        return Lag(math.nan, top)
    return Lag(wrapped_deg(degs[best]), top)


def wrapped_deg(deg: float) -> float:
    """Return the same angle between -180 and 180."""
    return deg - 360.0 * math.floor((deg + 180.0) / 360.0)


def _tops(y: F64) -> list[int]:
    """Return where `y` (n,) has its tops, its ends left out."""
    inner = y[1:-1]
    return (1 + np.flatnonzero((inner > y[:-2]) & (inner >= y[2:]))).tolist()


def _off(three: F64) -> float:
    """Return by how many samples the top of the parabola through three is off the middle one."""
    left, top, right = three.tolist()
    bend = left - 2.0 * top + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0


def alike(breaths: Sequence[Breath]) -> Sequence[Breath]:
    """Return those of the breaths, the last ones, that are about as long as the last and follow each other."""
    kept = [breaths[-1]]
    last_s = _length_s(breaths[-1])
    for breath in reversed(breaths[:-1]):
        length_s = _length_s(breath)
        gap_s = kept[0].inhale_onset_s - breath.end_s
        if gap_s > GAP_S or max(length_s, last_s) > LONGER * min(length_s, last_s):
            break
        kept.insert(0, breath)
    return kept


def _length_s(breath: Breath) -> float:
    return breath.end_s - breath.inhale_onset_s


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
