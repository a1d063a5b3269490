"""Turning points of a waveform: found, and pruned of small wiggles."""

import numpy as np

from breathcore.model.arrays import F64, I64


def turning_points(y: F64) -> I64:
    """Return the indices of local maxima and minima of `y` (n,), alternating; ends are not turning points."""
    rising = y[1:] > y[:-1]
    return np.flatnonzero(rising[1:] != rising[:-1]) + 1


def prune(levels: list[float], threshold: float) -> list[int]:
    """Return positions in `levels` (alternating extremes) of the turns that stand out by `threshold` on both sides.

    A zig-zag: an extreme is kept once the level has come back from it by `threshold`; what follows the last kept one
    is open and left out, as is a first extreme that nothing led up to.
    """
    kept: list[int] = []
    low = high = 0
    direction = 0
    for i, level in enumerate(levels):
        if level > levels[high]:
            high = i
        if level < levels[low]:
            low = i
        if direction >= 0 and levels[high] - level >= threshold:
            if direction:
                kept.append(high)
            direction, low, high = -1, i, i
        elif direction <= 0 and level - levels[low] >= threshold:
            if direction:
                kept.append(low)
            direction, low, high = 1, i, i
    return kept
