"""What the trainer lets a person do: the drill's buttons, a note for a mark, preferences."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.icons import Icon
from breathcore.gui.widgets import (
    Check,
    FlowLayout,
    Segmented,
    beside,
    button,
    label,
    pad,
    set_icon,
    set_text,
)
from breathcore.model.drill import DrillPhase, Stage

_PAUSABLE = frozenset({Stage.COUNTDOWN, Stage.GLIDE, Stage.RUNNING, Stage.SET_REST})
_RESUMABLE = frozenset({Stage.PAUSED, Stage.DIZZY})
EMPTY_HOLD_S = 2.5  # a shorter rest after an exhale is a pause nobody needs to cut
_HOLDS = frozenset({DrillPhase.HOLD, DrillPhase.EFFORT})


class Controls(QWidget):
    """The drill's own buttons, 44 px and more; the first one starts, pauses and resumes.

    Signals
    -------
    pressed(str)
        The id of the button: main, dizzy, end, cut.
    """

    pressed = Signal(str)

    def __init__(self, wording: Wording, *, replay: bool = False) -> None:
        super().__init__()
        self._wording = wording
        self._replay = replay
        self._row = FlowLayout(self)
        self.main = self._add("main", "trainer.pause", "pause", "primary")
        self.dizzy = self._add("dizzy", "trainer.dizzy", "warning", "attention")
        self.end = self._add("end", "trainer.replay.end" if replay else "trainer.end", "stop")
        self.cut = self._add("cut", "trainer.cut", "exhale")
        self.main_does = ""
        for made in (self.main, self.dizzy, self.cut):
            made.setHidden(replay)

    def _add(self, id_: str, text: str, icon: str, kind: str = "") -> QPushButton:
        made = button(self._wording.text(text), lambda: self.pressed.emit(id_), kind=kind, icon=icon, drill=True)
        self._row.addWidget(made)
        return made

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._row, 0, 0.45)

    def shorten(self, *, short: bool) -> None:
        """Say less where there is less room; the name for screen readers stays whole."""
        self.dizzy.setText(self._wording.text("trainer.dizzy.short" if short else "trainer.dizzy"))

    def show_frame(self, frame: FeedbackFrame, wait_s: float = 0.0) -> None:
        """Offer what can be done at this stage; nothing goes on before `wait_s` of rest are over."""
        if self._replay:
            return
        stage = frame.stage
        going = "resume" if stage in _RESUMABLE else "pause" if stage in _PAUSABLE | {Stage.LOST} else "start"
        if going != self.main_does:
            self.main_does = going
            words = self._wording.text(f"trainer.{going}")
            self.main.setText(words)
            self.main.setAccessibleName(words)
            set_icon(self.main, "pause" if going == "pause" else "play")
        _enable(self.main, stage in _PAUSABLE | _RESUMABLE | {Stage.READY} and wait_s <= 0)
        _enable(self.dizzy, stage in _PAUSABLE | {Stage.PAUSED, Stage.LOST, Stage.DIZZY})
        _enable(self.end, stage is not Stage.FINISHED)
        holding = stage in _PAUSABLE and _is_hold(frame)
        if self.cut.isHidden() == holding:
            self.cut.setVisible(holding)


def _is_hold(frame: FeedbackFrame) -> bool:
    """Say whether the breath, or a brace, is being held: a long rest of a paced drill is a hold with empty lungs."""
    phase = frame.drill.phase
    if phase in _HOLDS:
        return True
    lengths = [p.end_s - p.start_s for p in frame.target if p.start_s <= frame.t_s < p.end_s]
    return phase is DrillPhase.REST and frame.drill.paced and max(lengths, default=0.0) >= EMPTY_HOLD_S


def _enable(widget: QWidget, on: bool) -> None:  # noqa: FBT001  (private, read where it is called)
    if widget.isEnabled() != on:
        widget.setEnabled(on)


class NoteBox(QFrame):
    """A line for the note of a mark; the drill goes on. Enter keeps the mark, Esc drops it.

    Signals
    -------
    kept(str)
        The note, which may be empty.
    closed()
        After either end.
    """

    kept = Signal(str)
    closed = Signal()

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self.setProperty("card", "notice")
        self._row = QHBoxLayout(self)
        self._row.addWidget(Icon("mark", token="accent"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(wording.text("trainer.mark.note"))
        self.field.setAccessibleName(wording.text("trainer.mark.note"))
        self.field.setMaxLength(200)
        self.field.returnPressed.connect(self.keep)
        self._row.addWidget(self.field, 1)
        self._row.addWidget(button(wording.text("trainer.mark.keep"), self.keep, kind="primary"))
        self._row.addWidget(button(wording.text("trainer.mark.drop"), self.drop))
        self.hide()

    def open(self) -> None:
        """Show the empty line and take the keys."""
        pad(self._row, 0.6, 0.6)
        self.field.clear()
        self.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """Give the note out and close."""
        text = self.field.text().strip()
        self.hide()
        self.kept.emit(text)
        self.closed.emit()

    def drop(self) -> None:
        """Close without a mark."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Esc drops; no key of the drill works while a note is written."""
        if event.key() == Qt.Key.Key_Escape:
            self.drop()
        event.accept()


class Preferences(QWidget):
    """Sound volume, the view, seconds on or off, stop rules."""

    def __init__(self, wording: Wording, views: Sequence[str], volume: int) -> None:
        super().__init__()
        self._wording = wording
        self._row = FlowLayout(self)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setRange(0, 100)
        self.volume.setSingleStep(10)
        self.volume.setPageStep(20)
        self.volume.setValue(volume)
        self.volume.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.volume.setAccessibleName(wording.text("trainer.sound.name"))
        self._icon = Icon("sound", ems=1.3)
        self._volume_text = label(wrap=False)
        self._row.addWidget(beside(self._icon, self.volume, self._volume_text))
        options = [(view, wording.text(f"trainer.view.{view}")) for view in views]
        self.views = Segmented(wording.text("trainer.view.name"), options)
        self._row.addWidget(self.views)
        self.seconds = Check(wording.text("trainer.seconds.show"), checked=True)
        self._row.addWidget(self.seconds)
        self.mark = button(wording.text("trainer.mark"), icon="mark")
        self.stop_rules = button(wording.text("trainer.stop.button"), kind="quiet", icon="info")
        self.beside = beside(self.mark, self.stop_rules)
        self._row.addWidget(self.beside)
        self.volume.valueChanged.connect(self._show_volume)
        self._show_volume(volume)
        self.restyle()

    def _show_volume(self, value: int) -> None:
        text = self._wording
        set_text(
            self._volume_text, text.text("trainer.sound.off") if not value else text.text("trainer.percent", n=value)
        )
        self._icon.show_kind("sound" if value else "mute", "text")

    def restyle(self) -> None:
        """Take the text size now in use."""
        style = theme.current()
        pad(self._row, 0, 0.8)
        self.volume.setFixedWidth(style.px(6.5))
        self._volume_text.setFixedWidth(style.px(2.9))
