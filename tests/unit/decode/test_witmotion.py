"""WitMotion frames and the codec that reads them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode import witmotion_frames as wit
from breathcore.decode.witmotion import WitmotionCodec
from breathcore.model.blocks import FaultReason, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkKind, Packet, Write
from breathcore.model.protocols import StreamPlan

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 50.0)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 50.0)
ANGLE = ChannelSpec("angle", Role.ORIENTATION, "deg", ("roll", "pitch", "yaw"), 50.0)
UPRIGHT = wit.encode_motion(np.array([0, 0, 2048, 0, 0, 0, 0, 0, 0]))

counts9 = st.lists(st.integers(-32768, 32767), min_size=9, max_size=9)


def heard(payload: bytes, *channels: ChannelSpec) -> Received:
    codec = WitmotionCodec("imu", channels or (ACC, GYRO, ANGLE))
    return codec.receive(Packet("d", "imu.data", Direction.NOTIFY, 10**9, payload))


@given(counts=counts9)
def test_every_motion_frame_goes_there_and_back(counts: list[int]) -> None:
    frame = wit.encode_motion(np.array(counts))
    found = wit.decode_frame(frame)
    assert isinstance(found, wit.WitMotion)
    assert found.counts.tolist() == counts
    assert len(frame) == wit.FRAME_BYTES


@given(register=st.integers(0, 0xFFFF), counts=st.lists(st.integers(-32768, 32767), min_size=8, max_size=8))
def test_every_register_frame_goes_there_and_back(register: int, counts: list[int]) -> None:
    value = wit.WitRegister(register, tuple(counts))
    assert wit.decode_frame(wit.encode_register(value)) == value


@given(register=st.integers(0, 0xFF), value=st.integers(0, 0xFFFF))
def test_every_command_goes_there_and_back(register: int, value: int) -> None:
    assert wit.decode_command(wit.encode_command(register, value)) == (register, value)


@given(frames=st.lists(counts9, min_size=1, max_size=5))
def test_joined_frames_are_cut_apart(frames: list[list[int]]) -> None:
    payload = b"".join(wit.encode_motion(np.array(f)) for f in frames)
    found, errors = wit.split_frames(payload)
    assert not errors
    assert b"".join(found) == payload


@pytest.mark.parametrize("stray", [b"\x00", b"\x55", b"\xff\x55\x62", b"\x71" * 7])
def test_a_frame_after_stray_bytes_is_found(stray: bytes) -> None:
    result = heard(stray + UPRIGHT)
    assert [b.x.tolist() for b in result.blocks if b.channel is ACC] == [[[0.0, 0.0, 1.0]]]
    assert [f.reason for f in result.faults] == [FaultReason.BAD_HEADER]


def test_a_head_inside_a_damaged_frame_is_not_believed() -> None:
    damaged = b"\x54\x61" + b"\x00" * 4 + b"\x55\x61" + b"\x00" * 12
    result = heard(damaged + UPRIGHT)
    assert [b.x.tolist() for b in result.blocks if b.channel is ACC] == [[[0.0, 0.0, 1.0]]]


@pytest.mark.parametrize("cut", range(2, 20))
def test_a_cut_frame_does_not_swallow_the_next(cut: int) -> None:
    result = heard(wit.encode_motion(np.full(9, 77))[:cut] + UPRIGHT)
    assert [b.x.tolist() for b in result.blocks if b.channel is ACC] == [[[0.0, 0.0, 1.0]]]
    assert len(result.faults) == 1


def test_bytes_after_a_whole_frame_do_not_cost_it() -> None:
    result = heard(UPRIGHT + bytes(8))
    assert [b.x.tolist() for b in result.blocks if b.channel is ACC] == [[[0.0, 0.0, 1.0]]]
    assert [f.reason for f in result.faults] == [FaultReason.BAD_HEADER]


def test_a_cut_frame_at_the_end_is_told() -> None:
    result = heard(UPRIGHT + UPRIGHT[:8])
    assert len(result.blocks) == 3
    assert [(f.reason, f.offset) for f in result.faults] == [(FaultReason.TRUNCATED, 28)]


def test_samples_have_no_time_of_their_own() -> None:
    assert [(b.t_device_s, b.t_host_s) for b in heard(UPRIGHT).blocks] == [(None, 1.0)] * 3


@pytest.mark.parametrize(("rate_hz", "code"), [(50.0, "08"), (100.0, "09"), (200.0, "0a"), (90.0, "09"), (0.1, "01")])
def test_the_nearest_rate_is_asked_for(rate_hz: float, code: str) -> None:
    channel = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), rate_hz)
    requests = WitmotionCodec("imu", (channel,)).start(StreamPlan((channel,)))
    written = [r.payload.hex() for r in requests if isinstance(r, Write)]
    assert written == ["ffaa6988b5", f"ffaa03{code}00", "ffaa000000", "ffaa276400"]


@pytest.mark.parametrize(
    ("volts", "percent"), [(4.2, 100), (3.97, 100), (3.96, 90), (3.80, 50), (3.5, 10), (3.4, 5), (3.0, 0)]
)
def test_the_batterys_voltage_is_told_in_per_cent(volts: float, percent: int) -> None:
    frame = wit.encode_register(wit.WitRegister(wit.BATTERY, (round(volts * 100),)))
    assert [(e.kind, e.detail) for e in heard(frame).events] == [(LinkKind.BATTERY, str(percent))]


@pytest.mark.parametrize("counts", [0, -1, 249, 551, 32767])
def test_a_voltage_no_such_battery_has_is_not_told(counts: int) -> None:
    assert heard(wit.encode_register(wit.WitRegister(wit.BATTERY, (counts,)))).events == ()


@pytest.mark.parametrize("register", [wit.TEMPERATURE, wit.MAGNETOMETER, wit.QUATERNION, wit.RATE])
def test_other_registers_are_left_alone(register: int) -> None:
    result = heard(wit.encode_register(wit.WitRegister(register, (391,))))
    assert (result.blocks, result.events, result.faults) == ((), (), ())


@given(payload=st.binary(max_size=80) | st.binary(max_size=70).map(lambda b: b"\x55\x61" + b))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    result = heard(payload)
    n = sum(len(b.x) for b in result.blocks if b.channel is ACC)
    assert n * wit.FRAME_BYTES <= len(payload)
    assert all(0 <= f.offset <= len(payload) for f in result.faults)
