"""The drill as a pure state machine: `advance(spec, state, item)` → the next state and what happened.

::

    WAITING ──calibrate──► CALIBRATING ──range──► READY ──start──► COUNTDOWN ──3-2-1──► GLIDE ──► RUNNING ──► FINISHED
       ▲  ▲                     │ refused,          │                 ▲                    │        │  ▲
       │  └─────────────────────┘ signal lost       │                 │                    │     set over
       └────────────── signal lost ─────────────────┘                 │                    │        ▼  │ 3-2-1
                  (and back: READY, the range stays)                  │                    │      SET_REST
                                                                      │                    │        │
    PAUSED ◄─calibrate again─► CALIBRATING                            │                    │        │
                    PAUSED ──resume──────────────────────────────────►│◄── pause ──────────┴────────┤
                    LOST   ──signal back (by itself)─────────────────►│◄── signal lost ─────────────┤
                    DIZZY  ──resume, after 60 s, at 0.7 of the depth─►│◄── dizzy (first time) ──────┘

    → FINISHED: completed · end (from any stage) · stop rule · dizzy the second time · lost for 120 s · recording failed

A calibration that takes in ribs or brace can be repeated in a pause (a sensor slipped, or was put on anew): afterwards,
learned or refused, it is a pause again, and what is left of the drill goes on as it was.

Without a measured breath (a heart-only strap, a timed drill) the session begins in READY. START in WAITING begins
without calibration: guided and timed, nothing measured.

The second "dizzy" ends the drill whenever it comes, also while pacing is stopped for the first; only a double tap is
taken for one.

Halted time is no dose and not scored: the interrupted breath is done again from its start after a 3-2-1, and so are
breaths that were over when it became known that the signal had gone before. A hold can be cut short; the rest of the
timeline moves up. A set can be skipped (a rate of a sweep): the next one comes after its rest. Effects carry the times
they were scheduled for, not those of the ticks, so that the spacing of ticks changes nothing.
"""

import math
from dataclasses import replace

from breathcore.drill.calibration import DEEP_BREATH_S, calibration_timeline
from breathcore.drill.items import Command, DrillItem, RecordingFailed, SignalChanged, Tick
from breathcore.drill.state import (
    ACTIVE,
    BREATHING,
    COUNT_N,
    HALTED,
    DrillState,
    Step,
    due_s,
    enter,
    finish,
    go_on,
    halt,
    take_back,
)
from breathcore.drill.timeline import plan, scaled, shifted
from breathcore.model.drill import (
    CommandKind,
    DrillPhase,
    DrillSpec,
    Effect,
    EffectKind,
    FinishReason,
    Stage,
    Timeline,
)
from breathcore.model.estimates import BreathRange, RateEstimate, Refusal
from breathcore.model.trunk import Side

DIZZY_REST_S = 60.0  # of normal breathing before the drill may go on
DIZZY_DEPTH = 0.7  # of the depth before
DOUBLE_TAP_S = 2.0  # dizzy again within it is the same dizziness
RATE_WINDOW_S = 32.0
LIVE_WINDOW_S = 16.0
SHORTEST_HOLD_S = 0.1

__all__ = ["DrillState", "advance", "initial"]


def initial(
    spec: DrillSpec,
    *,
    breath_measured: bool,
    pattern_id: str = "",
    minutes: float | None = None,
    trunk: bool = False,
    brace: bool = False,
    first: Side = Side.LEFT,
) -> DrillState:
    """Return the state before anything has happened.

    Parameters
    ----------
    breath_measured : bool
        Whether the session's sensors measure the breath. Then `SignalChanged` speaks of a usable breath signal (for a
        paced drill), else of the link.
    pattern_id, minutes
        The form of the drill ("" = its own) and its length (None = its dose). Raises KeyError for an unknown form.
    trunk, brace : bool
        Whether a calibration is to take in the ribs' own range, and the brace.
    first : Side
        The side to begin with, where both are trained.
    """
    spec.pattern(pattern_id)
    measured = breath_measured and spec.paced
    stage = Stage.WAITING if measured else Stage.READY
    return DrillState(stage, measured, pattern_id, minutes, trunk, brace, first=first)


