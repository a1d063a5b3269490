"""A host's adapter and the wearables in reach, all in this process: one world for each running loop."""

import asyncio
from collections.abc import Callable, Mapping

from bumble.controller import Controller
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration
from bumble.hci import Address
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from breathcore.source.sim.wearer import WearerSpec
from breathcore.source.virtual.air import Air, Station
from breathcore.source.virtual.devices import VirtualDevice, address
from breathcore.source.virtual.peripheral import Peripheral

_HOST_ADDRESS = "F0:BC:00:00:00:00"
_NEAR_DBM, _FARTHER_DB = -48, 6

Heard = Callable[[Advertisement], None]


class InAir:
    """Reach of a station in the air of this process."""

    def __init__(self, air: Air, station: Controller) -> None:
        self._air, self._station = air, station

    def lose(self) -> None:
        """Mute the station."""
        self._air.mute(self._station)

    def cut(self) -> None:
        """Time out its connections."""
        self._air.cut(self._station)

    def restore(self) -> None:
        """Unmute the station."""
        self._air.unmute(self._station)


class World:
    """Wearables by their keys (``polar_h10``, ``polar_h10-2``), and the adapter that hears them.

    The adapter makes one connection at a time, as adapters do: who asks meanwhile waits.
    """

    def __init__(self, worn: Mapping[str, VirtualDevice], wearer: WearerSpec) -> None:
        self._air = Air()
        self.host = self._device(_HOST_ADDRESS)
        self.peripherals = {
            key: Peripheral(w, wearer, self._device(address(n)), n) for n, (key, w) in enumerate(worn.items(), start=1)
        }
        self._ready: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._listeners: list[Heard] = []
        self._scan_changes = asyncio.Lock()
        self.host.on(Device.EVENT_ADVERTISEMENT, self._heard)

    async def ready(self) -> None:
        """Switch everything on, once."""
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_task(self._power_on())
        await asyncio.shield(self._ready)

    def strength_dbm(self, address_: str) -> int:
        """Return how strong a wearable is heard: the later ones are farther away."""
        return _NEAR_DBM - _FARTHER_DB * (int(address_[-2:], 16) - 1)

    async def listen(self, heard: Heard) -> None:
        """Call `heard` for every advertisement from now on."""
        await self.ready()
        async with self._scan_changes:
            self._listeners.append(heard)
            if len(self._listeners) == 1:
                await self.host.start_scanning(filter_duplicates=False)

    async def stop_listening(self, heard: Heard) -> None:
        """Call `heard` no more."""
        async with self._scan_changes:
            if heard in self._listeners:
                self._listeners.remove(heard)
                if not self._listeners:
                    await self.host.stop_scanning()

    async def connect(self, address_: str, seconds: float) -> Connection:
        """Return a connection to the wearable. Raises TimeoutError where it has not been heard for `seconds`."""
        await self.ready()
        async with asyncio.timeout(seconds), self._connecting:
            pending = asyncio.ensure_future(self.host.connect(Address(address_), timeout=None))
            try:
                return await asyncio.shield(pending)
            except asyncio.CancelledError:
                await self._give_up(pending)
                raise

    async def _give_up(self, pending: "asyncio.Task[Connection]") -> None:
        """End an attempt that nobody waits for any more; a connection made in its last moment is ended too."""
        await self.host.cancel_connection()  # type: ignore[no-untyped-call]
        [made] = await asyncio.gather(pending, return_exceptions=True)
        if isinstance(made, Connection):
            await made.disconnect()

    def _heard(self, advertisement: Advertisement) -> None:
        for heard in tuple(self._listeners):
            heard(advertisement)

    def _device(self, address_: str) -> Device:
        station = Station(address_, link=self._air)
        host = Host(station, AsyncPipeSink(station))
        return Device(config=DeviceConfiguration(name=address_, address=Address(address_)), host=host)

    async def _power_on(self) -> None:
        await self.host.power_on()
        for peripheral in self.peripherals.values():
            await peripheral.device.power_on()
            [station] = [c for c in self._air.controllers if c.random_address == peripheral.device.random_address]
            await peripheral.start(InAir(self._air, station))
