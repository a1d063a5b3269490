"""Frames of Polar's measurement data characteristic: ECG and accelerometer, raw and compressed, both ways.

Source: the vendor's SDK (data classes and their tests) and its measurement document. `[0]` type, `[1:9]` device time
of the LAST sample in ns since 2000 (a strap whose clock was never set counts from 2019), `[9]` frame type, then the
samples. `decode_frame` and `encode_frame` are each other's inverse in the device's own integers; `sample_times_ns`
gives every sample its time.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_delta import Blocks, decode_deltas, encode_deltas
from breathcore.model.arrays import F64, I64, frozen
from breathcore.model.blocks import FaultReason

UNSET_CLOCK_NS = 599_616_000_000_000_000  # 2019-01-01: where an H10 starts that no phone has set
HEADER_BYTES = 10
COMPRESSED = 0x80

_TYPE_MASK = 0x3F
_ACC_AXES, _ACC_BITS = 3, 16
_HEADER = struct.Struct("<BQB")

Samples = npt.NDArray[np.integer] | F64
Reader = Callable[[bytes], Samples]


@dataclass(frozen=True, slots=True, eq=False)
class PmdFrame:
    """One frame. `samples` (n, columns) in device units: ECG µV, ACC mG, ECG sub-types as their readers say.

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
    that is not documented (never a guess), UNEXPECTED where a compressed frame needs an unknown factor.
    """
    if len(payload) < HEADER_BYTES:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    type_, timestamp_ns, frame_type = _HEADER.unpack_from(payload)
    type_ &= _TYPE_MASK
    reader = _RAW.get((type_, frame_type))
    if reader is not None:
        return PmdFrame(type_, timestamp_ns, frame_type, reader(payload))
    if type_ == Measurement.ACC and frame_type in _ACC_SCALES:
        return _compressed_acc(payload, timestamp_ns, frame_type, factor)
    raise DecodeError(FaultReason.UNSUPPORTED_FRAME, HEADER_BYTES - 1, f"type {type_}, frame type {frame_type:02x}")


def encode_frame(type_: Measurement, timestamp_ns: int, samples: I64, frame_type: int, block_n: int = 10) -> bytes:
    """Return the frame of `samples` (n ≥ 1, columns): whole µV (ECG, one column) or counts (ACC, three).

    ECG: frame type 00. ACC: 00, 01, 02 (8, 16, 24 bits) and the compressed 80, 81, whose blocks hold `block_n`
    samples; for 80 the counts are what the factor of the start reply turns into g. Values beyond the field saturate,
    as the converter of a real strap does. Raises DecodeError (UNSUPPORTED_FRAME) for other frame types.
    """
    head = _HEADER.pack(type_, timestamp_ns, frame_type)
    if (type_, frame_type) in _RAW_BYTES:
        return head + _integers(samples, _RAW_BYTES[type_, frame_type])
    if type_ == Measurement.ACC and frame_type in _ACC_SCALES:
        limit = 1 << _ACC_BITS - 1
        return head + encode_deltas(samples.clip(-limit, limit - 1), _ACC_BITS, block_n)
    raise DecodeError(FaultReason.UNSUPPORTED_FRAME, HEADER_BYTES - 1, f"type {type_}, frame type {frame_type:02x}")


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
    times: I64 = np.rint(odd - span_ns * _countdown(n) / parts).astype(np.int64) + (frame_ns - odd)
    return times


@lru_cache(maxsize=256)
def _countdown(n: int) -> F64:
    """Return n − 1 … 0 (frames come in few sizes)."""
    return frozen(np.arange(n - 1, -1, -1))


def _compressed_acc(payload: bytes, timestamp_ns: int, frame_type: int, factor: float | None) -> PmdFrame:
    if factor is None:
        raise DecodeError(FaultReason.UNEXPECTED, HEADER_BYTES - 1, "factor not known")
    counts, blocks = decode_deltas(payload[HEADER_BYTES:], _ACC_AXES, _ACC_BITS, HEADER_BYTES)
    return PmdFrame(Measurement.ACC, timestamp_ns, frame_type, _ACC_SCALES[frame_type](counts, factor), blocks)


def _scaled_in_g(counts: I64, factor: float) -> Samples:
    """Return mG cut towards zero, in single precision as the vendor does."""
    scale = np.float32(factor) * np.float32(1000.0)
    mg: I64 = np.trunc(counts.astype(np.float32) * scale).astype(np.int64)
    return mg


def _scaled_in_mg(counts: I64, factor: float) -> Samples:
    return counts if factor == 1.0 else counts.astype(np.float64) * factor


def _bytes_of(payload: bytes, stride: int) -> npt.NDArray[np.uint8]:
    """Return the content as (n, stride) bytes."""
    content = len(payload) - HEADER_BYTES
    if content == 0 or content % stride:
        raise DecodeError(FaultReason.TRUNCATED, len(payload))
    return np.frombuffer(payload, np.uint8, offset=HEADER_BYTES).reshape(-1, stride)


def _s8x3(payload: bytes) -> Samples:
    return _bytes_of(payload, 3).view(np.int8)


def _s16x3(payload: bytes) -> Samples:
    return _bytes_of(payload, 6).view("<i2")


def _s24x3(payload: bytes) -> Samples:
    return _s24(_bytes_of(payload, 9).reshape(-1, 3)).reshape(-1, 3)


def _s24x1(payload: bytes) -> Samples:
    return _s24(_bytes_of(payload, 3))


def _s24(triples: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return (n, 1) signed numbers of (n, 3) bytes."""
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, 1:] = triples
    return wide.view("<i4") >> 8


