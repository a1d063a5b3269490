"""A picture of every screen in every state, theme, text size and language, from made-up content."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.gui import theme
from breathcore.gui.audit import settle
from breathcore.gui.pages.parts import stylesheet
from breathcore.gui.shots import Shot, shots

__all__ = ["Look", "Shot", "Studio", "looks", "make_screenshots", "shots"]

SIZE = (1100, 700)
SCALES = (100, 200)


@dataclass(frozen=True, slots=True)
class Look:
    """Theme, text size in per cent, language."""

    theme: str
    scale: int
    language: str


def looks() -> tuple[Look, ...]:
    """Return every combination of theme, text size and language."""
    return tuple(Look(t, s, lang) for t in theme.THEMES for s in SCALES for lang in LANGUAGES)


class Studio:
    """Dresses the program in a look and takes pictures of pages in it."""

    def __init__(self) -> None:
        self.app = QApplication.instance() or QApplication(["breathcore"])
        self._host = QWidget()
        self._host.setProperty("page", "true")
        self._column = QVBoxLayout(self._host)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._host.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self._host.resize(*SIZE)

    def dress(self, look: Look) -> Wording:
        """Put on a look; return its wording."""
        if not isinstance(self.app, QApplication):
            raise TypeError(type(self.app))
        style = theme.apply(self.app, theme.THEMES[look.theme], look.scale / 100)
        self._host.setStyleSheet(stylesheet(style))
        return Wording(look.language)

    def pose(self, shot: Shot, wording: Wording) -> QWidget:
        """Make the page of `shot`, laid out at the window's size and not shown on any screen."""
        page = shot.make(wording)
        self._column.addWidget(page)
        self._host.show()
        settle()
        if shot.then is not None:
            shot.then(page)
            settle()
            settle()  # what was opened or closed may have moved the rest
        return page

    def take(self, page: QWidget) -> QImage:
        """Return the page's picture."""
        return page.grab().toImage()

    def dismiss(self, page: QWidget) -> None:
        """Put the page away."""
        self._column.removeWidget(page)
        page.setParent(None)
        page.deleteLater()
        QApplication.sendPostedEvents(page, QEvent.Type.DeferredDelete)  # there is no event loop that would do it


def make_screenshots(out: Path) -> list[Path]:
    """Write every picture into `out` (``screen-state-theme-scale-lang.png``) and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    return [_save(out, *taken) for taken in _all()]


def _all() -> Iterator[tuple[Shot, Look, QImage]]:
    studio = Studio()
    for look in looks():
        wording = studio.dress(look)
        for shot in shots():
            page = studio.pose(shot, wording)
            yield shot, look, studio.take(page)
            studio.dismiss(page)


def _save(out: Path, shot: Shot, look: Look, image: QImage) -> Path:
    path = out / f"{shot.screen}-{shot.state}-{look.theme}-{look.scale}-{look.language}.png"
    image.save(str(path), quality=80)
    return path
