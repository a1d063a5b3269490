"""The drill's state → what a frame shows of the drill: cue, counters, the stretch of target in view, what is said."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from breathcore.drill.calibration import INHALE_S
from breathcore.drill.state import DrillState
from breathcore.drill.timeline import phase_at
from breathcore.feedback.frame import AHEAD_S, PAST_S, CalibrationStepView, DrillView
from breathcore.model.drill import DrillPhase, DrillSpec, FinishReason, PatternSpec, Stage, TargetPhase, Timeline
from breathcore.model.message import Message, message
from breathcore.model.trunk import CalibrationStep, StepKind


@dataclass(frozen=True, slots=True)
class _Facts:
    """What of a timeline takes a walk through it, walked once for each timeline."""

    timeline: Timeline | None
    starts_s: tuple[float, ...]
    cycles_n: tuple[int, ...]  # scored cycles of each set
    total_s: float


class DrillPresenter:
    """Turns states of one drill into views.

    Parameters
    ----------
    spec : DrillSpec
    pattern_id : str
        The form that is done, "" for the drill's own.
    """

    def __init__(self, spec: DrillSpec, pattern_id: str) -> None:
        self._spec = spec
        self._pattern: PatternSpec = spec.pattern(pattern_id)
        self._cues = {p.kind: dict(p.cue) for p in reversed(self._pattern.phases)}
        self._sent = {f.place: dict(f.cue) for f in spec.focus}
        self._title = dict(self._pattern.title) if pattern_id else dict(spec.title)
        self._facts = _facts((), None)
        self._rest: tuple[TargetPhase, ...] = ()

    @property
    def target_bpm(self) -> float | None:
        """The rate aimed at, None for a timed drill and for a sweep, which has several."""
        return self._pattern.rate_bpm if self._spec.paced and not self._pattern.rates_bpm else None

    def view(self, state: DrillState, now_s: float) -> DrillView:
        """Return the drill's part of a frame."""
        facts = self._known(state)
        phase = self._phase(state, now_s)
        following = None if phase is None else _after(state, phase)
        place = phase or (state.rest[0] if state.rest else _next_phase(state))
        set_index = place.set_index if place else 0
        return DrillView(
            drill_id=self._spec.id,
            title=self._title,
            set_index=set_index,
            sets_n=max(1, len(facts.cycles_n)),
            breath_index=place.cycle if place and place.scored else 0,
            breaths_n=facts.cycles_n[set_index] if set_index < len(facts.cycles_n) else 0,
            phase=None if phase is None else phase.kind,
            cue={} if phase is None else self._cue(phase),
            phase_left_s=0.0 if phase is None else max(0.0, phase.end_s - now_s),
            next_phase=None if following is None else following.kind,
            countdown=_countdown(state, now_s),
            elapsed_s=state.dose_s,
            total_s=facts.total_s,
            paced=self._spec.paced,
            breathes=self._pattern.breathes,
        )

    def target(self, state: DrillState, now_s: float) -> tuple[TargetPhase, ...]:
        """Return the phases that overlap the visible window."""
        phases = state.phases
        if not phases:
            return ()
        starts = self._known(state).starts_s
        first = max(0, bisect_right(starts, now_s - PAST_S) - 1)
        return phases[first : bisect_left(starts, now_s + AHEAD_S)]

    def _cue(self, phase: TargetPhase) -> dict[str, str]:
        """Return the words of a phase; where the breath is sent somewhere, an inhale says where."""
        if phase.kind is DrillPhase.INHALE and phase.focus in self._sent:
            return self._sent[phase.focus]
        return self._cues.get(phase.kind, {})

    def _phase(self, state: DrillState, now_s: float) -> TargetPhase | None:
        if state.stage is Stage.CALIBRATING:
            return None
        current = state.current
        if current is not None and state.timeline is not None and not current.start_s <= now_s < current.end_s:
            return phase_at(state.timeline, now_s) or current
        return current

    def _known(self, state: DrillState) -> _Facts:
        if self._facts.timeline is not state.timeline or self._rest is not state.rest:
            whole = () if state.stage is Stage.CALIBRATING else state.phases + state.rest
            self._facts, self._rest = _facts(whole, state.timeline), state.rest
        return self._facts


def calibration_left_s(state: DrillState, now_s: float) -> float | None:
    """Return how long a running calibration still lasts, None where none runs."""
    if state.stage is not Stage.CALIBRATING:
        return None
    return max(0.0, state.calibration.end_s - now_s)


def calibration_share(state: DrillState, now_s: float) -> float:
    """Return how much of a running calibration is over, 0–1."""
    if state.stage is not Stage.CALIBRATING:
        return 0.0
    return min(1.0, (now_s - state.since_s) / (state.calibration.end_s - state.since_s))


def calibration_cue(state: DrillState, now_s: float) -> Message | None:
    """Return what to do in a running calibration."""
    if state.stage is not Stage.CALIBRATING:
        return None
    step = _running(state, now_s)
    if step is None:
        return message("calibration.cue.quiet")
    if step.kind is StepKind.FULL:
        return message("calibration.cue.in" if now_s - step.start_s < INHALE_S else "calibration.cue.out")
    return message(f"calibration.cue.{step.kind.value}")


def calibration_step(state: DrillState, now_s: float) -> CalibrationStepView | None:
    """Return which step of a running calibration it is, None where it is short enough to need no counting."""
    if state.stage is not Stage.CALIBRATING or not (state.trunk or state.brace):
        return None
    steps, running = state.calibration.steps, _running(state, now_s)
    if running is None:
        return None
    return CalibrationStepView(steps.index(running) + 1, len(steps), message(f"calibration.why.{running.kind.value}"))


def _running(state: DrillState, now_s: float) -> CalibrationStep | None:
    return next((s for s in state.calibration.steps if now_s < s.end_s), None)


def notice(state: DrillState) -> Message | None:
    """Return the one sentence that matters now, if any."""
    if state.stage is Stage.LOST:
        return message("notice.lost")
    if state.stage is Stage.PAUSED:
        return message("notice.paused")
    if state.stage is Stage.DIZZY:
        return message("notice.dizzy")
    if state.finish is FinishReason.RECORDING_FAILED:
        return message("notice.recorder")
    if state.stage is Stage.WAITING and state.refusal is not None:
        return message(f"notice.refused.{state.refusal.value}")
    return None


def _next_phase(state: DrillState) -> TargetPhase | None:
    if state.stage is Stage.CALIBRATING or not state.phases:
        return None
    return state.phases[min(state.index, len(state.phases) - 1)]


def _after(state: DrillState, phase: TargetPhase) -> TargetPhase | None:
    ahead = state.phases[state.index : state.index + 3]
    return next((p for p in ahead if p.start_s >= phase.end_s - 1e-9), None)


def _countdown(state: DrillState, now_s: float) -> int | None:
    if state.stage is not Stage.COUNTDOWN or state.index >= len(state.phases):
        return None
    left_s = state.phases[state.index].start_s - now_s
    return min(3, max(1, int(left_s) + 1))


def _facts(whole: tuple[TargetPhase, ...], timeline: Timeline | None) -> _Facts:
    sets: dict[int, int] = {}
    total_s = 0.0
    for phase in whole:
        if phase.scored:
            sets[phase.set_index] = max(sets.get(phase.set_index, 0), phase.cycle + 1)
            total_s += phase.end_s - phase.start_s
    cycles_n = tuple(sets.get(k, 0) for k in range(max(sets, default=-1) + 1))
    starts_s = tuple(p.start_s for p in timeline.phases) if timeline else ()
    return _Facts(timeline, starts_s, cycles_n, total_s)
