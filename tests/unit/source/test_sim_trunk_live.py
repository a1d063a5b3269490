"""Several wearables at once, all round one simulated trunk that follows a drill."""

import math
from dataclasses import replace

import numpy as np
import pytest

from breathcore.decode.registry import make_codec
from breathcore.drill.calibration import calibration_steps, calibration_timeline
from breathcore.drill.timeline import plan
from breathcore.model.device import Place, Role
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.packets import Advance, LinkEvent, LinkKind, Packet
from breathcore.model.protocols import StreamPlan
from breathcore.model.trunk import RING, Posture, Side, StepKind
from breathcore.session import registry
from breathcore.source.sim.breathing import Breathing
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.simulation import Simulation
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import Behaviour, WearerSpec
from breathcore.source.sim.trunk.ahead import Ahead
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.live import LiveTrunk, breathing_as
from breathcore.source.sim.trunk.rig import TRUNK_RIG, rigged
from breathcore.source.sim.trunk.script import Posed, Script, Slip
from breathcore.source.sim.trunk.spec import TrunkSpec

RIG = rigged({d.id: d for d in registry.devices()})


class Host:
    """What a session does with a source of several devices, in few lines."""

    def __init__(self, simulation):
        self.simulation = simulation
        self.items, self.faults, self.codecs, self.blocks = [], [], {}, {}

    def run(self, shows=()):
        shows = list(shows)
        for item in self.simulation:
            self.items.append(item)
            self.take(item)
            if shows and self.simulation.now_s >= shows[0][0]:
                self.simulation.show(shows.pop(0)[1])
        return self

    def take(self, item):
        if isinstance(item, LinkEvent) and item.kind is LinkKind.CONNECTED:
            for e in dict(self.simulation.info.devices)[item.device].endpoints:
                codec = self.codecs[item.device, e.id] = make_codec(e)
                self.ask(item.device, codec.start(StreamPlan(e.channels)))
        elif isinstance(item, Packet):
            received = self.codecs[item.device, item.endpoint.partition(".")[0]].receive(item)
            for block in received.blocks:
                self.blocks.setdefault(block.channel.id, []).append(block)
            self.faults += received.faults
            self.ask(item.device, received.requests)

    def ask(self, device, requests):
        for request in requests:
            self.simulation.request(request, device)

    def joined(self, id_):
        return np.concatenate([b.x for b in self.blocks[id_]])


def hosted(seconds=12.0, devices=RIG, faults=None, seed=3, **more):
    trunk = more.pop("trunk", draw_trunk(seed))
    return Host(Simulation(devices, WearerSpec(seed=seed), faults or FaultSpec(), until_s=seconds, trunk=trunk, **more))


def live(spec=None, movement="", **person):
    """Return a trunk alone, without wearables."""
    spec = spec or draw_trunk(5)
    person = breathing_as(spec, WearerSpec(seed=5, **person))
    breathing = Breathing(person, -2.0)
    trunk = LiveTrunk(spec, person, breathing, movement)
    return trunk, breathing


def shown(timeline, spec=None, movement="", from_s=0.0, **person):
    trunk, breathing = live(spec, movement, **person)
    breathing.follow(timeline, from_s)
    trunk.follow(timeline, from_s)
    return trunk


def phases(*parts, start_s=10.0, **more):
    found, at_s = [], start_s
    for cycle, (kind, seconds, brace) in enumerate(parts):
        to = 0.0 if kind is DrillPhase.EXHALE else 1.0
        found.append(TargetPhase(kind, at_s, at_s + seconds, 1.0 - to, to, 0, cycle, True, brace=brace, **more))
        at_s += seconds
    return Timeline(tuple(found))


# ── several devices ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def worn():
    return hosted().run()


def test_the_rig_has_four_motion_sensors_and_two_belts_at_places_of_their_own():
    assert [place for _, _, place in TRUNK_RIG] == [
        Place.STERNUM,
        Place.NAVEL,
        Place.LEFT,
        Place.RIGHT,
        Place.BACK,
        Place.PELVIS,
    ]
    assert {p for _, _, p in TRUNK_RIG} >= set(RING)
    assert all(c.place is place for (_, spec), (_, _, place) in zip(RIG, TRUNK_RIG, strict=True) for c in spec.channels)


