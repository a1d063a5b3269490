"""What the window offers to the parts that run it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui.live import Job
from breathcore.gui.pages.toast import Toast
from breathcore.gui.services import Services, SummaryView
from breathcore.model.errors import BreathcoreError
from breathcore.session.settings import Settings


class Shell(Protocol):
    """The window, as the flow and the library see it."""

    services: Services
    settings: Settings
    words: Wording
    toast: Toast

    @property
    def page(self) -> QWidget:
        """The page in sight."""
        ...

    @property
    def reduced_motion(self) -> bool:
        """Whether movement is to be avoided."""
        ...

    def show_page(self, make: Callable[[], QWidget]) -> QWidget:
        """Show the page that `make` makes (again, when looks or language change)."""
        ...

    def keep(self, settings: Settings) -> None:
        """Keep settings."""
        ...

    def say(self, text: str, *, calm: bool = False, passing: bool = False) -> None:
        """Show a sentence above the page, `calm` when it is only to be known; a `passing` one goes by itself."""
        ...

    def home(self) -> None:
        """Show the start page."""
        ...

    def run_job(self, work: Callable[[Job], object], done: Callable[[object], None], busy: str) -> None:
        """Do slow work and say what (`busy`) until it is over; its error is shown."""
        ...

    def export(self, view: SummaryView) -> None:
        """Ask for a kind and export."""
        ...

    def review(self, view: SummaryView) -> None:
        """Show a session's course."""
        ...

    def replay(self, path: Path) -> None:
        """Play a stored session."""
        ...

    def complain(self, error: BreathcoreError) -> None:
        """Show what went wrong."""
        ...
