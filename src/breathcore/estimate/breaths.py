"""Breaths as they come: a zig-zag over the trace, with each turn told as soon as it is sure."""

import math
from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np

from breathcore.estimate.effort import Piece
from breathcore.estimate.hold import SEEN, held
from breathcore.estimate.marks import Marks, Stroke, stroke
from breathcore.estimate.onset import turn_time
from breathcore.model.arrays import F64
from breathcore.model.estimates import Breath, BreathKind, PhaseKind, Turn

RETREAT = 0.3  # of the median excursion: sure that it turned
LEAST = 0.5  # of the rise that the rate was read from: excursions that are smaller as a rule are not the breath's
MOST = 0.6  # of the usual excursion, however noisy the trace
CLEAR = 8.0  # times the noise (twice that, as a trace this smooth shows it): no smaller retreat makes a turn
REMEMBERED = 7  # excursions
SHORTEST_S = 0.24  # between extremes: an inhale of a fifth of a breath at 45/min lasts 0.27 s
SILENCE_S = 10.0  # without a turn (or one cycle, if longer): longer than a hold and the beginning of a slow exhale
HALVING_S = 2.0  # thereafter
WAIT_S = 4.0  # longer, for the stroke after a hold
LONGEST_S = 40.0  # of trace kept while waiting for a turn
NAN = float("nan")


