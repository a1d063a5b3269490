"""A stored session's course: the breath trace with what was found in it, to move along and to look into."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.pages.parts import Page
from breathcore.gui.pages.start import when_text
from breathcore.gui.pages.summary import duration_text, rate_text
from breathcore.gui.services import ReviewView
from breathcore.gui.widgets import FlowLayout, button, card, label, pad
from breathcore.model.arrays import F64
from breathcore.model.drill import DrillPhase

_PHASE_TOKEN = {
    DrillPhase.INHALE: "accent",
    DrillPhase.HOLD: "good",
    DrillPhase.EXHALE: "target",
    DrillPhase.REST: "border",
    DrillPhase.EFFORT: "good",
    DrillPhase.MOVE: "accent",
    DrillPhase.KEEP: "good",
    DrillPhase.RETURN: "target",
}
_LANE = {DrillPhase.INHALE: 3, DrillPhase.HOLD: 2, DrillPhase.EXHALE: 1, DrillPhase.REST: 0, DrillPhase.EFFORT: 3}
_LANE |= {DrillPhase.MOVE: 3, DrillPhase.KEEP: 2, DrillPhase.RETURN: 1}
FIRST_VIEW_S = 120.0
ZOOM = 1.6


class ReviewPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """The trace over session time with breaths, phases, marks and gaps; arrows move, + and − zoom, 0 shows all."""

    def __init__(self, wording: Wording, view: ReviewView) -> None:
        style = theme.current()
        super().__init__(background=style.color("surface"))
        self.view = view
        self._style = style
        self._words = wording
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(wording.text("review.plot"))
        self.setAccessibleDescription(wording.text("review.keys"))
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumHeight(style.px(13))
        self._low, self._high = _limits(view.trace_y)
        self._axes()
        self._add_gaps()
        self._add_phases()
        self._add_stretches()
        self._add_trace()
        self._add_breaths()
        self._add_marks()
        span = self._high - self._low
        self.setLimits(xMin=-2.0, xMax=max(view.duration_s, 1.0) + 2.0, minXRange=4.0)
        lanes = sum(map(bool, (view.reps, view.braces)))
        self.setYRange(self._low - (0.42 + 0.09 * lanes) * span, self._high + 0.16 * span, padding=0)
        self.setMouseEnabled(x=True, y=False)
        self.setXRange(0.0, min(FIRST_VIEW_S, max(view.duration_s, 1.0)), padding=0)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Ask for little: the page gives all there is."""
        return QSize(self._style.px(30), self.minimumHeight())

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much time around the middle of what is in sight."""
        self.getViewBox().scaleBy(x=factor)

    def whole(self) -> None:
        """Show the whole session."""
        self.setXRange(0.0, max(self.view.duration_s, 1.0), padding=0)

    def move(self, share: float) -> None:
        """Move by `share` of what is in sight."""
        low, high = self.getViewBox().viewRange()[0]
        self.getViewBox().translateBy(x=share * (high - low))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Move and zoom by keyboard."""
        moves = {Qt.Key.Key_Left: -0.25, Qt.Key.Key_Right: 0.25, Qt.Key.Key_PageUp: -1.0, Qt.Key.Key_PageDown: 1.0}
        key = Qt.Key(event.key())
        if key in moves:
            self.move(moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1 / ZOOM)
        elif key is Qt.Key.Key_Minus:
            self.zoom(ZOOM)
        elif key is Qt.Key.Key_0:
            self.whole()
        else:
            event.ignore()

    def _axes(self) -> None:
        style = self._style
        item = self.getPlotItem()
        for name in ("bottom", "left"):
            axis = item.getAxis(name)
            axis.setTextPen(style.color("muted"))
            axis.setPen(style.color("line"))
            axis.setStyle(tickFont=style.font(0.88), tickLength=-style.px(0.3))
        item.getAxis("left").setStyle(showValues=False)
        item.getAxis("left").setWidth(style.px(0.6))
        item.getAxis("bottom").setHeight(style.px(1.9))
        item.getAxis("bottom").tickStrings = _clock_ticks
        item.showGrid(x=True, y=False, alpha=0.15)

    def _add_gaps(self) -> None:
        for start_s, end_s in self.view.gaps:
            region = pg.LinearRegionItem(
                (start_s, end_s),
                movable=False,
                brush=pg.mkBrush(_see_through(self._style.color("attention"), 0.18)),
                pen=pg.mkPen(self._style.color("attention"), width=1, style=Qt.PenStyle.DashLine),
            )
            self.addItem(region)
            self._note(self._words.text("review.gap"), start_s, self._high, "attention")

    def _add_trace(self) -> None:
        pen = pg.mkPen(self._style.color("trace"), width=max(2.0, 0.13 * self._style.em))
        curve = self.plot(self.view.trace_t_s, self.view.trace_y, pen=pen, connect="finite")
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)

    def _add_phases(self) -> None:
        span = self._high - self._low
        lane = 0.07 * span
        base = self._low - 0.38 * span
        for kind, token in _PHASE_TOKEN.items():
            phases = [p for p in self.view.phases if p.kind is kind]
            if not phases:
                continue
            starts = np.array([p.start_s for p in phases])
            ends = np.array([p.end_s for p in phases])
            bars = pg.BarGraphItem(
                x0=starts,
                x1=ends,
                y0=np.full(len(phases), base + _LANE[kind] * lane),
                height=0.75 * lane,
                brush=self._style.color(token),
                pen=pg.mkPen(None),
            )
            self.addItem(bars)

    def _add_stretches(self) -> None:
        """Draw what was measured below what was aimed at: repetitions, then the brace."""
        span = self._high - self._low
        shown = [(told, token) for told, token in ((self.view.reps, "trace"), (self.view.braces, "good")) if told]
        for n, (told, token) in enumerate(shown, 1):
            bars = pg.BarGraphItem(
                x0=np.array([start_s for start_s, _ in told]),
                x1=np.array([end_s for _, end_s in told]),
                y0=np.full(len(told), self._low - (0.39 + 0.09 * n) * span),
                height=0.06 * span,
                brush=self._style.color(token),
                pen=pg.mkPen(self._style.color("surface"), width=1.5),
            )
            self.addItem(bars)

    def _add_breaths(self) -> None:
        shapes = (("t1", "accent", "inhale_onset_s"), ("t", "good", "exhale_onset_s"))
        for symbol, token, name in shapes:
            t_s = np.array([getattr(b, name) for b in self.view.breaths], dtype=np.float64)
            t_s = t_s[np.isfinite(t_s)]
            self.addItem(
                pg.ScatterPlotItem(
                    x=t_s,
                    y=_at(self.view, t_s),
                    symbol=symbol,
                    size=self._style.px(0.75),
                    brush=self._style.color(token),
                    pen=pg.mkPen(self._style.color("surface"), width=1.5),
                )
            )

    def _add_marks(self) -> None:
        pen = pg.mkPen(self._style.color("now"), width=1.5, style=Qt.PenStyle.DotLine)
        for i, mark in enumerate(self.view.marks):
            self.addItem(pg.InfiniteLine(mark.t_s, angle=90, pen=pen))
            text = mark.text or self._words.text("review.mark", number=i + 1)
            self._note(text, mark.t_s, self._high + 0.12 * (self._high - self._low), "text")

    def _note(self, text: str, t_s: float, y: float, token: str) -> None:
        note = pg.TextItem(text, color=self._style.color(token), anchor=(0, 0.5), fill=self._style.color("surface"))
        note.setFont(self._style.font(0.88))
        note.setPos(t_s, y)
        self.addItem(note)


