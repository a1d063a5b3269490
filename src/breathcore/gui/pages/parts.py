"""What the pages around the trainer share: the page itself, choices as cards, numbered steps, columns that stack."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from breathcore.feedback.wording import Wording
from breathcore.gui import icons, theme
from breathcore.gui.overlay import Fitting
from breathcore.gui.pages.notice import Notice
from breathcore.gui.widgets import (
    FlowLayout,
    button,
    label,
    pad,
    set_text,
)

CONTENT_EM = 68.0  # a page's text is never wider


def stylesheet(style: theme.Style) -> str:
    """Return what the pages add to the theme's stylesheet."""
    t = style.theme
    return f"""
    QFrame[banner="true"] {{ margin: {style.px(0.6)}px {style.px(0.8)}px 0px {style.px(0.8)}px; }}
    QFrame[card="footer"] {{ background: {t.surface}; border: none; border-top: 1px solid {t.line}; }}
    QFrame[card="row"] {{ background: transparent; border: none; border-top: 1px solid {t.line}; }}
    QPushButton[kind="choice"] {{ background: {t.raised}; border: {style.px(0.1)}px solid {t.border};
        border-radius: {style.px(0.7)}px; padding: 0px; min-height: 0px; text-align: left; }}
    QPushButton[kind="choice"]:hover {{ background: {t.pressed}; }}
    QPushButton[kind="choice"]:checked {{ background: {t.accent_soft};
        border: {style.px(0.16)}px solid {t.accent}; }}
    QPushButton[kind="choice"]:disabled {{ background: {t.background}; border-color: {t.line}; }}
    QPushButton[kind="choice"]:checked:disabled {{ border-color: {t.border}; }}
    QPushButton[kind="choice"] QLabel:disabled {{ color: {t.muted}; }}
    QPushButton[kind="choice"]:focus {{ border: {style.px(0.2)}px solid {t.focus}; }}
    QPushButton[kind="row"] {{ background: transparent; border: {style.px(0.12)}px solid transparent;
        color: {t.accent}; padding: {style.px(0.2)}px {style.px(0.55)}px; min-height: {style.px(1.4)}px; }}
    QPushButton[kind="row"]:hover {{ background: {t.pressed}; color: {t.text}; }}
    QPushButton[kind="row"]:focus {{ border: {style.px(0.2)}px solid {t.focus}; }}
    QLabel[role="step"] {{ background: {t.accent_soft}; color: {t.text}; font-weight: 600;
        border-radius: {style.px(0.95)}px; }}
    QLabel[role="tag"] {{ background: {t.accent_soft}; color: {t.text}; border-radius: {style.px(0.4)}px;
        padding: {style.px(0.1)}px {style.px(0.5)}px; font-size: {style.px(0.88)}px; }}
    QScrollArea {{ border: none; }}
    QComboBox:disabled {{ background: {t.background}; color: {t.muted}; border-color: {t.line}; }}
    QComboBox::drop-down {{ border: none; width: {style.px(2)}px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
        selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    """


