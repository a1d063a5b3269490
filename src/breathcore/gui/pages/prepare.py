"""Between choosing and training: see the signal come good, learn the person's own range, start."""

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui.icons import Icon
from breathcore.gui.pages.livetrace import LiveTrace
from breathcore.gui.pages.parts import Columns, Page, elastic
from breathcore.gui.pages.puton import PutOn
from breathcore.gui.pages.ring import Ring
from breathcore.gui.pages.sensor_row import SensorState
from breathcore.gui.pages.trunk_prepare import TrunkPrepare
from breathcore.gui.sensor_text import Worn, advice_of, most_urgent
from breathcore.gui.widgets import announce, button, card, label, pad, set_property, set_text
from breathcore.model.drill import CommandKind, DrillSpec, Stage
from breathcore.model.message import Message

_UNSEEN = ("signal.heart",)
MANY_N = 5  # sensors from which the drawing leaves room for its steps
LATE_MS = 15_000  # without a link: time to say what to do


class PreparePage(Page):
    """Follows the session from connecting to ready; every change comes from its frames.

    Parameters
    ----------
    wording : Wording
    drill : DrillSpec
        What comes afterwards.
    worn : Sequence[Worn]
        What the session uses.
    offer_exchange : bool
        Whether exchanging left and right is to be offered, where both are worn.

    Signals
    -------
    command(object)
        A `CommandKind` for the session.
    said(object, str)
        The same, with its text.
    exchange_over()
        Exchanging left and right needs no further offer.
    leave()
        Back to the start page.
    """

    command = Signal(object)
    said = Signal(object, str)
    exchange_over = Signal()
    leave = Signal()

    def __init__(
        self, wording: Wording, drill: DrillSpec, worn: Sequence[Worn], *, offer_exchange: bool = False
    ) -> None:
        super().__init__(wording)
        self._frame: FeedbackFrame | None = None
        self._states: list[SensorState] = []
        self._head = self.title(self.text("prepare.connecting"), self.words.of(drill.title))
        columns = Columns(50, (10, 12))
        self.trunk = TrunkPrepare(wording, offer_exchange=offer_exchange)
        self.trunk.said.connect(self.said)
        self.trunk.exchange_over.connect(self.exchange_over)
        self._parts = (self._steps(worn), self._guide(), self.trunk)
        for part in self._parts:
            columns.first.addWidget(part, 1)
        self._turn_to(0)
        columns.second.addWidget(self._signal_card(drill))
        self.content.addWidget(columns, 1)
        self._buttons()
        self._late = False
        QTimer.singleShot(LATE_MS, self, self.be_late)

    def be_late(self) -> None:
        """Say what to do about a strap that is not found, unless it has been by now."""
        self._late = True
        if self._frame is None or not _linked(self._frame):
            self.notice.say(self.text("prepare.late"))

    def show_frame(self, frame: FeedbackFrame) -> None:
        """Show where the preparation stands."""
        self._frame = frame
        self.trace.show_frame(frame)
        self._show_signal(frame)
        self._show_steps(frame)
        if frame.stage is Stage.CALIBRATING:
            self._show_calibrating(frame)
        elif frame.stage is Stage.READY:
            self._show_ready(frame)
        else:
            self._show_waiting(frame)

    # the parts

    def _steps(self, worn: Sequence[Worn]) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.7)
        self.put_on = PutOn(self.words, worn, 13 if len(worn) < MANY_N else 10, self.text("start.step.wait"))
        column.addWidget(self.put_on)
        column.addStretch(1)
        return frame

    def _guide(self) -> QFrame:
        frame, column = card(margin_em=1.6, spacing_em=1.0)
        self._cue = label(role="cue")
        self._detail = label(role="muted")
        self.ring = Ring(self.text("prepare.progress"))
        column.addStretch(1)
        column.addWidget(self.ring)
        for part in (self._cue, self._detail):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(part)
        column.addStretch(2)
        return frame

    def _signal_card(self, drill: DrillSpec) -> QFrame:
        frame, column = card(margin_em=1.2, spacing_em=0.7)
        row = QHBoxLayout()
        pad(row, 0, 0.6)
        self._dot = Icon("lost", token="attention", ems=1.3)
        self._device = elastic(label(role="heading"))
        row.addWidget(self._dot)
        row.addWidget(self._device, 1)
        column.addLayout(row)
        self._todo = label(role="muted")
        column.addWidget(self._todo)
        self._others = QVBoxLayout()
        pad(self._others, 0, 0.5)
        column.addLayout(self._others)
        self.trace = LiveTrace(self.text("prepare.trace"))
        column.addWidget(self.trace, 1)
        self._heart = label(role="small")
        column.addWidget(self._heart)
        column.addWidget(label(self.text("prepare.position"), "heading"))
        column.addWidget(label(self.words.of(drill.position)))
        if drill.safety.caution:
            column.addWidget(label(self.words.of(drill.safety.caution), "muted"))
        return frame

    def _buttons(self) -> None:
        def send(id_: str, kind: CommandKind, look: str = "") -> QPushButton:
            return button(self.text(id_), lambda: self.command.emit(kind), kind=look, drill=True)

        self._back = button(self.text("prepare.back"), self.leave.emit, drill=True)
        self._without = send("prepare.without", CommandKind.START)
        self._again = send("prepare.again", CommandKind.CALIBRATE)
        self._calibrate = send("prepare.calibrate", CommandKind.CALIBRATE, "primary")
        self._start = send("prepare.start", CommandKind.START, "primary")
        self.footer(self._back, right=(self._without, self._again, self._calibrate, self._start))
        self._main: QWidget | None = None
        self._offer()

    def _offer(self, *offered: QWidget) -> None:
        """Show only these ways on; the main one takes the focus when it newly appears."""
        for made in (self._without, self._again, self._calibrate, self._start):
            made.setVisible(made in offered)
        main = offered[-1] if offered and offered[-1].isEnabled() and offered[-1] is not self._without else None
        if main is not self._main:
            self._main = main
            (main or self).setFocus(Qt.FocusReason.OtherFocusReason)

    # the states

    def _turn_to(self, index: int) -> None:
        """Show one of what may stand at the left; what is hidden needs no room."""
        for n, part in enumerate(self._parts):
            part.setVisible(n == index)

    def _show_waiting(self, frame: FeedbackFrame) -> None:
        refused = frame.notice is not None
        linked = "prepare.good" if _good(frame) else "prepare.puton"
        self._headline("prepare.refused" if refused else linked if _linked(frame) else "prepare.connecting")
        self._turn_to(0)
        late = self.text("prepare.late") if self._late and not _linked(frame) else ""
        self.notice.say(self.words.say(frame.notice) if frame.notice is not None else late)
        onward = self._again if refused else self._calibrate
        onward.setEnabled(_good(frame))
        self._offer(self._without, onward)

    def _show_calibrating(self, frame: FeedbackFrame) -> None:
        self._headline("prepare.calibrating")
        self._turn_to(1)
        self.notice.say("")
        cue = frame.calibration_cue
        self._say_cue(self.words.say(cue) if cue is not None else self.text("prepare.calibrating.cue"))
        set_text(self._detail, self._why(frame))
        left_s = frame.calibration_left_s or 0.0
        self.ring.tell(frame.calibration_share, self.text("prepare.left", seconds=math.ceil(left_s)))
        self._offer(self._without)

    def _why(self, frame: FeedbackFrame) -> str:
        """Return what the calibration, or the step of it that runs, is for."""
        step = frame.calibration_step
        if step is None:
            return self.text("prepare.calibrating.why")
        return "\n".join((self.text("prepare.step-of", number=step.number, n=step.of_n), self.words.say(step.why)))

    def _show_ready(self, frame: FeedbackFrame) -> None:
        linked, learned = _linked(frame), frame.trunk is not None and bool(frame.trunk.calibrated)
        self._turn_to(2 if linked and learned else 1 if linked else 0)
        self.trunk.show_view(frame.trunk)
        self.notice.say(self.text("prepare.heart-only") if _unseen(frame) else "", calm=True)
        self._start.setEnabled(linked)
        if linked and frame.calibration_wanted:
            self._show_wanted()
            return
        self.ring.tell(1.0, "")
        self._headline("prepare.ready" if linked else "prepare.connecting")
        self._say_cue(self.text("prepare.ready.cue"))
        set_text(self._detail, self.text("prepare.ready.how" if frame.calibrated else "prepare.ready.timed"))
        if frame.calibrated or learned:
            self._offer(self._again, self._start)
        else:
            self._offer(self._start)

    def _show_wanted(self) -> None:
        """Offer the calibration of a drill that could begin without."""
        self._headline("prepare.wanted")
        self.ring.tell(0.0, "")
        self._say_cue(self.text("prepare.wanted.cue"))
        set_text(self._detail, self.text("prepare.wanted.how", seconds=60))
        self._calibrate.setEnabled(True)
        self._offer(self._without, self._calibrate)

    def _show_signal(self, frame: FeedbackFrame) -> None:
        device = frame.device
        state = device.state if device is not None else None
        name = device.name if device is not None else self.text("prepare.no-device")
        words = self.words.say(state) if state is not None else self.text("signal.no-link")
        set_text(self._device, f"{name} · {words}")
        set_property(self._device, "role", "good" if _good(frame) else "heading")
        good = _good(frame) or _unseen(frame)
        self._dot.show_kind("check" if good else "info" if _linked(frame) else "lost", "good" if good else "attention")
        advice = self._advice(frame, good=good)
        set_text(self._todo, advice)
        self._todo.setVisible(bool(advice))
        self._show_each(frame)
        self._heart.setVisible(frame.heart_bpm is not None or frame.heart_message is not None)
        heart = "—" if frame.heart_bpm is None else self.words.number(frame.heart_bpm)
        reason = f" {self.words.say(frame.heart_message)}" if frame.heart_message is not None else ""
        set_text(self._heart, self.text("prepare.heart", heart=heart) + reason)

    def _advice(self, frame: FeedbackFrame, *, good: bool) -> str:
        """Return what to do about the sensor, or its battery where there is nothing to do; several say theirs below."""
        urgent = most_urgent(frame.sensors) if len(frame.sensors) == 1 else None
        advice = advice_of(urgent, self.words) if urgent is not None else ""
        if advice or good or frame.rate_message is None:
            return advice or ("" if len(frame.sensors) > 1 else self._battery(frame))
        return self.words.say(frame.rate_message)

    def _show_each(self, frame: FeedbackFrame) -> None:
        """Show every sensor by itself where there are several."""
        sensors = frame.sensors if len(frame.sensors) > 1 else ()
        while len(self._states) < len(sensors):
            self._states.append(SensorState(self.words, named=True))
            self._others.addWidget(self._states[-1])
        for state, sensor in zip(self._states, sensors, strict=False):
            state.show_sensor(sensor)

    def _battery(self, frame: FeedbackFrame) -> str:
        percent = frame.device.battery_percent if frame.device is not None else None
        return "" if percent is None else self.text("prepare.battery", percent=percent)

    def _show_steps(self, frame: FeedbackFrame) -> None:
        good = _good(frame) or _unseen(frame)
        state = frame.device.state if frame.device is not None else None
        last = self.text("start.step.wait")
        if _linked(frame) and state is not None:
            last = self.text("prepare.step.state", state=self.words.say(state))
        self.put_on.tell(last, good=good, sensors=frame.sensors)

    def _headline(self, id_: str) -> None:
        text = self.text(id_)
        if self._head.text() != text:
            set_text(self._head, text)
            announce(self, text)

    def _say_cue(self, text: str) -> None:
        if self._cue.text() != text:
            set_text(self._cue, text)
            announce(self, text)


def _state_id(frame: FeedbackFrame) -> str:
    state: Message | None = frame.device.state if frame.device is not None else None
    return state.id if state is not None else ""


def _linked(frame: FeedbackFrame) -> bool:
    return frame.device is not None and frame.device.linked


def _good(frame: FeedbackFrame) -> bool:
    return _state_id(frame) == "signal.good"


def _unseen(frame: FeedbackFrame) -> bool:
    """Whether nothing worn can see the breath: the drill is guided and timed."""
    return _state_id(frame) in _UNSEEN
