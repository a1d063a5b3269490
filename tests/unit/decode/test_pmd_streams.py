"""Each Polar stream through the whole codec: units, beats, stamps, and back from blocks to frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode import pmd_control as control
from breathcore.decode.pmd import PmdCodec
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, encode_frame
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError, SignalError
from breathcore.model.packets import Direction, Packet
from breathcore.model.protocols import StreamPlan

XYZ = ("x", "y", "z")
ACC = ChannelSpec("acc", Role.ACC, "g", XYZ, 52.0)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", XYZ, 52.0, settings={"range": 2000})
MAG = ChannelSpec("mag", Role.MAG, "uT", XYZ, 50.0, settings={"range": 50})
PPG = ChannelSpec("ppg", Role.PPG, "a.u.", ("ppg0", "ppg1", "ppg2", "ambient"), 55.0)
PAIR = ChannelSpec("ppg", Role.PPG, "a.u.", ("ppg0", "ppg1"), 22.0)
MANY = ChannelSpec("ppg", Role.PPG, "a.u.", tuple(f"ppg{n}" for n in range(20)), 22.0)
PPI = ChannelSpec("ppi", Role.RR, "s", ("rr",), 0.0)
SKIN = ChannelSpec("skin", Role.TEMPERATURE, "degC", ("t",), 4.0, settings={"measurement": 7, "sample_rate": 4})
AIR = ChannelSpec("air", Role.TEMPERATURE, "degC", ("t",), 4.0)
PRESSURE = ChannelSpec("pressure", Role.PRESSURE, "hPa", ("p",), 4.0)
T0 = UNSET_CLOCK_NS
GOOD, DOUBTED, NO_SKIN, UNSENSED = (0, 1, 1), (1, 1, 1), (0, 0, 1), (0, 0, 0)


def codec_of(*channels: ChannelSpec) -> PmdCodec:
    codec = PmdCodec("pmd", channels)
    codec.start(StreamPlan(channels))
    return codec


def put(codec: PmdCodec, payload: bytes, t_host_s: float = 0.0, name: str = "data") -> Received:
    return codec.receive(Packet("arm", f"pmd.{name}", Direction.NOTIFY, round(t_host_s * 1e9), payload))


def through(codec: PmdCodec, *blocks: RawBlock) -> list[Received]:
    return [
        codec.receive(Packet("arm", endpoint, Direction.NOTIFY, 0, payload))
        for endpoint, payload in codec.encode(*blocks)
    ]


whole = st.integers(-20_000, 20_000)
WIRE = [
    (ACC, st.integers(-8000, 8000), 0.001),
    (GYRO, st.integers(-32_000, 32_000), 1 / 16),
    (MAG, whole, 0.1),
    (PPG, st.integers(-(1 << 23), (1 << 23) - 1), 1.0),
    (PAIR, st.integers(-(1 << 23), (1 << 23) - 1), 1.0),
    (MANY, st.integers(-(1 << 23), (1 << 23) - 1), 1.0),
    (SKIN, st.integers(0, 1000), 1 / 16),
    (AIR, st.integers(0, 1000), 1 / 16),
    (PRESSURE, st.integers(0, 20_000), 1 / 16),
]


@pytest.mark.parametrize(("channel", "numbers", "unit"), WIRE, ids=lambda v: getattr(v, "id", ""))
@given(data=st.data())
def test_every_block_that_a_stream_can_carry_comes_back(
    channel: ChannelSpec, numbers: st.SearchStrategy[int], unit: float, data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, 60))
    row = st.lists(numbers, min_size=len(channel.axes), max_size=len(channel.axes))
    x = np.array(data.draw(st.lists(row, min_size=n, max_size=n)), np.float64) * unit
    times = T0 * 1e-9 + data.draw(st.integers(1, 10**6)) + np.arange(n) / channel.rate_hz
    received = through(codec_of(channel), RawBlock(channel, x, times, 0.0))
    assert [f for r in received for f in r.faults] == []
    blocks = [b for r in received for b in r.blocks]
    np.testing.assert_allclose(np.concatenate([b.x for b in blocks]), x, rtol=0, atol=1e-9)
    stamps = np.concatenate([b.t_device_s for b in blocks if b.t_device_s is not None])
    np.testing.assert_allclose(stamps, times, rtol=0, atol=1e-6)


@given(st.lists(st.integers(1, 0xFFFF), min_size=1, max_size=90), st.booleans())
def test_every_run_of_beats_comes_back(intervals_ms: list[int], stamped: bool) -> None:
    x = np.array(intervals_ms, np.float64)[:, None] / 1000.0
    times = T0 * 1e-9 + 1e5 + np.cumsum(x[:, 0]) if stamped else None
    received = through(codec_of(PPI), RawBlock(PPI, x, times, 0.0))
    assert [f for r in received for f in r.faults] == []
    blocks = [b for r in received for b in r.blocks]
    np.testing.assert_array_equal(np.concatenate([b.x for b in blocks]), x)
    assert [b.lost_n for b in blocks] == [1] + [0] * (len(blocks) - 1)
    if times is None:
        assert all(b.t_device_s is None for b in blocks)
        return
    np.testing.assert_allclose(np.concatenate([b.t_device_s for b in blocks]), times, rtol=0, atol=1e-6)


@given(st.sampled_from([c for c, *_ in WIRE]), st.data())
def test_frames_fit_the_packets_of_an_h10(channel: ChannelSpec, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10))
    x = np.random.default_rng(seed).choice([-8e6, 8e6], (80, len(channel.axes)))
    packets = codec_of(channel).encode(RawBlock(channel, x, T0 * 1e-9 + np.arange(80.0), 0.0))
    assert max(len(payload) for _, payload in packets) <= 229


def beats(*rows: tuple[int, tuple[int, int, int]], end_ms: int = 100_000) -> bytes:
    samples = np.array([[60, ms, 10, *flags] for ms, flags in rows])
    return encode_frame(Measurement.PPI, T0 + end_ms * 10**6 if end_ms else 0, samples, 0)


def told(received: Received) -> list[tuple[int, list[float]]]:
    return [(b.lost_n, b.x[:, 0].tolist()) for b in received.blocks]


def test_beats_go_back_from_the_frames_stamp_by_each_interval() -> None:
    (block,) = put(codec_of(PPI), beats((1000, GOOD), (900, UNSENSED), (800, GOOD))).blocks
    assert block.t_device_s is not None
    assert (block.t_device_s - T0 * 1e-9).tolist() == pytest.approx([98.3, 99.2, 100.0], abs=1e-6)


def test_doubted_beats_and_those_without_skin_are_left_out_and_counted_as_lost() -> None:
    codec = codec_of(PPI)
    first = put(codec, beats((1000, GOOD), (900, DOUBTED), (0, GOOD), (800, NO_SKIN), (700, GOOD), (600, DOUBTED)))
    assert told(first) == [(1, [1.0]), (3, [0.7])]
    assert told(put(codec, beats((500, GOOD), end_ms=100_500), 0.5)) == [(1, [0.5])]


def test_beats_that_are_all_bad_make_no_block() -> None:
    codec = codec_of(PPI)
    assert told(put(codec, beats((1000, DOUBTED), (900, NO_SKIN)))) == []
    assert told(put(codec, beats((800, GOOD), end_ms=100_800), 0.8)) == [(3, [0.8])]


def test_a_lost_frame_of_beats_shows_in_the_stamps() -> None:
    codec = codec_of(PPI)
    put(codec, beats(*[(1000, GOOD)] * 5))
    assert told(put(codec, beats(*[(1000, GOOD)] * 5, end_ms=110_000), 10.0)) == [(5, [1.0] * 5)]
    assert told(put(codec, beats(*[(1000, GOOD)] * 5, end_ms=116_000), 16.0)) == [
        (0, [1.0] * 5)
    ]  # one beat may be left out


def test_a_frame_of_beats_that_comes_twice_is_counted_once() -> None:
    codec = codec_of(PPI)
    put(codec, beats((1000, GOOD)))
    assert [f.reason for f in put(codec, beats((1000, GOOD)), 0.1).faults] == [FaultReason.NOT_RISING]
    assert [f.reason for f in put(codec, beats((1000, GOOD), end_ms=99_000), 0.2).faults] == [FaultReason.NOT_RISING]
    assert told(put(codec, beats((1000, GOOD), end_ms=101_000), 1.0)) == [(0, [1.0])]


def test_frames_of_beats_that_changed_places_are_no_new_clock() -> None:
    codec = codec_of(PPI)
    five = [(1020, GOOD)] * 5
    put(codec, beats(*five))
    assert told(put(codec, beats(*five, end_ms=110_200), 10.2)) == [(5, [1.02] * 5)]
    late = put(codec, beats(*five, end_ms=105_100), 10.3)
    assert ([f.reason for f in late.faults], late.blocks) == ([FaultReason.NOT_RISING], ())


def test_a_device_that_offers_no_rate_gives_no_numbers() -> None:
    codec = codec_of(ACC)
    put(codec, control.encode_settings_reply(Measurement.ACC, {"sample_rate": (0,)}), name="control")
    for stamp_ns in (T0, T0 + 10**9):
        received = put(codec, encode_frame(Measurement.ACC, stamp_ns, np.zeros((5, 3)), 1))
        assert ([f.reason for f in received.faults], received.blocks) == ([FaultReason.TS_AND_RATE_ZERO], ())


def test_a_frame_that_comes_again_with_a_stamp_a_little_later_is_refused() -> None:
    codec = codec_of(ACC)
    frames = [encode_frame(Measurement.ACC, T0 + ms * 1_000_000, np.ones((26, 3)), 0x01) for ms in (500, 1000, 1001)]
    results = [put(codec, frame, 0.5) for frame in frames]
    assert [len(r.blocks) for r in results] == [1, 1, 0]
    assert [f.reason for f in results[2].faults] == [FaultReason.NOT_RISING]


def test_a_reply_whose_parts_never_end_is_told_and_forgotten() -> None:
    codec = codec_of(ACC)
    part = control.encode_reply(control.PmdReply(2, Measurement.ACC, 0, more=True, params=bytes(500)))
    faults = [f.reason for _ in range(9) for f in put(codec, part, name="control").faults]
    assert faults == [FaultReason.BAD_LENGTH]


def test_a_late_frame_of_a_slow_stream_is_no_false_stamp() -> None:
    codec = codec_of(SKIN)
    stamps_s = [0.0, 5.0, 15.0, 10.0, 20.0]
    received = [
        put(codec, encode_frame(Measurement.SKIN_TEMP, T0 + round(s * 1e9), np.full((20, 1), 33.0), 0), 20.0)
        for s in stamps_s
    ]
    assert [len(r.blocks) for r in received] == [1, 1, 1, 0, 1]
    assert [f.reason for f in received[3].faults] == [FaultReason.NOT_RISING]


def test_a_clock_that_starts_over_is_followed_by_the_beats() -> None:
    codec = codec_of(PPI)
    put(codec, beats((1000, GOOD)))
    assert told(put(codec, beats((1000, GOOD), end_ms=10_000), 1.0)) == [(1, [1.0])]


def test_beats_of_a_device_without_a_stamp_have_no_time() -> None:
    codec = codec_of(PPI)
    for _ in range(2):
        (block,) = put(codec, beats((1000, GOOD), end_ms=0)).blocks
        assert block.t_device_s is None


@pytest.mark.parametrize(
    ("stamp_ns", "reason"), [(10**9, FaultReason.NEGATIVE_TIMESTAMP), (1 << 62, FaultReason.OUT_OF_RANGE)]
)
def test_beats_with_a_stamp_that_cannot_be_are_refused(stamp_ns: int, reason: FaultReason) -> None:
    payload = encode_frame(Measurement.PPI, stamp_ns, np.array([[60, 2000, 0, *GOOD]]), 0)
    received = put(codec_of(PPI), payload)
    assert ([f.reason for f in received.faults], received.blocks) == ([reason], ())


def started(channel: ChannelSpec, type_: Measurement, factor: float) -> PmdCodec:
    codec = codec_of(channel)
    put(codec, control.encode_start_reply(type_, factor), name="control")
    return codec


def test_a_verity_turns_counts_into_units_with_its_factors() -> None:
    acc = encode_frame(Measurement.ACC, T0, np.array([[4100, 0, -4100]]), 0x80)
    (block,) = put(started(ACC, Measurement.ACC, 0.000244), acc).blocks
    assert block.x.tolist() == [[1.0, 0.0, -1.0]]
    gyro = encode_frame(Measurement.GYRO, T0, np.array([[100, 0, -100]]), 0x80)
    (block,) = put(started(GYRO, Measurement.GYRO, 0.0625), gyro).blocks
    assert block.x.tolist() == [[6.25, 0.0, -6.25]]
    field = encode_frame(Measurement.MAG, T0, np.array([[500, 0, -250, 3]]), 0x81)
    (block,) = put(started(MAG, Measurement.MAG, 1.0), field).blocks
    np.testing.assert_allclose(block.x, [[50.0, 0.0, -25.0]])  # 0.5 gauss


@pytest.mark.parametrize(
    ("channel", "type_", "counts"), [(GYRO, Measurement.GYRO, 2200), (MAG, Measurement.MAG, 53)], ids=["gyro", "mag"]
)
def test_more_than_the_sensor_was_set_to_measure_is_damage(
    channel: ChannelSpec, type_: Measurement, counts: int
) -> None:
    received = put(started(channel, type_, 1.0), encode_frame(type_, T0, np.array([[0, counts, 0]]), 0x80))
    assert ([f.reason for f in received.faults], received.blocks) == ([FaultReason.OUT_OF_RANGE], ())


def test_more_light_channels_than_asked_for_are_left_out_and_fewer_are_another_sensor() -> None:
    codec = started(PAIR, Measurement.PPG, 1.0)
    (block,) = put(codec, encode_frame(Measurement.PPG, T0, np.arange(17)[None], 0x87)).blocks
    assert block.x.tolist() == [[0.0, 1.0]]
    codec = started(PPG, Measurement.PPG, 1.0)
    received = put(codec, encode_frame(Measurement.PPG, T0, np.arange(3)[None], 0x8D))
    assert [f.reason for f in received.faults] == [FaultReason.UNSUPPORTED_FRAME]


def test_two_temperatures_are_told_apart_by_their_setting_which_is_not_sent() -> None:
    codec = codec_of(SKIN, AIR)
    for type_, celsius in ((Measurement.SKIN_TEMP, 33.5), (Measurement.TEMPERATURE, 21.0)):
        (block,) = put(codec, encode_frame(type_, T0, np.array([[celsius]]), 0)).blocks
        assert (block.channel.id, block.x.tolist()) == ("skin" if celsius > 30 else "air", [[celsius]])
    received = put(codec, bytes.fromhex("f0010700000003"), name="control")  # settings that cannot be read
    assert [r.payload.hex() for r in received.requests] == ["020700010400"]


def test_a_setting_that_names_another_stream_is_refused() -> None:
    with pytest.raises(CatalogError):
        PmdCodec("pmd", (ChannelSpec("t", Role.TEMPERATURE, "degC", ("t",), 1.0, settings={"measurement": 2}),))


def test_more_light_channels_than_any_frame_has_cannot_be_written() -> None:
    channel = ChannelSpec("ppg", Role.PPG, "a.u.", tuple(f"p{n}" for n in range(25)), 22.0)
    with pytest.raises(SignalError):
        codec_of(channel).encode(RawBlock(channel, np.zeros((1, 25)), np.array([1e9]), 0.0))
