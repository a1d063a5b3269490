"""Every screen in every state, filled with made-up content."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtWidgets import QScrollArea, QWidget

from breathcore.drill.screening import QUESTIONS, screen
from breathcore.feedback.frame import FeedbackFrame, SensorFrame
from breathcore.feedback.resonance_view import SweepView
from breathcore.feedback.wording import Wording
from breathcore.gui import sample_sensors, samples, theme
from breathcore.gui.library import delete_sheet, export_sheet
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.parts import Page
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.resonance import ResonancePage
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.safety import FormPage, NotNowPage, SafetyPage
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.services import SummaryView
from breathcore.gui.sound import SilentOutput
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.gui.window import MainWindow
from breathcore.model.device import Place
from breathcore.model.drill import DrillPhase, DrillSpec, FinishReason, Stage
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.estimates import FitIssue
from breathcore.model.message import message
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.model.resonance import ResonanceResult
from breathcore.session import registry
from breathcore.session.settings import (
    ChosenSensor,
    LanguageChoice,
    Settings,
    StoredRate,
    ThemeChoice,
    Thinning,
)

Make = Callable[[Wording], QWidget]


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen in one state."""

    screen: str
    state: str
    make: Make
    then: Callable[[QWidget], None] | None = None  # once it is laid out


def shots() -> tuple[Shot, ...]:
    """Return every screen × state."""
    return (
        *_start(),
        *_sensors(),
        *_safety(),
        *_prepare(),
        *_trainer(),
        *_after(),
        *_resonance(),
        *_summary(),
        *_review(),
        *_settings(),
        *_window(),
    )


def _start() -> tuple[Shot, ...]:
    def make(*, stored: bool, sensors: tuple[ChosenSensor, ...] = (), problem: bool = False) -> Make:
        def page(wording: Wording) -> QWidget:
            settings = Settings(last_person="Kim" if stored else "", last_drill="diaphragmatic", sensors=sensors)
            made = StartPage(wording, samples.drills(), settings, worn_of(sensors, sample_sensors.devices()))
            made.show_sessions(samples.rows() if stored else ())
            if problem:
                made.notice.say(wording.text("start.left-out", problem=wording.say(sample_sensors.wrong_file())))
            return made

        return page

    def own_rate(wording: Wording) -> QWidget:
        rates = {"Kim": StoredRate("2025-03-14", 6.0, practised_n=4)}
        settings = Settings(last_person="Kim", last_drill="resonance_practice", rates=rates)
        made = StartPage(wording, samples.drills(), settings, worn_of((), sample_sensors.devices()))
        made.show_sessions(())
        return made

    return (
        Shot("start", "first", make(stored=False)),
        Shot("start", "recent", make(stored=True, sensors=sample_sensors.CHOSEN)),
        Shot("start", "own-rate", own_rate, _to_kept),
        Shot("start", "wrong-file", make(stored=True, problem=True)),
        Shot("start", "delete", make(stored=True), lambda page: _sheet(page, delete_sheet)),
        Shot("start", "export", make(stored=True), lambda page: _sheet(page, export_sheet)),
    )


def _to_kept(page: QWidget) -> None:
    """Bring what is known of a person's own rate into sight."""
    if isinstance(page, StartPage):
        page.area.ensureWidgetVisible(page.kept)


def _sensors() -> tuple[Shot, ...]:
    strap, imu = (s.name for s in sample_sensors.CHOSEN)
    crowded = (sample_sensors.CHOSEN[0], replace(sample_sensors.CHOSEN[1], place=Place.STERNUM))
    heart = (ChosenSensor("heart_rate_strap", "b", "HRM-Dual:312345"),)
    unheard = sample_sensors.sensor(imu, LinkKind.WAITING, reason=LinkReason.NOT_FOUND, battery=None)
    poor = (sample_sensors.sensor(strap, issue=FitIssue.NO_CONTACT), unheard)
    fine = (sample_sensors.sensor(strap), sample_sensors.sensor(imu, battery=None))
    makes = {
        "empty": _sensing(),
        "found": _sensing(found=True),
        "placed": _sensing(sample_sensors.CHOSEN, found=True),
        "heart-only": _sensing(heart),
        "conflict": _sensing(crowded),
        "check-poor": _sensing(sample_sensors.CHOSEN, check=poor),
        "check-fine": _sensing(sample_sensors.CHOSEN, check=fine),
        "radio-off": _sensing(off=True),
    }
    below = {
        "placed": "body",
        "heart-only": "sights",
        "conflict": "conflict",
        "check-poor": "last",
        "check-fine": "last",
    }
    return tuple(Shot("sensors", state, make, _sensors_at(below.get(state, ""))) for state, make in makes.items())


