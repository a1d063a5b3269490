"""The gate before the first drill: questions in small steps, and a calm end that leads no further."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from breathcore.drill.screening import (
    CONDITIONS,
    QUESTIONS,
    STOP_RULES,
    Question,
    Screening,
    ScreeningOutcome,
    Urgency,
    screen,
)
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Icon
from breathcore.gui.pages.parts import ChoiceCard, Columns, Page, Pills, clear, elastic
from breathcore.gui.widgets import announce, button, card, label, pad, set_text
from breathcore.model.drill import DrillSpec

STEPS = (Urgency.EMERGENCY, Urgency.URGENT, Urgency.SOON)


class SafetyPage(Page):
    """Questions by urgency, then what the person has, and when to stop.

    Signals
    -------
    answered(object, object)
        Answers (question id → yes) and conditions (ids); also when an answer ends it early.
    leave()
        Back to the start page.
    """

    answered = Signal(object, object)
    leave = Signal()

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, content_em=56)
        self.answers: dict[str, bool] = {}
        self.conditions: set[str] = set()
        self.step = 0
        self.title(self.text("safety.title"))
        self._subtitle = label(role="muted")
        self.content.addWidget(self._subtitle)
        self._card, self._column = card(margin_em=1.2, spacing_em=0.3)
        self.content.addWidget(self._card)
        self.content.addStretch(1)
        self._back = button(self.text("safety.back"), self._previous, drill=True)
        self._none = button(self.text("safety.none"), self._no_to_all, drill=True)
        self.next = button(self.text("safety.next"), self._next, kind="primary", drill=True)
        self.footer(self._back, right=(self._none, self.next))
        self._show()

    def answer(self, id_: str, *, yes: bool) -> None:
        """Take one answer."""
        self.answers[id_] = yes
        if id_ in self.pills:
            self.pills[id_].choose("yes" if yes else "no")
        self._check()

    def _questions(self) -> tuple[Question, ...]:
        return tuple(q for q in QUESTIONS if self.step < len(STEPS) and q.urgency is STEPS[self.step])

    def _show(self) -> None:
        clear(self._column)
        self.pills: dict[str, Pills] = {}
        last = self.step == len(STEPS)
        total = len(STEPS) + 1
        set_text(self._subtitle, self.text("safety.step", step=self.step + 1, total=total))
        if last:
            self._show_last()
        else:
            self._column.addWidget(label(self.text(f"safety.about.{STEPS[self.step].value}")))
            for question in self._questions():
                self._column.addWidget(self._question(question))
        self._none.setVisible(not last)
        self.next.setText(self.text("safety.agree" if last else "safety.next"))
        self.next.setAccessibleName(self.next.text())
        self.area.verticalScrollBar().setValue(0)
        self._check()
        self._order()

    def _order(self) -> None:
        """Let Tab go through what is asked, then to the ways on; no key meant for the step before presses anything."""
        asked = self._card.findChildren(QPushButton)
        chain = [*asked[-1:], self._back, self._none, self.next]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self, self._subtitle.text())

    def _question(self, question: Question) -> QWidget:
        frame = QFrame()
        frame.setProperty("card", "row")
        row = QHBoxLayout(frame)
        pad(row, 0.5, 1.0)
        text = self.words.say(question.message)
        row.addWidget(elastic(label(text)), 1)
        pills = Pills(text, [("yes", self.text("safety.yes")), ("no", self.text("safety.no"))])
        pills.setMinimumWidth(pills.sizeHint().width())
        pills.chosen.connect(lambda id_: self.answer(question.id, yes=id_ == "yes"))
        if question.id in self.answers:
            pills.choose("yes" if self.answers[question.id] else "no")
        self.pills[question.id] = pills
        row.addWidget(pills)
        return frame

    def _show_last(self) -> None:
        columns = Columns(46, (1, 1), spacing_em=1.6)
        columns.first.addWidget(label(self.text("safety.conditions"), "heading"))
        for id_ in CONDITIONS:
            columns.first.addWidget(self._condition(id_))
        columns.first.addStretch(1)
        columns.second.addWidget(label(self.text("safety.stop"), "heading"))
        for line in stop_lines(self.words):
            columns.second.addWidget(line)
        columns.second.addStretch(1)
        self._column.addWidget(columns)

    def _condition(self, id_: str) -> ChoiceCard:
        box = ChoiceCard(body=self.text(f"condition.{id_}"))
        box.setChecked(id_ in self.conditions)

        def keep(on: object) -> None:
            (self.conditions.add if on else self.conditions.discard)(id_)

        box.toggled.connect(keep)
        return box

    def _check(self) -> None:
        self.next.setEnabled(all(q.id in self.answers for q in self._questions()))

    def _no_to_all(self) -> None:
        for question in self._questions():
            self.answer(question.id, yes=False)
        self.next.setFocus()

    def _previous(self) -> None:
        if not self.step:
            self.leave.emit()
            return
        self.step -= 1
        self._show()

    def _next(self) -> None:
        blocked = screen(self.answers).outcome in (
            ScreeningOutcome.BLOCKED_EMERGENCY,
            ScreeningOutcome.BLOCKED_URGENT,
        )
        if blocked or self.step == len(STEPS):
            self.answered.emit(dict(self.answers), tuple(c for c in CONDITIONS if c in self.conditions))
            return
        self.step += 1
        self._show()


def stop_lines(wording: Wording) -> Sequence[QWidget]:
    """Return the stop rules, one line each."""
    return [_line("stop", "attention", wording.text(f"stop.{id_}")) for id_ in STOP_RULES]


def _line(icon: str, token: str, text: str) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    pad(row, 0, 0.6)
    row.addWidget(Icon(icon, token=token, ems=0.9))
    row.addWidget(elastic(label(text)), 1)
    return line


class NotNowPage(Page):
    """Where an emergency or urgent "yes" leads, every time, until the questions are answered anew.

    Signals
    -------
    leave()
        Back to the start page.
    again()
        Answer the questions anew.
    """

    leave = Signal()
    again = Signal()

    def __init__(self, wording: Wording, screening: Screening) -> None:
        super().__init__(wording, content_em=48)
        emergency = screening.outcome is ScreeningOutcome.BLOCKED_EMERGENCY
        self.content.addStretch(1)
        frame, column = card(margin_em=2.0, spacing_em=1.0)
        frame.setProperty("card", "attention" if emergency else "notice")
        head = QHBoxLayout()
        pad(head, 0, 0.9)
        head.addWidget(Icon("warning" if emergency else "info", token="attention" if emergency else "accent", ems=2.4))
        head.addWidget(elastic(label(self.text("notnow.title"), "hero")), 1)
        column.addLayout(head)
        column.addWidget(label(wording.say(screening.message), "heading"))
        column.addWidget(label(self.text("notnow.because"), "muted"))
        for id_ in screening.flags:
            column.addWidget(_line("info", "muted", wording.text(f"screening.question.{id_}")))
        column.addWidget(label(self.text("notnow.care")))
        self.content.addWidget(frame)
        self.content.addStretch(2)
        self.footer(
            button(self.text("notnow.again"), self.again.emit, kind="quiet", drill=True),
            right=(button(self.text("notnow.leave"), self.leave.emit, kind="primary", drill=True),),
        )


class FormPage(Page):
    """A drill that someone with the person's conditions should not do: the form they can do, or none.

    Signals
    -------
    accepted()
        Do the form offered.
    leave()
        Back to the start page.
    """

    accepted = Signal()
    leave = Signal()

    def __init__(
        self,
        wording: Wording,
        drill: DrillSpec,
        instead: str | None,
        conditions: Sequence[str],
        *,
        firm: bool = False,
    ) -> None:
        super().__init__(wording, content_em=48)
        self.content.addStretch(1)
        frame, column = card(margin_em=2.0, spacing_em=1.0)
        frame.setProperty("card", "notice")
        title = wording.of(drill.title)
        column.addWidget(label(self.text("form.title", drill=title), "hero"))
        column.addWidget(label(self.text("form.too-firm" if firm else "form.because")))
        for id_ in conditions:
            if firm or id_ in drill.safety.avoid_if:
                column.addWidget(_line("info", "accent", wording.text(f"condition.{id_}")))
        leave = button(self.text("form.other"), self.leave.emit, drill=True)
        if instead is None:
            column.addWidget(label(self.text("form.none"), "heading"))
            self.footer(right=(leave,))
        else:
            column.addWidget(label(self.text("form.instead", form=wording.of(drill.pattern(instead).title)), "heading"))
            accept = button(self.text("form.accept"), self.accepted.emit, kind="primary", drill=True)
            self.footer(leave, right=(accept,))
        self.content.addWidget(frame)
        self.content.addStretch(2)
