"""The belly's lag behind the ribs: right where it is clear, none where it is not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.trunk.compartments import ALIKE, alike, lag
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.model.estimates import Breath


def traces(lengths_s, lag_s):
    """Return ribs and belly over breaths of these lengths, the belly later by `lag_s`."""
    edges = np.cumsum([-2 * lengths_s[0], lengths_s[0], lengths_s[0], *lengths_s, lengths_s[-1]])
    t_s = np.arange(0.0, sum(lengths_s), 1.0 / GRID_HZ)

    def level(at_s):
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.interp(at_s, edges, np.arange(len(edges))))

    return level(t_s), level(t_s - lag_s)


def breath(start_s, end_s):
    return Breath(start_s, 0.5 * (start_s + end_s), end_s, 1.0, end_s + 1.0, 1.0)


@given(st.floats(-0.4, 0.4), st.floats(2.5, 12.0))
def test_the_lag_is_within_5_degrees(share, length_s):
    found = lag(*traces([length_s] * 3, share * length_s), length_s, length_s)
    assert found.deg == pytest.approx(360.0 * share, abs=5.0)
    assert found.correlation >= ALIKE


def test_it_is_an_angle_of_the_breath_that_is_told():
    ribs, belly = traces([5.0, 5.5, 4.5], 1.0)
    assert lag(ribs, belly, 5.0, 4.5).deg == pytest.approx(80.0, abs=3.0)


def test_half_a_breath_on_may_be_half_a_breath_before_and_is_the_same_angle():
    found = lag(*traces([5.0] * 3, 2.5), 5.0, 5.0)
    assert abs(found.deg) == pytest.approx(180.0, abs=3.0)


def test_nobody_can_tell_leading_from_lagging_where_both_fit_and_differ():
    ribs, belly = traces([5.0] * 3, 2.0)
    assert math.isnan(lag(ribs, belly, 5.0, 4.0).deg)  # 180 or, as well, 90 degrees less of a shorter breath


def test_traces_that_are_not_alike_correlate_less():
    rng = np.random.default_rng(4)
    ribs, _ = traces([5.0] * 3, 0.0)
    assert not lag(ribs, np.cumsum(rng.standard_normal(len(ribs))), 5.0, 5.0).correlation >= ALIKE


def test_only_breaths_about_as_long_as_the_last_and_next_to_it_count():
    long, gap = breath(0.0, 9.0), breath(20.0, 24.0)
    a, b = breath(9.0, 14.0), breath(14.0, 18.5)
    assert alike([long, a, b]) == [a, b]
    assert alike([a, b, gap]) == [gap]
