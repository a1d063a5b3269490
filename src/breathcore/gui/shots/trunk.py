"""Pictures of sessions that measure ribs, brace and movement."""

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QScrollArea, QWidget

from breathcore.feedback.frame import CalibrationStepView, FeedbackFrame
from breathcore.feedback.trunk_view import CalibrationView, TrunkView
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.safety import FormPage
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.samples import trunk as sample
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.shots.shot import Shot
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.model.device import Place
from breathcore.model.drill import Stage
from breathcore.model.message import message
from breathcore.session import registry
from breathcore.session.settings import Settings, Thinning


def trunk() -> tuple[Shot, ...]:
    """Return the trainer, the preparation, the sensors and the first page of such sessions."""
    return (*_trainer(), *_prepare(), *_around())


def _trainer() -> tuple[Shot, ...]:
    missing = CalibrationView(Place.BACK, message=message("trunk.no-data"))
    strain = sample.brace(level=0.34, breathing=False, strain=True, word=message("brace.strain"))
    drifting = sample.brace(level=0.19, drift=0.08, word=message("brace.less"))
    frames = {
        "ribs": sample.ribs_frame(),
        "ribs-cm": sample.ribs_frame(trunk=TrunkView(sample.ring(cm=True), sample.compartments())),
        "ribs-calibrating": sample.ribs_frame(trunk=TrunkView(sample.silent_ring("not-calibrated"))),
        "ribs-one-missing": sample.ribs_frame(trunk=TrunkView(sample.without_back(), calibrated=(missing,))),
        "ribs-front-left": sample.ribs_frame(trunk=TrunkView(sample.front_only())),
        "ribs-paradox": sample.ribs_frame(trunk=TrunkView(sample.ring(), sample.paradox())),
        "ribs-exchange": sample.ribs_frame(
            trunk=TrunkView(sample.ring(), sample.compartments(), notice=message("trunk.notice.exchange"))
        ),
        "brace-in-zone": sample.brace_frame(),
        "brace-all-round": replace(sample.brace_frame(), trunk=TrunkView(sample.ring(), brace=sample.brace())),
        "brace-unsure": sample.brace_frame(sample.brace(level=None, word=None, message=message("brace.on-unsure"))),
        "brace-lone": sample.brace_frame(sample.brace(level=None, word=None, message=message("brace.on-lone"))),
        "brace-drifting": sample.brace_frame(drifting),
        "brace-strain": sample.brace_frame(strain, notice=message("brace.strain")),
        "brace-small": sample.brace_frame(sample.brace(level=None, word=None, message=message("brace.on-small"))),
        "brace-apart": sample.brace_frame(sample.brace(level=None, word=None, message=message("brace.on-apart"))),
        "brace-rating": sample.rated_frame(),
        "paused-calibrate": sample.paused_frame(),
        "brace-unmeasured": sample.brace_frame(sample.silent_brace("brace.self-rated")),
        "brace-uncalibrated": sample.brace_frame(sample.silent_brace("trunk.not-calibrated")),
        "bridge": sample.bridge_frame(),
        "bridge-learning": sample.bridge_frame(sample.reps(done_n=0, guided_left=2, word=None)),
        "bridge-unmeasured": sample.bridge_frame(sample.unmeasured_reps()),
        "hinge": sample.hinge_frame(),
    }
    plain = TrainerOptions()
    into_sight = {"ribs-paradox": _to_belly, "brace-rating": _to_between, "paused-calibrate": _to_between}
    shots = [
        Shot("trunk", state, partial(_trained, frame, plain), into_sight.get(state, _down))
        for state, frame in frames.items()
    ]
    for thinning in (Thinning.THIRD, Thinning.SUMMARY, Thinning.BLIND):
        options = TrainerOptions(thinning=thinning)
        frame = sample.ribs_frame() if thinning is Thinning.SUMMARY else sample.brace_frame()
        if thinning is Thinning.BLIND:
            frame = sample.bridge_frame()
        shots.append(Shot("trunk", f"thinned-{thinning.value}", partial(_trained, frame, options), _down))
    return tuple(shots)


def _prepare() -> tuple[Shot, ...]:
    drill = registry.drill("360_breathing")
    step = CalibrationStepView(6, 9, message("calibration.why.brace"))
    calibrating = samples.frame(
        drill, Stage.CALIBRATING, calibrated=False, calibration_left_s=12.0, calibration_share=0.78, target=(),
        score=None, calibration_cue=message("calibration.cue.brace"), calibration_step=step, heart_bpm=None,
        sensors=sample_sensors.all_round(),
    )  # fmt: skip
    refused = CalibrationView(Place.BACK, message=message("trunk.uneven"))
    changed = CalibrationView(Place.LEFT, 2.4, "°", change=0.31)
    good = TrunkView(sample.ring(), calibrated=sample.calibrated(), both_sides=True)
    cm = CalibrationView(Place.LEFT, 2.4, "°", 4.8)
    waiting = samples.frame(
        drill, Stage.WAITING, calibrated=False, target=(), score=None, heart_bpm=None,
        sensors=sample_sensors.all_round(),
    )  # fmt: skip
    frames = {
        "waiting": waiting,
        "step": calibrating,
        "results": sample.ready(good),
        "results-refused": sample.ready(replace(good, calibrated=sample.calibrated(back=refused, left=changed))),
        "tape": sample.ready(good),
        "cm": sample.ready(replace(good, calibrated=sample.calibrated(left=cm))),
        "exchange": sample.ready(replace(good, notice=message("trunk.notice.exchange"))),
        "wanted": sample.ready(
            TrunkView(brace=sample.silent_brace("trunk.not-calibrated")),
            "brace_and_breathe",
            calibrated=False,
            calibration_wanted=True,
        ),
    }
    then = {"tape": _type_readings, "exchange": _to_exchange}
    return tuple(
        Shot("trunk-prepare", state, partial(_prepared, frame), then.get(state)) for state, frame in frames.items()
    )


