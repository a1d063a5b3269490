"""What commands and replies of a Vernier Go Direct sensor carry: status, channels, the sensor itself, period and start.

Each reads and writes the payload of one frame (`gdx_frames`). Source: the maker's public libraries (godirect-py,
godirect-js, GDXLib).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason

INIT_PAYLOAD = bytes.fromhex("a54a06490748084709460a450b440c430d420e41")
INIT_ANSWER = bytes.fromhex("55aa56a957a858a759a65aa55ba45ca35da25ea1")

_STATUS = struct.Struct("<BxBBHBBHBB")
_CHANNEL = struct.Struct("<bxIBB60s32sdddIQIII")
_DEVICE = struct.Struct("<16s16s32sHHBBBBH4s6sI64s")
_PERIOD = struct.Struct("<BBQ")
_START = struct.Struct("<BBIQ")


@dataclass(frozen=True, slots=True)
class GdxStatus:
    """Firmware and battery. `charger`: 0 idle, 1 charging, 2 complete, 3 error."""

    fw_major: int
    fw_minor: int
    fw_build: int
    battery: int
    charger: int


@dataclass(frozen=True, slots=True)
class GdxChannel:
    """What a sensor says of one of its channels."""

    number: int
    sensor_id: int
    name: str
    unit: str
    min: float
    max: float
    uncertainty: float = 0.0
    numeric_type: int = 0  # 0 real, 1 whole
    mode: int = 0  # 0 periodic, 1 aperiodic
    min_period_us: int = 50_000
    max_period_us: int = 60_000_000
    typ_period_us: int = 100_000
    granularity_us: int = 1000


@dataclass(frozen=True, slots=True)
class GdxDevice:
    """What a sensor says of itself."""

    order_code: str
    serial: str
    name: str
    year: int
    month: int
    day: int
    fw_major: int
    fw_minor: int
    fw_build: int
    nvram: int
    description: str


def decode_status(payload: bytes) -> GdxStatus:
    """Return the status in a reply's payload. Raises DecodeError (TRUNCATED)."""
    _, major, minor, build, _, _, _, battery, charger = _unpacked(_STATUS, payload)
    return GdxStatus(major, minor, build, battery, charger)


def encode_status(status: GdxStatus) -> bytes:
    """Return the payload of a status reply."""
    version = status.fw_major, status.fw_minor, status.fw_build
    return _STATUS.pack(0, *version, *version, status.battery, status.charger)


def decode_mask(payload: bytes) -> tuple[int, ...]:
    """Return the channel numbers of a mask, rising. Raises DecodeError (TRUNCATED)."""
    if len(payload) < 4:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return channels_of(int.from_bytes(payload[:4], "little"))


def encode_mask(numbers: Sequence[int]) -> bytes:
    """Return the four bytes of a mask."""
    return sum(1 << n for n in numbers).to_bytes(4, "little")


def channels_of(mask: int) -> tuple[int, ...]:
    """Return the numbers of the bits that are set, rising."""
    return tuple(n for n in range(mask.bit_length()) if mask >> n & 1)


def decode_channel(payload: bytes) -> GdxChannel:
    """Return a channel's description. Raises DecodeError (TRUNCATED)."""
    number, id_, type_, mode, name, unit, uncertainty, low, high, *periods, _ = _unpacked(_CHANNEL, payload)
    return GdxChannel(number, id_, _text(name), _text(unit), low, high, uncertainty, type_, mode, *periods)


def encode_channel(channel: GdxChannel) -> bytes:
    """Return the payload of a channel information reply."""
    c = channel
    return _CHANNEL.pack(
        c.number, c.sensor_id, c.numeric_type, c.mode, c.name.encode(), c.unit.encode(), c.uncertainty, c.min, c.max,
        c.min_period_us, c.max_period_us, c.typ_period_us, c.granularity_us, 0,
    )  # fmt: skip


def decode_device(payload: bytes) -> GdxDevice:
    """Return a sensor's description of itself. Raises DecodeError (TRUNCATED)."""
    order, serial, name, _, year, month, day, major, minor, build, _, _, nvram, description = _unpacked(
        _DEVICE, payload
    )
    return GdxDevice(
        _text(order), _text(serial), _text(name), year, month, day, major, minor, build, nvram, _text(description)
    )


def encode_device(device: GdxDevice) -> bytes:
    """Return the payload of a device information reply."""
    d = device
    return _DEVICE.pack(
        d.order_code.encode(), d.serial.encode(), d.name.encode(), 0, d.year, d.month, d.day, d.fw_major, d.fw_minor,
        d.fw_build, b"", b"", d.nvram, d.description.encode(),
    )  # fmt: skip


def encode_period(period_us: int) -> bytes:
    """Return the payload that sets the time between samples."""
    return _PERIOD.pack(0xFF, 0, period_us)


def decode_period(payload: bytes) -> int:
    """Return the time between samples in µs that a request sets. Raises DecodeError (TRUNCATED)."""
    return int(_unpacked(_PERIOD, payload)[2])


def encode_start(numbers: Sequence[int]) -> bytes:
    """Return the payload that starts these channels at once."""
    return _START.pack(0xFF, 1, int.from_bytes(encode_mask(numbers), "little"), 0)


def decode_start(payload: bytes) -> tuple[int, ...]:
    """Return the channels that a request starts. Raises DecodeError (TRUNCATED)."""
    return channels_of(_unpacked(_START, payload)[2])


def _unpacked(layout: struct.Struct, payload: bytes) -> tuple[Any, ...]:
    if len(payload) < layout.size:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return layout.unpack_from(payload)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace").strip()
