"""What every codec in the registry promises, whatever the bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.registry import CODECS, make_codec
from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import ChannelSpec, CharacteristicSpec, CharacteristicUse, EndpointSpec, Role
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan
from breathcore.model.table import CounterSpec, FieldSpec, NumberType, StampSpec, TableSpec

HR = ChannelSpec("hr", Role.HEART_RATE, "beats/min", ("hr",), 0.0)
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)
BATTERY = ChannelSpec("battery", Role.BATTERY, "%", ("level",), 0.0)
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, settings={"sample_rate": 200, "range": 8})
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0, settings={"sample_rate": 130})
BELT = ChannelSpec("belt", Role.BELT, "a.u.", ("belt",), 50.0)
TURN = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 100.0, 0.05)
TABLE = TableSpec(
    10,
    9,
    tuple(FieldSpec("gyro", axis, 3 * k, NumberType.I24, 0.01, big_endian=True) for k, axis in enumerate("xyz")),
    stamp=StampSpec(0, NumberType.U64, 1e-6, of_last=True),
    counter=CounterSpec(8, NumberType.U16),
)
H10_EPOCH_S = 599_616_000.0


@dataclass(frozen=True)
class Case:
    """A codec's endpoint; for each channel the whole numbers, from, to, and their unit, that its packets can carry."""

    characteristics: tuple[str, ...]
    carried: tuple[tuple[ChannelSpec, int, int, float], ...]
    epoch_s: float = 0.0
    as_events: bool = False  # the codec tells its values as events, not as blocks
    table: TableSpec | None = None

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        return tuple(channel for channel, *_ in self.carried)

    def endpoint(self, codec: str) -> EndpointSpec:
        specs = tuple(CharacteristicSpec(name, "", (CharacteristicUse.NOTIFY,)) for name in self.characteristics)
        return EndpointSpec(codec, codec, "", specs, self.channels, self.table)


CASES = {
    "heart_rate": Case(("measurement",), ((HR, 1, 0xFFFF, 1.0), (RR, 1, 0xFFFF, 1 / 1024))),
    "battery": Case(("level",), ((BATTERY, 0, 100, 1.0),), as_events=True),
    "polar_pmd": Case(
        ("control", "data"), ((ACC, -8000, 8000, 0.001), (ECG, -(1 << 23), (1 << 23) - 1, 1.0)), H10_EPOCH_S
    ),
    "samples": Case(("data",), ((BELT, -(10**6), 10**6, 0.01),)),
    "table": Case(("data",), ((TURN, -(1 << 23), (1 << 23) - 1, 0.01),), table=TABLE),
}
NAMES = sorted(CODECS)
STREAMS = [(name, channel) for name, case in CASES.items() for channel in case.channels]
each_codec = pytest.mark.parametrize("name", NAMES)
each_stream = pytest.mark.parametrize(("name", "channel"), STREAMS, ids=lambda v: getattr(v, "id", v))

# Bytes that get past the first checks of one codec or another, then anything.
openings = st.sampled_from(["", "f001", "f00102", "f00202", "0f", "01", "0102", "02", "0202", "00", "10", "16", "1e"])
payloads = st.builds(lambda head, rest: bytes.fromhex(head) + rest, openings, st.binary(max_size=60)) | st.binary()


def test_every_codec_is_tested_here() -> None:
    assert set(CASES) == set(CODECS)


@st.composite
def packet_lists(draw: st.DrawFn, name: str) -> list[Packet]:
    endpoints = [f"{name}.{c}" for c in CASES[name].characteristics] + ["elsewhere.data"]
    one = st.builds(
        Packet,
        device=st.just("device"),
        endpoint=st.sampled_from(endpoints),
        direction=st.sampled_from(list(Direction)),
        t_host_ns=st.integers(0, 10**15),
        payload=payloads,
    )
    return draw(st.lists(one, max_size=8))


@st.composite
def blocks(draw: st.DrawFn, name: str, channel: ChannelSpec) -> RawBlock:
    low, high, unit = next(rest for c, *rest in CASES[name].carried if c is channel)
    row = st.lists(st.integers(low, high), min_size=len(channel.axes), max_size=len(channel.axes))
    counts = np.array(draw(st.lists(row, min_size=1, max_size=90)), dtype=np.float64)
    if channel.rate_hz == 0:
        return RawBlock(channel, counts * unit, None, 1.0)
    first_s = CASES[name].epoch_s + draw(st.floats(1.0, 1e6))
    return RawBlock(channel, counts * unit, first_s + np.arange(len(counts)) / channel.rate_hz, 1.0)


