"""Ribs all round, brace and movement as the window shows them."""

import pytest

from breathcore.feedback.wording import Wording
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.program import Program
from breathcore.gui.samples import sensors as sample_sensors
from breathcore.gui.services import SessionChoice
from breathcore.model.device import Place
from breathcore.model.drill import Stage
from breathcore.session.settings import Settings, load_settings, save_settings


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return the program with its sessions kept in a folder of the test's own."""
    monkeypatch.setattr("breathcore.session.settings.settings_path", lambda: tmp_path / "preferences.json")
    return Program(folder=tmp_path / "sessions")


class TestSimulatedSensorsAllRound:
    @pytest.fixture
    def page(self, qtbot):
        made = SensorsPage(Wording("en"), sample_sensors.devices())
        qtbot.addWidget(made)
        return made

    def test_can_be_chosen_beside_the_strap(self, page, qtbot):
        with qtbot.waitSignal(page.changed) as told:
            page._round.click()
        assert told.args == [sample_sensors.RIG]
        assert {s.place for s in page.chosen} == set(Place)
        assert not page._simulated.isChecked()

    def test_real_sensors_are_not_mixed_with_them(self, page):
        page.found(sample_sensors.FOUND[0])
        page._round.click()
        page._cards["a"].click()
        assert [s.device_id for s in page.chosen] == ["polar_h10"]
        assert not page._round.isChecked()
        page._round.click()
        assert page.chosen == sample_sensors.RIG
        assert not page._cards["a"].isChecked()

    def test_have_their_places(self, page):
        page._round.click()
        page.body.tapped.emit(Place.BACK)
        assert page.chosen == sample_sensors.RIG

    def test_are_kept_for_the_next_time(self, tmp_path):
        path = tmp_path / "settings.json"
        save_settings(Settings(sensors=sample_sensors.RIG), path)
        assert load_settings(path).settings.sensors == sample_sensors.RIG

    @pytest.mark.parametrize("drill", ["360_breathing", "brace_and_breathe", "glute_bridge"])
    def test_run_a_session_from_the_window(self, program, qtbot, drill):
        bridge = program.start(SessionChoice(drill, sample_sensors.RIG))
        qtbot.waitUntil(lambda: bridge.now_s() > 1.0 and bridge.latest is not None, timeout=20_000)
        frame = bridge.latest
        program.stop()
        assert len(frame.sensors) == len(sample_sensors.RIG)
        assert frame.trunk is not None
        assert frame.stage in (Stage.WAITING, Stage.READY)
        (row,) = program.sessions()
        assert row.simulated
