"""Where a drill stands: one frozen value, and the few moves that every transition is made of."""

import math
from dataclasses import dataclass, replace

from breathcore.drill.calibration import PATIENCE_S, calibration_steps
from breathcore.drill.timeline import level_at, shifted
from breathcore.model.drill import (
    Effect,
    EffectKind,
    FinishReason,
    Stage,
    TargetPhase,
    Timeline,
)
from breathcore.model.estimates import BreathRange, Refusal
from breathcore.model.trunk import Side, TrunkCalibration

COUNT_N = 3  # 3-2-1
LOST_LIMIT_S = 120.0
SETTLE_S = 1.0  # after a calibration of the trunk, for what it came to
ACTIVE = frozenset({Stage.COUNTDOWN, Stage.GLIDE, Stage.RUNNING, Stage.SET_REST})
HALTED = frozenset({Stage.PAUSED, Stage.LOST, Stage.DIZZY})
BREATHING = frozenset({Stage.GLIDE, Stage.RUNNING})


@dataclass(frozen=True, slots=True)
class DrillState:
    """A snapshot of the engine.

    Attributes
    ----------
    breath_measured : bool
        Whether the drill follows a measured breath; else it is guided and timed only.
    trunk, brace : bool
        Whether a calibration takes in what the ribs do, and the brace; `calibrated` once it has.
    t_s, since_s, next_s : float
        Time of the last happening, of the start of this stage, and of the next scheduled happening.
    timeline : Timeline | None
        What has been aimed at and what is still to come (while halted: only what has been). While calibrating: its
        steps. None before.
    index : int
        The running phase of `timeline`; the next one in countdown and set rest.
    done_n : int
        Phases of `timeline` that are over, in whole breaths; also where the breath that is running began.
    rest : tuple[TargetPhase, …]
        What is left to do while halted, at its old times, from the start of the interrupted breath.
    kept : Timeline | None
        What had been aimed at, while a calibration is repeated in a pause; None in any other.
    own_rate_bpm : float | None
        The person's own rate before the drill; `own_rate_clean` where no deep breath lies in its window.
    refusal : Refusal | None
        Why the last calibration gave no range.
    dose_s, glide_s, paused_s, lost_s, dizzy_s : float
        Time spent in whole scored breaths, in the glide, and halted.
    breaths_n : int
        Whole scored breaths (efforts).
    """

    stage: Stage
    breath_measured: bool
    pattern_id: str = ""
    minutes: float | None = None
    trunk: bool = False
    brace: bool = False
    calibrated: bool = False
    first: Side = Side.LEFT
    signal_ok: bool = False
    t_s: float = 0.0
    since_s: float = 0.0
    next_s: float = math.inf
    timeline: Timeline | None = None
    index: int = 0
    done_n: int = 0
    rest: tuple[TargetPhase, ...] = ()
    kept: Timeline | None = None
    counts_left: int = 0
    own_rate_bpm: float | None = None
    own_rate_clean: bool = False
    quiet_from_s: float = -math.inf
    breath_range: BreathRange | None = None
    refusal: Refusal | None = None
    dizzy_n: int = 0
    dose_s: float = 0.0
    glide_s: float = 0.0
    paused_s: float = 0.0
    lost_s: float = 0.0
    dizzy_s: float = 0.0
    breaths_n: int = 0
    finish: FinishReason | None = None

    @property
    def phases(self) -> tuple[TargetPhase, ...]:
        """The phases of `timeline`."""
        return self.timeline.phases if self.timeline else ()

    @property
    def done(self) -> tuple[TargetPhase, ...]:
        """The phases that are over, in whole breaths and in order (`scored` False: glide, or cut off by a halt)."""
        if self.stage is not Stage.CALIBRATING:
            return self.phases[: self.done_n]
        return self.kept.phases[: self.done_n] if self.kept is not None else ()

    @property
    def calibration(self) -> TrunkCalibration:
        """The steps of the calibration that is running."""
        return calibration_steps(self.since_s, trunk=self.trunk, brace=self.brace)

    @property
    def ranged(self) -> bool:
        """Whether the running calibration has told the breath's range, or why there is none."""
        return self.breath_range is not None or self.refusal is not None

    @property
    def current(self) -> TargetPhase | None:
        """The phase that is running."""
        running = self.stage in BREATHING and self.index < len(self.phases)
        return self.phases[self.index] if running else None


Step = tuple[DrillState, tuple[Effect, ...]]


