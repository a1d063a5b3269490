"""Heart beats from the ECG: when, how like the usual beat, and what the signal did around them."""

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np

from breathcore.dsp.fir import Fir, hann_taps, triangle_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.model.arrays import F64

NAN = float("nan")
ECG_HZ = 125.0
NARROW_S, WIDE_S = 0.04, 0.16  # Hann kernels whose difference passes the QRS complex (about 6–25 Hz)
ENERGY_S = 0.12
APART_S = 0.25
WINDOW_S = 1.5  # holds a beat at 40/min and more
WINDOWS = 6
PART = 0.3  # of the usual largest energy: what counts as a beat
NOISE_CONTRAST, CLEAR_CONTRAST = 2.5, 5.0  # largest over mean energy of a window: noise, and a clean ECG
BEFORE_S, AFTER_S = 0.20, 0.45  # of the beat: what `Beat.wave` shows
QRS_S, SHIFT_S = 0.08, 0.064  # half the length that is compared with the usual beat, and how far it may be shifted
ALIKE = 0.85  # correlation with the usual beat from which a beat is one
KIN = 0.7  # correlation of a beat with most of the others that makes it the usual one
TRIED, STRANGERS = 8, 6  # so many of the last so many are unlike the usual beat: it is looked for anew
FIRST = 4  # beats in the beginning
LEARN = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Beat:
    """One heart beat.

    `t_s` is its R peak, `likeness` the correlation of its QRS complex with the usual one (−1 to 1), `clear` (0–1) how
    far it stands out from the noise. `wave` (n,) is the signal from 0.20 s before to 0.45 s after it in steps of
    `step_s`, smoothed over 0.04 s, with the R peak on a sample; `narrow` (m,) its QRS band about the R peak.
    """

    t_s: float
    likeness: float
    clear: float
    step_s: float
    wave: F64
    narrow: F64


