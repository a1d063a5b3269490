"""How far the lower back bends in a hip hinge: a sensor at the trunk and one at the pelvis."""

from functools import cache

import numpy as np
import pytest
from trunk_signals import cut, of

from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.estimate.trunk.sights import Measure, sights
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import LumbarBend, MovementTask, Posture, Rep, Unmeasured
from breathcore.source.sim.trunk.script import Reps, Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer

AXES = ("x", "y", "z")
END_S = 46.0


def imu(place, *, gyro=True):
    acc = ChannelSpec(f"{place.value}.acc", Role.CHEST_ACC, "g", AXES, 50.0, 0.1, place=place)
    turning = ChannelSpec(f"{place.value}.gyro", Role.GYRO, "deg/s", AXES, 50.0, 0.1, place=place)
    return (acc, turning) if gyro else (acc,)


BOTH = (*imu(Place.BACK), *imu(Place.PELVIS))
ONE_GYROSCOPE = (*imu(Place.BACK), *imu(Place.PELVIS, gyro=False))


@cache
def hinging(rounds, *, both=True, kind="hip-hinge", until_s=END_S, block_s=0.3):
    """A wearer who bends six times, and what is told; the pelvis' samples end at `until_s`."""
    channels = BOTH if both else ONE_GYROSCOPE
    posture = Posture.STANDING if kind == "hip-hinge" else Posture.SUPINE
    spec = TrunkSpec(seed=4100, posture=posture, rounds=rounds)
    wearer = TrunkWearer(spec, Script(END_S, reps=(Reps(8.0, kind, 6),)))
    trunk = TrunkEstimator(channels)
    trunk.push(MovementTask(6.0, kind.replace("-", "_"), channels[0].place, (12.0, 75.0)))
    streams = [(c, t, wearer.read(c, t)) for c in channels for t in [np.arange(0.1, END_S, 1 / c.rate_hz)]]
    streams = [(c, t[t < until_s], x[t < until_s]) if c.place is Place.PELVIS else (c, t, x) for c, t, x in streams]
    out = [e for _, block in cut(streams, block_s) for e in trunk.push(block)]
    out += trunk.flush(END_S)
    assert trunk.faults == ()
    return wearer, out


@pytest.mark.parametrize("rounds", [-0.1, 0.1, 0.4])
def test_the_bend_is_within_three_degrees_of_what_the_spine_did(rounds):
    wearer, out = hinging(rounds)
    told, true = of(out, LumbarBend), wearer.reps()
    assert len(told) == len(true) == 6
    assert [e.bend_deg for e in told] == pytest.approx([wearer.bend_deg(r) for r in true], abs=3.0)
    assert {(e.source, e.reference) for e in told} == {("back.acc", "pelvis.acc")}


def test_rounded_is_positive_and_hollowed_negative():
    assert min(e.bend_deg for e in of(hinging(0.4)[1], LumbarBend)) > 10.0
    assert max(e.bend_deg for e in of(hinging(-0.1)[1], LumbarBend)) < 0.0


def test_each_belongs_to_a_repetition():
    out = hinging(0.1)[1]
    assert [(e.start_s, e.t_s) for e in of(out, LumbarBend)] == [(r.start_s, r.end_s) for r in of(out, Rep)]


def test_it_takes_a_gyroscope_at_both_ends():
    assert not sights(ONE_GYROSCOPE)[Measure.LUMBAR].seen
    assert sights(BOTH)[Measure.LUMBAR].sources == ("back.acc", "pelvis.acc")
    assert sights((*imu(Place.STERNUM), *imu(Place.PELVIS)))[Measure.LUMBAR].seen
    assert not sights(imu(Place.BACK))[Measure.LUMBAR].seen
    out = hinging(0.1, both=False)[1]
    assert of(out, Rep)
    assert not of(out, LumbarBend)


def test_a_movement_in_which_the_back_may_bend_is_not_judged():
    out = hinging(0.1, kind="bridge")[1]
    assert of(out, Rep)
    assert not of(out, LumbarBend)


def test_while_the_pelvis_sends_nothing_there_is_a_reason_and_no_number():
    told = of(hinging(0.1, until_s=25.0)[1], LumbarBend)
    early, late = [e for e in told if e.t_s < 24.0], [e for e in told if e.t_s > 26.0]
    assert early
    assert all(e.reason is None for e in early)
    assert late
    assert {e.reason for e in late} == {Unmeasured.NO_DATA}
    assert all(np.isnan(e.bend_deg) for e in late)


def test_however_the_samples_come_the_same_is_told():
    usual = [repr(e) for e in of(hinging(0.1)[1], LumbarBend)]
    assert usual == [repr(e) for e in of(hinging(0.1, block_s=0.07)[1], LumbarBend)]
