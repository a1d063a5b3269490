"""How the samples of each documented Polar frame type are written: raw and compressed forms, both ways.

Source: the vendor's SDK (data classes and their tests) and its measurement document. A raw form is rows of numbers of
a fixed size. A compressed one is a list of deltas (`breathcore.decode.pmd_delta`) whose numbers are then scaled with
the factor of the start reply; forms of 32 bits hold the bit patterns of single-precision numbers. Columns, in device
units:

- ECG: µV; sub-types 01–03 as their readers say. ACC: x, y, z in mG.
- GYRO: x, y, z in deg/s. MAG: x, y, z in gauss; sub-type 81 then a calibration, 0 unknown to 3 good.
- PPG: light channels; sub-types 87, 88 and 8D then a status word.
- PPI: heart rate, interval in ms, its error in ms, blocker, contact, contact supported.
- SKIN_TEMP, TEMPERATURE: °C. PRESSURE: hPa.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_delta import Blocks, decode_deltas, encode_deltas
from breathcore.model.arrays import F64, I64
from breathcore.model.blocks import FaultReason

HEADER_BYTES = 10
COMPRESSED = 0x80

_EXPONENT = 0x7F800000  # all set: infinite, or no number
_PATTERN_BITS = 32

Samples = npt.NDArray[np.integer] | F64
Bytes = npt.NDArray[np.uint8]
Key = tuple[int, int]  # measurement type, frame type


@dataclass(frozen=True, slots=True)
class RawForm:
    """Rows of `stride` bytes. `write` is None for forms that no simulated device of ours sends."""

    stride: int
    read: Callable[[Bytes], Samples]
    write: Callable[[Samples], bytes] | None = None

    def decode(self, payload: bytes) -> Samples:
        """Return the samples (n, columns). Raises DecodeError: TRUNCATED, OUT_OF_RANGE for what is no number."""
        content = len(payload) - HEADER_BYTES
        if content == 0 or content % self.stride:
            raise DecodeError(FaultReason.TRUNCATED, len(payload))
        return self.read(np.frombuffer(payload, np.uint8, offset=HEADER_BYTES).reshape(-1, self.stride))


@dataclass(frozen=True, slots=True)
class DeltaForm:
    """A list of deltas of `columns` numbers of `bits`; `scaled` turns them and the factor into device units."""

    columns: int
    bits: int
    scaled: Callable[[I64, float], Samples]

    def decode(self, payload: bytes, factor: float) -> tuple[Samples, Blocks]:
        """Return the samples (n, columns) and the list's blocks. Raises DecodeError as `decode_deltas` does."""
        counts, blocks = decode_deltas(payload[HEADER_BYTES:], self.columns, self.bits, HEADER_BYTES)
        return self.scaled(counts, factor), blocks

    def encode(self, samples: Samples, block_n: int) -> bytes:
        """Return the list of `samples` (n, columns) before scaling: whole counts, or floats for a form of 32 bits."""
        if self.bits == _PATTERN_BITS:
            return encode_deltas(_patterns(samples), self.bits, block_n)
        limit = 1 << self.bits - 1
        return encode_deltas(samples.clip(-limit, limit - 1).astype(np.int64), self.bits, block_n)


def _scaled_in_g(counts: I64, factor: float) -> Samples:
    """Return mG cut towards zero, in single precision as the vendor does."""
    scale = np.float32(factor) * np.float32(1000.0)
    mg: I64 = np.trunc(counts.astype(np.float32) * scale).astype(np.int64)
    return mg


def _scaled(counts: I64, factor: float) -> Samples:
    return counts if factor == 1.0 else counts.astype(np.float64) * factor


def _scaled_milligauss(counts: I64, factor: float) -> Samples:
    return np.hstack([counts[:, :3] / 1000.0 * factor, counts[:, 3:]])


def _scaled_but_status(counts: I64, factor: float) -> Samples:
    return counts if factor == 1.0 else np.hstack([counts[:, :-1] * factor, counts[:, -1:]])


def _scaled_floats(counts: I64, factor: float) -> Samples:
    return _floats(counts.astype("<i4")) * factor


def _floats(patterns: npt.NDArray[np.int32]) -> F64:
    """Return the numbers behind bit patterns. Raises DecodeError (OUT_OF_RANGE) where one is none."""
    if ((patterns & _EXPONENT) == _EXPONENT).any():
        raise DecodeError(FaultReason.OUT_OF_RANGE, HEADER_BYTES, "not a number")
    return patterns.view("<f4").astype(np.float64)


def _patterns(samples: Samples) -> I64:
    return np.ascontiguousarray(samples, dtype="<f4").view("<i4").astype(np.int64)


def _read_floats(rows: Bytes) -> Samples:
    return _floats(rows.view("<i4"))


def _write_floats(samples: Samples) -> bytes:
    return samples.astype("<f4").tobytes()


