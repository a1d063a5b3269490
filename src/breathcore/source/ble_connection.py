"""One connection to one wearable, from the attempt on: subscriptions, reads and writes, each within its time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakCharacteristicNotFoundError, BleakError
from bleak.uuids import normalize_uuid_str

from breathcore.model.device import CharacteristicSpec, CharacteristicUse, DeviceSpec
from breathcore.model.packets import Request, Write
from breathcore.source.ble_errors import describe
from breathcore.source.ble_radio import Radio

_STREAMS = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}
_ECHO_S = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for the radio, in seconds."""

    find_s: float = 15.0
    connect_s: float = 10.0
    configure_s: float = 15.0
    request_s: float = 5.0
    release_s: float = 1.0


USUAL_LIMITS = Limits()


class Owner(Protocol):
    """Who holds a connection and is told what it brings. It knows which connection is the present one."""

    def dropped(self, connection: "Connection") -> None:
        """Take note that it is gone."""
        ...

    def notified(self, connection: "Connection", endpoint: str, payload: bytes) -> None:
        """Take a notification."""
        ...

    def wrote(self, connection: "Connection", endpoint: str, payload: bytes) -> None:
        """Take note of a write that is about to be sent."""
        ...

    def got(self, endpoint: str, payload: bytes) -> None:
        """Take a value that was read."""
        ...

    def fault(self, endpoint: str, words: str) -> None:
        """Take note of something that was not done."""
        ...


class Connection:
    """A client and what is asked of it. `task` is whoever connects, subscribes and serves; it ends by being cancelled.

    Requests are carried out one at a time, in order, none before the subscriptions are done. BlueZ notifies a value
    that is read, too: such echoes are dropped, before they look like news.
    """

    def __init__(self, device: BLEDevice, spec: DeviceSpec, radio: Radio, limits: Limits, owner: Owner) -> None:
        self.address = device.address
        self.client = BleakClient(device, lambda _: owner.dropped(self), timeout=limits.connect_s, backend=radio.client)
        self.task: asyncio.Task[None] | None = None
        self._owner, self._limits = owner, limits
        self._outbox: asyncio.Queue[Request] = asyncio.Queue()
        self._reading = ""
        self._meanwhile: list[bytes] = []  # notified by the characteristic that is being read
        self._echo = ("", b"", 0.0)  # what may still be notified, where, and until when
        self._characteristics: Mapping[str, tuple[str, CharacteristicSpec]] = {
            f"{endpoint.id}.{c.name}": (endpoint.service_uuid, c)
            for endpoint in spec.endpoints
            for c in endpoint.characteristics
        }

    async def subscribe(self, wanted: frozenset[str]) -> frozenset[str]:
        """Subscribe to every stream: a control point refuses writes until its indications are on.

        Returns those that may notify. One that cannot be had is a FAULT; where none of `wanted` can (or, where nothing
        is wanted, none at all), what the last one raised is raised.
        """
        streams = [name for name, (_, spec) in self._characteristics.items() if _STREAMS & set(spec.uses)]
        subscribed: set[str] = set()
        last: Exception = BleakError("no stream")
        for endpoint in streams:
            try:
                async with asyncio.timeout(self._limits.request_s):
                    await self.client.start_notify(self._find(endpoint), partial(self._notified, endpoint))
                subscribed.add(endpoint)
            except Exception as error:  # of any type: the other streams may do
                last = error
                self._owner.fault(endpoint, describe(error))
        if not subscribed & (wanted or set(streams)):
            raise last
        return frozenset(subscribed)

    def ask(self, request: Request) -> None:
        """Put a request in line."""
        self._outbox.put_nowait(request)

    async def serve(self) -> None:
        """Carry out requests, for ever."""
        while True:
            request = await self._outbox.get()
            try:
                async with asyncio.timeout(self._limits.request_s):
                    await self._carry_out(request)
            except Exception as error:  # of any type: one failed request must not end the others
                self._owner.fault(request.endpoint, describe(error))
            finally:
                self._outbox.task_done()

    async def done(self) -> None:
        """Wait until all that was asked for has been carried out."""
        await self._outbox.join()

    def unanswered(self) -> tuple[Request, ...]:
        """Return, and forget, the requests that are still in line."""
        return tuple(self._outbox.get_nowait() for _ in range(self._outbox.qsize()))

    async def _carry_out(self, request: Request) -> None:
        """Do what `request` says. A write is told right before it is sent, so it always stands before its answer."""
        characteristic = self._find(request.endpoint)
        if isinstance(request, Write):
            self._owner.wrote(self, request.endpoint, request.payload)
            await self.client.write_gatt_char(characteristic, request.payload, response=True)
        else:
            await self._read(request.endpoint, characteristic)

    async def _read(self, endpoint: str, characteristic: BleakGATTCharacteristic) -> None:
        self._reading = endpoint
        try:
            value = bytes(await self.client.read_gatt_char(characteristic))
            self._echo = (endpoint, value, asyncio.get_running_loop().time() + _ECHO_S)
            self._owner.got(endpoint, value)
        finally:
            self._reading = ""
            meanwhile, self._meanwhile = self._meanwhile, []
            for payload in meanwhile:
                self._pass_on(endpoint, payload)

    def _notified(self, endpoint: str, _: BleakGATTCharacteristic, data: bytearray) -> None:
        if endpoint == self._reading:
            self._meanwhile.append(bytes(data))
        else:
            self._pass_on(endpoint, bytes(data))

    def _pass_on(self, endpoint: str, payload: bytes) -> None:
        where, echo, until_s = self._echo
        if (endpoint, payload) == (where, echo) and asyncio.get_running_loop().time() < until_s:
            self._echo = ("", b"", 0.0)
        else:
            self._owner.notified(self, endpoint, payload)

    def _find(self, endpoint: str) -> BleakGATTCharacteristic:
        """Return the characteristic behind an endpoint. Raises BleakCharacteristicNotFoundError, KeyError."""
        service_uuid, spec = self._characteristics[endpoint]
        for service in self.client.services:
            if service.uuid == normalize_uuid_str(service_uuid):
                characteristic = service.get_characteristic(spec.uuid)
                if characteristic is not None:
                    return characteristic
        raise BleakCharacteristicNotFoundError(spec.uuid)
