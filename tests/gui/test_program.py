from pathlib import Path

import pytest

from breathcore.gui.app import start
from breathcore.gui.pages.prepare import PreparePage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.program import Program
from breathcore.gui.services import SessionChoice
from breathcore.gui.sound import SilentOutput
from breathcore.gui.trainer import TrainerPage
from breathcore.gui.window import MainWindow
from breathcore.model.drill import CommandKind
from breathcore.record.reader import SessionFile

DRILL = "diaphragmatic"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return the program with a simulated wearer, its sessions kept in a folder of the test's own."""
    monkeypatch.setattr("breathcore.session.settings.settings_path", lambda: tmp_path / "preferences.json")
    return Program(folder=tmp_path / "sessions")


def recorded(program: Program) -> list[Path]:
    return [row.path for row in program.sessions()]


def trained(program: Program, qtbot, *commands: CommandKind) -> None:
    """Run a session for a moment, with `commands`, and end it."""
    bridge = program.start(SessionChoice(DRILL))
    qtbot.waitUntil(lambda: bridge.now_s() > 0.1, timeout=20_000)
    for kind in commands:
        bridge.command(kind, "word")
    moment_s = bridge.now_s() + 0.2
    qtbot.waitUntil(lambda: bridge.now_s() > moment_s, timeout=20_000)
    program.stop()
    assert len(recorded(program)) == 1
    program.discard()


@pytest.mark.parametrize("commands", [(), (CommandKind.CALIBRATE,)])
def test_a_session_left_before_its_drill_is_not_kept(program, qtbot, commands):
    trained(program, qtbot, *commands)
    assert recorded(program) == []


@pytest.mark.parametrize("command", [CommandKind.START, CommandKind.MARK, CommandKind.NOTE])
def test_a_drill_or_a_word_is_kept(program, qtbot, command):
    trained(program, qtbot, command)
    (path,) = recorded(program)
    with SessionFile.open(path) as file:
        assert not file.cut_short


def test_a_check_shows_the_sensor_and_records_nothing(program, qtbot):
    bridge = program.check(())
    qtbot.waitUntil(lambda: bridge.latest is not None and bool(bridge.latest.sensors), timeout=20_000)
    (sensor,) = bridge.latest.sensors
    assert sensor.name == "Polar H10"
    program.stop()
    assert bridge.ended
    assert program.summary() is None
    assert recorded(program) == []


def test_a_session_follows_a_check(program, qtbot):
    program.check(())
    trained(program, qtbot, CommandKind.START)
    assert len(recorded(program)) == 1


def test_nothing_to_discard(program):
    program.discard()
    program.stop()
    assert program.summary() is None


def test_drills_come_in_the_order_of_their_codes(program):
    ids = [drill.id for drill in program.drills()]
    assert ids == [
        "diaphragmatic",
        "360_breathing",
        "box",
        "resonance",
        "resonance_practice",
        "brace_hold",
        "brace_and_breathe",
        "glute_bridge",
        "hip_hinge",
        "sit_to_stand",
    ]


@pytest.mark.parametrize("stage", ["prepare", "drill", "saving", "summary"])
def test_a_window_closed_at_any_stage_leaves_whole_files(program, qtbot, stage):
    window = MainWindow(program, program.load_settings(), open_sound=lambda: (SilentOutput(), None))
    qtbot.addWidget(window)
    window.show()
    start(window, SessionChoice(DRILL))
    page = window.page
    assert isinstance(page, PreparePage)
    qtbot.waitUntil(lambda: window.flow._live.bridge.now_s() > 0.1, timeout=20_000)
    if stage != "prepare":
        page.command.emit(CommandKind.START)
        qtbot.waitUntil(lambda: isinstance(window.page, TrainerPage), timeout=20_000)
    if stage in ("saving", "summary"):
        window.page.command.emit(CommandKind.END, "")
        qtbot.waitUntil(lambda: not window.flow.running, timeout=20_000)
    if stage == "summary":
        qtbot.waitUntil(lambda: isinstance(window.page, SummaryPage), timeout=20_000)
    window.close()
    files = recorded(program)
    assert len(files) == (0 if stage == "prepare" else 1)
    for path in files:
        with SessionFile.open(path) as file:
            assert not file.cut_short
