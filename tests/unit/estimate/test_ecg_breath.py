"""Breathing from an ECG: right or silent, at any sampling rate, either way up, in any unit."""

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore import analyse
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.estimates import Refusal
from breathcore.source.sim.wearer import Wearer, WearerSpec

RECORDINGS = Path(os.environ.get("BREATHCORE_RECORDINGS", Path(__file__).parents[4] / "shared" / "data"))
WAVES = ((-0.17, 0.022, 0.11), (-0.028, 0.009, -0.1), (0.0, 0.011, 1.0), (0.03, 0.011, -0.22), (0.25, 0.045, 0.3))


def paced(rate_bpm, seconds):
    cycle_s, phases, start = 60.0 / rate_bpm, [], 5.0
    while start < seconds:
        middle, cycle = start + 0.4 * cycle_s, len(phases) // 2
        phases.append(TargetPhase(DrillPhase.INHALE, start, middle, 0.0, 1.0, 0, cycle, True))
        phases.append(TargetPhase(DrillPhase.EXHALE, middle, start + cycle_s, 1.0, 0.0, 0, cycle, True))
        start += cycle_s
    return Timeline(tuple(phases))


@cache
def strap(rate_bpm, hr_bpm=64.0, rsa_bpm=6.0, seconds=120, seed=3):
    wearer = Wearer(WearerSpec(seed=seed, hr_bpm=hr_bpm, rsa_bpm=rsa_bpm), paced(rate_bpm, seconds))
    t = np.arange(seconds * 130) / 130.0
    x = np.concatenate([wearer.ecg_uv(t[i : i + 65]) for i in range(0, len(t), 65)])
    return x + 12 * np.random.default_rng(seed).standard_normal(len(t))


def breathing(rate_bpm, rate_hz, seconds=80, hr_bpm=72.0, sway=0.06, noise=0.01, until_s=np.inf, seed=0):
    """An ECG whose height and baseline sway with the breath until `until_s`."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    level = np.where(t < until_s, np.sin(2 * np.pi * rate_bpm / 60.0 * t), 0.0)
    x = noise * rng.standard_normal(len(t)) + sway * level
    beats = np.cumsum(60.0 / hr_bpm * (1.0 + 0.03 * rng.standard_normal(int(seconds * hr_bpm / 60) - 2)))
    for beat in beats:
        part = slice(*np.searchsorted(t, [beat - 0.4, beat + 0.5]))
        height = 1.0 + sway * level[min(int(beat * rate_hz), len(t) - 1)]
        x[part] += height * sum(h * np.exp(-0.5 * ((t[part] - beat - c) / w) ** 2) for c, w, h in WAVES)
    return x


@pytest.mark.parametrize("rate_bpm", [4, 5, 6, 8, 10, 15, 20, 25])
def test_a_paced_strap_is_right_after_a_minute(rate_bpm):
    a = analyse({"ecg": (strap(rate_bpm), 130.0)})
    late = a.rate_bpm[60:]
    assert np.isfinite(late).all()
    assert np.abs(late - rate_bpm).max() < 0.5
    assert min(a.quality[60:]) > 0.7


@pytest.mark.parametrize("rate_bpm", [4, 6, 10, 20])
def test_a_paced_strap_is_never_far_off_before(rate_bpm):
    a = analyse({"ecg": (strap(rate_bpm), 130.0)})
    early = a.rate_bpm[:60]
    assert np.nanmax(np.abs(early - rate_bpm)) < 2.5
    assert np.isnan(early[:12]).all()


@pytest.mark.parametrize(("rate_bpm", "hr_bpm"), [(30, 64), (36, 64), (40, 64), (30, 50), (36, 50), (40, 50)])
def test_a_breath_too_fast_for_the_heart_is_not_folded_down(rate_bpm, hr_bpm):
    rates = analyse({"ecg": (strap(rate_bpm, hr_bpm), 130.0)}).rate_bpm[40:]
    answered = rates[np.isfinite(rates)]
    assert len(answered) < 5 or np.abs(answered - rate_bpm).max() < 1.0


def test_a_fast_breath_is_read_off_a_fast_heart():
    rates = analyse({"ecg": (strap(34, 100.0), 130.0)}).rate_bpm[50:]
    assert np.isfinite(rates).mean() > 0.9
    assert np.nanmax(np.abs(rates - 34)) < 1.0


@settings(max_examples=15, deadline=None)
@given(
    rate_hz=st.sampled_from([100.0, 125.0, 128.0, 130.0, 200.0, 250.0, 256.0, 500.0, 1000.0]),
    rate_bpm=st.floats(5.0, 24.0),
    scale=st.floats(-3, 3).map(lambda p: 10.0**p),
    sign=st.sampled_from([1.0, -1.0]),
)
def test_any_sampling_rate_unit_and_polarity(rate_hz, rate_bpm, scale, sign):
    x = breathing(rate_bpm, rate_hz)
    rates = analyse({"ecg": (sign * scale * x, rate_hz)}).rate_bpm[60:]
    assert np.isfinite(rates).mean() > 0.9
    assert np.nanmax(np.abs(rates - rate_bpm)) < 0.6


def test_below_100_hz_nothing_is_read():
    a = analyse({"ecg": (breathing(12, 90.0), 90.0)})
    assert np.isnan(a.rate_bpm).all()
    assert set(a.refusal) == {Refusal.NO_SENSOR}


@pytest.mark.parametrize("rate_hz", [100.0, 130.0, 256.0])
@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0], ids=["white", "pink", "walk"])
def test_noise_is_refused_as_such(rate_hz, colour):
    for seed in range(2):
        n = int(330 * rate_hz)
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
        x = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** colour, n)
        a = analyse({"ecg": (x, rate_hz)})
        assert np.isnan(a.rate_bpm[32:]).all()
        assert a.refusal[-1] is Refusal.NOISE
        assert np.isfinite(a.heart_bpm).mean() < 0.02


def test_beats_that_no_breath_sways_are_seldom_answered():
    answered = [
        np.isfinite(analyse({"ecg": (breathing(12, 130.0, 180, sway=0.0, seed=s), 130.0)}).rate_bpm) for s in range(6)
    ]
    assert np.mean(answered) < 0.15


def test_steady_beats_with_nothing_but_jitter_and_noise_are_hardly_answered():
    """The slower the heart, the more of so few beats' sway one rate explains by chance."""
    told = [
        np.isfinite(analyse({"ecg": (breathing(12, 130.0, 300, hr, 0.0, seed=seed), 130.0)}).rate_bpm).mean()
        for seed, hr in enumerate((52, 58, 64, 70, 76, 82, 55, 61, 67, 73, 79, 90))
    ]
    assert np.mean(told) <= 0.05


