"""The Sensors page: what is in reach, where it is worn, whether its signal is good, and what will be seen with it."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from breathcore.feedback.wording import Wording
from breathcore.gui import samples, screenshots, theme
from breathcore.gui.pages.sensors import FINE_AFTER_S, SensorsPage
from breathcore.gui.pages.start import StartPage
from breathcore.gui.samples import SampleServices
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.samples.sensors import CHOSEN, FOUND, sensor
from breathcore.gui.sensor_text import most_urgent, words_of
from breathcore.gui.services import FoundDevice
from breathcore.gui.sound import SilentOutput
from breathcore.gui.window import MainWindow
from breathcore.model.device import Place
from breathcore.model.drill import Stage
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.estimates import FitIssue
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session import registry
from breathcore.session.settings import ChosenSensor, Settings

EN = Wording("en")


def said(page) -> str:
    return "\n".join(w.text() for w in page.findChildren(QLabel) if not w.isHidden())


def card(page, name: str) -> QPushButton:
    (found,) = [b for b in page.findChildren(QPushButton) if b.accessibleName().startswith(name) and b.isCheckable()]
    return found


def frame(*sensors, t_s: float = 83.2):
    return samples.frame(registry.drill("diaphragmatic"), Stage.WAITING, sensors=sensors, t_s=t_s)


@pytest.fixture
def page_of(qtbot):
    def make(*chosen: ChosenSensor, found: bool = True) -> SensorsPage:
        page = SensorsPage(EN, sample_sensors.devices(), chosen)
        qtbot.addWidget(page)
        for device in FOUND if found else ():
            page.found(device)
        return page

    return make


class TestInReach:
    def test_a_device_appears_when_it_is_heard_with_what_it_measures_and_how_near_it_is(self, page_of):
        page = page_of(found=False)
        page.scanning(on=True)
        assert EN.text("sensors.none-yet") in said(page)
        page.found(FOUND[0])
        assert EN.text("sensors.none-yet") not in said(page)
        name = card(page, "Polar H10").accessibleName()
        assert name == "Polar H10 7A3F1C2B. breath, heart, movement. close by"

    def test_a_device_heard_again_is_listed_once_with_its_newest_strength(self, page_of):
        page = page_of()
        page.found(FoundDevice("Polar H10 7A3F1C2B", "a", "polar_h10", -95))
        assert card(page, "Polar H10").accessibleName().endswith("far away")

    def test_a_device_of_an_unknown_kind_is_not_listed(self, page_of):
        page = page_of(found=False)
        page.found(FoundDevice("Toothbrush", "x", "toothbrush", -40))
        assert "Toothbrush" not in said(page)

    def test_why_there_can_be_no_search_is_said(self, page_of):
        page = page_of(found=False)
        page.scan_failed(EN.say(BreathcoreError(Reason.ADAPTER_OFF).message))
        assert "switched off" in page.problem.shown


class TestPlaces:
    def test_several_sensors_are_ticked_in_order_each_with_its_place(self, page_of, qtbot):
        page = page_of()
        card(page, "Polar H10").click()
        card(page, "Movesense").click()
        page.body.spots[Place.LEFT].click()
        assert page.chosen == CHOSEN

    def test_a_strap_is_offered_the_breastbone_unless_that_is_taken(self, page_of):
        page = page_of()
        card(page, "Polar H10").click()
        card(page, "GDX-RB").click()
        assert [s.place for s in page.chosen] == [Place.STERNUM, None]

    def test_a_place_is_chosen_by_keyboard_and_the_focus_stays(self, page_of, qtbot):
        page = page_of(*CHOSEN)
        page.show()
        where = page.rows[1].where
        where.setFocus()
        with qtbot.waitSignal(page.changed) as caught:
            qtbot.keyClick(where, Qt.Key.Key_Down)
        assert caught.args[0][1].place is Place.RIGHT
        assert page.rows[1].where is where
        assert page.body.spots[Place.RIGHT].accessibleName() == "Right ribs: 2"

    def test_places_are_named_and_pressed_by_keyboard(self, page_of, qtbot):
        page = page_of(CHOSEN[1])
        page.show()
        qtbot.keyClick(page.body.spots[Place.BACK], Qt.Key.Key_Space)
        assert page.chosen[0].place is Place.BACK

    def test_tab_goes_from_what_is_worn_to_where_and_on_to_the_buttons(self, page_of):
        page = page_of(*CHOSEN)
        order, widget = [], page.nextInFocusChain()
        while widget is not page:
            order.append(widget)
            widget = widget.nextInFocusChain()
        cards = [card(page, name) for name in ("Polar H10", "Movesense", "HRM-Dual", "GDX-RB", "Simulated strap")]
        spots, where = list(page.body.spots.values()), [row.where for row in page.rows]
        wanted = [*cards, *spots, *where, page.check_button, page.done]
        assert [w for w in order if w in wanted] == wanted

    def test_two_sensors_at_one_place_are_told(self, page_of):
        page = page_of(CHOSEN[0], ChosenSensor("sample_imu", "c", "Movesense 1740", Place.STERNUM))
        assert "Polar H10 7A3F1C2B and Movesense 1740" in page.conflict.shown
        page.body.spots[Place.LEFT].click()  # the first one moves away
        assert page.conflict.shown == ""

    def test_a_heart_strap_beside_a_sensor_at_the_breastbone_is_no_conflict(self, page_of):
        page = page_of(CHOSEN[0], ChosenSensor("heart_rate_strap", "b", "HRM"))
        assert page.conflict.shown == ""
        assert page.rows[1].where.isHidden()

    def test_the_simulated_strap_unticks_all(self, page_of):
        page = page_of(*CHOSEN)
        card(page, "Simulated strap").click()
        assert page.chosen == ()
        assert card(page, "Simulated strap").isChecked()
        card(page, "HRM-Dual").click()
        assert not card(page, "Simulated strap").isChecked()

    def test_a_stored_sensor_whose_file_has_gone_is_left_out(self, page_of):
        assert page_of(ChosenSensor("gone", "z", "Gone"), *CHOSEN).chosen == CHOSEN


class TestSights:
    def test_a_heart_strap_shows_no_breath_and_says_why(self, page_of):
        words = said(page_of(ChosenSensor("heart_rate_strap", "b", "HRM")))
        assert "Not: breath as a line. Only the heart is felt, not the breath." in words
        assert "\nheart rate" in words

    def test_left_against_right_takes_one_on_each_side(self, page_of):
        page = page_of(*CHOSEN)
        assert "one sensor on each side" in said(page)
        page.body.spots[Place.RIGHT].click()
        assert "Both sides are recorded" in said(page)


class TestCheck:
    def test_each_sensor_says_how_it_does_and_what_to_do(self, page_of):
        page = page_of(*CHOSEN)
        page.checking(on=True)
        poor = sensor(CHOSEN[0].name, issue=FitIssue.NO_CONTACT)
        page.show_frame(frame(poor, sensor(CHOSEN[1].name, LinkKind.CONNECTING, battery=None)))
        assert EN.text("fit.no-contact", device=CHOSEN[0].name) in page.rows[0].state.said
        assert page.rows[1].state.said == "connecting"
        assert page.notice.shown == ""
        fine = (sensor(CHOSEN[0].name), sensor(CHOSEN[1].name))
        page.show_frame(frame(*fine, t_s=84.0))
        assert page.notice.shown == ""  # a bad fit may still show itself
        page.show_frame(frame(*fine, t_s=84.0 + FINE_AFTER_S))
        assert page.notice.shown == EN.text("sensors.check-fine")

    def test_nothing_is_changed_while_it_runs_and_all_can_be_afterwards(self, page_of):
        page = page_of(*CHOSEN)
        page.checking(on=True)
        assert not card(page, "Polar H10").isEnabled()
        assert not page.rows[0].where.isEnabled()
        page.checking(on=False)
        assert card(page, "Polar H10").isEnabled()
        assert page.rows[0].state.isHidden()

    def test_what_cannot_be_changed_while_it_runs_is_grey(self, qapp):
        def colours(state: str) -> set[int]:
            """Colours of the first card, of the first place on the body and of its dropdown."""
            shot = next(s for s in screenshots.shots() if (s.screen, s.state) == ("sensors", state))
            page = studio.pose(shot, wording)
            parts = (card(page, "Polar H10"), page.body.spots[Place.STERNUM], page.rows[0].where)
            pixels = [image.pixelColor(x, y) for image in (part.grab().toImage() for part in parts)
                      for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)]  # fmt: skip
            studio.dismiss(page)
            return {pixel.rgb() for pixel in pixels}

        studio = screenshots.Studio()
        wording = studio.dress(screenshots.Look("light", 100, "en"))
        accent = theme.current().color("accent").rgb()
        assert accent in colours("placed")
        assert accent not in colours("check-fine")

    @pytest.mark.parametrize(
        "kind", [k for k in LinkKind if k not in (LinkKind.BATTERY, LinkKind.CONTACT, LinkKind.FAULT)]
    )
    def test_every_state_of_a_link_has_its_words(self, kind):
        words = words_of(sensor("Belt", kind), EN)
        assert words.state
        assert "sensor.link" not in words.state
        assert (words.token == "good") is (kind is LinkKind.STREAMING)

    def test_the_most_urgent_comes_first(self):
        fine, slack = sensor("a"), sensor("b", issue=FitIssue.SLACK)
        silent = sensor("c", LinkKind.STALLED, reason=LinkReason.SILENT)
        lost, near = sensor("d", LinkKind.LOST, reason=LinkReason.DROPPED), sensor("e", LinkKind.CONNECTING)
        assert most_urgent((fine, near, slack, silent, lost)) is lost
        assert most_urgent((fine, near, slack, silent)) is silent
        assert most_urgent((fine, near, slack)) is slack
        assert most_urgent((fine,)) is None


class TestWindow:
    @pytest.fixture
    def opened(self, qtbot):
        services = SampleServices(Settings(sensors=CHOSEN))
        window = MainWindow(services, services.load_settings(), open_sound=lambda: (SilentOutput(), None))
        qtbot.addWidget(window)
        window.show()
        window.page.sensors_button.click()
        assert isinstance(window.page, SensorsPage)
        return window, services

    def names(self, services) -> list[str]:
        return [a[0] for a in services.asked]

    def test_opening_begins_to_look_and_leaving_ends_it(self, opened):
        window, services = opened
        assert self.names(services) == ["scan"]
        window.page.done.click()
        assert isinstance(window.page, StartPage)
        assert self.names(services) == ["scan", "stop_scan"]

    def test_found_from_any_thread_and_kept_in_another_language(self, opened, qtbot):
        window, services = opened
        thread = threading.Thread(target=services.found, args=(FOUND[1],))
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: "HRM-Dual:312345" in said(window.page), timeout=5000)
        window._again()
        assert "HRM-Dual:312345" in said(window.page)

    def test_no_bluetooth(self, opened, qtbot):
        window, services = opened
        services.scan_failed(samples.no_adapter())
        qtbot.waitUntil(lambda: "Bluetooth adapter" in window.page.problem.shown, timeout=5000)

    def test_what_is_ticked_is_remembered_and_trained_with(self, opened):
        window, services = opened
        card(window.page, "Movesense").click()
        window.page.done.click()
        assert window.page.choice().sensors == CHOSEN[:1]
        window.close()
        assert services.settings.sensors == CHOSEN[:1]

    def test_a_check_ends_the_search_shows_frames_and_is_ended_by_leaving(self, opened):
        window, services = opened
        window.page.check_button.click()
        assert self.names(services) == ["scan", "stop_scan", "check"]
        services.bridge.latest = frame(sensor(CHOSEN[0].name, LinkKind.LOST, reason=LinkReason.DROPPED))
        window._sensing._live.poll()
        assert "link lost" in window.page.rows[0].state.said
        window.page.done.click()
        assert self.names(services)[-1] == "stop_check"

    def test_a_check_that_cannot_begin_says_why(self, opened):
        window, services = opened
        services.refuse = samples.no_adapter()
        window.page.check_button.click()
        assert "Bluetooth adapter" in window.sentence
        assert window.page.check_button.text() == EN.text("sensors.check")

    def test_a_check_that_breaks_says_why_and_can_be_begun_again(self, opened):
        window, services = opened
        window.page.check_button.click()
        services.bridge.error = BreathcoreError(Reason.ADAPTER_OFF)
        services.bridge.ended = True
        window._sensing._live.poll()
        assert "switched off" in window.sentence
        assert window.page.check_button.text() == EN.text("sensors.check")

    def test_closing_the_window_ends_a_check(self, opened):
        window, services = opened
        window.page.check_button.click()
        window.close()
        assert {"stop_check", "stop"} <= set(self.names(services))
