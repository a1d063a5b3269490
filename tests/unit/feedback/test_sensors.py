"""How each wearable of a session is doing, and the one sentence that matters most."""

from itertools import pairwise

import pytest

from breathcore.feedback.sensors import SensorPresenter
from breathcore.feedback.wording import Wording
from breathcore.model.device import (
    ChannelSpec,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Place,
    Role,
    distinct,
    worn,
)
from breathcore.model.estimates import FitEstimate, FitIssue
from breathcore.model.message import message
from breathcore.model.packets import LinkEvent, LinkKind, LinkReason

STRAP = DeviceSpec(
    "strap",
    "Strap",
    MatchSpec(),
    (EndpointSpec("e", "c", "u", (), (ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0),)),),
    "chest",
    ClockKind.SAMPLE_STAMP,
    1.0,
)
DEVICES = distinct([("strap", worn(STRAP, Place.STERNUM)), ("strap-2", worn(STRAP, Place.NAVEL))])


def told(kind: LinkKind, detail: str = "", device: str = "strap") -> LinkEvent:
    return LinkEvent(device, 0, kind, detail)


def test_two_of_a_kind_are_told_apart_by_number_and_place() -> None:
    frames = SensorPresenter(DEVICES).frames()
    assert [(f.key, f.name, f.place) for f in frames] == [
        ("strap", "Strap", Place.STERNUM),
        ("strap-2", "Strap 2", Place.NAVEL),
    ]
    assert all(f.link is LinkKind.WAITING and f.message is None for f in frames)


@pytest.mark.parametrize("reason", LinkReason)
def test_every_reason_of_a_link_has_its_sentence(reason: LinkReason) -> None:
    sensors = SensorPresenter(DEVICES)
    sensors.on_link(told(LinkKind.LOST, reason.value))
    frame = sensors.frame("strap")
    assert frame is not None
    assert frame.message == message(f"link.{reason.value}", device="Strap")
    for language in ("en", "de"):
        assert Wording(language).say(frame.message) != frame.message.id


def test_the_most_urgent_issue_of_all_channels_is_said_while_data_come() -> None:
    sensors = SensorPresenter(DEVICES)
    sensors.on_link(told(LinkKind.CONNECTED))
    sensors.on_samples("strap.acc")
    sensors.on_fit(FitEstimate(3.0, "strap.acc", (FitIssue.SATURATED, FitIssue.NOISY)))
    first, second = sensors.frames()
    assert (first.link, first.message) == (LinkKind.STREAMING, message("fit.saturated", device="Strap"))
    assert first.issues == (FitIssue.SATURATED, FitIssue.NOISY)
    assert second.message is None
    sensors.on_link(told(LinkKind.STALLED, "silent"))
    first, _ = sensors.frames()
    assert (first.link, first.message) == (LinkKind.STALLED, message("link.silent", device="Strap"))
    assert first.issues == ()


def test_each_change_is_shown_at_once_and_of_that_device_alone() -> None:
    sensors = SensorPresenter(DEVICES)
    changes = (
        lambda: sensors.on_link(told(LinkKind.CONNECTED)),
        lambda: sensors.on_samples("strap.acc"),
        lambda: sensors.on_fit(FitEstimate(3.0, "strap.acc", (FitIssue.SATURATED,))),
        lambda: sensors.on_link(told(LinkKind.BATTERY, "80")),
    )
    shown = [sensors.frames()]
    for change in changes:
        change()
        shown.append(sensors.frames())
    assert all(now[0] != before[0] and now[1] == before[1] for before, now in pairwise(shown))


def test_a_new_connection_forgets_the_old_fit() -> None:
    sensors = SensorPresenter(DEVICES)
    sensors.on_link(told(LinkKind.STREAMING))
    sensors.on_fit(FitEstimate(3.0, "strap.acc", (FitIssue.FLAT,)))
    sensors.on_link(told(LinkKind.CONNECTED))
    sensors.on_link(told(LinkKind.STREAMING))
    assert sensors.frames()[0].message is None


def test_battery_and_events_of_others_leave_the_link_as_it_is() -> None:
    sensors = SensorPresenter(DEVICES)
    sensors.on_link(told(LinkKind.STREAMING))
    for event in (told(LinkKind.BATTERY, "82"), told(LinkKind.FAULT, "x"), told(LinkKind.LOST, "dropped", "nobody")):
        sensors.on_link(event)
    frame = sensors.frames()[0]
    assert (frame.link, frame.battery_percent, frame.message) == (LinkKind.STREAMING, 82, None)
