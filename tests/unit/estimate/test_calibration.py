"""The guided range calibration: range, direction, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.estimate.calibration import RangeCalibrator
from breathcore.model.estimates import BreathRange, EffortBlock, Polarity, Refusal

START_S, SECONDS, INHALE_S, BREATH_S = 40.0, 20.0, 4.0, 9.0
T_S = np.arange(START_S - 5, START_S + SECONDS + 3, 0.04)


def breathing(t_s: np.ndarray, *, lag_s: float = 0.3, deep: float = 2.0) -> np.ndarray:
    """A deep breath as cued, then quiet ones of 4 s, from 0 up."""
    since = t_s - START_S - lag_s
    up, down = np.clip(since / INHALE_S, 0, 1), np.clip((since - INHALE_S) / (BREATH_S - INHALE_S), 0, 1)
    cued = deep * 0.5 * (np.cos(np.pi * down) - np.cos(np.pi * up))
    quiet = np.where(since > BREATH_S, 0.5 * (1 - np.cos(2 * np.pi * (since - BREATH_S) / 4)), 0.0)
    return np.asarray(cued + quiet)


def calibrate(y: np.ndarray, t_s: np.ndarray = T_S, *, size: int = 25, usable: bool = True) -> list[object]:
    calibrator = RangeCalibrator(START_S, SECONDS, INHALE_S, BREATH_S)
    out: list[object] = []
    for i in range(0, len(t_s), size):
        out += calibrator.push(EffortBlock("acc", t_s[i : i + size], y[i : i + size], usable))
    return out


def test_the_range_is_the_5th_to_95th_percentile_of_the_window() -> None:
    y = breathing(T_S)
    [found] = calibrate(y)
    inside = (T_S >= START_S) & (T_S < START_S + SECONDS)
    assert isinstance(found, BreathRange)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(y[inside], (5, 95))))
    assert found.t_s == START_S + SECONDS


@given(st.floats(0.0, 1.3), st.floats(0.05, 0.3), st.integers(0, 2**32 - 1))
def test_an_upside_down_trace_is_turned_round_before_the_calibration_is_over(
    lag_s: float, noise: float, seed: int
) -> None:
    y = breathing(T_S, lag_s=lag_s) + noise * np.random.default_rng(seed).standard_normal(len(T_S))
    upright, turned = calibrate(y), calibrate(-y)
    assert [type(f) for f in upright] == [BreathRange]
    assert [type(f) for f in turned] == [Polarity, BreathRange]
    assert turned[0] == Polarity(START_S + SECONDS, "acc", -1)
    assert (turned[1].low, turned[1].high) == pytest.approx((upright[0].low, upright[0].high))


@given(st.integers(1, 200))
def test_blocks_do_not_matter(size: int) -> None:
    assert calibrate(breathing(T_S), size=size) == calibrate(breathing(T_S))


def test_one_deep_breath_counts_even_where_the_rate_was_refused_as_uneven() -> None:
    [found] = calibrate(breathing(T_S), usable=False)
    assert isinstance(found, BreathRange)
    assert found.refusal is None


@pytest.mark.parametrize(
    ("y", "refusal"),
    [
        (np.zeros(len(T_S)), Refusal.FLAT),
        (np.full(len(T_S), 3.7), Refusal.FLAT),
        (np.clip(breathing(T_S), 0.0, 0.4), Refusal.FLAT),
        (np.random.default_rng(1).standard_normal(len(T_S)), Refusal.NOISE),
    ],
    ids=["zero", "stuck", "saturated", "noise"],
)
def test_no_range_from_a_signal_that_is_none(y: np.ndarray, refusal: Refusal) -> None:
    [found] = calibrate(y, usable=False)
    assert isinstance(found, BreathRange)
    assert found.refusal is refusal
    assert np.isnan(found.low)


def test_no_range_where_samples_are_missing() -> None:
    keep = (T_S < START_S + 3) | (T_S > START_S + 12)
    found = [f for f in calibrate(breathing(T_S)[keep], T_S[keep]) if isinstance(f, BreathRange)]
    assert [f.refusal for f in found] == [Refusal.NO_DATA]


def test_another_source_that_takes_over_is_not_listened_to() -> None:
    calibrator = RangeCalibrator(START_S, SECONDS, INHALE_S, BREATH_S)
    first = T_S < START_S + 3.0
    calibrator.push(EffortBlock("belt", T_S[first], breathing(T_S[first]), usable=True))
    assert calibrator.push(EffortBlock("acc", T_S[~first], breathing(T_S[~first]), usable=True)) == ()
    [found] = [
        f
        for f in calibrator.push(EffortBlock("belt", T_S[-1:], breathing(T_S[-1:]), usable=True))
        if isinstance(f, BreathRange)
    ]
    assert found.refusal is Refusal.NO_DATA
