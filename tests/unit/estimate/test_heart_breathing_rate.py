"""The breathing rate in RR intervals: right, or silent."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.beat_branch import BeatBranch
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import HeartEstimate, RateEstimate, Refusal

CHANNEL = ChannelSpec(id="rr", role=Role.RR, unit="s", axes=("rr",), rate_hz=0.0)
SPAN_S = 160


def heart(rng, breaths_bpm, *, hr_bpm=70.0, swing_bpm=4.0, noise_bpm=0.8, span_s=SPAN_S):
    """Beats (t_s, rr_s) of a heart whose rate follows the breath, as a strap counts them (1/1024 s)."""
    t, t_s, rr_s = 0.0, [], []
    while t < span_s:
        middle_s = t + 30.0 / hr_bpm
        rate = hr_bpm + swing_bpm * math.sin(2 * math.pi * breaths_bpm / 60 * middle_s) + noise_bpm * rng.normal()
        t += 60.0 / rate
        t_s.append(t)
        rr_s.append(round(1024 * 60.0 / rate) / 1024)
    return np.array(t_s), np.array(rr_s)


def noise(rng, kind, hr_bpm, sd_s, span_s=300):
    """Beats of a heart that does not know of the breath."""
    n = int(span_s * hr_bpm / 60 * 1.3)
    white = rng.normal(size=n)
    if kind == "pink":
        f = np.maximum(np.fft.rfftfreq(n), 1 / n)
        white = np.fft.irfft(np.fft.rfft(white) / np.sqrt(f), n)
    elif kind == "walk":
        white = np.cumsum(white)
    rr_s = np.clip(60.0 / hr_bpm + sd_s * white / max(white.std(), 1e-9), 0.3, 2.0)
    rr_s = np.round(1024 * rr_s) / 1024
    t_s = np.cumsum(rr_s)
    return t_s[t_s < span_s], rr_s[t_s < span_s]


def rates(t_s, rr_s, end_s=SPAN_S):
    branch = BeatBranch(CHANNEL)
    told = branch.push(t_s, rr_s[:, None]) + branch.flush(end_s)
    return [e for e in told if isinstance(e, RateEstimate)]


def bpm(told):
    return np.array([r.rate_bpm for r in told])


@settings(max_examples=25, deadline=None)
@given(
    breaths_bpm=st.floats(3.2, 45.0),
    hr_bpm=st.floats(48.0, 120.0),
    swing_bpm=st.floats(1.0, 6.0),
    seed=st.integers(0, 2**31),
)
def test_any_rate_is_right_or_refused(breaths_bpm, hr_bpm, swing_bpm, seed):
    t_s, rr_s = heart(np.random.default_rng(seed), breaths_bpm, hr_bpm=hr_bpm, swing_bpm=swing_bpm)
    told = bpm(rates(t_s, rr_s))[80:]
    wrong = np.abs(told - breaths_bpm) > max(1.0, 0.06 * breaths_bpm)
    assert np.mean(wrong) <= 0.25


@pytest.mark.parametrize("breaths_bpm", [4.0, 6.0, 10.0, 15.0, 20.0, 25.0])
def test_a_heart_that_follows_the_breath_tells_its_rate(breaths_bpm):
    told = rates(*heart(np.random.default_rng(1), breaths_bpm, hr_bpm=75.0, swing_bpm=5.0))
    found = bpm(told)[80:]
    assert np.isfinite(found).mean() > 0.9
    assert np.nanmedian(found) == pytest.approx(breaths_bpm, rel=0.03)
    assert told[-1].sources == ("rr",)


def test_a_quick_heart_tells_quick_breathing():
    found = bpm(rates(*heart(np.random.default_rng(2), 40.0, hr_bpm=120.0, swing_bpm=4.0)))[60:]
    assert np.nanmedian(found) == pytest.approx(40.0, abs=1.0)


@pytest.mark.parametrize("hr_bpm", [50.0, 60.0, 66.0])
@pytest.mark.parametrize("breaths_bpm", [34.0, 38.0, 42.0])
def test_breathing_beyond_half_the_heart_rate_is_not_told_as_slower(hr_bpm, breaths_bpm):
    found = bpm(rates(*heart(np.random.default_rng(3), breaths_bpm, hr_bpm=hr_bpm, swing_bpm=3.0)))
    assert np.isfinite(found).mean() < 0.1


@pytest.mark.parametrize("kind", ["white", "pink", "walk"])
def test_a_heart_that_varies_by_chance_is_refused(kind):
    rng = np.random.default_rng(4)
    answered = []
    for _ in range(6):
        t_s, rr_s = noise(rng, kind, rng.uniform(45, 110), math.exp(rng.uniform(math.log(0.005), math.log(0.08))))
        answered.append(np.isfinite(bpm(rates(t_s, rr_s, 300))).mean())
    assert np.mean(answered) <= 0.05


@pytest.mark.parametrize("hr_bpm", [50.0, 61.3, 88.8])
def test_a_heart_like_clockwork_is_refused(hr_bpm):
    beats = np.round(1024 * 60.0 / hr_bpm * np.arange(1, 300)) / 1024  # counted in 1/1024 s: not quite even
    told = rates(beats[1:], np.diff(beats))
    assert not np.isfinite(bpm(told)).any()


def test_ectopic_and_missed_beats_are_left_out():
    rng = np.random.default_rng(5)
    t_s, rr_s = heart(rng, 14.0, hr_bpm=72.0)
    beats = np.concatenate(([t_s[0] - rr_s[0]], t_s))
    beats[30::40] -= 0.3  # early by 0.3 s
    beats = np.delete(beats, np.arange(50, len(beats), 60))  # not seen
    found = bpm(rates(beats[1:], np.diff(beats)))[70:]
    assert np.isfinite(found).mean() > 0.7
    assert np.nanmax(np.abs(found - 14.0)) < 1.5


def test_when_the_beats_stop_there_is_no_data():
    t_s, rr_s = heart(np.random.default_rng(6), 12.0)
    told = rates(t_s[t_s < 100], rr_s[t_s < 100])
    assert {r.refusal for r in told[112:]} == {Refusal.NO_DATA}


def test_any_cut_tells_the_same():
    rng = np.random.default_rng(7)
    t_s, rr_s = heart(rng, 9.0)
    whole = BeatBranch(CHANNEL)
    expected = whole.push(t_s, rr_s[:, None]) + whole.flush(SPAN_S)
    parts = BeatBranch(CHANNEL)
    edges = [0, *sorted(rng.choice(len(t_s), 20, replace=False).tolist()), len(t_s)]
    found = []
    for a, b in pairwise(edges):
        found += parts.push(t_s[a:b], rr_s[a:b, None])
    found += parts.flush(SPAN_S)
    assert repr(found) == repr(expected)
    assert any(isinstance(e, HeartEstimate) for e in found)
