"""Repetitions: learned in two, counted on the way back; nothing else counts."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import ACC, FORWARD, RIGHT, Body, follow, task

from breathcore.estimate.trunk.movement import MovementFollower
from breathcore.model.device import Place
from breathcore.model.estimates import PhaseKind, RateEstimate, Refusal, Turn
from breathcore.model.trunk import MovementLearned, MovementTask, Rep, RepLevel, Side, Steadiness, Unmeasured

RECORDINGS = Path(os.environ.get("BREATHCORE_RECORDINGS", Path(__file__).parents[5] / "shared" / "data"))


def reps(told):
    return [r for r in told if isinstance(r, Rep)]


def learned(told):
    return [x for x in told if isinstance(x, MovementLearned)]


@settings(max_examples=12, deadline=None)
@given(
    n=st.integers(1, 12),
    way_s=st.floats(0.8, 2.8),
    deg=st.floats(20.0, 65.0),
    gyro=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_all_are_counted_at_two_to_six_seconds_each(n, way_s, deg, gyro, seed):
    body = Body(12.0 + (n + 2) * (2.2 * way_s + 0.7) + 3.0, seed)
    body.sways(0.7).breathes(2.0).does(n + 2, deg, way_s=way_s)
    told = reps(follow(body, [task()], gyro=gyro))
    assert len(told) == n + 2
    assert [r.guided for r in told] == [True, True] + [False] * n


def test_times_and_range_are_those_of_the_movement():
    body = Body(50.0).sways(0.5).does(7, 45.0, way_s=2.0, keep_s=0.6)
    told = reps(follow(body, [task()]))
    found = np.array([(r.start_s, r.top_s, r.return_s, r.end_s, r.range_deg) for r in told])
    off = np.abs(found - np.array(body.reps)[:, :5])
    assert off[:, :4].max() < 0.3
    assert off[:, 4].max() < 2.0


def test_the_axis_learned_is_that_of_the_movement():
    told = learned(follow(Body(30.0).does(3, 40.0), [task()]))
    assert len(told) == 1
    assert told[0].reason is None
    assert told[0].range_deg == pytest.approx(40.0, abs=4.0)
    assert math.hypot(*told[0].axis) == pytest.approx(1.0)


def test_what_strays_from_the_axis_shows():
    straight = reps(follow(Body(40.0).does(5, 40.0, spread=0.0), [task()]))
    crooked_body = Body(40.0).does(5, 40.0, spread=0.0)
    crooked_body.lean_deg[:, 0] += np.where(crooked_body.t_s > 16.0, 0.25 * crooked_body.lean_deg[:, 1], 0.0)
    crooked = reps(follow(crooked_body, [task()]))
    assert max(r.off_axis_deg for r in straight) < 3.0
    assert crooked[-1].off_axis_deg > 6.0


def test_shifting_about_off_the_way_of_a_small_movement_is_no_repetition():
    body = Body(60.0).does(5, 20.0, spread=0.0)
    body.lean_deg[:, 0] += np.where(body.t_s > 16.0, 0.3 * body.lean_deg[:, 1], 0.0)
    straight = reps(follow(Body(60.0).does(5, 20.0, spread=0.0), [task()]))
    assert len(straight) == 5
    assert len(reps(follow(body, [task()]))) == sum(r.top_s < 16.0 for r in straight)


def test_who_strayed_in_the_guided_repetitions_may_do_so_again():
    body = Body(60.0).does(5, 20.0, spread=0.0)
    body.lean_deg[:, 0] += 8.0 * np.sin(np.pi * body.lean_deg[:, 1] / 20.0)  # an arc there and back
    told = reps(follow(body, [task()]))
    assert len(told) == 5
    assert min(r.off_axis_deg for r in told) > 0.3 * 20.0


def test_half_a_repetition_is_none():
    body = Body(60.0).does(4, 40.0, spread=0.0).does(3, 16.0, start_s=28.0, spread=0.0).does(2, 40.0, start_s=44.0)
    assert len(reps(follow(body, [task()]))) == 6


def test_another_movement_is_none_of_these():
    body = Body(60.0).does(4, 40.0).does(3, 40.0, start_s=26.0, axis=RIGHT)
    assert len(reps(follow(body, [task()]))) == 4


def test_sway_and_deep_breaths_are_no_repetitions():
    body = Body(120.0).sways(1.0).breathes(3.0, 6.0)
    assert not reps(follow(body, [task()]))
    after = Body(150.0).sways(1.0).breathes(3.0, 6.0).does(2, 20.0)
    assert len(reps(follow(after, [task()]))) == 2


def test_who_stays_bent_has_changed_posture_and_is_counted_again_from_there():
    body = Body(120.0).does(3, 40.0).goes(22.0, 30.0 * FORWARD).does(3, 40.0, start_s=70.0)
    assert len(reps(follow(body, [task()]))) == 6


def test_two_that_differ_teach_nothing():
    body = Body(40.0).does(1, 60.0).does(1, 20.0, start_s=14.0).does(2, 40.0, start_s=22.0)
    told = follow(body, [task()])
    assert learned(told)[0].reason is Unmeasured.UNLIKE
    assert learned(told)[-1].reason is None
    assert len(reps(told)) == 2


def test_what_is_no_larger_than_fidgeting_is_not_learned_and_the_reason_is_told():
    told = follow(Body(60.0).sways(0.4).does(6, 7.2, spread=0.0), [task("bridge")])
    assert not reps(told)
    assert {x.reason for x in learned(told)} == {Unmeasured.SLIGHT}


def test_two_far_apart_in_time_or_of_other_lengths_teach_nothing():
    apart = Body(60.0).does(1, 30.0).does(1, 30.0, start_s=40.0)
    assert not reps(follow(apart, [task()]))
    slow = Body(60.0).does(1, 30.0, way_s=0.8).does(1, 30.0, start_s=14.0, way_s=3.0)
    told = follow(slow, [task()])
    assert not reps(told)
    assert learned(told)[-1].reason is Unmeasured.UNLIKE


def test_of_the_same_way_but_too_small_to_learn_from_they_count_once_it_is_learned():
    body = Body(60.0).does(1, 7.6, spread=0.0).does(1, 9.5, start_s=10.0, spread=0.0).does(3, 9.0, start_s=14.0)
    told = reps(follow(body, [task("bridge")]))
    assert len(told) == 5
    assert [r.start_s for r in told] == sorted(r.start_s for r in told)


def test_so_quick_that_an_accelerometer_alone_is_misled_it_is_not_learned():
    body = Body(40.0).does(8, 50.0, way_s=0.45, keep_s=0.6, pause_s=0.6, spread=0.0)
    told = follow(body, [task()], gyro=False)
    assert not reps(told)
    assert learned(told)[-1].reason is Unmeasured.QUICK
    assert len(reps(follow(body, [task()]))) == 8


def test_a_known_movement_needs_no_guided_ones_in_the_next_set():
    body = Body(70.0).does(4, 40.0).does(3, 40.0, start_s=40.0)
    told = reps(follow(body, [task(), task("", 30.0), task(t_s=36.0, guided_n=0)]))
    assert len(told) == 7
    assert not any(r.guided for r in told[4:])


def test_a_side_is_kept_with_its_repetitions():
    told = reps(follow(Body(30.0).does(3), [task(side=Side.LEFT)]))
    assert {r.side for r in told} == {Side.LEFT}


def test_a_turn_about_the_upright_needs_the_gyroscope():
    twist = Body(60.0).does(6, 30.0, start_s=16.0, axis=np.array((0.0, 0.0, 1.0)))
    assert len(reps(follow(twist, [task()]))) == 6
    twist = Body(60.0).does(6, 30.0, axis=np.array((0.0, 0.0, 1.0)))
    assert not reps(follow(twist, [task()], gyro=False))


def test_standing_up_leans_twice():
    body = Body(60.0)
    starts = [6.0 + 6.0 * k for k in range(7)]
    for at in starts:
        body.does(1, 35.0, start_s=at, way_s=0.8, keep_s=0.0, spread=0.0)
        body.does(1, 35.0, start_s=at + 2.8, way_s=1.0, keep_s=0.0, spread=0.0)
    told = reps(follow(body, [task("sit_to_stand")]))
    assert len(told) == 7
    assert told[3].start_s == pytest.approx(starts[3], abs=0.2)
    assert told[3].return_s == pytest.approx(starts[3] + 2.8, abs=0.3)


def test_standing_up_is_not_counted_without_a_gyroscope():
    told = follow(Body(40.0).does(6, 35.0, way_s=0.8), [task("sit_to_stand")], gyro=False)
    assert [x.reason for x in learned(told)] == [Unmeasured.NO_SENSOR]
    assert not reps(told)


def test_the_level_is_told_four_to_ten_times_a_second_and_follows():
    body = Body(40.0).does(5, 40.0)
    levels = [x for x in follow(body, [task()]) if isinstance(x, RepLevel)]
    gaps = np.diff([x.t_s for x in levels])
    assert 0.1 <= np.median(gaps) <= 0.25
    at = np.interp([x.t_s for x in levels], body.t_s, body.lean_deg[:, 1])
    assert np.abs(at - [x.angle_deg for x in levels]).max() < 3.0


def test_breathing_out_on_the_way_is_told():
    body = Body(40.0).does(5, 40.0, way_s=2.0, spread=0.0)
    turns = [Turn(PhaseKind.INHALE, 1.0, 0.0, 1.5)]
    for start, top, *_ in body.reps:
        turns += [Turn(PhaseKind.EXHALE, start, 1.0, start + 0.4), Turn(PhaseKind.INHALE, top, 0.0, top + 0.4)]
    for rep in reps(follow(body, [task()], heard=turns)):
        assert rep.exhaled > 0.85
        assert rep.exhaled_back < 0.15


def test_a_breath_that_is_not_known_is_not_guessed():
    body = Body(40.0).does(4, 40.0)
    assert all(math.isnan(r.exhaled) for r in reps(follow(body, [task()])))
    turns = [Turn(PhaseKind.EXHALE, float(t), 0.0, t + 0.4) for t in range(1, 40, 4)]
    refused = [RateEstimate(float(t), math.nan, math.nan, 0.0, Refusal.MOTION) for t in range(40)]
    assert all(math.isnan(r.exhaled) for r in reps(follow(body, [task()], heard=[*turns, *refused])))


def test_how_still_it_is_kept_is_told_of_repetitions_that_are_kept():
    body = Body(60.0).does(5, 30.0, keep_s=3.0, way_s=1.5)
    kept = [x for x in follow(body, [task("bridge")]) if isinstance(x, Steadiness)]
    assert len(kept) == 5
    assert all(k.tilt_deg < 1.0 for k in kept)


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(1, 25), min_size=1, max_size=8))
def test_however_the_samples_come_the_same_is_told(cuts):
    whole = follow(Body(30.0).sways(0.5).does(4), [task()])
    again = follow(Body(30.0).sways(0.5).does(4), [task()], cuts=cuts)
    assert [repr(x) for x in whole] == [repr(x) for x in again]


def test_a_gap_in_the_samples_ends_what_was_going_on_and_the_next_ones_count():
    body = Body(60.0).does(4, 40.0).does(3, 40.0, start_s=40.0)
    acc, _ = body.read()
    follower = MovementFollower(Place.STERNUM, ACC)
    follower.task(task())
    kept = (body.t_s < 20.0) | (body.t_s > 30.0)
    told = follower.push(ACC.id, body.t_s[kept], acc[kept]) + follower.flush()
    assert 6 <= len(reps(told)) <= 7


def still_stretches(path: Path):
    """Stretches of 30 s and more in which the recording says that the person was still, and nothing turned by 8°."""
    meta = json.loads(path.read_text())
    data = np.load(path.with_suffix(".npz"))
    signal = meta["signals"]["acc_g"]
    acc = data["acc_g"].astype(float) * signal["scale"] + signal["offset"]
    acc /= np.median(np.linalg.norm(acc, axis=1))
    hz = float(signal["fs_hz"])
    for centre in data["ref_center_s"][data["move_sd_g"] < 0.02]:
        piece = acc[int(max(0, centre - 16) * hz) : int((centre + 16) * hz)]
        seconds = piece[: len(piece) // 64 * 64].reshape(-1, 64, 3).mean(axis=1)
        seconds /= np.linalg.norm(seconds, axis=1)[:, None]
        if len(seconds) > 30 and np.degrees(np.arccos(np.clip(seconds @ seconds.T, -1, 1))).max() < 8.0:
            yield np.arange(len(piece)) / hz, piece, hz


def test_no_phantom_repetitions_in_quiet_recordings():
    paths = sorted(RECORDINGS.glob("har-hexoskin_*.json"))
    if not paths:
        pytest.skip(f"no har-hexoskin recordings in {RECORDINGS} (BREATHCORE_RECORDINGS)")
    stretches_n = 0
    for path in paths:
        for t_s, acc, hz in still_stretches(path):
            follower = MovementFollower(Place.STERNUM, replace(ACC, rate_hz=hz))
            follower.task(MovementTask(1.0, "bridge", Place.STERNUM, (10.0, 60.0)))
            assert not reps(follower.push(ACC.id, t_s, acc) + follower.flush())
            stretches_n += 1
    assert stretches_n >= 5
