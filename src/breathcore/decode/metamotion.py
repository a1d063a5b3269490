"""Codec "metamotion": the whole conversation with an MbientLab MetaMotion, and its sensor fusion's frames.

``<id>.command`` takes commands, ``<id>.notify`` carries everything back: ``module register data``. Boards differ in
their motion chip. The BMI160 and the BMI270 have other settings and other registers, and 13 05 is one sample of the
one and three of the other: so each module is asked what it is before it is set up. Frames that come before the answer
are told apart by their length.

Source: the maker's SDK and its tests. There are no stamps and no counters: only arrival is known.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from types import MappingProxyType

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64, I64
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError, Reason
from breathcore.model.packets import Direction, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

G_MS2 = 9.80665
PACKED_N = 3  # samples of a packed frame

_HEAD_BYTES = 2
_ROW_BYTES = 6
_INFO = 0x80  # register 00, bit 7: a read
_POWER, _ENABLE, _CONFIG = 0x01, 0x02, 0x03
_QUATERNION = 0x07
_IMU_PLUS, _FUSION_QUATERNION, _FUSION_ALL = 0x02, 0x08, 0x7F
_FUSION_RATE_HZ = 100.0
_SLOWEST_HZ, _SLOWEST_CODE, _FASTEST_CODE = 25.0, 6, 9  # each code up is twice as fast
_ACC_COUNTS = 32768.0  # at full scale
_GYRO_COUNTS = 16.4 * 2000.0


class Module(IntEnum):
    """The modules that are spoken to."""

    ACC = 0x03
    GYRO = 0x13
    FUSION = 0x19


class Chip(Enum):
    """The motion chips there are: what they answer for (accelerometer, gyroscope)."""

    BMI160 = (1, 0)
    BMI270 = (4, 1)


_MOTION = (Module.ACC, Module.GYRO)
_ROLES = {Role.CHEST_ACC: Module.ACC, Role.ACC: Module.ACC, Role.GYRO: Module.GYRO, Role.ORIENTATION: Module.FUSION}
_ROWS: Mapping[tuple[int, int], Mapping[Chip, int]] = MappingProxyType(
    {
        (Module.ACC, 0x04): {Chip.BMI160: 1, Chip.BMI270: 1},
        (Module.ACC, 0x05): {Chip.BMI270: PACKED_N},
        (Module.ACC, 0x1C): {Chip.BMI160: PACKED_N},
        (Module.GYRO, 0x04): {Chip.BMI270: 1},
        (Module.GYRO, 0x05): {Chip.BMI160: 1, Chip.BMI270: PACKED_N},
        (Module.GYRO, 0x07): {Chip.BMI160: PACKED_N},
    }
)
_REGISTERS = {(m, chip, n): register for (m, register), rows in _ROWS.items() for chip, n in rows.items()}
_RANGE_CODES: Mapping[tuple[Module, Chip], Mapping[int, int]] = MappingProxyType(
    {
        (Module.ACC, Chip.BMI160): {2: 0x03, 4: 0x05, 8: 0x08, 16: 0x0C},
        (Module.ACC, Chip.BMI270): {2: 0x00, 4: 0x01, 8: 0x02, 16: 0x03},
        (Module.GYRO, Chip.BMI160): {2000: 0, 1000: 1, 500: 2, 250: 3, 125: 4},
        (Module.GYRO, Chip.BMI270): {2000: 0, 1000: 1, 500: 2, 250: 3, 125: 4},
    }
)
_RATE_BITS = {(Module.ACC, Chip.BMI160): 0x20, (Module.ACC, Chip.BMI270): 0xA0}  # gyroscopes: 20
_FUSION_FORMS: Mapping[int, tuple[str, struct.Struct, float]] = MappingProxyType(
    {
        0x04: ("acc_g", struct.Struct("<3fB"), 1e-3),
        0x05: ("gyro_dps", struct.Struct("<3fB"), 1.0),
        0x07: ("quat_wxyz", struct.Struct("<4f"), 1.0),
        0x08: ("euler_hpry", struct.Struct("<4f"), 1.0),
        0x09: ("vec_g", struct.Struct("<3f"), 1.0 / G_MS2),
        0x0A: ("vec_g", struct.Struct("<3f"), 1.0 / G_MS2),
    }
)


@dataclass(frozen=True, slots=True)
class FusionValue:
    """One value of the board's own fusion: what it is (with its unit), its numbers, its accuracy (0–3) if given."""

    name: str
    values: tuple[float, ...]
    accuracy: int | None = None


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """The settings of a motion sensor: full scale in g or deg/s."""

    rate_hz: float
    range: int


