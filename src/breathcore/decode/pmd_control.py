"""The control point of Polar's measurement data service: requests and replies, both sides of the conversation.

Source: the vendor's SDK documentation and its tests. A host reads the feature value once, then asks for settings,
starts and stops streams; every answer comes as an indication. The host's side is `encode_request` and
`decode_reply`; a simulated strap uses `decode_request`, `encode_settings_reply`, `encode_start_reply`,
`encode_reply`, `encode_stopped` and `encode_features`.

Settings are mappings from name to a tuple of values, in wire order; a request carries one value for each name.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason

Value = int | float
Settings = Mapping[str, tuple[Value, ...]]

_NONE: Settings = MappingProxyType({})
_REPLY, _FEATURES, _STOPPED = 0xF0, 0x0F, 0x01
_TYPE_MASK = 0x3F
_FEATURE_BYTES = 17
_HEAD, _MORE_AT, _PARAMS_AT = 4, 4, 5
_FACTOR_LIMIT = 1000.0  # real ones are 1 or smaller


class Op(IntEnum):
    """What a request asks for."""

    SETTINGS = 1
    START = 2
    STOP = 3
    SDK_SETTINGS = 4
    ACTIVE = 5
    SDK_MODE = 6


class Measurement(IntEnum):
    """A stream (or a mode that is switched like one)."""

    ECG = 0
    PPG = 1
    ACC = 2
    PPI = 3
    GYRO = 5
    MAG = 6
    SKIN_TEMP = 7
    SDK_MODE = 9
    LOCATION = 10
    PRESSURE = 11
    TEMPERATURE = 12
    OFFLINE_REC = 13
    OFFLINE_HR = 14


class Status(IntEnum):
    """The answer to a request."""

    OK = 0
    INVALID_OPCODE = 1
    INVALID_MEASUREMENT_TYPE = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY_IN_STATE = 6
    INVALID_RESOLUTION = 7
    INVALID_SAMPLE_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11
    INVALID_STATE = 12
    IN_CHARGER = 13
    DISK_FULL = 14


_STATUS_NAMES = {status.value: status.name.lower() for status in Status}

_FEATURE_BITS = {
    0: Measurement.ECG, 1: Measurement.PPG, 2: Measurement.ACC, 3: Measurement.PPI, 5: Measurement.GYRO,
    6: Measurement.MAG, 7: Measurement.SKIN_TEMP, 9: Measurement.SDK_MODE, 10: Measurement.LOCATION,
    11: Measurement.PRESSURE, 12: Measurement.TEMPERATURE, 13: Measurement.OFFLINE_REC, 14: Measurement.OFFLINE_HR,
}  # fmt: skip

_SETTING_CODES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "sample_rate": (0, "H"),
        "resolution": (1, "H"),
        "range": (2, "H"),
        "range_milli": (3, "i"),
        "channels": (4, "B"),
        "factor": (5, "f"),
    }
)
_SETTING_NAMES = {code: (name, form) for name, (code, form) in _SETTING_CODES.items()}
_SECURITY, _SECURITY_BYTES = 6, 16  # skipped: never used by a live stream

_ACTIVE_STATES = ("none", "online", "offline", "both")


@dataclass(frozen=True, slots=True)
class PmdRequest:
    """What the host wrote. `type` is None where the request has none (`05`, `06`)."""

    op: int
    type: int | None = None
    settings: Settings = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, slots=True)
class PmdReply:
    """One indication in answer to a request. `more` says that another follows whose parameters continue these."""

    op: int
    type: int
    status: int
    more: bool = False
    params: bytes = b""

    @property
    def status_name(self) -> str:
        """The status in words, "status 42" where it is not a known one."""
        return _STATUS_NAMES.get(self.status, f"status {self.status}")


@dataclass(frozen=True, slots=True)
class PmdStopped:
    """The device ended these streams by itself (it need not say which)."""

    types: tuple[int, ...]


def decode_settings(params: bytes, at: int = 0) -> Settings:
    """Return a list of settings. `at` is where `params` begin in the payload, for the offset of errors.

    Raises DecodeError: TRUNCATED where a value is cut short, BAD_HEADER for a setting that does not exist.
    """
    settings: dict[str, tuple[Value, ...]] = {}
    here = 0
    while here < len(params):
        name, values, here = _setting(params, here, at)
        if name:
            settings[name] = values
    return MappingProxyType(settings)


def decode_factor(params: bytes) -> float:
    """Return the conversion factor in a start reply, 1.0 where there is none.

    Stray bytes at the end are allowed: a Polar H10 sends one. Raises DecodeError: TRUNCATED for a factor cut short,
    OUT_OF_RANGE for one that cannot be.
    """
    here = 0
    while here + 1 < len(params) and params[here] <= _SECURITY:
        name, values, here = _setting(params, here, _PARAMS_AT)
        if name == "factor" and values:
            return _factor(float(values[0]), here)
    return 1.0


def _factor(value: float, end: int) -> float:
    if not 0 < value <= _FACTOR_LIMIT:
        raise DecodeError(FaultReason.OUT_OF_RANGE, _PARAMS_AT + end - 4, f"factor {value}")
    return value


def encode_settings(settings: Mapping[str, Sequence[Value]]) -> bytes:
    """Return the list of settings in the order given. Raises KeyError for an unknown name."""
    out = b""
    for name, values in settings.items():
        code, form = _SETTING_CODES[name]
        out += struct.pack(f"<BB{len(values)}{form}", code, len(values), *values)
    return out


def decode_request(payload: bytes) -> PmdRequest:
    """Return what a host wrote. Raises DecodeError: TRUNCATED, BAD_HEADER."""
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    if payload[0] in (Op.ACTIVE, Op.SDK_MODE):
        return PmdRequest(payload[0])
    if len(payload) == 1:
        raise DecodeError(FaultReason.TRUNCATED, 1)
    settings = decode_settings(payload[2:], 2) if payload[0] == Op.START else _NONE
    return PmdRequest(payload[0], payload[1] & _TYPE_MASK, settings)


def encode_request(op: Op, type_: Measurement, settings: Mapping[str, Value] = MappingProxyType({})) -> bytes:
    """Return the bytes of a request, one value for each setting."""
    return bytes([op, type_]) + encode_settings({name: (value,) for name, value in settings.items()})


def decode_reply(payload: bytes) -> PmdReply | PmdStopped:
    """Return an indication of the control point. Raises DecodeError: TRUNCATED, BAD_HEADER."""
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    if payload[0] == _STOPPED:
        return PmdStopped(tuple(t & _TYPE_MASK for t in payload[1:]))
    if payload[0] != _REPLY:
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{payload[0]:02x}")
    if len(payload) < _HEAD:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    _, op, type_, status = payload[:_HEAD]
    ok = status == Status.OK
    more = ok and len(payload) > _MORE_AT and payload[_MORE_AT] != 0
    return PmdReply(op, type_ & _TYPE_MASK, status, more, payload[_PARAMS_AT:] if ok else b"")


def encode_reply(reply: PmdReply) -> bytes:
    """Return the indication of `reply`, always with its fifth byte."""
    return bytes([_REPLY, reply.op, reply.type, reply.status, int(reply.more)]) + reply.params


def encode_settings_reply(type_: int, offered: Mapping[str, Sequence[Value]]) -> bytes:
    """Return the answer to a settings request: every value offered, in the order given."""
    return encode_reply(PmdReply(Op.SETTINGS, type_, Status.OK, params=encode_settings(offered)))


def encode_start_reply(type_: int, factor: float | None = None, tail: bytes = b"") -> bytes:
    """Return the answer to a start request that worked. A Polar H10 sends no factor and the stray `tail` 01."""
    params = b"" if factor is None else encode_settings({"factor": (factor,)})
    return encode_reply(PmdReply(Op.START, type_, Status.OK, params=params + tail))


def encode_stopped(types: Iterable[int]) -> bytes:
    """Return the indication that the device ended `types` by itself."""
    return bytes([_STOPPED, *types])


def decode_features(payload: bytes) -> tuple[Measurement, ...]:
    """Return what the strap can measure. Raises DecodeError: NOT_FEATURES, TRUNCATED."""
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    if payload[0] != _FEATURES:
        raise DecodeError(FaultReason.NOT_FEATURES, 0, f"{payload[0]:02x}")
    if len(payload) < 3:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    mask = int.from_bytes(payload[1:3], "little")
    return tuple(m for bit, m in _FEATURE_BITS.items() if mask >> bit & 1)


def encode_features(features: Iterable[Measurement]) -> bytes:
    """Return the 17 bytes a read of the control point gives."""
    bit_of = {m: bit for bit, m in _FEATURE_BITS.items()}
    mask = sum(1 << bit_of[m] for m in set(features))
    return bytes([_FEATURES]) + mask.to_bytes(_FEATURE_BYTES - 1, "little")


def decode_active(state: int) -> tuple[int, str]:
    """Return (measurement type, "none", "online", "offline" or "both") of one byte of a status reply."""
    return state & _TYPE_MASK, _ACTIVE_STATES[state >> 6]


def encode_active(type_: int, state: str) -> int:
    """Return one byte of a status reply."""
    return type_ | _ACTIVE_STATES.index(state) << 6


def _setting(params: bytes, here: int, at: int) -> tuple[str, tuple[Value, ...], int]:
    if here + 2 > len(params):
        raise DecodeError(FaultReason.TRUNCATED, at + len(params))
    code, count = params[here], params[here + 1]
    if code == _SECURITY:
        name, form, size = "", "", count * _SECURITY_BYTES
    elif code in _SETTING_NAMES:
        name, form = _SETTING_NAMES[code]
        size = count * struct.calcsize("<" + form)
    else:
        raise DecodeError(FaultReason.BAD_HEADER, at + here, f"setting {code}")
    end = here + 2 + size
    if end > len(params):
        raise DecodeError(FaultReason.TRUNCATED, at + len(params))
    return name, struct.unpack_from(f"<{count}{form}", params, here + 2) if name else (), end
