"""Every wearable streams over the virtual radio, through bleak, into a session file that holds what it sent."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from virtual_time import START_S, clock_ns, run_virtual

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS
from breathcore.model.blocks import RawBlock
from breathcore.model.device import DeviceSpec, worn
from breathcore.model.packets import LinkEvent, LinkKind, Packet
from breathcore.record.items import SessionMeta
from breathcore.record.writer import SessionWriter
from breathcore.session.reception import Reception
from breathcore.session.recording import Session, open_session
from breathcore.source.ble import BleSource
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.virtual.devices import VirtualDevice, address
from breathcore.source.virtual.radio import VirtualRadio

FILES = sorted((Path(__file__).parents[2] / "devices").glob("*.toml"))
SECONDS = 20.0  # of virtual time, besides what it takes to its first data; a breath or two

IN_FLIGHT_S = 0.1  # what was sent so shortly before the end need not have arrived


def profile(file: Path) -> DeviceSpec:
    """Return a wearable with all its streams, those too that are sent only when asked for."""
    return load_device_text(file.read_text("utf-8"), file.name, codecs=LAYOUTS)


def length_s(spec: DeviceSpec) -> float:
    """Return how long to record: some need half a minute for a first number."""
    return SECONDS + (spec.time_to_first_data_s if spec.time_to_first_data_s > SECONDS else 0.0)


async def record(spec: DeviceSpec, path: Path, radio: VirtualRadio) -> list[LinkEvent]:
    """Record a session of one wearable; return what happened to the link and what else was told."""
    source = BleSource([(address(1), spec)], radio=radio.radio, clock_ns=clock_ns)
    info = await source.open()
    reception = Reception(info.devices, info.t0_host_ns)
    told: list[LinkEvent] = []
    with SessionWriter(path, SessionMeta(datetime.now(UTC), info.t0_host_ns, "0"), info.devices) as writer:

        async def read() -> None:
            async for item in source.events():
                assert isinstance(item, Packet | LinkEvent)
                writer.put(item)
                reading = reception.push(item)
                told.extend([*([item] if isinstance(item, LinkEvent) else []), *reading.events])
                for asked in reading.outbound:
                    await source.request(asked.device, asked.request)

        reading = asyncio.create_task(read())
        await asyncio.sleep(length_s(spec))
        for asked in reception.stop():
            await source.request(asked.device, asked.request)
        await source.close()
        await reading
    assert writer.error is None
    return told


def values(blocks: list[RawBlock]) -> np.ndarray:
    return np.concatenate([b.x for b in blocks])


def assert_same(received: np.ndarray, sent: np.ndarray, channel: str) -> None:
    """Compare values; those received lie on the grid of what the wire can carry."""
    assert received.shape == sent.shape, channel
    steps = np.diff(np.unique(received))
    step = steps.min() if steps.size else 0.0
    wrong = np.abs(received - sent) > np.maximum(0.501 * step, 1e-6 * np.abs(sent))
    assert not wrong.any(), f"{channel}: {received[wrong][:3]} of {sent[wrong][:3]}, step {step}"


PROFILES = [profile(file) for file in FILES]
USUAL = [(f"{spec.id}-usual", spec, worn(spec)) for spec in PROFILES if any(c.optional for c in spec.channels)]
CHOICES = [*((spec.id, spec, spec) for spec in PROFILES), *USUAL]  # all streams, and those that nobody has to ask for


@pytest.mark.parametrize(("spec", "wanted"), [c[1:] for c in CHOICES], ids=[c[0] for c in CHOICES])
def test_what_is_recorded_is_what_was_sent(spec: DeviceSpec, wanted: DeviceSpec, tmp_path: Path) -> None:
    sent: dict[str, list[tuple[float, RawBlock]]] = defaultdict(list)

    def note(block: RawBlock) -> None:
        sent[block.channel.id].append((asyncio.get_running_loop().time(), block))

    radio = VirtualRadio([VirtualDevice(spec, sent=note)], WearerSpec(seed=5))
    told = run_virtual(record(wanted, tmp_path / "all.breath", radio))
    kinds = [e.kind for e in told]
    assert kinds.count(LinkKind.CONNECTED) == 1
    assert LinkKind.STREAMING in kinds
    assert not {LinkKind.LOST, LinkKind.STALLED, LinkKind.FAULT} & set(kinds), told
    batteries = [e.detail for e in told if e.kind is LinkKind.BATTERY]
    assert batteries or not any(e.codec == "battery" for e in spec.endpoints)
    session = open_session(tmp_path / "all.breath")
    assert not session.faults
    assert {c.id for c in wanted.channels} <= set(sent) <= {c.id for c in spec.channels}
    for channel in (c.id for c in wanted.channels):
        noted = sent[channel]
        early = [b for t_s, b in noted if t_s < START_S + length_s(spec) - IN_FLIGHT_S]
        x = received(session, channel)
        assert len(x) >= len(values(early)) > 0, channel
        assert_same(x, values([b for _, b in noted])[: len(x)], channel)


def received(session: Session, channel: str) -> np.ndarray:
    return np.concatenate([b.x for b in session.blocks if b.channel.id == channel] or [np.empty((0, 1))])
