"""The shape of `[endpoints.table]` in a device file, and the layouts that cannot be (`breathcore.model.table`)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from breathcore.catalog.base import Id, KeyProblemError, Shape
from breathcore.model.table import (
    ChecksumKind,
    CounterKind,
    CounterSpec,
    FieldSpec,
    FixedBytes,
    NumberType,
    StampSpec,
    TableSpec,
)

PACKET_BYTES = 512  # the longest value that Bluetooth LE carries
Hex = Annotated[str, StringConstraints(pattern="^([0-9a-f]{2})+$")]


def _is_unsigned(type_: NumberType) -> NumberType:
    if not type_.is_unsigned:
        known = ", ".join(t for t in NumberType if t.is_unsigned)
        raise ValueError(f"should be one of {known}")
    return type_


Unsigned = Annotated[NumberType, AfterValidator(_is_unsigned)]


class FieldTable(Shape):
    """`[[endpoints.table.fields]]`: one number of a row."""

    channel: Id
    axis: str
    offset: int = Field(ge=0, description="Bytes from the row's first.")
    type: NumberType
    scale: float = Field(default=1.0, description="value = raw * scale + bias, in the channel's unit.")
    bias: float = 0.0
    big_endian: bool = False

    @model_validator(mode="after")
    def _scales(self) -> Self:
        if not self.scale:
            raise KeyProblemError("scale", "may not be 0")
        return self

    def spec(self) -> FieldSpec:
        """Return the frozen model."""
        return FieldSpec(**dict(self))


class StampTable(Shape):
    """`stamp`: a time in the head."""

    offset: int = Field(ge=0)
    type: Unsigned
    scale_s: float = Field(gt=0, description="Seconds per count: 0.001, 0.000001.")
    big_endian: bool = False
    of_last: bool = Field(default=False, description="true: of the packet's last row; false: of its first.")

    def spec(self) -> StampSpec:
        """Return the frozen model."""
        return StampSpec(**dict(self))


class CounterTable(Shape):
    """`counter`: a number that goes up, in the head."""

    offset: int = Field(ge=0)
    type: Unsigned
    counts: CounterKind = CounterKind.PACKETS
    big_endian: bool = False

    def spec(self) -> CounterSpec:
        """Return the frozen model."""
        return CounterSpec(**dict(self))


class FixedTable(Shape):
    """`fixed`: bytes that are the same in every packet."""

    offset: int
    bytes_hex: Hex

    def spec(self) -> FixedBytes:
        """Return the frozen model."""
        return FixedBytes(self.offset, self.bytes_hex)


class TableTable(Shape):
    """`[endpoints.table]`: the layout of one characteristic's notifications."""

    head_bytes: int = Field(ge=0, le=PACKET_BYTES)
    row_bytes: int = Field(ge=1, le=PACKET_BYTES)
    fields: tuple[FieldTable, ...] = Field(min_length=1)
    rows_n: int = Field(default=0, ge=0, le=PACKET_BYTES, description="0: as many whole rows as fit.")
    tail_bytes: int = Field(default=0, ge=0, le=PACKET_BYTES)
    fixed: tuple[FixedTable, ...] = ()
    stamp: StampTable | None = None
    counter: CounterTable | None = None
    checksum: ChecksumKind | None = None
    checksum_offset: int = Field(default=-1, description="From the packet's first byte; negative: from its end.")
    data: Id = "data"
    command: str = ""
    start_hex: tuple[Hex, ...] = ()
    stop_hex: tuple[Hex, ...] = ()

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self._check_length()
        parts = list(self._parts())
        for part in parts:
            self._check_within(part)
        _check_apart(parts)
        _check_apart([_Part(f"fields.{k}.offset", f.offset, f.type.bytes_n) for k, f in enumerate(self.fields)])
        self._check_fields()
        return self

    def spec(self) -> TableSpec:
        """Return the frozen model."""
        return TableSpec(
            self.head_bytes, self.row_bytes, tuple(f.spec() for f in self.fields), self.rows_n, self.tail_bytes,
            tuple(f.spec() for f in self.fixed), self.stamp.spec() if self.stamp else None,
            self.counter.spec() if self.counter else None, self.checksum, self.checksum_offset, self.data, self.command,
            self.start_hex, self.stop_hex,
        )  # fmt: skip

    def _check_length(self) -> None:
        length = self.head_bytes + max(self.rows_n, 1) * self.row_bytes + self.tail_bytes
        if length > PACKET_BYTES:
            raise KeyProblemError("rows_n", f"makes packets of {length} bytes, at most {PACKET_BYTES} can be sent")
        for key, commands in (("start_hex", self.start_hex), ("stop_hex", self.stop_hex)):
            if commands and not self.command:
                raise KeyProblemError(key, "needs the key command: the characteristic that takes it")

    def _parts(self) -> "Iterator[_Part]":
        """Yield what stands in the head and the tail."""
        for k, part in enumerate(self.fixed):
            yield _Part(f"fixed.{k}.offset", part.offset, len(part.bytes_hex) // 2)
        if self.stamp:
            yield _Part("stamp.offset", self.stamp.offset, self.stamp.type.bytes_n)
        if self.counter:
            yield _Part("counter.offset", self.counter.offset, self.counter.type.bytes_n)
        if self.checksum:
            yield _Part("checksum_offset", self.checksum_offset, 1)

    def _check_within(self, part: "_Part") -> None:
        low, high, where = (0, self.head_bytes, "head") if part.first >= 0 else (-self.tail_bytes, 0, "tail")
        if part.first < low or part.end > high:
            size = self.head_bytes if part.first >= 0 else self.tail_bytes
            raise KeyProblemError(part.key, f"{part.first} is beyond the {where}, which has {size} bytes")

    def _check_fields(self) -> None:
        seen: set[tuple[str, str]] = set()
        for k, field in enumerate(self.fields):
            end = field.offset + field.type.bytes_n
            if end > self.row_bytes:
                raise KeyProblemError(f"fields.{k}.offset", f"ends at {end}, but a row has {self.row_bytes} bytes")
            if (field.channel, field.axis) in seen:
                raise KeyProblemError(f"fields.{k}.axis", f"{field.channel} {field.axis} is there twice")
            seen.add((field.channel, field.axis))


class _Part(NamedTuple):
    """Where something stands, and the key that says so."""

    key: str
    first: int
    bytes_n: int

    @property
    def end(self) -> int:
        """Return the first byte after it."""
        return self.first + self.bytes_n


def _check_apart(parts: Sequence[_Part]) -> None:
    for k, part in enumerate(parts):
        for other in parts[:k]:
            if part.first < other.end and other.first < part.end:
                raise KeyProblemError(part.key, f"{part.first} lies in the bytes of {other.key}")
