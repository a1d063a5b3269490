"""Frames and commands of WitMotion's Bluetooth LE sensors.

A frame has 20 bytes: 0x55, its kind, whole numbers of 16 bits. It carries no checksum, no counter and no time.
Source: the maker's sample program and manual; rubenmuehlhans/esphome-witmotion agrees on every scale but that of the
magnetometer, which is therefore left in counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason

FRAME_BYTES = 20
ACC_G, GYRO_DPS, ANGLE_DEG = 16.0 / 32768.0, 2000.0 / 32768.0, 180.0 / 32768.0  # a count

SAVE, RATE, READ, UNLOCK = 0x00, 0x03, 0x27, 0x69
TEMPERATURE, BATTERY, MAGNETOMETER, QUATERNION = 0x40, 0x64, 0x3A, 0x51
UNLOCK_VALUE = 0xB588
RATE_CODES: Mapping[float, int] = MappingProxyType(
    {0.2: 1, 0.5: 2, 1.0: 3, 2.0: 4, 5.0: 5, 10.0: 6, 20.0: 7, 50.0: 8, 100.0: 9, 200.0: 10}
)

_HEAD, _MOTION, _REGISTER = 0x55, 0x61, 0x71
_HEADS = (bytes([_HEAD, _MOTION]), bytes([_HEAD, _REGISTER]))
_COMMAND = b"\xff\xaa"
_COMMAND_BYTES = 5
_LEAST_V, _MOST_V = 2.5, 5.5  # of a lithium cell, charger included
_BATTERY_STEPS = (  # V, %: the maker's table, of a lithium cell
    (3.97, 100), (3.93, 90), (3.87, 75), (3.82, 60), (3.79, 50), (3.77, 40), (3.73, 30), (3.70, 20), (3.68, 15),
    (3.50, 10), (3.40, 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class WitMotion:
    """A motion frame: counts (9,) of acceleration x, y, z, turning x, y, z and angle roll, pitch, yaw."""

    counts: F64

    @property
    def acc_g(self) -> F64:
        """Acceleration (3,) in g."""
        return self.counts[:3] * ACC_G

    @property
    def gyro_dps(self) -> F64:
        """Turning (3,) in deg/s."""
        return self.counts[3:6] * GYRO_DPS

    @property
    def angle_deg(self) -> F64:
        """Roll, pitch and yaw (3,) in degrees."""
        return self.counts[6:] * ANGLE_DEG


@dataclass(frozen=True, slots=True)
class WitRegister:
    """The answer to a read: eight whole numbers from `register` on."""

    register: int
    counts: tuple[int, ...]

    @property
    def battery_v(self) -> float:
        """Volts, of the register BATTERY."""
        return self.counts[0] / 100.0

    @property
    def temp_c(self) -> float:
        """Degrees Celsius, of the register TEMPERATURE."""
        return self.counts[0] / 100.0

    @property
    def quat(self) -> tuple[float, ...]:
        """Quaternion w, x, y, z, of the register QUATERNION."""
        return tuple(c / 32768.0 for c in self.counts[:4])


def decode_frame(frame: bytes) -> WitMotion | WitRegister:
    """Return what `frame` holds. Raises DecodeError: TRUNCATED, BAD_LENGTH, BAD_HEADER, UNSUPPORTED_FRAME."""
    if frame[:1] and frame[0] != _HEAD:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{frame[0]:02x}")
    if len(frame) < FRAME_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(frame))
    if len(frame) > FRAME_BYTES:
        raise DecodeError(FaultReason.BAD_LENGTH, FRAME_BYTES)
    if frame[1] == _MOTION:
        return WitMotion(np.frombuffer(frame, "<i2", offset=2).astype(np.float64))
    if frame[1] == _REGISTER:
        values = np.frombuffer(frame, "<i2", offset=2).tolist()
        return WitRegister(int.from_bytes(frame[2:4], "little"), tuple(values[1:]))
    raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 1, f"{frame[1]:02x}")


def encode_motion(counts: F64) -> bytes:
    """Return the frame of nine counts; those beyond 16 bits become the nearest that fits."""
    whole = np.clip(np.rint(counts), -32768, 32767).astype("<i2")
    return bytes([_HEAD, _MOTION]) + whole.tobytes()


def encode_register(value: WitRegister) -> bytes:
    """Return the frame that answers a read; at most eight numbers, the rest zero."""
    numbers = [*value.counts, *[0] * 8][:8]
    return bytes([_HEAD, _REGISTER]) + value.register.to_bytes(2, "little") + np.array(numbers, "<i2").tobytes()


def split_frames(payload: bytes) -> tuple[tuple[bytes, ...], tuple[DecodeError, ...]]:
    """Return the whole frames in a notification, which may join several, and what is wrong with the rest.

    Bytes before a head are skipped: BAD_HEADER; a frame that is cut at the end: TRUNCATED. After bytes that were
    skipped only a head is believed whose frame is followed by the next, or by nothing; such a head inside a frame that
    is followed by neither shows that frame to be cut.
    """
    frames: list[bytes] = []
    errors: list[DecodeError] = []
    at = 0
    while at < len(payload):
        head = _next_head(payload, at)
        if head > at:
            errors.append(DecodeError(FaultReason.BAD_HEADER, at, payload[at:head][:4].hex()))
        elif len(payload) < head + FRAME_BYTES:
            errors.append(DecodeError(FaultReason.TRUNCATED, len(payload)))
            head = len(payload)
        else:
            frames.append(payload[head : head + FRAME_BYTES])
            head += FRAME_BYTES
        at = head
    return tuple(frames), tuple(errors)


def _next_head(payload: bytes, at: int) -> int:
    """Return where the next frame begins at or after `at`; the end where there is none."""
    after = range(at + 1, len(payload) - FRAME_BYTES + 1)
    later = next((i for i in after if payload[i : i + 2] in _HEADS and _ends_well(payload, i)), len(payload))
    if payload[at : at + 2] in _HEADS and (_ends_well(payload, at) or later >= min(at + FRAME_BYTES, len(payload))):
        return at
    return later


def _ends_well(payload: bytes, at: int) -> bool:
    rest = payload[at + FRAME_BYTES :][:2]
    return not rest or rest in _HEADS


def encode_command(register: int, value: int) -> bytes:
    """Return the command that writes `value` to `register`."""
    return _COMMAND + bytes([register]) + value.to_bytes(2, "little")


def decode_command(payload: bytes) -> tuple[int, int]:
    """Return (register, value). Raises DecodeError: TRUNCATED, BAD_LENGTH, BAD_HEADER."""
    if len(payload) != _COMMAND_BYTES:
        reason = FaultReason.TRUNCATED if len(payload) < _COMMAND_BYTES else FaultReason.BAD_LENGTH
        raise DecodeError(reason, min(len(payload), _COMMAND_BYTES))
    if payload[:2] != _COMMAND:
        raise DecodeError(FaultReason.BAD_HEADER, 0, payload[:2].hex())
    return payload[2], int.from_bytes(payload[3:], "little")


def battery_percent(volts: float) -> int | None:
    """Return the charge that a voltage means, in steps; None for one that no such battery has."""
    if not _LEAST_V <= volts <= _MOST_V:
        return None
    return next((percent for v, percent in _BATTERY_STEPS if volts >= v), 0)
