"""The catalogue of the program: built-in files and those of the person's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from breathcore.model.errors import CatalogError, Reason
from breathcore.session import registry

BOX = Path(__file__).parents[3] / "protocols/drills/box.toml"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The person's own folder of drills, empty, and a registry that has not looked yet."""
    monkeypatch.setattr(registry, "own_folder", lambda kind: tmp_path / kind)
    (tmp_path / "drills").mkdir()
    registry.drills.cache_clear()
    yield tmp_path / "drills"
    registry.drills.cache_clear()


def test_own_drills_are_added(own: Path) -> None:
    text = BOX.read_text("utf-8").replace('id = "box"', 'id = "my_box"', 1)
    (own / "my_box.toml").write_text(text, "utf-8")
    assert registry.drill("my_box").id == "my_box"
    assert registry.drill("box").id == "box"


def test_a_wrong_file_of_ones_own_is_named(own: Path) -> None:
    (own / "mine.toml").write_text("id = 3", "utf-8")
    with pytest.raises(CatalogError) as caught:
        registry.drills()
    assert caught.value.reason is Reason.FILE_INVALID
    assert caught.value.params["file"] == str(own / "mine.toml")


def test_an_unknown_id_is_answered_with_those_there_are() -> None:
    with pytest.raises(CatalogError, match="polar_h10") as caught:
        registry.device("nothing")
    assert caught.value.reason is Reason.UNKNOWN_DEVICE