class BeatFinder:
    """Beats of an ECG in any unit, either way up, 100 Hz or more.

    Band-pass, square, smooth (Pan and Tompkins 1985 without the differentiator); a beat is a maximum of that energy
    above 0.3 of the median of the last window maxima. It is shifted onto the usual beat's QRS complex by the maximum
    of their correlation, between samples by a parabola, so that the shape of a single beat does not move its time.
    All filters are symmetrical: beat times carry no delay.
    """

    def __init__(self, rate_hz: float) -> None:
        factor = max(1, round(rate_hz / ECG_HZ))
        rate = rate_hz / factor
        self._runs = EvenRuns(rate_hz, 1)
        self._decimate = Fir(triangle_taps(factor), factor, 1)
        self._low, self._band = _taps(rate)
        self._smooth = hann_taps(_odd(ENERGY_S * rate))
        band_lag_n, self._lag_n = len(self._band) // 2, len(self._smooth) // 2
        self._window_n = round(WINDOW_S * rate)
        self._apart_n = APART_S * rate
        self._before_n, self._after_n = round(BEFORE_S * rate), round(AFTER_S * rate)
        self._usual = UsualBeat(round(QRS_S * rate), round(SHIFT_S * rate))
        self._margin_n = self._usual.shift_n + self._usual.half_n + 3
        self._step_s = 1.0 / rate
        self.latency_s = self._decimate.delay_n / rate_hz + (band_lag_n + 2) / rate
        self.latency_s += max(AFTER_S + self._margin_n / rate, APART_S + self._lag_n / rate)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._runs.reset()
        self._begin()

    def _begin(self) -> None:
        self._decimate.reset()
        self._usual.reset()
        self._raw: F64 = np.empty((2, 0))  # times and samples that the next filtered ones need
        self._first = 0  # index in the run of the first sample that is kept
        self._t: F64 = np.empty(0)
        self._x: F64 = np.empty(0)
        self._y: F64 = np.empty(0)
        self._e: F64 = np.empty(0)
        self._counted = 0
        self._largest: deque[float] = deque(maxlen=WINDOWS)
        self._contrast: deque[float] = deque(maxlen=WINDOWS)
        self._candidate: tuple[int, float] | None = None
        self._waiting: list[tuple[int, float]] = []

    def push(self, t_s: F64, x: F64) -> list[Beat]:
        """Take samples `t_s` (n,), `x` (n, 1); return the beats that are now sure."""
        out: list[Beat] = []
        for run_t, run_x, new_run in self._runs.push(t_s, x):
            if new_run:
                self._begin()
            if self._decimate.factor > 1:
                run_t, run_x = self._decimate.push(run_t, run_x)
            out += self._push_run(run_t, run_x)
        return out

    def _push_run(self, t_s: F64, x: F64) -> list[Beat]:
        raw = np.concatenate((self._raw, (t_s, x[0])), axis=1)
        taps_n, smooth_n = len(self._band), len(self._smooth)
        new_n = raw.shape[1] - taps_n + 1
        if new_n <= 0:
            self._raw = raw
            return []
        self._raw = raw[:, new_n:]
        middle = taps_n // 2
        self._t = np.concatenate((self._t, raw[0, middle : middle + new_n]))
        self._x = np.concatenate((self._x, np.correlate(raw[1], self._low)))
        self._y = np.concatenate((self._y, np.correlate(raw[1], self._band)))
        band = self._y[len(self._e) :]  # all of it that has not been smoothed to its end
        energy = np.correlate(band * band, self._smooth) if len(band) >= smooth_n else np.empty(0)
        self._e = np.concatenate((self._e, energy))
        self._maxima(len(energy))
        out = self._ripe()
        self._forget()
        return out

    def _maxima(self, new_n: int) -> None:
        """Offer the maxima of the energy; those of the last sample wait for the next."""
        first = max(len(self._e) - new_n - 2, 0)
        e = self._e[first:]
        if len(e) < 3:
            return
        top = ((e[1:-1] > e[:-2]) & (e[1:-1] >= e[2:])).nonzero()[0] + 1
        for i in top.tolist():
            self._count(self._first + first + i + 2)
            self._offer(self._first + first + i, float(e[i]))

    def _count(self, end: int) -> None:
        """Sum up the windows that end before sample `end` of the run."""
        while self._counted + self._window_n <= end:
            start = self._counted - self._first
            window = self._e[start : start + self._window_n]
            largest, mean = float(window.max()), float(np.add.reduce(window)) / self._window_n
            self._largest.append(largest)
            self._contrast.append(largest / mean if mean > 0 else 0.0)
            self._counted += self._window_n

    def _offer(self, i: int, energy: float) -> None:
        before = self._candidate
        if before is not None and i - before[0] < self._apart_n:
            if energy > before[1]:
                self._candidate = (i, energy)
            return
        self._candidate = (i, energy)
        if before is not None and len(self._largest) >= 2 and before[1] > PART * median(self._largest):
            clear = (median(self._contrast) - NOISE_CONTRAST) / (CLEAR_CONTRAST - NOISE_CONTRAST)
            self._waiting.append((before[0] + self._lag_n, min(max(clear, 0.0), 1.0)))

    def _ripe(self) -> list[Beat]:
        """Return the beats around which all is known."""
        out: list[Beat] = []
        reach = self._after_n + self._margin_n
        while self._waiting and self._waiting[0][0] + reach < self._first + len(self._t):
            i, clear = self._waiting.pop(0)
            i -= self._first
            if i >= self._before_n + self._margin_n:
                out.append(self._beat(i, clear))
        return out

    def _beat(self, i: int, clear: float) -> Beat:
        j, part, likeness = self._usual.compare(self._y, i)
        t = float(self._t[j]) + part * float(self._t[j + 1] - self._t[j])
        kernel = _cubic(part)
        wave = np.correlate(self._x[j - self._before_n - 1 : j + self._after_n + 3], kernel)
        reach = self._usual.half_n
        narrow = np.correlate(self._y[j - reach - 1 : j + reach + 3], kernel)
        return Beat(t, likeness, clear, self._step_s, wave, narrow)

    def _forget(self) -> None:
        """Drop what no beat and no window can need again."""
        oldest = min([self._counted, self._first + len(self._e) - 2, *(i for i, _ in self._waiting)])
        if self._candidate is not None:
            oldest = min(oldest, self._candidate[0])
        drop = oldest - self._before_n - self._margin_n - self._first
        if drop > self._window_n:  # not at every push
            self._first += drop
            self._t, self._x, self._y = self._t[drop:], self._x[drop:], self._y[drop:]
            self._e = self._e[drop:]


