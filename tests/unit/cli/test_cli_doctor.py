"""What ``doctor`` says of a computer in order, and of each thing that may be wrong with it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from breathcore.cli import doctor
from breathcore.model.errors import CatalogError, RadioError, Reason
from breathcore.session import health, registry
from breathcore.session.health import Level
from breathcore.source.ble import Found
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio

Command = Callable[..., Any]
GOOD_CHILDREN = {"display": {"platform": "xcb", "screens": 1, "fonts": 9}, "sound": {"opens": True, "system": "alsa"}}


def heard(*profiles: str) -> Callable[..., Any]:
    async def scan(*_: object, **__: object) -> tuple[Found, ...]:
        known = tuple(Found(id_, id_, -60, (), (), registry.device(id_)) for id_ in profiles)
        return (*known, Found("Toothbrush", "x", -50, (), (), None))

    return scan


@pytest.fixture
def fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put a computer in order."""
    monkeypatch.setattr(doctor, "scan_for", heard("polar_h10", "heart_rate_strap"))
    monkeypatch.setattr(doctor, "_child", lambda probe, _: GOOD_CHILDREN[probe])
    monkeypatch.setattr(doctor, "has_display", lambda: True)
    monkeypatch.setattr(doctor, "_service", lambda _: ())
    monkeypatch.setattr(registry, "problems", lambda: ())
    monkeypatch.setattr(health, "sessions_folder", lambda: tmp_path / "data" / "sessions")
    monkeypatch.setattr(health, "settings_path", lambda: tmp_path / "preferences.json")


@pytest.mark.usefixtures("fine")
class TestInOrder:
    def test_every_line_is_good_and_the_code_is_0(self, command: Command) -> None:
        answer = command("doctor")
        assert answer.code == 0
        assert "✗" not in answer.out
        assert "2 of 3 devices in reach are known: Heart-rate strap, Polar H10" in answer.out
        assert "All that is needed works." in answer.out

    def test_the_same_computer_gives_the_same_words(self, command: Command) -> None:
        assert command("doctor").out == command("doctor").out

    def test_where_the_signs_cannot_be_written_plain_ones_are(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doctor, "_can_say", lambda _: False)
        out = command("doctor").out
        assert "✓" not in out
        assert "+ good" in out


@pytest.mark.usefixtures("fine")
class TestWrong:
    @pytest.mark.parametrize(
        "reason", [Reason.NO_ADAPTER, Reason.ADAPTER_OFF, Reason.NO_PERMISSION, Reason.NO_BLUETOOTH_SERVICE]
    )
    def test_each_trouble_of_the_radio_has_its_own_advice(
        self, command: Command, monkeypatch: pytest.MonkeyPatch, reason: Reason
    ) -> None:
        async def scan(*_: object, **__: object) -> None:
            raise RadioError(reason)

        monkeypatch.setattr(doctor, "scan_for", scan)
        answer = command("doctor")
        assert answer.code == 1
        lines = answer.out.splitlines()
        said = next(i for i, line in enumerate(lines) if line.startswith("✗"))
        assert lines[said + 1].strip()
        assert f"doctor.bluetooth.{reason}" not in answer.out

    def test_no_known_wearable_in_reach_is_only_a_note(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "scan_for", heard())
        answer = command("doctor")
        assert answer.code == 0
        assert "None that breathcore knows among 1 devices" in answer.out

    def test_a_radio_that_hangs_is_given_up(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        async def scan(*_: object, **__: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(doctor, "scan_for", scan)
        assert command("doctor").code == 1

    def test_a_missing_library_of_qt_is_told_with_the_words_it_died_with(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = "ImportError: libEGL.so.1: cannot open shared object file"
        monkeypatch.setattr(doctor, "_child", lambda probe, _: words if probe == "display" else GOOD_CHILDREN[probe])
        answer = command("doctor")
        assert answer.code == 1
        assert words in answer.out

    def test_without_screen_and_sound_the_rest_counts(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        children = {**GOOD_CHILDREN, "sound": {"opens": False, "system": ""}}
        asked = []
        monkeypatch.setattr(doctor, "has_display", lambda: False)
        monkeypatch.setattr(doctor, "_child", lambda probe, env: asked.append((probe, dict(env))) or children[probe])
        answer = command("doctor")
        assert answer.code == 0
        assert asked[0] == ("display", {"QT_QPA_PLATFORM": "offscreen"})
        assert "There is no screen." in answer.out
        assert "No sound device opens." in answer.out

    def test_no_fonts(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        children = {**GOOD_CHILDREN, "display": {"platform": "xcb", "screens": 1, "fonts": 0}}
        monkeypatch.setattr(doctor, "_child", lambda probe, _: children[probe])
        assert "There are no fonts" in command("doctor").out

    def test_a_wrong_file_of_ones_own_is_named_and_stops_nothing(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        problem = CatalogError(Reason.FILE_INVALID, file="mine.toml", key="unit", problem="unknown")
        monkeypatch.setattr(registry, "problems", lambda: (problem,))
        answer = command("doctor")
        assert answer.code == 0
        assert "mine.toml" in answer.out

    def test_a_check_that_fails_itself_ends_no_other(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> None:
            raise ZeroDivisionError("odd")

        monkeypatch.setattr(health, "own_files", broken)
        answer = command("doctor")
        assert answer.code == 1
        assert "ZeroDivisionError: odd" in answer.out
        assert "Versions" in answer.out

    def test_an_unknown_radio_is_told_and_the_rest_goes_on(self, command: Command) -> None:
        answer = command("doctor", "--radio", "carrier-pigeon")
        assert answer.code == 1
        assert "Versions" in answer.out


class TestFindings:
    def test_a_folder_that_cannot_be_written_to(self, tmp_path: Path) -> None:
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")
        (finding,) = health.folders([in_the_way / "sessions"])
        assert finding.level is Level.BAD
        assert finding.advice is not None

    @pytest.mark.parametrize(("free_b", "level"), [(10**10, Level.GOOD), (10**8, Level.NOTE), (10**6, Level.BAD)])
    def test_how_much_room_there_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_b: int, level: Level
    ) -> None:
        usage = type("Usage", (), {"free": free_b})
        monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage)
        (finding,) = health.folders([tmp_path / "not" / "there" / "yet"])
        assert finding.level is level
        assert not (tmp_path / "not").exists()

    def test_a_library_that_is_missing(self) -> None:
        fine, missing = health.versions(["numpy", "no-such-library"])
        assert fine.level is Level.GOOD
        assert missing.level is Level.BAD
        assert missing.said.params["names"] == "no-such-library"


class TestChild:
    def test_the_screen_is_looked_at_in_a_process_of_its_own(self) -> None:
        seen = doctor._child("display", {"QT_QPA_PLATFORM": "offscreen"})
        assert isinstance(seen, dict)
        assert seen["platform"] == "offscreen"

    def test_one_that_dies_leaves_its_last_words(self) -> None:
        assert "KeyError" in doctor._child("no-such-probe", {})

    def test_one_that_hangs_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def hang(*_: object, **__: object) -> None:
            raise subprocess.TimeoutExpired("probe", 1)

        monkeypatch.setattr(doctor.subprocess, "run", hang)
        assert isinstance(doctor._child("display", {}), str)


def test_the_service_is_asked_only_of_the_computers_own_radio(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = subprocess.CompletedProcess([], 0, "bluetoothctl: 5.66\n", "")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: answer)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    (finding,) = doctor._service(SYSTEM_RADIO)
    assert finding.said.params["version"] == "5.66"
    assert doctor._service(Radio()) == ()
