"""When a breath was held, from when to when: a model of the hold and of the two strokes beside it, fitted to the trace.

One level says little where a trace is noisy or the posture drifts: near the end of a slow stroke a hundredth of it
is a tenth of a second. The model has a straight line while the breath is held (its slope is posture) and on either
side the way from there to the other end as a cubic that begins and ends at rest; six numbers by least squares
(Gauss-Newton). Of the stroke before the hold its last `DEEP` are fitted, of the one after it what has been seen.
"""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.onset import HOLD_S, Onset
from breathcore.model.arrays import F64

DEEP = 0.7  # of the stroke before the hold: the rest may be lopsided
SEEN = 0.4  # of the stroke after the hold: less does not tell when it began
STEPS = 12
SHORTEST_S, LONGEST_S = 0.3, 40.0  # a stroke
FIRMNESS = 1e-3  # of each number's own weight, against steps that are too long
ALIKE_S = 0.14  # samples of a trace this close have their noise in common
MOST_SD_S = 0.25  # of either edge: twice that is half a second
MOST_LEFT = 0.04  # of the stroke: the SD of what the model leaves, noise and other shapes
MOST_SLOPE = 0.25  # of the stroke, from one edge to the other: so much is no hold
MOST_MOVED_S = 3.0  # from where the edges were looked for


@dataclass(frozen=True, slots=True, eq=False)
class HoldFit:
    """The edges of a hold, their SD in s, and what is left of the trace and how far the hold slopes, of the stroke."""

    start_s: float
    end_s: float
    sd_s: float
    left: float
    slope: float


def held(t_s: F64, y: F64, extreme: int, onset: Onset) -> Onset:
    """Return when the movement after a hold began and how long it lasted; where that cannot be told, no hold.

    Parameters
    ----------
    t_s, y : (n,)
        Trace from the extreme before to the newest sample.
    extreme : int
        Index of the extreme on the plateau.
    onset : Onset
        About when, with a hold.
    """
    start_s, end_s = onset.t_s - onset.held_s, onset.t_s
    fit = fit_hold(t_s, np.abs(y - y[extreme]), extreme, start_s, end_s)
    moved_s = max(abs(fit.start_s - start_s), abs(fit.end_s - end_s))
    clear = fit.sd_s <= MOST_SD_S and fit.left <= MOST_LEFT and abs(fit.slope) <= MOST_SLOPE
    if not (clear and moved_s < MOST_MOVED_S):
        return Onset(end_s, 0.0, math.nan)
    length_s = fit.end_s - fit.start_s
    return Onset(fit.end_s, length_s if length_s >= HOLD_S else 0.0, math.nan)


def fit_hold(t_s: F64, away: F64, extreme: int, start_s: float, end_s: float) -> HoldFit:
    """Fit the model near `start_s` to `end_s`; `away` (n,) is the distance from the extreme."""
    size = float(away[: extreme + 1].max())
    deep = (away[: extreme + 1] > DEEP * size).nonzero()[0]
    first = int(deep[-1]) if len(deep) else 0
    t, z = t_s[first:] - start_s, away[first:] / size
    end, before_s, after_s = end_s - start_s, -2.0 * float(t[0]), 2.0 * float(t[-1]) - 2.0 * (end_s - start_s)
    p = np.array((0.0, 0.0, 0.0, max(before_s, 0.5), end, max(after_s, 0.5)))
    low = np.array((-1.0, -1.0, -MOST_MOVED_S, SHORTEST_S, end - MOST_MOVED_S, SHORTEST_S))
    high = np.array((1.0, 1.0, MOST_MOVED_S, LONGEST_S, end + MOST_MOVED_S, LONGEST_S))
    for _ in range(STEPS):
        modelled, moves = _model(p, t)
        normal = moves @ moves.T
        firm = np.diag(FIRMNESS * np.diag(normal) + 1e-9)
        p = np.clip(p + np.linalg.solve(normal + firm, moves @ (z - modelled)), low, high)
    modelled, moves = _model(p, t)
    left2 = float(((z - modelled) ** 2).sum()) / len(t)
    alike_n = max(1.0, ALIKE_S * (len(t) - 1) / float(t[-1] - t[0]))
    spread = np.linalg.pinv(moves @ moves.T) * (left2 * alike_n)
    sd_s = math.sqrt(max(float(spread[2, 2]), float(spread[4, 4])))
    start, end = float(p[2]), float(p[4])
    return HoldFit(start_s + start, start_s + end, sd_s, math.sqrt(left2), float(p[1]) * (end - start))


def _model(p: F64, t: F64) -> tuple[F64, F64]:
    """Return the modelled trace (n,) and by how much each of the six numbers moves it (6, n)."""
    level, slope, start, before_s, end, after_s = p.tolist()
    at = t - 0.5 * (start + end)
    u, v = np.clip((start - t) / before_s, 0.0, 1.0), np.clip((t - end) / after_s, 0.0, 1.0)
    modelled = level + slope * at + u * u * (3.0 - 2.0 * u) + v * v * (3.0 - 2.0 * v)
    du, dv = 6.0 * u * (1.0 - u), 6.0 * v * (1.0 - v)
    return modelled, np.array(
        (np.ones(len(t)), at, du / before_s, -du * u / before_s, -dv / after_s, -dv * v / after_s)
    )
