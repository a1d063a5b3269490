"""What the strap's sensors feel: the wearer, or a table, or too little of either; and the strap's own clock."""

import numpy as np
from scipy.signal import lfilter

from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.source.sim.faults import FaultSpec, mask
from breathcore.source.sim.trunk.wearer import TRUNK_ROLES, TrunkWearer
from breathcore.source.sim.truth import TrueBreath
from breathcore.source.sim.wearer import Wearer

_TABLE_MG = (0.0, 0.0, 1000.0)
_LOOSE_MG = 25.0  # white, on every axis
_LOOSE_STEP_MG = 1.5  # of a random walk on top
_LOOSE_PULL = 0.999  # that does not walk away for ever
_LOOSE_ECG_UV = 600.0
_BELT_REST_N = 6.0  # a belt put on with two fingers' slack
_BELT_DEEP_N = 6.0  # what a full breath adds
_BELT_NOISE_N = 0.02
_FLOW_REST, _FLOW_DEEP = 1200.0, 900.0  # counts of a belt in arbitrary units
_GYRO_NOISE_DPS = 0.05
_MAG_UT = (22.0, 5.0, -42.0)


class SensorClock:
    """Time as the wearable counts it: from when it woke, a little too fast or slow."""

    def __init__(self, woke_s: float, skew_ppm: float) -> None:
        self._woke_s = woke_s
        self._per_s = 1e9 * (1.0 + skew_ppm * 1e-6)

    def ns(self, t_s: float) -> int:
        """Return session time `t_s` in nanoseconds since it woke."""
        return round((t_s - self._woke_s) * self._per_s)

    def device_s(self, t_s: F64) -> F64:
        """Return session times (n,) in seconds since it woke."""
        return np.asarray((t_s - self._woke_s) * self._per_s * 1e-9)

    def seconds(self, interval_s: float) -> float:
        """Return how long an interval is on this clock."""
        return interval_s * self._per_s * 1e-9

    def wake(self, t_s: float) -> None:
        """Start anew at `t_s`."""
        self._woke_s = t_s


