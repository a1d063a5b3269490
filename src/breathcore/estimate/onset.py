"""Where a breath really begins: the start of the rise or fall, not the extreme somewhere on a plateau."""

import numpy as np

from breathcore.model.arrays import F64

NEAR, FAR = 0.1, 0.33  # of the retreat from the extreme
HOLD_S = 0.7  # a shorter flat top is a rounded turn
# (time from FAR to 1) / (time from NEAR to FAR) of a retreat that grows as time^p, for p = 3, 2.5, 2, 1.5, 1
_RATIOS = np.array([1.361, 1.469, 1.647, 2.001, 2.913])
_POWERS = np.array([3.0, 2.5, 2.0, 1.5, 1.0])


def leave_time(t_s: F64, away: F64) -> float:
    """Return when a retreat began.

    Parameters
    ----------
    t_s, away : (n,)
        Times, and distance from the extreme, from the extreme to where it is largest (the last sample).

    Notes
    -----
    The retreat is taken to grow as (t − t0)^p; p follows from when it passed 10, 33 and 100 % of where it is now
    (1: a straight ramp, 2: a sinusoid's turn, 3: minimum jerk), and so does t0.
    """
    near, far = (_last_crossing(t_s, away, part * float(away[-1])) for part in (NEAR, FAR))
    start = float(t_s[0]) - (float(t_s[-1]) - near)
    if far - near < 1e-9:
        return near
    p = float(np.interp((float(t_s[-1]) - far) / (far - near), _RATIOS, _POWERS))
    a, b = NEAR ** (1.0 / p), FAR ** (1.0 / p)
    return max(near - (far - near) * float(a / (b - a)), start)


def turn_time(t_s: F64, y: F64, extreme: int) -> tuple[float, float]:
    """Return when the movement after the turn began, and for how long the breath was held before that.

    Parameters
    ----------
    t_s, y : (n,)
        Trace from the extreme before to the sample that confirmed this one.
    extreme : int
        Index of this extreme.
    """
    away = np.abs(y - y[extreme])
    after = leave_time(t_s[extreme:], away[extreme:])
    size = float(away[-1])
    back = int(np.argmax(away[: extreme + 1] <= size))
    back = max(0, back - 1)
    before = -leave_time(-t_s[back : extreme + 1][::-1], np.minimum(away[back : extreme + 1][::-1], size))
    held = after - before
    if held >= HOLD_S:
        return after, held
    return 0.5 * (after + before), 0.0


def _last_crossing(t_s: F64, away: F64, level: float) -> float:
    below = np.flatnonzero(away <= level)
    i = int(below[-1]) if len(below) else 0
    if i + 1 >= len(away) or away[i + 1] == away[i]:
        return float(t_s[i])
    part = (level - away[i]) / (away[i + 1] - away[i])
    return float(t_s[i] + min(max(part, 0.0), 1.0) * (t_s[i + 1] - t_s[i]))
