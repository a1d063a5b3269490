"""The chest's motion as a chain of smooth strokes, and the breaths that are in it."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from breathcore.model.arrays import F64

_STILL = 1e-9


@dataclass(frozen=True, slots=True)
class Stroke:
    """A cubic from (`level_from`, `speed_from`) at `start_s` to (`level_to`, standing still) at `end_s`.

    Levels are shares of a full breath (0 breathed out, 1 a full breath in), speeds levels per second.
    """

    start_s: float
    end_s: float
    level_from: float
    speed_from: float
    level_to: float

    def _cubic(self) -> tuple[float, float, float]:
        m = self.speed_from * (self.end_s - self.start_s)
        rise = self.level_to - self.level_from
        return m, 3.0 * rise - 2.0 * m, m - 2.0 * rise

    def level(self, t_s: F64) -> F64:
        """Return the level at `t_s` (n,)."""
        a, b, c = self._cubic()
        s = (t_s - self.start_s) / (self.end_s - self.start_s)
        return np.asarray(self.level_from + s * (a + s * (b + s * c)))

    def acceleration(self, t_s: F64) -> F64:
        """Return levels/s² at `t_s` (n,)."""
        _, b, c = self._cubic()
        d = self.end_s - self.start_s
        return np.asarray((2.0 * b + 6.0 * c * (t_s - self.start_s) / d) / (d * d))

    def level_at(self, t_s: float) -> float:
        """Return the level at one moment."""
        a, b, c = self._cubic()
        s = (t_s - self.start_s) / (self.end_s - self.start_s)
        return self.level_from + s * (a + s * (b + s * c))

    def speed_at(self, t_s: float) -> float:
        """Return levels/s at one moment."""
        a, b, c = self._cubic()
        d = self.end_s - self.start_s
        s = (t_s - self.start_s) / d
        return (a + s * (2.0 * b + s * 3.0 * c)) / d

    @property
    def turn_s(self) -> float | None:
        """When the motion in this stroke's own direction begins; None where the stroke holds still."""
        rise = self.level_to - self.level_from
        if abs(rise) < _STILL:
            return None
        if self.speed_from * rise >= 0.0:
            return self.start_s
        a, _, c = self._cubic()  # one root of the speed is at the end, the other is the turn
        return self.start_s + (self.end_s - self.start_s) * a / (3.0 * c)


def moves(start_s: float, end_s: float, level: float, speed: float, target: float) -> list[Stroke]:
    """Return the strokes from (`level`, `speed`) to `target` that do not overshoot when already on the way there."""
    rise = target - level
    too_fast = speed * rise >= 0.0 and abs(speed) * (end_s - start_s) > 3.0 * abs(rise) and abs(speed) > _STILL
    if not too_fast:
        return [Stroke(start_s, end_s, level, speed, target)]
    brake_s = min(max(3.0 * rise / speed, 0.1), end_s - start_s)
    stop = level + speed * brake_s / 3.0
    stopping = Stroke(start_s, start_s + brake_s, level, speed, stop)
    if end_s - stopping.end_s < 1e-6:
        return [stopping]
    return [stopping, Stroke(stopping.end_s, end_s, stop, 0.0, stop)]


class Chain:
    """Strokes end to end; only what lies ahead of the present may be cut off and laid anew."""

    def __init__(self, start_s: float) -> None:
        self.strokes: list[Stroke] = []
        self.starts: list[float] = []
        self._cut: tuple[float, float, float] = (start_s, 0.0, 0.0)

    @property
    def end(self) -> tuple[float, float, float]:
        """Time, level and speed where the chain ends."""
        return self._cut

    def append(self, strokes: list[Stroke]) -> None:
        """Lay strokes on."""
        for stroke in strokes:
            self.strokes.append(stroke)
            self.starts.append(stroke.start_s)
            self._cut = (stroke.end_s, stroke.level_to, 0.0)

    def cut(self, t_s: float) -> None:
        """Drop what comes after `t_s`; the stroke under way keeps its shape up to there."""
        while self.strokes and self.strokes[-1].start_s >= t_s:
            self.starts.pop()
            last = self.strokes.pop()
            self._cut = (last.start_s, last.level_from, last.speed_from)
        if self.strokes and t_s < self._cut[0]:
            last = self.strokes[-1]
            self._cut = (t_s, last.level_at(t_s), last.speed_at(t_s))

    def _pieces(self, t_s: F64) -> list[tuple[Stroke, slice]]:
        first = max(bisect_right(self.starts, float(t_s[0])) - 1, 0)
        last = max(bisect_right(self.starts, float(t_s[-1])) - 1, 0)
        if first == last:
            return [(self.strokes[first], slice(None))]
        edges = np.searchsorted(t_s, self.starts[first + 1 : last + 1]).tolist()
        spans = zip([0, *edges], [*edges, t_s.size], strict=True)
        return [(self.strokes[first + i], slice(a, b)) for i, (a, b) in enumerate(spans)]

    def level(self, t_s: F64) -> F64:
        """Return levels at `t_s` (n,), rising and within the chain."""
        return np.concatenate([stroke.level(t_s[part]) for stroke, part in self._pieces(t_s)])

    def acceleration(self, t_s: F64) -> F64:
        """Return levels/s² at `t_s` (n,), rising and within the chain."""
        return np.concatenate([stroke.acceleration(t_s[part]) for stroke, part in self._pieces(t_s)])

    def level_at(self, t_s: float) -> float:
        """Return the level at one moment within the chain."""
        return self.strokes[max(bisect_right(self.starts, t_s) - 1, 0)].level_at(t_s)


@dataclass(frozen=True, slots=True)
class Turn:
    """A turning point: `up` where an inhale begins, else where an exhale begins."""

    t_s: float
    level: float
    up: bool


def turns(chain: Chain, until_s: float, least: float) -> list[Turn]:
    """Return the alternating turning points up to `until_s`; swings smaller than `least` are no turns."""
    found: list[Turn] = []
    if not chain.strokes:
        return found
    for stroke, cut_s in zip(chain.strokes, [*chain.starts[1:], chain.end[0]], strict=True):
        turn_s = stroke.turn_s
        if turn_s is None or turn_s > min(cut_s, until_s):
            continue
        turn = Turn(turn_s, stroke.level_at(turn_s), stroke.level_to > stroke.level_from)
        if found and found[-1].up == turn.up:
            continue
        found.append(turn)
        if len(found) > 2 and abs(found[-1].level - found[-2].level) < least:
            del found[-2:]  # a dent on the way: the motion before it goes on
    return found
