"""In a pause the ribs and the brace can be calibrated again; what is left of the drill goes on as it was."""

from dataclasses import replace

import pytest

from breathcore.drill.calibration import calibration_steps
from breathcore.drill.engine import advance, initial
from breathcore.drill.items import Command, DrillItem, SignalChanged, Tick
from breathcore.drill.state import DrillState
from breathcore.model.drill import CommandKind, DrillSpec, Effect, EffectKind, FinishReason, Stage
from breathcore.model.estimates import BreathRange, Refusal
from breathcore.session import registry

K = CommandKind
PAUSED_S, AGAIN_S = 100.0, 102.0
OVER_S = AGAIN_S + calibration_steps(0.0, trunk=True).end_s + 1.0
STARTED: list[DrillItem] = [
    SignalChanged(1.0, ok=True),
    Command(K.CALIBRATE, 5.0),
    BreathRange(30.0, -1.0, 1.0),
    Command(K.START, 60.0),
    Command(K.PAUSE, PAUSED_S),
    Command(K.CALIBRATE, AGAIN_S),
]
LEARNED: list[DrillItem] = [*STARTED, BreathRange(125.0, -2.0, 2.0)]
NAN = float("nan")


def spec() -> DrillSpec:
    return replace(registry.drill("360_breathing"), glide=False)


def play(items: list[DrillItem], until_s: float, *, trunk: bool = True) -> tuple[DrillState, list[Effect]]:
    ticks: list[DrillItem] = [Tick(n * 0.5) for n in range(round(until_s / 0.5) + 1)]
    state, effects = initial(spec(), breath_measured=True, minutes=2.0, trunk=trunk), []
    for item in sorted(ticks + items, key=lambda i: i.t_s):
        state, new = advance(spec(), state, item)
        effects += new
    return state, effects


def stages(effects: list[Effect]) -> list[tuple[float, str]]:
    return [(e.t_s, e.value) for e in effects if e.kind is EffectKind.STAGE and e.t_s >= PAUSED_S]


def test_it_is_a_pause_again_when_it_is_over_with_what_was_done_and_what_is_left() -> None:
    before, _ = play(STARTED[:-1], AGAIN_S - 1.0)
    after, effects = play(LEARNED, OVER_S + 5.0)
    assert stages(effects) == [(PAUSED_S, "paused"), (AGAIN_S, "calibrating"), (OVER_S, "paused")]
    assert (after.done, after.rest, after.breaths_n) == (before.done, before.rest, before.breaths_n)
    assert after.timeline == before.timeline
    assert after.breath_range is not None
    assert after.breath_range.high == 2.0


def test_while_it_runs_what_was_done_still_counts() -> None:
    before, _ = play(STARTED[:-1], AGAIN_S - 1.0)
    during, _ = play(STARTED, AGAIN_S + 10.0)
    assert during.stage is Stage.CALIBRATING
    assert during.done == before.done


def test_the_drill_goes_on_from_there_to_its_end() -> None:
    state, effects = play([*LEARNED, Command(K.RESUME, OVER_S + 3.0)], 400.0)
    assert stages(effects)[3:5] == [(OVER_S + 3.0, "countdown"), (OVER_S + 6.0, "running")]
    assert state.finish is FinishReason.COMPLETED
    assert state.breaths_n == 12


def test_all_of_the_pause_is_booked_as_one() -> None:
    state, _ = play([*LEARNED, Command(K.RESUME, OVER_S + 3.0)], 400.0)
    assert state.paused_s == pytest.approx(OVER_S + 3.0 - PAUSED_S)


def test_a_refusal_leads_back_to_the_pause_with_its_reason() -> None:
    state, effects = play([*STARTED, BreathRange(125.0, NAN, NAN, Refusal.FLAT)], OVER_S + 15.0)
    assert stages(effects)[-1][1] == "paused"
    assert state.refusal is Refusal.FLAT
    assert state.rest


def test_a_signal_lost_meanwhile_leads_back_to_the_pause() -> None:
    _, effects = play([*STARTED, SignalChanged(110.0, ok=False)], 140.0)
    assert stages(effects)[-1] == (110.0, "paused")


def test_dizzy_meanwhile_stops_as_it_always_does() -> None:
    state, effects = play([*STARTED, Command(K.DIZZY, 110.0)], 120.0)
    assert stages(effects)[-1] == (110.0, "dizzy")
    assert state.dizzy_n == 1
    assert state.rest


def test_ended_meanwhile_it_keeps_what_was_done() -> None:
    before, _ = play(STARTED[:-1], AGAIN_S - 1.0)
    state, _ = play([*STARTED, Command(K.END, 110.0)], 120.0)
    assert state.finish is FinishReason.ENDED
    assert state.done == before.done


def test_where_only_the_breath_is_calibrated_there_is_nothing_to_repeat() -> None:
    state, _ = play(STARTED, AGAIN_S + 5.0, trunk=False)
    assert state.stage is Stage.PAUSED
