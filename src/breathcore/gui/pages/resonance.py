"""What a sweep through rates came to: the rate, each rate's measures, what they mean, and practice at the result."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QWidget

from breathcore.feedback.resonance_view import headline, measures, measures_n, notes
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Icon
from breathcore.gui.pages.parts import Columns, Page, elastic
from breathcore.gui.pages.start import when_text
from breathcore.gui.services import SummaryView
from breathcore.gui.widgets import button, card, label, pad
from breathcore.model.resonance import RateTrial, ResonanceResult


class ResonancePage(Page):
    """The page after a sweep.

    Parameters
    ----------
    wording : Wording
    view : SummaryView
        What the session came to.
    result : ResonanceResult
        What its sweep came to.
    practice_min : float | None
        How long to practise at the result; None where there is no drill for it.

    Signals
    -------
    practise(), summary(), done()
        Ways on.
    """

    practise = Signal()
    summary = Signal()
    done = Signal()

    def __init__(
        self, wording: Wording, view: SummaryView, result: ResonanceResult, practice_min: float | None
    ) -> None:
        super().__init__(wording)
        told = not math.isnan(result.best_bpm)
        self.title(wording.say(headline(result)), self._facts(view))
        columns = Columns(52, (8, 6))
        if result.trials:
            columns.first.addWidget(self._rates(result))
        columns.first.addStretch(1)
        columns.second.addWidget(self._meaning(result))
        if told and practice_min is not None:
            columns.second.addWidget(self._practice(practice_min))
        columns.second.addStretch(1)
        self.content.addWidget(columns)
        self.content.addStretch(1)
        done = button(self.text("summary.done"), self.done.emit, drill=True)
        more = button(self.text("resonance.summary"), self.summary.emit, drill=True)
        onward: tuple[QWidget, ...] = (done,)
        if told and practice_min is not None:
            text = self.text("resonance.practise", rate=float(result.best_bpm))
            self.practise_button = button(text, self.practise.emit, kind="primary", icon="play", drill=True)
            onward = (done, self.practise_button)
        self.footer(more, right=onward)

    def _facts(self, view: SummaryView) -> str:
        facts = [self.words.of(view.title), when_text(view.started, self.words), view.person]
        if view.simulated:
            facts.append(self.text("start.row.simulated"))
        return " · ".join(fact for fact in facts if fact)

    def _rates(self, result: ResonanceResult) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.8)
        column.addWidget(label(self.text("resonance.rates"), "title"))
        total = measures_n(result)
        grid = QGridLayout()
        pad(grid, 0, 0.5)
        grid.setColumnStretch(1, 1)
        for n, trial in enumerate(result.trials):
            wins = len(result.wins[n]) if n < len(result.wins) else 0
            self._rate(grid, trial, wins, total, best=trial.rate_bpm == result.best_bpm)
        column.addLayout(grid)
        if total:
            column.addWidget(label(self.text("resonance.wins.what"), "small"))
        return frame

    def _rate(self, grid: QGridLayout, trial: RateTrial, wins: int, total: int, *, best: bool) -> None:
        rate_bpm, row = float(trial.rate_bpm), grid.rowCount()
        role = "good" if best else "heading"
        grid.addWidget(label(self.text("resonance.rate", rate=rate_bpm), role, wrap=False), row, 0)
        if total:
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, total)
            bar.setValue(wins)
            bar.setAccessibleName(self.text("resonance.wins.name", rate=rate_bpm, n=wins, total=total))
            grid.addWidget(bar, row, 1)
            grid.addWidget(label(self.text("resonance.wins", n=wins, total=total), wrap=False), row, 2)
        if best:
            grid.addWidget(Icon("check", token="good", ems=1.2), row, 3)
        phrases = " · ".join(self.words.say(m) for m in measures(trial))
        grid.addWidget(elastic(label(phrases, "small")), row + 1, 0, 1, 4)

    def _meaning(self, result: ResonanceResult) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.6)
        column.addWidget(label(self.text("resonance.means"), "title"))
        for note in notes(result):
            column.addWidget(label(self.words.say(note)))
        return frame

    def _practice(self, minutes: float) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.6)
        column.addWidget(label(self.text("resonance.practice"), "title"))
        column.addWidget(label(self.text("resonance.practice.how", minutes=round(minutes))))
        return frame
