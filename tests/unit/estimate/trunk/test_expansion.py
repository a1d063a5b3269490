"""Expansion of every site against what the trunk did: shares, cm, symmetry, phase, the 360° score, and refusals."""

import math
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from trunk_signals import OneBreath, Trunk, Worn, breaths, even, of, run, share, steps

from breathcore.estimate.trunk.ring import MOST_NOISE, NORMAL, Pairs, against, score_of
from breathcore.estimate.trunk.site import SiteKind
from breathcore.model.device import Place
from breathcore.model.estimates import BreathKind
from breathcore.model.trunk import (
    Expansion,
    Side,
    SidesExchanged,
    SiteBlock,
    SiteCalibration,
    SiteExpansion,
    TapeReading,
    Unmeasured,
)

RING = tuple(Worn(p) for p in (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK))
BELTS = (Worn(Place.STERNUM, belt=True, hz=10.0), Worn(Place.NAVEL, belt=True, hz=10.0))
UNEVEN_RIBS = {**even(0.4), Place.LEFT: 0.5, Place.RIGHT: 0.3}


def events(done):
    return [b.event() for b in done]


def seen(trunk, *known, **how):
    done = [b.event() for b in trunk.done]
    return run(trunk, [steps(), *done, *known], **how)


@cache
def usual():
    return seen(Trunk(RING, tuple(breaths(even(0.4)))))


@cache
def uneven():
    trunk = Trunk(RING + BELTS, tuple(breaths(UNEVEN_RIBS)))
    return seen(trunk, TapeReading(3.0, Place.LEFT, 6.0), TapeReading(3.0, Place.STERNUM, 5.0))


def last(out):
    return of(out, Expansion)[-1]


def test_each_site_is_told_in_shares_of_its_own_full_breath():
    _, out = uneven()
    for expansion in of(out, Expansion)[-5:]:
        for site in expansion.sites:
            assert site.share == pytest.approx(UNEVEN_RIBS[site.place], abs=0.04)
        assert expansion.least is Place.RIGHT
        shares = np.array([0.4, 0.5, 0.3, 0.4])
        assert expansion.score == pytest.approx(100 * (shares.mean() - shares.std()), abs=4)


def test_a_breath_is_told_within_half_a_second_of_being_sure():
    _, out = usual()
    sure = {b.inhale_onset_s: b.confirmed_s for b in events(breaths(even(0.4)))}
    assert all(0.0 <= e.t_s - sure[e.onset_s] <= 0.5 for e in of(out, Expansion))


def test_the_live_level_follows_the_breath_and_is_told_within_its_latency():
    done = tuple(breaths(even(0.5)))
    estimator, out = seen(Trunk(RING, done))
    blocks = [b for b in of(out, SiteBlock) if b.place is Place.LEFT and b.t_s[0] > 60]
    t, level = (np.concatenate([getattr(b, name) for b in blocks]) for name in ("t_s", "level"))
    assert np.abs(level - share(done, Place.LEFT, t)).max() < 0.1
    assert estimator.latency_s <= 0.6


def test_centimetres_come_with_a_tape_reading_and_without_one_there_are_none():
    _, out = uneven()
    told = last(out)
    assert told.site(Place.LEFT).cm == pytest.approx(6.0 * 0.4, abs=0.2)  # the girth's, not the side's
    assert told.site(Place.STERNUM).cm == pytest.approx(5.0 * 0.4, abs=0.2)
    assert math.isnan(told.site(Place.NAVEL).cm)
    calibrations = {c.place: c for c in of(out, SiteCalibration)}
    assert calibrations[Place.LEFT].cm_per_unit == pytest.approx(3.0, rel=0.1)
    assert math.isnan(calibrations[Place.NAVEL].cm_per_unit)


@pytest.mark.parametrize("lag_deg", [0.0, 30.0, 90.0, -60.0])
def test_the_bellys_lag_is_told_within_five_degrees(lag_deg):
    worn = (BELTS[0], replace(BELTS[1], lag_deg=lag_deg))
    _, out = seen(Trunk(worn, tuple(breaths(even(0.4)))))
    assert last(out).phase_deg == pytest.approx(lag_deg, abs=5.0)
    assert not last(out).paradox
    assert last(out).rib_share == pytest.approx(0.5, abs=0.03)


