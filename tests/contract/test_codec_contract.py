"""What every codec in the registry promises, whatever the bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.decode.gdx_frames import Command, GdxCommand, GdxReply, encode_command, encode_reply
from breathcore.decode.gdx_payloads import GdxChannel, encode_channel, encode_mask
from breathcore.decode.registry import CODECS, make_codec
from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import ChannelSpec, CharacteristicSpec, CharacteristicUse, EndpointSpec, Role
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import Codec, StreamPlan
from breathcore.model.table import CounterSpec, FieldSpec, NumberType, StampSpec, TableSpec
from breathcore.sync.clock import Synchroniser

HR = ChannelSpec("hr", Role.HEART_RATE, "beats/min", ("hr",), 0.0)
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)
BATTERY = ChannelSpec("battery", Role.BATTERY, "%", ("level",), 0.0)
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, settings={"sample_rate": 200, "range": 8})
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0, settings={"sample_rate": 130})
PPG = ChannelSpec("ppg", Role.PPG, "a.u.", ("ppg0", "ppg1", "ppg2", "ambient"), 55.0)
PRESSURE = ChannelSpec("pressure", Role.PRESSURE, "hPa", ("pressure",), 4.0)
BELT = ChannelSpec("belt", Role.BELT, "a.u.", ("belt",), 50.0)
TURN = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 100.0, 0.05)
TABLE = TableSpec(
    10,
    9,
    tuple(FieldSpec("gyro", axis, 3 * k, NumberType.I24, 0.01, big_endian=True) for k, axis in enumerate("xyz")),
    stamp=StampSpec(0, NumberType.U64, 1e-6, of_last=True),
    counter=CounterSpec(8, NumberType.U16),
)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 100.0, settings={"range": 500})
MAG = ChannelSpec("mag", Role.MAG, "uT", ("x", "y", "z"), 100.0)
QUATERNION = ChannelSpec("orientation", Role.ORIENTATION, "1", ("w", "x", "y", "z"), 100.0)
ANGLES = ChannelSpec("angles", Role.ORIENTATION, "deg", ("roll", "pitch", "yaw"), 100.0)
WAIST = ChannelSpec("waist", Role.ABDOMEN_BELT, "a.u.", ("a2",), 100.0, settings={"port": 2})
RATE = ChannelSpec("rate", Role.RESPIRATION_RATE, "breaths/min", ("rate",), 0.0)
PHASES = ChannelSpec("phases", Role.BREATH_PHASES, "s", ("in", "out"), 0.0)
DEPTH = ChannelSpec("depth", Role.BREATH_DEPTH, "a.u.", ("depth",), 0.0)
STEPS = ChannelSpec("steps", Role.ACTIVITY, "steps", ("steps",), 0.0)
INDEX = ChannelSpec("activity", Role.ACTIVITY, "1", ("activity",), 0.0)
CADENCE = ChannelSpec("cadence", Role.ACTIVITY, "steps/min", ("cadence",), 0.0)
SLOW_ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 52.0)
SLOW_GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("x", "y", "z"), 52.0)
FORCE = ChannelSpec("belt", Role.BELT, "N", ("force",), 10.0)
H10_EPOCH_S = 599_616_000.0
S16 = (-(1 << 15), (1 << 15) - 1)
S32 = (-(1 << 31), (1 << 31) - 1)


@dataclass(frozen=True)
class Case:
    """A codec's endpoint; for each channel the whole numbers, from, to, and their unit, that its packets can carry."""

    characteristics: tuple[str, ...]
    carried: tuple[tuple[ChannelSpec, int, int, float], ...]
    epoch_s: float = 0.0
    as_events: bool = False  # the codec tells its values as events, not as blocks
    rows_n: int = 1  # packets hold this many rows, or a multiple
    derived: tuple[ChannelSpec, ...] = ()  # worked out from the others: packets do not carry them
    together: tuple[str, ...] = ()  # channels that share packets
    stamped: bool = True  # whether sampled blocks have device times
    ordered: bool = True  # stamps or numbers tell a repeated or late packet
    stamped_events: bool = False
    table: TableSpec | None = None
    opening: tuple[tuple[str, bytes], ...] = ()  # what the device says before it sends
    stamp_s: float = 1e-6  # how finely times are told
    latest_s: float = 1e6  # stamps wrap after that

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        return (*(channel for channel, *_ in self.carried), *self.derived)

    def endpoint(self, codec: str) -> EndpointSpec:
        specs = tuple(CharacteristicSpec(name, "", (CharacteristicUse.NOTIFY,)) for name in self.characteristics)
        return EndpointSpec(codec, codec, "", specs, self.channels, self.table)