class Page(Fitting):
    """A page: content that scrolls when it must, and a footer with the ways on that is always in sight."""

    def __init__(self, wording: Wording, *, content_em: float = CONTENT_EM) -> None:
        super().__init__()
        self.words = wording
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        pad(outer, 0, 0)
        self.area = _scroll_area()
        outer.addWidget(self.area, 1)
        holder = QWidget()
        holder.setProperty("page", "true")
        self.area.setWidget(holder)
        row = QHBoxLayout(holder)
        pad(row, 0, 0)
        inner = QWidget()
        inner.setMaximumWidth(theme.current().px(content_em))
        self.content = QVBoxLayout(inner)
        pad(self.content, 1.6, 1.0)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        self._outer = outer
        self._footer: QLayout | None = None
        self.notice = Notice()
        self.overlay.raise_()

    def text(self, id_: str, **params: str | int | float) -> str:
        """Return a sentence in the page's language."""
        return self.words.text(id_, **params)

    def footer(self, *left: QWidget, right: Sequence[QWidget] = ()) -> None:
        """Put buttons under the page: ways back on the left, ways on on the right. The notice stands above them."""
        frame = QFrame()
        frame.setProperty("card", "footer")
        column = QVBoxLayout(frame)
        style = theme.current()
        column.setContentsMargins(style.px(1.6), style.px(0.75), style.px(1.6), style.px(0.75))
        column.setSpacing(style.px(0.6))
        column.addWidget(self.notice)
        row = QHBoxLayout()
        pad(row, 0, 0.6)
        caption = left[0] if len(left) == 1 and isinstance(left[0], QLabel) else None
        if caption is not None:
            row.addWidget(elastic(caption), 1)
        for i, widgets in enumerate(((), right) if caption is not None else (left, right)):
            flow = FlowLayout()
            for widget in widgets:
                flow.addWidget(widget)
            if i and caption is None:
                row.addStretch(1)
            row.addLayout(flow)
        column.addLayout(row)
        self._outer.addWidget(frame)
        self.overlay.raise_()

    def title(self, text: str, subtitle: str = "") -> QLabel:
        """Add the page's title, and a muted line below; return the title."""
        column = QVBoxLayout()
        pad(column, 0, 0.3)
        head = label(text, "hero")
        column.addWidget(head)
        if subtitle:
            column.addWidget(label(subtitle, "muted"))
        self.content.addLayout(column)
        return head


def _scroll_area() -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


