"""Small shared widgets; every control is made with its accessible name."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from breathcore.gui import icons, theme


def label(text: str = "", role: str = "", *, wrap: bool = True) -> QLabel:
    """Return a label; `role`: display, number, hero, title, heading, cue, muted, small, good, attention or ""."""
    made = QLabel(text)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def set_text(target: QLabel, text: str) -> None:
    """Set a label's text only when it changed: repaints and layout cost."""
    if target.text() != text:
        target.setText(text)


def set_property(widget: QWidget, name: str, value: str) -> None:
    """Set a property the stylesheet looks at, and restyle the widget when it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def button(
    text: str, on_click: Callable[[], None] | None = None, *, kind: str = "", icon: str = "", drill: bool = False
) -> QPushButton:
    """Return a button; `kind`: primary, attention, quiet, segment or ""; `drill` makes it 44 px and more."""
    made = QPushButton(text)
    made.setAccessibleName(text)
    made.setProperty("kind", kind)
    made.setProperty("drill", "true" if drill else "false")
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setAutoDefault(True)  # Enter presses it too, not only Space
    if icon:
        set_icon(made, icon)
    if on_click is not None:
        made.clicked.connect(lambda _checked=False: on_click())
    return made


_ICON_TOKEN = {"primary": "on_accent", "attention": "attention", "quiet": "accent"}


def set_icon(target: QPushButton, kind: str) -> None:
    """Put the icon `kind` on a button, in the colour its text has."""
    target.setProperty("icon_kind", kind)
    token = _ICON_TOKEN.get(str(target.property("kind")), "text")
    target.setIcon(icons.icon(kind, token))
    target.setIconSize(icons.icon_size())


def restyle_buttons(root: QWidget) -> None:
    """Redraw the icons of all buttons under `root` after a change of theme or text size."""
    for child in root.findChildren(QPushButton):
        kind = child.property("icon_kind")
        if kind:
            set_icon(child, str(kind))


def card(*, margin_em: float = 1.0, spacing_em: float = 0.35) -> tuple[QFrame, QVBoxLayout]:
    """Return a rounded card and its column."""
    frame = QFrame()
    frame.setProperty("card", "true")
    column = QVBoxLayout(frame)
    pad(column, margin_em, spacing_em)
    return frame, column


def pad(layout: QLayout, margin_em: float, spacing_em: float) -> None:
    """Set a layout's margins and spacing in text sizes."""
    style = theme.current()
    margin = style.px(margin_em) if margin_em else 0
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(style.px(spacing_em) if spacing_em else 0)


def beside(*widgets: QWidget) -> QWidget:
    """Return `widgets` side by side as one."""
    box = QWidget()
    row = QHBoxLayout(box)
    pad(row, 0, 0.5)
    for widget in widgets:
        row.addWidget(widget)
    return box


