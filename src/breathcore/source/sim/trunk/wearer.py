"""The wearer of sensors all round the trunk: what each of them reads, and what is true."""

import math

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.trunk import Posture
from breathcore.source.sim.strokes import turns
from breathcore.source.sim.trunk.breath import Guided, ScriptedBreath, TrunkBreath
from breathcore.source.sim.trunk.movements import TrueRep, exercised
from breathcore.source.sim.trunk.script import Script
from breathcore.source.sim.trunk.sensing import Belt, Imu, wearings
from breathcore.source.sim.trunk.spec import WALL, BeltSpec, ImuSpec, TrunkSpec
from breathcore.source.sim.trunk.stance import Stance
from breathcore.source.sim.trunk.tracks import Track
from breathcore.source.sim.trunk.turning import applied, rotation_vector, transposed
from breathcore.source.sim.trunk.wall import Wall

_IMU_ROLES = (Role.CHEST_ACC, Role.ACC, Role.GYRO)
_BELT_ROLES = (Role.BELT, Role.ABDOMEN_BELT)
TRUNK_ROLES = (*_IMU_ROLES, *_BELT_ROLES)
_COUNTS_PER_N = 150.0  # of a belt in arbitrary units
_TRUTH_HZ = 50.0


class TrunkWearer:
    """A person who does what `script` says, as functions of time.

    `read` is what a sensor gives, noise and steps of the wire and all: ask each channel for rising times, once. The
    rest is truth, any times, for checks; nothing that estimates may see it. `breath` None: the script's.
    """

    def __init__(self, spec: TrunkSpec, script: Script, breath: TrunkBreath | None = None) -> None:
        self.spec, self.script = spec, script
        self.stance = Stance(spec)
        guided: list[Guided] = []
        for number, reps in enumerate(script.reps):
            exercise, breathed = exercised(reps, spec, np.random.default_rng([spec.seed, 16, number]))
            self.stance.exercises.append(exercise)
            guided += breathed
        self.breath: TrunkBreath = breath or ScriptedBreath(spec, script, guided)
        self.braced = Track()
        for ramp in script.brace:
            self.braced.go(ramp.start_s, ramp.end_s, ramp.to)
        self.wall = Wall(spec, self.breath, self.braced)
        for posed in script.postures:
            self.pose(posed.posture, posed.t_s, posed.seconds)
        self._imus: dict[Place, Imu] = {}
        self._belts: dict[Place, Belt] = {}
        self._noise: dict[str, np.random.Generator] = {}
        self._last: tuple[Place, float, float, int, tuple[F64, F64]] | None = None

    def pose(self, posture: Posture, t_s: float, seconds: float = 2.5) -> None:
        """Go into `posture` within `seconds`."""
        self.stance.posed(posture, t_s, t_s + seconds)
        self.wall.posed(posture, t_s, t_s + seconds)

    # ── what sensors give ────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, channel: ChannelSpec, t_s: F64) -> F64:
        """Return what `channel`, worn at its place, gives at rising `t_s` (n,): (n, axes) in its unit.

        Raises BreathcoreError (INVALID_VALUE) for a channel without a place, or of a role that none of ours has.
        """
        if channel.place is None or channel.role not in TRUNK_ROLES:
            raise BreathcoreError(
                Reason.INVALID_VALUE, name="channel", value=channel.id, bound="acc, gyro, belt; placed"
            )
        noise = self._noise_of(channel)
        if channel.role in _BELT_ROLES:
            spec = self.spec.belts.get(channel.place, BeltSpec())
            pull = self.pull_n(channel.place, t_s) + spec.noise_n * noise.standard_normal(t_s.size)
            scale = 1.0 if channel.unit == "N" else _COUNTS_PER_N
            return np.asarray(np.rint(pull / spec.lsb_n) * spec.lsb_n * scale)[:, None]
        imu = self.spec.imus.get(channel.place, ImuSpec())
        acc_g, gyro_dps = self.moved(channel.place, t_s)
        if channel.role is Role.GYRO:
            spread = imu.gyro_noise_dps * noise.standard_normal((t_s.size, 3))
            return np.asarray(gyro_dps + np.array(imu.gyro_bias_dps) + spread)
        mg = 1000.0 * acc_g + np.array(imu.bias_mg) + imu.noise_mg * noise.standard_normal((t_s.size, 3))
        return np.asarray(np.rint(mg / imu.lsb_mg) * imu.lsb_mg * 1e-3)

    def moved(self, place: Place, t_s: F64) -> tuple[F64, F64]:
        """Return what an accelerometer (g) and a gyroscope (deg/s) at `place` without faults read, each (n, 3)."""
        asked = (place, float(t_s[0]), float(t_s[-1]), t_s.size)
        if self._last is None or self._last[:4] != asked:
            self._last = (*asked, self._imu(place).sample(t_s, self.breath.coughs(float(t_s[-1]))))
        return self._last[4]

    def pull_n(self, place: Place, t_s: F64) -> F64:
        """Return what a belt at `place` without noise reads at `t_s` (n,)."""
        return self._belt(place).pull_n(t_s, self.breath.coughs(float(t_s[-1])))

    # ── truth ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def level(self, t_s: F64) -> F64:
        """Return the breath at `t_s` (n,), 0 out to 1 a full breath in."""
        return self.breath.level(t_s)

    def share(self, place: Place, t_s: F64) -> F64:
        """Return how far `place` of the body is open at `t_s` (n,): 1 is a full breath. Sensors may sit elsewhere."""
        return np.asarray(self.wall.shares(t_s)[:, WALL.index(place)])

    def displacement_cm(self, place: Place, t_s: F64) -> F64:
        """Return how far `place` stands out at `t_s` (n,)."""
        return np.asarray(self.wall.displacements_cm(t_s)[:, WALL.index(place)])

    def girth_cm(self, place: Place, t_s: F64) -> F64:
        """Return by how much the girth at the level of `place` exceeds that at ease, at `t_s` (n,)."""
        return self.wall.girth_cm(place, t_s, self.stance.bent_deg(t_s))

    def full_girth_cm(self, place: Place) -> float:
        """Return how much a full breath makes of the girth at the level of `place`: what a tape would read."""
        return self.wall.full_girth_cm(place)

    def tape_cm(self, place: Place, error_cm: float = 0.15) -> float:
        """Return the mean of three tape readings of a full breath: each wrong by `error_cm`, read to the millimetre."""
        rng = np.random.default_rng([self.spec.seed, 17, list(Place).index(place)])
        reads = self.full_girth_cm(place) + error_cm * rng.standard_normal(3)
        return float(np.rint(reads * 10.0).mean() / 10.0)

    def opened(self, place: Place, start_s: float, end_s: float) -> float:
        """Return how far `place` opened between two moments: its share peak to trough."""
        return float(np.ptp(self.share(place, _times(start_s, end_s))))

    def rib_share(self, start_s: float, end_s: float, *, of_own: bool = False) -> float:
        """Return the ribs' part of a breath, 0–1, a brace apart: of the growth of chest and waist in cm.

        `of_own`: of their growth as parts of what a full breath makes of them, which needs no tape.
        """
        t_s = _times(start_s, end_s)
        full = [self.full_girth_cm(p) if of_own else 1.0 for p in (Place.STERNUM, Place.NAVEL)]
        grown = [float(np.ptp(self.wall.breathed_cm(p, t_s))) for p in (Place.STERNUM, Place.NAVEL)]
        chest, waist = (g / f for g, f in zip(grown, full, strict=True))
        return chest / (chest + waist) if chest + waist > 0.0 else math.nan

    def phase_deg(self, start_s: float, end_s: float) -> float:
        """Return how far the belly lags behind the ribs in the breath between two moments, −180 to 180."""
        lag_s = float(self.breath.lag_s(np.array([0.5 * (start_s + end_s)]))[0])
        return (360.0 * lag_s / (end_s - start_s) + 180.0) % 360.0 - 180.0

    def brace(self, t_s: F64) -> F64:
        """Return the brace at `t_s` (n,): 0 at ease, 1 the firmest gentle one."""
        return self.wall.brace(t_s)

    def posture(self, t_s: float) -> Posture:
        """Return the posture at `t_s`; on the way there, that which is gone into."""
        return self.stance.posture(t_s)

    def reps(self, until_s: float = math.inf) -> tuple[TrueRep, ...]:
        """Return the repetitions that were over by `until_s`, in order."""
        found = (rep for exercise in self.stance.exercises for rep in exercise.reps(until_s))
        return tuple(sorted(found, key=lambda rep: rep.start_s))

    def range_deg(self, place: Place, rep: TrueRep) -> float:
        """Return the largest turn of the body at `place` in `rep` against its start."""
        turned = self._turned(place, _times(rep.start_s, rep.end_s))
        return float(np.linalg.norm(rotation_vector(transposed(turned[:1]) @ turned), axis=1).max())

    def bend_deg(self, rep: TrueRep) -> float:
        """Return how far the lower back bent in `rep`: the trunk's largest turn off the pelvis (forward: +)."""
        t_s = _times(rep.start_s, rep.end_s)
        against = transposed(self.stance.pelvis(t_s)) @ self.stance.trunk(t_s)
        bent: F64 = rotation_vector(transposed(against[:1]) @ against)[:, 1]
        return float(bent[int(np.abs(bent).argmax())])

    def steadiness(self, place: Place, start_s: float, end_s: float) -> tuple[float, float]:
        """Return RMS of tilt and of rotation about the vertical at `place`, degrees, against `start_s`."""
        turned = self._turned(place, _times(start_s, end_s))
        up = applied(transposed(turned), np.broadcast_to(np.array([0.0, 0.0, 1.0]), (len(turned), 3)))
        tilt = np.degrees(np.arccos(np.clip(up @ up[0], -1.0, 1.0)))
        steps = applied(turned[1:], rotation_vector(transposed(turned[:-1]) @ turned[1:]))[:, 2]
        heading = np.concatenate([[0.0], np.cumsum(steps)])
        return float(np.sqrt(np.mean(tilt**2))), float(np.sqrt(np.mean(heading**2)))

    def breaths(self, start_s: float, end_s: float, least: float = 0.08) -> tuple[tuple[float, float, float], ...]:
        """Return (inhale onset, exhale onset, end) of the breaths between two moments; swings below `least` are none.

        They are those of the breath itself (the compartment that leads), as planned.
        """
        self.breath.level(np.array([end_s]))  # planned as far as somebody looks
        found = turns(self.breath.chain, end_s, least)
        whole = ((a, b, c) for a, b, c in zip(found, found[1:], found[2:], strict=False) if a.up)
        return tuple((a.t_s, b.t_s, c.t_s) for a, b, c in whole if a.t_s >= start_s)

    def _turned(self, place: Place, t_s: F64) -> F64:
        return self.stance.pelvis(t_s) if place is Place.PELVIS else self.stance.trunk(t_s)

    def _imu(self, place: Place) -> Imu:
        if place not in self._imus:
            worn = wearings(self.spec, place, self.script.redons, self.script.exchanges)
            self._imus[place] = Imu(self.spec, place, self.wall, self.stance, worn, self.script.slips)
        return self._imus[place]

    def _belt(self, place: Place) -> Belt:
        if place not in self._belts:
            worn = wearings(self.spec, place, self.script.redons)
            self._belts[place] = Belt(self.spec, place, self.wall, self.stance, worn, self.script.slips)
        return self._belts[place]

    def _noise_of(self, channel: ChannelSpec) -> np.random.Generator:
        if channel.id not in self._noise:
            kind = (list(Role).index(channel.role), list(Place).index(channel.place or Place.STERNUM))
            self._noise[channel.id] = np.random.default_rng([self.spec.seed, 18, *kind])
        return self._noise[channel.id]


def _times(start_s: float, end_s: float) -> F64:
    return np.linspace(start_s, end_s, max(int((end_s - start_s) * _TRUTH_HZ), 2))
