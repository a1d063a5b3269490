"""Bluetooth Low Energy wearables as a source of packets: the only room that knows bleak is this one and its `ble_*`.

Everything here runs on one asyncio loop in one thread. Callbacks of the radio are plain functions that stamp the
time first and put the bytes in a queue: coroutine callbacks would run as tasks of no promised order. Every wait on
the radio has a time limit, and all waiting is the loop's.

What the platforms do, and what follows: short UUIDs are not expanded, so all are normalised here; the order of
services is arbitrary and `mtu_size` is not reliable, so neither is used; a dead system bus raises OSError, not
BleakError; after a drop a new client is needed, found by a new scan.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from breathcore.model.device import DeviceSpec, distinct
from breathcore.model.drill import Timeline
from breathcore.model.errors import RadioError, Reason
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet, Request
from breathcore.model.protocols import SourceInfo
from breathcore.source.ble_connection import USUAL_LIMITS, Limits
from breathcore.source.ble_errors import RADIO_REASONS
from breathcore.source.ble_link import DeviceLink
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio
from breathcore.source.ble_scan import Ear, Found, scan_for
from breathcore.source.link_items import RadioBack, RadioGone

__all__ = ["BleSource", "Found", "Limits", "scan_for"]


class BleSource:
    """Live wearables.

    Parameters
    ----------
    devices : sequence of (str, DeviceSpec)
        Address or advertised name, and what the wearable is. "" or the spec's name takes the first that matches it.
    radio : Radio
        The bleak back ends to use; the platform's own unless told otherwise.
    limits : Limits
        How long to wait for the radio.
    clock_ns : callable
        The clock that stamps packets and events.

    In packets and events a device goes by its spec's id (``polar_h10``; a second one is ``polar_h10-2``), so that
    recordings carry no hardware address. Each device is looked for, connected and kept by itself
    (`breathcore.source.link`): none waits for another, and none that is missing keeps the others from streaming.
    """

    def __init__(
        self,
        devices: Sequence[tuple[str, DeviceSpec]],
        *,
        radio: Radio = SYSTEM_RADIO,
        limits: Limits = USUAL_LIMITS,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        turn = asyncio.Lock()
        named = tuple(_named(devices))
        self._links = {key: DeviceLink(key, target, spec, radio, limits, turn, self) for key, target, spec in named}
        self._devices = distinct([(key, spec) for key, _, spec in named])
        self._clock_ns = clock_ns
        self._queue: asyncio.Queue[Packet | LinkEvent | None] = asyncio.Queue()
        self._ear = Ear(radio, self._on_heard, self._on_radio)
        self._listening: asyncio.Task[None] | None = None
        self._away: RadioError | None = None
        self._started: asyncio.Event = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> SourceInfo:
        """Begin to listen; return as soon as the radio does. The devices are connected meanwhile: events tell.

        Raises RadioError: no adapter, switched off, no permission, no service; nothing goes on then. Raises
        RuntimeError where it has been closed, be it meanwhile: a source is opened once.
        """
        self._require_unclosed()
        t0_host_ns = self._clock_ns()
        for link in self._links.values():
            link.start()
        self._listening = asyncio.create_task(self._ear.run())
        try:
            await self._started.wait()
            if self._away is not None:
                raise self._away
            self._require_unclosed()
        except BaseException:
            await self.close()
            raise
        return SourceInfo(self._devices, t0_host_ns, virtual_time=False)

    async def events(self) -> AsyncIterator[Packet | LinkEvent | Advance]:
        """Yield packets and link events in order until `close`; ended by CLOSED for every device."""
        while (item := await self._queue.get()) is not None:
            yield item

    async def request(self, device: str, request: Request) -> None:
        """Ask for a write (with response) or a read; returns at once, so that a slow device delays nobody.

        Requests of one device are carried out one at a time, in order, once its subscriptions are done. A write's
        packet is queued right before the write is sent, so it always stands before the device's answer. Whatever fails
        becomes a FAULT event.
        """
        self._links[device].request(request)

    def show(self, timeline: Timeline) -> None:
        """People see the window itself."""

    async def close(self) -> None:
        """Send what was still asked for, disconnect everything and end `events`. May be called more than once.

        Takes at most four times `Limits.release_s`, however many devices there are; goes on where whoever waits for it
        is cancelled.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await asyncio.gather(*(link.stop() for link in self._links.values()))
        self._queue.put_nowait(None)
        self._started.set()

    def _require_unclosed(self) -> None:
        if self._closing is not None:
            raise RuntimeError("the source has been closed")

    # ── what the links tell ──────────────────────────────────────────────────────────────────────────────────────────

    def on_packet(self, device: str, endpoint: str, direction: Direction, payload: bytes) -> None:
        """Take bytes, at once."""
        self._queue.put_nowait(Packet(device, endpoint, direction, self._clock_ns(), payload))

    def on_event(self, device: str, kind: LinkKind, detail: str) -> None:
        """Take an event."""
        self._queue.put_nowait(LinkEvent(device, self._clock_ns(), kind, detail))

    def on_change(self) -> None:
        """Listen while any device is looked for."""
        self._ear.want(wanted=any(link.state.searching for link in self._links.values()))

    # ── what the air tells ───────────────────────────────────────────────────────────────────────────────────────────

    def _on_heard(self, device: BLEDevice, heard: AdvertisementData) -> None:
        """Give a device to one link: that which had it before, else one that names it, else the one it fits best."""
        links = self._links.values()
        if all(link.held != device.address for link in links):
            fits = {link: (link.address == device.address, link.named, link.claim(device, heard)) for link in links}
            best = sorted(links, key=lambda link: fits[link], reverse=True)
            any(link.hear(device, heard) for link in best)

    def _on_radio(self, error: RadioError | None) -> None:
        self._away = error
        self._started.set()
        for link in self._links.values():
            if error is None:
                link.take(RadioBack())
            else:
                link.take(RadioGone(RADIO_REASONS.get(error.reason, RADIO_REASONS[Reason.NO_BLUETOOTH_SERVICE])))


def _named(devices: Sequence[tuple[str, DeviceSpec]]) -> Iterable[tuple[str, str, DeviceSpec]]:
    count: dict[str, int] = {}
    for target, spec in devices:
        n = count[spec.id] = count.get(spec.id, 0) + 1
        yield spec.id if n == 1 else f"{spec.id}-{n}", target, spec
