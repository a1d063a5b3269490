"""The Bluetooth heart rate service (0x180D): measurement 0x2A37, read and written.

Source: Bluetooth SIG, Heart Rate Service 1.0. Zero is a legal heart rate and a legal interval; both mean that the
strap has no valid value. The contact bits count only where the strap says that it supports them (a Polar H10 does
not). The measurement carries no time: `breathcore.sync` places the beats.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Request
from breathcore.model.protocols import StreamPlan

RR_PER_S = 1024  # counts of an RR interval in a second
RR_PER_PACKET = 8  # fits the smallest ATT payload (20 bytes) with every optional field

_WIDE_HR, _CONTACT, _CONTACT_SUPPORTED, _ENERGY, _RR = 1, 2, 4, 8, 16
_RESERVED = 0xE0  # may say of fields to come
_NOTHING = Received()


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One value of 0x2A37. `contact` is None where the strap does not sense it; `rr_1024` oldest first, in 1/1024 s."""

    hr_bpm: int
    rr_1024: tuple[int, ...] = ()
    contact: bool | None = None
    energy_kj: int | None = None


def decode_measurement(payload: bytes) -> HeartRateMeasurement:
    """Return the fields of `payload`.

    Raises DecodeError: TRUNCATED where a flagged field is cut short, BAD_LENGTH for bytes that no flag speaks of.
    """
    if len(payload) < 2:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    flags = payload[0]
    hr_bpm, at = _u16(payload, 1) if flags & _WIDE_HR else (payload[1], 2)
    energy_kj = None
    if flags & _ENERGY:
        energy_kj, at = _u16(payload, at)
    if len(payload) > at and not flags & (_RR | _RESERVED):
        raise DecodeError(FaultReason.BAD_LENGTH, at, f"{len(payload)} bytes")
    return HeartRateMeasurement(
        hr_bpm,
        _intervals(payload, at) if flags & _RR else (),
        bool(flags & _CONTACT) if flags & _CONTACT_SUPPORTED else None,
        energy_kj,
    )


def encode_measurement(value: HeartRateMeasurement) -> bytes:
    """Return the bytes of 0x2A37. Raises struct.error where a field does not fit 16 bits."""
    wide = value.hr_bpm > 0xFF
    flags = (_WIDE_HR if wide else 0) | (_RR if value.rr_1024 else 0)
    if value.contact is not None:
        flags |= _CONTACT_SUPPORTED | (_CONTACT if value.contact else 0)
    fields = struct.pack("<H" if wide else "<B", value.hr_bpm)
    if value.energy_kj is not None:
        flags |= _ENERGY
        fields += struct.pack("<H", value.energy_kj)
    return bytes([flags]) + fields + struct.pack(f"<{len(value.rr_1024)}H", *value.rr_1024)


class HeartRateCodec:
    """Codec "heart_rate": characteristic ``<id>.measurement`` → the channels of roles HEART_RATE and RR.

    The heart-rate block holds one row (beats/min); the RR block the valid intervals of the packet in seconds
    (counts / 1024, exact), without device time. `lost_n` of an RR block counts the beats known to be missing right
    before it: intervals of zero, packets that could not be read, and, counted as one each, the beats without skin
    contact and those before the connection. An invalid interval inside a packet ends one RR block and starts the next.

    Simulator: `encode_measurement` for whole packets; `encode` for a block of either channel.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._measurement = f"{endpoint}.measurement"
        self._contact: bool | None = None
        self._lost_n = 1
        self._choose(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Keep to the wanted channels; the strap sends by itself once it is subscribed to."""
        self._choose(want.channels)
        return ()

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the stream ends with the subscription."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take one measurement."""
        if packet.endpoint != self._measurement or packet.direction is Direction.WRITE:
            return _NOTHING
        try:
            value = decode_measurement(packet.payload)
        except DecodeError as error:
            self._lost_n += 1
            return Received(faults=(error.at(packet.endpoint),))
        events = self._contact_change(packet, value)
        if value.contact is False:
            self._lost_n = max(self._lost_n, 1)
            return Received(events=events)
        return Received(self._blocks(value, packet.t_host_ns * 1e-9), events=events)

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return the packets that carry `blocks`: at most 8 intervals each (heart rate 0), or one heart rate each."""
        return tuple(packet for block in blocks for packet in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[tuple[str, bytes], ...]:
        if block.channel.role is Role.HEART_RATE:
            values = [HeartRateMeasurement(int(v)) for v in block.x[:, 0]]
        else:
            counts = [round(v * RR_PER_S) for v in block.x[:, 0].tolist()]
            groups = [tuple(counts[i : i + RR_PER_PACKET]) for i in range(0, len(counts), RR_PER_PACKET)]
            values = [HeartRateMeasurement(0, group) for group in groups]
        return tuple((self._measurement, encode_measurement(v)) for v in values)

    def _choose(self, channels: Sequence[ChannelSpec]) -> None:
        by_role = {c.role: c for c in channels}
        self._hr, self._rr = by_role.get(Role.HEART_RATE), by_role.get(Role.RR)

    def _contact_change(self, packet: Packet, value: HeartRateMeasurement) -> tuple[LinkEvent, ...]:
        if value.contact is None or value.contact == self._contact:
            return ()
        self._contact = value.contact
        return (LinkEvent(packet.device, packet.t_host_ns, LinkKind.CONTACT, "on" if value.contact else "off"),)

    def _blocks(self, value: HeartRateMeasurement, t_host_s: float) -> tuple[RawBlock, ...]:
        blocks: list[RawBlock] = []
        if self._hr is not None and value.hr_bpm:
            blocks.append(RawBlock(self._hr, _column([value.hr_bpm]), None, t_host_s))
        if self._rr is not None:
            for lost_n, run in self._runs(value.rr_1024):
                blocks.append(RawBlock(self._rr, _column(run) / RR_PER_S, None, t_host_s, lost_n))
        return tuple(blocks)

    def _runs(self, counts: Sequence[int]) -> list[tuple[int, list[int]]]:
        """Split at invalid intervals; each run with the beats lost right before it."""
        runs: list[tuple[int, list[int]]] = []
        run: list[int] = []
        for count in counts:
            if not count:
                self._lost_n += 1
                run = []
                continue
            if not run:
                runs.append((self._lost_n, run))
                self._lost_n = 0
            run.append(count)
        return runs


def _u16(payload: bytes, at: int) -> tuple[int, int]:
    if len(payload) < at + 2:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return payload[at] | payload[at + 1] << 8, at + 2


def _intervals(payload: bytes, at: int) -> tuple[int, ...]:
    rest = len(payload) - at
    if rest == 0 or rest % 2:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return struct.unpack_from(f"<{rest // 2}H", payload, at)


def _column(values: Sequence[int]) -> F64:
    return np.array(values, dtype=np.float64)[:, None]
