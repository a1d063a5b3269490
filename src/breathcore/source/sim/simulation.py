"""Wearer, straps and radio run in virtual time, one item at a time, without asyncio."""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import DeviceSpec, Role, distinct
from breathcore.model.drill import Timeline
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, LinkReason, Packet, Read, Request
from breathcore.model.protocols import SourceInfo
from breathcore.source.sim.faults import NO_FAULTS, Damage, FaultSpec, inside
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.transport import Transport
from breathcore.source.sim.trunk.live import NOTHING
from breathcore.source.sim.trunk.script import Script
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer
from breathcore.source.sim.truth import Truth
from breathcore.source.sim.wearer import Wearer, WearerSpec

T0_HOST_NS = 1_000_000_000_000  # the virtual host has been up for 1000 s
TICK_S = 0.05
_CONNECTED_S = 0.3
_LINGER_S = 0.1
_OUTWARD = (0.0, 0.0, 1.0)
_PPM, _RATE_ERROR = 25.0, 0.002  # most by which wearables differ

Item = Packet | LinkEvent | Advance


@dataclass(slots=True)
class _Link:
    """One device of the wearer and the radio to it."""

    spec: DeviceSpec
    faults: FaultSpec
    strap: Strap
    transport: Transport
    up: bool = False
    next_s: float = math.inf  # when the strap next sends by itself

    def look(self) -> None:
        """Ask the strap when it next sends: after all that may have changed it."""
        self.next_s = self.strap.next_s


