"""Codec "sweetzpot": the belt of a SweetzPot FLOW (BreathZpot): seven 16-bit numbers in arbitrary units a packet.

Source: others' code (see the wearable's file). ``<id>.data`` notifies; there are no stamps, no counter, no checksum.
"""

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.listening import ListeningCodec
from breathcore.model.arrays import F64
from breathcore.model.blocks import FaultReason, RawBlock

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


class SweetzpotCodec(ListeningCodec):
    """The endpoint's one channel, a belt."""

    characteristic = "data"

    def decoded(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return the packet's seven samples. Raises DecodeError."""
        x = decode_flow(payload)
        return tuple(RawBlock(c, x, None, t_host_s) for c in self._channels)

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return packets of seven; the last value fills up the last one."""
        return tuple(packet for block in blocks for packet in self._encoded(block))

    def _encoded(self, block: RawBlock) -> tuple[tuple[str, bytes], ...]:
        full = np.pad(block.x, ((0, -len(block.x) % ROWS_N), (0, 0)), mode="edge")
        return tuple((self._source, encode_flow(full[i : i + ROWS_N])) for i in range(0, len(full), ROWS_N))
