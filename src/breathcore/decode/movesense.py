"""Codec "movesense": the whole conversation with a Movesense sensor that runs the GATT sensor data app.

``<id>.command`` takes requests, ``<id>.data`` brings results and data. Everything is asked for at once: a greeting,
then a subscription for each group of channels that one path brings (acceleration, turning and magnetic field of one
rate together). Each has a reference of ours, under which its data come; a status other than 200 is a refusal.

A packet that does not fit a notification comes in two, and nothing says so in the first. So one with fewer rows than
its path usually brings waits for what follows; a sensor that always sends another number of rows is believed the third
time.

References and paths are learned from our own recorded writes, so that a replay of an older recording reads it too.

Simulator: `breathcore.decode.movesense_packets` for results, `encode` for data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.movesense_packets import (
    OK,
    Code,
    MoveCommand,
    MoveData,
    MoveNotification,
    Op,
    decode_command,
    decode_data,
    decode_notification,
    ecg_uv_per_count,
    encode_command,
    encode_data,
    encode_notification,
    imu_path,
    is_event,
    rate_of,
    rows_of,
    sensors_of,
)
from breathcore.decode.stamps import Stamps
from breathcore.model.arrays import F64, I64
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

NAMES: Mapping[Role, str] = {
    Role.CHEST_ACC: "acc",
    Role.ACC: "acc",
    Role.GYRO: "gyro",
    Role.MAG: "magn",
    Role.ECG: "ecg",
    Role.HEART_RATE: "hr",
    Role.RR: "rr",
    Role.TEMPERATURE: "temp",
}

_G = 9.80665  # m/s²
_KELVIN = 273.15
_MS = 1e-3
_HELLO_REF = 1
_FIRST_REF = 2
_IMU = ("acc", "gyro", "magn")
_PART_BYTES = 150  # of data a notification; the longest that are known to come whole have 148
_LONGEST_BYTES = 4096
_BELIEVED_N = 3


@dataclass(slots=True, eq=False)
class _Subscription:
    """What comes under one reference."""

    path: str
    stamps: Stamps = field(default_factory=lambda: Stamps(_MS))
    rows_n: int = 1  # a whole packet's
    unusual: list[int] = field(default_factory=list)  # rows of the last packets that had others
    waiting: bytes = b""  # the first part of a packet
    beats_lost_n: int = 1


class MovesenseCodec:
    """Acceleration in g, turning, magnetic field, ECG in µV, heart rate, intervals, temperature (see the module)."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._command, self._data = f"{endpoint}.command", f"{endpoint}.data"
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Greet the sensor and subscribe to everything that is wanted."""
        self._begin(want.channels)
        wanted = [MoveCommand(Op.SUBSCRIBE, ref, s.path) for ref, s in self._subscriptions.items()]
        return tuple(Write(self._command, encode_command(c)) for c in (MoveCommand(Op.HELLO, _HELLO_REF), *wanted))

    def stop(self) -> tuple[Request, ...]:
        """End every subscription."""
        ends = (MoveCommand(Op.UNSUBSCRIBE, ref) for ref in self._subscriptions)
        return tuple(Write(self._command, encode_command(c)) for c in ends)

    def receive(self, packet: Packet) -> Received:
        """Take a result, data, or one of our own writes."""
        try:
            if packet.endpoint == self._command and packet.direction is Direction.WRITE:
                self._wrote(decode_command(packet.payload))
            elif packet.endpoint == self._data and packet.direction is not Direction.WRITE:
                blocks = self._heard(decode_notification(packet.payload), packet.t_host_ns * 1e-9)
                return Received(blocks, faults=self._told(packet))
        except DecodeError as error:
            self._faults.append(error)
        return Received(faults=self._told(packet))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return the notifications that carry `blocks`; blocks given together must be equally long.

        Packets are always full: the last one repeats the last row as often as needed.
        """
        packets: list[tuple[str, bytes]] = []
        for ref, subscription in self._subscriptions.items():
            names = sensors_of(subscription.path)
            given = {NAMES[b.channel.role]: b for b in blocks if NAMES[b.channel.role] in names}
            if given:
                packets += [(self._data, p) for p in notifications(ref, subscription.path, given)]
        return tuple(packets)

    def _told(self, packet: Packet) -> tuple[Fault, ...]:
        """Return the faults found since the last time; what is wrong may have begun in an earlier packet."""
        errors = tuple(self._faults)
        self._faults.clear()
        size = len(packet.payload)
        return tuple(Fault(e.fault, packet.endpoint, min(e.offset, size), e.detail) for e in errors)

    # ── the conversation ─────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._channels = {NAMES[c.role]: c for c in channels}
        self._faults: list[DecodeError] = []
        self._subscriptions = {
            ref: _Subscription(path, rows_n=rows_of(path)) for ref, path in enumerate(_paths(channels), _FIRST_REF)
        }

    def _wrote(self, command: MoveCommand) -> None:
        """Learn from a request that was really made."""
        known = self._subscriptions.get(command.ref)
        if command.op == Op.SUBSCRIBE and (known is None or known.path != command.path):
            self._subscriptions[command.ref] = _Subscription(command.path, rows_n=rows_of(command.path))

    def _heard(self, value: MoveNotification, t_host_s: float) -> tuple[RawBlock, ...]:
        subscription = self._subscriptions.get(value.ref)
        if value.code is Code.RESULT:
            if subscription is not None and value.status is None:
                raise DecodeError(FaultReason.TRUNCATED, 2, subscription.path)
            if subscription is not None and value.status != OK:
                raise DecodeError(FaultReason.REFUSED, 2, f"{subscription.path}: {value.status}")
            return ()
        if subscription is None:
            raise DecodeError(FaultReason.UNEXPECTED, 1, f"data for {value.ref}")
        if value.code is Code.DATA:
            return self._begun(subscription, value.payload, t_host_s)
        if not subscription.waiting:
            raise DecodeError(FaultReason.UNEXPECTED, 0, "the packet that this continues is missing")
        return self._taken(subscription, subscription.waiting + value.payload, t_host_s)

    def _begun(self, subscription: _Subscription, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Take a packet, or the first part of one; what still waits will not be completed."""
        if subscription.waiting:
            self._faults.append(DecodeError(FaultReason.TRUNCATED, 0, "the rest of the packet before is missing"))
            self._adopt(subscription, _rows_n(subscription.path, subscription.waiting))
        subscription.waiting = b""
        return self._taken(subscription, payload, t_host_s)

    def _taken(self, subscription: _Subscription, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Read a packet that has all its rows, keep one that has fewer."""
        subscription.waiting = b""
        rows_n = _rows_n(subscription.path, payload)
        if rows_n == subscription.rows_n:
            return self._blocks(subscription, payload, t_host_s)
        if rows_n > subscription.rows_n or len(payload) > _LONGEST_BYTES:
            self._adopt(subscription, rows_n)
            raise DecodeError(FaultReason.BAD_LENGTH, 0, f"{rows_n} rows, not {subscription.rows_n}")
        subscription.waiting = payload
        return ()

    def _adopt(self, subscription: _Subscription, rows_n: int) -> None:
        """Believe an unusual number of rows once it has come three times running."""
        same = rows_n > 0 and subscription.unusual[:1] == [rows_n]
        subscription.unusual = [*subscription.unusual, rows_n] if same else [rows_n]
        if len(subscription.unusual) == _BELIEVED_N and rows_n:
            subscription.rows_n, subscription.unusual = rows_n, []

    def _blocks(self, subscription: _Subscription, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        data = decode_data(subscription.path, payload)
        rows_n = len(next(iter(data.rows.values())))
        rate_hz = rate_of(subscription.path)
        if is_event(subscription.path):
            return self._events(subscription, data, t_host_s)
        if not rate_hz:
            raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 0, subscription.path)
        times_s, lost_n = subscription.stamps.times(data.timestamp_ms or 0, rows_n, rate_hz, t_host_s)
        found = [(self._channels[n], rows) for n, rows in data.rows.items() if n in self._channels]
        return tuple(
            RawBlock(_at_rate(c, rate_hz), from_wire(c.role, rows, subscription.path), times_s, t_host_s, lost_n)
            for c, rows in found
        )

    def _events(self, subscription: _Subscription, data: MoveData, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return what has no time of its own; zeros say that the sensor has no heart to report."""
        blocks: list[RawBlock] = []
        for name, rows in data.rows.items():
            channel, lost_n = self._channels.get(name), 0
            if name == "rr":
                lost_n = subscription.beats_lost_n
                subscription.beats_lost_n = 0 if rows[0, 0] else lost_n + 1
            if channel is not None and rows[0, 0]:
                blocks.append(
                    RawBlock(channel, from_wire(channel.role, rows, subscription.path), None, t_host_s, lost_n)
                )
        return tuple(blocks)


def to_wire(role: Role, x: F64, path: str) -> F64:
    """Return values of a channel as the sensor sends them: m/s², counts, ms, K; rounded as the wire rounds."""
    match role:
        case Role.CHEST_ACC | Role.ACC:
            return _single(x * _G)
        case Role.ECG:
            return np.rint(x / ecg_uv_per_count(path))
        case Role.RR:
            return np.rint(x / _MS)
        case Role.TEMPERATURE:
            return _single(x + _KELVIN)
    return _single(x)


def from_wire(role: Role, values: F64, path: str) -> F64:
    """Return what the sensor sends in a channel's unit."""
    match role:
        case Role.CHEST_ACC | Role.ACC:
            return values / _G
        case Role.ECG:
            return values * ecg_uv_per_count(path)
        case Role.RR:
            return values * _MS
        case Role.TEMPERATURE:
            return values - _KELVIN
    return values


def _single(x: F64) -> F64:
    return x.astype(np.float32).astype(np.float64)


def _at_rate(channel: ChannelSpec, rate_hz: float) -> ChannelSpec:
    return channel if channel.rate_hz == rate_hz else replace(channel, rate_hz=rate_hz)


def _paths(channels: Sequence[ChannelSpec]) -> tuple[str, ...]:
    """Return the paths that bring `channels`: those of one rate together where one path can."""
    by_rate: dict[int, list[str]] = {}
    others: list[str] = []
    for channel in channels:
        name, rate = NAMES[channel.role], channel.settings.get("sample_rate", round(channel.rate_hz))
        if name in _IMU:
            by_rate.setdefault(rate, []).append(name)
        else:
            others.append({"ecg": f"/Meas/ECG/{rate}", "temp": "/Meas/Temp"}.get(name, "/Meas/HR"))
    return (*(imu_path(names, rate) for rate, names in by_rate.items()), *dict.fromkeys(others))


def _rows_n(path: str, payload: bytes) -> int:
    """Return how many rows `payload` holds, 0 where it is cut. Raises DecodeError for what is wrong otherwise."""
    try:
        return len(next(iter(decode_data(path, payload).rows.values())))
    except DecodeError as error:
        if error.fault is not FaultReason.TRUNCATED:
            raise
        return 0


def notifications(ref: int, path: str, given: Mapping[str, RawBlock]) -> list[bytes]:
    """Return what carries blocks, by the names of their sensors, under `ref`; see `MovesenseCodec.encode`."""
    rows_n = max(len(b.x) for b in given.values())
    stamps = next((b.t_device_s for b in given.values() if b.t_device_s is not None), None)
    found: list[bytes] = []
    for at in range(0, rows_n, rows_of(path)):
        taken = np.minimum(np.arange(at, at + rows_of(path)), rows_n - 1)
        rows = {n: _part(path, n, given, taken) for n in sensors_of(path)}
        stamp_ms = 0 if stamps is None else round(float(stamps[at]) / _MS)
        data = encode_data(path, MoveData(rows, stamp_ms))
        parts = [data[i : i + _PART_BYTES] for i in range(0, len(data), _PART_BYTES)]
        codes = [Code.DATA] + [Code.MORE] * (len(parts) - 1)
        found += [encode_notification(MoveNotification(c, ref, payload=p)) for c, p in zip(codes, parts, strict=True)]
    return found


def _part(path: str, name: str, given: Mapping[str, RawBlock], taken: I64) -> F64:
    """Return the rows of one sensor as sent, zeros where its channel is not given."""
    block = given.get(name)
    if block is None:
        return np.zeros((len(taken), 3 if name in _IMU else 1))
    return to_wire(block.channel.role, block.x[taken], path)
