"""One chosen sensor: its number in the drawing, its name, where it is worn, and how it does while it is checked."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from breathcore.feedback.frame import SensorFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.icons import Battery, Icon
from breathcore.gui.pages.parts import Dropdown, elastic
from breathcore.gui.sensor_text import words_of
from breathcore.gui.widgets import announce, label, pad, set_property, set_text
from breathcore.model.device import Place

_PLACES: Sequence[Place | None] = (None, *Place)


class SensorState(QFrame):
    """How a sensor does: a shape and a word, its battery, and the sentence that says what to do.

    Parameters
    ----------
    wording : Wording
    named : bool
        Say the sensor's name before the word.
    """

    def __init__(self, wording: Wording, *, named: bool = False) -> None:
        super().__init__()
        self._wording = wording
        self._named = named
        column = QVBoxLayout(self)
        pad(column, 0, 0.2)
        row = QHBoxLayout()
        pad(row, 0, 0.45)
        self._icon = Icon("info", token="muted", ems=1.15)
        self._state = elastic(label())
        self._battery = Battery()
        self._percent = label(role="muted", wrap=False)
        row.addWidget(self._icon)
        row.addWidget(self._state, 1)
        row.addWidget(self._battery)
        row.addWidget(self._percent)
        column.addLayout(row)
        self._advice = label()
        self._advice.hide()
        column.addWidget(self._advice)

    @property
    def said(self) -> str:
        """The word and the sentence in sight."""
        return " ".join(filter(None, (self._state.text(), "" if self._advice.isHidden() else self._advice.text())))

    def show_sensor(self, sensor: SensorFrame) -> None:
        """Show `sensor` as it is now; what is new is announced."""
        words = words_of(sensor, self._wording)
        self._icon.show_kind(words.icon, words.token)
        name = sensor.name if sensor.place is None else self._wording.text(f"place.{sensor.place}")
        state = f"{name} · {words.state}" if self._named else words.state
        set_property(self._state, "role", words.token)
        if self._advice.text() != words.advice:
            announce(self, words.advice)
        set_text(self._state, state)
        set_text(self._advice, words.advice)
        self._advice.setVisible(bool(words.advice))
        self._show_battery(sensor.battery_percent)

    def _show_battery(self, percent: int | None) -> None:
        self._battery.setVisible(percent is not None)
        self._battery.show_percent(percent)
        set_text(self._percent, "" if percent is None else self._wording.text("trainer.percent", n=percent))
        self._percent.setAccessibleName("" if percent is None else self._wording.text("trainer.battery", n=percent))


class SensorRow(QFrame):
    """A chosen sensor.

    Parameters
    ----------
    wording : Wording
    number : int
        Its number in the drawing.
    name : str
        What it is called.
    place : Place | None
        Where it is worn now.
    fixed : str
        In place of a choice: where it is worn always; "" where there is a choice.

    Signals
    -------
    placed(object)
        A `Place` was chosen, or None.
    """

    placed = Signal(object)

    def __init__(self, wording: Wording, number: int, name: str, place: Place | None, *, fixed: str = "") -> None:
        super().__init__()
        self.setProperty("card", "row")
        style = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, style.px(0.5), 0, style.px(0.4))
        column.setSpacing(style.px(0.35))
        head = QHBoxLayout()
        pad(head, 0, 0.6)
        side = style.px(1.9)
        badge = label(str(number), "step", wrap=False)
        badge.setFixedSize(side, side)
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head.addWidget(badge)
        head.addWidget(elastic(label(name, "heading")), 1)
        self.where = Dropdown()
        self.where.setFixedWidth(style.px(13.5))
        self.where.setAccessibleName(wording.text("sensors.where-of", device=name))
        self._fill(wording)
        self.show_place(place)
        self.where.activated.connect(lambda i: self.placed.emit(_PLACES[i]))
        head.addWidget(self.where)
        column.addLayout(head)
        self.where.setVisible(not fixed)
        if fixed:
            column.addWidget(label(fixed, "muted"))
        self.state = SensorState(wording)
        self.state.hide()
        column.addWidget(self.state)

    def show_sensor(self, sensor: SensorFrame | None) -> None:
        """Show how the sensor does; None: it is not being checked."""
        self.state.setVisible(sensor is not None)
        if sensor is not None:
            self.state.show_sensor(sensor)

    def show_place(self, place: Place | None) -> None:
        """Show where it is worn now."""
        self.where.setCurrentIndex(_PLACES.index(place))

    def _fill(self, wording: Wording) -> None:
        for place in _PLACES:
            self.where.addItem(wording.text(f"place.{place}" if place else "sensors.where-choose"))
