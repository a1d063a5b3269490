"""Planning a drill: glide, sets, dose, levels."""

import math
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.drill.timeline import (
    GLIDE_MAX_S,
    GLIDE_MIN_S,
    GLIDE_STEP_S,
    level_at,
    phase_at,
    plan,
    scaled,
    shifted,
)
from breathcore.model.drill import (
    DoseSpec,
    DrillPhase,
    DrillSpec,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    TargetPhase,
    Timeline,
)

TEXT = {"en": "x"}
IN, HOLD, OUT, REST, EFFORT = tuple(DrillPhase)[:5]


def pattern(*phases: tuple[DrillPhase, float]) -> PatternSpec:
    return PatternSpec("p", TEXT, tuple(PhaseSpec(kind, seconds, TEXT) for kind, seconds in phases))


def drill(form: PatternSpec, dose: DoseSpec, *, paced: bool = True) -> DrillSpec:
    return DrillSpec(
        "d", TEXT, TEXT, TEXT, (form,), dose, SafetySpec(()), paced, paced, 0.15, (0.4, 0.8), ("breath",)
    )  # fmt: skip


SLOW = pattern((IN, 4.0), (OUT, 6.0))
BOX = pattern((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0))
FIVE = DoseSpec(1, 0.0, minutes=5.0)


def breaths(phases: tuple[TargetPhase, ...]) -> list[list[TargetPhase]]:
    return [list(b) for _, b in groupby(phases, key=lambda p: (p.scored, p.set_index, p.cycle))]


def seconds(breath: list[TargetPhase]) -> dict[DrillPhase, float]:
    return {p.kind: p.end_s - p.start_s for p in breath}


def glide_s(target: Timeline) -> float:
    return next(p.start_s for p in target.phases if p.scored) - target.start_s


def test_without_a_glide_the_first_breath_counts() -> None:
    target = plan(drill(SLOW, FIVE), SLOW, None, 10.0)
    assert target.start_s == 10.0
    assert all(p.scored for p in target.phases)
    assert target.end_s == pytest.approx(310.0)
    assert len(breaths(target.phases)) == 30
    assert [(p.kind, p.level_from, p.level_to) for p in target.phases[:2]] == [
        (IN, 0.0, pytest.approx(0.6)),
        (OUT, pytest.approx(0.6), pytest.approx(0.0, abs=1e-12)),
    ]


@pytest.mark.parametrize("own", [None, math.nan, 6.0, 6.9, 7.0, 4.0, 0.0, -5.0, 61.0, math.inf])
def test_no_glide_from_a_rate_that_is_near_slower_or_unknown(own: float | None) -> None:
    target = plan(drill(SLOW, FIVE), SLOW, own, 0.0)
    assert all(p.scored for p in target.phases)


def test_no_glide_in_a_timed_drill() -> None:
    brace = pattern((EFFORT, 10.0), (REST, 5.0))
    target = plan(drill(brace, DoseSpec(1, 0.0, cycles=10), paced=False), brace, 15.0, 0.0)
    assert target.end_s == 150.0
    assert all(p.scored for p in target.phases)


@pytest.mark.parametrize("form", [SLOW, BOX], ids=["slow", "box"])
@pytest.mark.parametrize("own", [7.5, 10.0, 15.0, 22.0, 40.0])
def test_glide(form: PatternSpec, own: float) -> None:
    """drills.md §5, pacer table: ≤ 0.5 s a phase and breath, 60–120 s, from the own rate to the drill's."""
    target = plan(drill(form, FIVE), form, own, 0.0)
    all_breaths = breaths(target.phases)
    glide = [b for b in all_breaths if not b[0].scored]
    assert GLIDE_MIN_S <= glide_s(target) <= GLIDE_MAX_S
    assert sum(seconds(glide[0]).values()) == pytest.approx(60.0 / own)
    assert [b[0].cycle for b in glide] == list(range(len(glide)))
    first = seconds(glide[0])
    assert 0.4 <= first[IN] / (first[IN] + first[OUT]) <= 0.5
    assert HOLD not in first
    for before, after in pairwise([*glide, all_breaths[len(glide)]]):
        for kind in (p.kind for p in form.phases):
            step = seconds(after).get(kind, 0.0) - seconds(before).get(kind, 0.0)
            assert -1e-9 <= step <= GLIDE_STEP_S + 1e-9


def test_a_long_way_ends_after_two_minutes_with_larger_steps() -> None:
    very_slow = pattern((IN, 4.0), (HOLD, 7.0), (OUT, 8.0), (REST, 7.0))
    target = plan(drill(very_slow, FIVE), very_slow, 4.5, 0.0)
    assert 90.0 <= glide_s(target) <= GLIDE_MAX_S


