"""Polar's compressed sample lists: a reference sample, then blocks of deltas of a fixed bit width.

Source: the vendor's SDK (parsers and their tests). Reference: ceil(resolution / 8) bytes for each channel. Block:
`bits`, `count`, then ceil(bits · count · channels / 8) bytes read as one little-endian number, lowest bits first,
deltas two's complement and interleaved by channel. Running values wrap at 32 bits, as the vendor's integers do.
"""

import math
from collections.abc import Sequence

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.model.arrays import I64
from breathcore.model.blocks import FaultReason

Blocks = tuple[tuple[int, int], ...]

_MIN_BITS, _MAX_BITS = 2, 32  # one bit is undefined: vendor code disagrees with itself


def decode_deltas(content: bytes, channels: int, resolution_bits: int, at: int = 0) -> tuple[I64, Blocks]:
    """Return samples (n, channels), signed, and the (bits, count) of each block.

    A list that ends inside a block is refused as a whole. `at` is where `content` begins in the payload.
    Raises DecodeError: TRUNCATED, or BAD_HEADER for a width other than 2–32 bits.
    """
    width = -(-resolution_bits // 8)
    here = width * channels
    if len(content) < here:
        raise DecodeError(FaultReason.TRUNCATED, at + len(content))
    parts = [_reference(content[:here], width)]
    blocks: list[tuple[int, int]] = []
    while here < len(content):
        bits, count, end = _block(content, here, channels, at)
        parts.append(unpack(content[here + 2 : end], bits, count * channels))
        blocks.append((bits, count))
        here = end
    values = np.concatenate(parts).reshape(-1, channels).cumsum(axis=0)
    return values.astype(np.int32).astype(np.int64), tuple(blocks)


def encode_deltas(samples: I64, resolution_bits: int, block_n: int = 10, bits: int | None = None) -> bytes:
    """Return the compressed list of `samples` (n ≥ 1, channels), values within ±2^(resolution − 1).

    Blocks hold `block_n` samples (at most 255); each is as narrow as its deltas allow, or `bits` wide (which must
    hold them).
    """
    width = -(-resolution_bits // 8)
    out = [v.to_bytes(width, "little", signed=True) for v in samples[0].tolist()]
    deltas = np.diff(samples, axis=0).astype(np.int32).astype(np.int64)
    for start in range(0, len(deltas), block_n):
        block = deltas[start : start + block_n]
        size = bits or delta_bits(block)
        out.append(bytes([size, len(block)]) + pack(block.ravel(), size))
    return b"".join(out)


def delta_bits(deltas: I64) -> int:
    """Return the smallest width in bits, at least two, that holds every one of `deltas`."""
    low, high = int(deltas.min(initial=0)), int(deltas.max(initial=0))
    return max(_MIN_BITS, high.bit_length() + 1, (-low - 1).bit_length() + 1 if low < 0 else 0)


def unpack(data: bytes, bits: int, count: int) -> I64:
    """Return `count` two's-complement numbers of `bits` each, lowest bits of `data` first."""
    planes = np.unpackbits(np.frombuffer(data, np.uint8), count=bits * count, bitorder="little").reshape(count, bits)
    return planes @ _weights(bits)


def pack(values: I64, bits: int) -> bytes:
    """Return `values` as two's-complement numbers of `bits` each; the inverse of `unpack`."""
    planes = values[:, None] >> np.arange(bits) & 1
    return np.packbits(planes.astype(np.uint8).ravel(), bitorder="little").tobytes()


def _weights(bits: int) -> I64:
    weights = np.left_shift(np.int64(1), np.arange(bits, dtype=np.int64))
    weights[-1] = -weights[-1]
    return weights


def _reference(data: bytes, width: int) -> I64:
    values: Sequence[int] = [
        int.from_bytes(data[i : i + width], "little", signed=True) for i in range(0, len(data), width)
    ]
    return np.array(values, dtype=np.int64)


def _block(content: bytes, here: int, channels: int, at: int) -> tuple[int, int, int]:
    if here + 2 > len(content):
        raise DecodeError(FaultReason.TRUNCATED, at + len(content))
    bits, count = content[here], content[here + 1]
    if not _MIN_BITS <= bits <= _MAX_BITS:
        raise DecodeError(FaultReason.BAD_HEADER, at + here, f"{bits} bits")
    end = here + 2 + math.ceil(bits * count * channels / 8)
    if end > len(content):
        raise DecodeError(FaultReason.TRUNCATED, at + len(content))
    return bits, count, end