def _u24(triples: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return (n,) unsigned numbers of (n, 3) bytes."""
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, :3] = triples
    return wide.view("<i4")[:, 0]


def _ecg_14_bit(payload: bytes) -> Samples:
    """Return columns µV, oversampling, skin contact, contact impedance."""
    v = _u24(_bytes_of(payload, 3))
    return np.stack([v & 0x3FFF, v >> 16 & 1, v >> 17 & 3, v >> 19 & 3], axis=1)


def _ecg_18_bit(payload: bytes) -> Samples:
    """Return columns µV, ECG tag, pace tag."""
    v = _u24(_bytes_of(payload, 3))
    return np.stack([v & 0x3FFFF, v >> 18 & 7, v >> 21 & 7], axis=1)


def _ecg_pair(payload: bytes) -> Samples:
    """Return columns data 0, data 1, status."""
    content = _bytes_of(payload, 7)
    return np.hstack([_s24(content[:, 0:3]), _s24(content[:, 3:6]), content[:, 6:7].astype(np.int32)])


def _integers(samples: I64, size: int) -> bytes:
    """Return rows of signed little-endian integers of `size` bytes, saturated."""
    limit = 1 << 8 * size - 1
    wide = samples.clip(-limit, limit - 1).astype("<i4")
    return np.ascontiguousarray(wide).view(np.uint8).reshape(-1, 4)[:, :size].tobytes()


_RAW: Mapping[tuple[int, int], Reader] = MappingProxyType(
    {
        (Measurement.ECG, 0): _s24x1,
        (Measurement.ECG, 1): _ecg_14_bit,
        (Measurement.ECG, 2): _ecg_18_bit,
        (Measurement.ECG, 3): _ecg_pair,
        (Measurement.ACC, 0): _s8x3,
        (Measurement.ACC, 1): _s16x3,
        (Measurement.ACC, 2): _s24x3,
    }
)
_RAW_BYTES: Mapping[tuple[int, int], int] = MappingProxyType({
    (Measurement.ECG, 0): 3, (Measurement.ACC, 0): 1, (Measurement.ACC, 1): 2, (Measurement.ACC, 2): 3,
})  # fmt: skip
_ACC_SCALES: Mapping[int, Callable[[I64, float], Samples]] = MappingProxyType(
    {
        COMPRESSED: _scaled_in_g,
        COMPRESSED | 1: _scaled_in_mg,
    }
)
