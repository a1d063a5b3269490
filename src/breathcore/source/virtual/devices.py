"""The wearables of a virtual radio, and the keys they go by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from breathcore.model.blocks import RawBlock
from breathcore.model.device import DeviceSpec
from breathcore.source.sim.body import nobody
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A wearable on the simulated wearer: what goes wrong with it, and who is told each block of samples it sends."""

    spec: DeviceSpec
    faults: FaultSpec = NO_FAULTS
    sent: Callable[[RawBlock], None] = nobody


def keyed(devices: Sequence[VirtualDevice]) -> Mapping[str, VirtualDevice]:
    """Return devices by the keys that a session gives them: ``polar_h10``, ``polar_h10-2``."""
    found: dict[str, VirtualDevice] = {}
    for device in devices:
        n = 1 + sum(d.spec.id == device.spec.id for d in found.values())
        found[device.spec.id if n == 1 else f"{device.spec.id}-{n}"] = device
    return found


def address(number: int) -> str:
    """Return the address of the `number`-th virtual wearable: static random, as wearables have."""
    return f"F0:BC:00:00:00:{number:02X}"
