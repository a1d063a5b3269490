"""The person's trace of the last 20 s, before there is a target to follow."""

import numpy as np
import pyqtgraph.functions as pgf
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.feedback.frame import PAST_S, FeedbackFrame
from breathcore.gui import theme
from breathcore.gui.plots.target import finite_stretches

_MARGIN = 0.12  # of the height, above and below the range


class LiveTrace(QWidget):
    """The trace, newest at the right; a dotted line where there is none. `title` is its accessible name."""

    def __init__(self, title: str, height_em: float = 9.0) -> None:
        super().__init__()
        self._frame: FeedbackFrame | None = None
        self.setAccessibleName(title)
        self.setMinimumHeight(theme.current().px(height_em))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Take the newest frame."""
        self._frame = frame
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw the range's limits and the trace."""
        with QPainter(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        style = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        painter.setPen(QPen(style.color("line"), 1.0))
        for level in (0.0, 1.0):
            painter.drawLine(QPointF(0, self._y(level)), QPointF(room.width(), self._y(level)))
        frame = self._frame
        points = 0 if frame is None else int(np.isfinite(frame.trace_y).sum())
        if frame is None or points < 2:
            painter.setPen(QPen(style.color("muted"), 0.13 * style.em, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(0, room.center().y()), QPointF(room.width(), room.center().y()))
            return
        x = room.width() * (1 - (frame.t_s - frame.trace_t_s) / PAST_S) - 0.5 * style.em
        top, bottom = self._y(1.0), self._y(0.0)
        y = np.clip(top + (1.0 - frame.trace_y) * (bottom - top), 2.0, room.height() - 2.0)
        pen = QPen(style.color("trace"), max(3.0, 0.2 * style.em))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for px, py in finite_stretches(x, y):
            painter.drawPolyline(pgf.arrayToQPolygonF(np.ascontiguousarray(px), np.ascontiguousarray(py)))
        if np.isfinite(y[-1]):
            painter.setBrush(style.color("trace"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(float(x[-1]), float(y[-1])), 0.35 * style.em, 0.35 * style.em)

    def _y(self, level: float) -> float:
        return self.height() * (1 - _MARGIN - level * (1 - 2 * _MARGIN))