def gdx_opening() -> tuple[tuple[str, bytes], ...]:
    """Return our questions and a belt's answers: which channels it has and what they are."""
    asked = [(Command.AVAILABLE, b""), (Command.CHANNEL_INFO, b"\1"), (Command.CHANNEL_INFO, b"\2")]
    force, rate = GdxChannel(1, 42, "Force", "N", 0.0, 50.0), GdxChannel(2, 43, "Respiration Rate", "bpm", 0.0, 100.0)
    answers = [encode_mask((1, 2)), encode_channel(force), encode_channel(rate)]
    said: list[tuple[str, bytes]] = []
    for n, ((command, payload), answer) in enumerate(zip(asked, answers, strict=True)):
        said.append(("command", encode_command(GdxCommand(command, n, payload))))
        said.append(("response", encode_reply(GdxReply(command, 253 + n, n, answer))))
    return tuple(said)


CASES = {
    "battery": Case(("level",), ((BATTERY, 0, 100, 1.0),), as_events=True, ordered=False),
    "bitalino": Case(
        ("command", "frames"), ((BELT, 0, 1023, 1.0), (WAIST, 0, 1023, 1.0)), together=("belt", "waist"), stamped=False
    ),
    "heart_rate": Case(("measurement",), ((HR, 1, 0xFFFF, 1.0), (RR, 1, 0xFFFF, 1 / 1024)), ordered=False),
    "hexoskin_activity": Case(
        ("measurement",),
        ((STEPS, 0, 0xFFFF, 1.0), (INDEX, 0, 0xFFFF, 1 / 256), (CADENCE, 0, 0xFFFF, 1.0)),
        together=("steps", "activity", "cadence"), ordered=False,
    ),
    "hexoskin_respiration": Case(
        ("measurement",), ((RATE, 1, 0xFFFF, 1.0), (PHASES, 1, 0xFFFF, 1 / 32)),
        together=("rate", "phases"), ordered=False,
    ),
    "metamotion": Case(
        ("command", "notify"), ((ACC, *S16, 8 / 32768), (GYRO, *S16, 500 / 32800), (QUATERNION, -4096, 4096, 1 / 4096)),
        stamped=False, ordered=False,
    ),
    "movella_dot": Case(
        ("control", "short", "medium", "long"), ((ACC, *S16, 1 / 1024 / 9.80665), (GYRO, *S16, 1 / 16)),
        latest_s=4000.0,
    ),
    "movella_dot_battery": Case(("level",), ((BATTERY, 0, 100, 1.0),), as_events=True, ordered=False),
    "movella_dot_rate": Case(("settings",), ()),
    "movesense": Case(
        ("command", "data"),
        ((SLOW_ACC, *S16, 1 / 1024 / 9.80665), (SLOW_GYRO, *S16, 1 / 16), (ECG, *S16, 0.381469726563)),
        rows_n=16, stamp_s=2e-3,
    ),
    "polar_pmd": Case(
        ("control", "data"),
        (
            (ACC, -8000, 8000, 0.001), (ECG, -(1 << 23), (1 << 23) - 1, 1.0),
            (PPG, -(1 << 23), (1 << 23) - 1, 1.0), (PRESSURE, 0, 20_000, 1 / 16),
        ),
        H10_EPOCH_S,
    ),
    "samples": Case(("data",), ((BELT, -(10**6), 10**6, 0.01),), ordered=False),
    "sweetzpot": Case(("data",), ((BELT, *S16, 1.0),), rows_n=7, stamped=False, ordered=False),
    "table": Case(("data",), ((TURN, -(1 << 23), (1 << 23) - 1, 0.01),), table=TABLE),
    "thingy": Case(
        ("config", "raw", "quaternion", "euler"),
        (
            (ACC, *S16, 1 / 1024), (GYRO, *S16, 1 / 32), (MAG, *S16, 1 / 16),
            (QUATERNION, *S32, 1 / (1 << 30)), (ANGLES, *S32, 1 / (1 << 16)),
        ),
        together=("acc", "gyro", "mag"), stamped=False, ordered=False,
    ),
    "tymewear": Case(
        ("data",), ((PHASES, 1, 0xFFFF, 0.01), (DEPTH, 0, 0xFFFF, 1.0)), derived=(RATE,),
        together=("phases", "depth"), stamped_events=True,
    ),
    "vernier_gdx": Case(
        ("command", "response"), ((FORCE, *S16, 1 / 1024), (RATE, 1, 0xFFFF, 1 / 64)), stamped=False,
        opening=gdx_opening(),
    ),
    "witmotion": Case(
        ("command", "data"), ((ACC, *S16, 16 / 32768), (GYRO, *S16, 2000 / 32768), (ANGLES, *S16, 180 / 32768)),
        together=("acc", "gyro", "angles"), stamped=False, ordered=False,
    ),
}  # fmt: skip
NAMES = sorted(CODECS)
STREAMS = [(name, channel) for name, case in CASES.items() for channel, *_ in case.carried]
each_codec = pytest.mark.parametrize("name", NAMES)
each_stream = pytest.mark.parametrize(("name", "channel"), STREAMS, ids=lambda v: getattr(v, "id", v))

