"""The window's program over a virtual radio: found, checked and trained with, through the real Bluetooth library."""

import threading
from datetime import date

import pytest

pytest.importorskip("bumble")

from breathcore.drill.screening import QUESTIONS, screen
from breathcore.gui.program import Program
from breathcore.gui.services import SessionChoice
from breathcore.gui.sound import SilentOutput
from breathcore.gui.window import MainWindow
from breathcore.model.device import Place
from breathcore.model.errors import SafetyError
from breathcore.model.packets import LinkKind
from breathcore.record.reader import SessionFile
from breathcore.session.settings import ChosenSensor, LoadedSettings, Settings, StoredScreening
from breathcore.source.virtual.radio import radio_of

LIMIT_MS = 30_000


@pytest.fixture(autouse=True)
def _no_task_left():
    """Take the place of the check in `tests/conftest.py`: a virtual world left while it is switched on has a task."""


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setattr("breathcore.session.settings.settings_path", lambda: tmp_path / "preferences.json")
    made = Program(folder=tmp_path / "sessions", radio=radio_of("virtual:polar_h10,vernier_gdx_rb"))
    yield made
    made.stop_scan()
    made.stop()


def links(bridge) -> list[LinkKind]:
    return [] if bridge.latest is None else [sensor.link for sensor in bridge.latest.sensors]


def test_what_is_found_is_checked_at_its_place_without_a_recording(program, qtbot):
    found, failed = {}, []
    program.scan(lambda device: found.update({device.device_id: device}), failed.append)
    qtbot.waitUntil(lambda: {"polar_h10", "vernier_gdx_rb"} <= found.keys(), timeout=LIMIT_MS)
    places = {"polar_h10": Place.STERNUM, "vernier_gdx_rb": Place.NAVEL}
    sensors = tuple(ChosenSensor(id_, found[id_].address, found[id_].name, place) for id_, place in places.items())
    bridge = program.check(sensors)
    qtbot.waitUntil(lambda: links(bridge) == [LinkKind.STREAMING] * 2, timeout=LIMIT_MS)
    assert [sensor.place for sensor in bridge.latest.sensors] == list(places.values())
    program.stop()
    assert not failed
    assert bridge.error is None
    assert program.sessions() == ()


def test_nobody_who_was_not_asked_reaches_a_real_session(program):
    with pytest.raises(SafetyError):
        program.start(SessionChoice("diaphragmatic", (ChosenSensor("polar_h10"),)))


def test_a_session_over_the_radio_is_recorded_with_its_places(program, qtbot):
    cleared = screen({question.id: False for question in QUESTIONS})
    sensors = (ChosenSensor("vernier_gdx_rb", name="GDX-RB", place=Place.NAVEL),)
    bridge = program.start(SessionChoice("diaphragmatic", sensors, screening=cleared))
    qtbot.waitUntil(lambda: links(bridge) == [LinkKind.STREAMING], timeout=LIMIT_MS)
    program.stop()
    (row,) = program.sessions()
    with SessionFile.open(row.path) as file:
        assert not file.cut_short
        (spec,) = [spec for _, spec in file.devices]
        assert {channel.place for channel in spec.channels} == {Place.NAVEL}


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("breathcore-s")]


@pytest.mark.parametrize("after_ms", [0, 300])
@pytest.mark.parametrize("doing", ["search", "check", "ended check", "session"])
def test_the_window_closes_at_any_moment_and_leaves_no_thread(program, qtbot, monkeypatch, doing, after_ms):
    answers = StoredScreening(date.today().isoformat(), {question.id: False for question in QUESTIONS}, ())
    sensors = (ChosenSensor("polar_h10"), ChosenSensor("vernier_gdx_rb"))
    settings = Settings(sensors=sensors, screenings={"": answers})
    window = MainWindow(program, LoadedSettings(settings), open_sound=lambda: (SilentOutput(), None))
    qtbot.addWidget(window)
    problems = []
    monkeypatch.setattr(threading, "excepthook", problems.append)
    if doing == "session":
        window.page.start_button.click()
    else:
        window.page.sensors_button.click()
    if doing in ("check", "ended check"):
        window.page.check_button.click()
    if doing == "ended check":
        qtbot.wait(300)
        window.page.check_button.click()
    assert threads()
    qtbot.wait(after_ms)
    window.close()
    qtbot.waitUntil(lambda: not threads(), timeout=LIMIT_MS)
    assert not problems
    assert program.sessions() == ()  # no drill was begun


def test_a_session_may_begin_while_a_check_is_still_ending(program, qtbot):
    sensors = (ChosenSensor("polar_h10"),)
    checked = program.check(sensors)
    qtbot.waitUntil(lambda: links(checked) == [LinkKind.STREAMING], timeout=LIMIT_MS)
    program.stop_check()
    cleared = screen({question.id: False for question in QUESTIONS})
    bridge = program.start(SessionChoice("diaphragmatic", sensors, screening=cleared))
    qtbot.waitUntil(lambda: links(bridge) == [LinkKind.STREAMING], timeout=LIMIT_MS)
    assert checked.ended
    assert checked.error is None
    assert bridge.error is None
