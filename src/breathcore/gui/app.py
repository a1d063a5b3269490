"""Opens the window and runs it to its end."""

import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from breathcore.gui.flow import OpenSound
from breathcore.gui.gate import stored_screening
from breathcore.gui.services import Services, SessionChoice
from breathcore.gui.sound import open_output
from breathcore.gui.window import MainWindow

AWAKE_MS = 250


def run_app(
    services: Services,
    *,
    begin: SessionChoice | None = None,
    offer: SessionChoice | None = None,
    replay: Path | None = None,
    open_sound: OpenSound = open_output,
) -> int:
    """Open the window and return when it is closed, with the exit code.

    Parameters
    ----------
    services : Services
        The rest of the program.
    offer : SessionChoice | None
        What the start page has chosen already.
    replay : Path | None
        A stored session to play at once.
    begin : SessionChoice | None
        A session to start at once (a demonstration, ``train``); with a real sensor it still goes through the safety
        questions.
    open_sound : OpenSound
        Opens a sound device.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("breathcore")
    window = MainWindow(services, services.load_settings(), open_sound=open_sound)
    window.guard.install()
    before = _close_on_signals(window)
    try:
        window.show()
        if offer is not None:
            window.offer(offer)
        if begin is not None:
            start(window, begin)
        elif replay is not None:
            window.replay(replay)
        return app.exec()
    finally:
        window.guard.remove()
        for number, handler in before.items():
            signal.signal(number, handler)


def _close_on_signals(window: MainWindow) -> dict[signal.Signals, Any]:
    """End cleanly at Ctrl+C and at the end of the computer's session; return what was done at these signals before."""
    awake = QTimer(window)
    awake.timeout.connect(lambda: None)  # Python sees a signal only when Qt calls it
    awake.start(AWAKE_MS)
    return {n: signal.signal(n, lambda *_: window.close()) for n in (signal.SIGINT, signal.SIGTERM)}


def start(window: MainWindow, choice: SessionChoice) -> None:
    """Begin `choice` in `window`: a simulated wearer needs no questions, but a "yes" on record holds for all."""
    known = stored_screening(window.settings, choice.person, date.today())
    if not choice.sensors and (known is None or known.cleared):
        window.flow.connect_(choice)
    else:
        window.flow.begin(choice)
