"""Where sensors are worn: a torso from the front and from behind, with the six places to tap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from breathcore.feedback.sight import sees_breath
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.pages.drawing import flip, mirrored
from breathcore.model.device import DeviceSpec, Place

_FIGURE = QRectF(0, 0, 240, 300)  # one figure, in the units (and of the width) of `drawing`
_BEHIND_X = 240.0  # the second figure stands to the right of the first
_SPOT_EM = 2.0
_BAND = 18.0
# the middle of each spot; how far outside of it its name stands, and on which side (-1 above, +1 below)
_SPOTS: Mapping[Place, tuple[float, float, float, int]] = {
    Place.STERNUM: (120, 122, 0, -1),
    Place.RIGHT: (172, 160, 16, 1),
    Place.LEFT: (68, 160, -16, 1),
    Place.NAVEL: (120, 208, 0, 1),
    Place.BACK: (_BEHIND_X + 120, 156, 0, 1),
    Place.PELVIS: (_BEHIND_X + 120, 232, 0, 1),
}
USUAL: Mapping[str, Place] = {"chest": Place.STERNUM}  # a profile's placement → where it is worn as a rule
_AROUND = frozenset({Place.STERNUM, Place.NAVEL})  # where a strap or belt goes round the trunk
_ORDER = (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.NAVEL, Place.BACK, Place.PELVIS)


@dataclass(frozen=True, slots=True)
class Marks:
    """What the drawing shows: numbers of sensors at each place, and which places a strap or belt goes round."""

    numbers: Mapping[Place, Sequence[int]] = field(default_factory=dict)
    bands: frozenset[Place] = frozenset()


def marks_of(worn: Sequence[tuple[DeviceSpec, Place | None]]) -> Marks:
    """Return what the drawing shows of wearables at their places; they are numbered in their order."""
    numbers: dict[Place, list[int]] = {}
    for n, (spec, place) in enumerate(worn, 1):
        if sees_breath(spec) and place is not None:
            numbers.setdefault(place, []).append(n)
    for n, (spec, _) in enumerate(worn, 1):  # a heart strap has one place, and takes none from the others
        if not sees_breath(spec) and spec.placement in USUAL:
            numbers.setdefault(USUAL[spec.placement], [n])
    places = (place if sees_breath(spec) else USUAL[spec.placement] for spec, place in worn if spec.placement in USUAL)
    return Marks(numbers, frozenset(place for place in places if place in _AROUND))


class Spot(QAbstractButton):
    """One place on the body: an empty ring, or the number of the sensor worn there; "!" where there are several."""

    def __init__(self, place: Place, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.place = place
        self._name = name
        self.numbers: tuple[int, ...] = ()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_numbers(self, numbers: Sequence[int]) -> None:
        """Show which sensors are worn here; several at one place are a conflict."""
        self.numbers = tuple(numbers)
        shown = ", ".join(map(str, self.numbers))
        self.setAccessibleName(f"{self._name}: {shown}" if shown else self._name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw the ring or the numbers, and the focus around them."""
        style = theme.current()
        pen = 0.12 * style.em
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            circle = QRectF(self.rect()).adjusted(2 * pen, 2 * pen, -2 * pen, -2 * pen)
            if self.hasFocus():
                painter.setPen(QPen(style.color("focus"), 1.6 * pen))
                painter.drawEllipse(QRectF(self.rect()).adjusted(pen, pen, -pen, -pen))
            crowded = len(self.numbers) > 1
            worn, empty, edge = ("accent", "raised", "border") if self.isEnabled() else ("muted", "background", "line")
            ink = "attention" if crowded else worn if self.numbers else edge
            ground = "attention_soft" if crowded else worn if self.numbers else empty
            painter.setPen(QPen(style.color(ink), pen))
            painter.setBrush(style.color("pressed" if self.underMouse() and not self.numbers else ground))
            painter.drawEllipse(circle)
            painter.setPen(style.color("attention" if crowded else "on_accent"))
            painter.setFont(style.font(1.1 if crowded else 1.0, style.font().Weight.DemiBold))
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, "!" if crowded else "".join(map(str, self.numbers)))