def test_ribs_and_belly_against_each_other_are_a_paradox():
    worn = (BELTS[0], replace(BELTS[1], lag_deg=175.0))
    _, out = seen(Trunk(worn, tuple(breaths(even(0.4)))))
    assert last(out).paradox


def test_there_is_no_angle_where_the_belly_hardly_moves():
    done = tuple(breaths({**even(0.5), Place.NAVEL: 0.05}))
    _, out = seen(Trunk(BELTS, done))
    assert math.isnan(last(out).phase_deg)
    assert last(out).reasons["phase_deg"] is Unmeasured.UNDEFINED


def test_what_needs_a_sensor_that_is_not_there_is_refused():
    _, out = seen(Trunk(RING[:1], tuple(breaths(even(0.4)))))
    assert set(last(out).reasons) == {"rib_share", "phase_deg", "symmetry", "score"}
    assert set(last(out).reasons.values()) == {Unmeasured.NO_SENSOR}
    assert last(out).site(Place.LEFT) is None


@given(st.lists(st.floats(0.05, 1.0), min_size=4, max_size=4))
def test_a_site_is_named_the_least_only_where_it_opens_a_fifth_less_than_the_others(shares):
    ring = [SiteExpansion(w.place, "s", x) for w, x in zip(RING, shares, strict=True)]
    _, least, reason = score_of(ring)
    low, others = min(shares), (sum(shares) - min(shares)) / 3
    assert reason is None
    assume(abs(low - 0.8 * others) > 1e-9)
    assert least is (RING[shares.index(low)].place if low < 0.8 * others else None)


# ── symmetry ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_side_that_opens_far_more_is_named_but_not_in_numbers():
    _, out = uneven()
    assert last(out).opens_more is Side.LEFT
    assert math.isnan(last(out).symmetry)
    assert last(out).reasons["symmetry"] in (Unmeasured.SHALLOW, Unmeasured.ROUGH)
    assert of(out, Expansion)[0].reasons["symmetry"] in (Unmeasured.NOT_CALIBRATED, Unmeasured.TOO_SHORT)


def test_quiet_breaths_are_too_shallow_to_compare_left_and_right():
    _, out = usual()
    assert last(out).reasons["symmetry"] is Unmeasured.SHALLOW
    assert last(out).opens_more is None


def test_deep_breaths_compare_left_and_right_within_5_points():
    sides = {**even(0.9), Place.LEFT: 0.93, Place.RIGHT: 0.87}
    _, out = seen(Trunk(RING, tuple(breaths(sides))))
    assert last(out).symmetry == pytest.approx(6.7, abs=5.0)
    assert 0.0 < last(out).symmetry_noise <= MOST_NOISE


@given(st.floats(-20.0, 20.0), st.floats(0.0, 0.1), st.floats(0.2, 1.2), st.integers(3, 12), st.integers(0, 2))
def test_left_against_right_is_a_number_with_a_narrow_band_or_a_reason(index, ratio_sd, mean, breaths_n, skins_n):
    pairs = Pairs()
    for _ in range(breaths_n):
        pairs.push(mean * (1.0 + index / 200.0), mean * (1.0 - index / 200.0))
    told = pairs.tell(ratio_sd, skins_n)
    assert (told.reason is None) == (told.noise <= MOST_NOISE) == math.isfinite(told.value)
    assert told.reason is not None or told.value == pytest.approx(index, abs=1e-6)
    assert (told.opens_more is not None) == (abs(index) > max(told.noise, NORMAL))


def test_belts_compare_the_sides_in_quiet_breaths_too():
    pairs = Pairs()
    for _ in range(8):
        pairs.push(0.31, 0.29)
    assert pairs.tell(0.02, 0).value == pytest.approx(6.7, abs=0.1)
    assert pairs.tell(0.02, 2).reason is Unmeasured.SHALLOW


def test_after_an_exchange_both_sides_have_to_be_calibrated_again():
    done = breaths(UNEVEN_RIBS, n=16)
    _, out = seen(Trunk(RING, tuple(done)), SidesExchanged(90.0))
    after = [e for e in of(out, Expansion) if e.t_s > 91.0]
    assert after
    assert {e.site(Place.LEFT).reason for e in after} == {Unmeasured.NOT_CALIBRATED}
    assert {e.site(Place.LEFT).source for e in after} == {"right.acc"}


