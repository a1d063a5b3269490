"""Reduced motion: the target as a row of steps. Nothing moves; the present step is marked and counts its seconds."""

import math
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import Wording
from breathcore.gui import icons, theme
from breathcore.gui.plots.target import ICON_OF_PHASE
from breathcore.gui.plots.view import View
from breathcore.gui.thinning import Shown
from breathcore.model.drill import DrillPhase

_STEPS = 4


class Step(NamedTuple):
    """One phase of the row; `seconds` are those left in the present one, all of those to come."""

    kind: DrillPhase
    seconds: int


def steps_of(frame: FeedbackFrame) -> tuple[Step, ...]:
    """Return the present phase and the next ones."""
    now_s = frame.t_s
    ahead = [p for p in frame.target if p.end_s > now_s][:_STEPS]
    return tuple(Step(p.kind, math.ceil(p.end_s - max(p.start_s, now_s) - 1e-6)) for p in ahead)


class StepsView(View):
    """The same frame as steps. Painted when a step or a second changes."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._steps: tuple[Step, ...] = ()
        self._running = False
        self._count: int | None = None
        self.seconds = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(wording.text("trainer.steps.name"))

    def show_frame(self, frame: FeedbackFrame, shown: Shown) -> None:
        """Take the newest frame."""
        super().show_frame(frame, shown)
        steps = steps_of(frame)
        running = frame.drill.phase is not None
        if (steps, running, frame.drill.countdown) != (self._steps, self._running, self._count):
            self._steps, self._running, self._count = steps, running, frame.drill.countdown
            self.update()

    def tick(self, now_s: float) -> None:
        """Keep the time; steps change with frames."""
        self.now_s = now_s

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw the row."""
        style = theme.current()
        painter.fillRect(event.rect(), style.color("surface"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._count is not None or not self._steps:
            painter.setFont(style.font(5.0 if self._count else 1.4, QFont.Weight.DemiBold))
            painter.setPen(style.color("text"))
            text = str(self._count) if self._count else self._wording.text("trainer.words.free")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        gap = style.em
        width = (self.width() - gap * (_STEPS + 1)) / _STEPS
        height = min(self.height() - 2 * gap, 14 * style.em)
        top = (self.height() - height) / 2
        for i, step in enumerate(self._steps):
            now = i == 0 and self._running
            self._draw_step(painter, QRectF(gap + i * (width + gap), top, width, height), step, now=now)

    def _draw_step(self, painter: QPainter, box: QRectF, step: Step, *, now: bool) -> None:
        style = theme.current()
        ink = style.color("on_accent" if now else "text")
        painter.setPen(QPen(style.color("accent" if now else "border"), max(1.0, 0.12 * style.em)))
        painter.setBrush(style.color("accent" if now else "surface"))
        painter.drawRoundedRect(box, 0.9 * style.em, 0.9 * style.em)
        third = box.height() / 3
        icons.draw(
            painter, ICON_OF_PHASE[step.kind], QRectF(box.x(), box.y() + 0.2 * third, box.width(), 0.8 * third), ink
        )
        self._draw_fitting(painter, box, third, self._wording.text(f"trainer.do.{step.kind.value}"), ink)
        if self.seconds:
            self._draw_fitting(painter, box, 2 * third, self._wording.text("trainer.seconds", n=step.seconds), ink)

    @staticmethod
    def _draw_fitting(painter: QPainter, box: QRectF, top: float, text: str, ink: QColor) -> None:
        style = theme.current()
        width = QFontMetricsF(style.font(1.5, QFont.Weight.DemiBold)).horizontalAdvance(text)
        ems = 1.5 * min(1.0, 0.9 * box.width() / max(1.0, width))
        painter.setFont(style.font(max(0.8, ems), QFont.Weight.DemiBold))
        painter.setPen(ink)
        row = QRectF(box.x(), box.y() + top, box.width(), box.height() / 3)
        painter.drawText(row, Qt.AlignmentFlag.AlignCenter, text)
