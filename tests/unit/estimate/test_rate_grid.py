"""The filter over the grid of rates: no rate is preferred, evidence gathers, a jump is followed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.rate_grid import RATES_BPM, RateTracker, likeliest

SLOW_AND_FAST = st.floats(3.5, 40.0)


def bump(rate_bpm, width=0.05, height=1.0):
    return 0.1 + height * np.exp(-0.5 * (np.log(np.asarray(RATES_BPM) / rate_bpm) / width) ** 2)


@settings(max_examples=40, deadline=None)
@given(rate=SLOW_AND_FAST)
def test_evidence_of_any_rate_is_believed_alike(rate):
    tracker = RateTracker(0.025, 0.004, 4)
    for _ in range(10):
        belief = tracker.push(bump(rate))
    found, near = likeliest(belief)
    assert belief.sum() == pytest.approx(1.0)
    assert found == pytest.approx(rate, rel=0.04)
    assert near > 0.6


def test_without_evidence_nothing_is_believed():
    tracker = RateTracker()
    for _ in range(100):
        belief = tracker.push(np.ones(len(RATES_BPM)))
    assert belief.max() < 0.03


def test_belief_fades_when_evidence_stops():
    tracker = RateTracker(0.025, 0.004, 4)
    for _ in range(20):
        tracker.push(bump(12))
    before = likeliest(tracker.belief)[1]
    for _ in range(40):
        tracker.push(np.ones(len(RATES_BPM)))
    assert likeliest(tracker.belief)[1] < 0.6 * before


@given(old=SLOW_AND_FAST, new=SLOW_AND_FAST)
@settings(max_examples=30, deadline=None)
def test_a_jump_is_followed(old, new):
    tracker = RateTracker(0.025, 0.004, 4)
    for rate in [old] * 20 + [new] * 12:
        tracker.push(bump(rate))
    assert likeliest(tracker.belief)[0] == pytest.approx(new, rel=0.05)


def test_impossible_evidence_changes_nothing_but_time():
    tracker = RateTracker()
    tracker.push(bump(10))
    belief = tracker.push(np.zeros(len(RATES_BPM)))
    assert belief.sum() == pytest.approx(1.0)
    assert likeliest(belief)[0] == pytest.approx(10, rel=0.05)