class Columns(QWidget):
    """Two columns side by side, or one above the other where they would be too narrow.

    Parameters
    ----------
    narrow_em : float
        Below this width they stack.
    second_above : bool
        Which of them comes first then.
    """

    def __init__(
        self,
        narrow_em: float,
        stretch: tuple[int, int] = (1, 1),
        *,
        spacing_em: float = 1.0,
        second_above: bool = False,
    ) -> None:
        super().__init__()
        self._stacked = QBoxLayout.Direction.BottomToTop if second_above else QBoxLayout.Direction.TopToBottom
        self._narrow_px = theme.current().px(narrow_em)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        pad(self._box, 0, spacing_em)
        self.first, self.second = QVBoxLayout(), QVBoxLayout()
        for column, share in zip((self.first, self.second), stretch, strict=True):
            pad(column, 0, spacing_em)
            self._box.addLayout(column, share)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the wider column's width: side by side is a choice, not a need."""
        size = self._box.minimumSize()
        width = max(self.first.minimumSize().width(), self.second.minimumSize().width())
        return QSize(width, size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Stack or unstack."""
        super().resizeEvent(event)
        stacked = event.size().width() < self._narrow_px
        wanted = self._stacked if stacked else QBoxLayout.Direction.LeftToRight
        if self._box.direction() != wanted:
            self._box.setDirection(wanted)


class ChoiceCard(QPushButton):
    """A choice that needs more than a word: title, sentence, a fact below or `aside`; the chosen one is ticked."""

    def __init__(self, title: str = "", body: str = "", fact: str = "", *, aside: str = "") -> None:
        super().__init__()
        self.setProperty("kind", "choice")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoDefault(True)  # Enter presses it, too
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(". ".join(part for part in (title, body, fact, aside) if part))
        self._row = QHBoxLayout(self)
        style = theme.current()
        self._row.setContentsMargins(style.px(0.9), style.px(0.6), style.px(0.9), style.px(0.65))
        self._row.setSpacing(style.px(0.8))
        column = QVBoxLayout()
        pad(column, 0, 0.15)
        self._row.addLayout(column, 1)
        head = QHBoxLayout()
        pad(head, 0, 0.8)
        column.addLayout(head)
        if title:
            head.addWidget(_untouched(label(title, "heading")), 1)
        self._aside = _untouched(label(aside, "small", wrap=False))
        head.addWidget(self._aside, 0, Qt.AlignmentFlag.AlignTop)
        self._aside.setVisible(bool(aside))
        if body:
            column.addWidget(_untouched(label(body)))
        self._said = ". ".join(part for part in (title, body) if part)
        if fact:
            column.addWidget(_untouched(label(fact, "small")))
        self._tick = icons.Icon("check", token="accent", ems=1.5)
        self._tick.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = self._tick.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._tick.setSizePolicy(policy)
        self._tick.hide()
        self._row.addWidget(self._tick, 0, Qt.AlignmentFlag.AlignVCenter)
        self.toggled.connect(self._tick.setVisible)

    def tell(self, aside: str) -> None:
        """Show another fact aside."""
        set_text(self._aside, aside)
        self._aside.setVisible(bool(aside))
        self.setAccessibleName(". ".join(part for part in (self._said, aside) if part))

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return what the texts want."""
        return self._row.sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return what the texts need."""
        return self._row.minimumSize()


def _untouched(part: QLabel) -> QLabel:
    """Let clicks on a card's text reach the card."""
    part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return part


class Pills(QWidget):
    """One of a few short options, side by side and onto the next line where there is no room.

    Signals
    -------
    chosen(str)
        The id of the option a person chose.
    """

    chosen = Signal(str)

    def __init__(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._name = name
        self.setAccessibleName(name)
        flow = FlowLayout(self)
        pad(flow, 0, 0.4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for id_, text in options:
            made = button(text, partial(self.chosen.emit, id_), kind="segment")
            made.setCheckable(True)
            self._group.addButton(made)
            self._buttons[id_] = made
            flow.addWidget(made)
            self.rename(id_, text)

    def rename(self, id_: str, text: str) -> None:
        """Give the option `id_` another text."""
        self._buttons[id_].setText(text)
        self._buttons[id_].setAccessibleName(f"{self._name}: {text}")

    def choose(self, id_: str) -> None:
        """Mark the option `id_` without telling anyone."""
        self._buttons[id_].setChecked(True)

    @property
    def choice(self) -> str:
        """The id of the marked option, "" before any."""
        return next((id_ for id_, made in self._buttons.items() if made.isChecked()), "")


class Dropdown(QComboBox):
    """One of several texts, with an arrow that takes part in theme and text size."""

    def __init__(self) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw the field, then the arrow."""
        super().paintEvent(event)
        em = theme.current().em
        middle = QPointF(self.width() - 1.3 * em, self.height() / 2)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(theme.current().color("text" if self.isEnabled() else "muted"), 0.13 * em)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            tip = middle + QPointF(0, 0.18 * em)
            painter.drawLine(middle + QPointF(-0.35 * em, -0.17 * em), tip)
            painter.drawLine(middle + QPointF(0.35 * em, -0.17 * em), tip)


class NumberedStep(QWidget):
    """A number in a circle and a sentence; done steps carry a tick instead."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        pad(row, 0, 0.7)
        side = theme.current().px(1.9)
        self._number = label(str(number), "step", wrap=False)
        self._number.setFixedSize(side, side)
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._tick = icons.Icon("check", token="good", ems=1.9)
        self._tick.hide()
        self.body = label(text)
        for mark in (self._number, self._tick):
            row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.body, 1)

    def tell(self, text: str, *, done: bool) -> None:
        """Show the step's text and whether it is done."""
        set_text(self.body, text)
        self._tick.setVisible(done)
        self._number.setVisible(not done)


def field(caption: str, widget: QWidget) -> QVBoxLayout:
    """Return a caption above a control, tied to it for screen readers."""
    column = QVBoxLayout()
    pad(column, 0, 0.35)
    head = label(caption, "heading")
    head.setBuddy(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(caption)
    column.addWidget(head)
    column.addWidget(widget)
    return column


def on_click(target: QPushButton, act: Callable[[], None]) -> None:
    """Call `act` when `target` is clicked."""
    target.clicked.connect(lambda _checked=False: act())


def clear(layout: QLayout) -> None:
    """Remove and delete everything in `layout`."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def elastic(target: QLabel) -> QLabel:
    """Let a label take the width there is (wrapped labels otherwise keep a square's shape)."""
    target.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return target
