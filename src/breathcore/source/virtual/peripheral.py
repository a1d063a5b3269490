"""One simulated wearable as a Bluetooth Low Energy peripheral: its strap's packets over a bumble device.

Runs on timers of the loop, without a task of its own while nothing is asked of it, and takes its time from
``loop.time()``: on a loop whose time is virtual it costs no time.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from bumble import att, gatt, hci
from bumble.device import Connection, Device

from breathcore.model.device import CharacteristicUse
from breathcore.model.packets import Direction, Packet
from breathcore.source.sim.faults import inside
from breathcore.source.sim.simulation import inhale_axis
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.transport import Transport
from breathcore.source.sim.wearer import Wearer, WearerSpec
from breathcore.source.virtual.devices import VirtualDevice
from breathcore.source.virtual.gatt import advertised_name, advertisement, scan_response, services

_ADVERTISED_EVERY_MS = 100.0  # the first; each further one a little slower, so that no two keep step
_EARLY_S = 1e-3  # by so much at most a loop fires a timer before its time
_SLOWER_MS = 1.25
_AGAIN_S = 0.05  # from the end of a link to the next advertisement
_SETTLED_S = 0.3  # after its last subscription a host has all that it wants of a service
_STREAMS = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}
_CCCD_IMPROPERLY_CONFIGURED = 0xFD


class Reach(Protocol):
    """How a peripheral gets out of reach of its host."""

    def lose(self) -> None:
        """Let nothing through any more; the link still stands."""
        ...

    def cut(self) -> None:
        """End the link: the loss has been noticed."""
        ...

    def restore(self) -> None:
        """Be heard again."""
        ...


@dataclass(slots=True, eq=False)
class _Link:
    """The connection to one host: which characteristics it has subscribed to, and which endpoints are served."""

    connection: Connection
    subscribed: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    settling: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class Peripheral:
    """A wearable that advertises, is connected to and streams; `number` tells the wearables of one world apart.

    An endpoint begins to send when the host has subscribed to all its characteristics that stream, or 0.3 s after the
    last of them that it wanted, or when it is first written to. A control point is refused writes until its
    indications are on.
    """

    def __init__(self, worn: VirtualDevice, wearer: WearerSpec, device: Device, number: int) -> None:
        self.spec, self.faults = worn.spec, worn.faults
        self.name = advertised_name(worn.spec, number)
        self.device = device
        self.notified = 0
        self._strap = Strap(
            worn.spec, Wearer(wearer, inhale_axis=inhale_axis(worn.spec)), worn.faults, worn.sent, number - 1
        )
        self._transport = Transport(worn.spec.id, worn.faults, wearer.seed, 0, number - 1)
        self._loop = asyncio.get_running_loop()
        self._t0_s = self._loop.time()
        self._advertised_every_ms = _ADVERTISED_EVERY_MS + _SLOWER_MS * (number - 1)
        self._link: _Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        made, self._characteristics = services(worn.spec, self._value)
        device.gatt_server.add_services(made)
        for endpoint, characteristic in self._characteristics.items():
            characteristic.on(characteristic.EVENT_SUBSCRIPTION, self._on_subscription(endpoint))
        device.on(Device.EVENT_CONNECTION, self._connected)

    @property
    def now_s(self) -> float:
        """Session time of the wearer: since the wearable was switched on."""
        return self._loop.time() - self._t0_s

    @property
    def is_connected(self) -> bool:
        """Whether a host is connected."""
        return self._link is not None

    async def start(self, reach: Reach) -> None:
        """Advertise from now on, and let the faults of the link happen through `reach`."""
        await self._advertise()
        for gap in self.faults.gaps:
            self._at(gap[0], reach.lose)
            self._at(self.faults.noticed_s(gap), reach.cut)
            if gap[1] < math.inf:
                self._at(gap[1], self._restore, reach)

    async def _advertise(self) -> None:
        await self.device.start_advertising(
            advertising_data=advertisement(self.spec, self.name),
            scan_response_data=scan_response(self.name),
            advertising_interval_min=self._advertised_every_ms,
            advertising_interval_max=self._advertised_every_ms,
        )

    def _restore(self, reach: Reach) -> None:
        reach.restore()
        self._be_heard()

    def _be_heard(self) -> None:
        if self._link is None and not inside(self.faults.gaps, self.now_s + _EARLY_S):
            self._spawn(self._advertise())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside; it is given up when the link ends."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: a host that does not confirm in time is its own trouble

    def _at(self, t_s: float, act: Callable[..., None], *arguments: object) -> asyncio.TimerHandle:
        return self._loop.call_at(self._t0_s + t_s, act, *arguments)

    # the link

    def _connected(self, connection: Connection) -> None:
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)
        if inside(self.faults.refused, self.now_s):
            self._spawn(connection.disconnect(hci.HCI_REMOTE_DEVICE_TERMINATED_CONNECTION_DUE_TO_LOW_RESOURCES_ERROR))
            return
        self._link = _Link(connection)
        self._strap.link(self.now_s)

    def _disconnected(self, _: int) -> None:
        if self._link is not None:
            for timer in self._link.settling.values():
                timer.cancel()
        self._link = None
        self._strap.disconnect()
        for task in tuple(self._tasks):
            task.cancel()
        self._loop.call_later(_AGAIN_S, self._be_heard)

    def _on_subscription(self, endpoint: str) -> Callable[[Connection, bool, bool], None]:
        def changed(_: Connection, notify: bool, indicate: bool) -> None:  # noqa: FBT001 (as bumble calls it)
            if notify or indicate:
                self._subscribed(endpoint)
            elif self._link is not None:
                self._link.subscribed.discard(endpoint)

        return changed

    def _subscribed(self, name: str) -> None:
        link, endpoint = self._link, name.partition(".")[0]
        if link is None:
            return
        link.subscribed.add(name)
        if timer := link.settling.pop(endpoint, None):
            timer.cancel()
        if self._streams(endpoint) <= link.subscribed:
            self._serve(link, endpoint)
        else:
            link.settling[endpoint] = self._loop.call_later(_SETTLED_S, self._serve, link, endpoint)

    def _streams(self, endpoint: str) -> set[str]:
        [spec] = [e for e in self.spec.endpoints if e.id == endpoint]
        return {f"{endpoint}.{c.name}" for c in spec.characteristics if _STREAMS & set(c.uses)}

    def _serve(self, link: _Link, endpoint: str) -> None:
        if link is self._link and endpoint not in link.served:
            link.served.add(endpoint)
            self._strap.subscribed(endpoint, self.now_s)
            self._wind()

    # what the strap sends

    def _wind(self) -> None:
        """Set the timer to when the strap next sends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (due_s := self._strap.next_s) < math.inf:
            self._timer = self._at(due_s, self._send, due_s)

    def _send(self, until_s: float) -> None:
        """Send what is due; the loop's own time may be a rounding error short of what the timer was set to."""
        until_s = max(until_s, self.now_s)
        while (due_s := self._strap.next_s) <= until_s:
            for endpoint, payload in self._strap.send():
                self._carry(self._transport.notify(due_s, endpoint, payload))
        self._wind()

    def _carry(self, packets: tuple[Packet, ...]) -> None:
        """Let packets arrive when the air has had its way with them: on this link, or not at all."""
        for packet in packets:
            self._at(packet.t_host_ns * 1e-9, self._notify, self._link, packet)

    def _notify(self, link: _Link | None, packet: Packet) -> None:
        if link is None or link is not self._link or packet.endpoint not in link.subscribed:
            return
        self.notified += 1
        characteristic = self._characteristics[packet.endpoint]
        server, connection = self.device.gatt_server, link.connection
        value = packet.payload[: connection.att_mtu - 3]
        if characteristic.properties & gatt.Characteristic.Properties.NOTIFY:
            message = att.ATT_Handle_Value_Notification(attribute_handle=characteristic.handle, attribute_value=value)
            server.send_gatt_pdu(connection, bytes(message))
        else:
            self._spawn(server.indicate_subscriber(connection, characteristic, value))

    # what the host asks

    def _value(self, name: str) -> gatt.CharacteristicValue[bytes]:
        return gatt.CharacteristicValue(
            read=lambda _: self._read(name), write=lambda connection, value: self._write(name, bytes(value))
        )

    def _read(self, name: str) -> bytes:
        value = self._strap.read(name, self.now_s)
        if value is None:
            raise att.ATT_Error(att.ErrorCode.READ_NOT_PERMITTED)
        return value

    def _write(self, name: str, payload: bytes) -> None:
        link = self._link
        if link is None:
            return
        properties = self._characteristics[name].properties
        if properties & gatt.Characteristic.Properties.INDICATE and name not in link.subscribed:
            raise att.ATT_Error(_CCCD_IMPROPERLY_CONFIGURED)
        self._serve(link, name.partition(".")[0])
        now_s = self.now_s
        for endpoint, answer in self._strap.write(name, payload, now_s):
            self._carry(self._transport.answer(now_s, endpoint, Direction.NOTIFY, answer))
        self._wind()
