"""The first page: put it on, what to do today, with what, how long, for whom; and what was done before."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial

from PySide6.QtCore import QDate, QLocale, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from breathcore.drill.screening import locked
from breathcore.drill.timeline import plan
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.pages.parts import ChoiceCard, Columns, Dropdown, Page, Pills, clear, elastic, field
from breathcore.gui.pages.puton import PutOn
from breathcore.gui.sensor_text import Worn
from breathcore.gui.services import SessionChoice, SessionRow
from breathcore.gui.widgets import FlowLayout, button, card, label, pad
from breathcore.model.drill import DrillSpec
from breathcore.session import practice
from breathcore.session.rig import all_simulated
from breathcore.session.settings import Settings, StoredRate

LENGTHS_MIN = (2, 5, 10)
DOSE = "dose"
RECENT_N = 5


def minutes_of(drill: DrillSpec, pattern_id: str = "") -> float:
    """Return about how long a form's own dose takes, minutes, rests included; of a sweep the glides, too."""
    dose, pattern = drill.dose, drill.pattern(pattern_id)
    if pattern.rates_bpm:
        return plan(drill, pattern, None, 0.0).end_s / 60
    work_s = dose.minutes * 60 if dose.minutes else dose.sets * (dose.cycles or 0) * drill.pattern().cycle_s
    return (work_s + (dose.sets - 1) * dose.rest_s) / 60


def when_text(moment: datetime, wording: Wording) -> str:
    """Return day and time in the page's language."""
    day = QDate(moment.year, moment.month, moment.day)
    return f"{QLocale(wording.language).toString(day, wording.text('start.day'))}, {moment:%H:%M}"


def kept_text(rate: StoredRate, wording: Wording, today: date) -> str:
    """Return what is known of a person's own rate, and whether to look again."""
    with suppress(ValueError):
        on = date.fromisoformat(rate.on)
        day = QLocale(wording.language).toString(QDate(on.year, on.month, on.day), QLocale.FormatType.LongFormat)
        id_ = "resonance.kept" if rate.by_heart else "resonance.kept.comfort"
        old = practice.again(rate, today)
        more = "" if old is practice.Again.NOT_YET else " " + wording.text(f"resonance.kept.{old.value}")
        return wording.text(id_, rate=rate.rate_bpm, day=day) + more
    return ""


