"""The brace of simulated wearers: level, on and off, held breaths, rest, refusals (signals.md §9)."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from braced import AFTER_S, Braced, braced, follow, switched
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.trunk.brace import BraceFollower
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.model.device import Place
from breathcore.model.trunk import BraceCalibration, Posture, PostureEstimate, Unmeasured
from breathcore.source.sim.trunk.script import Air, AirKind

EDGES = np.array([0.05, 0.15, 0.25, 0.35])
THREE = (
    (75.0, 76.0, 0.1),
    (90.0, 90.8, 0.0),
    (98.0, 99.0, 0.2),
    (113.0, 113.8, 0.0),
    (120.0, 121.0, 0.3),
    (136.0, 137.0, 0.0),
)


@pytest.fixture(scope="module")
def graded() -> Braced:
    return braced(*THREE, end_s=150.0)


def right(seen: Braced, told: list) -> float:
    """Return the share of time in the right zone, where the truth is two points or more from an edge of one."""
    t = np.array([b.t_s for b in told if b.t_s > AFTER_S + 2.0])
    level = np.array([b.level for b in told if b.t_s > AFTER_S + 2.0])
    truth = seen.brace(t)
    clear = (np.abs(truth[:, None] - EDGES).min(axis=1) >= 0.02) & np.isfinite(level)
    return float((np.digitize(level, EDGES) == np.digitize(truth, EDGES))[clear].mean())


def test_zones_of_ten_twenty_and_thirty_percent_are_told_apart(graded) -> None:
    told = follow(graded)
    assert right(graded, told) >= 0.95
    later = [b for b in told if b.t_s > AFTER_S + 2.0]
    assert sum(b.reason is None for b in later) >= 0.6 * len(later)


def test_a_level_on_its_way_is_not_told_but_that_it_is_a_brace(graded) -> None:
    ramp = [b for b in follow(graded) if 120.5 <= b.t_s < 121.0]
    assert {b.reason for b in ramp} == {Unmeasured.UNSURE}
    assert all(math.isnan(b.level) for b in ramp)
    assert ramp[-1].on


def test_with_the_waists_belt_alone_on_and_off_are_told_and_no_level(graded) -> None:
    told = [b for b in follow(graded, chest=False) if b.t_s > AFTER_S + 2.0]
    assert {b.reason for b in told} == {Unmeasured.LONE}
    assert all(math.isnan(x) for b in told for x in (b.level, b.confirmed, b.drift))
    assert any(b.on for b in told)


def asked(*spans: tuple[float, float]) -> Callable[[BraceFollower, float], None]:
    """Return what tells a follower what a drill asks for: braces in `spans`, else ease."""
    times = {t: braced for start_s, end_s in spans for t, braced in ((start_s, True), (end_s, False))}

    def ask(follower: BraceFollower, t_s: float) -> None:
        if t_s in times:
            follower.ask(t_s, braced=times[t_s])

    return ask


def test_a_slight_brace_that_is_asked_for_is_not_taken_for_rest() -> None:
    seen = braced((75.0, 76.0, 0.06), (115.0, 116.0, 0.0))
    told = [b.level for b in follow(seen, before=asked((74.5, 114.5))) if 100.0 <= b.t_s < 114.0]
    assert np.nanmedian(told) == pytest.approx(0.06, abs=0.02)


def test_what_stays_while_the_drill_asks_for_ease_is_rest() -> None:
    shifted = braced((75.0, 76.0, 0.2), (90.0, 91.0, 0.12), end_s=140.0)
    told = follow(shifted, before=asked((74.5, 89.5)))
    late = [b for b in told if b.t_s >= 110.0]
    assert not any(b.on for b in late)
    assert abs(np.nanmedian([b.level for b in late])) < 0.03
    assert any(b.on for b in follow(shifted) if b.t_s >= 110.0)  # nobody said so: it is a brace that goes on


def test_a_level_that_rises_at_ease_is_no_brace_and_soon_is_rest() -> None:
    shifted = braced((75.0, 76.0, 0.3), end_s=120.0)
    told = [b for b in follow(shifted, before=asked((60.0, 61.0))) if b.t_s >= 74.0]
    assert not any(b.on for b in told)
    assert all(b.level < 0.1 for b in told if b.reason is None)
    assert abs(np.nanmedian([b.level for b in told if b.t_s >= 100.0])) < 0.03


def test_who_braces_before_it_is_asked_for_is_braced_from_then_on() -> None:
    seen = braced((75.0, 76.0, 0.3), (90.0, 91.0, 0.0), end_s=110.0)
    told = follow(seen, before=asked((60.0, 61.0), (76.5, 92.0)))
    assert switched(told, on=True, from_s=74.0) == pytest.approx(76.5, abs=0.3)
    assert next(b for b in told if b.t_s >= 80.0).held_s > 4.0
    assert switched(told, on=False, from_s=80.0) <= 91.5


@pytest.mark.parametrize("chest", [True, False])
def test_at_ease_sighs_words_coughs_and_held_breaths_are_no_brace(chest) -> None:
    deep, talks, coughs = Air(80.0, depth=0.9, rate_bpm=8.0), Air(96.0, AirKind.TALK), Air(112.0, AirKind.COUGH)
    air = (deep, Air(90.0), talks, Air(108.0), coughs, Air(114.0), Air(122.0, AirKind.HOLD, depth=0.5), Air(134.0))
    told = [b for b in follow(braced(air=air), chest=chest, before=asked((60.0, 61.0))) if b.t_s > AFTER_S]
    assert not any(b.on for b in told)
    assert all(abs(b.level) < 0.15 for b in told if b.reason is None)


def test_a_belt_that_slips_is_neither_at_rest_nor_braced_and_says_so() -> None:
    seen = braced(end_s=110.0)
    firm = float(np.ptp(seen.waist[(seen.t_s > 20.0) & (seen.t_s < AFTER_S)]))
    told = follow(replace(seen, waist=np.where(seen.t_s >= 80.0, seen.waist - firm, seen.waist)))
    after = [b for b in told if b.t_s >= 80.3]
    assert after[0].reason is Unmeasured.MOTION
    assert not any(b.on or b.level < -0.2 for b in after)


def crossed(seen: Braced, level: float, from_s: float, *, up: bool) -> float:
    """Return when the true brace goes through `level`, from `from_s` on."""
    t = np.arange(from_s, from_s + 5.0, 0.01)
    return float(t[np.flatnonzero((seen.brace(t) > level) == up)[0]])


def test_on_and_off_come_within_half_a_second_with_a_second_sensor(graded) -> None:
    told = follow(graded)
    for (start_s, _, to), (end_s, _, _) in zip(THREE[2::2], THREE[3::2], strict=True):
        assert to > 0.1
        came, went = crossed(graded, 0.08, start_s, up=True), crossed(graded, 0.05, end_s, up=False)
        assert came - 0.3 <= switched(told, on=True, from_s=start_s - 0.5) <= came + 0.5
        assert switched(told, on=False, from_s=end_s) <= went + 0.5


def test_a_brace_of_ten_percent_comes_within_a_breath(graded) -> None:
    assert 75.0 <= switched(follow(graded), on=True, from_s=70.0) <= 75.5 + 60.0 / 13.0


def test_without_a_second_sensor_it_comes_within_a_breath(graded) -> None:
    told = follow(graded, chest=False)
    for start_s, _, to in THREE[::2]:
        if to > 0.15:
            assert switched(told, on=True, from_s=start_s - 0.5) <= start_s + 1.0 + 60.0 / 13.0 * 1.3


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 11), min_size=1, max_size=8))
def test_any_cut_of_the_stream_gives_the_same_bits(cuts) -> None:
    seen = braced((70.0, 71.0, 0.2), end_s=80.0)

    def run(sizes: list[int]) -> list[tuple[float, ...]]:
        follower = BraceFollower("w", Place.NAVEL, GRID_HZ)
        out, at, k, i = [], 0, 1, 0
        while at < len(seen.t_s):
            end = min(len(seen.t_s), at + sizes[i % len(sizes)])
            follower.push(seen.t_s[at:end], seen.waist[at:end])
            follower.breathe(seen.t_s[at:end], seen.chest[at:end])
            at, i = end, i + 1
            while k * 0.25 <= seen.t_s[at - 1]:
                told = follower.tick(k * 0.25)
                out.append((told.t_s, told.level, told.on, told.held_s, told.drift))
                if k == 246:
                    follower.learn(seen.calibration.steps)
                k += 1
        return out

    one, other = run([25]), run(cuts)
    assert len(one) == len(other)
    assert all(
        x == y or (math.isnan(x) and math.isnan(y))
        for a, b in zip(one, other, strict=True)
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("scale", [0.01, 150.0])
def test_the_unit_of_the_belt_does_not_matter(graded, scale) -> None:
    other = replace(graded, waist=graded.waist * scale, chest=graded.chest * scale)
    levels = [(a.level, b.level) for a, b in zip(follow(graded), follow(other), strict=True)]
    assert all(a == pytest.approx(b, abs=1e-6, nan_ok=True) for a, b in levels)


def test_breathing_sighs_and_talking_are_no_brace() -> None:
    deep, talks, coughs = Air(90.0, depth=0.8, rate_bpm=8.0), Air(104.0, AirKind.TALK), Air(126.0, AirKind.COUGH)
    air = (deep, Air(98.0), talks, Air(115.0), coughs, Air(128.0))
    told = [b for b in follow(braced(air=air)) if b.t_s > AFTER_S + 2.0]
    assert not any(b.on for b in told)
    assert all(abs(b.level) < 0.1 for b in told if b.reason is None)
    unlike = [b for b in told if 106.0 <= b.t_s < 115.0 or 127.0 <= b.t_s < 128.0]
    assert {b.reason for b in unlike} <= {Unmeasured.UNSURE, Unmeasured.MOTION}


def test_words_do_not_end_a_brace_but_its_level_is_not_sure() -> None:
    seen = braced((75.0, 76.0, 0.3), (105.0, 106.0, 0.0), air=(Air(84.0, AirKind.TALK), Air(94.0)))
    told = follow(seen)
    assert all(b.on for b in told if 77.0 <= b.t_s < 104.0)
    assert all(b.reason is Unmeasured.UNSURE or 0.15 < b.level < 0.45 for b in told if 86.0 <= b.t_s < 100.0)
    assert switched(told, on=False, from_s=104.0) <= 106.5


def test_a_held_breath_is_no_brace_where_the_chest_is_seen_to_stay_full() -> None:
    air = (Air(80.0, AirKind.HOLD, depth=0.5), Air(92.0))
    told = [b for b in follow(braced(air=air)) if 78.0 <= b.t_s < 94.0]
    assert not any(b.on for b in told)


def test_a_breath_held_under_a_firm_brace_is_strain() -> None:
    seen = braced((80.0, 81.0, 0.8), (95.0, 96.0, 0.0), air=(Air(80.0, AirKind.HOLD, depth=0.2), Air(94.0)))
    told = follow(seen)
    assert any(b.strain for b in told if 86.0 <= b.t_s < 94.0)
    assert not any(b.strain for b in told if b.t_s < 84.0 or b.t_s > 98.0)
    assert not any(b.breathing for b in told if 87.0 <= b.t_s < 93.0)


def test_breathing_is_kept_under_a_gentle_brace(graded) -> None:
    held = [b for b in follow(graded) if 104.0 <= b.t_s < 112.0]
    assert all(b.on for b in held)
    assert sum(bool(b.breathing) for b in held) >= 0.9 * len(held)
    assert not any(b.strain for b in held)
    assert abs(held[-1].drift) < 0.05


def test_drift_is_told_of_a_brace_that_fades() -> None:
    told = follow(braced((75.0, 76.0, 0.4), (76.1, 100.0, 0.16), (101.0, 102.0, 0.0)))
    assert next(b for b in told if b.t_s >= 96.0).drift == pytest.approx(-0.1, abs=0.03)


def test_the_belt_gives_way_and_rest_goes_with_it() -> None:
    told = [b for b in follow(braced(end_s=320.0)) if b.t_s > AFTER_S + 2.0]
    assert sum(b.on for b in told) <= 0.02 * len(told)
    assert abs(np.nanmean([b.level for b in told[-80:]])) < 0.03


def test_nothing_is_told_before_a_calibration_or_without_samples(graded) -> None:
    told = follow(replace(graded, waist=np.where(graded.t_s > 130.0, np.nan, graded.waist)))
    assert told[40].reason is Unmeasured.NOT_CALIBRATED
    assert math.isnan(told[40].level)
    late = [b for b in told if b.t_s > 132.0]
    assert {b.reason for b in late} == {Unmeasured.NO_DATA}
    assert not any(b.on for b in late)


def test_a_refused_calibration_is_the_reason(graded) -> None:
    follower = BraceFollower("w", Place.NAVEL, GRID_HZ)
    follower.calibrate(BraceCalibration(1.0, "w", 1.0, 1.1, 0.5, Unmeasured.UNEVEN))
    follower.push(graded.t_s[:50], graded.waist[:50])
    assert follower.tick(2.0).reason is Unmeasured.UNEVEN


def test_another_posture_begins_with_a_rest_of_its_own_and_the_old_one_comes_back(graded) -> None:
    lifted = np.where((graded.t_s >= 72.0) & (graded.t_s < 92.0), graded.waist + 2.0, graded.waist)
    quiet = braced(end_s=110.0)
    seen = replace(quiet, waist=lifted[: len(quiet.t_s)] - graded.waist[: len(quiet.t_s)] + quiet.waist)
    postures = {10.0: Posture.SITTING, 72.0: Posture.SUPINE, 92.0: Posture.STANDING}

    def pose(follower: BraceFollower, t_s: float) -> None:
        if t_s in postures:
            follower.on(PostureEstimate(t_s, postures[t_s], "chest.acc"))

    told = follow(seen, before=pose)
    assert next(b for b in told if b.t_s >= 73.0).reason is Unmeasured.MOTION
    assert not any(b.on for b in told if b.t_s > AFTER_S)
    assert all(abs(b.level) < 0.08 for b in told if b.t_s >= 84.0 and b.reason is None)
