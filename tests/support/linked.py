"""A host linked to a virtual wearable: what is sent, what arrives, and what the radio between them spoils."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS, make_codec
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.device import DeviceSpec, worn
from breathcore.model.packets import Direction, LinkEvent, Packet, Read, Request
from breathcore.model.protocols import Codec, StreamPlan
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.wearer import Wearer, WearerSpec

FOLDER = Path(__file__).parents[2] / "devices"
LATENCY_S = 0.01

Spoil = Callable[[bytes], Sequence[bytes]]  # a notification as sent → what arrives of it


def profile(id_: str, *streams: str) -> DeviceSpec:
    """Return a wearable of the catalogue with these of its optional streams."""
    file = FOLDER / f"{id_}.toml"
    return worn(load_device_text(file.read_text("utf-8"), str(file), codecs=LAYOUTS), streams=streams)


def whole(payload: bytes) -> Sequence[bytes]:
    """Spoil nothing."""
    return (payload,)


@dataclass
class Linked:
    """One wearable, its host's codecs, and everything that passes between them."""

    device: DeviceSpec
    faults_spec: FaultSpec = NO_FAULTS
    spoil: Spoil = whole
    wearer: WearerSpec = field(default_factory=lambda: WearerSpec(seed=3))
    packets: list[Packet] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    events: list[LinkEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sent: defaultdict[str, list[RawBlock]] = defaultdict(list)
        self.received: defaultdict[str, list[RawBlock]] = defaultdict(list)
        self.strap = Strap(
            self.device, Wearer(self.wearer), self.faults_spec, lambda b: self.sent[b.channel.id].append(b)
        )
        self.codecs: dict[str, Codec] = {}

    def run(self, until_s: float, from_s: float = 0.0) -> "Linked":
        """Connect at `from_s`, ask for every channel, and listen; link breaks are for the caller to make."""
        self.strap.connect(from_s)
        self.codecs = {e.id: make_codec(e) for e in self.device.endpoints}
        for endpoint in self.device.endpoints:
            self.ask(self.codecs[endpoint.id].start(StreamPlan(endpoint.channels)), from_s)
        self.listen(until_s)
        return self

    def listen(self, until_s: float) -> None:
        """Take what the wearable sends by itself."""
        while (now_s := self.strap.next_s) <= until_s:
            for endpoint, payload in self.strap.send():
                for arrived in self.spoil(payload):
                    self.take(endpoint, Direction.NOTIFY, now_s, arrived)

    def stop(self, t_s: float) -> None:
        """End the streams."""
        for codec in self.codecs.values():
            self.ask(codec.stop(), t_s)

    def ask(self, requests: Sequence[Request], t_s: float) -> None:
        """Carry out requests; answers are never spoilt."""
        for request in requests:
            if isinstance(request, Read):
                self.take(request.endpoint, Direction.READ, t_s, self.strap.read(request.endpoint, t_s) or b"")
                continue
            self.take(request.endpoint, Direction.WRITE, t_s, request.payload)
            for endpoint, payload in self.strap.write(request.endpoint, request.payload, t_s):
                self.take(endpoint, Direction.NOTIFY, t_s, payload)

    def take(self, endpoint: str, direction: Direction, t_s: float, payload: bytes) -> Received:
        """Let a packet arrive a little after `t_s`."""
        packet = Packet(self.device.id, endpoint, direction, round((t_s + LATENCY_S) * 1e9), payload)
        self.packets.append(packet)
        received = self.codecs[endpoint.partition(".")[0]].receive(packet)
        for block in received.blocks:
            self.received[block.channel.id].append(block)
        self.faults += received.faults
        self.events += received.events
        self.ask(received.requests, t_s)
        return received

    @property
    def reasons(self) -> Counter[FaultReason]:
        """How often each fault was told."""
        return Counter(f.reason for f in self.faults)

    def replayed(self) -> dict[str, np.ndarray]:
        """Return the values that fresh codecs make of the packets alone, requests discarded."""
        codecs = {e.id: make_codec(e) for e in self.device.endpoints}
        for endpoint in self.device.endpoints:
            codecs[endpoint.id].start(StreamPlan(endpoint.channels))
        found: defaultdict[str, list[RawBlock]] = defaultdict(list)
        for packet in self.packets:
            for block in codecs[packet.endpoint.partition(".")[0]].receive(packet).blocks:
                found[block.channel.id].append(block)
        return {id_: rows(blocks) for id_, blocks in found.items()}


def rows(blocks: Sequence[RawBlock]) -> np.ndarray:
    """Return all values of `blocks`, (n, axes)."""
    return np.concatenate([b.x for b in blocks])


def stamps(blocks: Sequence[RawBlock]) -> np.ndarray:
    """Return all device times of `blocks`."""
    return np.concatenate([b.t_device_s for b in blocks if b.t_device_s is not None])


def lost_n(blocks: Sequence[RawBlock]) -> int:
    """Return how many samples are known to be missing, those before the first block left out."""
    return sum(b.lost_n for b in blocks[1:])