class UsualBeat:
    """The QRS complex that most beats share, learnt slowly, looked for anew when beats stop being like it.

    Parameters
    ----------
    half_n : int
        Samples on either side of the beat that are compared.
    shift_n : int
        How many samples a beat may be shifted.
    """

    def __init__(self, half_n: int, shift_n: int) -> None:
        self.half_n, self.shift_n = half_n, shift_n
        self.reset()

    def reset(self) -> None:
        """Forget it."""
        self._shape: F64 | None = None
        self._peak = 0.0
        self._tried: deque[F64] = deque(maxlen=TRIED)
        self._matched: deque[bool] = deque(maxlen=TRIED)

    def compare(self, y: F64, i: int) -> tuple[int, float, float]:
        """Return where in `y` (n,) the R peak of the beat near sample `i` is, and how like the usual beat it is.

        Where: the sample before it, and the part of a sample (0–1) from there.
        """
        middle, shift, likeness = self._shifted(y, i) if self._shape is not None else (i, 0.0, 0.0)
        self._tried.append(y[i - self.half_n : i + self.half_n + 1].copy())
        self._matched.append(likeness >= ALIKE)
        strangers = self._matched.count(False)
        if strangers >= STRANGERS or len(self._matched) == strangers >= FIRST:
            self._look()
        whole = math.floor(shift)
        return middle + whole, shift - whole, likeness

    def _shifted(self, y: F64, i: int) -> tuple[int, float, float]:
        assert self._shape is not None
        reach = self.half_n + self.shift_n
        match = np.correlate(y[i - reach : i + reach + 1], self._shape)
        k = int(match.argmax())
        if k in (0, len(match) - 1):
            return i, 0.0, 0.0
        middle = i + k - self.shift_n
        found = y[middle - self.half_n : middle + self.half_n + 1]
        size = math.sqrt(float(np.add.reduce(found * found)))
        likeness = float(match[k]) / size if size > 0 else 0.0
        if likeness >= ALIKE:
            self._shape = _unit((1.0 - LEARN) * self._shape + LEARN / size * found)
        return middle, _vertex(match, k) + self._peak, likeness

    def _look(self) -> None:
        """Take the beat that is most like the others for the usual one, if it is like most of them."""
        shapes = np.array([_unit(y) for y in self._tried])
        kin = np.median(shapes @ shapes.T, axis=1)
        k = int(kin.argmax())
        if kin[k] < KIN:
            self._shape = None
            return
        self._shape = shapes[k]
        height = np.abs(self._shape)
        peak = int(height.argmax())
        self._peak = float(peak - self.half_n)
        if 0 < peak < len(height) - 1:
            self._peak += _vertex(height, peak)
        self._matched.clear()


def _odd(count: float) -> int:
    return 2 * round(0.5 * count - 0.5) + 1


def _taps(rate_hz: float) -> tuple[F64, F64]:
    """Return the low-pass and the QRS band-pass, both of the same length."""
    narrow, wide = (hann_taps(2 * round(0.5 * s * rate_hz) + 1) for s in (NARROW_S, WIDE_S))
    low = np.zeros(len(wide))
    edge = (len(wide) - len(narrow)) // 2
    low[edge : edge + len(narrow)] = narrow
    return low, low - wide


def _unit(x: F64) -> F64:
    size = math.sqrt(float(np.add.reduce(x * x)))
    return np.asarray(x / size if size > 0 else np.zeros(len(x)), dtype=np.float64)


def _vertex(x: F64, k: int) -> float:
    """Return how far from sample `k` (−0.5 to 0.5) the parabola through it and its neighbours turns."""
    left, mid, right = float(x[k - 1]), float(x[k]), float(x[k + 1])
    bend = left - 2.0 * mid + right
    return 0.5 * (left - right) / bend if bend else 0.0


def _cubic(part: float) -> F64:
    """Return the weights of samples −1, 0, 1, 2 for the value at `part` (0–1): Lagrange's cubic."""
    a, b, c, d = part + 1.0, part, part - 1.0, part - 2.0
    return np.array([-b * c * d / 6.0, a * c * d / 2.0, -a * b * d / 2.0, a * b * c / 6.0])
