"""Linear-phase low-pass and decimation: one fixed delay at every frequency, which the time stamps already leave out."""

import numpy as np

from breathcore.model.arrays import F64


def hann_taps(length_n: int) -> F64:
    """Return a symmetric Hann low-pass of `length_n` taps (odd or even) with unit gain at 0 Hz."""
    taps = np.sin(np.pi * np.arange(1, length_n + 1) / (length_n + 1)) ** 2
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def triangle_taps(half_n: int) -> F64:
    """Return the triangle of 2·half_n − 1 taps: zeros at every multiple of rate / half_n, so made to decimate by it."""
    taps = half_n - np.abs(np.arange(1 - half_n, half_n)).astype(np.float64)
    return np.asarray(taps / taps.sum(), dtype=np.float64)


class Fir:
    """A symmetric filter that keeps every `factor`-th output; bit-identical for any block split.

    Outputs exist only where the whole kernel has samples under it, so there is no start-up transient; each carries
    the time of the kernel's middle. Every output is one dot product of fixed length, wherever its block begins.
    """

    def __init__(self, taps: F64, factor: int, axes_n: int) -> None:
        self.taps = taps
        self.factor = factor
        self._axes_n = axes_n
        self.reset()

    @property
    def delay_n(self) -> float:
        """Samples between the newest sample under the kernel and the output's time."""
        return (len(self.taps) - 1) / 2

    def reset(self) -> None:
        """Forget all samples."""
        self._rows: F64 = np.empty((self._axes_n + 1, 0))  # the axes, then the times

    def push(self, t_s: F64, x: F64) -> tuple[F64, F64]:
        """Take samples `t_s` (n,) and `x` (axes, n); return those of the filtered signal that are now known."""
        held_n, axes_n, taps_n, step = self._rows.shape[1], self._axes_n, len(self.taps), self.factor
        size = held_n + len(t_s)
        rows = np.empty((axes_n + 1, size))
        rows[:, :held_n] = self._rows
        rows[:axes_n, held_n:] = x
        rows[axes_n, held_n:] = t_s
        out_n = (size - taps_n) // step + 1
        if out_n <= 0:
            self._rows = rows
            return np.empty(0), np.empty((axes_n, 0))
        span = (out_n - 1) * step + 1
        # All axes in one go: what lies under two of them is not taken out.
        y = np.correlate(rows.ravel()[: axes_n * size + taps_n - 1], self.taps).reshape(axes_n, size)[:, :span:step]
        t = rows[axes_n]
        middle = 0.5 * (t[:span:step] + t[taps_n - 1 : taps_n - 1 + span : step])
        self._rows = rows[:, out_n * step :]
        return middle, y.copy()
