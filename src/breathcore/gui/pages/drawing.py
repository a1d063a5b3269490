"""The one drawing that shows where the strap goes: a torso from the front, in the theme's colours."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.gui import theme

_SIZE = QRectF(0, 0, 240, 220)  # the drawing's own units
_STRAP_TOP, _STRAP_HEIGHT = 124.0, 17.0


class StrapDrawing(QWidget):
    """A torso with a strap below the chest muscles, its sensor in the middle and its two pads marked.

    Parameters
    ----------
    ems : float
        Height in text sizes; the width follows.
    description : str
        What the drawing says, for people who do not see it.
    """

    def __init__(self, ems: float, description: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ems = ems
        self.describe(description)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def describe(self, description: str) -> None:
        """Set what the drawing says in words."""
        self.setAccessibleName(description)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at the current text scale."""
        height = theme.current().px(self._ems)
        return QSize(round(height * _SIZE.width() / _SIZE.height()), height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same: the drawing is never squeezed."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw, centred, as large as fits."""
        with QPainter(self) as painter:  # a painter left open by an exception would crash Qt
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            scale = min(self.width() / _SIZE.width(), self.height() / _SIZE.height())
            painter.translate((self.width() - _SIZE.width() * scale) / 2, (self.height() - _SIZE.height() * scale) / 2)
            painter.scale(scale, scale)
            _paint_body(painter, theme.current())
            _paint_strap(painter, theme.current())


def _paint_body(painter: QPainter, style: theme.Style) -> None:
    skin = QLinearGradient(0, 0, 0, _SIZE.height())
    skin.setColorAt(0.55, style.color("band"))
    skin.setColorAt(1.0, style.color("surface"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(skin)
    painter.drawPath(_torso(closed=True))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(style.color("muted"), 2.2))
    painter.drawPath(_torso(closed=False))
    painter.drawPath(mirrored(_arm_crease()))
    soft = QColor(style.color("muted"))
    soft.setAlphaF(0.55)
    painter.setPen(_pen(soft, 1.6))
    for path in (_collar_bone(), _chest_fold(), _rib_arch()):
        painter.drawPath(mirrored(path))


def _pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _paint_strap(painter: QPainter, style: theme.Style) -> None:
    painter.save()
    painter.setClipPath(_trunk())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color("text"))
    painter.drawPath(_band(_STRAP_TOP, _STRAP_HEIGHT))
    painter.setBrush(style.color("accent"))
    for x in (72.0, 168.0):
        painter.drawRoundedRect(QRectF(x - 17, _STRAP_TOP + 5.6, 34, 8.6), 4.3, 4.3)
    painter.restore()
    painter.setBrush(style.color("surface"))
    painter.setPen(QPen(style.color("text"), 2.6))
    painter.drawRoundedRect(QRectF(103, _STRAP_TOP - 3, 34, 27), 9, 9)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color("accent"))
    painter.drawEllipse(QPointF(120, _STRAP_TOP + 10.5), 4.2, 4.2)
    for x in (72.0, 168.0):
        painter.drawPath(_drop(x, _STRAP_TOP + 31))


def _torso(*, closed: bool) -> QPainterPath:
    """Neck, shoulders, outer arms and the trunk's sides; left open below, where the drawing fades."""
    half = QPainterPath(QPointF(104, 2))
    half.lineTo(104, 20)
    half.cubicTo(103, 34, 84, 36, 66, 43)
    half.cubicTo(44, 50, 34, 62, 31, 86)
    half.cubicTo(28, 116, 22, 140, 17, 170)
    if closed:
        path = QPainterPath(half)
        path.lineTo(12, 220)
        path.lineTo(228, 220)
        path.connectPath(flip(half).toReversed())
        path.closeSubpath()
        return path
    half.lineTo(14, 190)
    return mirrored(half)


def _arm_crease() -> QPainterPath:
    path = QPainterPath(QPointF(56, 88))
    path.cubicTo(58, 112, 62, 128, 62, 148)
    path.cubicTo(62, 168, 57, 180, 55, 206)
    return path


def _trunk() -> QPainterPath:
    half = _arm_crease()
    path = QPainterPath(half)
    path.connectPath(flip(half).toReversed())
    path.closeSubpath()
    return path


def _collar_bone() -> QPainterPath:
    path = QPainterPath(QPointF(112, 47))
    path.cubicTo(100, 43, 82, 47, 68, 52)
    return path


def _chest_fold() -> QPainterPath:
    path = QPainterPath(QPointF(62, 100))
    path.cubicTo(70, 117, 98, 118, 113, 107)
    return path


def _rib_arch() -> QPainterPath:
    path = QPainterPath(QPointF(113, 158))
    path.cubicTo(100, 162, 88, 174, 80, 190)
    return path


def _band(top: float, height: float) -> QPainterPath:
    """Return a strap around a rounded chest: both edges sag a little in the middle."""
    path = QPainterPath(QPointF(50, top))
    path.quadTo(120, top + 6, 190, top)
    path.lineTo(190, top + height)
    path.quadTo(120, top + height + 6, 50, top + height)
    path.closeSubpath()
    return path


def _drop(x: float, y: float) -> QPainterPath:
    path = QPainterPath(QPointF(x, y - 7))
    path.cubicTo(x + 2, y - 3, x + 5, y, x + 5, y + 3)
    path.arcTo(QRectF(x - 5, y - 2, 10, 10), 0, -180)
    path.cubicTo(x - 5, y, x - 2, y - 3, x, y - 7)
    return path


def mirrored(path: QPainterPath) -> QPainterPath:
    """Return `path` with its mirror image."""
    both = QPainterPath(path)
    both.addPath(flip(path))
    return both


def flip(path: QPainterPath) -> QPainterPath:
    """Return the mirror image of `path`."""
    flipped = QPainterPath()
    for i in range(path.elementCount()):
        element = path.elementAt(i)
        point = QPointF(_SIZE.width() - element.x, element.y)
        if element.type is QPainterPath.ElementType.MoveToElement:
            flipped.moveTo(point)
        elif element.type is QPainterPath.ElementType.LineToElement:
            flipped.lineTo(point)
        elif element.type is QPainterPath.ElementType.CurveToElement:
            second, third = path.elementAt(i + 1), path.elementAt(i + 2)
            flipped.cubicTo(
                point,
                QPointF(_SIZE.width() - second.x, second.y),
                QPointF(_SIZE.width() - third.x, third.y),
            )
    return flipped
