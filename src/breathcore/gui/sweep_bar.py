"""A sweep through rates, on the trainer and after it: which rate it is, how comfortable the last one was, skip one."""

import json

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.pages.parts import elastic
from breathcore.gui.widgets import ZeroToTen, announce, button, label, pad, set_text
from breathcore.model.drill import Stage

_SKIPPABLE = frozenset({Stage.COUNTDOWN, Stage.GLIDE, Stage.RUNNING, Stage.SET_REST})


def comfort_text(rate: int, comfort: int) -> str:
    """Return the text of a COMFORT command."""
    return json.dumps({"rate": rate, "comfort": comfort})


class SweepBar(QFrame):
    """Hidden in a session without a sweep; a question that is asked is there until it is answered or too late.

    Signals
    -------
    skipped()
        The person wants the next rate.
    rated(int, int)
        Index of a rate, and how comfortable it was, 0–10.
    """

    skipped = Signal()
    rated = Signal(int, int)

    def __init__(self, wording: Wording, *, replay: bool = False) -> None:
        super().__init__()
        self._wording = wording
        self._replay = replay
        self._asked: int | None = None
        self.question: ZeroToTen | None = None
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self._row = QHBoxLayout()
        self._line = elastic(label(role="heading"))
        self.skip = button(wording.text("sweep.skip"), self.skipped.emit, drill=True)
        self._row.addWidget(self._line, 1)
        self._row.addWidget(self.skip)
        self._column.addLayout(self._row)
        self.hide()
        self.restyle()

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show where the sweep of `frame` stands."""
        sweep = frame.sweep
        going = sweep is not None and frame.stage in _SKIPPABLE
        asked = None if sweep is None or self._replay else sweep.asked
        if sweep is not None:
            self._ask(asked, sweep.rates_bpm[asked] if asked is not None else 0.0)
            n, total = sweep.index + 1, len(sweep.rates_bpm)
            set_text(self._line, self._wording.text("sweep.rate-of", n=n, total=total, rate=sweep.rate_bpm))
        over = frame.stage is Stage.FINISHED
        self._line.setVisible(not over)
        self.skip.setVisible(going and not self._replay)
        self.setVisible(sweep is not None and (asked is not None or not over))

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0.9, 0.6)
        pad(self._row, 0, 0.8)

    def _ask(self, rate: int | None, rate_bpm: float) -> None:
        if rate == self._asked:
            return
        self._asked = rate
        if self.question is not None:
            self._column.removeWidget(self.question)
            self.question.hide()
            self.question.deleteLater()
            self.question = None
        if rate is not None:
            text = self._wording.text("sweep.comfort", rate=rate_bpm)
            ends = (self._wording.text(f"sweep.comfort.{end}") for end in ("low", "high"))
            self.question = ZeroToTen(text, *ends)
            self.question.answered.connect(lambda n: self.rated.emit(rate, n))
            self._column.addWidget(self.question)
            announce(self, text)
