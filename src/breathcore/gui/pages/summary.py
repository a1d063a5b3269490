"""What the session came to: one honest sentence, the rate's way, the score's parts, and how it felt."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.icons import Icon
from breathcore.gui.pages.parts import Columns, Page, elastic
from breathcore.gui.pages.start import when_text
from breathcore.gui.pages.trunk_summary import TrunkCard
from breathcore.gui.services import Measured, SummaryView
from breathcore.gui.widgets import ZeroToTen, button, card, label, pad
from breathcore.model.drill import ScorePart

NONE = "—"


def rate_text(rate_bpm: float | None, wording: Wording) -> str:
    """Return a rate as it is displayed: 0.1 below 10/min, 0.5 above, a dash where there is none."""
    if rate_bpm is None:
        return NONE
    return wording.number(rate_bpm if rate_bpm < 10 else round(2 * rate_bpm) / 2, 1)


def duration_text(seconds: float, wording: Wording) -> str:
    """Return minutes and seconds in words."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return wording.text("start.seconds", seconds=rest)
    if not rest:
        return wording.text("start.minutes", minutes=minutes)
    return wording.text("summary.duration", minutes=minutes, seconds=rest)


class SummaryPage(Page):
    """The page after a session.

    Signals
    -------
    rated(object, object)
        Pain and effort, each 0–10 or None.
    noted(str)
        A note was written.
    again(), export(), review(), done()
        Ways on.
    """

    rated = Signal(object, object)
    noted = Signal(str)
    again = Signal()
    export = Signal()
    review = Signal()
    done = Signal()

    def __init__(self, wording: Wording, view: SummaryView) -> None:
        super().__init__(wording)
        self.view = view
        self._noted = view.note
        self.title(wording.say(view.sentence), self._facts())
        columns = Columns(60, (8, 7))
        columns.first.addWidget(self._rate_card())
        columns.first.addWidget(self._feel_card())
        columns.first.addStretch(1)
        columns.second.addWidget(self._score_card())
        self.trunk = None if view.trunk is None else TrunkCard(wording, view.trunk)
        if self.trunk is not None:
            columns.second.addWidget(self.trunk)
        columns.second.addWidget(self._measured_card())
        columns.second.addStretch(1)
        self.content.addWidget(columns)
        self.content.addStretch(1)
        self.done_button = button(self.text("summary.done"), self._done, kind="primary", drill=True)
        self.footer(
            button(self.text("summary.review"), self._review, drill=True),
            button(self.text("summary.export"), self.export.emit, drill=True),
            right=(button(self.text("summary.again"), self._again, drill=True), self.done_button),
        )

    def save_note(self) -> None:
        """Hand over a note that was changed."""
        text = self.note.toPlainText().strip()
        if text != self._noted:
            self._noted = text
            self.noted.emit(text)

    def _facts(self) -> str:
        view = self.view
        facts = [self.words.of(view.title), when_text(view.started, self.words)]
        facts.append(duration_text(view.done_s, self.words))
        if view.person:
            facts.append(view.person)
        if view.simulated:
            facts.append(self.text("start.row.simulated"))
        return " · ".join(facts)

    def _rate_card(self) -> QFrame:
        view = self.view
        frame, column = card(margin_em=1.2, spacing_em=0.7)
        column.addWidget(label(self.text("summary.rate"), "title"))
        row = QHBoxLayout()
        pad(row, 0, 1.2)
        rates = (("before", view.rate_before_bpm), ("during", view.rate_during_bpm), ("after", view.rate_after_bpm))
        for i, (name, rate) in enumerate(rates):
            if i:
                row.addWidget(Arrow())
            row.addLayout(self._rate(name, rate))
        row.addStretch(1)
        column.addLayout(row)
        if view.rate_target_bpm is not None:
            target = rate_text(view.rate_target_bpm, self.words)
            column.addWidget(label(self.text("summary.target", rate=target), "muted"))
        if view.rate_message is not None:
            column.addWidget(label(self.words.say(view.rate_message), "muted"))
        elif any(rate is None for _, rate in rates):
            column.addWidget(label(self.text("summary.rate.none"), "small"))
        if view.heart_bpm is not None:
            column.addWidget(label(self.text("summary.heart", heart=self.words.number(view.heart_bpm)), "muted"))
        return frame

    def _rate(self, name: str, rate_bpm: float | None) -> QVBoxLayout:
        column = QVBoxLayout()
        pad(column, 0, 0.1)
        column.addWidget(label(rate_text(rate_bpm, self.words), "hero", wrap=False))
        column.addWidget(label(self.text(f"summary.{name}"), "muted", wrap=False))
        return column

    def _measured_card(self) -> QWidget:
        frame, column = card(margin_em=1.2, spacing_em=0.5)
        column.addWidget(label(self.text("summary.measured"), "heading"))
        for measured in self.view.measured:
            column.addWidget(self._measured(measured))
        if self.view.lost_s >= 1:
            lost = duration_text(self.view.lost_s, self.words)
            column.addWidget(label(self.text("summary.lost", duration=lost), "attention"))
        if not self.view.measured and self.view.lost_s < 1:
            frame.hide()
        return frame

    def _measured(self, measured: Measured) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        pad(row, 0, 0.6)
        seen = measured.reason is None
        row.addWidget(Icon("check" if seen else "info", token="good" if seen else "muted", ems=1.2))
        name = self.text(f"summary.measured.{measured.id}")
        reason = self.words.say(measured.reason) if measured.reason is not None else self.text("summary.measured.yes")
        row.addWidget(elastic(label(f"{name}: {reason}")), 1)
        return line

    def _score_card(self) -> QFrame:
        score = self.view.score
        frame, column = card(margin_em=1.2, spacing_em=0.6)
        column.addWidget(label(self.text("summary.score"), "title"))
        if score.total is None:
            column.addWidget(label(self.text("summary.score.none"), "muted"))
        else:
            number = label(self.text("summary.score.of", score=self.words.number(score.total)), "number", wrap=False)
            column.addWidget(number)
        grid = QGridLayout()
        pad(grid, 0, 0.7)
        grid.setColumnStretch(1, 1)
        for i, part in enumerate(score.parts):
            self._part(grid, i, part)
        column.addLayout(grid)
        for advice in self.view.advice:
            column.addWidget(label(self.words.say(advice)))
        return frame

    def _part(self, grid: QGridLayout, row: int, part: ScorePart) -> None:
        name = self.text(f"score.{part.id}")
        grid.addWidget(label(name, wrap=False), row, 0)
        if part.value is None or math.isnan(part.value):
            grid.addWidget(label(self.text("summary.not-measured"), "muted"), row, 1, 1, 2)
            return
        bar = QProgressBar()
        bar.setTextVisible(False)
        bar.setRange(0, 100)
        bar.setValue(round(100 * part.value))
        percent = self.text("summary.percent", percent=round(100 * part.value))
        bar.setAccessibleName(f"{name}: {percent}")
        grid.addWidget(bar, row, 1)
        grid.addWidget(label(percent, wrap=False), row, 2)

    def _feel_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=1.0)
        column.addWidget(label(self.text("summary.feel"), "title"))
        if any(m.id == "brace" and m.reason is not None for m in self.view.measured):
            column.addWidget(label(self.text("summary.self-rated"), "muted"))
        self.ratings = Ratings(self.words, self.view.pain, self.view.effort)
        self.ratings.rated.connect(self.rated)
        column.addWidget(self.ratings)
        self.note = QPlainTextEdit(self.view.note)
        self.note.setTabChangesFocus(True)
        self.note.setAccessibleName(self.text("summary.note"))
        self.note.setPlaceholderText(self.text("summary.note.hint"))
        self.note.setFixedHeight(theme.current().px(3.6))
        caption = label(self.text("summary.note"), "heading")
        caption.setBuddy(self.note)
        column.addWidget(caption)
        column.addWidget(self.note)
        return frame

    def _again(self) -> None:
        self.save_note()
        self.again.emit()

    def _review(self) -> None:
        self.save_note()
        self.review.emit()

    def _done(self) -> None:
        self.save_note()
        self.done.emit()


class Arrow(QWidget):
    """A thin arrow from one number to the next."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        pad(row, 0, 0)
        row.addWidget(label("→", "number", wrap=False))


class Ratings(QWidget):
    """Pain and effort, 0–10, one tap each.

    Signals
    -------
    rated(object, object)
        Pain and effort as far as they are told.
    """

    rated = Signal(object, object)

    def __init__(self, wording: Wording, pain: int | None = None, effort: int | None = None) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        pad(column, 0, 0.9)
        self.pain = _scale(wording, "pain", pain)
        self.effort = _scale(wording, "effort", effort)
        for scale in (self.pain, self.effort):
            column.addWidget(scale)
            scale.answered.connect(lambda _n: self.rated.emit(self.pain.value, self.effort.value))


def _scale(wording: Wording, name: str, value: int | None) -> ZeroToTen:
    texts = (wording.text(f"summary.{name}{part}") for part in ("", ".low", ".high"))
    scale = ZeroToTen(*texts)
    if value is not None:
        scale.choose(value)
    return scale
