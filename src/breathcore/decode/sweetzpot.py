"""Codec "sweetzpot": the belt of a SweetzPot FLOW (BreathZpot): seven 16-bit numbers in arbitrary units a packet.

Source: others' code (see the wearable's file). ``<id>.data`` notifies; there are no stamps, no counter, no checksum.
"""

from collections.abc import Sequence

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec
from breathcore.model.packets import Direction, Packet, Request
from breathcore.model.protocols import StreamPlan

ROWS_N = 7
_BYTES = 2 * ROWS_N


def decode_flow(payload: bytes) -> F64:
    """Return the counts (7, 1). Raises DecodeError: TRUNCATED, BAD_LENGTH."""
    if len(payload) < _BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    if len(payload) > _BYTES:
        raise DecodeError(FaultReason.BAD_LENGTH, _BYTES, str(len(payload)))
    return np.frombuffer(payload, "<i2").astype(np.float64)[:, None]


def encode_flow(counts: F64) -> bytes:
    """Return the packet of `counts` (7, 1); what is beyond 16 bits saturates."""
    return np.rint(counts).clip(-0x8000, 0x7FFF).astype("<i2").tobytes()


class SweetzpotCodec:
    """The endpoint's one channel, a belt."""

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._data = f"{endpoint}.data"
        self._channels = tuple(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Keep to the wanted channel; the belt sends once it is subscribed to."""
        self._channels = want.channels
        return ()

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the stream ends with the subscription."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take one packet."""
        if packet.endpoint != self._data or packet.direction is Direction.WRITE:
            return Received()
        try:
            x = decode_flow(packet.payload)
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received(tuple(RawBlock(c, x, None, packet.t_host_ns * 1e-9) for c in self._channels))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return packets of seven; the last value fills up the last one."""
        return tuple(packet for block in blocks for packet in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[tuple[str, bytes], ...]:
        full = np.pad(block.x, ((0, -len(block.x) % ROWS_N), (0, 0)), mode="edge")
        return tuple((self._data, encode_flow(full[i : i + ROWS_N])) for i in range(0, len(full), ROWS_N))
