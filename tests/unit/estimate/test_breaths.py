"""Breaths: which are told once a rate vouches for them, and when."""

import numpy as np
import pytest

from breathcore.estimate.offline import analyse

HZ = 25.0


@pytest.mark.parametrize(("bpm", "first_onset_s"), [(6, 5.0), (5, 3.0), (15, 4.0), (30, 2.0)])
def test_breaths_from_before_the_first_rate_are_told_once_it_vouches_for_them(bpm, first_onset_s):
    t = np.arange(int(120 * HZ)) / HZ
    x = -np.cos(2 * np.pi * bpm / 60 * (t - first_onset_s))
    found = np.array([b.inhale_onset_s for b in analyse({"belt": (x, HZ)}).breaths])
    wanted = np.arange(first_onset_s, 120 - 90 / bpm, 60 / bpm)
    late = [float(np.abs(found - w).min()) for w in wanted]
    assert max(late) <= 0.25  # the first one too, while the middle of the trace still settles


@pytest.mark.parametrize("bpm", [4, 6])
def test_ordinary_slow_breathing_has_no_holds(bpm):
    phase = np.mod(np.arange(int(180 * HZ)) / HZ * bpm / 60, 1.0)
    rising = phase < 0.4
    x = np.where(rising, -np.cos(np.pi * phase / 0.4), np.cos(np.pi * (phase - 0.4) / 0.6))
    breaths = analyse({"belt": (x, HZ)}).breaths
    assert len(breaths) >= bpm * 3 - 2
    assert all(b.hold_in_s == 0 and b.hold_out_s == 0 for b in breaths)


def test_no_breath_is_told_on_white_noise():
    for seed in range(2):
        x = np.random.default_rng(seed).standard_normal(int(300 * HZ))
        assert analyse({"belt": (x, HZ)}).breaths == ()
