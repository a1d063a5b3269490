"""A Bluetooth radio in this process: backends for bleak, and a strap to script."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str

from breathcore.source.ble_radio import Radio

ADVERTISED_EVERY_S = 0.1


@dataclass
class FakeStrap:
    """A peripheral: `services` is service UUID → characteristic UUID → properties; `log` is what was asked of it."""

    address: str
    name: str | None
    services: dict[str, dict[str, list[str]]]
    advertised: list[str] = field(default_factory=list)
    makers: dict[int, bytes] = field(default_factory=dict)
    rssi: int = -60
    audible: bool = True
    refusals: list[BaseException] = field(default_factory=list)  # raised by the next connects
    hang: set[str] = field(default_factory=set)  # "connect", "disconnect" or characteristic UUIDs that never answer
    silent: bool = False  # out of reach, and nobody has noticed: whatever is asked of it is never answered
    connect_s: float = 0.0  # how long a connection takes
    broken: dict[str, BaseException] = field(default_factory=dict)  # characteristic UUID → what asking it raises
    values: dict[str, bytes] = field(default_factory=dict)
    on_write: Callable[[str, bytes], None] = lambda uuid, data: None
    on_read: Callable[[str], bytes] | None = None  # in place of `values`
    on_connect: Callable[[], None] = lambda: None
    on_subscribe: Callable[[str], None] = lambda uuid: None
    on_end: Callable[[], None] = lambda: None
    log: list[tuple[str, str]] = field(default_factory=list)
    client: "FakeClient | None" = None

    def notify(self, uuid: str, data: bytes) -> None:
        """Send a notification to whoever has subscribed."""
        assert self.client is not None
        self.client.callbacks[normalize_uuid_str(uuid)](bytearray(data))

    def drop(self) -> None:
        """End the connection from this side."""
        client, self.client = self.client, None
        assert client is not None
        client.end()


@dataclass
class FakeRadio:
    """The air: straps in range, and what starting a scan raises."""

    straps: list[FakeStrap] = field(default_factory=list)
    error: BaseException | None = None
    scans: int = 0
    scanning: int = 0

    @property
    def radio(self) -> Radio:
        """What a source needs to speak through this air."""
        return Radio(self.scanner, self.client)

    def fail(self, error: BaseException) -> None:
        """The adapter, the daemon or the bus goes: every link ends, scans fall silent, nothing starts any more."""
        self.error = error
        for strap in self.straps:
            if strap.client is not None:
                strap.drop()

    @property
    def scanner(self) -> type[BaseBleakScanner]:
        """A backend class for BleakScanner."""
        return type("FakeScanner", (FakeScanner,), {"radio": self})

    @property
    def client(self) -> type[BaseBleakClient]:
        """A backend class for BleakClient."""
        return type("BoundFakeClient", (FakeClient,), {"radio": self})


class FakeScanner(BaseBleakScanner):
    radio: FakeRadio

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._advertising: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self.radio.error is not None:
            raise self.radio.error
        self.radio.scans += 1
        self.radio.scanning += 1
        self._advertising = asyncio.create_task(self._advertise())

    async def stop(self) -> None:
        assert self._advertising is not None
        self.radio.scanning -= 1
        self._advertising.cancel()

    async def _advertise(self) -> None:
        while True:
            if self.radio.error is not None:
                return  # the scan is dead, and nobody is told
            for strap in self.radio.straps:
                if not strap.silent and strap.audible and strap.client is None:
                    heard = AdvertisementData(
                        strap.name,
                        strap.makers,
                        {},
                        [normalize_uuid_str(u) for u in strap.advertised],
                        None,
                        strap.rssi,
                        (),
                    )
                    device = self.create_or_update_device(strap.address, strap.address, strap.name, strap, heard)
                    self.call_detection_callbacks(device, heard)
            await asyncio.sleep(ADVERTISED_EVERY_S)


class FakeClient(BaseBleakClient):
    radio: FakeRadio

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs.get("disconnected_callback"),
            timeout=kwargs.get("timeout", 1.0),
        )
        assert isinstance(address_or_ble_device, BLEDevice), "connecting by address makes bleak scan again"
        self.strap: FakeStrap = address_or_ble_device.details
        self.callbacks: dict[str, Callable[[bytearray], None]] = {}
        self._connected = False

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._connected

    async def connect(self, pair: bool, **_: Any) -> None:
        self.strap.log.append(("connect", ""))
        if self.radio.error is not None:
            raise self.radio.error
        await asyncio.sleep(self.strap.connect_s)
        await self._answer("connect")
        if self.strap.refusals:
            raise self.strap.refusals.pop(0)
        self.services = self._discover()
        assert self.strap.client is None, "connected twice"
        self.strap.client = self
        self._connected = True
        self.strap.on_connect()

    async def disconnect(self) -> None:
        self.strap.log.append(("disconnect", ""))
        await self._answer("disconnect")
        if self._connected:
            self.strap.client = None
            self.end()

    def end(self) -> None:
        """What the platform reports when a link ends, whoever ended it."""
        self._connected = False
        self.strap.on_end()
        self.services = None
        self.callbacks.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: Any, **_: Any) -> None:
        await self._ask("subscribe", characteristic)
        assert characteristic.uuid not in self.callbacks, "subscribed twice"
        self.callbacks[characteristic.uuid] = callback
        self.strap.on_subscribe(characteristic.uuid)

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self._ask("write" if response else "write without response", characteristic)
        self.strap.on_write(characteristic.uuid, bytes(data))

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        await self._ask("read", characteristic)
        if self.strap.on_read is not None:
            return bytearray(self.strap.on_read(characteristic.uuid))
        return bytearray(self.strap.values[characteristic.uuid])

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        raise NotImplementedError

    async def read_gatt_descriptor(self, descriptor: Any, **kwargs: Any) -> bytearray:
        raise NotImplementedError

    async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None:
        raise NotImplementedError

    async def _ask(self, verb: str, characteristic: BleakGATTCharacteristic) -> None:
        if not self._connected:
            raise BleakError("Not connected")
        self.strap.log.append((verb, characteristic.uuid))
        await self._answer(characteristic.uuid)
        if characteristic.uuid in self.strap.broken:
            raise self.strap.broken[characteristic.uuid]

    async def _answer(self, what: str) -> None:
        await asyncio.sleep(0)
        while what in self.strap.hang or self.strap.silent:  # noqa: ASYNC110 — ends when a test says so
            await asyncio.sleep(ADVERTISED_EVERY_S)

    def _discover(self) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        handle = 1
        for service_uuid, characteristics in self.strap.services.items():
            service = BleakGATTService(None, handle, str(UUID(normalize_uuid_str(service_uuid))))
            found.add_service(service)
            for uuid, properties in characteristics.items():
                handle += 1
                found.add_characteristic(
                    BleakGATTCharacteristic(None, handle, normalize_uuid_str(uuid), properties, lambda: 20, service)
                )
            handle += 1
        return found
