"""How far to believe a trace: is it alive, does the body keep still, does it repeat itself as breathing does."""

import math

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.estimate.band import Spectrum
from breathcore.estimate.effort import Look
from breathcore.estimate.turns import Turns
from breathcore.model.arrays import F64

STUCK_S = 5.0
MOVE_G = 0.025
BEYOND = 1.75  # times the span of the middle 80 %


def stuck(look: Look) -> bool:
    """Whether the sensor has said the same for 5 s (to a billionth of its value, or of a unit)."""
    recent = look.fast[:, -max(2, round(STUCK_S * look.fast_hz)) :]
    high, low = recent.max(axis=1), recent.min(axis=1)
    largest = max(1.0, float(high.max()), -float(low.min()))
    return bool((high - low <= 1e-9 * largest).all())


def saturated(look: Look) -> bool:
    """Whether a belt spends more than 80 % of 16 s exactly at its highest or lowest value, with others in between."""
    if len(look.fast) > 1:
        return False
    x = look.fast[0]
    ends = np.count_nonzero(x == x.max()) + np.count_nonzero(x == x.min())
    return bool(ends > 0.8 * len(x) and len(x) > STUCK_S * look.fast_hz)


def limited(y: F64, beyond: float = BEYOND) -> F64:
    """Return the trace with what goes `beyond` so many times the usual cut off: a spike says nothing of the rest."""
    ordered = np.sort(y)
    edge = len(y) // 10
    low, high = float(ordered[edge]), float(ordered[-1 - edge])
    reach = 0.5 * (beyond - 1.0) * (high - low)
    return np.minimum(np.maximum(y, low - reach), high + reach)


def calm(look: Look) -> float:
    """Return how much to believe while the body moves: (0.025 g / SD of the norm)², at most 1."""
    if len(look.fast) < 3:
        return 1.0
    recent = look.fast[:, -round(8.0 * look.fast_hz) :]
    norm = np.sqrt((recent * recent).sum(axis=0))
    mean, sd = moments(norm)
    spread = sd / mean
    return min(1.0, (MOVE_G / max(spread, 1e-9)) ** 2)


def regularity(look: Look, spectrum: Spectrum, turns: Turns, rate: float, window_s: float) -> float:
    """Return 0–1: the mean of how well breaths repeat, how even they are in length, and their share of the power.

    Less where much of the power lies above the breath (shaking, footsteps, noise).
    """
    periods = turns.half_s[2:] - turns.half_s[:-2]
    mean, sd = moments(periods)
    spread = sd / mean
    again = _repeats(turns.z[-round(window_s / look.step_s) :], 60.0 / rate / look.step_s)
    share, above = _shares(spectrum, rate / 60.0)
    parts = (
        (again - 0.1) / 0.6,
        (0.45 - spread) / 0.35,
        (share - 0.2) / 0.4,
    )
    return sum(_unit(p) for p in parts) / len(parts) * _unit(1.3 - 5.0 * above)


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _repeats(z: F64, period_n: float) -> float:
    """Return the correlation of `z` with itself a breath earlier, the best of 7 lags within 15 %."""
    size, best = len(z), 0.0
    power = (z * z).cumsum()
    whole = float(power[-1])
    lags = {round(period_n * (0.85 + 0.05 * k)) for k in range(7)}
    for lag in lags:
        if not 0 < lag <= 0.75 * size:
            continue
        both = power.item(size - lag - 1) * (whole - power.item(lag - 1))
        if both > 0:
            best = max(best, float(z[lag:].dot(z[: size - lag])) / math.sqrt(both))
    return best


def _shares(spectrum: Spectrum, breath_hz: float) -> tuple[float, float]:
    """Return the shares of the power above 0.03 Hz: at 0.6–1.5 times the breath's frequency, and far above it."""
    power = spectrum.power
    edges = (0.03, 0.6 * breath_hz, 1.5 * breath_hz, max(1.2, 2.2 * breath_hz))
    least, first, last, above = spectrum.f_hz.searchsorted(edges).tolist()
    whole = float(power[least:].sum())
    if whole <= 0:
        return 0.0, 1.0
    return float(power[first:last].sum()) / whole, float(power[above:].sum()) / whole


def noise_sd(y: F64) -> float:
    """Return the SD of what changes from sample to sample of a trace at 8 Hz (white noise would make it so)."""
    if len(y) < 8:
        return 0.0
    bend = np.abs(y[2:] - 2.0 * y[1:-1] + y[:-2])
    return 1.48 * middle_value(bend) / math.sqrt(6.0)


def middle_value(values: F64) -> float:
    """Return the median (the upper of two middle ones)."""
    ordered = np.sort(values)
    return float(ordered[len(ordered) // 2])


def usual_span(look: Look | None) -> float:
    """Return how far the trace went, up and down, in the last 24 s without its extreme tenths (0: not known)."""
    if look is None:
        return 0.0
    recent = np.sort(look.y[-round(24.0 / look.step_s) :])
    edge = len(recent) // 10
    return float(recent[-1 - edge] - recent[edge])
