"""Samples of one channel at every 1/25 s of session time, which all places of the trunk share."""

import math

import numpy as np

from breathcore.dsp.fir import Fir, hann_taps, triangle_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.model.arrays import F64

GRID_HZ = 25.0


def grid_n(t_s: float) -> int:
    """Return the number of the first grid sample at or after `t_s`, as the division says it."""
    k = math.floor(t_s * GRID_HZ) - 1
    while k / GRID_HZ < t_s:
        k += 1
    return k


class GridStream:
    """Samples of one channel, low-passed without phase error and read off at the grid; bits do not depend on blocks.

    Parameters
    ----------
    rate_hz : float
        Nominal, 5 Hz or more.
    axes_n : int
        Columns.
    smooth_s : float
        Length of the low-pass.
    least_hz : float
        Rate down to which samples are thinned out before it.

    Attributes
    ----------
    latency_s : float
        From the time of a reading to the sample that it can first be told with.
    delay_s : float
        How much older than the newest sample the newest reading is, at the nominal rate.
    """

    def __init__(self, rate_hz: float, axes_n: int, smooth_s: float, least_hz: float) -> None:
        factor = max(1, round(rate_hz / least_hz))
        hz = rate_hz / factor
        self._runs = EvenRuns(rate_hz, axes_n)
        self._decimate = Fir(triangle_taps(factor), factor, axes_n)
        self._smooth = Fir(hann_taps(max(1, round(smooth_s * hz))), 1, axes_n)
        self._axes_n = axes_n
        self.delay_s = self._decimate.delay_n / rate_hz + self._smooth.delay_n / hz
        self.latency_s = self.delay_s + 1.0 / hz
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._runs.reset()
        self._begin()

    def _begin(self) -> None:
        self._decimate.reset()
        self._smooth.reset()
        self._left: tuple[F64, F64] = (np.empty(0), np.empty((self._axes_n, 0)))
        self._new = True

    def push(self, t_s: F64, x: F64) -> list[tuple[int, F64, bool]]:
        """Take samples `t_s` (n,), `x` (n, axes); return stretches (first multiple of 1/25 s, x (m, axes), new run)."""
        out = []
        for run_t, run_x, new_run in self._runs.push(t_s, x):
            if new_run:
                self._begin()
            smooth_t, smooth_x = self._smooth.push(*self._decimate.push(run_t, run_x))
            if len(smooth_t):
                out += self._read_off(smooth_t, smooth_x)
        return out

    def _read_off(self, t_s: F64, x: F64) -> list[tuple[int, F64, bool]]:
        t_s = np.concatenate((self._left[0], t_s))
        x = np.concatenate((self._left[1], x), axis=1)
        self._left = (t_s[-1:].copy(), x[:, -1:].copy())
        first, last = grid_n(float(t_s[0])), grid_n(float(t_s[-1]))  # at the newest: next time
        if first == last:
            return []
        at = np.arange(first, last) / GRID_HZ
        right = t_s.searchsorted(at, "right").clip(1, len(t_s) - 1)
        part = (at - t_s[right - 1]) / (t_s[right] - t_s[right - 1])
        read = (x[:, right - 1] + part * (x[:, right] - x[:, right - 1])).T
        new, self._new = self._new, False
        return [(first, read, new)]