def announce(widget: QWidget, text: str) -> None:
    """Tell screen readers `text` now."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


class Segmented(QWidget):
    """One of a few, all in sight: buttons side by side.

    Signals
    -------
    chosen(str)
        The id of the option a person chose.
    """

    chosen = Signal(str)

    def __init__(self, name: str, options: Sequence[tuple[str, str]], *, icons_: Sequence[str] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        pad(row, 0, 0.3)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for i, (id_, text) in enumerate(options):
            made = button(text, partial(self.chosen.emit, id_), kind="segment")
            made.setCheckable(True)
            made.setAccessibleName(f"{name}: {text}")
            if icons_:
                self._iconify(made, icons_[i])
            self._group.addButton(made)
            self._buttons[id_] = made
            row.addWidget(made)

    def _iconify(self, made: QPushButton, kind: str) -> None:
        set_icon(made, kind)

        def recolour(checked: bool) -> None:  # noqa: FBT001  (the signal's argument)
            made.setIcon(icons.icon(kind, "on_accent" if checked else "text"))

        made.toggled.connect(recolour)

    def choose(self, id_: str) -> None:
        """Mark the option `id_` without telling anyone."""
        self._buttons[id_].setChecked(True)

    def restyle(self) -> None:
        """Redraw the icons for the theme now in use."""
        restyle_buttons(self)
        for made in self._buttons.values():
            if made.isChecked() and made.property("icon_kind"):
                made.setIcon(icons.icon(str(made.property("icon_kind")), "on_accent"))

    @property
    def choice(self) -> str:
        """The id of the marked option, "" before any."""
        return next((id_ for id_, made in self._buttons.items() if made.isChecked()), "")


class InfoButton(QPushButton):
    """The one-tap "what is this?" beside a number."""

    def __init__(self, name: str, definition: str, on_click: Callable[[], None]) -> None:
        super().__init__("?")
        self.setProperty("kind", "info")
        self.setAccessibleName(name)
        self.setAccessibleDescription(definition)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda _checked=False: on_click())


class Check(QCheckBox):
    """A check box with a tick: its state is a shape, not only a colour."""

    def __init__(self, text: str, *, checked: bool = False) -> None:
        super().__init__(text)
        self.setAccessibleName(text)
        self.setChecked(checked)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw the box and, when it is checked, the tick in it."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        with QPainter(self) as painter:
            icons.draw(painter, "tick", box, theme.current().color("on_accent"))


class FlowLayout(QLayout):
    """Left to right, and onto the next line where there is no room: what large text needs.

    Attributes
    ----------
    justify : bool
        Put the last item of a line that holds all of them at the right edge.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.justify = False
        self._items: list[QLayoutItem] = []
        pad(self, 0, 0.6)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802  (Qt's name)
        """Add an item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  (Qt's name)
        """Return the item at `index`, None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  (Qt's name)
        """Remove and return the item at `index`, None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802  (Qt's name)
        """Ask for no more than is needed."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802  (Qt's name)
        """Say that lines wrap."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802  (Qt's name)
        """Return the height of all lines at `width`."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802  (Qt's name)
        """Place the items."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of one line."""
        sizes = [i.sizeHint() for i in self._shown()]
        width = sum(s.width() for s in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return QSize(width, max((s.height() for s in sizes), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of the largest item."""
        size = QSize()
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return size

    def _shown(self) -> list[QLayoutItem]:
        return [i for i in self._items if not i.isEmpty()]

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        shown = self._shown()
        one_line = self.sizeHint().width() <= rect.width()
        height = self.sizeHint().height()
        x, y, line = rect.x(), rect.y(), 0
        for item in shown:
            size = item.sizeHint().boundedTo(QSize(rect.width(), item.sizeHint().height()))
            if x > rect.x() and x + size.width() > rect.x() + rect.width():
                x, y, line = rect.x(), y + line + self.spacing(), 0
            if self.justify and one_line and item is shown[-1]:
                x = rect.x() + rect.width() - size.width()
            if move:
                item.setGeometry(QRect(QPoint(x, y + (max(0, height - size.height()) // 2 if one_line else 0)), size))
            x += size.width() + self.spacing()
            line = max(line, size.height())
        return y + line - rect.y()


class ZeroToTen(QWidget):
    """A question answered 0–10 with one tap.

    Signals
    -------
    answered(int)
        The number chosen.
    """

    answered = Signal(int)

    def __init__(self, question: str, low: str, high: str) -> None:
        super().__init__()
        self.value: int | None = None
        column = QVBoxLayout(self)
        pad(column, 0, 0.4)
        column.addWidget(label(question, "heading"))
        row = QHBoxLayout()
        pad(row, 0, 0.25)
        self._group = QButtonGroup(self)
        for n in range(11):
            row.addWidget(self._number(question, n))
        column.addLayout(row)
        ends = QHBoxLayout()
        ends.addWidget(label(low, "small", wrap=False))
        ends.addStretch(1)
        ends.addWidget(label(high, "small", wrap=False))
        column.addLayout(ends)

    def _number(self, question: str, n: int) -> QPushButton:
        made = button(str(n), lambda: self._answer(n), kind="segment")
        made.setAccessibleName(f"{question} {n}")
        made.setCheckable(True)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setMinimumHeight(theme.current().px(2.95))
        self._group.addButton(made, n)
        return made

    def choose(self, n: int) -> None:
        """Mark `n` without telling anyone."""
        self.value = n
        self._group.button(n).setChecked(True)

    def _answer(self, n: int) -> None:
        self.value = n
        self.answered.emit(n)