class BodyMap(QWidget):
    """The two figures, drawn as in a mirror: a person's left is on the left.

    Signals
    -------
    tapped(object)
        A `Place` that was tapped.
    """

    tapped = Signal(object)

    def __init__(self, wording: Wording, ems: float = 16.0) -> None:
        super().__init__()
        self._wording = wording
        self._ems = ems
        self._marks = Marks()
        self.setAccessibleName(wording.text("sensors.body"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.spots: dict[Place, Spot] = {}
        for place in _ORDER:
            spot = Spot(place, wording.text(f"place.{place}"), self)
            spot.clicked.connect(partial(self._tap, place))
            self.spots[place] = spot

    def show_marks(self, marks: Marks) -> None:
        """Show where sensors are worn."""
        self._marks = marks
        for place, spot in self.spots.items():
            spot.show_numbers(marks.numbers.get(place, ()))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size at the current text scale."""
        height = theme.current().px(self._ems)
        return QSize(round(height * 2 * _FIGURE.width() / _FIGURE.height()), height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the same: the drawing is never squeezed."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Put every spot where it belongs."""
        super().resizeEvent(event)
        side = theme.current().px(_SPOT_EM)
        for place, spot in self.spots.items():
            middle = self._on_screen(place)
            spot.setGeometry(QRect(round(middle.x() - side / 2), round(middle.y() - side / 2), side, side))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw both figures, the bands, and the names of the places."""
        style = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.save()
            painter.translate(self._left(), 0)
            painter.scale(self._scale(), self._scale())
            _paint_figures(painter, style, self._marks.bands)
            painter.restore()
            for place in _ORDER:
                self._paint_name(painter, style, place)

    def _paint_name(self, painter: QPainter, style: theme.Style, place: Place) -> None:
        worn = bool(self._marks.numbers.get(place))
        painter.setFont(style.font(0.85, style.font().Weight.DemiBold if worn else style.font().Weight.Normal))
        metrics = painter.fontMetrics()
        text = self._wording.text(f"place.{place}")
        _, _, aside, side = _SPOTS[place]
        middle = self._on_screen(place) + QPointF(aside * self._scale(), 0)
        width, height = metrics.horizontalAdvance(text) + 0.6 * style.em, metrics.height()
        away = 0.55 * _SPOT_EM * style.em + height / 2
        box = QRectF(middle.x() - width / 2, middle.y() + side * away - height / 2, width, height)
        ground = style.color("surface")
        ground.setAlphaF(0.85)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, height / 3, height / 3)
        painter.setPen(style.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _tap(self, place: Place) -> None:
        self.tapped.emit(place)

    def _scale(self) -> float:
        return float(min(self.width() / (2 * _FIGURE.width()), self.height() / _FIGURE.height()))

    def _left(self) -> float:
        return float((self.width() - 2 * _FIGURE.width() * self._scale()) / 2)

    def _on_screen(self, place: Place) -> QPointF:
        x, y, _, _ = _SPOTS[place]
        return QPointF(self._left() + x * self._scale(), y * self._scale())


class WornDrawing(QWidget):
    """The two figures with the numbers of what is worn, to look at only.

    Parameters
    ----------
    marks : Marks
    ems : float
        Height in text sizes; the width follows.
    description : str
        What the drawing says, for people who do not see it.
    """

    def __init__(self, marks: Marks, ems: float, description: str) -> None:
        super().__init__()
        self._marks = marks
        self._ems = ems
        self.setAccessibleName(description)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size at the current text scale."""
        height = theme.current().px(self._ems)
        return QSize(round(height * 2 * _FIGURE.width() / _FIGURE.height()), height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw, centred, as large as fits."""
        style = theme.current()
        scale = min(self.width() / (2 * _FIGURE.width()), self.height() / _FIGURE.height())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate((self.width() - 2 * _FIGURE.width() * scale) / 2, 0)
            painter.scale(scale, scale)
            _paint_figures(painter, style, self._marks.bands)
            side = 1.5 * style.em / scale
            font = style.font(0.85, style.font().Weight.DemiBold)
            font.setPixelSize(round(font.pixelSize() / scale))
            painter.setFont(font)
            for place, numbers in self._marks.numbers.items():
                x, y, _, _ = _SPOTS[place]
                shown = ", ".join(map(str, numbers))
                box = QRectF(x - side * (1 + 0.6 * (len(numbers) - 1)) / 2, y - side / 2, 0, side)
                box.setWidth(2 * (x - box.left()))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(style.color("accent"))
                painter.drawRoundedRect(box, side / 2, side / 2)
                painter.setPen(style.color("on_accent"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)


def _paint_figures(painter: QPainter, style: theme.Style, bands: frozenset[Place]) -> None:
    """Draw the figure from the front and from behind, with what goes round them."""
    for behind in (False, True):
        painter.save()
        painter.translate(_BEHIND_X if behind else 0, 0)
        _paint_figure(painter, style, behind=behind)
        for place in sorted(bands):
            _paint_band(painter, style, _SPOTS[place][1])
        painter.restore()


def _paint_figure(painter: QPainter, style: theme.Style, *, behind: bool) -> None:
    skin = QLinearGradient(0, 0, 0, _FIGURE.height())
    skin.setColorAt(0.72, style.color("band"))
    skin.setColorAt(1.0, style.color("surface"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(skin)
    painter.drawPath(_outline())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = QLinearGradient(0, 0, 0, _FIGURE.height())
    line.setColorAt(0.75, style.color("muted"))
    line.setColorAt(0.97, style.color("surface"))
    painter.setPen(QPen(line, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPath(mirrored(_arm()))
    painter.drawPath(mirrored(_side()))
    soft = QColor(style.color("muted"))
    soft.setAlphaF(0.5)
    painter.setPen(QPen(soft, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for path in _back_lines() if behind else _front_lines():
        painter.drawPath(mirrored(path))


def _paint_band(painter: QPainter, style: theme.Style, y: float) -> None:
    """Draw a strap or belt around the trunk, its middle at `y`."""
    painter.save()
    painter.setClipPath(_trunk())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color("text"))
    path = QPainterPath(QPointF(40, y - _BAND / 2 - 4))
    path.quadTo(120, y - _BAND / 2 + 4, 200, y - _BAND / 2 - 4)
    path.lineTo(200, y + _BAND / 2 - 4)
    path.quadTo(120, y + _BAND / 2 + 4, 40, y + _BAND / 2 - 4)
    path.closeSubpath()
    painter.drawPath(path)
    painter.restore()


def _arm() -> QPainterPath:
    """Neck, shoulder and the outer edge of the arm, on the left of the picture."""
    path = QPainterPath(QPointF(104, 2))
    path.lineTo(104, 20)
    path.cubicTo(103, 34, 84, 36, 66, 43)
    path.cubicTo(44, 50, 34, 62, 31, 86)
    path.cubicTo(28, 120, 22, 150, 16, 184)
    path.cubicTo(12, 210, 8, 240, 6, 290)
    return path


def _side() -> QPainterPath:
    """Armpit, waist, hip and thigh, on the left of the picture."""
    path = QPainterPath(QPointF(56, 88))
    path.cubicTo(58, 112, 61, 130, 61, 150)
    path.cubicTo(62, 176, 52, 196, 50, 224)
    path.cubicTo(49, 244, 50, 262, 52, 298)
    return path


def _outline() -> QPainterPath:
    path = QPainterPath(_arm())
    path.lineTo(6, 300)
    path.lineTo(234, 300)
    path.connectPath(flip(_arm()).toReversed())
    path.closeSubpath()
    return path


def _trunk() -> QPainterPath:
    path = QPainterPath(_side())
    path.connectPath(flip(_side()).toReversed())
    path.closeSubpath()
    return path


def _front_lines() -> tuple[QPainterPath, ...]:
    collar = QPainterPath(QPointF(112, 47))
    collar.cubicTo(100, 43, 82, 47, 68, 52)
    chest = QPainterPath(QPointF(62, 96))
    chest.cubicTo(70, 111, 98, 112, 112, 102)
    ribs = QPainterPath(QPointF(112, 146))
    ribs.cubicTo(102, 152, 92, 162, 86, 176)
    groin = QPainterPath(QPointF(70, 238))
    groin.cubicTo(84, 254, 100, 266, 114, 274)
    return collar, chest, ribs, groin


def _back_lines() -> tuple[QPainterPath, ...]:
    spine = QPainterPath(QPointF(120, 34))
    spine.lineTo(120, 214)
    blade = QPainterPath(QPointF(72, 66))
    blade.cubicTo(86, 78, 98, 96, 96, 116)
    blade.cubicTo(86, 120, 74, 112, 68, 98)
    seat = QPainterPath(QPointF(120, 258))
    seat.cubicTo(116, 278, 96, 292, 74, 290)
    return spine, blade, seat
