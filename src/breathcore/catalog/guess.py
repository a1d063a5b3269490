"""What the bytes of an unknown device might mean: a modest guess, to be checked by whoever knows the device.

Looked for, in this order: a checksum in the last byte, a stamp and a counter in the head, bytes that never change, and
then three numbers in a row whose length hardly changes while they do: an accelerometer that is not shaken shows 1 g.
Where there is none, one smooth 16-bit number: a belt. Positions are found by what the numbers do, never by a name.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breathcore.catalog.sniffed import Notified
from breathcore.model.arrays import F64
from breathcore.model.checksum import checksum as checksum_of
from breathcore.model.table import ChecksumKind, CounterKind, CounterSpec, NumberType, StampSpec

Bytes = npt.NDArray[np.uint8]

LEAST_N = 10  # packets
_SAME_LENGTH = 0.9  # of the packets
_HEAD_BYTES = 16  # stamps and counters are looked for here
_STEADY = 0.9  # of a counter's steps
_STAMP_UNITS = (1000.0, 1_000_000.0, 1024.0, 32_768.0, 10_000.0)  # counts per second
_STAMP_ERROR = 0.01
_NORM_SPREAD = 0.1  # of 1 g: a body at rest
_NORMS = (100.0, 20_000.0)  # counts of 1 g: what sensors are made with
_COUNTS_PER_G = (16_384.0, 8192.0, 4096.0, 2048.0, 1024.0, 1000.0, 256.0)
_NICE_ERROR = 0.08
_USUAL_ERROR = 0.03
_ALIKE, _STILL = 2.0, 0.02  # spreads up to twice the least, or this small, are alike
_ROW_BYTES = 40
_RATES_HZ = (10.0, 12.5, 20.0, 25.0, 26.0, 31.25, 40.0, 50.0, 52.0, 60.0, 62.5, 100.0, 104.0, 125.0, 200.0, 208.0)
_RATE_ERROR = 0.02
_SMOOTH = 0.5  # of a number's spread: what it may change by from packet to packet


@dataclass(frozen=True, slots=True)
class Triple:
    """Where an accelerometer's three 16-bit numbers stand in a row, and how many counts make 1 g."""

    offset: int
    big_endian: bool
    counts_per_g: float
    gyro_offset: int | None  # three more numbers in the row, of unknown meaning


@dataclass(frozen=True, slots=True)
class Guess:
    """A layout that the packets fit. `triple` None: one number, `number_offset`, of unknown meaning in each row."""

    head_bytes: int
    row_bytes: int
    rows_n: int
    tail_bytes: int
    fixed_hex: str
    stamp: StampSpec | None
    counter: CounterSpec | None
    checksum: ChecksumKind | None
    triple: Triple | None
    number_offset: int
    rate_hz: float
    interval_s: float


def guess(notified: Sequence[Notified]) -> Guess | None:
    """Return what the packets of one characteristic might be, None for too few, unequal or constant ones."""
    lengths = Counter(len(n.payload) for n in notified)
    length, n = lengths.most_common(1)[0] if lengths else (0, 0)
    if n < LEAST_N or n < _SAME_LENGTH * len(notified) or not length:
        return None
    kept = [packet for packet in notified if len(packet.payload) == length]
    data = np.frombuffer(b"".join(p.payload for p in kept), np.uint8).reshape(-1, length)
    t_s = np.array([p.t_s for p in kept])
    interval_s = float(t_s[-1] - t_s[0]) / (len(kept) - 1)
    if interval_s <= 0.0 or (data == data[0]).all():
        return None
    checksum = _checksum(data)
    tail = 0 if checksum is None else 1
    stamp = _stamp(data[:, : length - tail], t_s)
    counter = _counter(data[:, : length - tail], stamp)
    fixed_n = _fixed_n(data, stamp, counter)
    numbers = [part for part in (stamp, counter) if part is not None]
    head = max([fixed_n, *(p.offset + p.type.bytes_n for p in numbers)])
    found = _rows(data[:, head : length - tail], head)
    if found is None:
        return None
    head, row_bytes, triple, number_offset = found
    rows_n = (length - tail - head) // row_bytes
    return Guess(
        head, row_bytes, rows_n, tail, data[0, :fixed_n].tobytes().hex(), stamp, counter, checksum, triple,
        number_offset, _nice(rows_n / interval_s, _RATES_HZ, _RATE_ERROR), interval_s,
    )  # fmt: skip


def _checksum(data: Bytes) -> ChecksumKind | None:
    """Return what the last byte proves of the others; it must change, or it proves nothing."""
    if (data[:, -1] == data[0, -1]).all():
        return None
    packets = [row.tobytes() for row in data]
    return next((k for k in ChecksumKind if all(checksum_of(k, p[:-1]) == p[-1] for p in packets)), None)


def _stamp(data: Bytes, t_s: F64) -> StampSpec | None:
    """Return the first 32-bit number (or else 16-bit one) of the head that counts time."""
    span_s = float(t_s[-1] - t_s[0])
    for type_ in (NumberType.U32, NumberType.U16):
        for offset in range(min(data.shape[1] - type_.bytes_n, _HEAD_BYTES) + 1):
            for big_endian in (False, True):
                steps = _steps(data, offset, type_, big_endian=big_endian)
                if (steps <= 0).any():
                    continue
                per_s = float(steps.sum()) / span_s
                unit = min(_STAMP_UNITS, key=lambda u: abs(per_s / u - 1.0))
                if abs(per_s / unit - 1.0) <= _STAMP_ERROR:
                    return StampSpec(offset, type_, 1.0 / unit, big_endian)
    return None


