"""How far the lower back bends in a hip hinge: what the trunk turns more than the pelvis, from a sensor at each.

Each sensor's angle is that of gravity about its own axis of the repetition (as `path.learned` finds it), from where it
stood as the repetition began; what is told is the largest difference of the two, over 0.4 s. Positive: rounded, the
trunk bent further than the pelvis; negative: hollowed.

Both sensors need a gyroscope: an accelerometer alone is 8° wrong at the turning points of a hinge in 2 s, and not by
the same amount at both. A breath tilts the trunk's sensor by 1–3°, and that is in it; so is what the upper back bends.
A back that is rounded before the repetition begins is not seen.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.motion import Motion, Vector, unit
from breathcore.estimate.trunk.movements import movement_of
from breathcore.estimate.trunk.path import learned
from breathcore.estimate.trunk.sights import Measure, Sight
from breathcore.estimate.trunk.steadiness import Point
from breathcore.model.arrays import F64
from breathcore.model.trunk import LumbarBend, MovementTask, Rep, Unmeasured

START_S = 0.4  # the start is the mean over it
OVER_N = round(0.4 * GRID_HZ)
KEPT_N = round(180.0 * GRID_HZ)  # repetitions may be told long after they were done: once the movement is learned
WAIT_S = 3.0  # for the other sensor, in its samples' time
WHOLE = 0.9  # of a repetition's readings: less is no data


class LumbarFollower:
    """Follows trunk and pelvis, repetition by repetition.

    Parameters
    ----------
    source, reference : str
        Ids of the accelerometers at trunk and pelvis.
    """

    latency_s = 0.0  # besides that of the repetition and of both sensors' motion

    def __init__(self, source: str, reference: str) -> None:
        self.source, self.reference = source, reference
        self._points: Mapping[str, deque[Point]] = {s: deque(maxlen=KEPT_N) for s in (source, reference)}
        self._tasks: list[MovementTask] = []
        self._due: list[Rep] = []

    def task(self, task: MovementTask) -> None:
        """Know what is done from `task.t_s` on."""
        self._tasks.append(task)

    def push(self, motion: Motion, source: str) -> list[LumbarBend]:
        """Take motion of one of both (that of others is left alone); return what is now known."""
        if source not in self._points:
            return []
        rows = zip(
            motion.t_s.tolist(), motion.up.tolist(), motion.turn_dps.tolist(), motion.bias_dps.tolist(), strict=True
        )
        self._points[source].extend((t_s, tuple(up), tuple(turn), tuple(bias)) for t_s, up, turn, bias in rows)
        return self._told()

    def rep(self, rep: Rep) -> list[LumbarBend]:
        """Take a repetition that is told; return what is now known."""
        task = next((t for t in reversed(self._tasks) if t.t_s <= rep.end_s), None)
        if task is None or not movement_of(task.kind).bends:
            return []
        self._due.append(rep)
        return self._told()

    def flush(self) -> list[LumbarBend]:
        """Return what was still waited for."""
        due, self._due = self._due, []
        return [self._of(rep) for rep in due]

    def _told(self) -> list[LumbarBend]:
        newest = [points[-1][0] if points else -math.inf for points in self._points.values()]
        known_s = max(min(newest), max(newest) - WAIT_S)
        due, self._due = self._due, [r for r in self._due if r.end_s > known_s]
        return [self._of(rep) for rep in due if rep.end_s <= known_s]

    def _of(self, rep: Rep) -> LumbarBend:
        angles = [self._angles(self._points[s], rep) for s in (self.source, self.reference)]
        bend_deg, reason = math.nan, None
        if any(a is None for a in angles):
            reason = Unmeasured.NO_DATA
        else:
            bend_deg = _largest(*(a for a in angles if a is not None))
            reason = Unmeasured.MOTION if math.isnan(bend_deg) else None
        return LumbarBend(rep.end_s, rep.start_s, bend_deg, self.source, self.reference, rep.side, reason)

    def _angles(self, points: Sequence[Point], rep: Rep) -> dict[int, float] | None:
        """Return a sensor's angle in the repetition by number of the grid's readings, None where they are missing."""
        within: list[Point] = []
        for point in reversed(points):
            if point[0] < rep.start_s - START_S:
                break
            if point[0] <= rep.end_s:
                within.append(point)
        within.reverse()
        if len(within) < WHOLE * (rep.end_s - rep.start_s + START_S) * GRID_HZ:
            return None
        rest = _mean([p[1] for p in within if p[0] <= rep.start_s] or [within[0][1]])
        path = learned(within, rest)
        if path is None or path.by_turn:
            return {}
        return {round(p[0] * GRID_HZ): path.angle_deg(p[1]) for p in within}


def lumbar_follower(sights: Mapping[Measure, Sight]) -> LumbarFollower | None:
    """Return what reads the lower back off two sensors, or None where they are not worn."""
    sight = sights[Measure.LUMBAR]
    return LumbarFollower(*sight.sources) if sight.seen else None


def _largest(trunk: Mapping[int, float], pelvis: Mapping[int, float]) -> float:
    """Return the difference of two angles that is largest, over `OVER_N` readings; NaN where there is none."""
    off: F64 = np.array([trunk[k] - pelvis[k] for k in sorted(trunk.keys() & pelvis.keys())])
    if len(off) < OVER_N:
        return math.nan
    sums = np.cumsum(np.concatenate(([0.0], off)))
    means = (sums[OVER_N:] - sums[:-OVER_N]) / OVER_N
    return float(means[int(np.abs(means).argmax())])


def _mean(ups: Sequence[Vector]) -> Vector:
    return unit((sum(v[0] for v in ups), sum(v[1] for v in ups), sum(v[2] for v in ups)))
