"""What the trainer shows around the wave: cue strip, readings, progress."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.icons import Icon
from breathcore.gui.sensor_text import advice_of, most_urgent
from breathcore.gui.trainer_text import DASH, CueText, progress_of, rhythm_of, score_of
from breathcore.gui.widgets import InfoButton, card, label, pad, set_property, set_text
from breathcore.model.message import Message

OnInfo = Callable[[str, str], None]  # name, definition
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

SLOW_DISK_N = 1000  # items waiting to be written: some twenty seconds of a strap


class CueStrip(QFrame):
    """What to do now: a shape, a sentence, the seconds left. Pauses and losses are said here too."""

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._icon = Icon("info", token="accent", ems=2.0)
        self._text = label(role="cue")
        self._more = label(role="muted")
        self._seconds = label(role="cue", wrap=False)
        self._seconds.setAlignment(_RIGHT)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self._text)
        lines.addWidget(self._more)
        self._row.addWidget(self._icon)
        self._row.addLayout(lines, 1)
        self._row.addWidget(self._seconds)
        self.restyle()

    @property
    def text(self) -> str:
        """What is said now."""
        return self._text.text()

    def say(self, cue: CueText) -> None:
        """Show `cue`."""
        set_text(self._text, cue.text)
        set_text(self._more, cue.more)
        self._more.setVisible(bool(cue.more))
        set_text(self._seconds, cue.seconds)
        set_property(self, "card", cue.tone)
        role = next((role for length, role in _ROLES if len(cue.text) > length), "cue")
        set_property(self._text, "role", role)
        self._icon.show_kind(cue.icon, "attention" if cue.tone == "attention" else "accent")

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._row, 0.9, 0.9)
        self._seconds.setMinimumWidth(theme.current().px(4))
        self._keep_height()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep room for the cues of all phases."""
        super().resizeEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        """Be as high as one line wants, or two where it is narrow: the wave above stays as it is when a phase ends."""
        style = theme.current()
        self.setMinimumHeight(style.px(_ONE_LINE_EM if self.width() >= _NARROW_EM * style.em else _TWO_LINES_EM))


_ONE_LINE_EM, _TWO_LINES_EM, _NARROW_EM = 5.0, 6.1, 48.0
_ROLES = ((60, "heading"), (43, "title"))  # longer texts are smaller, so that they do not need more lines


class Reading(QWidget):
    """One number with its name, unit, a sentence where there is no number, and "what is this?"."""

    def __init__(self, name: str, info: str, definition: str, on_info: OnInfo, *, big: bool) -> None:
        super().__init__()
        self._name = name
        self._column = QVBoxLayout(self)
        self._head = QHBoxLayout()
        self._head.addWidget(label(name, "muted"), 1)
        self.info = InfoButton(info, definition, lambda: on_info(name, definition))
        self._head.addWidget(self.info, 0, Qt.AlignmentFlag.AlignTop)
        self._value = label(DASH, "display" if big else "title", wrap=not big)
        self._beside = label(role="muted")
        self._why = label(role="muted")
        self._column.addLayout(self._head)
        line = QHBoxLayout()
        line.addWidget(self._value, 0 if big else 1)
        if big:
            line.addWidget(self._beside, 1)
        self._column.addLayout(line)
        self._column.addWidget(self._why)
        self._line = line
        self._why.hide()
        self.restyle()

    def show_value(self, value: str, beside: str = "", why: str = "") -> None:
        """Show a value, what stands beside it, and the sentence that explains its absence."""
        set_text(self._value, value)
        set_text(self._beside, beside)
        set_text(self._why, why)
        self._why.setVisible(bool(why))
        self.setAccessibleName(" ".join(part for part in (self._name, value, beside, why) if part))

    @property
    def value(self) -> str:
        """The value shown."""
        return self._value.text()

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0, 0.1)
        pad(self._line, 0, 0.7)


