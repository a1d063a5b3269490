"""The conversation with a MetaMotion, whichever chip it has."""

import numpy as np
import pytest

from breathcore.decode.errors import DecodeError
from breathcore.decode.metamotion import Chip, MetaMotionCodec, Module, decode_motion, encode_info
from breathcore.model.blocks import FaultReason, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 100.0, settings={"range": 8})
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 100.0, settings={"range": 500})
TURN = ChannelSpec("turn", Role.ORIENTATION, "1", ("w", "x", "y", "z"), 100.0)


def hear(codec: MetaMotionCodec, payload: bytes, name: str = "notify") -> Received:
    direction = Direction.WRITE if name == "command" else Direction.NOTIFY
    return codec.receive(Packet("d", f"board.{name}", direction, 10**9, payload))


def commands(received: Received) -> list[str]:
    assert all(isinstance(r, Write) for r in received.requests)
    return [r.payload.hex() for r in received.requests if isinstance(r, Write)]


def begun(*channels: ChannelSpec) -> MetaMotionCodec:
    codec = MetaMotionCodec("board", channels)
    codec.start(StreamPlan(channels))
    return codec


@pytest.mark.parametrize(
    ("chip", "acc", "gyro"),
    [
        (Chip.BMI160, ["03032808", "031c01", "03020100", "030101"], ["13032802", "130701", "13020100", "130101"]),
        (Chip.BMI270, ["0303a802", "030501", "03020100", "030101"], ["13032802", "130501", "13020100", "130101"]),
    ],
)
def test_each_module_is_set_up_for_the_chip_it_has(chip: Chip, acc: list[str], gyro: list[str]) -> None:
    codec = MetaMotionCodec("board", (ACC, GYRO))
    assert [r.payload.hex() for r in codec.start(StreamPlan((ACC, GYRO))) if isinstance(r, Write)] == ["0380", "1380"]
    assert commands(hear(codec, encode_info(Module.ACC, chip))) == acc
    assert commands(hear(codec, encode_info(Module.GYRO, chip))) == gyro


def test_an_answer_that_comes_twice_sets_up_once() -> None:
    codec = begun(ACC)
    assert hear(codec, encode_info(Module.ACC, Chip.BMI270)).requests
    assert not hear(codec, encode_info(Module.ACC, Chip.BMI270)).requests


def test_the_fusion_starts_when_both_sensors_are_known_and_stops_first() -> None:
    codec = begun(TURN)
    assert "190101" not in commands(hear(codec, encode_info(Module.ACC, Chip.BMI270)))
    assert commands(hear(codec, encode_info(Module.GYRO, Chip.BMI270)))[-4:] == [
        "19020232", "190701", "19030800", "190101",
    ]  # fmt: skip
    assert [r.payload.hex() for r in codec.stop() if isinstance(r, Write)][:2] == ["190100", "1903007f"]


def test_stop_switches_off_and_unsubscribes() -> None:
    codec = begun(ACC)
    hear(codec, encode_info(Module.ACC, Chip.BMI270))
    assert [r.payload.hex() for r in codec.stop() if isinstance(r, Write)] == ["030100", "03020001", "030500"]


@pytest.mark.parametrize("answer", ["1380", "138007"])
def test_a_module_that_is_missing_or_strange_is_told(answer: str) -> None:
    received = hear(begun(GYRO), bytes.fromhex(answer))
    assert [f.reason for f in received.faults] == [FaultReason.REFUSED]
    assert received.requests == ()


def test_scale_and_rate_are_learnt_from_the_command_that_was_really_given() -> None:
    codec = begun(ACC)
    hear(codec, bytes.fromhex("0303a703"), "command")  # 50 Hz, 16 g, of a BMI270
    (block,) = hear(codec, bytes.fromhex("0304000800000000")).blocks
    assert block.channel.rate_hz == 50.0
    np.testing.assert_array_equal(block.x, [[1.0, 0.0, 0.0]])


def test_1305_is_one_sample_of_one_chip_and_three_of_the_other() -> None:
    one, three = bytes.fromhex("1305") + bytes(6), bytes.fromhex("1305") + bytes(18)
    assert [len(decode_motion(p, 500.0)) for p in (one, three)] == [1, 3]
    assert len(decode_motion(three, 500.0, Chip.BMI270)) == 3
    for payload, chip in ((one, Chip.BMI270), (three, Chip.BMI160)):
        with pytest.raises(DecodeError):
            decode_motion(payload, 500.0, chip)
