"""A copy of the checkout, the wheel built from it, and an environment with nothing but that wheel."""

import os
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from commands import run, uv


@pytest.fixture(scope="session")
def tracked(repo: Path) -> list[str]:
    """Names of the files under version control, as they stand in the checkout."""
    if not (repo / ".git").exists():
        pytest.skip("this is no git checkout, so there is nothing tracked to look at")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=repo).split("\0")
    return [name for name in listed if name and (repo / name).is_file()]


@pytest.fixture(scope="session")
def clean(repo: Path, tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh checkout: the tracked files and nothing else, committed."""
    folder = tmp_path_factory.mktemp("clean")
    for name in tracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repo / name, folder / name)
    run("git", "init", "-q", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "clean", cwd=folder)
    return folder


@pytest.fixture(scope="session")
def wheel(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from a fresh checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--quiet", "--out-dir", folder, clean, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel installed with the pinned versions in an otherwise empty environment."""
    folder = tmp_path_factory.mktemp("installed")
    pins = tomllib.loads((clean / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["constraint-dependencies"]
    (folder / "pins.txt").write_text("\n".join(pins))
    uv("venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    uv("pip", "install", "--quiet", "--python", scripts / "python", "-c", "pins.txt", wheel, cwd=folder)
    return scripts / "breathcore"
