"""The heart's rhythm beside the breath: variability, sinus arrhythmia, coherence."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.coherence import coherence
from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.intervals import normal
from breathcore.estimate.rhythm import HeartRhythm, paced_rates
from breathcore.estimate.variability import variability
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.estimates import (
    Breath,
    Coherence,
    HeartEstimate,
    HeartVariability,
    PacedRate,
    Refusal,
    SinusArrhythmia,
)

NAN = float("nan")
CYCLE_S = 10.0


def beats(swing_bpm=8.0, lag_deg=0.0, span_s=200.0, noise_bpm=0.5, hr_bpm=66.0, seed=0):
    """Beats (t_s, rr_s) of a heart that is quickest `lag_deg` after the lungs are fullest, 4 s into breaths of 10 s."""
    rng = np.random.default_rng(seed)
    t, t_s, rr_s = 0.0, [], []
    while t < span_s:
        angle = 2 * math.pi * ((t + 30.0 / hr_bpm) / CYCLE_S - 0.4) - math.radians(lag_deg)
        rr = 60.0 / (hr_bpm + swing_bpm * math.cos(angle) + noise_bpm * rng.normal())
        t += rr
        t_s.append(t)
        rr_s.append(rr)
    return np.array(t_s), np.array(rr_s)


def heart(t_s, rr_s):
    return BeatSeries("rr").push(t_s, rr_s[:, None])


def breaths(n=19):
    return [Breath(k * CYCLE_S, k * CYCLE_S + 4.0, (k + 1) * CYCLE_S, 1.0, (k + 1) * CYCLE_S, 1.0) for k in range(n)]


def told(items, rhythm=None):
    rhythm = rhythm or HeartRhythm("rr")
    return [*itertools.chain.from_iterable(map(rhythm.push, items)), *rhythm.flush()]


def of(kind, readings):
    return [r for r in readings if isinstance(r, kind)]


def in_time(*streams):
    """Items of all streams in the order of their times."""
    ends = [(getattr(e, "confirmed_s", NAN) if isinstance(e, Breath) else e.t_s, e) for s in streams for e in s]
    return [e for _, e in sorted(ends, key=lambda row: row[0])]


def test_rmssd_and_sdnn_are_those_of_the_intervals():
    rng = np.random.default_rng(1)
    rr = 0.9 + 0.03 * rng.standard_normal(140)
    found = variability(np.cumsum(rr), rr, float(rr.sum()) + 0.1, "rr")
    assert found.rmssd_ms == pytest.approx(1000 * np.sqrt(np.mean(np.diff(rr) ** 2)))
    assert found.sdnn_ms == pytest.approx(1000 * rr.std(ddof=1))
    assert found.hr_bpm == pytest.approx(60 / rr.mean())
    assert (found.quality, found.refusal) == (1.0, None)


@pytest.mark.parametrize(("rate_hz", "low"), [(0.1, True), (0.25, False)])
def test_power_lies_in_the_band_of_the_swing_and_is_its_variance(rate_hz, low):
    t_s, rr_s = [], []
    t = 0.0
    while t < 125:
        rr = 0.8 + 0.04 * math.sin(2 * math.pi * rate_hz * (t + 0.4))
        t += rr
        t_s.append(t)
        rr_s.append(rr)
    found = variability(np.array(t_s), np.array(rr_s), t + 0.01, "rr")
    inside, outside = (found.lf_ms2, found.hf_ms2) if low else (found.hf_ms2, found.lf_ms2)
    assert inside == pytest.approx(40.0**2 / 2, rel=0.25)  # straight lines between beats take some at 0.25 Hz
    assert outside < 0.05 * inside
    assert (found.lf_hf > 1) is low


def test_an_ectopic_beat_is_left_out():
    rr = np.full(100, 0.8) + 0.01 * np.random.default_rng(2).standard_normal(100)
    clean = variability(np.cumsum(rr), rr, float(rr.sum()), "rr")
    rr[50], rr[51] = 0.45, 1.15
    found = variability(np.cumsum(rr), rr, float(rr.sum()), "rr")
    assert found.rmssd_ms == pytest.approx(clean.rmssd_ms, rel=0.1)
    assert found.beats_n == 98


def test_power_is_not_told_before_its_window_allows():
    readings = of(HeartVariability, told(heart(*beats())))
    by_second = {round(r.t_s): r for r in readings}
    assert by_second[20].refusal is Refusal.TOO_SHORT
    assert math.isfinite(by_second[40].rmssd_ms)
    assert math.isnan(by_second[50].hf_ms2)
    assert math.isfinite(by_second[70].hf_ms2)
    assert math.isnan(by_second[110].lf_ms2)
    assert math.isfinite(by_second[130].lf_ms2)
    assert list(by_second) == list(range(10, 201, 10))


def test_a_heart_out_of_step_with_itself_has_no_variability():
    rng = np.random.default_rng(3)
    rr = rng.uniform(0.4, 1.6, 120)
    found = variability(np.cumsum(rr), rr, float(rr.sum()), "rr")
    assert found.refusal is Refusal.IRREGULAR
    assert math.isnan(found.sdnn_ms)
    assert found.quality < 0.8


def test_missing_beats_are_no_variability():
    t_s, rr_s = beats(span_s=120)
    seen = (t_s < 40) | (t_s > 80)
    assert variability(t_s[seen], rr_s[seen], 120.0, "rr").refusal is Refusal.NO_DATA
    assert variability(t_s[:0], rr_s[:0], 120.0, "rr").refusal is Refusal.TOO_SHORT


@pytest.mark.parametrize("lag_deg", [-120.0, -60.0, 0.0, 45.0, 90.0, 170.0])
def test_how_the_heart_follows_a_breath(lag_deg):
    found = of(SinusArrhythmia, told(in_time(heart(*beats(lag_deg=lag_deg)), breaths())))
    assert len(found) == 19
    late = found[2:]
    off = [(r.phase_deg - lag_deg + 180) % 360 - 180 for r in late]
    assert np.abs(np.mean(off)) < 8.0
    assert np.mean([r.amplitude_bpm for r in late]) == pytest.approx(16.0, rel=0.15)
    assert min(r.quality for r in late) > 0.8


def test_a_breath_without_beats_has_no_arrhythmia():
    found = of(SinusArrhythmia, told(breaths(2)))
    assert [math.isnan(r.amplitude_bpm) for r in found] == [True, True]
    assert {r.quality for r in found} == {0.0}


def test_coherence_is_high_where_the_heart_follows_the_pacer_and_low_where_it_does_not():
    paced = [PacedRate(0.0, 6.0)]
    follows = of(Coherence, told([*paced, *heart(*beats())]))
    alone = of(Coherence, told([*paced, *heart(*beats(swing_bpm=0.0, noise_bpm=3.0))]))
    assert {r.rate_bpm for r in follows} == {6.0}
    assert min(r.ratio for r in follows if r.t_s > 60) > 0.8
    assert np.mean([r.ratio for r in alone if r.t_s > 60]) < 0.2
    assert {r.refusal for r in follows if r.t_s < 55} == {Refusal.TOO_SHORT}


def test_where_nothing_paces_coherence_is_with_the_breaths_own_rate():
    found = of(Coherence, told(in_time(heart(*beats()), breaths())))
    late = [r for r in found if 65 < r.t_s < 185]
    assert {round(r.rate_bpm, 6) for r in late} == {6.0}
    assert min(r.ratio for r in late) > 0.8


def test_without_any_rate_there_is_no_coherence():
    found = of(Coherence, told(heart(*beats())))
    assert found[-1].refusal is Refusal.HEART_ONLY
    t_s, rr_s = beats(span_s=60)
    assert coherence(t_s, rr_s, 60.0, 40.0, "rr").refusal is Refusal.NOISE  # beyond half the heart rate
    assert coherence(t_s, np.full(len(t_s), 0.8), 60.0, 6.0, "rr").refusal is Refusal.FLAT


@settings(max_examples=20, deadline=None)
@given(late_s=st.floats(0.0, 20.0), paced=st.booleans())
def test_readings_are_the_same_whichever_comes_first(late_s, paced):
    start = [PacedRate(0.0, 6.0)] if paced else []
    t_s, rr_s = beats(span_s=120)
    hearts, known = heart(t_s, rr_s), breaths(11)
    early = [(b.end_s - 0.01, b) for b in known] + [(h.t_s, h) for h in hearts]
    late = [(b.end_s + late_s, b) for b in known] + [(h.t_s, h) for h in hearts]
    one = told([*start, *(e for _, e in sorted(early, key=lambda row: row[0]))])
    other = told([*start, *(e for _, e in sorted(late, key=lambda row: row[0]))])
    for kind in (HeartVariability, SinusArrhythmia, Coherence):
        assert repr(of(kind, one)) == repr(of(kind, other))


def test_beats_of_another_channel_and_rates_without_beats_are_passed_over():
    rhythm = HeartRhythm("rr")
    assert told([HeartEstimate(float(t), 60.0, 1.0, 1.0, "ecg") for t in range(60)], rhythm) == []
    assert told([HeartEstimate(float(t), 60.0, NAN, 1.0, "rr") for t in range(60)], rhythm) == []


def cycles(start_s, lengths_s):
    phases = []
    for n, length_s in enumerate(lengths_s):
        middle_s, end_s = start_s + 0.4 * length_s, start_s + length_s
        phases += [
            TargetPhase(DrillPhase.INHALE, start_s, middle_s, 0.0, 1.0, 0, n, scored=True),
            TargetPhase(DrillPhase.EXHALE, middle_s, end_s, 1.0, 0.0, 0, n, scored=True),
        ]
        start_s = end_s
    return Timeline(tuple(phases))


def test_the_pace_is_that_of_the_target_from_the_cycle_on_that_brings_it():
    found = paced_rates(cycles(10.0, [5.0, 8.0, 10.0, 10.0, 10.0]))
    assert [(p.t_s, p.rate_bpm) for p in found[:-1]] == [(10.0, 12.0), (15.0, 7.5), (23.0, 6.0)]
    assert found[-1].t_s == 53.0
    assert math.isnan(found[-1].rate_bpm)


def test_in_a_pause_nothing_paces():
    rhythm = HeartRhythm("rr")
    for pace in (*paced_rates(cycles(0.0, [10.0] * 20)), PacedRate(90.0, NAN)):
        rhythm.push(pace)
    found = of(Coherence, told(heart(*beats(span_s=150)), rhythm))
    assert {r.rate_bpm for r in found if r.t_s < 90} == {6.0}
    assert all(math.isnan(r.rate_bpm) for r in found if r.t_s >= 90)


@pytest.mark.parametrize(
    ("rr_s", "odd"),
    [
        ([0.78, 0.66, 0.6, 0.59, 0.61, 0.67, 1.08, 0.99, 0.89, 0.83, 0.78], []),  # a young heart in deep slow breathing
        ([0.66, 0.65, 0.66, 0.39, 0.92, 0.66, 0.66], [3, 4]),  # ectopic
        ([0.8, 0.81, 1.6, 0.8, 0.79, 0.8], [2]),  # missed
        ([0.8, 0.81, 0.4, 0.4, 0.79, 0.8, 0.8], [2, 3]),  # one too many
        ([0.8, 0.8, 5.0, 0.8, 0.8], [2]),  # nothing heard
    ],
)
def test_which_intervals_are_normal(rr_s, odd):
    rr = np.array(rr_s)
    assert np.flatnonzero(~normal(np.cumsum(rr), rr)).tolist() == odd
