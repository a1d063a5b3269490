"""The device's side of declared layouts: what it says it sent is what a host reads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS
from breathcore.decode.table import TableCodec
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, DeviceSpec, EndpointSpec, Role
from breathcore.model.errors import SignalError
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan
from breathcore.model.table import FieldSpec, NumberType, TableSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.sensors import SensorClock, Sensors
from breathcore.source.sim.table_service import TableService
from breathcore.source.sim.wearer import Wearer, WearerSpec

FILE = Path(__file__).parents[3] / "devices/diy_imu.toml"


@pytest.fixture(scope="module")
def diy() -> DeviceSpec:
    return load_device_text(FILE.read_text("utf-8"), FILE.name, codecs=LAYOUTS)


class Bench:
    """A service on a simulated wearer, and a host that hears all of it."""

    def __init__(self, device: DeviceSpec, endpoint: EndpointSpec, rate_error: float = 0.0) -> None:
        self.sent: list[RawBlock] = []
        sensors = Sensors(Wearer(WearerSpec(seed=4)), FaultSpec())
        body = Body(device, sensors, SensorClock(-20.0, 30.0), FaultSpec(), rate_error, self.sent.append)
        self.endpoint, self.service, self.codec = endpoint, TableService(endpoint, body), TableCodec(endpoint)
        self.found: list[RawBlock] = []
        self.packets_n = 0

    def connect(self) -> None:
        self.service.connect(0.0)
        for request in self.codec.start(StreamPlan(self.endpoint.channels)):
            self.write(request, 0.0)

    def write(self, request: object, t_s: float) -> None:
        assert isinstance(request, Write)
        assert self.service.write(request.endpoint.partition(".")[2], request.payload, t_s) == ()

    def run(self, until_s: float) -> None:
        while (now_s := self.service.next_s) < until_s:
            for endpoint, payload in self.service.send():
                received = self.codec.receive(Packet("d", endpoint, Direction.NOTIFY, round(now_s * 1e9), payload))
                assert received.faults == ()
                self.found += received.blocks
                self.packets_n += 1


def same(a: list[RawBlock], b: list[RawBlock], channel: ChannelSpec) -> None:
    found, sent = ([block for block in blocks if block.channel.id == channel.id] for blocks in (a, b))
    assert found
    np.testing.assert_allclose(
        np.concatenate([x.x for x in found]), np.concatenate([x.x for x in sent]), rtol=0, atol=1e-9
    )
    times = [x.t_device_s for x in sent]
    assert all((x.t_device_s is None) == (t is None) for x, t in zip(found, times, strict=True))
    if channel.rate_hz:
        there, sent_s = np.concatenate([x.t_device_s for x in found]), np.concatenate(times)
        first_n = len(found[0].x)  # the first packet has only the nominal rate to go by
        np.testing.assert_allclose(there[:first_n], sent_s[:first_n], rtol=0, atol=2e-3)
        np.testing.assert_allclose(there[first_n:], sent_s[first_n:], rtol=0, atol=2e-6)


@pytest.mark.parametrize("rate_error", [0.0, 0.02])
def test_a_host_reads_what_the_built_in_table_sent(diy: DeviceSpec, rate_error: float) -> None:
    bench = Bench(diy, diy.endpoints[0], rate_error)
    bench.connect()
    bench.run(20.0)
    assert bench.packets_n == pytest.approx(199 * (1 + rate_error), abs=1.5)
    for channel in diy.endpoints[0].channels:
        same(bench.found, bench.sent, channel)
    acc = np.concatenate([b.x for b in bench.found if b.channel.id == "acc"])
    assert np.linalg.norm(acc, axis=1).mean() == pytest.approx(1.0, abs=0.01)


def test_it_is_silent_until_it_is_told_to_start_and_after_it_is_told_to_stop(diy: DeviceSpec) -> None:
    bench = Bench(diy, diy.endpoints[0])
    bench.service.connect(0.0)
    assert bench.service.next_s == np.inf
    bench.write(Write("imu.command", b"\x07"), 0.5)
    assert bench.service.next_s == np.inf
    bench.connect()
    bench.run(2.0)
    assert bench.packets_n
    [stop] = bench.codec.stop()
    bench.write(stop, 2.0)
    assert bench.service.next_s == np.inf
    bench.connect()
    assert bench.service.next_s < np.inf
    bench.service.disconnect()
    assert bench.service.next_s == np.inf


def test_a_layout_without_commands_starts_by_itself_with_what_its_sensors_feel(diy: DeviceSpec) -> None:
    belt = ChannelSpec("belt", Role.BELT, "N", ("n",), 20.0, 0.05)
    heart = ChannelSpec("heart", Role.HEART_RATE, "beats/min", ("hr",), 0.0)
    fields = (FieldSpec("belt", "n", 0, NumberType.F32), FieldSpec("heart", "hr", 4, NumberType.U8))
    endpoint = replace(diy.endpoints[0], channels=(belt, heart), table=TableSpec(0, 5, fields))
    bench = Bench(diy, endpoint)
    bench.connect()
    bench.run(10.0)
    assert bench.packets_n == pytest.approx(198, abs=2)
    found = np.concatenate([b.x for b in bench.found if b.channel is belt])
    np.testing.assert_array_equal(found, np.concatenate([b.x for b in bench.sent if b.channel is belt]))
    assert {float(b.x[0, 0]) for b in bench.found if b.channel is heart} == {0.0}
    assert bench.service.read("data", 1.0) is None


def test_events_are_sent_as_often_as_the_file_says(diy: DeviceSpec) -> None:
    warm = ChannelSpec("t", Role.TEMPERATURE, "degC", ("t",), 0.0, 2.0)
    table = TableSpec(0, 2, (FieldSpec("t", "t", 0, NumberType.I16, 0.01),))
    bench = Bench(diy, replace(diy.endpoints[0], channels=(warm,), table=table))
    bench.connect()
    bench.run(20.0)
    assert bench.packets_n == 10
    same(bench.found, bench.sent, warm)


def test_without_a_layout_there_is_nothing_to_send(diy: DeviceSpec) -> None:
    with pytest.raises(SignalError, match="layout"):
        Bench(diy, replace(diy.endpoints[0], table=None))
