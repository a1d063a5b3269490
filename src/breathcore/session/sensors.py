"""Which wearables a person means: by id, by name or address, and where they are worn."""

from collections.abc import Collection, Sequence

from breathcore.model.device import DeviceSpec, Place, worn
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor

GENERIC_DEVICE = "heart_rate_strap"  # any strap that is asked for by name or address and not known better


def sensor_named(words: str, place: Place | None = None) -> ChosenSensor:
    """Return the wearable that `words` name: a profile's id, else a name or address to look for.

    ``NAME@place`` says where it is worn, too; `place` is where it says nothing. Raises BreathcoreError (INVALID_VALUE)
    for a place that there is none of.
    """
    name, at, where = words.rpartition("@")
    if at:
        place = _place(where)
    name = name if at else words
    known = {spec.id: spec for spec in registry.devices()}
    if name in known:
        return ChosenSensor(name, name=known[name].name, place=place)
    prefixes = {prefix.lower(): spec for spec in known.values() for prefix in spec.match.name_prefixes}
    spec = next((spec for prefix, spec in prefixes.items() if name.lower().startswith(prefix)), None)
    return ChosenSensor(spec.id if spec else GENERIC_DEVICE, address=name, name=name, place=place)


def devices_of(sensors: Sequence[ChosenSensor], streams: Collection[str] = ()) -> tuple[tuple[str, DeviceSpec], ...]:
    """Return what a Bluetooth source takes: whom to look for, and what it is and streams in this session.

    `streams` are ids of optional channels to have as well. Raises BreathcoreError: UNKNOWN_DEVICE; INVALID_VALUE for a
    stream that none of them has.
    """
    specs = [(sensor, registry.device(sensor.device_id)) for sensor in sensors]
    optional = sorted({c.id for _, spec in specs for c in spec.channels if c.optional})
    for stream in streams:
        if stream not in optional:
            raise BreathcoreError(Reason.INVALID_VALUE, name="streams", value=stream, bound=", ".join(optional) or "–")
    return tuple((sensor.address or spec.name, worn(spec, sensor.place, streams)) for sensor, spec in specs)


def _place(name: str) -> Place:
    try:
        return Place(name.lower())
    except ValueError:
        known = ", ".join(Place)
        raise BreathcoreError(Reason.INVALID_VALUE, name="place", value=name, bound=known) from None
