"""The ranges of several sites from the same full breaths, read against their common shape.

A top less its lows is one moment of a full breath: what a sensor's noise and the body's sway make of it goes into the
range and from there into every breath. Sites that open together share the breath's shape: their mean. Each site's part
in it is read by least squares over the whole breath, a level and a straight line left free, so that noise and sway
count only as far as they look like the breath. What is wrong with the common shape's own size is wrong at all sites
alike and leaves them comparable.
"""

import math
from collections.abc import Sequence

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.estimate.trunk.excursion import excursion, mended
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.model.arrays import F64


def factors(parts: Sequence[F64]) -> F64 | None:
    """Return how large each full breath was at each site (breaths, sites), of its range so far; None if not seen.

    `parts` are the levels (sites, n) of the full breaths, on the grid.
    """
    found = [_factors(part) for part in parts]
    known = [f for f in found if f is not None]
    return np.stack(known) if len(known) == len(found) > 0 else None


def _factors(part: F64) -> F64 | None:
    rows = [mended(row) for row in part]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows) or len(known[0]) < 3:
        return None
    y = np.stack(known, axis=1)
    shape = np.add.reduce(y, axis=1) / y.shape[1]
    size = excursion(np.arange(len(shape)) / GRID_HZ, shape, 0.0, len(shape) / GRID_HZ).size
    basis = np.stack([np.ones(len(shape)), np.linspace(-1.0, 1.0, len(shape)), shape], axis=1)
    fitted = np.linalg.lstsq(basis, y, rcond=None)[0]
    return np.asarray(fitted[2] * size, dtype=np.float64)


def ratio_sd(found: F64, one: int, two: int) -> float:
    """Return the SD that is left of the ratio of two sites' ranges, given what each full breath was (breaths, sites).

    Half of its variance is these two sites' own from breath to breath, half that of all sites: two or three full
    breaths alone know little of how much they scatter.
    """
    n, sites_n = found.shape
    mean = np.add.reduce(found, axis=0) / n
    off = found / mean
    own = moments(off[:, one] - off[:, two])[1] ** 2 * n / (n - 1)
    apart = off - np.add.reduce(off, axis=1)[:, None] / sites_n
    every = 2.0 * float(np.add.reduce(np.add.reduce(apart * apart))) / ((n - 1) * (sites_n - 1))
    return math.sqrt(0.5 * (own + every) / n)
