"""Virtual MetaMotion, Thingy:52, Hexoskin, SweetzPot, Tymewear and BITalino: what is received is what was sent."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS, make_codec
from breathcore.model.blocks import Fault, RawBlock
from breathcore.model.device import DeviceSpec, worn
from breathcore.model.packets import Direction, Packet, Read, Request, Write
from breathcore.model.protocols import StreamPlan
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.wearer import Wearer

DEVICES = Path(__file__).parents[3] / "devices"
SENT_S = 20.0


def profile(id_: str) -> DeviceSpec:
    spec = load_device_text((DEVICES / f"{id_}.toml").read_text("utf-8"), f"{id_}.toml", codecs=LAYOUTS)
    return worn(spec, streams=[c.id for c in spec.channels])


class Host:
    """Speaks with a strap that it hears at once and without loss."""

    def __init__(self, id_: str) -> None:
        self.spec = profile(id_)
        self.sent: dict[str, list[RawBlock]] = defaultdict(list)
        self.received: dict[str, list[RawBlock]] = defaultdict(list)
        self.faults: list[Fault] = []
        self.writes: list[bytes] = []
        self.strap = Strap(
            self.spec, Wearer(WearerSpec(seed=3)), FaultSpec(), lambda b: self.sent[b.channel.id].append(b)
        )
        self.codecs = {e.id: make_codec(e) for e in self.spec.endpoints}

    def run(self, until_s: float) -> None:
        self.strap.connect(0.5)
        for endpoint in self.spec.endpoints:
            self.ask(self.codecs[endpoint.id].start(StreamPlan(endpoint.channels)), 0.5)
        while self.strap.next_s < until_s:
            now_s = self.strap.next_s
            for endpoint, payload in self.strap.send():
                self.hear(endpoint, Direction.NOTIFY, payload, now_s)

    def ask(self, requests: tuple[Request, ...], now_s: float) -> None:
        for request in requests:
            if isinstance(request, Read):
                value = self.strap.read(request.endpoint, now_s)
                assert value is not None
                self.hear(request.endpoint, Direction.READ, value, now_s)
            elif isinstance(request, Write):
                self.writes.append(request.payload)
                self.hear(request.endpoint, Direction.WRITE, request.payload, now_s)
                for endpoint, payload in self.strap.write(request.endpoint, request.payload, now_s):
                    self.hear(endpoint, Direction.NOTIFY, payload, now_s)

    def hear(self, endpoint: str, direction: Direction, payload: bytes, now_s: float) -> None:
        packet = Packet("d", endpoint, direction, round(now_s * 1e9), payload)
        received = self.codecs[endpoint.partition(".")[0]].receive(packet)
        for block in received.blocks:
            self.received[block.channel.id].append(block)
        self.faults += received.faults
        self.ask(received.requests, now_s)


IDS = ["metamotion", "thingy52", "hexoskin_smart", "sweetzpot_flow", "tymewear_vitalpro", "bitalino"]


@pytest.mark.parametrize("id_", IDS)
def test_what_is_received_is_what_was_sent(id_: str) -> None:
    host = Host(id_)
    host.run(SENT_S)
    assert host.faults == []
    reported = {c.id for c in host.spec.channels} - {"hr", "rr"}  # the heart's own service is tested elsewhere
    assert set(host.sent) >= reported
    for channel in host.spec.channels:
        if channel.id not in reported:
            continue
        sent, received = host.sent[channel.id], host.received[channel.id]
        x = np.concatenate([b.x for b in sent])
        np.testing.assert_allclose(np.concatenate([b.x for b in received]), x, rtol=0, atol=1e-9)
        assert {b.channel.rate_hz for b in received} == {channel.rate_hz}
        if channel.rate_hz:
            assert len(x) == pytest.approx((SENT_S - 0.5) * channel.rate_hz, rel=0.06)


@pytest.mark.parametrize("id_", IDS)
def test_it_is_silent_when_it_has_been_stopped_or_left(id_: str) -> None:
    host = Host(id_)
    host.run(3.0)
    for codec in host.codecs.values():
        host.ask(codec.stop(), 3.0)
    host.strap.disconnect()
    assert host.strap.next_s == np.inf


def test_a_metamotion_stops_sending_by_command_alone() -> None:
    host = Host("metamotion")
    host.run(3.0)
    host.ask(host.codecs["board"].stop(), 3.0)
    before = {k: len(v) for k, v in host.received.items()}
    while host.strap.next_s < 10.0:
        for endpoint, payload in host.strap.send():
            host.hear(endpoint, Direction.NOTIFY, payload, 10.0)
    assert {k: len(v) for k, v in host.received.items()} == before


def test_a_thingy_is_asked_for_the_files_rate_and_keeps_its_other_settings() -> None:
    host = Host("thingy52")
    host.run(2.0)
    assert host.writes == [bytes.fromhex("6400f401f401320001")]


@pytest.mark.parametrize("id_", ["hexoskin_smart", "tymewear_vitalpro"])
def test_breaths_are_told_one_a_breath(id_: str) -> None:
    host = Host(id_)
    host.run(60.0)
    breaths = np.concatenate([b.x for b in host.received["phases"]])
    rates = np.concatenate([b.x for b in host.received["rate"]])
    assert 8 <= len(breaths) <= 20
    assert len(rates) == len(breaths)
    assert (breaths > 0.2).all()
    assert float(np.median(rates)) == pytest.approx(14.5, abs=3.0)
