"""The way of a movement: its own axis, learned in guided repetitions, and how far along it a sensor has turned.

The axis is the principal one of what the gyroscope says (all three axes of the body), else that about which gravity
turns in the sensor. The angle is that of gravity about it. Where the axis stands upright gravity is blind to the turn
and the gyroscope's sum is used, which is brought back to zero at rest; without gyroscope there is no path.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.estimate.trunk.motion import Vector, across, as_vector, cross, dot, unit
from breathcore.estimate.trunk.steadiness import Point

UPRIGHT = 0.35  # of gravity across the axis: below (the axis within 20° of the vertical) its direction says too little
STRAYED, STRAYED_DEG = 0.2, 2.0  # of a swing's range, and at least: off its way (most drawn sets: 0.1)
STRAYED_AGAIN, MOST_STRAYED = 1.7, 0.6  # times what the guided ones did, and at most, of the range
LARGE_DEG, LARGE_STRAYED = 35.0, 0.4  # shifting about at rest does not go so far: a crooked repetition counts
LEAST_DPS = 4.0  # RMS of the turning in a repetition: less is not a turn to learn an axis from


@dataclass(frozen=True, slots=True)
class Path:
    """A movement's way: `axis` (unit, sensor's axes), the direction `rest` of "up" at its start, its range in degrees.

    `strayed_deg`: the most that its guided swings left it by. `by_turn`: the axis is upright, and the angle is what the
    gyroscope sums up.
    """

    axis: Vector
    rest: Vector
    range_deg: float = math.nan
    strayed_deg: float = 0.0

    @property
    def by_turn(self) -> bool:
        """Whether gravity does not show the angle."""
        off = across(self.rest, self.axis)
        return math.sqrt(dot(off, off)) < UPRIGHT

    def angle_deg(self, up: Vector) -> float:
        """Return how far "up" has gone about the axis, degrees, positive on the way there."""
        first, now = across(self.rest, self.axis), across(up, self.axis)
        return math.degrees(math.atan2(dot(cross(first, now), self.axis), dot(first, now)))

    def off_deg(self, up: Vector) -> float:
        """Return how far "up" has left the way, degrees."""
        was, now = dot(self.rest, self.axis), dot(up, self.axis)
        return math.degrees(math.asin(_limited(now)) - math.asin(_limited(was)))

    def most_off_deg(self, points: Iterable[Point]) -> float:
        """Return the most that `points` left the way by, degrees; NaN where gravity does not show it."""
        return math.nan if self.by_turn else max(abs(self.off_deg(p[1])) for p in points)

    def strays_deg(self, range_deg: float) -> float:
        """Return how far off the way a swing of `range_deg` may go, degrees, to be one of the movement.

        Who lies and sits still shifts by up to 25° now and then, but a fifth of that and more is off any one way. Whose
        guided swings strayed may stray half as far again and more.
        """
        share = STRAYED if range_deg < LARGE_DEG else LARGE_STRAYED
        own_deg = 0.0 if math.isnan(self.strayed_deg) else STRAYED_AGAIN * self.strayed_deg
        return max(share * range_deg, min(own_deg, MOST_STRAYED * range_deg), STRAYED_DEG)

    def from_rest(self, rest: Vector) -> "Path":
        """Return the same way from another start."""
        return replace(self, rest=rest)


def learned(points: Sequence[Point], rest: Vector) -> Path | None:
    """Return the way that `points` took from `rest`, or None where they show no axis."""
    axis = _of_turning(points) or _of_gravity(points, rest)
    if axis is None:
        return None
    path = Path(axis, rest)
    if path.by_turn:
        there = sum(dot(p[2], axis) for p in points[: len(points) // 2])
        return path if there >= 0 else replace(path, axis=_against(axis))
    mean = sum(path.angle_deg(p[1]) for p in points)
    return path if mean >= 0 else replace(path, axis=_against(axis))


def guided(axis: Vector, rest: Vector, range_deg: float, swings: Iterable[Sequence[Point]]) -> Path:
    """Return the way about `axis` from `rest`, with what the guided `swings` strayed from it."""
    path = Path(axis, rest, range_deg)
    return replace(path, strayed_deg=max((path.most_off_deg(points) for points in swings), default=0.0))


def _of_turning(points: Sequence[Point]) -> Vector | None:
    x = np.array([p[2] for p in points])
    if np.isnan(x).any():
        return None
    if math.sqrt(float((x * x).sum()) / len(x)) < LEAST_DPS:
        return None
    x = np.ascontiguousarray(x.T)
    return as_vector(np.linalg.eigh(x @ x.T)[1][:, -1])


def _of_gravity(points: Sequence[Point], rest: Vector) -> Vector | None:
    total = (0.0, 0.0, 0.0)
    for point in points:
        over = cross(rest, point[1])
        total = (total[0] + over[0], total[1] + over[1], total[2] + over[2])
    return unit(total) if dot(total, total) > 0 else None


def _against(axis: Vector) -> Vector:
    return (-axis[0], -axis[1], -axis[2])


def _limited(x: float) -> float:
    return max(-1.0, min(1.0, x))
