"""Heart beats from the ECG."""

from collections import deque
from statistics import median

import numpy as np

from breathcore.dsp.fir import Fir, hann_taps, triangle_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.estimate.heart import BeatSeries
from breathcore.model.arrays import F64
from breathcore.model.estimates import HeartEstimate

NAN = float("nan")
ECG_HZ = 125.0
NARROW_S, WIDE_S = 0.04, 0.16  # Hann kernels whose difference passes the QRS complex (about 6–25 Hz)
ENERGY_S = 0.12
APART_S = 0.25
WINDOW_S = 1.5  # holds a beat at 40/min and more
WINDOWS = 6
PART = 0.3  # of the usual largest energy: what counts as a beat
NOISE_CONTRAST, CLEAR_CONTRAST = 2.5, 5.0  # largest over mean energy of a window: noise, and a clean ECG


class EcgBeats:
    """R peaks of an ECG in any unit, either way up, 100 Hz or more.

    Band-pass, square, smooth (Pan and Tompkins 1985 without the differentiator); a beat is a maximum of that energy
    above 0.3 of the median of the last window maxima. All filters are symmetrical, so beat times carry no delay.
    """

    def __init__(self, source: str, rate_hz: float) -> None:
        factor = max(1, round(rate_hz / ECG_HZ))
        rate = rate_hz / factor
        self._runs = EvenRuns(rate_hz, 1)
        self._decimate = Fir(triangle_taps(factor), factor, 1)
        self._band = Fir(_band_taps(rate), 1, 1)
        self._energy = Fir(hann_taps(round(ENERGY_S * rate)), 1, 1)
        self._series = BeatSeries(source)
        self._window_n = round(WINDOW_S * rate)
        self.latency_s = (
            self._decimate.delay_n / rate_hz + (self._band.delay_n + self._energy.delay_n + 2) / rate + APART_S
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._runs.reset()
        self._series.reset()
        self._begin()

    def _begin(self) -> None:
        for part in (self._decimate, self._band, self._energy):
            part.reset()
        self._t: F64 = np.empty(0)
        self._e: F64 = np.empty(0)
        self._window: list[float] = []
        self._largest: deque[float] = deque(maxlen=WINDOWS)
        self._contrast: deque[float] = deque(maxlen=WINDOWS)
        self._candidate: tuple[float, float] | None = None
        self._beat_s = NAN

    def push(self, t_s: F64, x: F64) -> list[HeartEstimate]:
        """Take samples `t_s` (n,), `x` (n, 1); return the beats that are now sure."""
        out: list[HeartEstimate] = []
        for run_t, run_x, new_run in self._runs.push(t_s, x):
            if new_run:
                self._begin()
            t, y = self._band.push(*self._decimate.push(run_t, run_x))
            t, e = self._energy.push(t, y * y)
            out += self._maxima(t, e[0])
        return out

    def _maxima(self, t_new: F64, e_new: F64) -> list[HeartEstimate]:
        t, e = np.concatenate((self._t, t_new)), np.concatenate((self._e, e_new))
        self._t, self._e = t[-2:], e[-2:]
        top = np.flatnonzero((e[1:-1] > e[:-2]) & (e[1:-1] >= e[2:])) + 1 if len(e) > 2 else np.empty(0, int)
        out: list[HeartEstimate] = []
        first = len(e) - len(e_new)
        done = first
        for i in top.tolist():
            self._count(e[done : i + 2])
            done = max(done, i + 2)
            out += self._offer(_refined(t, e, i), float(e[i]))
        self._count(e[done:])
        return out

    def _count(self, energies: F64) -> None:
        self._window += energies.tolist()
        while len(self._window) >= self._window_n:
            window = np.array(self._window[: self._window_n])
            del self._window[: self._window_n]
            largest, mean = float(window.max()), float(window.mean())
            self._largest.append(largest)
            self._contrast.append(largest / mean if mean > 0 else 0.0)

    def _offer(self, t: float, energy: float) -> list[HeartEstimate]:
        before = self._candidate
        if before is not None and t - before[0] < APART_S:
            if energy > before[1]:
                self._candidate = (t, energy)
            return []
        self._candidate = (t, energy)
        return [] if before is None else self._judge(*before)

    def _judge(self, t: float, energy: float) -> list[HeartEstimate]:
        if len(self._largest) < 2 or not energy > PART * median(self._largest):
            return []
        interval, self._beat_s = t - self._beat_s, t
        clear = (median(self._contrast) - NOISE_CONTRAST) / (CLEAR_CONTRAST - NOISE_CONTRAST)
        return [self._series.beat(t, interval, min(max(clear, 0.0), 1.0))]


def _band_taps(rate_hz: float) -> F64:
    narrow, wide = (hann_taps(2 * round(0.5 * s * rate_hz) + 1) for s in (NARROW_S, WIDE_S))
    taps = -wide
    edge = (len(wide) - len(narrow)) // 2
    taps[edge : edge + len(narrow)] += narrow
    return taps


def _refined(t: F64, e: F64, i: int) -> float:
    left, mid, right = float(e[i - 1]), float(e[i]), float(e[i + 1])
    bend = left - 2.0 * mid + right
    shift = 0.5 * (left - right) / bend if bend else 0.0
    return float(t[i]) + shift * float(t[i + 1] - t[i - 1]) / 2.0
