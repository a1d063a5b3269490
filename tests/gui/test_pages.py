from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from breathcore.drill.screening import QUESTIONS, screen
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.icons import Icon
from breathcore.gui.pages.after import AFTER_S, AfterPage
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.puton import PutOn
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.safety import NotNowPage, SafetyPage
from breathcore.gui.pages.settings import SettingsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.pages.summary import SummaryPage, rate_text
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.sensor_text import worn_of
from breathcore.gui.services import SessionChoice, SessionRow
from breathcore.model.device import Place
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.message import message
from breathcore.model.packets import LinkKind
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor, LanguageChoice, Settings

EN, DE = Wording("en"), Wording("de")


def press(page, text: str) -> None:
    named(page, text).click()


def named(page, text: str) -> QPushButton:
    found = [b for b in page.findChildren(QPushButton) if b.accessibleName() == text and not b.isHidden()]
    assert len(found) == 1, [b.accessibleName() for b in page.findChildren(QPushButton)]
    return found[0]


def said(page) -> str:
    return "\n".join(w.text() for w in page.findChildren(QLabel) if not w.isHidden())


@pytest.fixture
def start(qtbot):
    def make(settings: Settings | None = None, wording: Wording = EN, sensors=()) -> StartPage:
        page = StartPage(wording, samples.drills(), settings or Settings(), worn_of(sensors, sample_sensors.devices()))
        qtbot.addWidget(page)
        return page

    return make


class TestStart:
    def test_one_press_is_enough(self, start, qtbot):
        page = start()
        with qtbot.waitSignal(page.start) as caught:
            page.start_button.click()
        choice = caught.args[0]
        assert (choice.drill_id, choice.sensors, choice.minutes) == ("diaphragmatic", (), None)

    def test_what_was_chosen_last_is_chosen_again(self, start):
        settings = Settings(
            last_drill="box",
            last_pattern="4-0-4-0",
            last_minutes=10.0,
            last_person="Kim",
            sensors=sample_sensors.CHOSEN,
        )
        choice = start(settings).choice()
        assert choice == SessionChoice("box", sample_sensors.CHOSEN, "4-0-4-0", 10.0, "Kim")

    def test_a_pattern_of_another_drill_is_forgotten(self, start):
        page = start(Settings(last_drill="box", last_pattern="4-0-4-0"))
        page.cards["diaphragmatic"].click()
        assert page.choice().pattern_id == ""

    def test_the_chosen_sensors_are_named_with_their_places(self, start, qtbot):
        page = start(Settings(sensors=sample_sensors.CHOSEN))
        assert "Polar H10 7A3F1C2B · Breastbone" in said(page)
        assert "Movesense 1740 · Left ribs" in said(page)
        with qtbot.waitSignal(page.sensors):
            press(page, "Choose and check sensors")

    @pytest.mark.parametrize(("verb", "signal"), [("Open", "open_"), ("Replay", "replay"), ("Export", "export")])
    def test_a_session_of_the_list(self, start, qtbot, verb, signal):
        page = start()
        rows = samples.rows()
        page.show_sessions(rows)
        with qtbot.waitSignal(getattr(page, signal)) as caught:
            press(page, f"{verb} the session Box breathing, 13 Mar 2025, 20:40")
        assert caught.args[0] == rows[1]

    def test_an_unreadable_session_can_only_be_deleted(self, start):
        page = start()
        row = samples.rows()[0]
        page.show_sessions([replace(row, readable=False, problem=message("review.cut-short"))])
        names = [b.accessibleName() for b in page.findChildren(QPushButton)]
        assert [n.split()[0] for n in names if "the session" in n] == ["Delete"]
        assert EN.text("review.cut-short") in said(page)

    def test_a_long_list_is_shortened_until_asked_for(self, start):
        page = start()
        row = samples.rows()[0]
        rows = [SessionRow(row.path, row.started, {"en": f"Session {i}"}) for i in range(8)]
        page.show_sessions(rows)
        assert "Session 4" in said(page)
        assert "Session 5" not in said(page)
        press(page, "Show all 8")
        assert "Session 7" in said(page)


