"""Sensors all round a simulated trunk: chosen, named and placed as real ones are, worn by nobody."""

from collections.abc import Mapping, Sequence

from breathcore.model.device import DeviceSpec, worn
from breathcore.model.drill import DrillSpec
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.rig import TRUNK_RIG

TRUNK = frozenset({"expansion", "brace", "movement"})  # measures that take sensors all round
TRUNK_SEED = 4  # whom a demonstration shows unless another is asked for: of some the brace or a site is never told
SCHEME = "simulated:"  # what the address of a simulated sensor begins with


def rig(known: Mapping[str, DeviceSpec]) -> tuple[ChosenSensor, ...]:
    """Return the simulated sensors as a person chooses them; none where a kind of them is not `known` by its id."""
    if any(device not in known for _, device, _ in TRUNK_RIG):
        return ()
    return tuple(ChosenSensor(device, SCHEME + key, known[device].name, place) for key, device, place in TRUNK_RIG)


def all_round(drill: DrillSpec) -> bool:
    """Return whether `drill` measures what takes sensors all round."""
    return bool(TRUNK & set(drill.measures))


def all_simulated(sensors: Sequence[ChosenSensor]) -> bool:
    """Return whether nobody wears `sensors`; none: the simulated strap."""
    return all(sensor.address.startswith(SCHEME) for sensor in sensors)


def shown(*, trunk: bool) -> WearerSpec:
    """Return who wears the simulated sensors where nobody was asked for; `trunk`: all round, else the strap."""
    return WearerSpec(seed=TRUNK_SEED) if trunk else WearerSpec()


def rig_source(sensors: Sequence[ChosenSensor], wearer: WearerSpec, drill: DrillSpec | None = None) -> SimSource:
    """Return `wearer` with simulated `sensors`, on a trunk drawn by the same seed, who does the movement of `drill`."""
    devices = [(s.address.removeprefix(SCHEME), worn(registry.device(s.device_id), s.place)) for s in sensors]
    movement = "" if drill is None or drill.movement is None else drill.movement.kind
    return SimSource(devices, wearer, trunk=draw_trunk(wearer.seed), movement=movement)
