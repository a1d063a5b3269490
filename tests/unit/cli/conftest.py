"""The command line as a person uses it: words in; what was printed, and the exit code, out."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from breathcore.cli.app import run
from breathcore.cli.words import words
from breathcore.session import registry
from breathcore.session.plan import SessionPlan
from breathcore.session.simulated import run_simulated
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import WearerSpec


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code, and what went to standard output and to standard error."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Run one command in English, without a screen."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BREATHCORE_LANGUAGE", "en")
    words.cache_clear()

    def call(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        code = run([str(a) for a in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    yield call
    words.cache_clear()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a short session whose strap lost, doubled and damaged some packets."""
    path = tmp_path_factory.mktemp("recorded") / "session.breath"
    plan = SessionPlan(registry.drill("diaphragmatic"), minutes=1 / 6, person="Jo", wearer="simulated")
    faults = FaultSpec(duplication=0.02, truncation=0.02)
    run_simulated(plan, registry.device("polar_h10"), WearerSpec(seed=3), path, faults=faults)
    return path


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """Return a copy of the session in a folder of its own."""
    return Path(shutil.copy(recorded, tmp_path / "session.breath"))


@pytest.fixture
def cut_short(session: Path) -> Path:
    """Return the session as a killed program leaves it: without its last moments, and never closed."""
    with closing(sqlite3.connect(session)) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'closed'")
        connection.execute("DELETE FROM derived_outcome")
        connection.commit()
    return session