def _sensors_at(part: str) -> Callable[[QWidget], None]:
    """Return what brings a part of the Sensors page into sight, where the text is too large for all of it."""

    def scroll(page: QWidget) -> None:
        if isinstance(page, SensorsPage) and part:
            parts = {"body": page.body, "sights": page.sights_card, "conflict": page.conflict, "last": page.rows[-1]}
            page.area.ensureWidgetVisible(parts[part])

    return scroll


def _sensing(
    chosen: tuple[ChosenSensor, ...] = (),
    *,
    found: bool = False,
    check: tuple[SensorFrame, ...] = (),
    off: bool = False,
) -> Make:
    def page(wording: Wording) -> QWidget:
        made = SensorsPage(wording, sample_sensors.devices(), chosen)
        made.scanning(on=not (check or off))
        for device in sample_sensors.FOUND if found else ():
            made.found(device)
        if check:
            made.checking(on=True)
            made.show_frame(samples.frame(registry.drill("diaphragmatic"), Stage.WAITING, sensors=check))
        if off:
            made.scan_failed(wording.say(BreathcoreError(Reason.ADAPTER_OFF).message))
        return made

    return page


def _sheet(page: QWidget, ask: Callable[[Page, str, Callable[..., None]], None]) -> None:
    if isinstance(page, Page):
        ask(page, page.words.of(registry.drill("box").title), lambda *_: None)


