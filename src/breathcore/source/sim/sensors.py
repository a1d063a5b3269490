"""What the strap's sensors feel: the wearer, or a table, or too little of either; and the strap's own clock."""

import numpy as np
from scipy.signal import lfilter

from breathcore.decode.pmd_frames import UNSET_CLOCK_NS
from breathcore.model.arrays import F64
from breathcore.source.sim.faults import FaultSpec, mask
from breathcore.source.sim.wearer import Wearer

_TABLE_MG = (0.0, 0.0, 1000.0)
_LOOSE_MG = 25.0  # white, on every axis
_LOOSE_STEP_MG = 1.5  # of a random walk on top
_LOOSE_PULL = 0.999  # that does not walk away for ever
_LOOSE_ECG_UV = 600.0


class SensorClock:
    """Nanoseconds as the strap counts them: from 2019 when it woke, a little too fast or slow."""

    def __init__(self, woke_s: float, skew_ppm: float) -> None:
        self._woke_s = woke_s
        self._per_s = 1e9 * (1.0 + skew_ppm * 1e-6)

    def ns(self, t_s: float) -> int:
        """Return the stamp of session time `t_s`."""
        return UNSET_CLOCK_NS + round((t_s - self._woke_s) * self._per_s)

    def seconds(self, interval_s: float) -> float:
        """Return how long an interval is on this clock."""
        return interval_s * self._per_s * 1e-9

    def wake(self, t_s: float) -> None:
        """Start anew at `t_s`."""
        self._woke_s = t_s


class Sensors:
    """Accelerometer, electrodes and beat detector. Ask for rising times; every sensor has its own noise."""

    def __init__(self, wearer: Wearer, faults: FaultSpec) -> None:
        self._wearer = wearer
        self._faults = faults
        self._acc_rng, self._ecg_rng, self._loose_rng = (
            np.random.default_rng([wearer.spec.seed, stream]) for stream in (4, 5, 6)
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
