"""The score of a movement, and left compared with right."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.drill.movement_score import WEIGHTS, score_movement
from breathcore.drill.sides import SideMeasures, compare, expansion, measures, trend
from breathcore.model.device import Place
from breathcore.model.drill import (
    DoseSpec,
    DrillPhase,
    DrillSpec,
    MovementSpec,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    TargetPhase,
)
from breathcore.model.estimates import PhaseKind, Turn
from breathcore.model.trunk import LumbarBend, Rep, Side, Steadiness, Unmeasured

CYCLE = ((DrillPhase.MOVE, 2.0), (DrillPhase.KEEP, 3.0), (DrillPhase.RETURN, 3.0), (DrillPhase.REST, 2.0))
MOVEMENT = MovementSpec("bridge", (Place.PELVIS,), (15.0, 45.0), 2, 5.0, 5.0)


def drill(movement=MOVEMENT):
    pattern = PatternSpec("p", {}, tuple(PhaseSpec(k, s, {}) for k, s in CYCLE))
    dose, safety = DoseSpec(1, 0.0, cycles=8), SafetySpec(())
    return DrillSpec(
        "d", {}, {}, {}, (pattern,), dose, safety, paced=False, glide=False, band=0.15, depth_band=(0.4, 1.0),
        measures=("movement",), movement=movement,
    )  # fmt: skip


def target(n=8, glide_n=2):
    phases, at = [], 0.0
    for k in range(glide_n + n):
        for kind, seconds in CYCLE:
            scored = k >= glide_n
            phases.append(TargetPhase(kind, at, at + seconds, 0.0, 1.0, 0, k - glide_n * scored, scored))
            at += seconds
    return phases


def done(n=8, slow=1.0, deg=30.0, exhaled=1.0, late=0.0, side=None):
    return [
        Rep(t, t + 2.0 * slow, t + 5.0 * slow, t + 8.0 * slow, deg, 1.0, "s", side, exhaled, 1.0 - exhaled)
        for t in (20.0 + 10.0 * k + late for k in range(n))
    ]


def still(deg=1.0, n=8):
    return [Steadiness(20.0 + 10.0 * k + 5.0, 20.0 + 10.0 * k + 2.0, Place.PELVIS, "s", deg, deg) for k in range(n)]


def part(score, id_):
    return next(p for p in score.parts if p.id == id_)


def test_all_done_as_asked_is_a_hundred():
    score = score_movement(drill(), target(), done(), still())
    assert score.total == pytest.approx(100.0)
    assert score.in_step == 1.0
    assert score.breaths_scored == 8


def test_nothing_done_is_nothing_and_not_unmeasured():
    score = score_movement(drill(), target(), [])
    assert score.total == 0.0
    assert part(score, "reps").hint == "missed"


def test_without_a_sensor_there_is_no_score():
    score = score_movement(drill(), target(), [], measured=False)
    assert score.total is None
    assert all(p.value is None for p in score.parts)


def test_what_was_not_measured_is_left_out():
    score = score_movement(drill(), target(), done(exhaled=math.nan))
    assert score.total == pytest.approx(100.0)
    assert part(score, "exhale").value is None
    assert part(score, "steadiness").value is None
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("slow", "in_step"), [(0.85, 1.0), (1.19, 1.0), (0.75, 0.0), (1.24, 0.0)])
def test_tempo_is_kept_within_a_fifth(slow, in_step):
    assert score_movement(drill(), target(), done(slow=slow)).in_step == in_step


@pytest.mark.parametrize(("slow", "hint"), [(0.6, "fast"), (1.24, "slow")])
def test_which_way_the_tempo_was_off_is_named(slow, hint):
    assert part(score_movement(drill(), target(), done(slow=slow)), "reps").hint == hint


def hinge(back_deg=10.0):
    spec = drill()
    return replace(spec, movement=replace(spec.movement, back_deg=back_deg))


def bent(deg, n=8):
    return [LumbarBend(28.0 + 10.0 * k, 20.0 + 10.0 * k, deg, "back", "pelvis") for k in range(n)]


@pytest.mark.parametrize(
    ("deg", "value", "hint"),
    [(0.0, 1.0, ""), (-9.9, 1.0, ""), (12.5, 0.5, "rounded"), (15.0, 0.0, "rounded"), (-20.0, 0.0, "hollowed")],
)
def test_a_hinge_is_scored_by_whether_the_back_stayed_as_it_was(deg, value, hint):
    found = part(score_movement(hinge(), target(), done(), bends=bent(deg)), "back")
    assert found.value == pytest.approx(value)
    assert found.hint == hint


def test_without_two_sensors_the_back_is_left_out_of_the_score():
    score = score_movement(hinge(), target(), done(), bends=[])
    assert part(score, "back").value is None
    assert score.total == pytest.approx(100.0)
    unknown = [replace(b, bend_deg=math.nan, reason=Unmeasured.NO_DATA) for b in bent(5.0)]
    assert part(score_movement(hinge(), target(), done(), bends=unknown), "back").value is None


def test_twice_as_many_is_not_in_tempo():
    quick = [Rep(t, t + 1, t + 3, t + 4.5, 30.0, 1.0, "s") for t in np.arange(20.0, 100.0, 5.0)]
    assert score_movement(drill(), target(), quick).in_step == 0.0


def test_guided_repetitions_are_not_scored():
    guided = [Rep(t, t + 2, t + 5, t + 8, 80.0, 1.0, "s", guided=True) for t in (0.0, 10.0)]
    assert score_movement(drill(), target(), [*guided, *done()]).total == pytest.approx(100.0)


@given(deg=st.floats(0.0, 120.0))
def test_range_counts_in_the_band_and_fades_outside(deg):
    value = part(score_movement(drill(), target(), done(deg=deg)), "range").value
    off = max(15.0 - deg, deg - 45.0, 0.0)
    assert value == pytest.approx(max(0.0, 1.0 - off / 7.5))


def test_breathing_out_begins_with_the_effort():
    def score(late_s):
        turns = [Turn(PhaseKind.EXHALE, r.start_s + late_s, 0.0, r.start_s + late_s + 0.5) for r in done()]
        return part(score_movement(drill(), target(), done(exhaled=0.3), turns=turns), "exhale")

    assert score(0.7).value == 1.0
    assert score(-0.7).value == 1.0
    assert score(1.2).value == 0.0
    assert score(1.2).hint == "late"


def test_the_effort_of_a_hinge_is_the_way_back():
    hinge = MovementSpec("hip_hinge", (Place.BACK,), (15.0, 45.0), exhale_on=DrillPhase.RETURN)
    assert part(score_movement(drill(hinge), target(), done(exhaled=1.0)), "exhale").value == 0.0
    assert part(score_movement(drill(hinge), target(), done(exhaled=0.0)), "exhale").value == 1.0


@pytest.mark.parametrize(("deg", "value"), [(1.9, 1.0), (5.0, 0.5), (8.1, 0.0)])
def test_steadiness_is_excellent_at_two_degrees_and_fails_beyond_eight(deg, value):
    assert part(score_movement(drill(), target(), done(), still(deg)), "steadiness").value == pytest.approx(value)


def test_what_is_only_held_is_scored_by_its_steadiness():
    score = score_movement(drill(), target(), [], still(5.0), measured=False)
    assert score.total == pytest.approx(50.0)
    assert score.in_step is None


def test_no_limit_no_steadiness():
    free = MovementSpec("hip_hinge", (Place.BACK,), (15.0, 45.0))
    assert part(score_movement(drill(free), target(), done(), still(9.0)), "steadiness").value is None


def test_what_is_not_known_yet_is_not_missed():
    score = score_movement(drill(), target(), done(4), until_s=60.0)
    assert score.breaths_scored == 4
    assert score.in_step == 1.0


# ── both sides ───────────────────────────────────────────────────────────────────────────────────────────────────────


def one(id_, left, right, *, swapped=False):
    a, b = SideMeasures(Side.LEFT, {id_: tuple(left)}), SideMeasures(Side.RIGHT, {id_: tuple(right)})
    return compare(a, b, swapped=swapped)[0]


def test_a_side_is_measured_by_its_own_repetitions():
    reps = [*done(4, side=Side.LEFT), *done(3, slow=1.2, side=Side.RIGHT)]
    left, right = measures(Side.LEFT, reps, still(2.0)), measures(Side.RIGHT, reps)
    found = {c.id: c for c in compare(left, right)}
    assert found["reps"].left == 4
    assert found["reps"].right == 3
    assert found["tempo"].left == pytest.approx(8.0)
    assert found["tempo"].right == pytest.approx(9.6)
    assert found["hold"].left == pytest.approx(3.0)
    assert "tilt" not in found


@given(scale=st.floats(0.1, 100.0))
def test_a_difference_is_in_percent_of_the_mean_whatever_the_unit(scale):
    found = one("range", [scale * x for x in (30.0, 31.0, 29.0)], [scale * x for x in (20.0, 21.0, 19.0)])
    assert found.difference == pytest.approx(40.0)
    assert found.uncertainty == pytest.approx(100 * 2.776 * math.sqrt(2 / 3) / 25.0, rel=0.01)
    assert found.told


def test_the_two_sides_exchanged_give_the_opposite():
    a, b = (30.0, 33.0, 29.0), (20.0, 24.0, 19.0)
    assert one("range", a, b).difference == -one("range", b, a).difference


def test_chance_is_not_called_a_difference():
    rng = np.random.default_rng(3)
    told = [one("range", rng.normal(30, 4, 8), rng.normal(30, 4, 8)).told for _ in range(400)]
    assert 0.0 < np.mean(told) < 0.07
    assert np.mean([one("range", rng.normal(30, 4, 8), rng.normal(22, 4, 8)).told for _ in range(100)]) > 0.9


def test_two_values_are_too_few_to_say():
    found = one("range", (30.0, 31.0), (20.0, 21.0))
    assert math.isnan(found.uncertainty)
    assert not found.told


@pytest.mark.parametrize(("left", "right", "told"), [(8, 7, False), (5, 4, False), (8, 4, True)])
def test_one_repetition_more_may_be_a_miscount_and_is_no_difference(left, right, told):
    found = one("reps", (left,), (right,))
    assert found.uncertainty == pytest.approx(100.0 * math.sqrt(2.0) / (0.5 * (left + right)))
    assert found.told is told


def test_in_quiet_breaths_a_difference_that_skins_make_is_no_difference_of_expansion():
    left, right = expansion(Side.LEFT, [0.42, 0.421, 0.42]), expansion(Side.RIGHT, [0.38, 0.381, 0.38])
    (quiet,) = compare(left, right, swapped=True)
    assert quiet.uncertainty > quiet.difference > 5.0
    assert not quiet.told


def test_no_difference_of_expansion_is_told_before_the_sensors_were_exchanged():
    left, right = expansion(Side.LEFT, [0.9, 0.92, 0.88, 0.9]), expansion(Side.RIGHT, [0.6, 0.62, 0.58, 0.6])
    assert not compare(left, right)[0].told
    assert compare(left, right, swapped=True)[0].told


def test_of_two_that_stand_still_none_is_worse():
    assert not one("tilt", (0.3, 0.31, 0.29), (0.6, 0.61, 0.59)).told
    assert one("tilt", (3.0, 3.1, 2.9), (6.0, 6.1, 5.9)).told


def test_a_trend_is_a_median_of_three_sessions():
    assert trend([10.0, 40.0, 12.0, 11.0, 13.0, 9.0]).now == 11.0
    assert trend([10.0, 40.0, 12.0, 11.0, 13.0, 9.0]).before == 12.0
    assert math.isnan(trend([]).now)
    assert trend([math.nan, 5.0]).now == 5.0


def test_a_sudden_change_and_a_lasting_large_one_are_for_a_clinician():
    assert trend([5.0, 6.0, 4.0, 22.0]).sudden
    assert not trend([5.0, 6.0, 4.0, 9.0]).sudden
    assert trend([26.0, -27.0, 30.0]).red
    assert not trend([26.0, 20.0, 30.0]).red
