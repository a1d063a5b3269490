"""Numbers of a table's packets: bytes ⇄ arrays, for every `NumberType` and both byte orders."""

from functools import cache

import numpy as np
import numpy.typing as npt

from breathcore.model.arrays import F64
from breathcore.model.table import FieldSpec, NumberType

_BYTES_24 = 3
_SIGN_24 = 1 << 23

Rows = npt.NDArray[np.void]


@cache
def row_dtype(row_bytes: int, fields: tuple[FieldSpec, ...]) -> np.dtype[np.void]:
    """Return the structured type of a row: field k is called ``str(k)``; 24-bit numbers are three bytes."""
    return np.dtype(
        {
            "names": [str(k) for k in range(len(fields))],
            "formats": [_format(f.type, big_endian=f.big_endian) for f in fields],
            "offsets": [f.offset for f in fields],
            "itemsize": row_bytes,
        }
    )


def read_field(rows: Rows, k: int, field: FieldSpec) -> F64:
    """Return field `k` of `rows` (n,) in the channel's unit; floats may be NaN or infinite."""
    raw = rows[str(k)]
    if field.type.bytes_n == _BYTES_24:
        raw = _joined(raw, field)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(raw.astype(np.float64) * field.scale + field.bias)


def write_field(rows: Rows, k: int, field: FieldSpec, values: F64) -> None:
    """Put `values` (n,) into field `k` of `rows`, rounded to whole counts; what is too large for the type saturates."""
    counts = (values - field.bias) / field.scale
    if field.type.bytes_n == _BYTES_24:
        rows[str(k)] = _split(np.rint(counts), field)
        return
    dtype = rows[str(k)].dtype
    if dtype.kind == "f":
        rows[str(k)] = counts
        return
    info = np.iinfo(dtype)
    highest = float(info.max) if float(info.max) <= info.max else float(np.nextafter(float(info.max), 0.0))
    rows[str(k)] = np.rint(counts).clip(info.min, highest).astype(dtype)


def read_count(payload: bytes, offset: int, type_: NumberType, *, big_endian: bool) -> int:
    """Return the unsigned number at `offset`."""
    return int.from_bytes(payload[offset : offset + type_.bytes_n], "big" if big_endian else "little")


def count_bytes(value: int, type_: NumberType, *, big_endian: bool) -> bytes:
    """Return an unsigned number as bytes, wrapped to its type."""
    n = type_.bytes_n
    return (value % (1 << 8 * n)).to_bytes(n, "big" if big_endian else "little")


def _format(type_: NumberType, *, big_endian: bool) -> tuple[str, tuple[int, ...]]:
    if type_.bytes_n == _BYTES_24:
        return "u1", (_BYTES_24,)
    return f"{'>' if big_endian else '<'}{type_[0]}{type_.bytes_n}", ()


def _joined(raw: npt.NDArray[np.uint8], field: FieldSpec) -> npt.NDArray[np.int64]:
    low, middle, high = (raw[:, k].astype(np.int64) for k in ((2, 1, 0) if field.big_endian else (0, 1, 2)))
    value = low | middle << 8 | high << 16
    return value if field.type.is_unsigned else (value ^ _SIGN_24) - _SIGN_24


def _split(counts: F64, field: FieldSpec) -> npt.NDArray[np.uint8]:
    lowest = 0 if field.type.is_unsigned else -_SIGN_24
    whole = counts.clip(lowest, lowest + 2 * _SIGN_24 - 1).astype(np.int64)
    split = np.stack([whole & 0xFF, whole >> 8 & 0xFF, whole >> 16 & 0xFF], axis=1).astype(np.uint8)
    return split[:, ::-1] if field.big_endian else split
