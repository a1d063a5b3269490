"""The wave's picture as a tape: target and trace are inked once, then the tape is only pulled past the window.

Painting polygons 30 times a second costs most of a wave's price, copying pixels very little of it.
"""

import math

import numpy as np
import pyqtgraph.functions as pgf
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from breathcore.gui.plots.target import finite_stretches, ribbon
from breathcore.model.arrays import F64

SPARE_S = 8.0  # the tape is this much longer than the window
TAIL_N = 4  # newest points that may still move: never inked
CHUNK_N = 12  # points inked at a time: a seam every few hundred milliseconds


def polygon(x: F64, y: F64) -> QPolygonF:
    """Return points as Qt wants them."""
    made: QPolygonF = pgf.arrayToQPolygonF(np.ascontiguousarray(x), np.ascontiguousarray(y))
    return made


def fill(painter: QPainter, outline: QPolygonF, color: QColor) -> None:
    """Fill a closed outline without smoothing, then smooth its edge with a line of one pixel: 3–5 times cheaper."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(outline, Qt.FillRule.WindingFill)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 1.0))
    painter.drawPolyline(outline)


class Tape:
    """A strip of the session from `origin_s` on, `window_s` + `SPARE_S` long, in the size of `plot`.

    Levels run from `bottom` to `top` over the plot's height; `ratio` is the screen's device pixels per pixel.
    """

    def __init__(
        self, plot: QRectF, window_s: float, levels: tuple[float, float], ratio: float, origin_s: float
    ) -> None:
        self._plot = plot
        self._window_s = window_s
        self._bottom, self._top = levels
        self._ratio = ratio
        self.origin_s = origin_s
        self._px_per_s = plot.width() / window_s
        width = math.ceil((window_s + SPARE_S) * self._px_per_s * ratio)
        self.pixmap = QPixmap(width, max(1, math.ceil(plot.height() * ratio)))
        self.pixmap.setDevicePixelRatio(ratio)
        self._inked: tuple[F64, F64] | None = None

    def covers(self, start_s: float) -> bool:
        """Say whether the window from `start_s` on lies on the tape."""
        return 0.0 <= start_s - self.origin_s <= SPARE_S

    def points(self, t_s: F64, level: F64) -> tuple[F64, F64]:
        """Return pixels on the tape; levels beyond the plot stay at its edge."""
        span = self._top - self._bottom
        share = (self._top - np.clip(level, self._bottom + 0.02 * span, self._top - 0.02 * span)) / span
        return (t_s - self.origin_s) * self._px_per_s, share * self._plot.height()

    def offset(self, start_s: float) -> float:
        """Return where on the tape the window from `start_s` on begins, on a whole device pixel."""
        return round((start_s - self.origin_s) * self._px_per_s * self._ratio) / self._ratio

    def fits(self, t_s: F64, y: F64) -> bool:
        """Say whether a trace goes on from what is inked: no point of it has moved since."""
        if self._inked is None or not t_s.size:
            return True
        inked_t, inked_y = self._inked
        both = t_s[(t_s >= inked_t[0]) & (t_s <= inked_t[-1])]
        at = np.searchsorted(inked_t, both)
        same = y[np.searchsorted(t_s, both)]
        return bool(np.array_equal(inked_t[at], both) and np.array_equal(inked_y[at], same, equal_nan=True))

    def ink(self, t_s: F64, y: F64, width: float, color: QColor) -> None:
        """Ink the settled part of a trace that is not inked yet, when there is enough of it."""
        settled = max(0, t_s.size - TAIL_N)
        first = self._first_free(t_s)
        if settled - first < (CHUNK_N if self._inked is not None else 2):
            return
        fresh = slice(max(0, first - 1), settled)
        with QPainter(self.pixmap) as painter:
            self.draw_trace(painter, t_s[fresh], y[fresh], width, color)
        self._inked = (t_s[:settled], y[:settled])

    def tail(self, t_s: F64, y: F64) -> tuple[F64, F64]:
        """Return the part of a trace that is not inked, with the point before it."""
        first = max(0, self._first_free(t_s) - 1)
        return t_s[first:], y[first:]

    def _first_free(self, t_s: F64) -> int:
        return 0 if self._inked is None else int(np.searchsorted(t_s, self._inked[0][-1], side="right"))

    def draw_trace(self, painter: QPainter, t_s: F64, y: F64, width: float, color: QColor) -> None:
        """Draw a trace in tape coordinates, broken where it is NaN."""
        for t, level in finite_stretches(t_s, y):
            fill(painter, polygon(*ribbon(*self.points(t, level), width)), color)

    def pull(self, painter: QPainter, start_s: float) -> QPointF:
        """Draw the window from `start_s` on, and return where the tape's beginning now lies."""
        offset = self.offset(start_s)
        ratio = self._ratio
        source = QRectF(offset * ratio, 0.0, self._plot.width() * ratio, self._plot.height() * ratio)
        painter.drawPixmap(self._plot, self.pixmap, source)
        return self._plot.topLeft() - QPointF(offset, 0.0)
