"""What a wearable is: the frozen form of one file in `devices/`."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from breathcore.model.table import TableSpec

_NONE: Mapping[str, int] = MappingProxyType({})


class Role(StrEnum):
    """What a channel measures, and thus which estimator reads it."""

    BELT = "belt"  # any chest waveform rising on inhale
    ABDOMEN_BELT = "abdomen_belt"
    CHEST_ACC = "chest_acc"  # an accelerometer that is worn on the trunk; gravity included
    ACC = "acc"  # one that is worn elsewhere (arm, wrist): it does not see the breath
    GYRO = "gyro"
    MAG = "mag"
    ORIENTATION = "orientation"  # quaternion (w, x, y, z) or Euler angles (deg), the device's own fusion
    ECG = "ecg"
    PPG = "ppg"
    RR = "rr"  # beat-to-beat intervals, s
    HEART_RATE = "heart_rate"  # the device's own number, beats/min
    RESPIRATION_RATE = "respiration_rate"  # the device's own number, breaths/min
    BREATH_PHASES = "breath_phases"  # lengths of breaths in and out, as the device found them
    BREATH_DEPTH = "breath_depth"  # of single breaths, as the device found it
    TEMPERATURE = "temperature"
    PRESSURE = "pressure"
    ACTIVITY = "activity"  # steps, cadence, the device's own index
    BATTERY = "battery"  # %


UNITS: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.BELT: frozenset({"N", "V", "L", "a.u."}),
        Role.ABDOMEN_BELT: frozenset({"N", "V", "L", "a.u."}),
        Role.CHEST_ACC: frozenset({"g"}),
        Role.ACC: frozenset({"g"}),
        Role.GYRO: frozenset({"deg/s"}),
        Role.MAG: frozenset({"uT", "a.u."}),
        Role.ORIENTATION: frozenset({"1", "deg"}),
        Role.ECG: frozenset({"uV"}),
        Role.PPG: frozenset({"a.u."}),
        Role.RR: frozenset({"s"}),
        Role.HEART_RATE: frozenset({"beats/min"}),
        Role.RESPIRATION_RATE: frozenset({"breaths/min"}),
        Role.BREATH_PHASES: frozenset({"s"}),
        Role.BREATH_DEPTH: frozenset({"L", "a.u."}),
        Role.TEMPERATURE: frozenset({"degC"}),
        Role.PRESSURE: frozenset({"hPa"}),
        Role.ACTIVITY: frozenset({"1", "steps", "steps/min"}),
        Role.BATTERY: frozenset({"%"}),
    }
)
"""The units that a wearable's channel of each role may have: decoders convert to these."""


PLACEMENTS = frozenset({"arm", "chest", "shirt", "trunk", "waist"})
"""Where wearables are made to be worn: ids of their sentences (`placement.<id>`)."""


class ClockKind(StrEnum):
    """What a device says about time."""

    SAMPLE_STAMP = "sample_stamp"  # every sample (or packet) carries device time
    COUNTER = "counter"  # packets or samples are numbered: what is missing is known, when it was taken is not
    NONE = "none"  # only the moment of arrival is known


class Place(StrEnum):
    """Where a wearable is worn in a session."""

    STERNUM = "sternum"  # with a belt: round the chest
    NAVEL = "navel"  # with a belt: round the waist
    LEFT = "left"  # lower ribs, at the side
    RIGHT = "right"
    BACK = "back"  # lower ribs, behind
    PELVIS = "pelvis"  # over the sacrum


class Status(StrEnum):
    """How well a wearable's file is founded."""

    DOCUMENTED = "documented"  # by its maker, or by several that agree
    PROVISIONAL = "provisional"  # found out from outside by others
    UNVERIFIED = "unverified"  # doubtful: left alone unless it is asked for by its id


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
    `inhale_axis` is the direction, in device axes, in which the gravity vector moves on inhale (accelerometers);
    `inhale_sign` is +1 where the value rises on inhale, -1 where it falls (belts). Values outside `limits` cannot be
    (the sensor's full scale), a change of more than `max_step` from one sample to the next no body makes: such packets
    are damaged. An `optional` channel is streamed only when asked for. `place` is where the sensor is worn in this
    session, None where nobody said.
    """

    id: str
    role: Role
    unit: str
    axes: tuple[str, ...]
    rate_hz: float
    expected_interval_s: float = 1.0
    settings: Mapping[str, int] = field(default_factory=lambda: _NONE)
    inhale_axis: tuple[float, float, float] | None = None
    inhale_sign: int = 1
    limits: tuple[float, float] | None = None
    max_step: float | None = None
    optional: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class CharacteristicSpec:
    """One GATT characteristic of an endpoint group; packets call it ``<endpoint>.<name>``."""

    name: str
    uuid: str
    uses: tuple[CharacteristicUse, ...]


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """A group of characteristics that one codec speaks. `table` is the layout that the codec "table" reads."""

    id: str
    codec: str
    service_uuid: str
    characteristics: tuple[CharacteristicSpec, ...]
    channels: tuple[ChannelSpec, ...]
    table: TableSpec | None = None


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
    status: Status = Status.DOCUMENTED

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        """All channels of all endpoints."""
        return tuple(c for e in self.endpoints for c in e.channels)

    @property
    def roles(self) -> frozenset[Role]:
        """What the wearable can measure."""
        return frozenset(c.role for c in self.channels)


def worn(spec: DeviceSpec, place: Place | None = None, streams: Collection[str] = ()) -> DeviceSpec:
    """Return `spec` as a session uses it: worn at `place`, without the optional channels that nobody asked for.

    `streams` are ids of optional channels to have as well. Endpoints keep their characteristics, so that what a device
    sends unasked is still received.
    """
    return replace(
        spec,
        endpoints=tuple(
            replace(e, channels=tuple(replace(c, place=place) for c in e.channels if not c.optional or c.id in streams))
            for e in spec.endpoints
        ),
    )


def distinct(devices: Sequence[tuple[str, DeviceSpec]]) -> tuple[tuple[str, DeviceSpec], ...]:
    """Return a session's devices with channel ids that are unique among them all: ``polar_h10-2.acc`` where needed.

    `devices` are (key, spec). A channel that only one device has keeps its short id.
    """
    ids = Counter(c.id for _, spec in devices for c in spec.channels)
    return tuple((key, _prefixed(spec, key, {i for i, n in ids.items() if n > 1})) for key, spec in devices)


def _prefixed(spec: DeviceSpec, key: str, shared: Collection[str]) -> DeviceSpec:
    if not any(c.id in shared for c in spec.channels):
        return spec
    return replace(spec, endpoints=tuple(_endpoint_prefixed(e, key, shared) for e in spec.endpoints))


def _endpoint_prefixed(endpoint: EndpointSpec, key: str, shared: Collection[str]) -> EndpointSpec:
    new = {c.id: f"{key}.{c.id}" if c.id in shared else c.id for c in endpoint.channels}
    channels = tuple(replace(c, id=new[c.id]) for c in endpoint.channels)
    table = endpoint.table
    if table is not None:
        table = replace(table, fields=tuple(replace(f, channel=new.get(f.channel, f.channel)) for f in table.fields))
    return replace(endpoint, channels=channels, table=table)
