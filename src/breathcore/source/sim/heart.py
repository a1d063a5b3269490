"""The wearer's heart: beats that speed up with the inhale, and the ECG they make.

With a resonance the heart follows the breath in two ways. A third of the swing is there at every rate, as the breath
itself gates the vagus. The rest comes round by the baroreflex, a control loop with a delay of some five seconds, which
answers most at one rate, near 6/min: here a resonator of the second order (quality 2.5: half a breath a minute off, it
still does about 92 %, a breath and a half off less than two thirds), in step with the breath at its own rate, ahead of
it at slower and behind it at faster ones, by up to 90°. To this comes the delay of this simulation, which may not know
the breath to come: 0.4 s, and half an interval. Lungs, blood pressure and the loop's saturation are left out.
"""

import math
from bisect import bisect_left

import numpy as np

from breathcore.model.arrays import F64
from breathcore.source.sim.breathing import Breathing
from breathcore.source.sim.spec import WearerSpec

_RSA_DELAY_S = 0.4  # the heart follows the breath by this much
_DIRECT_SHARE = 1 / 3  # of the swing: what does not resonate
_QUALITY = 2.5  # of the resonance
_STEP_S = 0.1  # of the resonator
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
        self._loop = None if spec.resonance_bpm is None else Resonator(spec.resonance_bpm / 60.0)

    def beats(self, from_s: float, to_s: float) -> F64:
        """Return the R peaks in `[from_s, to_s)`; `to_s` may lie up to 0.35 s ahead of the present."""
        while self._beats_s[-1] < to_s:
            self._beats_s.append(self._beats_s[-1] + 60.0 / self._rate_bpm(self._beats_s[-1]))
        return np.array(self._beats_s[bisect_left(self._beats_s, from_s) : bisect_left(self._beats_s, to_s)])

    def _rate_bpm(self, t_s: float) -> float:
        level = self._followed(t_s)
        own = 1.0 + self._spec.hr_cv * float(self._rng.normal())
        return max((self._spec.hr_bpm + self._spec.rsa_bpm * (level - 0.3)) * own, 25.0)

    def _followed(self, t_s: float) -> float:
        """Return the level that the heart follows at `t_s`."""
        level = self._breathing.level_at(max(t_s - _RSA_DELAY_S, self._start_s))
        if self._loop is None:
            return level
        while self._start_s + self._loop.steps_n * _STEP_S <= t_s - _RSA_DELAY_S:
            self._loop.step(self._breathing.level_at(self._start_s + self._loop.steps_n * _STEP_S))
        return 0.3 + _DIRECT_SHARE * (level - 0.3) + (1.0 - _DIRECT_SHARE) * self._loop.y

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


class Resonator:
    """A band-pass of the second order at `hz`, gain 1 and no lag there, in steps of 0.1 s (bilinear, prewarped)."""

    def __init__(self, hz: float) -> None:
        turn = 2.0 * math.pi * hz * _STEP_S
        width = math.sin(turn) / (2.0 * _QUALITY)
        self._b = width / (1.0 + width)
        self._a = (-2.0 * math.cos(turn) / (1.0 + width), (1.0 - width) / (1.0 + width))
        self._x: tuple[float, float] | None = None
        self._y = (0.0, 0.0)
        self.steps_n = 0

    @property
    def y(self) -> float:
        """What came out last."""
        return self._y[0]

    def step(self, x: float) -> None:
        """Take the next value; the first is taken for what had always been."""
        before = (x, x) if self._x is None else self._x
        y = self._b * (x - before[1]) - self._a[0] * self._y[0] - self._a[1] * self._y[1]
        self._x, self._y = (x, before[0]), (y, self._y[0])
        self.steps_n += 1
