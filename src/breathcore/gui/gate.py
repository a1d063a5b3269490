"""The way to a drill: safety questions, asked anew after a while, and the form of the drill that the answers allow."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

from PySide6.QtWidgets import QWidget

from breathcore.drill.screening import QUESTIONS, Screening, ScreeningOutcome, allowed_pattern, screen
from breathcore.gui.pages.safety import FormPage, NotNowPage, SafetyPage
from breathcore.gui.services import SessionChoice
from breathcore.gui.shell import Shell
from breathcore.model.drill import DrillSpec
from breathcore.session.settings import Settings, StoredScreening

SCREENING_HOLDS = timedelta(days=28)  # drills.md §9 asks the other questionnaires as often


def stored_screening(settings: Settings, person: str, today: date) -> Screening | None:
    """Return what the stored answers of `person` come to, None where there are none that still hold."""
    stored = settings.screenings.get(person)
    if stored is None:
        return None
    known = {q.id for q in QUESTIONS}
    result = screen({id_: yes for id_, yes in stored.answers.items() if id_ in known})
    if result.outcome is ScreeningOutcome.INCOMPLETE:
        return None
    with suppress(ValueError):
        if result.cleared and today - date.fromisoformat(stored.on) <= SCREENING_HOLDS:
            return result
    return None if result.cleared else result  # a "yes" does not wear off


class Gate:
    """Leads a choice to what may be done, or says why not now; it shows its pages in `shell`.

    Parameters
    ----------
    shell : Shell
    drills : Mapping[str, DrillSpec]
        By id.
    cleared : Callable
        Called with a choice that may be done, its screening and form in it.
    """

    def __init__(self, shell: Shell, drills: Mapping[str, DrillSpec], cleared: Callable[[SessionChoice], None]) -> None:
        self._shell = shell
        self._drills = drills
        self._cleared = cleared

    def begin(self, choice: SessionChoice) -> None:
        """Take a choice through the gate; nothing but cleared answers leads on."""
        self._shell.say("")
        screening = stored_screening(self._shell.settings, choice.person, date.today())
        if screening is None:
            self.ask(choice)
        elif not screening.cleared:
            self._refuse(choice, screening)
        else:
            self._form(replace(choice, screening=screening))

    def ask(self, choice: SessionChoice) -> None:
        """Ask the safety questions."""

        def answered(answers: dict[str, bool], conditions: tuple[str, ...]) -> None:
            stored = StoredScreening(date.today().isoformat(), answers, conditions)
            self._shell.keep(self._shell.settings.screened(choice.person, stored))
            result = screen(answers)
            if result.cleared:
                self._form(replace(choice, screening=result))
            else:
                self._refuse(choice, result)

        def make() -> QWidget:
            page = SafetyPage(self._shell.words)
            page.answered.connect(answered)
            page.leave.connect(self._shell.home)
            return page

        self._shell.show_page(make)

    def _refuse(self, choice: SessionChoice, screening: Screening) -> None:
        def make() -> QWidget:
            page = NotNowPage(self._shell.words, screening)
            page.leave.connect(self._shell.home)
            page.again.connect(lambda: self.ask(choice))
            return page

        self._shell.show_page(make)

    def _form(self, choice: SessionChoice) -> None:
        stored = self._shell.settings.screenings[choice.person]
        choice = replace(choice, conditions=stored.conditions)
        drill = self._drills[choice.drill_id]
        allowed = allowed_pattern(drill, stored.conditions)
        if allowed == "" or (allowed is not None and not drill.pattern(choice.pattern_id).has_hold):
            self._cleared(choice)
            return

        def make() -> QWidget:
            page = FormPage(self._shell.words, drill, allowed, stored.conditions)
            page.accepted.connect(lambda: self._cleared(replace(choice, pattern_id=allowed or "")))
            page.leave.connect(self._shell.home)
            return page

        self._shell.show_page(make)
