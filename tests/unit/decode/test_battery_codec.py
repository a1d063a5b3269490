"""Battery level 0x2A19."""

import pytest

from breathcore.decode.battery import BatteryCodec, decode_level, encode_level
from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Read
from breathcore.model.protocols import StreamPlan


def packet(payload: bytes, direction: Direction = Direction.NOTIFY) -> Packet:
    return Packet("strap", "battery.level", direction, 7, payload)


@pytest.mark.parametrize("percent", range(101))
def test_every_level_survives_its_byte(percent: int) -> None:
    assert decode_level(encode_level(percent)) == percent


@pytest.mark.parametrize(
    ("payload", "reason", "offset"),
    [
        (b"", FaultReason.TRUNCATED, 0),
        (b"\x65", FaultReason.OUT_OF_RANGE, 0),
        (b"\xff", FaultReason.OUT_OF_RANGE, 0),
        (b"\x32\x00", FaultReason.BAD_LENGTH, 1),
    ],
)
def test_other_bytes_are_faults(payload: bytes, reason: FaultReason, offset: int) -> None:
    with pytest.raises(DecodeError):
        decode_level(payload)
    received = BatteryCodec("battery", ()).receive(packet(payload))
    assert [(f.reason, f.offset) for f in received.faults] == [(reason, offset)]
    assert received.events == ()


def test_it_is_read_at_the_start_and_told_with_the_device() -> None:
    codec = BatteryCodec("battery", ())
    assert codec.start(StreamPlan(())) == (Read("battery.level"),)
    for direction in (Direction.READ, Direction.NOTIFY):
        events = codec.receive(packet(b"\x52", direction)).events
        assert events == (LinkEvent("strap", 7, LinkKind.BATTERY, "82"),)
