"""The window's side of the thread crossing: polling a session, slow work, and drawing that may fail."""

import logging
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session.bridge import Bridge

POLL_MS = 33
IDLE_POLL_MS = 200  # while the trainer asks by itself before each repaint
LOGGED_N = 5  # a paint event that fails does so thirty times a second

_log = logging.getLogger(__name__)


class LiveSession(QObject):
    """Hands on what a bridge brings, in the Qt thread.

    Signals
    -------
    frame(object), effect(object)
        The newest `FeedbackFrame`; each `Effect`, in order.
    failed(object)
        The session's BreathcoreError, once.
    ended()
        The worker has closed everything, once.
    """

    frame = Signal(object)
    effect = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self._told: BreathcoreError | None = None
        self._over = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.poll)
        self._timer.start(POLL_MS)

    def poll(self) -> None:
        """Take what is new."""
        if self._over:
            return
        ended = self.bridge.ended  # read first: what came before the end is still handed on
        while not self.bridge.effects.empty():
            self.effect.emit(self.bridge.effects.get())
        frame = self.bridge.take()
        if frame is not None:
            self.frame.emit(frame)
        error = self.bridge.error
        if error is not None and error is not self._told:
            self._told = error
            self.failed.emit(error)
        if ended and not self._over:
            self.stop()
            self.ended.emit()

    def rest(self, *, on: bool) -> None:
        """Poll seldom: someone else polls before each repaint."""
        self._timer.setInterval(IDLE_POLL_MS if on else POLL_MS)

    def stop(self) -> None:
        """Stop polling."""
        self._over = True
        self._timer.stop()


class Job(QObject):
    """Slow work in a thread of its own.

    The thread touches nothing of Qt's: what it has to say waits in a queue that the Qt thread polls, so a window may go
    at any moment.

    Signals
    -------
    done(object), failed(object), over(), progress(float)
        The result; a BreathcoreError; after either; 0–1.
    """

    done = Signal(object)
    over = Signal()
    failed = Signal(object)
    progress = Signal(float)

    def __init__(self, work: Callable[["Job"], object], parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._cancel = threading.Event()
        self._said: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)
        self._thread = threading.Thread(target=self._run, name="breathcore-job", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._timer.start(POLL_MS)
        self._thread.start()

    def tell_progress(self, share: float) -> None:
        """Say, from the work's thread, how much is done (0–1)."""
        self._said.put(("progress", share))

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._cancel.set()

    def cancelled(self) -> bool:
        """Return whether the work was asked to stop."""
        return self._cancel.is_set()

    def wait(self, timeout_s: float) -> None:
        """Wait for the end of the work."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            result = self._work(self)
        except BreathcoreError as error:
            self._said.put(("failed", error))
        except Exception as error:
            _log.exception("job")
            detail = f"{type(error).__name__}: {error}"
            self._said.put(("failed", BreathcoreError(Reason.INTERNAL, detail=detail)))
        else:
            self._said.put(("done", result))

    def _poll(self) -> None:
        while not self._said.empty():
            kind, value = self._said.get()
            if kind == "progress":
                self.progress.emit(value)
                continue
            self._timer.stop()
            (self.done if kind == "done" else self.failed).emit(value)
            self.over.emit()


class Guard(QObject):
    """Catches what drawing code raises: the session runs on, the person reads of it once in a while.

    Qt prints exceptions of slots and paint events through `sys.excepthook` and keeps the last traceback alive; a
    painter in it would outlive its widget's paint event and end the program, so the traceback is let go.

    Signals
    -------
    problem(str)
        What was raised.
    """

    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.count = 0
        self._before = sys.excepthook

    def install(self) -> None:
        """Take over `sys.excepthook`."""
        self._before = sys.excepthook
        sys.excepthook = self._hook

    def remove(self) -> None:
        """Give `sys.excepthook` back."""
        sys.excepthook = self._before

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        self.count += 1
        if self.count <= LOGGED_N:
            _log.error("display: %s", "".join(traceback.format_exception(kind, error, trace)))
        traceback.clear_frames(trace)
        error.__traceback__ = None
        for name in ("last_traceback", "last_value", "last_exc", "last_type"):
            setattr(sys, name, None)
        self.problem.emit(f"{kind.__name__}: {error}")
