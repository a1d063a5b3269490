"""Codec "thingy": the motion service of a Nordic Thingy:52.

``<id>.config`` (read, written) sets the rate; ``<id>.raw`` notifies acceleration, turning and compass of one moment,
``<id>.quaternion`` and ``<id>.euler`` the device's own orientation. Fixed-point numbers as the maker's firmware writes
them: Q6.10 g, Q11.5 deg/s, Q12.4 µT, Q2.30, Q16.16 degrees. There are no stamps and no counters.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet, Read, Request, Write
from breathcore.model.protocols import StreamPlan

RAW_PER_UNIT = {Role.CHEST_ACC: 1024.0, Role.ACC: 1024.0, Role.GYRO: 32.0, Role.MAG: 16.0}
QUATERNION_PER_UNIT = float(1 << 30)
EULER_PER_DEG = float(1 << 16)
SLOWEST_HZ, FASTEST_HZ = 5, 200

_CONFIG = struct.Struct("<4HB")
_RAW_BYTES, _QUATERNION_BYTES, _EULER_BYTES = 18, 16, 12
_RAW_COLUMNS = {Role.CHEST_ACC: 0, Role.ACC: 0, Role.GYRO: 3, Role.MAG: 6}
_QUATERNION_AXES = 4


@dataclass(frozen=True, slots=True)
class ThingyConfig:
    """The value of 0401: intervals of step counter, temperature compensation and compass, motion rate, wake on motion.

    What is not understood is kept, so that only the rate is changed.
    """

    step_ms: int
    temperature_ms: int
    compass_ms: int
    rate_hz: int
    wake: int


def decode_config(payload: bytes) -> ThingyConfig:
    """Return the configuration. Raises DecodeError: TRUNCATED, BAD_LENGTH, OUT_OF_RANGE for a rate it cannot have."""
    _require_bytes(payload, _CONFIG.size)
    config = ThingyConfig(*_CONFIG.unpack(payload))
    if not SLOWEST_HZ <= config.rate_hz <= FASTEST_HZ:
        raise DecodeError(FaultReason.OUT_OF_RANGE, 6, f"{config.rate_hz} Hz")
    return config


def encode_config(config: ThingyConfig) -> bytes:
    """Return the bytes of 0401. Raises struct.error where a number does not fit."""
    return _CONFIG.pack(config.step_ms, config.temperature_ms, config.compass_ms, config.rate_hz, config.wake)


def decode_raw(payload: bytes) -> tuple[F64, F64, F64]:
    """Return acceleration (g), turning (deg/s) and compass (µT), each (1, 3). Raises DecodeError for other lengths."""
    _require_bytes(payload, _RAW_BYTES)
    counts = np.frombuffer(payload, "<i2").reshape(1, 9)
    acc, gyro, mag = (RAW_PER_UNIT[role] for role in (Role.ACC, Role.GYRO, Role.MAG))
    return counts[:, 0:3] / acc, counts[:, 3:6] / gyro, counts[:, 6:9] / mag


def decode_quaternion(payload: bytes) -> F64:
    """Return w, x, y, z as (1, 4). Raises DecodeError for other lengths."""
    _require_bytes(payload, _QUATERNION_BYTES)
    return np.frombuffer(payload, "<i4").reshape(1, 4) / QUATERNION_PER_UNIT


def decode_euler(payload: bytes) -> F64:
    """Return the three angles in degrees as (1, 3). Raises DecodeError for other lengths."""
    _require_bytes(payload, _EULER_BYTES)
    return np.frombuffer(payload, "<i4").reshape(1, 3) / EULER_PER_DEG


class ThingyCodec:
    """Channels of raw motion (chest_acc or acc, gyro, mag) and of orientation: four axes 1, or three in degrees.

    The configuration is read, the rate of the raw channels put into it (clipped to 5–200 Hz), and written back.
    Sensors that share a notification are told at the same moment; those without a channel are left out.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._config, self._raw = f"{endpoint}.config", f"{endpoint}.raw"
        self._quaternion, self._euler = f"{endpoint}.quaternion", f"{endpoint}.euler"
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Ask for the configuration; the wanted rate is written when it comes."""
        self._begin(want.channels)
        return (Read(self._config),) if self._wanted_hz else ()

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the streams end with their subscriptions."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take a notification, the configuration, or what we wrote there."""
        try:
            if packet.endpoint == self._config:
                return self._configured(packet)
            if packet.direction is not Direction.WRITE:
                return Received(self._blocks(packet))
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one notification a row for the raw channels together, and one a row for each orientation."""
        raw = [b for b in blocks if b.channel.role in RAW_PER_UNIT]
        rows = np.zeros((max((len(b.x) for b in raw), default=0), 9))
        for block in raw:
            at = _RAW_COLUMNS[block.channel.role]
            rows[: len(block.x), at : at + 3] = np.rint(block.x * RAW_PER_UNIT[block.channel.role])
        packets = [(self._raw, row.tobytes()) for row in rows.clip(-0x8000, 0x7FFF).astype("<i2")]
        for block in blocks:
            if block.channel.role is Role.ORIENTATION:
                packets += self._orientation(block)
        return tuple(packets)

    def _orientation(self, block: RawBlock) -> list[tuple[str, bytes]]:
        four = len(block.channel.axes) == _QUATERNION_AXES
        scale = QUATERNION_PER_UNIT if four else EULER_PER_DEG
        counts = np.rint(block.x * scale).clip(-(1 << 31), (1 << 31) - 1).astype("<i4")
        return [(self._quaternion if four else self._euler, row.tobytes()) for row in counts]

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._channels = list(channels)
        self._wanted_hz = max((c.rate_hz for c in channels), default=0.0)

    def _configured(self, packet: Packet) -> Received:
        config = decode_config(packet.payload)
        self._channels = [replace(c, rate_hz=float(config.rate_hz)) for c in self._channels]
        rate_hz = round(min(max(self._wanted_hz, SLOWEST_HZ), FASTEST_HZ))
        if packet.direction is Direction.WRITE or rate_hz == config.rate_hz:
            return Received()
        return Received(requests=(Write(self._config, encode_config(replace(config, rate_hz=rate_hz))),))

    def _blocks(self, packet: Packet) -> tuple[RawBlock, ...]:
        t_host_s = packet.t_host_ns * 1e-9
        if packet.endpoint == self._raw:
            acc, gyro, mag = decode_raw(packet.payload)
            of_role = {Role.CHEST_ACC: acc, Role.ACC: acc, Role.GYRO: gyro, Role.MAG: mag}
            return tuple(RawBlock(c, of_role[c.role], None, t_host_s) for c in self._channels if c.role in of_role)
        if packet.endpoint == self._quaternion:
            x = decode_quaternion(packet.payload)
        elif packet.endpoint == self._euler:
            x = decode_euler(packet.payload)
        else:
            return ()
        turned = [c for c in self._channels if c.role is Role.ORIENTATION and len(c.axes) == x.shape[1]]
        return tuple(RawBlock(c, x, None, t_host_s) for c in turned)


def _require_bytes(payload: bytes, n: int) -> None:
    if len(payload) < n:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if len(payload) > n:
        raise DecodeError(FaultReason.BAD_LENGTH, n, str(len(payload)))
