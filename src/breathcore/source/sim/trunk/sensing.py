"""What accelerometers, gyroscopes and belts on the trunk read, and how they are worn from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.source.sim.trunk.script import Exchange, Redon, Slip
from breathcore.source.sim.trunk.spec import WALL, BeltSpec, ImuSpec, TrunkSpec
from breathcore.source.sim.trunk.stance import Stance
from breathcore.source.sim.trunk.tracks import Track, Waves
from breathcore.source.sim.trunk.turning import applied, rotation, rotation_vector, transposed
from breathcore.source.sim.trunk.wall import Wall

G_CM_S2 = 980.665
_STEP_S = 0.01  # over which speeds are taken
_GAIN_PER_CM = 0.06  # a sensor 2 cm off its place turns by 12 % more or less
_HANDLED_DEG = 25.0
_COUGH_G, _COUGH_HZ, _COUGH_DECAY_S = 0.15, 6.0, 0.08
_COUGH_CM = 2.0
_SLACK_N = 0.25  # how gently slack goes over into pull
_EASED = 0.6  # what is left of the pull at rest in the end
# where each site is, cm from the hips (x forward, y left, z up), and which way it faces
_AT = {
    Place.STERNUM: ((10.0, 0.0, 35.0), (1.0, 0.0, 0.0)),
    Place.LEFT: ((0.0, 14.0, 30.0), (0.0, 1.0, 0.0)),
    Place.RIGHT: ((0.0, -14.0, 30.0), (0.0, -1.0, 0.0)),
    Place.BACK: ((-10.0, 0.0, 32.0), (-1.0, 0.0, 0.0)),
    Place.NAVEL: ((10.0, 0.0, 15.0), (1.0, 0.0, 0.0)),
    Place.PELVIS: ((-8.0, 0.0, 3.0), (-1.0, 0.0, 0.0)),
}
_SWAPPED = {Place.LEFT: Place.RIGHT, Place.RIGHT: Place.LEFT}


@dataclass(frozen=True, slots=True)
class Worn:
    """From `from_s` on a sensor sits at `place`, turned and shifted so; in hands until `handled_until_s`."""

    from_s: float
    place: Place
    turned_deg: tuple[float, float, float]
    off_cm: float
    handled_until_s: float


def wearings(
    spec: TrunkSpec, place: Place, redons: Sequence[Redon] = (), exchanges: Sequence[Exchange] = ()
) -> tuple[Worn, ...]:
    """Return how the sensor of `place` is worn, one after the other."""
    imu = spec.imus.get(place, ImuSpec())
    rng = np.random.default_rng([spec.seed, 14, list(Place).index(place)])
    worn = [Worn(-np.inf, place, imu.turned_deg, imu.off_cm, -np.inf)]
    changes: list[Redon | Exchange] = [*redons, *exchanges]
    for change in sorted(changes, key=lambda c: c.t_s):
        x, y, z, off = rng.uniform(-1.0, 1.0, 4).tolist()
        here = worn[-1].place
        if isinstance(change, Exchange):
            if here not in _SWAPPED:
                continue
            here = _SWAPPED[here]
        turned = (15.0 * x, 15.0 * y, 15.0 * z)
        worn.append(Worn(change.t_s, here, turned, 2.0 * off, change.t_s + change.seconds))
    return tuple(worn)


class Imu:
    """One accelerometer and gyroscope without noise, at whatever place it is worn."""

    def __init__(
        self, spec: TrunkSpec, place: Place, wall: Wall, stance: Stance, worn: Sequence[Worn], slips: Sequence[Slip]
    ) -> None:
        self._spec, self._wall, self._stance, self._worn = spec, wall, stance, worn
        self._handled = Waves(np.random.default_rng([spec.seed, 15, list(Place).index(place)]), 3, 0.3, 2.0)
        self._slip = Track()
        total = 0.0
        for slip in slips:
            if slip.place is place:
                total += slip.deg
                self._slip.go(slip.t_s, slip.t_s + 0.4, total)

    def sample(self, t_s: F64, coughs: Sequence[float] = ()) -> tuple[F64, F64]:
        """Return acceleration in g and turning in deg/s at rising `t_s` (n,), each (n, 3), in the sensor's axes.

        Speeds are differences over the last hundredth of a second, accelerations over the last two.
        """
        acc, gyro = np.empty((t_s.size, 3)), np.empty((t_s.size, 3))
        starts = [w.from_s for w in self._worn]
        which = np.searchsorted(starts, t_s, side="right") - 1
        for k in np.unique(which):
            part = which == k
            acc[part], gyro[part] = self._sample(t_s[part], self._worn[k], coughs)
        return acc, gyro

    def _sample(self, t_s: F64, worn: Worn, coughs: Sequence[float]) -> tuple[F64, F64]:
        times = (t_s[None, :] - np.array([2.0, 1.0, 0.0])[:, None] * _STEP_S).ravel()
        order = np.argsort(times, kind="stable")
        matrix, at_cm = np.empty((times.size, 3, 3)), np.empty((times.size, 3))
        matrix[order], at_cm[order] = self._placed(times[order], worn)
        before, last, now = at_cm.reshape(3, -1, 3)
        turned = matrix.reshape(3, -1, 3, 3)
        force = (now - 2.0 * last + before) / (_STEP_S**2 * G_CM_S2)
        force[:, 2] += 1.0
        force += _shaken(t_s, coughs)
        gyro = rotation_vector(transposed(turned[1]) @ turned[2]) / _STEP_S
        return applied(transposed(turned[2]), force), gyro

    def _placed(self, t_s: F64, worn: Worn) -> tuple[F64, F64]:
        """Return the sensor's turning (sensor to earth) and where it is (earth, cm)."""
        at, out = (np.array(v) for v in _AT[worn.place])
        pelvis = worn.place is Place.PELVIS
        body = self._stance.pelvis(t_s) if pelvis else self._stance.trunk(t_s)
        skin = self._skin(t_s, worn)
        mount = rotation(np.array(worn.turned_deg)) @ _facing(out)
        matrix = body @ rotation(skin) @ mount
        if self._slip.end_s > -np.inf:
            matrix = matrix @ rotation(self._slip(t_s)[:, None] * np.array([0.0, 0.0, 1.0]))
        if worn.handled_until_s > t_s[0]:
            amount = _inside(t_s, worn.from_s, worn.handled_until_s)
            matrix = matrix @ rotation(_HANDLED_DEG * amount[:, None] * self._handled(t_s))
        point = at + (0.0 if pelvis else self._outwards(t_s, worn.place)[:, None]) * out
        place = applied(body, point)
        place[:, 2] += self._stance.rise_cm(t_s)
        return matrix, place

    def _outwards(self, t_s: F64, place: Place) -> F64:
        return self._wall.displacements_cm(t_s)[:, WALL.index(place)]

    def _skin(self, t_s: F64, worn: Worn) -> F64:
        """Return the skin's turn as a rotation vector in body axes, (n, 3) deg."""
        number = len(WALL) if worn.place is Place.PELVIS else WALL.index(worn.place)
        site = self._spec.sites.get(worn.place)
        axis = np.array(site.axis if site else (0.0, 1.0, 0.0))
        turn = self._wall.turns_deg(t_s)[:, number] * (1.0 + _GAIN_PER_CM * worn.off_cm)
        return np.asarray(turn[:, None] * axis / np.linalg.norm(axis))


