"""Pictures of the start page."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.library import delete_sheet, export_sheet
from breathcore.gui.pages.parts import Page
from breathcore.gui.pages.start import StartPage
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.shots.shot import Make, Shot
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor, Settings, StoredRate


def start() -> tuple[Shot, ...]:
    """Return the start page with and without sessions, and its sheets."""

    def make(*, stored: bool, sensors: tuple[ChosenSensor, ...] = (), problem: bool = False) -> Make:
        def page(wording: Wording) -> QWidget:
            settings = Settings(last_person="Kim" if stored else "", last_drill="diaphragmatic", sensors=sensors)
            made = StartPage(wording, samples.drills(), settings, worn_of(sensors, sample_sensors.devices()))
            made.show_sessions(samples.rows() if stored else ())
            if problem:
                made.notice.say(wording.text("start.left-out", problem=wording.say(sample_sensors.wrong_file())))
            return made

        return page

    def own_rate(wording: Wording) -> QWidget:
        rates = {"Kim": StoredRate("2025-03-14", 6.0, practised_n=4)}
        settings = Settings(last_person="Kim", last_drill="resonance_practice", rates=rates)
        made = StartPage(wording, samples.drills(), settings, worn_of((), sample_sensors.devices()))
        made.show_sessions(())
        return made

    return (
        Shot("start", "first", make(stored=False)),
        Shot("start", "recent", make(stored=True, sensors=sample_sensors.CHOSEN)),
        Shot("start", "own-rate", own_rate, _to_kept),
        Shot("start", "wrong-file", make(stored=True, problem=True)),
        Shot("start", "delete", make(stored=True), lambda page: _sheet(page, delete_sheet)),
        Shot("start", "export", make(stored=True), lambda page: _sheet(page, export_sheet)),
    )


def _to_kept(page: QWidget) -> None:
    """Bring what is known of a person's own rate into sight."""
    if isinstance(page, StartPage):
        page.area.ensureWidgetVisible(page.kept)


def _sheet(page: QWidget, ask: Callable[[Page, str, Callable[..., None]], None]) -> None:
    if isinstance(page, Page):
        ask(page, page.words.of(registry.drill("box").title), lambda *_: None)
