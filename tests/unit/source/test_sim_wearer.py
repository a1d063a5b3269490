"""The simulated wearer: breathes, follows, and what the sensor sees of it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.source.sim.wearer import Behaviour, Burst, PostureStep, Wearer, WearerSpec

IN, HOLD, OUT, REST, EFFORT = (
    DrillPhase.INHALE,
    DrillPhase.HOLD,
    DrillPhase.EXHALE,
    DrillPhase.REST,
    DrillPhase.EFFORT,
)


def timeline(start_s, cycles, pattern=((IN, 4.0), (OUT, 6.0)), scored=True):
    levels = {IN: (0.0, 1.0), HOLD: (1.0, 1.0), OUT: (1.0, 0.0), REST: (0.0, 0.0), EFFORT: (0.0, 1.0)}
    phases, t = [], start_s
    for cycle, (kind, seconds) in itertools.product(range(cycles), pattern):
        phases.append(TargetPhase(kind, t, t + seconds, *levels[kind], 0, cycle, scored))
        t += seconds
    return Timeline(tuple(phases))


def grid(from_s, to_s, rate_hz=50.0):
    return np.arange(round(from_s * rate_hz), round(to_s * rate_hz)) / rate_hz


def followed(spec, target, until_s=140.0):
    wearer = Wearer(spec, target)
    wearer.level(grid(0.0, until_s))
    return wearer, wearer.truth(until_s)


def test_free_breath_has_own_rate_and_natural_spread():
    wearer = Wearer(WearerSpec(seed=3))
    wearer.level(grid(0.0, 900.0))
    truth = wearer.truth(900.0)
    lengths = np.diff([b.inhale_onset_s for b in truth.breaths])
    assert truth.rate_bpm(0.0, 900.0) == pytest.approx(14.5, abs=0.5)
    assert 0.06 < lengths.std() / lengths.mean() < 0.14
    assert np.mean([b.amplitude_deg for b in truth.breaths]) == pytest.approx(1.5, rel=0.06)


def test_follower_turns_within_the_lag_of_the_target():
    target = timeline(20.0, 10)
    _, truth = followed(WearerSpec(seed=5), target)
    breaths = truth.breaths_in(19.9, 119.0)
    assert len(breaths) == 10
    for breath, cycle in zip(breaths, range(10), strict=True):
        assert 0.05 <= breath.inhale_onset_s - (20.0 + 10.0 * cycle) <= 0.5
        assert 0.05 <= breath.exhale_onset_s - (24.0 + 10.0 * cycle) <= 0.5
        assert breath.amplitude_deg == pytest.approx(3.0, rel=0.15)
    assert truth.rate_bpm(19.9, 119.0) == pytest.approx(6.0, abs=0.05)


def test_no_breath_is_lost_or_added_where_the_target_begins():
    _, truth = followed(WearerSpec(seed=5), timeline(20.0, 10))
    lengths = np.diff([b.inhale_onset_s for b in truth.breaths_in(0.0, 20.0)])
    assert lengths.min() > 2.0
    assert lengths.max() < 7.0


@pytest.mark.parametrize("seed", range(8))
def test_target_that_appears_in_mid_breath_makes_no_jump(seed):
    wearer = Wearer(WearerSpec(seed=seed))
    parts = [wearer.level(grid(0.0, 17.0, 200.0))]
    wearer.follow(timeline(17.0 + 0.1 * seed, 6), 17.0)
    parts.append(wearer.level(grid(17.0, 41.0, 200.0)))
    wearer.follow(None, 41.0)
    parts.append(wearer.level(grid(41.0, 60.0, 200.0)))
    speed = np.diff(np.concatenate(parts)) * 200.0
    assert np.abs(speed).max() < 3.0  # a jump of 0.02 levels would be a speed of 4
    assert np.abs(np.diff(speed)).max() < 0.15  # and the speed does not jump either


def test_what_was_seen_before_is_not_changed_by_what_comes_later():
    told, untold = Wearer(WearerSpec(seed=9)), Wearer(WearerSpec(seed=9))
    before = told.level(grid(0.0, 30.0))
    told.follow(timeline(30.5, 5), 30.0)
    told.level(grid(30.0, 60.0))
    assert np.array_equal(before, untold.level(grid(0.0, 30.0)))
    assert np.array_equal(before, told.level(grid(0.0, 30.0)))


def test_antiphase_breathes_in_where_the_target_says_out():
    _, truth = followed(WearerSpec(seed=2, behaviour=Behaviour.ANTIPHASE), timeline(20.0, 10))
    inhales = [b.inhale_onset_s for b in truth.breaths_in(24.0, 110.0)]
    assert len(inhales) >= 8
    assert all(0.0 < (t - 24.0) % 10.0 < 0.6 for t in inhales)


def test_free_breather_ignores_the_drill_but_takes_the_coached_breath():
    spec = WearerSpec(seed=2, behaviour=Behaviour.FREE)
    _, free = followed(spec, timeline(20.0, 10))
    assert free.rate_bpm(20.0, 120.0) == pytest.approx(14.5, abs=1.5)
    _, coached = followed(spec, timeline(20.0, 1, ((IN, 4.0), (OUT, 5.0)), scored=False), 40.0)
    (deep,) = [b for b in coached.breaths if b.amplitude_deg > 2.4]
    assert deep.inhale_onset_s == pytest.approx(20.25, abs=0.25)
    assert deep.exhale_onset_s == pytest.approx(24.25, abs=0.25)


def test_holds_hold_still_in_and_out():
    wearer, _ = followed(WearerSpec(seed=4), timeline(20.0, 4, ((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0))))
    for start_s in (25.0, 33.0):
        still = wearer.level(grid(start_s, start_s + 2.5))
        assert np.ptp(still) < 1e-6
    assert wearer.level(np.array([26.0]))[0] == pytest.approx(1.0, abs=0.15)
    assert wearer.level(np.array([34.0]))[0] == pytest.approx(0.0, abs=0.05)


def test_breathing_goes_on_freely_in_a_timed_brace_and_in_the_rest_between_sets():
    _, braced = followed(WearerSpec(seed=4), timeline(20.0, 6, ((EFFORT, 10.0), (REST, 5.0))))
    assert braced.rate_bpm(20.0, 110.0) == pytest.approx(14.5, abs=1.5)
    two_sets = Timeline(
        (*timeline(20.0, 3).phases, TargetPhase(REST, 50.0, 80.0, 0.0, 0.0, 0, 3, False), *timeline(80.0, 3).phases)
    )
    _, truth = followed(WearerSpec(seed=4), two_sets)
    assert truth.rate_bpm(52.0, 79.0) == pytest.approx(14.5, abs=3.0)
    assert truth.rate_bpm(80.0, 109.0) == pytest.approx(6.0, abs=0.2)


def test_compliance_and_fatigue_show():
    _, half = followed(WearerSpec(seed=6, compliance=0.5), timeline(20.0, 30), 320.0)
    kept = [b for b in half.breaths_in(20.0, 320.0) if b.amplitude_deg > 2.3]
    assert 8 <= len(kept) <= 22
    _, tired = followed(WearerSpec(seed=6, fatigue=1.0), timeline(20.0, 30), 320.0)
    depths = [b.amplitude_deg for b in tired.breaths_in(20.0, 319.0)]
    assert np.mean(depths[-5:]) < 0.75 * np.mean(depths[:5])


def test_a_hold_cut_short_is_acted_on_after_the_lag():
    wearer = Wearer(WearerSpec(seed=4), timeline(20.0, 4, ((IN, 4.0), (HOLD, 8.0), (OUT, 4.0))))
    wearer.level(grid(0.0, 27.0))
    first = timeline(27.0, 1, ((OUT, 4.0),)).phases
    wearer.follow(Timeline(first + timeline(31.0, 3).phases), 27.0)
    wearer.level(grid(27.0, 60.0))
    truth = wearer.truth(60.0)
    assert any(27.05 < b.exhale_onset_s < 27.5 for b in truth.breaths)
    assert any(31.05 < b.inhale_onset_s < 31.5 for b in truth.breaths)


def test_heart_speeds_up_with_the_inhale():
    wearer, truth = followed(WearerSpec(seed=8, rsa_bpm=12.0), timeline(20.0, 10))
    beats = truth.beats_s[(truth.beats_s > 22.0) & (truth.beats_s < 118.0)]
    rates = 60.0 / np.diff(beats)
    level = wearer.level(beats[:-1] - 0.4)
    assert np.corrcoef(level, rates)[0, 1] > 0.9
    assert 9.0 < np.ptp(rates) < 20.0
    assert truth.heart_bpm(22.0, 118.0) == pytest.approx(66.0, abs=4.0)


def test_ecg_has_an_r_peak_at_every_beat():
    wearer = Wearer(WearerSpec(seed=8))
    t_s = np.arange(0, 1300) / 130.0
    ecg = np.concatenate([wearer.ecg_uv(part) for part in np.split(t_s, 20)])
    beats = wearer.truth(9.9).beats_s
    peaks = t_s[1:-1][(ecg[1:-1] > 600.0) & (ecg[1:-1] >= ecg[:-2]) & (ecg[1:-1] > ecg[2:])]
    assert len(peaks) == len(beats)
    assert np.abs(peaks - beats).max() <= 1.0 / 130.0


@pytest.mark.parametrize("sign", [1, -1])
def test_gravity_turns_towards_the_inhale_axis(sign):
    spec = WearerSpec(seed=8, inhale_sign=sign, ballistic_mg=0.0, posture_drift_deg=0.0)
    wearer = Wearer(spec, inhale_axis=(0.0, 0.0, 1.0))
    t_s = grid(0.0, 60.0)
    acc = wearer.acc_mg(t_s)
    assert np.abs(np.linalg.norm(acc, axis=1) - 1000.0).max() < 8.0  # only the linear motion is on top of 1 g
    assert np.corrcoef(acc[:, 2], wearer.level(t_s))[0, 1] * sign > 0.99
    turned = math.degrees(math.acos(min(1.0, acc[0] @ acc[np.argmax(wearer.level(t_s))] / 1e6)))
    assert 0.5 < turned < 3.0


def test_acceleration_at_rest_follows_the_posture_and_the_bursts():
    spec = WearerSpec(
        seed=8,
        ballistic_mg=0.0,
        posture_drift_deg=0.0,
        tilt_deg_pp=0.0,
        posture_steps=(PostureStep(10.0, 8.0),),
        bursts=(Burst(20.0, 5.0, 120.0),),
    )
    acc = Wearer(spec).acc_mg(grid(0.0, 30.0))
    before, after = acc[:450].mean(axis=0), acc[550:950].mean(axis=0)
    assert math.degrees(math.acos(before @ after / 1e6)) == pytest.approx(8.0, abs=0.3)
    assert acc[1000:1250].std(axis=0).max() > 20.0
    assert acc[1300:].std(axis=0).max() < 3.0


def test_sampling_in_other_pieces_gives_the_same_values():
    t_s = grid(0.0, 60.0, 200.0)
    whole, pieces = Wearer(WearerSpec(seed=1)), Wearer(WearerSpec(seed=1))
    cut = np.concatenate([pieces.acc_mg(p) for p in np.array_split(t_s, 77)])
    assert np.allclose(whole.acc_mg(t_s), cut, atol=1e-9)


def test_a_phase_that_began_just_before_it_was_shown_is_followed():
    wearer = Wearer(WearerSpec(seed=4, reaction_lag_s=0.1, lag_jitter_s=0.0))
    wearer.level(grid(0.0, 20.3))
    wearer.follow(timeline(20.0, 4), 20.3)
    wearer.level(grid(20.3, 60.0))
    levels = wearer.level(np.array([24.0, 34.0, 44.0]))
    assert levels == pytest.approx([1.0, 1.0, 1.0], abs=0.15)


SHOWN = st.tuples(
    st.floats(0.05, 25.0),  # how long after the last one it is shown
    st.floats(-6.0, 12.0),  # its start, from when it is shown
    st.sampled_from(
        [((IN, 4.0), (OUT, 6.0)), ((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0)), ((EFFORT, 10.0),), ()]
    ),
    st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(
    shown=st.lists(SHOWN, max_size=5),
    behaviour=st.sampled_from(Behaviour),
    compliance=st.sampled_from([1.0, 0.6]),
    seed=st.integers(0, 2**16),
)
def test_whatever_is_shown_whenever_the_chest_moves_as_a_chest_can(shown, behaviour, compliance, seed):
    wearer = Wearer(WearerSpec(seed=seed, behaviour=behaviour, compliance=compliance))
    seen, t = [], 0.0
    for after_s, start_s, pattern, scored in shown:
        to = math.ceil((t + after_s) * 50.0) / 50.0
        seen.append(wearer.level(grid(t, to)))
        wearer.follow(timeline(to + start_s, 4, pattern, scored) if pattern else None, to)
        t = to
    seen.append(wearer.level(grid(t, t + 40.0)))
    level = np.concatenate(seen)
    assert np.array_equal(level, wearer.level(grid(0.0, t + 40.0)))
    assert level.min() > -0.4
    assert level.max() < 1.5
    assert np.abs(np.diff(level)).max() * 50.0 < 4.0
    truth = wearer.truth(t + 40.0)
    for breath in truth.breaths:
        assert breath.inhale_onset_s < breath.exhale_onset_s < breath.end_s
        assert breath.amplitude_deg > 0.0
    for before, after in itertools.pairwise(truth.breaths):
        assert before.end_s == after.inhale_onset_s
