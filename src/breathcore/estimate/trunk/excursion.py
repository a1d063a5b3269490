"""One breath at one site: how far it went from its low to its top."""

import math
from typing import NamedTuple

import numpy as np

from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.model.arrays import F64

WIDTH = 0.08  # of the breath: over so much of it a top or a low is averaged, so that noise does not choose it
BELT_WIDTH = 0.03  # a belt's noise is small against its breath
AROUND = 0.25  # of the breath: so much before its onset and after its end may a low lie
MISSING = 0.1  # of the samples: more make no breath


class Excursion(NamedTuple):
    """Time and level of the top, and the lows before and after it."""

    top_s: float
    top: float
    low_before: float
    low_after: float
    size: float
    """Top less the line between both lows: drift over the breath is left out."""


NOTHING = Excursion(math.nan, math.nan, math.nan, math.nan, math.nan)


def mended(y: F64) -> F64 | None:
    """Return `y` (n,) with its missing samples bridged, None where too many are missing."""
    good = np.isfinite(y)
    if good.all():
        return y if len(y) else None
    if np.count_nonzero(~good) > MISSING * len(y):
        return None
    at = np.arange(len(y))
    return np.asarray(np.interp(at, at[good], y[good]), dtype=np.float64)


def smoothed(y: F64, width_n: int) -> F64:
    """Return the running mean of `y` (n,) over `width_n` samples, its ends held."""
    if width_n < 2:
        return y
    half = width_n // 2
    padded = np.concatenate((np.full(half, y[0]), y, np.full(half, y[-1])))
    kernel = np.full(2 * half + 1, 1.0 / (2 * half + 1))
    return np.asarray(np.convolve(padded, kernel, mode="valid"), dtype=np.float64)


def excursion(t_s: F64, y: F64, start_s: float, end_s: float, width: float = WIDTH) -> Excursion:
    """Return the excursion of `y` (n,) in the breath `[start_s, end_s)`; NaN where it is not there.

    `t_s`, `y` reach a quarter of the breath further on both sides, where they can.
    """
    whole = mended(y)
    if whole is None or len(whole) < 3:
        return NOTHING
    whole = smoothed(whole, round(width * (end_s - start_s) * GRID_HZ))
    first, end = int(np.searchsorted(t_s, start_s)), int(np.searchsorted(t_s, end_s))
    if end - first < 3:
        return NOTHING
    top = first + int(whole[first:end].argmax())
    before = int(whole[: top + 1].argmin())
    after = top + int(whole[top:].argmin())
    low_before, low_after = float(whole[before]), float(whole[after])
    share = (top - before) / max(after - before, 1)
    base = low_before + share * (low_after - low_before)
    if before == 0 < top and after < len(whole) - 1:  # what is seen of one side does not reach its low
        base = low_after
    elif after == len(whole) - 1 and before > 0:
        base = low_before
    return Excursion(float(t_s[top]), float(whole[top]), low_before, low_after, float(whole[top]) - base)