def test_every_device_connects_sends_and_is_understood(worn):
    assert worn.faults == []
    for key, device, place in TRUNK_RIG:
        ids = (f"{key}.acc", f"{key}.gyro") if device == "movella_dot" else (f"{key}.belt",)
        for id_ in ids:
            rate_hz = 60.0 if device == "movella_dot" else 10.0
            assert len(worn.joined(id_)) == pytest.approx(10.0 * rate_hz, rel=0.3)
            assert worn.blocks[id_][0].channel.place is place


def test_each_reads_what_its_place_of_the_trunk_does(worn):
    for key, place in (("left", Place.LEFT), ("back", Place.BACK)):
        g = worn.joined(f"{key}.acc")
        assert np.linalg.norm(g, axis=1) == pytest.approx(1.0, abs=0.08)
        at, _ = worn.simulation.trunk.moved(place, np.array([11.5]))
        assert g[-60:].mean(axis=0) == pytest.approx(at[0], abs=0.06)  # bias apart
    pull = worn.joined("waist-belt.belt")[-1, 0]
    assert pull == pytest.approx(worn.simulation.trunk.pull_n(Place.NAVEL, np.array([11.9]))[0], abs=0.7)


def test_same_seed_gives_the_same_items_and_a_new_target_changes_nothing_before_it(worn):
    again = hosted(seconds=6.0).run().items[: -len(TRUNK_RIG)]
    assert again == worn.items[: len(again)]
    other = hosted(seconds=7.0).run([(5.03, calibration_timeline(5.5, trunk=True, brace=True))])
    at = next(n for n, i in enumerate(other.items) if isinstance(i, Advance) and i.t_host_ns >= 1_005_030_000_000)
    assert other.items[:at] == worn.items[:at]
    assert other.items[: len(again)] != again


def test_devices_have_clocks_of_their_own(worn):
    ends = {key: worn.blocks[f"{key}.acc"][-1].t_device_s[-1] for key in ("left", "right", "back")}
    assert len(set(ends.values())) == 3


def test_items_come_in_the_order_of_time_and_all_devices_close(worn):
    stamps = [i.t_host_ns for i in worn.items]
    assert stamps == sorted(stamps)
    closed = [i for i in worn.items if isinstance(i, LinkEvent) and i.kind is LinkKind.CLOSED]
    assert [i.device for i in closed] == [key for key, _, _ in TRUNK_RIG]
    assert worn.items[-len(closed) :] == closed


def test_one_link_lost_leaves_the_others_alone():
    faults = {"left": FaultSpec(link_lost=((3.0, 5.0),)), "back": FaultSpec(table=((3.0, 7.0),))}
    host = hosted(seconds=7.0, faults=faults).run()
    lost = [i.device for i in host.items if isinstance(i, LinkEvent) and i.kind is LinkKind.LOST]
    assert lost == ["left"]
    assert len(host.joined("left.acc")) < 0.85 * len(host.joined("right.acc"))
    assert host.joined("back.acc")[-1] == pytest.approx([0.0, 0.0, 1.0])
    assert host.joined("back.gyro")[-1] == pytest.approx([0.0, 0.0, 0.0])


def test_damage_of_all_devices_is_added_up():
    host = hosted(seconds=4.0, faults={"left": FaultSpec(loss=0.2), "right": FaultSpec(loss=0.2)}).run()
    assert host.simulation.damage.lost > 40


def test_one_device_is_the_same_whether_it_comes_alone_or_in_a_list():
    h10 = registry.device("polar_h10")
    alone, listed = (Host(Simulation(d, WearerSpec(seed=4), until_s=8.0)).run() for d in (h10, [(h10.id, h10)]))
    assert alone.items == listed.items


def test_a_strap_without_a_place_reads_the_chest_as_before_and_shares_the_breath():
    dot = registry.device("movella_dot")
    host = hosted(devices=[("strap", dot), *RIG[:1]], seconds=8.0).run()
    strap = next(c for _, spec in host.simulation.info.devices for c in spec.channels if c.role is Role.CHEST_ACC)
    assert strap.place is None
    assert len(host.joined(strap.id)) > 200


def test_a_request_to_a_device_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        hosted().simulation.request(None, "nobody")


async def _opened(source):
    return await source.open()


