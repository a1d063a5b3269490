"""Which wearables a person means: by id, by name or address, and where they are worn."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from breathcore.model.device import DeviceSpec, Place, worn
from breathcore.model.errors import BreathcoreError, RadioError, Reason
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor
from breathcore.source.ble import Found, scan_for
from breathcore.source.ble_radio import Radio

FIND_S = 15.0  # how long to listen for what was asked for by an address
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


async def recognised(sensors: Sequence[ChosenSensor], seconds: float, radio: Radio) -> tuple[ChosenSensor, ...]:
    """Return `sensors`; those asked for by an address, or a name that no file knows, as what they advertise to be.

    Listens for them, for `seconds` at most; one that no file fits stays a heart-rate strap. Raises RadioError: the
    radio's own reasons; DEVICE_NOT_FOUND for one that is not heard.
    """
    heard: dict[str, DeviceSpec | None] = {s.address.casefold(): None for s in sensors if _is_unknown(s)}
    missing, all_known = set(heard), asyncio.Event()
    if not heard:
        return tuple(sensors)

    def note(found: Found) -> None:
        for name in {found.address.casefold(), found.name.casefold()} & set(heard):
            missing.discard(name)
            heard[name] = found.profile
        if all(heard.values()):
            all_known.set()

    scan = asyncio.ensure_future(scan_for(seconds, registry.devices(), note, radio=radio))
    enough = asyncio.ensure_future(all_known.wait())
    try:
        await asyncio.wait([scan, enough], return_when=asyncio.FIRST_COMPLETED)
    finally:
        enough.cancel()
        scan.cancel()
        await asyncio.wait([scan])
    if not scan.cancelled():
        scan.result()  # or raises why the radio did not listen
    for sensor in sensors:
        if sensor.address.casefold() in missing:
            raise RadioError(Reason.DEVICE_NOT_FOUND, device=sensor.address, seconds=seconds)
    return tuple(
        replace(s, device_id=spec.id) if _is_unknown(s) and (spec := heard[s.address.casefold()]) else s
        for s in sensors
    )


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


def _is_unknown(sensor: ChosenSensor) -> bool:
    return sensor.device_id == GENERIC_DEVICE and bool(sensor.address)


def _place(name: str) -> Place:
    try:
        return Place(name.lower())
    except ValueError:
        known = ", ".join(Place)
        raise BreathcoreError(Reason.INVALID_VALUE, name="place", value=name, bound=known) from None
