"""Wearer, strap and radio run in virtual time, one item at a time, without asyncio."""

import heapq
import math
from collections.abc import Iterator

from breathcore.model.arrays import F64
from breathcore.model.device import DeviceSpec, Role
from breathcore.model.drill import Timeline
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, LinkReason, Packet, Read, Request
from breathcore.model.protocols import SourceInfo
from breathcore.source.sim.faults import NO_FAULTS, Damage, FaultSpec, inside
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.transport import Transport
from breathcore.source.sim.truth import Truth
from breathcore.source.sim.wearer import Wearer, WearerSpec

T0_HOST_NS = 1_000_000_000_000  # the virtual host has been up for 1000 s
TICK_S = 0.05
_CONNECTED_S = 0.3
_LINGER_S = 0.1
_OUTWARD = (0.0, 0.0, 1.0)

Item = Packet | LinkEvent | Advance


class Simulation:
    """A strap on a simulated wearer, as a sequence of items in virtual time.

    `step` gives the next item, or None after the end; between two steps the consumer may call `request` and `show`,
    which take effect at the virtual time of the last item. So the bytes depend on the seed and on what the consumer
    does at which item, never on how fast or in which portions it asks. Runs until `until_s` or `end`.
    """

    def __init__(
        self,
        device: DeviceSpec,
        wearer: WearerSpec,
        faults: FaultSpec = NO_FAULTS,
        *,
        timeline: Timeline | None = None,
        until_s: float | None = None,
    ) -> None:
        self.device = device
        self._faults = faults
        self._wearer = Wearer(wearer, timeline, inhale_axis(device))
        self._strap = Strap(device, self._wearer, faults)
        self._transport = Transport(device.id, faults, wearer.seed, T0_HOST_NS)
        self._until_s = math.inf if until_s is None else until_s
        self._coming: list[tuple[int, int, Item]] = []
        self._pushed_n = 0
        self._tick_n = 0
        self._now_s = 0.0
        self._linked = False
        self._closed = False
        self._connect(0.0)
        for gap in faults.gaps:
            self._push(self._event(faults.noticed_s(gap), LinkKind.LOST))
            if gap[1] < math.inf:
                self._connect(gap[1])

    @property
    def info(self) -> SourceInfo:
        """The device, the fixed zero of the session clock, and that time is virtual."""
        return SourceInfo(((self.device.id, self.device),), T0_HOST_NS, virtual_time=True)

    @property
    def now_s(self) -> float:
        """Session time of the last item."""
        return self._now_s

    @property
    def damage(self) -> Damage:
        """How many notifications were spoilt so far, and how."""
        return self._transport.damage

    def truth(self) -> Truth:
        """Return what really happened so far. For checks after a run; nothing that estimates may see it."""
        return self._wearer.truth(self._now_s)

    def level(self, t_s: F64) -> F64:
        """Return the true level of the chest at rising `t_s` (n,), 0 out to 1 a full breath in; as `truth`."""
        return self._wearer.level(t_s)

    def __iter__(self) -> Iterator[Item]:
        """Give items until the end."""
        while (item := self.step()) is not None:
            yield item

    def step(self) -> Item | None:
        """Return the next item; None after the end (CLOSED is the last)."""
        if self._closed:
            return None
        while True:
            tick_s = self._tick_n * TICK_S
            coming_s = self._session_s(self._coming[0][0]) if self._coming else math.inf
            first_s = min(tick_s, coming_s, self._strap.next_s)
            if first_s > self._until_s:
                self._closed = True
                return self._event(self._now_s, LinkKind.CLOSED)
            if self._strap.next_s == first_s:
                self._send()
            elif coming_s == first_s:
                return self._deliver()
            else:
                self._tick_n += 1
                self._now_s = tick_s
                return Advance(self._transport.host_ns(tick_s))

    def request(self, request: Request) -> None:
        """Carry out a request now; without a link it becomes a FAULT event."""
        now_s = self._now_s
        if not self._linked:
            self._push(self._event(now_s, LinkKind.FAULT, f"{request.endpoint}: not connected"))
            return
        if isinstance(request, Read):
            value = self._strap.read(request.endpoint, now_s)
            if value is None:
                self._push(self._event(now_s, LinkKind.FAULT, f"{request.endpoint}: cannot be read"))
            else:
                self._answer(now_s, request.endpoint, Direction.READ, value)
            return
        self._push(self._transport.packet(now_s, request.endpoint, Direction.WRITE, request.payload))
        for endpoint, payload in self._strap.write(request.endpoint, request.payload, now_s):
            self._answer(now_s, endpoint, Direction.NOTIFY, payload)

    def show(self, timeline: Timeline | None) -> None:
        """Let the wearer see `timeline` from now on (None or without phases: nothing to follow)."""
        self._wearer.follow(timeline, self._now_s)

    def end(self) -> None:
        """End soon: what answers the last requests still comes, then CLOSED."""
        self._until_s = min(self._until_s, self._now_s + _LINGER_S)

    def _send(self) -> None:
        sent_s = self._strap.next_s
        for endpoint, payload in self._strap.send():
            for packet in self._transport.notify(sent_s, endpoint, payload):
                self._push(packet)

    def _deliver(self) -> Item:
        t_host_ns, _, item = heapq.heappop(self._coming)
        self._now_s = self._session_s(t_host_ns)
        if isinstance(item, LinkEvent) and item.kind is LinkKind.CONNECTED:
            self._linked = True
            self._strap.connect(self._now_s)
        elif isinstance(item, LinkEvent) and item.kind is LinkKind.LOST:
            self._linked = False
            self._strap.disconnect()
        return item

    def _answer(self, t_s: float, endpoint: str, direction: Direction, payload: bytes) -> None:
        for packet in self._transport.answer(t_s, endpoint, direction, payload):
            self._push(packet)

    def _connect(self, t_s: float) -> None:
        self._push(self._event(t_s, LinkKind.CONNECTING))
        for _, end_s in (r for r in self._faults.refused if inside([r], t_s)):
            self._push(self._event(t_s + _CONNECTED_S, LinkKind.WAITING, LinkReason.REFUSED))
            self._connect(end_s)
            return
        self._push(self._event(t_s + _CONNECTED_S, LinkKind.CONNECTED))

    def _push(self, item: Packet | LinkEvent) -> None:
        self._pushed_n += 1
        heapq.heappush(self._coming, (item.t_host_ns, self._pushed_n, item))

    def _event(self, t_s: float, kind: LinkKind, detail: str = "") -> LinkEvent:
        return LinkEvent(self.device.id, self._transport.host_ns(t_s), kind, detail)

    def _session_s(self, t_host_ns: int) -> float:
        return (t_host_ns - T0_HOST_NS) * 1e-9


def inhale_axis(device: DeviceSpec) -> tuple[float, float, float]:
    """Return the direction in which the device's accelerometer sees an inhale (outwards where it has none)."""
    axes = [c.inhale_axis for c in device.channels if c.role is Role.CHEST_ACC and c.inhale_axis is not None]
    return axes[0] if axes else _OUTWARD