class TestSafety:
    @pytest.fixture
    def page(self, qtbot):
        made = SafetyPage(EN)
        qtbot.addWidget(made)
        return made

    def test_next_waits_for_every_answer(self, page):
        ids = [q.id for q in QUESTIONS][:6]
        for id_ in ids[:-1]:
            page.answer(id_, yes=False)
        assert not page.next.isEnabled()
        page.answer(ids[-1], yes=False)
        assert page.next.isEnabled()

    def test_all_no_leads_to_conditions_and_stop_rules(self, page, qtbot):
        for _ in range(3):
            press(page, "No to all of these")
            page.next.click()
        assert "Pain or pressure in the chest" in said(page)
        named(page, "Pregnancy").click()
        with qtbot.waitSignal(page.answered) as caught:
            press(page, "I will stop if one of these happens")
        answers, conditions = caught.args
        assert screen(answers).cleared
        assert conditions == ("pregnancy",)

    @pytest.mark.parametrize("question", [q for q in QUESTIONS if q.urgency != "soon"], ids=lambda q: q.id)
    def test_a_yes_ends_the_questions_where_it_stands(self, page, qtbot, question):
        while question.id not in page.pills:
            press(page, "No to all of these")
            page.next.click()
        press(page, "No to all of these")
        named(page, f"{EN.say(question.message)}: Yes").click()
        with qtbot.waitSignal(page.answered) as caught:
            page.next.click()
        assert not screen(caught.args[0]).cleared

    def test_answers_are_kept_when_going_back(self, page):
        press(page, "No to all of these")
        page.next.click()
        press(page, "Back")
        assert page.next.isEnabled()
        assert page.pills["saddle"].choice == "no"

    def test_not_now_offers_no_way_on(self, qtbot):
        page = NotNowPage(EN, screen({"chest_pain": True}))
        qtbot.addWidget(page)
        assert {b.text() for b in page.findChildren(QPushButton)} == {"Answer the questions again", "Close"}
        assert "emergency" in said(page)


class TestPrepare:
    @pytest.fixture
    def page(self, qtbot):
        made = PreparePage(EN, registry.drill("diaphragmatic"), worn_of((), sample_sensors.devices()))
        qtbot.addWidget(made)
        return made

    def offered(self, page) -> set[str]:
        drill_buttons = [b for b in page.findChildren(QPushButton) if b.text() and not b.isHidden()]
        return {b.text() + ("" if b.isEnabled() else " (off)") for b in drill_buttons} - {"Back"}

    def test_a_good_signal_opens_the_way(self, page, qtbot):
        drill = registry.drill("diaphragmatic")
        page.show_frame(samples.silent(drill, Stage.WAITING, "signal.weak", "refusal.not-worn"))
        assert self.offered(page) == {"Go on without measuring", "Signal is good: go on (off)"}
        assert EN.text("refusal.not-worn") in said(page)
        page.show_frame(samples.frame(drill, Stage.WAITING, calibrated=False))
        with qtbot.waitSignal(page.command, check_params_cb=lambda kind: kind is CommandKind.CALIBRATE):
            press(page, "Signal is good: go on")

    def test_calibration_counts_down(self, page):
        drill = registry.drill("diaphragmatic")
        page.show_frame(samples.frame(drill, Stage.CALIBRATING, calibrated=False, calibration_left_s=12.3))
        assert "13 s" in page.ring.accessibleName()

    def test_a_refused_range_says_why_and_what_can_be_done(self, page, qtbot):
        drill = registry.drill("diaphragmatic")
        notice = message("notice.refused.motion")
        page.show_frame(samples.frame(drill, Stage.WAITING, calibrated=False, notice=notice))
        assert "too much movement" in page.notice.shown
        assert self.offered(page) == {"Go on without measuring", "Try again"}
        with qtbot.waitSignal(page.command, check_params_cb=lambda kind: kind is CommandKind.START):
            press(page, "Go on without measuring")

    def test_ready(self, page):
        page.show_frame(samples.frame(registry.drill("diaphragmatic"), Stage.READY))
        assert self.offered(page) == {"Try again", "Start the drill"}

    def test_heart_only_says_so_and_starts(self, page):
        drill = registry.drill("diaphragmatic")
        page.show_frame(samples.silent(drill, Stage.READY, "signal.heart", "refusal.heart-only"))
        assert "Nothing worn sees the breath itself" in page.notice.shown
        assert self.offered(page) == {"Start the drill"}

    def test_without_a_link_there_is_no_start(self, page):
        drill = registry.drill("diaphragmatic")
        page.show_frame(samples.silent(drill, Stage.READY, "signal.no-link", "refusal.no-data"))
        assert self.offered(page) == {"Start the drill (off)"}

    def test_a_strap_that_is_not_found_is_told_what_to_do_about_after_a_while(self, page):
        page.be_late()  # no frame has come at all
        assert page.notice.shown == EN.text("prepare.late")
        drill = registry.drill("diaphragmatic")
        page.show_frame(samples.silent(drill, Stage.WAITING, "signal.no-link", "refusal.no-data"))
        assert page.notice.shown == EN.text("prepare.late")
        page.show_frame(samples.frame(drill, Stage.WAITING, calibrated=False))
        assert page.notice.shown == ""

    def test_every_sensor_of_several_says_how_it_does(self, page):
        sensors = (sample_sensors.sensor("H10"), sample_sensors.sensor("Belt", LinkKind.WAITING, battery=None))
        page.show_frame(samples.frame(registry.drill("diaphragmatic"), Stage.WAITING, sensors=sensors))
        assert "H10 · sending" in said(page)
        assert "Looking for Belt" in said(page)

    def test_the_one_sensor_that_is_looked_for_is_named(self, page):
        frame = samples.silent(registry.drill("diaphragmatic"), Stage.WAITING, "signal.no-link", "refusal.no-data")
        page.show_frame(replace(frame, sensors=(sample_sensors.sensor("H10", LinkKind.WAITING, battery=None),)))
        assert "Looking for H10" in said(page)


