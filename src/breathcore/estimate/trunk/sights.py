"""What can be measured with sensors at these places: from places and streams, before anything is worn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from breathcore.estimate.trunk.site import Site, SiteKind
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import RING

LOWEST_HZ = 5.0
BELTS = (Role.BELT, Role.ABDOMEN_BELT)
LEVEL = {Place.STERNUM: Place.STERNUM, Place.NAVEL: Place.NAVEL}
"""Where a tape is read for the site: round the chest, the waist, else round the lower ribs (Place.LEFT)."""


class Measure(StrEnum):
    """What can be measured on the trunk; the value is also the id of its name (`measure.<value>`)."""

    RATE = "rate"
    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    BACK = "back"
    RIB_BELLY = "rib-belly"  # the ribs' part of the breath, and how far the belly lags
    SYMMETRY = "symmetry"
    SCORE = "score"  # the 360° score
    BRACE = "brace"
    POSTURE = "posture"
    REPS = "reps"
    STEADINESS = "steadiness"
    LUMBAR = "lumbar"  # how far the lower back bends


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether something can be measured, by which sensors (channel ids), and whether only roughly."""

    measure: Measure
    sources: tuple[str, ...] = ()
    coarse: bool = False

    @property
    def seen(self) -> bool:
        """Whether it can be measured at all."""
        return bool(self.sources)


def level_of(place: Place) -> Place:
    """Return the level at which a tape shows what `place` does."""
    return LEVEL.get(place, Place.LEFT)


def sites_of(channels: Iterable[ChannelSpec]) -> tuple[Site, ...]:
    """Return the sites that channels with a place make: accelerometers (with the same device's gyroscope) and belts.

    The first of a kind at a place counts; IMUs come before belts. An abdomen belt of which nobody said where it is worn
    is at the navel.
    """
    sites: dict[tuple[Place, SiteKind], Site] = {}
    channels = tuple(channels)
    gyros = [c for c in channels if c.role is Role.GYRO and c.rate_hz >= LOWEST_HZ]
    for channel in channels:
        site = _site(channel, gyros)
        if site is not None:
            sites.setdefault((site.place, site.kind), site)
    return tuple(sorted(sites.values(), key=lambda s: (list(Place).index(s.place), list(SiteKind).index(s.kind))))


def _site(channel: ChannelSpec, gyros: Sequence[ChannelSpec]) -> Site | None:
    place = Place.NAVEL if channel.role is Role.ABDOMEN_BELT and channel.place is None else channel.place
    if place is None or channel.rate_hz < LOWEST_HZ:
        return None
    if channel.role in BELTS:
        return Site(place, SiteKind.BELT, channel)
    if channel.role is Role.CHEST_ACC:
        return Site(place, SiteKind.IMU, channel, _gyro_of(channel, gyros))
    return None


def _gyro_of(acc: ChannelSpec, gyros: Sequence[ChannelSpec]) -> ChannelSpec | None:
    """Return the gyroscope of the same device: worn at the same place, of the same key where both ids have one."""
    key = acc.id.rpartition(".")[0]
    here = [g for g in gyros if g.place is acc.place]
    alike = [g for g in here if g.id.rpartition(".")[0] == key]
    others = [g for g in here if not (key and g.id.rpartition(".")[0])]
    return next(iter((*alike, *others)), None)


def found(sites: Iterable[Site], place: Place, *kinds: SiteKind) -> Site | None:
    """Return the site at `place` of the first of `kinds` that is there (any kind if none is named)."""
    here = [s for s in sites if s.place is place]
    for kind in kinds or tuple(SiteKind):
        for site in here:
            if site.kind is kind:
                return site
    return None


def front_of(sites: Iterable[Site]) -> Site | None:
    """Return what shows the front: the sensor on the sternum, else the belt round the chest (which shows all of it)."""
    return found(sites, Place.STERNUM, SiteKind.IMU, SiteKind.BELT)


def ring_of(sites: Sequence[Site]) -> tuple[Site, ...]:
    """Return the sites of the 360° score that are there: front, left, right, back."""
    ring = (front_of(sites), *(found(sites, place, SiteKind.IMU, SiteKind.BELT) for place in RING[1:]))
    return tuple(s for s in ring if s is not None)


