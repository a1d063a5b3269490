"""Which intervals between beats are normal ones, and the even series that is read off them."""

from functools import lru_cache

import numpy as np

from breathcore.model.arrays import F64, frozen

SHORTEST_S, LONGEST_S = 0.27, 2.2
ALIKE = 0.2  # share by which a normal interval differs from the middle one of its neighbourhood, at most
AROUND = 2  # neighbours on each side
EVEN_HZ = 4.0
PADDED = 2048
STEP_HZ = EVEN_HZ / PADDED
_HIGHEST = 513  # lines: to 1 Hz
_HZ = frozen(STEP_HZ * np.arange(_HIGHEST))
APART = 0.25  # share of an interval that two time stamps may differ from it, and the beats still follow one another


def normal(t_s: F64, rr_s: F64) -> np.ndarray:
    """Return which of the intervals `rr_s` (n,), ending at beats `t_s` (n,), are normal: bool (n,).

    Normal is what is possible (0.27–2.2 s) and within 20 % of the median of the five around it: an ectopic beat makes a
    short and a long one, a missed beat one of twice the length, a false beat two short ones. That is the usual rule for
    normal-to-normal intervals (Task Force 1996 names 20 %), with a running median in place of the interval before,
    which may be the odd one itself. Normal too is what begins or ends a run of three whose steps are within 20 %: a
    young heart in deep slow breathing leaps from 0.6 to 1.1 s between two beats, and comes back in steps.
    """
    if not len(rr_s):
        return np.zeros(0, dtype=bool)
    possible = (rr_s >= SHORTEST_S) & (rr_s <= LONGEST_S)
    padded = np.concatenate((rr_s[:AROUND][::-1], rr_s, rr_s[-AROUND:][::-1]))
    width = 2 * AROUND + 1
    if len(padded) < width:
        return np.asarray(possible)
    five = np.empty((width, len(rr_s)))
    for k in range(width):
        five[k] = padded[k : k + len(rr_s)]
    five.sort(axis=0)
    middle = five[AROUND]
    near = np.abs(rr_s[1:] - rr_s[:-1]) <= ALIKE * np.minimum(rr_s[1:], rr_s[:-1])
    run = near[1:] & near[:-1]  # intervals k, k + 1, k + 2
    smooth = np.zeros(len(rr_s), dtype=bool)
    smooth[:-2] |= run
    smooth[2:] |= run
    return np.asarray(possible & (smooth | (np.abs(rr_s - middle) <= ALIKE * middle)))


def follow(t_s: F64, rr_s: F64, good: np.ndarray) -> np.ndarray:
    """Return for which of the intervals 1…n-1 both it and the one before are normal, and no beat lies between them."""
    joined = np.abs(t_s[1:] - t_s[:-1] - rr_s[1:]) <= APART * rr_s[1:]
    return np.asarray(good[1:] & good[:-1] & joined)


def middles(t_s: F64, rr_s: F64) -> F64:
    """Return the middle of each interval: the time for which it tells the heart rate, (n,) s."""
    return np.asarray(t_s - 0.5 * rr_s)


def even(middle_s: F64, rr_s: F64) -> F64:
    """Return the intervals (n,) as they are at 4 Hz from the first middle to the last, by straight lines."""
    even_s = np.arange(float(middle_s[0]), float(middle_s[-1]), 1.0 / EVEN_HZ)
    return np.asarray(np.interp(even_s, middle_s, rr_s))


def spectrum(y: F64) -> tuple[F64, F64]:
    """Return frequencies (m,) in Hz and the one-sided power density there of `y` (n,), 4 Hz, in y²/Hz.

    One window, its straight line taken out and a Hann taper put on, padded to 512 s, so that lines lie 1/512 Hz apart
    whatever the length; a density times that step, summed over a band, is the variance in it.
    """
    k, k2, taper, weight = _taper(len(y))
    slope = float(k @ y) / k2
    tapered = (y - float(y.sum()) / len(y) - slope * k) * taper
    found = np.fft.rfft(tapered, PADDED)[:_HIGHEST]
    return _HZ, np.asarray((found.real**2 + found.imag**2) * weight)


@lru_cache(maxsize=64)
def _taper(n: int) -> tuple[F64, float, F64, float]:
    """Return sample numbers from the middle (n,), the sum of their squares, the Hann taper, and the density of 1."""
    k = np.arange(n) - 0.5 * (n - 1)
    taper = 0.5 + 0.5 * np.cos(2.0 * np.pi * k / n)
    return frozen(k), max(float(k @ k), 1.0), frozen(taper), 2.0 / (EVEN_HZ * float(taper @ taper))
