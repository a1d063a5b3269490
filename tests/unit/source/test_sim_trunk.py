"""The simulated trunk: what is true of it, and that its sensors read what physics makes of that."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.drill.calibration import calibration_steps
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.errors import BreathcoreError
from breathcore.model.trunk import RING, Posture, Side, StepKind
from breathcore.source.sim.trunk import draw
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.movements import MOVEMENTS
from breathcore.source.sim.trunk.script import (
    Air,
    AirKind,
    Exchange,
    Posed,
    Ramp,
    Redon,
    Reps,
    Script,
    Slip,
    calibrated,
)
from breathcore.source.sim.trunk.spec import WALL, BeltSpec, ImuSpec, SiteSpec, TrunkSpec
from breathcore.source.sim.trunk.tracks import Track
from breathcore.source.sim.trunk.turning import applied, rotation, rotation_vector
from breathcore.source.sim.trunk.wearer import TrunkWearer

QUIET_IMU = ImuSpec(noise_mg=0.0, lsb_mg=1e-6, gyro_noise_dps=0.0)
STILL = TrunkSpec(
    sway_deg=0.0,
    wanders=0.0,
    rate_cv=0.0,
    depth_cv=0.0,
    full_cv=0.0,
    phase_deg=0.0,
    leans_deg=(0.0, 0.0, 0.0),
    imus=dict.fromkeys(Place, QUIET_IMU),
    belts={p: BeltSpec(noise_n=0.0, lsb_n=1e-9, creep_per_min=0.0) for p in (Place.STERNUM, Place.NAVEL)},
)
UNITS = {Role.CHEST_ACC: "g", Role.GYRO: "deg/s", Role.BELT: "N"}


def channel(role, place, rate_hz=60.0):
    axes = ("force",) if role is Role.BELT else ("x", "y", "z")
    return ChannelSpec(f"{place}.{role}", role, UNITS[role], axes, rate_hz, place=place)


def acc(wearer, place, t_s):
    return wearer.read(channel(Role.CHEST_ACC, place), t_s)


def gyro(wearer, place, t_s):
    return wearer.read(channel(Role.GYRO, place), t_s)


def belt(wearer, place, t_s):
    return wearer.read(channel(Role.BELT, place), t_s)[:, 0]


def times(start_s, end_s, rate_hz=50.0):
    return np.arange(round(start_s * rate_hz), round(end_s * rate_hz)) / rate_hz


def turned_deg(g):
    """Return the angle of each row of gravity against the first."""
    unit = g / np.linalg.norm(g, axis=1)[:, None]
    return np.degrees(np.arccos(np.clip(unit @ unit[0], -1.0, 1.0)))


def breathing(spec, seconds=60.0, **script):
    return TrunkWearer(spec, Script(seconds, **script))


# ── who is drawn ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_parameters_are_drawn_from_all_of_their_ranges_and_from_nothing_else():
    drawn = [draw_trunk(seed) for seed in range(300)]
    ranges = [
        ([d.rate_bpm for d in drawn], (4.0, 25.0)),
        ([d.i_to_e for d in drawn], (1 / 3, 1.5)),
        ([d.sway_deg for d in drawn], (0.2, 1.0)),
        ([s.tilt_deg for d in drawn for s in d.sites.values()], (0.5, 3.0)),
        ([s.curve for d in drawn for s in d.sites.values()], (-0.15, 0.15)),
        ([s.crosstalk for d in drawn for s in d.sites.values()], (0.10, 0.30)),
        ([i.noise_mg for d in drawn for i in d.imus.values()], (1.0, 4.0)),
        ([b for d in drawn for i in d.imus.values() for b in i.bias_mg], (-30.0, 30.0)),
        ([i.off_cm for d in drawn for i in d.imus.values()], (-2.0, 2.0)),
        ([a for d in drawn for i in d.imus.values() for a in i.turned_deg], (-15.0, 15.0)),
        ([b.creep_per_min for d in drawn for b in d.belts.values()], (0.01, 0.05)),
    ]
    for values, (low, high) in ranges:
        assert low <= min(values) <= low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) <= max(values) <= high
    assert max(d.phase_deg for d in drawn) > 150.0
    assert {round(math.log2(s.full_cm / 0.1)) for d in drawn for s in d.sites.values()} >= {2, 3}


def test_a_seed_is_a_person():
    assert draw_trunk(7) == draw_trunk(7)
    assert draw_trunk(7) != draw_trunk(8)


def test_tilt_ranges_are_those_of_the_published_sensor_facts():
    assert draw.TILTS_DEG == (0.5, 3.0)
    assert draw.NOISES_MG == (1.0, 4.0)


# ── values that are sent somewhere ───────────────────────────────────────────────────────────────────────────────────

steps = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.01, 5.0), st.floats(-3.0, 3.0)), min_size=1, max_size=6)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_a_value_goes_where_it_is_sent_without_a_jump_and_never_beyond(sent):
    track = Track()
    for start_s, seconds, to in sorted(sent):
        track.go(start_s, start_s + seconds, to)
    t_s = np.arange(0.0, 30.0, 0.001)
    value = track(t_s)
    bounds = [0.0, *(to for _, _, to in sent)]
    assert min(bounds) - 1e-9 <= value.min() <= value.max() <= max(bounds) + 1e-9
    assert np.abs(np.diff(value)).max() <= 2.0 * 6.0 * 0.001 / min(s for _, s, _ in sent) + 1e-9
    assert value[-1] == pytest.approx(sorted(sent)[-1][2])


# ── the breath and the wall ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rate_bpm", "i_to_e"), [(4.0, 1 / 3), (12.0, 0.67), (25.0, 1.5)])
def test_the_breath_has_the_rate_and_the_ratio_of_in_to_out_of_the_person(rate_bpm, i_to_e):
    wearer = breathing(replace(STILL, rate_bpm=rate_bpm, i_to_e=i_to_e), 120.0)
    breaths = wearer.breaths(0.0, 120.0)
    assert 60.0 / np.median([c - a for a, _, c in breaths]) == pytest.approx(rate_bpm, rel=0.02)
    assert np.median([(b - a) / (c - b) for a, b, c in breaths]) == pytest.approx(i_to_e, rel=0.02)


@pytest.mark.parametrize("phase_deg", [-20.0, 0.0, 15.0, 60.0, 120.0, 180.0])
def test_the_belly_lags_behind_the_ribs_by_the_phase_angle(phase_deg):
    wearer = breathing(replace(STILL, phase_deg=phase_deg, rate_bpm=6.0), 130.0)
    t_s = times(5.0, 125.0)
    chest, waist = (wearer.girth_cm(p, t_s) for p in (Place.STERNUM, Place.NAVEL))
    lags = np.arange(-250, 251)
    core = slice(500, -500)
    fits = [np.corrcoef(chest[core], np.roll(waist, -k)[core])[0, 1] for k in lags]
    found = 360.0 * lags[int(np.argmax(fits))] / 50.0 / 10.0
    assert abs((found - phase_deg + 180.0) % 360.0 - 180.0) < 2.0
    told = wearer.phase_deg(50.0, 60.0)
    assert abs((told - phase_deg + 180.0) % 360.0 - 180.0) < 1.0


def test_a_full_breath_opens_every_site_wholly_and_the_tape_reads_its_girth():
    wearer = breathing(STILL, 20.0, air=(Air(0.0, rate_bpm=6.0, depth=1.0, exact=True),))
    t_s = times(0.0, 10.0)
    for place in WALL:
        assert wearer.share(place, t_s).max() == pytest.approx(1.0, abs=0.01)
    for place in (Place.STERNUM, Place.LEFT, Place.NAVEL):
        assert np.ptp(wearer.girth_cm(place, t_s)) == pytest.approx(wearer.full_girth_cm(place), rel=0.02)
        assert wearer.tape_cm(place) == pytest.approx(wearer.full_girth_cm(place), abs=0.4)


def test_a_breath_can_be_sent_to_one_side_and_the_girth_follows_the_sites():
    wearer = breathing(STILL, 60.0, air=(Air(0.0), Air(30.0, focus={Place.LEFT: 0.4})))
    before, after = times(0.0, 28.0), times(32.0, 58.0)
    assert np.ptp(wearer.share(Place.LEFT, after)) == pytest.approx(
        1.4 * np.ptp(wearer.share(Place.LEFT, before)), rel=0.03
    )
    assert np.ptp(wearer.share(Place.RIGHT, after)) == pytest.approx(
        np.ptp(wearer.share(Place.RIGHT, before)), rel=0.03
    )


def test_ribs_and_belly_share_the_breath_as_their_girths_grow():
    chesty = replace(STILL, sites={p: replace(s, full_cm=1.2 if p in RING else 0.2) for p, s in STILL.sites.items()})
    assert breathing(chesty).rib_share(10.0, 20.0) > 0.8
    assert breathing(chesty).rib_share(10.0, 20.0, of_own=True) == pytest.approx(0.48, abs=0.04)
    belly = replace(STILL, sites={p: replace(s, full_cm=0.1 if p in RING else 1.2) for p, s in STILL.sites.items()})
    assert breathing(belly).rib_share(10.0, 20.0) < 0.3


def test_on_the_back_the_belly_breathes_and_the_back_hardly_moves():
    lying, sitting = breathing(replace(STILL, posture=Posture.SUPINE)), breathing(STILL)
    t_s = times(0.0, 30.0)
    assert np.ptp(lying.share(Place.NAVEL, t_s)) > np.ptp(sitting.share(Place.NAVEL, t_s))
    assert np.ptp(lying.share(Place.BACK, t_s)) < 0.3 * np.ptp(sitting.share(Place.BACK, t_s))


def test_held_breaths_talking_and_coughing_look_like_it():
    air = (Air(0.0), Air(20.0, AirKind.HOLD), Air(30.0, AirKind.TALK), Air(50.0, AirKind.COUGH), Air(53.0))
    wearer = breathing(STILL, 70.0, air=air)
    assert np.ptp(wearer.level(times(21.5, 30.0))) < 0.01
    assert np.ptp(wearer.share(Place.NAVEL, times(22.0, 30.0))) < 0.01
    talk = np.diff(wearer.level(times(30.0, 50.0)))
    assert (talk < 0.0).sum() > 3.0 * (talk > 0.0).sum()  # long out, short in
    coughs = wearer.breath.coughs(70.0)
    assert len(coughs) == 3
    assert 50.0 < coughs[0] < coughs[-1] < 53.0
    shaken = acc(wearer, Place.STERNUM, times(50.0, 53.0, 200.0))
    assert np.abs(np.diff(shaken, axis=0)).max() > 0.02
    squeezed, breathed = (
        belt(wearer, Place.NAVEL, times(50.0, 53.0, 200.0)),
        belt(wearer, Place.NAVEL, times(0.0, 18.0)),
    )
    assert squeezed.max() > breathed.max() + 1.0


# ── accelerometers and gyroscopes ────────────────────────────────────────────────────────────────────────────────────


def test_gravity_has_one_g_and_shows_the_skins_turn():
    site = SiteSpec(0.9, 2.0, (0.0, -1.0, 0.0), curve=0.0, crosstalk=0.0)
    wearer = breathing(
        replace(STILL, sites={**STILL.sites, Place.STERNUM: site}),
        20.0,
        air=(Air(0.0, rate_bpm=6.0, depth=1.0, exact=True),),
    )
    g = acc(wearer, Place.STERNUM, times(0.0, 10.0))
    assert np.linalg.norm(g, axis=1) == pytest.approx(1.0, abs=0.001)
    assert turned_deg(g).max() == pytest.approx(2.0, abs=0.05)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), place=st.sampled_from(list(Place)))
def test_the_gyroscopes_turning_added_up_is_how_gravity_turned(seed, place):
    spec = replace(draw_trunk(seed), imus=dict.fromkeys(Place, QUIET_IMU))
    wearer = breathing(spec, 25.0, reps=(Reps(5.0, "hip-hinge", 2),))
    t_s = times(0.0, 22.0, 100.0)
    w = gyro(wearer, place, t_s)
    up = np.array(acc(wearer, place, t_s)[0])
    for step in rotation(-w[1:] / 100.0):
        up = step @ up
    end = acc(wearer, place, t_s)[-1]
    assert np.degrees(np.arccos(np.clip(up @ end / np.linalg.norm(up) / np.linalg.norm(end), -1.0, 1.0))) < 0.5


@pytest.mark.parametrize("curve", [-0.15, 0.15])
def test_turn_against_displacement_is_curved_by_15_percent(curve):
    site = SiteSpec(0.9, 2.0, (0.0, -1.0, 0.0), curve=curve, crosstalk=0.0)
    wearer = breathing(
        replace(STILL, sites={**STILL.sites, Place.STERNUM: site}),
        20.0,
        air=(Air(0.0, rate_bpm=6.0, depth=1.0, exact=True),),
    )
    t_s = times(0.0, 4.0)
    opened = wearer.share(Place.STERNUM, t_s)
    turn = wearer.wall.turns_deg(t_s)[:, 0]
    low, high = opened < 0.1, opened > 0.9
    slopes = [np.polyfit(opened[part], turn[part], 1)[0] / 2.0 for part in (low, high)]
    assert slopes == pytest.approx([1.0 + curve, 1.0 - curve], abs=0.03)


def test_neighbours_draw_the_skin_along_but_geometry_stays_the_sites_own():
    sites = {**STILL.sites, Place.LEFT: replace(STILL.sites[Place.LEFT], crosstalk=0.3)}
    wearer = breathing(replace(STILL, sites=sites), 60.0, air=(Air(0.0), Air(30.0, focus={Place.NAVEL: 0.5})))
    before, after = times(10.0, 28.0), times(32.0, 58.0)
    assert np.ptp(wearer.share(Place.LEFT, after)) == pytest.approx(np.ptp(wearer.share(Place.LEFT, before)), rel=0.02)
    turns = [np.ptp(wearer.wall.turns_deg(t)[:, WALL.index(Place.LEFT)]) for t in (before, after)]
    assert 1.04 < turns[1] / turns[0] < 1.08  # 0.3 of it is its neighbours', 0.4 of those is the belly


def test_gravity_is_blind_to_a_site_that_turns_about_the_vertical_and_the_gyroscope_is_not():
    upright, side = breathing(STILL), breathing(replace(STILL, posture=Posture.LEFT_SIDE))
    t_s = times(0.0, 20.0)
    seen = [turned_deg(acc(w, Place.STERNUM, t_s)).max() for w in (upright, side)]
    assert seen[1] < 0.15 * seen[0]
    turning = [np.std(np.linalg.norm(gyro(w, Place.STERNUM, t_s), axis=1)) for w in (upright, side)]
    assert turning[1] > 0.6 * turning[0]


def test_placement_turns_the_sensors_axes_and_changes_the_gain():
    awry = replace(STILL, imus={**STILL.imus, Place.LEFT: replace(QUIET_IMU, turned_deg=(0.0, 15.0, 0.0), off_cm=2.0)})
    straight, turned = breathing(STILL), breathing(awry)
    t_s = times(0.0, 20.0)
    a, b = acc(straight, Place.LEFT, t_s), acc(turned, Place.LEFT, t_s)
    assert np.degrees(
        np.arccos(np.clip(a[0] @ b[0] / np.linalg.norm(a[0]) / np.linalg.norm(b[0]), -1, 1))
    ) == pytest.approx(15.0, abs=0.5)
    assert turned_deg(b).max() / turned_deg(a).max() == pytest.approx(1.12, abs=0.03)


def test_noise_bias_and_steps_of_the_wire_are_those_of_the_sensor():
    imu = ImuSpec(noise_mg=3.0, bias_mg=(30.0, -30.0, 10.0), lsb_mg=0.5, gyro_noise_dps=0.1, gyro_bias_dps=(0.5, 0, 0))
    spec = replace(STILL, depth=0.001, imus={**STILL.imus, Place.BACK: imu})
    noisy, clean = breathing(spec), breathing(replace(spec, imus=STILL.imus))
    t_s = times(0.0, 60.0)
    off = acc(noisy, Place.BACK, t_s) - acc(clean, Place.BACK, t_s)
    assert off.mean(axis=0) == pytest.approx([0.030, -0.030, 0.010], abs=0.0005)
    assert off.std(axis=0) == pytest.approx([0.003] * 3, rel=0.1)
    steps = acc(breathing(spec), Place.BACK, t_s) / 0.0005
    assert steps == pytest.approx(np.rint(steps), abs=1e-6)
    turning = gyro(noisy, Place.BACK, t_s)
    assert turning.mean(axis=0) == pytest.approx([0.5, 0.0, 0.0], abs=0.02)


def test_sway_turns_everything_on_the_trunk_alike_and_the_pelvis_in_part():
    spec = replace(STILL, sway_deg=1.0, pelvis_sways=0.4)
    wearer = breathing(spec, 200.0, air=(Air(0.0, AirKind.HOLD, depth=0.0),))
    t_s = times(5.0, 200.0, 20.0)
    swings = {p: turned_deg(acc(wearer, p, t_s)).max() for p in (Place.LEFT, Place.BACK, Place.PELVIS)}
    assert 0.4 < swings[Place.LEFT] < 1.5
    assert swings[Place.BACK] == pytest.approx(swings[Place.LEFT], rel=0.2)
    assert swings[Place.PELVIS] < 0.75 * swings[Place.LEFT]
    power = np.abs(np.fft.rfft(gyro(wearer, Place.LEFT, t_s)[:, 2] * np.hanning(t_s.size))) ** 2
    hz = np.fft.rfftfreq(t_s.size, 0.05)
    assert power[(hz > 0.04) & (hz < 0.55)].sum() > 0.95 * power[hz > 0.01].sum()


@pytest.mark.parametrize(
    ("posture", "up"),
    [
        (Posture.SITTING, (0, 0, 1)),
        (Posture.SUPINE, (1, 0, 0)),
        (Posture.PRONE, (-1, 0, 0)),
        (Posture.LEFT_SIDE, (0, -1, 0)),
        (Posture.RIGHT_SIDE, (0, 1, 0)),
        (Posture.BENT, (-1, 0, 0)),
    ],
)
def test_up_lies_where_the_posture_puts_it_and_the_body_gets_there(posture, up):
    wearer = breathing(replace(STILL, posture=Posture.STANDING), 30.0, postures=(Posed(10.0, posture, 3.0),))
    t_s = np.array([5.0, 20.0])
    body_up = applied(np.swapaxes(wearer.stance.trunk(t_s), 1, 2), np.tile([0.0, 0.0, 1.0], (2, 1)))
    assert body_up[0] @ [0, 0, 1] > 0.98
    assert body_up[1] @ np.array(up) > 0.95
    assert [wearer.posture(5.0), wearer.posture(20.0)] == [Posture.STANDING, posture]


def test_sitting_and_standing_differ_at_the_pelvis_only():
    turns = {}
    for posture in (Posture.SITTING, Posture.STANDING):
        stance = breathing(replace(STILL, posture=posture)).stance
        t_s = np.array([1.0])
        turns[posture] = rotation_vector(stance.trunk(t_s))[0, 1], rotation_vector(stance.pelvis(t_s))[0, 1]
    trunk, pelvis = np.subtract(turns[Posture.STANDING], turns[Posture.SITTING])
    assert abs(trunk) < 10.0 < 20.0 < pelvis


# ── belts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_belt_pulls_with_the_girth():
    wearer = breathing(STILL)
    t_s = times(0.0, 30.0)
    slope, rest = np.polyfit(wearer.girth_cm(Place.STERNUM, t_s), belt(wearer, Place.STERNUM, t_s), 1)
    assert (slope, rest) == pytest.approx((1.6, 6.0), rel=0.01)


def test_its_rest_creeps_by_5_percent_a_minute_at_first():
    spec = replace(STILL, belts={**STILL.belts, Place.NAVEL: replace(STILL.belts[Place.NAVEL], creep_per_min=0.05)})
    wearer = breathing(spec, 700.0, air=(Air(0.0, AirKind.HOLD, depth=0.0),))
    pull = belt(wearer, Place.NAVEL, np.array([2.0, 62.0, 690.0]))
    assert pull[1] / pull[0] == pytest.approx(0.95, abs=0.01)
    assert 0.6 < pull[2] / pull[0] < 0.75


def test_a_slack_belt_pulls_hardly_at_all_and_none_beyond_its_range():
    loose, tight = BeltSpec(rest_n=-6.0, noise_n=0.0), BeltSpec(rest_n=48.0, noise_n=0.0, n_per_cm=4.0)
    wearer = breathing(replace(STILL, belts={Place.STERNUM: loose, Place.NAVEL: tight}))
    t_s = times(0.0, 30.0)
    slack = belt(wearer, Place.STERNUM, t_s)
    assert slack.min() >= 0.0
    assert slack.max() < 0.2
    assert belt(wearer, Place.NAVEL, t_s).max() == 50.0


def test_a_brace_raises_the_waist_hardly_the_chest_and_makes_the_belly_shallower():
    wearer = breathing(STILL, 60.0, brace=(Ramp(30.0, 31.0, 0.5),))
    before, after = times(5.0, 28.0), times(33.0, 58.0)
    waist, chest = (
        np.median(belt(wearer, p, after)) - np.median(belt(wearer, p, before)) for p in (Place.NAVEL, Place.STERNUM)
    )
    assert waist > 1.5
    assert abs(chest) < 0.15 * waist
    assert np.ptp(wearer.share(Place.NAVEL, after)) < 0.9 * np.ptp(wearer.share(Place.NAVEL, before))
    assert np.ptp(wearer.share(Place.LEFT, after)) > np.ptp(wearer.share(Place.LEFT, before))
    assert wearer.brace(after).mean() == pytest.approx(0.5, abs=0.02)
    assert wearer.brace(before).max() == 0.0


# ── movements ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", sorted(MOVEMENTS))
def test_repetitions_are_done_one_after_the_other_and_told(kind):
    posture = MOVEMENTS[kind].posture
    wearer = breathing(replace(STILL, posture=posture), 60.0, reps=(Reps(10.0, kind, 5, side=Side.RIGHT),))
    reps = wearer.reps(60.0)
    assert [r.kind for r in reps] == [kind] * 5
    assert all(a.start_s < a.top_s <= a.return_s < a.end_s <= b.start_s for a, b in itertools.pairwise(reps))
    seen = max(wearer.range_deg(p, reps[0]) for p in (Place.PELVIS, Place.BACK))
    assert seen == pytest.approx(reps[0].range_deg, rel=0.8 if kind in ("carry", "sit-to-stand") else 0.35, abs=4.0)
    still = wearer.steadiness(Place.PELVIS, 2.0, 9.0)
    assert max(still) < 0.01


def test_a_sit_to_stand_leans_on_the_way_up_and_again_on_the_way_down():
    wearer = breathing(STILL, 30.0, reps=(Reps(10.0, "sit-to-stand", 1, go_s=3.0, keep_s=2.0, back_s=3.0, spread=0.0),))
    lean = wearer.stance.bent_deg(times(9.0, 20.0))
    peaks = (lean[1:-1] > lean[:-2]) & (lean[1:-1] >= lean[2:]) & (lean[1:-1] > 20.0)
    assert peaks.sum() == 2
    assert wearer.stance.rise_cm(np.array([9.0, 14.0, 19.0])) == pytest.approx([0.0, 38.0, 0.0], abs=0.5)


def test_the_breath_goes_with_the_movement_where_it_is_asked_for():
    wearer = breathing(STILL, 60.0, reps=(Reps(10.0, "hip-hinge", 4, breathes_out=True),))
    for rep in wearer.reps(60.0)[1:]:
        start, top, back, end = wearer.level(np.array([rep.start_s, rep.top_s, rep.return_s, rep.end_s]))
        assert start > top + 0.3
        assert end > back + 0.3


def test_the_side_that_works_shows_in_the_sign():
    turns = []
    for side in Side:
        wearer = breathing(
            replace(STILL, posture=Posture.STANDING, stray=0.0), 20.0, reps=(Reps(5.0, "row", 1, side=side),)
        )
        turns.append(rotation_vector(wearer.stance.trunk(np.array([7.2])))[0, 2])
    assert turns[0] > 4.0
    assert turns[1] < -4.0


def test_what_is_held_wobbles_as_much_as_the_person_does():
    reps = (Reps(5.0, "bridge", 1, keep_s=20.0),)
    tilts = []
    for wobble_deg in (0.0, 2.0):
        wearer = breathing(replace(STILL, posture=Posture.SUPINE, wobble_deg=wobble_deg), 40.0, reps=reps)
        tilts.append(wearer.steadiness(Place.PELVIS, 8.0, 20.0)[0])
    assert tilts[0] < 0.05
    assert 1.0 < tilts[1] < 6.0


# ── what happens to the sensors ──────────────────────────────────────────────────────────────────────────────────────


def test_a_sensor_that_slips_turns_and_a_belt_gives():
    wearer = breathing(STILL, 60.0, slips=(Slip(30.0, Place.BACK, 20.0), Slip(30.0, Place.NAVEL, cm=1.0)))
    g = acc(wearer, Place.BACK, np.array([29.0, 31.0]))
    assert turned_deg(g)[1] == pytest.approx(20.0, abs=1.0)
    quiet = breathing(STILL)
    t_s = np.array([31.0])
    assert belt(quiet, Place.NAVEL, t_s) - belt(wearer, Place.NAVEL, t_s) == pytest.approx([1.6], abs=0.05)


def test_put_on_again_everything_sits_otherwise():
    wearer = breathing(STILL, 90.0, redons=(Redon(30.0, 20.0),))
    g = acc(wearer, Place.LEFT, times(0.0, 90.0))
    assert turned_deg(g)[1500:2500].max() > 20.0  # in somebody's hands
    assert 1.0 < turned_deg(g)[2600:].mean() < 30.0
    pull = belt(wearer, Place.STERNUM, times(0.0, 90.0))
    assert pull[1700:2300].max() == 0.0
    assert pull[2600:].min() > 2.0


def test_left_and_right_exchanged_each_reads_the_other_side():
    sites = {**STILL.sites, Place.LEFT: replace(STILL.sites[Place.LEFT], tilt_deg=3.0, crosstalk=0.0)}
    sites[Place.RIGHT] = replace(STILL.sites[Place.RIGHT], tilt_deg=1.0, crosstalk=0.0)
    lopsided = replace(STILL, sites=sites)
    wearer = breathing(lopsided, 90.0, exchanges=(Exchange(30.0, 10.0),))
    for place, other in ((Place.LEFT, Place.RIGHT), (Place.RIGHT, Place.LEFT)):
        g = acc(wearer, place, times(0.0, 90.0))
        unmoved = acc(breathing(lopsided), other, times(42.0, 88.0))
        assert turned_deg(g)[1600:1900].max() > 10.0  # in somebody's hands
        assert turned_deg(g[2100:4400]).max() == pytest.approx(turned_deg(unmoved).max(), rel=0.2)


def test_a_calibration_is_done_as_it_is_told():
    steps = calibration_steps(5.0, trunk=True, brace=True)
    wearer = TrunkWearer(draw_trunk(11), calibrated(Script(90.0), steps))
    for step in steps.steps:
        t_s = times(step.start_s + 1.2, step.end_s)
        if step.kind is StepKind.FULL:
            assert [wearer.opened(p, step.start_s, step.end_s) > 0.8 for p in RING] == [True] * 4
        if step.kind is StepKind.BRACE:
            assert wearer.brace(t_s).mean() == pytest.approx(1.0, abs=0.05)
        if step.kind is StepKind.RELAX:
            assert np.abs(wearer.level(t_s)).max() < 0.02
            assert wearer.brace(t_s).max() < 0.02
    assert len(wearer.breaths(steps.end_s, 90.0)) >= 2


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(1, 999), max_size=5, unique=True), place=st.sampled_from(list(Place)))
def test_a_stream_read_in_pieces_is_the_stream(cuts, place):
    script = Script(
        20.0, slips=(Slip(8.0, place),), redons=(Redon(12.0, 3.0),), air=(Air(0.0), Air(5.0, AirKind.COUGH))
    )
    t_s = times(0.0, 20.0)
    roles = [Role.CHEST_ACC, Role.GYRO, *([Role.BELT] if place in (Place.STERNUM, Place.NAVEL) else [])]
    for role in roles:
        whole = TrunkWearer(draw_trunk(3), script).read(channel(role, place), t_s)
        wearer = TrunkWearer(draw_trunk(3), script)
        parts = [wearer.read(channel(role, place), part) for part in np.split(t_s, sorted(cuts))]
        step = 0.0 if role is Role.GYRO else 0.011  # the wire's step may fall otherwise by the last bit
        assert np.concatenate(parts) == pytest.approx(whole, abs=1e-9 + step * 0.1)


def test_what_none_of_ours_can_feel_or_nobody_said_where_is_refused():
    wearer = breathing(STILL)
    for bad in (
        replace(channel(Role.CHEST_ACC, Place.LEFT), place=None),
        replace(channel(Role.BELT, Place.LEFT), role=Role.ECG),
    ):
        with pytest.raises(BreathcoreError):
            wearer.read(bad, times(0.0, 1.0))


def test_arbitrary_units_of_a_belt_are_counts():
    wearer = breathing(STILL)
    counts = replace(channel(Role.BELT, Place.STERNUM), unit="a.u.")
    t_s = times(0.0, 5.0)
    assert wearer.read(counts, t_s)[:, 0] == pytest.approx(150.0 * belt(wearer, Place.STERNUM, t_s), abs=1e-3)
