"""How hard a brace was that nothing measures: asked between sets and after the last one, answered by the person."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.widgets import ZeroToTen, announce, pad


class EffortBar(QFrame):
    """There while a set is to be rated, else hidden.

    Signals
    -------
    rated(int, int)
        Index of a set, and how hard its braces were, 0–10.
    """

    rated = Signal(int, int)

    def __init__(self, wording: Wording, *, replay: bool = False) -> None:
        super().__init__()
        self._wording = wording
        self._replay = replay
        self._asked: int | None = None
        self.question: ZeroToTen | None = None
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self.hide()
        self.restyle()

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Ask what `frame` asks."""
        brace = None if frame.trunk is None else frame.trunk.brace
        self._ask(None if brace is None or self._replay else brace.asked)

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0.9, 0.6)

    def _ask(self, index: int | None) -> None:
        if index == self._asked:
            return
        self._asked = index
        if self.question is not None:
            self._column.removeWidget(self.question)
            self.question.hide()
            self.question.deleteLater()
            self.question = None
        if index is not None:
            text = self._wording.text("effort.ask", n=index + 1)
            self.question = ZeroToTen(text, self._wording.text("effort.low"), self._wording.text("effort.high"))
            self.question.answered.connect(lambda n: self.rated.emit(index, n))
            self._column.addWidget(self.question)
            announce(self, text)
        self.setVisible(index is not None)
