"""Heart-rate measurement 0x2A37: fields, round trips and the codec's memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.heart_rate import (
    HeartRateCodec,
    HeartRateMeasurement,
    decode_measurement,
    encode_measurement,
)
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkKind, Packet
from breathcore.model.protocols import StreamPlan

HR = ChannelSpec("hr", Role.HEART_RATE, "beats/min", ("hr",), 0.0)
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)

u16 = st.integers(0, 0xFFFF)
measurements = st.builds(
    HeartRateMeasurement,
    hr_bpm=u16,
    rr_1024=st.lists(u16, max_size=9).map(tuple),
    contact=st.none() | st.booleans(),
    energy_kj=st.none() | u16,
)


def packet(value: HeartRateMeasurement | bytes, t_s: float = 1.0) -> Packet:
    payload = value if isinstance(value, bytes) else encode_measurement(value)
    return Packet("strap", "heart_rate.measurement", Direction.NOTIFY, int(t_s * 1e9), payload)


def codec() -> HeartRateCodec:
    return HeartRateCodec("heart_rate", (HR, RR))


def beats(received: Received) -> list[RawBlock]:
    return [b for b in received.blocks if b.channel is RR]


@given(measurements)
def test_every_measurement_survives_its_bytes(value: HeartRateMeasurement) -> None:
    assert decode_measurement(encode_measurement(value)) == value


@given(measurements.filter(lambda m: bool(m.rr_1024)), st.data())
def test_a_cut_measurement_is_refused_or_shorter(value: HeartRateMeasurement, data: st.DataObject) -> None:
    whole = encode_measurement(value)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    received = codec().receive(packet(cut))
    if received.faults:
        assert received.blocks == ()
        assert [(f.reason, f.offset) for f in received.faults] == [(FaultReason.TRUNCATED, len(cut))]
    else:
        read = decode_measurement(cut)
        assert read.rr_1024 == value.rr_1024[: len(read.rr_1024)]
        assert len(read.rr_1024) < len(value.rr_1024)


def test_bytes_that_no_flag_speaks_of_are_refused_unless_a_reserved_one_is_set() -> None:
    (fault,) = codec().receive(packet(bytes.fromhex("003c0004"))).faults
    assert (fault.reason, fault.offset) == (FaultReason.BAD_LENGTH, 2)
    assert decode_measurement(bytes.fromhex("203c0004")) == HeartRateMeasurement(60)


def test_all_beats_of_a_packet_come_in_seconds_exactly() -> None:
    (hr, rr) = codec().receive(packet(HeartRateMeasurement(72, (848, 858)), 5.0)).blocks
    assert hr.x.tolist() == [[72.0]]
    assert rr.x.tolist() == [[848 / 1024], [858 / 1024]]
    assert rr.t_device_s is None
    assert rr.t_host_s == pytest.approx(5.0)


def test_zero_is_no_heart_rate_and_no_beat() -> None:
    received = codec().receive(packet(HeartRateMeasurement(0, (0,))))
    assert received.blocks == ()
    assert received.faults == ()


def test_an_invalid_interval_breaks_the_chain_of_beats() -> None:
    c = codec()
    first, second = beats(c.receive(packet(HeartRateMeasurement(60, (1000, 0, 1010, 1020, 0)))))
    assert (first.x.ravel() * 1024).tolist() == [1000]
    assert (second.x.ravel() * 1024).tolist() == [1010, 1020]
    assert second.lost_n == 1
    (third,) = beats(c.receive(packet(HeartRateMeasurement(60, (1000,)))))
    assert third.lost_n == 1
    (fourth,) = beats(c.receive(packet(HeartRateMeasurement(60, (1000,)))))
    assert fourth.lost_n == 0


def test_beats_before_the_connection_are_missing_ones() -> None:
    c = codec()
    received = [c.receive(packet(HeartRateMeasurement(60, (1000,)))) for _ in range(2)]
    assert [beats(r)[0].lost_n for r in received] == [1, 0]


def test_without_contact_there_is_no_beat_and_it_is_said_once() -> None:
    c = codec()
    on = HeartRateMeasurement(70, (900,), contact=True)
    off = HeartRateMeasurement(70, (900,), contact=False)
    said = [c.receive(packet(value)) for value in (on, on, off, off, on)]
    assert [[e.detail for e in r.events] for r in said] == [["on"], [], ["off"], [], ["on"]]
    assert all(e.kind is LinkKind.CONTACT and e.device == "strap" for r in said for e in r.events)
    assert [len(r.blocks) for r in said] == [2, 2, 0, 0, 2]
    assert [b.lost_n for r in said for b in beats(r)] == [1, 0, 1]


def test_a_strap_that_does_not_sense_contact_says_nothing_of_it() -> None:
    assert codec().receive(packet(bytes.fromhex("10560103"))).events == ()


def test_an_unreadable_packet_is_a_fault_and_a_gap() -> None:
    c = codec()
    c.receive(packet(HeartRateMeasurement(60, (1000,))))
    (fault,) = c.receive(packet(bytes.fromhex("103c00"))).faults
    assert fault.reason is FaultReason.TRUNCATED
    assert fault.endpoint == "heart_rate.measurement"
    assert fault.offset == 3
    assert beats(c.receive(packet(HeartRateMeasurement(60, (1000,)))))[0].lost_n == 1


def test_only_wanted_channels_are_given() -> None:
    c = codec()
    assert c.start(StreamPlan((HR,))) == ()
    (block,) = c.receive(packet(HeartRateMeasurement(60, (1000,)))).blocks
    assert block.channel is HR


@given(st.lists(st.integers(1, 0xFFFF), min_size=1, max_size=30))
def test_beats_survive_encode_and_receive(counts: list[int]) -> None:
    block = RawBlock(RR, np.array(counts, float)[:, None] / 1024, None, 1.0)
    c = codec()
    packets = c.encode(block)
    assert all(len(payload) <= 20 for _, payload in packets)
    back = [beats(c.receive(packet(payload)))[0].x for _, payload in packets]
    np.testing.assert_array_equal(np.concatenate(back), block.x)


@given(st.integers(1, 0xFFFF))
def test_heart_rate_survives_encode_and_receive(bpm: int) -> None:
    c = codec()
    ((endpoint, payload),) = c.encode(RawBlock(HR, np.array([[float(bpm)]]), None, 1.0))
    assert endpoint == "heart_rate.measurement"
    assert c.receive(packet(payload)).blocks[0].x.tolist() == [[bpm]]
