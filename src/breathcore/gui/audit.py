"""What a screen must not do: cut text off, leave a control without a name, or be hard to read."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from breathcore.gui import theme

TARGET_PX = 24  # at 100 %
_CONTROLS = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QPlainTextEdit)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its kind ("clipped", "unnamed", "small", "outside"), the widget's class, and its text."""

    kind: str
    widget: str
    text: str


def audit(page: QWidget) -> tuple[Finding, ...]:
    """Return every fault of `page` as it is laid out now (it must have been shown or grabbed)."""
    findings = []
    for widget in page.findChildren(QWidget):
        if not widget.isVisibleTo(page) or isinstance(widget, QScrollBar):
            continue
        findings += [Finding(kind, type(widget).__name__, _text(widget)) for kind in _faults(widget, page)]
    return tuple(findings)


def _faults(widget: QWidget, page: QWidget) -> list[str]:
    faults = []
    if _clipped(widget):
        faults.append("clipped")
    if _outside(widget, page):
        faults.append("outside")
    if isinstance(widget, _CONTROLS):
        if not widget.accessibleName().strip() and not _buddy(widget, page):
            faults.append("unnamed")
        if min(widget.width(), widget.height()) < TARGET_PX * theme.current().scale - 1:
            faults.append("small")
    return faults


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit) and widget.text():
        return widget.text()
    return widget.currentText() if isinstance(widget, QComboBox) else widget.accessibleName()


def _clipped(widget: QWidget) -> bool:
    if isinstance(widget, QLabel):
        return bool(widget.text()) and _label_clipped(widget)
    if isinstance(widget, QPushButton):
        return bool(widget.text()) and _button_room(widget) < _width(widget.fontMetrics(), widget.text())
    if isinstance(widget, QCheckBox):
        return widget.width() < widget.sizeHint().width()
    if isinstance(widget, QComboBox):
        texts = (widget.itemText(n) for n in range(widget.count()))  # any of them may be chosen
        return _box_room(widget) < max((_width(widget.fontMetrics(), text) for text in texts), default=0)
    if isinstance(widget, QLineEdit):
        shown = widget.text() or widget.placeholderText()
        return widget.width() < _width(widget.fontMetrics(), shown)
    return False


def _label_clipped(widget: QLabel) -> bool:
    room = widget.contentsRect()
    metrics = widget.fontMetrics()
    flags = Qt.TextFlag.TextWordWrap if widget.wordWrap() else Qt.TextFlag.TextSingleLine
    needed = metrics.boundingRect(QRect(0, 0, max(1, room.width()), 100_000), int(flags), widget.text())
    return needed.width() > room.width() + 1 or needed.height() > room.height() + 1


def _box_room(widget: QComboBox) -> int:
    option = QStyleOptionComboBox()
    widget.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    return widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, widget).width()


def _button_room(widget: QPushButton) -> int:
    room = widget.width() - 2 * theme.current().px(0.3)
    return room if widget.icon().isNull() else room - widget.iconSize().width() - theme.current().px(0.3)


def _width(metrics: QFontMetrics, text: str) -> int:
    return metrics.boundingRect(QRect(0, 0, 100_000, 1000), int(Qt.TextFlag.TextSingleLine), text).width()


def _outside(widget: QWidget, page: QWidget) -> bool:
    """Whether a part of the widget can never be brought into sight (scrolling goes up and down only)."""
    left = widget.mapTo(page, QPoint(0, 0)).x()
    if left < -1 or left + widget.width() > page.width() + 1:
        return True
    parent = widget.parentWidget()
    scrolled = isinstance(parent, QWidget) and isinstance(parent.parentWidget(), QScrollArea)
    if parent is None or parent is page or scrolled:
        return False
    place = widget.geometry()
    return bool(_text(widget)) and (place.bottom() > parent.height() + 1 or place.top() < -1)


def _buddy(widget: QWidget, page: QWidget) -> bool:
    return any(other.buddy() is widget for other in page.findChildren(QLabel))


def contrast_faults() -> tuple[tuple[str, str, str, float], ...]:
    """Return every pair of colours in use that is too close: (theme, ink, ground, ratio)."""
    faults = []
    for id_, colours in theme.THEMES.items():
        limits = ((colours.text_pairs(), theme.TEXT_CONTRAST), (colours.graph_pairs(), theme.GRAPH_CONTRAST))
        for pairs, limit in limits:
            for ink, ground in pairs:
                ratio = theme.contrast(ink, ground)
                if ratio < limit:
                    faults.append((id_, ink, ground, ratio))
    return tuple(faults)


def measured_contrast(picture: QImage, place: QRect) -> float:
    """Return the contrast between the darkest and the lightest colour painted at `place`: text against its ground."""
    lightness: dict[float, str] = {}
    image = picture.copy(place)
    for x in range(image.width()):
        for y in range(image.height()):
            name = image.pixelColor(x, y).name()
            lightness[theme.luminance(name)] = name
    if len(lightness) < 2:
        return 1.0
    return theme.contrast(lightness[min(lightness)], lightness[max(lightness)])


def settle() -> None:
    """Let layouts that wait for the event loop happen."""
    QApplication.sendPostedEvents()
    QApplication.processEvents()
