"""The engine's transitions as a table of named cases, and what must hold whatever happens."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from breathcore.drill.calibration import CALIBRATION_S
from breathcore.drill.engine import advance, initial
from breathcore.drill.items import Command, DrillItem, RecordingFailed, SignalChanged, Tick
from breathcore.drill.state import DrillState
from breathcore.drill.timeline import level_at
from breathcore.model.drill import (
    CommandKind,
    DoseSpec,
    DrillPhase,
    DrillSpec,
    Effect,
    EffectKind,
    FinishReason,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    Stage,
)
from breathcore.model.estimates import BreathRange, RateEstimate, Refusal

NAN = float("nan")
TEXT = {"en": "x"}
K = CommandKind


def drill(*kinds: str, dose: DoseSpec | None = None, paced: bool = True, glide: bool = False) -> DrillSpec:
    """Return a drill of 4-s phases; `kinds` default to inhale, hold, exhale."""
    phases = tuple(PhaseSpec(DrillPhase(k), 4.0, TEXT) for k in kinds or ("inhale", "hold", "exhale"))
    return DrillSpec(
        "d", TEXT, TEXT, TEXT, (PatternSpec("p", TEXT, phases),), dose or DoseSpec(1, 0.0, cycles=2), SafetySpec(()),
        paced, glide, 0.15, (0.4, 0.8), ("breath",),
    )  # fmt: skip


def rate(t_s: float, bpm: float, live_bpm: float = NAN) -> RateEstimate:
    return RateEstimate(t_s, bpm, live_bpm, 1.0)


def play(
    spec: DrillSpec, items: list[DrillItem], *, until_s: float, tick_s: float = 0.05, measured: bool = True
) -> tuple[DrillState, list[Effect]]:
    """Run `items` in order of time among ticks every `tick_s`."""
    ticks: list[DrillItem] = [Tick(n * tick_s) for n in range(round(until_s / tick_s) + 1)]
    state = initial(spec, breath_measured=measured)
    effects: list[Effect] = []
    for item in sorted(ticks + items, key=lambda i: i.t_s):
        state, new = advance(spec, state, item)
        effects += new
    return state, effects


def lived(effects: list[Effect], *kinds: EffectKind) -> list[tuple[float, str]]:
    return [(round(e.t_s, 6), e.value) for e in effects if e.kind in (kinds or tuple(EffectKind))]


READY: list[DrillItem] = [SignalChanged(1.0, ok=True), Command(K.CALIBRATE, 10.0), BreathRange(30.0, -1.0, 1.0)]
STARTED: list[DrillItem] = [*READY, Command(K.START, 40.0)]  # first phase at 43, breaths of 12 s until 67


@dataclass(frozen=True)
class Case:
    name: str
    items: list[DrillItem]
    stages: list[tuple[float, str]]
    spec: DrillSpec = field(default_factory=drill)
    finish: FinishReason | None = None
    measured: bool = True
    until_s: float = 400.0
    done_n: int | None = None  # scored phases done


BEGUN = [(10.0, "calibrating"), (30.0, "ready"), (40.0, "countdown"), (43.0, "running")]

CASES = [
    Case("completed", STARTED, [*BEGUN, (67.0, "finished")], finish=FinishReason.COMPLETED, done_n=6),
    Case("nothing without a signal", [Command(K.CALIBRATE, 10.0)], []),
    Case("only commands that fit are taken", [*READY, Command(K.PAUSE, 31.0), Command(K.RESUME, 32.0)], BEGUN[:2]),
    Case("calibrated twice", [*READY, Command(K.CALIBRATE, 35.0)],
         [*BEGUN[:2], (35.0, "calibrating"), (65.0, "waiting")]),
    Case("range refused", [*READY[:2], BreathRange(30.0, NAN, NAN, Refusal.FLAT)], [BEGUN[0], (30.0, "waiting")]),
    Case("no range comes", READY[:2], [BEGUN[0], (40.0, "waiting")]),
    Case("signal lost in calibration", [*READY[:2], SignalChanged(15.0, ok=False)], [BEGUN[0], (15.0, "waiting")]),
    Case(
        "the range survives a lost signal",
        [*READY, SignalChanged(32.0, ok=False), SignalChanged(35.0, ok=True)],
        [*BEGUN[:2], (32.0, "waiting"), (35.0, "ready")],
    ),
    Case(
        "started while the signal is away",
        [*READY, SignalChanged(35.0, ok=False), Command(K.START, 40.0), SignalChanged(50.0, ok=True)],
        [*BEGUN[:2], (35.0, "waiting"), (40.0, "lost"), (50.0, "countdown"), (53.0, "running"), (77.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "started without calibration: guided only",
        [Command(K.START, 5.0)],
        [(5.0, "countdown"), (8.0, "running"), (32.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "paused in the second breath, which is done again",
        [*STARTED, Command(K.PAUSE, 57.0), Command(K.RESUME, 100.0)],
        [*BEGUN, (57.0, "paused"), (100.0, "countdown"), (103.0, "running"), (115.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "paused in the countdown",
        [*STARTED, Command(K.PAUSE, 41.5), Command(K.RESUME, 50.0)],
        [*BEGUN[:3], (41.5, "paused"), (50.0, "countdown"), (53.0, "running"), (77.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "lost and back",
        [*STARTED, SignalChanged(57.0, ok=False), SignalChanged(60.0, ok=True)],
        [*BEGUN, (57.0, "lost"), (60.0, "countdown"), (63.0, "running"), (75.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "lost for good",
        [*STARTED, SignalChanged(57.0, ok=False)],
        [*BEGUN, (57.0, "lost"), (177.0, "finished")],
        finish=FinishReason.SIGNAL_LOST, done_n=3,
    ),
    Case(
        "lost before the breath was over: that breath is done again too",
        [*STARTED, SignalChanged(57.0, ok=False, since_s=53.0), SignalChanged(60.0, ok=True)],
        [*BEGUN, (57.0, "lost"), (60.0, "countdown"), (63.0, "running"), (87.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "lost before the set was over",
        [*STARTED, SignalChanged(57.0, ok=False, since_s=53.0), SignalChanged(60.0, ok=True)],
        [*BEGUN, (55.0, "set_rest"), (57.0, "lost"), (60.0, "countdown"), (63.0, "running"), (75.0, "set_rest"),
         (92.0, "countdown"), (95.0, "running"), (107.0, "finished")],
        spec=drill(dose=DoseSpec(2, 20.0, cycles=1)), finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "lost during a pause, resumed, back",
        [*STARTED, Command(K.PAUSE, 57.0), SignalChanged(60.0, ok=False), Command(K.RESUME, 70.0),
         SignalChanged(75.0, ok=True)],
        [*BEGUN, (57.0, "paused"), (70.0, "lost"), (75.0, "countdown"), (78.0, "running"), (90.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "dizzy once (a double tap is one): normal breathing for a minute first",
        [*STARTED, Command(K.DIZZY, 57.0), Command(K.DIZZY, 58.9), Command(K.RESUME, 116.9), Command(K.RESUME, 117.0)],
        [*BEGUN, (57.0, "dizzy"), (117.0, "countdown"), (120.0, "running"), (132.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "dizzy twice",
        [*STARTED, Command(K.DIZZY, 50.0), Command(K.RESUME, 110.0), Command(K.DIZZY, 114.0)],
        [*BEGUN, (50.0, "dizzy"), (110.0, "countdown"), (113.0, "running"), (114.0, "finished")],
        finish=FinishReason.DIZZY_TWICE, done_n=0,
    ),
    Case(
        "dizzy again while pacing is stopped for it",
        [*STARTED, Command(K.DIZZY, 57.0), Command(K.DIZZY, 59.0)],
        [*BEGUN, (57.0, "dizzy"), (59.0, "finished")],
        finish=FinishReason.DIZZY_TWICE, done_n=3,
    ),
    Case("dizzy in the deep breath", [*READY[:2], Command(K.DIZZY, 12.0)], [BEGUN[0], (12.0, "waiting")]),
    Case(
        "a hold cut short moves the rest up",
        [*STARTED, Command(K.CUT_HOLD, 48.0)],
        [*BEGUN, (64.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "an inhale cannot be cut short",
        [*STARTED, Command(K.CUT_HOLD, 44.0)],
        [*BEGUN, (67.0, "finished")],
        finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case("ended", [*STARTED, Command(K.END, 57.0)], [*BEGUN, (57.0, "finished")], finish=FinishReason.ENDED, done_n=3),
    Case("ended before the start", [Command(K.END, 5.0)], [(5.0, "finished")], finish=FinishReason.ENDED, done_n=0),
    Case("ended in calibration", [*READY[:2], Command(K.END, 12.0)], [BEGUN[0], (12.0, "finished")],
         finish=FinishReason.ENDED, done_n=0),
    Case("stop rule", [*STARTED, Command(K.STOP_RULE, 45.0, "chest_pain")], [*BEGUN, (45.0, "finished")],
         finish=FinishReason.STOP_RULE, done_n=0),
    Case("recording failed", [*STARTED, RecordingFailed(45.0)], [*BEGUN, (45.0, "finished")],
         finish=FinishReason.RECORDING_FAILED, done_n=0),
    Case("finished is finished", [*STARTED, Command(K.END, 57.0), Command(K.START, 60.0), RecordingFailed(61.0)],
         [*BEGUN, (57.0, "finished")], finish=FinishReason.ENDED, done_n=3),
    Case(
        "heart-only strap",
        [Command(K.CALIBRATE, 2.0), Command(K.START, 5.0)],
        [(5.0, "countdown"), (8.0, "running"), (32.0, "finished")],
        finish=FinishReason.COMPLETED, measured=False, done_n=6,
    ),
    Case(
        "heart-only strap, link lost",
        [SignalChanged(1.0, ok=True), Command(K.START, 5.0), SignalChanged(9.0, ok=False),
         SignalChanged(20.0, ok=True)],
        [(5.0, "countdown"), (8.0, "running"), (9.0, "lost"), (20.0, "countdown"), (23.0, "running"),
         (47.0, "finished")],
        finish=FinishReason.COMPLETED, measured=False, done_n=6,
    ),
    Case(
        "a timed drill is not calibrated",
        [Command(K.START, 5.0)],
        [(5.0, "countdown"), (8.0, "running"), (24.0, "finished")],
        spec=drill("effort", "rest", paced=False), finish=FinishReason.COMPLETED, done_n=4,
    ),
    Case(
        "sets with rest",
        STARTED,
        [*BEGUN, (55.0, "set_rest"), (72.0, "countdown"), (75.0, "running"), (87.0, "finished")],
        spec=drill(dose=DoseSpec(2, 20.0, cycles=1)), finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "a pause in the set rest does not shorten it",
        [*STARTED, Command(K.PAUSE, 57.0), Command(K.RESUME, 58.0)],
        [*BEGUN, (55.0, "set_rest"), (57.0, "paused"), (58.0, "set_rest"), (72.0, "countdown"), (75.0, "running"),
         (87.0, "finished")],
        spec=drill(dose=DoseSpec(2, 20.0, cycles=1)), finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "a long pause in the set rest ends with 3-2-1",
        [*STARTED, Command(K.PAUSE, 57.0), Command(K.RESUME, 90.0)],
        [*BEGUN, (55.0, "set_rest"), (57.0, "paused"), (90.0, "countdown"), (93.0, "running"), (105.0, "finished")],
        spec=drill(dose=DoseSpec(2, 20.0, cycles=1)), finish=FinishReason.COMPLETED, done_n=6,
    ),
    Case(
        "glide",
        [SignalChanged(1.0, ok=True), rate(9.0, 15.0), *STARTED[1:]],
        [*BEGUN[:3], (43.0, "glide"), (103.0, "running"), (127.0, "finished")],
        spec=drill(glide=True), finish=FinishReason.COMPLETED, done_n=6,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(case: Case) -> None:
    state, effects = play(case.spec, case.items, until_s=case.until_s, measured=case.measured)
    assert lived(effects, EffectKind.STAGE) == case.stages
    assert state.finish is case.finish
    assert lived(effects, EffectKind.FINISHED) == ([(case.stages[-1][0], case.finish.value)] if case.finish else [])
    if case.done_n is not None:
        assert sum(p.scored for p in state.done) == case.done_n


def test_effects_of_a_whole_drill_in_order() -> None:
    _, effects = play(drill(dose=DoseSpec(2, 20.0, cycles=1)), STARTED, until_s=100.0)
    assert [(round(e.t_s, 6), e.kind.value, e.value) for e in effects if e.t_s >= 40.0] == [
        (40.0, "stage", "countdown"), (40.0, "target", ""),
        (40.0, "count", "3"), (41.0, "count", "2"), (42.0, "count", "1"),
        (43.0, "stage", "running"), (43.0, "phase", "inhale"), (47.0, "phase", "hold"), (51.0, "phase", "exhale"),
        (55.0, "set_over", ""), (55.0, "stage", "set_rest"), (72.0, "stage", "countdown"),
        (72.0, "count", "3"), (73.0, "count", "2"), (74.0, "count", "1"),
        (75.0, "stage", "running"), (75.0, "phase", "inhale"), (79.0, "phase", "hold"), (83.0, "phase", "exhale"),
        (87.0, "set_over", ""), (87.0, "stage", "finished"), (87.0, "finished", "completed"),
    ]  # fmt: skip


def test_calibration_cues_a_deep_breath_and_shows_it() -> None:
    state, effects = play(drill(), READY[:2], until_s=25.0)
    assert lived(effects, EffectKind.PHASE) == [(10.0, "inhale"), (14.0, "exhale")]
    target = next(e.timeline for e in effects if e.kind is EffectKind.TARGET)
    assert target is not None
    assert level_at(target, 14.0) == 1.0
    assert target.end_s < 10.0 + CALIBRATION_S
    assert state.done == ()


def test_the_reason_of_a_refused_calibration_is_kept_until_the_next() -> None:
    items = [*READY[:2], BreathRange(30.0, NAN, NAN, Refusal.MOTION)]
    state, _ = play(drill(), items, until_s=50.0)
    assert state.refusal is Refusal.MOTION
    state, _ = play(drill(), [*items, Command(K.CALIBRATE, 51.0)], until_s=52.0)
    assert state.refusal is None


def test_what_has_been_aimed_at_stays_on_the_timeline_but_does_not_count() -> None:
    state, effects = play(drill(), [*STARTED, Command(K.PAUSE, 61.0), Command(K.RESUME, 70.0)], until_s=72.0)
    halted, resumed = [e.timeline for e in effects if e.kind is EffectKind.TARGET][-2:]
    assert halted is not None
    assert resumed is not None
    assert [p.scored for p in halted.phases] == [True] * 3 + [False] * 2  # inhale over, hold cut off at 61
    assert halted.end_s == 61.0
    assert resumed.phases[: len(halted.phases)] == halted.phases
    assert [(p.kind.value, p.start_s) for p in resumed.phases[5:]] == [
        ("inhale", 73.0),
        ("hold", 77.0),
        ("exhale", 81.0),
    ]
    assert level_at(halted, 60.0) == level_at(resumed, 60.0)
    assert state.dose_s == 12.0


def test_halted_time_is_booked_apart_from_the_dose() -> None:
    items = [
        *STARTED, Command(K.PAUSE, 44.0), Command(K.RESUME, 54.0),
        SignalChanged(58.0, ok=False), SignalChanged(65.0, ok=True), Command(K.DIZZY, 70.0), Command(K.RESUME, 135.0),
    ]  # fmt: skip
    state, _ = play(drill(), items, until_s=300.0)
    assert (state.paused_s, state.lost_s, state.dizzy_s) == (10.0, 7.0, 65.0)
    assert (state.dose_s, state.glide_s, state.breaths_n) == (24.0, 0.0, 2)


def test_after_dizziness_breaths_are_smaller() -> None:
    state, _ = play(drill(), [*STARTED, Command(K.DIZZY, 57.0), Command(K.RESUME, 117.0)], until_s=125.0)
    before, after = state.phases[0], state.current
    assert after is not None
    assert after.level_to == pytest.approx(0.7 * before.level_to)


def test_a_cut_hold_leaves_the_next_set_its_rest() -> None:
    spec = drill(dose=DoseSpec(2, 20.0, cycles=1))
    state, effects = play(spec, [*STARTED, Command(K.CUT_HOLD, 48.5)], until_s=100.0)
    assert lived(effects, EffectKind.PHASE)[2:] == [
        (43.0, "inhale"), (47.0, "hold"), (48.5, "exhale"), (72.5, "inhale"), (76.5, "hold"), (80.5, "exhale"),
    ]  # fmt: skip
    assert state.dose_s == pytest.approx(21.5)


def test_a_hold_cut_at_its_very_start_still_has_length() -> None:
    state, _ = play(drill(), [*STARTED, Command(K.CUT_HOLD, 47.0)], until_s=100.0)
    assert all(p.end_s > p.start_s for p in state.phases)
    assert state.finish is FinishReason.COMPLETED


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        pytest.param([rate(5.0, NAN, 14.0)], 14.0, id="live-for-want-of-steady"),
        pytest.param([rate(5.0, NAN, 14.0), rate(9.0, 15.0, 14.0)], 15.0, id="steady-preferred"),
        pytest.param([rate(9.0, 15.0), rate(34.9, 9.0, 8.0)], 15.0, id="deep-breath-in-window-not-taken"),
        pytest.param([rate(9.0, 15.0), rate(35.0, 9.0, 16.0)], 16.0, id="live-window-clear-of-deep-breath"),
        pytest.param([rate(32.0, NAN, 9.0)], 9.0, id="deep-breath-better-than-nothing"),
        pytest.param([rate(5.0, NAN, NAN)], None, id="refused"),
        pytest.param([rate(15.0, 20.0, 20.0)], None, id="not-while-calibrating"),
    ],
)
def test_own_rate(rates: list[DrillItem], expected: float | None) -> None:
    state, _ = play(drill(), [*READY, *rates], until_s=39.0)
    assert state.own_rate_bpm == expected


def test_own_rate_is_not_touched_by_the_drill() -> None:
    state, _ = play(drill(), [*STARTED, rate(9.0, 15.0), rate(60.0, 6.0)], until_s=65.0)
    assert state.own_rate_bpm == 15.0


def test_minutes_and_form_are_chosen_at_the_outset() -> None:
    easy = PatternSpec("easy", TEXT, (PhaseSpec(DrillPhase.INHALE, 4.0, TEXT), PhaseSpec(DrillPhase.EXHALE, 4.0, TEXT)))
    spec = replace(drill(), patterns=(*drill().patterns, easy))
    state = initial(spec, breath_measured=False, pattern_id="easy", minutes=0.4)
    state, _ = advance(spec, state, Command(K.START, 0.0))
    assert [p.start_s for p in state.phases] == [3.0, 7.0, 11.0, 15.0, 19.0, 23.0]
    with pytest.raises(KeyError):
        initial(spec, breath_measured=False, pattern_id="none")


def test_a_tick_between_happenings_costs_no_new_state() -> None:
    state, _ = play(drill(), STARTED, until_s=44.0)
    assert advance(drill(), state, Tick(44.05)) == (state, ())
    assert advance(drill(), state, Tick(44.05))[0] is state


COMMANDS = st.builds(
    Command, st.sampled_from(list(CommandKind)), st.floats(0.0, 300.0).map(lambda t: round(t, 3))
)  # fmt: skip
SIGNALS = st.builds(
    lambda t, ok, before: SignalChanged(round(t, 3), ok=ok, since_s=round(t - before, 3)),
    st.floats(0.0, 300.0), st.booleans(), st.floats(0.0, 30.0),
)  # fmt: skip
ITEMS = st.lists(st.one_of(COMMANDS, SIGNALS), max_size=12)


@given(items=ITEMS, tick_s=st.sampled_from([0.05, 0.31, 7.0, 400.0]), sets=st.integers(1, 3))
def test_the_spacing_of_ticks_changes_nothing(items: list[DrillItem], tick_s: float, sets: int) -> None:
    spec = drill(dose=DoseSpec(sets, 10.0, cycles=2))
    happened = [*STARTED, *items]
    fine = play(spec, happened, until_s=800.0, tick_s=1.0)
    assert play(spec, happened, until_s=800.0, tick_s=tick_s) == fine


@given(items=ITEMS)
@example(items=[Command(K.START, 1.119)])  # 1.119 + 3 − 3 is a hair less than 1.119
def test_whatever_is_pressed_time_runs_forward_and_books_balance(items: list[DrillItem]) -> None:
    state, effects = play(drill("inhale", "exhale"), [*STARTED, *items], until_s=400.0, tick_s=1.0)
    times = [e.t_s for e in effects]
    assert times == sorted(times)
    phases = state.phases
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(phases))
    assert all(p.end_s > p.start_s for p in phases)
    scored = [p for p in state.done if p.scored]
    assert state.dose_s == pytest.approx(sum(p.end_s - p.start_s for p in scored))
    skipped = any(isinstance(i, Command) and i.kind is K.SKIP for i in items)
    if state.finish is FinishReason.COMPLETED and not skipped:
        assert len(scored) == 4
    assert sum(e.kind is EffectKind.FINISHED for e in effects) == (state.stage is Stage.FINISHED)
    shown = [e.timeline for e in effects if e.kind is EffectKind.TARGET]
    if shown and state.stage is not Stage.CALIBRATING and state.timeline is not None:
        assert state.timeline == shown[-1]