def counts_per_unit(module: int, full_scale: float) -> float:
    """Return how many counts are 1 g or 1 deg/s."""
    return (_ACC_COUNTS if module == Module.ACC else _GYRO_COUNTS) / full_scale


def decode_motion(payload: bytes, full_scale: float, chip: Chip | None = None) -> F64:
    """Return the samples (n, 3) of an accelerometer or gyroscope frame in g or deg/s.

    Raises DecodeError: TRUNCATED, BAD_HEADER for a frame that is none (of `chip`, where that is known), BAD_LENGTH.
    """
    if len(payload) < _HEAD_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    rows = _ROWS.get((payload[0], payload[1]), {})
    allowed = set(rows.values()) if chip is None else {rows[chip]} if chip in rows else set()
    if not allowed:
        raise DecodeError(FaultReason.BAD_HEADER, 0, payload[:_HEAD_BYTES].hex())
    content = len(payload) - _HEAD_BYTES
    if content < _ROW_BYTES * min(allowed):
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if content not in {_ROW_BYTES * n for n in allowed}:
        raise DecodeError(FaultReason.BAD_LENGTH, len(payload), str(len(payload)))
    counts = np.frombuffer(payload, "<i2", offset=_HEAD_BYTES).reshape(-1, 3)
    return counts / counts_per_unit(payload[0], full_scale)


def encode_motion(module: Module, counts: I64, chip: Chip) -> tuple[bytes, ...]:
    """Return the frames of `counts` (n, 3): three samples each, the rest one by one. Counts beyond 16 bits saturate."""
    wide = counts.clip(-0x8000, 0x7FFF).astype("<i2")
    packed_n = len(wide) - len(wide) % PACKED_N
    parts = [wide[i : i + PACKED_N] for i in range(0, packed_n, PACKED_N)]
    parts += [wide[i : i + 1] for i in range(packed_n, len(wide))]
    return tuple(bytes([module, _REGISTERS[module, chip, len(p)]]) + p.tobytes() for p in parts)


def decode_fusion(payload: bytes) -> FusionValue:
    """Return a value of the sensor fusion. Raises DecodeError: TRUNCATED, BAD_HEADER, BAD_LENGTH."""
    if len(payload) < _HEAD_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if payload[0] != Module.FUSION or payload[1] not in _FUSION_FORMS:
        raise DecodeError(FaultReason.BAD_HEADER, 0, payload[:_HEAD_BYTES].hex())
    name, form, scale = _FUSION_FORMS[payload[1]]
    if len(payload) != _HEAD_BYTES + form.size:
        short = len(payload) < _HEAD_BYTES + form.size
        raise DecodeError(FaultReason.TRUNCATED if short else FaultReason.BAD_LENGTH, len(payload))
    fields = form.unpack_from(payload, _HEAD_BYTES)
    rated = form.format.endswith("B")
    numbers = fields[:-1] if rated else fields
    return FusionValue(name, tuple(v * scale for v in numbers), fields[-1] if rated else None)


def encode_quaternion(wxyz: Sequence[float]) -> bytes:
    """Return the fusion's frame of a quaternion."""
    return bytes([Module.FUSION, _QUATERNION]) + struct.pack("<4f", *wxyz)


def encode_config(module: Module, chip: Chip, wanted: MotionConfig) -> bytes:
    """Return the command that sets rate and full scale: the nearest that the chip has."""
    codes = _RANGE_CODES[module, chip]
    rate = min(range(_SLOWEST_CODE, _FASTEST_CODE + 1), key=lambda code: abs(_rate_hz(code) - wanted.rate_hz))
    full_scale = min(codes, key=lambda r: abs(r - wanted.range))
    return bytes([module, _CONFIG, _RATE_BITS.get((module, chip), 0x20) | rate, codes[full_scale]])


