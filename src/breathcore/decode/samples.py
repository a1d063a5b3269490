"""Codec "samples": imported recordings, so that they are read by the same pipeline as a radio's packets.

One packet of ``<id>.data`` is a run of equally spaced samples of the endpoint's one channel, little-endian:

===== ======= =====================================================
bytes type    meaning
===== ======= =====================================================
0–7   float64 session time of the first sample, s
8–15  float64 sample rate, Hz
16–17 uint16  axes
18–19 uint16  bytes of a value: 4 (float32) or 8 (float64)
20–   float   rows, one value for each axis
===== ======= =====================================================

Importer: `encode_samples`, one packet a second or so, each stamped as received when its last sample was taken.
"""

import math
import struct
from collections.abc import Sequence

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec
from breathcore.model.errors import Reason, SignalError
from breathcore.model.packets import Direction, Packet, Request
from breathcore.model.protocols import StreamPlan

_HEADER = struct.Struct("<ddHH")
_FORMATS = {4: "<f4", 8: "<f8"}


def encode_samples(t_s: float, rate_hz: float, x: F64, value_bytes: int = 8) -> bytes:
    """Return the packet of `x` (n, axes), the first row at session time `t_s`, as float32 (4) or float64 (8)."""
    return _HEADER.pack(t_s, rate_hz, x.shape[1], value_bytes) + x.astype(_FORMATS[value_bytes]).tobytes()


def decode_samples(payload: bytes) -> tuple[F64, F64]:
    """Return times (n,) in s and values (n, axes) as float64; rows with a NaN or an infinity are left out.

    Raises DecodeError: TRUNCATED, BAD_HEADER for a time, rate, number of axes or width that makes no sense.
    """
    if len(payload) < _HEADER.size:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    t_s, rate_hz, axes, value_bytes = _HEADER.unpack_from(payload)
    if not (math.isfinite(t_s) and 0 < rate_hz < math.inf):
        raise DecodeError(FaultReason.BAD_HEADER, 0, f"{t_s} s, {rate_hz} Hz")
    if not axes or value_bytes not in _FORMATS:
        raise DecodeError(FaultReason.BAD_HEADER, 16, f"{axes} axes of {value_bytes} bytes")
    if (len(payload) - _HEADER.size) % (axes * value_bytes):
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    with np.errstate(over="ignore", invalid="ignore"):  # signalling NaNs, rates near 0
        rows = np.frombuffer(payload, _FORMATS[value_bytes], offset=_HEADER.size).reshape(-1, axes).astype(np.float64)
        times = t_s + np.arange(len(rows)) / rate_hz
    whole = np.isfinite(rows).all(axis=1) & np.isfinite(times)
    return times[whole], rows[whole]


class SamplesCodec:
    """Reads the packets of one imported channel; its device time is the session time in the packets."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        if len(channels) != 1:
            raise SignalError(Reason.INVALID_VALUE, name="channels", value=len(channels), bound="1")
        self._data = f"{endpoint}.data"
        self._channel = channels[0]

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Return nothing: a recording needs no asking."""
        return ()

    def stop(self) -> tuple[Request, ...]:
        """Return nothing."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take one packet."""
        if packet.endpoint != self._data or packet.direction is Direction.WRITE:
            return Received()
        try:
            t_s, x = decode_samples(packet.payload)
            if x.shape[1] != len(self._channel.axes):
                raise DecodeError(FaultReason.BAD_HEADER, 16, f"{x.shape[1]} axes")
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        if not len(x):
            return Received()
        return Received((RawBlock(self._channel, x, t_s, packet.t_host_ns * 1e-9),))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet a block at the channel's rate. Raises SignalError for a block without times."""
        return tuple(packet for block in blocks for packet in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[tuple[str, bytes], ...]:
        if block.t_device_s is None:
            raise SignalError(Reason.INVALID_VALUE, name="t_device_s", value="None", bound="a time for each sample")
        if not len(block.x):
            return ()
        return ((self._data, encode_samples(float(block.t_device_s[0]), block.channel.rate_hz, block.x)),)
