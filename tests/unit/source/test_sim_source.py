"""The simulated strap: real bytes in virtual time, the same for the same seed, with faults on request."""

import asyncio
import hashlib
import time
from itertools import pairwise

import numpy as np
import pytest

from breathcore.catalog.load import load_devices
from breathcore.decode.heart_rate import decode_measurement
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS
from breathcore.decode.registry import LAYOUTS, make_codec
from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
)
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.errors import BreathcoreError
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet, Read, Write
from breathcore.model.protocols import Source, StreamPlan
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.simulation import T0_HOST_NS, Simulation
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.wearer import Wearer, WearerSpec

NOTIFY, READ, WRITE = CharacteristicUse.NOTIFY, CharacteristicUse.READ, CharacteristicUse.WRITE
BASE = "-02e7-f387-1cad-8acd2d8df0c8"


def endpoint(id_, codec, service, characteristics, channels=()):
    found = tuple(CharacteristicSpec(name, uuid, uses) for name, uuid, uses in characteristics)
    return EndpointSpec(id_, codec, service, found, channels)


HEART = endpoint(
    "hr",
    "heart_rate",
    "180d",
    [("measurement", "2a37", (NOTIFY,))],
    (ChannelSpec("hr", Role.HEART_RATE, "1/min", ("hr",), 0.0), ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)),
)
BATTERY = endpoint("battery", "battery", "180f", [("level", "2a19", (READ, NOTIFY))])
ACC = ChannelSpec(
    "acc",
    Role.CHEST_ACC,
    "g",
    ("x", "y", "z"),
    200.0,
    0.18,
    {"sample_rate": 200, "resolution": 16, "range": 8},
    (0.0, 0.0, 1.0),
)
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0, 0.56, {"sample_rate": 130, "resolution": 14})
PMD = endpoint(
    "pmd",
    "polar_pmd",
    "fb005c80" + BASE,
    [("control", "fb005c81" + BASE, (READ, WRITE, NOTIFY)), ("data", "fb005c82" + BASE, (NOTIFY,))],
    (ACC, ECG),
)
H10 = DeviceSpec(
    "polar_h10", "Polar H10", MatchSpec(("Polar H10",)), (HEART, BATTERY, PMD), "chest", ClockKind.SAMPLE_STAMP, 2.0
)
PLAIN = DeviceSpec(
    "heart_rate_strap", "Strap", MatchSpec((), ("180d",)), (HEART, BATTERY), "chest", ClockKind.NONE, 2.0
)


class Host:
    """What a session does with a source, in few lines: codecs, their requests, what they decode."""

    def __init__(self, simulation):
        self.simulation = simulation
        self.items, self.blocks, self.faults, self.events = [], [], [], []

    def run(self, shows=()):
        shows = list(shows)
        for item in self.simulation:
            self.items.append(item)
            self._take(item)
            if shows and self.simulation.now_s >= shows[0][0]:
                self.simulation.show(shows.pop(0)[1])
        return self

    def _take(self, item):
        if isinstance(item, LinkEvent):
            self.events.append(item)
            if item.kind is LinkKind.CONNECTED:
                self.codecs = {}
                for e in self.simulation.device.endpoints:
                    self.codecs[e.id] = make_codec(e)
                    self._ask(self.codecs[e.id].start(StreamPlan(e.channels)))
        elif isinstance(item, Packet):
            received = self.codecs[item.endpoint.partition(".")[0]].receive(item)
            self.blocks += received.blocks
            self.faults += received.faults
            self.events += received.events
            self._ask(received.requests)

    def _ask(self, requests):
        for request in requests:
            self.simulation.request(request)

    def joined(self, id_):
        blocks = [b for b in self.blocks if b.channel.id == id_]
        return np.concatenate([b.t_device_s for b in blocks]), np.concatenate([b.x for b in blocks])

    def packets(self, endpoint_id=""):
        return [i for i in self.items if isinstance(i, Packet) and i.endpoint.startswith(endpoint_id)]

    def digest(self):
        return hashlib.sha256(repr(self.items).encode()).hexdigest()