class BreathDetector:
    """Turns and breaths of a trace.

    Parameters
    ----------
    delay_s : float
        How much later than its time stamp a trace sample is known: added to `confirmed_s`.

    Notes
    -----
    A sinusoid's turn is sure 0.18 of a cycle after it. `guide` tells once a second what rises are usual and how
    noisy the trace is.
    """

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._guess = 0.0
        self._noise = 0.0
        self._quality = 0.0
        self.reset()

    @property
    def latency_s(self) -> float:
        """Delay of the trace; a turn also waits for the breath itself to retreat."""
        return self._delay_s

    def reset(self) -> None:
        """Forget the breath in hand and all excursions."""
        self._excursions: deque[float] = deque(maxlen=REMEMBERED)
        self._cycles: deque[float] = deque(maxlen=REMEMBERED)
        self._shares = {k: deque[float](maxlen=REMEMBERED) for k in (PhaseKind.INHALE, PhaseKind.EXHALE)}
        self._marks = Marks()
        self._t: list[float] = []
        self._y: list[float] = []
        self._direction = 0
        self._low = self._high = 0
        self._quiet_since = NAN
        self._level = NAN  # of the last turn
        self._inhale: Turn | None = None
        self._exhale: tuple[Turn, Stroke, float] | None = None  # with the rise before it and the hold
        self._settle()

    def guide(self, rise: float, noise: float, quality: float) -> None:
        """Take the usual rise of a breath (for when no excursion is known), the noise's SD and the quality now."""
        self._guess, self._noise, self._quality = rise, noise, quality
        self._settle()

    def push(self, piece: Piece) -> list[Turn | Breath]:
        """Take trace; return turns and breaths that are now sure."""
        if piece.new_run:
            self.reset()
        found: list[Turn | Breath] = []
        t_s, y = piece.t_s, piece.y + piece.lift
        first = self._go_on(t_s, y)
        for t, level, lift in zip(t_s[first:].tolist(), y[first:].tolist(), piece.lift[first:].tolist(), strict=True):
            if self._step(t, level):
                found += self._turn(lift)
        return found

    def flush(self) -> list[Turn | Breath]:
        """Return the unfinished breath, if it has got as far as its exhale: the stream has ended."""
        if self._inhale is None or self._exhale is None:
            return []
        return [self._breath(self._inhale, self._exhale, self._marks.unfinished(self._exhale[1].size))]

    def _go_on(self, t_s: F64, y: F64) -> int:
        """Take at once, which is quicker, the samples before the first that could make a turn; return how many."""
        if not self._y or self._direction == 0 or t_s[-1] > min(self._patient_until, self._t[0] + LONGEST_S):
            return 0
        up = self._direction > 0
        best = self._y[self._high] if up else self._y[self._low]
        away = np.maximum(np.maximum.accumulate(y), best) - y if up else y - np.minimum(np.minimum.accumulate(y), best)
        far = (away >= self._retreat).nonzero()[0]
        count = int(far[0]) if len(far) else len(y)
        if count:
            y, first = y[:count], len(self._y)
            high, low = int(y.argmax()), int(y.argmin())
            self._high = first + high if y[high] > self._y[self._high] else self._high
            self._low = first + low if y[low] < self._y[self._low] else self._low
            self._t += t_s[:count].tolist()
            self._y += y.tolist()
        return count

    def _step(self, t: float, y: float) -> bool:
        ys = self._y
        if not ys:
            self._quiet_since = t
            self._settle()
        self._t.append(t)
        ys.append(y)
        at = len(ys) - 1
        if y > ys[self._high]:
            self._high = at
        if y < ys[self._low]:
            self._low = at
        if t - self._t[0] > LONGEST_S:
            self._shorten()
            at = len(ys) - 1
        away = ys[self._high] - y if self._direction > 0 else y - ys[self._low]
        if self._direction == 0:
            away = max(away, ys[self._high] - y)
        return away > 0 and away >= self._threshold(t)

    def _threshold(self, t: float) -> float:
        if t <= self._patient_until:
            return self._retreat
        fading = self._retreat * math.exp2((self._patient_until - t) / HALVING_S)
        return max(fading, min(CLEAR * self._noise, self._retreat))

    def _settle(self) -> None:
        """Work out the retreat that makes a turn, and until when it stands."""
        known = self._excursions
        told = median(known) if len(known) >= 3 else max(self._guess, max(known, default=0.0))
        usual = max(told, LEAST * self._guess)
        least = min(CLEAR * self._noise, MOST * usual)
        self._retreat = max(RETREAT * usual, least) if usual > 0 else math.inf
        self._patient_until = self._quiet_since + max(SILENCE_S, median(self._cycles) if self._cycles else 0.0)

    def _turn(self, lift: float) -> list[Turn | Breath]:
        ys, last = self._y, len(self._y) - 1
        if self._direction == 0:
            self._direction = -1 if ys[self._high] - ys[last] >= ys[last] - ys[self._low] else 1
            self._forget_before(self._high if self._direction < 0 else self._low)
            return []
        extreme = self._high if self._direction > 0 else self._low
        if self._t[last] - self._t[extreme] < SHORTEST_S / 2 or self._t[extreme] - self._t[0] < SHORTEST_S:
            return []
        level = ys[extreme]
        t_s, y = np.array(self._t), np.array(ys)
        kind = PhaseKind.EXHALE if self._direction > 0 else PhaseKind.INHALE
        onset = turn_time(t_s, y, extreme, self._noise, self._shares[kind])
        if onset.held_s > 0 and self._early(extreme):
            return []
        onset = held(t_s, y, extreme, onset) if onset.held_s > 0 else onset
        if onset.share == onset.share:
            self._shares[kind].append(onset.share)
        moved = stroke(t_s[: extreme + 1], y[: extreme + 1], self._noise)
        turn = Turn(kind, onset.t_s, level - lift, self._t[last] + self._delay_s)
        self._remember(level)
        self._direction = -self._direction
        self._quiet_since = self._t[last]
        self._settle()
        self._forget_before(extreme)
        return [turn, *self._assemble(turn, moved, onset.held_s)]

    def _early(self, extreme: int) -> bool:
        """Whether too little of the stroke after a hold is seen yet to tell when it began."""
        ys, seen = self._y, abs(self._y[-1] - self._y[extreme])
        return seen < SEEN * abs(ys[extreme] - ys[0]) and self._t[-1] <= self._patient_until + WAIT_S

    def _remember(self, level: float) -> None:
        before = self._level
        self._level = level
        if before != before:
            return
        size = abs(level - before)
        if self._excursions and size < 0.5 * RETREAT * median(self._excursions):
            self._excursions.clear()
        self._excursions.append(size)

    def _forget_before(self, first: int) -> None:
        del self._t[:first], self._y[:first]
        self._low = self._high = 0
        for i, y in enumerate(self._y):
            if y > self._y[self._high]:
                self._high = i
            if y < self._y[self._low]:
                self._low = i

    def _shorten(self) -> None:
        keep = min(self._high if self._direction > 0 else self._low, len(self._y) // 2)
        self._forget_before(max(keep, 1) if self._direction else len(self._y) // 2)

    def _assemble(self, turn: Turn, moved: Stroke, held_s: float) -> list[Breath]:
        if turn.kind is PhaseKind.EXHALE:
            self._exhale = (turn, moved, held_s)
            return []
        done = []
        if self._inhale is not None and self._exhale is not None:
            exhale, rise, _ = self._exhale
            length_s = turn.t_s - self._inhale.t_s
            kind = self._marks.finished(rise, moved, exhale.t_s - self._inhale.t_s, length_s)
            done.append(self._breath(self._inhale, self._exhale, kind))
            done[0] = replace(done[0], end_s=turn.t_s, confirmed_s=turn.confirmed_s, hold_out_s=held_s)
            self._cycles.append(length_s)
        self._inhale, self._exhale = turn, None
        return done

    def _breath(self, inhale: Turn, end_of_inhale: tuple[Turn, Stroke, float], kind: BreathKind) -> Breath:
        exhale, rise, hold_in_s = end_of_inhale
        return Breath(inhale.t_s, exhale.t_s, NAN, rise.size, NAN, self._quality, kind, hold_in_s)
