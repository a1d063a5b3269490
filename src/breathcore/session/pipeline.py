"""The whole pure chain for one person: items in the order they happened → what follows from them.

`push` depends only on the sequence of items: ticks lie on a fixed 50-ms grid of session time and are made here, so a
replay of a recording, at any speed, gives the same effects, estimates and frames as the live session did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from breathcore.drill.calibration import CALIBRATION_S, DEEP_BREATH_S, INHALE_S
from breathcore.drill.engine import advance, initial
from breathcore.drill.items import Command, DrillItem, RecordingFailed, SignalChanged, Tick
from breathcore.drill.scoring import score_drill
from breathcore.drill.self_rating import BraceRating
from breathcore.drill.sides import SideComparison
from breathcore.drill.sweep import SweepFinder
from breathcore.estimate.calibration import RangeCalibrator
from breathcore.feedback.drill_view import (
    DrillPresenter,
    calibration_cue,
    calibration_left_s,
    calibration_share,
    calibration_step,
    notice,
)
from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.resonance_view import SweepView, sweep_view
from breathcore.feedback.trunk_view import TrunkView
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, Effect, EffectKind, Score, Stage, UserCommand
from breathcore.model.estimates import (
    Breath,
    BreathRange,
    EffortBlock,
    Estimate,
    FitEstimate,
    HeartEstimate,
    Polarity,
    RateEstimate,
    Turn,
)
from breathcore.model.packets import Advance, LinkEvent, Packet
from breathcore.model.resonance import ResonanceResult
from breathcore.model.trunk import RepLevel, SidesExchanged, TrunkEstimate
from breathcore.record.items import Outcome, RecordedFault
from breathcore.session.pacing import paces
from breathcore.session.plan import SessionPlan
from breathcore.session.reception import Outbound
from breathcore.session.result import SessionResult, cycles_ahead, make_result
from breathcore.session.signals import SignalChain, SignalItem
from breathcore.session.trunk_drill import TrunkDrill, TrunkItem

TICK_S = 0.05
LATE_S = 15.0  # after the end, breaths that were under way may still be confirmed and scored
DRILL_COMMANDS = frozenset(CommandKind) - {
    CommandKind.MARK,
    CommandKind.RATINGS,
    CommandKind.NOTE,
    CommandKind.COMFORT,
    CommandKind.TAPE,
    CommandKind.EXCHANGE,
    CommandKind.EFFORT,
}


@dataclass(frozen=True, slots=True)
class RecorderFailed:
    """The recorder can write no more."""

    t_host_ns: int


PipelineInput = Packet | LinkEvent | Advance | UserCommand | RecorderFailed
SessionItem = (
    Outbound
    | Effect
    | RecordedFault
    | Estimate
    | FitEstimate
    | Polarity
    | TrunkEstimate
    | SideComparison
    | BraceRating
    | Score
    | ResonanceResult
    | Outcome
)


class Pipeline:
    """One person's session.

    Parameters
    ----------
    plan : SessionPlan
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices by the keys that packets carry.
    t0_host_ns : int
        The host's clock at session time zero.
    """

    def __init__(self, plan: SessionPlan, devices: Sequence[tuple[str, DeviceSpec]], t0_host_ns: int) -> None:
        self._plan = plan
        self._signals = SignalChain(devices, t0_host_ns, plan.previous)
        channels = tuple(c for _, spec in devices for c in spec.channels)
        self._trunk = TrunkDrill(plan.drill, plan.pattern_id, channels)
        self._watch = self._signals.watch
        self._drill = DrillPresenter(plan.drill, plan.pattern_id)
        self._state = initial(
            plan.drill, breath_measured=self.breath_measured, pattern_id=plan.pattern_id, minutes=plan.minutes,
            trunk=self._trunk.calibrates_trunk, brace=self._trunk.calibrates_brace, first=plan.first,
        )  # fmt: skip
        self._calibrator: RangeCalibrator | None = None
        self._upside_down = False
        self._range: BreathRange | None = None
        self._ticks_n = 0
        self._now_s = 0.0
        self._signal_ok = False
        self._rates: list[RateEstimate] = []
        self._breaths: list[Breath] = []
        self._turns: list[Turn] = []
        self._sweep: SweepFinder | None = None
        pattern = plan.drill.pattern(plan.pattern_id)
        if pattern.rates_bpm:
            self._sweep = SweepFinder(pattern)
        self._score: Score | None = None
        self._started_s: float | None = None
        self._finished_s: float | None = None
        self._planned_n = 0

    # ── what it knows ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def now_s(self) -> float:
        """Session time of the newest item."""
        return self._now_s

    @property
    def stage(self) -> Stage:
        """Where the session stands."""
        return self._state.stage

    @property
    def breath_measured(self) -> bool:
        """Whether this session's sensors measure the breath."""
        return self._signals.estimator.refusal is None

    @property
    def signal_good(self) -> bool:
        """Whether there is a signal to calibrate or train with."""
        return self._signal_ok

    @property
    def wants_calibration(self) -> bool:
        """Whether a calibration is still to be done: of the trunk, in a drill that begins ready without one."""
        state = self._state
        return state.stage is Stage.READY and (state.trunk or state.brace) and not state.calibrated

    @property
    def _may_calibrate_again(self) -> bool:
        """Whether a pause can be used to learn ribs and brace again: a sensor slipped, or was put on anew."""
        return self._state.stage is Stage.PAUSED and (self._state.trunk or self._state.brace)

    @property
    def share_done(self) -> float:
        """How much of the drill's dose is done, 0–1."""
        if self._state.stage is Stage.FINISHED:
            return 1.0
        return self._state.breaths_n / self._planned_n if self._planned_n else 0.0

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

    def push(self, item: PipelineInput) -> tuple[SessionItem, ...]:
        """Take the next item; return what follows from it, in order."""
        t_s = self._signals.session_s(item.t_host_ns)
        out: list[SessionItem] = []
        self._tick_to(t_s, out)
        self._now_s = max(self._now_s, t_s)
        if isinstance(item, Packet | LinkEvent):
            self._take(self._signals.push(item, self._now_s), out)
        elif isinstance(item, UserCommand):
            if item.kind in DRILL_COMMANDS:
                self._advance(Command(item.kind, self._now_s, item.text), out)
            elif item.kind is CommandKind.COMFORT and self._sweep is not None:
                self._sweep.answer(item.text)
            elif item.kind is CommandKind.EFFORT and (rating := self._trunk.rate(item.text, self._now_s)) is not None:
                out.append(rating)
            self._tell(self._trunk.on_command(item.kind, item.text, self._now_s), out)
        elif isinstance(item, RecorderFailed):
            self._advance(RecordingFailed(self._now_s), out)
        return tuple(out)

    def stop(self) -> tuple[Outbound, ...]:
        """Return the requests that end the devices' streams."""
        return self._signals.stop()

    def flush(self) -> tuple[SessionItem, ...]:
        """Return what was still open; nothing more comes."""
        out: list[SessionItem] = []
        self._take(self._signals.flush(self._now_s), out)
        self._rescore(out)
        result = self.result()
        if result.resonance is not None:
            out.append(result.resonance)
        out.append(result.outcome())
        return tuple(out)

    def result(self) -> SessionResult:
        """Return what the session has come to so far."""
        return make_result(
            self._state, self._score, self._rates, self._started_s, self._finished_s, self._signals.estimator.refusal,
            self._drill.target_bpm, self._planned_n,
            None if self._sweep is None else self._sweep.result(self._state.done),
            tuple(self._trunk.ratings[n] for n in sorted(self._trunk.ratings)),
        )  # fmt: skip

    def frame(self, recorder_depth: int = 0, *, recording: bool = True) -> FeedbackFrame:
        """Return the snapshot to paint."""
        now_s, state, finder = self._now_s, self._state, self._sweep
        drill = self._drill.view(state, now_s)
        sweep = None if finder is None else sweep_view(state, finder.rates_bpm, finder.comfort)
        return replace(
            self._moved(self._signals.frame(now_s), breathes=drill.breathes),
            stage=state.stage,
            drill=drill,
            trunk=self._body(drill.breaths_n),
            calibration_left_s=calibration_left_s(state, now_s),
            calibration_share=calibration_share(state, now_s),
            calibration_cue=calibration_cue(state, now_s),
            calibration_step=calibration_step(state, now_s),
            calibration_wanted=self.wants_calibration or self._may_calibrate_again,
            target=self._drill.target(state, now_s),
            band=self._plan.drill.band,
            rate_target_bpm=self._target_bpm(sweep),
            sweep=sweep,
            in_step=self._score.in_step if self._score else None,
            score=self._score,
            notice=notice(state),
            recording=recording,
            recorder_depth=recorder_depth,
            finish=state.finish,
        )

    def _body(self, planned_n: int) -> TrunkView | None:
        """Return what there is to see of the trunk, and whether the person is to say how hard a brace was."""
        view = self._signals.body.view(self._now_s, self._plan.drill, self._state.current, planned_n)
        if view is None or view.brace is None:
            return view
        return replace(view, brace=replace(view.brace, asked=self._trunk.asked(self._state)))

    def _moved(self, frame: FeedbackFrame, *, breathes: bool) -> FeedbackFrame:
        """Return the frame, its trace that of the movement where the target is one and it is measured."""
        still = self._state.stage in (Stage.CALIBRATING, Stage.FINISHED)  # afterwards it is the breath that is watched
        movement = self._plan.drill.movement
        if breathes or movement is None or not movement.follows or still:
            return frame
        t_s, share = self._signals.body.movement(self._now_s)
        if not len(t_s):
            return frame
        none = t_s[:0]
        return replace(
            frame, trace_t_s=t_s, trace_y=share, predicted_t_s=none, predicted_y=none, latency_s=0.0, trace_moves=True
        )

    def _target_bpm(self, sweep: SweepView | None) -> float | None:
        """Return the rate that is aimed at, None in a rest: it is breathed as one likes."""
        if self._state.stage is Stage.SET_REST:
            return None
        return self._drill.target_bpm if sweep is None else sweep.rate_bpm

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tick_to(self, t_s: float, out: list[SessionItem]) -> None:
        while (self._ticks_n + 1) * TICK_S <= t_s:
            self._ticks_n += 1
            self._now_s = max(self._now_s, self._ticks_n * TICK_S)
            out += self._signals.tick(self._ticks_n * TICK_S)
            self._check_signal(out)
            self._advance(Tick(self._ticks_n * TICK_S), out)

    def _check_signal(self, out: list[SessionItem]) -> None:
        measured = self._state.breath_measured
        ok = self._watch.usable(self._now_s) if measured else self._watch.streaming(self._now_s)
        if ok is not self._signal_ok:
            self._signal_ok = ok
            since_s = self._watch.usable_until_s if measured and not ok else None
            self._advance(SignalChanged(self._now_s, ok=ok, since_s=since_s), out)

    # ── what the signals say ─────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, items: Iterable[SignalItem], out: list[SessionItem]) -> None:
        for item in items:
            if isinstance(
                item, SampleBlock | LinkEvent | RepLevel
            ):  # from the packets, which are recorded; or shown only
                continue
            out.append(item)
            if self._sweep is not None and isinstance(item, HeartEstimate | Breath):
                self._sweep.push(item)
            if isinstance(item, EffortBlock):
                self._calibrate(item, out)
            elif isinstance(item, RateEstimate):
                self._rates.append(item)
                self._advance(item, out)
            elif isinstance(item, Turn):
                self._turns.append(item)
                self._rescore(out)
            elif isinstance(item, Breath):
                self._breaths.append(item)
            if self._trunk.take(item):
                self._rescore(out)

    def _tell(self, items: Iterable[TrunkItem], out: list[SessionItem]) -> None:
        """Tell the estimators of the trunk what is being done."""
        for item in items:
            if isinstance(item, SidesExchanged):
                self._signals.body.exchange()
            self._take(self._signals.ask(item), out)

    def _calibrate(self, block: EffortBlock, out: list[SessionItem]) -> None:
        if self._calibrator is None:
            return
        for found in self._calibrator.push(block):
            out.append(found)
            if isinstance(found, Polarity):
                self._signals.estimator.push(found)
                self._upside_down = True
            elif isinstance(found, BreathRange):
                if self._upside_down:
                    self._signals.presenter.turn()
                self._signals.presenter.on_estimate(found)
                self._rescale(found)
                self._advance(found, out)

    def _rescale(self, found: BreathRange) -> None:
        """Keep the breaths before a repeated calibration the shares of a full breath that they were."""
        before = self._range
        if found.refusal is not None:
            return
        self._range = found
        if before is not None:
            stretch = (found.high - found.low) / (before.high - before.low)
            self._breaths = [replace(b, amplitude=b.amplitude * stretch) for b in self._breaths]

    # ── the drill ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _advance(self, item: DrillItem, out: list[SessionItem]) -> None:
        before = self._state
        self._state, effects = advance(self._plan.drill, before, item)
        for effect in effects:
            out.append(effect)
            for pace in paces(effect):
                self._signals.estimator.push(pace)
            self._tell(self._trunk.on_effect(effect, self._state), out)
            if effect.kind is EffectKind.STAGE:
                self._on_stage(Stage(effect.value), effect.t_s, out)
        if self._state.done_n != before.done_n or any(e.kind is EffectKind.FINISHED for e in effects):
            self._rescore(out)

    def _compare(self, out: list[SessionItem]) -> None:
        """Compare the sides after a set."""
        body = self._signals.body
        body.sides = self._trunk.sides(self._state)
        out += body.sides

    def _on_stage(self, stage: Stage, t_s: float, out: list[SessionItem]) -> None:
        if stage is Stage.CALIBRATING:
            self._upside_down = False
            self._calibrator = RangeCalibrator(t_s, CALIBRATION_S, INHALE_S, DEEP_BREATH_S)
        else:
            self._calibrator = None
        if stage is Stage.COUNTDOWN and not self._planned_n:
            self._planned_n = cycles_ahead(self._state)
        if stage in (Stage.GLIDE, Stage.RUNNING) and self._started_s is None:
            self._started_s = t_s
        if stage is Stage.COUNTDOWN:
            self._signals.body.set_begins(t_s)
        if stage in (Stage.SET_REST, Stage.FINISHED):
            self._trunk.set_over(self._state)
            self._compare(out)
        if stage is Stage.FINISHED:
            self._finished_s = t_s

    def _rescore(self, out: list[SessionItem]) -> None:
        """Score again what has been done; after the end only until every breath of it must be known."""
        state = self._state
        if not state.done or (self._finished_s is not None and self._now_s > self._finished_s + LATE_S):
            return
        if self._trunk.scores:
            score = self._trunk.score(state, self._now_s)
        else:
            timed = score_drill(
                self._plan.drill, state.done, self._breaths, state.breath_range, turns=self._turns, until_s=self._now_s
            )
            score = self._trunk.ringed(timed, state)
        if score != self._score:
            self._score = score
            out.append(score)