def advance(spec: DrillSpec, state: DrillState, item: DrillItem) -> Step:
    """Take one item; scheduled happenings up to its time come first."""
    if isinstance(item, Tick):
        return _run(state, item.t_s)
    if isinstance(item, RateEstimate):
        return _on_rate(state, item), ()
    state, before = _run(state, item.t_s)
    t_s = max(item.t_s, state.t_s)
    state, effects = _take(spec, state, item, t_s)
    state, after = _run(replace(state, next_s=due_s(state)), t_s)
    return state, before + effects + after


def _take(spec: DrillSpec, state: DrillState, item: DrillItem, t_s: float) -> Step:
    if state.stage is Stage.FINISHED:
        return state, ()
    if isinstance(item, Command):
        return _on_command(spec, state, item.kind, t_s)
    if isinstance(item, SignalChanged):
        return _on_signal(state, item, t_s)
    if isinstance(item, BreathRange):
        return _on_range(state, item, t_s)
    return finish(state, FinishReason.RECORDING_FAILED, t_s) if isinstance(item, RecordingFailed) else (state, ())


# ── what is scheduled ────────────────────────────────────────────────────────────────────────────────────────────────


def _run(state: DrillState, t_s: float) -> Step:
    effects: tuple[Effect, ...] = ()
    while state.next_s <= t_s:
        state, more = _happen(state)
        state = replace(state, next_s=due_s(state))
        effects += more
    return state, effects


def _happen(state: DrillState) -> Step:
    t_s = state.next_s
    if state.stage in BREATHING:
        return _phase_over(state, t_s)
    if state.stage is Stage.COUNTDOWN:
        return _count(state, t_s)
    if state.stage is Stage.SET_REST:
        counts = math.floor(state.phases[state.index].start_s - t_s + 1e-6)
        return enter(replace(state, counts_left=min(COUNT_N, counts)), Stage.COUNTDOWN, t_s)
    if state.stage is Stage.LOST:
        return finish(state, FinishReason.SIGNAL_LOST, t_s)
    return _calibrate_on(state, t_s)


def _count(state: DrillState, t_s: float) -> Step:
    if not state.counts_left:
        return _phase_begins(state, t_s)
    said = Effect(EffectKind.COUNT, t_s, str(state.counts_left))
    return replace(state, t_s=t_s, counts_left=state.counts_left - 1), (said,)


def _phase_begins(state: DrillState, t_s: float) -> Step:
    phase = state.phases[state.index]
    state, effects = enter(state, Stage.RUNNING if phase.scored else Stage.GLIDE, t_s)
    return state, (*effects, Effect(EffectKind.PHASE, t_s, phase.kind.value))


def _phase_over(state: DrillState, t_s: float) -> Step:
    phase = state.phases[state.index]
    ahead = state.phases[state.index + 1 : state.index + 2]
    state = replace(state, index=state.index + 1)
    if ahead and (ahead[0].set_index, ahead[0].cycle, ahead[0].scored) == (phase.set_index, phase.cycle, phase.scored):
        return _phase_begins(state, t_s)
    state = _breath_done(state)
    set_over = (Effect(EffectKind.SET_OVER, t_s),) if not ahead or ahead[0].set_index != phase.set_index else ()
    if not ahead:
        state, effects = finish(state, FinishReason.COMPLETED, t_s)
    elif ahead[0].start_s > phase.end_s:
        state, effects = enter(state, Stage.SET_REST, t_s)
    else:
        state, effects = _phase_begins(state, t_s)
    return state, set_over + effects


def _breath_done(state: DrillState) -> DrillState:
    breath = state.phases[state.done_n : state.index]
    seconds = breath[-1].end_s - breath[0].start_s
    if breath[0].scored:
        return replace(state, done_n=state.index, dose_s=state.dose_s + seconds, breaths_n=state.breaths_n + 1)
    return replace(state, done_n=state.index, glide_s=state.glide_s + seconds)


def _calibrate_on(state: DrillState, t_s: float) -> Step:
    if state.index < len(state.phases):
        cue = Effect(EffectKind.PHASE, t_s, state.phases[state.index].kind.value)
        return replace(state, t_s=t_s, index=state.index + 1), (cue,)
    if state.breath_measured and state.breath_range is None:
        return _calibrated(state, Stage.WAITING, t_s, state.refusal or Refusal.TOO_SHORT)
    return _calibrated(replace(state, calibrated=state.trunk or state.brace), Stage.READY, t_s, None)


