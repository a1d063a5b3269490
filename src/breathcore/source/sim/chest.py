"""What an accelerometer on the sternum reads: gravity turning with the breath, and everything that gets in the way."""

import numpy as np

from breathcore.model.arrays import F64
from breathcore.source.sim.spec import WearerSpec

_MG_PER_LEVEL_S2 = 0.005 / 9.80665 * 1000.0  # a full breath moves the sternum 5 mm outwards
_BALLISTIC_HZ = 14.0
_BALLISTIC_DECAY_S = 0.06
_BALLISTIC_DELAY_S = 0.05
_STEP_S = 0.5
_DRIFT_PERIODS_S = (47.0, 113.0, 291.0)


class Chest:
    """Tilt, linear motion, heart beats, posture and movement → thousandths of g in device axes (x: (n, 3)).

    `inhale_axis` is where the gravity vector moves on inhale; its part across the resting vector is the direction
    of the tilt.
    """

    def __init__(self, spec: WearerSpec, inhale_axis: tuple[float, float, float]) -> None:
        self._spec = spec
        rng = np.random.default_rng([spec.seed, 3])
        rest = np.array(spec.posture_g) / np.linalg.norm(spec.posture_g)
        inhale = np.array(inhale_axis, dtype=np.float64)
        across = inhale - (inhale @ rest) * rest
        if np.linalg.norm(across) < 0.1:  # the axis lies along gravity: any direction across it will do
            across = np.cross(rest, [1.0, 0.0, 0.0] if abs(rest[0]) < 0.8 else [0.0, 1.0, 0.0])
        across *= spec.inhale_sign / np.linalg.norm(across)
        self._frame = np.stack([rest, across, np.cross(rest, across)])
        self._outward = inhale / np.linalg.norm(inhale)
        self._drift_phase = rng.uniform(0.0, 2.0 * np.pi, (2, len(_DRIFT_PERIODS_S)))
        self._burst_hz = rng.uniform(0.5, 4.0, 6)
        self._burst_phase = rng.uniform(0.0, 2.0 * np.pi, (6, 3))

    def tilt_deg(self, level: F64) -> F64:
        """Return the tilt of the breath for a chest level."""
        return np.asarray(level * self._spec.tilt_deg_pp * self._spec.deep_ratio)

    def turning_dps(self, tilt_dps: F64) -> F64:
        """Return the sensor's turning, (n, 3) deg/s, where the tilt changes by `tilt_dps` (n,).

        Gravity moves from `rest` to `across` in the sensor's axes as the sensor turns the other way about their normal.
        """
        return np.asarray(-tilt_dps[:, None] * self._frame[2])

    def acc_mg(self, t_s: F64, level: F64, acceleration: F64, beats_s: F64) -> F64:
        """Return mg at `t_s` (n,) without sensor noise; `acceleration` in levels/s²."""
        tilt = np.deg2rad(self.tilt_deg(level) + self._lean_deg(t_s))
        side = np.deg2rad(self._drift_deg(t_s, 1))
        turned = np.stack([np.cos(tilt) * np.cos(side), np.sin(tilt) * np.cos(side), np.sin(side)], axis=1)
        outward = acceleration * _MG_PER_LEVEL_S2 + self._ballistic_mg(t_s, beats_s)
        return np.asarray(1000.0 * turned @ self._frame + outward[:, None] * self._outward + self._bursts_mg(t_s))

    def _lean_deg(self, t_s: F64) -> F64:
        lean = self._drift_deg(t_s, 0)
        for step in self._spec.posture_steps:
            s = np.clip((t_s - step.t_s) / _STEP_S, 0.0, 1.0)
            lean = lean + step.deg * s * s * (3.0 - 2.0 * s)
        return lean

    def _drift_deg(self, t_s: F64, axis: int) -> F64:
        angle = 2.0 * np.pi * t_s[:, None] / np.array(_DRIFT_PERIODS_S) + self._drift_phase[axis]
        share = np.array(_DRIFT_PERIODS_S) / sum(_DRIFT_PERIODS_S)  # the slower the wider
        return np.asarray(self._spec.posture_drift_deg * (np.sin(angle) @ share))

    def _ballistic_mg(self, t_s: F64, beats_s: F64) -> F64:
        if not beats_s.size or not self._spec.ballistic_mg:
            return np.zeros(t_s.size)
        since = np.maximum(t_s[None, :] - beats_s[:, None] - _BALLISTIC_DELAY_S, 0.0)
        rings = np.exp(-since / _BALLISTIC_DECAY_S) * np.sin(2.0 * np.pi * _BALLISTIC_HZ * since)
        return np.asarray(self._spec.ballistic_mg * rings.sum(axis=0))

    def _bursts_mg(self, t_s: F64) -> F64:
        shaken = np.zeros((t_s.size, 3))
        for burst in self._spec.bursts:
            s = (t_s - burst.start_s) / burst.seconds
            inside = (s > 0.0) & (s < 1.0)
            if inside.any():
                angle = 2.0 * np.pi * t_s[:, None, None] * self._burst_hz[:, None] + self._burst_phase
                hann = np.where(inside, np.sin(np.pi * s) ** 2, 0.0)
                shaken += burst.mg * hann[:, None] * np.sin(angle).mean(axis=1) * 1.7
        return shaken
