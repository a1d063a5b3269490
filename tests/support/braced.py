"""Readings of a simulated wearer who braces: the waist's and the chest's on the grid of the trunk, and the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.drill.calibration import calibration_steps
from breathcore.estimate.trunk.brace import BraceFollower
from breathcore.estimate.trunk.brace_track import TICK_S
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.site import Site, SiteKind, SiteReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import BraceEstimate, TrunkCalibration
from breathcore.source.sim.trunk.script import Air, Ramp, Script, calibrated
from breathcore.source.sim.trunk.spec import BraceSpec, TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer

CALIBRATION = calibration_steps(5.0, trunk=True, brace=True)
AFTER_S = CALIBRATION.end_s + 0.5
HZ = 20.0
WEARER = TrunkSpec(seed=3, brace=BraceSpec(waist_cm=3.6))  # whose firm brace pulls two quiet breaths: its level is told


@dataclass(frozen=True, slots=True, eq=False)
class Braced:
    """Times (n,), waist and chest (n,), true brace as a function of time; all seen by a calibration first."""

    t_s: F64
    waist: F64
    chest: F64
    brace: Callable[[F64], F64]
    calibration: TrunkCalibration = CALIBRATION


def braced(
    *ramps: tuple[float, float, float],
    air: Sequence[Air] = (),
    end_s: float = 140.0,
    spec: TrunkSpec | None = None,
    **changes: object,
) -> Braced:
    """Return what is read of someone who is calibrated, then braces: `ramps` are (start, end, to)."""
    asked = Script(end_s, air=tuple(air), brace=tuple(Ramp(*r) for r in ramps))
    wearer = TrunkWearer(replace(spec or WEARER, **changes), calibrated(asked, CALIBRATION))
    waist, chest = (_read(wearer, place) for place in (Place.NAVEL, Place.STERNUM))
    return Braced(np.arange(len(waist)) / GRID_HZ, waist, chest, wearer.brace)


def follow(
    seen: Braced,
    *,
    chest: bool = True,
    source: str = "waist.force",
    before: Callable[[BraceFollower, float], None] | None = None,
) -> list[BraceEstimate]:
    """Return what is told of `seen`, who may brace at any time, four times a second; `before` is called before each."""
    follower = BraceFollower(source, Place.NAVEL, GRID_HZ)
    follower.ask(0.0, braced=None)
    out: list[BraceEstimate] = []
    learned = False
    for k in range(1, int(seen.t_s[-1] / TICK_S)):
        first, end = grid_n((k - 1) * TICK_S), grid_n(k * TICK_S)
        follower.push(seen.t_s[first:end], seen.waist[first:end])
        if chest:
            follower.breathe(seen.t_s[first:end], seen.chest[first:end])
        if before is not None:
            before(follower, k * TICK_S)
        out.append(follower.tick(k * TICK_S))
        if not learned and k * TICK_S >= AFTER_S:
            follower.learn(seen.calibration.steps)
            learned = True
    return out


def switched(told: Sequence[BraceEstimate], *, on: bool, from_s: float) -> float:
    """Return when the brace is told to be `on` (or off), from `from_s` on; infinity: never."""
    return next((b.t_s for b in told if b.t_s >= from_s and b.on is on), float("inf"))


def _read(wearer: TrunkWearer, place: Place) -> F64:
    channel = ChannelSpec(f"{place.value}.force", Role.BELT, "N", ("force",), HZ, place=place)
    reader = SiteReader(Site(place, SiteKind.BELT, channel))
    t_s = np.arange(int(wearer.script.end_s * HZ)) / HZ
    reader.push(channel.id, t_s, wearer.read(channel, t_s))
    reading: F64 = reader.read(0, grid_n(wearer.script.end_s - 1.0))[0]
    return reading
