"""Bluetooth Low Energy straps and belts as a source of packets: the only room that knows bleak.

Everything here runs on one asyncio loop in one thread. Callbacks of the radio are plain functions that stamp the
time first and put the bytes in a queue: coroutine callbacks would run as tasks of no promised order. Every wait on
the radio has a time limit (`Limits`).

What the platforms do, and what follows: short UUIDs are not expanded, so all are normalised here; the order of
services is arbitrary and `mtu_size` is not reliable, so neither is used; a dead system bus raises OSError, not
BleakError; after a drop a new client is needed, found by a new scan.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakCharacteristicNotFoundError, BleakError
from bleak.uuids import normalize_uuid_str

from breathcore.catalog.match import match
from breathcore.model.device import CharacteristicSpec, CharacteristicUse, DeviceSpec
from breathcore.model.drill import Timeline
from breathcore.model.errors import RadioError, Reason
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet, Request, Write
from breathcore.model.protocols import SourceInfo
from breathcore.source.ble_errors import describe, radio_error, reason_of

_STREAMS = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for the radio. `pauses_s` are the waits before each reconnect attempt, the last repeated."""

    find_s: float = 15.0
    connect_s: float = 20.0
    request_s: float = 5.0
    release_s: float = 1.0
    pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Found:
    """A device that advertises. `rssi` is in dBm; `profile` is the wearable it is, None where unknown."""

    name: str
    address: str
    rssi: int
    service_uuids: tuple[str, ...]
    manufacturer_ids: tuple[int, ...]
    profile: DeviceSpec | None


async def scan_for(
    seconds: float,
    devices: Sequence[DeviceSpec],
    on_found: Callable[[Found], None] = lambda _: None,
    *,
    backend: type[BaseBleakScanner] | None = None,
) -> tuple[Found, ...]:
    """Listen for `seconds` and return what advertises, the strongest first.

    `on_found` is called when a device is first heard and when it has become better known (its name or services);
    `backend` replaces the platform's radio. Raises RadioError: no adapter, switched off, no permission, no service.
    """
    heard: dict[str, Found] = {}
    async with _advertisements(backend, Limits()) as queue:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    found = _found(*await queue.get(), devices)
            except TimeoutError:
                break
            known = heard.get(found.address)
            heard[found.address] = found
            if known is None or _identity(known) != _identity(found):
                on_found(found)
    return tuple(sorted(heard.values(), key=lambda f: -f.rssi))


