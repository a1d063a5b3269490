"""``breathcore devices``: one's own files, what is wrong with them, a device looked at, pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breathcore.catalog.load import load_device_text
from breathcore.catalog.sniffed import Notified, Sniffed, SniffedCharacteristic
from breathcore.cli import sniff as sniff_command
from breathcore.cli.words import text
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import PLACEMENTS
from breathcore.session import registry

Command = Callable[..., Any]
ROOT = Path(__file__).parents[3]
DIY = (ROOT / "devices/diy_imu.toml").read_text("utf-8")
SERVICE, DATA, COMMAND = (f"8d2f000{k}-5d7a-4c1e-9b3a-6f1c0e5b7a10" for k in (1, 2, 3))
MAKER = "00002a29-0000-1000-8000-00805f9b34fb"
INFO = "0000180a-0000-1000-8000-00805f9b34fb"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The person's own folder of devices, and a registry that has not looked yet."""
    monkeypatch.setattr(registry, "own_folder", lambda kind: tmp_path / kind)
    (tmp_path / "devices").mkdir()
    registry.found_devices.cache_clear()
    yield tmp_path / "devices"
    registry.found_devices.cache_clear()


def twin(id_: str, name: str = "Twin") -> str:
    return DIY.replace('id = "diy_imu"', f'id = "{id_}"').replace('"breathcore IMU"', f'"{name}"')


def test_a_device_of_ones_own_is_listed_and_shown(command: Command, own: Path) -> None:
    (own / "mine.toml").write_text(twin("mine"), "utf-8")
    assert "mine" in command("devices", "list").out
    assert "100 Hz" in command("devices", "show", "mine").out


def test_a_wrong_file_of_ones_own_is_a_line_under_the_list(command: Command, own: Path) -> None:
    (own / "mine.toml").write_text(twin("mine").replace("row_bytes = 12", "row_bytes = 11"), "utf-8")
    answer = command("devices", "list")
    assert answer.code == 0
    assert "polar_h10" in answer.out
    assert answer.err.startswith("Left out: ")
    assert "mine.toml" in answer.err
    assert "endpoints.0.table.fields.5.offset" in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        (("placement =", "plaecment ="), "plaecment", "unknown key"),
        (('"deg/s"', '"rad/s"'), "endpoints.0.channels.1.unit", "deg/s"),
        (("evidence = [", "more = ["), "more", "unknown key"),
        (('"Twin"', '"Polar H10"'), "match", "polar_h10"),
        (("offset = 2, type", "offset = 3, type"), "endpoints.0.table.stamp.offset", "beyond the head"),
    ],
    ids=["unknown-key", "wrong-unit", "missing-evidence", "duplicate-match", "impossible-layout"],
)
def test_check_refuses_by_file_and_key(
    command: Command, tmp_path: Path, change: tuple[str, str], key: str, problem: str
) -> None:
    file = tmp_path / "mine.toml"
    good = twin("mine")
    assert change[0] in good
    file.write_text(good, "utf-8")
    assert command("devices", "check", file).code == 0
    file.write_text(good.replace(*change), "utf-8")
    answer = command("devices", "check", file)
    assert answer.code == 1
    assert all(part in answer.err for part in ("mine.toml", key, problem))


def test_check_finds_two_files_that_claim_one_advertisement(command: Command, tmp_path: Path) -> None:
    for id_ in ("one", "two"):
        (tmp_path / f"{id_}.toml").write_text(twin(id_), "utf-8")
    answer = command("devices", "check", tmp_path / "one.toml", tmp_path / "two.toml")
    assert (answer.code, answer.out) == (1, "one.toml: good (DIY chest IMU)\n")
    assert "two.toml" in answer.err
    assert "'one'" in answer.err


def seen(packets_n: int) -> Sniffed:
    rng = np.random.default_rng(1)
    packets = [np.rint([0, 300, 950] + 3 * rng.standard_normal(3)).astype("<i2").tobytes() for _ in range(packets_n)]
    notified = tuple(Notified(0.02 * k, p) for k, p in enumerate(packets))
    return Sniffed(
        "Thing", "AA:BB", (), (),
        (
            SniffedCharacteristic(INFO, MAKER, ("read",), "Device Information", "Manufacturer Name String", b"Me\0"),
            SniffedCharacteristic(SERVICE, DATA, ("notify",), notified=notified),
            SniffedCharacteristic(SERVICE, COMMAND, ("write",), problem="BleakError: no"),
        ),
        10.0,
    )  # fmt: skip


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sniffed], None]:
    """Put a device in reach."""

    def put(device: Sniffed) -> None:
        async def found(target: str, seconds: float, note: Callable[..., None], **_: object) -> Sniffed:
            for c in device.characteristics:
                for n in c.notified:
                    note(c, n)
            return device

        monkeypatch.setattr(sniff_command, "sniff", found)

    return put


def test_sniff_shows_a_device_and_writes_a_file_that_is_good(
    command: Command, air: Callable[[Sniffed], None], tmp_path: Path
) -> None:
    air(seen(100))
    file = tmp_path / "thing.toml"
    answer = command("devices", "sniff", "AA:BB", "--out", file)
    assert answer.code == 0
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[0] == "Thing (AA:BB)"
    assert "180a Device Information" in lines
    assert "2a29 Manufacturer Name String [read] Me" in lines
    assert f"{DATA} [notify]" in lines
    assert f"{COMMAND} [write] BleakError: no" in lines
    assert any(line.startswith(f"{DATA}: 100 packets, one every 20 ms, 6 bytes, last ") for line in lines)
    assert str(file) in lines[-1]
    assert command("devices", "check", file).out == "thing.toml: good (Thing)\n"
    spec = load_device_text(file.read_text("utf-8"), file.name, codecs=LAYOUTS)
    assert spec.channels[0].rate_hz == 50.0
    assert command("devices", "sniff", "AA:BB", "--out", file).code == 1


def test_sniff_takes_commands_as_uuid_and_hex_only(command: Command, air: Callable[[Sniffed], None]) -> None:
    air(seen(1))
    assert command("devices", "sniff", "AA:BB", "--write", f"{COMMAND}=0A", "--write", "2a39=01").code == 0
    answer = command("devices", "sniff", "AA:BB", "--write", "2a39=1")
    assert answer.code == 1
    assert "UUID=HEX" in answer.err


def test_sniff_says_where_nothing_came(command: Command, air: Callable[[Sniffed], None], tmp_path: Path) -> None:
    air(seen(0))
    answer = command("devices", "sniff", "AA:BB", "--out", tmp_path / "thing.toml")
    assert "It sent nothing." in answer.out
    assert "No file was written" in answer.out
    assert list(tmp_path.iterdir()) == []


def test_the_committed_pages_are_what_the_files_give(command: Command, tmp_path: Path) -> None:
    assert command("devices", "pages", "--out", tmp_path).code == 0
    committed = {f.name: f.read_text("utf-8") for f in (ROOT / "docs/wearables").glob("*.md")}
    assert {f.name: f.read_text("utf-8") for f in tmp_path.iterdir()} == committed
    assert {f"{f.stem}.md" for f in (ROOT / "devices").glob("*.toml")} | {"README.md"} == set(committed)


@pytest.mark.parametrize("placement", sorted(PLACEMENTS))
def test_every_placement_has_a_sentence(placement: str) -> None:
    assert text(f"placement.{placement}") != f"placement.{placement}"
