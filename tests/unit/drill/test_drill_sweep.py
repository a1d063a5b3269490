"""A sweep through rates (drill B7): how it is laid out, that a rate can be skipped, and what it comes to."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.catalog.load import load_drill_text
from breathcore.drill.engine import advance, initial
from breathcore.drill.items import Command, SignalChanged, Tick
from breathcore.drill.state import DrillState
from breathcore.drill.sweep import SweepFinder, spans
from breathcore.drill.timeline import GLIDE_STEP_S, plan
from breathcore.model.drill import CommandKind, DrillPhase, DrillSpec, FinishReason, Stage, TargetPhase
from breathcore.model.errors import CatalogError
from breathcore.model.estimates import Breath, HeartEstimate, Refusal
from breathcore.session import registry

SWEEP = registry.drill("resonance")
PRACTICE = registry.drill("resonance_practice")
RATES = SWEEP.pattern().rates_bpm


def of_set(phases: tuple[TargetPhase, ...], index: int, *, scored: bool = True) -> list[TargetPhase]:
    return [p for p in phases if p.set_index == index and p.scored is scored]


def short(minutes: float = 0.5, rest_s: float = 10.0) -> DrillSpec:
    """The sweep with little time for each rate."""
    return replace(SWEEP, dose=replace(SWEEP.dose, minutes=minutes, rest_s=rest_s))


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_b7_six_rates_the_slowest_last_and_a_practice_form_for_each() -> None:
    assert RATES == (7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
    assert {round(p.rate_bpm, 2) for p in PRACTICE.patterns} == set(RATES)


@pytest.mark.parametrize("pattern_id", ["", "quick"])
def test_each_rate_has_two_to_three_minutes_forty_to_sixty_and_a_rest_of_one_to_two_before(pattern_id: str) -> None:
    pattern = SWEEP.pattern(pattern_id)
    phases = plan(SWEEP, pattern, 14.0, 0.0).phases
    for index, rate_bpm in enumerate(pattern.rates_bpm):
        own = of_set(phases, index)
        assert 120.0 <= own[-1].end_s - own[0].start_s <= 180.0
        inhale, exhale = own[0], own[1]
        assert inhale.kind is DrillPhase.INHALE
        assert (inhale.end_s - inhale.start_s) / (exhale.end_s - inhale.start_s) == pytest.approx(0.4)
        assert exhale.end_s - inhale.start_s == pytest.approx(60.0 / rate_bpm)
    gaps = [b.start_s - a.end_s for a, b in pairwise(phases) if b.set_index != a.set_index]
    assert gaps == pytest.approx([60.0] * (len(pattern.rates_bpm) - 1))


@given(own=st.floats(9.0, 20.0))
def test_the_pacer_glides_to_every_rate_in_small_steps(own: float) -> None:
    phases = plan(SWEEP, SWEEP.pattern(), own, 0.0).phases
    for index in range(len(RATES)):
        glide = of_set(phases, index, scored=False)
        lengths = [p.end_s - p.start_s for p in (*glide, *of_set(phases, index)[:2])]
        assert glide
        assert glide[1].end_s - glide[0].start_s == pytest.approx(60.0 / own)
        assert glide[-1].end_s - glide[0].start_s <= 120.0 + 15.0
        if glide[-1].end_s - glide[0].start_s < 100.0:
            assert max(b - a for a, b in zip(lengths, lengths[2:], strict=False)) <= GLIDE_STEP_S + 1e-9


def test_an_unknown_own_rate_is_glided_from_all_the_same() -> None:
    phases = plan(SWEEP, SWEEP.pattern(), None, 0.0).phases
    assert all(of_set(phases, index, scored=False) for index in range(len(RATES)))


@pytest.mark.parametrize(("minutes", "each"), [(2.0, 2.0), (15.0, 2.5), (60.0, 3.0)])
def test_a_length_asked_for_never_leaves_a_rate_less_than_two_minutes(minutes: float, each: float) -> None:
    own = of_set(plan(SWEEP, SWEEP.pattern(), 14.0, 0.0, minutes).phases, 2)
    assert own[-1].end_s - own[0].start_s == pytest.approx(60.0 * each, abs=5.0)


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FILE = """
id = "s"
title = {{ en = "S" }}
purpose = {{ en = "S" }}
position = {{ en = "S" }}
paced = true
glide = true
band = 0.15
depth_band = [0.3, 0.7]
measures = ["breath"]
cues = {{ inhale = {{ en = "in" }}, exhale = {{ en = "out" }} }}
[[patterns]]
id = "a"
title = {{ en = "A" }}
phases = [{{ kind = "inhale", seconds = 4.0 }}, {{ kind = "exhale", seconds = 6.0 }}]
rates_bpm = {rates}
{more}
[dose]
{dose}
"""
GOOD = "minutes = 2.5\nrest_s = 60.0"


def test_a_sweep_file_is_read() -> None:
    spec = load_drill_text(FILE.format(rates="[7.0, 5.0]", more="", dose=GOOD), "s.toml")
    assert spec.pattern().rates_bpm == (7.0, 5.0)


@pytest.mark.parametrize(
    ("rates", "dose", "key"),
    [
        ("[5.0, 7.0]", GOOD, "patterns.0.rates_bpm"),
        ("[5.0]", GOOD, "patterns.0.rates_bpm"),
        ("[40.0, 5.0]", GOOD, "patterns.0.rates_bpm.0"),
        ("[7.0, 5.0]", "cycles = 5\nrest_s = 60.0", "dose"),
        ("[7.0, 5.0]", "minutes = 2.5", "dose"),
    ],
)
def test_a_sweep_file_that_cannot_work_is_refused_by_key(rates: str, dose: str, key: str) -> None:
    with pytest.raises(CatalogError) as refused:
        load_drill_text(FILE.format(rates=rates, more="", dose=dose), "s.toml")
    assert refused.value.message.params["key"] == key


# ── skipping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(spec: DrillSpec, presses: dict[float, CommandKind], until_s: float = 2000.0) -> DrillState:
    """Run a guided sweep to its end, pressing what is pressed when."""
    state = initial(spec, breath_measured=False)
    state, _ = advance(spec, state, SignalChanged(0.5, ok=True))
    state, _ = advance(spec, state, Command(CommandKind.START, 1.0))
    for t_s in np.arange(1.5, until_s, 0.5).tolist():
        state, _ = advance(spec, state, Tick(t_s))
        if t_s in presses:
            state, _ = advance(spec, state, Command(presses[t_s], t_s))
        if state.stage is Stage.FINISHED:
            break
    return state


def test_a_rate_can_be_skipped_while_it_is_breathed_and_the_next_comes_after_its_rest() -> None:
    spec = short()
    whole = run(spec, {}).done
    start_s = of_set(whole, 1)[0].start_s
    at_s = math.ceil(start_s) + 5.0
    state = run(spec, {at_s: CommandKind.SKIP})
    assert sorted(spans(state.done)) == [0, 2, 3, 4, 5]
    nxt = next(p for p in state.done if p.set_index == 2)
    assert nxt.start_s == pytest.approx(at_s + 10.0)
    assert state.finish is FinishReason.COMPLETED


def test_between_two_rates_the_next_one_is_skipped_and_time_is_saved() -> None:
    spec = short()
    whole = run(spec, {}).done
    rest_s = math.ceil(of_set(whole, 0)[-1].end_s) + 2.0
    state = run(spec, {rest_s: CommandKind.SKIP})
    assert sorted(spans(state.done)) == [0, 2, 3, 4, 5]
    assert state.done[-1].end_s < whole[-1].end_s - 20.0


def test_skipping_the_last_rate_ends_the_drill() -> None:
    spec = short()
    last_s = math.ceil(of_set(run(spec, {}).done, 5)[0].start_s) + 3.0
    state = run(spec, {last_s: CommandKind.SKIP})
    assert state.finish is FinishReason.COMPLETED
    assert sorted(spans(state.done)) == [0, 1, 2, 3, 4]
    assert state.phases[-1].end_s <= last_s


@given(st.dictionaries(st.integers(10, 900).map(float), st.sampled_from(
    [CommandKind.SKIP, CommandKind.PAUSE, CommandKind.RESUME, CommandKind.DIZZY]), max_size=8))  # fmt: skip
def test_whatever_is_pressed_phases_never_overlap_and_rates_come_in_order(presses: dict[float, CommandKind]) -> None:
    state = run(short(0.2, 5.0), presses, 1000.0)
    assert all(b.start_s >= a.end_s - 1e-6 for a, b in pairwise(state.phases))
    indices = [p.set_index for p in state.done if p.scored]
    assert indices == sorted(indices)


# ── what it comes to ─────────────────────────────────────────────────────────────────────────────────────────────────


def swept(swings: dict[float, float], *, heart: bool = True, comfort: dict[int, int] | None = None) -> SweepFinder:
    """A finder that has seen a sweep in which the heart swung by so much at each rate."""
    rng = np.random.default_rng(1)
    finder, phases = SweepFinder(SWEEP.pattern()), plan(SWEEP, SWEEP.pattern(), 14.0, 0.0).phases
    for index, rate_bpm in enumerate(RATES):
        start_s, end_s = spans(phases)[index]
        cycle_s, t_s = 60.0 / rate_bpm, start_s
        while heart and t_s < end_s:
            turn = 2 * math.pi * (t_s - start_s) / cycle_s
            rr_s = 60.0 / (65.0 + 0.5 * swings[rate_bpm] * math.sin(turn) + rng.normal() * 0.5)
            t_s += rr_s
            finder.push(HeartEstimate(t_s, 60.0 / rr_s, rr_s, 1.0, "rr"))
        for n in range(int((end_s - start_s) / cycle_s)):
            at_s = start_s + n * cycle_s
            finder.push(Breath(at_s, at_s + 0.4 * cycle_s, at_s + cycle_s * rng.normal(1.0, 0.02), 1.0, at_s, 1.0))
    for index, told in (comfort or {}).items():
        finder.answer(json.dumps({"rate": index, "comfort": told}))
    return finder


PHASES = plan(SWEEP, SWEEP.pattern(), 14.0, 0.0).phases
PEAKED = {7.0: 4.0, 6.5: 6.0, 6.0: 9.0, 5.5: 14.0, 5.0: 9.0, 4.5: 6.0}


def test_with_heart_beats_the_rate_is_the_hearts() -> None:
    result = swept(PEAKED).result(PHASES)
    assert result.by_heart
    assert result.best_bpm == pytest.approx(5.5, abs=0.5)
    assert [t.rate_bpm for t in result.trials] == list(RATES)


def test_without_heart_beats_it_is_a_comfort_rate() -> None:
    result = swept(PEAKED, heart=False, comfort={0: 2, 1: 3, 2: 9, 3: 4, 4: 3, 5: 1}).result(PHASES)
    assert not result.by_heart
    assert all(t.refusal is Refusal.NO_SENSOR for t in result.trials)
    assert result.trials[2].comfort == 9.0


def test_rates_that_were_never_reached_are_left_out() -> None:
    half = tuple(p for p in PHASES if p.set_index < 3)
    assert [t.rate_bpm for t in swept(PEAKED).result(half).trials] == [7.0, 6.5, 6.0]


def test_nothing_done_tells_nothing() -> None:
    result = SweepFinder(SWEEP.pattern()).result(())
    assert math.isnan(result.best_bpm)
    assert result.refusal is not None


NO_ANSWERS = (
    "",
    "7",
    "{}",
    "[1]",
    '{"rate": 9, "comfort": 5}',
    '{"rate": 0, "comfort": 11}',
    '{"rate": 0.0, "comfort": 5}',
    '{"rate": true, "comfort": 5}',
    '{"rate": 0, "comfort": null}',
)


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_what_is_no_answer_is_passed_over(text: str) -> None:
    finder = SweepFinder(SWEEP.pattern())
    finder.answer(text)
    assert finder.comfort == {}


def test_an_interrupted_rate_counts_by_its_longest_unbroken_stretch() -> None:
    first = [p for p in PHASES if p.set_index == 0 and p.scored]
    cut = tuple(
        replace(p, start_s=p.start_s + 30 * (n >= 10), end_s=p.end_s + 30 * (n >= 10)) for n, p in enumerate(first)
    )
    assert spans(cut)[0] == (cut[10].start_s, cut[-1].end_s)
