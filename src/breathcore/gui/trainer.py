"""The trainer: one thing to follow, what it says of you, and how to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from breathcore.drill.engine import DIZZY_REST_S
from breathcore.drill.self_rating import rating_text
from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.between_bar import BetweenBar
from breathcore.gui.overlay import Fitting
from breathcore.gui.pacer.circle import CircleView
from breathcore.gui.pacer.steps import StepsView
from breathcore.gui.pacer.words import WordsView
from breathcore.gui.plots.view import View
from breathcore.gui.plots.wave import WaveView
from breathcore.gui.sweep_bar import SweepBar, comfort_text
from breathcore.gui.thinning import shown
from breathcore.gui.trainer_asks import ask_end, ask_stop_rules, define
from breathcore.gui.trainer_controls import Controls, NoteBox, Preferences
from breathcore.gui.trainer_header import Header, Straps
from breathcore.gui.trainer_parts import CueStrip, Progress, Readings
from breathcore.gui.trainer_text import cue_of, unbroken
from breathcore.gui.widgets import announce, label, pad, restyle_buttons, set_text
from breathcore.model.drill import CommandKind, Stage
from breathcore.session.settings import Thinning

FRAME_MS = 33
_WIDE_EM = 58.0  # narrower, the readings stand below instead of beside
_SIDE_EM = 17.5
_MAIN = {"start": CommandKind.START, "pause": CommandKind.PAUSE, "resume": CommandKind.RESUME}


@dataclass(frozen=True, slots=True)
class TrainerOptions:
    """How a person wants the trainer; all of it can be changed while it runs."""

    view: str = "wave"  # wave, circle, words; with reduced motion: steps, words
    volume: int = 60
    seconds: bool = True
    reduced_motion: bool = False
    thinning: Thinning = Thinning.EVERY
    replay: bool = False  # a stored session runs: there is nothing to do but to watch it or to leave


class TrainerPage(Fitting):
    """The trainer page.

    Parameters
    ----------
    wording : Wording
        The language's texts.
    options : TrainerOptions
        What the person chose last time.

    Signals
    -------
    command(CommandKind, str)
        What the person asks of the session, with its text.
    volume_changed(int), view_changed(str), seconds_changed(bool)
        What the person changed, to be kept.
    ticked()
        Before each repaint, every 33 ms: the moment to hand in the newest frame.
    """

    command = Signal(object, str)
    volume_changed = Signal(int)
    view_changed = Signal(str)
    seconds_changed = Signal(bool)
    ticked = Signal()

    def __init__(self, wording: Wording, options: TrainerOptions | None = None) -> None:
        super().__init__()
        options = TrainerOptions() if options is None else options
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._wording = wording
        self._now_s: Callable[[], float] | None = None
        self._stage: Stage | None = None
        self._since_s = 0.0  # session time at which the stage began
        self.frame: FeedbackFrame | None = None
        self.thinning = options.thinning
        self._replay = options.replay
        self._make_views(options)
        self._make_parts(options)
        self._lay_out()
        self._connect()
        self._choose_view(options.view)
        self.set_seconds(shown=options.seconds)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.tick)
        self.setAccessibleName(wording.text("trainer.name"))
        self._restyle()

    # what the window calls

    def set_clock(self, now_s: Callable[[], float]) -> None:
        """Take the session clock, by which the wave moves between frames."""
        self._now_s = now_s

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show the newest frame."""
        self.frame = frame
        may = shown(self.thinning, frame)
        self._view.show_frame(frame, may)
        self.header.show_frame(frame)
        self.strap.show_frame(frame)
        if frame.stage is not self._stage:
            self._since_s = frame.t_s
        wait_s = DIZZY_REST_S - (frame.t_s - self._since_s) if frame.stage is Stage.DIZZY else 0.0
        self.cue.say(cue_of(frame, self._wording, seconds=self.preferences.seconds.isChecked(), wait_s=wait_s))
        self.readings.show_frame(frame, numbers=may.numbers)
        told = None if frame.trunk is None else frame.trunk.notice
        set_text(self.told, "" if told is None else self._wording.say(told))
        self.told.setVisible(told is not None)
        self.progress.show_frame(frame, numbers=may.numbers)
        self.sweep.show_frame(frame)
        self.between.show_frame(frame)
        self._show_keys(frame)
        self.controls.show_frame(frame, wait_s)
        if frame.stage is not self._stage:
            self._stage = frame.stage
            announce(self, self.cue.text)

    def tick(self) -> None:
        """Move the view to the present moment (the frame timer does this while the page is shown)."""
        self.ticked.emit()
        now_s = self._now_s() if self._now_s is not None else (self.frame.t_s if self.frame is not None else 0.0)
        self._view.tick(now_s)

    @property
    def view(self) -> View:
        """The view shown now; its `painted`, `newest_host_ns` and `frame_painted` are what a benchmark reads."""
        return self._view

    @property
    def painted(self) -> int:
        """Frames painted by all views since the page was made."""
        return sum(view.painted for view in self._views.values())

    def set_seconds(self, *, shown: bool) -> None:
        """Show or hide all countdown seconds."""
        self.preferences.seconds.setChecked(shown)
        for view in self._views.values():
            if isinstance(view, StepsView | WordsView):
                view.seconds = shown

    # making

    def _make_views(self, options: TrainerOptions) -> None:
        kinds: dict[str, Callable[[Wording], View]] = {"wave": WaveView, "circle": CircleView, "words": WordsView}
        if options.reduced_motion:
            kinds = {"steps": StepsView, "words": WordsView}
        self._views = {id_: kind(self._wording) for id_, kind in kinds.items()}
        self._view = next(iter(self._views.values()))
        self._stage_card = QFrame()
        self._stage_card.setProperty("card", "true")
        self._stack = QStackedLayout()
        holder = QVBoxLayout(self._stage_card)
        holder.addLayout(self._stack)
        self._holder = holder
        for view in self._views.values():
            self._stack.addWidget(view)

    def _make_parts(self, options: TrainerOptions) -> None:
        self.header = Header(self._wording, self._wording.text("trainer.replay") if options.replay else "")
        self.strap = Straps(self._wording)
        self.cue = CueStrip()
        self.told = label(role="attention")  # of the sensors on the trunk
        self.readings = Readings(self._wording, self._define)
        self.progress = Progress(self._wording, self._define)
        self.sweep = SweepBar(self._wording, replay=options.replay)
        self.between = BetweenBar(self._wording, replay=options.replay)
        self.controls = Controls(self._wording, replay=options.replay)
        self.note = NoteBox(self._wording)
        self.preferences = Preferences(self._wording, tuple(self._views), options.volume)
        self.preferences.beside.setHidden(options.replay)
        keys = "trainer.replay.keys" if options.replay else "trainer.keys"
        self.keys = label(unbroken(self._wording.text(keys)), "small")

    def _lay_out(self) -> None:
        content = QWidget()
        content.setProperty("page", "true")
        self._grid = QGridLayout(content)
        self._column = QWidget()
        self._left = QVBoxLayout(self._column)
        for widget in (self._stage_card, self.cue, self.told, self.sweep, self.between, self.progress):
            self._left.addWidget(widget, 1 if widget is self._stage_card else 0)
        self._grid.addWidget(self.header, 0, 0, 1, 2)
        below: dict[int, QWidget] = {
            2: self.preferences,
            4: self.strap,
        }  # 3: readings, where it is narrow
        for row, part in below.items():
            self._grid.addWidget(part, row, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowStretch(1, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        self._foot = QVBoxLayout()
        self._foot.addWidget(self.note)
        self._deck = QHBoxLayout()
        self._deck.addWidget(self.controls, 5)
        self._foot.addLayout(self._deck)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addLayout(self._foot)
        self._wide: bool | None = None

    def _connect(self) -> None:
        self.controls.pressed.connect(self._press)
        self.sweep.skipped.connect(partial(self.command.emit, CommandKind.SKIP, ""))
        self.sweep.rated.connect(lambda rate, n: self.command.emit(CommandKind.COMFORT, comfort_text(rate, n)))
        self.between.again.connect(partial(self.command.emit, CommandKind.CALIBRATE, ""))
        self.between.rated.connect(lambda n, effort: self.command.emit(CommandKind.EFFORT, rating_text(n, effort)))
        self.note.kept.connect(partial(self.command.emit, CommandKind.MARK))
        self.note.closed.connect(partial(self.setFocus, Qt.FocusReason.OtherFocusReason))
        self.preferences.volume.valueChanged.connect(self.volume_changed)
        self.preferences.views.chosen.connect(self._choose_view)
        self.preferences.seconds.toggled.connect(self._seconds_toggled)
        self.preferences.stop_rules.clicked.connect(self._ask_stop_rules)
        self.preferences.mark.clicked.connect(self._mark)

    def _arrange(self) -> None:
        """Put the readings beside the wave, or below where the text is too large for that."""
        wide = self.width() >= _WIDE_EM * theme.current().em
        if wide != self._wide:
            self.controls.shorten(short=not wide)
            self.header.shorten(short=not wide)
            self.strap.setVisible(not wide)
            self._wide = wide
            for part in (self._column, self.readings, self.keys):
                self._grid.removeWidget(part)
            self._deck.removeWidget(self.keys)
            if wide:
                self._grid.addWidget(self._column, 1, 0)
                self._grid.addWidget(self.readings, 1, 1)
                self._deck.addWidget(self.keys, 3)
                self.keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            else:
                self._grid.addWidget(self._column, 1, 0, 1, 2)
                self._grid.addWidget(self.readings, 3, 0, 1, 2)
                self._grid.addWidget(self.keys, 5, 0, 1, 2)
                self.keys.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.readings.setMaximumWidth(theme.current().px(_SIDE_EM) if wide else 16_777_215)
        self.readings.setMinimumWidth(theme.current().px(_SIDE_EM) if wide else 0)

    def _restyle(self) -> None:
        pad(self._grid, 1.0, 0.8)
        pad(self._left, 0, 0.8)
        pad(self._holder, 0.7, 0)
        pad(self._foot, 1.0, 0.8)
        style = theme.current()
        self.told.setMargin(style.px(0.4))
        self._foot.setContentsMargins(style.px(1), style.px(0.4), style.px(1), style.px(0.7))
        above = (self.header, self.strap, self.cue, self.sweep, self.between, self.readings)
        for part in (*above, self.progress, self.controls, self.preferences):
            part.restyle()
        for view in self._views.values():
            view.restyle()
        restyle_buttons(self)
        self._arrange()

    # what the person does

    def _press(self, id_: str) -> None:
        if id_ == "main":
            self.command.emit(_MAIN[self.controls.main_does], "")
        elif id_ == "end":
            self._ask_end()
        else:
            self.command.emit({"dizzy": CommandKind.DIZZY, "cut": CommandKind.CUT_HOLD}[id_], "")

    def _mark(self) -> None:
        if self._stage is not Stage.FINISHED and not self._replay:
            self.note.open()

    def _ask_end(self) -> None:
        if self._replay:
            self.command.emit(CommandKind.END, "")
            return
        ask_end(self.overlay, self._wording, partial(self.command.emit, CommandKind.END, ""))

    def _ask_stop_rules(self) -> None:
        if not self._replay:
            ask_stop_rules(self.overlay, self._wording, partial(self.command.emit, CommandKind.STOP_RULE, ""))

    def _define(self, name: str, definition: str) -> None:
        define(self.overlay, self._wording, name, definition)

    def _choose_view(self, id_: str) -> None:
        chosen = id_ if id_ in self._views else next(iter(self._views))
        self.preferences.views.choose(chosen)
        changed = self._view is not self._views[chosen]
        self._view = self._views[chosen]
        self._stack.setCurrentWidget(self._view)
        if self.frame is not None:
            self._view.show_frame(self.frame, shown(self.thinning, self.frame))
            self.tick()
        if changed:
            self.view_changed.emit(chosen)

    def _next_view(self) -> None:
        ids = list(self._views)
        self._choose_view(ids[(ids.index(self.preferences.views.choice) + 1) % len(ids)])

    def _seconds_toggled(self, on: bool) -> None:  # noqa: FBT001  (the signal's argument)
        self.set_seconds(shown=on)
        self.seconds_changed.emit(on)
        if self.frame is not None:
            self.show_frame(self.frame)

    def _louder(self, by: int) -> None:
        self.preferences.volume.setValue(self.preferences.volume.value() + by)

    def _skip(self) -> None:
        if self.sweep.skip.isVisibleTo(self.sweep) and self.sweep.isVisibleTo(self):
            self.sweep.skip.click()

    def _show_keys(self, frame: FeedbackFrame) -> None:
        """List the keys; that which skips a rate only where there are rates to skip."""
        if not self._replay:
            more = self._wording.text("trainer.keys.sweep") if frame.sweep is not None else ""
            set_text(self.keys, unbroken(self._wording.text("trainer.keys") + more))

    def _click(self, id_: str) -> None:
        made = getattr(self.controls, id_)
        if made.isEnabled() and not made.isHidden():
            self._press(id_)

    def _scroll_by(self, share: float) -> None:
        bar = self._scroll.verticalScrollBar()
        bar.setValue(bar.value() + round(share * bar.pageStep()))

    def _deeds(self) -> dict[int, Callable[[], None]]:
        key = Qt.Key
        return {
            key.Key_Space: partial(self._click, "main"),
            key.Key_D: partial(self._click, "dizzy"),
            key.Key_Escape: partial(self._click, "end"),
            key.Key_M: self._mark,
            key.Key_H: partial(self._click, "cut"),
            key.Key_N: self._skip,
            key.Key_S: self._ask_stop_rules,
            key.Key_F1: self._ask_stop_rules,
            key.Key_V: self._next_view,
            key.Key_Plus: partial(self._louder, 10),
            key.Key_Equal: partial(self._louder, 10),
            key.Key_Minus: partial(self._louder, -10),
            key.Key_PageDown: partial(self._scroll_by, 0.8),
            key.Key_PageUp: partial(self._scroll_by, -0.8),
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Do what the key stands for; the line at the foot lists them."""
        deed = self._deeds().get(event.key())
        plain = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if deed is None or plain != Qt.KeyboardModifier.NoModifier or event.isAutoRepeat():
            super().keyPressEvent(event)
        else:
            deed()

    # Qt's events

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        """Start moving."""
        super().showEvent(event)
        self._timer.start()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  (Qt's name)
        """Stop moving."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Rearrange for the new width."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  (Qt's name)
        """Take a new theme or text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_wide"):
            self._restyle()
