"""What can be measured with these sensors at these places."""

from dataclasses import replace

from breathcore.estimate.trunk.sights import Measure, sights, sites_of
from breathcore.model.device import ChannelSpec, Place, Role


def acc(place, key=""):
    return ChannelSpec(f"{key}acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 50.0, place=place)


def gyro(place, key=""):
    return ChannelSpec(f"{key}gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 50.0, place=place)


def belt(place, role=Role.BELT):
    return ChannelSpec("belt", role, "N", ("force",), 10.0, place=place)


def seen(*channels):
    return {m for m, sight in sights(channels).items() if sight.seen}


def test_nothing_is_seen_without_sensors():
    assert seen() == set()


def test_one_midline_strap_never_shows_left_or_right():
    for place in (Place.STERNUM, Place.NAVEL, Place.BACK):
        for channel in (acc(place), belt(place)):
            assert not seen(channel) & {Measure.LEFT, Measure.RIGHT, Measure.SYMMETRY, Measure.SCORE}


def test_four_sites_make_the_score_and_three_do_not():
    ring = [acc(p, f"{p.value}.") for p in (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK)]
    assert {Measure.SCORE, Measure.SYMMETRY, Measure.FRONT, Measure.BACK} <= seen(*ring)
    for missing in ring:
        assert Measure.SCORE not in seen(*(c for c in ring if c is not missing))


def test_a_belt_round_the_chest_stands_for_the_front_and_says_that_it_is_coarse():
    found = sights([belt(Place.STERNUM)])[Measure.FRONT]
    assert found.sources == ("belt",)
    assert found.coarse
    assert not sights([acc(Place.STERNUM), belt(Place.STERNUM)])[Measure.FRONT].coarse


def test_ribs_and_belly_need_both():
    assert Measure.RIB_BELLY not in seen(belt(Place.STERNUM))
    assert Measure.RIB_BELLY in seen(belt(Place.STERNUM), acc(Place.NAVEL))
    assert Measure.RIB_BELLY in seen(acc(Place.LEFT, "l."), acc(Place.RIGHT, "r."), belt(Place.NAVEL))


def test_the_brace_is_seen_by_a_belt_round_the_waist_only():
    assert Measure.BRACE in seen(belt(Place.NAVEL))
    assert Measure.BRACE not in seen(belt(Place.STERNUM))
    assert Measure.BRACE not in seen(acc(Place.NAVEL))


def test_an_abdomen_belt_of_which_nobody_said_where_it_is_worn_is_at_the_navel():
    [site] = sites_of([belt(None, Role.ABDOMEN_BELT)])
    assert site.place is Place.NAVEL


def test_a_sensor_without_a_place_or_on_an_arm_is_left_alone():
    assert sites_of([acc(None), belt(None), replace(acc(Place.LEFT), role=Role.ACC)]) == ()


def test_a_pelvis_shows_no_breath_but_steadiness_which_is_coarse_without_a_gyroscope():
    assert Measure.RATE not in seen(acc(Place.PELVIS))
    assert sights([acc(Place.PELVIS)])[Measure.STEADINESS].coarse
    assert not sights([acc(Place.PELVIS), gyro(Place.PELVIS)])[Measure.STEADINESS].coarse


def test_a_gyroscope_goes_with_the_accelerometer_of_its_own_device():
    channels = [acc(Place.LEFT, "a."), acc(Place.RIGHT, "b."), gyro(Place.RIGHT, "b."), gyro(Place.LEFT, "a.")]
    assert {s.source: s.gyro.id for s in sites_of(channels) if s.gyro} == {"a.acc": "a.gyro", "b.acc": "b.gyro"}
    strangers = [acc(Place.STERNUM, "h10."), gyro(Place.STERNUM, "dot.")]
    assert sites_of(strangers)[0].gyro is None
