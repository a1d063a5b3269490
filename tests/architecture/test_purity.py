"""Pure rooms load nothing impure, in a fresh interpreter."""

import json
import subprocess
import sys

import pytest

PURE_ROOMS = ["model", "dsp", "decode", "sync", "catalog", "estimate", "drill", "feedback"]
IMPURE = {"PySide6", "pyqtgraph", "bleak", "asyncio", "sqlalchemy", "sqlite3", "pydantic"}

LOAD_ROOM = """
import importlib, pkgutil, sys, json
name = sys.argv[1]
room = importlib.import_module(name)
for found in pkgutil.walk_packages(getattr(room, "__path__", []), name + "."):
    importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Run `code`, which prints the loaded modules' names, in a fresh interpreter."""
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("room", [*PURE_ROOMS, "session.pipeline"])
def test_a_pure_room_loads_nothing_impure(room):
    loaded = {name.partition(".")[0] for name in loaded_by(LOAD_ROOM, f"breathcore.{room}")}
    allowed = {"pydantic"} if room == "catalog" else set()
    assert not loaded & (IMPURE - allowed)


def test_the_check_itself_sees_impurity():
    assert "asyncio" in loaded_by(LOAD_ROOM, "breathcore.source.ble")


def test_importing_breathcore_loads_no_room():
    loaded = loaded_by("import breathcore, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert {name for name in loaded if name.startswith("breathcore")} == {"breathcore"}
    assert "numpy" not in loaded


def test_public_names_are_there_on_demand():
    code = "import breathcore, sys, json; [getattr(breathcore, n) for n in breathcore.__all__]; print(json.dumps([]))"
    assert loaded_by(code) == set()


def test_an_unknown_public_name_is_an_attribute_error():
    import breathcore

    with pytest.raises(AttributeError, match="no_such_name"):
        _ = breathcore.no_such_name
