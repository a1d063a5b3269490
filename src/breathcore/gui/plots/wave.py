"""The scrolling wave: the target with its band, what comes, and the person's own trace over it.

The time axis stands still, the wave moves through it. One widget painted by hand: a plot's axes, curves and
scene would cost several times the price per frame. Wide lines are filled ribbons with a thin smooth edge, since the
raster engine strokes wide pens and fills smooth polygons 3–5 times slower. Only the strip that moves is painted.
"""

import math

import numpy as np
import pyqtgraph.functions as pgf
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent

from breathcore.feedback.frame import AHEAD_S, PAST_S, FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.plots.target import band_outline, finite_stretches, ribbon, runs
from breathcore.gui.plots.view import View
from breathcore.gui.thinning import Shown
from breathcore.model.arrays import F64
from breathcore.model.drill import TargetPhase

LEVEL_TOP = 1.28
LEVEL_BOTTOM = -0.28
TRACE_PX = 3.0  # at 100 %, and not less


class WaveView(View):
    """The wave. Polygons are made when a frame brings something new, and moved as they are between frames."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._target: tuple[TargetPhase, ...] = ()
        self._band = 0.0
        self._origin_s = 0.0  # session time that the polygons' x = 0 stands for
        self._bands: list[tuple[QPolygonF, bool]] = []
        self._lines: list[QPolygonF] = []
        self._trace: list[QPolygonF] = []
        self._predicted: list[QPolygonF] = []
        self._head: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(wording.text("trainer.wave.name"))
        self.setAccessibleDescription(wording.text("trainer.wave.description"))
        self.restyle()

    def restyle(self) -> None:
        """Take the theme and text size now in use."""
        style = theme.current()
        self.setMinimumHeight(style.px(7))
        self._small = style.font(0.88)
        self._metrics = QFontMetricsF(self._small)
        self._colors = {name: style.color(name) for name in _TOKENS}
        self._trace_px = max(TRACE_PX, 0.2 * style.em)
        self._line_px = max(1.0, 0.13 * style.em)
        self._lay_out()

    def show_frame(self, frame: FeedbackFrame, shown: Shown) -> None:
        """Take the newest frame."""
        changed = frame.target != self._target or frame.band != self._band
        counting = self.frame is None or self.frame.drill.countdown != frame.drill.countdown
        super().show_frame(frame, shown)
        if changed:
            self._target, self._band = frame.target, frame.band
            self._shape_target()
        self._shape_trace()
        if counting:
            self.update()

    def tick(self, now_s: float) -> None:
        """Move to `now_s`; only what moves is painted again."""
        self.now_s = now_s
        self.update(self._lively)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Make the polygons for the new size."""
        super().resizeEvent(event)
        self._lay_out()

    # geometry

    def _lay_out(self) -> None:
        words = [self._wording.text(id_) for id_ in ("trainer.wave.in", "trainer.wave.out")]
        gutter = max(self._metrics.horizontalAdvance(w) for w in words) + 0.8 * self._metrics.height()
        foot = 1.5 * self._metrics.height()
        self._plot = QRectF(gutter, 0.0, max(1.0, self.width() - gutter), max(1.0, self.height() - foot))
        self._lively = self._plot.toAlignedRect()
        self._px_per_s = self._plot.width() / (PAST_S + AHEAD_S)
        self._now_x = self._plot.left() + PAST_S * self._px_per_s
        self._shape_target()
        self._shape_trace()
        self.update()

    def _y(self, level: float) -> float:
        return self._plot.top() + (LEVEL_TOP - level) / (LEVEL_TOP - LEVEL_BOTTOM) * self._plot.height()

    def _points(self, t_s: F64, level: F64) -> tuple[F64, F64]:
        """Return pixels, x counted from the origin's."""
        share = (LEVEL_TOP - np.clip(level, LEVEL_BOTTOM + 0.03, LEVEL_TOP - 0.03)) / (LEVEL_TOP - LEVEL_BOTTOM)
        return (t_s - self._origin_s) * self._px_per_s, self._plot.top() + share * self._plot.height()

    def _shape_target(self) -> None:
        self._origin_s = self._target[0].start_s if self._target else self.now_s
        stretches = runs(self._target)
        self._bands = [(_polygon(*self._points(*band_outline(run, self._band))), run.scored) for run in stretches]
        self._lines = [_polygon(*ribbon(*self._points(run.t_s, run.level), self._line_px)) for run in stretches]

    def _shape_trace(self) -> None:
        self._trace, self._predicted, self._head = [], [], None
        frame = self.frame
        if frame is None or not self.shown.trace or not frame.trace_t_s.size:
            return
        cut = frame.trace_predicted_from if frame.trace_predicted_from is not None else frame.trace_t_s.size
        past = [self._points(t, y) for t, y in finite_stretches(frame.trace_t_s[:cut], frame.trace_y[:cut])]
        self._trace = [_polygon(*ribbon(x, y, self._trace_px)) for x, y in past]
        start = max(0, cut - 1)
        ahead = [self._points(t, y) for t, y in finite_stretches(frame.trace_t_s[start:], frame.trace_y[start:])]
        self._predicted = [_polygon(x, y) for x, y in ahead]
        if math.isfinite(float(frame.trace_y[-1])) and (ahead or past):
            x, y = (ahead or past)[-1]
            self._head = QPointF(float(x[-1]), float(y[-1]))

    # painting

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw ground, target, trace, now line and words."""
        painter.fillRect(event.rect(), self._colors["surface"])
        if not self._lively.contains(event.rect()):
            self._draw_words(painter)
        painter.setClipRect(self._lively)
        self._draw_levels(painter)
        shift = self._now_x + (self._origin_s - self.now_s) * self._px_per_s
        painter.translate(shift, 0.0)
        self._draw_target(painter)
        self._draw_trace(painter)
        painter.translate(-shift, 0.0)
        self._draw_now(painter)
        if self.frame is not None and self.frame.drill.countdown is not None:
            self._draw_count(painter, self.frame.drill.countdown)

    def _draw_levels(self, painter: QPainter) -> None:
        painter.setPen(QPen(self._colors["line"], 1.0, Qt.PenStyle.DashLine))
        for level in (0.0, 1.0):
            y = round(self._y(level))
            painter.drawLine(self._lively.left(), y, self._lively.right(), y)

    def _draw_target(self, painter: QPainter) -> None:
        for polygon, scored in self._bands:
            _fill(painter, polygon, self._colors["band" if scored else "band_glide"])
        for polygon in self._lines:
            _fill(painter, polygon, self._colors["target"])

    def _draw_trace(self, painter: QPainter) -> None:
        for polygon in self._trace:
            _fill(painter, polygon, self._colors["trace"])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colors["trace"], self._trace_px, Qt.PenStyle.DotLine, Qt.PenCapStyle.RoundCap))
        for polygon in self._predicted:
            painter.drawPolyline(polygon)
        if self._head is not None:
            painter.setPen(QPen(self._colors["surface"], 0.6 * self._trace_px))
            painter.setBrush(self._colors["trace"])
            painter.drawEllipse(self._head, 2.3 * self._trace_px, 2.3 * self._trace_px)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_now(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        width = max(1, round(self._line_px))
        painter.fillRect(
            QRect(round(self._now_x), self._lively.top(), width, self._lively.height()), self._colors["now"]
        )

    def _draw_count(self, painter: QPainter, count: int) -> None:
        style = theme.current()
        painter.setFont(style.font(7.0, QFont.Weight.DemiBold))
        painter.setPen(self._colors["text"])
        past = QRectF(self._plot.left(), self._plot.top(), self._now_x - self._plot.left(), self._plot.height())
        painter.drawText(past, Qt.AlignmentFlag.AlignCenter, str(count))

    def _draw_words(self, painter: QPainter) -> None:
        painter.setFont(self._small)
        painter.setPen(self._colors["muted"])
        height = self._metrics.height()
        for level, id_ in ((1.0, "trainer.wave.in"), (0.0, "trainer.wave.out")):
            box = QRectF(0.0, self._y(level) - height / 2, self._plot.left() - 0.4 * height, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._wording.text(id_))
        foot = QRectF(0.0, self.height() - 1.2 * height, 0.0, 1.2 * height)
        half_now = self._metrics.horizontalAdvance(self._wording.text("trainer.wave.now")) / 2 + height
        left, right = self._plot.left(), self._plot.right()
        spans = (
            (left, self._now_x - half_now, "trainer.wave.did"),
            (self._now_x - half_now, self._now_x + half_now, "trainer.wave.now"),
            (self._now_x + half_now, right, "trainer.wave.comes"),
        )
        for a, b, id_ in spans:
            box = QRectF(a, foot.top(), b - a, foot.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._wording.text(id_))


_TOKENS = ("surface", "line", "band", "band_glide", "target", "trace", "now", "text", "muted")


def _polygon(x: F64, y: F64) -> QPolygonF:
    polygon: QPolygonF = pgf.arrayToQPolygonF(np.ascontiguousarray(x), np.ascontiguousarray(y))
    return polygon


def _fill(painter: QPainter, polygon: QPolygonF, color: QColor) -> None:
    """Fill a closed outline without smoothing, then smooth its edge with a line of one pixel."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(polygon, Qt.FillRule.WindingFill)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 1.0))
    painter.drawPolyline(polygon)
