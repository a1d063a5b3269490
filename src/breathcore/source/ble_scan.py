"""Listening to who advertises: for a while, or for as long as some link wants it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from breathcore.catalog.match import match
from breathcore.model.device import DeviceSpec
from breathcore.model.errors import RadioError, Reason
from breathcore.source.ble_errors import is_busy, radio_error
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio

START_S = 5.0  # a radio that has not started by then is not going to
STOP_S = 1.0
QUIET_S = 2.0  # without a word from anybody: the scan may have died unnoticed, so it is begun anew
AGAIN_S = 0.5  # between attempts to start a radio that is away
BUSY_N = 5  # times in a row that a radio may be busy with something else before it counts as away

OnHeard = Callable[[BLEDevice, AdvertisementData], None]


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
    radio: Radio = SYSTEM_RADIO,
) -> tuple[Found, ...]:
    """Listen for `seconds` and return what advertises, the strongest first.

    `on_found` is called when a device is first heard and when it has become better known (its name or services).
    Raises RadioError: no adapter, switched off, no permission, no service.
    """
    heard: dict[str, Found] = {}
    queue: asyncio.Queue[tuple[BLEDevice, AdvertisementData]] = asyncio.Queue()
    async with listening(radio, lambda device, words: queue.put_nowait((device, words))):
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while (left_s := end_s - loop.time()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    found = found_of(*await queue.get(), devices)
            except TimeoutError:
                break
            known = heard.get(found.address)
            heard[found.address] = found
            if known is None or _identity(known) != _identity(found):
                on_found(found)
    return tuple(sorted(heard.values(), key=lambda f: -f.rssi))


def found_of(device: BLEDevice, heard: AdvertisementData, devices: Sequence[DeviceSpec]) -> Found:
    """Return who is heard, and which of `devices` it is."""
    name = heard.local_name or device.name or ""
    services, makers = tuple(sorted(heard.service_uuids)), tuple(sorted(heard.manufacturer_data))
    return Found(name, device.address, heard.rssi, services, makers, match(devices, name, services, makers))


def _identity(found: Found) -> tuple[str, tuple[str, ...]]:
    return found.name, found.service_uuids


@asynccontextmanager
async def listening(radio: Radio, on_heard: OnHeard) -> AsyncIterator[None]:
    """Scan. Raises RadioError where the radio does not start."""
    try:
        scanner = BleakScanner(on_heard, backend=radio.scanner)
    except Exception as error:
        raise radio_error(error, Reason.NO_BLUETOOTH_SERVICE) from error
    try:
        await _started(scanner)
        yield
    finally:  # where starting was given up half-way, too
        with suppress(Exception):  # the radio may have gone while scanning: what was heard still counts
            async with asyncio.timeout(STOP_S):
                await scanner.stop()


async def _started(scanner: BleakScanner) -> None:
    try:
        async with asyncio.timeout(START_S):
            await scanner.start()
    except Exception as error:
        raise radio_error(error, Reason.NO_BLUETOOTH_SERVICE) from error


class Ear:
    """Listens while it is wanted, for all links at once, and goes on trying while the radio is away.

    Parameters
    ----------
    radio : Radio
    on_heard : callable
        Gets every advertisement.
    on_radio : callable
        Gets why the radio is away (RadioError), and None when it listens (again).
    """

    def __init__(self, radio: Radio, on_heard: OnHeard, on_radio: Callable[[RadioError | None], None]) -> None:
        self._radio = radio
        self._on_heard = on_heard
        self._on_radio = on_radio
        self._wanted = asyncio.Event()
        self._enough = asyncio.Event()
        self._heard_s = 0.0

    def want(self, *, wanted: bool) -> None:
        """Say whether somebody is looked for."""
        if wanted:
            self._enough.clear()
            self._wanted.set()
        else:
            self._wanted.clear()
            self._enough.set()

    async def run(self) -> None:
        """Listen, for ever; ends by being cancelled."""
        busy_n = 0
        while True:
            await self._wanted.wait()
            try:
                async with listening(self._radio, self._hear):
                    busy_n = 0
                    self._on_radio(None)
                    await self._until_quiet()
            except RadioError as error:
                busy_n = busy_n + 1 if is_busy(error.__cause__) else BUSY_N
                if busy_n >= BUSY_N:
                    self._on_radio(error)
                await asyncio.sleep(AGAIN_S)

    def _hear(self, device: BLEDevice, heard: AdvertisementData) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._on_heard(device, heard)

    async def _until_quiet(self) -> None:
        """Return when nobody is looked for any more, or nobody has been heard for a while."""
        loop = asyncio.get_running_loop()
        self._heard_s = loop.time()
        while (left_s := self._heard_s + QUIET_S - loop.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._enough.wait()
                return
