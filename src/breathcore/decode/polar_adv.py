"""The heart-rate block of Polar's manufacturer data (company 0x006B): what a strap says before any link.

Source: the vendor's SDK, BlePolarHrAdvertisement and its test. Three or four bytes: flags, a kHz code, the fast
average and, in the longer form, the slow average of the heart rate.
"""

from dataclasses import dataclass

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason

_SHORT, _LONG = 3, 4


@dataclass(frozen=True, slots=True)
class PolarAdvertisement:
    """Flags, a frame counter 0–7, a kHz code and two averages of the heart rate in beats/min (0: none)."""

    hr_fast: int
    hr_slow: int
    khz: int = 0
    frame_counter: int = 0
    battery_bit: int = 0
    contact: int = 0
    broadcast: int = 0
    sensor_data_type: int = 0
    status_flag: int = 0


def decode_advertisement(payload: bytes) -> PolarAdvertisement:
    """Return the fields. Raises DecodeError: TRUNCATED below three bytes, BAD_LENGTH above four."""
    if len(payload) < _SHORT:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if len(payload) > _LONG:
        raise DecodeError(FaultReason.BAD_LENGTH, _LONG)
    flags = payload[0]
    return PolarAdvertisement(
        hr_fast=payload[2],
        hr_slow=payload[-1],
        khz=payload[1],
        frame_counter=flags >> 2 & 7,
        battery_bit=flags & 1,
        contact=flags >> 1 & 1,
        broadcast=flags >> 5 & 1,
        sensor_data_type=flags >> 6 & 1,
        status_flag=flags >> 7,
    )


def encode_advertisement(value: PolarAdvertisement) -> bytes:
    """Return the four-byte form."""
    flags = value.battery_bit | value.contact << 1 | (value.frame_counter & 7) << 2
    flags |= value.broadcast << 5 | value.sensor_data_type << 6 | value.status_flag << 7
    return bytes([flags, value.khz, value.hr_fast, value.hr_slow])
