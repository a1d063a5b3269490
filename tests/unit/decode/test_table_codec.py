"""Codec "table": whatever layout is declared, what goes in comes out; a packet that does not fit gives nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.table import TableCodec
from breathcore.decode.table_packet import TablePacket, decode_packet, encode_packet
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.checksum import checksum
from breathcore.model.device import ChannelSpec, CharacteristicSpec, CharacteristicUse, EndpointSpec, Role
from breathcore.model.errors import SignalError
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan
from breathcore.model.table import (
    ChecksumKind,
    CounterKind,
    CounterSpec,
    FieldSpec,
    FixedBytes,
    NumberType,
    StampSpec,
    TableSpec,
)

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 100.0, 0.05)
TEMPERATURE = ChannelSpec("temperature", Role.TEMPERATURE, "degC", ("t",), 0.0)
AXES = tuple(FieldSpec("acc", axis, 2 * k, NumberType.I16, 0.001) for k, axis in enumerate("xyz"))
IMU = TableSpec(
    8, 6, AXES, 5, stamp=StampSpec(4, NumberType.U32, 1e-3), counter=CounterSpec(2, NumberType.U16),
    fixed=(FixedBytes(0, "a55a"),),
)  # fmt: skip
UNSIGNED = [t for t in NumberType if t.is_unsigned]


def endpoint(table: TableSpec, *channels: ChannelSpec) -> EndpointSpec:
    data = CharacteristicSpec("data", "", (CharacteristicUse.NOTIFY,))
    return EndpointSpec("imu", "table", "", (data,), channels or (ACC,), table)


def received(codec: TableCodec, payloads: list[bytes], times_s: list[float] | None = None) -> list[Received]:
    times = times_s or [1.0 + 0.05 * k for k in range(len(payloads))]
    return [
        codec.receive(Packet("device", "imu.data", Direction.NOTIFY, round(t * 1e9), p))
        for t, p in zip(times, payloads, strict=True)
    ]


def acc_block(n: int, first_s: float = 10.0, rate_hz: float = 100.0, lost_n: int = 0) -> RawBlock:
    x = np.arange(3 * n, dtype=np.float64).reshape(n, 3) * 0.001
    return RawBlock(ACC, x, first_s + np.arange(n) / rate_hz, 1.0, lost_n)


def payloads(table: TableSpec, *blocks: RawBlock) -> list[bytes]:
    codec = TableCodec(endpoint(table))
    return [p for b in blocks for _, p in codec.encode(b)]


def reasons(results: list[Received]) -> list[list[FaultReason]]:
    return [[f.reason for f in r.faults] for r in results]


def rows_of(results: list[Received]) -> int:
    return sum(len(b.x) for r in results for b in r.blocks)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TableSpec, tuple[ChannelSpec, ...]]:
    """Any layout that the catalogue would accept: parts in any order with holes between them."""
    taken = 0

    def place(bytes_n: int) -> int:
        nonlocal taken
        at = taken + draw(st.integers(0, 2))
        taken = at + bytes_n
        return at

    channels, fields = [], []
    rate_hz = draw(st.sampled_from([0.0, 25.0, 104.0]))
    for k in range(draw(st.integers(1, 3))):
        axes = tuple("xyz"[: draw(st.integers(1, 3))])
        channels.append(ChannelSpec(f"c{k}", Role.BELT, "V", axes, rate_hz, draw(st.sampled_from([0.05, 1.0]))))
        for axis in axes:
            type_ = draw(st.sampled_from(list(NumberType)))
            scale = draw(st.sampled_from([1.0, 0.001, -0.25, 1 / 1024]))
            bias = draw(st.sampled_from([0.0, 0.0, -3.0, 40.0])) if type_[0] != "f" else 0.0
            fields.append(FieldSpec(f"c{k}", axis, place(type_.bytes_n), type_, scale, bias, draw(st.booleans())))
    row_bytes, taken = taken + draw(st.integers(0, 2)), 0
    fixed = [FixedBytes(place(2), draw(st.binary(min_size=2, max_size=2)).hex())] if draw(st.booleans()) else []
    stamp = counter = None
    if draw(st.booleans()):
        type_ = draw(st.sampled_from([NumberType.U32, NumberType.U64]))
        stamp = StampSpec(place(type_.bytes_n), type_, 1e-3, draw(st.booleans()), draw(st.booleans()))
    if draw(st.booleans()):
        type_ = draw(st.sampled_from([NumberType.U16, NumberType.U24, NumberType.U32]))
        counter = CounterSpec(
            place(type_.bytes_n), type_, draw(st.sampled_from(list(CounterKind))), draw(st.booleans())
        )
    check = draw(st.none() | st.sampled_from(list(ChecksumKind)))
    in_tail = draw(st.booleans())
    at = -2 if in_tail else place(1) if check else 0
    if in_tail:
        fixed.append(FixedBytes(-1, draw(st.binary(min_size=1, max_size=1)).hex()))
    table = TableSpec(
        taken + draw(st.integers(0, 2)), row_bytes, tuple(fields), draw(st.sampled_from([0, 1, 4])),
        2 if in_tail else 0, tuple(fixed), stamp, counter, check, at,
    )  # fmt: skip
    return table, tuple(channels)


def raw_values(type_: NumberType) -> st.SearchStrategy[float]:
    if type_[0] == "f":
        return st.floats(-(2.0**100), 2.0**100, width=8 * type_.bytes_n)
    bits = min(8 * type_.bytes_n, 53)
    return st.integers(0, 2**bits - 1) if type_.is_unsigned else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@given(data=st.data())
def test_what_any_layout_carries_comes_back(data: st.DataObject) -> None:
    table, channels = data.draw(tables())
    n = max(table.rows_n, 1) * data.draw(st.integers(1, 6))
    first_s = data.draw(st.integers(1, 10**6)) * 1e-3
    fields = {(f.channel, f.axis): f for f in table.fields}
    blocks = []
    for channel in channels:
        columns = [
            [f.scale * v + f.bias for v in data.draw(st.lists(raw_values(f.type), min_size=n, max_size=n))]
            for f in (fields[channel.id, axis] for axis in channel.axes)
        ]
        times = first_s + np.arange(n) / channel.rate_hz if channel.rate_hz else None
        blocks.append(RawBlock(channel, np.array(columns, dtype=np.float64).T, times, 1.0))
    codec, other = TableCodec(endpoint(table, *channels)), TableCodec(endpoint(table, *channels))
    results = received(other, [p for _, p in codec.encode(*blocks)])
    assert [f for r in results for f in r.faults] == []
    for block in blocks:
        found = [b for r in results for b in r.blocks if b.channel is block.channel]
        np.testing.assert_allclose(np.concatenate([b.x for b in found]), block.x, rtol=1e-6, atol=1e-9)
        assert [b.lost_n for b in found] == [0] * len(found)
        if table.stamp is not None and block.t_device_s is not None:
            times = np.concatenate([b.t_device_s for b in found])
            np.testing.assert_allclose(times, block.t_device_s, rtol=0, atol=1.1e-3)
        else:
            assert all(b.t_device_s is None for b in found)


@given(data=st.data())
def test_every_packet_of_any_layout_is_written_as_it_was_read(data: st.DataObject) -> None:
    table, channels = data.draw(tables())
    for number in (table.stamp, table.counter):
        assert number is None or number.type in UNSIGNED
    codec = TableCodec(endpoint(table, *channels))
    ones = [RawBlock(c, np.ones((table.rows_n or 3, len(c.axes))), None, 1.0) for c in channels]
    payload = codec.encode(*ones)[0][1]
    stamp = data.draw(st.integers(0, 2 ** (8 * table.stamp.type.bytes_n) - 1)) if table.stamp else 0
    counter = data.draw(st.integers(0, 2 ** (8 * table.counter.type.bytes_n) - 1)) if table.counter else 0
    packet = TablePacket(stamp, counter, decode_packet(table, payload).rows)
    again = decode_packet(table, encode_packet(table, packet))
    assert (again.stamp, again.counter) == (stamp, counter)
    assert again.rows.tolist().__repr__() == packet.rows.tolist().__repr__()


@given(data=st.data())
def test_no_bytes_make_it_raise(data: st.DataObject) -> None:
    table, channels = data.draw(tables())
    codec = TableCodec(endpoint(table, *channels))
    head = b"".join(bytes.fromhex(f.bytes_hex) for f in table.fixed[:1])
    sent = data.draw(st.lists(st.binary(max_size=80) | st.binary(max_size=80).map(lambda b: head + b), max_size=8))
    for payload, result in zip(sent, received(codec, sent), strict=True):
        assert result.blocks or result.faults
        assert all(0 <= f.offset <= len(payload) for f in result.faults)
        assert all(np.isfinite(b.x).all() and len(b.x) for b in result.blocks)


@given(data=st.data(), kind=st.sampled_from(list(ChecksumKind)))
def test_a_flipped_bit_anywhere_fails_the_checksum(data: st.DataObject, kind: ChecksumKind) -> None:
    table = replace(IMU, fixed=(), tail_bytes=1, checksum=kind)
    payload = bytearray(payloads(table, acc_block(5))[0])
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecodeError) as caught:
        decode_packet(table, bytes(payload))
    assert caught.value.fault is FaultReason.BAD_CHECKSUM


def test_checksums_are_the_usual_ones() -> None:
    digits = b"123456789"
    found = [checksum(k, digits) for k in (ChecksumKind.CRC8, ChecksumKind.SUM8, ChecksumKind.XOR8)]
    assert found == [0xF4, 0xDD, 0x31]


def test_bytes_are_where_the_layout_says() -> None:
    payload = bytes.fromhex("a55a 0300 e8030000" + "e803 0000 18fc" * 5)
    [result] = received(TableCodec(endpoint(IMU)), [payload])
    [block] = result.blocks
    np.testing.assert_allclose(block.x, [[1.0, 0.0, -1.0]] * 5)
    np.testing.assert_allclose(block.t_device_s, [1.0, 1.01, 1.02, 1.03, 1.04])


@pytest.mark.parametrize(
    ("payload", "reason", "offset"),
    [
        ("a55a 0300 e8030000" + "00" * 29, FaultReason.TRUNCATED, 37),
        ("a55a 0300 e8030000" + "00" * 31, FaultReason.BAD_LENGTH, 38),
        ("a55b 0300 e8030000" + "00" * 30, FaultReason.BAD_HEADER, 0),
        ("", FaultReason.TRUNCATED, 0),
    ],
)
def test_a_packet_that_does_not_fit_is_refused_with_its_place(payload: str, reason: FaultReason, offset: int) -> None:
    [result] = received(TableCodec(endpoint(IMU)), [bytes.fromhex(payload)])
    assert result.blocks == ()
    [fault] = result.faults
    assert (fault.reason, fault.offset) == (reason, offset)


def test_lost_packets_are_counted_in_samples() -> None:
    sent = payloads(IMU, acc_block(50))
    results = received(TableCodec(endpoint(IMU)), sent[:2] + sent[5:])
    assert [b.lost_n for r in results for b in r.blocks] == [0, 0, 15, 0, 0, 0, 0]


def test_lost_samples_are_counted_by_a_counter_of_samples() -> None:
    table = replace(IMU, counter=CounterSpec(2, NumberType.U16, CounterKind.SAMPLES))
    results = received(TableCodec(endpoint(table)), payloads(table, acc_block(10), acc_block(5, 10.13, lost_n=3)))
    assert [b.lost_n for r in results for b in r.blocks] == [0, 0, 3]


def test_without_a_counter_the_stamps_tell_what_is_lost() -> None:
    table = replace(IMU, counter=None)
    sent = payloads(table, acc_block(50))
    results = received(TableCodec(endpoint(table)), sent[:2] + sent[5:])
    assert [b.lost_n for r in results for b in r.blocks] == [0, 0, 15, 0, 0, 0, 0]


def test_without_either_refused_packets_are_counted() -> None:
    table = replace(IMU, counter=None, stamp=None)
    sent = payloads(table, acc_block(20))
    results = received(TableCodec(endpoint(table)), [sent[0], sent[1][:-1], sent[2][:-1], sent[3]])
    assert [b.lost_n for r in results for b in r.blocks] == [0, 10]
    assert all(b.t_device_s is None for r in results for b in r.blocks)


@pytest.mark.parametrize("table", [IMU, replace(IMU, stamp=None), replace(IMU, counter=None)])
def test_a_packet_that_comes_twice_or_late_gives_nothing(table: TableSpec) -> None:
    sent = payloads(table, acc_block(30))
    results = received(TableCodec(endpoint(table)), [sent[k] for k in (0, 1, 1, 3, 2, 3, 4, 5)])
    assert [[r.value for r in rs] for rs in reasons(results)] == [
        [], [], ["not_rising"], [], ["not_rising"], ["not_rising"], [], [],
    ]  # fmt: skip
    assert rows_of(results) == 25


@pytest.mark.parametrize(
    ("table", "reason"),
    [(replace(IMU, stamp=None), FaultReason.BAD_COUNTER), (replace(IMU, counter=None), FaultReason.OUT_OF_RANGE)],
)
def test_a_number_that_ran_away_once_costs_its_packet_only(table: TableSpec, reason: FaultReason) -> None:
    sent = payloads(table, acc_block(30))
    packet = decode_packet(table, sent[2])
    sent[2] = encode_packet(table, TablePacket(packet.stamp + 9000, packet.counter + 9000, packet.rows))
    results = received(TableCodec(endpoint(table)), sent)
    assert reasons(results) == [[], [], [reason], [], [], []]
    assert [b.lost_n for r in results for b in r.blocks] == [0, 0, 5, 0, 0]


@pytest.mark.parametrize("table", [IMU, replace(IMU, stamp=None), replace(IMU, counter=None)])
def test_a_device_that_starts_anew_is_followed_after_a_packet_or_two(table: TableSpec) -> None:
    before = payloads(table, *(acc_block(500, 100.0 + 5 * k) for k in range(2)))
    after = payloads(table, acc_block(50, 1.0))
    results = received(TableCodec(endpoint(table)), before + after)
    assert not any(reasons(results[: len(before)]))
    assert sum(len(r.faults) for r in results[len(before) :]) in (1, 2)
    first = next(b for r in results[len(before) :] for b in r.blocks)
    assert first.lost_n > 0
    assert rows_of(results[len(before) :]) >= 40


def test_stamps_and_counters_wrap() -> None:
    table = replace(
        IMU, stamp=StampSpec(4, NumberType.U16, 1e-3), counter=CounterSpec(2, NumberType.U8), fixed=()
    )  # fmt: skip
    n = 15_000
    results = received(TableCodec(endpoint(table)), payloads(table, acc_block(n, 0.0)))
    assert not any(reasons(results))
    blocks = [b for r in results for b in r.blocks]
    assert [b.lost_n for b in blocks] == [0] * (n // 5)
    np.testing.assert_allclose(np.concatenate([b.t_device_s for b in blocks]), np.arange(n) / 100, atol=2e-3)


@pytest.mark.parametrize("of_last", [False, True])
def test_samples_lie_evenly_between_stamps_at_the_devices_true_rate(of_last: bool) -> None:
    table = replace(IMU, stamp=StampSpec(4, NumberType.U32, 1e-3, of_last=of_last))
    block = acc_block(500, 10.0, 98.0)
    results = received(TableCodec(endpoint(table)), payloads(table, block))
    times = np.concatenate([b.t_device_s for r in results for b in r.blocks])
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(times[5:], block.t_device_s[5:], atol=1.5e-3)


def test_a_row_without_a_number_is_left_out_and_counted() -> None:
    fields = tuple(FieldSpec("acc", axis, 4 * k, NumberType.F32) for k, axis in enumerate("xyz"))
    table = TableSpec(0, 12, fields)
    block = replace(acc_block(6), t_device_s=None)
    block.x[[0, 3, 5], [0, 1, 2]] = np.nan, np.inf, -np.inf
    codec = TableCodec(endpoint(table, replace(ACC, expected_interval_s=0.06)))
    sent = [p for b in (block, acc_block(2)) for _, p in codec.encode(b)]
    [result, later] = received(codec, sent)
    assert [(len(b.x), b.lost_n) for b in result.blocks] == [(2, 1), (1, 1)]
    assert [(len(b.x), b.lost_n) for b in later.blocks] == [(2, 1)]


def test_channels_share_packets_and_only_the_wanted_ones_come_out() -> None:
    table = replace(IMU, row_bytes=8, fields=(*AXES, FieldSpec("temperature", "t", 6, NumberType.I16, 0.01, 20.0)))
    codec = TableCodec(endpoint(table, ACC, TEMPERATURE))
    warm = RawBlock(TEMPERATURE, np.full((5, 1), 33.5), None, 1.0)
    [(_, payload)] = codec.encode(acc_block(5), warm)
    [result] = received(codec, [payload])
    assert [(b.channel.id, b.t_device_s is None) for b in result.blocks] == [("acc", False), ("temperature", True)]
    np.testing.assert_allclose(result.blocks[1].x, 33.5)
    codec.start(StreamPlan((TEMPERATURE,)))
    [result] = received(codec, [payload[:2] + b"\x01" + payload[3:4] + b"\xff" + payload[5:]], [2.0])
    assert [b.channel.id for b in result.blocks] == ["temperature"]


def test_commands_begin_and_end_the_stream() -> None:
    codec = TableCodec(endpoint(replace(IMU, command="control", start_hex=("01", "0205"), stop_hex=("00",))))
    assert codec.start(StreamPlan((ACC,))) == (Write("imu.control", b"\x01"), Write("imu.control", b"\x02\x05"))
    assert codec.stop() == (Write("imu.control", b"\x00"),)


def test_what_is_not_its_stream_is_left_alone() -> None:
    codec = TableCodec(endpoint(IMU))
    [payload] = payloads(IMU, acc_block(5))
    for name, direction in (("imu.control", Direction.NOTIFY), ("imu.data", Direction.WRITE)):
        result = codec.receive(Packet("device", name, direction, 0, payload))
        assert (result.blocks, result.faults) == ((), ())


def test_rows_that_fill_no_whole_packet_cannot_be_sent() -> None:
    with pytest.raises(SignalError, match="multiple of 5"):
        payloads(IMU, acc_block(7))
    with pytest.raises(SignalError, match="layout"):
        TableCodec(replace(endpoint(IMU), table=None))


def test_values_beyond_the_type_saturate() -> None:
    block = replace(acc_block(5), x=np.array([[1e9, -1e9, 0.0]] * 5))
    [result] = received(TableCodec(endpoint(IMU)), payloads(IMU, block))
    np.testing.assert_allclose(result.blocks[0].x[0], [32.767, -32.768, 0.0])