class Sensors:
    """Accelerometer, electrodes and beat detector. Ask for rising times; every sensor has its own noise.

    `number` tells straps on one wearer apart.
    """

    def __init__(self, wearer: Wearer, faults: FaultSpec, number: int = 0) -> None:
        self._wearer = wearer
        self._faults = faults
        self._acc_rng, self._ecg_rng, self._loose_rng, self._belt_rng, self._gyro_rng = (
            np.random.default_rng([wearer.spec.seed, stream, number]) for stream in (4, 5, 6, 8, 9)
        )
        self._walk = np.zeros((1, 3))

    def acc_mg(self, t_s: F64) -> F64:
        """Return thousandths of g at `t_s`, (n, 3)."""
        acc = self._wearer.acc_mg(t_s) + self._wearer.spec.acc_noise_mg * self._acc_rng.standard_normal((t_s.size, 3))
        if self._faults.loose and (loose := mask(self._faults.loose, t_s)).any():
            acc[loose] = self._loose_mg(int(loose.sum()))
        if self._faults.table and (table := mask(self._faults.table, t_s)).any():
            quiet = self._wearer.spec.acc_noise_mg * self._loose_rng.standard_normal((int(table.sum()), 3))
            acc[table] = np.array(_TABLE_MG) + quiet
        return acc

    def read(self, channel: ChannelSpec, t_s: F64) -> F64:
        """Return what `channel` measures at rising times `t_s` (n,), (n, n_axes) in its unit.

        Raises BreathcoreError (INVALID_VALUE) for a role that no sensor of ours feels.
        """
        if channel.place is not None and channel.role in TRUNK_ROLES and self._wearer.trunk is not None:
            return self._at_place(self._wearer.trunk, channel, t_s)
        match channel.role:
            case Role.CHEST_ACC | Role.ACC:
                return self.acc_mg(t_s) * 1e-3
            case Role.GYRO:
                return self.gyro_dps(t_s)
            case Role.MAG:
                return np.tile(_MAG_UT, (t_s.size, 1))
            case Role.ORIENTATION:
                return self._orientation(t_s, len(channel.axes))
            case Role.ECG:
                return self.ecg_uv(t_s)[:, None]
            case Role.PPG:
                return np.rint(1e5 + 1e3 * self.ecg_uv(t_s)[:, None] / 900.0) + np.zeros((1, len(channel.axes)))
            case Role.BELT | Role.ABDOMEN_BELT:
                return self.belt(t_s, newtons=channel.unit == "N")[:, None]
            case Role.TEMPERATURE:
                return np.full((t_s.size, 1), 33.0)
            case Role.PRESSURE:
                return np.full((t_s.size, 1), 1013.25)
        known = "chest_acc, acc, gyro, mag, orientation, ecg, ppg, belt, temperature, pressure"
        raise BreathcoreError(Reason.INVALID_VALUE, name="role", value=channel.role.value, bound=known)

    def _at_place(self, trunk: TrunkWearer, channel: ChannelSpec, t_s: F64) -> F64:
        """Return what a sensor at a place of the trunk measures; one that lies on a table feels gravity alone."""
        x = trunk.read(channel, t_s)
        faults = self._faults
        if not (faults.off or faults.table or faults.loose):
            return x
        away = mask((*self._faults.off, *self._faults.table), t_s)
        loose = mask(self._faults.loose, t_s)
        if channel.role in (Role.CHEST_ACC, Role.ACC):
            x[away] = 1e-3 * np.array(_TABLE_MG)
            if loose.any():
                x[loose] = 1e-3 * self._loose_mg(int(loose.sum()))
        else:
            x[away | (loose if channel.role is not Role.GYRO else away)] = 0.0
        return x

    def belt(self, t_s: F64, *, newtons: bool) -> F64:
        """Return a belt's value at `t_s` (n,): its pull in N, or counts; slack where it is off, on a table or loose."""
        rest, deep = (_BELT_REST_N, _BELT_DEEP_N) if newtons else (_FLOW_REST, _FLOW_DEEP)
        off = self._off_skin(t_s) | mask(self._faults.loose, t_s)
        noise = _BELT_NOISE_N / _BELT_DEEP_N * deep * self._belt_rng.standard_normal(t_s.size)
        return np.asarray(np.where(off, 0.0, rest + deep * self._wearer.level(t_s)) + noise)

    def gyro_dps(self, t_s: F64) -> F64:
        """Return deg/s at `t_s` (n, 3): the turning that the breath makes, still on a table."""
        turning = self._wearer.turning_dps(t_s)
        still = mask((*self._faults.off, *self._faults.table), t_s)
        noise = _GYRO_NOISE_DPS * self._gyro_rng.standard_normal((t_s.size, 3))
        return np.asarray(np.where(still[:, None], 0.0, turning) + noise)

    def _orientation(self, t_s: F64, axes_n: int) -> F64:
        """Return the turn about the device's first axis by the breath's tilt: quaternion (w, x, y, z) or Euler, deg."""
        tilt_deg = self._wearer.tilt_deg(t_s)
        if axes_n == 4:
            half = np.deg2rad(tilt_deg) / 2.0
            return np.stack([np.cos(half), np.sin(half), 0.0 * half, 0.0 * half], axis=1)
        return np.stack([tilt_deg, 0.0 * tilt_deg, 0.0 * tilt_deg], axis=1)

    def breaths(self, from_s: float, to_s: float) -> tuple[TrueBreath, ...]:
        """Return the breaths that ended in `[from_s, to_s)`: what a wearable that finds them itself knows."""
        self._wearer.level(np.array([to_s]))  # the breath is made as far as somebody looks
        self._wearer.level(np.array([to_s]))  # the wearer breathes on only when it is asked
        return tuple(b for b in self._wearer.truth(to_s).breaths if from_s <= b.end_s < to_s)

    def ecg_uv(self, t_s: F64) -> F64:
        """Return µV at `t_s` (n,)."""
        noise = self._ecg_rng.standard_normal(t_s.size)
        ecg = self._wearer.ecg_uv(t_s) + self._wearer.spec.ecg_noise_uv * noise
        bad = self._off_skin(t_s) | mask(self._faults.loose, t_s)
        return np.where(bad, _LOOSE_ECG_UV * noise, ecg) if bad.any() else ecg

    def beats(self, from_s: float, to_s: float) -> F64:
        """Return the beats detected in `[from_s, to_s)`: the heart's, or what a loose strap makes of its noise."""
        beats = self._wearer.beats(from_s, to_s)
        if not beats.size:
            return beats
        beats = beats[~self._off_skin(beats)]
        loose = mask(self._faults.loose, beats)
        if loose.any():
            beats = np.sort(beats + np.where(loose, self._loose_rng.uniform(-0.3, 0.3, beats.size), 0.0))
            beats = beats[(beats >= from_s) & (beats < to_s)]
        return np.asarray(beats)

    def has_contact(self, t_s: float) -> bool:
        """Return whether the electrodes touch skin."""
        return not bool(self._off_skin(np.array([t_s]))[0])

    def _off_skin(self, t_s: F64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return mask((*self._faults.off, *self._faults.table, *self._faults.contact_lost), t_s)

    def _loose_mg(self, n: int) -> F64:
        steps = _LOOSE_STEP_MG * self._loose_rng.standard_normal((n, 3))
        walk, self._walk = lfilter([1.0], [1.0, -_LOOSE_PULL], steps, axis=0, zi=self._walk)
        rest = 1000.0 * np.array(self._wearer.spec.posture_g) / np.linalg.norm(self._wearer.spec.posture_g)
        return np.asarray(rest + walk + _LOOSE_MG * self._loose_rng.standard_normal((n, 3)))
