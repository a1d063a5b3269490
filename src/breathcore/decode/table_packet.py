"""One packet of a table: bytes ⇄ stamp, counter and rows. The layout itself is `breathcore.model.table.TableSpec`."""

from dataclasses import dataclass

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.table_numbers import Rows, count_bytes, read_count, row_dtype
from breathcore.model.blocks import FaultReason
from breathcore.model.checksum import checksum
from breathcore.model.table import ChecksumKind, CounterSpec, FixedBytes, StampSpec, TableSpec


@dataclass(frozen=True, slots=True, eq=False)
class TablePacket:
    """What a packet says: raw counts of its stamp and counter (0 where the layout has none), and its rows (n,)."""

    stamp: int
    counter: int
    rows: Rows


def decode_packet(spec: TableSpec, payload: bytes) -> TablePacket:
    """Return what `payload` says.

    Raises DecodeError: TRUNCATED or BAD_LENGTH for rows that are too few, too many or not whole, BAD_HEADER where a
    fixed byte differs, BAD_CHECKSUM.
    """
    rows_n = _rows_n(spec, len(payload))
    for part in spec.fixed:
        _require_fixed(part, payload)
    if spec.checksum is not None:
        _require_checksum(spec, spec.checksum, payload)
    dtype = row_dtype(spec.row_bytes, spec.fields)
    rows = np.frombuffer(payload, dtype, count=rows_n, offset=spec.head_bytes)
    return TablePacket(_count(spec.stamp, payload), _count(spec.counter, payload), rows)


def encode_packet(spec: TableSpec, packet: TablePacket) -> bytes:
    """Return the bytes of `packet`; those that no key names are zero."""
    out = bytearray(spec.head_bytes) + packet.rows.tobytes() + bytes(spec.tail_bytes)
    for part in spec.fixed:
        data = bytes.fromhex(part.bytes_hex)
        at = part.offset % len(out)
        out[at : at + len(data)] = data
    for number, value in ((spec.stamp, packet.stamp), (spec.counter, packet.counter)):
        if number is not None:
            data = count_bytes(value, number.type, big_endian=number.big_endian)
            out[number.offset : number.offset + len(data)] = data
    if spec.checksum is not None:
        at = spec.checksum_offset % len(out)
        out[at] = checksum(spec.checksum, bytes(out[:at] + out[at + 1 :]))
    return bytes(out)


def _rows_n(spec: TableSpec, length: int) -> int:
    frame = spec.head_bytes + spec.tail_bytes
    if length < frame + spec.row_bytes * max(spec.rows_n, 1):
        raise DecodeError(FaultReason.TRUNCATED, length)
    rows_n, rest = divmod(length - frame, spec.row_bytes)
    if rest or (spec.rows_n and rows_n != spec.rows_n):
        raise DecodeError(FaultReason.BAD_LENGTH, length - rest, f"{length} bytes")
    return rows_n


def _require_fixed(part: FixedBytes, payload: bytes) -> None:
    wanted = bytes.fromhex(part.bytes_hex)
    at = part.offset % len(payload)
    found = payload[at : at + len(wanted)]
    if found != wanted:
        raise DecodeError(FaultReason.BAD_HEADER, at, f"{found.hex()} for {wanted.hex()}")


def _require_checksum(spec: TableSpec, kind: ChecksumKind, payload: bytes) -> None:
    at = spec.checksum_offset % len(payload)
    wanted = checksum(kind, payload[:at] + payload[at + 1 :])
    if payload[at] != wanted:
        raise DecodeError(FaultReason.BAD_CHECKSUM, at, f"{payload[at]:02x} for {wanted:02x}")


def _count(number: StampSpec | CounterSpec | None, payload: bytes) -> int:
    return read_count(payload, number.offset, number.type, big_endian=number.big_endian) if number else 0
