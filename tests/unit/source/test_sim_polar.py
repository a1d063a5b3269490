"""Virtual Polar devices and the codecs that read them: what arrives is what was sent, number for number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from breathcore.catalog.load import load_device_text
from breathcore.decode import pmd_control as control
from breathcore.decode.pmd_control import Measurement, Op, PmdReply, Status
from breathcore.decode.registry import LAYOUTS, make_codec
from breathcore.model.blocks import Fault, FaultReason, RawBlock
from breathcore.model.device import DeviceSpec, Role, worn
from breathcore.model.packets import Direction, Packet, Read, Request
from breathcore.model.protocols import StreamPlan
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.pmd_offers import OFFERS
from breathcore.source.sim.strap import Strap
from breathcore.source.sim.wearer import Wearer, WearerSpec

FOLDER = Path(__file__).parents[3] / "devices"
IDS = ["polar_h9", "polar_h10", "polar_oh1", "polar_verity_sense", "polar_360", "heart_rate_strap"]
WITH_STREAMS = [i for i in IDS if i in OFFERS]


def spec_of(id_: str) -> DeviceSpec:
    file = FOLDER / f"{id_}.toml"
    return load_device_text(file.read_text(encoding="utf-8"), str(file), codecs=LAYOUTS)


class Link:
    """A host that is linked to a virtual device and never loses a packet."""

    def __init__(self, device: DeviceSpec, faults: FaultSpec = NO_FAULTS) -> None:
        self.device = device
        self.sent: list[RawBlock] = []
        self.received: list[RawBlock] = []
        self.faults: list[Fault] = []
        self.packets: list[Packet] = []
        self.strap = Strap(device, Wearer(WearerSpec(seed=3)), faults, self.sent.append)
        self.codecs = {e.id: make_codec(e) for e in device.endpoints}

    def run(self, until_s: float) -> "Link":
        """Connect, ask for every channel, and listen."""
        self.strap.connect(0.0)
        for endpoint in self.device.endpoints:
            self.ask(self.codecs[endpoint.id].start(StreamPlan(endpoint.channels)), 0.0)
        while (now_s := self.strap.next_s) <= until_s:
            for name, payload in self.strap.send():
                self.take(name, Direction.NOTIFY, now_s, payload)
        return self

    def ask(self, requests: Sequence[Request], t_s: float) -> None:
        for request in requests:
            if isinstance(request, Read):
                self.take(request.endpoint, Direction.READ, t_s, self.strap.read(request.endpoint, t_s) or b"")
                continue
            self.take(request.endpoint, Direction.WRITE, t_s, request.payload)
            for name, payload in self.strap.write(request.endpoint, request.payload, t_s):
                self.take(name, Direction.NOTIFY, t_s, payload)

    def take(self, endpoint: str, direction: Direction, t_s: float, payload: bytes) -> None:
        self.packets.append(Packet(self.device.id, endpoint, direction, round(t_s * 1e9), payload))
        received = self.codecs[endpoint.partition(".")[0]].receive(self.packets[-1])
        self.received += received.blocks
        self.faults += received.faults
        self.ask(received.requests, t_s)

    def rows(self, blocks: Sequence[RawBlock], id_: str) -> np.ndarray:
        return np.concatenate([b.x for b in blocks if b.channel.id == id_])

    def stamps(self, blocks: Sequence[RawBlock], id_: str) -> np.ndarray:
        return np.concatenate([b.t_device_s for b in blocks if b.channel.id == id_ and b.t_device_s is not None])

    def arrivals(self, id_: str) -> list[float]:
        return [b.t_host_s for b in self.received if b.channel.id == id_]

    def payloads(self, endpoint: str, direction: Direction = Direction.NOTIFY) -> list[bytes]:
        return [p.payload for p in self.packets if p.endpoint == endpoint and p.direction is direction]


@pytest.fixture(scope="module", params=IDS)
def link(request: pytest.FixtureRequest) -> Link:
    """One minute of a device with all its channels."""
    return Link(spec_of(request.param)).run(60.0)


def test_every_number_that_was_sent_arrives_and_no_other(link: Link) -> None:
    assert link.faults == []
    assert {c.id for c in link.device.channels} == {b.channel.id for b in link.received}
    for channel in link.device.channels:
        np.testing.assert_array_equal(link.rows(link.received, channel.id), link.rows(link.sent, channel.id))


def test_samples_arrive_with_the_times_at_which_they_were_taken(link: Link) -> None:
    for channel in link.device.channels:
        if channel.rate_hz or channel.id == "ppi":
            sent, got = (link.stamps(blocks, channel.id) for blocks in (link.sent, link.received))
            late = np.abs(got - sent)
            assert late.max() <= 0.01 * 72 / max(channel.rate_hz, 72.0) + 0.002  # the first frame is spaced nominally
            assert late[len(late) // 2 :].max() <= 1e-6


def test_packets_come_as_often_as_the_file_says_or_oftener(link: Link) -> None:
    for channel in link.device.channels:
        arrivals = np.unique(link.arrivals(channel.id))
        assert np.diff(arrivals).max() <= 3.0 * channel.expected_interval_s
        assert arrivals[0] <= link.device.time_to_first_data_s + channel.expected_interval_s


def test_no_packet_is_larger_than_a_link_carries(link: Link) -> None:
    assert max(len(p.payload) for p in link.packets) <= 229


def test_values_are_inside_the_limits_of_the_file(link: Link) -> None:
    for channel in link.device.channels:
        assert channel.limits is not None
        x = link.rows(link.sent, channel.id)
        assert channel.limits[0] <= x.min()
        assert x.max() <= channel.limits[1]


@pytest.mark.parametrize(
    ("id_", "features"), [("polar_h10", "0f05"), ("polar_verity_sense", "0f6e"), ("polar_oh1", "0f0e")]
)
def test_each_device_says_what_it_has(id_: str, features: str) -> None:
    (read,) = Link(spec_of(id_)).run(0.0).payloads("pmd.control", Direction.READ)
    assert read.hex().startswith(features + "00" * 15)


def test_a_verity_answers_with_the_bytes_of_its_maker() -> None:
    replies = [p.hex() for p in Link(spec_of("polar_verity_sense")).run(0.0).payloads("pmd.control")]
    assert {
        "f001030000",
        "f002030000",
        "f0010200000001340001011000020108000401" + "03",
        "f002020000050140da7f39",
        "f00201000005010000803f",
    } <= set(replies)


@pytest.mark.parametrize("id_", ["polar_oh1", "polar_verity_sense", "polar_360"])
def test_by_itself_an_arm_sensor_sends_heart_rate_and_beats_only(id_: str) -> None:
    link = Link(worn(spec_of(id_))).run(60.0)
    assert {b.channel.role for b in link.received} == {Role.HEART_RATE, Role.RR}
    assert {p[0] for p in link.payloads("pmd.data")} == {Measurement.PPI}
    np.testing.assert_allclose(np.unique(link.arrivals("ppi")), np.arange(25.0, 60.1, 5.0))
    np.testing.assert_allclose(link.arrivals("hr"), np.arange(5.0, 60.1, 5.0))
    assert all(p[0] & 0x10 == 0 for p in link.payloads("heart_rate.measurement"))  # no intervals
    assert link.device.time_to_first_data_s >= 25.0


def test_beats_follow_one_another_by_their_intervals() -> None:
    link = Link(worn(spec_of("polar_verity_sense"))).run(120.0)
    times, intervals = link.stamps(link.received, "ppi"), link.rows(link.received, "ppi")[:, 0]
    np.testing.assert_allclose(np.diff(times), intervals[1:], atol=1e-6)
    assert len(times) > 80
    assert [b.lost_n for b in link.received if b.channel.id == "ppi"][1:] == [0] * (
        len(np.unique(link.arrivals("ppi"))) - 1
    )


def test_beats_without_skin_contact_are_not_sent_and_those_after_it_are_marked() -> None:
    link = Link(worn(spec_of("polar_verity_sense")), FaultSpec(contact_lost=((40.0, 60.0),))).run(90.0)
    times = link.stamps(link.received, "ppi") - link.stamps(link.received, "ppi")[0]
    hole = int(np.argmax(np.diff(times)))
    assert 18.0 < np.diff(times)[hole] < 24.0
    assert sum(b.lost_n > 5 for b in link.received if b.channel.id == "ppi") == 1
    np.testing.assert_array_equal(link.rows(link.received, "ppi"), link.rows(link.sent, "ppi"))


@pytest.mark.parametrize("id_", WITH_STREAMS)
def test_a_second_start_is_refused_and_a_stop_ends_the_stream(id_: str) -> None:
    link = Link(spec_of(id_)).run(30.0)
    for type_ in OFFERS[id_]:
        start = next(p for p in link.payloads("pmd.control", Direction.WRITE) if p[:2] == bytes([Op.START, type_]))
        for request, status in [(start, 6), (bytes([Op.STOP, type_]), 0), (bytes([Op.STOP, type_]), 6)]:
            ((_, reply),) = link.strap.write("pmd.control", request, 30.0)
            assert reply[:4] == bytes([0xF0, request[0], type_, status])
    assert not any(name.startswith("pmd.") for _ in range(50) for name, _ in link.strap.send())


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"sample_rate": 51, "resolution": 16, "range": 8, "channels": 3}, Status.INVALID_SAMPLE_RATE),
        ({"sample_rate": 52, "resolution": 14, "range": 8, "channels": 3}, Status.INVALID_RESOLUTION),
        ({"sample_rate": 52, "resolution": 16, "range": 4, "channels": 3}, Status.INVALID_RANGE),
        ({"sample_rate": 52, "resolution": 16, "range": 8, "channels": 4}, Status.INVALID_CHANNELS),
        ({"sample_rate": 52, "resolution": 16, "range": 8}, Status.INVALID_PARAMETER),
    ],
)
def test_settings_that_are_not_offered_are_refused_by_their_name(settings: dict[str, int], status: Status) -> None:
    strap = Link(spec_of("polar_verity_sense")).strap
    strap.connect(0.0)
    ((_, reply),) = strap.write("pmd.control", control.encode_request(Op.START, Measurement.ACC, settings), 0.0)
    assert control.decode_reply(reply) == PmdReply(Op.START, Measurement.ACC, status)


def test_a_stream_that_the_device_lacks_is_told_and_the_others_run() -> None:
    device, verity = spec_of("polar_h10"), spec_of("polar_verity_sense")
    gyro = next(c for c in verity.channels if c.role is Role.GYRO)
    asking = replace(
        device,
        endpoints=tuple(replace(e, channels=(gyro, *e.channels)) if e.id == "pmd" else e for e in device.endpoints),
    )
    link = Link(asking).run(10.0)
    assert [(f.reason, f.detail) for f in link.faults] == [(FaultReason.REFUSED, "gyro: not offered by the device")]
    assert Counter(b.channel.id for b in link.received).keys() == {"hr", "rr", "acc", "ecg"}


def test_streams_that_the_device_ends_start_again() -> None:
    link = Link(spec_of("polar_verity_sense"), FaultSpec(stream_ends=(40.0,))).run(100.0)
    assert {f.reason for f in link.faults} == {FaultReason.UNEXPECTED}
    assert link.payloads("pmd.control")[-1][0] != 0x01
    for channel in link.device.channels:
        assert max(link.arrivals(channel.id)) > 90.0
        np.testing.assert_array_equal(link.rows(link.received, channel.id), link.rows(link.sent, channel.id))


def test_first_data_can_be_slow() -> None:
    link = Link(spec_of("polar_h10"), FaultSpec(first_data_s=30.0)).run(40.0)
    assert link.arrivals("ecg")[0] == pytest.approx(30.0 + 72 / 130, abs=0.01)
    assert link.arrivals("hr")[0] < 5.0
    assert link.faults == []
