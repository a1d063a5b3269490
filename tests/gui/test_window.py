import signal
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from breathcore.drill.screening import QUESTIONS
from breathcore.gui import samples, theme
from breathcore.gui.app import run_app, start
from breathcore.gui.gate import SCREENING_HOLDS
from breathcore.gui.live import Guard
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.safety import FormPage, NotNowPage, SafetyPage
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.samples import SampleServices
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.services import ExportKind, SessionChoice
from breathcore.gui.sound import SilentOutput
from breathcore.gui.trainer import TrainerPage
from breathcore.gui.window import MainWindow
from breathcore.model.drill import CommandKind, FinishReason, Stage
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.message import message
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor, Settings, StoredScreening, Thinning

DRILL = "diaphragmatic"
ALL_NO = {q.id: False for q in QUESTIONS}


def cleared(**changes) -> Settings:
    """Return settings of someone who answered all questions with no today."""
    return Settings().screened("", StoredScreening(date.today().isoformat(), ALL_NO, **changes))


@pytest.fixture
def opened(qtbot):
    def make(settings: Settings | None = None, *, rows=(), problem=None) -> tuple[MainWindow, SampleServices]:
        services = SampleServices(settings, stored=tuple(rows))
        services.problem = problem
        window = MainWindow(services, services.load_settings(), open_sound=lambda: (SilentOutput(), None))
        qtbot.addWidget(window)
        window.show()
        return window, services

    return make


def press(window: MainWindow, text: str) -> None:
    found = [b for b in window.findChildren(QPushButton) if b.accessibleName() == text and b.isVisibleTo(window)]
    assert len(found) == 1, sorted(b.accessibleName() for b in window.findChildren(QPushButton))
    found[0].click()


def step(window: MainWindow, services: SampleServices, frame) -> None:
    """Let the session bring a frame."""
    services.bridge.latest = frame
    window.flow._live.poll()


def trained(window: MainWindow, services: SampleServices):
    """Take a session to the middle of a drill."""
    drill = registry.drill(DRILL)
    window.page.start_button.click()
    step(window, services, samples.frame(drill, Stage.WAITING, calibrated=False))
    step(window, services, samples.frame(drill, Stage.RUNNING))
    assert isinstance(window.page, TrainerPage)
    return drill


def started(services: SampleServices) -> list[SessionChoice]:
    return [a[1] for a in services.asked if a[0] == "start"]


class TestGate:
    def test_nobody_trains_before_the_questions(self, opened):
        window, services = opened()
        window.page.start_button.click()
        assert isinstance(window.page, SafetyPage)
        assert not started(services)
        for _ in range(3):
            press(window, "No to all of these")
            press(window, "Next")
        press(window, "I will stop if one of these happens")
        assert isinstance(window.page, PreparePage)
        assert started(services)[0].screening.cleared
        assert window.settings.screenings[""].answers == ALL_NO

    @pytest.mark.parametrize("flag", ["chest_pain", "cancer"])
    def test_a_yes_cannot_be_passed(self, opened, flag):
        window, services = opened(Settings().screened("", StoredScreening("2020-01-01", {flag: True})))
        for _ in range(2):
            window.page.start_button.click()
            assert isinstance(window.page, NotNowPage)
            press(window, "Close")
        start(window, SessionChoice(DRILL))  # not even for a demonstration
        assert isinstance(window.page, NotNowPage)
        press(window, "Answer the questions again")
        assert isinstance(window.page, SafetyPage)
        assert not started(services)

    def test_answers_wear_off(self, opened):
        long_ago = (date.today() - SCREENING_HOLDS).toordinal() - 1
        stored = StoredScreening(date.fromordinal(long_ago).isoformat(), ALL_NO)
        window, services = opened(Settings().screened("", stored))
        window.page.start_button.click()
        assert isinstance(window.page, SafetyPage)
        assert not started(services)

    def test_another_person_is_asked(self, opened):
        window, services = opened(cleared())
        window.page.person.setText("Lee")
        window.page.start_button.click()
        assert isinstance(window.page, SafetyPage)
        assert not started(services)

    def test_a_drill_with_holds_offers_the_form_without(self, opened):
        window, services = opened(replace(cleared(conditions=("pregnancy",)), last_drill="box"))
        window.page.start_button.click()
        assert isinstance(window.page, FormPage)
        assert not started(services)
        press(window, "Do this version")
        assert started(services)[0].pattern_id == "4-0-4-0"

    def test_what_should_be_seen_to_soon_is_said_and_lets_pass(self, opened):
        answers = {**ALL_NO, "deformity": True}
        window, services = opened(Settings().screened("", StoredScreening(date.today().isoformat(), answers)))
        window.page.start_button.click()
        assert started(services)
        assert "doctor" in window.sentence

    def test_an_offer_without_sensors_keeps_those_of_last_time(self, opened):
        sensors = (ChosenSensor("polar_h10", "a", "H10"),)
        window, _ = opened(Settings(sensors=sensors))
        window.offer(SessionChoice(DRILL))
        assert window.page.choice().sensors == sensors

    def test_wrong_files_of_ones_own_are_told_on_the_start_page(self, opened):
        window, services = opened()
        services.file_problems = (sample_sensors.wrong_file(),)
        window.home()
        assert "left out" in window.page.notice.shown
        assert "my_strap.toml" in window.page.notice.shown

    def test_a_demonstration_needs_no_questions(self, opened):
        window, services = opened()
        start(window, SessionChoice(DRILL))
        assert started(services)[0].screening is None

    def test_a_real_sensor_from_the_command_line_does(self, opened):
        window, services = opened()
        start(window, SessionChoice(DRILL, (ChosenSensor("polar_h10"),)))
        assert isinstance(window.page, SafetyPage)
        assert not started(services)