class BleSource:
    """Live wearables.

    Parameters
    ----------
    devices : sequence of (str, DeviceSpec)
        Address or advertised name, and what the wearable is. "" or the spec's name takes the first that matches it.
    scanner, client : optional
        Bleak backends in place of the platform's own.
    limits : Limits
        How long to wait for the radio.

    In packets and events a device goes by its spec's id (``polar_h10``; a second one is ``polar_h10-2``), so that
    recordings carry no hardware address.
    """

    def __init__(
        self,
        devices: Sequence[tuple[str, DeviceSpec]],
        *,
        scanner: type[BaseBleakScanner] | None = None,
        client: type[BaseBleakClient] | None = None,
        limits: Limits = Limits(),
    ) -> None:
        self._links = {name: _Link(name, target, spec) for name, target, spec in _named(devices)}
        self._scanner = scanner
        self._client = client
        self._limits = limits
        self._queue: asyncio.Queue[Packet | LinkEvent | None] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()  # adapters scan for, and connect to, one device at a time
        self._keepers: list[asyncio.Task[None]] = []
        self._senders: list[asyncio.Task[None]] = []
        self._closed = False

    async def open(self) -> SourceInfo:
        """Find every device, then connect and subscribe. The session clock starts when all are found.

        Raises RadioError (the radio's own reasons, DEVICE_NOT_FOUND, CONNECT_FAILED); nothing stays connected then.
        """
        self._senders = [asyncio.create_task(self._send(link)) for link in self._links.values()]
        try:
            found = await self._find(self._links.values())
            t0_host_ns = time.monotonic_ns()
            for link, device in found:
                await self._connect(link, device)
        except BaseException:
            await self.close()
            raise
        self._keepers = [asyncio.create_task(self._keep(link)) for link in self._links.values()]
        devices = tuple((link.device, link.spec) for link in self._links.values())
        return SourceInfo(devices, t0_host_ns, virtual_time=False)

    async def events(self) -> AsyncIterator[Packet | LinkEvent | Advance]:
        """Yield packets and link events in order until `close`; ended by CLOSED for every device."""
        while (item := await self._queue.get()) is not None:
            yield item

    async def request(self, device: str, request: Request) -> None:
        """Ask for a write (with response) or a read; returns at once, so that a slow device delays nobody.

        Requests of one device are carried out one at a time, in order. A write's packet is queued right before the
        write is sent, so it always stands before the device's answer. Whatever fails becomes a FAULT event.
        """
        link = self._links[device]
        link.outbox.put_nowait((link.client, request))

    def show(self, timeline: Timeline) -> None:
        """People see the window itself."""

    async def close(self) -> None:
        """Send what was still asked for, disconnect everything and end `events`. May be called more than once.

        Takes at most twice `Limits.release_s`.
        """
        if self._closed:
            return
        self._closed = True
        await _cancelled(self._keepers)  # first, or one might connect again behind our back
        await asyncio.gather(*(self._hang_up(link) for link in self._links.values()))
        await _cancelled(self._senders)
        self._queue.put_nowait(None)

    async def _find(self, links: Iterable["_Link"]) -> list[tuple["_Link", BLEDevice]]:
        missing = {link.device: link for link in links}
        found: list[tuple[_Link, BLEDevice]] = []
        async with _advertisements(self._scanner, self._limits) as queue:
            try:
                async with asyncio.timeout(self._limits.find_s):
                    while missing:
                        device, heard = await queue.get()
                        for link in [ln for ln in missing.values() if ln.is_target(device, heard)][:1]:
                            found.append((missing.pop(link.device), device))
            except TimeoutError:
                link = next(iter(missing.values()))
                raise RadioError(
                    Reason.DEVICE_NOT_FOUND, device=link.target or link.spec.name, seconds=self._limits.find_s
                ) from None
        for link, device in found:
            self._emit(link, LinkKind.FOUND, device.name or "")
        return found

    async def _connect(self, link: "_Link", device: BLEDevice) -> None:
        """Connect and subscribe. Requests that CONNECTED provokes wait at the lock until all is subscribed."""
        self._emit(link, LinkKind.CONNECTING)
        client = BleakClient(device, partial(self._dropped, link), timeout=self._limits.connect_s, backend=self._client)
        async with link.lock:
            try:
                async with asyncio.timeout(self._limits.connect_s):
                    await client.connect()
                link.client = client
                self._emit(link, LinkKind.CONNECTED)
                await self._subscribe(link, client)
            except BaseException as error:
                self._dropped(link, client)
                await self._release(client)
                if not isinstance(error, Exception):
                    raise
                facts: dict[str, str | float] = {"device": link.spec.name, "seconds": self._limits.connect_s}
                raise radio_error(error, Reason.CONNECT_FAILED, **facts) from error

    async def _subscribe(self, link: "_Link", client: BleakClient) -> None:
        """Subscribe to every stream: a control point refuses writes until its indications are on.

        A characteristic that this device lacks is a FAULT; none at all, or a drop meanwhile, raises BleakError.
        """
        streams = [name for name, (_, spec) in link.characteristics.items() if _STREAMS & set(spec.uses)]
        failed = 0
        for endpoint in streams:
            try:
                async with asyncio.timeout(self._limits.request_s):
                    await client.start_notify(
                        link.characteristic(client, endpoint), partial(self._notified, link, endpoint)
                    )
            except Exception as error:  # of any type: the other streams may do
                failed += 1
                self._emit(link, LinkKind.FAULT, f"{endpoint}: {describe(error)}")
        if not client.is_connected or failed == len(streams):
            raise BleakError("no stream could be subscribed to")

    async def _send(self, link: "_Link") -> None:
        """Carry out the requests of one device, for ever."""
        while True:
            client, request = await link.outbox.get()
            async with link.lock:
                await self._try(link, client, request)
            link.outbox.task_done()

    async def _try(self, link: "_Link", client: BleakClient | None, request: Request) -> None:
        if client is None or client is not link.client:
            self._emit(link, LinkKind.FAULT, f"{request.endpoint}: not connected")
            return
        try:
            async with asyncio.timeout(self._limits.request_s):
                await self._carry_out(link, client, request)
        except Exception as error:  # of any type: one failed request must not end the other devices
            self._emit(link, LinkKind.FAULT, f"{request.endpoint}: {describe(error)}")

    async def _carry_out(self, link: "_Link", client: BleakClient, request: Request) -> None:
        characteristic = link.characteristic(client, request.endpoint)
        if isinstance(request, Write):
            self._packet(link, request.endpoint, Direction.WRITE, request.payload)
            await client.write_gatt_char(characteristic, request.payload, response=True)
        else:
            value = await client.read_gatt_char(characteristic)
            self._packet(link, request.endpoint, Direction.READ, value)

    async def _keep(self, link: "_Link") -> None:
        """Reconnect after every drop, as long as it takes; ends by being cancelled."""
        while True:
            await link.dropped.wait()
            said: Reason | None = None
            for pause_s in chain(self._limits.pauses_s, repeat(self._limits.pauses_s[-1])):
                await asyncio.sleep(pause_s)
                link.dropped.clear()
                try:
                    async with self._one_at_a_time:
                        [(_, device)] = await self._find([link])
                        await self._connect(link, device)
                    break
                except Exception as error:  # of any type: the next attempt may do
                    reason = reason_of(error, Reason.CONNECT_FAILED)
                    if reason is not said:
                        self._emit(link, LinkKind.FAULT, reason.value)
                    said = reason

    async def _hang_up(self, link: "_Link") -> None:
        if link.client is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.release_s):
                    await link.outbox.join()
        client, link.client = link.client, None
        if client is not None:
            await self._release(client)
        self._emit(link, LinkKind.CLOSED)

    async def _release(self, client: BleakClient) -> None:
        """Disconnect; a link that is already broken, or that does not answer, is released all the same."""
        with suppress(Exception):
            async with asyncio.timeout(self._limits.release_s):
                await client.disconnect()

    def _dropped(self, link: "_Link", client: BleakClient) -> None:
        if link.client is not client:
            return
        link.client = None
        self._emit(link, LinkKind.LOST)
        link.dropped.set()

    def _notified(self, link: "_Link", endpoint: str, _: BleakGATTCharacteristic, data: bytearray) -> None:
        self._packet(link, endpoint, Direction.NOTIFY, data)

    def _packet(self, link: "_Link", endpoint: str, direction: Direction, data: bytes | bytearray) -> None:
        t_host_ns = time.monotonic_ns()
        self._queue.put_nowait(Packet(link.device, endpoint, direction, t_host_ns, bytes(data)))

    def _emit(self, link: "_Link", kind: LinkKind, detail: str = "") -> None:
        self._queue.put_nowait(LinkEvent(link.device, time.monotonic_ns(), kind, detail))