def hosted(seconds=30.0, faults=None, device=H10, **spec):
    return Host(Simulation(device, WearerSpec(**spec), faults or FaultSpec(), until_s=seconds))


def paced(start_s, cycles=8):
    phases = []
    for cycle in range(cycles):
        at = start_s + 10.0 * cycle
        phases.append(TargetPhase(DrillPhase.INHALE, at, at + 4.0, 0.0, 0.7, 0, cycle, True))
        phases.append(TargetPhase(DrillPhase.EXHALE, at + 4.0, at + 10.0, 0.7, 0.0, 0, cycle, True))
    return Timeline(tuple(phases))


def test_same_seed_gives_the_same_items_and_another_seed_others():
    shows = [(10.0, paced(12.0))]
    assert hosted(seed=4).run(shows).digest() == hosted(seed=4).run(shows).digest()
    assert hosted(seed=4).run(shows).digest() != hosted(seed=5).run(shows).digest()


def test_asyncio_source_gives_what_the_simulation_gives_whoever_else_runs():
    async def drained(neighbours):
        source = SimSource(H10, WearerSpec(seed=4), until_s=20.0)
        await source.open()
        host = Host(source.simulation)
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(neighbours)]
        async for item in source.events():
            host.items.append(item)
            host._take(item)
            if len(host.items) % 7 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return host.digest()

    digests = {asyncio.run(drained(n)) for n in (0, 5)} | {hosted(20.0, seed=4).run().digest()}
    assert len(digests) == 1


def test_source_keeps_its_port():
    async def run():
        source: Source = SimSource(H10, WearerSpec(), until_s=5.0)
        info = await source.open()
        assert info.virtual_time
        assert info.t0_host_ns == T0_HOST_NS
        assert info.devices == (("polar_h10", H10),)
        with pytest.raises(KeyError):
            await source.request("other", Read("battery.level"))
        kinds = []
        async for item in source.events():
            if isinstance(item, LinkEvent):
                kinds.append(item.kind)
            if item.t_host_ns > T0_HOST_NS + 2e9:
                await source.close()
        assert kinds == [LinkKind.CONNECTING, LinkKind.CONNECTED, LinkKind.CLOSED]
        assert item.t_host_ns < T0_HOST_NS + 2.2e9

    asyncio.run(run())


def test_time_never_runs_backwards_and_ticks_lie_on_the_grid():
    host = hosted(30.0).run()
    stamps = [i.t_host_ns for i in host.items]
    assert all(a <= b for a, b in pairwise(stamps))
    ticks = [i.t_host_ns - T0_HOST_NS for i in host.items if isinstance(i, Advance)]
    assert ticks == [n * 50_000_000 for n in range(601)]
    arrived = [p.t_host_ns for p in host.packets() if p.direction is not Direction.WRITE]
    assert len(set(arrived)) == len(arrived)


def test_decoded_samples_are_the_truth_within_half_a_count():
    quiet = {"seed": 3, "acc_noise_mg": 0.0, "ecg_noise_uv": 0.0}
    quiet |= {"clock_skew_ppm": 0.0, "clock_offset_s": 5.0, "rate_error": 0.0}
    host = hosted(40.0, **quiet).run([(10.0, paced(12.0))])
    twin = Wearer(WearerSpec(**quiet))
    shown_s = next((i.t_host_ns - T0_HOST_NS) * 1e-9 for i in host.items if i.t_host_ns >= T0_HOST_NS + 10e9)
    t_s, acc = host.joined("acc")
    t_s = t_s - UNSET_CLOCK_NS * 1e-9 - 5.0
    before, after = t_s < shown_s, t_s >= shown_s
    assert np.abs(1000.0 * acc[before] - twin.acc_mg(t_s[before])).max() < 0.6
    twin.follow(paced(12.0), shown_s)
    assert np.abs(1000.0 * acc[after] - twin.acc_mg(t_s[after])).max() < 0.6
    t_s, ecg = host.joined("ecg")
    t_s = t_s - UNSET_CLOCK_NS * 1e-9 - 5.0
    steep = 2e-7 * 1e5  # stamps are good to 1e-7 s, the steepest flank is 1e5 µV/s
    assert np.abs(ecg[:, 0] - twin.ecg_uv(t_s)).max() < 0.5 + steep


