"""Repetitions of a movement: learned in guided ones, then counted about their own axis on the way back.

A repetition (signals.md §10) leaves the rest by more than 60 % of the learned range and is counted when it comes back
below 30 %: what lies between moves nothing. It lasts 0.8–15 s. Guided ones have no range yet: they go by 8° or more
and 60 % of the least usual angle of the movement, and two that follow each other have to be alike (range, axis, how
long they took); then they are told, and those of the same way right before them. Sway and deep breaths (1–3°) and
fidgeting (up to 9°, hardly twice the same) teach nothing. An accelerometer alone learns nothing from a movement so
quick that what accelerates the body looks like a turn. What strays from the way, or does not end where it began, is
none of the movement.

The rest is where the sensor last stood still; its level follows what the body comes home to.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from breathcore.estimate.trunk.breath_log import BreathLog
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.motion import Vector, angle_deg, dot, unit
from breathcore.estimate.trunk.movements import movement_of
from breathcore.estimate.trunk.path import Path, guided, learned
from breathcore.estimate.trunk.steadiness import Point, steadiness_of
from breathcore.estimate.trunk.swing import Swing, alike, swing_of
from breathcore.model.device import Place
from breathcore.model.trunk import MovementLearned, MovementTask, Rep, RepLevel, Side, Steadiness, Unmeasured

THERE, HOME = 0.6, 0.3  # of the range
HALF_HOME = 0.45  # where a repetition is two swings: standing, the trunk is not quite as it sat
DONE = 0.02  # of the range in 0.2 s: quite home
HOME_WAIT_S = 1.0  # to be quite home, or to leave again, after 30 %
LEAST_SWING_S, MOST_SWING_S = 0.8, 15.0
LEAST_DEG = 5.0  # to be looked at: more than a deep breath turns a sensor by, and every one of a set of 8°
LEARNED_DEG = 8.0  # of a guided repetition: less than that is fidgeting as likely as not
UNLIKE, SLOWER = 0.4, 2.0  # of two guided repetitions' ranges (share of the larger) and times (ratio)
AXIS_APART_DEG = 35.0
LOOKED_AT_N = 24  # swings kept while learning
LEVER_M, FELT_G = 0.4, 1.5  # a sensor's distance from the hip; what acceleration may add where nothing shows the turn
APART, SLACK_DEG = 0.4, 3.0  # of its range: from where it began to where it ended
BEYOND_USUAL = 1.5  # times the largest usual angle: another posture, not a repetition
STILL_S, STILL_DEG = 1.0, 2.5
FRESH_REST_S, SAME_REST_DEG = 5.0, 10.0
SETTLED_S = 4.0  # still so long in another posture: the rest is there
BREATH_WAIT_S = 0.5  # for what the breath says
KEEP_S = 1.5  # kept at least so long to say how still
TRIM_S = 0.25  # of either end of a keep: it may still be moving
LEVEL_EVERY_N = 3
LEAK_S, RESTS_DPS = 1.0, 4.0  # of a gyroscope's sum, while it hardly turns at home
LOOK_EVERY_N = 5
RISE = 0.03  # of what a body stands above its level, at each look: slower than it breathes
TURNED = 0.05  # of the range, to say that it goes up again
_RING_N = round(2.5 * MOST_SWING_S * GRID_HZ)
Told = MovementLearned | RepLevel | Rep | Steadiness


class RepCounter:
    """Counts the repetitions of one movement at a time, point by point.

    Parameters
    ----------
    place : Place
        Where the sensor is worn.
    source : str
        Its id.
    log : BreathLog
        The breath.
    """

    latency_s = HOME_WAIT_S + BREATH_WAIT_S  # after a repetition is over

    def __init__(self, place: Place, source: str, log: BreathLog) -> None:
        self._place, self._source, self._log = place, source, log
        self._paths: dict[tuple[str, Side | None], Path] = {}
        self._stand = Stand()
        self._task: MovementTask | None = None
        self._due: deque[tuple[float, Rep]] = deque()

    def start(self, task: MovementTask) -> None:
        """Follow `task` from the next point on."""
        self._task = task
        self._swings_n = movement_of(task.kind).swings(self._place)
        self._home = HOME if self._swings_n == 1 else HALF_HOME
        known = self._paths.get((task.kind, task.side))
        self._path = known if known is not None and not task.guided_n else None
        self._to_learn_n = 0 if self._path else max(1, task.guided_n) * self._swings_n
        self._examples: list[Example] = []
        self._looked_at: deque[Example] = deque(maxlen=LOOKED_AT_N)
        self._half: tuple[Swing, float] | None = None
        self._rest: Vector | None = None
        self._guided_n = task.guided_n
        self._clear()

    def end(self) -> list[Told]:
        """Follow nothing any more; return what is still to be told."""
        self._task = None
        return self._tell(math.inf)

    def broken(self) -> None:
        """Begin anew: samples are missing."""
        self._stand = Stand()
        self._half = None
        self._rest = None
        self._clear()

    def _clear(self) -> None:
        self._ring: deque[tuple[Point, float]] = deque(maxlen=_RING_N)
        self._away = False
        self._home_s = math.nan
        self._left_s = math.nan
        self._furthest = self._lowest = self._base_deg = 0.0
        self._turned = 0.0

    def step(self, point: Point) -> list[Told]:
        """Take one point."""
        stands = self._stand.step(point)
        if self._task is None:
            return []
        t_s, up, _, _ = point
        if self._rest is None and not self._rested(t_s, up):
            return self._tell(t_s)
        turned = self._angle(point)
        self._ring.append((point, turned))
        angle = turned - self._base_deg
        if stands and self._path is None and not self._away:
            self._set_rest(self._stand.still or up)  # not moving yet
        if self._path is not None and not self._away:
            angle -= self._follow_base(angle, stands=stands and not self._path.by_turn)
        out = self._follow(t_s, angle)
        if self._path is not None and round(t_s * GRID_HZ) % LEVEL_EVERY_N == 0:
            out.append(RepLevel(t_s, angle, angle / self._path.range_deg))
        return out + self._tell(t_s)

    def _rested(self, t_s: float, up: Vector) -> bool:
        stand = self._stand
        if stand.still is None or t_s - stand.still_s > FRESH_REST_S or angle_deg(stand.still, up) > SAME_REST_DEG:
            return False
        self._set_rest(stand.still)
        return True

    def _set_rest(self, rest: Vector) -> None:
        self._rest = rest
        if self._path is not None:
            self._path = self._path.from_rest(rest)

    # ── the angle ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _angle(self, point: Point) -> float:
        """Return how far from rest: about the axis where it is known, else in whatever direction."""
        assert self._rest is not None
        _, up, turn, bias = point
        if bias[0] == bias[0] and turn[0] == turn[0]:  # neither is NaN
            about = up if self._path is None else self._path.axis
            self._turned += dot(turn, about) / GRID_HZ
            if not self._away and dot(turn, turn) < RESTS_DPS**2:
                self._turned -= self._turned / (LEAK_S * GRID_HZ)
        if self._path is None:
            return math.hypot(angle_deg(self._rest, up), self._turned)
        return self._turned if self._path.by_turn else self._path.angle_deg(up)

    def _follow_base(self, angle: float, *, stands: bool) -> float:
        """Let the level at home go down with the body, and slowly up where it stands; return by how much."""
        assert self._path is not None
        rises = stands and angle < self._home * self._path.range_deg
        up = angle if angle < 0.0 else RISE * angle * rises
        self._base_deg += up
        return up

    # ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────

    def _follow(self, t_s: float, angle: float) -> list[Told]:
        assert self._task is not None
        if not self._away:
            return self._at_home(t_s, angle)
        self._furthest = max(self._furthest, angle)
        if t_s - self._left_s > MOST_SWING_S + HOME_WAIT_S:
            self._moved_away()
            return []
        size = self._furthest if self._path is None else self._path.range_deg
        if math.isnan(self._home_s):
            if angle < self._home * size:
                self._home_s, self._lowest = t_s, angle
            return []
        self._lowest = min(self._lowest, angle)
        rising = angle > self._lowest + TURNED * size
        before = self._ring[max(-len(self._ring), -1 - LOOK_EVERY_N)][1] - self._base_deg
        if rising or abs(angle - before) < DONE * size or t_s - self._home_s > HOME_WAIT_S:
            return self._came_home(t_s)
        return []

    def _at_home(self, t_s: float, angle: float) -> list[Told]:
        assert self._task is not None
        if angle > self._least():
            self._away, self._left_s, self._furthest, self._home_s = True, t_s, angle, math.nan
        return []

    def _moved_away(self) -> None:
        """Too long for a repetition: another posture, in which the rest is where the body stands still."""
        if self._stand.lasted_s >= SETTLED_S and self._stand.still is not None:
            self._set_rest(self._stand.still)
            self._half = None
            self._clear()

    def _came_home(self, t_s: float) -> list[Told]:
        ring = list(self._ring)
        self._away = False
        self._ring.clear()
        self._ring.append(ring[-1])
        swing = swing_of([p[0] for p, _ in ring], [a for _, a in ring], self._left_s, self._home_s)
        if swing is None:
            return []
        points = [p for p, _ in ring if swing.start_s <= p[0] <= swing.end_s]
        if not self._may_be(swing, points):
            return []
        return self._learn(t_s, swing, points) if self._to_learn_n else self._swung(t_s, swing, points)

    def _may_be(self, swing: Swing, points: Sequence[Point]) -> bool:
        """Return whether a swing is of this movement: long, large, straight enough, and home where it began."""
        assert self._task is not None
        least, most = self._least(), BEYOND_USUAL * self._task.range_deg[1]
        if not (LEAST_SWING_S / self._swings_n <= swing.seconds <= MOST_SWING_S and least <= swing.range_deg <= most):
            return False
        if self._path is not None and self._path.by_turn:
            return True
        strays = self._path is not None and self._off(points) > self._path.strays_deg(swing.range_deg)
        apart = angle_deg(points[0][1], points[-1][1])
        return apart <= APART * swing.range_deg + SLACK_DEG and not strays

    def _least(self) -> float:
        """Return how far a repetition goes at least, and what is looked at while the movement is learned."""
        return LEAST_DEG if self._path is None else THERE * self._path.range_deg

    def _off(self, points: Sequence[Point]) -> float:
        """Return the most that the way was left; NaN where it is not known, or gravity does not show it."""
        return math.nan if self._path is None else self._path.most_off_deg(points)

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _learn(self, t_s: float, swing: Swing, points: Sequence[Point]) -> list[Told]:
        assert self._rest is not None
        path = learned(points, self._rest)
        if path is None:
            return []
        if path.by_turn and points[0][2][0] != points[0][2][0]:
            return [MovementLearned(t_s, self._source, (), math.nan, Unmeasured.NO_SENSOR)]
        example = Example(swing, path, points)
        self._looked_at.append(example)
        reason = self._unlearned(example)
        if reason is not None:
            self._examples = [example] if reason is Unmeasured.UNLIKE else []
            return [MovementLearned(t_s, self._source, (), math.nan, reason)]
        self._examples.append(example)
        return self._know(t_s) if len(self._examples) >= self._to_learn_n else []

    def _unlearned(self, example: "Example") -> Unmeasured | None:
        """Return why nothing is learned of a swing, None where something is."""
        assert self._task is not None
        if example.swing.range_deg < max(LEARNED_DEG, THERE * self._task.range_deg[0]):
            return Unmeasured.SLIGHT
        if example.felt_g > FELT_G:
            return Unmeasured.QUICK
        if self._examples and not (example.like(self._examples[0]) and example.follows(self._examples[-1])):
            return Unmeasured.UNLIKE
        return None

    def _know(self, t_s: float) -> list[Told]:
        """Take what the examples have in common for the movement, and tell them."""
        assert self._task is not None
        assert self._rest is not None
        ranges = sorted(e.swing.range_deg for e in self._examples)
        middle = 0.5 * (ranges[(len(ranges) - 1) // 2] + ranges[len(ranges) // 2])
        axes = [e.path.axis for e in self._examples]
        axis = unit((sum(a[0] for a in axes), sum(a[1] for a in axes), sum(a[2] for a in axes)))
        self._path = guided(axis, self._rest, middle, [e.points for e in self._examples])
        self._paths[self._task.kind, self._task.side] = self._path
        self._to_learn_n = 0
        self._clear()
        out: list[Told] = [MovementLearned(t_s, self._source, axis, middle)]
        for example in (*self._before(), *self._examples):
            out += self._swung(t_s, example.swing, example.points)
        return out

    def _before(self) -> "list[Example]":
        """Return the swings right before the examples that were of the same way, though nothing was learned of them."""
        assert self._path is not None
        found: list[Example] = []
        after = self._examples[0]
        for example in reversed(self._looked_at):
            if example.swing.start_s >= after.swing.start_s:
                continue
            if not (after.follows(example) and example.of(self._path)):
                break
            found.insert(0, example)
            after = example
        return found[len(found) % self._swings_n :]

    # ── repetitions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _swung(self, t_s: float, swing: Swing, points: Sequence[Point]) -> list[Told]:
        assert self._task is not None
        if self._swings_n == 1:
            rep = self._rep(swing.start_s, swing.top_s, swing.return_s, swing.end_s, swing.range_deg, self._off(points))
            self._due.append((t_s + BREATH_WAIT_S, rep))
            return self._kept(rep, points)
        first, off = self._half or (None, 0.0)
        if first is None or swing.start_s - first.end_s > MOST_SWING_S:
            self._half = swing, self._off(points)
            return []
        self._half = None
        size, off = max(first.range_deg, swing.range_deg), max(off, self._off(points))
        rep = self._rep(first.start_s, first.end_s, max(first.end_s, swing.start_s), swing.end_s, size, off)
        self._due.append((t_s + BREATH_WAIT_S, rep))
        return []

    def _rep(self, start: float, top: float, back: float, end: float, size: float, off: float) -> Rep:
        assert self._task is not None
        shown = self._guided_n > 0
        self._guided_n -= shown
        return Rep(start, top, back, end, size, off, self._source, self._task.side, guided=shown)

    def _kept(self, rep: Rep, points: Sequence[Point]) -> list[Told]:
        if rep.return_s - rep.top_s < KEEP_S:
            return []
        kept = [p for p in points if rep.top_s + TRIM_S <= p[0] <= rep.return_s - TRIM_S]
        return [steadiness_of(kept, self._place, self._source)]

    def _tell(self, t_s: float) -> list[Told]:
        out: list[Told] = []
        while self._due and self._due[0][0] <= t_s:
            due_s, rep = self._due.popleft()
            out.append(_with_breath(rep, self._log, due_s))
        return out


def _with_breath(rep: Rep, log: BreathLog, known_s: float) -> Rep:
    there = log.exhaled(rep.start_s, rep.top_s, known_s)
    back = log.exhaled(rep.return_s, rep.end_s, known_s)
    return Rep(
        rep.start_s, rep.top_s, rep.return_s, rep.end_s, rep.range_deg, rep.off_axis_deg, rep.source, rep.side,
        there, back, rep.guided,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """One guided swing: what it was, the way it took, its points."""

    swing: Swing
    path: Path
    points: Sequence[Point]

    def like(self, other: "Example") -> bool:
        """Return whether both are of one movement."""
        apart = angle_deg(self.path.axis, other.path.axis)
        longer, shorter = (of(self.swing.seconds, other.swing.seconds) for of in (max, min))
        same_way = alike(self.swing.range_deg, other.swing.range_deg, UNLIKE) and apart <= AXIS_APART_DEG
        return same_way and longer <= SLOWER * shorter

    def follows(self, other: "Example") -> bool:
        """Return whether it came soon after another one."""
        return self.swing.start_s - other.swing.end_s <= MOST_SWING_S

    def of(self, path: Path) -> bool:
        """Return whether it went that way, and as far as a repetition does."""
        return self.swing.range_deg >= THERE * path.range_deg and angle_deg(self.path.axis, path.axis) <= AXIS_APART_DEG

    @property
    def felt_g(self) -> float:
        """What the body's own acceleration adds to gravity where nothing but gravity shows the turn (half a cosine)."""
        turning = self.points[0][2]
        if turning[0] == turning[0]:  # not NaN: a gyroscope
            return 0.0
        way_s = max(min(self.swing.top_s - self.swing.start_s, self.swing.end_s - self.swing.return_s), 0.1)
        return 0.5 * math.radians(self.swing.range_deg) * (math.pi / way_s) ** 2 * LEVER_M / 9.81


class Stand:
    """Where a sensor last stood still for a second, and for how long; looked up five times a second."""

    def __init__(self) -> None:
        self._ups: deque[Vector] = deque(maxlen=round(STILL_S * GRID_HZ))
        self.still: Vector | None = None
        self.still_s = -math.inf
        self.lasted_s = 0.0  # how long it has stood as it does, 0 while it moves

    def step(self, point: Point) -> bool:
        """Take one point; return whether it was just seen to stand."""
        ups = self._ups
        ups.append(point[1])
        if len(ups) < (ups.maxlen or 0) or round(point[0] * GRID_HZ) % LOOK_EVERY_N:
            return False
        mean = unit((sum(v[0] for v in ups), sum(v[1] for v in ups), sum(v[2] for v in ups)))
        if max(angle_deg(mean, v) for v in ups) > STILL_DEG:
            self.lasted_s = 0.0
            return False
        self.still, self.still_s = mean, point[0]
        self.lasted_s += LOOK_EVERY_N / GRID_HZ
        return True