class Readings(QWidget):
    """Rate, signal, heart and brace, each with its definition."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__()
        self._wording = wording
        self._column = QVBoxLayout(self)
        self.rate = self._reading("rate", on_info, big=True)
        self.quality = self._reading("quality", on_info)
        self.heart = self._reading("heart", on_info)
        self.brace = self._reading("brace", on_info)
        first, top = card()
        top.addWidget(self.rate)
        second, rest = card()
        for reading in (self.quality, self.heart, self.brace):
            rest.addWidget(reading)
        rest.addStretch(1)
        self._cards = (top, rest)
        self._column.addWidget(first)
        self._column.addWidget(second, 1)
        self.restyle()

    def _reading(self, id_: str, on_info: OnInfo, *, big: bool = False) -> Reading:
        name = self._wording.text(f"trainer.{id_}.name")
        info = self._wording.text("trainer.what-is", name=name)
        return Reading(name, info, self._wording.text(f"trainer.{id_}.definition"), on_info, big=big)

    def show_frame(self, frame: FeedbackFrame, *, numbers: bool) -> None:
        """Show the numbers of `frame`; `numbers` False: the person has chosen to see them later."""
        self._show_rate(frame, numbers=numbers)
        text = self._wording
        quality = text.say(frame.quality_message) if frame.quality_message is not None else DASH
        self.quality.show_value(quality, "", _trouble(frame, text))
        heart = DASH if frame.heart_bpm is None else text.text("trainer.heart.value", n=round(frame.heart_bpm))
        below = _say(frame.heart_message, text) if frame.heart_bpm is None else rhythm_of(frame, text)
        self.heart.show_value(heart, "", below if numbers or frame.heart_bpm is None else "")
        brace = text.say(frame.brace_message) if frame.brace_message is not None else DASH
        self.brace.show_value(DASH, "", brace)

    def _show_rate(self, frame: FeedbackFrame, *, numbers: bool) -> None:
        text = self._wording
        beside = text.text("trainer.rate.unit")
        if frame.rate_target_bpm is not None:
            beside += "\n" + text.text("trainer.rate.target", rate=text.number(frame.rate_target_bpm, 1))
        if not numbers:
            self.rate.show_value(DASH, beside, text.text("trainer.thinned"))
        elif frame.rate_bpm is None:
            self.rate.show_value(DASH, beside, _say(frame.rate_message, text))
        else:
            self.rate.show_value(text.number(frame.rate_bpm, 1), beside, rate_origin(frame, text))

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0, 0.8)
        for column in self._cards:
            pad(column, 0.9, 0.5)
        for reading in (self.rate, self.quality, self.heart, self.brace):
            reading.restyle()


def rate_origin(frame: FeedbackFrame, text: Wording) -> str:
    """Return what the rate was read from, and that it is an estimate where it comes from the heart alone."""
    if not frame.rate_sources:
        return ""
    names = text.text("trainer.rate.and").join(text.say(source) for source in frame.rate_sources)
    return text.text("trainer.rate.estimated" if frame.rate_estimated else "trainer.rate.from", sources=names)


def _trouble(frame: FeedbackFrame, text: Wording) -> str:
    """Return what goes wrong beside the drill: a sensor, packets that could not be read, a disk that is too slow."""
    urgent = most_urgent(frame.sensors)
    advice = advice_of(urgent, text) if urgent is not None else ""
    lines = [advice] if advice else []
    if frame.faults_n:
        lines.append(text.text("trainer.faults", n=frame.faults_n))
    if frame.recorder_depth > SLOW_DISK_N:
        lines.append(text.text("trainer.slow-disk", n=frame.recorder_depth))
    return "\n".join(lines)


def _say(sentence: Message | None, text: Wording) -> str:
    return text.say(sentence) if sentence is not None else ""


class Progress(QFrame):
    """Which breath of how many, in step or not, and the score with its parts."""

    def __init__(self, wording: Wording, on_info: OnInfo) -> None:
        super().__init__()
        self._wording = wording
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self._line = label()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName(wording.text("trainer.progress.name"))
        self._score_name = label(wording.text("trainer.score.name"), "muted", wrap=False)
        self._score = label(role="heading", wrap=False)
        self._parts = label(role="muted")
        definition = wording.text("trainer.score.definition")
        name = wording.text("trainer.score.name")
        self._info = InfoButton(
            wording.text("trainer.what-is", name=name), definition, lambda: on_info(name, definition)
        )
        self._score_row = QHBoxLayout()
        self._score_row.addWidget(self._score_name)
        self._score_row.addWidget(self._score)
        self._score_row.addWidget(self._parts, 1)
        self._score_row.addWidget(self._info)
        self._column.addWidget(self._line)
        self._column.addWidget(self._bar)
        self._column.addLayout(self._score_row)
        self.restyle()

    def show_frame(self, frame: FeedbackFrame, *, numbers: bool) -> None:
        """Show where the drill stands and how it goes."""
        set_text(self._line, progress_of(frame, self._wording, numbers=numbers))
        drill = frame.drill
        share = drill.elapsed_s / drill.total_s if drill.total_s > 0 else 0.0
        self._bar.setValue(round(1000 * min(max(share, 0.0), 1.0)))
        if numbers:
            score, parts = score_of(frame, self._wording)
        else:
            score, parts = DASH, self._wording.text("trainer.thinned")
        set_text(self._score, score)
        set_text(self._parts, parts)

    def restyle(self) -> None:
        """Take the text size now in use."""
        pad(self._column, 0.9, 0.45)
        pad(self._score_row, 0, 0.9)
