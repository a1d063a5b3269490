"""The shape of `devices/*.toml`. Keys are the field names of `breathcore.model.device`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from breathcore.catalog.base import Id, KeyProblemError, Shape, Text, twice
from breathcore.model.device import (
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


class ChannelTable(Shape):
    """`[[endpoints.channels]]`: one stream of numbers."""

    id: Id
    role: Role = Field(description="What the channel measures; chooses the estimator that reads it.")
    unit: Text = Field(description="Unit after decoding: g, uV, s, 1/min, %.")
    axes: tuple[Axis, ...] = Field(min_length=1)
    rate_hz: float = Field(ge=0, le=10_000, description="Nominal rate; 0 marks events such as beats.")
    expected_interval_s: float = Field(default=1.0, gt=0, description="Usual time between packets.")
    settings: Mapping[Id, int] = Field(default={}, description="What to ask of the device for this channel.")
    inhale_axis: tuple[float, float, float] | None = Field(
        default=None, description="Direction in device axes in which gravity moves on inhale."
    )
    inhale_sign: Literal[1, -1] = Field(default=1, description="-1 where a belt's value falls on inhale.")
    limits: tuple[float, float] | None = Field(default=None, description="The sensor's full scale, in the unit.")
    max_step: float | None = Field(default=None, gt=0, description="Most that one sample may differ from the last.")
    optional: bool = Field(default=False, description="Streamed only when asked for.")

    @model_validator(mode="after")
    def _axes_fit(self) -> Self:
        if self.inhale_axis is not None and len(self.axes) != _THREE:
            raise KeyProblemError("inhale_axis", "needs a channel with three axes")
        if self.inhale_axis is not None and not any(self.inhale_axis):
            raise KeyProblemError("inhale_axis", "is no direction")
        return self

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

    def spec(self) -> EndpointSpec:
        """Return the frozen model."""
        return EndpointSpec(
            self.id, self.codec, self.service_uuid,
            tuple(c.spec() for c in self.characteristics), tuple(c.spec() for c in self.channels),
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
    evidence: tuple[Text, ...] = Field(default=(), description="Where each number comes from.")
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

    def spec(self) -> DeviceSpec:
        """Return the frozen model."""
        return DeviceSpec(
            self.id, self.name, self.match.spec(), tuple(e.spec() for e in self.endpoints), self.placement,
            self.clock, self.time_to_first_data_s, self.quirks, self.evidence, self.status,
        )  # fmt: skip
