"""Pictures of the trainer."""

from dataclasses import replace

from PySide6.QtWidgets import QScrollArea, QWidget

from breathcore.feedback.frame import FeedbackFrame, SensorFrame
from breathcore.feedback.resonance_view import SweepView
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.shots.shot import Make, Shot
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.model.drill import DrillPhase, FinishReason, Stage
from breathcore.model.estimates import FitIssue
from breathcore.model.message import message
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session import registry
from breathcore.session.settings import Thinning


def trainer() -> tuple[Shot, ...]:
    """Return the trainer in its stages, with several drills, sensors and views."""
    drill, box, brace, sweep = (registry.drill(i) for i in ("diaphragmatic", "box", "brace_hold", "resonance"))
    run = samples.frame(drill, Stage.RUNNING)
    counting = samples.drill_view(drill, phase=None, cue={}, countdown=2, breath_index=0, elapsed_s=0.0)
    hold = samples.drill_view(box, phase=DrillPhase.HOLD, cue=dict(box.pattern().phases[1].cue), phase_left_s=2.4)
    effort = samples.drill_view(brace, phase_left_s=6.0, breath_index=3, breaths_n=10, total_s=150.0)
    halted = {
        "paused": samples.frame(drill, Stage.PAUSED, notice=message("notice.paused")),
        "dizzy": samples.frame(drill, Stage.DIZZY, notice=message("notice.dizzy")),
        "lost": samples.silent(drill, Stage.LOST, "signal.no-link", "refusal.no-data", notice=message("notice.lost")),
    }
    frames = {
        "countdown": replace(run, stage=Stage.COUNTDOWN, drill=counting, score=None, in_step=None),
        "glide": replace(run, stage=Stage.GLIDE, score=None, in_step=None),
        "running": run,
        "hold": samples.frame(box, Stage.RUNNING, drill=hold),
        "brace": samples.frame(
            brace,
            Stage.RUNNING,
            drill=effort,
            target=samples.planned(brace, samples.NOW_S - 34.0),
            rate_bpm=13.5,
            rate_target_bpm=None,
            score=None,
            in_step=None,
        ),
        "heart-only": samples.by_heart(drill, Stage.RUNNING),
        "heart-unclear": samples.silent(
            drill, Stage.RUNNING, "signal.heart", "refusal.heart-unclear", breath_followed=False
        ),
        "sweep": samples.frame(sweep, Stage.RUNNING, sweep=SweepView((7.0, 6.5, 6.0, 5.5, 5.0, 4.5), 2)),
        "sweep-rest": samples.frame(
            sweep,
            Stage.SET_REST,
            target=(),
            rate_target_bpm=None,
            sweep=SweepView((7.0, 6.5, 6.0, 5.5, 5.0, 4.5), 2, 1),
        ),
        **halted,
        "finished": samples.frame(drill, Stage.FINISHED, finish=FinishReason.COMPLETED),
        **{state: replace(run, sensors=sensors) for state, sensors in _trainer_sensors().items()},
    }
    plain = TrainerOptions()
    still = TrainerOptions(view="steps", reduced_motion=True)
    views = {
        "circle": _trained(run, TrainerOptions(view="circle")),
        "words": _trained(run, TrainerOptions(view="words")),
        "steps": _trained(run, still),
        "no-seconds": _trained(run, TrainerOptions(seconds=False)),
        "replay": _trained(run, TrainerOptions(replay=True)),
        "thinned": _trained(run, TrainerOptions(thinning=Thinning.BLIND)),
    }
    made = {**{state: _trained(frame, plain) for state, frame in frames.items()}, **views}
    into_sight = {"two-sensors": _to_straps, "sweep": _to_sweep, "sweep-rest": _to_sweep}
    return tuple(Shot("trainer", state, make, into_sight.get(state)) for state, make in made.items())


def _to_sweep(page: QWidget) -> None:
    """Bring the sweep's bar into sight, where the text is too large for all of the page."""
    area = page.findChild(QScrollArea)
    if isinstance(page, TrainerPage) and isinstance(area, QScrollArea):
        area.ensureWidgetVisible(page.sweep)


def _to_straps(page: QWidget) -> None:
    """Bring names and batteries into sight, which stand below where the text is too large for all of the page."""
    area = page.findChild(QScrollArea)
    if isinstance(page, TrainerPage) and isinstance(area, QScrollArea) and page.strap.isVisibleTo(page):
        area.ensureWidgetVisible(page.strap)


def _trainer_sensors() -> dict[str, tuple[SensorFrame, ...]]:
    strap, belt = sample_sensors.sensor("Polar H10"), sample_sensors.sensor("GDX-RB", battery=None)
    silent = sample_sensors.sensor("GDX-RB", LinkKind.STALLED, reason=LinkReason.SILENT, battery=64)
    lost = sample_sensors.sensor("GDX-RB", LinkKind.LOST, reason=LinkReason.DROPPED, battery=64)
    return {
        "two-sensors": (strap, belt),
        "one-silent": (strap, silent),
        "one-lost": (strap, lost),
        "many-sensors": (strap, belt, sample_sensors.sensor("Movesense", issue=FitIssue.NOT_WORN, battery=15)),
    }


def _trained(frame: FeedbackFrame, options: TrainerOptions) -> Make:
    def page(wording: Wording) -> QWidget:
        made = TrainerPage(wording, options)
        made.show_frame(frame)
        made.tick()
        return made

    return page
