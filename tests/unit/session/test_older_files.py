"""Session files of earlier forms open, are analysed, replayed and exported, and it is said what they do not hold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from exported import exported
from older import as_form

from breathcore.cli.condition import tell_condition
from breathcore.record.reader import SessionFile
from breathcore.record.summary import summarise
from breathcore.session.recording import open_session
from breathcore.session.replaying import check, result_of
from breathcore.session.simulated import SimulatedRun
from breathcore.source.sim.spec import WearerSpec

Run = Callable[..., SimulatedRun]


@pytest.fixture(scope="module", params=[1, 2], ids=["form 1", "form 2"])
def older(request: pytest.FixtureRequest, simulate: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a session, and the same in an earlier form."""
    path = simulate(WearerSpec(seed=1), seconds=120.0).path
    return path, as_form(path, request.param, tmp_path_factory.mktemp("older") / "session.breath")


def test_it_opens_with_its_drill_person_and_numbers(older: tuple[Path, Path]) -> None:
    now, then = (summarise(path) for path in older)
    assert then.error is None
    assert (then.drill_id, then.duration_s, then.outcome) == (now.drill_id, now.duration_s, now.outcome)


def test_it_is_analysed_to_the_same_numbers(older: tuple[Path, Path]) -> None:
    now, then = (open_session(path).analyse() for path in older)
    np.testing.assert_array_equal(now.rate_bpm, then.rate_bpm)
    assert now.breaths == then.breaths


def test_a_replay_of_it_compares_what_it_holds_and_finds_the_same(older: tuple[Path, Path]) -> None:
    checked = {c.table: c for c in check(older[1])}
    assert all(c.same for c in checked.values())
    assert checked["derived_rate"].stored_n
    assert "derived_expansion" not in checked
    assert result_of(older[1]).finish is result_of(older[0]).finish


def test_it_holds_nothing_of_the_trunk_and_that_is_said(older: tuple[Path, Path], capsys) -> None:
    session = open_session(older[1])
    assert session.told.expansions == session.told.braces == session.told.reps == ()
    tell_condition(session)
    assert "nothing of ribs, brace, movement" in capsys.readouterr().out
    assert open_session(older[0]).lacks is None


def test_it_is_exported_without_tables_of_what_it_does_not_hold(older: tuple[Path, Path], tmp_path: Path) -> None:
    tables, _ = exported(older[1], tmp_path)
    assert tables["breaths.csv"]
    assert not {"expansion.csv", "brace.csv", "repetitions.csv"} & tables.keys()


def test_its_form_stays_what_it_was(older: tuple[Path, Path], request: pytest.FixtureRequest) -> None:
    with SessionFile.open(older[1]) as file:
        assert file.schema_version == int(request.node.callspec.id[-1])
