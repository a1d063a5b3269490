"""Codecs of a Movella DOT (Xsens DOT).

"movella_dot_rate" sets the output rate, "movella_dot" measures, "movella_dot_battery" tells the charge.

``<id>.control`` of the measurement service starts and stops a mode; its samples come on ``<id>.short``,
``<id>.medium`` or ``<id>.long``, whichever they fit. The mode is the one with the fewest bytes that has every wanted
channel: 21 for acceleration and turning, 26 with the orientation as well. Which mode runs is learned from our own
recorded writes. Free acceleration has no channel: gravity, and with it the chest's tilt, is taken out of it.

Every sample is a packet with a stamp in µs; lost ones are known by it. Clipped values (modes 2 and 7 say so) are
given out, and told as faults.

Simulator: `encode`, and `breathcore.decode.dot_packets` for the rest.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from breathcore.decode.battery import BatteryCodec
from breathcore.decode.dot_packets import (
    LENGTHS,
    MODES,
    RATES_HZ,
    DotCommand,
    DotPayload,
    characteristic_of,
    decode_battery,
    decode_command,
    decode_payload,
    encode_battery,
    encode_command,
    encode_payload,
    encode_rate,
    mode_with,
)
from breathcore.decode.errors import DecodeError
from breathcore.decode.stamps import Stamps
from breathcore.model.arrays import F64
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import CatalogError, Reason, SignalError
from breathcore.model.packets import Direction, Packet, Request, Write
from breathcore.model.protocols import StreamPlan

_G = 9.80665  # m/s²
_US = 1e-6
_NAMES: Mapping[Role, str] = {Role.CHEST_ACC: "acc", Role.ACC: "acc", Role.GYRO: "gyro", Role.MAG: "mag"}
_QUATERNION_AXES_N = 4
_CLIPPED = tuple(f"{sensor} {axis}" for sensor in ("acc", "gyro", "mag") for axis in "xyz")  # bit by bit


class DotCodec:
    """Acceleration in g (gravity included), turning in deg/s, orientation, magnetic field in counts (see the module).

    `mode` is the payload mode that runs, or will. Raises CatalogError for channels that no mode has together.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._id = endpoint
        self._control = f"{endpoint}.control"
        self._payloads = {f"{endpoint}.{name}" for name in LENGTHS}
        self._begin(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Start the mode that has what is wanted."""
        self._begin(want.channels)
        return (Write(self._control, encode_command(DotCommand(start=True, mode=self.mode))),)

    def stop(self) -> tuple[Request, ...]:
        """Stop the mode."""
        return (Write(self._control, encode_command(DotCommand(start=False, mode=self.mode))),)

    def receive(self, packet: Packet) -> Received:
        """Take a sample, or one of our own commands."""
        try:
            if packet.endpoint == self._control and packet.direction is Direction.WRITE:
                self._wrote(decode_command(packet.payload))
            elif packet.endpoint in self._payloads and packet.direction is not Direction.WRITE:
                self._require_place(packet)
                return self._sample(packet, decode_payload(self.mode, packet.payload))
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return a payload for each row; blocks given together must be equally long. SignalError without stamps."""
        stamps_s = next((b.t_device_s for b in blocks if b.t_device_s is not None), None)
        if stamps_s is None:
            raise SignalError(Reason.INVALID_VALUE, name="t_device_s", value="None", bound="a time for each sample")
        columns = {_name(b.channel): to_wire(b.channel.role, b.x) for b in blocks}
        endpoint = f"{self._id}.{characteristic_of(self.mode)}"
        return tuple(
            (endpoint, encode_payload(self.mode, DotPayload(round(stamp_s / _US), _row(columns, row))))
            for row, stamp_s in enumerate(stamps_s.tolist())
        )

    def _begin(self, channels: Sequence[ChannelSpec]) -> None:
        self._channels = tuple(channels)
        names = {_name(c) for c in channels}
        mode = mode_with(names)
        if mode is None:
            raise CatalogError(Reason.INVALID_VALUE, name="role", value=", ".join(sorted(names)), bound="one mode's")
        self.mode = mode
        self._stamps = Stamps(_US)

    def _wrote(self, command: DotCommand) -> None:
        """Learn from a command that was really given."""
        if command.start and command.mode in MODES:
            self.mode = command.mode

    def _require_place(self, packet: Packet) -> None:
        """Refuse what is not on the mode's characteristic, or does not fill it: that was cut."""
        name = characteristic_of(self.mode)
        if packet.endpoint != f"{self._id}.{name}":
            raise DecodeError(FaultReason.UNEXPECTED, 0, f"mode {self.mode} sends on {name}")
        size, n = LENGTHS[name], len(packet.payload)
        if n != size:
            raise DecodeError(FaultReason.TRUNCATED if n < size else FaultReason.BAD_LENGTH, min(n, size))

    def _sample(self, packet: Packet, sample: DotPayload) -> Received:
        t_host_s = packet.t_host_ns * 1e-9
        rate_hz = max((c.rate_hz for c in self._channels), default=0.0) or float(RATES_HZ[-1])
        times_s, lost_n = self._stamps.times(sample.timestamp_us, 1, rate_hz, t_host_s)
        found = [(c, sample.fields[_name(c)]) for c in self._channels if _name(c) in sample.fields]
        return Received(
            tuple(
                RawBlock(c, from_wire(c.role, np.array([value], dtype=np.float64)), times_s, t_host_s, lost_n)
                for c, value in found
            ),
            faults=_clipped(packet, sample),
        )


class DotRateCodec:
    """Codec "movella_dot_rate": ``<id>.settings`` → the fastest live output rate, 60 Hz, set before measuring begins.

    Its endpoint needs no channels, and stands before the one that measures: the sensor refuses it once it runs.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._settings = f"{endpoint}.settings"

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Set the rate."""
        return (Write(self._settings, encode_rate(RATES_HZ[-1])),)

    def stop(self) -> tuple[Request, ...]:
        """Return nothing."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take anything without drawing anything from it."""
        return Received()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return nothing: settings carry no samples."""
        return ()


class DotBatteryCodec(BatteryCodec):
    """Codec "movella_dot_battery": as "battery", but the maker's own characteristic, with whether it charges."""

    def _percent(self, payload: bytes) -> int:
        return decode_battery(payload)[0]

    def _payload(self, percent: int) -> bytes:
        return encode_battery(percent, charging=False)


def to_wire(role: Role, x: F64) -> F64:
    """Return values of a channel as the sensor sends them, rounded as the wire rounds."""
    if role is Role.MAG:
        return np.clip(np.rint(x), -32768, 32767)
    scaled = x * _G if role in (Role.CHEST_ACC, Role.ACC) else x
    return scaled.astype(np.float32).astype(np.float64)


def from_wire(role: Role, values: F64) -> F64:
    """Return what the sensor sends in a channel's unit."""
    return values / _G if role in (Role.CHEST_ACC, Role.ACC) else values


def _name(channel: ChannelSpec) -> str:
    if channel.role is Role.ORIENTATION:
        return "quat" if len(channel.axes) == _QUATERNION_AXES_N else "euler"
    return _NAMES[channel.role]


def _row(columns: Mapping[str, F64], row: int) -> dict[str, tuple[float, ...]]:
    """Return one row's fields; counts as whole numbers."""
    return {n: tuple(int(v) if n == "mag" else v for v in values[row].tolist()) for n, values in columns.items()}


def _clipped(packet: Packet, sample: DotPayload) -> tuple[Fault, ...]:
    status = sample.fields.get("status", 0)
    bits = int(status) if not isinstance(status, tuple) else 0
    names = [name for bit, name in enumerate(_CLIPPED) if bits >> bit & 1]
    if not names:
        return ()
    return (Fault(FaultReason.OUT_OF_RANGE, packet.endpoint, 0, f"clipped: {', '.join(names)}"),)