def _counter(data: Bytes, stamp: StampSpec | None) -> CounterSpec | None:
    """Return the first number of the head that goes up by one a packet."""
    taken = range(stamp.offset, stamp.offset + stamp.type.bytes_n) if stamp else range(0)
    for offset in range(min(data.shape[1], _HEAD_BYTES)):
        if offset in taken or not _is_steady(data, offset, NumberType.U8):
            continue
        wide = offset + 1 < data.shape[1] and offset + 1 not in taken and len(np.unique(data[:, offset + 1])) > 1
        type_ = NumberType.U16 if wide and _is_steady(data, offset, NumberType.U16) else NumberType.U8
        return CounterSpec(offset, type_, CounterKind.PACKETS)
    return None


def _is_steady(data: Bytes, offset: int, type_: NumberType) -> bool:
    return bool((_steps(data, offset, type_, big_endian=False) == 1).mean() >= _STEADY)


def _steps(data: Bytes, offset: int, type_: NumberType, *, big_endian: bool) -> npt.NDArray[np.int64]:
    """Return the steps of an unsigned number from packet to packet; more than half its range counts as backward."""
    part = data[:, offset : offset + type_.bytes_n].astype(np.int64)
    powers = 8 * np.arange(type_.bytes_n)
    values = (part << (powers[::-1] if big_endian else powers)).sum(axis=1)
    range_n = 1 << 8 * type_.bytes_n
    steps = np.diff(values) % range_n
    return np.asarray(np.where(steps >= range_n // 2, steps - range_n, steps))


def _fixed_n(data: Bytes, stamp: StampSpec | None, counter: CounterSpec | None) -> int:
    """Return how many bytes at the beginning never change, without zeros at their end (perhaps an empty number)."""
    limit = min([part.offset for part in (stamp, counter) if part], default=min(data.shape[1], 4))
    changing = np.flatnonzero((data[:, :limit] != data[0, :limit]).any(axis=0))
    n = int(changing[0]) if len(changing) else limit
    while n and not data[0, n - 1]:
        n -= 1
    return n


def _rows(body: Bytes, head: int) -> tuple[int, int, Triple | None, int] | None:
    """Return the head's length, a row's length, and what stands in the row: an accelerometer or one smooth number."""
    for skipped in range(3):
        rest = body[:, skipped:]
        for row_bytes in [k for k in range(6, min(rest.shape[1], _ROW_BYTES) + 1) if not rest.shape[1] % k]:
            triple = _triple(rest.reshape(-1, row_bytes))
            if triple is not None:
                return head + skipped, row_bytes, triple, 0
    offset = _smooth(body)
    return None if offset is None else (head, body.shape[1], None, offset)


@dataclass(frozen=True, slots=True, order=True)
class _Steady:
    """Three numbers of a steady length, in the order in which they are believed."""

    unusual: bool  # as 1 g
    offset: int
    spread: float
    big_endian: bool
    norm: float


def _triple(rows: Bytes) -> Triple | None:
    """Return the three numbers whose length hardly changes while they do.

    Two axes and a number near 0 beside them are as steady: of the steadiest, those that make a usual 1 g come first,
    then those that stand first.
    """
    steady = list(_steady(rows))
    limit = max(_ALIKE * min((s.spread for s in steady), default=0.0), _STILL)
    best = min((s for s in steady if s.spread <= limit), default=None)
    if best is None:
        return None
    gyro_offset = best.offset + 6 if best.offset + 12 <= rows.shape[1] else None
    return Triple(best.offset, best.big_endian, _nice(best.norm, _COUNTS_PER_G, _NICE_ERROR), gyro_offset)


def _steady(rows: Bytes) -> Iterator[_Steady]:
    for offset, big_endian, numbers in _numbers(rows, 3):
        lengths = np.linalg.norm(numbers, axis=1)
        norm = float(np.median(lengths))
        if not _NORMS[0] <= norm <= _NORMS[1] or any(len(np.unique(numbers[:, k])) == 1 for k in range(3)):
            continue
        spread = float(np.percentile(np.abs(lengths - norm), 95)) / norm
        if spread < _NORM_SPREAD:
            unusual = min(abs(norm / usual - 1.0) for usual in _COUNTS_PER_G) > _USUAL_ERROR
            yield _Steady(unusual, offset, spread, big_endian, norm)


def _smooth(body: Bytes) -> int | None:
    """Return where the smoothest 16-bit number stands that changes at all."""
    best, found = _SMOOTH, None
    for offset, big_endian, numbers in _numbers(body, 1):
        spread = float(numbers.std())
        if big_endian or not spread:
            continue
        rough = float(np.diff(numbers[:, 0]).std()) / spread
        if rough < best:
            best, found = rough, offset
    return found


def _numbers(rows: Bytes, n: int) -> Iterator[tuple[int, bool, F64]]:
    """Yield (offset, big-endian, values) of every place in a row where `n` signed 16-bit numbers can stand."""
    for offset in range(rows.shape[1] - 2 * n + 1):
        part = np.ascontiguousarray(rows[:, offset : offset + 2 * n])
        for big_endian in (False, True):
            yield offset, big_endian, part.view(">i2" if big_endian else "<i2").astype(np.float64)


def _nice(value: float, usual: Sequence[float], error: float) -> float:
    """Return the usual number that is near `value`, or it to three digits."""
    nearest = min(usual, key=lambda u: abs(value / u - 1.0))
    return nearest if abs(value / nearest - 1.0) <= error else float(f"{value:.3g}")