class Belt:
    """One belt without noise: N at a girth."""

    def __init__(
        self, spec: TrunkSpec, place: Place, wall: Wall, stance: Stance, worn: Sequence[Worn], slips: Sequence[Slip]
    ) -> None:
        self.spec = spec.belts.get(place, BeltSpec())
        self._place, self._wall, self._stance, self._worn = place, wall, stance, worn
        self._slips = tuple(s for s in slips if s.place is place)

    def pull_n(self, t_s: F64, coughs: Sequence[float] = ()) -> F64:
        """Return its pull at rising `t_s` (n,)."""
        girth = self._wall.girth_cm(self._place, t_s, self._stance.bent_deg(t_s))
        for at_s in coughs:
            since = np.maximum(t_s - at_s, 0.0)
            girth = girth + _COUGH_CM * (since / 0.08) * np.exp(1.0 - since / 0.08)
        for slip in self._slips:
            girth = girth - slip.cm * np.clip((t_s - slip.t_s) / 0.4, 0.0, 1.0)
        pull = self._rest_n(t_s) + self.spec.n_per_cm * girth
        held = np.minimum(_slack(pull), self.spec.most_n)
        for worn in self._worn[1:]:
            held = np.where(_inside(t_s, worn.from_s, worn.handled_until_s) > 0.02, 0.0, held)
        return np.asarray(held)

    def _rest_n(self, t_s: F64) -> F64:
        """Return the pull at rest: it eases, anew every time that the belt is put on, each time a little otherwise."""
        rest = np.empty(t_s.size)
        starts = [max(w.from_s, 0.0) if n else -np.inf for n, w in enumerate(self._worn)]
        which = np.searchsorted(starts, t_s, side="right") - 1
        slope = self.spec.creep_per_min / 60.0 / (1.0 - _EASED)
        for k in np.unique(which):
            worn, part = self._worn[k], which == k
            since = np.maximum(t_s[part] - max(worn.from_s, 0.0), 0.0)
            anew = 1.0 if k == 0 else 1.0 + 0.1 * worn.off_cm
            rest[part] = self.spec.rest_n * anew * (_EASED + (1.0 - _EASED) * np.exp(-slope * since))
        return rest


def _facing(out: F64) -> F64:
    """Return the sensor's axes in body axes, as columns: z outwards, y up along the spine, x across."""
    up = np.array([0.0, 0.0, 1.0])
    return np.stack([np.cross(up, out), up, out], axis=1)


def _inside(t_s: F64, start_s: float, end_s: float) -> F64:
    """Return a hump of height 1 between two moments, 0 outside."""
    if end_s <= start_s or not np.isfinite(start_s):
        return np.zeros(t_s.size)
    s = np.clip((t_s - start_s) / (end_s - start_s), 0.0, 1.0)
    return np.asarray(np.sin(np.pi * s) ** 2)


def _shaken(t_s: F64, coughs: Sequence[float]) -> F64:
    shaken = np.zeros((t_s.size, 3))
    for at_s in coughs:
        since = np.maximum(t_s - at_s, 0.0)
        ring = _COUGH_G * np.exp(-since / _COUGH_DECAY_S) * np.sin(2.0 * np.pi * _COUGH_HZ * since)
        shaken += ring[:, None] * np.array([1.0, 0.2, 0.5])
    return shaken


def _slack(pull: F64) -> F64:
    return np.asarray(_SLACK_N * np.logaddexp(0.0, pull / _SLACK_N))
