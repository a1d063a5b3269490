"""Painted pictures of the trunk: the expansion ring, ribs and belly, the brace gauge, the tempo bar.

Each paints one view and says the same in its accessible name. Nothing is told by colour alone: words and numbers stand
beside, what is aimed at is an outline, what there is a filling.
"""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.feedback.trunk_view import BraceView, CompartmentsView, RepsView, RingView, SiteView
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.model.device import Place

_ANGLES = {Place.STERNUM: 90, Place.LEFT: 180, Place.BACK: 270, Place.RIGHT: 0}  # from above, facing up: left is left
_ARC_DEG = 64
_FULL = 1.2  # the level at the outer rim
GAUGE_TOP = 0.4  # the firmest brace that the gauge shows, unless more is aimed at or reached


class Picture(QWidget):
    """A painted widget of a fixed height in text sizes."""

    def __init__(self, wording: Wording, name: str, height_em: float) -> None:
        super().__init__()
        self.wording = wording
        self._name = wording.text(name)
        self._height_em = height_em
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._name)

    def say(self, words: str) -> None:
        """Say what is painted."""
        told = f"{self._name}: {words}" if words else self._name
        if self.accessibleName() != told:
            self.setAccessibleName(told)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the height at the text size now in use."""
        style = theme.current()
        return QSize(style.px(12), style.px(self._height_em))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the same."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw(painter, theme.current())

    def draw(self, painter: QPainter, style: theme.Style) -> None:
        """Draw the picture (each in its own way)."""
        raise NotImplementedError

    def percent(self, share: float | None) -> str:
        """Return a share in words, a dash for None."""
        return "—" if share is None else self.wording.text("trainer.percent", n=round(100 * share))


class RingPicture(Picture):
    """The trunk from above, front at the top: each site an arc that fills outwards as it opens."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, "trunk.ring.name", 10.2)
        self._view: RingView | None = None
        self._numbers = True

    def show_view(self, view: RingView, *, numbers: bool) -> None:
        """Show the ring; `numbers` False: live only where nothing is to be seen yet."""
        self._view, self._numbers = view, numbers
        self.say(", ".join(self._words(site) for site in view.sites))

    def _words(self, site: SiteView) -> str:
        name = self.wording.text(f"trunk.site.{site.place.value}")
        return f"{name} {self._value(site)}"

    def _value(self, site: SiteView) -> str:
        return self.percent(site.share) if self._numbers else "—"

    def draw(self, painter: QPainter, style: theme.Style) -> None:
        """Draw the four sites, what is aimed at, and their words."""
        view = self._view
        if view is None:
            return
        em = style.em
        radius = min(self.height() / 2 - 1.7 * em, self.width() / 2 - 3.7 * em)
        centre = QPointF(self.width() / 2, self.height() / 2)
        for site in view.sites:
            self._draw_site(painter, style, view, site, centre, radius)
        painter.setPen(style.color("text"))
        painter.setFont(style.font(1.5, QFont.Weight.DemiBold))
        score = "" if view.score is None or not self._numbers else str(round(view.score))
        painter.drawText(_around(centre, radius), Qt.AlignmentFlag.AlignCenter, score)

    def _draw_site(
        self, painter: QPainter, style: theme.Style, view: RingView, site: SiteView, centre: QPointF, radius: float
    ) -> None:
        inner, span = 0.45 * radius, 0.55 * radius
        start = round((_ANGLES[site.place] - _ARC_DEG / 2) * 16)
        thick = 0.3 * style.em
        low, high = view.aim
        for level in (low, high) if site.message is None else ():
            painter.setPen(QPen(style.color("target"), 1.4, Qt.PenStyle.DashLine))
            painter.drawArc(_around(centre, inner + span * level / _FULL), start, _ARC_DEG * 16)
        painter.setPen(QPen(style.color("border"), 1.2))
        painter.drawArc(_around(centre, inner), start, _ARC_DEG * 16)
        now = site.level if self._numbers else None
        if now is not None:
            reach = inner + span * min(max(now, 0.03), _FULL) / _FULL
            focus = site.place is view.focus
            painter.setPen(_flat(style.color("accent" if focus else "trace"), reach - inner + thick))
            painter.drawArc(_around(centre, (inner + reach + thick) / 2), start, _ARC_DEG * 16)
        self._draw_words(painter, style, view, site, centre, radius)

    def _draw_words(
        self, painter: QPainter, style: theme.Style, view: RingView, site: SiteView, centre: QPointF, radius: float
    ) -> None:
        em = style.em
        bold = site.place is view.focus or (self._numbers and site.place is view.least)
        painter.setFont(style.font(0.9, QFont.Weight.DemiBold if bold else QFont.Weight.Normal))
        painter.setPen(style.color("text" if site.message is None else "muted"))
        angle = math.radians(_ANGLES[site.place])
        across = radius + (1.9 if site.place in (Place.LEFT, Place.RIGHT) else 0.85) * em
        at = QPointF(centre.x() + across * math.cos(angle), centre.y() - across * math.sin(angle))
        name, value = self.wording.text(f"trunk.site.{site.place.value}"), self._value(site)
        sideways = site.place in (Place.LEFT, Place.RIGHT)
        text = f"{name}\n{value}" if sideways else f"{name} {value}"
        box = QRectF(0, 0, (3.7 if sideways else 10) * em, (2.6 if sideways else 1.4) * em)
        box.moveCenter(at)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class CompartmentsPicture(Picture):
    """Ribs above, belly below: two rounded shapes that grow with the breath."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, "trunk.compartments.name", 3.4)
        self._view: CompartmentsView | None = None
        self._numbers = True

    def show_view(self, view: CompartmentsView, *, numbers: bool) -> None:
        """Show ribs and belly."""
        self._view, self._numbers = view, numbers
        self.say(", ".join((self._words(0), self._words(1))))

    def _words(self, n: int) -> str:
        """Return the name of the ribs (0) or the belly (1), with its share of the breath where that is known."""
        name = self.wording.text(("trunk.ribs", "trunk.belly")[n])
        share = None if self._view is None else self._view.rib_share
        return name if share is None or not self._numbers else f"{name} {self.percent(abs(n - share))}"

    def draw(self, painter: QPainter, style: theme.Style) -> None:
        """Draw both, the outline at a full breath."""
        if self._view is None:
            return
        for n, level in enumerate((self._view.ribs, self._view.belly)):
            middle = QPointF(self.width() / 2, (0.27 + 0.46 * n) * self.height())
            full, rest = 0.46 * self.width(), 0.25 * self.width()
            half = 0.19 * self.height()
            painter.setPen(QPen(style.color("border"), 1.2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(_box(middle, full, half), half, half)
            if level is not None and self._numbers:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(style.color("band"))
                reach = rest + (full - rest) * min(max(level, 0.0), 1.1)
                painter.drawRoundedRect(_box(middle, reach, half), half, half)
            painter.setPen(style.color("text" if level is not None else "muted"))
            painter.setFont(style.font(0.85))
            painter.drawText(_box(middle, full, half), Qt.AlignmentFlag.AlignCenter, self._words(n))


class BraceGauge(Picture):
    """A bar from ease to firm; the zone aimed at is a frame round a part of it, an arrow says where it drifts."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, "trunk.brace.name", 2.3)
        self._view: BraceView | None = None
        self._numbers = True

    def show_view(self, view: BraceView, *, numbers: bool) -> None:
        """Show the gauge."""
        self._view, self._numbers = view, numbers
        self.say(self.percent(view.level) if numbers else "")

    def draw(self, painter: QPainter, style: theme.Style) -> None:
        """Draw bar, zone and level."""
        view = self._view
        if view is None or view.level is None:
            return
        em = style.em
        zone = view.zone
        top = max(GAUGE_TOP, (zone[1] if zone else 0.0) + 0.1, view.level + 0.05)
        bar = QRectF(0.2 * em, 0.65 * em, self.width() - 0.4 * em, 1.0 * em)
        painter.setPen(QPen(style.color("border"), 1.2))
        painter.setBrush(style.color("pressed"))
        painter.drawRoundedRect(bar, 0.3 * em, 0.3 * em)
        if self._numbers:
            inside = zone is not None and zone[0] <= view.level <= zone[1]
            fill = QRectF(bar)
            fill.setWidth(max(0.3 * em, bar.width() * min(max(view.level, 0.0), top) / top))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("attention" if view.strain else "good" if inside else "trace"))
            painter.drawRoundedRect(fill, 0.3 * em, 0.3 * em)
        if zone is not None:
            left, right = (bar.left() + bar.width() * edge / top for edge in zone)
            painter.setPen(QPen(style.color("target"), 0.17 * em))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(left, 0.3 * em, right - left, 1.7 * em))


