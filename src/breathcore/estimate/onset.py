"""Where a breath really begins: the start of the rise or fall, not the extreme somewhere on a plateau."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.dsp.summary import median
from breathcore.model.arrays import F64

NEAR = 0.1  # of the retreat from the extreme: where the two sides of a turn are compared
ABOVE_NOISE = 2.5  # SD of the noise by which a level must differ from the extreme besides
HIGHEST = 0.7  # of the retreat: no level lies beyond
FAR = 0.95  # of the retreat: up to where the two sides' speeds are compared
HOLD_S = 2.0  # a shorter flat top is a rounded turn or a natural pause
FOOT, KNEE = 0.05, 0.3  # of the stroke: the part of it that tells when it began
TOP = 0.1  # of the stroke: what lies nearer to the extreme is the plateau


@dataclass(frozen=True, slots=True)
class Onset:
    """When the movement after a turn began, for how long the breath was held before that (0: not), and its `share`.

    The share (0-1) tells how lopsided the turn is: what part of it belongs to the stroke before. NaN after a hold.
    """

    t_s: float
    held_s: float
    share: float


def turn_time(t_s: F64, y: F64, extreme: int, noise: float, shares: Sequence[float]) -> Onset:
    """Return when the movement after a turn began.

    Parameters
    ----------
    t_s, y : (n,)
        Trace from the extreme before to the sample that confirmed this one.
    extreme : int
        Index of this extreme.
    noise : float
        SD of the noise.
    shares : sequence of float
        Those of the last turns of this kind: with them the turn's own is made steady.

    Notes
    -----
    Without a hold the turn lies between passing the same level up and down, which noise and a sagging top move less
    than the extreme; and nearer to the quicker of the two strokes, where half a cosine each would meet. The way to the
    plateau and the way from it are led back to its level; where that leaves two seconds or more in between, the breath
    was held.
    """
    away = np.abs(y - y[extreme])
    stroke = float(away[: extreme + 1].max())
    if stroke <= 0:
        return Onset(float(t_s[extreme]), 0.0, math.nan)
    plateau = away[_inside(away, extreme, TOP * stroke)]
    level = median(plateau)
    foot = max(FOOT, ABOVE_NOISE * noise / stroke)
    began = _begun(t_s[extreme:], (away[extreme:] - level) / stroke, foot)
    reached = -_begun(-t_s[: extreme + 1][::-1], (away[: extreme + 1][::-1] - level) / stroke, foot)
    if began - reached >= HOLD_S:
        return Onset(began, began - reached, math.nan)
    return _between(t_s, away, extreme, noise, shares)


def _inside(away: F64, extreme: int, limit: float) -> slice:
    """Return the stretch round the extreme up to where the trace leaves `limit` for good on its way to the knee."""
    after, before = away[extreme:], away[: extreme + 1][::-1]
    return slice(extreme - _leaving(before, limit), extreme + _leaving(after, limit) + 1)


def _leaving(away: F64, limit: float) -> int:
    """Return the last index within `limit` before `away` is first beyond three times of it."""
    beyond = (away > 3.0 * limit).nonzero()[0]
    stop = int(beyond[0]) if len(beyond) else len(away)
    within = (away[:stop] <= limit).nonzero()[0]
    return int(within[-1]) if len(within) else 0


def _begun(t_s: F64, share: F64, foot: float) -> float:
    """Return when a movement away from a plateau began: `share` (n,) of the whole stroke, from the extreme on.

    A stroke is taken for half a cosine, share = sin²(x) with x growing evenly: a line through x between `foot` and
    `KNEE` leads back to its beginning, and noise is averaged over it.
    """
    beyond = (share >= KNEE).nonzero()[0]
    stop = int(beyond[0]) + 1 if len(beyond) else len(share)
    under = (share[:stop] <= foot).nonzero()[0]
    first = int(under[-1]) + 1 if len(under) else 0
    if stop - first < 3:
        return float(t_s[min(first, len(t_s) - 1)])
    x = np.arcsin(np.sqrt(np.minimum(np.maximum(share[first:stop], 0.0), 1.0)))
    t = t_s[first:stop] - t_s[first]
    middle_s = float(np.add.reduce(t)) / len(t)
    spread = t - middle_s
    slope = float((spread * x).sum() / (spread * spread).sum())
    if slope <= 0:
        return float(t_s[first])
    start = middle_s - float(np.add.reduce(x)) / len(x) / slope
    return float(t_s[first]) + max(start, float(t_s[0] - t_s[first]))


def _between(t_s: F64, away: F64, extreme: int, noise: float, shares: Sequence[float]) -> Onset:
    """Return when the trace turned, from passing the same level before and after the extreme.

    The quicker of the two strokes passes it sooner: the time between is shared out as the strokes' ways from there to
    a higher level are. So a turn from a slow exhale to a quick inhale is where half a cosine each would meet.
    """
    size = min(float(away[-1]), float(away[: extreme + 1].max()))
    past = (away[: extreme + 1] > size).nonzero()[0]
    first = int(past[-1]) if len(past) else 0
    lift = ABOVE_NOISE * noise / size if size > 0 else 0.0
    low = min(NEAR + lift, HIGHEST)
    after_s, before_s = t_s[extreme:], -t_s[first : extreme + 1][::-1]
    after, before = away[extreme:], away[first : extreme + 1][::-1]
    begun, left = _first_crossing(after_s, after, low * size), -_first_crossing(before_s, before, low * size)
    on_s = _first_crossing(after_s, after, FAR * size) - begun
    off_s = left + _first_crossing(before_s, before, FAR * size)
    share = off_s / (off_s + on_s) if off_s > 0 and on_s > 0 else 0.5
    return Onset(left + statistics.median((*shares, share)) * (begun - left), 0.0, share)


def _first_crossing(t_s: F64, away: F64, level: float) -> float:
    beyond = (away > level).nonzero()[0]
    i = int(beyond[0]) if len(beyond) else len(away) - 1
    if i == 0:
        return float(t_s[0])
    part = (level - away[i - 1]) / (away[i] - away[i - 1]) if away[i] != away[i - 1] else 0.0
    return float(t_s[i - 1] + min(max(part, 0.0), 1.0) * (t_s[i] - t_s[i - 1]))