class TestAfter:
    def test_it_ends_by_itself_once(self, qtbot):
        page = AfterPage(EN)
        qtbot.addWidget(page)
        frame = samples.frame(registry.drill("diaphragmatic"), Stage.FINISHED)
        over = []
        page.over.connect(lambda: over.append(1))
        page.show_frame(frame)
        page.show_frame(replace(frame, t_s=frame.t_s + AFTER_S - 0.1))
        assert not over
        page.show_frame(replace(frame, t_s=frame.t_s + AFTER_S))
        page.show_frame(replace(frame, t_s=frame.t_s + AFTER_S + 1))
        assert over == [1]


class TestSummary:
    def show(self, qtbot, view, wording=EN) -> SummaryPage:
        page = SummaryPage(wording, view)
        qtbot.addWidget(page)
        return page

    def test_two_taps(self, qtbot):
        page = self.show(qtbot, samples.summary())
        rated = []
        page.rated.connect(lambda *r: rated.append(r))
        press(page, "Pain now 3")
        press(page, "Effort 5")
        assert rated == [(3, None), (3, 5)]

    def test_a_rate_from_the_heart_alone_is_called_an_estimate_and_there_is_no_score(self, qtbot):
        text = said(self.show(qtbot, samples.heart_only_summary()))
        assert EN.text("summary.rate.estimated") in text
        assert EN.text("summary.measured.rate-only") in text
        assert text.count("—") == 1
        assert "not measured" in text
        assert "of 100" not in text

    def test_lost_time_is_said(self, qtbot):
        assert "Signal lost for 2 min" in said(self.show(qtbot, samples.lost_summary()))

    def test_a_note_is_kept_once(self, qtbot):
        page = self.show(qtbot, samples.summary())
        noted = []
        page.noted.connect(noted.append)
        page.note.setPlainText(" slept well ")
        press(page, "Done")
        page.save_note()
        assert noted == ["slept well"]

    @pytest.mark.parametrize(
        ("rate", "text"), [(None, "—"), (6.04, "6.0"), (9.96, "10.0"), (14.3, "14.5"), (14.2, "14.0")]
    )
    def test_rates_are_rounded_as_in_the_trainer(self, rate, text):
        assert rate_text(rate, EN) == text
        assert rate_text(rate, DE) == text.replace(".", ",")