def test_rates_frames_and_delays_are_the_sensors():
    host = hosted(60.0, rate_error=0.01, clock_skew_ppm=100.0).run()
    for id_, rate_hz, frame_n in (("acc", 200.0, 36), ("ecg", 130.0, 73)):
        blocks = [b for b in host.blocks if b.channel.id == id_]
        assert {b.x.shape[0] for b in blocks} == {frame_n}
        t_s, _ = host.joined(id_)
        steady = t_s[2 * frame_n :]
        assert 1.0 / np.diff(steady).mean() == pytest.approx(rate_hz * 1.01 / 1.0001, rel=1e-5)
        taken_s = [(b.t_device_s[-1] - UNSET_CLOCK_NS * 1e-9) / 1.0001 - 3.0 for b in blocks]
        waits = [b.t_host_s - T0_HOST_NS * 1e-9 - t for b, t in zip(blocks, taken_s, strict=True)]
        assert min(waits) >= 0.005 - 1e-6
        assert max(waits) < 0.1


def test_beats_arrive_as_intervals_once_a_second():
    host = hosted(60.0, seed=3).run()
    truth = host.simulation.truth()
    measured = [decode_measurement(p.payload) for p in host.packets("hr.")]
    assert len(measured) == 59
    assert all(len(m.rr_1024) <= 3 for m in measured)
    assert all(m.contact is None for m in measured)  # as an H10
    counts = np.array([c for m in measured for c in m.rr_1024])
    whole = np.diff(truth.beats_s[truth.beats_s > 0.15])[: counts.size]
    assert np.abs(counts / 1024.0 - whole).max() < 1.1 / 1024.0
    assert [m.hr_bpm for m in measured][-1] == pytest.approx(truth.heart_bpm(50.0, 60.0), abs=8.0)


def test_plain_strap_sends_heart_beats_with_contact_and_nothing_else():
    host = hosted(20.0, device=PLAIN).run()
    assert {p.endpoint for p in host.packets()} == {"hr.measurement", "battery.level"}
    assert all(decode_measurement(p.payload).contact for p in host.packets("hr."))


def test_battery_is_read_and_falls():
    host = hosted(4000.0, device=PLAIN).run()
    values = [p.payload[0] for p in host.packets("battery.")]
    assert host.packets("battery.")[0].direction is Direction.READ
    assert values[0] == 86 or values[0] == 87
    assert values == sorted(values, reverse=True)
    assert values[-1] == values[0] - 2


# devices.md §3.4, rows of the exchange table and the status codes
CONVERSATION = [
    ("0102", "f001020000" + "0004190032006400c800" + "01011000" + "0203020004000800"),
    ("0100", "f001000000" + "00018200" + "01010e00"),
    ("0202" + "02010800" + "0001c800" + "01011000", "f00202000001"),
    ("0200" + "00018200" + "01010e00", "f002000000"),
    ("0202" + "02010800" + "0001c800" + "01011000", "f0020206"),
    ("05", "f005000000" + "40" + "42"),
    ("0302", "f003020000"),
    ("0302", "f0030206"),
    ("0202" + "02010800" + "0001c900" + "01011000", "f0020208"),
    ("0202" + "02010300" + "0001c800" + "01011000", "f0020209"),
    ("0202" + "02010800" + "0001c800" + "01010e00", "f0020207"),
    ("0202" + "0001c800", "f0020205"),
    ("0205", "f0020502"),
    ("0902", "f0090201"),
    ("01", "f0010004"),
    ("0202" + "0201", "f0020204"),
]


