"""Movella DOT payloads of every mode, and the codecs that read them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode import dot_packets as dot
from breathcore.decode.dot import DotBatteryCodec, DotCodec
from breathcore.decode.dot_packets import DotCommand, DotPayload
from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError, SignalError
from breathcore.model.packets import Direction, LinkKind, Packet, Read, Write
from breathcore.model.protocols import StreamPlan

XYZ = ("x", "y", "z")
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", XYZ, 60.0)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", XYZ, 60.0)
MAG = ChannelSpec("mag", Role.MAG, "a.u.", XYZ, 60.0)
QUATERNION = ChannelSpec("orientation", Role.ORIENTATION, "1", ("w", *XYZ), 60.0)
EULER = ChannelSpec("orientation", Role.ORIENTATION, "deg", XYZ, 60.0)
SIZES = {
    2: 36, 3: 32, 4: 16, 5: 20, 6: 16, 7: 32, 16: 28, 18: 38, 19: 32, 20: 34, 21: 28, 22: 40, 23: 34, 24: 32, 26: 44,
}  # fmt: skip


def wire_values(form: str) -> st.SearchStrategy[float | tuple[float, ...]]:
    one = {"f": st.floats(width=32, allow_nan=False, allow_infinity=False), "h": st.integers(-32768, 32767)}
    if form in "HB":
        return st.integers(0, 0xFFFF if form == "H" else 0xFF)
    return st.tuples(*[one[form[-1]]] * int(form[0]))


@st.composite
def samples(draw: st.DrawFn, mode: int) -> DotPayload:
    fields = {name: draw(wire_values(form)) for name, form in dot.MODES[mode]}
    return DotPayload(draw(st.integers(0, 2**32 - 1)), fields)


def heard(codec: DotCodec, name: str, payload: bytes, n: int = 0, direction: Direction = Direction.NOTIFY) -> Received:
    return codec.receive(Packet("d", f"dot.{name}", direction, round(n * 1e9 / 60), payload))


def test_every_documented_mode_has_its_documented_length() -> None:
    assert {mode: dot.size_of(mode) for mode in dot.MODES} == SIZES


@pytest.mark.parametrize("mode", SIZES)
@given(data=st.data())
def test_every_payload_goes_there_and_back(mode: int, data: st.DataObject) -> None:
    sample = data.draw(samples(mode))
    payload = dot.encode_payload(mode, sample)
    assert dot.decode_payload(mode, payload) == sample
    assert len(payload) == dot.LENGTHS[dot.characteristic_of(mode)]


@pytest.mark.parametrize("mode", SIZES)
def test_a_number_that_is_none_is_refused(mode: int) -> None:
    name, form = dot.MODES[mode][0]
    payload = bytearray(dot.encode_payload(mode, DotPayload(1, {name: (1.0,) * int(form[0])})))
    payload[4:8] = struct.pack("<f", float("nan"))
    with pytest.raises(DecodeError) as caught:
        dot.decode_payload(mode, bytes(payload))
    assert caught.value.fault is FaultReason.OUT_OF_RANGE


@given(start=st.booleans(), mode=st.integers(0, 255), rate_hz=st.integers(0, 0xFFFF))
def test_commands_and_settings_go_there_and_back(start: bool, mode: int, rate_hz: int) -> None:
    assert dot.decode_command(dot.encode_command(DotCommand(start, mode))) == DotCommand(start, mode)
    assert dot.decode_rate(dot.encode_rate(rate_hz)) == rate_hz


def test_settings_visit_the_output_rate_alone() -> None:
    settings = dot.encode_rate(60)
    assert len(settings) == 32
    assert [(at, byte) for at, byte in enumerate(settings) if byte] == [(0, 0x10), (24, 60)]
    assert dot.decode_rate(bytes(32)) is None


@pytest.mark.parametrize(
    ("channels", "mode"),
    [((ACC, GYRO), 21), ((ACC,), 21), ((ACC, GYRO, QUATERNION), 26), ((ACC, GYRO, MAG), 20), ((QUATERNION,), 5)],
)
def test_the_shortest_mode_with_everything_is_chosen(channels: tuple[ChannelSpec, ...], mode: int) -> None:
    (request,) = DotCodec("dot", channels).start(StreamPlan(channels))
    assert request == Write("dot.control", bytes([1, 1, mode]))
    assert DotCodec("dot", channels).stop() == (Write("dot.control", bytes([1, 0, mode])),)


def test_channels_that_no_mode_has_together_are_refused() -> None:
    with pytest.raises(CatalogError):
        DotCodec("dot", (ACC, EULER))


def test_acceleration_is_told_in_g() -> None:
    codec = DotCodec("dot", (ACC, GYRO))
    payload = dot.encode_payload(21, DotPayload(1_000_000, {"acc": (0.0, 0.0, 9.80665), "gyro": (1.0, -2.0, 3.0)}))
    acc, gyro = heard(codec, "medium", payload).blocks
    np.testing.assert_allclose(acc.x, [[0.0, 0.0, 1.0]], atol=1e-6)
    assert gyro.x.tolist() == [[1.0, -2.0, 3.0]]
    assert acc.t_device_s is not None
    assert acc.t_device_s.tolist() == [1.0]


def test_the_mode_that_was_really_started_is_read() -> None:
    codec = DotCodec("dot", (ACC, GYRO))
    heard(codec, "control", b"\x01\x01\x1a", direction=Direction.WRITE)
    payload = dot.encode_payload(26, DotPayload(5, {"quat": (1, 0, 0, 0), "acc": (0, 0, 9.80665)}))
    acc, gyro = heard(codec, "long", payload).blocks
    np.testing.assert_allclose(acc.x, [[0.0, 0.0, 1.0]], atol=1e-6)
    assert gyro.x.tolist() == [[0.0, 0.0, 0.0]]


def test_clipped_values_are_given_and_told() -> None:
    codec = DotCodec("dot", (EULER,))
    heard(codec, "control", b"\x01\x01\x07", direction=Direction.WRITE)
    payload = dot.encode_payload(7, DotPayload(5, {"euler": (1, 2, 3), "status": 0b1_0010_0001, "clip_acc": 4}))
    result = heard(codec, "medium", payload)
    assert len(result.blocks) == 1
    assert [(f.reason, f.detail) for f in result.faults] == [
        (FaultReason.OUT_OF_RANGE, "clipped: acc x, gyro z, mag z")
    ]


@pytest.mark.parametrize(
    ("cut", "reason"), [(39, FaultReason.TRUNCATED), (28, FaultReason.TRUNCATED), (41, FaultReason.BAD_LENGTH)]
)
def test_a_payload_must_fill_its_characteristic(cut: int, reason: FaultReason) -> None:
    payload = (dot.encode_payload(21, DotPayload(5, {})) + b"\0")[:cut]
    assert [f.reason for f in heard(DotCodec("dot", (ACC,)), "medium", payload).faults] == [reason]


def test_a_payload_on_another_modes_characteristic_is_refused() -> None:
    codec = DotCodec("dot", (ACC, GYRO))
    result = heard(codec, "long", dot.encode_payload(21, DotPayload(1, {})).ljust(63, b"\0"))
    assert not result.blocks
    assert [f.reason for f in result.faults] == [FaultReason.UNEXPECTED]


def test_a_lost_sample_is_counted() -> None:
    codec = DotCodec("dot", (ACC,))
    found = [
        heard(codec, "medium", dot.encode_payload(21, DotPayload(round(n * 1e6 / 60), {})), n).blocks[0].lost_n
        for n in (0, 1, 2, 5, 6)
    ]
    assert found == [0, 0, 0, 2, 0]


def test_a_block_without_times_cannot_be_encoded() -> None:
    with pytest.raises(SignalError):
        DotCodec("dot", (ACC,)).encode(RawBlock(ACC, np.zeros((1, 3)), None, 0.0))


def test_the_battery_is_read_and_told() -> None:
    codec = DotBatteryCodec("battery", ())
    assert codec.start(StreamPlan(())) == (Read("battery.level"),)
    for direction in (Direction.READ, Direction.NOTIFY):
        result = codec.receive(Packet("d", "battery.level", direction, 1, b"\x2a\x01"))
        assert [(e.kind, e.detail) for e in result.events] == [(LinkKind.BATTERY, "42")]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"", FaultReason.TRUNCATED), (b"\x65\0", FaultReason.OUT_OF_RANGE), (b"\1\0\0", FaultReason.BAD_LENGTH)],
)
def test_a_level_that_cannot_be_is_refused(payload: bytes, reason: FaultReason) -> None:
    result = DotBatteryCodec("battery", ()).receive(Packet("d", "battery.level", Direction.NOTIFY, 1, payload))
    assert [f.reason for f in result.faults] == [reason]
    assert not result.events


@given(
    name=st.sampled_from(["short", "medium", "long", "control"]), payload=st.binary(max_size=70), written=st.booleans()
)
def test_no_bytes_make_it_raise(name: str, payload: bytes, written: bool) -> None:
    codec = DotCodec("dot", (ACC, GYRO))
    result = heard(codec, name, payload, direction=Direction.WRITE if written else Direction.NOTIFY)
    assert all(np.isfinite(b.x).all() for b in result.blocks)