@pytest.mark.parametrize(
    ("dose", "minutes", "cycles"),
    [
        pytest.param(FIVE, None, [30], id="own-minutes"),
        pytest.param(FIVE, 2.0, [12], id="chosen-minutes"),
        pytest.param(FIVE, 0.01, [1], id="at-least-one-breath"),
        pytest.param(DoseSpec(1, 0.0, minutes=0.25), None, [2], id="whole-breaths"),
        pytest.param(DoseSpec(3, 30.0, cycles=8), None, [8, 8, 8], id="cycles-in-each-set"),
        pytest.param(DoseSpec(3, 30.0, cycles=8), 3.0, [6, 6, 6], id="minutes-of-sets-no-longer-than-theirs"),
        pytest.param(DoseSpec(2, 30.0, minutes=1.5), None, [5, 4], id="minutes-over-all-sets"),
    ],
)
def test_dose(dose: DoseSpec, minutes: float | None, cycles: list[int]) -> None:
    target = plan(drill(SLOW, dose), SLOW, None, 0.0, minutes)
    starts = [b[0] for b in breaths(target.phases)]
    assert [len(list(s)) for _, s in groupby(starts, key=lambda p: p.set_index)] == cycles
    gaps = [b.start_s - a.end_s for a, b in pairwise(target.phases) if b.set_index != a.set_index]
    assert gaps == pytest.approx([dose.rest_s] * (len(cycles) - 1))


def test_levels_are_smooth_and_end_at_their_marks() -> None:
    target = plan(drill(BOX, FIVE), BOX, 12.0, 5.0, 1.0)
    t_s = np.arange(5.0, target.end_s, 0.01)
    level = level_at(target, t_s)
    assert np.all((level >= 0.0) & (level <= 0.6 + 1e-9))
    assert np.max(np.abs(np.diff(level))) < 0.01 * 0.6 * math.pi / 2.0 / 2.0  # shortest inhale 2.5 s
    for phase in target.phases:
        assert level_at(target, phase.start_s) == pytest.approx(phase.level_from, abs=1e-9)
        assert level_at(target, phase.end_s - 1e-9) == pytest.approx(phase.level_to, abs=1e-6)


def test_nothing_is_aimed_at_before_after_and_between_sets() -> None:
    target = plan(drill(SLOW, DoseSpec(2, 20.0, cycles=1)), SLOW, None, 5.0)
    at = np.array([4.9, 5.0, 14.9, 15.0, 34.9, 35.0, 44.9, 45.0])
    assert list(np.isnan(level_at(target, at))) == [True, False, False, True, True, False, False, True]
    found = [phase_at(target, t) for t in at]
    assert [p is None for p in found] == list(np.isnan(level_at(target, at)))
    assert np.isnan(level_at(Timeline(()), at)).all()
    assert phase_at(Timeline(()), 1.0) is None


def test_a_brace_comes_and_goes_within_a_second() -> None:
    brace = pattern((EFFORT, 10.0), (REST, 5.0))
    target = plan(drill(brace, DoseSpec(1, 0.0, cycles=2), paced=False), brace, None, 0.0)
    assert level_at(target, np.array([0.0, 0.5, 1.0, 9.9, 10.5, 11.0, 14.9])) == pytest.approx(
        [0, 0.5, 1, 1, 0.5, 0, 0]
    )


def test_two_inhales_share_the_depth() -> None:
    sigh = pattern((IN, 3.0), (IN, 1.0), (OUT, 6.0))
    target = plan(drill(sigh, FIVE), sigh, 20.0, 0.0)
    assert [p.level_to for p in target.phases[-3:]] == pytest.approx([0.45, 0.6, 0.0], abs=1e-9)


@given(t=st.floats(-10.0, 400.0), by=st.floats(0.0, 100.0))
def test_shifting_in_time_and_scaling_in_depth(t: float, by: float) -> None:
    target = plan(drill(BOX, FIVE), BOX, None, 0.0)
    moved = Timeline(shifted(target.phases, by))
    small = Timeline(scaled(target.phases, 0.7))
    assert float(level_at(moved, t + by)) == pytest.approx(float(level_at(target, t)), nan_ok=True, abs=1e-6) or (
        phase_at(moved, t + by) is None or phase_at(target, t) is None  # the very edge, by rounding
    )
    assert float(level_at(small, t)) == pytest.approx(0.7 * float(level_at(target, t)), nan_ok=True, abs=1e-9)