def _around() -> tuple[Shot, ...]:
    def sensors(wording: Wording) -> QWidget:
        made = SensorsPage(wording, sample_sensors.devices(), sample_sensors.RIG)
        made.scanning(on=False)
        return made

    def below(page: QWidget) -> None:
        if isinstance(page, SensorsPage):
            page.area.ensureWidgetVisible(page.sights_card)

    return (
        Shot("trunk-sensors", "rig", sensors, below),
        Shot("trunk-start", "rig", partial(_first, "360_breathing")),
        Shot("trunk-start", "locked", partial(_first, "brace_and_breathe"), _to_form),
        Shot("trunk-after", "rating", _after),
        Shot("trunk-settings", "opened", partial(_settings, opened=("Kim",)), _to_opened),
        Shot("trunk-settings", "asking", _settings, _ask_opened),
        Shot("trunk-form", "too-firm", _too_firm),
        Shot("trunk-summary", "ribs", lambda words: SummaryPage(words, sample.ribs_summary()), _to_trunk),
        Shot("trunk-summary", "sides", lambda words: SummaryPage(words, sample.bridge_summary()), _to_trunk),
        Shot("trunk-summary", "brace", lambda words: SummaryPage(words, sample.brace_summary())),
        Shot("trunk-review", "reps", lambda words: ReviewPage(words, sample.moved_review())),
    )


def _first(drill_id: str, wording: Wording) -> QWidget:
    settings = Settings(sensors=sample_sensors.RIG, last_drill=drill_id, last_person="Kim")
    worn = worn_of(settings.sensors, sample_sensors.devices())
    return StartPage(wording, samples.drills(), settings, worn)


def _after(wording: Wording) -> QWidget:
    made = AfterPage(wording)
    made.show_frame(sample.rated_after())
    return made


def _settings(wording: Wording, opened: tuple[str, ...] = ()) -> QWidget:
    return SettingsPage(wording, Settings(last_person="Kim", opened=opened))


def _too_firm(wording: Wording) -> QWidget:
    return FormPage(wording, registry.drill("brace_and_breathe"), "", ("hypertension",), firm=True)


def _to_trunk(page: QWidget) -> None:
    if isinstance(page, SummaryPage) and page.trunk is not None:
        page.area.ensureWidgetVisible(page.trunk, 0)


def _to_form(page: QWidget) -> None:
    if isinstance(page, StartPage):
        page.area.ensureWidgetVisible(page.lock)


def _to_opened(page: QWidget) -> None:
    if isinstance(page, SettingsPage):
        page.area.ensureWidgetVisible(page.opened)


def _ask_opened(page: QWidget) -> None:
    if isinstance(page, SettingsPage):
        page.opened.click()


def _trained(frame: FeedbackFrame, options: TrainerOptions, wording: Wording) -> QWidget:
    made = TrainerPage(wording, options)
    made.show_frame(frame)
    made.tick()
    return made


def _down(page: QWidget) -> None:
    """Bring the panel into sight, where the text is too large for all of the page."""
    area = page.findChild(QScrollArea)
    if isinstance(page, TrainerPage) and isinstance(area, QScrollArea):
        parts = page.readings.trunk
        ring = parts.ring.isVisibleTo(page)
        area.ensureWidgetVisible(parts.ring.picture if ring else parts)


def _to_belly(page: QWidget) -> None:
    area = page.findChild(QScrollArea)
    if isinstance(page, TrainerPage) and isinstance(area, QScrollArea):
        area.ensureWidgetVisible(page.readings.trunk.compartments)


def _to_between(page: QWidget) -> None:
    area = page.findChild(QScrollArea)
    if isinstance(page, TrainerPage) and isinstance(area, QScrollArea):
        area.ensureWidgetVisible(page.between)


def _prepared(frame: FeedbackFrame, wording: Wording) -> QWidget:
    drill = registry.drill(frame.drill.drill_id)
    made = PreparePage(wording, drill, worn_of(sample_sensors.RIG, sample_sensors.devices()))
    made.show_frame(frame)
    return made


def _type_readings(page: QWidget) -> None:
    if not isinstance(page, PreparePage):
        return
    page.trunk.tape_button.click()
    for edit, reading in zip(page.trunk.tape.readings, ("5.1", "4.8", "5.0"), strict=True):
        edit.setText(reading)


def _to_exchange(page: QWidget) -> None:
    if isinstance(page, PreparePage):
        page.area.ensureWidgetVisible(page.trunk.exchange)
