"""What a wearable is: the frozen form of one file in `devices/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_NONE: Mapping[str, int] = MappingProxyType({})


class Role(StrEnum):
    """What a channel measures, and thus which estimator reads it."""

    BELT = "belt"  # any chest waveform rising on inhale
    ABDOMEN_BELT = "abdomen_belt"
    CHEST_ACC = "chest_acc"  # g, three axes
    ECG = "ecg"
    RR = "rr"  # beat-to-beat intervals, s
    HEART_RATE = "heart_rate"  # the device's own number, beats/min
    BATTERY = "battery"  # %


class ClockKind(StrEnum):
    """What a device says about time."""

    SAMPLE_STAMP = "sample_stamp"  # every sample (or frame) carries device time
    NONE = "none"  # only the moment of arrival is known


class CharacteristicUse(StrEnum):
    """How a GATT characteristic is used."""

    NOTIFY = "notify"
    INDICATE = "indicate"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One stream of numbers.

    `rate_hz` is nominal; 0 marks events (beats, battery). `expected_interval_s` is the usual time between
    packets. `settings` are what to ask of the device (for example ``sample_rate``, ``resolution``, ``range``).
    `inhale_axis` is the direction, in device axes, in which the gravity vector moves on inhale (accelerometers).
    """

    id: str
    role: Role
    unit: str
    axes: tuple[str, ...]
    rate_hz: float
    expected_interval_s: float = 1.0
    settings: Mapping[str, int] = field(default_factory=lambda: _NONE)
    inhale_axis: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class CharacteristicSpec:
    """One GATT characteristic of an endpoint group; packets call it ``<endpoint>.<name>``."""

    name: str
    uuid: str
    uses: tuple[CharacteristicUse, ...]


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """A group of characteristics that one codec speaks."""

    id: str
    codec: str
    service_uuid: str
    characteristics: tuple[CharacteristicSpec, ...]
    channels: tuple[ChannelSpec, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a codec needs: the names of its characteristics, and the roles its channels may have."""

    characteristics: frozenset[str]
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class MatchSpec:
    """How to recognise the device in an advertisement (any of the lists; prefixes bind tighter than services)."""

    name_prefixes: tuple[str, ...] = ()
    service_uuids: tuple[str, ...] = ()
    manufacturer_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One wearable."""

    id: str
    name: str
    match: MatchSpec
    endpoints: tuple[EndpointSpec, ...]
    placement: str  # id of the drawing and sentence: "chest"
    clock: ClockKind
    time_to_first_data_s: float
    quirks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        """All channels of all endpoints."""
        return tuple(c for e in self.endpoints for c in e.channels)

    @property
    def roles(self) -> frozenset[Role]:
        """What the wearable can measure."""
        return frozenset(c.role for c in self.channels)
