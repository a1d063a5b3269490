"""What preparing has more where the trunk is measured: results place by place, a tape reading, left against right."""

import json
from collections.abc import Sequence
from functools import partial
from statistics import fmean

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from breathcore.feedback.trunk_view import CalibrationView, TrunkView
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Icon
from breathcore.gui.pages.parts import Pills, clear, elastic, field
from breathcore.gui.widgets import FlowLayout, button, card, label, pad, set_text
from breathcore.model.device import Place
from breathcore.model.drill import CommandKind
from breathcore.session.trunk_drill import tape_fault

LEVELS = (Place.STERNUM, Place.LEFT, Place.NAVEL)  # chest, lower ribs, waist
READINGS_N = 3


class TrunkPrepare(QWidget):
    """Results of the calibration and, each at a press, a tape reading and the exchange of left and right.

    Signals
    -------
    said(object, str)
        A `CommandKind` for the session, with its text.
    exchange_over()
        The person exchanged the sensors, or does not want to now: not to be offered again by itself.
    """

    said = Signal(object, str)
    exchange_over = Signal()

    def __init__(self, wording: Wording, *, offer_exchange: bool) -> None:
        super().__init__()
        self._wording = wording
        self._offer = offer_exchange
        self._shown: tuple[CalibrationView, ...] = ()
        self._column = QVBoxLayout(self)
        pad(self._column, 0, 0.8)
        self._results, column = card(margin_em=1.2, spacing_em=0.45)
        column.addWidget(label(wording.text("prepare.results"), "heading"))
        self._rows = QVBoxLayout()
        pad(self._rows, 0, 0.3)
        column.addLayout(self._rows)
        self.tape_button = button(wording.text("prepare.tape"), partial(self._open, tape=True))
        self.exchange_button = button(wording.text("prepare.exchange"), partial(self._open, exchange=True))
        ways = FlowLayout()
        pad(ways, 0, 0.5)
        ways.addWidget(self.tape_button)
        ways.addWidget(self.exchange_button)
        self.back_button = button(wording.text("prepare.exchange.back"), self._exchanged)
        ways.addWidget(self.back_button)
        column.addLayout(ways)
        self._worn = label(role="muted")
        self._worn.hide()
        column.addWidget(self._worn)
        self._exchanges = False  # whether they have been exchanged at all
        self._kept = label(role="good")
        self._kept.hide()
        column.addWidget(self._kept)
        self.tape = TapeForm(wording)
        self.tape.kept.connect(self._keep)
        self.tape.closed.connect(self._open)
        self.exchange = self._exchange_card()
        for part in (self._results, self.tape, self.exchange):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self._tape_open = self._exchange_open = False
        self._open()

    def show_view(self, view: TrunkView | None) -> None:
        """Show what the calibration came to, and what to do about left and right."""
        results = () if view is None else view.calibrated
        if results != self._shown:
            self._shown = results
            self._show_results()
        both = view is not None and view.both_sides
        asked = view is not None and view.notice is not None and view.notice.id == "trunk.notice.exchange"
        other = both and view is not None and view.exchanged
        self._show_worn(other=other)
        may = both and not other
        shown = may and (self._exchange_open or self._offer or asked) and not self._tape_open
        self.exchange_button.setVisible(may and not shown)
        self.exchange.setVisible(shown)

    def _show_worn(self, *, other: bool) -> None:
        """Say which way about left and right are worn, once they have been exchanged; a mistake can be taken back."""
        self._exchanges |= other
        self.back_button.setVisible(other)
        self._worn.setVisible(self._exchanges)
        set_text(self._worn, self._wording.text(f"prepare.exchange.worn-{'other' if other else 'first'}"))

    # parts

    def _show_results(self) -> None:
        clear(self._rows)
        for result in self._shown:
            self._rows.addWidget(self._row(result))

    def _row(self, result: CalibrationView) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        pad(row, 0, 0.6)
        bad, changed = result.message is not None, result.change is not None
        icon, token = ("lost", "attention") if bad else ("warning", "attention") if changed else ("check", "good")
        row.addWidget(Icon(icon, token=token, ems=1.15))
        row.addWidget(elastic(label(self._words(result))), 1)
        return box

    def _words(self, result: CalibrationView) -> str:
        text, number = self._wording.text, self._wording.number
        site = text("prepare.brace" if result.place is None else f"place.{result.place.value}")
        if result.message is not None:
            return text("prepare.result.refused", site=site, why=self._wording.say(result.message))
        if result.span is None:
            return text("prepare.result.brace")
        if result.change is not None:
            more = text("prepare.result.more" if result.change > 0 else "prepare.result.less")
            return text("prepare.result.changed", site=site, percent=round(100 * abs(result.change)), more=more)
        unit = result.unit if result.unit == "°" else f" {result.unit}"
        span = f"{number(result.span, 1)}{unit}".rstrip()
        if result.cm is not None:
            return text("prepare.result.cm", site=site, span=span, cm=number(result.cm, 1))
        return text("prepare.result.learned", site=site, span=span)

    def _exchange_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.5)
        column.addWidget(label(self._wording.text("prepare.exchange.title"), "heading"))
        column.addWidget(label(self._wording.text("prepare.exchange.how")))
        ways = FlowLayout()
        pad(ways, 0, 0.5)
        self.exchanged = button(self._wording.text("prepare.exchange.done"), self._exchanged, kind="primary")
        self.not_now = button(self._wording.text("prepare.exchange.not-now"), self._not_now)
        ways.addWidget(self.exchanged)
        ways.addWidget(self.not_now)
        column.addLayout(ways)
        return frame

    # what the person does

    def _open(self, *, tape: bool = False, exchange: bool = False) -> None:
        self._tape_open, self._exchange_open = tape, exchange
        self.tape.setVisible(tape)
        self._results.setVisible(not tape)  # one thing at a time, and room for it
        self.tape_button.setVisible(not tape)
        self.exchange.setVisible(exchange)

    def _keep(self, place: Place, values: Sequence[float]) -> None:
        cm = [round(v, 2) for v in values]
        self.said.emit(CommandKind.TAPE, json.dumps({"place": place.value, "cm": cm}))
        set_text(self._kept, self._wording.text("prepare.tape.kept", cm=self._wording.number(fmean(cm), 1)))
        self._kept.show()
        self._open()

    def _exchanged(self) -> None:
        """Say that left and right have been exchanged (or back), and learn both ranges again."""
        self._offer = False
        self._open()
        self.exchange_over.emit()
        self.said.emit(CommandKind.EXCHANGE, "")
        self.said.emit(CommandKind.CALIBRATE, "")

    def _not_now(self) -> None:
        self._offer = False
        self._open()
        self.exchange_over.emit()


