"""The circle: a ring that grows on the inhale and shrinks on the exhale; the person's own ring over it."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPaintEvent, QPen

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import icons, theme
from breathcore.gui.plots.target import ICON_OF_PHASE, level_at
from breathcore.gui.plots.view import View

_SMALLEST = 0.28  # radius at level 0, as a share of the radius at level 1
_ROOM = 1.25  # the largest level that has room


class CircleView(View):
    """The same frame as two rings."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(wording.text("trainer.circle.name"))
        self.setAccessibleDescription(wording.text("trainer.circle.description"))

    def tick(self, now_s: float) -> None:
        """Move to `now_s`; only the square around the rings is painted again."""
        self.now_s = now_s
        self.update(self._square())

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw band, target ring, own ring and the phase."""
        style = theme.current()
        painter.fillRect(event.rect(), style.color("surface"))
        if not self._square().contains(event.rect()):
            self._draw_legend(painter)
        frame = self.frame
        if frame is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        level = level_at(frame.target, self.now_s)
        if level is not None:
            self._draw_target(painter, level, frame.band)
        own = self.head().y if self.shown.trace else math.nan
        if math.isfinite(own):
            painter.setPen(QPen(style.color("trace"), max(3.0, 0.24 * style.em)))
            painter.drawEllipse(self._center(), self._radius(own), self._radius(own))
        self._draw_middle(painter, frame)

    def _draw_target(self, painter: QPainter, level: float, band: float) -> None:
        style, center = theme.current(), self._center()
        path = QPainterPath()
        for edge in (level + band, level - band):
            path.addEllipse(center, self._radius(edge), self._radius(edge))
        painter.fillPath(path, style.color("band"))
        painter.setPen(QPen(style.color("target"), max(2.0, 0.16 * style.em)))
        painter.drawEllipse(center, self._radius(level), self._radius(level))

    def _draw_middle(self, painter: QPainter, frame: FeedbackFrame) -> None:
        style, side = theme.current(), 0.34 * self._radius(0.0) + theme.current().em
        box = QRectF(0.0, 0.0, 2 * side, 2 * side)
        box.moveCenter(self._center())
        if frame.drill.countdown is not None:
            painter.setFont(style.font(5.0, QFont.Weight.DemiBold))
            painter.setPen(style.color("text"))
            painter.drawText(
                box.adjusted(-side, -side, side, side), Qt.AlignmentFlag.AlignCenter, str(frame.drill.countdown)
            )
        elif frame.drill.phase is not None:
            icons.draw(painter, ICON_OF_PHASE[frame.drill.phase], box, style.color("text"))

    def _draw_legend(self, painter: QPainter) -> None:
        style = theme.current()
        painter.setFont(style.font(0.88))
        painter.setPen(style.color("muted"))
        foot = QRectF(0.0, self.height() - self._foot(), self.width(), self._foot())
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, self._wording.text("trainer.circle.legend"))

    def _foot(self) -> float:
        return 1.6 * theme.current().em

    def _square(self) -> QRect:
        side = max(1, math.floor(min(self.width(), self.height() - self._foot())))
        return QRect((self.width() - side) // 2, 0, side, side)

    def _center(self) -> QPointF:
        return QRectF(self._square()).center()

    def _radius(self, level: float) -> float:
        full = 0.48 * self._square().width() / (_SMALLEST + (1 - _SMALLEST) * _ROOM)
        return full * (_SMALLEST + (1 - _SMALLEST) * min(max(level, -0.25), _ROOM))
