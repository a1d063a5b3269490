"""What a chest accelerometer says across gravity: the plane in which the breath tilts it, not only one axis of it."""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.estimate.effort import Look
from breathcore.model.arrays import F64


@dataclass(frozen=True, slots=True, eq=False)
class TiltLook(Look):
    """A `Look` along the principal axis, with all axes `x` (3, n) that it was taken from."""

    x: F64

    def plane(self, seconds: float) -> F64:
        """Return the last `seconds` along two directions across gravity (2, m), in degrees."""
        return across_gravity(self.x[:, -round(seconds / self.step_s) :])

    def along(self, y: F64) -> Look:
        """Return the look along another direction: `y` (m,), the newest m values of it."""
        return Look(self.t_s[-len(y) :], y, self.step_s, self.fast, self.fast_hz, self.rough)


def tilt_look(look: Look, x: F64) -> TiltLook:
    """Return `look` with the axes `x` (3, n) that it was taken from."""
    return TiltLook(look.t_s, look.y, look.step_s, look.fast, look.fast_hz, look.rough, x)


def unrest(x: F64) -> float:
    """Return the SD of the length of `x` (3, n), relative to its mean: what has moved the body, for a tilt does not."""
    length = np.sqrt(np.add.reduce(x * x, axis=0))
    mean, sd = moments(length)
    return sd / mean if mean > 0 else math.inf


def across_gravity(x: F64) -> F64:
    """Return `x` (3, n) along two directions across its mean (2, n), in degrees of tilt."""
    mean = np.add.reduce(x, axis=1) / x.shape[1]
    length = math.sqrt(float((mean * mean).sum()))
    if length == 0:
        return np.zeros((2, x.shape[1]))
    down = mean / length
    least = np.zeros(3)
    least[int(np.abs(down).argmin())] = 1.0
    first = least - down * float((least * down).sum())
    first /= math.sqrt(float((first * first).sum()))
    a, b, c = down.tolist()
    d, e, f = first.tolist()
    second = np.array((b * f - c * e, c * d - a * f, a * e - b * d))
    p, q, r = x - mean[:, None]
    per_unit = math.degrees(1.0) / length
    return np.array([(v[0] * p + v[1] * q + v[2] * r) * per_unit for v in (first, second)])
