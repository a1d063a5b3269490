"""A window of trace, band-limited without phase error."""

import numpy as np

from breathcore.model.arrays import F64

PAD_S = 12.0


class Spectrum:
    """The spectrum of a window `y` (n,) with both ends continued by point reflection, for filtering many times.

    The window ends at the present, so the filter may look both ways inside it without looking ahead.
    """

    def __init__(self, y: F64, step_s: float) -> None:
        pad = min(len(y) - 1, round(PAD_S / step_s))
        fade = np.cos(0.5 * np.pi * np.arange(1, pad + 1) / (pad + 1)) ** 2
        left = (2 * y[0] - y[pad:0:-1]) if pad else y[:0]
        right = (2 * y[-1] - y[-2 : -2 - pad : -1]) if pad else y[:0]
        centre = y.mean()
        whole = np.concatenate(((left - centre) * fade[::-1], y - centre, (right - centre) * fade))
        self._size = 1 << (len(whole) - 1).bit_length()
        self._part = slice(pad, pad + len(y))
        self.spectrum = np.fft.rfft(whole, self._size)
        self.f_hz = np.arange(len(self.spectrum)) / (self._size * step_s)

    def band(self, low_hz: float, high_hz: float) -> F64:
        """Return the window between the −6 dB edges `low_hz` (slope of order 4) and `high_hz` (order 8)."""
        low2 = (self.f_hz / low_hz) ** 2
        low4 = low2 * low2
        high2 = (self.f_hz / high_hz) ** 2
        high4 = high2 * high2
        gain = low4 / ((1.0 + low4) * (1.0 + high4 * high4))
        return np.fft.irfft(self.spectrum * gain, self._size)[self._part]

    def below(self, high_hz: float) -> F64:
        """Return the window with its drift, low-passed at `high_hz` (order 8), its mean left out."""
        high2 = (self.f_hz / high_hz) ** 2
        high4 = high2 * high2
        return np.fft.irfft(self.spectrum / (1.0 + high4 * high4), self._size)[self._part]
