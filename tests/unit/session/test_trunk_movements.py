"""Whole sessions of movements: repetitions, both sides compared, and how they go on from session to session."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from exported import exported
from trunk_session import Trained, train

from breathcore.gui.trunk_views import previous_ranges, trunk_summary
from breathcore.model.device import DeviceSpec, Place, worn
from breathcore.model.drill import FinishReason
from breathcore.model.trunk import Side
from breathcore.record.summary import list_sessions
from breathcore.session import registry
from breathcore.source.sim.trunk.draw import draw_trunk


def sensors(place: Place) -> list[tuple[str, DeviceSpec]]:
    """Return a belt round the chest, and a motion sensor with a gyroscope."""
    return [
        ("chest-belt", worn(registry.device("vernier_gdx_rb"), Place.STERNUM)),
        ("motion", worn(registry.device("movesense"), place)),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(scope="module")
def bridges(folder: Path) -> tuple[Trained, Trained]:
    """Return two sessions on one leg of the same person; in the second the belt is another, half as stiff."""
    spec = draw_trunk(4)
    belt = spec.belts[Place.STERNUM]
    softer = replace(spec, belts={**spec.belts, Place.STERNUM: replace(belt, n_per_cm=0.5 * belt.n_per_cm)})
    first = train(
        "glute_bridge", folder / "first.breath", sensors(Place.PELVIS), form="single-leg", minutes=0.5, person="Jo"
    )
    previous = previous_ranges(list_sessions(folder), "Jo", simulated=True)
    second = train(
        "glute_bridge", folder / "second.breath", sensors(Place.PELVIS), form="single-leg", minutes=0.5,
        person="Jo", seed=5, spec=softer, previous=previous,
    )  # fmt: skip
    return first, second


def test_both_sides_do_the_same_dose_and_every_repetition_is_counted(bridges: tuple[Trained, Trained]) -> None:
    for run in bridges:
        assert run.result.finish is FinishReason.COMPLETED
        sides = [r.side for r in run.derived.reps if not r.guided]
        assert sides.count(Side.LEFT) == sides.count(Side.RIGHT) == 3
        assert len(run.derived.reps) == len(run.truth.reps())


def test_its_sides_are_compared_with_an_uncertainty_and_alike_sides_are_not_called_different(bridges) -> None:
    compared = {c.id: c for c in bridges[0].derived.sides}
    assert {"reps", "range", "tempo", "hold", "tilt"} <= compared.keys()
    for what in ("reps", "range", "tempo", "hold", "tilt"):
        assert not math.isnan(compared[what].uncertainty)
        assert not compared[what].told


def test_repetitions_holds_and_both_sides_are_in_the_exports(bridges, tmp_path: Path) -> None:
    told = bridges[0].derived
    tables, _ = exported(bridges[0].path, tmp_path)
    assert [r["side"] for r in tables["repetitions.csv"]] == [r.side or "" for r in told.reps]
    assert [float(r["range [deg]"]) for r in tables["repetitions.csv"]] == pytest.approx(
        [r.range_deg for r in told.reps]
    )
    assert len(tables["steadiness.csv"]) == len(told.steadinesses)
    assert {r["site"] for r in tables["steadiness.csv"]} == {"pelvis"}
    assert len(tables["sides.csv"]) == len(told.sides)
    kinds = {r["kind"] for r in tables["events.csv"]}
    assert {"repetition", "hold", "movement learned"} <= kinds


def test_a_second_session_of_the_same_person_has_a_trend(bridges: tuple[Trained, Trained], folder: Path) -> None:
    sessions = list_sessions(folder)
    before, now = (trunk_summary(run.path, sessions) for run in bridges)
    assert {s.sessions_n for s in before.sides} == {0}
    ranges = {s.pair.id: s for s in now.sides}
    assert ranges["range"].sessions_n == 2
    assert ranges["range"].now is not None


def test_a_range_that_is_no_longer_what_it_was_last_time_is_flagged_to_the_person(bridges) -> None:
    first, second = bridges
    assert all(math.isnan(c.change) for c in first.derived.site_calibrations)
    told = {c.place: c.change for c in second.derived.site_calibrations}
    assert told[Place.STERNUM] == pytest.approx(-0.5, abs=0.15)
    assert "trunk.notice.changed" in second.seen.notices()
    assert "trunk.notice.changed" not in first.seen.notices()


@pytest.mark.parametrize(("drill", "place"), [("hip_hinge", Place.PELVIS), ("sit_to_stand", Place.BACK)])
def test_a_hip_hinge_and_a_sit_to_stand_are_learned_counted_and_scored(tmp_path, drill: str, place: Place) -> None:
    run = train(drill, tmp_path / "session.breath", sensors(place), minutes=0.4)
    assert [m.reason for m in run.derived.movements] == [None]
    done = [r for r in run.derived.reps if not r.guided]
    asked_n = run.result.planned_n
    assert len(done) == asked_n
    assert all(not math.isnan(r.exhaled) for r in done)
    assert run.result.sentence.id == "result.movement"
    values = {p.id: p.value for p in run.result.score.parts}
    assert values["reps"] == 1.0
    reps = run.seen.frames[-1][2].reps
    assert (reps.done_n, reps.message) == (asked_n, None)
