"""The waves of a breath trace: when breaths out end, and how low; the level of a reading by its floor alone."""

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

RETREAT = 0.3  # of the usual excursion: sure that it turned
REMEMBERED = 7  # excursions
FIRST_S = 6.0  # of trace before a first excursion is guessed
SHORTEST_S = 0.3  # between a bottom and a top
LOST_S = 20.0  # without a turn: what is usual is looked for anew
STILL = 0.08  # of the usual excursion, in `STILL_S`: a breath out that has come to rest
STILL_S = 0.5
OUT = 0.65  # of it: how far a breath out has to have come for that
NAN = math.nan


@dataclass(frozen=True, slots=True)
class Bottom:
    """A breath out has ended at `t_s` with `level`, which is sure since `confirmed_s`; `rise` led up to the top before.

    `cycle_s` is the time since the last one (NaN: the first).
    """

    t_s: float
    level: float
    confirmed_s: float
    rise: float
    cycle_s: float


class Waves:
    """Bottoms and tops of a breath trace that rises on inhale, by a zig-zag whose retreat follows the usual excursion.

    Attributes
    ----------
    usual : float
        Median of the last excursions, NaN before any is known.
    direction : int
        1 rising, -1 falling, 0 not known.
    turned_s : float
        When the last turn was sure.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.usual = NAN
        self._excursions: deque[float] = deque(maxlen=REMEMBERED)
        self._first: tuple[float, float, float] | None = None  # since when, lowest, highest
        self.direction = 0
        self._top, self._bottom = (NAN, -math.inf), (NAN, math.inf)
        self._last: Bottom | None = None
        self._rise = NAN
        self._bottoms: deque[float] = deque(maxlen=REMEMBERED)
        self.turned_s = NAN

    def step(self, t: float, y: float) -> Bottom | None:
        """Take one sample; return the bottom that it makes sure, if it does."""
        if self.usual != self.usual and not self._guess(t, y):
            return None
        if y > self._top[1]:
            self._top = t, y
        if y < self._bottom[1]:
            self._bottom = t, y
        retreat = RETREAT * self.usual
        if t - self.turned_s > LOST_S:
            retreat *= 2.0 ** ((self.turned_s + LOST_S - t) / 4.0)
        if self.direction >= 0 and self._top[1] - y >= retreat and t - self._top[0] > 0.1:
            self._turn_down(t, y)
        elif self.direction <= 0 and y - self._bottom[1] >= retreat and t - self._bottom[0] > 0.1:
            return self._turn_up(t, y)
        return None

    @property
    def unsteady(self) -> float:
        """How much the last bottoms differ (mean absolute change from one to the next); infinite before three."""
        changes = [abs(b - a) for a, b in pairwise(self._bottoms)]
        return sum(changes) / len(changes) if len(changes) > 1 else math.inf

    @property
    def lowest(self) -> float:
        """The lowest since the last top."""
        return self._bottom[1]

    @property
    def highest(self) -> float:
        """The highest since the last bottom."""
        return self._top[1]

    def _guess(self, t: float, y: float) -> bool:
        if self._first is None:
            self._first = t, y, y
            self.turned_s = t
        since, low, high = self._first
        low, high = min(low, y), max(high, y)
        self._first = since, low, high
        if t - since < FIRST_S or high <= low:
            return False
        self.usual = 0.7 * (high - low)
        self.turned_s = t
        return True

    def _turn_down(self, t: float, y: float) -> None:
        if self.direction > 0:
            self._rise = self._top[1] - self._bottom[1]
            self._remember(self._rise)
        self.direction, self._bottom, self.turned_s = -1, (t, y), t

    def _turn_up(self, t: float, y: float) -> Bottom | None:
        found = None
        if self.direction < 0:
            at, level = self._bottom
            self._remember(self._top[1] - level)
            cycle_s = at - self._last.t_s if self._last is not None else NAN
            self._bottoms.append(level)
            found = self._last = Bottom(at, level, t, self._rise, cycle_s)
        self.direction, self._top, self.turned_s = 1, (t, y), t
        return found

    def _remember(self, size: float) -> None:
        self._excursions.append(size)
        known = sorted(self._excursions)
        self.usual = known[len(known) // 3] if len(known) > 2 else known[-1]


class Floor:
    """Level of a reading at the end of each breath out, from the reading alone.

    Up only when a breath out has ended higher (it has turned, or has come to rest after most of a usual breath out);
    down at once, for nothing else than a release takes a reading below the last end of a breath out.
    """

    def __init__(self, step_s: float) -> None:
        self.waves = Waves()
        self.level = NAN
        self._path: deque[float] = deque(maxlen=max(2, round(STILL_S / step_s)))

    def step(self, t: float, y: float) -> Bottom | None:
        """Take one sample; return the bottom that it makes sure, if it does."""
        bottom = self.waves.step(t, y)
        self._path.append(y)
        if bottom is not None:
            self.level = bottom.level
        elif self._at_rest(y):
            self.level = self.waves.lowest
        if y < self.level:
            self.level = y
        return bottom

    def _at_rest(self, y: float) -> bool:
        waves, path = self.waves, self._path
        if waves.direction >= 0 or waves.highest - y < OUT * waves.usual or len(path) < (path.maxlen or 0):
            return False
        return max(path) - min(path) < STILL * waves.usual
