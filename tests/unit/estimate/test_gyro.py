"""A gyroscope on the trunk tells the breathing rate, also where the breath turns it about the vertical."""

import numpy as np
import pytest

from breathcore.estimate.offline import analyse

AXIS = np.array([0.6, 0.0, 0.8])


def turning(bpm: float, hz: float, span_deg: float = 1.0, seconds: float = 120.0) -> np.ndarray:
    t = np.arange(int(seconds * hz)) / hz
    speed = np.pi * bpm / 60 * span_deg * np.cos(2 * np.pi * bpm / 60 * t)
    noise = 0.05 * np.random.default_rng(1).standard_normal((len(t), 3))
    return speed[:, None] * AXIS + np.array([0.7, -0.4, 0.2]) + noise


@pytest.mark.parametrize("hz", [10.0, 52.0, 200.0])
@pytest.mark.parametrize("bpm", [4, 6, 15, 40])
def test_breathing_is_answered(bpm, hz):
    a = analyse({"gyro": (turning(bpm, hz), hz)})
    assert np.isfinite(a.rate_bpm[64:]).all()
    assert np.abs(a.rate_bpm[64:] - bpm).max() < 0.3
    assert a.breaths == ()


def test_gravity_is_blind_to_turns_about_the_vertical_and_the_gyroscope_is_not():
    hz = 52.0
    x = turning(12, hz)
    still = np.array([0.0, 0.0, 1.0]) + 0.002 * np.random.default_rng(2).standard_normal((len(x), 3))
    assert not np.isfinite(analyse({"chest_acc": (still, hz)}).rate_bpm).any()
    both = analyse({"chest_acc": (still, hz), "gyro": (x, hz)})
    assert np.abs(both.rate_bpm[60:] - 12).max() < 0.3


def test_quick_turns_of_the_body_are_motion():
    hz = 52.0
    x = turning(12, hz)
    x[int(60 * hz) : int(61 * hz), 1] += 60.0
    a = analyse({"gyro": (x, hz)})
    assert {str(reason) for reason in a.refusal[61:67]} == {"motion"}
    assert np.isfinite(a.rate_bpm[-1])


@pytest.mark.parametrize("kind", ["white", "walk", "table"])
def test_noise_is_refused(kind):
    hz, answered = 25.0, []
    for seed in range(3):
        white = np.random.default_rng(seed).standard_normal((int(200 * hz), 3))
        x = white.cumsum(axis=0) if kind == "walk" else white
        x *= 0.05 / x.std() if kind == "table" else 1.0 / x.std()
        answered.append(np.isfinite(analyse({"gyro": (x, hz)}).rate_bpm).mean())
    assert np.mean(answered) <= 0.05
