"""Opens the window and runs it to its end."""

import sys
from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QApplication

from breathcore.gui.flow import OpenSound, stored_screening
from breathcore.gui.services import SIMULATED, Services, SessionChoice
from breathcore.gui.sound import open_output
from breathcore.gui.window import MainWindow


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


def start(window: MainWindow, choice: SessionChoice) -> None:
    """Begin `choice` in `window`: a simulated wearer needs no questions, but a "yes" on record holds for all."""
    known = stored_screening(window.settings, choice.person, date.today())
    if choice.device_id == SIMULATED and (known is None or known.cleared):
        window.flow.connect_(choice)
    else:
        window.flow.begin(choice)