class ReviewPage(Page):
    """One stored session.

    Signals
    -------
    leave(), replay(), export(), rates()
        Ways on; the last one is there after a sweep through rates.
    """

    leave = Signal()
    replay = Signal()
    export = Signal()
    rates = Signal()

    def __init__(self, wording: Wording, view: ReviewView) -> None:
        super().__init__(wording, content_em=110)
        summary = view.summary
        facts = [when_text(summary.started, wording), duration_text(view.duration_s, wording)]
        if summary.person:
            facts.append(summary.person)
        facts.append(self.text("review.breaths", count=len(view.breaths)))
        if summary.rate_during_bpm is not None:
            facts.append(self.text("review.rate", rate=rate_text(summary.rate_during_bpm, wording)))
        self.title(wording.of(summary.title), " · ".join(facts))
        if summary.finish is None:
            self.content.addWidget(label(self.text("review.cut-short"), "attention"))
        frame, column = card(margin_em=0.9, spacing_em=0.5)
        self.plot = ReviewPlot(wording, view)
        column.addWidget(self.plot, 1)
        column.addWidget(self._legend(view))
        self.content.addWidget(frame, 1)
        self._buttons()

    def _legend(self, view: ReviewView) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder)
        pad(flow, 0.2, 1.2)
        entries = [("up", "accent", "review.inhale"), ("down", "good", "review.exhale")]
        kinds = {p.kind for p in view.phases}
        entries += [("bar", _PHASE_TOKEN[k], f"phase.{k.value}") for k in _PHASE_TOKEN if k in kinds]
        entries += [("bar", "trace", "review.reps")] if view.reps else []
        entries += [("bar", "good", "review.brace")] if view.braces else []
        for shape, token, id_ in entries:
            line = QWidget()
            row = FlowLayout(line)
            pad(row, 0, 0.4)
            row.addWidget(Swatch(shape, token))
            row.addWidget(label(self.text(id_), "small", wrap=False))
            flow.addWidget(line)
        return holder

    def _buttons(self) -> None:
        plot = self.plot
        tools = (
            button(self.text("review.earlier"), lambda: plot.move(-0.5)),
            button(self.text("review.later"), lambda: plot.move(0.5)),
            button(self.text("review.closer"), lambda: plot.zoom(1 / ZOOM)),
            button(self.text("review.wider"), lambda: plot.zoom(ZOOM)),
            button(self.text("review.whole"), plot.whole),
        )
        holder = QWidget()
        flow = FlowLayout(holder)
        pad(flow, 0, 0.6)
        for tool in tools:
            flow.addWidget(tool)
        self.content.addWidget(holder)
        swept = plot.view.summary.resonance is not None
        self.footer(
            button(self.text("review.back"), self.leave.emit, drill=True),
            right=(
                *((button(self.text("resonance.rates"), self.rates.emit, drill=True),) if swept else ()),
                button(self.text("start.row.replay"), self.replay.emit, icon="play", drill=True),
                button(self.text("summary.export"), self.export.emit, kind="primary", drill=True),
            ),
        )


