"""The breath trace of a chest accelerometer: how far the gravity vector tilts, in degrees.

At breathing rates the chest's own acceleration is a fifth of a milli-g while a degree of tilt is 17 mg, so what
moves is the gravity vector (reference: constrained recursive PCA, Schipper 2021; here over a sliding window, on one
second's differences, so that drift and posture do not choose the axis).
"""

import math

import numpy as np

from breathcore.estimate.effort import EffortTrace, Look
from breathcore.estimate.tilt_plane import tilt_look
from breathcore.model.arrays import F64, frozen

AXIS_S = 32.0
AXIS_LAG_S = 1.0
AXIS_FROM_S = 4.0
SETTLED_S = 12.0
POSTURE_DEG = 5.0
UNSETTLED_DEG = 20.0  # while the usual tilt is not known yet
POSTURE_S = 3.0  # a new posture is one that lasts; a deep breath does not
STEP_S = 0.5  # of the new posture is left out: the end of the step may be in it
BEYOND_USUAL = 2.0  # times the largest tilt of the last minute: a slow deep breath is seldom
ALONG_GRAVITY = 0.5  # weight of what moves along gravity: acceleration, not tilt
UP = (0.0, 0.0, 1.0)
SAME = frozen(np.eye(3))


class TiltTrace(EffortTrace):
    """Chest accelerometer, any unit, three axes.

    Parameters
    ----------
    rate_hz : float
        Nominal rate.
    inhale_axis : tuple of 3 floats, optional
        The direction in device axes in which the gravity vector moves on inhale; +z if not known. It only orients
        the axis found; a guided deep breath (`Polarity`) settles it.
    """

    look_every_s, seldom_s = 2, 4

    def __init__(self, rate_hz: float, inhale_axis: tuple[float, float, float] | None = None) -> None:
        self._odd = False
        self._inhale = np.asarray(inhale_axis or UP, dtype=np.float64)
        super().__init__(rate_hz, 3)

    def reset(self) -> None:
        """Forget everything."""
        self._odd = False
        super().reset()

    def tick(self, cycle_s: float) -> Look | None:
        """As `EffortTrace.tick`; a new posture begins a new run. A settled axis is looked up every other time."""
        self._odd = not self._odd
        if self._posture_changed():
            self._start_over()
        look = super().tick(cycle_s)
        return look and tilt_look(look, self._slow.last()[1])

    def _posture_changed(self) -> bool:
        recent = self._slow.last()[1]
        new_n = max(2, round(POSTURE_S * self.slow_hz))
        between_n = round(self.seldom_s * self.slow_hz)  # since the last look: the step may lie there
        old = recent[:, : -new_n - between_n]
        if old.shape[1] < new_n:
            return False
        mean = np.add.reduce(old, axis=1) / old.shape[1]
        off = ((recent - mean[:, None]) ** 2).sum(axis=0)
        known = old.shape[1] >= SETTLED_S * self.slow_hz
        least = math.sin(math.radians(POSTURE_DEG if known else UNSETTLED_DEG))
        beyond = max(least**2 * float((mean * mean).sum()), BEYOND_USUAL**2 * float(off[: old.shape[1]].max()))
        return float(off[-new_n:].min()) > beyond

    def _start_over(self) -> None:
        newest = self._slow.last()[0][-1]
        for ring in (self._slow, self._fast):
            ring.drop_before(newest - POSTURE_S + STEP_S)
        self._old_middle = None
        self._new_run = True

    def _first_axis(self) -> F64:
        return np.degrees(self._inhale / math.sqrt(float((self._inhale**2).sum())))

    def _find_axis(self, x: F64) -> F64:
        lag = max(1, round(AXIS_LAG_S * self.slow_hz))
        recent = x[:, -round(AXIS_S * self.slow_hz) :]
        size = recent.shape[1]
        settled = size > SETTLED_S * self.slow_hz
        if size < AXIS_FROM_S * self.slow_hz or (settled and self._odd):
            return self._axis
        gravity = np.add.reduce(recent, axis=1) / size
        length = math.sqrt(float((gravity * gravity).sum()))
        if length == 0:
            return self._axis
        down = gravity / length
        discount = SAME - (1.0 - ALONG_GRAVITY) * (down[:, None] * down)
        step = np.ascontiguousarray(recent[:, lag:] - recent[:, :-lag])
        axis = discount @ _principal(discount @ (step @ step.T) @ discount)
        axis /= math.sqrt(float((axis * axis).sum()))
        known = self._axis if settled else self._inhale
        sign = -1.0 if float((axis * known).sum()) < 0 else 1.0
        return np.asarray(sign * np.degrees(axis / length), dtype=np.float64)


def _principal(covariance: F64) -> F64:
    return np.asarray(np.linalg.eigh(covariance)[1][:, -1], dtype=np.float64)
