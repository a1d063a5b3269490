"""A sheet over a page, for a question or a definition, and the page that keeps it in its middle."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from breathcore.gui import icons, theme
from breathcore.gui.widgets import FlowLayout, announce, label, pad


class Overlay(QFrame):
    """A sheet over its parent for a question or a definition; what runs below goes on. Esc closes it."""

    closed = Signal()

    def __init__(self, parent: QWidget, width_em: float = 32.0) -> None:
        super().__init__(parent)
        self._below = parent
        self._width_em = width_em
        self.setProperty("card", "overlay")
        self._title = label(role="title")
        self._body = label()
        self._inner = QWidget()
        self._text = QVBoxLayout(self._inner)
        self._list = QVBoxLayout()
        self._text.addWidget(self._title)
        self._text.addWidget(self._body)
        self._text.addLayout(self._list)
        self._scroll = QScrollArea()
        self._scroll.setProperty("sheet", "true")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._inner)
        self._row = FlowLayout()
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._scroll)
        self._column.addLayout(self._row)
        self._before: QWidget | None = None
        self.hide()

    def ask(self, title: str, body: str, buttons: Sequence[QPushButton], items: Sequence[str] = ()) -> None:
        """Show title, sentence, a list, and buttons, the last one the safe answer (it has the focus)."""
        self._clear()
        self._title.setText(title)
        self._body.setText(body)
        self._body.setVisible(bool(body))
        for item in items:
            self._list.addWidget(self._bullet(item))
        for made in buttons:
            self._row.addWidget(made)
            made.clicked.connect(self.dismiss)
        self.setAccessibleName(title)
        self.setAccessibleDescription(" ".join((body, *items)))
        self._before = self.window().focusWidget()
        self.place()
        self.show()
        self.raise_()
        self.place()
        buttons[-1].setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self, f"{title} {self.accessibleDescription()}")

    def dismiss(self) -> None:
        """Close and give the focus back."""
        if not self.isVisible():
            return
        self.hide()
        target = self._before if self._before is not None and self._before.isVisible() else self._below
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def place(self) -> None:
        """Sit in the middle of the parent, as wide and high as its text wants; scroll what has no room."""
        style, room = theme.current(), self._below.rect()
        margin = style.px(1.4)
        pad(self._column, 1.4, 0.9)
        pad(self._text, 0, 0.7)
        pad(self._list, 0, 0.3)
        width = min(style.px(self._width_em), room.width() - style.px(1))
        inside = width - 2 * margin - style.px(0.2)
        foot = self._row.heightForWidth(inside) + self._column.spacing() + 2 * margin
        self._inner.ensurePolished()
        text = max(self._text.heightForWidth(inside - style.px(0.8)), self._text.minimumSize().height()) + style.px(0.7)
        height = min(text + foot, room.height() - style.px(0.4))
        self.setGeometry((room.width() - width) // 2, (room.height() - height) // 2, width, height)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Esc dismisses; everything else stays in the sheet, so that no drill key works behind it."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        event.accept()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: FBT001, N802  (Qt's signature)
        """Keep Tab inside the sheet."""
        buttons = self.findChildren(QPushButton)
        if not buttons:
            return False
        held = self.focusWidget()
        at = buttons.index(held) if isinstance(held, QPushButton) and held in buttons else 0
        buttons[(at + (1 if next else -1)) % len(buttons)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    @staticmethod
    def _bullet(text: str) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        pad(row, 0, 0.6)
        row.addWidget(icons.Icon("stop", token="attention", ems=1.0), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(text), 1)
        return line

    def _clear(self) -> None:
        for layout in (self._list, self._row):
            while (item := layout.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.setParent(None)
                    widget.deleteLater()


class Fitting(QWidget):
    """A widget that keeps an `Overlay` in its middle when it is resized."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the sheet in the middle."""
        super().resizeEvent(event)
        if self.overlay.isVisible():
            self.overlay.place()
