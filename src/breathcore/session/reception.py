"""Packets → samples on the session clock, for all devices of a session: codecs and clocks, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from breathcore.decode.registry import make_codec
from breathcore.model.blocks import FaultReason, SampleBlock
from breathcore.model.device import DeviceSpec, EndpointSpec
from breathcore.model.packets import LinkEvent, LinkKind, Packet, Request
from breathcore.model.protocols import Codec, StreamPlan
from breathcore.record.items import RecordedFault
from breathcore.sync.clock import Synchroniser


@dataclass(frozen=True, slots=True)
class Outbound:
    """A codec's request to its device."""

    device: str
    request: Request


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one item brought."""

    blocks: tuple[SampleBlock, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    events: tuple[LinkEvent, ...] = ()
    faults: tuple[RecordedFault, ...] = ()


class Reception:
    """Codecs and clocks of a session's devices.

    A codec lives as long as a connection: each CONNECTED event makes fresh ones and starts them. The clock outlives
    it: `sync` is told, and finds out whether the device's own clock went on meanwhile. An exception in a codec or a
    clock is a fault of that device and ends nothing.
    """

    def __init__(self, devices: Sequence[tuple[str, DeviceSpec]], t0_host_ns: int) -> None:
        self._specs: Mapping[str, DeviceSpec] = dict(devices)
        self._t0_host_ns = t0_host_ns
        self._clocks = {device: Synchroniser(t0_host_ns * 1e-9) for device, _ in devices}
        self._codecs: dict[tuple[str, str], Codec] = {}
        self._endpoints: dict[str, str] = {}
        self._linked: set[str] = set()

    def session_s(self, t_host_ns: int) -> float:
        """Return the session time of a host stamp."""
        return (t_host_ns - self._t0_host_ns) * 1e-9

    def push(self, item: Packet | LinkEvent) -> Reading:
        """Take one packet or link event."""
        if isinstance(item, Packet):
            return self._packet(item)
        if item.kind in (LinkKind.LOST, LinkKind.CLOSED):
            self._linked.discard(item.device)
        if item.kind is LinkKind.CONNECTED and item.device in self._specs:
            self._linked.add(item.device)
            return self._connected(item)
        return Reading()

    def flush(self) -> tuple[SampleBlock, ...]:
        """Return samples that clocks still held back: nothing more comes."""
        return tuple(block for clock in self._clocks.values() for block in clock.flush())

    def stop(self) -> tuple[Outbound, ...]:
        """Return the requests that end all streams of the devices that are linked."""
        linked = [(device, codec) for (device, _), codec in self._codecs.items() if device in self._linked]
        return tuple(Outbound(device, request) for device, codec in linked for request in codec.stop())

    def _connected(self, event: LinkEvent) -> Reading:
        outbound: list[Outbound] = []
        faults: list[RecordedFault] = []
        for endpoint in self._specs[event.device].endpoints:
            try:
                outbound += [Outbound(event.device, r) for r in self._start(event.device, endpoint)]
            except Exception as error:  # one endpoint's codec must not end the others
                faults.append(self._fault(event.device, event.t_host_ns, endpoint.id, error))
        return Reading(self._clocks[event.device].reconnected(), tuple(outbound), faults=tuple(faults))

    def _start(self, device: str, endpoint: EndpointSpec) -> tuple[Request, ...]:
        codec = make_codec(endpoint)
        self._codecs[device, endpoint.id] = codec
        return codec.start(StreamPlan(endpoint.channels))

    def _packet(self, packet: Packet) -> Reading:
        codec = self._codecs.get((packet.device, self._endpoint_id(packet.endpoint)))
        if codec is None:
            return Reading()
        try:
            received = codec.receive(packet)
            clock = self._clocks[packet.device]
            raw = received.blocks
            blocks = clock.push(raw[0]) if len(raw) == 1 else tuple(b for one in raw for b in clock.push(one))
        except Exception as error:  # a defect of ours in one codec must not end the session
            return Reading(faults=(self._fault(packet.device, packet.t_host_ns, packet.endpoint, error),))
        if not (received.requests or received.events or received.faults):
            return Reading(blocks)
        t_s = self.session_s(packet.t_host_ns)
        return Reading(
            blocks,
            tuple(Outbound(packet.device, r) for r in received.requests),
            received.events,
            tuple(RecordedFault(packet.device, t_s, f.reason, f.endpoint, f.offset, f.detail) for f in received.faults),
        )

    def _endpoint_id(self, endpoint: str) -> str:
        id_ = self._endpoints.get(endpoint)
        if id_ is None:
            id_ = self._endpoints[endpoint] = endpoint.partition(".")[0]
        return id_

    def _fault(self, device: str, t_host_ns: int, endpoint: str, error: Exception) -> RecordedFault:
        detail = f"{type(error).__name__}: {error}"
        return RecordedFault(device, self.session_s(t_host_ns), FaultReason.UNEXPECTED, endpoint, 0, detail)
