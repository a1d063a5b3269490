"""What is said of a movement."""

import math
from dataclasses import replace

import pytest

from breathcore.feedback.movement_words import back_word, exhaled_of, turning_word
from breathcore.feedback.trunk_presenter import MOVING_S, TrunkPresenter
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.drill import DrillPhase
from breathcore.model.trunk import LumbarBend, MovingRate, Rep, RepLevel, Steadiness, Unmeasured
from breathcore.session import registry

HINGE, BRIDGE = registry.drill("hip_hinge"), registry.drill("glute_bridge")
BEND = LumbarBend(10.0, 5.0, 4.0, "back.acc", "pelvis.acc")


def test_the_effort_of_a_hip_hinge_is_the_way_back_up():
    assert HINGE.movement.exhale_on is DrillPhase.RETURN
    rep = Rep(0.0, 3.0, 3.0, 5.0, 40.0, 1.0, "s", exhaled=0.1, exhaled_back=0.9)
    assert exhaled_of(rep, HINGE) == 0.9
    assert exhaled_of(rep, BRIDGE) == 0.1


@pytest.mark.parametrize(
    ("deg", "said"),
    [(4.0, "lumbar.kept"), (-10.0, "lumbar.kept"), (14.0, "lumbar.rounded"), (-14.0, "lumbar.hollowed")],
)
def test_the_back_stayed_as_it_was_or_bent_by_so_much(deg, said):
    told = back_word(replace(BEND, bend_deg=deg), HINGE, seen=True)
    assert told.id == said
    assert told.params.get("degrees", 14) == 14


def test_why_nothing_is_said_of_the_back():
    lost = replace(BEND, bend_deg=math.nan, reason=Unmeasured.NO_DATA)
    assert back_word(lost, HINGE, seen=True).id == "trunk.no-data"
    assert back_word(None, HINGE, seen=False).id == "lumbar.not-measured"
    assert back_word(BEND, BRIDGE, seen=True) is None


def test_turning_that_is_not_told_yet_is_said_to_take_rest():
    bridge = replace(BRIDGE, movement=replace(BRIDGE.movement, rotation_deg=5.0))
    steady = Steadiness(20.0, 15.0, Place.PELVIS, "pelvis.acc", 1.0)
    assert turning_word(steady, bridge, seen=True).id == "steadiness.no-turning-yet"
    assert turning_word(replace(steady, rotation_deg=1.0), bridge, seen=True) is None
    assert turning_word(steady, bridge, seen=False) is None
    assert turning_word(steady, HINGE, seen=True) is None


@pytest.mark.parametrize("gyro", [True, False])
def test_steadiness_by_an_accelerometer_alone_is_called_coarse(gyro):
    axes = ("x", "y", "z")
    acc = ChannelSpec("pelvis.acc", Role.CHEST_ACC, "g", axes, 52.0, 0.1, place=Place.PELVIS)
    gyro_of_it = ChannelSpec("pelvis.gyro", Role.GYRO, "deg/s", axes, 52.0, 0.1, place=Place.PELVIS)
    presenter = TrunkPresenter([acc, gyro_of_it] if gyro else [acc])
    presenter.on_estimate(Steadiness(20.0, 15.0, Place.PELVIS, acc.id, 1.4))
    view = presenter.view(21.0, BRIDGE, None, 8).reps
    assert (view.steady_deg, view.steady_coarse) == (1.4, not gyro)


def test_the_rate_during_a_movement_is_shown_with_its_sensor_and_not_for_long():
    axes = ("x", "y", "z")
    back = ChannelSpec("back.acc", Role.CHEST_ACC, "g", axes, 52.0, 0.1, place=Place.BACK)
    presenter = TrunkPresenter([back])
    presenter.on_estimate(MovingRate(20.0, 14.0, 0.9, "back.acc", "left.acc"))
    view = presenter.view(21.0, HINGE, None, 8).reps
    assert (view.rate_bpm, view.rate_place) == (14.0, Place.BACK)
    assert presenter.view(20.1 + MOVING_S, HINGE, None, 8).reps.rate_bpm is None
    presenter.on_estimate(MovingRate(22.0, math.nan, 0.9, "back.acc", "left.acc", Unmeasured.MOTION))
    assert presenter.view(22.0, HINGE, None, 8).reps.rate_bpm is None


@pytest.mark.parametrize(("drill", "shown"), [(BRIDGE, True), (registry.drill("sit_to_stand"), False)])
def test_the_way_is_shown_only_where_the_tilt_goes_it_too(drill, shown):
    presenter = TrunkPresenter(
        (ChannelSpec("pelvis.acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 60.0, place=Place.PELVIS),)
    )
    presenter.on_estimate(RepLevel(10.0, 12.0, 0.5))
    view = presenter.view(10.0, drill, None, 8)
    assert (view.reps.share is not None) is shown