class TestSession:
    def test_the_whole_way(self, opened, qtbot):
        window, services = opened(cleared())
        drill = registry.drill(DRILL)
        sent = []
        window.page.start_button.click()
        services.bridge.connect(lambda kind, text: sent.append((kind, text)))
        step(window, services, samples.frame(drill, Stage.WAITING, calibrated=False))
        press(window, "Signal is good: go on")
        step(window, services, samples.frame(drill, Stage.CALIBRATING, calibrated=False, calibration_left_s=9.0))
        step(window, services, samples.frame(drill, Stage.READY))
        press(window, "Start the drill")
        step(window, services, samples.frame(drill, Stage.COUNTDOWN))
        assert isinstance(window.page, TrainerPage)
        over = samples.frame(drill, Stage.FINISHED, finish=FinishReason.COMPLETED)
        step(window, services, over)
        assert isinstance(window.page, AfterPage)
        press(window, "Pain now 2")
        press(window, "Show the result now")
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=5000)
        assert [k for k, _ in sent] == [CommandKind.CALIBRATE, CommandKind.START, CommandKind.RATINGS]
        assert ("stop",) in services.asked
        assert window.page.ratings.pain.value == 2
        press(window, "Effort 4")
        assert services.asked[-1] == ("rate", samples.summary().path, 2, 4)
        press(window, "Done")
        assert isinstance(window.page, StartPage)

    @pytest.mark.parametrize("finish", [FinishReason.DIZZY_TWICE, FinishReason.STOP_RULE, FinishReason.SIGNAL_LOST])
    def test_a_bad_end_goes_straight_to_the_summary(self, opened, qtbot, finish):
        window, services = opened(cleared())
        drill = trained(window, services)
        step(window, services, samples.frame(drill, Stage.FINISHED, finish=finish))
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=5000)

    def test_once_more(self, opened, qtbot):
        window, services = opened(cleared())
        drill = trained(window, services)
        step(window, services, samples.frame(drill, Stage.FINISHED, finish=FinishReason.STOP_RULE))
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=5000)
        press(window, "Once more")
        assert isinstance(window.page, PreparePage)
        assert len(started(services)) == 2

    def test_a_session_that_cannot_start_says_why(self, opened):
        window, services = opened(cleared())
        services.refuse = samples.no_adapter()
        window.page.start_button.click()
        assert isinstance(window.page, StartPage)
        assert "Bluetooth adapter" in window.sentence

    def test_a_session_that_breaks_while_connecting_leads_back_and_says_why(self, opened):
        window, services = opened(cleared())
        window.page.start_button.click()
        services.bridge.error = BreathcoreError(Reason.DEVICE_NOT_FOUND, device="Polar H10", seconds=20.0)
        services.bridge.ended = True
        window.flow._live.poll()
        assert isinstance(window.page, StartPage)
        assert "Polar H10 was not heard" in window.sentence
        assert not window.flow.running

    def test_a_session_that_breaks_in_the_drill_leads_to_the_summary(self, opened, qtbot):
        window, services = opened(cleared())
        trained(window, services)
        services.bridge.error = BreathcoreError(Reason.LINK_LOST)
        services.bridge.ended = True
        window.flow._live.poll()
        assert "connection" in window.sentence
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=5000)

    def test_nothing_recorded_leads_home(self, opened, qtbot):
        window, services = opened(cleared())
        services.result = None
        drill = trained(window, services)
        step(window, services, samples.frame(drill, Stage.FINISHED, finish=FinishReason.STOP_RULE))
        qtbot.waitUntil(lambda: isinstance(window.page, StartPage), timeout=5000)

    def test_closing_ends_the_session(self, opened):
        window, services = opened(cleared())
        trained(window, services)
        window.close()
        assert ("stop",) in services.asked
        assert not window.flow.running

    def test_what_the_trainer_changes_is_kept(self, opened):
        window, services = opened(cleared())
        trained(window, services)
        window.page.preferences.volume.setValue(15)
        window.page.preferences.seconds.setChecked(False)
        window.close()
        assert (services.settings.volume_percent, services.settings.show_seconds) == (15, False)

    def test_leaving_before_the_drill_litters_nothing(self, opened):
        window, services = opened(cleared())
        window.page.start_button.click()
        press(window, "Back")
        assert services.asked[-2:] == [("stop",), ("discard",)]

    def test_a_drill_that_was_begun_is_kept(self, opened):
        window, services = opened(cleared())
        trained(window, services)
        window.close()
        assert ("discard",) not in services.asked

    def test_a_replay_that_is_left_is_kept(self, opened):
        window, services = opened(rows=samples.rows())
        press(window, "Replay the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        press(window, "Stop the replay")
        assert isinstance(window.page, StartPage)
        assert ("discard",) not in services.asked

    def test_the_way_of_feedback_reaches_the_trainer(self, opened):
        window, services = opened(cleared())
        press(window, "Settings")
        press(window, "How often to show your own breath: Hidden, then shown")
        press(window, "Done")
        trained(window, services)
        assert window.page.readings.rate.value == "—"
        window.close()
        assert services.settings.thinning is Thinning.BLIND

    def test_a_key_meant_for_the_drill_answers_no_question_after_it(self, opened, qtbot):
        window, services = opened(cleared())
        drill = trained(window, services)
        window.page.controls.main.setFocus()
        step(window, services, samples.frame(drill, Stage.FINISHED, finish=FinishReason.COMPLETED))
        assert isinstance(window.page, AfterPage)
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
        assert window.page.ratings.pain.value is None

    def test_a_note_outlives_a_change_of_size_and_the_window(self, opened, qtbot):
        window, services = opened(cleared())
        drill = trained(window, services)
        step(window, services, samples.frame(drill, Stage.FINISHED, finish=FinishReason.STOP_RULE))
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=5000)
        window.page.note.setPlainText("went well")
        press(window, "Pain now 2")
        qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
        assert window.page.note.toPlainText() == "went well"
        assert window.page.ratings.pain.value == 2
        window.page.note.setPlainText("went very well")
        window.close()
        notes = [a[2] for a in services.asked if a[0] == "note"]
        assert notes == ["went well", "went very well"]

    def test_the_questions_are_answered_by_keyboard(self, opened, qtbot):
        window, services = opened()
        window.page.start_button.click()
        for n in (6, 9, 3):
            assert not isinstance(window.focusWidget(), QPushButton)
            QApplication.processEvents()  # the new questions appear
            for _ in range(n):
                qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)  # to "yes"
                assert window.focusWidget().text() == "Yes"
                qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Right)
                qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
            for _ in range(3):
                qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
            assert window.focusWidget().text() == "Next"
            qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
        assert not started(services)
        press(window, "I will stop if one of these happens")
        assert started(services)[0].screening.cleared