def _signed(size: int, columns: int) -> RawForm:
    """Return the form of signed little-endian integers of `size` bytes; what does not fit saturates."""
    limit = 1 << 8 * size - 1

    def read(rows: Bytes) -> Samples:
        if size == 3:
            return _s24(rows.reshape(-1, 3)).reshape(-1, columns)
        return rows.view("i1" if size == 1 else "<i2")

    def write(samples: Samples) -> bytes:
        wide = np.ascontiguousarray(samples.clip(-limit, limit - 1).astype("<i4"))
        return wide.view(np.uint8).reshape(-1, 4)[:, :size].tobytes()

    return RawForm(size * columns, read, write)


def _s24(triples: Bytes) -> npt.NDArray[np.int32]:
    """Return (n, 1) signed numbers of (n, 3) bytes."""
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, 1:] = triples
    return wide.view("<i4") >> 8


def _u24(triples: Bytes) -> npt.NDArray[np.int32]:
    """Return (n,) unsigned numbers of (n, 3) bytes."""
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, :3] = triples
    return wide.view("<i4")[:, 0]


def _ecg_14_bit(rows: Bytes) -> Samples:
    """Return columns µV, oversampling, skin contact, contact impedance."""
    v = _u24(rows)
    return np.stack([v & 0x3FFF, v >> 16 & 1, v >> 17 & 3, v >> 19 & 3], axis=1)


def _ecg_18_bit(rows: Bytes) -> Samples:
    """Return columns µV, ECG tag, pace tag."""
    v = _u24(rows)
    return np.stack([v & 0x3FFFF, v >> 18 & 7, v >> 21 & 7], axis=1)


def _ecg_pair(rows: Bytes) -> Samples:
    """Return columns data 0, data 1, status."""
    return np.hstack([_s24(rows[:, 0:3]), _s24(rows[:, 3:6]), rows[:, 6:7].astype(np.int32)])


def _read_ppi(rows: Bytes) -> Samples:
    wide = rows.astype(np.int64)
    flags = wide[:, 5]
    interval_ms, error_ms = wide[:, 1] | wide[:, 2] << 8, wide[:, 3] | wide[:, 4] << 8
    return np.stack([wide[:, 0], interval_ms, error_ms, flags & 1, flags >> 1 & 1, flags >> 2 & 1], axis=1)


def _write_ppi(samples: Samples) -> bytes:
    hr, interval_ms, error_ms, blocker, contact, supported = samples.astype(np.int64).T
    flags = blocker | contact << 1 | supported << 2
    low_and_high = [hr, interval_ms, interval_ms >> 8, error_ms, error_ms >> 8, flags]
    return (np.stack(low_and_high, axis=1) & 0xFF).astype(np.uint8).tobytes()


_FLOAT = RawForm(4, _read_floats, _write_floats)
_FLOAT_DELTAS = DeltaForm(1, _PATTERN_BITS, _scaled_floats)

RAW: Mapping[Key, RawForm] = MappingProxyType(
    {
        (Measurement.ECG, 0): _signed(3, 1),
        (Measurement.ECG, 1): RawForm(3, _ecg_14_bit),
        (Measurement.ECG, 2): RawForm(3, _ecg_18_bit),
        (Measurement.ECG, 3): RawForm(7, _ecg_pair),
        (Measurement.PPG, 0): _signed(3, 4),
        (Measurement.ACC, 0): _signed(1, 3),
        (Measurement.ACC, 1): _signed(2, 3),
        (Measurement.ACC, 2): _signed(3, 3),
        (Measurement.PPI, 0): RawForm(6, _read_ppi, _write_ppi),
        (Measurement.SKIN_TEMP, 0): _FLOAT,
        (Measurement.PRESSURE, 0): _FLOAT,
        (Measurement.TEMPERATURE, 0): _FLOAT,
    }
)
DELTAS: Mapping[Key, DeltaForm] = MappingProxyType(
    {
        (Measurement.PPG, COMPRESSED): DeltaForm(4, 24, _scaled),
        (Measurement.PPG, COMPRESSED | 0x07): DeltaForm(17, 24, _scaled_but_status),
        (Measurement.PPG, COMPRESSED | 0x08): DeltaForm(25, 24, _scaled_but_status),
        (Measurement.PPG, COMPRESSED | 0x0D): DeltaForm(3, 24, _scaled_but_status),
        (Measurement.ACC, COMPRESSED): DeltaForm(3, 16, _scaled_in_g),
        (Measurement.ACC, COMPRESSED | 0x01): DeltaForm(3, 16, _scaled),
        (Measurement.GYRO, COMPRESSED): DeltaForm(3, 16, _scaled),
        (Measurement.GYRO, COMPRESSED | 0x01): DeltaForm(3, _PATTERN_BITS, _scaled_floats),
        (Measurement.MAG, COMPRESSED): DeltaForm(3, 16, _scaled),
        (Measurement.MAG, COMPRESSED | 0x01): DeltaForm(4, 16, _scaled_milligauss),
        (Measurement.SKIN_TEMP, COMPRESSED): _FLOAT_DELTAS,
        (Measurement.PRESSURE, COMPRESSED): _FLOAT_DELTAS,
        (Measurement.TEMPERATURE, COMPRESSED): _FLOAT_DELTAS,
    }
)
