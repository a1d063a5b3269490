"""Where a breath really begins: the start of the rise or fall, not the extreme somewhere on a plateau."""

import math

import numpy as np

from breathcore.model.arrays import F64

NEAR, FAR = 0.1, 0.33  # of the retreat from the extreme
ABOVE_NOISE = 2.5  # SD of the noise by which a level must differ from the extreme besides
HIGHEST = 0.7  # of the retreat: no level lies beyond
HOLD_S = 1.5  # a shorter flat top is a rounded turn
# (time from FAR to 1) / (time from NEAR to FAR) of a retreat that grows as time^p, for p = 3, 2.5, 2, 1.5, 1
_RATIOS = np.array([1.361, 1.469, 1.647, 2.001, 2.913])
_POWERS = np.array([3.0, 2.5, 2.0, 1.5, 1.0])


def leave_time(t_s: F64, away: F64, noise: float) -> float:
    """Return when a retreat began.

    Parameters
    ----------
    t_s, away : (n,)
        Times, and distance from the extreme, from the extreme to where it is largest (the last sample).
    noise : float
        SD of the noise.

    Notes
    -----
    The retreat is taken to grow as (t − t0)^p; p follows from when it passed 10, 33 and 100 % of where it is now
    (1: a straight ramp, 2: a sinusoid's turn, 3: minimum jerk), and so does t0. In noise p is taken as 2, from where
    the noise ends on.
    """
    size = float(away[-1])
    end, start = float(t_s[-1]), 2.0 * float(t_s[0]) - float(t_s[-1])
    if ABOVE_NOISE * noise > NEAR * size:
        part = min(NEAR + ABOVE_NOISE * noise / size, HIGHEST)
        near, root = _last_crossing(t_s, away, part * size), math.sqrt(part)
        return max(near - (end - near) * root / (1.0 - root), start)
    near, far = (_last_crossing(t_s, away, part * size) for part in (NEAR, FAR))
    if far - near < 1e-9:
        return near
    p = float(np.interp((end - far) / (far - near), _RATIOS, _POWERS))
    a, b = NEAR ** (1.0 / p), FAR ** (1.0 / p)
    return max(near - (far - near) * float(a / (b - a)), start)


def turn_time(t_s: F64, y: F64, extreme: int, noise: float) -> tuple[float, float]:
    """Return when the movement after the turn began, and for how long the breath was held before that (0: not).

    Parameters
    ----------
    t_s, y : (n,)
        Trace from the extreme before to the sample that confirmed this one.
    extreme : int
        Index of this extreme.
    noise : float
        SD of the noise.

    Notes
    -----
    Without a hold the turn is the middle between passing the same level up and down, which noise and a sagging top
    move less than the extreme. A hold is what is left of the top's width at two levels when the part that a parabola
    would have (width ∝ √level) is taken off.
    """
    away = np.abs(y - y[extreme])
    size = min(float(away[-1]), float(away[: extreme + 1].max()))
    past = np.flatnonzero(away[: extreme + 1] > size)
    first = int(past[-1]) if len(past) else 0
    before_t, before = -t_s[first : extreme + 1][::-1], away[first : extreme + 1][::-1]
    after_t, after = t_s[extreme:], away[extreme:]
    lift = ABOVE_NOISE * noise / size if size > 0 else 0.0
    low, high = (min(part + lift, HIGHEST) for part in (NEAR, FAR))
    near = _first_crossing(after_t, after, low * size), -_first_crossing(before_t, before, low * size)
    far = _first_crossing(after_t, after, high * size), -_first_crossing(before_t, before, high * size)
    middle, root = 0.5 * (near[0] + near[1]), math.sqrt(FAR / NEAR)
    if (root * (near[0] - near[1]) - (far[0] - far[1])) / (root - 1.0) < HOLD_S:
        return middle, 0.0
    began = leave_time(after_t, after, noise)
    held = began + leave_time(before_t, np.minimum(before, size), noise)
    return (began, held) if held > 0 else (middle, 0.0)


def _first_crossing(t_s: F64, away: F64, level: float) -> float:
    beyond = np.flatnonzero(away > level)
    i = int(beyond[0]) if len(beyond) else len(away) - 1
    if i == 0:
        return float(t_s[0])
    part = (level - away[i - 1]) / (away[i] - away[i - 1]) if away[i] != away[i - 1] else 0.0
    return float(t_s[i - 1] + min(max(part, 0.0), 1.0) * (t_s[i] - t_s[i - 1]))


def _last_crossing(t_s: F64, away: F64, level: float) -> float:
    below = np.flatnonzero(away <= level)
    i = int(below[-1]) if len(below) else 0
    if i + 1 >= len(away) or away[i + 1] == away[i]:
        return float(t_s[i])
    part = (level - away[i]) / (away[i + 1] - away[i])
    return float(t_s[i] + min(max(part, 0.0), 1.0) * (t_s[i + 1] - t_s[i]))