def notified(encoded: Iterable[tuple[str, bytes]]) -> list[Packet]:
    return [Packet("device", e, Direction.NOTIFY, 1_000_000_000, payload) for e, payload in encoded]


def received(name: str, packets: Sequence[Packet]) -> list[Received]:
    codec = make_codec(CASES[name].endpoint(name))
    codec.start(StreamPlan(CASES[name].channels))
    return [codec.receive(p) for p in packets]


def rows(name: str, results: Iterable[Received], channel: ChannelSpec) -> np.ndarray:
    """Return all the values told, (n, axes)."""
    if CASES[name].as_events:
        return np.array([float(e.detail) for r in results for e in r.events]).reshape(-1, 1)
    found = [b.x for r in results for b in r.blocks if b.channel.id == channel.id]
    return np.concatenate([np.empty((0, len(channel.axes))), *found])


@each_codec
@given(data=st.data())
def test_no_bytes_make_it_raise_and_faults_name_their_place(name: str, data: st.DataObject) -> None:
    packets = data.draw(packet_lists(name))
    for packet, result in zip(packets, received(name, packets), strict=True):
        for fault in result.faults:
            assert fault.endpoint == packet.endpoint
            assert 0 <= fault.offset <= len(packet.payload)
        for event in result.events:
            assert (event.device, event.t_host_ns) == (packet.device, packet.t_host_ns)


@each_codec
@given(data=st.data())
def test_blocks_have_their_declared_shape_and_time(name: str, data: st.DataObject) -> None:
    packets = data.draw(packet_lists(name))
    for packet, result in zip(packets, received(name, packets), strict=True):
        for block in result.blocks:
            assert block.x.dtype == np.float64
            assert block.x.shape == (len(block.x), len(block.channel.axes))
            assert len(block.x)
            assert np.isfinite(block.x).all()
            assert block.t_host_s == packet.t_host_ns * 1e-9
            assert block.lost_n >= 0
            if block.channel.rate_hz > 0:
                assert block.t_device_s is not None
                assert block.t_device_s.shape == (len(block.x),)


@each_codec
@given(data=st.data())
def test_the_same_packets_make_the_same_values(name: str, data: st.DataObject) -> None:
    packets = data.draw(packet_lists(name))
    for a, b in zip(received(name, packets), received(name, packets), strict=True):
        assert (a.requests, a.events, a.faults) == (b.requests, b.events, b.faults)
        for x, y in zip(a.blocks, b.blocks, strict=True):
            assert (x.channel, x.lost_n) == (y.channel, y.lost_n)
            np.testing.assert_array_equal(x.x, y.x)
            np.testing.assert_array_equal(x.t_device_s, y.t_device_s)


@each_stream
@given(data=st.data())
def test_what_it_encodes_it_receives(name: str, channel: ChannelSpec, data: st.DataObject) -> None:
    block = data.draw(blocks(name, channel))
    results = received(name, notified(make_codec(CASES[name].endpoint(name)).encode(block)))
    assert [f for r in results for f in r.faults] == []
    np.testing.assert_allclose(rows(name, results, channel), block.x, rtol=0, atol=1e-9)
    if block.t_device_s is not None:
        stamps = [b.t_device_s for r in results for b in r.blocks]
        np.testing.assert_allclose(np.concatenate(stamps), block.t_device_s, rtol=0, atol=1e-6)


@each_stream
@given(data=st.data())
def test_a_cut_packet_gives_no_number_that_is_not_in_it(name: str, channel: ChannelSpec, data: st.DataObject) -> None:
    block = data.draw(blocks(name, channel))
    packet = data.draw(st.sampled_from(notified(make_codec(CASES[name].endpoint(name)).encode(block))))
    cut = packet.payload[: data.draw(st.integers(0, len(packet.payload) - 1))]
    whole = rows(name, received(name, [packet]), channel)
    left = rows(name, received(name, notified([(packet.endpoint, cut)])), channel)
    assert len(left) < len(whole)
    np.testing.assert_array_equal(left, whole[: len(left)])


@each_codec
def test_its_requests_go_to_its_own_endpoint(name: str) -> None:
    codec = make_codec(CASES[name].endpoint(name))
    requests = (*codec.start(StreamPlan(CASES[name].channels)), *codec.stop())
    known = {f"{name}.{c}" for c in CASES[name].characteristics}
    assert {r.endpoint for r in requests} <= known
    assert all(r.payload for r in requests if isinstance(r, Write))