def decode_config(payload: bytes) -> MotionConfig:
    """Return what a command of `encode_config` sets (the rate's upper bits tell the accelerometers apart).

    Raises DecodeError: TRUNCATED, BAD_HEADER for another command or a code that is not known.
    """
    if len(payload) < 4:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    module, register, rate, code = payload[:4]
    if module not in _MOTION or register != _CONFIG:
        raise DecodeError(FaultReason.BAD_HEADER, 0, payload[:_HEAD_BYTES].hex())
    chip = Chip.BMI270 if module == Module.ACC and rate & 0x80 else Chip.BMI160
    ranges = {code: full_scale for full_scale, code in _RANGE_CODES[Module(module), chip].items()}
    if code not in ranges or not _SLOWEST_CODE <= rate & 0x0F <= _FASTEST_CODE:
        raise DecodeError(FaultReason.BAD_HEADER, 2, payload[2:4].hex())
    return MotionConfig(_rate_hz(rate & 0x0F), ranges[code])


def encode_info(module: Module, chip: Chip | None) -> bytes:
    """Return the answer to "what are you": the chip's number, or nothing where there is none."""
    head = bytes([module, _INFO])
    return head if chip is None else head + bytes([chip.value[_MOTION.index(module)], 0])


def is_info(payload: bytes) -> bool:
    """Return whether a command, or an answer, is about what a motion module is."""
    return len(payload) >= _HEAD_BYTES and payload[0] in _MOTION and payload[1] == _INFO


