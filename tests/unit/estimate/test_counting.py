"""Which extremes are breaths: small ones go first, what is left alternates, the threshold's part is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.counting import CLOSEST_S, FEWEST, counted, merge, rate_bpm

STEP_S = 0.125


def test_small_wiggles_between_breaths_are_not_counted():
    t = np.arange(0, 60, STEP_S)
    z = np.sin(2 * np.pi * 0.2 * t) + 0.1 * np.sin(2 * np.pi * 1.0 * t)
    (at,) = counted(z, STEP_S, (0.3,), 0.0)
    assert rate_bpm(at * STEP_S) == pytest.approx(12.0, abs=0.3)


def test_a_higher_part_counts_no_more_breaths():
    z = np.cumsum(np.random.default_rng(2).standard_normal(512))
    low, middle, high = counted(z, STEP_S, (0.2, 0.3, 0.45), 0.0)
    assert len(low) >= len(middle) >= len(high) >= FEWEST - 1


@given(seed=st.integers(0, 500), part=st.floats(0.1, 0.6))
def test_what_is_left_alternates_and_is_of_a_size(seed, part):
    z = np.random.default_rng(seed).standard_normal(200)
    (at,) = counted(z, STEP_S, (part,), 0.0)
    size = np.diff(z[at])
    assert (np.sign(size[1:]) != np.sign(size[:-1])).all()
    if len(at) > FEWEST:
        assert np.abs(size).min() >= part * np.sort(np.abs(size))[len(size) // 2]
        assert np.diff(at).min() >= CLOSEST_S / STEP_S


def test_few_extremes_are_left_alone():
    at, level = [0, 1, 2, 3], [0.0, 1.0, 0.9, 2.0]
    merge(at, level, 0.5, 0.0, 3.0)
    assert at == [0, 1, 2, 3]


def test_without_two_of_a_kind_there_is_no_rate():
    assert np.isnan(rate_bpm(np.array([1.0])))
