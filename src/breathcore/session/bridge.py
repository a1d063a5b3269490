"""The one thread crossing: the newest frame one way, commands the other way."""

import queue
from collections.abc import Callable

from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.drill import CommandKind, Effect
from breathcore.model.errors import BreathcoreError


class Bridge:
    """Shared by the worker (writes) and the window (reads); every operation is a single reference swap or queue call.

    Attributes
    ----------
    latest : FeedbackFrame | None
        The newest frame; one that was replaced before anyone took it is dropped and counted in `skipped_n`.
    effects : queue.SimpleQueue[Effect]
        One-off happenings (sounds, announcements), none dropped.
    now_s : Callable[[], float]
        The session clock, callable from any thread (for smooth motion and for sounds on time).
    error : BreathcoreError | None
        Why the session ended early.
    """

    def __init__(self) -> None:
        self.latest: FeedbackFrame | None = None
        self.effects: queue.SimpleQueue[Effect] = queue.SimpleQueue()
        self.now_s: Callable[[], float] = lambda: 0.0
        self.error: BreathcoreError | None = None
        self.ended = False
        self.skipped_n = 0
        self._taken: FeedbackFrame | None = None
        self._send: Callable[[CommandKind, str], None] | None = None

    def connect(self, send: Callable[[CommandKind, str], None]) -> None:
        """Set where commands go (called by the worker when it is ready)."""
        self._send = send

    def command(self, kind: CommandKind, text: str = "") -> None:
        """Hand a command to the worker; before it is ready or after it ended, commands have no one to go to."""
        if self._send is not None:
            self._send(kind, text)

    def show(self, frame: FeedbackFrame) -> None:
        """Put up a new frame (the worker's side)."""
        if self.latest is not self._taken:
            self.skipped_n += 1
        self.latest = frame

    def take(self) -> FeedbackFrame | None:
        """Return the newest frame, or None if it was taken before."""
        frame = self.latest
        if frame is None or frame is self._taken:
            return None
        self._taken = frame
        return frame