def enter(state: DrillState, stage: Stage, t_s: float) -> Step:
    """Go to `stage` at `t_s`; the time spent halted is booked."""
    if stage is state.stage:
        return replace(state, t_s=t_s), ()
    spent = t_s - state.since_s
    moved = replace(
        state,
        stage=stage,
        t_s=t_s,
        since_s=t_s,
        paused_s=state.paused_s + spent * (state.stage is Stage.PAUSED),
        lost_s=state.lost_s + spent * (state.stage is Stage.LOST),
        dizzy_s=state.dizzy_s + spent * (state.stage is Stage.DIZZY),
    )
    return moved, (Effect(EffectKind.STAGE, t_s, stage.value),)


def halt(state: DrillState, stage: Stage, t_s: float) -> Step:
    """Stop aiming at anything; the interrupted breath will be done again and does not count."""
    if state.stage in HALTED:
        return enter(state, stage, t_s)
    begun = state.phases[state.done_n : state.index + (state.stage in BREATHING)]
    kept = state.phases[: state.done_n] + tuple(_cut(p, t_s) for p in begun if p.start_s < t_s)
    shown = Timeline(kept)
    stopped = replace(state, timeline=shown, index=len(kept), done_n=len(kept), rest=state.phases[state.done_n :])
    moved, effects = enter(stopped, stage, t_s)
    return moved, (*effects, Effect(EffectKind.TARGET, t_s, timeline=shown))


def take_back(state: DrillState, since_s: float) -> DrillState:
    """Take the scored breaths that lasted beyond `since_s` out of what is done; the halt that follows repeats them."""
    while state.done_n and state.phases[state.done_n - 1].scored and state.phases[state.done_n - 1].end_s > since_s:
        last = state.phases[state.done_n - 1]
        n = sum((p.set_index, p.cycle) == (last.set_index, last.cycle) for p in state.done if p.scored)
        first = state.phases[state.done_n - n]
        seconds = last.end_s - first.start_s
        state = replace(state, done_n=state.done_n - n, dose_s=state.dose_s - seconds, breaths_n=state.breaths_n - 1)
    return state


def go_on(state: DrillState, t_s: float) -> Step:
    """Take up `rest` from the start of its first breath, after a 3-2-1 (or later, where a set's rest lasts longer)."""
    start_s = max(t_s + COUNT_N, state.rest[0].start_s)
    ahead = shifted(state.rest, start_s - state.rest[0].start_s)
    shown = Timeline(state.phases + ahead)
    waits = start_s > t_s + COUNT_N
    ready = replace(state, timeline=shown, rest=(), counts_left=0 if waits else COUNT_N)
    moved, effects = enter(ready, Stage.SET_REST if waits else Stage.COUNTDOWN, t_s)
    return moved, (*effects, Effect(EffectKind.TARGET, t_s, timeline=shown))


def finish(state: DrillState, reason: FinishReason, t_s: float) -> Step:
    """End the session's drill, in the middle of it or not."""
    before: tuple[Effect, ...] = ()
    if state.stage in ACTIVE and reason is not FinishReason.COMPLETED:
        state, (_, *target) = halt(state, Stage.PAUSED, t_s)
        before = tuple(target)
    if state.stage is Stage.CALIBRATING:
        state = replace(state, timeline=state.kept, index=0, kept=None)
    ended, effects = enter(state, Stage.FINISHED, t_s)
    over = Effect(EffectKind.FINISHED, t_s, reason.value)
    return replace(ended, finish=reason, rest=()), (*before, *effects, over)


def due_s(state: DrillState) -> float:
    """Return when the next scheduled happening of `state` is due."""
    if state.stage in BREATHING:
        return state.phases[state.index].end_s
    if state.stage is Stage.COUNTDOWN:
        return max(state.t_s, state.phases[state.index].start_s - state.counts_left)  # rounding must not lead back
    if state.stage is Stage.SET_REST:
        return max(state.since_s, state.phases[state.index].start_s - COUNT_N)
    if state.stage is Stage.LOST:
        return state.since_s + LOST_LIMIT_S
    if state.stage is Stage.CALIBRATING:
        ahead = state.phases[state.index :]
        waits = state.breath_measured and not state.ranged
        return ahead[0].start_s if ahead else state.calibration.end_s + (PATIENCE_S if waits else SETTLE_S)
    return math.inf


def _cut(phase: TargetPhase, t_s: float) -> TargetPhase:
    if phase.end_s <= t_s:
        return replace(phase, scored=False)
    level = float(level_at(Timeline((phase,)), t_s))
    return replace(phase, end_s=t_s, level_to=level, scored=False)
