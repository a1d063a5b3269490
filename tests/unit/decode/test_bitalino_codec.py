"""Frames of a BITalino: checksum, numbers, inputs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.bitalino import START, BitalinoCodec, crc4, decode_frame, encode_frame
from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet

BELT = ChannelSpec("belt", Role.BELT, "a.u.", ("a1",), 100.0, settings={"port": 1})
inputs = st.tuples(*(st.integers(0, 1023) for _ in range(4)), *(st.integers(0, 63) for _ in range(2)))


def heard(*payloads: bytes) -> list[Received]:
    codec = BitalinoCodec("board", (BELT,))
    return [codec.receive(Packet("d", "board.frames", Direction.NOTIFY, 0, p)) for p in payloads]


def frame(number: int) -> bytes:
    return encode_frame(number, (number, 0, 0, 0, 0, 0))


@given(st.integers(0, 15), inputs)
def test_what_is_encoded_is_decoded(number: int, values: tuple[int, ...]) -> None:
    assert decode_frame(encode_frame(number, values)) == (number, values)


@given(st.integers(0, 15), inputs, st.integers(0, 63))
def test_every_single_flipped_bit_is_found(number: int, values: tuple[int, ...], bit: int) -> None:
    spoilt = bytearray(encode_frame(number, values))
    spoilt[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DecodeError) as caught:
        decode_frame(bytes(spoilt))
    assert caught.value.fault is FaultReason.BAD_CHECKSUM


def test_the_checksum_is_the_remainder_by_x4_plus_x_plus_1() -> None:
    assert [crc4(bytes([v])) for v in (0x00, 0x01, 0x10, 0x13, 0x26)] == [0, 1, 3, 0, 0]


@pytest.mark.parametrize(("before", "after", "lost_n"), [(3, 4, 0), (15, 0, 0), (3, 7, 3), (14, 2, 3)])
def test_missing_numbers_are_counted(before: int, after: int, lost_n: int) -> None:
    results = heard(frame(before), frame(after))
    assert [b.lost_n for r in results for b in r.blocks] == [0, lost_n]


@pytest.mark.parametrize("again", [5, 4, 3])
def test_a_repeated_or_late_frame_gives_nothing(again: int) -> None:
    results = heard(frame(5), frame(again), frame(6))
    assert [f.reason for f in results[1].faults] == [FaultReason.NOT_RISING]
    assert [b.lost_n for r in results for b in r.blocks] == [0, 0]


def test_several_frames_in_a_packet_must_follow_each_other() -> None:
    good, bad = heard(frame(1) + frame(2), frame(3) + frame(5))
    assert [len(b.x) for b in good.blocks] == [2]
    assert [f.reason for f in bad.faults] == [FaultReason.BAD_COUNTER]


def test_numbers_start_over_with_a_start() -> None:
    codec = BitalinoCodec("board", (BELT,))
    codec.receive(Packet("d", "board.frames", Direction.NOTIFY, 0, frame(5)))
    codec.receive(Packet("d", "board.command", Direction.WRITE, 0, START))
    received = codec.receive(Packet("d", "board.frames", Direction.NOTIFY, 0, frame(5)))
    assert [b.lost_n for b in received.blocks] == [0]