def _window() -> tuple[Shot, ...]:
    """Return the window with what it says above and below its page."""

    def make(wording: Wording) -> MainWindow:
        style = theme.current()
        settings = Settings(
            LanguageChoice(wording.language), ThemeChoice(style.theme.id), round(100 * style.scale), last_person="Kim"
        )
        services = samples.SampleServices(settings, stored=samples.rows())
        return MainWindow(services, services.load_settings(), open_sound=lambda: (SilentOutput(), None))

    def problem(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.complain(samples.no_adapter())

    def exported(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.toast.busy(page.words.text("export.running"))

    def silent(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.say(page.words.text("sound.no-device"), calm=True, passing=True)

    return (
        Shot("window", "problem", make, problem),
        Shot("window", "silent", make, silent),
        Shot("window", "exporting", make, exported),
    )


def _safety() -> tuple[Shot, ...]:
    def step(n: int) -> Make:
        def page(wording: Wording) -> QWidget:
            made = SafetyPage(wording)
            for question in QUESTIONS[: (6, 15, 18)[n - 1] if n else 0]:
                made.answer(question.id, yes=False)
            for _ in range(n):
                made.next.click()
            return made

        return page

    def notnow(id_: str) -> Make:
        return lambda wording: NotNowPage(wording, screen({id_: True}))

    def form(wording: Wording) -> QWidget:
        drill = registry.drill("box")
        return FormPage(wording, drill, drill.safety.instead, ("pregnancy", "eye"))

    return (
        *(Shot("safety", f"step{n + 1}", step(n)) for n in range(4)),
        Shot("notnow", "emergency", notnow("chest_pain")),
        Shot("notnow", "urgent", notnow("weight_loss")),
        Shot("form", "instead", form),
    )


def _prepare() -> tuple[Shot, ...]:
    drill = registry.drill("diaphragmatic")
    waiting, ready = Stage.WAITING, Stage.READY
    refused = message("notice.refused.motion")
    frames = {
        "connecting": samples.silent(drill, waiting, "signal.no-link", "refusal.no-data"),
        "dry": samples.silent(drill, waiting, "signal.weak", "refusal.not-worn"),
        "good": samples.frame(drill, waiting, calibrated=False, target=(), score=None),
        "calibrating": samples.frame(
            drill,
            Stage.CALIBRATING,
            calibrated=False,
            calibration_left_s=13.0,
            target=(),
            score=None,
            calibration_cue=message("calibration.cue.quiet"),
        ),
        "refused": samples.frame(drill, waiting, calibrated=False, target=(), score=None, notice=refused),
        "ready": samples.frame(drill, ready, target=(), score=None),
        "heart-only": samples.by_heart(drill, ready),
        "looking": samples.silent(
            drill, waiting, "signal.no-link", "refusal.no-data", sensors=(_waiting("Polar H10"),)
        ),
        "several": samples.frame(
            drill,
            waiting,
            calibrated=False,
            target=(),
            score=None,
            sensors=(sample_sensors.sensor("Polar H10"), _waiting("Movesense")),
        ),
    }
    return tuple(
        Shot(
            "prepare",
            state,
            _prepared(drill, frame, sample_sensors.CHOSEN if state == "several" else ()),
            _to_signal if state == "looking" else None,
        )
        for state, frame in frames.items()
    )


def _to_signal(page: QWidget) -> None:
    """Bring the signal's card into sight, where the text is too large for all of the page."""
    if isinstance(page, PreparePage):
        page.area.ensureWidgetVisible(page.trace)


def _waiting(name: str) -> SensorFrame:
    return sample_sensors.sensor(name, LinkKind.WAITING, battery=None)


def _prepared(drill: DrillSpec, frame: FeedbackFrame, sensors: tuple[ChosenSensor, ...]) -> Make:
    def page(wording: Wording) -> QWidget:
        made = PreparePage(wording, drill, worn_of(sensors, sample_sensors.devices()))
        made.show_frame(frame)
        return made

    return page


def _trainer() -> tuple[Shot, ...]:
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


def _after() -> tuple[Shot, ...]:
    drill = registry.drill("diaphragmatic")
    over = samples.frame(drill, Stage.FINISHED, finish=FinishReason.COMPLETED, target=())

    def page(wording: Wording) -> QWidget:
        made = AfterPage(wording)
        made.show_frame(replace(over, t_s=over.t_s - 12.0))
        made.show_frame(over)
        return made

    def swept(wording: Wording) -> QWidget:
        made = AfterPage(wording)
        made.show_frame(replace(over, sweep=SweepView((6.5, 5.5, 4.5), 2, 2)))
        return made

    return (Shot("after", "quiet", page), Shot("after", "sweep", swept))


def _resonance() -> tuple[Shot, ...]:
    results = {
        "heart": samples.sweep_result(),
        "comfort": samples.sweep_result(heart=False),
        "alike": samples.sweep_result(told=False),
    }
    tied = replace(samples.sweep_result(), tied_bpm=(5.5, 5.0))

    def page(result: ResonanceResult, wording: Wording) -> QWidget:
        return ResonancePage(wording, samples.sweep_summary(), result, 5.0)

    def below(made: QWidget) -> None:
        if isinstance(made, ResonancePage):
            bar = made.area.verticalScrollBar()
            bar.setValue(bar.maximum())

    shown = tuple(Shot("resonance", state, partial(page, result)) for state, result in results.items())
    return (*shown, Shot("resonance", "meaning", partial(page, tied), below))


def _summary() -> tuple[Shot, ...]:
    views = {"good": samples.summary(), "heart-only": samples.heart_only_summary(), "lost": samples.lost_summary()}
    return tuple(Shot("summary", state, partial(_summarised, view)) for state, view in views.items())


def _summarised(view: SummaryView, wording: Wording) -> QWidget:
    return SummaryPage(wording, view)


def _review() -> tuple[Shot, ...]:
    def page(*, whole: bool) -> Make:
        def make(wording: Wording) -> QWidget:
            made = ReviewPage(wording, samples.review())
            if whole:
                made.plot.whole()
            return made

        return make

    def swept(wording: Wording) -> QWidget:
        return ReviewPage(wording, replace(samples.review(), summary=samples.sweep_summary()))

    return (
        Shot("review", "begin", page(whole=False)),
        Shot("review", "whole", page(whole=True)),
        Shot("review", "sweep", swept),
    )


def _settings() -> tuple[Shot, ...]:
    return (Shot("settings", "plain", lambda wording: SettingsPage(wording, Settings())),)
