"""Codecs and clocks of all devices of a session, without a session."""

from breathcore.model.device import distinct
from breathcore.model.packets import LinkEvent, LinkKind
from breathcore.session import registry
from breathcore.session.reception import Reception

DEVICES = distinct([(key, registry.device("polar_h10")) for key in ("chest", "belly")])


def test_only_devices_that_are_linked_are_asked_to_stop():
    reception = Reception(DEVICES, 0)
    told = [("chest", LinkKind.CONNECTED), ("belly", LinkKind.CONNECTED), ("belly", LinkKind.LOST)]
    for device, kind in told:
        reception.push(LinkEvent(device, 0, kind))
    assert {outbound.device for outbound in reception.stop()} == {"chest"}
