"""One wearable on the radio: carries out what its link's state machine asks for, and tells it what came of it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from breathcore.catalog.match import NO_CLAIM, Claim, claim
from breathcore.model.device import DeviceSpec
from breathcore.model.packets import Direction, LinkKind, LinkReason, Request
from breathcore.source.ble_connection import Connection, Limits
from breathcore.source.ble_errors import is_busy, link_reason
from breathcore.source.ble_radio import Radio
from breathcore.source.link import LinkState, step
from breathcore.source.link_items import (
    Asked,
    Busy,
    Configured,
    Connect,
    Connected,
    Data,
    Disconnect,
    Dropped,
    Failed,
    Heard,
    Occurrence,
    Start,
    Stop,
    Tell,
    Tick,
)
from breathcore.source.link_plan import plan_for

_POLITE_S = 2.0  # adapters connect to one device at a time; but a slow one holds up the others no longer than this


class Listener(Protocol):
    """Who is told what a link brings."""

    def on_packet(self, device: str, endpoint: str, direction: Direction, payload: bytes) -> None:
        """Take bytes, at once."""
        ...

    def on_event(self, device: str, kind: LinkKind, detail: str) -> None:
        """Take an event."""
        ...

    def on_change(self) -> None:
        """Take note that a link has come into another state."""
        ...


class DeviceLink:
    """One wearable: its state, and its connection while there is one.

    Parameters
    ----------
    device : str
        What it goes by in packets and events.
    target : str
        Its address or advertised name; "" or the spec's name: any that matches the spec. Of these, the one it was
        first connected to is preferred from then on.
    spec : DeviceSpec
    radio : Radio
    limits : Limits
    turn : asyncio.Lock
        Shared by all links of an adapter: whose turn it is to connect.
    listener : Listener
    """

    def __init__(
        self,
        device: str,
        target: str,
        spec: DeviceSpec,
        radio: Radio,
        limits: Limits,
        turn: asyncio.Lock,
        listener: Listener,
    ) -> None:
        self.device, self.spec = device, spec
        self.state = LinkState()
        self.address: str | None = None
        self._target = "" if target == spec.name else target.casefold()
        self._radio, self._limits, self._turn, self._listener = radio, limits, turn, listener
        self._plan = plan_for(spec, find_s=limits.find_s, connect_s=limits.connect_s, configure_s=limits.configure_s)
        self._random = random.Random()
        self._heard: BLEDevice | None = None
        self._connection: Connection | None = None
        self._released: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def held(self) -> str | None:
        """The address of the device that it has, or tries to get; None while it has none."""
        return self._connection.address if self._connection is not None else None

    @property
    def named(self) -> bool:
        """Whether one device is looked for, by its name or address, and no other of its kind will do."""
        return bool(self._target)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to look for the device."""
        self.take(Start())

    def take(self, item: Occurrence) -> None:
        """Let the machine take `item`, and do what it says."""
        before = self.state
        self.state, actions = step(self._plan, before, item, self._now_s(), self._random.random())
        for action in actions:
            self._do(action)
        if self._timer is None or self.state.deadline_s < self._timer.when():
            self._set_timer()
        if self.state.kind is not before.kind:
            self._listener.on_change()

    def hear(self, device: BLEDevice, heard: AdvertisementData) -> bool:
        """Take an advertisement; return whether it is this device's."""
        if not self.state.searching or not self._is_mine(device, heard):
            return False
        self._heard = device
        self.take(Heard())
        return True

    def claim(self, device: BLEDevice, heard: AdvertisementData) -> Claim:
        """Return how well an advertisement fits the wearable that is looked for."""
        name = heard.local_name or device.name or ""
        return claim(self.spec, name, heard.service_uuids, heard.manufacturer_data.keys())

    def request(self, request: Request) -> None:
        """Take a request for the present connection; before it stands, requests are still meant for the last one."""
        if self._connection is None or self.state.kind is LinkKind.CONNECTING:
            self.fault(request.endpoint, "not connected")
        else:
            self._connection.ask(request)

    def fault(self, endpoint: str, words: str) -> None:
        """Tell that something was not done."""
        self._listener.on_event(self.device, LinkKind.FAULT, f"{endpoint}: {words}")

    async def stop(self) -> None:
        """Send what was still asked for, and disconnect."""
        if self._connection is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.release_s):
                    await self._connection.done()
        self.take(Stop())
        if self._timer is not None:
            self._timer.cancel()
        if self._released is not None:
            await self._released

    # ── what is done ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _do(self, action: Connect | Disconnect | Tell) -> None:
        match action:
            case Tell(kind, reason):
                self._listener.on_event(self.device, kind, reason.value if reason else "")
            case Disconnect():
                connection, self._connection = self._connection, None
                if connection is not None:
                    self._cut_off(connection)
                    self._released = asyncio.create_task(self._release(connection, self._released))
            case Connect():
                assert self._heard is not None
                connection = self._connection = Connection(self._heard, self.spec, self._radio, self._limits, self)
                connection.task = asyncio.create_task(self._hold(connection, self._released))

    async def _hold(self, connection: Connection, before: asyncio.Task[None] | None) -> None:
        """Connect, subscribe, and carry out requests until cancelled."""
        if before is not None:
            await asyncio.wait([before])  # or a late disconnect would end the new connection
        try:
            async with _polite(self._turn):
                await connection.client.connect()
            self.address = connection.address
            self._tell(connection, Connected())
            subscribed = await connection.subscribe(frozenset().union(*(r.endpoints for r in self._plan.streams)))
            if not connection.client.is_connected:
                raise BleakError("disconnected while subscribing")
        except Exception as error:  # of any type: the next attempt may do
            self._tell(connection, self._failure(error))
            return
        self._tell(connection, Configured(subscribed))
        await connection.serve()

    def _failure(self, error: Exception) -> Occurrence:
        connecting = self.state.kind is LinkKind.CONNECTING
        if is_busy(error):
            return Busy() if connecting else Failed(LinkReason.TAKEN)
        return Failed(link_reason(error, LinkReason.CONNECT_FAILED if connecting else LinkReason.DROPPED))

    def _tell(self, connection: Connection, item: Occurrence) -> None:
        """Let the machine know what came of a connection, if it is still the present one."""
        if self._connection is connection:
            self.take(item)

    def _cut_off(self, connection: Connection) -> None:
        """Let a connection do nothing more, at once: what is told next comes after all that it did."""
        if connection.task is not None:
            connection.task.cancel()
        for request in connection.unanswered():
            self.fault(request.endpoint, "not connected")

    async def _release(self, connection: Connection, before: asyncio.Task[None] | None) -> None:
        """Disconnect; a link that is already broken, or that does not answer, is released all the same."""
        if before is not None:
            await asyncio.wait([before])
        if connection.task is not None:
            await asyncio.wait([connection.task], timeout=self._limits.release_s)
        with suppress(Exception):
            async with asyncio.timeout(self._limits.release_s):
                await connection.client.disconnect()

    # ── for the connection ───────────────────────────────────────────────────────────────────────────────────────────

    def dropped(self, connection: Connection) -> None:
        """Take note that a connection is gone."""
        self._tell(connection, Dropped())

    def notified(self, connection: Connection, endpoint: str, payload: bytes) -> None:
        """Take a notification, unless it is a late one of an earlier connection."""
        if self._connection is connection:
            self._listener.on_packet(self.device, endpoint, Direction.NOTIFY, payload)
            self.take(Data(endpoint))

    def wrote(self, connection: Connection, endpoint: str, payload: bytes) -> None:
        """Take note of a write that is about to be sent."""
        self._listener.on_packet(self.device, endpoint, Direction.WRITE, payload)
        self._tell(connection, Asked(endpoint))

    def got(self, endpoint: str, payload: bytes) -> None:
        """Take a value that was read."""
        self._listener.on_packet(self.device, endpoint, Direction.READ, payload)

    # ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _is_mine(self, device: BLEDevice, heard: AdvertisementData) -> bool:
        if self._target:
            names = (device.address, device.name or "", heard.local_name or "")
            return self._target in (name.casefold() for name in names)
        if self.claim(device, heard) == NO_CLAIM:
            return False
        gone_long = self._now_s() - self.state.search_s > self._limits.find_s
        return self.address in (None, device.address) or gone_long

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self.state.deadline_s < float("inf"):
            self._timer = asyncio.get_running_loop().call_at(self.state.deadline_s, self._on_timer)

    def _on_timer(self) -> None:
        """Come back at the deadline, or set out anew where it has moved on meanwhile."""
        self._timer = None
        self.take(Tick())


@asynccontextmanager
async def _polite(turn: asyncio.Lock) -> AsyncIterator[None]:
    """Wait for one's turn, but not for long."""
    mine = False
    with suppress(TimeoutError):
        async with asyncio.timeout(_POLITE_S):
            mine = await turn.acquire()
    try:
        yield
    finally:
        if mine:
            turn.release()
