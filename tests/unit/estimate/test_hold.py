"""Edges of a hold: fitted where the trace carries them, none told where it does not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.hold import fit_hold, held
from breathcore.estimate.onset import Onset

HZ = 25.0
IN_S, HELD_S, OUT_S = 4.0, 7.0, 8.0


def half_cosine(u):
    return np.sin(0.5 * np.pi * u) ** 2


def cubic(u):
    return u * u * (3.0 - 2.0 * u)


def trace(shape, *, noise=0.0, slope=0.0, scale=1.0, begin_s=0.0, seed=1, seen=0.45):
    """Return t_s, y and the extreme: the way up, a hold, and the part `seen` of the way down."""
    t = np.arange(round((IN_S + HELD_S + OUT_S) * HZ)) / HZ
    up, down = np.clip(t / IN_S, 0.0, 1.0), np.clip((t - IN_S - HELD_S) / OUT_S, 0.0, 1.0)
    kernel = np.hanning(9)[1:-1]
    white = np.random.default_rng(seed).standard_normal(len(t) + 20)
    rough = np.convolve(white, kernel / math.sqrt(float((kernel**2).sum())), "same")[10:-10]
    y = shape(up) - shape(down) + slope * t + noise * rough
    extreme = int(y.argmax())
    last = int((y[extreme:] < y[extreme] - seen).nonzero()[0][0]) + extreme + 1
    return begin_s + t[:last], scale * y[:last], extreme


def about(begin_s=0.0, off_s=0.4):
    return Onset(begin_s + IN_S + HELD_S + off_s, HELD_S + off_s, math.nan)


@pytest.mark.parametrize("shape", [cubic, half_cosine])
@given(st.floats(-1.0, 1.0), st.floats(-0.01, 0.01), st.floats(-3.0, 3.0), st.booleans(), st.floats(0.0, 1e5))
def test_edges_are_found_from_a_rough_guess_at_any_scale_slope_and_time(shape, off_s, slope, power, upside, begin_s):
    scale = (-1.0 if upside else 1.0) * 10.0**power
    t_s, y, extreme = trace(shape, slope=slope, scale=scale, begin_s=begin_s)
    found = held(t_s, y, extreme, about(begin_s, off_s))
    assert found.t_s == pytest.approx(begin_s + IN_S + HELD_S, abs=0.25)
    assert found.held_s == pytest.approx(HELD_S, abs=0.3)


def test_noise_of_two_hundredths_leaves_the_edges_within_half_a_second():
    for seed in range(30):
        t_s, y, extreme = trace(cubic, noise=0.02, seed=seed)
        found = held(t_s, y, extreme, about())
        assert abs(found.t_s - IN_S - HELD_S) <= 0.5
        assert abs(found.t_s - found.held_s - IN_S) <= 0.5


def test_edges_are_as_uncertain_as_is_said():
    off, said = [], []
    for seed in range(40):
        t_s, y, extreme = trace(cubic, noise=0.02, seed=seed)
        fit = fit_hold(t_s, np.abs(y - y[extreme]), extreme, IN_S, IN_S + HELD_S)
        off.append(fit.end_s - IN_S - HELD_S)
        said.append(fit.sd_s)
    assert 0.5 < np.std(off) / np.mean(said) < 2.0


def test_no_hold_is_told_in_noise_that_hides_its_edges():
    told = [held(*trace(cubic, noise=0.08, seed=seed), about()) for seed in range(20)]
    assert [h.held_s for h in told] == [0.0] * 20


def test_plateau_that_slopes_is_no_hold():
    t_s, y, extreme = trace(cubic, slope=-0.06)
    assert held(t_s, y, extreme, about()).held_s == 0.0


def test_less_than_two_seconds_is_no_hold():
    t = np.arange(round(12.0 * HZ)) / HZ
    y = cubic(np.clip(t / 4.0, 0.0, 1.0)) - cubic(np.clip((t - 5.0) / 6.0, 0.0, 1.0))
    last = int((t < 8.5).sum())
    assert held(t[:last], y[:last], int(4.5 * HZ), Onset(5.8, 2.2, math.nan)).held_s == 0.0