def test_the_source_brings_all_of_them():
    import asyncio

    source = SimSource(RIG, WearerSpec(seed=3), trunk=draw_trunk(3), until_s=1.0)
    info = asyncio.run(_opened(source))
    ids = [c.id for _, spec in info.devices for c in spec.channels]
    assert [key for key, _ in info.devices] == [key for key, _, _ in TRUNK_RIG]
    assert len(ids) == len(set(ids))


# ── following ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_calibration_is_done_as_told_even_by_who_follows_nothing_else():
    timeline = calibration_timeline(5.0, trunk=True, brace=True)
    trunk = shown(timeline, behaviour=Behaviour.FREE)
    for step in calibration_steps(5.0, trunk=True, brace=True).steps:
        t_s = np.linspace(step.start_s, step.end_s, 200)
        inner = np.linspace(step.start_s + 1.6, step.end_s, 100)
        level, brace = trunk.level(t_s), trunk.brace(inner)
        if step.kind is StepKind.FULL:
            assert level.max() > 0.85
        if step.kind is StepKind.BRACE:
            assert 0.85 < brace.min() <= brace.max() < 1.15
        if step.kind is StepKind.RELAX:
            assert np.abs(trunk.level(inner)).max() < 0.1
            assert brace.max() < 0.05


@pytest.mark.parametrize("zone", [(0.05, 0.15), (0.15, 0.25), (0.25, 0.35)])
def test_a_brace_zone_is_kept_while_it_is_asked_for_and_let_go_after(zone):
    parts = [(DrillPhase.EFFORT, 3.0, zone), *[(DrillPhase.INHALE, 3.0, zone), (DrillPhase.EXHALE, 4.0, zone)] * 3]
    trunk = shown(phases(*parts, (DrillPhase.REST, 6.0, None)))
    end_s = 10.0 + 3.0 + 21.0
    kept = trunk.brace(np.arange(12.0, end_s, 0.05))
    assert np.mean((kept > zone[0]) & (kept < zone[1])) > 0.95
    assert trunk.brace(np.array([5.0, end_s + 2.0])) == pytest.approx([0.0, 0.0])
    assert len(trunk.breaths(13.0, end_s)) >= 2


def test_between_efforts_one_breathes_as_one_likes():
    breath = [(DrillPhase.INHALE, 3.0, None), (DrillPhase.EXHALE, 4.0, None)]
    trunk = shown(phases((DrillPhase.EFFORT, 3.0, (0.1, 0.2)), *breath, (DrillPhase.REST, 10.0, None), *breath))
    assert np.ptp(trunk.level(np.arange(21.0, 29.0, 0.1))) > 0.15


def test_who_breathes_freely_does_not_brace_for_a_drill():
    trunk = shown(phases((DrillPhase.EFFORT, 10.0, (0.1, 0.2))), behaviour=Behaviour.FREE)
    assert trunk.brace(np.arange(0.0, 25.0, 0.1)).max() == 0.0


def test_a_brace_of_no_zone_is_gentle():
    trunk = shown(phases((DrillPhase.EFFORT, 10.0, None)))
    assert 0.08 < trunk.brace(np.array([15.0]))[0] < 0.2


@pytest.mark.parametrize("kind", ["hip-hinge", "sit-to-stand", "bridge"])
def test_a_movement_is_done_in_its_phases_and_breathed_out_on_effort(kind):
    cycle = [(DrillPhase.MOVE, 2.0, None), (DrillPhase.KEEP, 1.0, None), (DrillPhase.RETURN, 3.0, None)]
    timeline = phases(*cycle * 4, start_s=12.0)
    trunk = shown(timeline, movement=kind)
    reps = trunk.reps(60.0)
    assert len(reps) == 4
    for rep, at_s in zip(reps, (12.0, 18.0, 24.0, 30.0), strict=True):
        assert 0.0 < rep.start_s - at_s < 0.8
        assert rep.end_s == pytest.approx(at_s + 6.0, abs=0.6)
    for rep in reps[1:]:
        start, top, end = trunk.level(np.array([rep.start_s, rep.top_s, rep.end_s]))
        assert start > top + 0.2 < end


def test_the_body_lies_for_what_is_done_lying():
    assert shown(None, movement="bridge").posture(0.0) is Posture.SUPINE
    assert shown(None, movement="").posture(0.0) is Posture.SITTING


