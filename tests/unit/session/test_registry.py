"""The catalogue of the program: built-in files and those of the person's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from breathcore.model.errors import CatalogError, Reason
from breathcore.session import registry

H10 = Path(__file__).parents[3] / "devices/polar_h10.toml"
BOX = Path(__file__).parents[3] / "protocols/drills/box.toml"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The person's own folders, empty, and a registry that has not looked yet."""
    monkeypatch.setattr(registry, "own_folder", lambda kind: tmp_path / kind)
    for kind in ("devices", "drills"):
        (tmp_path / kind).mkdir()
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    registry.found_devices.cache_clear()
    registry.found_drills.cache_clear()


def test_own_drills_are_added(own: Path) -> None:
    text = BOX.read_text("utf-8").replace('id = "box"', 'id = "my_box"', 1)
    (own / "drills/my_box.toml").write_text(text, "utf-8")
    assert registry.drill("my_box").id == "my_box"
    assert registry.drill("box").id == "box"
    assert registry.problems() == ()


def test_wrong_files_of_ones_own_are_left_out_and_named(own: Path) -> None:
    (own / "drills/mine.toml").write_text("id = 3", "utf-8")
    (own / "devices/mine.toml").write_text("name =\nid", "utf-8")
    (own / "devices/twin.toml").write_text(H10.read_text("utf-8").replace('id = "polar_h10"', 'id = "twin"'), "utf-8")
    assert registry.drill("box").id == "box"
    assert registry.device("polar_h10").id == "polar_h10"
    assert [(p.reason, p.params["file"]) for p in registry.problems()] == [
        (Reason.FILE_INVALID, str(own / name))
        for name in ("devices/mine.toml", "devices/twin.toml", "drills/mine.toml")
    ]
    assert [p.params["key"] for p in registry.problems()][:2] == ["line 1", "match"]


def test_an_unknown_id_is_answered_with_those_there_are() -> None:
    with pytest.raises(CatalogError, match="polar_h10") as caught:
        registry.device("nothing")
    assert caught.value.reason is Reason.UNKNOWN_DEVICE
