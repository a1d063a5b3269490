"""A long session in bad air: six wearables, a fault every 10 s on average, recorded to a session file."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from air import REFUSED, TAKEN, Damage, Wearable, air
from legal_links import LEGAL
from virtual_time import clock_ns

from breathcore.model.blocks import SampleBlock
from breathcore.model.device import worn
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet
from breathcore.record.items import RecordedFault, SessionMeta
from breathcore.record.reader import SessionFile
from breathcore.record.writer import SessionWriter
from breathcore.session import registry
from breathcore.session.reception import Reception
from breathcore.source.ble import BleSource

FAULT_EVERY_S = 10.0
DEVICES = ("polar_h10", "polar_h10", "diy_imu", "diy_imu", "vernier_gdx_rb", "heart_rate_strap")
HEALTHY = ("polar_h10", "vernier_gdx_rb")  # the others are disturbed, one fault at a time each
SPELLS = {
    "loss": Damage(loss=0.3),
    "duplication": Damage(duplication=0.3),
    "truncation": Damage(truncation=0.3),
    "corruption": Damage(corruption=0.3),
    "jitter": Damage(jitter_s=0.3),
}
FAULTS = ("leave", "drop", "refuse", "taken", "hang", "stall", *SPELLS)
_USUAL = [
    LinkKind.WAITING,
    LinkKind.FOUND,
    LinkKind.CONNECTING,
    LinkKind.CONNECTED,
    LinkKind.STREAMING,
    LinkKind.CLOSED,
]


@dataclass(frozen=True)
class Soaked:
    """What was sent and what was recorded."""

    wearables: dict[str, Wearable]
    faults: Counter[str]
    packets: dict[str, list[tuple[str, bytes]]]  # of the session file, notifications only
    links: dict[str, list[LinkKind]]
    blocks: dict[str, list[SampleBlock]]  # by channel
    refused: list[RecordedFault]

    def wrong(self) -> list[str]:
        """What is not as it should be, one line each."""
        return [line for device in self.wearables for line in (*self._wrong_link(device), *self._wrong_data(device))]

    def _wrong_link(self, device: str) -> list[str]:
        kinds = self.links[device]
        steps = itertools.pairwise([LinkKind.CLOSED, *kinds])
        wrong = [f"{device}: {b} after {a}" for a, b in steps if b not in LEGAL[a]]
        if kinds[-2:] != [LinkKind.STREAMING, LinkKind.CLOSED]:
            wrong.append(f"{device} ends {kinds[-3:]}")
        if device in HEALTHY and kinds != _USUAL:
            wrong.append(f"{device} is healthy, but was {kinds}")
        return wrong

    def _wrong_data(self, device: str) -> list[str]:
        wearable, wrong = self.wearables[device], []
        if self.packets[device] != wearable.delivered:
            wrong.append(f"{device}: {len(self.packets[device])} recorded of {len(wearable.delivered)} delivered")
        sampled = {c.id: self.blocks[c.id] for c in wearable.spec.channels if c.rate_hz}
        for id_, blocks in sampled.items():
            if not (np.diff(np.concatenate([b.t_s for b in blocks])) > 0.0).all():
                wrong.append(f"{device} {id_}: samples twice or out of order")
        if device in HEALTHY:
            gaps = sum(b.gap_before for blocks in sampled.values() for b in blocks[1:])
            refused = [f for f in self.refused if f.device == device]
            if gaps or refused:
                wrong.append(f"{device} is healthy, but has {gaps} gaps, {refused[:3]}")
        return wrong


async def soak(minutes: float, path: Path, seed: int = 1) -> Soaked:
    """Run the session in the running loop's (virtual) time and return what came of it."""
    specs = [worn(registry.device(id_)) for id_ in DEVICES]
    rng = random.Random(seed)
    made = [Wearable(spec, str(n), seed=n) for n, spec in enumerate(specs)]
    async with air(made) as radio:
        source = BleSource([(str(n), spec) for n, spec in enumerate(specs)], radio=radio.radio, clock_ns=clock_ns)
        info = await source.open()
        for wearable, (_, spec) in zip(made, info.devices, strict=True):
            wearable.spec = spec  # its channels' ids as the session has them
        wearables = {key: wearable for (key, _), wearable in zip(info.devices, made, strict=True)}
        meta = SessionMeta(datetime.now().astimezone(), info.t0_host_ns, "0")
        with SessionWriter(path, meta, info.devices) as writer:
            received = asyncio.create_task(_receive(source, Reception(info.devices, info.t0_host_ns), writer))
            faults = await _disturb([w for key, w in wearables.items() if key not in HEALTHY], minutes * 60.0, rng)
            await source.close()
            blocks, refused = await received
    packets, links = _recorded(path, list(wearables))
    return Soaked(wearables, faults, packets, links, blocks, refused)


async def _receive(
    source: BleSource, reception: Reception, writer: SessionWriter
) -> tuple[dict[str, list[SampleBlock]], list[RecordedFault]]:
    blocks: dict[str, list[SampleBlock]] = {}
    refused: list[RecordedFault] = []
    async for item in source.events():
        writer.put(item)
        if isinstance(item, Packet | LinkEvent):
            reading = reception.push(item)
            refused += reading.faults
            for block in reading.blocks:
                blocks.setdefault(block.channel.id, []).append(block)
            for outbound in reading.outbound:
                await source.request(outbound.device, outbound.request)
    return blocks, refused


async def _disturb(victims: Sequence[Wearable], seconds: float, rng: random.Random) -> Counter[str]:
    """Let faults happen for `seconds` and for half a minute's peace after; return how many of each."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    under: dict[int, asyncio.Task[None]] = {}
    count: Counter[str] = Counter()
    await asyncio.sleep(10.0)
    while loop.time() < end_s - 60.0:
        free = [n for n in range(len(victims)) if n not in under or under[n].done()]
        if free:
            n, fault = rng.choice(free), rng.choice(FAULTS)
            under[n] = asyncio.create_task(_befall(fault, victims[n], rng))
            count[fault] += 1
        await asyncio.sleep(rng.expovariate(1.0 / FAULT_EVERY_S))
    await asyncio.gather(*under.values())
    await asyncio.sleep(end_s - loop.time())
    return count


async def _befall(fault: str, wearable: Wearable, rng: random.Random) -> None:
    match fault:
        case "leave":
            await wearable.leave(rng.uniform(2.0, 6.0), rng.uniform(0.0, 10.0))
        case "drop":
            wearable.drop()
        case "refuse" | "taken":
            await wearable.refuse(REFUSED if fault == "refuse" else TAKEN, rng.uniform(0.5, 10.0))
        case "hang":
            await wearable.hang(rng.uniform(0.5, 10.0))
        case "stall":
            await wearable.stall(rng.uniform(1.0, 4.0))
        case _:
            await wearable.spoil(SPELLS[fault], rng.uniform(2.0, 10.0))


def _recorded(
    path: Path, devices: Sequence[str]
) -> tuple[dict[str, list[tuple[str, bytes]]], dict[str, list[LinkKind]]]:
    packets: dict[str, list[tuple[str, bytes]]] = {device: [] for device in devices}
    links: dict[str, list[LinkKind]] = {device: [] for device in devices}
    with SessionFile.open(path) as file:
        for item in file.inputs():
            if isinstance(item, Packet) and item.direction is Direction.NOTIFY:
                packets[item.device].append((item.endpoint, item.payload))
            elif isinstance(item, LinkEvent) and item.kind in LEGAL:
                links[item.device].append(item.kind)
    return packets, links
