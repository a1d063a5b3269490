"""A line at the window's foot for work that goes on behind the page."""

from pathlib import Path

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from breathcore.feedback.wording import Wording
from breathcore.gui.live import Job
from breathcore.gui.pages.parts import elastic
from breathcore.gui.widgets import announce, button, label, pad, set_text


class Toast(QFrame):
    """What is being done, how far it is, and a way to stop it; afterwards where the result is."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self.words = wording
        self._job: Job | None = None
        self.setProperty("card", "footer")
        row = QHBoxLayout(self)
        pad(row, 0.8, 1.0)
        self.text = elastic(label())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = button("", self._press)
        row.addWidget(self.text, 3)
        row.addWidget(self.bar, 2)
        row.addWidget(self.cancel)
        self.hide()

    def busy(self, text: str) -> None:
        """Say that something short is being done."""
        self._job = None
        self._show(text)
        self.bar.setRange(0, 0)
        self.bar.show()
        self.cancel.hide()

    def follow(self, job: Job, text: str, wording: Wording) -> None:
        """Show a job's progress, then where its result is."""
        self.words = wording
        self._job = job
        self._show(text)
        self.bar.setRange(0, 100)
        self.bar.setValue(0)
        self.bar.setAccessibleName(text)
        self.bar.show()
        self._name_button("window.cancel")
        job.progress.connect(lambda share: self.bar.setValue(round(100 * share)))
        job.done.connect(lambda path: self._done(job, path))
        job.failed.connect(lambda _error: self.hide())
        job.over.connect(job.deleteLater)

    def _done(self, job: Job, path: object) -> None:
        self._job = None
        self.bar.hide()
        if job.cancelled() or not isinstance(path, Path):
            self.hide()
            return
        self._show(self.words.text("export.done", path=str(path)))
        self._name_button("window.close")

    def _press(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self.hide()

    def _name_button(self, id_: str) -> None:
        self.cancel.setText(self.words.text(id_))
        self.cancel.setAccessibleName(self.cancel.text())
        self.cancel.show()

    def _show(self, text: str) -> None:
        set_text(self.text, text)
        announce(self, text)
        self.show()