# ── calibration ──────────────────────────────────────────────────────────────────────────────────────────────────────


def calibrated(trunk, place, **how):
    return next(c for c in of(seen(trunk, **how)[1], SiteCalibration) if c.place is place)


def test_a_calibration_gives_range_axis_and_how_even_it_was():
    told = next(c for c in of(usual()[1], SiteCalibration) if c.place is Place.LEFT)
    assert told.full - told.relaxed == pytest.approx(2.0, rel=0.06)
    assert told.cv < 0.05
    assert math.hypot(*told.axis) == pytest.approx(1.0)
    assert told.unit == "deg"
    assert told.reason is None


def test_the_change_since_last_time_is_told():
    previous = {(Place.LEFT, SiteKind.IMU): 1.5}
    told = calibrated(Trunk(RING, tuple(breaths(even(0.4), n=1))), Place.LEFT, previous=previous)
    assert told.change == pytest.approx(2.0 / 1.5 - 1.0, abs=0.08)


def test_full_breaths_that_differ_too_much_are_refused():
    done = breaths(even(0.4), n=1)
    done[4] = replace(done[4], depth=even(0.4))
    told = calibrated(Trunk(RING + BELTS, tuple(done)), Place.LEFT)
    assert told.reason is Unmeasured.UNEVEN
    assert told.cv > 0.25


def test_a_sensor_that_sees_no_breath_is_refused():
    still = Worn(Place.LEFT, size=0.0, gyro=False)
    assert calibrated(Trunk((still,), tuple(breaths(even(0.4), n=1))), Place.LEFT).reason is Unmeasured.BLIND


def test_a_belt_at_the_end_of_its_scale_is_refused():
    class Short(Trunk):
        def streams(self):
            return [(c, t, np.minimum(x, 9.0)) for c, t, x in super().streams()]

    assert calibrated(Short(BELTS, tuple(breaths(even(0.4), n=1))), Place.NAVEL).reason is Unmeasured.SATURATED


def test_a_belt_that_does_not_move_is_refused():
    class Stuck(Trunk):
        def streams(self):
            return [(c, t, np.full_like(x, 8.0)) for c, t, x in super().streams()]

    assert calibrated(Stuck(BELTS, tuple(breaths(even(0.4), n=1))), Place.NAVEL).reason is Unmeasured.FLAT


def test_an_axis_that_stands_upright_is_read_from_the_gyroscope_and_without_one_it_is_refused():
    lying = (0.0, 1.0, 0.0)  # on the back: the sides turn about the vertical
    done = tuple(breaths(even(0.5)))
    _, out = seen(Trunk((Worn(Place.LEFT), Worn(Place.STERNUM)), done, gravity=lying))
    assert last(out).site(Place.LEFT).share == pytest.approx(0.5, abs=0.07)
    _, out = seen(Trunk((Worn(Place.LEFT, gyro=False), Worn(Place.STERNUM)), done, gravity=lying))
    assert last(out).site(Place.LEFT).reason is Unmeasured.BLIND
    assert last(out).site(Place.STERNUM).share == pytest.approx(0.5, abs=0.05)


# ── the body sways ───────────────────────────────────────────────────────────────────────────────────────────────────


def swaying(t):
    return np.stack([0.4 * np.sin(1.1 * t) + 0.3 * np.sin(2.3 * t + 1), 0.4 * np.sin(0.7 * t + 2), 0.0 * t])