@dataclass(slots=True, eq=False)
class _Link:
    """One wearable: its connection, None while there is none, and the lock that orders what is asked of it."""

    device: str
    target: str
    spec: DeviceSpec
    client: BleakClient | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: asyncio.Queue[tuple[BleakClient | None, Request]] = field(default_factory=asyncio.Queue)
    characteristics: Mapping[str, tuple[str, CharacteristicSpec]] = field(init=False)

    def __post_init__(self) -> None:
        self.characteristics = {
            f"{endpoint.id}.{c.name}": (endpoint.service_uuid, c)
            for endpoint in self.spec.endpoints
            for c in endpoint.characteristics
        }

    def is_target(self, device: BLEDevice, heard: AdvertisementData) -> bool:
        """Whether an advertisement is this wearable's."""
        if self.target in ("", self.spec.name):
            return _found(device, heard, (self.spec,)).profile is not None
        names = (device.address, device.name or "", heard.local_name or "")
        return self.target.casefold() in (name.casefold() for name in names)

    def characteristic(self, client: BleakClient, endpoint: str) -> BleakGATTCharacteristic:
        """Return the characteristic behind an endpoint. Raises BleakCharacteristicNotFoundError, KeyError."""
        service_uuid, spec = self.characteristics[endpoint]
        for service in client.services:
            if service.uuid == normalize_uuid_str(service_uuid):
                characteristic = service.get_characteristic(spec.uuid)
                if characteristic is not None:
                    return characteristic
        raise BleakCharacteristicNotFoundError(spec.uuid)


@asynccontextmanager
async def _advertisements(
    backend: type[BaseBleakScanner] | None, limits: Limits
) -> AsyncIterator[asyncio.Queue[tuple[BLEDevice, AdvertisementData]]]:
    """Scan; yield the queue of what is heard. Raises RadioError where the radio does not start."""
    queue: asyncio.Queue[tuple[BLEDevice, AdvertisementData]] = asyncio.Queue()
    try:
        scanner = BleakScanner(lambda device, heard: queue.put_nowait((device, heard)), backend=backend)
        async with asyncio.timeout(limits.request_s):
            await scanner.start()
    except Exception as error:
        raise radio_error(error, Reason.NO_BLUETOOTH_SERVICE) from error
    try:
        yield queue
    finally:
        with suppress(Exception):  # the radio may have gone while scanning: what was heard still counts
            async with asyncio.timeout(limits.release_s):
                await scanner.stop()


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _found(device: BLEDevice, heard: AdvertisementData, devices: Sequence[DeviceSpec]) -> Found:
    name = heard.local_name or device.name or ""
    services, makers = tuple(sorted(heard.service_uuids)), tuple(sorted(heard.manufacturer_data))
    return Found(name, device.address, heard.rssi, services, makers, match(devices, name, services, makers))


def _identity(found: Found) -> tuple[str, tuple[str, ...]]:
    return found.name, found.service_uuids


def _named(devices: Sequence[tuple[str, DeviceSpec]]) -> Iterable[tuple[str, str, DeviceSpec]]:
    count: dict[str, int] = {}
    for target, spec in devices:
        n = count[spec.id] = count.get(spec.id, 0) + 1
        yield spec.id if n == 1 else f"{spec.id}-{n}", target, spec
