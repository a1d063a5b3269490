"""The fuzz of `benchmarks/fuzz.py`, a fiftieth of it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from breathcore.decode.registry import CODECS

FILE = Path(__file__).parents[2] / "benchmarks/fuzz.py"


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("breathcore_fuzz", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_spoilt_notifications_never_raise_hang_or_give_numbers_that_cannot_be(
    fuzz: ModuleType,
) -> None:
    tally = fuzz.fuzz(20_000, 7, 8.0)
    assert tally.n >= 20_000
    silent = {"samples", "movella_dot_rate"}  # of recordings; only written to
    assert set(tally.fed) == set(CODECS) - silent
    assert sum(tally.caught.values()) > sum(tally.passed.values()) * 0.1
