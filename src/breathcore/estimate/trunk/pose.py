"""How a sensor sits on the body: gravity at rest and the axis that a breath turns it about → one angle.

A rotation `theta` (3,) of the sensor, in its own axes, moves gravity by `-theta x g`. Gravity therefore shows the part
of a turn that lies across it, `g x g_rest`, in every posture in which the axis is not upright; a gyroscope adds the
part about gravity. No mounting angle needs to be known for this, only that the turns are small (a chest wall's are).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from breathcore.estimate.trunk.site import GRAVITY_ROWS, TURN_ROW
from breathcore.model.arrays import F64

UPRIGHT = 0.5  # sine of the angle between axis and gravity: below it gravity shows too little of a turn
Vector = tuple[float, float, float]
C128 = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Pose:
    """Gravity at rest and the breath's own axis, both unit vectors in the sensor's axes.

    `by_gyro`: the axis is so near the upright that the gyroscope shows the breath, not gravity. `sway` is the complex
    factor (see `sway.factor`) by which the turn of a reference is taken out; 0: it is not.
    """

    rest: Vector
    axis: Vector
    by_gyro: bool = False
    sway: complex = 0j

    @property
    def across(self) -> float:
        """How much of a turn about the axis gravity shows, 0-1."""
        return math.sqrt(max(0.0, 1.0 - sum(a * b for a, b in zip(self.axis, self.rest, strict=True)) ** 2))

    def rested(self, rest: Vector) -> "Pose":
        """Return the same sensor in another posture."""
        return replace(self, rest=rest, sway=0j)


def turned(x: F64, rest: Vector) -> F64:
    """Return the turn (3, n), degrees, across gravity since it stood at `rest`, of readings `x` (rows, n)."""
    gx, gy, gz = x[GRAVITY_ROWS]
    rx, ry, rz = rest
    return np.asarray(np.degrees(np.stack((gy * rz - gz * ry, gz * rx - gx * rz, gx * ry - gy * rx))))


def angle(x: F64, pose: Pose, reference: F64 | None = None) -> F64:
    """Return the angle (n,), degrees, about the pose's axis of readings `x` (rows, n) of an IMU.

    `reference` (2, n) is the turn of what sways but does not breathe.
    """
    a, r = np.array(pose.axis), np.array(pose.rest)
    turn = turned(x, pose.rest)
    if pose.by_gyro:
        return np.asarray(_along(turn, a) + float(a @ r) * x[TURN_ROW])
    across = a - float(a @ r) * r
    y = np.asarray(_along(turn, across) / max(float(across @ across), 1e-9))
    if pose.sway == 0j or reference is None:
        return y
    return y - common(reference, pose.sway).real / max(pose.across, 1e-3)


def common(reference: F64, sway: complex) -> C128:
    """Return what of the reference's turn (2, n) a site shows: about its axis and, imaginary, across it; degrees."""
    one, two = np.nan_to_num(reference)
    return np.asarray(sway * (one + 1j * two), dtype=np.complex128)


def level_turn(gravity: F64, rest: Vector, axis: Vector | None = None) -> F64:
    """Return the turn (2, n), degrees, of `gravity` (3, n): about `axis` made level (None: any), and across that."""
    turn, r = turned(gravity, rest), np.array(rest)
    first = _level_axis(r) if axis is None else np.array(axis)
    first = np.array(unit(first - float(first @ r) * r))
    return np.stack([_along(turn, first), _along(turn, np.cross(r, first))])


def _level_axis(r: F64) -> F64:
    off = np.zeros(3)
    off[int(np.abs(r).argmin())] = 1.0
    return off


def _along(x: F64, axis: F64) -> F64:
    return np.asarray(x[0] * axis[0] + x[1] * axis[1] + x[2] * axis[2])


def unit(v: F64) -> Vector:
    """Return `v` (3,) at length 1."""
    x, y, z = (v / max(float(np.sqrt((v * v).sum())), 1e-12)).tolist()
    return x, y, z


def between_deg(a: Vector, b: Vector) -> float:
    """Return the angle between two unit vectors, degrees."""
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    return math.degrees(math.acos(min(1.0, max(-1.0, dot))))
