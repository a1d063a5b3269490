"""How the bytes of a notification are laid out: the frozen form of `[endpoints.table]` in a file of `devices/`.

Enough for most home-made and many bought sensors: a fixed head, then one row of samples or several, each field of a
row at its offset, then perhaps a tail. Nothing here is code: `breathcore.decode.table` reads it.
"""

from dataclasses import dataclass
from enum import StrEnum


class NumberType(StrEnum):
    """How a number is written. Little-endian unless the field says otherwise."""

    U8 = "u8"
    I8 = "i8"
    U16 = "u16"
    I16 = "i16"
    U24 = "u24"
    I24 = "i24"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    F32 = "f32"
    F64 = "f64"

    @property
    def bytes_n(self) -> int:
        """How many bytes it takes."""
        return int(self[1:]) // 8

    @property
    def is_unsigned(self) -> bool:
        """Whether it can only count up: what stamps and counters are."""
        return self[0] == "u"


class CounterKind(StrEnum):
    """What a counter counts."""

    PACKETS = "packets"
    SAMPLES = "samples"  # the number of the packet's first row


class ChecksumKind(StrEnum):
    """How a packet is proved whole: one byte over all bytes but itself."""

    SUM8 = "sum8"
    XOR8 = "xor8"
    CRC8 = "crc8"  # polynomial 0x07, start 0


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One value of a row: ``value = raw * scale + bias`` in the channel's unit.

    `offset` is in bytes from the row's first. `channel` and `axis` say which number of which channel it is.
    """

    channel: str
    axis: str
    offset: int
    type: NumberType
    scale: float = 1.0
    bias: float = 0.0
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class StampSpec:
    """A time in the packet's head: `scale_s` seconds per count; unsigned, it wraps with its type.

    `of_last` says whether it is the time of the last row (else of the first).
    """

    offset: int
    type: NumberType
    scale_s: float
    big_endian: bool = False
    of_last: bool = False


@dataclass(frozen=True, slots=True)
class CounterSpec:
    """A counter in the packet's head; unsigned, it wraps with its type."""

    offset: int
    type: NumberType
    counts: CounterKind = CounterKind.PACKETS
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class FixedBytes:
    """Bytes that every packet has at `offset` (negative: from its end); one without them is not of this layout."""

    offset: int
    bytes_hex: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The layout of one characteristic's notifications.

    A packet is `head_bytes` of head, rows of `row_bytes` each, `tail_bytes` of tail: exactly `rows_n` rows, or, where
    that is 0, as many whole rows as fit (one at least). `checksum_offset` is from the packet's first byte or, where it
    is negative, from its end. `start_hex` and `stop_hex` are written to `command` to begin and to end.
    """

    head_bytes: int
    row_bytes: int
    fields: tuple[FieldSpec, ...]
    rows_n: int = 0
    tail_bytes: int = 0
    fixed: tuple[FixedBytes, ...] = ()
    stamp: StampSpec | None = None
    counter: CounterSpec | None = None
    checksum: ChecksumKind | None = None
    checksum_offset: int = -1
    data: str = "data"  # the characteristic that notifies
    command: str = ""  # the one that takes commands, where there is one
    start_hex: tuple[str, ...] = ()
    stop_hex: tuple[str, ...] = ()
