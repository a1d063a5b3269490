"""Codec "vernier_gdx": the whole conversation with a Vernier Go Direct respiration belt.

``<id>.command`` takes requests, written in parts of 20 bytes; ``<id>.response`` brings replies and measurements,
whose frames notifications may split and join. In this order, each after the reply to the one before: initialise,
status (battery), who it is, which channels it has, each channel's description, period, start. Channels are told by
what they say of themselves, never by number; a belt that is none (another order code) is left alone.

The belt has no clock. Its frames are numbered, so samples that were lost are known; whether replies share the
numbers of measurements is not documented, so a number that goes on from either counts as the next. Samples carry no
device time: the synchroniser counts them.

What it knows it learns from packets, its own recorded writes among them. A request whose reply was damaged is made
again, three times at most.

Simulator: `gdx_frames` and `gdx_payloads` for replies, `encode` for measurements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.gdx_frames import (
    Command,
    GdxCommand,
    GdxFrames,
    GdxReply,
    Subtype,
    decode_command,
    decode_measurement,
    decode_reply,
    encode_command,
    encode_measurement,
    is_measurement,
)
from breathcore.decode.gdx_payloads import (
    INIT_PAYLOAD,
    GdxChannel,
    decode_channel,
    decode_device,
    decode_mask,
    decode_period,
    decode_status,
    encode_period,
    encode_start,
)
from breathcore.model.arrays import F64
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

ORDER_CODE = "GDX-RB"
ROWS_N = 2  # samples a measurement carries, as captured from a belt
PART_BYTES = 20  # of a write: fits the smallest ATT payload

_FIRST_COUNTER = 0xFE
_NUMBERS = {Role.BELT: 1, Role.ABDOMEN_BELT: 1, Role.RESPIRATION_RATE: 2}  # what belts call them, for the encoder only
_TRIES = 3
_FULL = 100
_LATE = 128  # a counter this much ahead is one that is behind


class GdxCodec:
    """A belt's pull in N and its own breathing rate (see the module)."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._command, self._response = f"{endpoint}.command", f"{endpoint}.response"
        self._sent_n = 0
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Initialise the belt; the other requests follow its replies."""
        self._begin(want.channels)
        return self._ask(Command.INIT, INIT_PAYLOAD)

    def stop(self) -> tuple[Request, ...]:
        """Stop every channel; no further request is made after it."""
        self._ending = True
        return self._ask(Command.STOP, b"\xff\x00\xff\xff\xff\xff")

    def receive(self, packet: Packet) -> Received:
        """Take a part of a frame, of the belt's or of our own."""
        if packet.endpoint == self._command and packet.direction is Direction.WRITE:
            for frame in self._ours.take(packet.payload)[0]:
                self._wrote(frame)
            return Received()
        if packet.endpoint != self._response or packet.direction is Direction.WRITE:
            return Received()
        frames, errors = self._theirs.take(packet.payload)
        results = [self._frame(packet, frame) for frame in frames]
        return Received(
            tuple(b for r in results for b in r.blocks),
            tuple(q for r in results for q in r.requests) + (self._again() if errors else ()),
            tuple(e for r in results for e in r.events),
            tuple(f for r in results for f in r.faults) + tuple(self._fault(packet, e) for e in errors),
        )

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return measurements of two samples of every channel; blocks given together must be equally long."""
        columns = {self._number(b.channel): b.x[:, 0] for b in blocks}
        rows_n = max((len(b.x) for b in blocks), default=0)
        packets = []
        for i in range(0, rows_n, ROWS_N):
            values = {number: column[i : i + ROWS_N] for number, column in columns.items()}
            packets.append((self._response, encode_measurement(self._sent_n & 0xFF, values)))
            self._sent_n += 1
        return tuple(packets)

    # ── the conversation ─────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._want = {c.id: c for c in channels}
        self._ending = False
        self._counter = _FIRST_COUNTER
        self._tries_n = 0
        self._asked: dict[int, GdxCommand] = {}
        self._available: tuple[int, ...] = ()
        self._described: dict[int, GdxChannel] = {}
        self._lost = dict.fromkeys(self._want, 0)
        self._last_any: int | None = None
        self._last_measured: int | None = None
        self._refused: int | None = None
        self._ours, self._theirs = GdxFrames(), GdxFrames()

    def _ask(self, command: int, payload: bytes = b"") -> tuple[Request, ...]:
        frame = encode_command(GdxCommand(command, self._counter, payload))
        self._counter = (self._counter - 1) & 0xFF
        return tuple(Write(self._command, frame[i : i + PART_BYTES]) for i in range(0, len(frame), PART_BYTES))

    def _wrote(self, frame: bytes) -> None:
        """Learn from a request that was really made."""
        try:
            request = decode_command(frame)
            self._asked[request.counter] = request
            period_us = decode_period(request.payload) if request.command == Command.PERIOD else 0
        except DecodeError:
            return
        if period_us:
            sampled = [c for c in self._want.values() if c.rate_hz > 0]
            self._want |= {c.id: replace(c, rate_hz=1e6 / period_us) for c in sampled}

    def _frame(self, packet: Packet, frame: bytes) -> Received:
        try:
            return self._measured(packet, frame) if is_measurement(frame) else self._replied(packet, frame)
        except DecodeError as error:
            return Received(faults=(self._fault(packet, error),))

    def _replied(self, packet: Packet, frame: bytes) -> Received:
        reply = decode_reply(frame)
        self._last_any = reply.counter
        request = self._asked.get(reply.echo)
        if request is None or request.command != reply.command:
            raise DecodeError(FaultReason.UNEXPECTED, 4, f"reply to {reply.command:02x} {reply.echo:02x}")
        del self._asked[reply.echo]
        events = self._learn(packet, request, reply)
        return Received(requests=() if self._ending else self._next(request), events=events)

    def _learn(self, packet: Packet, request: GdxCommand, reply: GdxReply) -> tuple[LinkEvent, ...]:
        """Take note of what a reply says. Raises DecodeError, UNEXPECTED also for a sensor that is no belt."""
        if reply.command == Command.DEVICE_INFO:
            order_code = decode_device(reply.payload).order_code
            if order_code != ORDER_CODE:
                raise DecodeError(FaultReason.UNEXPECTED, 6, f"order code {order_code}")
        elif reply.command == Command.AVAILABLE:
            self._available = decode_mask(reply.payload)
        elif reply.command == Command.CHANNEL_INFO:
            number = request.payload[0] if request.payload else 0
            self._described[number] = decode_channel(reply.payload)
        elif reply.command == Command.STATUS:
            percent = decode_status(reply.payload).battery
            if percent <= _FULL:
                return (LinkEvent(packet.device, packet.t_host_ns, LinkKind.BATTERY, str(percent)),)
        return ()

    def _next(self, answered: GdxCommand) -> tuple[Request, ...]:
        """Return the request that follows an answered one."""
        match answered.command:
            case Command.INIT:
                return self._ask(Command.STATUS)
            case Command.STATUS:
                return self._ask(Command.DEVICE_INFO)
            case Command.DEVICE_INFO:
                return self._ask(Command.AVAILABLE)
            case Command.AVAILABLE | Command.CHANNEL_INFO:
                left = [n for n in self._available if n not in self._described]
                if left:
                    return self._ask(Command.CHANNEL_INFO, bytes([left[0]]))
                if not self._wanted():
                    raise DecodeError(FaultReason.UNEXPECTED, 4, "none of the belt's channels is wanted")
                return self._ask(Command.PERIOD, encode_period(self._period_us()))
            case Command.PERIOD:
                return self._ask(Command.START, encode_start(tuple(self._wanted())))
        return ()

    def _again(self) -> tuple[Request, ...]:
        """Make the request that waits for a reply once more: what came in its place was damaged."""
        if self._ending or not self._asked or self._tries_n == _TRIES:
            return ()
        self._tries_n += 1
        _, request = self._asked.popitem()
        return self._ask(request.command, request.payload)

    def _period_us(self) -> int:
        """Return the wanted time between samples, or the shortest that every wanted channel can keep."""
        periods = [c.settings.get("period_ms", 0) * 1000 for c in self._want.values()]
        return max(*periods, *(self._described[n].min_period_us for n in self._wanted()))

    def _wanted(self) -> Mapping[int, ChannelSpec]:
        """Return the wanted channels by the numbers under which the belt describes them."""
        return {
            number: channel
            for number, described in self._described.items()
            for channel in self._want.values()
            if _is(described, channel.role)
        }

    def _number(self, channel: ChannelSpec) -> int:
        known = [number for number, c in self._wanted().items() if c.id == channel.id]
        return known[0] if known else _NUMBERS[channel.role]

    # ── measurements ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _measured(self, packet: Packet, frame: bytes) -> Received:
        measurement = decode_measurement(frame)
        missing_n = self._missing(measurement.counter)
        wanted = self._wanted()
        if measurement.subtype is Subtype.DROPPED:
            missing_n += 1  # how many it does not say
        for channel_id in self._lost:
            self._lost[channel_id] += missing_n * max((len(v) for v in measurement.values.values()), default=1)
        if measurement.values and wanted.keys().isdisjoint(measurement.values):
            raise DecodeError(FaultReason.UNEXPECTED, 5, f"channels {sorted(measurement.values)}")
        t_host_s = packet.t_host_ns * 1e-9
        return Received(
            tuple(
                RawBlock(wanted[number], run[:, None], None, t_host_s, lost_n)
                for number, values in measurement.values.items()
                if number in wanted
                for lost_n, run in self._runs(wanted[number].id, values)
            )
        )

    def _missing(self, counter: int) -> int:
        """Return how many frames are missing before this one. Raises DecodeError (BAD_COUNTER): repeated or late."""
        first = self._last_measured is None
        known = [c for c in (self._last_any, self._last_measured) if c is not None]
        missing_n = 0 if first else min((counter - c - 1) & 0xFF for c in known)
        if missing_n >= _LATE:
            if counter != self._refused:
                self._refused = (counter + 1) & 0xFF  # if this one is next, the belt counts anew
                raise DecodeError(FaultReason.BAD_COUNTER, 2, f"{counter} after {known[-1]}")
            missing_n = 1
        self._refused = None
        self._last_any = self._last_measured = counter
        return missing_n

    def _runs(self, channel_id: str, values: F64) -> Iterator[tuple[int, F64]]:
        """Split at values that the belt does not have; each run with the samples missing right before it."""
        there = np.isfinite(values)
        edges = np.flatnonzero(np.diff(there)) + 1
        for part, ok in zip(np.split(values, edges), np.split(there, edges), strict=True):
            if not len(part) or not ok[0]:
                self._lost[channel_id] += len(part)
            else:
                lost_n, self._lost[channel_id] = self._lost[channel_id], 0
                yield lost_n, part

    def _fault(self, packet: Packet, error: DecodeError) -> Fault:
        """Return the fault of a frame, which may have begun in an earlier packet."""
        return Fault(error.fault, packet.endpoint, min(error.offset, len(packet.payload)), error.detail)


def _is(described: GdxChannel, role: Role) -> bool:
    """Return whether a channel measures `role`, by its own description."""
    name, unit = described.name.casefold(), described.unit.casefold()
    if role in (Role.BELT, Role.ABDOMEN_BELT):
        return name.startswith("force") and unit == "n"
    return role is Role.RESPIRATION_RATE and name.startswith("respiration") and unit == "bpm"
