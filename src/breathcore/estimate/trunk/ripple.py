"""The breathing's ripple in a reading: told from another breath channel, or left aside by looking at its floor only."""

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np

from breathcore.model.arrays import F64

RETREAT = 0.3  # of the usual excursion: sure that it turned
REMEMBERED = 7  # excursions
FIRST_S = 6.0  # of trace before a first excursion is guessed
SHORTEST_S = 0.3  # between a bottom and a top
LOST_S = 20.0  # without a turn: what is usual is looked for anew
STILL = 0.12  # of the usual excursion, in `STILL_S`: a breath out that has come to rest
STILL_S = 0.5
OUT = 0.5  # of it: how far a breath out has to have come for that
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
            found = self._last = Bottom(at, level, t, self._rise, cycle_s)
        self.direction, self._top, self.turned_s = 1, (t, y), t
        return found

    def _remember(self, size: float) -> None:
        self._excursions.append(size)
        self.usual = median(self._excursions) if len(self._excursions) > 2 else max(self._excursions)


# ── left aside ───────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── told from another channel ────────────────────────────────────────────────────────────────────────────────────────

TRUST_SD = 0.03  # of the unit: what a sample is trusted to, its errors being much the same for half a second
WALK_SD = 0.009  # of the unit and √s: how the level wanders when nothing happens
GAIN_SD = 0.10  # of the gain, a breath: the breaths' shares of chest and belly differ
OPENED_SD = 0.3  # of the gain, after a ramp
STEP = 0.035  # of the unit: an innovation this large ...
STEP_SDS = 2.0  # ... and this many SD of what the breath may explain
STEP_NOISE = 3.0  # ... and this many times what usually remains
STEP_S = 0.16  # ... on average over this time is a step of the level
RAMP_S = 0.12  # with which the level follows a ramp
RAMP_OVER = 0.025  # of the unit, in `RAMP_LOOK_S`: less change, and the ramp is over
RAMP_LOOK_S = 0.4
RAMP_MOST_S = 2.5


class Ripple:
    """Level of a reading beyond what another channel's breath explains.

    y = a + k · c, by a Kalman filter: the level `a` wanders slowly, the gains `k` of the other channel's features `c`
    (its excursion and its speed, which stands for the lag between the two) a little with each breath. Where the
    channel is at its floor the gains do not matter, so that is where the level is read; away from it, what does not
    fit may as well be another breath. An innovation that no breath explains is a step: the gains are kept and the
    level follows at once, until it stands still; then the gains are open to be learned anew (a braced belly is
    stiffer).

    Parameters
    ----------
    step_s : float
        From sample to sample.
    features_n : int
        How many numbers tell of the other channel; the first is its excursion, 0 at its floor, 1 at a usual top.
    """

    def __init__(self, step_s: float, features_n: int) -> None:
        self._dt = step_s
        self._n = features_n + 1
        self.unit = NAN
        self.reset()

    def reset(self) -> None:
        """Forget all but the unit."""
        self.x: F64 = np.full(self._n, np.nan)
        self._p: F64 = np.zeros((self._n, self._n))
        self.ramp_since: float | None = None
        self.remains = NAN
        self._breath = [0.0, 0]  # squares and number of this breath's innovations
        self._remained: deque[float] = deque(maxlen=REMEMBERED)
        self._recent: deque[float] = deque(maxlen=max(1, round(STEP_S / self._dt)))
        self._path: deque[float] = deque(maxlen=max(2, round(RAMP_LOOK_S / self._dt)))

    @property
    def level(self) -> float:
        """The level, in the reading's unit."""
        return float(self.x[0])

    def begin(self, unit: float) -> None:
        """Take the size of what is looked for, in the reading's unit."""
        self.unit = unit

    def shift_floor(self, by: float) -> None:
        """Take note that what the channel's floor is has risen by `by` (of a usual breath)."""
        turn = np.eye(self._n)
        turn[0, 1] = by
        self.x = turn @ self.x
        self._p = turn @ self._p @ turn.T

    def breathe(self) -> None:
        """Take note that another breath begins, with shares of its own."""
        squares, count = self._breath
        if count:
            self._remained.append(math.sqrt(squares / count))
            self.remains = median(self._remained)
        self._breath = [0.0, 0]
        self._open(GAIN_SD)

    def _open(self, share: float) -> None:
        gain = max(float(np.sqrt((self.x[1:] * self.x[1:]).sum())), 0.1 * self.unit)
        for i in range(1, self._n):
            self._p[i, i] += (share * gain) ** 2

    def step(self, t: float, y: float, features: F64) -> float:
        """Take one sample; return the level."""
        if self.x[0] != self.x[0]:
            self.x[0], self.x[1:] = y, 0.0
            self._p = np.diag([self.unit**2, *[4.0 * self.unit**2] * (self._n - 1)])
        if self.ramp_since is None:
            self._hold(t, y, features)
        else:
            self._ramp(t, y, features)
        return self.level

    def _hold(self, t: float, y: float, features: F64) -> None:
        h = np.concatenate(([1.0], features))
        self._p[0, 0] += (WALK_SD * self.unit) ** 2 * self._dt
        gain = self._p @ h
        told = float(h @ gain)
        e = y - float(h @ self.x)
        self._recent.append(e)
        if self._stepped(told, e):
            self.ramp_since = t
            self._path.clear()
            return
        self._breath[0] += e * e
        self._breath[1] += 1
        usual = self.unit if self.remains != self.remains else self.remains
        s = told + max(TRUST_SD * self.unit, usual) ** 2
        self.x = self.x + gain * (e / s)
        self._p = self._p - np.outer(gain, gain) / s

    def _stepped(self, told: float, e: float) -> bool:
        """Whether the innovations of late are more than the breath can explain."""
        recent = self._recent
        if len(recent) < (recent.maxlen or 0) or self.remains != self.remains:
            return False
        mean = abs(sum(recent) / len(recent))
        least = max(STEP * self.unit, STEP_SDS * math.sqrt(told), STEP_NOISE * self.remains)
        return mean > least and abs(e) > least

    def _ramp(self, t: float, y: float, features: F64) -> None:
        e = y - self.level - float(features @ self.x[1:])
        self.x[0] += min(1.0, self._dt / RAMP_S) * e
        path = self._path
        path.append(self.level)
        still = len(path) == path.maxlen and abs(path[-1] - path[0]) < RAMP_OVER * self.unit
        if still or (self.ramp_since is not None and t - self.ramp_since > RAMP_MOST_S):
            self.ramp_since = None
            self._recent.clear()
            self._p[0, :] = self._p[:, 0] = 0.0
            self._p[0, 0] = (TRUST_SD * self.unit) ** 2
            self._open(OPENED_SD)
