"""The direction across gravity that keeps one rhythm, where sway hides the breath along the principal axis.

Of all directions in the plane, the one that repeats itself best is the larger root of a generalised eigenproblem of
two 2 × 2 matrices (periodic component analysis, Sameni 2008), here in closed form for all rates at once. For quick
breaths "repeats" is the share of the power within 10 % of one rate, each frequency weighted by itself: a body's sway,
which falls with frequency, then favours no rate. For slow breaths, few and seldom sinusoids, it is the correlation with
itself one breath earlier.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from breathcore.estimate.band import Spectrum
from breathcore.estimate.quality import limited
from breathcore.model.arrays import F64, frozen

QUICK_S = 32.0
QUICKEST_HZ, QUICK_FROM_HZ, STEP = 44.0 / 60.0, 10.0 / 60.0, 1.03
NEAR = 1.1  # times the rate, or the rate over it
LOW_HZ, HIGH_HZ = 0.08, 1.8
SLOW_LOW_HZ, SLOW_HIGH_HZ = 0.04, 0.5
SHORTEST_S, LONGEST_S = 8.0, 23.0  # a slow breath
LEAST_S = 1.5  # a quick one
SEEN = 0.7  # of a window: no longer lag than this
SHORTER = 0.8  # of the best correlation: a shorter lag that is as good is the breath, the longer one several


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """A rate (1/min), how strong it is (0–1), and the waveform (n,) that keeps it best, in degrees."""

    rate_bpm: float
    strength: float
    y: F64


def quick_rhythm(plane: F64, step_s: float) -> Rhythm:
    """Return the rhythm of 10–44/min with the largest share of the power of `plane` (2, n), 32 s."""
    size = plane.shape[1]
    f_hz, edges, rates, first = _grid(size, step_s)
    u, v = (np.fft.rfft(_level(limited(c)) * _hann(size), 2 * len(f_hz) - 2) for c in plane)
    power = np.array((_power(u), _power(v), (u * v.conj()).real)) * f_hz
    sums = np.concatenate((np.zeros((3, 1)), power.cumsum(axis=1)), axis=1)
    near = sums[:, edges[1]] - sums[:, edges[0]]
    whole = sums[:, -1:] - sums[:, first : first + 1]
    shares = _largest(near, whole)
    at = int(shares.argmax())
    a, b = _direction(near[:, at], whole[:, 0], float(shares[at]))
    rate = 60.0 * float(rates[at]) * STEP ** _top(shares, at)
    return Rhythm(rate, float(shares[at]), a * plane[0] + b * plane[1])


def slow_rhythm(plane: F64, step_s: float, least: float = 0.0) -> Rhythm:
    """Return the rhythm of 2.6–7.5/min that `plane` (2, n), 64 s, repeats best; its strength is the correlation.

    No rate is looked for where that is `least` or less.
    """
    u, v = (Spectrum(limited(c), step_s).band(SLOW_LOW_HZ, SLOW_HIGH_HZ) for c in plane)
    size = len(u)
    lags = np.arange(round(SHORTEST_S / step_s), min(round(LONGEST_S / step_s), math.floor(SEEN * size)) + 1)
    if len(lags) < 3:
        return Rhythm(math.nan, 0.0, u)
    near, whole = _lagged(u, v, lags)
    values = _largest(near, whole)
    at = int(values.argmax())
    strength = float(values[at])
    if strength <= least:
        return Rhythm(math.nan, strength, u)
    a, b = _direction(near[:, at], whole[:, at], strength)
    lag = float(lags[at]) + _top(values, at)
    y = a * plane[0] + b * plane[1]
    if _sooner(a * u + b * v, int(lags[at]), round(LEAST_S / step_s), SHORTER * strength):
        return Rhythm(math.nan, 0.0, y)
    return Rhythm(60.0 / (lag * step_s), strength, y)


def _lagged(u: F64, v: F64, lags: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[F64, F64]:
    """Return, for each lag, the sums of products a lag apart and of the squares they are to be compared with (3, k)."""
    size = len(u)
    padded = 1 << (size + int(lags[-1]) - 1).bit_length()  # no lag that is asked for meets the other end
    f, g = np.fft.rfft(u, padded), np.fft.rfft(v, padded)
    across = (f * g.conj()).real
    apart = np.fft.irfft(2.0 * np.array((_power(f), _power(g), across)), padded)
    sums = np.concatenate((np.zeros((3, 1)), np.stack((u * u, v * v, u * v)).cumsum(axis=1)), axis=1)
    return apart[:, lags], sums[:, -1:] - sums[:, lags] + sums[:, size - lags]


def _power(spectrum: np.ndarray[tuple[int], np.dtype[np.complex128]]) -> F64:
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float64)


def _sooner(y: F64, lag_n: int, least_n: int, wanted: float) -> bool:
    """Whether `y` repeats itself as well at a local maximum well below `lag_n`."""
    lags = np.arange(least_n, round(0.75 * lag_n))
    near, whole = _lagged(y, y, lags)
    again = near[0] / np.maximum(whole[0], 1e-300)
    inner = again[1:-1]
    return bool(((inner >= again[:-2]) & (inner >= again[2:]) & (inner > wanted)).any())


def _largest(near: F64, whole: F64) -> F64:
    """Return the larger root of |near − root · whole| = 0 for each column of (xx, yy, xy); 0 where there is none."""
    p, q, r = near
    a, b, c = whole
    det = a * b - c * c
    known = det > 1e-9 * a * b
    det = np.where(known, det, 1.0)
    half = 0.5 * (b * p + a * q - 2.0 * c * r) / det
    root = half + np.sqrt(np.maximum(half * half - (p * q - r * r) / det, 0.0))
    alone = np.where(a >= b, p / np.maximum(a, 1e-300), q / np.maximum(b, 1e-300))  # all along one direction
    return np.asarray(np.where(known, root, alone), dtype=np.float64)


def _direction(near: F64, whole: F64, root: float) -> tuple[float, float]:
    p, q, r = (near - root * whole).tolist()
    a, b = (-r, p) if abs(p) >= abs(q) else (q, -r)
    size = math.hypot(a, b)
    if size == 0:
        return (1.0, 0.0) if float(whole[0]) >= float(whole[1]) else (0.0, 1.0)
    return a / size, b / size


def _top(values: F64, at: int) -> float:
    """Return how far from `at` the top of a parabola through it and its neighbours lies (−0.5 to 0.5)."""
    if not 0 < at < len(values) - 1:
        return 0.0
    left, mid, right = values[at - 1 : at + 2].tolist()
    bend = left - 2.0 * mid + right
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, 0.5 * (left - right) / bend))


def _level(y: F64) -> F64:
    """Return `y` without its mean and its trend."""
    at, square = _line(len(y))
    y = y - np.add.reduce(y) / len(y)
    return np.asarray(y - at * (float(np.add.reduce(y * at)) / square), dtype=np.float64)


@lru_cache(maxsize=8)
def _line(size: int) -> tuple[F64, float]:
    """Return a line (size,) through 0 in its middle, and the sum of its squares."""
    at = np.arange(size) - 0.5 * (size - 1)
    return frozen(at), float((at * at).sum())


@lru_cache(maxsize=8)
def _hann(size: int) -> F64:
    return frozen(np.sin(np.pi * np.arange(1, size + 1) / (size + 1)) ** 2)


@lru_cache(maxsize=8)
def _grid(size: int, step_s: float) -> tuple[F64, np.ndarray[tuple[int, int], np.dtype[np.int64]], F64, int]:
    """Return frequencies (0 above 1.8 Hz), the first and last of each rate's band, the rates (Hz), the lowest used."""
    padded = 2 << (2 * size - 1).bit_length()
    f_hz = np.arange(padded // 2 + 1) / (padded * step_s)
    rates = QUICK_FROM_HZ * STEP ** np.arange(math.floor(math.log(QUICKEST_HZ / QUICK_FROM_HZ) / math.log(STEP)) + 1)
    edges = f_hz.searchsorted(np.stack((rates / NEAR, rates * NEAR)))
    first = int(f_hz.searchsorted(LOW_HZ))
    return frozen(np.where(f_hz < HIGH_HZ, f_hz, 0.0)), edges, frozen(rates), first
