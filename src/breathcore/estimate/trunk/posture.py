"""How the trunk stands to gravity: lying on which side, bent, upright; at the pelvis standing or sitting.

How a sensor is mounted is learned where somebody says in which posture the body is (`assume`: the drill's, while the
person is at ease for the calibration). One such direction of gravity is one axis of the body in the sensor; the second
is where the sensor looks (`outward`: away from the skin, known of the wearable and the place), or another posture that
was said. A posture for which both are needed is UNKNOWN until both are there: it is not guessed. Where the sensor looks
also shows, alone, that somebody lies on the back or on a side, and that what was said is not so (the drill says
"lying", the person sits): then nothing is learned of it. Lying face down is not told from a deep bend by that.

What gravity cannot tell: all-fours from lying prone, and which way somebody who stands faces. Standing and sitting
differ by how the pelvis tilts, by 10–40°, and people sit in many ways: a sensor at the pelvis tells them apart only
after both were said, and where it stands clearly nearer to the one.

A change is told at once, as UNKNOWN (MOTION), so that what is measured meanwhile can be frozen; the new posture when
it has lasted. While a movement is followed (`moving`) leaning is part of it and nothing is told.
"""

import math
from collections import deque

from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.motion import Vector, across, angle_deg, cross, dot, unit
from breathcore.estimate.trunk.steadiness import Point
from breathcore.model.device import Place
from breathcore.model.trunk import Posture, PostureEstimate, Unmeasured

LEFT_DEG = 20.0  # from where it stood: a change has begun (sway 1°, deep breaths 3°)
PELVIS_LEFT_DEG = 10.0  # who stands up tips the pelvis by 10–40°
LEFT_S = 0.4
SETTLED_S, SETTLED_DEG = 2.0, 5.0
UPRIGHT_DEG = 35.0  # from straight up
LYING_DEG = 60.0  # from straight up; less is bent (forward), reclined or leaning: upright within 45° of recline
RECLINED_DEG = 50.0
SEATED_APART_DEG, NEARER_DEG = 10.0, 5.0
ACROSS = 0.5  # what has to be left of the sensor's outward direction across the known axis
OUTWARD_OFF = 0.7  # sine: what was said lies so far from where the sensor looks that it is not so
LIES_DEG = 25.0  # from where it looks to straight up or down: the body lies
LOOK_EVERY_N = 5
_AXES = {  # the direction of "up" in the body's axes (forward, left, head)
    Posture.UPRIGHT: (0.0, 0.0, 1.0),
    Posture.STANDING: (0.0, 0.0, 1.0),
    Posture.SITTING: (0.0, 0.0, 1.0),
    Posture.SUPINE: (1.0, 0.0, 0.0),
    Posture.PRONE: (-1.0, 0.0, 0.0),
    Posture.LEFT_SIDE: (0.0, -1.0, 0.0),
    Posture.RIGHT_SIDE: (0.0, 1.0, 0.0),
}
_OUTWARD = {  # where a sensor at a place looks, in the body's axes
    Place.STERNUM: (1.0, 0.0, 0.0),
    Place.NAVEL: (1.0, 0.0, 0.0),
    Place.LEFT: (0.0, 1.0, 0.0),
    Place.RIGHT: (0.0, -1.0, 0.0),
    Place.BACK: (-1.0, 0.0, 0.0),
    Place.PELVIS: (-1.0, 0.0, 0.0),
}
_STEEP = (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK)  # where the skin stands nearly upright in who sits
_OPPOSITE = {
    Posture.SUPINE: Posture.PRONE,
    Posture.PRONE: Posture.SUPINE,
    Posture.LEFT_SIDE: Posture.RIGHT_SIDE,
    Posture.RIGHT_SIDE: Posture.LEFT_SIDE,
}
_SEATED = (Posture.STANDING, Posture.SITTING)
Frame = tuple[Vector, Vector, Vector]
"""The body's forward, left and head directions in the sensor's axes."""


