"""The scrolling wave: the target with its band, what comes, and the person's own trace over it.

The time axis stands still, the wave moves through it. One widget painted by hand: a plot's axes, curves and
scene would cost several times the price per frame.
"""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent

from breathcore.feedback.frame import AHEAD_S, PAST_S, FeedbackFrame
from breathcore.feedback.playout import Head
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.plots.tape import Tape, fill, polygon
from breathcore.gui.plots.target import band_outline, ribbon, runs
from breathcore.gui.plots.view import View
from breathcore.gui.thinning import Shown
from breathcore.model.arrays import F64
from breathcore.model.drill import DrillPhase

LEVEL_TOP = 1.28
LEVEL_BOTTOM = -0.28
TRACE_PX = 3.0  # at 100 %, and not less


class WaveView(View):
    """The wave. What has been inked is pulled along; only the newest points and the now line are drawn each time."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._tape: Tape | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(wording.text("trainer.wave.name"))
        self.setAccessibleDescription(wording.text("trainer.wave.description"))
        self.restyle()

    def restyle(self) -> None:
        """Take the theme and text size now in use."""
        style = theme.current()
        self._small = style.font(0.88)
        self._metrics = QFontMetricsF(self._small)
        self._colors = {name: style.color(name) for name in _TOKENS}
        self._lay_out()
        super().restyle()

    def show_frame(self, frame: FeedbackFrame, shown: Shown) -> None:
        """Take the newest frame; what it changes in the past is inked anew."""
        if not self._goes_on(frame, shown):
            self._tape = None
        before = self.frame
        if before is not None and _apart(before) != _apart(frame):
            self.update()
        super().show_frame(frame, shown)

    def _goes_on(self, frame: FeedbackFrame, shown: Shown) -> bool:
        before = self.frame
        if before is None or (frame.target, frame.band, shown) != (before.target, before.band, self.shown):
            return False
        return self._tape is None or self._tape.fits(frame.trace_t_s, frame.trace_y)

    def tick(self, now_s: float) -> None:
        """Move to `now_s`; only what moves is painted again."""
        self.now_s = now_s
        self.update(self._lively)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Make room for the new size."""
        super().resizeEvent(event)
        self._lay_out()

    # geometry

    def _lay_out(self) -> None:
        words = [self._wording.text(id_) for ids in _LEVELS.values() for id_ in ids]
        gutter = math.ceil(max(self._metrics.horizontalAdvance(w) for w in words) + 0.8 * self._metrics.height())
        foot = math.ceil(1.5 * self._metrics.height())
        self._plot = QRectF(gutter, 0.0, max(1.0, self.width() - gutter), max(1.0, self.height() - foot))
        em = theme.current().em
        self._trace_px = max(TRACE_PX, 0.2 * em, 0.005 * self._plot.height())
        self._line_px = max(1.0, 0.13 * em, 0.003 * self._plot.height())
        self._lively = self._plot.toAlignedRect()
        self._now_x = self._plot.left() + PAST_S / (PAST_S + AHEAD_S) * self._plot.width()
        self._tape = None
        self.update()

    def _y(self, level: float) -> float:
        return self._plot.top() + (LEVEL_TOP - level) / (LEVEL_TOP - LEVEL_BOTTOM) * self._plot.height()

    # painting

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw the tape, the now line, the newest of the trace, and the words where they were hidden."""
        if not self._lively.contains(event.rect()):
            painter.fillRect(event.rect(), self._colors["surface"])
            self._draw_words(painter)
        start_s = self.now_s - PAST_S
        if self._tape is None or not self._tape.covers(start_s):
            self._tape = self._new_tape(start_s)
        painter.setClipRect(self._lively)
        shown = self.frame if self.shown.trace else None
        head = self.head()
        told = slice(0, head.measured_n)
        trace = None if shown is None else (shown.trace_t_s[told], shown.trace_y[told])
        if trace is not None:
            self._tape.ink(*trace, self._trace_px, self._colors["trace"])
        origin = self._tape.pull(painter, start_s)
        self._draw_now(painter)
        if trace is not None:
            painter.translate(origin)
            self._draw_newest(painter, self._tape, trace, head)
            painter.translate(-origin)
        if self.frame is not None and self.frame.drill.countdown is not None:
            self._draw_count(painter, self.frame.drill.countdown)

    def _new_tape(self, start_s: float) -> Tape:
        levels = (LEVEL_BOTTOM, LEVEL_TOP)
        tape = Tape(self._plot, PAST_S + AHEAD_S, levels, self.devicePixelRatioF(), start_s)
        tape.pixmap.fill(self._colors["surface"])
        with QPainter(tape.pixmap) as painter:
            self._draw_target(painter, tape)
        return tape

    def _draw_target(self, painter: QPainter, tape: Tape) -> None:
        for level in (0.0, 1.0):
            y = round(self._y(level) - self._plot.top())
            painter.fillRect(QRect(0, y, tape.pixmap.width(), 1), self._colors["line"])
        for run in runs(self.frame.target) if self.frame is not None else ():
            band = tape.points(*band_outline(run, self.frame.band if self.frame is not None else 0.0))
            fill(painter, polygon(*band), self._colors["band" if run.scored else "band_glide"])
            line = ribbon(*tape.points(run.t_s, run.level), self._line_px)
            fill(painter, polygon(*line), self._colors["target"])

    def _draw_newest(self, painter: QPainter, tape: Tape, trace: tuple[F64, F64], head: Head) -> None:
        """Draw what is not inked yet, and the head: full where it is measured, a dotted line to a ring if predicted."""
        t_s, y = tape.tail(*trace)
        if not math.isfinite(head.y):
            tape.draw_trace(painter, t_s, y, self._trace_px, self._colors["trace"])
            return
        if not head.predicted:
            t_s, y = np.append(t_s, head.t_s), np.append(y, head.y)
        tape.draw_trace(painter, t_s, y, self._trace_px, self._colors["trace"])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if head.predicted:
            pen = QPen(self._colors["trace"], 0.6 * self._trace_px, Qt.PenStyle.DotLine, Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPolyline(polygon(*tape.points(head.ahead_t_s, head.ahead_y)))
        self._draw_head(painter, tape, head)

    def _draw_head(self, painter: QPainter, tape: Tape, head: Head) -> None:
        x, y = tape.points(np.array([head.t_s]), np.array([head.y]))
        trace, surface = self._colors["trace"], self._colors["surface"]
        rim_px = (0.8 if head.predicted else 0.6) * self._trace_px
        painter.setPen(QPen(trace if head.predicted else surface, rim_px))
        painter.setBrush(surface if head.predicted else trace)
        painter.drawEllipse(QPointF(float(x[0]), float(y[0])), 2.3 * self._trace_px, 2.3 * self._trace_px)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_now(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        width = max(1, round(self._line_px))
        line = QRect(round(self._now_x), self._lively.top(), width, self._lively.height())
        painter.fillRect(line, self._colors["now"])

    def _draw_count(self, painter: QPainter, count: int) -> None:
        style = theme.current()
        painter.setFont(style.font(5.5, QFont.Weight.DemiBold))
        painter.setPen(QPen(self._colors["text"], self._line_px))
        past = QRectF(self._plot.left(), self._plot.top(), self._now_x - self._plot.left(), self._plot.height())
        side = min(past.height(), 9.5 * style.em)
        disc = QRectF(0.0, 0.0, side, side)
        disc.moveCenter(past.center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._colors["surface"])  # the digit stands before the trace, not in it
        painter.drawEllipse(disc)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawText(past, Qt.AlignmentFlag.AlignCenter, str(count))

    def _draw_words(self, painter: QPainter) -> None:
        painter.setFont(self._small)
        painter.setPen(self._colors["muted"])
        height = self._metrics.height()
        ids = _LEVELS["breath" if self.frame is None else _aimed(self.frame)]
        for level, id_ in zip((1.0, 0.0), ids, strict=True):
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


def _apart(frame: FeedbackFrame) -> tuple[int | None, str]:
    """Return what stands beside the tape: the count before the start, and what the levels are of."""
    return frame.drill.countdown, _aimed(frame)


def _aimed(frame: FeedbackFrame) -> str:
    """Return what is aimed at: a breath, a brace or a movement."""
    if frame.drill.breathes:
        return "breath"
    return "move" if any(p.kind is DrillPhase.MOVE for p in frame.target) else "brace"


_LEVELS = {
    "breath": ("trainer.wave.in", "trainer.wave.out"),
    "brace": ("trainer.wave.brace", "trainer.wave.rest"),
    "move": ("trainer.wave.there", "trainer.wave.start"),
}
_TOKENS = ("surface", "line", "band", "band_glide", "target", "trace", "now", "text", "muted")
