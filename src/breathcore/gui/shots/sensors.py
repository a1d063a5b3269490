"""Pictures of the Sensors page."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from breathcore.feedback.frame import SensorFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.shots.shot import Make, Shot
from breathcore.model.device import Place
from breathcore.model.drill import Stage
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.estimates import FitIssue
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor


def sensors() -> tuple[Shot, ...]:
    """Return the page with nothing found, found, placed, and checked."""
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
