"""What is asked and offered while nothing is guided: how hard a brace was that nothing measures; calibrate again."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.widgets import ZeroToTen, announce, button, pad
from breathcore.model.drill import Stage


class BetweenBar(QFrame):
    """There while a set is to be rated, or a pause can be used to calibrate again; else hidden.

    Signals
    -------
    rated(int, int)
        Index of a set, and how hard its braces were, 0–10.
    again()
        The person wants ribs and brace calibrated again.
    """

    rated = Signal(int, int)
    again = Signal()

    def __init__(self, wording: Wording, *, replay: bool = False) -> None:
        super().__init__()
        self._wording = wording
        self._replay = replay
        self._asked: int | None = None
        self.question: ZeroToTen | None = None
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self.calibrate = button(wording.text("trainer.calibrate-again"), self.again.emit, drill=True)
        self._column.addWidget(self.calibrate)
        self.hide()
        self.restyle()

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Ask and offer what `frame` does."""
        brace = None if frame.trunk is None else frame.trunk.brace
        asked = None if brace is None or self._replay else brace.asked
        may = frame.calibration_wanted and frame.stage is Stage.PAUSED and not self._replay
        self._ask(asked)
        self.calibrate.setVisible(may)
        self.setVisible(asked is not None or may)

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
