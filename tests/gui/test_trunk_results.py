"""The firmer brace that only a therapist opens, and what a session of the trunk came to."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from breathcore.cli.app import run
from breathcore.drill.screening import CONDITIONS
from breathcore.drill.sides import SideComparison
from breathcore.feedback.wording import Wording
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.program import Program
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.samples import trunk as sample
from breathcore.gui.services import SessionChoice, SiteSummary, TrunkSummary
from breathcore.gui.trunk_views import previous_ranges, stretches, trunk_summary
from breathcore.model.device import Place
from breathcore.model.drill import Effect, EffectKind
from breathcore.model.errors import Reason, SafetyError
from breathcore.model.trunk import (
    BraceEstimate,
    Expansion,
    Rep,
    SiteCalibration,
    SiteExpansion,
    Unmeasured,
)
from breathcore.record.items import SessionMeta
from breathcore.record.summary import list_sessions
from breathcore.record.writer import SessionWriter
from breathcore.session import registry
from breathcore.session.settings import Settings, StoredScreening, load_settings, save_settings


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return the program with its sessions kept in a folder of the test's own."""
    monkeypatch.setattr("breathcore.session.settings.settings_path", lambda: tmp_path / "preferences.json")
    return Program(folder=tmp_path / "sessions")


class TestTheFirmerBrace:
    FIRM = "3-breaths-30"

    def start(self, qtbot, *opened: str) -> StartPage:
        settings = Settings(last_drill="brace_and_breathe", last_pattern=self.FIRM, last_person="Kim", opened=opened)
        page = StartPage(Wording("en"), (registry.drill("brace_and_breathe"),), settings, ())
        qtbot.addWidget(page)
        return page

    def test_is_locked_on_the_first_page(self, qtbot):
        page = self.start(qtbot)
        at = page.form.findData(self.FIRM)
        assert not page.form.model().item(at).isEnabled()
        assert page.form.itemText(at).endswith("locked")
        assert page.choice().pattern_id == ""
        assert page.lock.isVisibleTo(page)

    def test_is_open_for_whom_a_therapist_has_opened_it_and_for_nobody_else(self, qtbot):
        page = self.start(qtbot, "Kim")
        assert page.choice().pattern_id == self.FIRM
        assert page.choice().opened
        assert not page.lock.isVisibleTo(page)
        page.person.setText("Robin")
        assert page.choice().pattern_id == ""
        assert not page.choice().opened

    @pytest.mark.parametrize("sensors", [(), sample_sensors.RIG])
    def test_does_not_start_until_it_is_opened(self, program, sensors):
        with pytest.raises(SafetyError) as told:
            program.start(SessionChoice("brace_and_breathe", sensors, self.FIRM))
        assert told.value.reason is Reason.NOT_OPENED

    def test_starts_when_it_is_opened(self, program, qtbot):
        bridge = program.start(SessionChoice("brace_and_breathe", (), self.FIRM, opened=True))
        qtbot.waitUntil(lambda: bridge.latest is not None, timeout=20_000)
        program.stop()

    @pytest.mark.parametrize("condition", CONDITIONS)
    def test_is_never_for_somebody_with_a_condition(self, program, condition):
        choice = SessionChoice("brace_and_breathe", (), self.FIRM, conditions=(condition,), opened=True)
        with pytest.raises(SafetyError) as told:
            program.start(choice)
        assert told.value.reason is Reason.AVOID_LIST

    def settings(self, qtbot, settings: Settings) -> SettingsPage:
        page = SettingsPage(Wording("en"), settings)
        qtbot.addWidget(page)
        page.show()
        return page

    def test_is_opened_in_the_settings_only_when_confirmed(self, qtbot):
        page = self.settings(qtbot, Settings(last_person="Kim"))
        kept = []
        page.changed.connect(kept.append)
        page.opened.click()
        no, yes = sorted(page.overlay.findChildren(QPushButton), key=lambda b: b.text().startswith("Yes"))
        no.click()
        assert not kept
        assert not page.opened.isChecked()
        page.opened.click()
        yes = next(b for b in page.overlay.findChildren(QPushButton) if b.text().startswith("Yes"))
        yes.click()
        assert kept[-1].opened == ("Kim",)
        page.opened.click()
        assert kept[-1].opened == ()

    def test_cannot_be_opened_with_a_condition(self, qtbot):
        stored = StoredScreening("2026-01-01", {}, ("hypertension",))
        page = self.settings(qtbot, Settings(last_person="Kim", screenings={"Kim": stored}, opened=("Kim",)))
        assert not page.opened.isEnabled()
        assert not page.opened.isChecked()

    def test_is_kept_with_the_settings(self, tmp_path):
        path = tmp_path / "settings.json"
        save_settings(Settings().with_opened("Kim", on=True).checked("Robin"), path)
        told = load_settings(path)
        assert told.problem is None
        assert (told.settings.opened, told.settings.sides_checked) == (("Kim",), ("Robin",))

    def test_the_command_line_does_not_pass_it_either(self, monkeypatch):
        asked = []
        monkeypatch.setattr("breathcore.cli.train.has_display", lambda: True)
        monkeypatch.setattr("breathcore.gui.program.train_window", lambda *a, **k: asked.append(k) or 0)
        arguments = ["train", "brace_and_breathe", "--form", self.FIRM]
        assert run(arguments) == 1
        assert not asked
        assert run([*arguments, "--opened-by-therapist"]) == 0
        assert asked[0]["opened"]
        assert run(["train", "brace_and_breathe", "--form", "none"]) == 1


