"""The conversation with a Polar strap, played by a small strap made of the device-side encoders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from breathcore.decode import pmd_control as control
from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd import PmdCodec
from breathcore.decode.pmd_control import Measurement, Op, PmdReply, Status
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, encode_frame
from breathcore.decode.pmd_stream import PmdStream
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError
from breathcore.model.packets import Direction, Packet, Read, Request, Write
from breathcore.model.protocols import StreamPlan

ACC = ChannelSpec(
    "acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, settings={"sample_rate": 200, "resolution": 16, "range": 8}
)
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0, settings={"sample_rate": 130, "resolution": 14})
H10 = {
    Measurement.ACC: {"sample_rate": (25, 50, 100, 200), "resolution": (16,), "range": (2, 4, 8)},
    Measurement.ECG: {"sample_rate": (130,), "resolution": (14,)},
}
T0 = UNSET_CLOCK_NS


@dataclass
class Talk:
    """A codec and what passes between it and a strap; every packet is kept."""

    offered: Mapping[Measurement, Mapping[str, Sequence[int]]] = field(default_factory=lambda: H10)
    channels: tuple[ChannelSpec, ...] = (ACC, ECG)
    packets: list[Packet] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codec = PmdCodec("pmd", self.channels)

    def start(self) -> None:
        """Run the whole conversation."""
        self.answer(self.codec.start(StreamPlan(self.channels)))

    def answer(self, requests: Sequence[Request]) -> None:
        for request in requests:
            assert request.endpoint == "pmd.control"
            if isinstance(request, Read):
                self.answer(self.put("control", control.encode_features(self.offered), Direction.READ).requests)
                continue
            self.put("control", request.payload, Direction.WRITE)
            for reply in self.replies(request.payload):
                self.answer(self.put("control", reply).requests)

    def replies(self, payload: bytes) -> list[bytes]:
        request = control.decode_request(payload)
        type_ = Measurement(request.type or 0)
        if request.op == Op.SETTINGS:
            return [control.encode_settings_reply(type_, self.offered[type_])]
        if request.op == Op.START:
            return [control.encode_start_reply(type_, tail=b"\x01" if type_ is Measurement.ACC else b"")]
        return [control.encode_reply(PmdReply(request.op, type_, Status.OK))]

    def put(self, name: str, payload: bytes, direction: Direction = Direction.NOTIFY) -> Received:
        self.packets.append(Packet("strap", f"pmd.{name}", direction, len(self.packets) * 10**8, payload))
        self.received.append(self.codec.receive(self.packets[-1]))
        return self.received[-1]

    def frame(self, stamp_ns: int, n: int = 36, value: int = 1) -> Received:
        return self.put("data", encode_frame(Measurement.ACC, stamp_ns, np.full((n, 3), value), 0x01))

    @property
    def written(self) -> list[str]:
        return [p.payload.hex() for p in self.packets if p.direction is Direction.WRITE]

    @property
    def faults(self) -> list[Fault]:
        return [f for r in self.received for f in r.faults]


class Insisting(Talk):
    """A strap whose streams always run already."""

    def replies(self, payload: bytes) -> list[bytes]:
        if payload[0] != Op.START:
            return super().replies(payload)
        return [control.encode_reply(PmdReply(Op.START, payload[1], Status.ALREADY_IN_STATE))]


def reasons(received: Received) -> list[FaultReason]:
    return [f.reason for f in received.faults]


def test_an_h10_is_asked_for_settings_and_started_one_request_at_a_time() -> None:
    talk = Talk()
    talk.start()
    assert talk.written == ["0102", "02020001c8000101100002010800", "0100", "02000001820001010e00"]
    assert talk.faults == []


def test_the_straps_side_answers_with_an_h10s_bytes() -> None:
    talk = Talk()
    talk.start()
    heard = [p.payload.hex() for p in talk.packets if p.direction is Direction.NOTIFY]
    assert heard[0] == "f001020000" + "0004190032006400c800" + "01011000" + "0203020004000800"
    assert heard[1] == "f00202000001"
    assert heard[2] == "f001000000" + "00018200" + "01010e00"
    assert control.encode_features([Measurement.ECG, Measurement.ACC]).hex() == "0f05" + "00" * 15


def test_the_nearest_offered_setting_is_chosen_and_the_block_says_which() -> None:
    verity = {Measurement.ACC: {"sample_rate": (26, 52), "resolution": (16,), "range": (4, 16), "channels": (3,)}}
    talk = Talk(verity, (ACC,))
    talk.start()
    assert talk.written[1] == "0202" + "00013400" + "01011000" + "02010400" + "040103"
    (block,) = talk.frame(T0).blocks
    assert block.channel.rate_hz == 52.0
    assert block.channel.id == "acc"


def test_acceleration_comes_in_g_and_ecg_in_microvolts() -> None:
    talk = Talk()
    talk.start()
    (acc,) = talk.frame(T0, value=-985).blocks
    assert np.unique(acc.x).tolist() == [-0.985]
    assert acc.x.shape == (36, 3)
    payload = encode_frame(Measurement.ECG, T0, np.array([[7], [-8_388_608]]), 0x00)
    (ecg,) = talk.put("data", payload).blocks
    assert ecg.x.tolist() == [[7.0], [-8_388_608.0]]
    assert ecg.t_device_s is not None
    assert ecg.t_device_s[-1] == pytest.approx(T0 * 1e-9, abs=1e-6)


def test_the_factor_of_the_start_reply_scales_compressed_frames() -> None:
    talk = Talk(channels=(ACC,))
    compressed = encode_frame(Measurement.ACC, T0, np.array([[1000, 0, -4000]]), 0x80)
    assert reasons(talk.put("data", compressed)) == [FaultReason.UNEXPECTED]
    talk.codec.start(StreamPlan((ACC,)))
    talk.put("control", control.encode_settings_reply(2, H10[Measurement.ACC]))
    talk.put("control", control.encode_start_reply(2, 2**-12))
    (block,) = talk.put("data", compressed).blocks
    assert block.x.tolist() == [[0.244, 0.0, -0.976]]


def test_a_reply_in_parts_is_put_together() -> None:
    talk = Talk(channels=(ACC,))
    talk.codec.start(StreamPlan((ACC,)))
    params = control.encode_settings(H10[Measurement.ACC])
    first = talk.put("control", control.encode_reply(PmdReply(1, 2, 0, more=True, params=params[:7])))
    assert first.requests == ()
    second = talk.put("control", control.encode_reply(PmdReply(1, 2, 0, params=params[7:])))
    (request,) = second.requests
    assert isinstance(request, Write)
    assert request.payload.hex() == "02020001c8000101100002010800"


def test_a_reply_without_its_fifth_byte_counts() -> None:
    talk = Talk(channels=(ACC,))
    talk.codec.start(StreamPlan((ACC,)))
    talk.put("control", control.encode_settings_reply(2, {}))
    assert talk.put("control", bytes.fromhex("f0020200")).faults == ()
    assert len(talk.frame(T0).blocks) == 1


def test_a_refusal_is_told_and_the_next_stream_is_started_all_the_same() -> None:
    talk = Talk()
    talk.codec.start(StreamPlan((ACC, ECG)))
    refused = talk.put("control", control.encode_reply(PmdReply(1, 2, Status.NOT_SUPPORTED)))
    assert [(f.reason, f.detail) for f in refused.faults] == [(FaultReason.REFUSED, "acc settings: not_supported")]
    assert refused.requests == (Write("pmd.control", b"\x01\x00"),)
    talk.put("control", control.encode_settings_reply(0, H10[Measurement.ECG]))
    refused = talk.put("control", bytes.fromhex("f002000a"))
    assert [(f.reason, f.detail) for f in refused.faults] == [(FaultReason.REFUSED, "ecg start: invalid_mtu")]


def test_unreadable_settings_do_not_keep_a_stream_from_starting() -> None:
    talk = Talk(channels=(ACC,))
    talk.codec.start(StreamPlan((ACC,)))
    received = talk.put("control", bytes.fromhex("f0010200000004190032"))
    assert [(f.reason, f.offset) for f in received.faults] == [(FaultReason.TRUNCATED, 10)]
    assert received.requests == (Write("pmd.control", bytes.fromhex("02020001c8000101100002010800")),)


def test_a_stream_that_already_runs_is_restarted_with_our_settings() -> None:
    talk = Talk(channels=(ACC,))
    talk.codec.start(StreamPlan((ACC,)))
    talk.put("control", control.encode_settings_reply(2, H10[Measurement.ACC]))
    running = control.encode_reply(PmdReply(2, 2, Status.ALREADY_IN_STATE))
    received = talk.put("control", running)
    assert received.faults == ()
    assert received.requests == (Write("pmd.control", b"\x03\x02"),)
    (again,) = talk.put("control", bytes.fromhex("f003020000")).requests
    assert isinstance(again, Write)
    assert again.payload[:2] == b"\x02\x02"


def test_a_strap_that_insists_that_it_runs_is_believed() -> None:
    talk = Insisting(channels=(ACC,))
    talk.start()
    assert len(talk.written) < 12
    assert talk.faults == []
    assert len(talk.frame(T0).blocks) == 1


@pytest.mark.parametrize("payload", ["0102", "01"])
def test_a_stream_that_the_strap_ends_is_started_again(payload: str) -> None:
    talk = Talk(channels=(ACC,))
    talk.start()
    received = talk.put("control", bytes.fromhex(payload))
    assert [(f.reason, f.detail) for f in received.faults] == [(FaultReason.UNEXPECTED, "acc stopped by the strap")]
    (request,) = received.requests
    assert isinstance(request, Write)
    assert request.payload[:2] == b"\x02\x02"


def test_a_strap_that_ends_its_stream_for_ever_is_not_asked_for_ever() -> None:
    talk = Talk(channels=(ACC,))
    talk.start()
    for _ in range(10):
        talk.answer(talk.put("control", b"\x01\x02").requests)
    assert sum(w.startswith("0202") for w in talk.written) == 4


def test_after_stop_the_end_of_a_stream_is_no_fault_and_nothing_more_is_asked() -> None:
    talk = Talk()
    talk.start()
    stops = talk.codec.stop()
    assert [r.payload.hex() for r in stops if isinstance(r, Write)] == ["0302", "0300"]
    talk.answer(stops)
    received = talk.put("control", b"\x01\x02\x00")
    assert (received.faults, received.requests) == ((), ())


def test_replies_nobody_asked_for_are_counted() -> None:
    talk = Talk()
    talk.start()
    assert reasons(talk.put("control", control.encode_settings_reply(0, {}))) == [FaultReason.UNEXPECTED]
    assert reasons(talk.put("control", bytes.fromhex("f001050000"))) == [FaultReason.UNEXPECTED]
    assert reasons(talk.put("control", bytes.fromhex("f00501"))) == [FaultReason.TRUNCATED]
    assert reasons(talk.put("control", bytes.fromhex("77"))) == [FaultReason.BAD_HEADER]


def test_what_the_device_lacks_is_told_once_and_does_not_keep_the_others_from_starting() -> None:
    talk = Talk({Measurement.ECG: H10[Measurement.ECG]})
    requests = talk.codec.start(StreamPlan((ACC, ECG)))
    assert requests == (Read("pmd.control"), Write("pmd.control", b"\x01\x02"))
    lacking = control.encode_features([Measurement.ECG, Measurement.PPG])
    told = talk.put("control", lacking, Direction.READ)
    assert [(f.reason, f.detail) for f in told.faults] == [(FaultReason.REFUSED, "acc: not offered by the device")]
    refused = talk.put("control", control.encode_reply(PmdReply(1, 2, Status.INVALID_MEASUREMENT_TYPE)))
    assert (refused.faults, refused.requests) == ((), (Write("pmd.control", b"\x01\x00"),))
    assert talk.put("control", lacking, Direction.READ).faults == ()
    assert talk.codec.stop() == (Write("pmd.control", b"\x03\x00"),)


def test_a_read_that_gives_no_features_is_a_fault_and_nothing_is_left_out() -> None:
    talk = Talk()
    talk.codec.start(StreamPlan((ACC, ECG)))
    assert reasons(talk.put("control", b"\xf0\x01\x02\x00", Direction.READ)) == [FaultReason.NOT_FEATURES]
    assert len(talk.codec.stop()) == 2


@pytest.mark.parametrize("damaged", ["f00102", "", "99"])
def test_a_reply_that_cannot_be_read_does_not_stop_the_others(damaged: str) -> None:
    talk = Talk()
    talk.codec.start(StreamPlan((ACC, ECG)))
    received = talk.put("control", bytes.fromhex(damaged))
    assert len(received.faults) == 1
    assert received.requests == (Write("pmd.control", bytes.fromhex("02020001c8000101100002010800")),)
    received = talk.put("control", bytes.fromhex(damaged))
    assert received.requests == (Write("pmd.control", b"\x01\x00"),)
    talk.answer(received.requests)  # ECG runs; then the first stream, whose factor is not known, is started anew
    assert [w[:4] for w in talk.written] == ["0100", "0200", "0302", "0202"]
    assert len(talk.faults) == 2


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_factor_that_cannot_be_is_refused_and_its_frames_with_it(factor: float) -> None:
    talk = Talk(channels=(ACC,))
    talk.codec.start(StreamPlan((ACC,)))
    talk.put("control", control.encode_settings_reply(2, H10[Measurement.ACC]))
    (fault,) = talk.put("control", control.encode_start_reply(2, factor)).faults
    assert (fault.reason, fault.offset) == (FaultReason.OUT_OF_RANGE, 7)
    compressed = encode_frame(Measurement.ACC, T0, np.array([[1000, 0, -4000]]), 0x80)
    assert reasons(talk.put("data", compressed)) == [FaultReason.UNEXPECTED]


STEP = 180_000_000


def stamped(talk: Talk, *positions: float) -> list[Received]:
    return [talk.frame(T0 + round(p * STEP)) for p in positions]


def test_frames_that_follow_one_another_share_the_time_between_them() -> None:
    talk = Talk(channels=(ACC,))
    blocks = [b for r in stamped(talk, 0, 1.01, 2.02) for b in r.blocks]
    times = np.concatenate([b.t_device_s for b in blocks if b.t_device_s is not None])
    assert np.diff(times)[40:] == pytest.approx(0.00505, abs=1e-6)
    assert [b.lost_n for b in blocks] == [0, 0, 0]


def test_duplicated_and_late_frames_are_dropped_and_counted() -> None:
    talk = Talk(channels=(ACC,))
    received = stamped(talk, 0, 1, 1, 3, 2, 4)
    assert [len(r.blocks) for r in received] == [1, 1, 0, 1, 0, 1]
    assert reasons(received[2]) == reasons(received[4]) == [FaultReason.NOT_RISING]


def test_lost_frames_are_estimated_and_their_place_stays_empty() -> None:
    talk = Talk(channels=(ACC,))
    blocks = [b for r in stamped(talk, 0, 1, 4) for b in r.blocks]
    assert [b.lost_n for b in blocks] == [0, 0, 72]
    assert blocks[2].t_device_s is not None
    assert np.ptp(blocks[2].t_device_s) == pytest.approx(35 * 0.005, abs=1e-6)


def test_a_clock_that_starts_over_is_followed() -> None:
    talk = Talk(channels=(ACC,))
    received = stamped(talk, 1000, 1001, 0, 1)
    assert [len(r.blocks) for r in received] == [1, 1, 1, 1]
    assert received[2].faults == ()


def test_one_false_stamp_does_not_silence_the_stream() -> None:
    talk = Talk(channels=(ACC,))
    received = stamped(talk, 0, 1, 2 + 15, 3, 4)
    assert [len(r.blocks) for r in received] == [1, 1, 1, 1, 1]
    assert [r.blocks[0].lost_n for r in received][3:] == [36, 0]


def test_a_loss_long_past_does_not_let_a_late_frame_in() -> None:
    talk = Talk(channels=(ACC,))
    received = stamped(talk, 0, 10, *range(11, 20), 9)
    assert received[1].blocks[0].lost_n == 9 * 36
    assert reasons(received[-1]) == [FaultReason.NOT_RISING]


@pytest.mark.parametrize(
    ("payload", "reason", "offset"),
    [
        ("", FaultReason.TRUNCATED, 0),
        ("02", FaultReason.TRUNCATED, 1),
        ("0200000000000000f001" + "00" * 6, FaultReason.OUT_OF_RANGE, 1),
        ("02" + "00" * 8 + "01" + "00" * 12, FaultReason.NEGATIVE_TIMESTAMP, 1),
        ("05" + "00" * 8 + "01" + "00" * 6, FaultReason.UNEXPECTED, 0),
        ("02" + "00" * 8 + "04" + "00" * 6, FaultReason.UNSUPPORTED_FRAME, 9),
        ("00" + "00" * 8 + "01" + "00" * 6, FaultReason.UNSUPPORTED_FRAME, 9),  # ECG of another make of sensor
    ],
)
def test_unusable_frames_are_faults_with_their_place(payload: str, reason: FaultReason, offset: int) -> None:
    (fault,) = Talk().put("data", bytes.fromhex(payload)).faults
    assert (fault.reason, fault.offset, fault.endpoint) == (reason, offset, "pmd.data")


def test_a_replay_that_cannot_write_ends_in_the_same_state() -> None:
    live = Talk()
    live.start()
    live.put("control", b"\x01\x02")
    for n in range(4):
        live.frame(T0 + n * STEP)
    replayed = PmdCodec("pmd", (ACC, ECG))
    replayed.start(StreamPlan((ACC, ECG)))
    for packet, was in zip(live.packets, live.received, strict=True):
        now = replayed.receive(packet)
        assert (now.requests, now.faults) == (was.requests, was.faults)
        for a, b in zip(now.blocks, was.blocks, strict=True):
            np.testing.assert_array_equal(a.t_device_s, b.t_device_s)
            np.testing.assert_array_equal(a.x, b.x)


def test_a_recorded_write_tells_the_rate_that_was_really_asked_for() -> None:
    talk = Talk(channels=(ACC,))
    talk.start()
    talk.put("control", control.encode_request(Op.START, Measurement.ACC, {"sample_rate": 50}), Direction.WRITE)
    (block,) = talk.frame(T0).blocks
    assert block.channel.rate_hz == 50.0
    assert block.t_device_s is not None
    assert np.ptp(block.t_device_s) == pytest.approx(35 / 50, abs=1e-6)


def test_long_blocks_are_packed_as_an_h10_packs_them() -> None:
    times = 599616000.0 + np.arange(100) / 200.0
    packets = Talk().codec.encode(RawBlock(ACC, np.zeros((100, 3)), times, 0.0))
    assert [(endpoint, (len(payload) - 10) // 6) for endpoint, payload in packets] == [
        ("pmd.data", 36),
        ("pmd.data", 36),
        ("pmd.data", 28),
    ]


def test_a_channel_of_another_kind_is_refused() -> None:
    with pytest.raises(CatalogError):
        PmdCodec("pmd", (ChannelSpec("belt", Role.BELT, "N", ("force",), 10.0),))


def test_a_frame_with_more_g_than_the_sensor_measures_is_damaged_and_dropped() -> None:
    stream = PmdStream(Measurement.ACC, ACC, {"sample_rate": 200, "range": 8}, factor=1.0)
    good, bad = np.zeros((36, 3), dtype=np.int64), np.zeros((36, 3), dtype=np.int64)
    bad[17, 1] = 9000
    stamp_ns = 599616000000000000
    stream.blocks(encode_frame(Measurement.ACC, stamp_ns, good, 1), 0.0)
    with pytest.raises(DecodeError) as caught:
        stream.blocks(encode_frame(Measurement.ACC, stamp_ns + 180_000_000, bad, 1), 0.18)
    assert caught.value.fault is FaultReason.OUT_OF_RANGE
    (after,) = stream.blocks(encode_frame(Measurement.ACC, stamp_ns + 360_000_000, good, 1), 0.36)
    assert after.lost_n == 36
