"""The wheel holds what it must, and the program runs from it alone."""

import json
import zipfile

import pytest
from commands import run, uv

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("kind", ["devices", "protocols"])
def test_every_catalogue_file_is_in_the_wheel(clean, names, kind):
    expected = {f"breathcore/_catalog/{path.relative_to(clean).as_posix()}" for path in (clean / kind).rglob("*.toml")}
    assert expected
    assert expected == {name for name in names if name.startswith(f"breathcore/_catalog/{kind}/")}


def test_the_manuals_of_the_catalogue_stay_out(names):
    assert not [name for name in names if name.endswith((".md", ".example")) and ".dist-info/" not in name]


def test_every_module_and_text_is_in_the_wheel(clean, names):
    sources = {p.relative_to(clean / "src").as_posix() for p in (clean / "src/breathcore").rglob("*") if p.is_file()}
    assert sources <= names
    assert {f"breathcore/feedback/locale/{lang}/LC_MESSAGES/breathcore.mo" for lang in ("en", "de")} <= names
    assert "breathcore/py.typed" in names
    assert not [name for name in names if not name.startswith("breathcore")]


def test_the_licence_is_in_the_wheel(names):
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_installed_program_knows_its_wearables_and_drills(installed, tmp_path):
    assert "polar_h10" in run(installed, "devices", "list", cwd=tmp_path)
    assert "box" in run(installed, "protocols", "list", cwd=tmp_path)


def test_the_installed_program_runs_the_demo_without_a_screen(installed, tmp_path):
    run(installed, "demo", "--headless", "--seconds", "20", "--out", tmp_path / "out", cwd=tmp_path)
    made = {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {".breath", ".csv", ".edf", ".png", ".json"} <= made
    assert (tmp_path / "out/trainer.png").read_bytes().startswith(b"\x89PNG")
    summary = json.loads((tmp_path / "out/summary.json").read_text("utf-8"))
    assert summary
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_running_from_a_checkout_leaves_nothing_in_sight_of_git(clean):
    assert "polar_h10" in uv("run", "--quiet", "breathcore", "devices", "list", cwd=clean)
    assert run("git", "status", "--porcelain", cwd=clean) == ""
