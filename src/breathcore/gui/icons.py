"""Icons drawn with the painter: no symbol characters, no files, any size, any theme."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.gui import theme

_Draw = Callable[[QPainter], None]


def _line(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _solid(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.setBrush(painter.pen().color())
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _dot(painter: QPainter, x: float, y: float, r: float) -> None:
    painter.setBrush(painter.pen().color())
    painter.drawEllipse(QPointF(x, y), r, r)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _inhale(p: QPainter) -> None:
    _line(p, (0.5, 0.85), (0.5, 0.15))
    _line(p, (0.22, 0.42), (0.5, 0.14), (0.78, 0.42))


def _exhale(p: QPainter) -> None:
    _line(p, (0.5, 0.15), (0.5, 0.85))
    _line(p, (0.22, 0.58), (0.5, 0.86), (0.78, 0.58))


def _hold(p: QPainter) -> None:
    _line(p, (0.08, 0.75), (0.3, 0.28), (0.7, 0.28), (0.92, 0.75))


def _rest(p: QPainter) -> None:
    _line(p, (0.08, 0.28), (0.3, 0.72), (0.7, 0.72), (0.92, 0.28))


def _effort(p: QPainter) -> None:
    p.drawEllipse(QRectF(0.14, 0.14, 0.72, 0.72))
    _dot(p, 0.5, 0.5, 0.14)


def _pause(p: QPainter) -> None:
    _solid(p, (0.24, 0.18), (0.38, 0.18), (0.38, 0.82), (0.24, 0.82))
    _solid(p, (0.62, 0.18), (0.76, 0.18), (0.76, 0.82), (0.62, 0.82))


def _play(p: QPainter) -> None:
    _solid(p, (0.28, 0.16), (0.84, 0.5), (0.28, 0.84))


def _stop(p: QPainter) -> None:
    _solid(p, (0.24, 0.24), (0.76, 0.24), (0.76, 0.76), (0.24, 0.76))


def _warning(p: QPainter) -> None:
    p.drawPolygon(QPolygonF([QPointF(0.5, 0.1), QPointF(0.95, 0.88), QPointF(0.05, 0.88)]))
    _line(p, (0.5, 0.38), (0.5, 0.6))
    _dot(p, 0.5, 0.745, 0.025)


def _info(p: QPainter) -> None:
    p.drawEllipse(QRectF(0.08, 0.08, 0.84, 0.84))
    _line(p, (0.5, 0.46), (0.5, 0.72))
    _dot(p, 0.5, 0.295, 0.03)


def _check(p: QPainter) -> None:
    p.drawEllipse(QRectF(0.08, 0.08, 0.84, 0.84))
    _line(p, (0.3, 0.52), (0.45, 0.67), (0.71, 0.36))


def _tick(p: QPainter) -> None:
    _line(p, (0.24, 0.52), (0.43, 0.71), (0.76, 0.3))


def _close(p: QPainter) -> None:
    _line(p, (0.22, 0.22), (0.78, 0.78))
    _line(p, (0.78, 0.22), (0.22, 0.78))


def _lost(p: QPainter) -> None:
    p.drawArc(QRectF(0.06, 0.34, 0.42, 0.32), 45 * 16, 270 * 16)
    p.drawArc(QRectF(0.52, 0.34, 0.42, 0.32), -135 * 16, 270 * 16)
    _line(p, (0.66, 0.1), (0.36, 0.9))


def _heart(p: QPainter) -> None:
    path = QPainterPath(QPointF(0.5, 0.86))
    path.cubicTo(-0.12, 0.42, 0.2, -0.02, 0.5, 0.3)
    path.cubicTo(0.8, -0.02, 1.12, 0.42, 0.5, 0.86)
    p.drawPath(path)


def _mark(p: QPainter) -> None:
    _line(p, (0.26, 0.9), (0.26, 0.12))
    _solid(p, (0.26, 0.14), (0.82, 0.32), (0.26, 0.52))


def _sound(p: QPainter) -> None:
    _solid(p, (0.08, 0.38), (0.26, 0.38), (0.5, 0.16), (0.5, 0.84), (0.26, 0.62), (0.08, 0.62))
    p.drawArc(QRectF(0.42, 0.3, 0.34, 0.4), -60 * 16, 120 * 16)
    p.drawArc(QRectF(0.46, 0.12, 0.48, 0.76), -60 * 16, 120 * 16)


def _mute(p: QPainter) -> None:
    _solid(p, (0.08, 0.38), (0.26, 0.38), (0.5, 0.16), (0.5, 0.84), (0.26, 0.62), (0.08, 0.62))
    _line(p, (0.64, 0.36), (0.92, 0.64))
    _line(p, (0.92, 0.36), (0.64, 0.64))


def _wave(p: QPainter) -> None:
    path = QPainterPath(QPointF(0.04, 0.7))
    path.cubicTo(0.2, 0.7, 0.16, 0.28, 0.3, 0.28)
    path.cubicTo(0.44, 0.28, 0.4, 0.7, 0.54, 0.7)
    path.cubicTo(0.68, 0.7, 0.64, 0.28, 0.78, 0.28)
    path.cubicTo(0.88, 0.28, 0.88, 0.6, 0.96, 0.66)
    p.drawPath(path)


def _circle(p: QPainter) -> None:
    p.drawEllipse(QRectF(0.1, 0.1, 0.8, 0.8))
    _dot(p, 0.5, 0.5, 0.2)


def _words(p: QPainter) -> None:
    for y, x in ((0.26, 0.9), (0.5, 0.72), (0.74, 0.84)):
        _line(p, (0.1, y), (x, y))


DRAWINGS: dict[str, _Draw] = {
    "inhale": _inhale,
    "exhale": _exhale,
    "hold": _hold,
    "rest": _rest,
    "effort": _effort,
    "pause": _pause,
    "play": _play,
    "stop": _stop,
    "warning": _warning,
    "info": _info,
    "check": _check,
    "tick": _tick,
    "close": _close,
    "lost": _lost,
    "heart": _heart,
    "mark": _mark,
    "sound": _sound,
    "mute": _mute,
    "wave": _wave,
    "circle": _circle,
    "words": _words,
}


def draw(painter: QPainter, kind: str, rect: QRectF, color: QColor) -> None:
    """Draw the icon `kind` into `rect` (its shorter side counts)."""
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side, side)
    painter.setPen(QPen(color, 0.1, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    DRAWINGS[kind](painter)
    painter.restore()


def icon_size(ems: float = 1.15) -> QSize:
    """Return the size of a button's icon with the space between it and the text."""
    side = theme.current().px(ems)
    return QSize(side + theme.current().px(0.35), side)


