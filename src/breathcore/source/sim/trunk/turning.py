"""Rotations as matrices (n, 3, 3), from body axes to earth axes or from sensor axes to body axes."""

import numpy as np

from breathcore.model.arrays import F64

_SMALL = 1e-12


def rotation(vector_deg: F64) -> F64:
    """Return the rotations about `vector_deg` (…, 3), by its length in degrees (Rodrigues): (…, 3, 3)."""
    vector = np.deg2rad(vector_deg)
    angle = np.sqrt((vector * vector).sum(axis=-1))[..., None, None]
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*vector.shape, 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.where(angle < _SMALL, 1.0, np.sin(angle) / angle)
        second = np.where(angle < _SMALL, 0.5, (1.0 - np.cos(angle)) / (angle * angle))
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))


def rotation_vector(matrix: F64) -> F64:
    """Return the rotation vectors (…, 3) in degrees of `matrix` (…, 3, 3), for turns well below 180°."""
    odd = np.stack(
        [
            matrix[..., 2, 1] - matrix[..., 1, 2],
            matrix[..., 0, 2] - matrix[..., 2, 0],
            matrix[..., 1, 0] - matrix[..., 0, 1],
        ],
        axis=-1,
    )
    cosine = np.clip((np.trace(matrix, axis1=-2, axis2=-1) - 1.0) / 2.0, -1.0, 1.0)
    sine = np.sqrt((odd * odd).sum(axis=-1)) / 2.0
    angle = np.arctan2(sine, cosine)
    scale = np.where(sine < _SMALL, 0.5, 0.5 * angle / np.maximum(sine, _SMALL))
    return np.asarray(np.rad2deg(odd * scale[..., None]))


def transposed(matrix: F64) -> F64:
    """Return the inverse rotations."""
    return np.swapaxes(matrix, -1, -2)


def applied(matrix: F64, vector: F64) -> F64:
    """Return `vector` (…, 3) turned by `matrix` (…, 3, 3)."""
    return np.asarray((matrix @ vector[..., None])[..., 0])
