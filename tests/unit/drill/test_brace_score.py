"""Scores of braces: in the zone, breathing kept, steady, without drift (signals.md §9); what nobody measured."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.drill.brace_score import WEIGHTS, asked_braces, score_brace
from breathcore.drill.scoring import advice
from breathcore.model.device import Place
from breathcore.model.drill import DrillPhase, Score, TargetPhase
from breathcore.model.trunk import BraceEstimate, Steadiness


def phase(start_s: float, end_s: float, zone: tuple[float, float] | None, cycle: int = 0) -> TargetPhase:
    kind = DrillPhase.EFFORT if zone else DrillPhase.REST
    return TargetPhase(kind, start_s, end_s, 0.0, 1.0, 0, cycle, scored=True, brace=zone)


PHASES = [
    p
    for n, zone in enumerate([(0.05, 0.15), (0.15, 0.25), (0.25, 0.35)])
    for p in (
        phase(20.0 * n, 20.0 * n + 4, zone, n),
        phase(20.0 * n + 4, 20.0 * n + 12, zone, n),
        phase(20.0 * n + 12, 20.0 * n + 20, None, n),
    )
]


def told(
    level: float = 0.0, *, drift: float = 0.0, breathing: bool = True, strain: bool = False
) -> list[BraceEstimate]:
    """Return what a follower of the zones' middles does, `level` off them, let go of after a second."""
    out = []
    for k in range(240):
        t_s = 0.25 * k
        n, since_s = divmod(t_s, 20.0)
        held = since_s < 13.0
        now = 0.1 * (n + 1) + level if held else 0.0
        out.append(
            BraceEstimate(
                t_s, "w", now, on=held, drift=drift, breathing=breathing if held else None, strain=strain and held
            )
        )
    return out


def parts(score: Score) -> dict[str, float | None]:
    return {p.id: p.value for p in score.parts}


def test_all_in_the_zone_with_breath_and_stillness_is_a_hundred() -> None:
    still = [Steadiness(12.0, 2.0, Place.PELVIS, "p", 1.5)]
    score = score_brace(PHASES, told(), still)
    assert score.total == pytest.approx(100.0)
    assert score.in_step == 1.0
    assert score.breaths_scored == 3


def test_the_parts_have_the_weights_of_the_design() -> None:
    assert WEIGHTS == {"zone": 0.40, "breathing": 0.25, "steadiness": 0.20, "drift": 0.15}
    assert math.fsum(WEIGHTS.values()) == pytest.approx(1.0)


def test_what_was_not_measured_is_left_out_and_the_rest_counts_for_the_whole() -> None:
    score = score_brace(PHASES, told())
    assert parts(score)["steadiness"] is None
    assert score.total == pytest.approx(100.0)


def test_a_brace_that_nothing_measures_has_no_score() -> None:
    still = [Steadiness(12.0, 2.0, Place.PELVIS, "p", 1.5)]
    for braces in ([], [BraceEstimate(t, "w", math.nan) for t in range(60)]):
        score = score_brace(PHASES, braces, still)
        assert score.total is None
        assert advice(score).id == "advice.timed"


@pytest.mark.parametrize(("off", "hint"), [(-0.09, "light"), (0.09, "firm")])
def test_a_brace_beside_its_zone_is_told_which_way(off, hint) -> None:
    score = score_brace(PHASES, told(off))
    assert parts(score)["zone"] == 0.0
    assert score.in_step == 0.0
    assert advice(score).id == f"advice.zone-{hint}"


def test_the_ramp_is_not_held_against_it() -> None:
    slow = [b for b in told() if b.t_s % 20.0 >= 1.9 or b.t_s % 20.0 < 0.1]
    assert parts(score_brace(PHASES, slow))["zone"] == 1.0


def test_a_held_breath_costs_the_breathing_part_and_strain_says_breathe_out() -> None:
    score = score_brace(PHASES, told(breathing=False, strain=True))
    assert parts(score)["breathing"] == 0.0
    assert next(p.hint for p in score.parts if p.id == "breathing") == "strain"


@pytest.mark.parametrize(("drift", "value"), [(0.04, 1.0), (-0.04, 1.0), (-0.10, 0.5), (0.2, 0.0)])
def test_drift_counts_from_five_percent_in_ten_seconds(drift, value) -> None:
    assert parts(score_brace(PHASES, told(drift=drift)))["drift"] == pytest.approx(value)


def test_steadiness_is_the_pelvis_alone() -> None:
    holds = [Steadiness(12.0, 2.0, Place.PELVIS, "p", 5.0), Steadiness(12.0, 2.0, Place.STERNUM, "s", 0.0)]
    assert parts(score_brace(PHASES, told(), holds))["steadiness"] == pytest.approx(0.5)


@given(st.floats(0.0, 60.0), st.floats(-0.5, 0.5), st.booleans())
def test_any_score_lies_between_nothing_and_a_hundred(until_s, off, breathing) -> None:
    score = score_brace(PHASES, told(off, breathing=breathing), until_s=until_s)
    assert score.total is None or 0.0 <= score.total <= 100.0
    assert all(v is None or 0.0 <= v <= 1.0 for v in parts(score).values())


def test_neighbouring_phases_with_a_zone_are_one_brace() -> None:
    assert [(b.start_s, b.end_s) for b in asked_braces(PHASES)] == [(0.0, 12.0), (20.0, 32.0), (40.0, 52.0)]


@pytest.mark.parametrize(("every_n", "scored_n"), [(1, 3), (2, 3), (3, 0), (100, 0)])
def test_a_brace_of_which_less_than_half_was_told_is_not_scored(every_n, scored_n) -> None:
    braces = [b if k % every_n == 0 else replace(b, level=math.nan) for k, b in enumerate(told())]
    score = score_brace(PHASES, braces)
    assert score.breaths_scored == scored_n
    assert (score.total is None) == (scored_n == 0)
