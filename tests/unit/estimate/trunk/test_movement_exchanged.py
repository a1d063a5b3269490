"""Movement while the sensors of left and right are exchanged."""

import numpy as np
import pytest
from trunk_signals import cut, of

from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import MovementLearned, MovementTask, Posture, PostureEstimate, Rep, SidesExchanged
from breathcore.source.sim.trunk.script import Exchange, Reps, Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer

AXES = ("x", "y", "z")
CHANNELS = tuple(
    ChannelSpec(f"{p.value}.{kind}", role, unit, AXES, 50.0, 0.1, place=p)
    for p in (Place.LEFT, Place.RIGHT)
    for kind, role, unit in (("acc", Role.CHEST_ACC, "g"), ("gyro", Role.GYRO, "deg/s"))
)
EXCHANGED_S, END_S = 36.0, 85.0


def hinging(block_s=0.3):
    """Three hinges, the sensors exchanged (and the estimator told of it), then five more."""
    spec = TrunkSpec(seed=4200, posture=Posture.STANDING)
    sets = (Reps(8.0, "hip-hinge", 3), Reps(50.0, "hip-hinge", 5))
    wearer = TrunkWearer(spec, Script(END_S, reps=sets, exchanges=(Exchange(EXCHANGED_S - 10.0, 10.0),)))
    trunk = TrunkEstimator(CHANNELS)
    trunk.push(MovementTask(5.0, "hip_hinge", Place.LEFT, (15.0, 75.0)))
    trunk.assume(Posture.STANDING, 7.0)
    trunk.push(SidesExchanged(EXCHANGED_S))
    streams = [(c, t, wearer.read(c, t)) for c in CHANNELS for t in [np.arange(0.1, END_S, 1 / c.rate_hz)]]
    out = [e for _, block in cut(streams, block_s) for e in trunk.push(block)]
    out += trunk.flush(END_S)
    assert trunk.faults == ()
    return out


@pytest.fixture(scope="module")
def exchanged():
    return hinging()


def test_the_movement_is_followed_by_the_sensor_that_is_now_at_its_place(exchanged):
    assert {r.source for r in of(exchanged, Rep) if r.end_s < EXCHANGED_S} == {"left.acc"}
    after = [r for r in of(exchanged, Rep) if r.start_s > EXCHANGED_S]
    assert {r.source for r in after} == {"right.acc"}
    assert len(after) == 5


def test_the_movement_is_learned_anew_from_there(exchanged):
    good = [x.source for x in of(exchanged, MovementLearned) if x.reason is None]
    assert good == ["left.acc", "right.acc"]


def test_how_the_sensors_were_mounted_is_forgotten(exchanged):
    after = [p for p in of(exchanged, PostureEstimate) if p.t_s > EXCHANGED_S]
    assert after
    assert {p.posture for p in after} == {Posture.UNKNOWN}


def test_however_the_samples_come_the_same_is_told(exchanged):
    again = hinging(block_s=0.11)
    for kind in (Rep, MovementLearned, PostureEstimate):
        assert sorted(map(repr, of(exchanged, kind))) == sorted(map(repr, of(again, kind)))