@pytest.mark.parametrize("pelvis", [False, True])
def test_sway_as_large_as_the_breath_is_taken_out(pelvis):
    worn = tuple(replace(w, size=1.5) for w in RING) + ((Worn(Place.PELVIS),) if pelvis else ())
    _, out = seen(Trunk(worn, tuple(breaths(even(0.4))), sway_deg=swaying))
    errors = [abs(s.share - 0.4) for e in of(out, Expansion)[-8:] for s in e.sites]
    assert np.median(errors) < 0.04
    assert max(errors) < 0.15


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sensor_that_slips_is_said_to_have_and_the_others_go_on():
    slip = {Place.LEFT: lambda t: np.stack([18.0 * (t > 70), 0 * t, 0 * t])}
    _, out = seen(Trunk(RING, tuple(breaths(even(0.4))), alone_deg=slip))
    told = last(out)
    assert told.site(Place.LEFT).reason is Unmeasured.SLIPPED
    assert told.reasons["symmetry"] is Unmeasured.SLIPPED
    assert told.site(Place.RIGHT).share == pytest.approx(0.4, abs=0.05)
    before = [e for e in of(out, Expansion) if 50 < e.t_s < 70]
    assert all(e.site(Place.LEFT).reason is None for e in before)
    assert not [b for b in of(out, SiteBlock) if b.place is Place.LEFT and b.t_s[-1] > 75]


def test_a_belt_that_has_come_loose_is_said_to_have():
    class Loose(Trunk):
        def streams(self):
            return [(c, t, np.where((t > 70)[:, None], x - 5.0, x)) for c, t, x in super().streams()]

    _, out = seen(Loose(BELTS, tuple(breaths(even(0.4)))))
    assert last(out).site(Place.NAVEL).reason is Unmeasured.SLIPPED


def test_a_body_that_leans_back_goes_on_in_the_new_posture():
    lean = lambda t: np.stack([25.0 * np.clip((t - 70) / 2, 0, 1), 0 * t, 0 * t])  # noqa: E731
    _, out = seen(Trunk(RING, tuple(breaths(even(0.4), n=12)), sway_deg=lean))
    told = of(out, Expansion)
    assert all(s.share == pytest.approx(0.4, abs=0.06) for s in told[-1].sites)
    assert [e for e in told if 68 < e.t_s < 80 and any(s.reason is Unmeasured.MOTION for s in e.sites)]


def test_a_site_that_shifts_by_as_much_as_the_breath_has_no_size_for_it():
    shift = {Place.LEFT: lambda t: np.array([[0.0], [1.0], [0.0]]) * np.clip((t - 61.0) / 3.0, 0.0, 1.0)}
    _, out = seen(Trunk(RING, tuple(breaths(even(0.4))), alone_deg=shift))
    lost = [e for e in of(out, Expansion) if e.site(Place.LEFT).reason is Unmeasured.MOTION]
    assert lost
    assert all(e.onset_s < 65.0 and e.end_s > 61.0 for e in lost)
    assert all(e.site(Place.RIGHT).reason is None for e in lost)


def in_hands(n, t):
    """Return the turn (3, n) of a sensor that is taken off and put on again from 70 s to 80 s, a little otherwise."""
    held = np.sin(np.pi * np.clip((t - 70) / 10, 0, 1)) ** 2
    waves = np.stack([np.sin((2 + 0.4 * n) * t + n), np.cos((3 - 0.5 * n) * t), np.sin(1.7 * t + 2 * n)])
    return 25 * held * waves + np.array([[9.0], [-5.0 + 3 * n], [8.0]]) * np.clip((t - 70) / 10, 0, 1)


def test_put_on_again_all_sensors_have_to_be_calibrated_again():
    turns = {worn.place: partial(in_hands, n) for n, worn in enumerate(RING)}
    _, out = seen(Trunk(RING, tuple(breaths(even(0.4))), alone_deg=turns))
    assert {s.reason for s in last(out).sites} == {Unmeasured.SLIPPED}


def test_a_stream_that_ends_is_said_to_have_no_data_and_the_others_go_on():
    class Cut(Trunk):
        def streams(self):
            return [(c, t[t < 70], x[t < 70]) if c.place is Place.LEFT else (c, t, x) for c, t, x in super().streams()]

    _, out = seen(Cut(RING, tuple(breaths(even(0.4)))))
    assert last(out).site(Place.LEFT).reason is Unmeasured.NO_DATA
    assert last(out).site(Place.RIGHT).share == pytest.approx(0.4, abs=0.05)


