"""Mean, SD, median and extremes of short arrays, bit for bit NumPy's, whose own wrappers take longer than the sums."""

import math

import numpy as np

from breathcore.model.arrays import F64


def moments(values: F64) -> tuple[float, float]:
    """Return mean and SD of `values` (n > 0,)."""
    size = len(values)
    mean = np.add.reduce(values) / size
    off = values - mean
    return float(mean), math.sqrt(float(np.add.reduce(off * off)) / size)


def median(values: F64) -> float:
    """Return the median of `values` (n > 0,), the mean of the two middle ones where n is even."""
    ordered = np.sort(values)
    return 0.5 * float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2])


def extremes(values: F64) -> tuple[float, float]:
    """Return the lowest and the highest of `values` (any shape, not empty); NaN for both if there is one."""
    return float(values.item(values.argmin())), float(values.item(values.argmax()))