def icon(kind: str, token: str = "text", ems: float = 1.15) -> QIcon:
    """Return the icon `kind` for a button, in the colour `token` of the current theme; muted where it is disabled."""
    made = QIcon(_pixmap(kind, token, ems))
    made.addPixmap(_pixmap(kind, "muted", ems), QIcon.Mode.Disabled)
    return made


def _pixmap(kind: str, token: str, ems: float) -> QPixmap:
    style = theme.current()
    side = style.px(ems)
    pixmap = QPixmap(icon_size(ems) * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        draw(painter, kind, QRectF(0, 0, side, side), style.color(token))
    return pixmap


class Icon(QWidget):
    """A drawing beside a word, which says the same: hidden from screen readers by having no name of its own."""

    def __init__(self, kind: str, *, token: str = "text", ems: float = 1.4) -> None:
        super().__init__()
        self._kind = kind
        self._token = token
        self._ems = ems
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_kind(self, kind: str, token: str) -> None:
        """Show another drawing or colour."""
        if (kind, token) != (self._kind, self._token):
            self._kind, self._token = kind, token
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a square of the icon's size."""
        side = theme.current().px(self._ems)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw the icon, muted on what is disabled."""
        color = theme.current().color(self._token if self.isEnabled() else "muted")
        with QPainter(self) as painter:
            draw(painter, self._kind, QRectF(self.rect()), color)


class Battery(QWidget):
    """A battery filled to its level; the words stand beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.percent: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_percent(self, percent: int | None) -> None:
        """Show `percent`; None: not known, nothing is drawn."""
        if percent != self.percent:
            self.percent = percent
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return about two letters' width."""
        style = theme.current()
        return QSize(style.px(1.9), style.px(1.0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw case, knob and filling; a low battery is short and in the attention colour."""
        if self.percent is None:
            return
        style = theme.current()
        color = style.color("attention" if self.percent <= 20 else "text")
        pen = style.em * 0.1
        case = QRectF(pen, pen, self.width() - 3.4 * pen, self.height() - 2 * pen)
        inner = case.adjusted(1.6 * pen, 1.6 * pen, -1.6 * pen, -1.6 * pen)
        inner.setWidth(inner.width() * self.percent / 100.0)
        knob = QRectF(case.right() + pen, self.height() * 0.34, 1.3 * pen, self.height() * 0.32)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(color, pen))
            painter.drawRoundedRect(case, 2 * pen, 2 * pen)
            painter.fillRect(inner, color)
            painter.fillRect(knob, color)
