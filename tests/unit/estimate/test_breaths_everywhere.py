"""Breaths of clean simulated breathing are found, each within a quarter of a second, at any rate, shape and scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.offline import analyse

HZ = 25.0
NEAR_S = 0.25

rates_bpm = st.floats(3.0, 45.0)
inhale_shares = st.floats(0.2, 0.667)  # I:E 1:4 to 2:1
scales = st.floats(-3.0, 3.0).map(lambda power: 10.0**power)


def breathing(bpm, share, cycles_n, seed=0):
    """Half cosines; return the trace and when inhales and exhales begin."""
    cycle_s = 60.0 / bpm
    t = np.arange(int(cycles_n * cycle_s * HZ)) / HZ
    phase = np.mod(t / cycle_s, 1.0)
    falling = 0.5 + 0.5 * np.cos(np.pi * (phase - share) / (1.0 - share))
    y = np.where(phase < share, 0.5 - 0.5 * np.cos(np.pi * phase / share), falling)
    y = y + 0.002 * np.random.default_rng(seed).standard_normal(len(t))
    begins = np.arange(cycles_n) * cycle_s
    return y, begins, begins + share * cycle_s


def cycles(bpm):
    return max(10, round(100.0 * bpm / 60.0))


def f1(found_s, true_s, from_s, to_s):
    found, true = np.array([e for e in found_s if np.isfinite(e)]), np.asarray(true_s)
    inside = true[(true > from_s) & (true < to_s)]
    hits = sum(np.abs(found - t).min() <= NEAR_S for t in inside) if len(found) else 0
    false = sum(np.abs(true - e).min() > NEAR_S for e in found if from_s < e < to_s)
    return 2 * hits / (hits + len(inside) + false)


def check(x, inhale_s, exhale_s, from_s=None, hz=HZ):
    breaths = analyse({"belt": (x, hz)}).breaths
    cycle_s = float(np.median(np.diff(inhale_s)))
    begin = 0.9 * cycle_s if from_s is None else from_s
    end = len(x) / hz - 1.6 * cycle_s
    assert f1([b.inhale_onset_s for b in breaths], inhale_s, begin, end) >= 0.98
    assert f1([b.exhale_onset_s for b in breaths], exhale_s, begin, end) >= 0.98


@settings(max_examples=25, deadline=None)
@given(rates_bpm, inhale_shares, scales)
def test_breaths_of_any_rate_shape_and_scale_are_found(bpm, share, scale):
    y, inhale_s, exhale_s = breathing(bpm, share, cycles(bpm))
    check(scale * y, inhale_s, exhale_s)


@settings(max_examples=10, deadline=None)
@given(st.floats(4.0, 30.0), st.floats(0.3, 0.5), st.floats(-0.02, 0.02))
def test_drift_moves_no_breath(bpm, share, per_s):
    y, inhale_s, exhale_s = breathing(bpm, share, cycles(bpm))
    check(y + per_s * np.arange(len(y)) / HZ, inhale_s, exhale_s)


@settings(max_examples=10, deadline=None)
@given(st.floats(5.0, 30.0), st.floats(0.3, 0.5), st.floats(-0.02, 0.02))
def test_clock_that_is_off_by_two_per_cent_moves_breaths_by_that_alone(bpm, share, error):
    y, inhale_s, exhale_s = breathing(bpm, share, cycles(bpm))
    check(y, inhale_s / (1 + error), exhale_s / (1 + error), hz=HZ * (1 + error))


@settings(max_examples=10, deadline=None)
@given(st.floats(8.0, 30.0), st.floats(0.3, 0.5), st.floats(2.0, 8.0), st.floats(0.0, 1.0))
def test_breaths_are_found_again_after_a_step(bpm, share, step, when):
    y, inhale_s, exhale_s = breathing(bpm, share, 2 * cycles(bpm))
    at = int((0.3 + 0.1 * when) * len(y))
    y[at:] += step
    check(y, inhale_s, exhale_s, from_s=at / HZ + 45.0)


@settings(max_examples=10, deadline=None)
@given(st.floats(8.0, 30.0), st.floats(0.3, 0.5), st.floats(2.0, 20.0), st.floats(0.0, 1.0))
def test_breaths_are_found_again_after_a_gap(bpm, share, gap_s, when):
    y, inhale_s, exhale_s = breathing(bpm, share, 2 * cycles(bpm))
    at = int((0.3 + 0.1 * when) * len(y))
    after = at + int(gap_s * HZ)
    y[at:after] = np.nan
    check(y, inhale_s, exhale_s, from_s=after / HZ + 2 * 60.0 / bpm)


@pytest.mark.parametrize("artefact", [10.0, -10.0])
def test_breaths_are_found_again_after_a_burst(artefact):
    y, inhale_s, exhale_s = breathing(12.0, 0.4, 40)
    t = np.arange(len(y)) / HZ
    y = y + artefact * np.exp(-0.5 * ((t - 60.0) / 1.0) ** 2)
    check(y, inhale_s, exhale_s, from_s=105.0)
