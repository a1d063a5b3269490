"""Stored sessions: listing, opening, replaying, exporting, deleting."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from breathcore.gui.flow import Flow
from breathcore.gui.live import Job
from breathcore.gui.pages.parts import Page
from breathcore.gui.pages.resonance import ResonancePage
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.services import ExportKind, ReviewView, SessionRow
from breathcore.gui.shell import Shell
from breathcore.gui.widgets import button
from breathcore.model.errors import BreathcoreError


class Library:
    """What can be done with a stored session."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def list_on(self, page: StartPage) -> None:
        """Show the stored sessions on the start page."""
        try:
            page.show_sessions(self._shell.services.sessions())
        except BreathcoreError as error:
            self._shell.complain(error)

    def open(self, path: Path) -> None:
        """Show a session's course."""
        shell = self._shell

        def show(view: object) -> None:
            if isinstance(view, ReviewView):
                shell.show_page(partial(self._review_page, view))

        shell.say("")
        shell.run_job(lambda _job: shell.services.review(path), show, "window.opening")

    def replay(self, path: Path, flow: Flow) -> None:
        """Play a session."""
        self._shell.say("")
        try:
            flow.replay(self._shell.services.replay(path))
        except BreathcoreError as error:
            self._shell.complain(error)

    def ask_export(self, path: Path, title: str) -> None:
        """Ask for a kind and export."""
        if isinstance(self._shell.page, Page):
            export_sheet(self._shell.page, title, partial(self._export, path))

    def ask_delete(self, row: SessionRow, page: StartPage) -> None:
        """Ask, then delete."""
        delete_sheet(page, self._shell.words.of(row.title) or row.path.name, lambda: self._delete(row, page))

    def _review_page(self, view: ReviewView) -> QWidget:
        shell = self._shell
        page = ReviewPage(shell.words, view)
        page.leave.connect(shell.home)
        page.replay.connect(lambda: shell.replay(view.summary.path))
        page.export.connect(lambda: shell.export(view.summary))
        page.rates.connect(lambda: shell.show_page(partial(self._rates_page, view)))
        return page

    def _rates_page(self, view: ReviewView) -> QWidget:
        """Return what a stored sweep came to; practice begins on the start page, with what is kept of the person."""
        shell, result = self._shell, view.summary.resonance
        assert result is not None
        page = ResonancePage(shell.words, view.summary, result, None)
        page.summary.connect(lambda: shell.show_page(partial(self._review_page, view)))
        page.done.connect(shell.home)
        return page

    def _export(self, path: Path, kind: ExportKind) -> None:
        shell = self._shell

        def work(job: Job) -> object:
            return shell.services.export(path, kind, job.tell_progress, job.cancelled)

        job = Job(work, shell.toast)
        shell.toast.follow(job, shell.words.text("export.running"), shell.words)
        job.failed.connect(lambda error: None if job.cancelled() else shell.complain(error))
        job.start()

    def _delete(self, row: SessionRow, page: StartPage) -> None:
        try:
            self._shell.services.delete(row.path)
        except BreathcoreError as error:
            self._shell.complain(error)
        self.list_on(page)


def export_sheet(page: Page, title: str, export: Callable[[ExportKind], None]) -> None:
    """Ask on `page` what the session `title` is to be exported to."""
    kinds = [button(page.text(f"export.{k.value}"), partial(export, k), kind="primary") for k in ExportKind]
    cancel = button(page.text("window.cancel"))
    page.overlay.ask(page.text("export.title"), page.text("export.body", session=title), (*kinds, cancel))


def delete_sheet(page: Page, title: str, delete: Callable[[], None]) -> None:
    """Ask on `page` whether the session `title` is to be deleted; keeping it is the answer at hand."""
    now = button(page.text("delete.now"), delete, kind="attention", drill=True)
    keep = button(page.text("delete.keep"), kind="primary", drill=True)
    page.overlay.ask(page.text("delete.title"), page.text("delete.body", session=title), (now, keep))
