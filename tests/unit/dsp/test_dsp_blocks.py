from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.dsp.fir import Fir, hann_taps, triangle_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.dsp.peaks import prune, turning_points
from breathcore.dsp.ring import Ring


def pieces(n: int, cuts: list[int]) -> list[slice]:
    edges = sorted({0, n, *(c % (n + 1) for c in cuts)})
    return [slice(a, b) for a, b in pairwise(edges)]


@pytest.mark.parametrize(("taps", "factor"), [(triangle_taps(8), 8), (hann_taps(7), 1), (triangle_taps(1), 1)])
@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_a_filter_gives_the_same_bits_for_any_split(taps, factor, cuts):
    rng = np.random.default_rng(3)
    t, x = np.arange(400) / 200.0, rng.standard_normal((3, 400))
    whole = Fir(taps, factor, 3)
    parts = Fir(taps, factor, 3)
    t_whole, y_whole = whole.push(t, x)
    out = [parts.push(t[s], x[:, s]) for s in pieces(400, cuts)]
    assert np.array_equal(np.concatenate([o[0] for o in out]), t_whole)
    assert np.array_equal(np.concatenate([o[1] for o in out], axis=1), y_whole)


@pytest.mark.parametrize("rate_hz", [0.1, 0.5, 1.0])
def test_a_filters_time_stamps_leave_no_phase_error(rate_hz):
    t = np.arange(2000) / 100.0
    out_t, y = Fir(hann_taps(29), 4, 1).push(t, np.sin(2 * np.pi * rate_hz * t)[None])
    clean = np.sin(2 * np.pi * rate_hz * out_t)
    gain = float(y[0] @ clean / (clean @ clean))
    assert 0.6 < gain <= 1.0
    assert np.abs(y[0] - gain * clean).max() < 1e-9


@pytest.mark.parametrize("harmonic", [1, 2])
def test_the_triangle_lets_nothing_alias_to_zero(harmonic):
    t = np.arange(2000) / 200.0
    _, y = Fir(triangle_taps(8), 8, 1).push(t, np.sin(2 * np.pi * 25.0 * harmonic * t + 0.3)[None])
    assert np.abs(y).max() < 1e-12


@given(sizes=st.lists(st.integers(0, 23), min_size=1, max_size=30))
def test_a_ring_keeps_the_newest(sizes):
    ring, n = Ring(10, 2), sum(sizes)
    t, x = np.arange(float(n)), np.arange(2.0 * n).reshape(2, n)
    at = 0
    for size in sizes:
        ring.push(t[at : at + size], x[:, at : at + size])
        at += size
    kept_t, kept_x = ring.last()
    assert np.array_equal(kept_t, t[max(0, n - 10) :])
    assert np.array_equal(kept_x, x[:, max(0, n - 10) :])


def test_a_ring_can_forget_its_oldest():
    ring = Ring(8, 1)
    ring.push(np.arange(12.0), np.arange(12.0)[None])
    ring.drop_before(9.0)
    assert ring.last()[0].tolist() == [9.0, 10.0, 11.0]
    assert ring.last(2)[1].tolist() == [[10.0, 11.0]]


def test_a_short_hole_is_bridged_by_a_line():
    t = np.concatenate((np.arange(10), np.arange(15, 20))) / 10.0
    runs = EvenRuns(10.0, 1).push(t, t[:, None] * 2)
    joined_t = np.concatenate([r[0] for r in runs])
    assert np.allclose(joined_t, np.arange(20) / 10.0)
    assert np.allclose(np.concatenate([r[1] for r in runs], axis=1)[0], joined_t * 2)
    assert [r[2] for r in runs] == [True, False, False]


def test_a_long_hole_begins_a_new_run():
    t = np.concatenate((np.arange(10), np.arange(30, 40))) / 10.0
    runs = EvenRuns(10.0, 1).push(t, t[:, None])
    assert [(len(r[0]), r[2]) for r in runs] == [(10, True), (10, True)]


def test_a_sample_that_is_not_finite_is_a_hole():
    t, x = np.arange(20) / 10.0, np.ones((20, 3))
    x[7, 1] = np.nan
    runs = EvenRuns(10.0, 3).push(t, x)
    assert np.concatenate([r[1] for r in runs], axis=1).tolist() == np.ones((3, 20)).tolist()


def test_nothing_finite_gives_nothing():
    assert EvenRuns(10.0, 1).push(np.arange(3) / 10.0, np.full((3, 1), np.nan)) == []


@given(cuts=st.lists(st.integers(0, 100), max_size=8))
def test_runs_are_the_same_for_any_split(cuts):
    t = np.arange(100) / 10.0
    t[40:] += 0.4
    t[70:] += 3.0
    x = np.random.default_rng(1).standard_normal((100, 1))
    x[20:23] = np.nan
    whole, parts = EvenRuns(10.0, 1), EvenRuns(10.0, 1)

    def flat(runs):
        return np.concatenate([r[0] for r in runs]), [float(r[0][0]) for r in runs if r[2]]

    a, begins_a = flat(whole.push(t, x))
    b, begins_b = flat([r for s in pieces(100, cuts) for r in parts.push(t[s], x[s])])
    assert np.array_equal(a, b)
    assert begins_a == begins_b


def test_turning_points_of_a_zigzag():
    y = np.array([0.0, 1, 2, 1, 0, 1, 3, 2])
    assert turning_points(y).tolist() == [2, 4, 6]


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=60), st.floats(0.01, 5))
def test_what_is_kept_stands_out(levels, threshold):
    kept = [levels[i] for i in prune(levels, threshold)]
    steps = np.diff(kept)
    assert (np.abs(steps) >= threshold - 1e-12).all()
    assert (np.sign(steps[1:]) != np.sign(steps[:-1])).all()


def test_a_wiggle_is_pruned():
    assert prune([0.0, 5.0, 4.5, 6.0, 0.0, 6.0], 1.0) == [3, 4]
