"""The body's own sway in a site's reading: a sensor on the pelvis sways with it and does not breathe.

Turns across gravity are written as complex numbers, in each sensor's own level plane. Both planes are level, so what is
common to both sensors differs only by one complex factor: how much more the ribs sway than the pelvis, turned by the
angle between both mountings. It is read from the calibration by least squares: a site's turn across its breathing axis
has no breath in it and counts by its noise; the turn along it counts by the breath that it is full of; a factor of 0
is expected, with a spread of 1, so that noise alone makes no correction.
"""

import numpy as np
import numpy.typing as npt

from breathcore.model.arrays import F64

SPREAD = 1.0
ROUNDS_N = 3
NOISE_DEG = 0.02
ALIKE_N = 25.0  # samples that say the same: sway and breath are slow
LEAST_N = 50
Flags = npt.NDArray[np.bool_]


def factor(own: F64, other: F64, quiet: Flags) -> complex:
    """Return the factor from `other` (2, n) to what of it is in `own` (2, n): about the breathing axis, and across it.

    `quiet` (n,): where the turn about the axis may be used, in quiet breathing.
    """
    good = np.asarray(np.isfinite(own).all(axis=0) & np.isfinite(other).all(axis=0))
    calm = np.asarray(quiet & good)
    if np.count_nonzero(good) < LEAST_N:
        return 0j
    one, two = _centred(other, good)
    fits = [(np.stack([two, one], axis=1), _centred(own, good)[1])]
    if np.count_nonzero(calm) >= LEAST_N:
        one, two = _centred(other, calm)
        fits.append((np.stack([one, -two], axis=1), _centred(own, calm)[0]))
    found = np.zeros(2)
    for _ in range(ROUNDS_N):
        found = _fitted(fits, found)
    return complex(*found.tolist())


def _fitted(fits: list[tuple[F64, F64]], found: F64) -> F64:
    normal, right = np.eye(2) / SPREAD**2, np.zeros(2)
    for rows, values in fits:
        left = values - rows @ found
        weight = 1.0 / max(float(left @ left) / len(left), NOISE_DEG**2) / ALIKE_N
        normal = normal + weight * (rows.T @ rows)
        right = right + weight * (rows.T @ values)
    return np.asarray(np.linalg.solve(normal, right), dtype=np.float64)


def _centred(turn: F64, where: Flags) -> F64:
    kept = turn[:, where]
    return np.asarray(kept - kept.mean(axis=1)[:, None], dtype=np.float64)
