"""What the breath does to heart beats: twelve numbers of each beat, and how much of each sways at which rate.

The chest's filling turns the heart under the electrode and changes the path of the current (heights, slopes and area of
the QRS complex, the T wave), moves the electrode (the baseline), and speeds the heart up (the intervals). Which of them
shows the breath differs from person to person; so each counts the same, and each only by as much of it as one rate
explains (least-squares spectrum at the beats' own times: Lomb 1976, here with a taper and a straight line taken out).
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from breathcore.estimate.qrs import ALIKE, BEFORE_S, Beat
from breathcore.estimate.rate_grid import RATES_BPM
from breathcore.model.arrays import F64

SERIES_N = 12
WINDOW_S, SLOW_WINDOW_S = 32.0, 64.0
SLOW_FROM_BPM, SLOW_TO_BPM = 6.0, 8.0  # below: the longer window alone; above: the shorter one alone
PREMATURE, LATE = 0.8, 1.5  # of the usual interval
JUDGED = 8  # intervals
FEWEST = 12  # beats in a window
CYCLES = 2.0  # a rate that the window does not hold so often is not looked for
NYQUIST = 0.46  # of the heart rate: one number a beat cannot show faster breaths
SURE = 0.99  # the most that a rate can explain
SLOWER_N = 28  # steps of the grid of rates to half a rate
STILL_S, STILL_SHARE, FEWEST_LATELY = 16.0, 0.35, 8  # longer than any hold between breaths of a drill
EDGE_S = 0.06  # at both ends of a beat's wave: the baseline before and after it
FOLDED_SHARE = 0.3  # of both must sway with the rate in question, else they say nothing
KEPT_N = 256  # beats: 64 s at any heart rate
TAPER_FLOOR = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Sway:
    """What the beats of the last half minute show.

    `evidence` (110,): mean over the series of −log(1 − share explained by each of the rates). `good` is the share of
    its beats that were normal ones, `likeness` how like the usual beat the middle one was, `hr_bpm` their usual rate.
    `still`: what swayed before sways no more, as in a held breath.
    """

    evidence: F64
    good: float
    likeness: float
    hr_bpm: float
    still: bool


def describe(beats: Sequence[Beat]) -> F64:
    """Return the eleven numbers (beats, 11) that the shape of each beat tells, in the ECG's unit."""
    rate = 1.0 / beats[0].step_s
    wave, narrow = np.array([b.wave for b in beats]), np.array([b.narrow for b in beats])
    peak = round(BEFORE_S * rate)
    side = round(0.08 * rate)
    base = _mean(wave[:, peak - round(0.12 * rate) : peak - round(0.06 * rate) + 1])
    qrs = wave[:, peak - side : peak + side + 1]
    slope = qrs[:, 1:] - qrs[:, :-1]
    late = wave[:, peak + round(0.18 * rate) : peak + round(0.38 * rate) + 1]
    told = (
        narrow.max(axis=1) - narrow.min(axis=1),
        np.sqrt(np.add.reduce(narrow * narrow, axis=1)),
        np.add.reduce(np.abs(narrow), axis=1),
        slope.max(axis=1),
        slope.min(axis=1),
        wave[:, peak] - base,
        qrs[:, side:].min(axis=1) - base,
        qrs[:, :side].min(axis=1) - base,
        base,
        _mean(late) - base,
        _mean(wave),
    )
    return np.array(told).T


class Circles:
    """How far round each beat's time is at each of some rates, kept for the last beats, and what that explains."""

    def __init__(self, rates_bpm: F64) -> None:
        self._turn_per_s = rates_bpm * (2.0 * math.pi / 60.0)
        self._waves: F64 = np.empty((2 * KEPT_N, 2, len(rates_bpm)))  # cosine, sine
        self._squares = np.empty_like(self._waves)  # cosine times cosine, and times sine

    def put(self, rows: slice, t_s: F64) -> None:
        """Let beats at `t_s` (n,) be in `rows`."""
        angle, waves = t_s[:, None] * self._turn_per_s, self._waves[rows]
        np.cos(angle, out=waves[:, 0])
        np.sin(angle, out=waves[:, 1])
        np.multiply(waves, waves[:, :1], out=self._squares[rows])

    def keep(self, rows: slice) -> None:
        """Move `rows` to the front."""
        for table in (self._waves, self._squares):
            table[:KEPT_N] = table[rows]

    def evidence(self, rows: slice, y: F64, taper: F64) -> F64:
        """Return −log(1 − share explained by each rate) of the levelled series `y` (n, series) of `rows`, their mean.

        What chance explains is not counted.
        """
        n = len(taper)
        a, b = (y.T @ self._waves[rows].reshape(n, -1)).reshape(SERIES_N, 2, -1).swapaxes(0, 1)
        cos2, cross = (taper @ self._squares[rows].reshape(n, -1)).reshape(2, -1)
        cos2 = cos2 + 1e-9
        tilt = cross / cos2
        across = b - tilt * a  # the sine, less what the cosine has of it
        chance = (n - 3.0) / (n - 5.0)
        left = chance - a * a * (chance / cos2) - across * across * (chance / (1.0 + 1e-9 - cos2 - tilt * cross))
        product = np.multiply.reduce(np.minimum(np.maximum(left, (1.0 - SURE) * chance), 1.0), axis=0)
        return np.asarray(np.log(product) / -SERIES_N, dtype=np.float64)


