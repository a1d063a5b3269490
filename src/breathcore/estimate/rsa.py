"""The breathing rate in RR intervals: respiratory sinus arrhythmia, where it is strong enough to be told from chance.

For every rate of a grid, how much of the intervals' variance one sine at the beats' own times explains (a weighted
Lomb periodogram, Hann taper, straight line taken out). It is judged by a likelihood ratio against the null that a beat
only resembles the beat before (an autoregression of order one), as white noise, 1/f noise and a drifting heart do. A
rate is told when the ratio is high and its peak has stayed where it is for 16 s. Ours throughout; the limits are those
of the signal (reference signals.md §1): one value a beat, so half the heart rate at most.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from breathcore.estimate.intervals import ALIKE, AROUND, LONGEST_S, SHORTEST_S
from breathcore.model.arrays import F64, frozen
from breathcore.model.estimates import Refusal

SLOWEST_BPM, FASTEST_BPM = 3.0, 45.0
RATES_BPM = frozen(np.geomspace(SLOWEST_BPM, FASTEST_BPM, 110))
STEP = math.log(FASTEST_BPM / SLOWEST_BPM) / 109
SLOW_BPM = 8.0  # below, the look goes back twice as far
SPAN_S, SLOW_SPAN_S = 32.0, 64.0
FEWEST = 12  # normal intervals
COVERED = 0.75  # of the span
FRESH_S = 6.0  # after the last normal interval there is no data
WHOLE = 0.9  # share of normal intervals: ectopic beats have a rhythm of their own
NYQUIST = 0.42  # of the heart rate, with room for its own variation
LOOK_ALIKE = 10.0  # nats by which a rate must beat the one it may be folded from
FAINT_S = 1e-3  # RMS of the sine: about what a clock of 1/1024 s leaves of nothing
SLOW_FAINT_S = 8e-3  # slow breathing swings the heart much (signals.md §1); less is the heart's own drift
SLOW_SHARE = 0.6  # of the variance, as the heart has slow waves of its own
EVERY_S = 4  # a heart's rate of half a minute changes slowly: in between the last reading stands
SETTLED_N, SETTLED, NEAR = 5, 0.75, 0.15  # looks (16 s), share of them, and how near (log) the peak was
HARMONIC = 0.6  # of a peak's share at half its rate: it may be the second harmonic of that
ANSWER_AT = 6.0  # nats
FULL_AT = 18.0
NAN = float("nan")
_TURN_PER_S = frozen(RATES_BPM * (2.0 * math.pi / 60.0))
_KEPT = 1024  # rows


@dataclass(frozen=True, slots=True)
class Peak:
    """The best rate of one look: how much better than chance it is (nats), or why it cannot be told."""

    rate_bpm: float
    nats: float
    refusal: Refusal | None = None
    clear: bool = True  # neither another rate folded nor a harmonic


@dataclass(frozen=True, slots=True)
class RsaReading:
    """The rate (NaN: refused), its quality 0–1, why there is none."""

    rate_bpm: float
    quality: float
    refusal: Refusal | None


class NormalBeats:
    """The normal intervals of the last minutes, each known two beats later, with their turns at every rate."""

    def __init__(self) -> None:
        self._five: deque[tuple[float, float]] = deque(maxlen=2 * AROUND + 1)
        self._seen = 0
        self._n = 0
        self._number = np.empty(_KEPT)
        self._middle_s = np.empty(_KEPT)
        self._rr_s = np.empty(_KEPT)
        self._turns = np.empty((_KEPT, 2, len(RATES_BPM)))

    def push(self, t_s: float, rr_s: float) -> None:
        """Take one beat."""
        self._five.append((t_s, rr_s))
        self._seen += 1
        if len(self._five) < 2 * AROUND + 1:
            return
        five = [rr for _, rr in self._five]
        usual = sorted(five)[AROUND]
        end_s, judged_s = self._five[AROUND]
        normal = abs(judged_s - usual) <= ALIKE * usual or _smooth(five[AROUND:]) or _smooth(five[: AROUND + 1])
        if normal and SHORTEST_S <= judged_s <= LONGEST_S:
            self._add(end_s - 0.5 * judged_s, judged_s)

    def _add(self, middle_s: float, rr_s: float) -> None:
        if self._n == _KEPT:
            keep = _KEPT // 2
            for rows in (self._middle_s, self._rr_s, self._number, self._turns):
                rows[:keep] = rows[-keep:]
            self._n = keep
        self._middle_s[self._n], self._rr_s[self._n], self._number[self._n] = middle_s, rr_s, self._seen
        angle = _TURN_PER_S * middle_s
        np.cos(angle, out=self._turns[self._n, 0])
        np.sin(angle, out=self._turns[self._n, 1])
        self._n += 1

    def last(self, end_s: float, span_s: float) -> tuple[F64, F64, F64, float]:
        """Return middles, intervals (n,), turns (n, 2, rates) of the `span_s` before `end_s`, and the normal share."""
        first = int(self._middle_s[: self._n].searchsorted(end_s - span_s))
        if first == self._n:
            return self._middle_s[:0], self._rr_s[:0], self._turns[:0], 0.0
        seen = self._seen - float(self._number[first]) + 1.0
        inside = slice(first, self._n)
        return self._middle_s[inside], self._rr_s[inside], self._turns[inside], (self._n - first) / seen


def _smooth(rr_s: Sequence[float]) -> bool:
    """Whether neighbours are within 20 %: normal intervals all, as in `intervals.normal`."""
    return all(abs(b - a) <= ALIKE * min(a, b) for a, b in pairwise(rr_s))


class RsaRate:
    """One reading a second from beats; causal, 2 beats late, no unit but seconds."""

    def __init__(self) -> None:
        self._beats = NormalBeats()
        self._lately: deque[float] = deque(maxlen=SETTLED_N)
        self._told = RsaReading(NAN, 0.0, Refusal.NO_DATA)

    def push(self, t_s: float, rr_s: float) -> None:
        """Take a beat at `t_s` that ended an interval of `rr_s`."""
        self._beats.push(t_s, rr_s)

    def tick(self, second: float) -> RsaReading:
        """Return what the beats before `second` tell; to be asked once a second."""
        if second % EVERY_S == 0:
            self._told = self._read(second)
        return self._told

    def _read(self, second: float) -> RsaReading:
        looks = [
            self._look(second, SPAN_S, SLOW_BPM, FASTEST_BPM, FAINT_S, 0.0),
            self._look(second, SLOW_SPAN_S, SLOWEST_BPM, SLOW_BPM, SLOW_FAINT_S, SLOW_SHARE),
        ]
        best = max(looks, key=lambda look: look.nats)
        self._lately.append(math.log(best.rate_bpm) if best.rate_bpm > 0 and best.clear else NAN)
        if best.refusal is not None:
            return RsaReading(NAN, 0.0, best.refusal)
        settled = sum(abs(log - self._lately[-1]) < NEAR for log in self._lately) / SETTLED_N
        quality = 0.4 + 0.5 * min((best.nats - ANSWER_AT) / (FULL_AT - ANSWER_AT), 1.0)
        if settled < SETTLED or best.nats < ANSWER_AT:
            return RsaReading(NAN, max(min(quality, 0.35), 0.0), Refusal.HEART_ONLY)
        return RsaReading(best.rate_bpm, quality * settled, None)

    def _look(
        self, now_s: float, span_s: float, slowest: float, fastest: float, faint_s: float, least_share: float
    ) -> Peak:
        middle, rr, turns, normal = self._beats.last(now_s, span_s)
        n = len(rr)
        if not n or middle[-1] < now_s - FRESH_S:
            return Peak(NAN, -math.inf, Refusal.NO_DATA)
        if n < FEWEST or middle[-1] - middle[0] < COVERED * span_s:
            return Peak(NAN, -math.inf, Refusal.TOO_SHORT)
        if normal < WHOLE:
            return Peak(NAN, -math.inf, Refusal.HEART_ONLY)
        heart_bpm = 60.0 * n / float(rr.sum())
        share, chance, sure, spread = _periodogram(middle, rr, turns)
        first = int(RATES_BPM.searchsorted(slowest))
        last = int(RATES_BPM.searchsorted(min(fastest, NYQUIST * heart_bpm)))
        if last - first < 3:
            return Peak(NAN, -math.inf, Refusal.HEART_ONLY)
        at = first + int(share[first:last].argmax())
        own = min(float(share[at]), 0.98)
        nats = 0.5 * sure * math.log(max(1.0 - chance * chance, 0.01) / (1.0 - own))
        rate = _refined(share, at)
        if spread * math.sqrt(own) < faint_s or own < least_share:
            nats = min(nats, 0.0)
        clear = not _folded(share, own, sure, heart_bpm - rate) and _near(share, 0.5 * rate) < HARMONIC * own
        return Peak(rate, nats, clear=clear)


def _periodogram(middle_s: F64, rr_s: F64, turns: F64) -> tuple[F64, float, float, float]:
    """Return the share of the variance a sine explains at each rate, the correlation of neighbours, samples' worth, SD.

    The taper follows the beats' own times; the share can pass 1 a little, as the sine's two parts are taken as
    independent.
    """
    span = float(middle_s[-1] - middle_s[0])
    n = len(rr_s)
    weight = 0.5 - 0.5 * np.cos((middle_s - middle_s[0]) * (2.0 * math.pi * n / (n + 1) / span) + math.pi / (n + 1))
    total = float(weight.sum())
    x = rr_s - float(weight @ rr_s) / total
    c = middle_s - float(weight @ middle_s) / total
    weighted = weight * c
    x = x - c * (float(weighted @ x) / float(weighted @ c))
    pulled = weight * x
    power = float(pulled @ x)
    sure = total * total / float(weight @ weight)
    if power <= 1e-12 * total:
        return np.zeros(len(RATES_BPM)), 0.0, sure, 0.0
    cos, sin = (pulled @ turns.reshape(n, -1)).reshape(2, -1)
    share = (cos * cos + sin * sin) * (2.0 / (total * power))
    return share, float(pulled[1:] @ x[:-1]) / power, sure, math.sqrt(power / total)


def _folded(share: F64, own: float, sure: float, other_bpm: float) -> bool:
    """Whether a peak may as well be breathing at `other_bpm`: heart rate less the rate, which looks alike once a beat.

    A heart rate that varies tells the two apart, as the peak that is folded is smeared.
    """
    if not SLOWEST_BPM <= other_bpm <= FASTEST_BPM * math.exp(STEP):
        return False
    other = min(_near(share, other_bpm), 0.98)
    return 0.5 * sure * math.log((1.0 - other) / (1.0 - own)) < LOOK_ALIKE


def _near(share: F64, rate_bpm: float) -> float:
    """Return the greatest share within 5 % of a rate; 0 below the grid."""
    at = round(math.log(rate_bpm / SLOWEST_BPM) / STEP)
    return float(share[max(at - 2, 0) : at + 3].max()) if at >= -2 else 0.0


def _refined(share: F64, at: int) -> float:
    """Return the rate of the peak at grid point `at`, between the points (a parabola through three)."""
    shift = 0.0
    if 0 < at < len(share) - 1:
        left, top, right = float(share[at - 1]), float(share[at]), float(share[at + 1])
        bend = left - 2.0 * top + right
        if top >= left and top >= right and bend < 0:
            shift = 0.5 * (left - right) / bend
    return float(RATES_BPM[at]) * math.exp(shift * STEP)
