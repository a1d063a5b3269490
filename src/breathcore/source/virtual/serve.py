"""A simulated wearable over a real Bluetooth controller, for another computer to find."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bumble.core import BaseBumbleError
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address
from bumble.transport import open_transport
from bumble.transport.common import Transport

from breathcore.model.errors import RadioError, Reason
from breathcore.source.sim.wearer import WearerSpec
from breathcore.source.virtual.devices import VirtualDevice, address
from breathcore.source.virtual.peripheral import Peripheral

_ANSWER_S = 15.0


class OnWire:
    """Reach of a wearable on a real controller, which cannot be made to fall silent as air does.

    While it is lost its notifications are withheld (`Transport` sees to that), but requests are still answered.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._tasks: set[asyncio.Task[None]] = set()

    def lose(self) -> None:
        """Do nothing: notifications are withheld as it is."""

    def cut(self) -> None:
        """Disconnect, and advertise no more."""
        task = asyncio.get_running_loop().create_task(self._end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def restore(self) -> None:
        """Do nothing: the peripheral advertises again."""

    async def _end(self) -> None:
        await self._device.stop_advertising()
        for connection in tuple(self._device.connections.values()):
            await connection.disconnect()


@asynccontextmanager
async def served(wearable: VirtualDevice, transport: str, wearer: WearerSpec) -> AsyncIterator[Peripheral]:
    """Advertise `wearable` over the controller at `transport` (as bumble names them: ``usb:0``) while in the context.

    Raises RadioError (TRANSPORT_FAILED) where there is no such controller, or it does not answer.
    """
    hci = await _opened(transport)
    try:
        device = Device.from_config_with_hci(
            DeviceConfiguration(name=wearable.spec.name, address=Address(address(1))), hci.source, hci.sink
        )
        peripheral = Peripheral(wearable, wearer, device, 1)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await device.power_on()
                await peripheral.start(OnWire(device))
        except (TimeoutError, BaseBumbleError, OSError) as error:
            raise _failed(transport, error) from error
        try:
            yield peripheral
        finally:
            await _switched_off(device)
    finally:
        await hci.close()


async def _opened(transport: str) -> Transport:
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await open_transport(transport)
    except Exception as error:  # every kind of transport has errors of its own: of sockets, of USB, of files
        raise _failed(transport, error) from error


def _failed(transport: str, error: Exception) -> RadioError:
    detail = str(error).strip() or type(error).__name__
    return RadioError(Reason.TRANSPORT_FAILED, transport=transport, detail=detail)


async def _switched_off(device: Device) -> None:
    """End connections and advertising; a controller that is gone has ended them already."""
    try:
        async with asyncio.timeout(1.0):
            await device.stop_advertising()
            for connection in tuple(device.connections.values()):
                await connection.disconnect()
            await device.power_off()
    except (TimeoutError, BaseBumbleError, OSError):
        pass
