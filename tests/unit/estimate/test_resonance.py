"""The resonance finder's sums: which paced rate moves the heart most."""

import math

import numpy as np
import pytest

from breathcore.estimate.resonance import choose, trial
from breathcore.model.estimates import Breath, Refusal
from breathcore.model.resonance import Measure, RateTrial

RATES_BPM = (7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
NAN = float("nan")


def paced(rng, rate_bpm, swing_bpm, lag_deg=0.0, *, span_s=150.0, noise_bpm=0.8, comfort=NAN, breaths=True, beats=True):
    """One rate of a sweep by a wearer whose heart swings by `swing_bpm` up and down, `lag_deg` behind the breath."""
    cycle_s = 60.0 / rate_bpm
    t, t_s, rr_s = 0.0, [], []
    while t < span_s:  # an interval is as long as the rate in its middle says
        angle = 2 * math.pi * (t + 0.44) / cycle_s - 2 * math.pi * 0.4 - math.radians(lag_deg)
        rr = 60.0 / (68.0 + swing_bpm * math.cos(angle) + rng.normal() * noise_bpm)
        t += rr
        t_s.append(t)
        rr_s.append(round(1024 * rr) / 1024)
    jitter = rng.normal(size=(int(span_s / cycle_s), 3)) * 0.1
    told = [
        Breath(k * cycle_s + a, (k + 0.4) * cycle_s + b, (k + 1) * cycle_s + c, 1.0, 0.0, 1.0)
        for k, (a, b, c) in enumerate(jitter)
    ]
    if not beats:
        t_s, rr_s = [], []
    return trial(np.array(t_s), np.array(rr_s), told if breaths else [], rate_bpm, 0.0, span_s, comfort)


def sweep(seed, best_bpm, **options):
    """A sweep by a wearer who resonates at `best_bpm`, lagging on both sides of it."""
    rng = np.random.default_rng(seed)
    off = [(rate - best_bpm) / 1.0 for rate in RATES_BPM]
    return [
        paced(rng, rate, 3.0 + 6.0 / (1 + d * d), 45.0 * math.atan(d), **options)
        for rate, d in zip(RATES_BPM, off, strict=True)
    ]


@pytest.mark.parametrize("breaths", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_the_rate_that_moves_the_heart_most_is_found_within_half_a_breath(seed, breaths):
    best = 4.5 + 2.0 * np.random.default_rng(seed).random()
    result = choose(sweep(seed, best, breaths=breaths))
    assert result.by_heart
    assert result.best_bpm == pytest.approx(best, abs=0.5)


def test_what_one_rate_did_is_measured():
    found = paced(np.random.default_rng(1), 6.0, 8.0, 30.0)
    assert found.refusal is None
    assert found.amplitude_bpm == pytest.approx(16.0, rel=0.15)
    assert found.phase_deg == pytest.approx(30.0, abs=10.0)
    assert found.smoothness > 0.85
    assert found.sdnn_ms == pytest.approx(1000 * 60 / 68**2 * 8 / math.sqrt(2), rel=0.15)
    assert found.lf_peak_ms2 == pytest.approx(found.sdnn_ms**2, rel=0.3)
    assert 0.0 < found.breath_cv < 0.05


def test_rates_that_differ_by_chance_alone_are_not_told_apart():
    told = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        told += choose([paced(rng, rate, 3.0) for rate in RATES_BPM]).refusal is None
    assert told <= 4


def test_a_heart_that_does_not_follow_the_breath_gives_no_resonance():
    rng = np.random.default_rng(2)
    result = choose([paced(rng, rate, 0.0, comfort=c) for rate, c in zip(RATES_BPM, (3, 4, 5, 9, 5, 4), strict=True)])
    assert not result.by_heart
    assert result.trials[0].refusal is Refusal.NOISE
    assert result.best_bpm == 5.5


def test_without_heart_data_comfort_and_evenness_decide_and_it_is_no_resonance():
    rng = np.random.default_rng(3)
    comfort = (3, 4, 8, 5, 4, 3)
    trials = [paced(rng, rate, 0.0, beats=False, comfort=c) for rate, c in zip(RATES_BPM, comfort, strict=True)]
    assert {t.refusal for t in trials} == {Refusal.NO_SENSOR}
    result = choose(trials)
    assert (result.by_heart, result.best_bpm) == (False, 6.0)
    assert {m for won in result.wins for m in won} <= {Measure.COMFORT, Measure.EVENNESS}


def test_ties_go_to_the_faster_rate():
    amplitudes = (4.0, 15.0, 15.0, 6.0, 5.0)
    result = choose([measured(rate, a) for rate, a in zip((7.0, 6.0, 5.5, 5.0, 4.5), amplitudes, strict=True)])
    assert result.best_bpm == 6.0
    assert result.tied_bpm == (6.0, 5.5)


def measured(rate_bpm, amplitude_bpm):
    return RateTrial(rate_bpm, 0.0, 120.0, 120, amplitude_bpm, amplitude_bpm**2, 0.7, 5.0, 4 * amplitude_bpm, 0.05,
                     breaths_n=10, amplitude_se_bpm=0.3, phase_se_deg=4.0)  # fmt: skip


def test_too_little_is_refused_with_a_reason():
    rng = np.random.default_rng(4)
    assert paced(rng, 6.0, 8.0, span_s=50.0).refusal is Refusal.TOO_SHORT
    assert choose([paced(rng, 6.0, 8.0)]).refusal is Refusal.TOO_SHORT
    assert choose([]).refusal is Refusal.TOO_SHORT
