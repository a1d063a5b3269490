"""One simulated session of each kind, run once for all tests that look at it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from breathcore.session import registry
from breathcore.session.plan import SessionPlan
from breathcore.session.simulated import SimulatedRun, run_simulated
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.spec import WearerSpec

Run = Callable[..., SimulatedRun]


@pytest.fixture(scope="session")
def simulate(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run one session; the same arguments give the session that was run before."""
    done: dict[tuple[object, ...], SimulatedRun] = {}

    def run(
        wearer: WearerSpec,
        faults: FaultSpec = NO_FAULTS,
        *,
        drill: str = "diaphragmatic",
        seconds: float = 60.0,
        device: str = "polar_h10",
    ) -> SimulatedRun:
        key = (wearer, faults, drill, seconds, device)
        if key not in done:
            plan = SessionPlan(registry.drill(drill), minutes=seconds / 60, wearer="simulated")
            path: Path = tmp_path_factory.mktemp("session") / "session.breath"
            done[key] = run_simulated(plan, registry.device(device), wearer, path, faults=faults)
        return done[key]

    return run