# Bytes that get past the first checks of one codec or another, then anything.
openings = st.sampled_from(
    [
        "", "f001", "f00102", "f00202", "0f", "01", "0102", "02", "0202", "00", "10", "16", "1e",
        "0304", "0305", "031c", "0380", "1304", "1305", "1307", "1380", "1907", "2019", "98", "58", "0302",
        "5561", "5571",
    ]
)  # fmt: skip
usual = st.sampled_from([8, 14, 16, 17, 18, 20]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
payloads = (
    st.builds(lambda head, rest: bytes.fromhex(head) + rest, openings, st.binary(max_size=60) | usual)
    | usual
    | st.binary()
)


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
    rows_n = CASES[name].rows_n
    row = st.lists(st.integers(low, high), min_size=len(channel.axes), max_size=len(channel.axes))
    counts = np.array(draw(st.lists(row, min_size=rows_n, max_size=90)), dtype=np.float64)
    counts = counts[: len(counts) - len(counts) % rows_n]
    if channel.rate_hz == 0:
        return RawBlock(channel, counts * unit, None, 1.0)
    first_s = CASES[name].epoch_s + draw(st.floats(1.0, CASES[name].latest_s))
    return RawBlock(channel, counts * unit, first_s + np.arange(len(counts)) / channel.rate_hz, 1.0)


def ramp(name: str, channel: ChannelSpec, rows_n: int) -> RawBlock:
    """Return a block whose rows say their own number, one step of the wire each."""
    case = CASES[name]
    low, _, unit = next(rest for c, *rest in case.carried if c is channel)
    x = (max(low, 1) + np.arange(rows_n, dtype=np.float64))[:, None] * unit + np.zeros(len(channel.axes))
    times = case.epoch_s + 4.0 * np.arange(1, rows_n + 1)
    if channel.rate_hz > 0:
        times = case.epoch_s + 1.0 + np.arange(rows_n) / channel.rate_hz
    return RawBlock(channel, x, times if channel.rate_hz > 0 or case.stamped_events else None, 1.0)


@cache
def carrying(name: str, channel_id: str) -> list[Packet]:
    """Return eight packets that carry a ramp, each arriving when its last row was taken."""
    channel = next(c for c in CASES[name].channels if c.id == channel_id)
    rows_n = min(-(-900 // len(make_codec(CASES[name].endpoint(name)).encode(ramp(name, channel, 900)))), 90)
    whole, codec = ramp(name, channel, 8 * rows_n), make_codec(CASES[name].endpoint(name))
    parts = [slice(i, i + rows_n) for i in range(0, 8 * rows_n, rows_n)]
    stamps = whole.t_device_s
    encoded = [
        packet
        for part in parts
        for packet in codec.encode(replace(whole, x=whole.x[part], t_device_s=None if stamps is None else stamps[part]))
    ]
    apart_s = rows_n / channel.rate_hz if channel.rate_hz > 0 else 4.0
    return [
        Packet("device", e, Direction.NOTIFY, round((n + 1) * apart_s * 1e9), payload)
        for n, (e, payload) in enumerate(encoded[:8])
    ]


def notified(encoded: Iterable[tuple[str, bytes]]) -> list[Packet]:
    return [Packet("device", e, Direction.NOTIFY, 1_000_000_000, payload) for e, payload in encoded]


def received(name: str, packets: Sequence[Packet]) -> list[Received]:
    codec = begun(name)
    return [codec.receive(p) for p in packets]


def begun(name: str) -> Codec:
    """Return a codec that has been started and has heard what the device says before it sends."""
    codec = make_codec(CASES[name].endpoint(name))
    codec.start(StreamPlan(CASES[name].channels))
    for characteristic, payload in CASES[name].opening:
        direction = Direction.WRITE if characteristic == "command" else Direction.NOTIFY
        codec.receive(Packet("device", f"{name}.{characteristic}", direction, 0, payload))
    return codec


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
                assert (block.t_device_s is not None) == CASES[name].stamped
            if block.t_device_s is not None:
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
            assert (x.t_device_s is None) == (y.t_device_s is None)
            if x.t_device_s is not None:
                np.testing.assert_array_equal(x.t_device_s, y.t_device_s)


@each_stream
@given(data=st.data())
def test_what_it_encodes_it_receives(name: str, channel: ChannelSpec, data: st.DataObject) -> None:
    block = data.draw(blocks(name, channel))
    results = received(name, notified(make_codec(CASES[name].endpoint(name)).encode(block)))
    assert [f for r in results for f in r.faults] == []
    np.testing.assert_allclose(rows(name, results, channel), block.x, rtol=0, atol=1e-9)
    if block.t_device_s is not None and CASES[name].stamped:
        stamps = [b.t_device_s for r in results for b in r.blocks if b.channel.id == channel.id]
        np.testing.assert_allclose(np.concatenate(stamps), block.t_device_s, rtol=0, atol=CASES[name].stamp_s)


@pytest.mark.parametrize("name", [name for name in NAMES if name in CASES and CASES[name].together])
@given(data=st.data())
def test_channels_that_share_packets_travel_together(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    drawn = [data.draw(blocks(name, c)) for c in case.channels if c.id in case.together]
    rows_n = min(len(b.x) for b in drawn)
    given = [replace(b, x=b.x[:rows_n], t_device_s=None) for b in drawn]
    results = received(name, notified(make_codec(case.endpoint(name)).encode(*given)))
    assert len(results) == rows_n
    for block in given:
        np.testing.assert_allclose(rows(name, results, block.channel), block.x, rtol=0, atol=1e-9)


@each_stream
@settings(max_examples=40)
@given(data=st.data())
def test_damaged_order_never_gives_numbers_out_of_order(name: str, channel: ChannelSpec, data: st.DataObject) -> None:
    if CASES[name].as_events:
        return  # a level is of the moment
    packets = carrying(name, channel.id)
    kinds = st.sampled_from(["keep", "lose", "repeat", "swap", "cut"])
    damaged: list[Packet] = []
    for n, kind in enumerate(data.draw(st.lists(kinds, min_size=8, max_size=8))):
        packet = packets[n]
        if kind in ("keep", "repeat"):
            damaged += [packet] * (1 if kind == "keep" else 2)
        if kind == "swap":  # late by one place
            last = damaged[-1:] if damaged[-1:] == packets[n - 1 : n] else []
            damaged = [*damaged[: len(damaged) - len(last)], packet, *last]
        if kind == "cut":
            damaged.append(replace(packet, payload=packet.payload[: len(packet.payload) // 2]))
    arrivals = sorted(p.t_host_ns for p in damaged)
    codec, clock = begun(name), Synchroniser(0.0)
    raw: list[RawBlock] = []
    for packet, t_host_ns in zip(damaged, arrivals, strict=True):
        raw += codec.receive(replace(packet, t_host_ns=t_host_ns)).blocks
    times = [b.t_s for block in raw for b in clock.push(block) if b.channel.id == channel.id]
    assert (np.diff(np.concatenate([np.empty(0), *times])) > 0).all()
    if CASES[name].ordered:
        values = [b.x[:, 0] for block in raw for b in [block] if b.channel.id == channel.id]
        assert (np.diff(np.concatenate([np.empty(0), *values])) > 0).all()


@each_stream
@given(data=st.data())
def test_a_cut_packet_gives_no_number_that_is_not_in_it(name: str, channel: ChannelSpec, data: st.DataObject) -> None:
    block = data.draw(blocks(name, channel))
    packet = data.draw(st.sampled_from(notified(make_codec(CASES[name].endpoint(name)).encode(block))))
    cut = packet.payload[: data.draw(st.integers(0, len(packet.payload) - 1))]
    whole = rows(name, received(name, [packet]), channel)
    left = rows(name, received(name, notified([(packet.endpoint, cut)])), channel)
    if channel.role is Role.BREATH_PHASES:  # a row is a breath, 0 stands for a phase that is not in the packet
        whole, left = whole[whole > 0], left[left > 0]
    assert len(left) < len(whole)
    np.testing.assert_array_equal(left, whole[: len(left)])


@each_codec
def test_its_requests_go_to_its_own_endpoint(name: str) -> None:
    codec = make_codec(CASES[name].endpoint(name))
    requests = (*codec.start(StreamPlan(CASES[name].channels)), *codec.stop())
    known = {f"{name}.{c}" for c in CASES[name].characteristics}
    assert {r.endpoint for r in requests} <= known
    assert all(r.payload for r in requests if isinstance(r, Write))
