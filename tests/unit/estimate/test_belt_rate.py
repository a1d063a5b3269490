"""A belt: quick, uneven breathing is answered; noise is not."""

import numpy as np
import pytest

from breathcore.estimate.offline import analyse

HZ = 25.0


def uneven(bpm: float, seed: int) -> np.ndarray:
    """Breaths whose lengths vary by 15 % and whose depths vary by 30 %, 4 minutes."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(round(4 * bpm)):
        count = round(HZ * 60 / bpm * float(np.clip(1 + 0.15 * rng.standard_normal(), 0.6, 1.4)))
        depth = float(np.clip(1 + 0.3 * rng.standard_normal(), 0.4, 1.6))
        parts.append(depth * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count)))
    return np.concatenate(parts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bpm", [6, 15, 26])
def test_uneven_breathing_is_answered(bpm, seed):
    x = uneven(bpm, seed)
    rate = analyse({"belt": (x, HZ)}).rate_bpm[64:]
    assert np.isfinite(rate).mean() >= 0.9
    assert abs(np.nanmean(rate) - 60 * round(4 * bpm) * HZ / len(x)) < 0.07 * bpm


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0], ids=["white", "pink", "random walk"])
def test_noise_is_refused_95_percent_of_the_time(power):
    answered = []
    for seed in range(6):
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(300 * HZ)))
        spectrum[1:] /= np.arange(1, len(spectrum)) ** power
        answered.append(np.isfinite(analyse({"belt": (np.fft.irfft(spectrum), HZ)}).rate_bpm).mean())
    assert np.mean(answered) <= 0.05
