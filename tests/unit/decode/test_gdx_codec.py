"""The conversation with a Go Direct belt, and its frames there and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode import gdx_frames as gdx
from breathcore.decode import gdx_payloads as payloads
from breathcore.decode.gdx import GdxCodec
from breathcore.decode.gdx_frames import Command, GdxCommand, GdxFrames, GdxReply
from breathcore.decode.gdx_payloads import GdxChannel, GdxDevice, GdxStatus
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkKind, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

BELT = ChannelSpec("belt", Role.BELT, "N", ("force",), 10.0, settings={"period_ms": 100})
RATE = ChannelSpec("rate", Role.RESPIRATION_RATE, "breaths/min", ("rate",), 0.0)
DEVICE = GdxDevice("GDX-RB", "0K1", "GDX-RB 0K1", 2020, 1, 2, 2, 7, 11, 8192, "Respiration Belt")
CHANNELS = {
    1: GdxChannel(1, 42, "Force", "N", 0.0, 50.0),
    2: GdxChannel(2, 43, "Respiration Rate", "bpm", 0.0, 100.0),
    4: GdxChannel(4, 44, "Steps", "", 0.0, 1e6),
}
NAN = float("nan")


@dataclass
class Talk:
    """A codec and a belt made of the device-side encoders; every packet is kept."""

    channels: tuple[ChannelSpec, ...] = (BELT, RATE)
    device: GdxDevice = DEVICE
    described: dict[int, GdxChannel] = field(default_factory=lambda: dict(CHANNELS))
    packets: list[Packet] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    counter: int = 0

    def __post_init__(self) -> None:
        self.codec = GdxCodec("gdx", self.channels)
        self.requests = GdxFrames()

    def start(self) -> "Talk":
        self.answer(self.codec.start(StreamPlan(self.channels)))
        return self

    def answer(self, requests: Sequence[Request]) -> None:
        for request in requests:
            assert isinstance(request, Write)
            assert len(request.payload) <= 20
            self.put("command", request.payload, Direction.WRITE)
            for frame in self.requests.take(request.payload)[0]:
                self.reply(gdx.decode_command(frame))

    def reply(self, request: GdxCommand) -> None:
        self.put("response", self.framed(request))

    def framed(self, request: GdxCommand) -> bytes:
        self.counter += 1
        return gdx.encode_reply(GdxReply(request.command, self.counter, request.counter, self.payload(request)))

    def payload(self, request: GdxCommand) -> bytes:
        match request.command:
            case Command.STATUS:
                return payloads.encode_status(GdxStatus(2, 7, 11, 83, 0))
            case Command.DEVICE_INFO:
                return payloads.encode_device(self.device)
            case Command.AVAILABLE:
                return payloads.encode_mask(tuple(self.described))
            case Command.CHANNEL_INFO:
                return payloads.encode_channel(self.described[request.payload[0]])
        return b"\0"

    def put(self, name: str, payload: bytes, direction: Direction = Direction.NOTIFY) -> Received:
        self.packets.append(Packet("belt", f"gdx.{name}", direction, len(self.packets) * 10**8, payload))
        result = self.codec.receive(self.packets[-1])
        self.received.append(result)
        self.answer(result.requests)
        return result

    def measured(self, *counters: int, number: int = 1) -> list[Received]:
        return [self.put("response", gdx.encode_measurement(c, {number: [float(c), float(c)]})) for c in counters]

    @property
    def commands(self) -> list[GdxCommand]:
        frames = GdxFrames()
        parts = [p.payload for p in self.packets if p.direction is Direction.WRITE]
        return [gdx.decode_command(f) for part in parts for f in frames.take(part)[0]]

    @property
    def faults(self) -> list[Fault]:
        return [f for r in self.received for f in r.faults]


def lost(results: Sequence[Received]) -> list[int]:
    return [b.lost_n for r in results for b in r.blocks]


def reasons(results: Sequence[Received]) -> list[FaultReason]:
    return [f.reason for r in results for f in r.faults]


# ── the conversation ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_request_waits_for_the_reply_to_the_one_before() -> None:
    talk = Talk().start()
    kinds = [Command(c.command).name for c in talk.commands]
    assert kinds == ["INIT", "STATUS", "DEVICE_INFO", "AVAILABLE", *["CHANNEL_INFO"] * 3, "PERIOD", "START"]
    assert talk.faults == []


def test_requests_are_numbered_down_as_the_makers_library_does() -> None:
    commands = Talk().start().commands
    assert [c.counter for c in commands] == [0xFE - n for n in range(len(commands))]
    assert gdx.encode_command(commands[0]).hex() == "5819fe3f1aa54a06490748084709460a450b440c430d420e41"


def test_channels_are_known_by_what_they_say_not_by_their_number() -> None:
    moved = {3: replace(CHANNELS[1], number=3), 17: replace(CHANNELS[2], number=17), 1: replace(CHANNELS[4], number=1)}
    talk = Talk(described=moved).start()
    assert payloads.decode_start(talk.commands[-1].payload) == (3, 17)
    (result,) = talk.measured(50, number=3)
    assert [b.channel.id for b in result.blocks] == ["belt"]


def test_the_period_is_never_shorter_than_every_wanted_channel_allows() -> None:
    fast = replace(BELT, settings={"period_ms": 10})
    talk = Talk((fast,)).start()
    assert payloads.decode_period(talk.commands[-2].payload) == 50_000
    assert talk.measured(50)[0].blocks[0].channel.rate_hz == 20.0


def test_the_battery_is_told_by_the_status() -> None:
    events = [e for r in Talk().start().received for e in r.events]
    assert [(e.kind, e.detail) for e in events] == [(LinkKind.BATTERY, "83")]


def test_a_sensor_that_is_no_belt_is_left_alone() -> None:
    talk = Talk(device=replace(DEVICE, order_code="GDX-FOR")).start()
    assert [Command(c.command) for c in talk.commands] == [Command.INIT, Command.STATUS, Command.DEVICE_INFO]
    assert [(f.reason, f.detail) for f in talk.faults] == [(FaultReason.UNEXPECTED, "order code GDX-FOR")]


def test_a_belt_without_a_wanted_channel_is_not_started() -> None:
    talk = Talk(described={4: CHANNELS[4]}).start()
    assert talk.commands[-1].command == Command.CHANNEL_INFO
    assert [f.reason for f in talk.faults] == [FaultReason.UNEXPECTED]


def test_a_measurement_may_come_between_request_and_reply() -> None:
    talk = Talk().start()
    stop = talk.codec.stop()
    for request in stop:
        assert isinstance(request, Write)
        talk.put("command", request.payload, Direction.WRITE)
    (measured,) = talk.measured(talk.counter + 1)
    talk.counter += 1
    talk.reply(talk.commands[-1])
    assert len(measured.blocks) == 1
    assert talk.faults == []
    assert talk.commands[-1].command == Command.STOP


def test_a_reply_to_something_else_is_told_and_asks_for_nothing() -> None:
    talk = Talk().start()
    for reply in (GdxReply(Command.STATUS, 40, 0x11), GdxReply(Command.INIT, 41, talk.commands[-1].counter)):
        result = talk.put("response", gdx.encode_reply(reply))
        assert [f.reason for f in result.faults] == [FaultReason.UNEXPECTED]
        assert result.requests == ()


class Damaging(Talk):
    """A belt whose replies arrive damaged, the first so many of them."""

    bad_n = 0

    def framed(self, request: GdxCommand) -> bytes:
        frame = super().framed(request)
        if self.counter <= self.bad_n:
            frame = frame[:-1] + bytes([frame[-1] ^ 1])
        return frame


@pytest.mark.parametrize(("bad_n", "started"), [(1, True), (3, True), (4, False)])
def test_a_request_whose_reply_is_damaged_is_made_again_three_times(bad_n: int, started: bool) -> None:
    talk = Damaging()
    talk.bad_n = bad_n
    talk.start()
    assert (talk.commands[-1].command == Command.START) is started
    assert [f.reason for f in talk.faults] == [FaultReason.BAD_CHECKSUM] * bad_n


def test_nothing_is_asked_after_stop() -> None:
    talk = Talk()
    talk.codec.start(StreamPlan(talk.channels))
    talk.codec.stop()
    talk.put("command", gdx.encode_command(GdxCommand(Command.INIT, 0xFE)), Direction.WRITE)
    assert talk.put("response", gdx.encode_reply(GdxReply(Command.INIT, 1, 0xFE))).requests == ()


# ── measurements ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_missing_packets_are_counted_in_samples_and_the_counter_wraps() -> None:
    assert lost(Talk().start().measured(250, 251, 254, 255, 0, 3)) == [0, 0, 4, 0, 0, 4]


@pytest.mark.parametrize("first", [10, 0, 200])
def test_measurements_may_count_on_from_the_replies_or_on_their_own(first: int) -> None:
    talk = Talk().start()
    results = talk.measured(first, first + 1)
    talk.put("response", gdx.encode_reply(GdxReply(Command.STATUS, 99, 0x11)))
    assert lost([*results, *talk.measured(first + 2, first + 3)]) == [0] * 4


def test_a_reply_among_measurements_may_take_a_number() -> None:
    talk = Talk().start()
    talk.measured(20, 21)
    talk.put("response", gdx.encode_reply(GdxReply(Command.STATUS, 22, 0x11)))
    assert lost(talk.measured(23, 24)) == [0, 0]


def test_a_belt_that_counts_anew_is_believed_the_second_time() -> None:
    results = Talk().start().measured(100, 101, 0, 1, 2)
    assert reasons(results) == [FaultReason.BAD_COUNTER]
    assert lost(results) == [0, 0, 2, 0]


def test_a_repeated_and_a_late_packet_are_refused() -> None:
    results = Talk().start().measured(10, 11, 12, 12, 10, 13)
    assert reasons(results) == [FaultReason.BAD_COUNTER] * 2
    assert [b.x[0, 0] for r in results for b in r.blocks] == [10, 11, 12, 13]
    assert lost(results) == [0] * 4


def test_nothing_is_lost_after_a_repeated_packet() -> None:
    assert lost(Talk().start().measured(10, 11, 11, 12, 12, 13)) == [0] * 4


def test_dropped_data_is_a_gap() -> None:
    talk = Talk().start()
    talk.measured(10)
    assert not talk.put("response", gdx.encode_dropped(11)).blocks
    assert lost(talk.measured(12)) == [1]


def test_what_the_belt_does_not_know_is_left_out_and_never_zero() -> None:
    talk = Talk().start()
    frame = gdx.encode_measurement(10, {1: [1.0, NAN, 3.0, 4.0], 2: [NAN, NAN, NAN, 12.0]})
    blocks = talk.put("response", frame).blocks
    assert [(b.channel.id, b.x[:, 0].tolist(), b.lost_n) for b in blocks] == [
        ("belt", [1.0], 0),
        ("belt", [3.0, 4.0], 1),
        ("rate", [12.0], 3),
    ]


def test_a_signalling_nan_is_no_value_either() -> None:
    frame = bytearray(gdx.encode_measurement(10, {1: [0.0, 5.0]}))
    frame[9:13] = bytes.fromhex("0100807f")
    frame[3] = (sum(frame) - frame[3]) & 0xFF
    (block,) = Talk().start().put("response", bytes(frame)).blocks
    assert block.x.tolist() == [[5.0]]


def test_samples_have_no_time_of_their_own() -> None:
    (result,) = Talk().start().measured(10)
    assert result.blocks[0].t_device_s is None
    assert result.blocks[0].t_host_s == pytest.approx(2.2, abs=2.0)


def test_a_whole_packet_ends_a_frame_that_was_never_finished() -> None:
    talk = Talk().start()
    talk.measured(9)
    talk.put("response", gdx.encode_measurement(10, {1: [1.0, 1.0]})[:9])
    (result,) = talk.measured(11)
    assert reasons([result]) == [FaultReason.TRUNCATED]
    assert lost([result]) == [2]


def test_a_bad_checksum_gives_no_number() -> None:
    talk = Talk().start()
    frame = bytearray(gdx.encode_measurement(10, {1: [1.0, 1.0]}))
    frame[10] ^= 4
    result = talk.put("response", bytes(frame))
    assert result.blocks == ()
    assert reasons([result]) == [FaultReason.BAD_CHECKSUM]


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    counter=st.integers(0, 255),
    numbers=st.sets(st.integers(0, 31), min_size=1, max_size=6),
    rows_n=st.integers(1, 6),
    data=st.data(),
)
def test_every_measurement_goes_there_and_back(
    counter: int, numbers: set[int], rows_n: int, data: st.DataObject
) -> None:
    column = st.lists(st.floats(width=32), min_size=rows_n, max_size=rows_n)
    values = {n: data.draw(column) for n in sorted(numbers)}
    found = gdx.decode_measurement(gdx.encode_measurement(counter, values))
    assert found.counter == counter
    assert list(found.values) == sorted(numbers)
    for number, sent in values.items():
        np.testing.assert_array_equal(found.values[number], sent)


@given(
    command=st.integers(0, 255), counter=st.integers(0, 255), echo=st.integers(0, 255), payload=st.binary(max_size=200)
)
def test_every_command_and_reply_goes_there_and_back(command: int, counter: int, echo: int, payload: bytes) -> None:
    request = GdxCommand(command, counter, payload)
    assert gdx.decode_command(gdx.encode_command(request)) == request
    reply = GdxReply(command, counter, echo, payload)
    assert gdx.decode_reply(gdx.encode_reply(reply)) == reply


@given(period_us=st.integers(0, 2**64 - 1), numbers=st.sets(st.integers(0, 31)))
def test_periods_and_masks_go_there_and_back(period_us: int, numbers: set[int]) -> None:
    assert payloads.decode_period(payloads.encode_period(period_us)) == period_us
    assert payloads.decode_mask(payloads.encode_mask(tuple(numbers))) == tuple(sorted(numbers))
    assert payloads.decode_start(payloads.encode_start(tuple(numbers))) == tuple(sorted(numbers))


def test_descriptions_go_there_and_back() -> None:
    assert payloads.decode_device(payloads.encode_device(DEVICE)) == DEVICE
    for channel in CHANNELS.values():
        assert payloads.decode_channel(payloads.encode_channel(channel)) == channel


@given(
    payloads=st.lists(st.lists(st.floats(0, 50, width=32), min_size=1, max_size=4), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 30), max_size=20),
)
def test_frames_are_put_together_however_they_are_cut(payloads: list[list[float]], cuts: list[int]) -> None:
    sent = [gdx.encode_measurement(n, {1: rows}) for n, rows in enumerate(payloads)]
    rest, frames, found = b"".join(sent), GdxFrames(), []
    for cut in [*cuts, len(rest)]:
        whole, errors = frames.take(rest[:cut])
        assert not errors
        found += whole
        rest = rest[cut:]
    assert found == sent
    assert frames.left_over == b""


@given(blocks=st.lists(st.floats(-10, 60, width=32), min_size=1, max_size=30))
def test_what_is_encoded_is_received(blocks: list[float]) -> None:
    talk = Talk().start()
    block = RawBlock(BELT, np.array(blocks)[:, None], None, 0.0)
    found = [b.x for e, p in talk.codec.encode(block) for b in talk.put(e.partition(".")[2], p).blocks]
    np.testing.assert_array_equal(np.concatenate(found) if found else block.x, block.x)


openings = st.sampled_from([b"", b"\x20", b"\x98", b"\x58", b"\x20\x0d\x05", b"\x98\x0a\x03"])


@given(
    parts=st.lists(st.tuples(st.sampled_from(["command", "response"]), st.booleans(), openings, st.binary(max_size=40)))
)
def test_no_bytes_make_it_raise(parts: list[tuple[str, bool, bytes, bytes]]) -> None:
    codec = GdxCodec("gdx", (BELT, RATE))
    codec.start(StreamPlan((BELT, RATE)))
    for name, written, head, rest in parts:
        direction = Direction.WRITE if written else Direction.NOTIFY
        result = codec.receive(Packet("belt", f"gdx.{name}", direction, 1, head + rest))
        assert all(0 <= f.offset <= len(head + rest) for f in result.faults)
