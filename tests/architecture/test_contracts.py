"""The floors hold, and a wrong import is seen to break them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FLOORS = "Floors: a room imports only from lower floors"
PURE = "Pure rooms know no Qt, radio, threads, clocks or databases"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the tree at `root` against the source in it."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    env = os.environ | {"PYTHONPATH": str(root / "src"), "COLUMNS": "200"}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(repo: Path, tmp_path: Path) -> Path:
    """A copy of what the contracts look at."""
    shutil.copytree(repo / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "locale"))
    shutil.copy(repo / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(repo):
    result = lint(repo)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("model/blocks.py", "import breathcore.dsp", FLOORS),
        ("sync/__init__.py", "from breathcore.decode import registry", FLOORS),
        ("feedback/wording.py", "def late():\n    import breathcore.session.bridge", FLOORS),
        ("session/bridge.py", "import breathcore.gui", FLOORS),
        ("dsp/__init__.py", "import asyncio", PURE),
        ("drill/__init__.py", "from time import monotonic", PURE),
        ("session/pipeline.py", "import threading", PURE),
        ("session/bridge.py", "from PySide6 import QtCore", "Qt only in gui"),
        ("source/sim/__init__.py", "import bleak", "bleak only in source/ble"),
        ("record/__init__.py", "import pydantic", "pydantic only in catalog"),
    ],
)
def test_a_wrong_import_breaks_them(tree, module, line, broken):
    path = tree / "src/breathcore" / module
    path.write_text(f"{path.read_text()}\n{line}\n")
    result = lint(tree)
    assert result.returncode != 0
    assert f"{broken} BROKEN" in result.stdout, result.stdout + result.stderr


def test_a_room_without_a_floor_breaks_them(tree):
    (tree / "src/breathcore/attic").mkdir()
    (tree / "src/breathcore/attic/__init__.py").touch()
    result = lint(tree)
    assert result.returncode != 0
    assert "breathcore.attic" in result.stdout + result.stderr
