"""Look-ahead: ahead of slow and quick breaths, quiet into holds, off where the signal is not good, the same bits."""

from math import nan, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.lookahead import MOST_S, STEP_S, LookAhead
from breathcore.model.estimates import RateEstimate, Refusal

HZ = 25.0


def answer(quality: float = 1.0, refusal: Refusal | None = None) -> RateEstimate:
    return RateEstimate(0.0, 6.0 if refusal is None else nan, nan, quality, refusal)


def told(t_s: np.ndarray, y: np.ndarray, cuts: tuple[int, ...] = ()) -> LookAhead:
    ahead = LookAhead()
    ahead.guide(answer())
    for part_t, part_y in zip(np.split(t_s, cuts), np.split(y, cuts), strict=True):
        ahead.push(part_t, part_y)
    return ahead


def held(t_s: np.ndarray, rise_s: float = 4.0, hold_s: float = 4.0) -> np.ndarray:
    """Four parts: in, held, out, held; smooth strokes from 0 to 1."""
    at = t_s % (2 * (rise_s + hold_s))
    up = np.clip(at / rise_s, 0.0, 1.0)
    down = np.clip((at - rise_s - hold_s) / rise_s, 0.0, 1.0)
    return up * up * (3 - 2 * up) - down * down * (3 - 2 * down)


@pytest.mark.parametrize("hz", [10.0, 25.0, 40.0])
@pytest.mark.parametrize("rate_bpm", [3.0, 6.0, 15.0, 30.0])
def test_a_steady_breath_is_foretold(hz: float, rate_bpm: float) -> None:
    t = np.arange(0.0, 60.0, 1 / hz)
    ahead = told(t, np.sin(2 * pi * rate_bpm / 60 * t))
    at, level = ahead.ahead()
    assert at[-1] - t[-1] == pytest.approx(MOST_S)
    np.testing.assert_allclose(level, np.sin(2 * pi * rate_bpm / 60 * at), atol=0.06)


@pytest.mark.parametrize("hold_s", [4.0, 7.0])
def test_into_a_hold_it_overshoots_by_a_tenth_at_most(hold_s: float) -> None:
    t = np.arange(0.0, 140.0, 1 / HZ)
    y = held(t, hold_s=hold_s) + 0.004 * np.random.default_rng(1).standard_normal(len(t))
    ahead = LookAhead()
    ahead.guide(answer())
    most = 0.0
    for k in range(0, len(t), 5):
        ahead.push(t[k : k + 5], y[k : k + 5])
        if t[k] > 60.0:
            level = ahead.ahead()[1]
            most = max(most, float(level.max()) - 1.0, -float(level.min()))
    assert most <= 0.10


def test_the_range_of_the_person_is_kept() -> None:
    t = np.arange(0.0, 60.0, 1 / HZ)
    y = np.sin(2 * pi * 0.25 * t)
    ahead = told(t, y)
    steep = t[-1] + np.arange(1, 11) / HZ
    ahead.push(steep, y[-1] + 4.0 * (steep - t[-1]))  # far quicker than any breath before
    assert ahead.ahead()[1].max() <= max(1.0, y[-1] + 4.0 * (steep[-1] - t[-1])) + 1e-9


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 999), max_size=12, unique=True), st.floats(-3.0, 3.0))
def test_the_cut_into_blocks_changes_no_bit(cuts: list[int], exponent: float) -> None:
    t = 3.3 + np.arange(1000) / HZ
    y = 10.0**exponent * (np.sin(1.3 * t) + 0.05 * np.random.default_rng(7).standard_normal(1000))
    whole, parts = told(t, y), told(t, y, tuple(sorted(cuts)))
    for a, b in zip(whole.ahead(), parts.ahead(), strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.floats(1e-3, 1e3), st.floats(-100.0, 100.0))
@settings(max_examples=25, deadline=None)
def test_scale_and_level_of_the_trace_do_not_matter(scale: float, level: float) -> None:
    t = np.arange(0.0, 40.0, 1 / HZ)
    y = held(t)
    plain, other = told(t, y).ahead()[1], told(t, scale * (y + level)).ahead()[1]
    np.testing.assert_allclose(other / scale - level, plain, atol=1e-6)


def test_it_reaches_less_far_the_worse_the_signal_and_nowhere_when_refused() -> None:
    t = np.arange(0.0, 40.0, 1 / HZ)
    ahead = told(t, held(t))
    reached = []
    for quality in (1.0, 0.6, 0.4, 0.2, 0.0):
        ahead.guide(answer(quality))
        reached.append(len(ahead.ahead()[0]) * STEP_S)
    assert reached == sorted(reached, reverse=True)
    assert (reached[0], reached[-1]) == (pytest.approx(MOST_S), 0.0)
    ahead.guide(answer(1.0, Refusal.NOISE))
    assert not ahead.ahead()[0].size


def test_after_a_gap_it_begins_anew() -> None:
    t = np.arange(0.0, 40.0, 1 / HZ)
    ahead = told(t, held(t))
    ahead.push(t[:50] + 100.0, held(t[:50]), gap_before=True)
    assert not ahead.ahead()[0].size


def test_nothing_is_foretold_of_a_flat_or_too_short_trace() -> None:
    t = np.arange(0.0, 40.0, 1 / HZ)
    assert not told(t, np.zeros(len(t))).ahead()[0].size
    assert not told(t[:100], held(t[:100])).ahead()[0].size
    assert not LookAhead().ahead()[0].size


def test_a_trace_turned_round_is_foretold_turned_round() -> None:
    t = np.arange(0.0, 40.0, 1 / HZ)
    plain, turned = told(t, held(t)), told(t, held(t))
    turned.turn()
    np.testing.assert_allclose(turned.ahead()[1], -plain.ahead()[1])


def test_what_cannot_be_foretold_is_left_where_it_is() -> None:
    """A random walk: the best prediction is no change, and the least squares find that by themselves."""
    rng = np.random.default_rng(3)
    t = np.arange(0.0, 120.0, 1 / HZ)
    y = np.cumsum(rng.standard_normal(len(t)))
    gained, off = [], []
    for end in range(1200, 2900, 50):
        level = told(t[:end], y[:end]).ahead()[1]
        gained.append(level[-1] - y[end - 1])
        off.append(y[end + 15] - y[end - 1])
    assert np.std(gained) < 0.5 * np.std(off)
