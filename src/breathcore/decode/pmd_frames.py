"""Frames of Polar's measurement data characteristic, raw and compressed, both ways.

Source: the vendor's SDK (data classes and their tests) and its measurement document. `[0]` type, `[1:9]` device time
of the LAST sample in ns since 2000 (a strap whose clock was never set counts from 2019), `[9]` frame type, then the
samples in one of the forms of `breathcore.decode.pmd_forms`. `decode_frame` and `encode_frame` are each other's
inverse in the device's own numbers; `sample_times_ns` gives every sample its time.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_delta import Blocks
from breathcore.decode.pmd_forms import DELTAS, HEADER_BYTES, RAW, Samples
from breathcore.model.arrays import F64, I64, frozen
from breathcore.model.blocks import FaultReason

UNSET_CLOCK_NS = 599_616_000_000_000_000  # 2019-01-01: where an H10 starts that no phone has set

_TYPE_MASK = 0x3F
_HEADER = struct.Struct("<BQB")


@dataclass(frozen=True, slots=True, eq=False)
class PmdFrame:
    """One frame. `samples` (n, columns) in device units, as `pmd_forms` lists them.

    `frame_type` keeps bit 7 (compressed). `blocks` are the (bits, count) of a compressed frame.
    """

    type: int
    timestamp_ns: int
    frame_type: int
    samples: Samples
    blocks: Blocks = ()


def decode_frame(payload: bytes, factor: float | None = 1.0) -> PmdFrame:
    """Return the frame; `factor` is that of the start reply, None while it is not known.

    Raises DecodeError: TRUNCATED (also for a frame without samples), UNSUPPORTED_FRAME for a type or frame type
    that is not documented (never a guess), UNEXPECTED where a compressed frame needs an unknown factor, OUT_OF_RANGE
    for floats that are no numbers.
    """
    if len(payload) < HEADER_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    type_, timestamp_ns, frame_type = _HEADER.unpack_from(payload)
    type_ &= _TYPE_MASK
    if (raw := RAW.get((type_, frame_type))) is not None:
        return PmdFrame(type_, timestamp_ns, frame_type, raw.decode(payload))
    deltas = DELTAS.get((type_, frame_type))
    if deltas is None:
        raise _unsupported(type_, frame_type)
    if factor is None:
        raise DecodeError(FaultReason.UNEXPECTED, HEADER_BYTES - 1, "factor not known")
    return PmdFrame(type_, timestamp_ns, frame_type, *deltas.decode(payload, factor))


def encode_frame(type_: Measurement, timestamp_ns: int, samples: Samples, frame_type: int, block_n: int = 10) -> bytes:
    """Return the frame of `samples` (n ≥ 1, columns), in device units; compressed forms: before scaling.

    Compressed frames take the counts that the factor of the start reply turns into device units (MAG 81: thousandths
    of a gauss), in blocks of `block_n`. Values beyond the field saturate, as the converter of a real device does.
    Raises DecodeError (UNSUPPORTED_FRAME) for frame types that are not written.
    """
    head = _HEADER.pack(type_, timestamp_ns, frame_type)
    raw, deltas = RAW.get((type_, frame_type)), DELTAS.get((type_, frame_type))
    if raw is not None and raw.write is not None:
        return head + raw.write(samples)
    if deltas is not None:
        return head + deltas.encode(samples, block_n)
    raise _unsupported(type_, frame_type)


def sample_times_ns(frame_ns: int, n: int, previous_ns: int, rate_hz: float) -> I64:
    """Return the device time (n,) of each sample of a frame in ns; the last is exactly `frame_ns`.

    The vendor's rule: samples share the time since the stamp of the stream's previous frame; without one
    (`previous_ns` 0) they are 1/rate apart. Rounded half to even, as there, but worked out relative to the stamp, so
    exact for spans of hours; the vendor's own doubles are off by up to 128 ns at today's stamps.
    Raises DecodeError: TS_AND_RATE_ZERO, NEGATIVE_TIMESTAMP (also where the stamp does not rise).
    """
    if previous_ns:
        if previous_ns >= frame_ns:
            raise DecodeError(FaultReason.NEGATIVE_TIMESTAMP, 1, f"{frame_ns} after {previous_ns}")
        span_ns, parts = float(frame_ns - previous_ns), float(n)
    else:
        if not rate_hz > 0:
            raise DecodeError(FaultReason.TS_AND_RATE_ZERO, 1)
        span_ns, parts = 1e9, rate_hz
        if span_ns * (n - 1) / parts > frame_ns:
            raise DecodeError(FaultReason.NEGATIVE_TIMESTAMP, 1, str(frame_ns))
    odd = frame_ns & 1  # an even base keeps half-to-even what it is for the absolute time
    back_ns = span_ns * _countdown(n)
    back_ns /= parts
    np.subtract(odd, back_ns, out=back_ns)
    times: I64 = np.rint(back_ns, out=back_ns).astype(np.int64)
    times += frame_ns - odd
    return times


@lru_cache(maxsize=256)
def _countdown(n: int) -> F64:
    """Return n − 1 … 0 (frames come in few sizes)."""
    return frozen(np.arange(n - 1, -1, -1))


def _unsupported(type_: int, frame_type: int) -> DecodeError:
    detail = f"type {type_}, frame type {frame_type:02x}"
    return DecodeError(FaultReason.UNSUPPORTED_FRAME, HEADER_BYTES - 1, detail)