def stored(folder: Path, day: int, *items: object, person: str = "Kim", source: str = "ble") -> Path:
    """Return a session of day `day` of a person in which `items` were found."""
    start = datetime(2026, 3, day, 9, tzinfo=UTC)
    meta = SessionMeta(start, 0, "0", person=person, drill=registry.drill("glute_bridge"), source=source)
    path = folder / f"2026-03-{day:02}.breath"
    with SessionWriter(path, meta, ()) as writer:
        for item in items:
            writer.put(item)
    return path


def side(difference: float, *, told: bool = True) -> SideComparison:
    return SideComparison("range", "deg", 24.0, 21.0, difference, 5.0, told)


def rep(t_s: float, *, guided: bool = False) -> Rep:
    return Rep(t_s, t_s + 2, t_s + 4, t_s + 6, 24.0, 1.0, "acc", guided=guided)


class TestWhatASessionCameTo:
    @pytest.fixture
    def folder(self, tmp_path):
        return tmp_path

    def test_nothing_measured_is_nothing_told(self, folder):
        assert trunk_summary(stored(folder, 1)) is None

    def test_opening_place_by_place_is_that_of_the_middle_breath(self, folder):
        shares = (0.7, 0.8, 0.3)
        breaths = [
            Expansion(9.0 * n, 9.0 * n, 9.0 * n + 6, (SiteExpansion(Place.LEFT, "left", share, 5 * share),), 0.5)
            for n, share in enumerate(shares)
        ]
        told = trunk_summary(stored(folder, 1, *breaths))
        assert told == TrunkSummary((SiteSummary(Place.LEFT, 0.7, 3.5),), 0.5)

    def test_what_was_breathed_before_the_drill_is_no_part_of_it(self, folder):
        breaths = [
            Expansion(t_s, t_s, t_s + 6, (SiteExpansion(place, "x", 0.9),))
            for t_s, place in ((10.0, Place.BACK), (40.0, Place.LEFT))
        ]
        begun = Effect(EffectKind.PHASE, 30.0, "inhale")
        told = trunk_summary(stored(folder, 1, begun, *breaths))
        assert [site.place for site in told.sites] == [Place.LEFT]

    def test_repetitions_without_those_it_was_learned_in(self, folder):
        told = trunk_summary(stored(folder, 1, rep(0, guided=True), rep(10), rep(20)))
        assert told.reps_n == 2

    def test_a_brace_that_nothing_measured_has_no_number(self, folder):
        silent = BraceEstimate(1.0, "belt", math.nan, reason=Unmeasured.NOT_CALIBRATED)
        assert trunk_summary(stored(folder, 1, silent)) is None
        braced = [BraceEstimate(0.25 * n, "belt", 0.12, on=n > 4) for n in range(40)]
        path = stored(folder, 2, *braced)
        assert trunk_summary(path).brace == pytest.approx(0.12)
        assert stretches(path)[1] == ((1.25, 9.75),)

    def test_a_trend_is_of_the_same_person_and_drill(self, folder):
        for day, difference in enumerate((30.0, 28.0, 27.0, 29.0), 1):
            last = stored(folder, day, side(difference))
        stored(folder, 9, side(-60.0), person="Robin")
        stored(folder, 10, side(-60.0), source="sim")
        (told,) = trunk_summary(last, list_sessions(folder)).sides
        assert (told.sessions_n, told.now, told.before, told.red) == (3, 28.0, 30.0, True)

    def test_what_is_chance_today_is_for_no_clinician(self, folder):
        for day in range(1, 4):
            last = stored(folder, day, side(40.0, told=False))
        [told] = trunk_summary(last, list_sessions(folder)).sides
        assert (told.sessions_n, told.sudden, told.red) == (3, False, False)

    def test_what_only_sensors_may_have_made_has_no_trend(self, folder):
        for day in range(1, 4):
            last = stored(folder, day, replace(side(40.0, told=False), id="expansion"))
        [told] = trunk_summary(last, list_sessions(folder)).sides
        assert (told.sessions_n, told.now, told.red) == (0, None, False)

    def test_a_first_session_has_no_trend(self, folder):
        path = stored(folder, 1, side(13.0))
        (told,) = trunk_summary(path, list_sessions(folder)).sides
        assert told.sessions_n == 0

    def test_the_last_count_of_a_session_is_told(self, folder):
        path = stored(folder, 1, side(3.0), side(13.0))
        (told,) = trunk_summary(path).sides
        assert told.pair.difference == 13.0

    def test_own_ranges_go_on_from_the_last_session_that_learned_any(self, folder):
        learned = SiteCalibration(1.0, Place.LEFT, "left", "deg", 1.0, 3.5, 0.05)
        refused = SiteCalibration(1.0, Place.BACK, "back", "deg", math.nan, math.nan, math.nan, reason=Unmeasured.FLAT)
        stored(folder, 1, learned, refused)
        stored(folder, 2)
        sessions = list_sessions(folder)
        assert previous_ranges(sessions, "Kim", simulated=False) == {"left.imu": 2.5}
        assert previous_ranges(sessions, "Robin", simulated=False) == {}
        assert previous_ranges(sessions, "Kim", simulated=True) == {}

    def test_the_summary_says_what_differs_and_for_how_long(self, qtbot):
        page = SummaryPage(Wording("en"), sample.bridge_summary())
        qtbot.addWidget(page)
        said = " ".join(w.text() for w in page.trunk.findChildren(QLabel))
        assert "A real difference: range." in said
        assert "three sessions in a row" in said
        assert "16 repetitions" in said

    def test_the_effort_of_a_brace_that_nothing_measured_is_called_self_rated(self, qtbot):
        for view, told in ((sample.brace_summary(), True), (sample.ribs_summary(), False)):
            page = SummaryPage(Wording("en"), view)
            qtbot.addWidget(page)
            assert any("self-rated" in w.text() for w in page.findChildren(QLabel)) is told
