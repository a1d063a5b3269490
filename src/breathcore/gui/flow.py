"""The way through a session: choice → safety → preparation → trainer → afterwards → summary."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from breathcore.drill.screening import ScreeningOutcome
from breathcore.drill.self_rating import rating_text
from breathcore.feedback.frame import FeedbackFrame
from breathcore.gui.gate import Gate
from breathcore.gui.live import Job, LiveSession
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.resonance import ResonancePage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.services import SessionChoice, SummaryView
from breathcore.gui.shell import Shell
from breathcore.gui.sound import Output, Sounds
from breathcore.gui.sweep_bar import comfort_text
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.model.drill import CommandKind, FinishReason, Stage
from breathcore.model.errors import BreathcoreError
from breathcore.model.message import Message
from breathcore.session import practice
from breathcore.session.bridge import Bridge

_BEFORE = (Stage.WAITING, Stage.CALIBRATING, Stage.READY)

OpenSound = Callable[[], tuple[Output, Message | None]]


class Flow(QObject):
    """Runs one session at a time; the window shows what it is told."""

    def __init__(self, shell: Shell, open_sound: OpenSound, parent: QObject) -> None:
        super().__init__(parent)
        self._shell = shell
        self._open_sound = open_sound
        self._drills = {d.id: d for d in shell.services.drills()}
        self._gate = Gate(shell, self._drills, self.connect_)
        self._live: LiveSession | None = None
        self._sounds: Sounds | None = None
        self._page: QWidget | None = None
        self._choice: SessionChoice | None = None
        self._started = False
        self._replaying = False
        self._ratings: tuple[int | None, int | None] = (None, None)

    @property
    def running(self) -> bool:
        """Whether a session or replay runs."""
        return self._live is not None

    # the way in

    def begin(self, choice: SessionChoice) -> None:
        """Take a choice through the gate."""
        self._gate.begin(choice)

    # the session

    def connect_(self, choice: SessionChoice) -> None:
        """Start the session of a choice that may be done."""
        try:
            bridge = self._shell.services.start(choice)
        except BreathcoreError as error:
            self._shell.home()
            self._shell.complain(error)
            return
        self._choice = choice
        self._begin(bridge)
        screening = choice.screening
        if screening is not None and screening.outcome is ScreeningOutcome.SEE_CLINICIAN_SOON:
            self._shell.say(self._shell.words.say(screening.message), calm=True)
        self._prepare(choice)

    def replay(self, bridge: Bridge) -> None:
        """Show a replay."""
        self._choice = None
        self._begin(bridge)
        self._replaying = True
        self._trainer()

    def _begin(self, bridge: Bridge) -> None:
        self._started = self._replaying = False
        self._ratings = (None, None)
        output, problem = self._open_sound()
        self._sounds = Sounds(_clock(bridge), output, self._shell.settings.volume_percent)
        if problem is not None:
            self._shell.say(self._shell.words.say(problem), calm=True, passing=True)
        live = self._live = LiveSession(bridge, self)
        live.frame.connect(self._on_frame)
        live.effect.connect(self._sounds.take)
        live.failed.connect(self._shell.complain)
        live.ended.connect(self._on_ended)

    def _on_frame(self, frame: FeedbackFrame) -> None:
        if not self._replaying:
            self._turn_to(frame)
        page = self._page
        if isinstance(page, PreparePage | AfterPage | TrainerPage):
            page.show_frame(frame)

    def _turn_to(self, frame: FeedbackFrame) -> None:
        if frame.stage in _BEFORE:
            return
        if frame.stage is Stage.FINISHED:
            if isinstance(self._page, TrainerPage):
                self._finished(frame)
        elif not isinstance(self._page, TrainerPage):
            self._started = True
            self._trainer()

    def _finished(self, frame: FeedbackFrame) -> None:
        quiet = frame.finish in (FinishReason.COMPLETED, FinishReason.ENDED)
        if (
            quiet
            and (frame.calibrated or frame.sweep is not None)
            and self._live is not None
            and not self._live.bridge.ended
        ):
            self._after()
        else:
            self._close()

    def _prepare(self, choice: SessionChoice) -> None:
        drill = self._drills[choice.drill_id]
        worn = worn_of(choice.sensors, self._shell.services.devices())

        def make() -> QWidget:
            offer = choice.person not in self._shell.settings.sides_checked
            page = PreparePage(self._shell.words, drill, worn, offer_exchange=offer)
            page.command.connect(self._command)
            page.said.connect(self._command)
            page.exchange_over.connect(lambda: self._sides_checked(choice.person))
            page.leave.connect(self.leave)
            return self._kept(page)

        self._shell.show_page(make)

    def _sides_checked(self, person: str) -> None:
        self._shell.keep(self._shell.settings.checked(person))

    def _trainer(self) -> None:
        def make() -> QWidget:
            settings = self._shell.settings
            options = TrainerOptions(
                settings.view,
                settings.volume_percent,
                settings.show_seconds,
                self._shell.reduced_motion,
                settings.thinning,
                self._replaying,
            )
            page = TrainerPage(self._shell.words, options)
            page.command.connect(self._command)
            page.volume_changed.connect(self._volume)
            page.view_changed.connect(lambda id_: self._shell.keep(replace(self._shell.settings, view=id_)))
            page.seconds_changed.connect(lambda on: self._shell.keep(replace(self._shell.settings, show_seconds=on)))
            if self._live is not None:
                page.set_clock(_clock(self._live.bridge))
                page.ticked.connect(self._live.poll)
                self._live.rest(on=True)
            return self._kept(page)

        self._shell.show_page(make)

    def _after(self) -> None:
        def make() -> QWidget:
            page = AfterPage(self._shell.words)
            page.rated.connect(self._rated)
            page.comfort.connect(lambda rate, n: self._command(CommandKind.COMFORT, comfort_text(rate, n)))
            page.effort.connect(lambda n, effort: self._command(CommandKind.EFFORT, rating_text(n, effort)))
            page.over.connect(self._close)
            if self._live is not None:
                self._live.rest(on=False)
            return self._kept(page)

        self._shell.show_page(make)

    def _kept(self, page: QWidget) -> QWidget:
        self._page = page
        return page

    def _volume(self, percent: int) -> None:
        if self._sounds is not None:
            self._sounds.set_volume(percent)
        self._shell.keep(replace(self._shell.settings, volume_percent=percent))

    def _command(self, kind: CommandKind, text: str = "") -> None:
        if self._replaying:
            if kind is CommandKind.END:
                self.leave()
        elif self._live is not None:
            self._live.bridge.command(kind, text)

    def _rated(self, pain: int | None, effort: int | None) -> None:
        self._ratings = (pain, effort)
        self._command(CommandKind.RATINGS, json.dumps({"pain": pain, "effort": effort}))

    # the end

    def _on_ended(self) -> None:
        if self._started:
            self._close()
        else:
            self.leave()

    def leave(self) -> None:
        """End what runs and go back to the start page; sentences of an error stay in sight."""
        self.stop()
        self._shell.home()

    def stop(self) -> None:
        """End what runs, cleanly; returns when its file is closed. What was left before its drill began is not kept."""
        if self._live is None:
            self._shell.services.stop()  # the file of a drill that is over may still be being closed
            return
        self._quiet()
        self._shell.services.stop()
        if not self._started and not self._replaying:
            self._try(self._shell.services.discard)

    def _quiet(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live.deleteLater()
            self._live = None
        if self._sounds is not None:
            self._sounds.close()
            self._sounds = None
        self._page = None

    def _close(self) -> None:
        """End the session and show what it came to."""
        if self._live is None:
            return
        self._quiet()
        services = self._shell.services

        def work(_job: Job) -> object:
            services.stop()
            return services.summary()

        def done(view: object) -> None:
            if isinstance(view, SummaryView):
                self._keep_of(view)
                self._result(view)
            else:
                self._shell.home()

        self._shell.run_job(work, done, "window.saving")

    def _keep_of(self, view: SummaryView) -> None:
        """Keep what a session of a person says of their own rate, or of practice at it."""
        choice, today = self._choice, date.today()
        if choice is None or view.simulated:
            return
        settings = self._shell.settings
        if view.resonance is not None:
            settings = practice.found(settings, choice.person, view.resonance, today)
        elif choice.drill_id == practice.PRACTICE_ID:
            settings = practice.practised(settings, choice.person, view.finish, view.score, today)
        if settings is not self._shell.settings:
            self._shell.keep(settings)

    def _result(self, view: SummaryView) -> None:
        """Show what a sweep came to; any other session's summary at once."""
        result = view.resonance
        if result is None:
            self._summary(view)
            return
        onward = self._practice(result.best_bpm)

        def make() -> QWidget:
            page = ResonancePage(self._shell.words, view, result, onward.minutes if onward is not None else None)
            page.practise.connect(lambda: self.begin(onward) if onward is not None else None)
            page.summary.connect(lambda: self._summary(view))
            page.done.connect(self._shell.home)
            return page

        self._shell.show_page(make)

    def _practice(self, rate_bpm: float) -> SessionChoice | None:
        """Return the choice that practises at a rate, None where no drill does."""
        drill, choice = self._drills.get(practice.PRACTICE_ID), self._choice
        form = None if drill is None or math.isnan(rate_bpm) else practice.form(drill, rate_bpm)
        if choice is None or form is None:
            return None
        minutes = practice.minutes(self._shell.settings.rates.get(choice.person))
        return replace(choice, drill_id=practice.PRACTICE_ID, pattern_id=form, minutes=minutes)

    def _summary(self, view: SummaryView) -> None:
        pain, effort = self._ratings
        view = replace(
            view,
            pain=view.pain if view.pain is not None else pain,
            effort=view.effort if view.effort is not None else effort,
        )
        again = self._choice

        def rated(pain: int | None, effort: int | None) -> None:
            nonlocal view
            view = replace(view, pain=pain, effort=effort)  # the page may be made again, in another language
            self._try(lambda: self._shell.services.rate(view.path, pain=pain, effort=effort))

        def noted(text: str) -> None:
            nonlocal view
            view = replace(view, note=text)
            self._try(lambda: self._shell.services.add_note(view.path, text))

        def make() -> QWidget:
            page = SummaryPage(self._shell.words, view)
            page.rated.connect(rated)
            page.noted.connect(noted)
            page.export.connect(lambda: self._shell.export(view))
            page.review.connect(lambda: self._shell.review(view))
            page.again.connect(lambda: self.begin(again) if again is not None else self._shell.home())
            page.done.connect(self._shell.home)
            return page

        self._shell.show_page(make)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BreathcoreError as error:
            self._shell.complain(error)


def _clock(bridge: Bridge) -> Callable[[], float]:
    """Return the session clock, also where the worker sets it only later."""
    return lambda: bridge.now_s()
