"""The simulator as a source of a session: the same port as radio and replay."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from breathcore.model.device import DeviceSpec
from breathcore.model.drill import Timeline
from breathcore.model.packets import Advance, Request
from breathcore.model.protocols import SourceInfo
from breathcore.source.sim.faults import NO_FAULTS, Damage, FaultSpec
from breathcore.source.sim.simulation import Item, Simulation
from breathcore.source.sim.trunk.live import NOTHING
from breathcore.source.sim.trunk.script import Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.truth import Truth
from breathcore.source.sim.wearer import WearerSpec

__all__ = ["SimSource"]


class SimSource:
    """A simulated wearer with one simulated strap or several. Never sleeps: whoever reads it sets the pace.

    Parameters
    ----------
    devices : DeviceSpec | sequence of (str, DeviceSpec)
        The strap, or several by their keys, with their places.
    wearer : WearerSpec
        The person, and the seed of everything.
    faults : FaultSpec | mapping of str to FaultSpec
        What goes wrong with all of them, or with some.
    until_s : float | None
        Session time at which `events` ends; None: when closed.
    timeline : Timeline | None
        What the person sees from the start; `show` changes it.
    trunk : TrunkSpec | None
        The person's trunk, on which devices with a place are worn; the breath is that one's.
    movement : str
        What the person does where a timeline asks for a movement ("": nothing).
    happens : Script
        Postures, and what becomes of the sensors on the trunk: slips, put on anew, exchanged.

    The reader must handle each item (and make its `request` and `show` calls) before it takes the next.
    """

    def __init__(
        self,
        devices: DeviceSpec | Sequence[tuple[str, DeviceSpec]],
        wearer: WearerSpec,
        faults: FaultSpec | Mapping[str, FaultSpec] = NO_FAULTS,
        *,
        until_s: float | None = None,
        timeline: Timeline | None = None,
        trunk: TrunkSpec | None = None,
        movement: str = "",
        happens: Script = NOTHING,
    ) -> None:
        self.simulation = Simulation(
            devices,
            wearer,
            faults,
            timeline=timeline,
            until_s=until_s,
            trunk=trunk,
            movement=movement,
            happens=happens,
        )

    async def open(self) -> SourceInfo:
        """Return what there is: the devices, a fixed zero, virtual time."""
        return self.simulation.info

    async def events(self) -> AsyncIterator[Item]:
        """Yield packets, link events and an `Advance` every 50 ms, in virtual-time order."""
        for item in self.simulation:
            if isinstance(item, Advance):
                await asyncio.sleep(0)  # takes no time, but lets the loop's other tasks run
            yield item

    async def request(self, device: str, request: Request) -> None:
        """Carry out a request at the virtual time of the last item. Raises KeyError for another device."""
        self.simulation.request(request, device)

    def show(self, timeline: Timeline | None) -> None:
        """Let the wearer see `timeline` from now on."""
        self.simulation.show(timeline)

    async def close(self) -> None:
        """End `events` within 0.1 s of virtual time."""
        self.simulation.end()

    def truth(self) -> Truth:
        """Return what really happened so far, for checks after the run."""
        return self.simulation.truth()

    @property
    def damage(self) -> Damage:
        """How many notifications the faults have spoilt."""
        return self.simulation.damage
