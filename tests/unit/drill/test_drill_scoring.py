"""Scores of people who follow, who do not, and who half do (drills.md §2)."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.drill.scoring import WEIGHTS, advice, score_drill
from breathcore.drill.timeline import plan, scaled
from breathcore.model.drill import (
    DoseSpec,
    DrillPhase,
    DrillSpec,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    Score,
    ScorePart,
    TargetPhase,
    Timeline,
)
from breathcore.model.estimates import Breath, BreathKind, BreathRange, PhaseKind, Refusal, Turn

TEXT = {"en": "x"}
IN, HOLD, OUT, REST, EFFORT = tuple(DrillPhase)[:5]
RANGE = BreathRange(0.0, -1.0, 1.0)  # the target's amplitude of 0.6 is 1.2 in its unit


def drill(*phases: tuple[DrillPhase, float], paced: bool = True, dose: DoseSpec | None = None) -> DrillSpec:
    form = PatternSpec("p", TEXT, tuple(PhaseSpec(kind, seconds, TEXT) for kind, seconds in phases))
    return DrillSpec(
        "d", TEXT, TEXT, TEXT, (form,), dose or DoseSpec(1, 0.0, minutes=5.0), SafetySpec(()), paced, paced, 0.15,
        (0.4, 0.8), ("breath",),
    )  # fmt: skip


SLOW = drill((IN, 4.0), (OUT, 6.0))
BOX = drill((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0))


def target(spec: DrillSpec, own: float | None = None) -> Timeline:
    return plan(spec, spec.patterns[0], own, 100.0)


def breath(start_s: float, top_s: float, end_s: float, amplitude: float = 1.2) -> Breath:
    return Breath(start_s, top_s, end_s, amplitude, end_s + 1.0, 1.0)


def follower(spec: DrillSpec, *, lag_s: float = 0.2, jitter_s: float = 0.15, depth: float = 1.2) -> list[Breath]:
    """Return the breaths of someone who follows the scored part, and breathes freely for a while before and after."""
    rng = np.random.default_rng(1)
    starts = [p.start_s for p in target(spec).phases if p.kind is IN]
    tops = [p.start_s for p in target(spec).phases if p.kind is OUT]
    jit = rng.normal(lag_s, jitter_s, (len(starts) + 1, 2))
    begin = [s + j for s, j in zip([*starts, starts[-1] + 10.0], jit[:, 0], strict=True)]
    top = [s + j for s, j in zip(tops, jit[:-1, 1], strict=True)]
    own = [breath(60.0 + 4.0 * n, 61.6 + 4.0 * n, 64.0 + 4.0 * n) for n in range(10)]
    amplitudes = depth * rng.normal(1.0, 0.08, len(top))
    return own + [breath(begin[n], top[n], begin[n + 1], float(amplitudes[n])) for n in range(len(top))]


def free(rate_bpm: float, *, cv: float = 0.08, seed: int = 0, depth: float = 0.8) -> list[Breath]:
    rng = np.random.default_rng(seed)
    found, at = [], 60.0
    while at < 420.0:
        length = 60.0 / rate_bpm * rng.normal(1.0, cv)
        found.append(breath(at, at + 0.42 * length, at + length, depth))
        at += length
    return found


def antiphase() -> list[Breath]:
    return [breath(s - 6.0, s, s + 4.0) for p in target(SLOW).phases if p.kind is IN for s in [p.start_s]]


def parts(score: Score) -> dict[str, float | None]:
    return {p.id: p.value for p in score.parts}


def test_a_follower_scores_high() -> None:
    score = score_drill(SLOW, target(SLOW).phases, follower(SLOW), RANGE)
    assert score.total is not None
    assert score.total >= 85.0
    assert score.in_step is not None
    assert score.in_step >= 0.95
    assert score.breaths_scored == 30
    assert advice(score).id == "advice.good"


@pytest.mark.parametrize("rate_bpm", [12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cv", [0.0, 0.08])
def test_a_free_breather_scores_low(rate_bpm: float, seed: int, cv: float) -> None:
    score = score_drill(SLOW, target(SLOW).phases, free(rate_bpm, seed=seed, cv=cv), RANGE)
    assert score.total is not None
    assert score.total <= 30.0


@pytest.mark.parametrize("rate_bpm", [4.0, 5.0, 7.0, 8.0, 9.0, 10.0, 11.0])
@pytest.mark.parametrize("cv", [0.0, 0.08])
def test_an_even_breather_who_meets_the_target_now_and_then_scores_low(rate_bpm: float, cv: float) -> None:
    score = score_drill(SLOW, target(SLOW).phases, free(rate_bpm, cv=cv, depth=1.2), RANGE)
    assert score.total is not None
    assert score.total <= 31.0  # depth, evenness and quality are full, and yet


def test_a_breath_too_many_costs_little() -> None:
    """A swallow that passes for a breath in the middle of an exhale: two of 60 phases missed, counted as four of 62."""
    followed = [breath(100.0 + 10.0 * n, 104.0 + 10.0 * n, 110.0 + 10.0 * n) for n in range(30)]
    swallow = breath(157.0, 158.5, 160.0, 0.3)
    split = replace(followed[5], end_s=157.0)
    both = [*followed[:5], split, swallow, *followed[6:]]
    score = score_drill(SLOW, target(SLOW).phases, both, RANGE)
    assert score.in_step == pytest.approx(58 / 62)


def test_antiphase_scores_nothing() -> None:
    score = score_drill(SLOW, target(SLOW).phases, antiphase(), RANGE)
    assert score.total == 0.0
    assert score.in_step == 0.0


def test_two_even_breaths_to_one_target_hit_nothing() -> None:
    twice = [breath(100.0 + 5.0 * n, 102.0 + 5.0 * n, 105.0 + 5.0 * n) for n in range(60)]
    score = score_drill(SLOW, target(SLOW).phases, twice, RANGE)
    assert score.in_step == pytest.approx(1 / 119)  # the very first of 60 phases; the other 59 hold one breath too many
    assert next(p.hint for p in score.parts if p.id == "timing") == "fast"
    assert advice(score).id == "advice.timing-fast"


@pytest.mark.parametrize(
    ("off_s", "hits"), [(-0.61, 0.5), (-0.59, 1.0), (0.0, 1.0), (0.59, 1.0), (0.61, 0.5), (-0.91, 0.0), (0.91, 0.0)]
)
def test_tolerance_is_the_larger_of_half_a_second_and_15_percent(off_s: float, hits: float) -> None:
    shifted = [breath(100.0 + 10.0 * n + off_s, 104.0 + 10.0 * n + off_s, 110.0 + 10.0 * n) for n in range(30)]
    assert score_drill(SLOW, target(SLOW).phases, shifted, RANGE).in_step == pytest.approx(hits)


@pytest.mark.parametrize(("lag_s", "hint"), [(1.2, "late"), (-1.2, "early")])
def test_the_direction_of_a_miss_is_named(lag_s: float, hint: str) -> None:
    score = score_drill(SLOW, target(SLOW).phases, follower(SLOW, lag_s=lag_s), RANGE)
    assert advice(score).id == f"advice.timing-{hint}"


@pytest.mark.parametrize(("depth", "hint"), [(0.3, "shallow"), (2.4, "deep")])
def test_the_direction_of_a_wrong_depth_is_named(depth: float, hint: str) -> None:
    score = score_drill(SLOW, target(SLOW).phases, follower(SLOW, depth=depth), RANGE)
    assert advice(score).id == f"advice.depth-{hint}"
    value = parts(score)["depth"]
    assert value is not None
    assert value < 0.5


def test_smaller_targets_after_dizziness_want_smaller_breaths() -> None:
    small = scaled(target(SLOW).phases, 0.7)
    assert parts(score_drill(SLOW, small, follower(SLOW, depth=0.85), RANGE))["depth"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("range_", [None, BreathRange(0.0, math.nan, math.nan, Refusal.FLAT)])
def test_a_part_that_was_not_measured_is_left_out(range_: BreathRange | None) -> None:
    with_depth = score_drill(SLOW, target(SLOW).phases, follower(SLOW), RANGE)
    without = score_drill(SLOW, target(SLOW).phases, follower(SLOW), range_)
    assert parts(without)["depth"] is None
    assert without.total is not None
    assert with_depth.total is not None
    known = [(p.weight, p.value) for p in with_depth.parts if p.id != "depth" and p.value is not None]
    assert without.total == pytest.approx(100 * sum(w * v for w, v in known) / sum(w for w, _ in known))


def test_no_score_without_a_measured_breath() -> None:
    score = score_drill(SLOW, target(SLOW).phases, [], RANGE)
    assert score.total is None
    assert score.in_step is None
    assert set(parts(score).values()) == {None}
    assert {p.id: p.weight for p in score.parts} == WEIGHTS


def test_a_timed_drill_is_done_not_scored() -> None:
    brace = drill((EFFORT, 10.0), (REST, 5.0), paced=False)
    score = score_drill(brace, target(brace).phases, free(15.0), RANGE)
    assert score.total is None
    assert advice(score).id == "advice.timed"


def test_the_glide_is_not_scored() -> None:
    phases = target(SLOW, own=15.0).phases
    glide_only = [p for p in phases if not p.scored]
    assert score_drill(SLOW, glide_only, free(15.0), RANGE).total is None


def test_free_breathing_around_a_pause_costs_nothing() -> None:
    """Done: 10 breaths, a pause of 33 s with free breathing, 10 breaths."""
    phases = target(SLOW).phases
    later = [
        TargetPhase(p.kind, p.start_s + 33.0, p.end_s + 33.0, p.level_from, p.level_to, 0, p.cycle, scored=True)
        for p in phases[20:40]
    ]
    steady = [breath(100.0 + 10.0 * n, 104.0 + 10.0 * n, 110.0 + 10.0 * n) for n in range(10)]
    again = [breath(b.inhale_onset_s + 133.0, b.exhale_onset_s + 133.0, b.end_s + 133.0) for b in steady]
    between = [breath(200.0 + 3.3 * n, 201.4 + 3.3 * n, 203.3 + 3.3 * n, 0.3) for n in range(10)]
    score = score_drill(SLOW, [*phases[:20], *later], [*steady, *between, *again], RANGE)
    assert score.total == pytest.approx(100.0)


def test_holds_count_where_they_are_seen() -> None:
    def box(hold_s: float) -> list[Breath]:
        return [
            Breath(100.0 + 16.0 * n, 108.0 + 16.0 * n, 116.0 + 16.0 * n, 1.2, 0.0, 1.0, BreathKind.NORMAL, hold_s, 4.0)
            for n in range(19)
        ]

    assert score_drill(BOX, target(BOX).phases, box(4.0), RANGE).in_step == 1.0
    assert score_drill(BOX, target(BOX).phases, box(2.0), RANGE).in_step == pytest.approx(0.75)
    assert score_drill(BOX, target(BOX).phases, box(0.0), RANGE).in_step == 1.0  # not seen: left out


def test_turns_fill_in_what_breaths_do_not_tell_yet() -> None:
    phases = target(SLOW).phases[:4]
    first = [breath(100.0, 104.0, 110.0)]
    turns = [
        Turn(PhaseKind.INHALE, 100.1, 0.0, 101.0), Turn(PhaseKind.EXHALE, 104.1, 1.0, 105.0),
        Turn(PhaseKind.INHALE, 110.1, 0.0, 111.0), Turn(PhaseKind.EXHALE, 114.1, 1.0, 115.0),
    ]  # fmt: skip
    assert score_drill(SLOW, phases, first, RANGE).in_step == 0.5
    assert score_drill(SLOW, phases, first, RANGE, turns=turns).in_step == 1.0


def test_a_live_score_waits_for_what_may_still_come() -> None:
    phases = target(SLOW).phases[:8]
    known = follower(SLOW)[:12]
    live = score_drill(SLOW, phases, known, RANGE, until_s=119.0)
    assert live.in_step == 1.0
    assert live.breaths_scored == 1
    assert score_drill(SLOW, phases, known, RANGE, until_s=101.0).total is None


def test_artefacts_are_no_breaths() -> None:
    shadows = [Breath(b.inhale_onset_s + 2, b.exhale_onset_s + 2, b.end_s, 9.0, 0.0, 0.1, BreathKind.ARTEFACT)
               for b in follower(SLOW)]  # fmt: skip
    both = sorted([*follower(SLOW), *shadows], key=lambda b: b.inhale_onset_s)
    assert score_drill(SLOW, target(SLOW).phases, both, RANGE) == score_drill(
        SLOW, target(SLOW).phases, follower(SLOW), RANGE
    )


def test_an_unfinished_breath_is_no_trouble() -> None:
    last = Breath(390.0, math.nan, math.nan, math.nan, math.nan, 1.0)
    score = score_drill(SLOW, target(SLOW).phases, [*follower(SLOW)[:-1], last], RANGE)
    assert score.total is not None
    assert not math.isnan(score.total)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param((0.5, 1.0, 1.0, 1.0), "advice.timing", id="timing"),
        pytest.param((0.8, 0.9, 0.2, 0.9), "advice.regularity", id="regularity"),
        pytest.param((0.8, 0.9, 0.9, 0.1), "advice.quality", id="quality"),
        pytest.param((0.8, None, None, None), "advice.timing", id="only-timing-known"),
    ],
)
def test_advice_names_the_part_that_cost_most(values: Sequence[float | None], expected: str) -> None:
    made = tuple(ScorePart(id_, w, v) for (id_, w), v in zip(WEIGHTS.items(), values, strict=True))
    assert advice(Score(70.0, 0.8, made)).id == expected


@given(st.lists(st.floats(0.3, 20.0), max_size=60), st.floats(0.1, 0.9))
def test_any_breathing_gives_a_score_within_bounds(lengths: list[float], share: float) -> None:
    at, found = 90.0, []
    for length in lengths:
        found.append(breath(at, at + share * length, at + length, length))
        at += length
    score = score_drill(SLOW, target(SLOW).phases, found, RANGE)
    assert (score.total is None) == (not found)
    for value in (score.in_step, *parts(score).values()):
        assert value is None or 0.0 <= value <= 1.0
    assert score.total is None or 0.0 <= score.total <= 100.0
