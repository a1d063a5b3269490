"""The top line of the trainer: drill, set, sensors with their batteries, and how the signal is."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from breathcore.feedback.frame import DeviceView, FeedbackFrame, SensorFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Battery, Icon
from breathcore.gui.sensor_text import most_urgent, short_name, words_of
from breathcore.gui.trainer_text import DASH
from breathcore.gui.widgets import FlowLayout, beside, label, pad, set_property, set_text

_NAMES_N = 32  # letters of two names that the top line has room for


class Charge(QWidget):
    """A name and the battery beside it, a dash where its level is not known."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._row = QHBoxLayout(self)
        self._name = label(role="muted", wrap=False)
        self._battery = Battery()
        self._percent = label(role="muted", wrap=False)
        for part in (self._name, self._battery, self._percent):
            self._row.addWidget(part)
        self.restyle()

    def tell(self, name: str, percent: int | None, *, unknown: str = "") -> None:
        """Show a name and a level in per cent; None: `unknown` stands in its place."""
        set_text(self._name, name)
        self._battery.setVisible(percent is not None)
        self._battery.show_percent(percent)
        set_text(self._percent, unknown if percent is None else self._wording.text("trainer.percent", n=percent))
        self._percent.setAccessibleName("" if percent is None else self._wording.text("trainer.battery", n=percent))

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._row, 0, 0.5)


class Straps(QWidget):
    """Name and battery of the sensor; of two, both; of more, or where names are long, how many and the weakest."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._row = QHBoxLayout(self)
        self._first, self._second = Charge(wording), Charge(wording)
        self._dot = label("·", "muted", wrap=False)
        for part in (self._first, self._dot, self._second):
            self._row.addWidget(part)
        self._row.addStretch(1)
        self.restyle()

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show the sensors of `frame`."""
        sensors = frame.sensors
        names = [short_name(sensor, self._wording) for sensor in sensors]
        both = len(sensors) == 2 and sum(map(len, names)) <= _NAMES_N
        for part in (self._dot, self._second):
            part.setVisible(both)
        if len(sensors) > 1 and not both:
            levels = [s.battery_percent for s in sensors if s.battery_percent is not None]
            self._first.tell(self._wording.text("trainer.sensors", n=len(sensors)), min(levels, default=None))
        elif both:
            for part, name, sensor in zip((self._first, self._second), names, sensors, strict=True):
                part.tell(name, sensor.battery_percent, unknown=DASH)
        elif frame.device is not None:
            self._first.tell(frame.device.name, frame.device.battery_percent)

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._row, 0, 0.5)
        self._first.restyle()
        self._second.restyle()


class Header(QWidget):
    """Drill and set on the left; strap, battery and signal on the right."""

    def __init__(self, wording: Wording, remark: str = "") -> None:
        super().__init__()
        self._wording = wording
        self._remark = remark  # beside the title, always
        row = FlowLayout(self)
        self._row = row
        self._title = label(role="title", wrap=False)
        self._set = label(role="muted", wrap=False)
        self._strap = Straps(wording)
        self._icon = Icon("info", token="muted", ems=1.1)
        self._signal = label(wrap=False)
        self._left = beside(self._title, self._set)
        self._right = beside(self._strap, self._icon, self._signal)
        row.addWidget(self._left)
        row.addWidget(self._right)
        row.justify = True

    def shorten(self, *, short: bool) -> None:
        """Leave only the signal beside the title: the strap stands elsewhere then."""
        self._strap.setVisible(not short)

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show title, set and strap."""
        drill = frame.drill
        set_text(self._title, self._wording.of(drill.title))
        sets = self._wording.text("trainer.set-of", n=drill.set_index + 1, total=drill.sets_n)
        facts = (self._remark, sets if drill.sets_n > 1 and frame.sweep is None else "")
        set_text(self._set, "  ·  ".join(filter(None, facts)))
        self._set.setVisible(any(facts))
        self._right.setVisible(frame.device is not None)
        if frame.device is not None:
            self._strap.show_frame(frame)
            self._show_signal(frame.device, frame.sensors)

    def _show_signal(self, device: DeviceView, sensors: Sequence[SensorFrame]) -> None:
        """Say how the signal is, or that a sensor needs looking after; of several sensors, which one."""
        troubled = most_urgent(sensors)
        if troubled is not None:
            words = words_of(troubled, self._wording)
            name = short_name(troubled, self._wording)
            which = self._wording.text("trainer.sensor-state", device=name, state=words.state)
            set_text(self._signal, which if len(sensors) > 1 else words.state)
            self._icon.show_kind(words.icon, words.token)
            set_property(self._signal, "role", words.token)
            return
        set_text(self._signal, self._wording.say(device.state) if device.state is not None else "")
        good = device.linked and device.state is not None and device.state.id in _GOOD_SIGNALS
        self._icon.show_kind(
            "check" if good else "warning" if device.linked else "lost", "good" if good else "attention"
        )
        set_property(self._signal, "role", "good" if good else "attention")

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._row, 0, 0.6)
        self._strap.restyle()


_GOOD_SIGNALS = frozenset({"signal.good", "signal.heart"})