class TempoBar(Picture):
    """How far the movement is, and beside it where the target is."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording, "trunk.tempo.name", 2.0)
        self._view: RepsView | None = None
        self._numbers = True

    def show_view(self, view: RepsView, *, numbers: bool) -> None:
        """Show the bar; `numbers` False: only where the target is."""
        self._view, self._numbers = view, numbers
        self.say(self.percent(view.share) if numbers else "")

    def draw(self, painter: QPainter, style: theme.Style) -> None:
        """Draw bar, filling and the target's mark."""
        view = self._view
        if view is None:
            return
        em = style.em
        bar = QRectF(0.4 * em, 0.55 * em, self.width() - 0.8 * em, 0.9 * em)
        painter.setPen(QPen(style.color("border"), 1.2))
        painter.setBrush(style.color("pressed"))
        painter.drawRoundedRect(bar, 0.3 * em, 0.3 * em)
        if view.share is not None and self._numbers:
            fill = QRectF(bar)
            fill.setWidth(bar.width() * min(max(view.share, 0.0), 1.0))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("trace"))
            painter.drawRoundedRect(fill, 0.3 * em, 0.3 * em)
        if view.target_share is not None:
            x = bar.left() + bar.width() * min(max(view.target_share, 0.0), 1.0)
            painter.setPen(QPen(style.color("target"), 0.25 * em))
            painter.drawLine(QPointF(x, 0.15 * em), QPointF(x, 1.85 * em))


def _around(centre: QPointF, radius: float) -> QRectF:
    return QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)


def _box(centre: QPointF, half_width: float, half_height: float) -> QRectF:
    return QRectF(centre.x() - half_width, centre.y() - half_height, 2 * half_width, 2 * half_height)


def _flat(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
