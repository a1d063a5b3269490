"""Pictures of the preparation."""

from PySide6.QtWidgets import QWidget

from breathcore.feedback.frame import FeedbackFrame, SensorFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.shots.shot import Make, Shot
from breathcore.model.drill import DrillSpec, Stage
from breathcore.model.message import message
from breathcore.model.packets import LinkKind
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor


def prepare() -> tuple[Shot, ...]:
    """Return the page from the first link to ready."""
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
