"""The resonance finder in the window: rates one by one, comfort, the result, practice at it, what is kept."""

import json
import math
from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from breathcore.drill.screening import QUESTIONS
from breathcore.feedback.resonance_view import SweepView, notes
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.resonance import ResonancePage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.samples import SampleServices
from breathcore.gui.sound import SilentOutput
from breathcore.gui.sweep_bar import SweepBar
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.gui.window import MainWindow
from breathcore.model.drill import CommandKind, FinishReason, Stage
from breathcore.model.estimates import Refusal
from breathcore.model.resonance import ResonanceResult
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor, LanguageChoice, Settings, StoredRate, StoredScreening

RATES = (7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
SWEEP = registry.drill("resonance")
EN = Wording("en")
STRAP = (ChosenSensor("heart_rate_strap", "b", "HRM-Dual:312345"),)


def cleared(**changes: object) -> Settings:
    answers = StoredScreening(date.today().isoformat(), {q.id: False for q in QUESTIONS})
    base = Settings(language=LanguageChoice.ENGLISH, last_drill="resonance", sensors=STRAP)
    return replace(base.screened("", answers), **changes)


@pytest.fixture
def opened(qtbot):
    def make(settings: Settings) -> tuple[MainWindow, SampleServices]:
        services = SampleServices(settings)
        window = MainWindow(services, services.load_settings(), open_sound=lambda: (SilentOutput(), None))
        qtbot.addWidget(window)
        window.show()
        return window, services

    return make


def step(window: MainWindow, services: SampleServices, stage: Stage, sweep: SweepView, **changes: object) -> None:
    services.bridge.latest = samples.frame(SWEEP, stage, sweep=sweep, **changes)
    window.flow._live.poll()


def told(widget) -> str:
    return "\n".join(w.text() for w in widget.findChildren(QLabel))


def shown(widget, text: str) -> bool:
    return any(b.text() == text and b.isVisibleTo(widget) for b in widget.findChildren(QPushButton))


def finished(window: MainWindow, services: SampleServices, qtbot, view) -> None:
    """Take a sweep to its end, where it comes to `view`."""
    window.page.start_button.click()
    step(window, services, Stage.WAITING, SweepView(RATES), calibrated=False)
    step(window, services, Stage.RUNNING, SweepView(RATES))
    services.result = view
    step(window, services, Stage.FINISHED, SweepView(RATES, 5), calibrated=True, finish=FinishReason.COMPLETED)
    assert isinstance(window.page, AfterPage)
    window.page.over.emit()
    qtbot.waitUntil(lambda: isinstance(window.page, ResonancePage | SummaryPage))


# ── while it runs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trainer_says_which_rate_it_is_and_skips_it(qtbot) -> None:
    page = TrainerPage(EN, TrainerOptions())
    qtbot.addWidget(page)
    sent: list[tuple[CommandKind, str]] = []
    page.command.connect(lambda kind, text: sent.append((kind, text)))
    page.show_frame(samples.frame(SWEEP, Stage.RUNNING, sweep=SweepView(RATES, 2)))
    assert "Rate 3 of 6: 6.0 breaths a minute" in told(page.sweep)
    page.sweep.skip.click()
    assert sent == [(CommandKind.SKIP, "")]


def test_a_key_skips_a_rate_only_where_there_is_one_to_skip(qtbot) -> None:
    page = TrainerPage(EN, TrainerOptions())
    qtbot.addWidget(page)
    sent: list[tuple[CommandKind, str]] = []
    page.command.connect(lambda kind, text: sent.append((kind, text)))
    page.show_frame(samples.frame(registry.drill("box"), Stage.RUNNING))
    assert "skip" not in page.keys.text()
    qtbot.keyClick(page, "n")
    assert sent == []
    page.show_frame(samples.frame(SWEEP, Stage.RUNNING, sweep=SweepView(RATES, 2)))
    assert "N:\u00a0skip" in page.keys.text()
    qtbot.keyClick(page, "n")
    assert sent == [(CommandKind.SKIP, "")]
    page.show_frame(samples.frame(SWEEP, Stage.FINISHED, sweep=SweepView(RATES, 5)))
    qtbot.keyClick(page, "n")
    assert sent == [(CommandKind.SKIP, "")]


def test_between_two_rates_the_next_rate_is_announced_not_a_set(qtbot) -> None:
    page = TrainerPage(EN, TrainerOptions())
    qtbot.addWidget(page)
    page.show_frame(samples.frame(SWEEP, Stage.SET_REST, target=(), sweep=SweepView(RATES, 2, 1)))
    assert page.cue.text == EN.text("trainer.stage.set_rest.sweep")


def test_after_a_rate_comfort_is_asked_once_and_told_to_the_session(qtbot) -> None:
    page = TrainerPage(EN, TrainerOptions())
    qtbot.addWidget(page)
    sent: list[tuple[CommandKind, str]] = []
    page.command.connect(lambda kind, text: sent.append((kind, text)))
    resting = samples.frame(SWEEP, Stage.SET_REST, sweep=SweepView(RATES, 2, 1))
    page.show_frame(resting)
    question = page.sweep.question
    page.show_frame(resting)
    assert page.sweep.question is question
    assert "How comfortable was 6.5 a minute?" in told(page.sweep)
    question._group.button(8).click()
    assert [(kind, json.loads(text)) for kind, text in sent] == [(CommandKind.COMFORT, {"rate": 1, "comfort": 8})]
    page.show_frame(samples.frame(SWEEP, Stage.SET_REST, sweep=SweepView(RATES, 2)))
    assert page.sweep.question is None


def test_other_drills_show_nothing_of_it(qtbot) -> None:
    page = TrainerPage(EN, TrainerOptions())
    qtbot.addWidget(page)
    page.show_frame(samples.frame(registry.drill("box"), Stage.RUNNING))
    assert page.sweep.isHidden()


def test_a_replay_shows_the_rate_and_asks_nothing(qtbot) -> None:
    bar = SweepBar(EN, replay=True)
    qtbot.addWidget(bar)
    bar.show_frame(samples.frame(SWEEP, Stage.SET_REST, sweep=SweepView(RATES, 2, 1)))
    assert not bar.isHidden()
    assert bar.question is None
    assert bar.skip.isHidden()


def test_the_last_rate_is_asked_about_afterwards_also_without_a_breath(opened, qtbot) -> None:
    window, services = opened(cleared())
    window.page.start_button.click()
    step(window, services, Stage.READY, SweepView(RATES), calibrated=False)
    step(window, services, Stage.RUNNING, SweepView(RATES), calibrated=False)
    sent: list[tuple[CommandKind, str]] = []
    services.bridge.connect(lambda kind, text: sent.append((kind, text)))
    over = SweepView(RATES, 5, 5)
    step(window, services, Stage.FINISHED, over, calibrated=False, finish=FinishReason.COMPLETED)
    assert isinstance(window.page, AfterPage)
    step(window, services, Stage.FINISHED, over, calibrated=False, finish=FinishReason.COMPLETED)
    window.page.sweep.question._group.button(3).click()
    assert [(kind, json.loads(text)) for kind, text in sent] == [(CommandKind.COMFORT, {"rate": 5, "comfort": 3})]


# ── the result ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_result_comes_before_the_numbers_is_kept_and_practised_for_five_minutes(opened, qtbot) -> None:
    window, services = opened(cleared())
    finished(window, services, qtbot, samples.sweep_summary())
    assert "5.5 breaths a minute" in told(window.page)
    assert window.settings.rates[""] == StoredRate(date.today().isoformat(), 5.5)
    window.page.practise_button.click()
    choice = [a[1] for a in services.asked if a[0] == "start"][-1]
    assert (choice.drill_id, choice.pattern_id, choice.minutes) == ("resonance_practice", "", 5.0)
    assert choice.sensors == STRAP


def test_all_numbers_are_one_press_further(opened, qtbot) -> None:
    window, services = opened(cleared())
    finished(window, services, qtbot, samples.sweep_summary())
    window.page.summary.emit()
    assert isinstance(window.page, SummaryPage)


def test_a_simulated_strap_leaves_nothing_behind(opened, qtbot) -> None:
    window, services = opened(cleared(sensors=()))
    finished(window, services, qtbot, replace(samples.sweep_summary(), simulated=True))
    assert window.settings.rates == {}


@pytest.mark.parametrize("language", ["en", "de"])
def test_where_none_stands_out_nothing_is_named_or_offered(qtbot, language: str) -> None:
    words = Wording(language)
    page = ResonancePage(words, samples.sweep_summary(), samples.sweep_result(told=False), 5.0)
    qtbot.addWidget(page)
    assert words.text("resonance.none.alike") in told(page)
    assert words.text("resonance.note.none") in told(page)
    assert not hasattr(page, "practise_button")


def test_without_heart_beats_it_is_called_a_comfort_rate_and_says_why(qtbot) -> None:
    page = ResonancePage(EN, samples.sweep_summary(), samples.sweep_result(heart=False), 5.0)
    qtbot.addWidget(page)
    text = told(page)
    assert "your comfort rate" in text
    assert "it is no resonance" in text
    assert "no diagnosis" in text
    assert "the faster one is named" in text


@pytest.mark.parametrize(("rate", "edge"), [(7.0, "fastest"), (5.5, None), (4.5, "slowest")])
def test_a_best_rate_at_the_edge_of_those_compared_says_so(rate: float, edge: str | None) -> None:
    found = {note.id for note in notes(replace(samples.sweep_result(), best_bpm=rate))}
    edges = {"resonance.note.slowest", "resonance.note.fastest"}
    assert found & edges == ({f"resonance.note.{edge}"} if edge else set())


def test_how_sure_a_comfort_rate_is_is_not_said_in_numbers() -> None:
    found = {note.id for note in notes(samples.sweep_result(heart=False))}
    assert "resonance.note.sure-comfort" in found
    assert "resonance.note.sure" not in found


def test_a_sweep_whose_rates_were_all_skipped_says_nothing_of_the_heart(qtbot) -> None:
    nothing = ResonanceResult((), math.nan, False, (), (), Refusal.TOO_SHORT)
    page = ResonancePage(EN, samples.sweep_summary(), nothing, 5.0)
    qtbot.addWidget(page)
    text = told(page)
    assert EN.text("resonance.none.short") in text
    assert "No heart beats" not in text
    assert EN.text("resonance.rates") not in text


def test_a_whole_practice_counts_as_a_good_day(opened, qtbot) -> None:
    rate = StoredRate(date.today().isoformat(), 6.0, practised_n=2)
    window, services = opened(cleared(last_drill="resonance_practice", rates={"": rate}))
    window.page.start_button.click()
    choice = [a[1] for a in services.asked if a[0] == "start"][-1]
    assert (choice.pattern_id, choice.minutes) == ("at-6", 5.0)
    view = replace(samples.summary(), simulated=False)
    window.flow._keep_of(view)
    assert window.settings.rates[""].practised_n == 3


# ── the start page ───────────────────────────────────────────────────────────────────────────────────────────────────


def start_page(qtbot, settings: Settings) -> StartPage:
    page = StartPage(EN, samples.drills(), settings, ())
    qtbot.addWidget(page)
    return page


def test_the_kept_rate_is_filled_in_for_its_person_with_the_rung_of_the_day(qtbot) -> None:
    rates = {"Kim": StoredRate("2025-03-14", 6.0, practised_n=7)}
    page = start_page(qtbot, Settings(last_drill="resonance_practice", last_person="Kim", rates=rates))
    assert page.choice().pattern_id == "at-6"
    assert page.choice().minutes == 20.0
    assert "time to check it again" in page.kept.text()
    page.person.setText("Jo")
    assert page.kept.isHidden()
    assert page.choice().minutes is None


def test_a_sweep_takes_its_own_time(qtbot) -> None:
    page = start_page(qtbot, Settings(last_drill="resonance", last_minutes=2.0))
    assert page.choice().minutes is None
    assert not page.lengths.isEnabled()
    page.form.setCurrentIndex(1)
    assert page.choice().pattern_id == "quick"
    assert not shown(page, "As recommended: 26 min")


def test_a_rate_that_was_never_told_is_not_kept(opened, qtbot) -> None:
    window, services = opened(cleared())
    result = samples.sweep_result(told=False)
    assert math.isnan(result.best_bpm)
    finished(window, services, qtbot, replace(samples.sweep_summary(), resonance=result))
    assert window.settings.rates == {}