class TestBanner:
    def silent(self, qtbot, monkeypatch, passing_ms: int) -> MainWindow:
        """Return a window in a session without sound."""
        monkeypatch.setattr("breathcore.gui.window.PASSING_MS", passing_ms)
        services = SampleServices(cleared())
        no_sound = (SilentOutput(), message("sound.no-device"))
        window = MainWindow(services, services.load_settings(), open_sound=lambda: no_sound)
        qtbot.addWidget(window)
        window.show()
        window.page.start_button.click()
        return window

    def test_what_need_not_stay_goes_by_itself(self, qtbot, monkeypatch):
        window = self.silent(qtbot, monkeypatch, 20)
        assert "No sound device" in window.sentence
        qtbot.waitUntil(lambda: window.sentence == "", timeout=5000)

    def test_it_can_be_hidden(self, qtbot, monkeypatch):
        window = self.silent(qtbot, monkeypatch, 60_000)
        press(window, "Hide this message")
        assert window.sentence == ""

    def test_a_problem_said_later_stays(self, qtbot, monkeypatch):
        window = self.silent(qtbot, monkeypatch, 20)
        window.complain(samples.no_adapter())
        qtbot.wait(60)
        assert "Bluetooth" in window.sentence


class TestStored:
    def test_open_and_back(self, opened, qtbot):
        window, services = opened(rows=samples.rows())
        press(window, "Open the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        qtbot.waitUntil(lambda: isinstance(window.page, ReviewPage), timeout=5000)
        assert ("review", Path("a.breath")) in services.asked
        press(window, "Back")
        assert isinstance(window.page, StartPage)

    def test_a_session_that_cannot_be_opened_says_why(self, opened, qtbot):
        window, services = opened(rows=samples.rows())
        services.refuse = samples.no_adapter()
        press(window, "Open the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        qtbot.waitUntil(lambda: "Bluetooth" in window.sentence, timeout=5000)
        qtbot.waitUntil(window.toast.isHidden, timeout=5000)

    def test_replay_ends_where_it_began(self, opened):
        window, services = opened(rows=samples.rows())
        press(window, "Replay the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        assert isinstance(window.page, TrainerPage)
        step(window, services, samples.frame(registry.drill(DRILL), Stage.WAITING))
        assert isinstance(window.page, TrainerPage)
        services.bridge.ended = True
        window.flow._live.poll()
        assert isinstance(window.page, StartPage)

    def test_export_asks_for_the_kind_and_says_where(self, opened, qtbot):
        window, services = opened(rows=samples.rows())
        press(window, "Export the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        press(window, "EDF+ (signals)")
        qtbot.waitUntil(lambda: "a.edf" in window.toast.text.text(), timeout=5000)
        assert ("export", Path("a.breath"), ExportKind.EDF) in services.asked

    def test_an_export_can_be_cancelled(self, opened, qtbot):
        window, services = opened(rows=samples.rows())
        running, seen = threading.Event(), []

        def export(path, kind, progress, cancelled):
            running.set()
            while not cancelled():
                threading.Event().wait(0.005)
            seen.append("cancelled")
            raise BreathcoreError(Reason.EXPORT_FAILED, path="x", problem="cancelled")

        services.export = export
        press(window, "Export the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        press(window, "CSV (tables)")
        qtbot.waitUntil(running.is_set, timeout=5000)
        press(window, "Cancel")
        qtbot.waitUntil(lambda: seen == ["cancelled"], timeout=5000)
        qtbot.waitUntil(lambda: not window.findChildren(QWidget, "x"), timeout=100)
        assert window.sentence == ""
        assert window.toast.isHidden()

    def test_delete_asks_first(self, opened):
        window, services = opened(rows=samples.rows())
        press(window, "Delete the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        press(window, "Keep it")
        assert len(services.stored) == 4
        press(window, "Delete the session Diaphragmatic breathing, 14 Mar 2025, 09:05")
        press(window, "Delete")
        assert len(services.stored) == 3


class TestLooks:
    def test_language_at_once(self, opened):
        window, _ = opened()
        press(window, "Settings")
        press(window, "Language: Deutsch")
        assert isinstance(window.page, SettingsPage)
        press(window, "Fertig")
        assert window.page.start_button.text() == "Start"
        assert "Was möchten Sie üben?" in {w.text() for w in window.findChildren(QLabel)}

    def test_text_size_by_keyboard_during_a_drill(self, opened, qtbot):
        window, services = opened(cleared())
        trained(window, services)
        window._scale(1)
        assert theme.current().scale == 1.25
        assert isinstance(window.page, TrainerPage)
        step(window, services, samples.frame(registry.drill(DRILL), Stage.PAUSED))
        assert window.page.frame.stage is Stage.PAUSED
        theme.apply(QApplication.instance(), theme.LIGHT)

    def test_choices_survive_a_look_at_the_settings(self, opened):
        window, _ = opened()
        window.page.cards["box"].click()
        window.page.person.setText("Kim")
        press(window, "Settings")
        press(window, "Done")
        assert (window.page.choice().drill_id, window.page.choice().person) == ("box", "Kim")

    def test_damaged_settings_are_told(self, opened):
        window, _ = opened(problem=message("settings.damaged", path="x.json"))
        assert "x.json" in window.sentence

    def test_settings_that_cannot_be_written_are_told(self, opened):
        window, services = opened()

        def fail(_settings):
            raise BreathcoreError(Reason.WRITE_FAILED, path="x", problem="full")

        services.save_settings = fail
        window.keep(Settings(volume_percent=3))
        window._saving.timeout.emit()
        assert window.sentence

    def test_everything_is_reached_with_tab(self, opened, qtbot):
        window, _ = opened(rows=samples.rows()[:1])
        wanted = {b for b in window.page.findChildren(QPushButton) if b.isVisibleTo(window) and b.isEnabled()}
        reached, at = set(), window.page.start_button
        for _ in range(200):
            reached.add(at)
            at = at.nextInFocusChain()
        assert wanted <= reached
        assert all(b.focusPolicy() & Qt.FocusPolicy.TabFocus for b in wanted)


class Failing(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        raise RuntimeError(f"drawing {painter.isActive()}")


class TestGuard:
    def test_a_drawing_that_fails_ends_nothing(self, opened, qtbot, caplog):
        window, services = opened(cleared())
        trained(window, services)
        guard: Guard = window.guard
        guard.install()
        try:
            broken = Failing(window)
            broken.resize(50, 50)
            broken.show()
            for _ in range(8):
                broken.update()
                QApplication.processEvents()
            view = window.page.view
            view.draw = lambda *_: 1 / 0
            view.update()
            QApplication.processEvents()
        finally:
            broken.hide()  # nothing broken is left to be drawn once the guard is gone
            broken.setParent(None)
            del view.draw
            guard.remove()
        assert guard.count >= 8
        assert len(caplog.records) == 5
        assert "problem with the display" in window.sentence
        assert window.flow.running
        assert ("stop",) not in services.asked

    def test_a_page_that_cannot_show_a_frame_ends_nothing(self, opened, qtbot, caplog):
        window, services = opened(cleared())
        drill = trained(window, services)
        window.page.show_frame = lambda _frame: 1 / 0
        window.guard.install()
        try:
            step(window, services, samples.frame(drill, Stage.RUNNING))
        finally:
            window.guard.remove()
        assert window.flow.running
        assert "problem with the display" in window.sentence

    def test_the_hook_is_given_back(self, qapp):
        before = sys.excepthook
        guard = Guard()
        guard.install()
        assert sys.excepthook != before
        guard.remove()
        assert sys.excepthook == before


class TestProgram:
    def run(self, qapp, act, **options) -> SampleServices:
        """Run the program, do `act` with its window, close it."""
        services = SampleServices(options.pop("settings", None), stored=samples.rows())
        seen = []

        def look():
            window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
            seen.append(act(window))
            window.close()

        QTimer.singleShot(50, look)
        assert run_app(services, open_sound=lambda: (SilentOutput(), None), **options) == 0
        assert seen == [True]
        return services

    def test_a_demonstration(self, qapp):
        services = self.run(qapp, lambda w: isinstance(w.page, PreparePage), begin=SessionChoice(DRILL, minutes=2.0))
        assert started(services)[0].minutes == 2.0
        assert ("stop",) in services.asked

    def test_ctrl_c_ends_it_cleanly(self, qapp):
        def interrupt(window):
            signal.raise_signal(signal.SIGINT)
            return not window.isVisible()

        before = signal.getsignal(signal.SIGINT)
        services = self.run(qapp, interrupt, begin=SessionChoice(DRILL))
        assert ("stop",) in services.asked
        assert signal.getsignal(signal.SIGINT) is before

    def test_a_replay(self, qapp):
        services = self.run(qapp, lambda w: isinstance(w.page, TrainerPage), replay=Path("x.breath"))
        assert ("replay", Path("x.breath")) in services.asked

    def test_an_offer(self, qapp):
        self.run(qapp, lambda w: w.page.choice().drill_id == "box", offer=SessionChoice("box"))

    def test_enter_presses_what_has_the_focus(self, opened, qtbot):
        window, services = opened(cleared())
        qtbot.keyClick(window.page.start_button, Qt.Key.Key_Return)
        assert started(services)