# ── what comes from outside ──────────────────────────────────────────────────────────────────────────────────────────


def _on_command(spec: DrillSpec, state: DrillState, kind: CommandKind, t_s: float) -> Step:
    if kind is CommandKind.CALIBRATE:
        return _calibrate(state, t_s)
    if kind is CommandKind.START:
        return _start(spec, state, t_s)
    if kind is CommandKind.PAUSE and (state.stage in ACTIVE or state.stage is Stage.LOST):
        return halt(state, Stage.PAUSED, t_s)
    if kind is CommandKind.RESUME:
        return _resume(state, t_s)
    if kind is CommandKind.DIZZY:
        return _dizzy(state, t_s)
    if kind is CommandKind.CUT_HOLD:
        return _cut_hold(state, t_s)
    if kind is CommandKind.SKIP:
        return _skip(spec, state, t_s)
    if kind is CommandKind.END:
        return finish(state, FinishReason.ENDED, t_s)
    return finish(state, FinishReason.STOP_RULE, t_s) if kind is CommandKind.STOP_RULE else (state, ())


def _calibrate(state: DrillState, t_s: float) -> Step:
    wanted = state.breath_measured or state.trunk or state.brace
    again = state.stage is Stage.PAUSED and (state.trunk or state.brace)
    if not (wanted and state.signal_ok and (again or state.stage in (Stage.WAITING, Stage.READY))):
        return state, ()
    shown = calibration_timeline(t_s, trunk=state.trunk, brace=state.brace)
    state = replace(
        state, timeline=shown, index=0, refusal=None, breath_range=None, calibrated=False,
        quiet_from_s=t_s + (shown.end_s - t_s if state.trunk or state.brace else DEEP_BREATH_S),
        kept=state.timeline if again else None,
    )  # fmt: skip
    state, effects = enter(state, Stage.CALIBRATING, t_s)
    return state, (*effects, Effect(EffectKind.TARGET, t_s, timeline=shown))


def _calibrated(state: DrillState, stage: Stage, t_s: float, refusal: Refusal | None) -> Step:
    """Go to `stage`, or back to the pause in which the calibration was repeated."""
    shown = state.kept
    if shown is None:
        return enter(replace(state, timeline=None, index=0, refusal=refusal), stage, t_s)
    paused_s = state.paused_s + t_s - state.since_s
    state = replace(state, timeline=shown, kept=None, index=len(shown.phases), refusal=refusal, paused_s=paused_s)
    state, effects = enter(state, Stage.PAUSED, t_s)
    return state, (*effects, Effect(EffectKind.TARGET, t_s, timeline=shown))


def _start(spec: DrillSpec, state: DrillState, t_s: float) -> Step:
    if state.stage not in (Stage.WAITING, Stage.READY):
        return state, ()
    measured = state.breath_range is not None
    target = plan(spec, spec.pattern(state.pattern_id), state.own_rate_bpm, t_s + COUNT_N, state.minutes, state.first)
    state = replace(state, breath_measured=measured, rest=target.phases, timeline=None, index=0, done_n=0)
    if measured and not state.signal_ok:
        return enter(state, Stage.LOST, t_s)
    return go_on(state, t_s)


def _resume(state: DrillState, t_s: float) -> Step:
    rested = state.stage is Stage.DIZZY and t_s - state.since_s >= DIZZY_REST_S
    if state.stage is not Stage.PAUSED and not rested:
        return state, ()
    return go_on(state, t_s) if state.signal_ok or not state.breath_measured else enter(state, Stage.LOST, t_s)


def _dizzy(state: DrillState, t_s: float) -> Step:
    if state.stage is Stage.CALIBRATING and state.kept is None:
        return _calibrated(state, _home(state), t_s, None)
    before: tuple[Effect, ...] = ()
    if state.stage is Stage.CALIBRATING:
        state, before = _calibrated(state, _home(state), t_s, None)
    double_tap = state.stage is Stage.DIZZY and t_s - state.since_s < DOUBLE_TAP_S
    if double_tap or state.stage not in ACTIVE | HALTED:
        return state, ()
    state = replace(state, dizzy_n=state.dizzy_n + 1)
    if state.dizzy_n > 1:
        state, effects = finish(state, FinishReason.DIZZY_TWICE, t_s)
        return state, before + effects
    state, effects = halt(state, Stage.DIZZY, t_s)
    return replace(state, rest=scaled(state.rest, DIZZY_DEPTH)), before + effects


