"""Codec "witmotion": a WitMotion sensor that sends motion frames by itself.

``<id>.command`` takes commands, ``<id>.data`` brings frames, several in a notification or one. At the start the rate
is set (unlock, rate, save: the sensor keeps it) and the battery's voltage read. No frame has a time or a number, so
samples carry no device time and a lost frame leaves no trace but the time it would have taken.

Frames have no checksum either: what is damaged shows by its head and length, by the channels' limits, and by steps
that no body makes.

Simulator: `encode` for motion, `breathcore.decode.witmotion_frames.encode_register` for what is read.
"""

from collections.abc import Sequence

import numpy as np

from breathcore.decode.witmotion_frames import (
    ACC_G,
    ANGLE_DEG,
    BATTERY,
    GYRO_DPS,
    RATE,
    RATE_CODES,
    READ,
    SAVE,
    UNLOCK,
    UNLOCK_VALUE,
    WitMotion,
    WitRegister,
    battery_percent,
    decode_frame,
    encode_command,
    encode_motion,
    split_frames,
)
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

_COLUMNS = {
    Role.CHEST_ACC: (slice(0, 3), ACC_G),
    Role.ACC: (slice(0, 3), ACC_G),
    Role.GYRO: (slice(3, 6), GYRO_DPS),
    Role.ORIENTATION: (slice(6, 9), ANGLE_DEG),
}


class WitmotionCodec:
    """Acceleration in g, turning in deg/s, roll, pitch and yaw in degrees (see the module)."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._command, self._data = f"{endpoint}.command", f"{endpoint}.data"
        self._channels = tuple(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Set the rate that is nearest to the wanted one, and read the battery."""
        self._channels = want.channels
        wanted_hz = max((c.rate_hz for c in want.channels), default=0.0)
        nearest_hz = min(RATE_CODES, key=lambda hz: abs(hz - wanted_hz))
        commands = (
            (UNLOCK, UNLOCK_VALUE),
            (RATE, RATE_CODES[nearest_hz]),
            (SAVE, 0),
            (READ, BATTERY),
        )
        return tuple(Write(self._command, encode_command(*c)) for c in commands)

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the sensor sends for as long as it is subscribed to."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take a notification."""
        if packet.endpoint != self._data or packet.direction is Direction.WRITE:
            return Received()
        frames, errors = split_frames(packet.payload)
        values = [decode_frame(frame) for frame in frames]
        counts = [v.counts for v in values if isinstance(v, WitMotion)]
        return Received(
            self._blocks(np.array(counts), packet.t_host_ns * 1e-9) if counts else (),
            events=tuple(e for v in values if isinstance(v, WitRegister) for e in _events(packet, v)),
            faults=tuple(error.at(packet.endpoint) for error in errors),
        )

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return a frame for each row; blocks given together must be equally long."""
        counts = np.zeros((max((len(b.x) for b in blocks), default=0), 9))
        for block in blocks:
            counts[:, _COLUMNS[block.channel.role][0]] = to_wire(block.channel.role, block.x)
        return tuple((self._data, encode_motion(row)) for row in counts)

    def _blocks(self, counts: F64, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return one block a channel from counts (n, 9)."""
        found = ((c, counts[:, _COLUMNS[c.role][0]]) for c in self._channels)
        return tuple(RawBlock(c, from_wire(c.role, values), None, t_host_s) for c, values in found)


def to_wire(role: Role, x: F64) -> F64:
    """Return values of a channel in counts, rounded and held as the wire holds them."""
    return np.clip(np.rint(x / _COLUMNS[role][1]), -32768, 32767)


def from_wire(role: Role, counts: F64) -> F64:
    """Return counts in a channel's unit."""
    return counts * _COLUMNS[role][1]


def _events(packet: Packet, value: WitRegister) -> tuple[LinkEvent, ...]:
    percent = battery_percent(value.battery_v) if value.register == BATTERY else None
    if percent is None:
        return ()
    return (LinkEvent(packet.device, packet.t_host_ns, LinkKind.BATTERY, str(percent)),)
