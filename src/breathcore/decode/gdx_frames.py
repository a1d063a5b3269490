"""Frames of a Vernier Go Direct sensor: commands, replies and measurements, read and written.

Every frame has its length at byte 1, a rolling counter at 2 and a checksum at 3: the low 8 bits of the sum of all its
bytes but that one. Commands begin with 0x58, measurements with 0x20, replies with a byte whose low five bits are 0x18.
What commands and replies carry: `gdx_payloads`.
Source: the maker's public libraries (godirect-py, godirect-js, GDXLib).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.gdx_payloads import channels_of
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason

_COMMAND, _MEASUREMENT, _REPLY, _REPLY_MASK = 0x58, 0x20, 0x18, 0x1F
_HEAD = 5
_CHECKSUM = 3
_WIDE = 16  # channels from here on do not fit the narrow mask


class Command(IntEnum):
    """What can be asked of a sensor."""

    STATUS = 0x10
    START = 0x18
    STOP = 0x19
    INIT = 0x1A
    PERIOD = 0x1B
    CHANNEL_INFO = 0x50
    AVAILABLE = 0x51
    DISCONNECT = 0x54
    DEVICE_INFO = 0x55
    DEFAULT = 0x56


class Subtype(IntEnum):
    """What a measurement frame holds."""

    NORMAL = 0x06
    WIDE = 0x07
    SINGLE_FLOAT = 0x08
    SINGLE_INT = 0x09
    APERIODIC_FLOAT = 0x0A
    APERIODIC_INT = 0x0B
    START_TIME = 0x0C
    DROPPED = 0x0D
    PERIOD = 0x0E


_SINGLES = {
    Subtype.SINGLE_FLOAT: "<f4",
    Subtype.SINGLE_INT: "<i4",
    Subtype.APERIODIC_FLOAT: "<f4",
    Subtype.APERIODIC_INT: "<i4",
}


@dataclass(frozen=True, slots=True)
class GdxCommand:
    """A request to the sensor."""

    command: int
    counter: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class GdxReply:
    """A reply; `echo` is the counter of the request that it answers."""

    command: int
    counter: int
    echo: int
    payload: bytes = b""
    header: int = 0x98


@dataclass(frozen=True, slots=True, eq=False)
class GdxMeasurement:
    """Samples by channel number, oldest first; NaN where the sensor has no value. DROPPED: it lost some itself."""

    subtype: Subtype
    counter: int
    values: Mapping[int, F64]


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class GdxFrames:
    """Puts frames together from notifications, or from writes, that split and join them."""

    def __init__(self) -> None:
        self.left_over = b""

    def take(self, part: bytes) -> tuple[tuple[bytes, ...], tuple[DecodeError, ...]]:
        """Return the frames that `part` completes, and what is wrong with the others.

        A `part` that is whole in itself ends a frame that was never finished.
        """
        frames: list[bytes] = []
        errors: list[DecodeError] = []
        if self.left_over and _flaw(part) is None:
            errors.append(DecodeError(FaultReason.TRUNCATED, 0, self.left_over[:_HEAD].hex()))
            self.left_over = b""
        data = self.left_over + part
        while data:
            if not _is_head(data[0]) or (len(data) > 1 and data[1] < _HEAD):
                reason = FaultReason.BAD_LENGTH if _is_head(data[0]) else FaultReason.BAD_HEADER
                errors.append(DecodeError(reason, 0, data[:2].hex()))
                data = b""
            elif len(data) < _HEAD or len(data) < data[1]:
                break
            else:
                frame, data = data[: data[1]], data[data[1] :]
                flaw = _flaw(frame)
                if flaw is None:
                    frames.append(frame)
                else:
                    errors.append(flaw)
        self.left_over = data
        return tuple(frames), tuple(errors)


def is_measurement(frame: bytes) -> bool:
    """Return whether `frame` holds samples (else it is a reply or a command)."""
    return frame[:1] == bytes([_MEASUREMENT])


def _is_head(byte: int) -> bool:
    return byte == _MEASUREMENT or byte & _REPLY_MASK == _REPLY


def _flaw(frame: bytes) -> DecodeError | None:
    """Return what is wrong with the bytes every frame has."""
    if len(frame) < _HEAD or len(frame) < frame[1]:
        return DecodeError(FaultReason.TRUNCATED, len(frame))
    if not _is_head(frame[0]):
        return DecodeError(FaultReason.BAD_HEADER, 0, f"{frame[0]:02x}")
    if len(frame) != frame[1]:
        return DecodeError(FaultReason.BAD_LENGTH, 1, f"{frame[1]}, but {len(frame)} bytes")
    if _sum(frame) != frame[_CHECKSUM]:
        return DecodeError(FaultReason.BAD_CHECKSUM, _CHECKSUM, f"{frame[_CHECKSUM]:02x}, not {_sum(frame):02x}")
    return None


def _require_whole(frame: bytes) -> None:
    flaw = _flaw(frame)
    if flaw is not None:
        raise flaw


def _sum(frame: bytes) -> int:
    return (sum(frame) - frame[_CHECKSUM]) & 0xFF


def _framed(header: int, counter: int, rest: bytes) -> bytes:
    frame = bytearray([header, len(rest) + 4, counter, 0]) + rest
    frame[_CHECKSUM] = _sum(bytes(frame))
    return bytes(frame)


# ── commands and replies ─────────────────────────────────────────────────────────────────────────────────────────────


def encode_command(request: GdxCommand) -> bytes:
    """Return the frame of a request."""
    return _framed(_COMMAND, request.counter, bytes([request.command]) + request.payload)


def decode_command(frame: bytes) -> GdxCommand:
    """Return the request in `frame`. Raises DecodeError."""
    _require_whole(frame)
    if frame[0] != _COMMAND:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{frame[0]:02x}")
    return GdxCommand(frame[4], frame[2], frame[_HEAD:])


def encode_reply(reply: GdxReply) -> bytes:
    """Return the frame of a reply."""
    return _framed(reply.header, reply.counter, bytes([reply.command, reply.echo]) + reply.payload)


def decode_reply(frame: bytes) -> GdxReply:
    """Return the reply in `frame`. Raises DecodeError."""
    _require_whole(frame)
    if is_measurement(frame):
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{frame[0]:02x}")
    if len(frame) == _HEAD:
        raise DecodeError(FaultReason.TRUNCATED, _HEAD)
    return GdxReply(frame[4], frame[2], frame[_HEAD], frame[_HEAD + 1 :], frame[0])


# ── measurements ─────────────────────────────────────────────────────────────────────────────────────────────────────


def decode_measurement(frame: bytes) -> GdxMeasurement:
    """Return the samples in `frame`.

    Raises DecodeError: those of every frame, UNSUPPORTED_FRAME for an unknown kind, TRUNCATED and BAD_LENGTH where
    the samples announced are not those there.
    """
    _require_whole(frame)
    if not is_measurement(frame):
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{frame[0]:02x}")
    try:
        subtype = Subtype(frame[4])
    except ValueError:
        raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 4, f"{frame[4]:02x}") from None
    return GdxMeasurement(subtype, frame[2], _samples(frame, subtype))


def encode_measurement(counter: int, values: Mapping[int, Sequence[float] | F64]) -> bytes:
    """Return the frame of channels sampled together, equally many of each; the wide kind for a number above 15."""
    numbers = sorted(values)
    rows = np.stack([np.asarray(values[n], dtype="<f4") for n in numbers], axis=1)
    wide = numbers[-1] >= _WIDE
    mask = sum(1 << n for n in numbers).to_bytes(4 if wide else 2, "little")
    kind = Subtype.WIDE if wide else Subtype.NORMAL
    return _framed(_MEASUREMENT, counter, bytes([kind]) + mask + bytes([len(rows), 0]) + rows.tobytes())


def encode_dropped(counter: int) -> bytes:
    """Return the frame by which a sensor says that it lost samples."""
    return _framed(_MEASUREMENT, counter, bytes([Subtype.DROPPED]) + bytes(4))


def _samples(frame: bytes, subtype: Subtype) -> dict[int, F64]:
    if subtype in _SINGLES:
        _require(frame, 8)
        return _columns(frame, 8, frame[7], (frame[6],), _SINGLES[subtype])
    if subtype in (Subtype.NORMAL, Subtype.WIDE):
        at = 7 if subtype is Subtype.NORMAL else 9
        _require(frame, at + 2)
        return _columns(frame, at + 2, frame[at], channels_of(int.from_bytes(frame[5:at], "little")), "<f4")
    return {}


def _columns(frame: bytes, at: int, rows_n: int, numbers: Sequence[int], dtype: str) -> dict[int, F64]:
    size = 4 * rows_n * len(numbers)
    _require(frame, at + size)
    if len(frame) > at + size:
        raise DecodeError(FaultReason.BAD_LENGTH, at + size)
    with np.errstate(invalid="ignore"):  # not every NaN is a quiet one
        rows = np.frombuffer(frame, dtype, offset=at).reshape(rows_n, len(numbers)).astype(np.float64)
    return {number: rows[:, column] for column, number in enumerate(numbers)}


def _require(frame: bytes, size: int) -> None:
    if len(frame) < size:
        raise DecodeError(FaultReason.TRUNCATED, len(frame))
