"""Looks at a device that nobody knows: connects, lists what it has, and listens to everything it sends."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.uuids import normalize_uuid_str, uuidstr_to_str

from breathcore.catalog.sniffed import Notified, Sniffed, SniffedCharacteristic
from breathcore.model.errors import RadioError, Reason
from breathcore.source.ble_errors import describe, radio_error
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio

_READ = {normalize_uuid_str(short) for short in ("180a", "180f")}  # others may ask for pairing
_UNKNOWN = ("Unknown", "Vendor specific")

OnNotified = Callable[[SniffedCharacteristic, Notified], None]


@dataclass(frozen=True, slots=True)
class SniffLimits:
    """How long to wait for the radio."""

    find_s: float = 15.0
    connect_s: float = 20.0
    request_s: float = 5.0
    release_s: float = 2.0


async def sniff(
    target: str,
    seconds: float,
    on_notified: OnNotified = lambda _, __: None,
    *,
    writes: Sequence[tuple[str, bytes]] = (),
    radio: Radio = SYSTEM_RADIO,
    limits: SniffLimits = SniffLimits(),
) -> Sniffed:
    """Connect to `target` (an address, or how an advertised name begins), listen for `seconds`; return what was seen.

    Only the device's description and its battery are read, and nothing is written but `writes` (UUID, bytes), once all
    is subscribed to. Listening ends early where the link drops.

    Raises RadioError: the radio's own reasons, DEVICE_NOT_FOUND, CONNECT_FAILED; LINK_LOST where the link dropped
    before anything was heard.
    """
    device, heard = await _find(target, radio, limits)
    lost = asyncio.Event()
    client = BleakClient(device, lambda _: lost.set(), timeout=limits.connect_s, backend=radio.client)
    name = heard.local_name or device.name or ""
    try:
        try:
            async with asyncio.timeout(limits.connect_s):
                await client.connect()
        except Exception as error:
            raise radio_error(error, Reason.CONNECT_FAILED, device=name or target, seconds=limits.connect_s) from error
        listener = _Listener(client, limits, on_notified)
        found = await listener.listen(seconds, lost, {normalize_uuid_str(uuid): data for uuid, data in writes})
    finally:
        with suppress(Exception):  # the link may be gone already
            async with asyncio.timeout(limits.release_s):
                await client.disconnect()
    if lost.is_set() and listener.lost and not any(c.notified for c in found):
        raise RadioError(Reason.LINK_LOST, device=name or target)
    services, makers = tuple(sorted(heard.service_uuids)), tuple(sorted(heard.manufacturer_data))
    return Sniffed(name, device.address, services, makers, found, seconds)


class _Listener:
    """Reads, subscribes and keeps what comes."""

    def __init__(self, client: BleakClient, limits: SniffLimits, on_notified: OnNotified) -> None:
        self._client = client
        self._limits = limits
        self._on_notified = on_notified
        self._now_s = asyncio.get_running_loop().time
        self._began_s = self._now_s()
        self._heard: dict[int, list[Notified]] = {}
        self.lost = False

    async def listen(
        self, seconds: float, lost: asyncio.Event, writes: Mapping[str, bytes]
    ) -> tuple[SniffedCharacteristic, ...]:
        """Return every characteristic with what it sent, in the order of UUIDs."""
        found = [(c, _described(c)) for service in self._client.services for c in service.characteristics]
        found.sort(key=lambda item: (item[1].service_uuid, item[1].uuid, item[0].handle))
        known = [(c, await self._read(c, seen)) for c, seen in found]
        self._began_s = self._now_s()
        known = [(c, await self._subscribed(c, seen)) for c, seen in known]
        known = [(c, await self._written(c, seen, writes.get(c.uuid))) for c, seen in known]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await lost.wait()
                self.lost = True
        return tuple(replace(seen, notified=tuple(self._heard.get(c.handle, ()))) for c, seen in known)

    async def _read(self, c: BleakGATTCharacteristic, seen: SniffedCharacteristic) -> SniffedCharacteristic:
        if seen.service_uuid not in _READ or "read" not in seen.properties:
            return seen
        try:
            async with asyncio.timeout(self._limits.request_s):
                return replace(seen, value=bytes(await self._client.read_gatt_char(c)))
        except Exception as error:  # of any type: the others may do
            return replace(seen, problem=describe(error))

    async def _subscribed(self, c: BleakGATTCharacteristic, seen: SniffedCharacteristic) -> SniffedCharacteristic:
        if not seen.sends:
            return seen

        def take(_: BleakGATTCharacteristic, data: bytearray) -> None:
            notified = Notified(self._now_s() - self._began_s, bytes(data))
            self._heard.setdefault(c.handle, []).append(notified)
            self._on_notified(seen, notified)

        try:
            async with asyncio.timeout(self._limits.request_s):
                await self._client.start_notify(c, take)
        except Exception as error:  # of any type: the others may do
            return replace(seen, problem=describe(error))
        return seen

    async def _written(
        self, c: BleakGATTCharacteristic, seen: SniffedCharacteristic, data: bytes | None
    ) -> SniffedCharacteristic:
        if data is None:
            return seen
        try:
            async with asyncio.timeout(self._limits.request_s):
                await self._client.write_gatt_char(c, data, response="write" in c.properties)
        except Exception as error:  # of any type: what is sent unasked may do
            return replace(seen, problem=describe(error))
        return replace(seen, written=data)


async def _find(target: str, radio: Radio, limits: SniffLimits) -> tuple[BLEDevice, AdvertisementData]:
    try:
        async with asyncio.timeout(limits.find_s), BleakScanner(backend=radio.scanner) as scanner:
            async for device, heard in scanner.advertisement_data():
                if _is(target.casefold(), device, heard):
                    return device, heard
    except TimeoutError:
        pass
    except Exception as error:
        raise radio_error(error, Reason.NO_BLUETOOTH_SERVICE) from error
    raise RadioError(Reason.DEVICE_NOT_FOUND, device=target, seconds=limits.find_s)


def _is(target: str, device: BLEDevice, heard: AdvertisementData) -> bool:
    names = (device.name or "", heard.local_name or "")
    return target == device.address.casefold() or any(name.casefold().startswith(target) for name in names)


def _described(c: BleakGATTCharacteristic) -> SniffedCharacteristic:
    properties = tuple(sorted(str(p) for p in c.properties))
    return SniffedCharacteristic(
        c.service_uuid, c.uuid, properties, _known(c.service_uuid), _known(c.uuid)
    )  # fmt: skip


def _known(uuid: str) -> str:
    """Return the name of a well-known UUID, "" of another."""
    name = uuidstr_to_str(uuid)
    return "" if name.startswith(_UNKNOWN) else name
