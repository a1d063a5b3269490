"""What sensors at their places show: honest, and said why where not."""

import pytest

from breathcore.feedback.sight import refusal_message, sights
from breathcore.model.device import ChannelSpec, ClockKind, DeviceSpec, EndpointSpec, MatchSpec, Place, Role
from breathcore.model.estimates import Refusal

UNITS = {Role.BELT: "N", Role.CHEST_ACC: "g", Role.HEART_RATE: "beats/min", Role.ACC: "g", Role.RR: "s"}
UNITS[Role.RESPIRATION_RATE] = "breaths/min"
UNITS[Role.GYRO] = "deg/s"


def device(*roles: Role) -> DeviceSpec:
    channels = tuple(ChannelSpec(r.value, r, UNITS[r], ("x",), 10.0) for r in roles)
    endpoint = EndpointSpec("e", "table", "", (), channels)
    return DeviceSpec("d", "D", MatchSpec(), (endpoint,), "chest", ClockKind.NONE, 1.0)


def seen(*worn: tuple[DeviceSpec, Place | None]) -> set[str]:
    return {sight.id for sight in sights(worn) if sight.reason is None}


def why(id_: str, *worn: tuple[DeviceSpec, Place | None]) -> str | None:
    (reason,) = [sight.reason for sight in sights(worn) if sight.id == id_]
    return reason.id if reason else None


IMU, BELT, HEART, ARM = device(Role.CHEST_ACC), device(Role.BELT), device(Role.HEART_RATE), device(Role.ACC)
TURNING = device(Role.CHEST_ACC, Role.GYRO)


def test_a_chest_strap_shows_breath_and_heart() -> None:
    assert seen((device(Role.CHEST_ACC, Role.HEART_RATE), Place.STERNUM)) == {
        "rate", "trace", "heart", "front", "movement",
    }  # fmt: skip


def test_heart_beats_alone_give_an_estimate_of_the_rate_and_no_line() -> None:
    assert seen((device(Role.HEART_RATE, Role.RR), None)) == {"rate-estimate", "heart"}


def test_a_wearables_own_count_is_a_rate() -> None:
    assert "rate" in seen((device(Role.RESPIRATION_RATE), None))


@pytest.mark.parametrize("place", [p for p in Place if p is not Place.PELVIS])
def test_one_sensor_never_shows_left_against_right(place: Place) -> None:
    assert why("sides", (IMU, place)) == "sight.sides-need"
    assert {"rate", "trace"} <= seen((IMU, place))


def test_both_sides_must_move_with_the_breath() -> None:
    assert why("sides", (IMU, Place.LEFT), (IMU, Place.RIGHT)) is None
    assert why("sides", (IMU, Place.LEFT), (ARM, Place.RIGHT)) == "sight.sides-need"


def test_the_pelvis_alone_shows_no_breath() -> None:
    assert why("rate", (IMU, Place.PELVIS)) == "sight.pelvis-only"
    assert why("rate", (IMU, Place.PELVIS), (BELT, Place.NAVEL)) is None


def test_what_is_not_measured_is_said_why() -> None:
    assert why("rate", (HEART, None)) == "refusal.heart-only"
    assert why("rate", (ARM, None)) == "refusal.no-sensor"
    assert why("heart", (BELT, None)) == "sight.no-heart"
    assert seen() == set()


@pytest.mark.parametrize("refusal", [Refusal.NOISE, Refusal.IRREGULAR, Refusal.HEART_ONLY])
def test_a_heart_that_does_not_show_the_breath_is_no_reason_to_tighten_a_strap(refusal):
    assert refusal_message(refusal, by_heart=True).id == "refusal.heart-unclear"
    assert refusal_message(refusal, by_heart=False).id == f"refusal.{refusal.value}"


def test_a_strap_that_is_gone_is_gone_whatever_it_reads():
    assert refusal_message(Refusal.NO_DATA, by_heart=True).id == "refusal.no-data"


def test_each_place_is_seen_by_a_sensor_of_its_own() -> None:
    worn = ((IMU, Place.STERNUM), (IMU, Place.LEFT), (IMU, Place.RIGHT))
    assert {"front", "left", "right", "sides"} <= seen(*worn)
    assert why("back", *worn) == "sight.site-need"
    assert why("brace", *worn) == "sight.brace-need"


def test_a_belt_at_the_waist_shows_the_brace_and_beside_one_on_the_chest_ribs_and_belly() -> None:
    assert "brace-lone" in seen((BELT, Place.NAVEL))
    assert why("rib-belly", (BELT, Place.NAVEL)) == "sight.rib-belly-need"
    assert {"rib-belly", "brace"} <= seen((BELT, Place.NAVEL), (BELT, Place.STERNUM))


RING = ((IMU, Place.STERNUM), (IMU, Place.LEFT), (IMU, Place.RIGHT), (IMU, Place.BACK))
BELTS = ((BELT, Place.STERNUM), (BELT, Place.NAVEL))
BREATH = {"rate", "trace"}
SITES = {"front", "left", "right", "back", "sides"}


@pytest.mark.parametrize(
    ("worn", "expected"),
    [
        (RING, BREATH | SITES | {"movement"}),
        (RING + BELTS, BREATH | SITES | {"movement", "rib-belly", "brace"}),
        ((*RING, *BELTS, (TURNING, Place.BACK), (TURNING, Place.PELVIS)),
         BREATH | SITES | {"movement", "rib-belly", "brace", "lumbar"}),
        (((BELT, Place.NAVEL),), BREATH | {"brace-lone"}),
    ],
    ids=["four round the ribs", "and two belts", "and back and pelvis with gyroscopes", "a belt at the waist alone"],
)  # fmt: skip
def test_what_sets_of_sensors_show_and_nothing_more(worn, expected: set[str]) -> None:
    assert seen(*worn) == expected
