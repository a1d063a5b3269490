"""Which profile an advertisement belongs to.

Three tiers, the tighter first; a profile stands in one of them only:

1. by name: profiles with `name_prefixes`; the longest prefix that fits wins, nothing else of them is looked at;
2. by maker: profiles without prefixes, with a `manufacturer_id` (and one of `service_uuids`, where given);
3. by service: profiles with `service_uuids` alone.
"""

from collections.abc import Collection, Sequence
from enum import IntEnum

from breathcore.model.device import DeviceSpec, MatchSpec, Status

Claim = tuple[int, int]  # tier, and how much fits within it
NO_CLAIM: Claim = (0, 0)

_BASE_UUID = "0000{}-0000-1000-8000-00805f9b34fb"
_SHORT = 4


class _Tier(IntEnum):
    SERVICE = 1
    MAKER = 2
    NAME = 3


def full_uuid(uuid: str) -> str:
    """Return the 128-bit lower-case form of a 16- or 128-bit UUID."""
    low = uuid.lower()
    return _BASE_UUID.format(low) if len(low) == _SHORT else low


def match(
    devices: Sequence[DeviceSpec],
    name: str,
    service_uuids: Collection[str],
    manufacturer_ids: Collection[int],
) -> DeviceSpec | None:
    """Return the profile that an advertisement belongs to, or None; never one that is unverified."""
    best, found = NO_CLAIM, None
    for device in devices:
        if device.status is Status.UNVERIFIED:
            continue
        own = claim(device, name, service_uuids, manufacturer_ids)
        if own > best:
            best, found = own, device
    return found


def claim(device: DeviceSpec, name: str, service_uuids: Collection[str], manufacturer_ids: Collection[int]) -> Claim:
    """Return how strongly a profile claims an advertisement, unverified or not: the greater has it."""
    return _strength(device.match, name, {full_uuid(u) for u in service_uuids}, manufacturer_ids)


def claims(a: DeviceSpec, b: DeviceSpec) -> bool:
    """Return whether both profiles would claim one advertisement with equal right."""
    tier = _tier(a.match)
    if tier is not _tier(b.match):
        return False
    if tier is _Tier.NAME:
        return not set(a.match.name_prefixes).isdisjoint(b.match.name_prefixes)
    if a.match.manufacturer_id != b.match.manufacturer_id:
        return False
    ours, theirs = _services(a.match), _services(b.match)
    return not ours.isdisjoint(theirs) or (tier is _Tier.MAKER and not (ours and theirs))


def _tier(spec: MatchSpec) -> _Tier:
    if spec.name_prefixes:
        return _Tier.NAME
    return _Tier.SERVICE if spec.manufacturer_id is None else _Tier.MAKER


def _services(spec: MatchSpec) -> set[str]:
    return {full_uuid(u) for u in spec.service_uuids}


def _strength(spec: MatchSpec, name: str, services: set[str], makers: Collection[int]) -> Claim:
    tier = _tier(spec)
    if tier is _Tier.NAME:
        length = max((len(p) for p in spec.name_prefixes if name.startswith(p)), default=0)
        return (tier, length) if length else NO_CLAIM
    own = _services(spec)
    fits = (not own or not own.isdisjoint(services)) and (tier is _Tier.SERVICE or spec.manufacturer_id in makers)
    return (tier, len(own & services)) if fits else NO_CLAIM
