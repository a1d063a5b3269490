"""Codec "bitalino": frames of a BITalino with Bluetooth low energy, all six inputs at 100 Hz (unverified).

``<id>.command`` takes one byte: ``code << 6 | 3`` sets the rate (codes 0–3: 1, 10, 100, 1000 Hz), ``1 | inputs << 2``
starts, 0 stops. ``<id>.frames`` notifies whole frames of 8 bytes. Read from the end: sequence number (0–15) and CRC-4,
four digital lines, then A1 to A4 of 10 bits and A5, A6 of 6 bits each.

The CRC is that of x⁴ + x + 1 over the frame with its own four bits as 0.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec
from breathcore.model.packets import Direction, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

FRAME_BYTES = 8
INPUTS_N = 6
BITS = (10, 10, 10, 10, 6, 6)
STOP = b"\x00"
START = bytes([0x01 | ((1 << INPUTS_N) - 1) << 2])
RATE_HZ = 100.0
RATE = bytes([2 << 6 | 3])

_SHIFTS = (42, 32, 22, 12, 6, 0)  # of A1 … A6 in the frame read as one little-endian number
_SEQUENCE_N = 16
_LATE_N = 3  # a frame that is this far behind came late (so fewer than 13 lost ones are told by the number)


def crc4(data: bytes) -> int:
    """Return the CRC-4 (x⁴ + x + 1) of all bits, highest first."""
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            crc = crc << 1 | byte >> bit & 1
            if crc & 0x10:
                crc ^= 0x13
    return crc


def decode_frame(frame: bytes) -> tuple[int, tuple[int, ...]]:
    """Return the sequence number and A1 … A6. Raises DecodeError: TRUNCATED, BAD_LENGTH, BAD_CHECKSUM."""
    if len(frame) != FRAME_BYTES:
        short = len(frame) < FRAME_BYTES
        raise DecodeError(FaultReason.TRUNCATED if short else FaultReason.BAD_LENGTH, min(len(frame), FRAME_BYTES))
    found = crc4(frame[:-1] + bytes([frame[-1] & 0xF0]))
    if found != frame[-1] & 0x0F:
        raise DecodeError(FaultReason.BAD_CHECKSUM, FRAME_BYTES - 1, f"{frame[-1] & 0x0F:x}, must be {found:x}")
    number = int.from_bytes(frame, "little")
    values = tuple(number >> shift & (1 << bits) - 1 for shift, bits in zip(_SHIFTS, BITS, strict=True))
    return frame[-1] >> 4, values


def encode_frame(sequence: int, values: Sequence[int]) -> bytes:
    """Return the frame of A1 … A6; what is beyond an input's bits saturates. Digital lines are 0."""
    number = (sequence % _SEQUENCE_N) << 60
    for value, shift, bits in zip(values, _SHIFTS, BITS, strict=True):
        number |= min(max(value, 0), (1 << bits) - 1) << shift
    frame = number.to_bytes(FRAME_BYTES, "little")
    return frame[:-1] + bytes([frame[-1] | crc4(frame)])


class BitalinoCodec:
    """Channels of the inputs that their setting `port` names (1–6), in counts.

    `lost_n` is what the sequence number says: up to 12 samples (a loss of sixteen looks like none). A packet is used
    whole or not at all.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._command, self._frames = f"{endpoint}.command", f"{endpoint}.frames"
        self._channels = tuple(channels)
        self._last: int | None = None
        self._sent_n = 0

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Stop what may still run, set the rate, start all six inputs."""
        self._channels, self._last = want.channels, None
        return tuple(Write(self._command, payload) for payload in (STOP, RATE, START))

    def stop(self) -> tuple[Request, ...]:
        """Stop."""
        return (Write(self._command, STOP),)

    def receive(self, packet: Packet) -> Received:
        """Take the frames of one packet."""
        if packet.endpoint == self._command and packet.payload == START:
            self._last = None
        if packet.endpoint != self._frames or packet.direction is Direction.WRITE:
            return Received()
        try:
            return Received(self._blocks(packet.payload, packet.t_host_ns * 1e-9))
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet a row, numbered on from the last; inputs without a block are 0."""
        rows = np.zeros((max((len(b.x) for b in blocks), default=0), INPUTS_N), dtype=np.int64)
        for block in blocks:
            rows[: len(block.x), _port(block.channel)] = np.rint(block.x[:, 0]).astype(np.int64)
        first, self._sent_n = self._sent_n, self._sent_n + len(rows)
        return tuple((self._frames, encode_frame(first + i, row)) for i, row in enumerate(rows.tolist()))

    def _blocks(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        if not payload or len(payload) % FRAME_BYTES:
            raise DecodeError(FaultReason.TRUNCATED, len(payload))
        frames = [decode_frame(payload[i : i + FRAME_BYTES]) for i in range(0, len(payload), FRAME_BYTES)]
        numbers = [number for number, _ in frames]
        for before, number in pairwise(numbers):
            if number != (before + 1) % _SEQUENCE_N:
                raise DecodeError(FaultReason.BAD_COUNTER, FRAME_BYTES - 1, f"{number} after {before} in one packet")
        lost_n = 0 if self._last is None else (numbers[0] - self._last - 1) % _SEQUENCE_N
        if lost_n >= _SEQUENCE_N - _LATE_N:
            raise DecodeError(FaultReason.NOT_RISING, FRAME_BYTES - 1, f"{numbers[0]} after {self._last}")
        self._last = numbers[-1]
        rows = np.array([values for _, values in frames], dtype=np.float64)
        return tuple(RawBlock(c, rows[:, [_port(c)]], None, t_host_s, lost_n) for c in self._channels)


def _port(channel: ChannelSpec) -> int:
    """Return the column of a channel's input."""
    return min(max(channel.settings.get("port", 1), 1), INPUTS_N) - 1
