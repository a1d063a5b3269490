"""Heart beats from an ECG: when they are, which are like the others, at any rate, either way up, in any unit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.qrs import ALIKE, Beat, BeatFinder
from breathcore.source.sim.wearer import Wearer, WearerSpec

WAVES = ((-0.17, 0.022, 0.11), (-0.028, 0.009, -0.1), (0.0, 0.011, 1.0), (0.03, 0.011, -0.22), (0.25, 0.045, 0.3))
WIDE = ((0.0, 0.035, -1.1), (0.09, 0.04, 0.7), (0.3, 0.06, -0.4))


def ecg(beats_s, rate_hz, seconds, noise=0.01, shapes=None, seed=0):
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    x = noise * np.random.default_rng(seed).standard_normal(len(t))
    for k, beat in enumerate(beats_s):
        part = slice(*np.searchsorted(t, [beat - 0.5, beat + 0.6]))
        for centre, width, height in (shapes or {}).get(k, WAVES):
            x[part] += height * np.exp(-0.5 * ((t[part] - beat - centre) / width) ** 2)
    return t, x


def found(t, x, rate_hz) -> list[Beat]:
    finder = BeatFinder(rate_hz)
    return finder.push(t, x[:, None])


def beats_at(hr_bpm, seconds, cv=0.03, seed=1):
    rng = np.random.default_rng(seed)
    return np.cumsum(60.0 / hr_bpm * (1.0 + cv * rng.standard_normal(int(seconds * hr_bpm / 60))))


def nearest(beats: list[Beat], truth) -> np.ndarray:
    times = np.array([b.t_s for b in beats])
    return np.array([times[np.abs(times - s).argmin()] - s for s in truth])


def test_beats_of_the_simulator_are_within_4_ms_at_130_hz():
    wearer = Wearer(WearerSpec(seed=4))
    t = np.arange(60 * 130) / 130.0
    x = np.concatenate([wearer.ecg_uv(t[i : i + 65]) for i in range(0, len(t), 65)])
    truth = wearer.beats(8.0, 58.0)
    errors = nearest(found(t, x + 12 * np.random.default_rng(0).standard_normal(len(t)), 130.0), truth)
    assert np.abs(errors).max() < 0.004
    assert errors.std() < 0.0015


@settings(max_examples=25, deadline=None)
@given(
    rate_hz=st.sampled_from([100.0, 125.0, 128.0, 130.0, 200.0, 250.0, 256.0, 500.0, 1000.0]),
    hr_bpm=st.floats(45, 150),
    scale=st.floats(-3, 3).map(lambda p: 10.0**p),
    sign=st.sampled_from([1.0, -1.0]),
)
def test_all_beats_are_found_at_any_rate_and_unit_and_either_way_up(rate_hz, hr_bpm, scale, sign):
    truth = beats_at(hr_bpm, 40.0)
    truth = truth[(truth > 10) & (truth < 38)]
    t, x = ecg(beats_at(hr_bpm, 40.0), rate_hz, 40.0)
    beats = found(t, sign * scale * x, rate_hz)
    assert np.abs(nearest(beats, truth)).max() < 0.02
    assert len([b for b in beats if 10 < b.t_s < 38]) == pytest.approx(len(truth), abs=1)
    assert np.median([b.likeness for b in beats if b.t_s > 10]) > 0.95


def test_an_ectopic_beat_is_unlike_the_others():
    truth = beats_at(70, 60.0, cv=0.01)
    odd = (30, 37, 44)
    t, x = ecg(truth, 130.0, 60.0, shapes=dict.fromkeys(odd, WIDE))
    beats = found(t, x, 130.0)
    for k, beat_s in enumerate(truth[:60]):
        near = [b for b in beats if abs(b.t_s - beat_s) < 0.08]
        if k in odd:
            assert all(b.likeness < ALIKE for b in near)
        elif k > 10:
            assert [b.likeness >= ALIKE for b in near] == [True]


def test_beats_of_another_shape_become_the_usual_ones():
    truth = beats_at(70, 90.0, cv=0.02)
    changed = dict.fromkeys(range(45, len(truth)), WIDE)
    beats = found(*ecg(truth, 130.0, 90.0, shapes=changed), 130.0)
    late = [b.likeness >= ALIKE for b in beats if b.t_s > truth[45] + 12]
    assert len(late) > 20
    assert np.mean(late) > 0.95


@pytest.mark.parametrize("rate_hz", [100.0, 130.0, 250.0])
def test_noise_has_no_usual_beat(rate_hz):
    rng = np.random.default_rng(2)
    white = rng.standard_normal(int(120 * rate_hz))
    for x in (white, np.cumsum(white)):
        beats = found(np.arange(len(x)) / rate_hz, x, rate_hz)
        assert np.mean([b.likeness >= ALIKE for b in beats]) < 0.3


def test_a_beat_is_told_within_the_latency():
    truth = beats_at(75, 30.0)
    t, x = ecg(truth, 130.0, 30.0)
    finder = BeatFinder(130.0)
    for i in range(0, len(t), 13):
        for beat in finder.push(t[i : i + 13], x[i : i + 13, None]):
            assert t[i : i + 13][-1] - beat.t_s < finder.latency_s + 60.0 / 75 + 0.15  # the next beat settles it
