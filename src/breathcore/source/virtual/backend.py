"""Back ends for bleak that speak to a virtual world: hand their classes to BleakScanner and BleakClient."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Protocol, TypeVar

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att
from bumble.core import UUID, AdvertisingData
from bumble.core import BaseError as BumbleError
from bumble.device import Advertisement, Connection, Peer
from bumble.gatt_client import CharacteristicProxy

from breathcore.source.virtual.world import World

_MTU = 247
_UUID_LISTS = (
    AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)
_NAMES = (AdvertisingData.Type.COMPLETE_LOCAL_NAME, AdvertisingData.Type.SHORTENED_LOCAL_NAME)
_BITS = {
    0x0002: "read",
    0x0004: "write-without-response",
    0x0008: "write",
    0x0010: "notify",
    0x0020: "indicate",
}

_T = TypeVar("_T")


class Worlds(Protocol):
    """Where a back end finds the world of the running loop."""

    def world(self) -> World:
        """Return it, made where there is none yet."""
        ...


class VirtualScanner(BaseBleakScanner):
    """Hears the wearables of the world that the radio it belongs to has made."""

    radio: ClassVar[Worlds]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._world: World | None = None

    async def start(self) -> None:
        """Listen."""
        self.seen_devices = {}
        self._world = self.radio.world()
        await self._world.listen(self._heard)

    async def stop(self) -> None:
        """Listen no more."""
        if self._world is not None:
            await self._world.stop_listening(self._heard)

    def _heard(self, advertisement: Advertisement) -> None:
        assert self._world is not None
        address = advertisement.address.to_string(with_type_qualifier=False)
        heard = _advertisement_data(advertisement.data, self._world.strength_dbm(address))
        if self.is_allowed_uuid(heard.service_uuids):
            device = self.create_or_update_device(address, address, heard.local_name, None, heard)
            self.call_detection_callbacks(device, heard)


class VirtualClient(BaseBleakClient):
    """A connection to a wearable of the radio's world. Whatever is asked ends when the link does."""

    radio: ClassVar[Worlds]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 30.0,
        **_: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._name = address_or_ble_device.name if isinstance(address_or_ble_device, BLEDevice) else None
        self._connection: Connection | None = None
        self._gone: asyncio.Future[None] | None = None
        self._subscribers: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        """The name that was heard, or the address."""
        return self._name or self.address

    @property
    def mtu_size(self) -> int:
        """The size that was agreed on."""
        return self._connection.att_mtu if self._connection is not None else att.ATT_DEFAULT_MTU

    @property
    def is_connected(self) -> bool:
        """Whether the link stands."""
        return self._connection is not None

    async def connect(self, pair: bool, **_: Any) -> None:  # noqa: FBT001 (bleak's signature)
        """Connect and find out what there is. Raises TimeoutError, BleakError (the wearable ended the link)."""
        connection = await self.radio.world().connect(self.address, self._timeout)
        self._connection = connection
        self._gone = asyncio.get_running_loop().create_future()
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)
        try:
            self.services = await self._ask(_discovered(Peer(connection)))
        except BaseException:
            self._disconnected_callback, told = None, self._disconnected_callback
            await self.disconnect()
            self._disconnected_callback = told
            raise

    async def disconnect(self) -> None:
        """End the link."""
        if self._connection is not None:
            assert self._gone is not None
            gone = self._gone
            await self._connection.disconnect()
            await gone

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: no wearable of ours asks for it."""

    async def unpair(self) -> None:
        """Do nothing."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read a value."""
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        return bytearray(await self._ask(proxy.read_value()))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 (bleak's signature)
    ) -> None:
        """Write a value."""
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._ask(proxy.write_value(bytes(data), with_response=response))

    async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any) -> None:
        """Subscribe: to notifications where there is a choice."""
        proxy: CharacteristicProxy[bytes] = characteristic.obj

        def take(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribers[characteristic.handle] = take
        await self._ask(proxy.subscribe(take))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._ask(proxy.unsubscribe(self._subscribers.pop(characteristic.handle, None)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_: Any
    ) -> bytearray:
        """Read a descriptor."""
        return bytearray(await self._ask(descriptor.obj.read_value()))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Write a descriptor."""
        await self._ask(descriptor.obj.write_value(bytes(data), with_response=True))

    def _disconnected(self, _: int) -> None:
        self._connection = None
        self.services = None
        self._subscribers.clear()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def _ask(self, question: Coroutine[Any, Any, _T]) -> _T:
        """Return the answer. Raises BleakError where the link ends first: bumble itself would wait for 30 s."""
        if self._gone is None or self._gone.done():
            question.close()
            raise BleakError("Not connected")
        answer = asyncio.ensure_future(question)
        try:
            either: list[asyncio.Future[Any]] = [answer, self._gone]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not answer.done():
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)
        if answer.cancelled():
            raise BleakError("disconnected")
        match answer.exception():
            case att.ATT_Error() as error:
                raise BleakGATTProtocolError(error.error_code)
            case BumbleError() as error:
                raise BleakError(str(error)) from error
        return answer.result()


def _advertisement_data(data: AdvertisingData, strength_dbm: int) -> AdvertisementData:
    name, makers, uuids = None, {}, []
    for kind, value in data.ad_structures:
        if kind in _NAMES:
            name = value.decode(errors="replace")
        elif kind == AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA:
            makers[int.from_bytes(value[:2], "little")] = value[2:]
        elif kind in _UUID_LISTS:
            uuids.append(_text(UUID.from_bytes(value)))
    services = list(dict.fromkeys(uuids))  # an advertisement and its scan response may name the same
    return AdvertisementData(name, makers, {}, services, None, strength_dbm, ())


async def _discovered(peer: Peer) -> BleakGATTServiceCollection:
    await peer.request_mtu(_MTU)
    await peer.discover_all()  # type: ignore[no-untyped-call]
    found = BleakGATTServiceCollection()
    for service in peer.services:
        ours = BleakGATTService(service, service.handle, _text(service.uuid))
        found.add_service(ours)
        for proxy in service.characteristics:
            names: Any = [name for bit, name in _BITS.items() if proxy.properties & bit]
            characteristic = BleakGATTCharacteristic(
                proxy, proxy.handle, _text(proxy.uuid), names, lambda: _MTU - 3, ours
            )
            found.add_characteristic(characteristic)
            for descriptor in proxy.descriptors:
                uuid = _text(descriptor.type)
                found.add_descriptor(BleakGATTDescriptor(descriptor, descriptor.handle, uuid, characteristic))
    return found


def _text(uuid: UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-"))