class StartPage(Page):
    """Everything that has to be chosen, filled in as it was last time, so that one press is enough.

    Parameters
    ----------
    wording : Wording
    drills : Sequence[DrillSpec]
        On offer.
    settings : Settings
        What was chosen last.
    worn : Sequence[Worn]
        What a session will use.

    Signals
    -------
    start(object)
        A `SessionChoice` without screening.
    sensors()
        Choose sensors.
    open_, replay, export, delete(object)
        A `SessionRow` and what to do with it.
    settings()
        Show the settings.
    """

    start = Signal(object)
    sensors = Signal()
    open_ = Signal(object)
    replay = Signal(object)
    export = Signal(object)
    delete = Signal(object)
    settings = Signal()

    def __init__(self, wording: Wording, drills: Sequence[DrillSpec], settings: Settings, worn: Sequence[Worn]) -> None:
        super().__init__(wording)
        self._worn = worn
        self._drills = {d.id: d for d in drills}
        self._settings = settings
        self._head()
        columns = Columns(52, (11, 19), second_above=True)
        columns.second.addWidget(self._drill_card())  # added first: Tab goes from what to do to what was done
        columns.second.addWidget(self._details())
        columns.second.addStretch(1)
        columns.first.addWidget(self._put_on())
        columns.first.addWidget(self._recent_card())
        columns.first.addStretch(1)
        self.content.addWidget(columns)
        self.content.addStretch(1)
        self.start_button = button(self.text("start.go"), self._go, kind="primary", icon="play", drill=True)
        self._chosen = label(role="muted")
        self.footer(self._chosen, right=(self.start_button,))
        self._select(settings.last_drill)
        self.lengths.chosen.connect(self._tell)

    def choice(self) -> SessionChoice:
        """Return what is chosen now."""
        return SessionChoice(
            self.drill_id,
            self._settings.sensors,
            self.form.currentData() or "",
            self._minutes(),
            self.person.text().strip(),
            opened=self._opened,
        )

    @property
    def _opened(self) -> bool:
        return self.person.text().strip() in self._settings.opened

    @property
    def drill_id(self) -> str:
        """The chosen drill's id."""
        return next(id_ for id_, made in self.cards.items() if made.isChecked())

    def show_sessions(self, rows: Sequence[SessionRow], *, all_: bool = False) -> None:
        """List the stored sessions, newest first."""
        clear(self._rows)
        if not rows:
            self._rows.addWidget(label(self.text("start.recent.none"), "muted"))
        for row in rows if all_ else rows[:RECENT_N]:
            self._rows.addWidget(self._row(row))
        if len(rows) > RECENT_N and not all_:
            more = button(self.text("start.recent.all", count=len(rows)), kind="row")
            more.clicked.connect(lambda _checked=False: self.show_sessions(rows, all_=True))
            self._rows.addWidget(more)

    def _head(self) -> None:
        row = QHBoxLayout()
        pad(row, 0, 1)
        column = QVBoxLayout()
        pad(column, 0, 0.2)
        column.addWidget(label(self.text("start.title"), "hero"))
        column.addWidget(elastic(label(self.text("start.subtitle"), "muted")))
        row.addLayout(column, 1)
        row.addWidget(button(self.text("settings.open"), self.settings.emit, kind="quiet"))
        self.content.addLayout(row)

    def _put_on(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.7)
        column.addWidget(label(self.text("start.puton"), "title"))
        column.addWidget(PutOn(self.words, self._worn, 10.5, self.text("start.step.signal")))
        return frame

    def _drill_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.55)
        column.addWidget(label(self.text("start.drill"), "title"))
        group = QButtonGroup(frame)
        self.cards: dict[str, ChoiceCard] = {}
        for drill in self._drills.values():
            minutes = self.text("start.about", minutes=round(minutes_of(drill)) or 1)
            made = ChoiceCard(self.words.of(drill.title), self.words.of(drill.purpose), aside=minutes)
            made.clicked.connect(lambda _checked=False: self._drill_changed())
            group.addButton(made)
            self.cards[drill.id] = made
            column.addWidget(made)
        return frame

    def _details(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=1.0)
        options = [(str(n), self.text("start.minutes", minutes=n)) for n in LENGTHS_MIN]
        self.lengths = Pills(self.text("start.length"), [*options, (DOSE, "")])
        wanted = self._settings.last_minutes
        self.lengths.choose(str(round(wanted)) if wanted in LENGTHS_MIN else DOSE)
        column.addLayout(field(self.text("start.length"), self.lengths))
        columns = Columns(34, (5, 4), spacing_em=1.2)
        column.addWidget(columns)
        self.form = Dropdown()
        self.sensors_button = button(self.text("start.sensors.choose"), self.sensors.emit)
        columns.first.addLayout(self._sensors())
        columns.first.addStretch(1)
        self.person = QLineEdit(self._settings.last_person)
        self.person.setMaxLength(60)
        self.person.setPlaceholderText(self.text("start.person.hint"))
        self.person.setToolTip(self.text("start.person.hint"))
        self.person.setAccessibleDescription(self.text("start.person.hint"))
        columns.second.addLayout(field(self.text("start.person"), self.person))
        columns.second.addLayout(field(self.text("start.form"), self.form))
        self.kept = label(role="muted")
        columns.second.addWidget(self.kept)
        self.lock = label(self.text("start.form.lock"), "muted")
        columns.second.addWidget(self.lock)
        self.person.textChanged.connect(lambda _text: self._show_kept())
        self.person.textChanged.connect(lambda _text: self._show_locks())
        self.form.currentIndexChanged.connect(lambda _index: self._form_changed())
        columns.second.addStretch(1)
        return frame

    def _sensors(self) -> QVBoxLayout:
        column = QVBoxLayout()
        pad(column, 0, 0.35)
        column.addWidget(label(self.text("start.sensor"), "heading"))
        for name in self._sensor_names():
            column.addWidget(label(name))
        column.addWidget(self.sensors_button)
        return column

    def _sensor_names(self) -> list[str]:
        if self._settings.sensors and all_simulated(self._settings.sensors):
            return [self.text("start.rig")]
        return [
            f"{s.name} · {self.text(f'place.{s.place}')}" if s.place else s.name for s in self._settings.sensors
        ] or [self.text("sensor.simulated")]

    def _recent_card(self) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.4)
        column.addWidget(label(self.text("start.recent"), "title"))
        self._rows = QVBoxLayout()
        pad(self._rows, 0, 0)
        column.addLayout(self._rows)
        return frame

    def _row(self, row: SessionRow) -> QWidget:
        frame = QFrame()
        frame.setProperty("card", "row")
        column = QVBoxLayout(frame)
        pad(column, 0, 0.1)
        column.setContentsMargins(0, theme.current().px(0.5), 0, theme.current().px(0.35))
        title = self.words.of(row.title) or row.path.name
        spoken = f"{title}, {when_text(row.started, self.words)}"
        column.addWidget(label(title if not row.person else f"{title} · {row.person}"))
        column.addWidget(label(self._row_facts(row), "small"))
        if row.problem is not None:
            column.addWidget(label(self.words.say(row.problem), "attention"))
        actions = FlowLayout()
        names = ("open", "replay", "export", "delete") if row.readable else ("delete",)
        signals = {"open": self.open_, "replay": self.replay, "export": self.export, "delete": self.delete}
        for name in names:
            made = button(self.text(f"start.row.{name}"), partial(signals[name].emit, row), kind="row")
            made.setAccessibleName(self.text(f"start.row.{name}.name", session=spoken))
            actions.addWidget(made)
        pad(actions, 0, 0.1)
        column.addLayout(actions)
        return frame

    def _row_facts(self, row: SessionRow) -> str:
        facts = [when_text(row.started, self.words)]
        if row.duration_s >= 60:
            facts.append(self.text("start.minutes", minutes=round(row.duration_s / 60)))
        elif row.duration_s > 0:
            facts.append(self.text("start.seconds", seconds=round(row.duration_s)))
        if row.score is not None:
            facts.append(self.text("start.row.score", score=round(row.score)))
        if row.simulated:
            facts.append(self.text("start.row.simulated"))
        return " · ".join(facts)

    def _select(self, drill_id: str) -> None:
        self.cards.get(drill_id, next(iter(self.cards.values()))).setChecked(True)
        self._drill_changed()

    def _drill_changed(self) -> None:
        drill = next((self._drills[i] for i, made in self.cards.items() if made.isChecked()), None)
        if drill is None:
            return
        self.form.clear()
        for i, pattern in enumerate(drill.patterns):
            self.form.addItem(self.words.of(pattern.title), pattern.id if i else "")
        last = self.form.findData(self._settings.last_pattern) if drill.id == self._settings.last_drill else 0
        self.form.setCurrentIndex(max(0, last))
        self.form.setEnabled(len(drill.patterns) > 1)
        if any(p.rates_bpm for p in drill.patterns):
            self.lengths.choose(DOSE)  # each rate needs its time: the forms are the lengths
        self.lengths.setEnabled(not any(p.rates_bpm for p in drill.patterns))
        self._show_kept()
        self._show_locks()

    def _show_locks(self) -> None:
        """Lock the forms with a firmer brace, unless a therapist has opened them for the person."""
        patterns, model = self._drills[self.drill_id].patterns, self.form.model()
        shut = [locked(pattern, opened=self._opened) for pattern in patterns]
        if not isinstance(model, QStandardItemModel):
            return
        for i, (pattern, closed) in enumerate(zip(patterns, shut, strict=True)):
            title = self.words.of(pattern.title)
            self.form.setItemText(i, self.text("start.form.locked", form=title) if closed else title)
            model.item(i).setEnabled(not closed)
        if 0 <= self.form.currentIndex() < len(shut) and shut[self.form.currentIndex()]:
            self.form.setCurrentIndex(0)
        self.lock.setVisible(any(shut))

    def _show_kept(self) -> None:
        """Say what the resonance finder told the person, where the drill has to do with it, and fill it in."""
        drill, rate = self._drills[self.drill_id], self._settings.rates.get(self.person.text().strip())
        about = drill.id == practice.PRACTICE_ID or any(p.rates_bpm for p in drill.patterns)
        self.kept.setVisible(rate is not None and about)
        if rate is not None and about:
            self.kept.setText(kept_text(rate, self.words, date.today()))
            form = practice.form(drill, rate.rate_bpm)
            if form is not None:
                self.form.setCurrentIndex(max(0, self.form.findData(form)))
        self._form_changed()

    def _form_changed(self) -> None:
        self.lengths.rename(DOSE, self.text("start.dose", minutes=self._dose_minutes()))
        self._tell()

    def _dose_minutes(self) -> int:
        return round(self._rung() or minutes_of(self._drills[self.drill_id], self.form.currentData() or "")) or 1

    def _rung(self) -> float | None:
        """Return how long a person practises at their own rate; None in other drills, which have a dose."""
        rate = self._settings.rates.get(self.person.text().strip())
        return practice.minutes(rate) if rate is not None and self.drill_id == practice.PRACTICE_ID else None

    def _minutes(self) -> float | None:
        length = self.lengths.choice
        return self._rung() if length == DOSE else float(length)

    def _tell(self) -> None:
        """Say beside the button what it starts."""
        drill, length = self._drills[self.drill_id], self.lengths.choice
        minutes = self._dose_minutes() if length == DOSE else int(length)
        sensors = self._settings.sensors
        worn = " + ".join(self._sensor_names() if all_simulated(sensors) else (s.name for s in sensors))
        facts = (self.words.of(drill.title), self.text("start.minutes", minutes=minutes), worn)
        self._chosen.setText(" · ".join(facts))

    def _go(self) -> None:
        self.start.emit(self.choice())