def test_a_side_is_worked_on_the_side_that_is_asked_for_and_lain_on():
    left = phases((DrillPhase.MOVE, 2.0, None), (DrillPhase.RETURN, 2.0, None), start_s=20.0, side=Side.LEFT).phases
    right = phases((DrillPhase.MOVE, 2.0, None), (DrillPhase.RETURN, 2.0, None), start_s=60.0, side=Side.RIGHT).phases
    trunk = shown(Timeline(left + right), movement="side-plank")
    assert [r.side for r in trunk.reps(90.0)] == [Side.LEFT, Side.RIGHT]
    assert [trunk.posture(t) for t in (20.0, 60.0)] == [Posture.LEFT_SIDE, Posture.RIGHT_SIDE]


def test_a_target_taken_away_ends_brace_and_movement():
    cycle = [(DrillPhase.MOVE, 2.0, (0.1, 0.2)), (DrillPhase.RETURN, 2.0, (0.1, 0.2))]
    trunk, breathing = live(movement="hip-hinge")
    for timeline, from_s in ((phases(*cycle * 5), 0.0), (None, 19.0)):
        breathing.follow(timeline, from_s)
        trunk.follow(timeline, from_s)
    assert len(trunk.reps(60.0)) == 2
    assert trunk.stance.bent_deg(np.array([25.0, 40.0])) == pytest.approx([0.0, 0.0])
    assert trunk.brace(np.array([18.0, 25.0])) == pytest.approx([0.15, 0.0], abs=0.05)


def test_the_breath_is_sent_where_the_drill_says():
    breaths = [(DrillPhase.INHALE, 4.0, None), (DrillPhase.EXHALE, 5.0, None)] * 2
    to_left = phases(*breaths, start_s=10.0, focus=Place.LEFT).phases
    to_back = phases(*breaths, start_s=28.0, focus=Place.BACK).phases
    spec = replace(TrunkSpec(), wanders=0.0, phase_deg=0.0)
    trunk = shown(Timeline(to_left + to_back), spec=spec)
    for place, start_s in ((Place.LEFT, 10.0), (Place.BACK, 28.0)):
        opened = {p: trunk.opened(p, start_s + 1.0, start_s + 17.0) for p in RING}
        assert max(opened, key=opened.__getitem__) is place


def test_drills_with_a_brace_and_a_movement_are_followed_from_their_files():
    drill = registry.drill("hip_hinge")
    timeline = plan(drill, drill.pattern(), 14.0, 10.0)
    trunk = shown(timeline, movement=drill.movement.kind)
    moves = [p for p in timeline.phases if p.kind is DrillPhase.MOVE]
    reps = trunk.reps(math.inf)
    assert len(reps) == len(moves)
    zone = moves[0].brace
    assert zone[0] < trunk.brace(np.array([moves[0].start_s + 2.0]))[0] < zone[1]


def test_what_becomes_of_the_sensors_meanwhile_shows_in_their_packets():
    happens = Script(12.0, slips=(Slip(7.0, Place.BACK, 25.0),), postures=(Posed(9.0, Posture.SUPINE, 1.0),))
    host = hosted(happens=happens).run()
    back, right = host.joined("back.acc"), host.joined("right.acc")
    early, slipped, lying = (slice(0, 120), slice(440, 490), slice(-60, None))
    assert _apart_deg(back, early, slipped) == pytest.approx(25.0, abs=4.0)
    assert _apart_deg(right, early, slipped) < 4.0
    assert _apart_deg(right, early, lying) > 70.0


def _apart_deg(g, first, second):
    a, b = g[first].mean(axis=0), g[second].mean(axis=0)
    return np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


# ── a second at a time ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_computed_ahead_is_the_function_and_forgotten_where_it_changed():
    gain = [1.0]
    ahead = Ahead(lambda t: np.stack([gain[0] * np.sin(t), t], axis=1))
    t_s = np.sort(np.random.default_rng(1).uniform(0.0, 3.0, 50))
    assert ahead(t_s) == pytest.approx(np.stack([np.sin(t_s), t_s], axis=1), abs=1e-4)
    gain[0] = 2.0
    assert ahead(np.array([0.5, 1.5]))[:, 0] == pytest.approx(np.sin([0.5, 1.5]), abs=1e-4)
    ahead.forget(1.0)
    assert ahead(np.array([0.5, 1.5]))[:, 0] == pytest.approx([np.sin(0.5), 2.0 * np.sin(1.5)], abs=1e-4)