class MetaMotionCodec:
    """Acceleration in g, turning in deg/s and, where asked for, the board's own orientation (w, x, y, z).

    Until the settings are known from a command, the channels' own (`sample_rate`, `range`) are taken to hold.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._command, self._notify = f"{endpoint}.command", f"{endpoint}.notify"
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Ask the modules that are needed what they are; their settings follow the answers."""
        self._begin(want.channels)
        self._waiting += [m for m in _MOTION if m in self._channels or Module.FUSION in self._channels]
        return tuple(self._write(bytes([m, _INFO])) for m in self._waiting)

    def stop(self) -> tuple[Request, ...]:
        """Switch everything off, the fusion first."""
        commands: list[bytes] = []
        if Module.FUSION in self._channels:
            commands += [bytes([Module.FUSION, _POWER, 0]), bytes([Module.FUSION, 0x03, 0, _FUSION_ALL])]
        for module in _MOTION:
            if module in self._channels or Module.FUSION in self._channels:
                commands += [bytes([module, _POWER, 0]), bytes([module, _ENABLE, 0, 1])]
            if module in self._channels:
                commands.append(bytes([module, self._register(module), 0]))
        return tuple(self._write(c) for c in commands)

    def receive(self, packet: Packet) -> Received:
        """Take a frame, an answer or one of our own commands."""
        try:
            if packet.endpoint == self._command and packet.direction is Direction.WRITE:
                self._wrote(packet.payload)
            elif packet.endpoint == self._notify and packet.direction is not Direction.WRITE:
                return self._notified(packet.payload, packet.t_host_ns * 1e-9)
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return the frames of `blocks`, of a BMI160 unless the board has said otherwise."""
        return tuple((self._notify, payload) for block in blocks for payload in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[bytes, ...]:
        module = _module_of(block.channel)
        if module is Module.FUSION:
            return tuple(encode_quaternion(row) for row in block.x.tolist())
        counts = np.rint(block.x * counts_per_unit(module, self._configs[module].range)).astype(np.int64)
        return encode_motion(module, counts, self._chips.get(module, Chip.BMI160))

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._channels = {_module_of(c): c for c in channels}
        self._configs = {
            Module.ACC: MotionConfig(_FUSION_RATE_HZ, 8),
            Module.GYRO: MotionConfig(_FUSION_RATE_HZ, 500),
        }
        for module, channel in self._channels.items():
            if module in self._configs:
                default = self._configs[module]
                self._configs[module] = MotionConfig(channel.rate_hz, channel.settings.get("range", default.range))
        self._chips: dict[Module, Chip] = {}
        self._waiting: list[Module] = []

    def _register(self, module: Module) -> int:
        """Return the register that sends three samples at a time."""
        return _REGISTERS[module, self._chips.get(module, Chip.BMI160), PACKED_N]

    def _write(self, payload: bytes) -> Write:
        return Write(self._command, payload)

    def _wrote(self, payload: bytes) -> None:
        """Learn from a command that was really given."""
        if len(payload) < _HEAD_BYTES or payload[0] not in _MOTION or payload[1] != _CONFIG:
            return
        module = Module(payload[0])
        self._configs[module] = config = decode_config(payload)
        if module in self._channels:
            self._channels[module] = replace(self._channels[module], rate_hz=config.rate_hz)

    def _notified(self, payload: bytes, t_host_s: float) -> Received:
        if is_info(payload):
            return self._answered(payload)
        if payload[:1] == bytes([Module.FUSION]):
            return self._fused(payload, t_host_s)
        known = payload[:1] and payload[0] in _MOTION
        module = Module(payload[0]) if known else Module.ACC
        x = decode_motion(payload, self._configs[module].range, self._chips.get(module))
        channel = self._channels.get(module)
        if channel is None:
            raise DecodeError(FaultReason.UNEXPECTED, 0, f"no channel for module {module:02x}")
        return Received((RawBlock(channel, x, None, t_host_s),))

    def _fused(self, payload: bytes, t_host_s: float) -> Received:
        value = decode_fusion(payload)
        channel = self._channels.get(Module.FUSION)
        if channel is None or len(value.values) != len(channel.axes) or value.name != "quat_wxyz":
            raise DecodeError(FaultReason.UNEXPECTED, 0, f"no channel for {value.name}")
        return Received((RawBlock(channel, np.array([value.values]), None, t_host_s),))

    def _answered(self, payload: bytes) -> Received:
        """Set a module up as soon as it is known, and the fusion when all are."""
        module = Module(payload[0])
        if module not in self._waiting:
            return Received()
        self._waiting.remove(module)
        numbers = {chip.value[_MOTION.index(module)]: chip for chip in Chip}
        chip = numbers.get(payload[_HEAD_BYTES]) if len(payload) > _HEAD_BYTES else None
        if chip is None:
            detail = f"module {module:02x}: {payload[_HEAD_BYTES:].hex() or 'not there'}"
            return Received(faults=(Fault(FaultReason.REFUSED, self._notify, _HEAD_BYTES, detail),))
        self._chips[module] = chip
        commands = [encode_config(module, chip, self._configs[module])]
        if module in self._channels:
            commands.append(bytes([module, self._register(module), 1]))
        commands += [bytes([module, _ENABLE, 1, 0]), bytes([module, _POWER, 1])]
        if Module.FUSION in self._channels and len(self._chips) == len(_MOTION):
            commands += self._fusion_commands()
        return Received(requests=tuple(self._write(c) for c in commands))

    def _fusion_commands(self) -> list[bytes]:
        """Return what starts the fusion of acceleration and turning, without the compass."""
        acc = _RANGE_CODES[Module.ACC, Chip.BMI270][self._configs[Module.ACC].range]
        gyro = _RANGE_CODES[Module.GYRO, Chip.BMI270][self._configs[Module.GYRO].range] + 1
        return [
            bytes([Module.FUSION, 0x02, _IMU_PLUS, acc | gyro << 4]),
            bytes([Module.FUSION, _QUATERNION, 1]),
            bytes([Module.FUSION, 0x03, _FUSION_QUATERNION, 0]),
            bytes([Module.FUSION, _POWER, 1]),
        ]


def _module_of(channel: ChannelSpec) -> Module:
    if channel.role not in _ROLES:
        known = ", ".join(role.value for role in _ROLES)
        raise CatalogError(Reason.INVALID_VALUE, name="role", value=channel.role.value, bound=known)
    return _ROLES[channel.role]


def _rate_hz(code: int) -> float:
    return _SLOWEST_HZ * float(1 << code - _SLOWEST_CODE)
