"""Words only: what to do now in very large letters, how long, and what comes next."""

import math
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import icons, theme
from breathcore.gui.plots.target import ICON_OF_PHASE
from breathcore.gui.plots.view import View
from breathcore.gui.thinning import Shown
from breathcore.model.drill import DrillPhase


class Words(NamedTuple):
    """What stands there."""

    phase: DrillPhase | None
    main: str
    seconds: str
    next: str


def words_of(frame: FeedbackFrame, wording: Wording, *, seconds: bool) -> Words:
    """Return the words of `frame`."""
    drill = frame.drill
    if drill.countdown is not None:
        return Words(None, str(drill.countdown), "", wording.text("trainer.get-ready"))
    if drill.phase is None:
        return Words(None, wording.text("trainer.words.free"), "", "")
    left = wording.text("trainer.seconds", n=math.ceil(drill.phase_left_s)) if seconds else ""
    then = ""
    if drill.next_phase is not None:
        then = wording.text("trainer.words.next", phase=wording.text(f"trainer.do.{drill.next_phase.value}"))
    return Words(drill.phase, wording.text(f"trainer.do.{drill.phase.value}"), left, then)


class WordsView(View):
    """The same frame in words. Painted when the words change, and not in between."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._words: Words | None = None
        self.seconds = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(wording.text("trainer.words.name"))

    def show_frame(self, frame: FeedbackFrame, shown: Shown) -> None:
        """Take the newest frame."""
        super().show_frame(frame, shown)
        words = words_of(frame, self._wording, seconds=self.seconds)
        if words != self._words:
            self._words = words
            self.setAccessibleDescription(" ".join(words[1:]))
            self.update()

    def tick(self, now_s: float) -> None:
        """Keep the time; the words change with frames."""
        self.now_s = now_s

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw icon, words, seconds and what comes next."""
        style = theme.current()
        painter.fillRect(event.rect(), style.color("surface"))
        words = self._words
        if words is None:
            return
        rows = [QRectF(0, self.height() * a, self.width(), self.height() * (b - a)) for a, b in _ROWS]
        if words.phase is not None:
            icons.draw(painter, ICON_OF_PHASE[words.phase], rows[0], style.color("accent"))
        center = Qt.AlignmentFlag.AlignCenter
        painter.setPen(style.color("text"))
        painter.setFont(_fitting(words.main, rows[1]))
        painter.drawText(rows[1], center, words.main)
        painter.setFont(_fitting(words.seconds, rows[2]))
        painter.drawText(rows[2], center, words.seconds)
        painter.setPen(style.color("muted"))
        painter.setFont(style.font(1.3))
        painter.drawText(rows[3], center, words.next)


_ROWS = ((0.06, 0.26), (0.3, 0.6), (0.6, 0.78), (0.8, 0.98))


def _fitting(text: str, box: QRectF) -> QFont:
    """Return the largest font in which `text` fits into `box`, 5 em at most."""
    style = theme.current()
    font = style.font(5.0, QFont.Weight.DemiBold)
    size = QFontMetricsF(font).size(0, text)
    share = min(1.0, 0.92 * box.width() / max(1.0, size.width()), box.height() / max(1.0, size.height()))
    return style.font(max(1.0, 5.0 * share), QFont.Weight.DemiBold)
