"""Posture, and how still a hold is kept."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import ACC, FORWARD, RIGHT, Body, follow, task

from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Place
from breathcore.model.trunk import (
    CalibrationStep,
    MovementTask,
    Posture,
    PostureEstimate,
    Steadiness,
    StepKind,
    TrunkCalibration,
    Unmeasured,
)

# Turns of a standing body (about x: right, y: forward, z: up; right-handed): backwards, forwards, onto a side.
LIES = {
    Posture.SUPINE: -85.0 * np.array((-1.0, 0.0, 0.0)),
    Posture.PRONE: 85.0 * np.array((-1.0, 0.0, 0.0)),
    Posture.RIGHT_SIDE: 85.0 * FORWARD,
    Posture.LEFT_SIDE: -85.0 * FORWARD,
}
UPRIGHT = [(Posture.UPRIGHT, 8.0)]


def postures(told):
    return [p for p in told if isinstance(p, PostureEstimate)]


def holds(told):
    return [s for s in told if isinstance(s, Steadiness)]


def hold(start_s: float, end_s: float):
    return [MovementTask(start_s, "bird_dog", Place.PELVIS), MovementTask(end_s, "", Place.PELVIS)]


@pytest.mark.parametrize("gyro", [True, False])
@pytest.mark.parametrize("posture", LIES)
def test_how_somebody_lies_is_told_after_having_said_that_they_were_upright(posture, gyro):
    body = Body(30.0).sways(0.5).breathes(2.0).goes(15.0, LIES[posture])
    told = postures(follow(body, assumed=UPRIGHT, gyro=gyro))
    assert [p.posture for p in told[-3:]] == [Posture.UPRIGHT, Posture.UNKNOWN, posture]
    assert told[-2].reason is Unmeasured.MOTION
    assert 15.0 < told[-2].t_s < 17.0
    assert told[-1].t_s < 20.5


def test_a_calibration_in_a_posture_that_is_known_teaches_how_the_sensors_sit():
    body = Body(40.0).sways(0.5).goes(25.0, LIES[Posture.SUPINE])
    acc, _ = body.read()
    channel = replace(ACC, place=Place.STERNUM, inhale_axis=body.outward)
    steps = (CalibrationStep(StepKind.QUIET, 2.0, 8.0), CalibrationStep(StepKind.RELAX, 8.0, 12.0))

    def told(posture):
        estimator = TrunkEstimator([channel])
        estimator.push(TrunkCalibration(steps, posture))
        out = [x for i in range(0, len(acc), 13) for x in estimator.push(block(channel, body.t_s, acc, i))]
        return {p.posture for p in postures(out)}

    assert told(Posture.STANDING) == {Posture.UNKNOWN, Posture.UPRIGHT, Posture.SUPINE}
    assert told(Posture.UNKNOWN) == {Posture.UNKNOWN, Posture.SUPINE}
    assert told(Posture.PRONE) == {Posture.UNKNOWN, Posture.SUPINE}


def block(channel, t_s, x, at):
    return SampleBlock(channel, t_s[at : at + 13], x[at : at + 13])


def test_leaning_forward_for_long_is_bent():
    told = postures(follow(Body(30.0).goes(15.0, 50.0 * -RIGHT), assumed=UPRIGHT))
    assert told[-1].posture is Posture.BENT


def test_nothing_is_guessed_of_a_sensor_whose_mounting_nobody_told():
    told = postures(follow(Body(30.0).goes(15.0, LIES[Posture.SUPINE]), outward=False))
    assert {p.posture for p in told} == {Posture.UNKNOWN}
    assert told[0].reason is Unmeasured.NOT_CALIBRATED


@pytest.mark.parametrize("posture", LIES)
def test_where_the_sensor_looks_shows_alone_that_somebody_lies_on_their_back_and_not_that_they_lie_face_down(posture):
    told = postures(follow(Body(30.0).goes(15.0, LIES[posture])))
    assert told[0].posture is Posture.UNKNOWN
    assert told[-1].posture is (Posture.SUPINE if posture is Posture.SUPINE else Posture.UNKNOWN)


@pytest.mark.parametrize("said", [Posture.SUPINE, Posture.PRONE])
def test_a_posture_that_was_said_and_is_not_so_is_not_believed(said):
    told = postures(follow(Body(30.0), assumed=[(said, 8.0)]))
    assert {p.posture for p in told} == {Posture.UNKNOWN}
    assert {p.posture for p in postures(follow(Body(30.0), assumed=UPRIGHT))} == {Posture.UNKNOWN, Posture.UPRIGHT}


def test_who_lay_on_their_back_when_it_was_learned_is_not_called_upright():
    supine = tuple(LIES[Posture.SUPINE])
    body = Body(30.0, base=supine).goes(15.0, -LIES[Posture.SUPINE])
    told = postures(follow(body, assumed=[(Posture.SUPINE, 8.0)]))
    assert told[-1].posture is Posture.UNKNOWN
    assert told[-1].reason is Unmeasured.NOT_CALIBRATED


def test_deep_breaths_and_sway_change_no_posture():
    told = postures(follow(Body(60.0).sways(1.0).breathes(4.0, 5.0), assumed=UPRIGHT))
    assert [p.posture for p in told] == [Posture.UNKNOWN, Posture.UPRIGHT]


def test_a_movement_that_is_followed_changes_no_posture():
    body = Body(40.0).does(5, 45.0, start_s=14.0)
    assert len(postures(follow(body, [task(t_s=12.0)], assumed=UPRIGHT))) == 2
    body = Body(40.0).does(5, 45.0, start_s=14.0)
    assert len(postures(follow(body, assumed=UPRIGHT))) > 2


def test_the_pelvis_tells_standing_from_sitting_once_both_were_said():
    def body():
        return Body(80.0).goes(20.0, 20.0 * -RIGHT).goes(40.0, 20.0 * RIGHT).goes(60.0, 20.0 * -RIGHT)

    both = [(Posture.SITTING, 10.0), (Posture.STANDING, 30.0)]
    told = postures(follow(body(), assumed=both, place=Place.PELVIS))
    assert [p.posture for p in told if p.t_s > 41.0 and p.reason is None] == [Posture.SITTING, Posture.STANDING]
    told = postures(follow(body(), assumed=both[:1], place=Place.PELVIS))
    assert {p.posture for p in told if p.reason is None} == {Posture.UPRIGHT}


@settings(max_examples=10, deadline=None)
@given(sway=st.floats(0.0, 6.0), seed=st.integers(0, 1000))
def test_steadiness_is_within_half_a_degree_with_gyroscope(sway, seed):
    body = Body(40.0, seed).sways(0.4).goes(0.0, (0.0, 0.0, 0.0))
    late = smooth_from(body.t_s, 22.0)
    body.lean_deg += (sway * late * np.sin(2 * np.pi * 0.4 * body.t_s))[:, None] * RIGHT
    body.lean_deg += (sway * late * np.sin(2 * np.pi * 0.25 * body.t_s))[:, None] * np.array((0.0, 0.0, 1.0))
    last = holds(follow(body, hold(23.0, 35.0), place=Place.PELVIS))[-1]
    now = (body.t_s >= last.start_s) & (body.t_s <= last.t_s)
    off = body.lean_deg[now] - body.lean_deg[now][0]
    assert last.tilt_deg == pytest.approx(np.sqrt((off[:, :2] ** 2).sum(axis=1).mean()), abs=0.5)
    assert last.rotation_deg == pytest.approx(np.sqrt((off[:, 2] ** 2).mean()), abs=0.5)


def smooth_from(t_s, at_s):
    return np.clip(t_s - at_s, 0.0, 1.0)


def test_without_gyroscope_the_rotation_is_not_told():
    last = holds(follow(Body(30.0).sways(1.0), hold(10.0, 20.0), place=Place.PELVIS, gyro=False))[-1]
    assert math.isnan(last.rotation_deg)
    assert last.tilt_deg < 2.0


def test_a_rotation_is_not_told_before_the_gyroscopes_bias_is_known():
    last = holds(follow(Body(30.0).sways(1.0), hold(6.0, 16.0), place=Place.PELVIS))[-1]
    assert math.isnan(last.rotation_deg)
    assert last.tilt_deg < 2.0


def test_a_hold_is_told_every_second_and_at_its_end():
    told = holds(follow(Body(30.0), hold(10.0, 15.5), place=Place.PELVIS))
    assert np.diff([s.t_s for s in told])[:4] == pytest.approx(1.0)
    assert told[-1].t_s == pytest.approx(15.5, abs=0.05)
    assert {round(s.start_s, 1) for s in told} == {10.0}


def test_what_is_too_short_for_a_number_says_so():
    told = holds(follow(Body(30.0), hold(10.0, 10.5), place=Place.PELVIS))
    assert told[-1].reason is Unmeasured.TOO_SHORT


def test_a_task_for_another_place_is_not_this_sensors():
    assert not holds(follow(Body(30.0), hold(10.0, 20.0), place=Place.STERNUM))
