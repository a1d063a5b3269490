"""A window of trace, band-limited without phase error."""

from functools import cached_property, lru_cache

import numpy as np

from breathcore.model.arrays import F64, frozen

PAD_S = 12.0


class Spectrum:
    """The spectrum of a window `y` (n,) with both ends continued by point reflection, for filtering many times.

    The window ends at the present, so the filter may look both ways inside it without looking ahead.
    """

    def __init__(self, y: F64, step_s: float) -> None:
        pad = min(len(y) - 1, round(PAD_S / step_s))
        fade = _fade(pad)
        left = (2 * y[0] - y[pad:0:-1]) if pad else y[:0]
        right = (2 * y[-1] - y[-2 : -2 - pad : -1]) if pad else y[:0]
        centre = np.add.reduce(y) / len(y)
        whole = np.concatenate(((left - centre) * fade[::-1], y - centre, (right - centre) * fade))
        self._size = 1 << (len(whole) - 1).bit_length()
        self._step_s = step_s
        self._part = slice(pad, pad + len(y))
        self.spectrum = np.fft.rfft(whole, self._size)
        self.f_hz = _frequencies(self._size, step_s)

    @cached_property
    def power(self) -> F64:
        """The power at each of `f_hz`."""
        return np.abs(self.spectrum) ** 2

    def band(self, low_hz: float, high_hz: float) -> F64:
        """Return the window between the −6 dB edges `low_hz` (slope of order 4) and `high_hz` (order 8)."""
        above, loss = _high_pass(self._size, self._step_s, low_hz)
        gain = above / (loss * _low_pass_loss(self._size, self._step_s, high_hz))
        return np.fft.irfft(self.spectrum * gain, self._size)[self._part]

    def below(self, high_hz: float) -> F64:
        """Return the window with its drift, low-passed at `high_hz` (order 8), its mean left out."""
        loss = _low_pass_loss(self._size, self._step_s, high_hz)
        return np.fft.irfft(self.spectrum / loss, self._size)[self._part]


@lru_cache(maxsize=8)
def _fade(pad: int) -> F64:
    """Return how the continuation (pad,) fades away from the window."""
    return frozen(np.cos(0.5 * np.pi * np.arange(1, pad + 1) / (pad + 1)) ** 2)


@lru_cache(maxsize=8)
def _frequencies(size: int, step_s: float) -> F64:
    """Return the frequencies in Hz of the spectrum of `size` samples."""
    return frozen(np.arange(size // 2 + 1) / (size * step_s))


@lru_cache(maxsize=16)
def _high_pass(size: int, step_s: float, low_hz: float) -> tuple[F64, F64]:
    """Return what to multiply and what to divide a spectrum by."""
    low2 = (_frequencies(size, step_s) / low_hz) ** 2
    low4 = low2 * low2
    return frozen(low4), frozen(1.0 + low4)


@lru_cache(maxsize=16)
def _low_pass_loss(size: int, step_s: float, high_hz: float) -> F64:
    """Return what to divide a spectrum by."""
    high2 = (_frequencies(size, step_s) / high_hz) ** 2
    high4 = high2 * high2
    return frozen(1.0 + high4 * high4)
