"""Packets of Movesense's GATT sensor data protocol: commands, notifications and the data of each path.

Source: the maker's documentation of gatt_sensordata_app, and clients that agree with it.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason

OK = 200
UV_PER_COUNT = 0.000381469726563 * 1000.0
UV_PER_MV_COUNT = 1.0  # the path that ends in /mV: thousandths of a mV
ECG_ROWS_N = 16

_STAMP = struct.Struct("<I")
_HEART = struct.Struct("<fH")
_TEMPERATURE = struct.Struct("<fI")
_VECTOR_BYTES = 12
_MEAS = "/Meas/"
_KINDS: Mapping[str, tuple[str, ...]] = {  # lower case: paths are written both ways
    "acc": ("acc",),
    "gyro": ("gyro",),
    "magn": ("magn",),
    "imu6": ("acc", "gyro"),
    "imu6m": ("acc", "magn"),
    "imu9": ("acc", "gyro", "magn"),
}
_SHORTEST_HZ = 13.0  # at this rate a packet holds one row
_DIGITS = 5


class Op(IntEnum):
    """The first byte of a command."""

    HELLO = 0
    SUBSCRIBE = 1
    UNSUBSCRIBE = 2


class Code(IntEnum):
    """The first byte of a notification."""

    RESULT = 1
    DATA = 2
    MORE = 3  # goes on where the last DATA of the same reference ended


@dataclass(frozen=True, slots=True)
class MoveCommand:
    """A request. `ref` is chosen by the host and comes back with everything that follows."""

    op: int
    ref: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class MoveNotification:
    """What came: `status` of a RESULT (None where it has none), `payload` of DATA and MORE."""

    code: Code
    ref: int
    status: int | None = None
    payload: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class MoveData:
    """The data of one packet: rows (n, 3) or (n, 1) by name, in the device's units; its stamp in ms, where it has one.

    Names: ``acc`` m/s², ``gyro`` deg/s, ``magn`` µT, ``ecg`` counts, ``hr`` beats/min, ``rr`` ms, ``temp`` K.
    """

    rows: Mapping[str, F64] = field(default_factory=dict)
    timestamp_ms: int | None = None


def encode_command(command: MoveCommand) -> bytes:
    """Return the bytes of a request."""
    return bytes([command.op, command.ref]) + command.path.encode("ascii")


def decode_command(payload: bytes) -> MoveCommand:
    """Return the request in `payload`. Raises DecodeError: TRUNCATED, BAD_HEADER for a path that is not ASCII."""
    if len(payload) < 2:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    try:
        return MoveCommand(payload[0], payload[1], payload[2:].decode("ascii"))
    except UnicodeDecodeError as error:
        raise DecodeError(FaultReason.BAD_HEADER, 2 + error.start) from None


def encode_notification(value: MoveNotification) -> bytes:
    """Return the bytes of a notification."""
    status = b"" if value.status is None else value.status.to_bytes(2, "little")
    return bytes([value.code, value.ref]) + status + value.payload


def decode_notification(payload: bytes) -> MoveNotification:
    """Return what `payload` is. Raises DecodeError: TRUNCATED, BAD_HEADER for an unknown code."""
    if len(payload) < 2:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    try:
        code = Code(payload[0])
    except ValueError:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{payload[0]:02x}") from None
    if code is not Code.RESULT:
        return MoveNotification(code, payload[1], payload=payload[2:])
    status = int.from_bytes(payload[2:4], "little") if len(payload) >= 4 else None
    return MoveNotification(code, payload[1], status)


# ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def imu_path(names: Sequence[str], rate: int) -> str:
    """Return the path that brings these sensors together, or as few others besides as can be."""
    title = {"acc": "Acc", "gyro": "Gyro", "magn": "Magn", "imu6": "IMU6", "imu6m": "IMU6m", "imu9": "IMU9"}
    kind = min((k for k, there in _KINDS.items() if set(names) <= set(there)), key=lambda k: len(_KINDS[k]))
    return f"{_MEAS}{title[kind]}/{rate}"


def sensors_of(path: str) -> tuple[str, ...]:
    """Return the names of the rows that `path` brings, none for an unknown one."""
    kind = _parts(path)[0]
    return _KINDS.get(kind) or {"ecg": ("ecg",), "hr": ("hr", "rr"), "temp": ("temp",)}.get(kind, ())


def rate_of(path: str) -> float:
    """Return the rate in Hz in `path`, 0 where it has none."""
    parts = _parts(path)
    return float(parts[1]) if len(parts) > 1 and parts[1].isdecimal() and len(parts[1]) <= _DIGITS else 0.0


def is_event(path: str) -> bool:
    """Return whether what `path` brings has no rate: heart beats, temperature."""
    return _parts(path)[0] in ("hr", "temp")


def rows_of(path: str) -> int:
    """Return how many rows a packet of `path` usually holds."""
    if _parts(path)[0] == "ecg":
        return ECG_ROWS_N
    return max(1, round(rate_of(path) / _SHORTEST_HZ))


def ecg_uv_per_count(path: str) -> float:
    """Return µV a count of an ECG path."""
    return UV_PER_MV_COUNT if _is_mv(path) else UV_PER_COUNT


def _parts(path: str) -> list[str]:
    return path.lower().removeprefix(_MEAS.lower()).split("/")


def _is_mv(path: str) -> bool:
    return _parts(path)[-1] == "mv"


# ── data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def decode_data(path: str, payload: bytes) -> MoveData:
    """Return the data of a packet of `path`, code and reference left off, continuations glued on.

    Raises DecodeError: TRUNCATED, UNSUPPORTED_FRAME for an unknown path, BAD_LENGTH, OUT_OF_RANGE for a value that is
    no number.
    """
    kind = _parts(path)[0]
    if kind == "hr":
        return _heart(payload)
    if kind == "temp":
        return _temperature(payload)
    if len(payload) < _STAMP.size:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if kind == "ecg":
        rows = {"ecg": _ecg(payload, "<i2" if _is_mv(path) else "<i4")}
    elif kind in _KINDS:
        rows = _vectors(payload, _KINDS[kind])
    else:
        raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 0, path)
    return MoveData(rows, _STAMP.unpack_from(payload)[0])


def encode_data(path: str, data: MoveData) -> bytes:
    """Return the data of a packet of `path`; `data` must have the rows of every sensor of it."""
    kind = _parts(path)[0]
    if kind == "hr":
        return _HEART.pack(data.rows["hr"][0, 0], round(data.rows["rr"][0, 0]))
    if kind == "temp":
        return _TEMPERATURE.pack(data.rows["temp"][0, 0], data.timestamp_ms or 0)
    stamp = _STAMP.pack((data.timestamp_ms or 0) & 0xFFFFFFFF)
    if kind == "ecg":
        return stamp + np.rint(data.rows["ecg"]).astype("<i2" if _is_mv(path) else "<i4").tobytes()
    return stamp + b"".join(data.rows[name].astype("<f4").tobytes() for name in _KINDS[kind])


def _heart(payload: bytes) -> MoveData:
    _require_length(payload, _HEART.size)
    hr_bpm, rr_ms = _HEART.unpack(payload)
    return MoveData({"hr": _finite(np.array([[hr_bpm]]), 0), "rr": np.array([[float(rr_ms)]])})


def _temperature(payload: bytes) -> MoveData:
    _require_length(payload, _TEMPERATURE.size)
    kelvin, stamp_ms = _TEMPERATURE.unpack(payload)
    return MoveData({"temp": _finite(np.array([[kelvin]]), 0)}, stamp_ms)


def _ecg(payload: bytes, dtype: str) -> F64:
    size = np.dtype(dtype).itemsize
    if len(payload) == _STAMP.size or (len(payload) - _STAMP.size) % size:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return np.frombuffer(payload, dtype, offset=_STAMP.size).astype(np.float64)[:, None]


def _vectors(payload: bytes, names: Sequence[str]) -> dict[str, F64]:
    """Return each sensor's rows: all of the first, then all of the next."""
    rows_n, rest = divmod(len(payload) - _STAMP.size, _VECTOR_BYTES * len(names))
    if rest or not rows_n:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    values = _finite(np.frombuffer(payload, "<f4", offset=_STAMP.size), _STAMP.size)
    return dict(zip(names, values.reshape(len(names), rows_n, 3), strict=True))


def _finite(values: npt.NDArray[np.floating[Any]], at: int) -> F64:
    """Return numbers of four bytes from offset `at` on, all of them some."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise DecodeError(FaultReason.OUT_OF_RANGE, at + 4 * int(wrong[0]), "no number")
    return values.astype(np.float64)


def _require_length(payload: bytes, size: int) -> None:
    if len(payload) != size:
        reason = FaultReason.TRUNCATED if len(payload) < size else FaultReason.BAD_LENGTH
        raise DecodeError(reason, min(len(payload), size))
