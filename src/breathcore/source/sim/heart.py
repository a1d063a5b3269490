"""The wearer's heart: beats that speed up with the inhale, and the ECG they make."""

import math
from bisect import bisect_left

import numpy as np

from breathcore.model.arrays import F64
from breathcore.source.sim.breathing import Breathing
from breathcore.source.sim.spec import WearerSpec

_RSA_DELAY_S = 0.4  # the heart follows the breath by this much
_AHEAD_S = 0.35  # an ECG sample needs to know the beat that comes this soon: less than the delay above
_RESP_QRS = 0.12  # share by which a full breath makes the QRS taller
_RESP_BASELINE_UV = 60.0
# the waves of one beat: centre (s from R; the T wave scales with the square root of the interval), width (s), height
_CENTRE_S = np.array([-0.17, -0.028, 0.0, 0.03, 0.29])
_WIDTH_S = np.array([0.022, 0.009, 0.011, 0.011, 0.045])
_HEIGHT = np.array([0.11, -0.10, 1.0, -0.22, 0.30])


class Heart:
    """Beat times from `hr_bpm`, respiratory sinus arrhythmia and a little variability of their own."""

    def __init__(self, spec: WearerSpec, breathing: Breathing, start_s: float) -> None:
        self._spec = spec
        self._breathing = breathing
        self._rng = np.random.default_rng([spec.seed, 2])
        self._start_s = start_s
        self._beats_s = [start_s + 0.3]

    def beats(self, from_s: float, to_s: float) -> F64:
        """Return the R peaks in `[from_s, to_s)`; `to_s` may lie up to 0.35 s ahead of the present."""
        while self._beats_s[-1] < to_s:
            self._beats_s.append(self._beats_s[-1] + 60.0 / self._rate_bpm(self._beats_s[-1]))
        return np.array(self._beats_s[bisect_left(self._beats_s, from_s) : bisect_left(self._beats_s, to_s)])

    def _rate_bpm(self, t_s: float) -> float:
        level = self._breathing.level_at(max(t_s - _RSA_DELAY_S, self._start_s))
        own = 1.0 + self._spec.hr_cv * float(self._rng.normal())
        return max((self._spec.hr_bpm + self._spec.rsa_bpm * (level - 0.3)) * own, 25.0)

    def ecg_uv(self, t_s: F64, level: F64) -> F64:
        """Return µV at `t_s` (n,), given the chest's level there; noise is the electrode's, not added here."""
        beats = self.beats(float(t_s[0]) - 0.6, float(t_s[-1]) + _AHEAD_S)
        baseline = _RESP_BASELINE_UV * level
        if not beats.size:
            return np.asarray(baseline)
        centres = beats[:, None] + _CENTRE_S
        centres[:, -1] = beats + _CENTRE_S[-1] * math.sqrt(min(60.0 / self._spec.hr_bpm, 1.2))
        z = (t_s[None, :] - centres.reshape(-1, 1)) / np.tile(_WIDTH_S, beats.size)[:, None]
        waves = np.tile(_HEIGHT, beats.size) @ np.exp(-0.5 * z * z)
        return np.asarray(self._spec.ecg_uv * (1.0 + _RESP_QRS * (level - 0.3)) * waves + baseline)