def test_a_held_breath_stays_open_and_counts_as_one_breath():
    done = breaths(even(0.4), n=4)
    held = OneBreath(done[-1].end_s, 2.0, 3.0, even(0.6), hold_s=15.0)
    _, out = seen(Trunk(RING, (*done, held), end_s=held.end_s + 8.0))
    block = [
        b for b in of(out, SiteBlock) if b.place is Place.LEFT and held.start_s + 15 < b.t_s[0] < held.start_s + 17
    ]
    assert np.mean(np.concatenate([b.level for b in block])) == pytest.approx(0.6, abs=0.08)
    assert last(out).site(Place.LEFT).share == pytest.approx(0.6, abs=0.06)


def test_a_cough_is_no_breath_and_talking_has_no_angle():
    done = breaths(even(0.4))
    known = events(done)
    known[-1] = replace(known[-1], kind=BreathKind.COUGH)
    known[-2] = replace(known[-2], kind=BreathKind.TALKING)
    _, out = run(Trunk(BELTS, tuple(done)), [steps(), *known])
    cough, talk = of(out, Expansion)[-1], of(out, Expansion)[-2]
    assert {s.reason for s in cough.sites} == {Unmeasured.NO_BREATH}
    assert talk.reasons["phase_deg"] is Unmeasured.UNDEFINED
    assert talk.site(Place.NAVEL).share == pytest.approx(0.4, abs=0.05)


def test_nothing_is_told_of_a_site_before_it_is_calibrated():
    done = tuple(breaths(even(0.4), n=2))
    _, out = run(Trunk(RING, done), events(done))
    assert not of(out, SiteBlock)
    assert {s.reason for e in of(out, Expansion) for s in e.sites} == {Unmeasured.NOT_CALIBRATED}


@pytest.mark.parametrize("depth", [-0.6, -0.3])
def test_a_site_that_draws_in_while_the_others_open_is_named_and_not_told_as_opening(depth):
    _, out = seen(Trunk(RING, tuple(breaths({**even(0.6), Place.LEFT: depth}, n=6, period_s=6.0))))
    for expansion in of(out, Expansion)[-5:-1]:
        assert [s.place for s in expansion.sites if s.reason is Unmeasured.INWARD] == [Place.LEFT]
        assert all(s.share == pytest.approx(0.6, abs=0.06) for s in expansion.sites if s.reason is None)
        assert expansion.reasons["score"] is Unmeasured.INWARD


def test_a_site_that_stays_shut_is_told_shut():
    _, out = seen(Trunk(RING, tuple(breaths({**even(0.6), Place.LEFT: 0.0}, n=6, period_s=6.0))))
    shares = [s.share for e in of(out, Expansion)[-5:-1] for s in e.sites if s.place is Place.LEFT]
    assert max(shares) < 0.1
    assert last(out).least is Place.LEFT


@given(st.integers(0, 2**31), st.integers(4, 6), st.integers(10, 200))
def test_the_site_that_moves_against_the_others_is_found_and_no_other(seed, sites_n, samples_n):
    rng = np.random.default_rng(seed)
    wave = np.sin(np.linspace(0.0, np.pi, samples_n))
    levels = rng.uniform(0.7, 1.0, (sites_n, 1)) * wave + rng.normal(0.0, 0.02, (sites_n, samples_n))
    assert not any(against(levels))
    at = int(rng.integers(sites_n))
    levels[at] *= -1.0
    assert against(levels) == [k == at for k in range(sites_n)]


class Loses(Trunk):
    """Right and back send nothing from 90 s on."""

    def streams(self):
        gone = (Place.RIGHT, Place.BACK)
        return [(c, t[t < 90.0], x[t < 90.0]) if c.place in gone else (c, t, x) for c, t, x in super().streams()]


def test_no_cm_from_one_site_where_its_neighbours_are_lost():
    trunk = Loses(RING, tuple(breaths({**even(0.6), Place.LEFT: 0.2}, n=14, period_s=6.0)))
    _, out = seen(trunk, TapeReading(47.0, Place.LEFT, 5.0))
    left = {e.onset_s: s for e in of(out, Expansion) for s in e.sites if s.place is Place.LEFT}
    assert any(s.cm == pytest.approx(5.0 * 1.4 / 3.0, abs=0.4) for t_s, s in left.items() if t_s < 84.0)
    alone = [s for t_s, s in left.items() if t_s > 90.0]
    assert alone
    assert all(s.reason is None and math.isnan(s.cm) for s in alone)
