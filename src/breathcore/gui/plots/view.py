"""What every view of the trainer does: take a frame, move with the clock, count what it painted."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.playout import Head, Playout
from breathcore.gui import theme
from breathcore.gui.thinning import Shown

CLOCK_S = 1.0  # a clock that is further behind its frame has not begun


class View(QWidget):
    """Base of the wave, circle, words and steps.

    Attributes
    ----------
    painted : int
        Paint events carried out.
    newest_host_ns : int
        `FeedbackFrame.newest_host_ns` of the frame last painted (host monotonic clock).

    Signals
    -------
    frame_painted(object)
        At the end of each paint event, with `newest_host_ns`: what a latency benchmark reads.
    """

    frame_painted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.painted = 0
        self.newest_host_ns = 0
        self.frame: FeedbackFrame | None = None
        self.shown = Shown()
        self.now_s = 0.0
        self._playout = Playout()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_frame(self, frame: FeedbackFrame, shown: Shown) -> None:
        """Take the newest frame; `shown` says which of the person's own things may be seen."""
        self.frame = frame
        self.shown = shown
        self._playout.take(frame)

    def tick(self, now_s: float) -> None:
        """Move to session time `now_s`."""
        self.now_s = now_s
        self.update()

    def head(self) -> Head:
        """Return what of the person's trace is shown at `now_s` (at the frame's own time before the clock has told)."""
        from_frame = self.frame is not None and self.now_s < self.frame.t_s - CLOCK_S
        return self._playout.at(self.frame.t_s if self.frame is not None and from_frame else self.now_s)

    def restyle(self) -> None:
        """Take the theme and text size now in use."""
        self.setMinimumHeight(theme.current().px(7))
        self.update()

    def draw(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draw the view (each kind of view in its own way)."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Draw, count, and say that it is done."""
        with QPainter(self) as painter:  # one left open by an exception would crash Qt
            self.draw(painter, event)
        self.painted += 1
        if self.frame is not None:
            self.newest_host_ns = self.frame.newest_host_ns
        self.frame_painted.emit(self.newest_host_ns)