class TapeForm(QFrame):
    """Where a tape lay and three readings of it, in cm; their mean is shown.

    Signals
    -------
    kept(object, object)
        The place, and the readings in cm.
    closed()
        No reading after all.
    """

    kept = Signal(object, object)
    closed = Signal()

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self.setProperty("card", "true")
        text = wording.text
        column = QVBoxLayout(self)
        pad(column, 1.2, 0.5)
        column.addWidget(label(text("prepare.tape.title"), "heading"))
        column.addWidget(label(text("prepare.tape.how"), "muted"))
        options = [(p.value, text(f"prepare.tape.level.{p.value}")) for p in LEVELS]
        self.level = Pills(text("prepare.tape.level"), options)
        self.level.choose(Place.LEFT.value)
        column.addLayout(field(text("prepare.tape.level"), self.level))
        row = QHBoxLayout()
        pad(row, 0, 0.5)
        self.readings = [QLineEdit() for _ in range(READINGS_N)]
        for n, edit in enumerate(self.readings, 1):
            edit.setMaxLength(5)
            edit.setAccessibleName(text("prepare.tape.reading", n=n))
            edit.textChanged.connect(lambda _text: self._show_mean())
            row.addWidget(edit)
        column.addLayout(row)
        self._mean = label()
        column.addWidget(self._mean)
        self.keep = button(text("prepare.tape.keep"), self._keep, kind="primary")
        ways = FlowLayout()
        pad(ways, 0, 0.5)
        ways.addWidget(self.keep)
        ways.addWidget(button(text("prepare.tape.close"), self.closed.emit))
        column.addLayout(ways)
        self._show_mean()

    def _values(self) -> tuple[float, ...]:
        """Return the readings, none where one is missing or is no number."""
        try:
            return tuple(float(edit.text().strip().replace(",", ".")) for edit in self.readings)
        except ValueError:
            return ()

    def _show_mean(self) -> None:
        values, text = self._values(), self._wording.text
        fault = tape_fault(values)
        self.keep.setEnabled(not fault)
        if fault:
            set_text(self._mean, text(f"prepare.tape.{fault}"))
        else:
            set_text(self._mean, text("prepare.tape.mean", cm=self._wording.number(fmean(values), 1)))

    def _keep(self) -> None:
        self.kept.emit(Place(self.level.choice), self._values())