class PostureFollower:
    """Posture from one sensor, point by point.

    Parameters
    ----------
    place : Place
        Where it is worn.
    source : str
        Its id.
    outward : Vector | None
        The direction away from the skin in the sensor's axes, None where it is not known.
    """

    latency_s = SETTLED_S  # of a new posture; that the old one was left is told after 0.4 s

    def __init__(self, place: Place, source: str, outward: Vector | None = None) -> None:
        self._place, self._source, self._outward = place, source, outward
        self._left_deg = PELVIS_LEFT_DEG if place is Place.PELVIS else LEFT_DEG
        self._said: dict[Posture, Vector] = {}
        self._ups: deque[Vector] = deque(maxlen=round(SETTLED_S * GRID_HZ))
        self._stood: Vector | None = None  # where it was when the posture was told
        self._told: Posture | None = None
        self._left_s = math.nan  # since when it has been elsewhere
        self._changing = False

    def assume(self, posture: Posture) -> None:
        """Learn that the body has been in `posture` for the last seconds, if where the sensor looks agrees.

        Nothing is learned of BENT and UNKNOWN.
        """
        if posture in _AXES and self._ups and self._agrees(posture, _mean(self._ups)):
            self._said[posture] = _mean(self._ups)
            self._stood = None

    def forget(self) -> None:
        """Forget how it is mounted: it was put on anew."""
        self._said.clear()
        self._stood = None

    def broken(self) -> None:
        """Begin anew: samples are missing."""
        self._ups.clear()
        self._left_s = math.nan

    def step(self, point: Point, *, moving: bool = False) -> list[PostureEstimate]:
        """Take one point."""
        self._ups.append(point[1])
        if round(point[0] * GRID_HZ) % LOOK_EVERY_N or len(self._ups) < (self._ups.maxlen or 0):
            return []
        if self._stood is None:
            return self._settle(point[0])
        if moving:
            self._left_s = math.nan
            return []
        if angle_deg(self._stood, point[1]) < self._left_deg:
            self._left_s = math.nan
            return self._settle(point[0]) if self._changing else []
        if math.isnan(self._left_s):
            self._left_s = point[0]
        if not self._changing and point[0] - self._left_s >= LEFT_S:
            self._changing = True
            self._told = None
            left = PostureEstimate(self._left_s, Posture.UNKNOWN, self._source, Unmeasured.MOTION)
            return [left, *self._settle(point[0])]
        return self._settle(point[0]) if self._changing else []

    def _settle(self, t_s: float) -> list[PostureEstimate]:
        mean = _mean(self._ups)
        if max(angle_deg(mean, v) for v in self._ups) > SETTLED_DEG:
            return []
        self._stood, self._changing, self._left_s = mean, False, math.nan
        posture, reason = self._posture(mean)
        if posture is self._told:
            return []
        self._told = posture
        return [PostureEstimate(t_s, posture, self._source, reason)]

    def _posture(self, up: Vector) -> tuple[Posture, Unmeasured | None]:
        if not self._said:
            lies = self._lies(up)
            return lies, Unmeasured.NOT_CALIBRATED if lies is Posture.UNKNOWN else None
        frame = self._frame()
        found = _nearest_said(self._said, up) if frame is None else posture_of(up, frame)
        if found is Posture.UNKNOWN:
            return found, Unmeasured.NOT_CALIBRATED
        if found is Posture.UPRIGHT and self._place is Place.PELVIS:
            found = self._seated(up)
        return found, None

    def _looks_up(self, up: Vector) -> float:
        """Return how far up the sensor looks, −1 to 1; NaN where nobody knows which way it looks, or it says little."""
        known = self._outward is not None and self._place in _STEEP
        return dot(up, unit(self._outward)) if known and self._outward is not None else math.nan

    def _agrees(self, posture: Posture, up: Vector) -> bool:
        off = self._looks_up(up) - dot(_AXES[posture], _OUTWARD[self._place])
        return not abs(off) > OUTWARD_OFF  # NaN: nothing speaks against it

    def _lies(self, up: Vector) -> Posture:
        """Return how the body lies by where the sensor looks, UNKNOWN where that does not say it."""
        looks = self._looks_up(up)
        if not abs(looks) >= math.cos(math.radians(LIES_DEG)):  # NaN: no
            return Posture.UNKNOWN
        lying = (p for p in _OPPOSITE if dot(_AXES[p], _OUTWARD[self._place]) * looks > ACROSS)
        found = next(lying, Posture.UNKNOWN)
        return Posture.UNKNOWN if found is Posture.PRONE else found

    def _seated(self, up: Vector) -> Posture:
        if not all(p in self._said for p in _SEATED):
            return Posture.UPRIGHT
        standing, sitting = (angle_deg(self._said[p], up) for p in _SEATED)
        apart = angle_deg(self._said[Posture.STANDING], self._said[Posture.SITTING])
        if apart < SEATED_APART_DEG or abs(standing - sitting) < NEARER_DEG:
            return Posture.UPRIGHT
        return Posture.STANDING if standing < sitting else Posture.SITTING

    def _frame(self) -> Frame | None:
        """Return the body's axes in the sensor: from what was said last and what lies across it."""
        known = [(_AXES[p], up) for p, up in reversed(self._said.items())]
        body, seen = known[0]
        others = known[1:]
        if self._outward is not None:
            others = [*others, (_OUTWARD[self._place], unit(self._outward))]
        for other_body, other_seen in others:
            if abs(dot(body, other_body)) < ACROSS:
                off = across(other_seen, seen)
                if math.sqrt(dot(off, off)) > ACROSS:
                    return _rotation(body, seen, other_body, unit(off))
        return None


