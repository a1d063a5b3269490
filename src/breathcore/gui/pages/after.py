"""Right after the drill: half a minute of quiet breathing, for the rate after, while pain and effort are asked."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.between_bar import BetweenBar
from breathcore.gui.pages.livetrace import LiveTrace
from breathcore.gui.pages.parts import Page
from breathcore.gui.pages.summary import Ratings
from breathcore.gui.sweep_bar import SweepBar
from breathcore.gui.widgets import button, card, label, set_text

AFTER_S = 40.0  # the steady rate speaks of 32 s; a few more to settle


class AfterPage(Page):
    """Ends by itself after `AFTER_S` of session time, or when the person goes on.

    Signals
    -------
    rated(object, object)
        Pain and effort, each 0–10 or None.
    comfort(int, int)
        After a sweep: index of its last rate, and how comfortable that was.
    effort(int, int)
        Index of a set in which nothing measured the brace, and how hard that was.
    over()
        Time for the summary.
    """

    rated = Signal(object, object)
    comfort = Signal(int, int)
    effort = Signal(int, int)
    over = Signal()

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, content_em=52)
        self._from_s: float | None = None
        self._ended = False
        self.title(self.text("after.title"), self.text("after.subtitle"))
        self.sweep = SweepBar(wording)
        self.sweep.rated.connect(self.comfort)
        self.content.addWidget(self.sweep)
        self.between = BetweenBar(wording)
        self.between.rated.connect(self.effort)
        self.content.addWidget(self.between)
        frame, column = card(margin_em=1.2, spacing_em=0.8)
        self.trace = LiveTrace(self.text("prepare.trace"), height_em=6)
        column.addWidget(self.trace)
        self._left = label(role="muted")
        column.addWidget(self._left)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.text("after.progress"))
        self._bar.setRange(0, round(AFTER_S * 10))
        column.addWidget(self._bar)
        self.content.addWidget(frame)
        feel, column = card(margin_em=1.2, spacing_em=1.0)
        column.addWidget(label(self.text("summary.feel"), "title"))
        self.ratings = Ratings(wording)
        self.ratings.rated.connect(self.rated)
        column.addWidget(self.ratings)
        self.content.addWidget(feel)
        self.content.addStretch(1)
        self.footer(right=(button(self.text("after.skip"), self._over, kind="primary", drill=True),))

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show the trace and how long it still takes."""
        if self._from_s is None:
            self._from_s = frame.t_s
        self.trace.show_frame(frame)
        self.sweep.show_frame(frame)
        self.between.show_frame(frame)
        gone_s = frame.t_s - self._from_s
        left_s = max(0.0, AFTER_S - gone_s)
        set_text(self._left, self.text("after.left", seconds=round(left_s)))
        self._bar.setValue(round(min(gone_s, AFTER_S) * 10))
        if left_s <= 0:
            self._over()

    def _over(self) -> None:
        if not self._ended:
            self._ended = True
            self.over.emit()
