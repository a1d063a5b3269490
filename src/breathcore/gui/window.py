"""The window: one page at a time, a line for sentences above it, looks and language, and a clean end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui import theme
from breathcore.gui.flow import Flow, OpenSound
from breathcore.gui.library import Library
from breathcore.gui.live import Guard, Job
from breathcore.gui.pages.notice import Notice
from breathcore.gui.pages.parts import stylesheet
from breathcore.gui.pages.settings import SIZES, SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.pages.toast import Toast
from breathcore.gui.sensing import Sensing
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.services import Services, SessionChoice, SummaryView
from breathcore.gui.sound import open_output
from breathcore.gui.widgets import pad
from breathcore.model.errors import BreathcoreError
from breathcore.session.settings import LanguageChoice, LoadedSettings, Settings, ThemeChoice

SIZE = (1100, 700)
SAVE_MS = 500
PASSING_MS = 8000


def language_of(settings: Settings) -> str:
    """Return the language to speak."""
    if settings.language is not LanguageChoice.SYSTEM:
        return settings.language.value
    return "de" if QLocale.system().language() == QLocale.Language.German else "en"


def theme_of(settings: Settings) -> theme.Theme:
    """Return the colours to use."""
    if settings.theme is not ThemeChoice.SYSTEM:
        return theme.THEMES[settings.theme.value]
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return theme.DARK if dark else theme.LIGHT


class MainWindow(QMainWindow):
    """The program's window.

    Parameters
    ----------
    services : Services
        The rest of the program.
    loaded : LoadedSettings
        Settings, and what was wrong with their file.
    open_sound : OpenSound
        Opens a sound device.
    """

    def __init__(self, services: Services, loaded: LoadedSettings, *, open_sound: OpenSound = open_output) -> None:
        super().__init__()
        self.services = services
        self.settings = loaded.settings
        self.words = Wording(language_of(self.settings))
        self._make: Callable[[], QWidget] | None = None
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.timeout.connect(self._save)
        self._lay_out()
        self.guard = Guard(self)
        self.guard.problem.connect(lambda _what: self.say(self.words.text("window.problem")))
        self._library = Library(self)
        self._sensing = Sensing(self, self)
        self._sensing.changed.connect(lambda chosen: self.keep(replace(self.settings, sensors=chosen)))
        self.flow = Flow(self, open_sound, self)
        self._keys()
        self._dress()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme)
        self.home()
        if loaded.problem is not None:
            self.say(self.words.say(loaded.problem))

    @property
    def reduced_motion(self) -> bool:
        """Whether movement is to be avoided."""
        return self.settings.reduced_motion

    @property
    def page(self) -> QWidget:
        """The page in sight."""
        return self._stack.currentWidget() or self._stack

    @property
    def sentence(self) -> str:
        """The sentence above the page, "" for none."""
        return self._banner.shown

    # what the flow calls

    def show_page(self, make: Callable[[], QWidget]) -> QWidget:
        """Show the page that `make` makes (again, when looks or language change)."""
        self._make = make
        page = make()
        wanted = page.focusWidget() or page
        old = self._stack.currentWidget()
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        wanted.setFocus(Qt.FocusReason.OtherFocusReason)  # nothing is pressed by a Space meant for the page before
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()
        return page

    def keep(self, settings: Settings) -> None:
        """Keep settings; they are written a moment later."""
        self.settings = settings
        self._saving.start(SAVE_MS)

    def say(self, text: str, *, calm: bool = False, passing: bool = False) -> None:
        """Show a sentence above the page, "" for none; a `passing` one goes after `PASSING_MS`."""
        self._banner.say(text, calm=calm, for_ms=PASSING_MS if passing else 0)

    def home(self) -> None:
        """Show the start page."""
        page = self.show_page(self._start_page)
        if isinstance(page, StartPage):
            page.start_button.setFocus()

    def run_job(self, work: Callable[[Job], object], done: Callable[[object], None], busy: str) -> None:
        """Do slow work and say what (`busy`) until it is over; its error is shown."""
        job = Job(work, self)
        job.over.connect(self.toast.hide)
        job.over.connect(job.deleteLater)
        job.done.connect(done)
        job.failed.connect(self.complain)
        self.toast.busy(self.words.text(busy))
        job.start()

    def export(self, view: SummaryView) -> None:
        """Ask for a kind and export."""
        self._library.ask_export(view.path, self.words.of(view.title))

    def review(self, view: SummaryView) -> None:
        """Show a session's course."""
        self._library.open(view.path)

    def replay(self, path: Path) -> None:
        """Play a stored session."""
        self._library.replay(path, self.flow)

    def offer(self, choice: SessionChoice) -> None:
        """Fill in the start page; sensors that are not named stay those of last time."""
        self._remember(replace(choice, sensors=choice.sensors or self.settings.sensors))
        if choice.opened:
            self.keep(self.settings.with_opened(choice.person, on=True))
        self.home()

    def complain(self, error: BreathcoreError) -> None:
        """Show what went wrong."""
        self.say(self.words.say(error.message))

    # pages

    def _start_page(self) -> QWidget:
        worn = worn_of(self.settings.sensors, self.services.devices())
        page = StartPage(self.words, self.services.drills(), self.settings, worn)
        page.start.connect(self._start)
        page.sensors.connect(self._show_sensors)
        page.open_.connect(lambda row: self._library.open(row.path))
        page.replay.connect(lambda row: self.replay(row.path))
        page.export.connect(lambda row: self._library.ask_export(row.path, self.words.of(row.title)))
        page.delete.connect(lambda row: self._library.ask_delete(row, page))
        page.settings.connect(self._show_settings)
        self._library.list_on(page)
        page.notice.say(self._left_out())
        return page

    def _left_out(self) -> str:
        """Return what is wrong with files of the person's own, "" for nothing."""
        problems = [self.words.say(problem) for problem in self.services.problems()]
        return "\n".join(self.words.text("start.left-out", problem=problem) for problem in problems)

    def _start(self, choice: SessionChoice) -> None:
        self._remember(choice)
        self.flow.begin(choice)

    def _remember(self, choice: SessionChoice) -> None:
        self.keep(
            replace(
                self.settings,
                sensors=choice.sensors,
                last_drill=choice.drill_id,
                last_pattern=choice.pattern_id,
                last_minutes=choice.minutes,
                last_person=choice.person,
            )
        )

    def _show_settings(self) -> None:
        if isinstance(self.page, StartPage):
            self._remember(self.page.choice())

        def make() -> QWidget:
            page = SettingsPage(self.words, self.settings)
            page.changed.connect(self._change)
            page.questions.connect(self._ask_questions)
            page.leave.connect(self.home)
            return page

        self.show_page(make)

    def _ask_questions(self) -> None:
        """Ask the safety questions anew, of the person chosen last."""
        screenings = {p: s for p, s in self.settings.screenings.items() if p != self.settings.last_person}
        self.keep(replace(self.settings, screenings=screenings))
        self.home()
        self.say(self.words.text("settings.questions.done"), calm=True)

    def _show_sensors(self) -> None:
        if isinstance(self.page, StartPage):
            self._remember(self.page.choice())
        self.say("")
        self._sensing.open()

    # looks

    def _lay_out(self) -> None:
        self.setWindowTitle("breathcore")
        self.resize(*SIZE)
        central = QWidget()
        central.setProperty("page", "true")
        self._column = QVBoxLayout(central)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._banner = Notice(self.words.text("window.dismiss"))
        self._banner.setProperty("banner", "true")
        self._stack = QStackedWidget()
        self.toast = Toast(self.words)
        for part in (self._banner, self._stack, self.toast):
            self._column.addWidget(part, 1 if part is self._stack else 0)
        self.setCentralWidget(central)

    def _dress(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            style = theme.apply(app, theme_of(self.settings), self.settings.text_percent / 100)
            self.setStyleSheet(stylesheet(style))
        self.words = Wording(language_of(self.settings))
        self.toast.words = self.words
        pad(self._column, 0, 0)
        self._banner.name_button(self.words.text("window.dismiss"))
        self._banner.restyle()

    def _change(self, settings: Settings) -> None:
        """Take new settings; looks and language at once, by making the page again."""
        before, self.settings = self.settings, settings
        self.keep(settings)
        looks = ("language", "theme", "text_percent")
        if any(getattr(before, name) != getattr(settings, name) for name in looks):
            self._again()

    def _again(self) -> None:
        self._save_note()
        name = self._focus_name()
        self._dress()
        if self._make is not None:
            page = self.show_page(self._make)
            self._refocus(page, name)

    def _focus_name(self) -> int:
        focus = self.focusWidget()
        chain = _chain(self.page)
        return chain.index(focus) if focus in chain else -1

    def _refocus(self, page: QWidget, index: int) -> None:
        chain = _chain(page)
        if 0 <= index < len(chain):
            chain[index].setFocus(Qt.FocusReason.OtherFocusReason)

    def _system_theme(self) -> None:
        if self.settings.theme is ThemeChoice.SYSTEM:
            self._again()

    def _keys(self) -> None:
        for keys, step in (("Ctrl++", 1), ("Ctrl+=", 1), ("Ctrl+-", -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda step=step: self._scale(step))

    def _scale(self, step: int) -> None:
        now = min(range(len(SIZES)), key=lambda i: abs(SIZES[i] - self.settings.text_percent))
        percent = SIZES[min(max(now + step, 0), len(SIZES) - 1)]
        if percent != self.settings.text_percent:
            self._change(replace(self.settings, text_percent=percent))

    # the end

    def _save_note(self) -> None:
        if isinstance(self.page, SummaryPage):
            self.page.save_note()

    def _save(self) -> None:
        try:
            self.services.save_settings(self.settings)
        except BreathcoreError as error:
            self.complain(error)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  (Qt's name)
        """End the session, keep the settings, close."""
        self._sensing.stop()
        self._save_note()
        self.flow.stop()
        if self._saving.isActive():
            self._saving.stop()
            self._save()
        super().closeEvent(event)


def _chain(page: QWidget) -> list[QWidget]:
    return [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
