"""The Sensors page: what is in reach and what it can measure, where it is worn, and whether its signal is good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.sight import sees_breath, sights
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Icon
from breathcore.gui.pages.body import USUAL, BodyMap, marks_of
from breathcore.gui.pages.notice import Notice
from breathcore.gui.pages.parts import ChoiceCard, Columns, Page, clear, elastic
from breathcore.gui.pages.sensor_row import SensorRow
from breathcore.gui.sensor_text import is_fine, measures, nearness
from breathcore.gui.services import SIMULATED_DEVICE, FoundDevice
from breathcore.gui.widgets import announce, button, card, label, pad, set_text
from breathcore.model.device import DeviceSpec, Place
from breathcore.session.rig import all_simulated, rig
from breathcore.session.settings import ChosenSensor

FINE_AFTER_S = 8.0  # without trouble since the check began: a bad fit shows itself only after some seconds


@dataclass(frozen=True, slots=True)
class _Known:
    """A sensor that can be ticked: as it is stored, and what it is."""

    sensor: ChosenSensor
    spec: DeviceSpec


class SensorsPage(Page):
    """Choosing sensors and giving each its place; what is ticked is what a session uses.

    Parameters
    ----------
    wording : Wording
    devices : Sequence[DeviceSpec]
        The wearables the program knows.
    chosen : Sequence[ChosenSensor]
        Those ticked already; none: the simulated strap.

    Signals
    -------
    scan(bool)
        Look for sensors, or stop looking.
    check(bool)
        Connect to the ticked sensors to see their signal, or stop that.
    changed(object)
        The ticked sensors, a tuple of `ChosenSensor`.
    leave()
        Back to the start page.
    """

    scan = Signal(bool)
    check = Signal(bool)
    changed = Signal(object)
    leave = Signal()

    def __init__(self, wording: Wording, devices: Sequence[DeviceSpec], chosen: Sequence[ChosenSensor] = ()) -> None:
        super().__init__(wording)
        self._specs = {d.id: d for d in devices}
        self._known: dict[str, _Known] = {}
        self._rig = {s.address: _Known(s, self._specs[s.device_id]) for s in rig(self._specs)}
        self._cards: dict[str, ChoiceCard] = {}
        self._ticked: list[str] = []
        self._current = ""  # the sensor that a tap on the drawing places
        self._searching = self._checking = False
        self._troubled_s = 0.0  # session time of the check at which a sensor was last not well
        self.rows: list[SensorRow] = []
        self.title(self.text("sensors.title"))
        columns = Columns(54, (10, 11))
        columns.first.addWidget(self._reach_card())
        self.sights_card = self._sight_card()
        columns.first.addWidget(self.sights_card)
        columns.first.addStretch(1)
        columns.second.addWidget(self._body_card())
        columns.second.addStretch(1)
        self.content.addWidget(columns)
        self.content.addStretch(1)
        self.check_button = button("", self._toggle_check, drill=True)
        self.done = button(self.text("sensors.done"), self.leave.emit, kind="primary", drill=True)
        self.footer(self.check_button, right=(self.done,))
        if chosen and all_simulated(chosen):
            self._wear_rig()
        else:
            for sensor in chosen:
                self._add(sensor, self.text("sensor.last"), ticked=True)
        self.scanning(on=False)
        self.checking(on=False)
        self._show_chosen()

    @property
    def chosen(self) -> tuple[ChosenSensor, ...]:
        """The ticked sensors in their order, none: the simulated strap."""
        return tuple(self._known[key].sensor for key in self._ticked)

    # what the window tells

    def found(self, device: FoundDevice) -> None:
        """List a sensor in reach, or take the news of one that is listed."""
        spec = self._specs.get(device.device_id)
        if spec is None:
            return
        near = self.text(nearness(device.rssi_dbm)) if device.rssi_dbm is not None else ""
        self._empty.hide()
        if device.address in self._cards:
            self._cards[device.address].tell(near)
            return
        self._add(ChosenSensor(device.device_id, device.address, device.name), near)
        announce(self, device.name)

    def scanning(self, *, on: bool) -> None:
        """Show whether sensors are being looked for."""
        self._searching = on
        words = self.text("sensor.stop" if on else "sensor.search")
        self._search.setText(words)
        self._search.setAccessibleName(words)
        self._empty.setVisible(on and not self._cards)
        set_text(self._state, self.text("sensor.searching") if on else "")
        self._state.setVisible(on)
        if on:
            self.problem.say("")

    def scan_failed(self, sentence: str) -> None:
        """Say why there can be no search, and bring it into sight."""
        self.scanning(on=False)
        self.problem.say(sentence)
        QTimer.singleShot(0, self, partial(self.area.ensureWidgetVisible, self.problem))

    def checking(self, *, on: bool) -> None:
        """Show whether the signal of the ticked sensors is being checked."""
        self._checking = on
        self._troubled_s = 0.0
        words = self.text("sensors.check-stop" if on else "sensors.check")
        self.check_button.setText(words)
        self.check_button.setAccessibleName(words)
        for made in (*self._cards.values(), self._simulated, self._round, self._search):
            made.setEnabled(not on)
        for row in self.rows:
            row.where.setEnabled(not on)
            row.show_sensor(None)
        self.body.setEnabled(not on)
        self._tap_what.setHidden(on)
        self.notice.say("")

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show how the ticked sensors do; they come in the order in which they were ticked."""
        if not self._checking:
            return
        for row, sensor in zip(self.rows, frame.sensors, strict=False):
            row.show_sensor(sensor)
        if not frame.sensors or not all(is_fine(sensor) for sensor in frame.sensors):
            self._troubled_s = frame.t_s
        fine = frame.t_s - self._troubled_s >= FINE_AFTER_S
        self.notice.say(self.text("sensors.check-fine") if fine else "", calm=True)

    # the parts

    def _reach_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.5)
        head = QHBoxLayout()
        pad(head, 0, 0.6)
        column.addLayout(head)
        self._search = button("", lambda: self.scan.emit(not self._searching))
        head.addWidget(elastic(label(self.text("sensors.reach"), "title")), 1)
        head.addWidget(self._search)
        self._state = label(role="muted")
        self._empty = label(self.text("sensors.none-yet"))
        self.problem = Notice()
        self._list = QVBoxLayout()
        pad(self._list, 0, 0.45)
        for part in (self._state, self._empty, self.problem):
            column.addWidget(part)
        column.addLayout(self._list)
        self._simulated = ChoiceCard(self.text("sensor.simulated"), fact=self.text("sensor.simulated.about"))
        self._simulated.clicked.connect(lambda _checked=False: self._simulate())
        column.addWidget(self._simulated)
        self._round = ChoiceCard(self.text("sensor.rig"), fact=self.text("sensor.rig.about"))
        self._round.clicked.connect(lambda _checked=False: self._choose_rig())
        self._round.setHidden(not self._rig)
        column.addWidget(self._round)
        return frame

    def _sight_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.4)
        column.addWidget(label(self.text("sensors.sight"), "title"))
        self._sights = QVBoxLayout()
        pad(self._sights, 0, 0.35)
        column.addLayout(self._sights)
        return frame

    def _body_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.5)
        column.addWidget(label(self.text("sensors.where"), "title"))
        self._tap_what = label(role="muted")
        column.addWidget(self._tap_what)
        self.body = BodyMap(self.words)
        self.body.tapped.connect(self._tapped)
        column.addWidget(self.body)
        self.conflict = Notice()
        column.addWidget(self.conflict)
        self._rows = QVBoxLayout()
        pad(self._rows, 0, 0)
        column.addLayout(self._rows)
        return frame

    # choosing

    def _add(self, sensor: ChosenSensor, fact: str, *, ticked: bool = False) -> None:
        spec = self._specs.get(sensor.device_id)
        if spec is None:  # a file of the person's own that has gone
            return
        sensor = replace(sensor, name=sensor.name or spec.name)
        key = sensor.address or sensor.device_id
        made = ChoiceCard(sensor.name, measures(spec, self.words), aside=fact)
        made.clicked.connect(lambda on: self._tick(key, on=on))
        self._known[key], self._cards[key] = _Known(sensor, spec), made
        self._list.addWidget(made)
        self._order()
        if ticked:
            made.setChecked(True)
            self._ticked.append(key)

    def _tick(self, key: str, *, on: bool) -> None:
        if on:
            self._take_off_rig()
            self._ticked.append(key)
            known = self._known[key]
            usual = USUAL.get(known.spec.placement) if sees_breath(known.spec) else None
            free = usual not in self._places(besides=key)
            if known.sensor.place is None and free:
                self._known[key] = replace(known, sensor=replace(known.sensor, place=usual))
            self._current = key
        else:
            self._ticked.remove(key)
        self._changed()

    def _simulate(self) -> None:
        """Untick every sensor; the simulated strap stays ticked, as there must be something to train with."""
        self._untick_all()
        self._changed()

    def _choose_rig(self) -> None:
        """Untick every sensor and wear the simulated ones all round."""
        self._untick_all()
        self._wear_rig()
        self._changed()

    def _untick_all(self) -> None:
        self._take_off_rig()
        for key in self._ticked:
            self._cards[key].setChecked(False)
        self._ticked.clear()

    def _wear_rig(self) -> None:
        self._known.update(self._rig)
        self._ticked = list(self._rig)

    def _take_off_rig(self) -> None:
        self._ticked = [key for key in self._ticked if key not in self._rig]
        for key in self._rig:
            self._known.pop(key, None)

    @property
    def _rigged(self) -> bool:
        return bool(self._ticked) and self._ticked[0] in self._rig

    def _place(self, key: str, place: Place | None) -> None:
        known = self._known[key]
        self._known[key] = replace(known, sensor=replace(known.sensor, place=place))
        unplaced = [k for k in self._placeable() if self._known[k].sensor.place is None]
        self._current = unplaced[0] if unplaced else key
        self.rows[self._ticked.index(key)].show_place(place)
        self._show_worn()
        self.changed.emit(self.chosen)

    def _tapped(self, place: Place) -> None:
        if self._current and not self._rigged:
            self._place(self._current, place)

    def _placeable(self) -> list[str]:
        return [key for key in self._ticked if sees_breath(self._known[key].spec)]

    def _places(self, *, besides: str = "") -> list[Place | None]:
        return [self._known[key].sensor.place for key in self._placeable() if key != besides]

    def _changed(self) -> None:
        self._show_chosen()
        self.changed.emit(self.chosen)

    # showing

    def _show_chosen(self) -> None:
        self._simulated.setChecked(not self._ticked)
        self._round.setChecked(self._rigged)
        if self._current not in self._placeable():
            self._current = next(iter(self._placeable()), "")
        self._show_rows()
        self._show_worn()

    def _show_worn(self) -> None:
        self._show_body()
        self._show_sights()

    def _show_rows(self) -> None:
        clear(self._rows)
        self.rows = [self._row(i + 1, key) for i, key in enumerate(self._ticked)]
        if not self.rows:
            name, place = self.text("sensor.simulated"), self.text("place.sternum")
            self.rows = [SensorRow(self.words, 1, name, None, fixed=place)]
        for row in self.rows:
            self._rows.addWidget(row)
        self._order()

    def _order(self) -> None:
        """Let Tab go from top to bottom, column by column, whatever came last."""
        where = [row.where for row in self.rows]
        chain = (self._search, *self._cards.values(), self._simulated, self._round, *self.body.spots.values(), *where)
        for before, after in pairwise((*chain, self.check_button, self.done)):
            QWidget.setTabOrder(before, after)

    def _row(self, number: int, key: str) -> SensorRow:
        sensor, spec = self._known[key].sensor, self._known[key].spec
        fixed = "" if sees_breath(spec) else self.text(f"placement.{spec.placement}")
        if key in self._rig:
            fixed = self.text(f"place.{sensor.place}")
        row = SensorRow(self.words, number, sensor.name, sensor.place, fixed=fixed)
        row.placed.connect(partial(self._place, key))
        return row

    def _show_body(self) -> None:
        marks = marks_of(self._worn())
        self.body.show_marks(marks)
        self._show_what_to_tap()
        crowded = next((place for place, those in marks.numbers.items() if len(those) > 1), None)
        self.conflict.say("" if crowded is None else self._conflict(crowded, marks.numbers[crowded]))

    def _show_what_to_tap(self) -> None:
        sensor = self._known[self._current].sensor if self._current else None
        if sensor is None:
            words = self.text("sensors.tap-none")
        elif self._rigged:
            words = self.text("sensors.tap-rig")
        else:
            number = self._ticked.index(self._current) + 1
            words = self.text("sensors.tap", number=number, device=sensor.name)
        set_text(self._tap_what, words)

    def _conflict(self, place: Place, numbers: Sequence[int]) -> str:
        names = [self._known[self._ticked[n - 1]].sensor.name for n in numbers]
        first, second = names[:2]
        return self.text("sensors.conflict", first=first, second=second, place=self.text(f"place.{place}"))

    def _worn(self) -> list[tuple[DeviceSpec, Place | None]]:
        """Return what a session would use."""
        worn = [(self._known[key].spec, self._known[key].sensor.place) for key in self._ticked]
        return worn or [(self._specs[SIMULATED_DEVICE], Place.STERNUM)]

    def _show_sights(self) -> None:
        clear(self._sights)
        seen = sights(self._worn())
        for reason, alike in groupby(seen, lambda sight: sight.reason):  # what shares its reason shares its line
            what = ", ".join(self.text(f"sight.{sight.id}") for sight in alike)
            if reason is None:
                self._sights.addWidget(_line("check", "good", what))
            else:
                text = self.text("sight.not", what=what, why=self.words.say(reason))
                self._sights.addWidget(_line("close", "muted", text))

    def _toggle_check(self) -> None:
        self.check.emit(not self._checking)


def _line(icon: str, token: str, text: str) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    pad(row, 0, 0.6)
    row.addWidget(Icon(icon, token=token, ems=1.15))
    row.addWidget(elastic(label(text, "" if token == "good" else "muted")), 1)
    return box