class Swatch(QWidget):
    """A shape of the plot, beside its word."""

    def __init__(self, shape: str, token: str) -> None:
        super().__init__()
        self._shape, self._token = shape, token
        side = theme.current().px(0.9)
        self.setFixedSize(2 * side if shape == "bar" else side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw a bar or a triangle."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.current().color(self._token))
            w, h = self.width(), self.height()
            if self._shape == "bar":
                painter.drawRect(QRectF(0, 0.25 * h, w, 0.5 * h))
                return
            base, tip = (h, 0) if self._shape == "up" else (0, h)
            painter.drawPolygon(QPolygonF([QPointF(0, base), QPointF(w, base), QPointF(w / 2, tip)]))


def _limits(y: F64) -> tuple[float, float]:
    known = y[np.isfinite(y)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, (0.5, 99.5))
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _at(view: ReviewView, t_s: F64) -> F64:
    if not view.trace_t_s.size:
        return np.zeros(t_s.size)
    return np.interp(t_s, view.trace_t_s, np.nan_to_num(view.trace_y))


def _clock_ticks(values: list[float], scale: float, spacing: float) -> list[str]:
    """Return axis labels as minutes and seconds."""
    return [f"{'-' if v < 0 else ''}{int(abs(v)) // 60}:{int(abs(v)) % 60:02d}" for v in values]


def _see_through(color: QColor, share: float) -> QColor:
    made = QColor(color)
    made.setAlphaF(share)
    return made
