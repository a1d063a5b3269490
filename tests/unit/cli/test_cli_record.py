"""``breathcore record``: the same session file without a window, ended by time or by Ctrl-C."""

import io
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from breathcore.cli import record
from breathcore.model.device import DeviceSpec, Place
from breathcore.model.errors import RadioError, Reason
from breathcore.model.packets import Advance
from breathcore.record.reader import SessionFile
from breathcore.session.capture import Capture
from breathcore.session.settings import ChosenSensor
from breathcore.source.ble_radio import Radio
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.simulation import Item
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

Command = Callable[..., Any]
Devices = tuple[tuple[str, DeviceSpec], ...]


class Interrupted(SimSource):
    """A strap during whose recording Ctrl-C is pressed, twice."""

    async def events(self) -> AsyncIterator[Item]:
        ticks_n = 0
        async for item in super().events():
            ticks_n += isinstance(item, Advance)
            if isinstance(item, Advance) and ticks_n in (200, 201):
                signal.raise_signal(signal.SIGINT)
            yield item


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> list[Devices]:
    """Put a simulated strap in the radio's place, as fast as it goes; what was looked for is noted."""
    asked: list[Devices] = []

    def source(devices: Devices, *, radio: Radio) -> SimSource:
        asked.append(devices)
        return SimSource(devices[0][1], WearerSpec(seed=4))

    async def recognised(sensors: Sequence[ChosenSensor], seconds: float, radio: Radio) -> Sequence[ChosenSensor]:
        return sensors

    monkeypatch.setattr(record, "BleSource", source)
    monkeypatch.setattr(record, "recognised", recognised)
    monkeypatch.setattr(record, "Capture", partial(Capture, pace=None))
    return asked


def test_a_strap_is_recorded_for_some_seconds_and_told_of(
    command: Command, radio: list[Devices], tmp_path: Path
) -> None:
    answer = command("record", "--device", "polar_h10@sternum", "--seconds", "20", "--out", tmp_path / "s.breath")
    assert answer.code == 0
    assert "acc: " in answer.out
    assert "polar_h10: " in answer.out
    [[(target, spec)]] = radio
    assert target == "Polar H10"
    assert {c.place for c in spec.channels} == {Place.STERNUM}
    with SessionFile.open(tmp_path / "s.breath") as file:
        assert file.meta.drill is None
        assert not file.cut_short
        assert file.duration_s == pytest.approx(21.5, abs=1.0)


def test_what_was_recorded_can_be_analysed_exported_and_checked(
    command: Command, radio: list[Devices], tmp_path: Path
) -> None:
    path = tmp_path / "s.breath"
    assert command("record", "--device", "polar_h10", "--seconds", "60", "--out", path).code == 0
    analysed = command("analyse", path)
    assert analysed.code == 0
    assert "Rate: median" in analysed.out
    assert command("export", path, "--format", "csv", "--out", tmp_path / "csv").code == 0
    assert any(file.name.startswith("rate_1hz.csv") for file in tmp_path.rglob("*"))
    assert command("replay", path, "--check").code == 0


@pytest.mark.usefixtures("radio")
def test_ctrl_c_twice_ends_it_in_order_with_a_summary(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "BleSource", lambda devices, **_: Interrupted(devices[0][1], WearerSpec(seed=4)))
    before = signal.getsignal(signal.SIGINT)
    answer = command("record", "--device", "polar_h10", "--out", tmp_path / "s.breath")
    assert answer.code == 0
    assert "Recorded 10" in answer.out
    assert signal.getsignal(signal.SIGINT) is before
    with SessionFile.open(tmp_path / "s.breath") as file:
        assert not file.cut_short


def test_a_file_that_exists_is_left_as_it_is(command: Command, radio: list[Devices], tmp_path: Path) -> None:
    (tmp_path / "s.breath").write_text("mine")
    answer = command("record", "--device", "polar_h10", "--seconds", "5", "--out", tmp_path / "s.breath")
    assert answer.code == 1
    assert (tmp_path / "s.breath").read_text() == "mine"
    assert radio == []


def test_nobody_in_reach_is_an_error_without_a_file(
    command: Command, radio: list[Devices], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise RadioError(Reason.DEVICE_NOT_FOUND, device="Polar H10", seconds=15.0)

    monkeypatch.setattr(SimSource, "open", nobody)
    answer = command("record", "--device", "polar_h10", "--out", tmp_path / "s.breath")
    assert answer.code == 1
    assert "Polar H10 was not heard within 15 s" in answer.err
    assert "Nothing was recorded" in answer.out
    assert not list(tmp_path.iterdir())


def test_a_recording_without_a_sample_is_no_success(
    command: Command, radio: list[Devices], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mute(devices: Devices, *, radio: Radio) -> SimSource:
        return SimSource(devices[0][1], WearerSpec(seed=4), FaultSpec(off=((0.0, 40.0),)))

    monkeypatch.setattr(record, "BleSource", mute)
    answer = command("record", "--device", "polar_h10", "--seconds", "5", "--out", tmp_path / "s.breath")
    assert answer.code == 1
    assert "acc: 0 samples" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device", "polar_h10@knee"), "place"),
        (("--device", "polar_h10", "--place", "sternum", "--place", "navel"), "place"),
        (("--device", "polar_h10", "--streams", "nonsense"), "streams"),
    ],
)
def test_words_that_mean_nothing_are_refused(
    command: Command, radio: list[Devices], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    answer = command("record", *words, "--out", tmp_path / "s.breath")
    assert answer.code == 1
    assert said in answer.err
    assert radio == []


def test_devices_are_named_by_id_name_or_address(command: Command, radio: list[Devices], tmp_path: Path) -> None:
    names = ("--device", "Polar H10 1234@navel", "--device", "AA:BB:CC:DD:EE:FF", "--place", "back", "--place", "left")
    assert command("record", *names, "--seconds", "1", "--out", tmp_path / "s.breath").code == 0
    [devices] = radio
    assert [(target, spec.id, spec.channels[0].place) for target, spec in devices] == [
        ("Polar H10 1234", "polar_h10", Place.NAVEL),
        ("AA:BB:CC:DD:EE:FF", "heart_rate_strap", Place.LEFT),
    ]


def test_a_terminal_shows_how_each_device_does(
    command: Command, radio: list[Devices], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(record, "err", Console(file=screen, force_terminal=True, width=120))
    monkeypatch.setattr(record, "STATUS_S", 0.02)
    answer = command("record", "--device", "polar_h10@sternum", "--seconds", "40", "--out", tmp_path / "s.breath")
    assert answer.code == 0
    shown = screen.getvalue()
    assert "Polar H10" in shown
    assert "Breastbone" in shown
    assert "Breaths per minute" in shown


def test_without_a_terminal_each_change_of_a_link_is_a_line(
    command: Command, radio: list[Devices], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "STATUS_S", 0.02)
    answer = command("record", "--device", "polar_h10", "--seconds", "20", "--out", tmp_path / "s.breath")
    lines = [line for line in answer.err.splitlines() if line.startswith("Polar H10: ")]
    assert lines
    assert all(one != other for one, other in pairwise(lines))