class TestReview:
    @pytest.fixture
    def plot(self, qtbot):
        page = ReviewPage(EN, samples.review())
        qtbot.addWidget(page)
        page.resize(1000, 700)
        return page.plot

    def span(self, plot) -> tuple[float, float]:
        low, high = plot.getViewBox().viewRange()[0]
        return low, high

    def test_keys_zoom_and_move(self, plot, qtbot):
        first = self.span(plot)
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
        closer = self.span(plot)
        assert closer[1] - closer[0] < 0.7 * (first[1] - first[0])
        qtbot.keyClick(plot, Qt.Key.Key_Right)
        assert self.span(plot)[0] > closer[0]
        qtbot.keyClick(plot, Qt.Key.Key_0)
        assert self.span(plot) == pytest.approx((0.0, 300.0), abs=2.5)

    def test_it_says_what_is_there(self, plot):
        items = [i.toPlainText() for i in plot.items() if hasattr(i, "toPlainText")]
        assert {"no signal", "cough", "mark 2"} <= set(items)


class TestSettingsPage:
    def test_each_choice_works_at_once(self, qtbot):
        page = SettingsPage(EN, Settings())
        qtbot.addWidget(page)
        changed = []
        page.changed.connect(changed.append)
        press(page, "Language: Deutsch")
        press(page, "Text size: 150 %")
        page.volume.setValue(20)
        assert changed[0].language is LanguageChoice.GERMAN
        assert changed[-1] == replace(Settings(), language=LanguageChoice.GERMAN, text_percent=150, volume_percent=20)


class TestPutOn:
    def steps(self, qtbot, *sensors: ChosenSensor) -> list[str]:
        made = PutOn(EN, worn_of(sensors, registry.devices()), 10.5, "Wait.")
        qtbot.addWidget(made)
        return [step.body.text() for step in made.steps]

    def test_a_chest_strap_is_put_on_and_wetted(self, qtbot):
        strap = [EN.text("start.step.on"), EN.text("start.step.wet"), "Wait."]
        assert self.steps(qtbot) == strap
        assert self.steps(qtbot, ChosenSensor("heart_rate_strap")) == strap

    def test_every_other_sensor_goes_to_its_own_place_and_has_no_pads_to_wet(self, qtbot):
        belt = ChosenSensor("vernier_gdx_rb", name="Belt", place=Place.NAVEL)
        assert self.steps(qtbot, belt) == ["Belt: Belly. Snug, not tight.", "Wait."]
        arm = ChosenSensor("polar_oh1", name="OH1")
        assert self.steps(qtbot, arm) == ["OH1: on the arm or the wrist. Snug, not tight.", "Wait."]

    def test_of_several_only_those_at_the_heart_are_wetted(self, qtbot):
        h10 = ChosenSensor("polar_h10", name="H10", place=Place.STERNUM)
        side = ChosenSensor("movesense", name="Side", place=Place.LEFT)
        first, second, _ = self.steps(qtbot, h10, side)
        assert first == "H10: Breastbone. Snug, not tight; wet its pads."
        assert second == "Side: Left ribs. Snug, not tight."

    def ticked(self, made: PutOn) -> list[bool]:
        return [not step.findChild(Icon).isHidden() for step in made.steps]

    def test_a_good_signal_ticks_all_of_one_strap(self, qtbot):
        made = PutOn(EN, worn_of((), registry.devices()), 10.5, "Wait.")
        qtbot.addWidget(made)
        assert not any(self.ticked(made))
        made.tell("Now: signal good", good=True, sensors=(sample_sensors.sensor("H10"),))
        assert all(self.ticked(made))
        assert [step.body.text() for step in made.steps][1:] == [EN.text("start.step.wet"), "Now: signal good"]

    def test_of_several_those_that_do_well_are_ticked(self, qtbot):
        made = PutOn(EN, worn_of(sample_sensors.CHOSEN, sample_sensors.devices()), 10.5, "Wait.")
        qtbot.addWidget(made)
        unheard = sample_sensors.sensor("Movesense", LinkKind.WAITING)
        made.tell("Now: signal good", good=True, sensors=(sample_sensors.sensor("H10"), unheard))
        assert self.ticked(made) == [True, False, True]