class BeatSways:
    """The last minute's beats, the ectopic and the bad ones left out, and what sways in them."""

    def __init__(self) -> None:
        rates = np.asarray(RATES_BPM)
        halves = rates[:SLOWER_N] * (rates[0] / rates[SLOWER_N])
        self._slow = np.clip((SLOW_TO_BPM - rates) / (SLOW_TO_BPM - SLOW_FROM_BPM), 0.0, 1.0)
        self._slow_n = int((self._slow > 0.0).sum())
        self._fast_from = int((self._slow >= 1.0).sum())
        self._slow_circles = Circles(np.concatenate((halves, rates[: self._slow_n])))
        self._fast_circles = Circles(rates[self._fast_from :])
        self.reset()

    def reset(self) -> None:
        """Forget the beats."""
        self._intervals: deque[float] = deque(maxlen=JUDGED)
        self._seen: deque[tuple[float, float]] = deque()  # time and likeness of all beats of the window
        self._last_s = math.nan
        self._last_good = False
        self._rr_s = math.nan
        self._new: list[tuple[Beat, float]] = []  # good beats since the last look, and their intervals
        self._n = 0
        self._t: F64 = np.empty(2 * KEPT_N)
        self._x: F64 = np.empty((2 * KEPT_N, SERIES_N))
        self._edges: F64 = np.empty((2 * KEPT_N, 2))
        self._apart_s = 0.0

    def push(self, beat: Beat) -> None:
        """Take a beat."""
        interval = beat.t_s - self._last_s
        self._last_s = beat.t_s
        self._seen.append((beat.t_s, beat.likeness))
        if 0.0 < interval < 3.0:
            self._intervals.append(interval)
        usual = median(self._intervals) if self._intervals else math.nan
        good = beat.likeness >= ALIKE and interval >= PREMATURE * usual
        if good and self._last_good and interval <= LATE * usual:
            self._rr_s = interval
        self._last_good = good
        if good and self._rr_s == self._rr_s:
            self._new.append((beat, self._rr_s))

    def _keep(self) -> None:
        """Describe the beats that came since the last look, all at once."""
        if not self._new:
            return
        beats = [beat for beat, _ in self._new]
        if self._n + len(beats) > 2 * KEPT_N:
            last = slice(self._n - KEPT_N, self._n)
            for rows in (self._t, self._x, self._edges):
                rows[:KEPT_N] = rows[last]
            self._slow_circles.keep(last)
            self._fast_circles.keep(last)
            self._n = KEPT_N
        new = slice(self._n, self._n + len(beats))
        self._t[new] = [beat.t_s for beat in beats]
        self._x[new, :-1] = describe(beats)
        self._x[new, -1] = [rr_s for _, rr_s in self._new]
        wave, step_s = np.array([beat.wave for beat in beats]), beats[0].step_s
        edge = round(EDGE_S / step_s)
        self._edges[new, 0], self._edges[new, 1] = _mean(wave[:, :edge]), _mean(wave[:, -edge:])
        self._apart_s = (wave.shape[1] - edge) * step_s
        self._slow_circles.put(new, self._t[new])
        self._fast_circles.put(new, self._t[new])
        self._n += len(beats)
        self._new.clear()

    def look(self, second: float) -> Sway | None:
        """Return what sways in the beats before `second`, or None if they are too few; to be asked every few s."""
        self._keep()
        while self._seen and self._seen[0][0] < second - WINDOW_S:
            self._seen.popleft()
        t = self._t[: self._n]
        first = int(t.searchsorted(second - WINDOW_S))
        good_n = self._n - first
        if good_n < FEWEST:
            return None
        early = int(t.searchsorted(second - SLOW_WINDOW_S))
        evidence = np.zeros(len(RATES_BPM))
        told = self._explained(self._slow_circles, early, second - SLOW_WINDOW_S / 2, SLOW_WINDOW_S)
        evidence[: self._slow_n] = self._slow[: self._slow_n] * np.maximum(told[SLOWER_N:] - told[:-SLOWER_N], 0.0)
        told = self._explained(self._fast_circles, first, second - WINDOW_S / 2, WINDOW_S)
        evidence[self._fast_from :] += (1.0 - self._slow[self._fast_from :]) * told
        hr_bpm = 60.0 / median(self._x[first : self._n, -1].tolist())
        span_s = second - float(t[early])
        slowest, fastest = np.asarray(RATES_BPM).searchsorted([CYCLES * 60.0 / span_s, NYQUIST * hr_bpm])
        evidence[:slowest] = evidence[fastest:] = 0.0
        likeness = median(r for _, r in self._seen)
        return Sway(evidence, good_n / len(self._seen), likeness, hr_bpm, self._still(early, second))

    def _explained(self, circles: Circles, first: int, middle_s: float, width_s: float) -> F64:
        """Return the evidence for the rates of `circles` in the beats from the `first` on."""
        rows = slice(first, self._n)
        u, taper = self._window(first, middle_s, width_s)
        return circles.evidence(rows, _levelled(self._x[rows], taper, u), taper)

    def _still(self, early: int, second: float) -> bool:
        """Tell whether most series have come to rest: far less SD in the last 16 s than in the minute before."""
        late = int(self._t[: self._n].searchsorted(second - STILL_S))
        if min(late - early, self._n - late) < FEWEST_LATELY:
            return False
        before, lately = self._x[early:late], self._x[late : self._n]
        calmer = _variance(lately) < STILL_SHARE * STILL_SHARE * _variance(before)
        return int(np.count_nonzero(calmer)) > SERIES_N // 2

    def folded(self, second: float, rate_bpm: float, hr_bpm: float) -> bool:
        """Tell whether what sways at `rate_bpm` is a breath of `hr_bpm` − `rate_bpm`, seen once a beat.

        The baseline is seen twice a beat, and the later one is ahead by another angle if the breath is the faster one.
        """
        first = int(self._t[: self._n].searchsorted(second - WINDOW_S))
        u, taper = self._window(first, second - WINDOW_S / 2, WINDOW_S)
        angle = self._t[first : self._n] * (2.0 * math.pi / 60.0 * rate_bpm)
        angles = np.array((np.cos(angle), np.sin(angle))) @ _levelled(self._edges[first : self._n], taper, u)
        if 2.0 * float((angles * angles).sum(axis=0).min()) < FOLDED_SHARE:
            return False
        ahead = math.atan2(-angles[1, 1], angles[0, 1]) - math.atan2(-angles[1, 0], angles[0, 0])
        turn = 2.0 * math.pi * self._apart_s / 60.0
        slow, fast = ahead - turn * rate_bpm, ahead + turn * (hr_bpm - rate_bpm)
        return math.cos(fast) > math.cos(slow)

    def _window(self, first: int, middle_s: float, width_s: float) -> tuple[F64, F64]:
        """Return when the beats from the `first` on were (−1 to 1), and the taper, which sums to 1."""
        u = (self._t[first : self._n] - middle_s) / (0.5 * width_s)
        taper = np.cos(0.5 * np.pi * u) + TAPER_FLOOR
        return u, taper / np.add.reduce(taper)


def _mean(x: F64) -> F64:
    """Return the mean (beats,) of each row of `x` (beats, n)."""
    return np.asarray(np.add.reduce(x, axis=1) / x.shape[1], dtype=np.float64)


def _variance(x: F64) -> F64:
    """Return the variance (series,) of `x` (n, series)."""
    away = x - np.add.reduce(x) / len(x)
    return np.asarray(np.add.reduce(away * away) / len(x), dtype=np.float64)


def _levelled(x: F64, taper: F64, u: F64) -> F64:
    """Return `x` (n, series) less its straight line, times the taper, so scaled that all of it is 1."""
    u = u - np.add.reduce(taper * u)
    along = taper * u
    y = x - taper @ x
    y = y - u[:, None] * ((along @ y) / np.add.reduce(along * u))
    weighted = taper[:, None] * y
    return np.asarray(weighted / np.sqrt(np.add.reduce(weighted * y) + 1e-300), dtype=np.float64)