def test_when_the_breath_stops_so_does_the_answer():
    answered = []
    for seed in range(4):
        x = breathing(12, 130.0, 160, until_s=100.0, seed=seed)
        rates = analyse({"ecg": (x, 130.0)}).rate_bpm
        assert np.isfinite(rates[60:100]).all()
        answered.append(np.isfinite(rates[120:]))
    assert np.mean(answered) < 0.15


def test_ectopic_beats_do_not_disturb():
    x = breathing(14, 130.0, 120)
    t = np.arange(len(x)) / 130.0
    for beat in np.arange(20.35, 118, 7.3):
        x += 1.5 * np.exp(-0.5 * ((t - beat) / 0.04) ** 2)
    rates = analyse({"ecg": (x, 130.0)}).rate_bpm[60:]
    assert np.isfinite(rates).mean() > 0.9
    assert np.nanmax(np.abs(rates - 14)) < 1.0


def test_a_hole_has_no_data_and_heals():
    x = breathing(12, 130.0, 160)
    x[80 * 130 : 95 * 130] = np.nan
    a = analyse({"ecg": (x, 130.0)})
    assert a.refusal[90] is Refusal.NO_DATA
    assert np.isfinite(a.rate_bpm[135:]).all()
    assert np.nanmax(np.abs(a.rate_bpm[60:] - 12)) < 1.0


def _recorded(name, channel):
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no {path.name} in {RECORDINGS} (BREATHCORE_RECORDINGS)")
    meta, arrays = json.loads(path.read_text()), np.load(path.with_suffix(".npz"))
    spec = meta["signals"][channel]
    return arrays[channel] * spec["scale"] + spec["offset"], float(spec["fs_hz"]), arrays


@pytest.mark.parametrize("name", ["bidmc_01", "bidmc_12", "bidmc_32"])
def test_a_patient_is_read_as_the_annotators_do(name):
    x, rate_hz, arrays = _recorded(name, "ecg_II_au")
    rates = analyse({"ecg": (x, rate_hz)}).rate_bpm
    errors = []
    for end in range(40, 480, 4):
        marks = [arrays[f"breaths_ann{k}_s"] for k in (1, 2)]
        inside = [m[(m >= end - 32) & (m < end)] for m in marks]
        errors.append(rates[end] - np.mean([60 * (len(m) - 1) / (m[-1] - m[0]) for m in inside]))
    assert np.isfinite(errors).mean() > 0.85
    assert np.nanmean(np.abs(errors)) < 0.8


def test_dry_electrodes_are_refused():
    x, rate_hz, _ = _recorded("har-hexoskin_004", "ecg_mV")
    assert np.isfinite(analyse({"ecg": (x, rate_hz)}).rate_bpm).mean() < 0.05
