"""Virtual wearables in the air of this process, reached through bleak's public API, with faults to order."""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError
from bleak.uuids import normalize_uuid_str
from fake_ble import FakeRadio, FakeStrap

from breathcore.model.device import CharacteristicUse, DeviceSpec
from breathcore.source.sim.faults import NO_FAULTS
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.wearer import Wearer, WearerSpec

REFUSED = BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-remote"])
TAKEN = BleakDBusError("org.bluez.Error.AlreadyConnected", [])
SWITCHED_OFF = BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF)
DAEMON_DEAD = FileNotFoundError(2, "No such file or directory")
_NOTIFYING = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}


@dataclass
class Damage:
    """How likely it is that a notification is spoilt on its way, and how late it may come."""

    loss: float = 0.0
    duplication: float = 0.0
    truncation: float = 0.0
    corruption: float = 0.0
    jitter_s: float = 0.0


NO_DAMAGE = Damage()


class Wearable:
    """A simulated strap as a peripheral. `delivered` is every notification that has reached a subscriber, in order.

    `sent_n` counts what the strap has sent by itself, delivered or not.
    """

    def __init__(self, spec: DeviceSpec, address: str, *, seed: int = 1, connect_s: float = 0.3) -> None:
        self.spec = spec
        self.damage = NO_DAMAGE
        self.delivered: list[tuple[str, bytes]] = []
        self.sent_n = 0
        self._strap = Strap(spec, Wearer(WearerSpec(seed=seed)), NO_FAULTS)
        self._random = random.Random(seed)
        self._uuids = {
            f"{e.id}.{c.name}": normalize_uuid_str(c.uuid) for e in spec.endpoints for c in e.characteristics
        }
        self._endpoints = {uuid: endpoint for endpoint, uuid in self._uuids.items()}
        self._started_s = math.nan
        self._changed = asyncio.Event()
        self._held: list[tuple[str, bytes]] | None = None
        self._newest_s = 0.0
        prefixes = spec.match.name_prefixes
        self.fake = FakeStrap(
            address,
            f"{prefixes[0]} {address}" if prefixes else spec.name,
            {e.service_uuid: {c.uuid: [u.value for u in c.uses] for c in e.characteristics} for e in spec.endpoints},
            advertised=list(spec.match.service_uuids),
            connect_s=connect_s,
            on_write=self._on_write,
            on_read=self._on_read,
            on_connect=self._on_connect,
            on_subscribe=self._on_subscribe,
            on_end=self._on_end,
        )

    # ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def leave(self, silence_s: float, away_s: float) -> None:
        """Go out of reach; the drop is noticed after `silence_s`, and it comes back `away_s` later."""
        self.fake.silent = True
        await asyncio.sleep(silence_s)
        self.drop()
        await asyncio.sleep(away_s)
        self.fake.silent = False

    async def stall(self, seconds: float) -> None:
        """Hold everything back, then send it in one burst."""
        self._held = []
        await asyncio.sleep(seconds)
        held, self._held = self._held, None
        for endpoint, payload in held:
            self._arrive(endpoint, payload)

    async def refuse(self, error: BaseException, seconds: float) -> None:
        """Drop, and refuse every connection for a while."""
        self.fake.refusals = [error] * 1000
        self.drop()
        await asyncio.sleep(seconds)
        self.fake.refusals.clear()

    async def hang(self, seconds: float) -> None:
        """Drop, and answer no attempt to connect for a while."""
        self.fake.hang.add("connect")
        self.drop()
        await asyncio.sleep(seconds)
        self.fake.hang.discard("connect")

    async def spoil(self, damage: Damage, seconds: float) -> None:
        """Let notifications be damaged for a while."""
        self.damage = damage
        await asyncio.sleep(seconds)
        self.damage = NO_DAMAGE

    def drop(self) -> None:
        """End the link, if there is one."""
        if self.fake.client is not None:
            self.fake.drop()

    # ── the strap's side ─────────────────────────────────────────────────────────────────────────────────────────────

    async def live(self) -> None:
        """Send what is due, for ever."""
        self._started_s = asyncio.get_running_loop().time()
        while True:
            due_s = self._started_s + self._strap.next_s
            try:
                async with asyncio.timeout_at(due_s if due_s < math.inf else None):
                    await self._changed.wait()
                self._changed.clear()
            except TimeoutError:
                if self._strap.next_s <= self._now_s() + 1e-6:  # else the link has ended in this very moment
                    self._send()

    def _send(self) -> None:
        for endpoint, payload in self._strap.send():
            self.sent_n += 1
            self._carry(endpoint, payload)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time() - self._started_s

    def _on_connect(self) -> None:
        self._strap.link(self._now_s())

    def _on_subscribe(self, uuid: str) -> None:
        """Serve an endpoint once all its characteristics are subscribed to."""
        id_ = self._endpoints[uuid].partition(".")[0]
        endpoint = next(e for e in self.spec.endpoints if e.id == id_)
        notifying = {normalize_uuid_str(c.uuid) for c in endpoint.characteristics if _NOTIFYING & set(c.uses)}
        assert self.fake.client is not None
        if notifying <= self.fake.client.callbacks.keys():
            self._strap.subscribed(id_, self._now_s())
            self._changed.set()

    def _on_end(self) -> None:
        self._strap.disconnect()
        if self._held is not None:
            self._held = []

    def _on_read(self, uuid: str) -> bytes:
        return self._strap.read(self._endpoints[uuid], self._now_s()) or b""

    def _on_write(self, uuid: str, payload: bytes) -> None:
        for endpoint, answer in self._strap.write(self._endpoints[uuid], payload, self._now_s()):
            self._arrive(endpoint, answer)
        self._changed.set()

    def _carry(self, endpoint: str, payload: bytes) -> None:
        chance, damage = self._random.random, self.damage
        if damage is NO_DAMAGE:
            self._arrive(endpoint, payload)
            return
        if chance() < damage.loss:
            return
        if chance() < damage.truncation:
            payload = payload[: self._random.randrange(1, len(payload) + 1)]
        if chance() < damage.corruption:
            n = self._random.randrange(len(payload))
            payload = payload[:n] + bytes([payload[n] ^ 1 << self._random.randrange(8)]) + payload[n + 1 :]
        loop = asyncio.get_running_loop()
        for _ in range(2 if chance() < damage.duplication else 1):
            self._newest_s = max(self._newest_s, loop.time() + chance() * damage.jitter_s)
            loop.call_at(self._newest_s, self._arrive, endpoint, payload)

    def _arrive(self, endpoint: str, payload: bytes) -> None:
        if self._held is not None:
            self._held.append((endpoint, payload))
            return
        client = self.fake.client
        callback = client.callbacks.get(self._uuids[endpoint]) if client is not None else None
        if callback is not None and not self.fake.silent:
            self.delivered.append((endpoint, payload))
            callback(bytearray(payload))


@asynccontextmanager
async def air(wearables: Sequence[Wearable]) -> AsyncIterator[FakeRadio]:
    """Put wearables into one air; they live until the end of the block."""
    tasks = [asyncio.create_task(w.live()) for w in wearables]
    try:
        yield FakeRadio([w.fake for w in wearables])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