class Simulation:
    """Straps on a simulated wearer, as a sequence of items in virtual time.

    `devices` is one wearable, or several as (key, spec); `faults` are of all, or by key. With a `trunk` those with a
    place are worn there, `movement` is what the MOVE phases of a timeline ask for, and of `happens` come postures,
    slips, what is put on anew or exchanged.

    `step` gives the next item, or None after the end; between two steps the consumer may call `request` and `show`,
    which take effect at the virtual time of the last item. So the bytes depend on the seed and on what the consumer
    does at which item, never on how fast or in which portions it asks. Runs until `until_s` or `end`.
    """

    def __init__(
        self,
        devices: DeviceSpec | Sequence[tuple[str, DeviceSpec]],
        wearer: WearerSpec,
        faults: FaultSpec | Mapping[str, FaultSpec] = NO_FAULTS,
        *,
        timeline: Timeline | None = None,
        until_s: float | None = None,
        trunk: TrunkSpec | None = None,
        movement: str = "",
        happens: Script = NOTHING,
    ) -> None:
        named = distinct([(devices.id, devices)] if isinstance(devices, DeviceSpec) else devices)
        self.device = named[0][1]
        self._key = named[0][0]
        self._wearer = Wearer(wearer, timeline, inhale_axis(self.device), trunk, movement, happens)
        self._links: dict[str, _Link] = {}
        for number, (key, spec) in enumerate(named):
            own = faults if isinstance(faults, FaultSpec) else faults.get(key, NO_FAULTS)
            self._links[key] = _linked(key, spec, self._wearer, own, number)
        self._until_s = math.inf if until_s is None else until_s
        self._coming: list[tuple[int, int, Item]] = []
        self._pushed_n = 0
        self._tick_n = 0
        self._now_s = 0.0
        self._closed = False
        for key, link in self._links.items():
            self._connect(key, 0.0)
            for gap in link.faults.gaps:
                self._push(self._event(key, link.faults.noticed_s(gap), LinkKind.LOST))
                if gap[1] < math.inf:
                    self._connect(key, gap[1])

    @property
    def info(self) -> SourceInfo:
        """The devices, the fixed zero of the session clock, and that time is virtual."""
        return SourceInfo(tuple((key, link.spec) for key, link in self._links.items()), T0_HOST_NS, virtual_time=True)

    @property
    def now_s(self) -> float:
        """Session time of the last item."""
        return self._now_s

    @property
    def damage(self) -> Damage:
        """How many notifications were spoilt so far, and how; of all devices."""
        found = [link.transport.damage for link in self._links.values()]
        return Damage(**{f.name: sum(getattr(d, f.name) for d in found) for f in fields(Damage)})

    @property
    def trunk(self) -> TrunkWearer | None:
        """The trunk and its truth, where there is one."""
        return self._wearer.trunk

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
        """Return the next item; None after the end (CLOSED, once for each device, is the last)."""
        if self._closed:
            return heapq.heappop(self._coming)[2] if self._coming else None
        while True:
            tick_s = self._tick_n * TICK_S
            coming_s = self._session_s(self._coming[0][0]) if self._coming else math.inf
            link = min(self._links.values(), key=_next_s)
            first_s = min(tick_s, coming_s, link.next_s)
            if first_s > self._until_s:
                return self._close()
            if link.next_s == first_s:
                self._send(link)
            elif coming_s == first_s:
                return self._deliver()
            else:
                self._tick_n += 1
                self._now_s = tick_s
                return Advance(_host_ns(tick_s))

    def request(self, request: Request, device: str | None = None) -> None:
        """Carry out a request to `device` (None: the first) now; without a link it becomes a FAULT event.

        Raises KeyError for a device that is not there.
        """
        now_s, key = self._now_s, self._key if device is None else device
        link = self._links[key]
        if not link.up:
            self._push(self._event(key, now_s, LinkKind.FAULT, f"{request.endpoint}: not connected"))
            return
        if isinstance(request, Read):
            value = link.strap.read(request.endpoint, now_s)
            if value is None:
                self._push(self._event(key, now_s, LinkKind.FAULT, f"{request.endpoint}: cannot be read"))
            else:
                self._answer(link, now_s, request.endpoint, Direction.READ, value)
            return
        self._push(link.transport.packet(now_s, request.endpoint, Direction.WRITE, request.payload))
        for endpoint, payload in link.strap.write(request.endpoint, request.payload, now_s):
            self._answer(link, now_s, endpoint, Direction.NOTIFY, payload)
        link.look()

    def show(self, timeline: Timeline | None) -> None:
        """Let the wearer see `timeline` from now on (None or without phases: nothing to follow)."""
        self._wearer.follow(timeline, self._now_s)

    def end(self) -> None:
        """End soon: what answers the last requests still comes, then CLOSED."""
        self._until_s = min(self._until_s, self._now_s + _LINGER_S)

    def _close(self) -> LinkEvent:
        self._closed = True
        self._coming = []
        for key in self._links:
            self._push(self._event(key, self._now_s, LinkKind.CLOSED))
        _, _, closed = heapq.heappop(self._coming)
        assert isinstance(closed, LinkEvent)
        return closed

    def _send(self, link: _Link) -> None:
        sent_s = link.next_s
        for endpoint, payload in link.strap.send():
            for packet in link.transport.notify(sent_s, endpoint, payload):
                self._push(packet)
        link.look()

    def _deliver(self) -> Item:
        t_host_ns, _, item = heapq.heappop(self._coming)
        self._now_s = self._session_s(t_host_ns)
        if isinstance(item, LinkEvent) and item.kind is LinkKind.CONNECTED:
            link = self._links[item.device]
            link.up = True
            link.strap.connect(self._now_s)
            link.look()
        elif isinstance(item, LinkEvent) and item.kind is LinkKind.LOST:
            link = self._links[item.device]
            link.up = False
            link.strap.disconnect()
            link.look()
        return item

    def _answer(self, link: _Link, t_s: float, endpoint: str, direction: Direction, payload: bytes) -> None:
        for packet in link.transport.answer(t_s, endpoint, direction, payload):
            self._push(packet)

    def _connect(self, key: str, t_s: float) -> None:
        self._push(self._event(key, t_s, LinkKind.CONNECTING))
        for _, end_s in (r for r in self._links[key].faults.refused if inside([r], t_s)):
            self._push(self._event(key, t_s + _CONNECTED_S, LinkKind.WAITING, LinkReason.REFUSED))
            self._connect(key, end_s)
            return
        self._push(self._event(key, t_s + _CONNECTED_S, LinkKind.CONNECTED))

    def _push(self, item: Packet | LinkEvent) -> None:
        self._pushed_n += 1
        heapq.heappush(self._coming, (item.t_host_ns, self._pushed_n, item))

    def _event(self, key: str, t_s: float, kind: LinkKind, detail: str = "") -> LinkEvent:
        return LinkEvent(key, _host_ns(t_s), kind, detail)

    def _session_s(self, t_host_ns: int) -> float:
        return (t_host_ns - T0_HOST_NS) * 1e-9


def _linked(key: str, spec: DeviceSpec, wearer: Wearer, faults: FaultSpec, number: int) -> _Link:
    """Return one device of the wearer; those after the first have clocks and rates of their own."""
    if number:
        ppm, rate = np.random.default_rng([wearer.spec.seed, 19, number]).uniform(-1.0, 1.0, 2).tolist()
        clock_ppm, rate_error = faults.clock_ppm + _PPM * ppm, faults.rate_error + _RATE_ERROR * rate
        faults = replace(faults, clock_ppm=clock_ppm, rate_error=rate_error)
    strap = Strap(spec, wearer, faults, number=number)
    transport = Transport(key, faults, wearer.spec.seed, T0_HOST_NS, number)
    return _Link(spec, faults, strap, transport, next_s=strap.next_s)


def _next_s(link: _Link) -> float:
    return link.next_s


def _host_ns(t_s: float) -> int:
    return T0_HOST_NS + round(t_s * 1e9)


def inhale_axis(device: DeviceSpec) -> tuple[float, float, float]:
    """Return the direction in which the device's accelerometer sees an inhale (outwards where it has none)."""
    axes = [c.inhale_axis for c in device.channels if c.role is Role.CHEST_ACC and c.inhale_axis is not None]
    return axes[0] if axes else _OUTWARD