def posture_of(up: Vector, frame: Frame) -> Posture:
    """Return the posture in which "up" (sensor's axes) is seen by a sensor that is mounted as `frame` says."""
    forward, left, head = (dot(up, axis) for axis in frame)
    off = angle_deg((forward, left, head), (0.0, 0.0, 1.0))
    if off <= UPRIGHT_DEG:
        return Posture.UPRIGHT
    side = abs(left) > abs(forward)
    if off < LYING_DEG and not side:
        if forward < 0:
            return Posture.BENT
        return Posture.UPRIGHT if off <= RECLINED_DEG else Posture.SUPINE
    if off > 180.0 - UPRIGHT_DEG:
        return Posture.UNKNOWN  # upside down
    if side:
        return Posture.RIGHT_SIDE if left > 0 else Posture.LEFT_SIDE
    return Posture.SUPINE if forward > 0 else Posture.PRONE


def _nearest_said(said: dict[Posture, Vector], up: Vector) -> Posture:
    """Return the posture that was said, or its opposite; where one direction is all, nothing else is sure."""
    nearest = min(said, key=lambda p: angle_deg(said[p], up))
    if angle_deg(said[nearest], up) > UPRIGHT_DEG:
        against = (p for p in said if p in _OPPOSITE and angle_deg(said[p], up) > 180.0 - UPRIGHT_DEG)
        return next((_OPPOSITE[p] for p in against), Posture.UNKNOWN)
    return Posture.UPRIGHT if nearest in _SEATED else nearest


def _rotation(body: Vector, seen: Vector, other: Vector, other_seen: Vector) -> Frame:
    """Return the body's axes in the sensor's, from two directions at right angles known in both."""
    third, third_seen = cross(body, other), cross(seen, other_seen)
    pairs = ((body, seen), (other, other_seen), (third, third_seen))
    axes = []
    for i in range(3):
        axes.append(tuple(sum(b[i] * s[k] for b, s in pairs) for k in range(3)))
    (a, b, c), (d, e, f), (g, h, j) = axes
    return (a, b, c), (d, e, f), (g, h, j)


def _mean(ups: deque[Vector]) -> Vector:
    return unit((sum(v[0] for v in ups), sum(v[1] for v in ups), sum(v[2] for v in ups)))