def ribs_of(sites: Sequence[Site]) -> tuple[Site, ...]:
    """Return what shows the rib cage: the chest's belt, else the sternum, else both sides."""
    chest = found(sites, Place.STERNUM, SiteKind.BELT, SiteKind.IMU)
    if chest is not None:
        return (chest,)
    sides = [found(sites, Place.LEFT), found(sites, Place.RIGHT)]
    return tuple(s for s in sides if s is not None)


def belly_of(sites: Iterable[Site]) -> Site | None:
    """Return what shows the belly: the waist's belt, else the sensor at the navel."""
    return found(sites, Place.NAVEL, SiteKind.BELT, SiteKind.IMU)


def waist_of(sites: Iterable[Site]) -> Site | None:
    """Return what shows the brace: the waist's belt. A tilt of the belly does not (docs/trunk.md has the figures)."""
    return found(sites, Place.NAVEL, SiteKind.BELT)


def lumbar_of(sites: Sequence[Site]) -> tuple[Site | None, Site | None]:
    """Return what shows the lower back: sensors at trunk and pelvis, both with a gyroscope; None: not there."""
    turning = [s for s in sites if s.kind is SiteKind.IMU and s.gyro is not None]
    trunk = found(turning, Place.BACK) or found(turning, Place.STERNUM)
    return trunk, found(turning, Place.PELVIS)


def posture_sources(sites: Sequence[Site]) -> tuple[str, ...]:
    """Return the sensors that posture is told from: the best on the trunk, and the pelvis'."""
    best = (found(sites, place, SiteKind.IMU) for place in (Place.STERNUM, Place.BACK, Place.LEFT, Place.RIGHT))
    trunk = next((s.source for s in best if s is not None), None)
    pelvis = found(sites, Place.PELVIS, SiteKind.IMU) or found(sites, Place.NAVEL, SiteKind.IMU)
    return tuple(s for s in (trunk, None if pelvis is None else pelvis.source) if s is not None)


def sights(channels: Iterable[ChannelSpec]) -> Mapping[Measure, Sight]:
    """Return what can be measured with `channels`, by which of them. One midline strap never shows left or right."""
    channels = tuple(channels)
    sites = sites_of(channels)
    left, right = found(sites, Place.LEFT), found(sites, Place.RIGHT)
    front, back, belly = front_of(sites), found(sites, Place.BACK), belly_of(sites)
    ribs, ring = ribs_of(sites), ring_of(sites)
    imus = [s for s in sites if s.kind is SiteKind.IMU]
    pelvis = found(imus, Place.PELVIS)
    seen: dict[Measure, Sight] = {
        Measure.RATE: Sight(Measure.RATE, tuple(s.source for s in sites if s.place is not Place.PELVIS)),
        Measure.FRONT: _sight(Measure.FRONT, (front,), coarse=front is not None and front.kind is SiteKind.BELT),
        Measure.LEFT: _sight(Measure.LEFT, (left,)),
        Measure.RIGHT: _sight(Measure.RIGHT, (right,)),
        Measure.BACK: _sight(Measure.BACK, (back,)),
        Measure.RIB_BELLY: _sight(Measure.RIB_BELLY, (*(ribs or (None,)), belly)),
        Measure.SYMMETRY: _sight(Measure.SYMMETRY, (left, right)),
        Measure.SCORE: _sight(Measure.SCORE, ring if len(ring) == len(RING) else (None,)),
        Measure.BRACE: _sight(Measure.BRACE, (waist_of(sites),)),
        Measure.POSTURE: _sight(Measure.POSTURE, tuple(imus) or (None,), coarse=pelvis is None),
        Measure.REPS: _sight(Measure.REPS, tuple(imus) or (None,), coarse=pelvis is None),
        Measure.STEADINESS: _sight(Measure.STEADINESS, (pelvis,), coarse=pelvis is not None and pelvis.gyro is None),
        Measure.LUMBAR: _sight(Measure.LUMBAR, lumbar_of(imus)),
    }
    return seen


def _sight(measure: Measure, sites: Iterable[Site | None], *, coarse: bool = False) -> Sight:
    """Return a sight that needs all of `sites`."""
    there = tuple(sites)
    if any(s is None for s in there):
        return Sight(measure)
    return Sight(measure, tuple(s.source for s in there if s is not None), coarse)