def test_control_point_answers_as_the_strap_does():
    simulation = Simulation(H10, WearerSpec(), until_s=10.0)
    questions, answers, features = list(CONVERSATION), [], []
    for item in simulation:
        linked = isinstance(item, LinkEvent) and item.kind is LinkKind.CONNECTED
        answered = isinstance(item, Packet) and item.endpoint == "pmd.control" and item.direction is Direction.NOTIFY
        if answered:
            answers.append(item.payload.hex())
        if linked:
            simulation.request(Read("pmd.control"))
        if isinstance(item, Packet) and item.direction is Direction.READ:
            features.append(item.payload.hex())
        if (linked or answered) and questions:
            simulation.request(Write("pmd.control", bytes.fromhex(questions.pop(0)[0])))
    assert features == ["0f05" + 15 * "00"]
    assert answers == [answer for _, answer in CONVERSATION]


def test_writes_and_answers_are_packets_in_order():
    host = hosted(5.0).run()
    control = host.packets("pmd.control")
    assert control.pop(1).direction is Direction.READ  # of what it has, asked for with the first request
    assert [p.direction for p in control] == [Direction.WRITE, Direction.NOTIFY] * 4
    assert all(b.t_host_ns - a.t_host_ns >= 30e6 for a, b in zip(control[::2], control[1::2], strict=True))


def test_no_data_before_it_was_started():
    simulation = Simulation(H10, WearerSpec(), until_s=5.0)
    assert not any(isinstance(i, Packet) and i.endpoint.startswith("pmd.") for i in simulation)


def test_request_without_a_link_is_a_fault_event():
    simulation = Simulation(H10, WearerSpec(), until_s=1.0)
    simulation.step()
    simulation.request(Read("battery.level"))
    faults = [i for i in simulation if isinstance(i, LinkEvent) and i.kind is LinkKind.FAULT]
    assert [f.detail for f in faults] == ["battery.level: not connected"]


def test_wearable_that_is_not_simulated_is_refused():
    unknown = endpoint("belt", "go_direct", "1234", [])
    device = DeviceSpec("belt", "Belt", MatchSpec(), (unknown,), "chest", ClockKind.NONE, 1.0)
    with pytest.raises(BreathcoreError, match="go_direct"):
        Simulation(device, WearerSpec())


def seconds_of(packets):
    return np.array([(p.t_host_ns - T0_HOST_NS) * 1e-9 for p in packets])


def test_strap_off_is_silent_and_comes_back():
    host = hosted(60.0, FaultSpec(off=((20.0, 40.0),))).run()
    data = seconds_of(host.packets("pmd.data"))
    assert not ((data > 20.1) & (data < 40.0)).any()
    assert (data > 45.0).sum() > 50
    assert {e.kind for e in host.events} == {LinkKind.CONNECTING, LinkKind.CONNECTED, LinkKind.BATTERY, LinkKind.CLOSED}


def test_long_off_drops_the_link_and_loses_the_clock():
    host = hosted(200.0, FaultSpec(off=((20.0, 150.0),))).run()
    lost = [e for e in host.events if e.kind is LinkKind.LOST]
    assert seconds_of(lost) == pytest.approx([65.0])
    stamps = [b.t_device_s[-1] - UNSET_CLOCK_NS * 1e-9 for b in host.blocks if b.channel.id == "acc"]
    assert max(stamps) < 60.0  # 150 s off: counts from zero again
    assert any(b.t_host_s > 1160.0 for b in host.blocks)


def test_strap_on_the_table_sees_one_g_and_no_heart():
    host = hosted(40.0, FaultSpec(table=((15.0, 40.0),)), PLAIN).run()
    late = [decode_measurement(p.payload) for p in host.packets("hr.")][17:]
    assert all(m.hr_bpm == 0 and not m.rr_1024 and m.contact is False for m in late)
    assert [e.detail for e in host.events if e.kind is LinkKind.CONTACT] == ["on", "off"]
    t_s, acc = hosted(40.0, FaultSpec(table=((15.0, 40.0),)), clock_offset_s=0.0).run().joined("acc")
    table = acc[t_s - UNSET_CLOCK_NS * 1e-9 > 15.5]
    assert np.abs(table.mean(axis=0) - [0.0, 0.0, 1.0]).max() < 0.001
    assert table.std(axis=0).max() < 0.006


