"""Codecs and clocks of all devices of a session, without a session."""

from collections.abc import Iterable

from breathcore.decode.registry import make_codec
from breathcore.model.blocks import FaultReason, Received
from breathcore.model.device import distinct
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet
from breathcore.session import registry
from breathcore.session.reception import LOT_N, Reading, Reception

DEVICES = distinct([(key, registry.device("polar_h10")) for key in ("chest", "belly")])


def test_only_devices_that_are_linked_are_asked_to_stop():
    reception = Reception(DEVICES, 0)
    told = [("chest", LinkKind.CONNECTED), ("belly", LinkKind.CONNECTED), ("belly", LinkKind.LOST)]
    for device, kind in told:
        reception.push(LinkEvent(device, 0, kind))
    assert {outbound.device for outbound in reception.stop()} == {"chest"}


class Breaks:
    """A codec that raises once, at the `at`th packet."""

    def __init__(self, codec, at):
        self._codec, self._left_n = codec, at

    def start(self, want):
        return self._codec.start(want)

    def receive(self, packet: Packet) -> Received:
        self._left_n -= 1
        if not self._left_n:
            raise ZeroDivisionError("boom")
        return self._codec.receive(packet)


def told(readings: Iterable[Reading]) -> list[tuple[object, ...]]:
    blocks = [[(b.channel.id, b.t_s.tolist(), b.x.tolist(), b.gap_before) for b in r.blocks] for r in readings]
    return [(b, r.outbound, r.events, r.faults) for b, r in zip(blocks, readings, strict=True)]


def test_a_recording_is_read_as_each_item_is_pushed_reconnects_faults_and_strangers_included(monkeypatch):
    make = "breathcore.session.reception.make_codec"
    monkeypatch.setattr(make, lambda endpoint: Breaks(make_codec(endpoint), LOT_N + 7))
    items: list[Packet | LinkEvent] = [LinkEvent("chest", 0, LinkKind.CONNECTED)]
    for i in range(3 * LOT_N + 5):
        beat = bytes([0x10, 60 + i % 9, i % 256, 3]) if i % 50 else b"\x10"
        device = "stranger" if i % 40 == 3 else "chest"
        items.append(Packet(device, "heart_rate.measurement", Direction.NOTIFY, 10**9 * i, beat))
        if i == LOT_N + 20:
            items += [LinkEvent("chest", 10**9 * i, kind) for kind in (LinkKind.LOST, LinkKind.CONNECTED)]
    one, all_ = Reception(DEVICES, 0), Reception(DEVICES, 0)
    read = list(all_.read(iter(items)))
    assert told(read) == told([one.push(item) for item in items])
    reasons = {f.reason for r in read for f in r.faults}
    assert FaultReason.UNEXPECTED in reasons
    assert len(reasons) > 1
    assert sum(len(r.blocks) for r in read) > LOT_N
