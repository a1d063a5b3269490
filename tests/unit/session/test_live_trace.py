"""The way from the chest to the paint, by `benchmarks/phase.py`: a small part of it."""

import importlib.util
import sys
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def phase(request: pytest.FixtureRequest) -> ModuleType:
    path = request.config.rootpath / "benchmarks" / "phase.py"
    if not path.exists():
        pytest.skip("the benchmarks are not part of a wheel's tests")
    spec = importlib.util.spec_from_file_location("phase", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["phase"] = module
    spec.loader.exec_module(module)
    return module


def test_what_is_displayed_is_the_chest_at_that_moment_and_is_later_without_look_ahead(phase: ModuleType) -> None:
    run = phase.Session("belt", "15/min", seed=11, minutes=1.0, stalls=()).run(30.0)
    ahead, plain = phase.Errors(), phase.Errors()
    phase.errors(run, run.ahead, ahead)
    phase.errors(run, run.plain, plain)
    assert len(ahead.middle) > 10
    for found in (ahead.begin, ahead.middle, ahead.end, ahead.turn):
        assert phase.size(found) <= phase.LIMIT_S["15/min"]
    assert phase.size(plain.middle) > 2 * phase.size(ahead.middle)
    assert run.lag_s == 0.0
    assert run.plain_lag_s == pytest.approx(run.measured_s)
    assert run.declared_s <= run.measured_s + 0.1
