"""Packets of a Movella DOT (Xsens DOT): payloads of every documented mode, commands, output rate, battery.

Source: Movella DOT BLE Services Specifications, revision C. Each payload begins with a stamp in µs that wraps after
71.6 minutes; the fields follow in a fixed order. A payload characteristic always sends its full length, padded with
zeros. The high-fidelity modes 1, 17 and 25 can be read only with the maker's own library.
"""

import math
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason

Field = float | tuple[float, ...]

_QUAT, _EULER, _FREE_ACC = ("quat", "4f"), ("euler", "3f"), ("free_acc", "3f")
_ACC, _GYRO, _MAG = ("acc", "3f"), ("gyro", "3f"), ("mag", "3h")
_DQ, _DV = ("dq", "4f"), ("dv", "3f")
_STATUS = (("status", "H"), ("clip_acc", "B"), ("clip_gyro", "B"))
MODES: Mapping[int, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        2: (_QUAT, _FREE_ACC, *_STATUS),
        3: (_QUAT, _FREE_ACC),
        4: (_EULER,),
        5: (_QUAT,),
        6: (_FREE_ACC,),
        7: (_EULER, _FREE_ACC, *_STATUS),
        16: (_EULER, _FREE_ACC),
        18: (_DQ, _DV, _MAG),
        19: (_DQ, _DV),
        20: (_ACC, _GYRO, _MAG),
        21: (_ACC, _GYRO),
        22: (_EULER, _FREE_ACC, _GYRO),
        23: (_EULER, _FREE_ACC, _MAG),
        24: (_QUAT, _GYRO),
        26: (_QUAT, _ACC, _GYRO),
    }
)
LENGTHS: Mapping[str, int] = MappingProxyType({"short": 20, "medium": 40, "long": 63})
RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)

_STAMP_BYTES = 4
_MEASURE, _START, _STOP = 1, 1, 0
_SETTINGS_BYTES, _RATE_AT, _VISIT_RATE = 32, 24, 0x10
_BATTERY_BYTES = 2
_FULL = 100


@dataclass(frozen=True, slots=True)
class DotPayload:
    """A sample: its stamp and its fields by name.

    ``quat``, ``dq`` w, x, y, z; ``euler`` degrees; ``acc``, ``free_acc`` m/s² (free: without gravity, earth's axes);
    ``gyro`` deg/s; ``mag`` counts; ``status`` bits; ``clip_acc``, ``clip_gyro`` how often a value was clipped.
    """

    timestamp_us: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class DotCommand:
    """Start or stop of a mode."""

    start: bool
    mode: int


def size_of(mode: int) -> int:
    """Return how many bytes a payload has before its padding. Raises KeyError for an unknown mode."""
    return _layout(mode).size


@cache
def characteristic_of(mode: int) -> str:
    """Return the payload characteristic that carries `mode`: "short", "medium" or "long"."""
    return next(name for name, length in LENGTHS.items() if size_of(mode) <= length)


def mode_with(names: Collection[str]) -> int | None:
    """Return the mode with the fewest bytes that has all these fields, None where there is none."""
    fitting = [m for m, fields in MODES.items() if set(names) <= {name for name, _ in fields}]
    return min(fitting, key=size_of, default=None)


def decode_payload(mode: int, payload: bytes) -> DotPayload:
    """Return the sample in `payload`.

    Raises DecodeError: UNSUPPORTED_FRAME for a mode that cannot be read, TRUNCATED, BAD_LENGTH for one that is
    neither exact nor its characteristic's, OUT_OF_RANGE for a value that is no number.
    """
    if mode not in MODES:
        raise DecodeError(FaultReason.UNSUPPORTED_FRAME, 0, f"mode {mode}")
    layout = _layout(mode)
    if len(payload) < layout.size:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if len(payload) not in (layout.size, *LENGTHS.values()):
        raise DecodeError(FaultReason.BAD_LENGTH, layout.size, str(len(payload)))
    stamp_us, *values = layout.unpack_from(payload)
    for at, value in enumerate(values):
        if not math.isfinite(value):
            raise DecodeError(FaultReason.OUT_OF_RANGE, _STAMP_BYTES, f"number {at} is none")
    fields: dict[str, Field] = {}
    for name, form in MODES[mode]:
        n = int(form[0]) if form[0].isdigit() else 1
        fields[name] = tuple(values[:n]) if n > 1 else values[0]
        del values[:n]
    return DotPayload(stamp_us, fields)


def encode_payload(mode: int, sample: DotPayload) -> bytes:
    """Return the payload padded to its characteristic's length; fields that are not given are zero."""
    values: list[float] = []
    for name, form in MODES[mode]:
        n = int(form[0]) if form[0].isdigit() else 1
        value = sample.fields.get(name, (0,) * n)
        values += value if isinstance(value, tuple) else (value,)
    packed = _layout(mode).pack(sample.timestamp_us & 0xFFFFFFFF, *values)
    return packed.ljust(LENGTHS[characteristic_of(mode)], b"\0")


@cache
def _layout(mode: int) -> struct.Struct:
    return struct.Struct("<I" + "".join(form for _, form in MODES[mode]))


def encode_command(command: DotCommand) -> bytes:
    """Return the bytes that start or stop a mode."""
    return bytes([_MEASURE, _START if command.start else _STOP, command.mode])


def decode_command(payload: bytes) -> DotCommand:
    """Return the command in `payload`. Raises DecodeError: TRUNCATED, BAD_LENGTH, BAD_HEADER."""
    if len(payload) != 3:
        raise DecodeError(FaultReason.TRUNCATED if len(payload) < 3 else FaultReason.BAD_LENGTH, min(len(payload), 3))
    if payload[0] != _MEASURE or payload[1] not in (_START, _STOP):
        raise DecodeError(FaultReason.BAD_HEADER, 0, payload.hex())
    return DotCommand(payload[1] == _START, payload[2])


def encode_rate(rate_hz: int) -> bytes:
    """Return the settings that change the output rate and nothing else."""
    settings = bytearray(_SETTINGS_BYTES)
    settings[0] = _VISIT_RATE
    settings[_RATE_AT : _RATE_AT + 2] = rate_hz.to_bytes(2, "little")
    return bytes(settings)


def decode_rate(payload: bytes) -> int | None:
    """Return the output rate that settings bring, None where they leave it. Raises DecodeError (TRUNCATED)."""
    if len(payload) < _SETTINGS_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if not payload[0] & _VISIT_RATE:
        return None
    return int.from_bytes(payload[_RATE_AT : _RATE_AT + 2], "little")


def encode_battery(percent: int, *, charging: bool) -> bytes:
    """Return the bytes of the battery characteristic."""
    return bytes([percent, charging])


def decode_battery(payload: bytes) -> tuple[int, bool]:
    """Return per cent and whether it charges. Raises DecodeError: TRUNCATED, BAD_LENGTH, OUT_OF_RANGE above 100."""
    if len(payload) != _BATTERY_BYTES:
        short = len(payload) < _BATTERY_BYTES
        raise DecodeError(FaultReason.TRUNCATED if short else FaultReason.BAD_LENGTH, min(len(payload), _BATTERY_BYTES))
    if payload[0] > _FULL:
        raise DecodeError(FaultReason.OUT_OF_RANGE, 0, str(payload[0]))
    return payload[0], bool(payload[1])
