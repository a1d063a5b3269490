"""The shape of `devices/*.toml`. Keys are the field names of `breathcore.model.device`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from breathcore.catalog.base import Id, KeyProblemError, Shape, Text, twice
from breathcore.catalog.table_file import TableTable
from breathcore.model.device import (
    PLACEMENTS,
    UNITS,
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
    Status,
)

_HEX = "[0-9a-f]"
Uuid = Annotated[
    str, StringConstraints(pattern=f"^({_HEX}{{4}}|{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}})$")
]
Axis = Annotated[str, StringConstraints(min_length=1, max_length=20)]
_THREE = 3
_VECTORS = {Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.MAG}
_SINGLE = {
    Role.BELT, Role.ABDOMEN_BELT, Role.ECG, Role.RR, Role.HEART_RATE, Role.RESPIRATION_RATE, Role.TEMPERATURE,
    Role.PRESSURE, Role.BATTERY,
}  # fmt: skip
_ORIENTATION_AXES_N = {"1": 4, "deg": 3}  # a quaternion, Euler angles
_SENDS = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}
_LEAST_SAMPLES = 0.99  # in a packet: intervals are rounded


class ChannelTable(Shape):
    """`[[endpoints.channels]]`: one stream of numbers."""

    id: Id
    role: Role = Field(description="What the channel measures; chooses the estimator that reads it.")
    unit: Text = Field(description="Unit after decoding, one of the role's own: g, deg/s, N, uV, s, beats/min, %.")
    axes: tuple[Axis, ...] = Field(min_length=1)
    rate_hz: float = Field(ge=0, le=10_000, description="Nominal rate; 0 marks events such as beats.")
    expected_interval_s: float = Field(default=1.0, gt=0, le=120, description="Usual time between packets.")
    settings: Mapping[Id, int] = Field(default={}, description="What to ask of the device for this channel.")
    inhale_axis: tuple[float, float, float] | None = Field(
        default=None, description="Direction in device axes in which gravity moves on inhale."
    )
    inhale_sign: Literal[1, -1] = Field(default=1, description="-1 where a belt's value falls on inhale.")
    limits: tuple[float, float] | None = Field(default=None, description="The sensor's full scale, in the unit.")
    max_step: float | None = Field(default=None, gt=0, description="Most that one sample may differ from the last.")
    optional: bool = Field(default=False, description="Streamed only when asked for.")

    @model_validator(mode="after")
    def _fits_its_role(self) -> Self:
        if self.unit not in UNITS[self.role]:
            known = ", ".join(sorted(UNITS[self.role]))
            raise KeyProblemError("unit", f"{self.unit!r} is no unit of {self.role.value!r}, but: {known}")
        self._check_axes()
        if self.inhale_axis is not None and len(self.axes) != _THREE:
            raise KeyProblemError("inhale_axis", "needs a channel with three axes")
        if self.inhale_axis is not None and not any(self.inhale_axis):
            raise KeyProblemError("inhale_axis", "is no direction")
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise KeyProblemError("limits", "must rise: [lowest, highest]")
        if self.expected_interval_s * self.rate_hz < _LEAST_SAMPLES and self.rate_hz:
            least_s = 1.0 / self.rate_hz
            problem = f"is less than the time of one sample, {least_s:.4g} s (is {self.expected_interval_s:g})"
            raise KeyProblemError("expected_interval_s", problem)
        return self

    def _check_axes(self) -> None:
        if again := twice(self.axes):
            raise KeyProblemError("axes", f"{again!r} is there twice")
        if self.role in _VECTORS and self.axes != ("x", "y", "z"):
            raise KeyProblemError("axes", f'a channel of {self.role.value!r} has the axes "x", "y", "z"')
        if self.role in _SINGLE and len(self.axes) != 1:
            raise KeyProblemError("axes", f"a channel of {self.role.value!r} has one axis")
        if self.role is Role.ORIENTATION and len(self.axes) != (n := _ORIENTATION_AXES_N[self.unit]):
            raise KeyProblemError("axes", f"an orientation in {self.unit!r} has {n} axes")

    def spec(self) -> ChannelSpec:
        """Return the frozen model."""
        return ChannelSpec(
            self.id, self.role, self.unit, self.axes, self.rate_hz, self.expected_interval_s,
            MappingProxyType(dict(self.settings)), self.inhale_axis, self.inhale_sign, self.limits, self.max_step,
            self.optional,
        )  # fmt: skip


class CharacteristicTable(Shape):
    """`[[endpoints.characteristics]]`: one GATT characteristic."""

    name: Id
    uuid: Uuid = Field(description="Lower case, 16-bit (2a37) or 128-bit.")
    uses: tuple[CharacteristicUse, ...] = Field(min_length=1)

    def spec(self) -> CharacteristicSpec:
        """Return the frozen model."""
        return CharacteristicSpec(self.name, self.uuid, self.uses)


class EndpointTable(Shape):
    """`[[endpoints]]`: the characteristics that one codec speaks."""

    id: Id
    codec: Id
    service_uuid: Uuid
    characteristics: tuple[CharacteristicTable, ...] = Field(min_length=1)
    channels: tuple[ChannelTable, ...]
    table: TableTable | None = Field(default=None, description="The layout of the packets, for the codec table.")

    @model_validator(mode="after")
    def _table_fits(self) -> Self:
        if (self.codec == "table") != (self.table is not None):
            problem = "missing: the codec 'table' needs it" if self.table is None else "is for the codec 'table' only"
            raise KeyProblemError("table", problem)
        if self.table is not None:
            self._check_fields(self.table)
            self._check_characteristics(self.table)
        return self

    def _check_fields(self, table: TableTable) -> None:
        axes = {c.id: c.axes for c in self.channels}
        for k, field in enumerate(table.fields):
            if field.channel not in axes:
                known = ", ".join(axes) or "none"
                raise KeyProblemError(f"table.fields.{k}.channel", f"no channel {field.channel!r}, but: {known}")
            if field.axis not in axes[field.channel]:
                known = ", ".join(axes[field.channel])
                raise KeyProblemError(f"table.fields.{k}.axis", f"no axis {field.axis!r}, but: {known}")
        there = {(f.channel, f.axis) for f in table.fields}
        for n, channel in enumerate(self.channels):
            if lacking := [a for a in channel.axes if (channel.id, a) not in there]:
                raise KeyProblemError(f"channels.{n}.axes", f"the table has no field for {', '.join(lacking)}")
        rates = {c.rate_hz for c in self.channels if c.rate_hz}
        if len(rates) > 1:
            raise KeyProblemError("channels", f"rows have one rate, not {', '.join(f'{r:g}' for r in sorted(rates))}")

    def _check_characteristics(self, table: TableTable) -> None:
        uses = {c.name: set(c.uses) for c in self.characteristics}
        for key, name in (("data", table.data), ("command", table.command)):
            if name and name not in uses:
                raise KeyProblemError(f"table.{key}", f"no characteristic {name!r}, but: {', '.join(uses)}")
        if not uses[table.data] & _SENDS:
            raise KeyProblemError("table.data", f"the characteristic {table.data!r} does not notify")
        if table.command and CharacteristicUse.WRITE not in uses[table.command]:
            raise KeyProblemError("table.command", f"the characteristic {table.command!r} is not written to")

    def spec(self) -> EndpointSpec:
        """Return the frozen model."""
        return EndpointSpec(
            self.id, self.codec, self.service_uuid,
            tuple(c.spec() for c in self.characteristics), tuple(c.spec() for c in self.channels),
            self.table.spec() if self.table else None,
        )  # fmt: skip


class MatchTable(Shape):
    """`[match]`: how the device is told from others by its advertisement (see `breathcore.catalog.match`)."""

    name_prefixes: tuple[Text, ...] = ()
    service_uuids: tuple[Uuid, ...] = ()
    manufacturer_id: int | None = Field(default=None, ge=0, le=0xFFFF)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.name_prefixes and not self.service_uuids and self.manufacturer_id is None:
            raise KeyProblemError("name_prefixes", "give name_prefixes, service_uuids or manufacturer_id")
        return self

    def spec(self) -> MatchSpec:
        """Return the frozen model."""
        return MatchSpec(self.name_prefixes, self.service_uuids, self.manufacturer_id)


class DeviceFile(Shape):
    """One wearable."""

    id: Id
    name: Text
    match: MatchTable
    endpoints: tuple[EndpointTable, ...] = Field(min_length=1)
    placement: Id = Field(description="Id of the drawing and the sentence that say where to wear it.")
    clock: ClockKind
    time_to_first_data_s: float = Field(ge=0, le=120)
    quirks: tuple[Text, ...] = ()
    evidence: tuple[Text, ...] = Field(min_length=1, description="Where each number comes from.")
    status: Status = Field(default=Status.DOCUMENTED, description="How well the file is founded.")

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if again := twice([e.id for e in self.endpoints]):
            raise KeyProblemError("endpoints", f"the id {again!r} is there twice")
        if again := twice([c.id for e in self.endpoints for c in e.channels]):
            raise KeyProblemError("endpoints", f"the channel {again!r} is there twice")
        for n, endpoint in enumerate(self.endpoints):
            if again := twice([c.name for c in endpoint.characteristics]):
                raise KeyProblemError(f"endpoints.{n}.characteristics", f"the name {again!r} is there twice")
        return self

    @model_validator(mode="after")
    def _placement_is_known(self) -> Self:
        if self.placement not in PLACEMENTS:
            known = ", ".join(sorted(PLACEMENTS))
            raise KeyProblemError("placement", f"unknown placement {self.placement!r}, known: {known}")
        return self

    @model_validator(mode="after")
    def _clock_is_the_tables(self) -> Self:
        sampled = [e for e in self.endpoints if any(c.rate_hz for c in e.channels)]
        tables = [e.table for e in sampled if e.table is not None]
        if tables and len(tables) == len(sampled):
            stamped, counted = any(t.stamp for t in tables), any(t.counter for t in tables)
            clock = ClockKind.SAMPLE_STAMP if stamped else ClockKind.COUNTER if counted else ClockKind.NONE
            if self.clock is not clock:
                raise KeyProblemError("clock", f"is {self.clock.value!r}, but the tables make it {clock.value!r}")
        return self

    def spec(self) -> DeviceSpec:
        """Return the frozen model."""
        return DeviceSpec(
            self.id, self.name, self.match.spec(), tuple(e.spec() for e in self.endpoints), self.placement,
            self.clock, self.time_to_first_data_s, self.quirks, self.evidence, self.status,
        )  # fmt: skip
