"""Random, truncated and mutated notifications over every codec and every built-in wearable.

    python benchmarks/fuzz.py [--n 1000000] [--seed 1] [--seconds 30] [--rare-flips]

Each wearable's own packets, from a virtual one that was started as a session starts it, are spoilt one in two and fed
to the codecs of `make_codec`; a second set of codecs gets them whole, to compare with. It stops at the first

- exception, or notification that takes more than half a second;
- number from a packet whose length, header, type or checksum is wrong by a rule written here a second time;
- such a packet that no fault was counted for;
- number that is not finite, outside its channel's limits, or after a step that the channel cannot make;
- number out of a packet that repeats the stamp of the one before, or out of order on the session's clock.

Printed: packets a second, faults by reason for each codec, and, for flipped bits in packets without a checksum, the
share that changed a number and was caught, and the largest change that passed (its bound: the channel's `max_step` or,
where it has none, its whole range). Where half of all packets are spoilt, two in a row may hide each other;
`--rare-flips` spoils one in fifty, by flipped bits alone.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from breathcore.decode.registry import make_codec
from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import DeviceSpec, EndpointSpec, worn
from breathcore.model.packets import Direction, Packet, Read, Request
from breathcore.model.protocols import Codec, StreamPlan
from breathcore.model.table import ChecksumKind
from breathcore.session import registry
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.wearer import Wearer
from breathcore.sync.clock import Synchroniser

HANG_S = 0.5
MUTATIONS = ("random", "cut", "grow", "flip", "flip", "flip", "head", "tail", "splice", "repeat")
HALF = (0.5, MUTATIONS)  # the share of packets to spoil, and how
RARE_FLIPS = (0.02, ("flip",))
CHECKED = {"bitalino", "vernier_gdx"}  # have checksums; so may tables
JOINED = {"vernier_gdx", "witmotion", "movesense"}  # packets go on in the next notification

Spoiling = tuple[float, tuple[str, ...]]
Rule = Callable[[str, bytes], bool | None]  # (characteristic, payload) → whether it is valid, None: depends on others


# ── rules, written a second time ─────────────────────────────────────────────────────────────────────────────────────


def _remainder(data: bytes, polynomial: int, bits: int) -> int:
    """Return the remainder of `data` as a polynomial, without zeros appended."""
    value = int.from_bytes(data, "big")
    for at in range(value.bit_length() - 1, bits - 1, -1):
        if value >> at & 1:
            value ^= polynomial << at - bits
    return value


def _bitalino(name: str, payload: bytes) -> bool:
    frames = [payload[i : i + 8] for i in range(0, len(payload), 8)]
    whole = bool(frames) and all(len(f) == 8 for f in frames)
    return whole and all(_remainder(f[:7] + bytes([f[7] & 0xF0]), 0b10011, 4) == f[7] & 15 for f in frames)


def _heart_rate(name: str, payload: bytes) -> bool:
    if len(payload) < 2:
        return False
    flags = payload[0]
    fixed = 2 + (flags & 1) + (2 if flags & 8 else 0)
    rest = len(payload) - fixed
    return rest >= 0 and not (flags & 16 and (rest == 0 or rest % 2))


def _hexoskin_respiration(name: str, payload: bytes) -> bool:
    if not payload or payload[0] > 7:
        return False
    rest = len(payload) - 2 - (payload[0] & 1)
    return rest > 0 and rest % 2 == 0 if payload[0] & 2 else rest == 0


def _hexoskin_activity(name: str, payload: bytes) -> bool:
    return bool(payload) and payload[0] <= 7 and len(payload) == 1 + 2 * payload[0].bit_count()


def _metamotion(name: str, payload: bytes) -> bool:
    head = payload[:2].hex()
    fusion = {"1904": 15, "1905": 15, "1907": 18, "1908": 18, "1909": 14, "190a": 14}
    if head in fusion:
        return len(payload) == fusion[head]
    lengths = {"0304": 8, "0305": 20, "1304": 8, "1305": 20}  # of a BMI270
    return head in ("0380", "1380") or len(payload) == lengths.get(head)


def _polar_pmd(name: str, payload: bytes) -> bool | None:
    if name != "data":
        return None
    return len(payload) > 10 and payload[0] & 0x3F <= 14


def _vernier_gdx(name: str, payload: bytes) -> bool | None:
    if len(payload) < 5 or payload[1] != len(payload):
        return None  # a part of a packet, or several
    return (sum(payload) - payload[3]) & 0xFF == payload[3]


def _table(endpoint: EndpointSpec, name: str, payload: bytes) -> bool | None:
    table = endpoint.table
    if table is None or name != table.data:
        return None
    rows = len(payload) - table.head_bytes - (1 if table.checksum and table.checksum_offset < 0 else 0)
    if rows <= 0 or any(payload[f.offset :].hex().find(f.bytes_hex) for f in table.fixed):
        return False
    if table.checksum is ChecksumKind.CRC8:
        at = table.checksum_offset % len(payload)
        return _remainder(payload[:at] + payload[at + 1 :] + b"\0", 0x107, 8) == payload[at]
    return None


RULES: Mapping[str, Rule] = {
    "battery": lambda _, p: len(p) == 1 and p[0] <= 100,
    "bitalino": _bitalino,
    "heart_rate": _heart_rate,
    "hexoskin_activity": _hexoskin_activity,
    "hexoskin_respiration": _hexoskin_respiration,
    "metamotion": _metamotion,
    "movella_dot": lambda name, p: len(p) == {"short": 20, "medium": 40, "long": 63}.get(name),
    "movesense": lambda _, p: None if p and 1 <= p[0] <= 3 else False,
    "polar_pmd": _polar_pmd,
    "sweetzpot": lambda _, p: len(p) == 14,
    "thingy": lambda name, p: len(p) == {"raw": 18, "quaternion": 16, "euler": 12, "config": 9}.get(name),
    "tymewear": lambda _, p: bool(p) and len(p) == {1: 17, 2: 13, 6: 17}.get(p[0]),
    "vernier_gdx": _vernier_gdx,
}


def rule_of(endpoint: EndpointSpec) -> Rule:
    """Return what says whether a notification is valid by itself."""
    if endpoint.codec == "table":
        return partial(_table, endpoint)
    return RULES.get(endpoint.codec, lambda _, __: None)


# ── true packets ─────────────────────────────────────────────────────────────────────────────────────────────────────


def conversation(spec: DeviceSpec, seconds: float) -> list[Packet]:
    """Return everything that crosses the radio when `spec` is started and left to stream."""
    strap = Strap(spec, Wearer(WearerSpec(seed=2)), FaultSpec())
    codecs = {e.id: make_codec(e) for e in spec.endpoints}
    packets: list[Packet] = []

    def hear(endpoint: str, direction: Direction, payload: bytes, t_s: float) -> None:
        packets.append(Packet(spec.id, endpoint, direction, round(t_s * 1e9), payload))
        ask(codecs[endpoint.partition(".")[0]].receive(packets[-1]).requests, t_s)

    def ask(requests: tuple[Request, ...], t_s: float) -> None:
        for request in requests:
            if isinstance(request, Read):
                value = strap.read(request.endpoint, t_s)
                if value is not None:
                    hear(request.endpoint, Direction.READ, value, t_s)
                continue
            hear(request.endpoint, Direction.WRITE, request.payload, t_s)
            for endpoint, payload in strap.write(request.endpoint, request.payload, t_s):
                hear(endpoint, Direction.NOTIFY, payload, t_s)

    strap.connect(0.5)
    for endpoint in spec.endpoints:
        ask(codecs[endpoint.id].start(StreamPlan(endpoint.channels)), 0.5)
    while strap.next_s < seconds:
        t_s = strap.next_s
        for endpoint_name, payload in strap.send():
            hear(endpoint_name, Direction.NOTIFY, payload, t_s)
    return packets + _again(packets)


def _again(packets: list[Packet]) -> list[Packet]:
    """Return reads of the endpoints that are only read, twenty times more."""
    notifying = {p.endpoint.partition(".")[0] for p in packets if p.direction is Direction.NOTIFY}
    last_ns = packets[-1].t_host_ns
    return [
        replace(p, t_host_ns=last_ns + k * 1_000_000_000)
        for p in packets
        if p.direction is Direction.READ and p.endpoint.partition(".")[0] not in notifying
        for k in range(1, 21)
    ]


# ── spoilt packets ───────────────────────────────────────────────────────────────────────────────────────────────────


def mutated(kind: str, payload: bytes, before: bytes, rng: np.random.Generator) -> bytes:
    """Return `payload` spoilt; `before` is the packet before it on the same characteristic."""
    n = len(payload)
    if kind == "random" or n == 0:
        return rng.bytes(int(rng.integers(0, 65)))
    if kind == "cut":
        return payload[: int(rng.integers(0, n))]
    if kind == "grow":
        return payload + rng.bytes(int(rng.integers(1, 9)))
    if kind == "repeat":
        return before
    if kind == "splice":
        at = int(rng.integers(0, n))
        return payload[:at] + before[at:]
    spoilt = bytearray(payload)
    if kind == "head":
        spoilt[int(rng.integers(0, min(n, 10)))] = int(rng.integers(0, 256))
    elif kind == "tail":
        spoilt[-1] ^= int(rng.integers(1, 256))
    else:
        for bit in rng.integers(0, 8 * n, int(rng.integers(1, 4))).tolist():
            spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


# ── what comes of them ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Tally:
    """What has been seen. `flips` by codec: changed and caught, changed and passed; `largest` by channel."""

    n: int = 0
    spent_s: float = 0.0
    fed: Counter[str] = field(default_factory=Counter)
    faults: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    caught: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    largest: dict[str, tuple[float, float]] = field(default_factory=dict)  # change, what bounds it


class Session:
    """One connection to one wearable: codecs under test, and codecs that get everything whole."""

    def __init__(self, spec: DeviceSpec, tally: Tally) -> None:
        self._codecs = {e.id: _started(e) for e in spec.endpoints}
        self._whole = {e.id: _started(e) for e in spec.endpoints}
        self._endpoints = {e.id: e for e in spec.endpoints}
        self._rules = {e.id: rule_of(e) for e in spec.endpoints}
        self._last_s: dict[str, float] = {}
        self._alone: dict[str, bool] = {}  # whether nothing spoilt can be waiting to be joined with what comes next
        self._accepted: dict[str, tuple[str, bytes] | None] = {}  # the last packet, if true, stamped and used
        self._clock = Synchroniser(0.0)
        self._tally = tally

    def feed(self, packet: Packet, payload: bytes, kind: str) -> None:
        """Feed `payload` in the place of the packet's own; `kind` is how it was spoilt ("" not at all)."""
        id_, _, name = packet.endpoint.partition(".")
        endpoint, tally = self._endpoints[id_], self._tally
        spoilt = Packet(packet.device, packet.endpoint, packet.direction, packet.t_host_ns, payload)
        start_s = time.perf_counter()
        received = self._codecs[id_].receive(spoilt)
        spent_s = time.perf_counter() - start_s
        true = self._whole[id_].receive(packet)
        assert spent_s < HANG_S, f"{spent_s:.2f} s for {packet.endpoint} {payload.hex()}"
        if packet.direction is Direction.WRITE:
            return
        tally.n += 1
        tally.spent_s += spent_s
        tally.fed[endpoint.codec] += 1
        tally.faults[endpoint.codec].update(f.reason.value for f in received.faults)
        valid = self._rules[id_](name, payload)
        alone = endpoint.codec not in JOINED or self._alone.get(id_, False)
        self._alone[id_] = not kind and bool(received.blocks) and not received.faults
        if valid is False and alone:
            assert not received.blocks, f"numbers from {packet.endpoint} {payload.hex()}"
            assert received.faults, f"no fault for {packet.endpoint} {payload.hex()}"
        if kind == "repeat" and self._accepted.get(id_) == (packet.endpoint, payload):
            assert not received.blocks, f"numbers again from {packet.endpoint} {payload.hex()}"
        stamped = any(b.t_device_s is not None for b in received.blocks) and not kind
        self._accepted[id_] = (packet.endpoint, payload) if stamped else None
        for block in received.blocks:
            self._look(block)
        table = endpoint.table is not None and endpoint.table.checksum is not None
        if kind == "flip" and endpoint.codec not in CHECKED and not table:
            self._compare(endpoint.codec, received, true)

    def _look(self, block: RawBlock) -> None:
        channel, x = block.channel, block.x
        low, high = channel.limits or (-np.inf, np.inf)
        assert x.shape == (len(block.x), len(channel.axes)), channel.id
        assert np.isfinite(x).all(), channel.id
        assert (x >= low).all(), channel.id
        assert (x <= high).all(), channel.id
        if channel.max_step is not None and len(x) > 1:
            assert (np.abs(x[1:] - x[:-1]) <= channel.max_step).all(), channel.id
        for placed in self._clock.push(block):
            id_ = placed.channel.id  # what was held back may be another channel's
            assert placed.t_s[0] > self._last_s.get(id_, -np.inf), id_
            assert (placed.t_s[1:] > placed.t_s[:-1]).all(), id_
            self._last_s[id_] = float(placed.t_s[-1])

    def _compare(self, codec: str, received: Received, true: Received) -> None:
        """Tally what a flip has done to the numbers."""
        found = {b.channel.id: b for b in received.blocks}
        for block in true.blocks:
            ours = found.get(block.channel.id)
            if ours is None or ours.x.shape != block.x.shape:
                self._tally.caught[codec] += 1
                continue
            change = float(np.abs(ours.x - block.x).max())
            if change == 0.0:
                continue
            self._tally.passed[codec] += 1
            low, high = block.channel.limits or (-np.inf, np.inf)
            bound = high - low
            assert change <= bound, f"{block.channel.id}: {change} passed"
            key = f"{codec} {block.channel.id}, {block.channel.unit}"
            step = block.channel.max_step or bound
            self._tally.largest[key] = max(self._tally.largest.get(key, (0.0, step)), (change, step))


