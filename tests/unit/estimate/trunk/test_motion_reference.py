"""Breathing while the body moves: seen by two sensors, of which the second shows the movement."""

import math
from dataclasses import replace

import numpy as np
import pytest
from moving import FORWARD, HZ, RIGHT, Body, turn

from breathcore.estimate.trunk.motion import MotionFollower
from breathcore.estimate.trunk.motion_reference import MovingBreath, pair_of
from breathcore.model.device import Place
from breathcore.model.trunk import MovementTask

BREATH_BPM = 14.0
BEGINS = MovementTask(0.0, "hip_hinge", Place.STERNUM)


def moving(per_min=9.0, deg=20.0, breath_deg=2.0, seconds=70.0, breath_bpm=BREATH_BPM):
    """Two sensors on a trunk that leans `per_min` times a minute; breath tips one back and the other forward."""
    body = Body(seconds, 3)
    lean = 0.5 * deg * (1 - np.cos(2 * np.pi * per_min / 60 * body.t_s))
    breath = 0.5 * breath_deg * np.sin(2 * np.pi * breath_bpm / 60 * body.t_s)
    ups = []
    for sign in (1.0, -0.7):
        mount = turn(np.random.default_rng(int(10 + sign)).uniform(-40, 40, (1, 3)))[0]
        vectors = lean[:, None] * RIGHT + sign * breath[:, None] * RIGHT + 0.05 * lean[:, None] * FORWARD
        up = np.swapaxes(turn(vectors), 1, 2)[:, :, 2] @ mount
        ups.append(up + body.rng.normal(0, 0.002, up.shape))
    return body.t_s, ups


def rates(t_s, ups, cut=13, tasks=(BEGINS,)):
    followers = [MotionFollower(HZ), MotionFollower(HZ)]
    breath = MovingBreath("front", "back")
    for task in tasks:
        breath.task(task)
    out = []
    for at in range(0, len(t_s), cut):
        for follower, up, source in zip(followers, ups, ("front", "back"), strict=True):
            for motion in follower.push_acc(t_s[at : at + cut], up[at : at + cut]):
                out += breath.push(motion, source)
    return out


def test_the_rate_is_that_of_the_breath_and_not_of_the_movement():
    told = [r for r in rates(*moving()) if r.t_s > 50.0]
    answered = [r for r in told if r.reason is None]
    assert len(answered) > 0.7 * len(told)
    assert np.median([r.rate_bpm for r in answered]) == pytest.approx(BREATH_BPM, abs=1.0)
    assert (answered[-1].source, answered[-1].reference) == ("front", "back")


def test_it_is_told_while_a_movement_is_followed_and_not_else():
    assert not rates(*moving(seconds=30.0), tasks=())
    ends = MovementTask(40.0, "", Place.STERNUM)
    told = rates(*moving(seconds=60.0), tasks=(replace(BEGINS, t_s=10.0), ends))
    assert 17.0 < told[0].t_s < 22.0
    assert told[-1].t_s <= 40.0


def test_a_breath_that_goes_with_the_movement_is_not_told():
    told = [r for r in rates(*moving(per_min=12.0, breath_bpm=12.0)) if r.t_s > 40.0]
    assert all(r.reason is not None for r in told)
    assert all(math.isnan(r.rate_bpm) for r in told)


def test_no_breath_no_rate():
    told = [r for r in rates(*moving(breath_deg=0.0)) if r.t_s > 40.0]
    assert np.mean([r.reason is not None for r in told]) > 0.9


def test_however_the_samples_come_the_same_is_told():
    assert [repr(r) for r in rates(*moving(seconds=40.0))] == [repr(r) for r in rates(*moving(seconds=40.0), cut=31)]


def test_without_the_second_sensor_nothing_is_told():
    t_s, (front, _) = moving(seconds=30.0)
    breath = MovingBreath("front", "back")
    breath.task(BEGINS)
    assert not [r for m in MotionFollower(HZ).push_acc(t_s, front) for r in breath.push(m, "front")]


def test_the_opposite_side_of_the_ribs_is_the_reference():
    assert pair_of([Place.STERNUM, Place.BACK, Place.PELVIS]) == (Place.STERNUM, Place.BACK)
    assert pair_of([Place.LEFT, Place.RIGHT]) == (Place.LEFT, Place.RIGHT)
    assert pair_of([Place.STERNUM, Place.PELVIS]) is None
