"""Pictures of the window with what it says around its page, and of its settings."""

from PySide6.QtWidgets import QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui import samples, theme
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.shots.shot import Shot
from breathcore.gui.sound import SilentOutput
from breathcore.gui.window import MainWindow
from breathcore.session.settings import LanguageChoice, Settings, ThemeChoice


def window() -> tuple[Shot, ...]:
    """Return the window with what it says above and below its page."""

    def make(wording: Wording) -> MainWindow:
        style = theme.current()
        settings = Settings(
            LanguageChoice(wording.language), ThemeChoice(style.theme.id), round(100 * style.scale), last_person="Kim"
        )
        services = samples.SampleServices(settings, stored=samples.rows())
        return MainWindow(services, services.load_settings(), open_sound=lambda: (SilentOutput(), None))

    def problem(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.complain(samples.no_adapter())

    def exported(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.toast.busy(page.words.text("export.running"))

    def silent(page: QWidget) -> None:
        if isinstance(page, MainWindow):
            page.say(page.words.text("sound.no-device"), calm=True, passing=True)

    return (
        Shot("window", "problem", make, problem),
        Shot("window", "silent", make, silent),
        Shot("window", "exporting", make, exported),
    )


def settings() -> tuple[Shot, ...]:
    """Return the settings."""
    return (Shot("settings", "plain", lambda wording: SettingsPage(wording, Settings())),)