def _started(endpoint: EndpointSpec) -> Codec:
    codec = make_codec(endpoint)
    codec.start(StreamPlan(endpoint.channels))
    return codec


def fuzz(n: int, seed: int, seconds: float, spoiling: Spoiling = HALF) -> Tally:
    """Feed `n` notifications, evenly over the wearables; raises AssertionError at the first thing that is wrong."""
    rng = np.random.default_rng(seed)
    specs = [worn(s, streams=[c.id for c in s.channels]) for s in registry.devices()]
    tally = Tally()
    for number, spec in enumerate(specs):
        packets = conversation(spec, seconds)
        while tally.n < n * (number + 1) // len(specs):
            _run(Session(spec, tally), packets, rng, spoiling)
    return tally


def _run(session: Session, packets: list[Packet], rng: np.random.Generator, spoiling: Spoiling) -> None:
    """Feed one conversation; what comes in the first moment (the replies to the start) arrives whole."""
    started_ns = packets[0].t_host_ns + 200_000_000
    before: dict[str, bytes] = {}
    share, ways = spoiling
    kinds = rng.integers(0, len(ways), len(packets))
    spoilt = rng.random(len(packets)) < share
    for packet, number, bad in zip(packets, kinds.tolist(), spoilt.tolist(), strict=True):
        if not bad or packet.direction is Direction.WRITE or packet.t_host_ns < started_ns:
            session.feed(packet, packet.payload, "")
        else:
            kind = ways[number]
            last = before.get(packet.endpoint, packet.payload)
            session.feed(packet, mutated(kind, packet.payload, last, rng), kind)
        before[packet.endpoint] = packet.payload


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Fuzz every codec.")
    parser.add_argument("--n", type=int, default=1_000_000, help="notifications")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each wearable's true stream")
    parser.add_argument("--rare-flips", action="store_true", help="only flip bits, and in one packet of fifty")
    arguments = parser.parse_args()
    tally = fuzz(arguments.n, arguments.seed, arguments.seconds, RARE_FLIPS if arguments.rare_flips else HALF)
    print(f"{tally.n} notifications, {tally.n / tally.spent_s:.0f} a second, nothing wrong")
    for codec, count in sorted(tally.fed.items()):
        reasons = ", ".join(f"{reason} {k}" for reason, k in sorted(tally.faults[codec].items()))
        print(f"{codec:22} {count:8} fed; {reasons or 'no faults'}")
    for codec in sorted(tally.caught | tally.passed):
        caught, passed = tally.caught[codec], tally.passed[codec]
        print(f"flips, {codec:22} {caught} caught, {passed} passed: {100 * caught / (caught + passed):.1f} % caught")
    for key, (change, step) in sorted(tally.largest.items()):
        print(f"largest change that passed, {key}: {change:g} (bound {step:g})")


if __name__ == "__main__":
    main()