def _cut_hold(state: DrillState, t_s: float) -> Step:
    held = state.current
    if held is None or held.kind in (DrillPhase.INHALE, DrillPhase.EXHALE):
        return state, ()
    end_s = min(held.end_s, max(t_s, held.start_s + SHORTEST_HOLD_S))
    before, after = state.phases[: state.index], state.phases[state.index + 1 :]
    shown = Timeline((*before, replace(held, end_s=end_s), *shifted(after, end_s - held.end_s)))
    return replace(state, t_s=t_s, timeline=shown), (Effect(EffectKind.TARGET, t_s, timeline=shown),)


def _skip(spec: DrillSpec, state: DrillState, t_s: float) -> Step:
    """Leave out what is left of this set, or between two sets the next one; after the last one the drill is over."""
    if state.stage not in ACTIVE:
        return state, ()
    left = state.phases[state.done_n :]
    after = tuple(p for p in left if p.set_index != left[0].set_index)
    fresh = not state.done_n or state.phases[state.done_n - 1].set_index != left[0].set_index
    untouched = fresh and state.stage in (Stage.SET_REST, Stage.COUNTDOWN)
    state, (_, *target) = halt(state, Stage.PAUSED, t_s)
    if not after:
        state, effects = finish(replace(state, rest=()), FinishReason.COMPLETED, t_s)
    else:
        start_s = left[0].start_s if untouched else t_s + spec.dose.rest_s
        state, effects = go_on(replace(state, rest=shifted(after, start_s - after[0].start_s)), t_s)
    return state, (*target, *effects)


def _on_signal(state: DrillState, item: SignalChanged, t_s: float) -> Step:
    if item.ok is state.signal_ok:
        return state, ()
    state = replace(state, signal_ok=item.ok)
    if item.ok and state.stage is Stage.LOST:
        state, effects = go_on(state, t_s)
        return state, (Effect(EffectKind.SIGNAL_BACK, t_s), *effects)
    if not item.ok and state.stage in ACTIVE:
        state, effects = halt(take_back(state, t_s if item.since_s is None else item.since_s), Stage.LOST, t_s)
        return state, (Effect(EffectKind.SIGNAL_LOST, t_s), *effects)
    before = state.breath_measured or state.stage is Stage.CALIBRATING
    return _on_signal_before(state, t_s) if before else (state, ())


def _home(state: DrillState) -> Stage:
    """Return where a session stands that is not calibrated."""
    return Stage.WAITING if state.breath_measured else Stage.READY


def _on_signal_before(state: DrillState, t_s: float) -> Step:
    if state.stage is Stage.CALIBRATING and not state.signal_ok:
        return _calibrated(state, _home(state), t_s, Refusal.NO_DATA)
    if state.stage is Stage.READY and not state.signal_ok:
        return enter(state, Stage.WAITING, t_s)
    if state.stage is Stage.WAITING and state.signal_ok and state.breath_range is not None:
        return enter(state, Stage.READY, t_s)
    return state, ()


def _on_range(state: DrillState, item: BreathRange, t_s: float) -> Step:
    if state.stage is not Stage.CALIBRATING:
        return state, ()
    told = replace(state, refusal=item.refusal) if item.refusal is not None else replace(state, breath_range=item)
    if state.trunk or state.brace:  # its own steps go on
        return told, ()
    if item.refusal is not None:
        return _calibrated(told, Stage.WAITING, t_s, item.refusal)
    return _calibrated(told, Stage.READY, t_s, None)


def _on_rate(state: DrillState, item: RateEstimate) -> DrillState:
    """Keep the person's own rate; one whose window holds the calibration's deep breath only for want of a better."""
    if state.stage not in (Stage.WAITING, Stage.READY):
        return state
    for bpm, window_s in ((item.rate_bpm, RATE_WINDOW_S), (item.rate_live_bpm, LIVE_WINDOW_S)):
        if not math.isnan(bpm) and item.t_s - window_s >= state.quiet_from_s:
            return replace(state, own_rate_bpm=bpm, own_rate_clean=True)
    if state.own_rate_clean or math.isnan(item.rate_live_bpm):
        return state
    return replace(state, own_rate_bpm=item.rate_live_bpm)