def test_loose_strap_has_no_breath_and_lost_contact_no_heart():
    host = hosted(60.0, FaultSpec(loose=((20.0, 60.0),)), clock_offset_s=0.0, clock_skew_ppm=0.0).run()
    t_s, acc = host.joined("acc")
    t_s = t_s - UNSET_CLOCK_NS * 1e-9
    assert acc[t_s > 20.5].std(axis=0).min() > 0.02
    host = hosted(60.0, FaultSpec(contact_lost=((20.0, 60.0),))).run()
    heart = [decode_measurement(p.payload) for p in host.packets("hr.")]
    assert heart[-1].hr_bpm == 0
    assert heart[10].hr_bpm > 40


def test_lost_link_reconnects_and_streams_again():
    host = hosted(60.0, FaultSpec(link_lost=((20.0, 30.0),))).run()
    kinds = [e.kind for e in host.events if e.kind is not LinkKind.BATTERY]
    assert kinds == [
        LinkKind.CONNECTING,
        LinkKind.CONNECTED,
        LinkKind.LOST,
        LinkKind.CONNECTING,
        LinkKind.CONNECTED,
        LinkKind.CLOSED,
    ]
    data = seconds_of(host.packets())
    assert not ((data > 20.0) & (data < 30.3)).any()
    assert (seconds_of(host.packets("pmd.data")) > 32.0).sum() > 150


def test_stall_comes_in_one_burst_without_loss():
    calm, stalled = hosted(40.0).run(), hosted(40.0, FaultSpec(stalls=((15.0, 20.0),))).run()
    data = seconds_of(stalled.packets())
    assert not ((data > 15.0) & (data < 20.0)).any()
    assert ((data >= 20.0) & (data < 20.1)).sum() > 35
    for id_ in ("acc", "ecg"):
        assert np.array_equal(calm.joined(id_)[1], stalled.joined(id_)[1])
    assert stalled.faults == []


def test_strap_that_ends_its_streams_is_started_again():
    host = hosted(30.0, FaultSpec(stream_ends=(15.0,))).run()
    assert bytes([1, 2, 0]) in [p.payload for p in host.packets("pmd.control")]
    assert (seconds_of(host.packets("pmd.data")) > 17.0).sum() > 60


def test_damage_is_done_counted_and_survived():
    faults = FaultSpec(
        loss=0.03, duplication=0.03, reordering=0.03, truncation=0.03, corruption=0.03, jitter_s=0.02, damage_from_s=5.0
    )
    host = hosted(120.0, faults, seed=7).run()
    damage = host.simulation.damage
    counts = (damage.lost, damage.duplicated, damage.reordered, damage.truncated, damage.corrupted)
    assert all(12 <= n <= 60 for n in counts)
    assert len(host.faults) >= 20
    assert hosted(120.0, faults, seed=7).run().digest() == host.digest()
    calm = len(hosted(120.0, seed=7).run().packets())
    assert abs(len(host.packets()) - (calm - damage.lost + damage.duplicated)) <= 3  # some still in the air at the end


def test_damage_of_one_kind_leaves_the_bytes_of_the_sensors_alone():
    calm = {p.payload for p in hosted(60.0).run().packets("pmd.data")}
    lossy = [p.payload for p in hosted(60.0, FaultSpec(loss=0.1)).run().packets("pmd.data")]
    assert len(lossy) < len(calm)
    assert set(lossy) <= calm


@pytest.mark.parametrize("device", load_devices(codecs=LAYOUTS), ids=lambda d: d.id)
def test_built_in_wearables_give_all_their_channels(device):
    host = hosted(device.time_to_first_data_s + 20.0, device=device).run()
    assert {b.channel.id for b in host.blocks} == {c.id for c in device.channels}
    assert host.faults == []


def test_simulation_is_much_faster_than_life():
    began = time.process_time()
    hosted(120.0).run()
    assert 120.0 / (time.process_time() - began) > 100.0
