"""The person's trace of the last 20 s, before there is a target to follow."""

import numpy as np
import pyqtgraph.functions as pgf
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.feedback.frame import PAST_S, FeedbackFrame
from breathcore.feedback.playout import Head, Playout
from breathcore.gui import theme
from breathcore.gui.plots.target import finite_stretches
from breathcore.model.arrays import F64

_MARGIN = 0.12  # of the height, above and below the range


class LiveTrace(QWidget):
    """The trace, newest at the right; a dotted line where there is none. `title` is its accessible name."""

    def __init__(self, title: str, height_em: float = 9.0) -> None:
        super().__init__()
        self._frame: FeedbackFrame | None = None
        self._playout, self._head = Playout(), Head()
        self.setAccessibleName(title)
        self.setMinimumHeight(theme.current().px(height_em))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Take the newest frame."""
        self._frame = frame
        self._playout.take(frame)
        self._head = self._playout.at(frame.t_s)
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
        pen = QPen(style.color("trace"), max(3.0, 0.2 * style.em))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        told = slice(0, self._head.measured_n)
        self._draw_line(painter, frame.trace_t_s[told], frame.trace_y[told])
        self._draw_head(painter, pen)

    def _draw_line(self, painter: QPainter, t_s: F64, level: F64) -> None:
        for x, y in finite_stretches(*self._points(t_s, level)):
            painter.drawPolyline(pgf.arrayToQPolygonF(np.ascontiguousarray(x), np.ascontiguousarray(y)))

    def _draw_head(self, painter: QPainter, pen: QPen) -> None:
        """Draw the newest point: full where it is measured, a dotted line to a ring where it is predicted."""
        head, style = self._head, theme.current()
        if not np.isfinite(head.y):
            return
        if head.predicted:
            painter.setPen(QPen(pen.color(), 0.6 * pen.widthF(), Qt.PenStyle.DotLine, Qt.PenCapStyle.RoundCap))
            self._draw_line(painter, head.ahead_t_s, head.ahead_y)
            painter.setPen(QPen(pen.color(), 0.6 * pen.widthF()))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("surface" if head.predicted else "trace"))
        x, y = self._points(np.array([head.t_s]), np.array([head.y]))
        painter.drawEllipse(QPointF(float(x[0]), float(y[0])), 0.35 * style.em, 0.35 * style.em)

    def _points(self, t_s: F64, level: F64) -> tuple[F64, F64]:
        now_s = self._frame.t_s if self._frame is not None else 0.0
        x = self.width() * (1 - (now_s - t_s) / PAST_S) - 0.5 * theme.current().em
        top, bottom = self._y(1.0), self._y(0.0)
        return x, np.clip(top + (1.0 - level) * (bottom - top), 2.0, self.height() - 2.0)

    def _y(self, level: float) -> float:
        return self.height() * (1 - _MARGIN - level * (1 - 2 * _MARGIN))
