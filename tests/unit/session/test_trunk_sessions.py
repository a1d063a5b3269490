"""Sessions with sensors round the trunk: what is refused or passed over, what is learned, told, scored and replayed."""

import asyncio
import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from breathcore.drill.calibration import calibration_steps
from breathcore.drill.screening import Screening, ScreeningOutcome, locked
from breathcore.feedback.trunk_view import TrunkView
from breathcore.model.device import DeviceSpec, Place, worn
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.errors import SafetyError
from breathcore.model.message import message
from breathcore.record.reader import Derived, SessionFile
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.replaying import check
from breathcore.session.result import SessionResult
from breathcore.session.runner import LiveSession
from breathcore.session.trunk_drill import tape_reading
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.rig import rigged


@pytest.mark.parametrize(
    "text",
    ["", "five", "[]", "{}", '{"place": "nose", "cm": [5]}', '{"place": "chest", "cm": []}', "null", "3"]
    + [json.dumps({"place": "sternum", "cm": cm}) for cm in ([0.1], [40.0], ["x"], None, [math.nan], [10**400])],
)
def test_nonsense_for_a_tape_reading_is_passed_over(text: str) -> None:
    assert tape_reading(text, 1.0) is None


def test_a_tape_reading_is_the_mean_of_what_was_read() -> None:
    reading = tape_reading(json.dumps({"place": "sternum", "cm": [4.0, 5.0, 6.0]}), 1.0)
    assert reading is not None
    assert (reading.place, reading.cm) == (Place.STERNUM, pytest.approx(5.0))


def test_the_firmer_brace_is_refused_for_a_person_until_it_is_opened() -> None:
    drill = registry.drill("brace_and_breathe")
    clear = Screening(ScreeningOutcome.CLEAR, (), message("screening.clear"))
    firm = [p.id for p in drill.patterns if locked(p)]
    assert firm
    for form in firm:
        with pytest.raises(SafetyError):
            SessionPlan(drill, pattern_id=form, screening=clear).require_clearance()
        SessionPlan(drill, pattern_id=form, screening=clear, opened=True).require_clearance()


# ── whole sessions ───────────────────────────────────────────────────────────────────────────────────────────────────


def hurried(pipeline: Pipeline) -> CommandKind | None:
    """Calibrate as soon as there is a signal, start, and leave at once."""
    stage = pipeline.stage
    if stage is Stage.FINISHED:
        return CommandKind.END
    if stage is Stage.WAITING or pipeline.wants_calibration:
        return CommandKind.CALIBRATE if pipeline.signal_good else None
    return CommandKind.START if stage is Stage.READY else None


def trained(
    drill_id: str, path: Path, devices: Sequence[tuple[str, DeviceSpec]], form: str = "", minutes: float = 0.4
) -> tuple[Derived, SessionResult, TrunkView | None]:
    drill = registry.drill(drill_id)
    movement = "" if drill.movement is None else drill.movement.kind
    source = SimSource(devices, WearerSpec(seed=4), trunk=draw_trunk(4), movement=movement)
    plan = SessionPlan(drill, pattern_id=form, minutes=minutes, wearer="simulated")
    session = LiveSession(plan, source, path, Bridge(), pace=None, pilot=hurried)
    asyncio.run(session.run())
    with SessionFile.open(path) as file:
        return file.derived(), session.pipeline.result(), session.pipeline.frame().trunk


def all_round() -> Sequence[tuple[str, DeviceSpec]]:
    return rigged({d.id: d for d in registry.devices()})


@pytest.fixture(scope="module")
def braced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Derived, SessionResult, TrunkView | None, Path]:
    path = tmp_path_factory.mktemp("braced") / "session.breath"
    return (*trained("brace_and_breathe", path, all_round(), "1-breath"), path)


def test_a_session_with_sensors_all_round_learns_the_own_range_of_every_site_and_of_the_brace(braced) -> None:
    derived = braced[0]
    places = {c.place for c in derived.site_calibrations if c.reason is None}
    assert {Place.STERNUM, Place.NAVEL, Place.LEFT, Place.RIGHT, Place.BACK} <= places
    assert [c.reason for c in derived.brace_calibrations] == [None]


def test_its_brace_is_scored_by_zone_and_steadiness(braced) -> None:
    score = braced[1].score
    assert score is not None
    assert score.total is not None
    values = {part.id: part.value for part in score.parts}
    assert values["zone"] is not None
    assert values["steadiness"] is not None


def test_its_breaths_are_told_all_the_way_round(braced) -> None:
    told = [e for e in braced[0].expansions if not math.isnan(e.score)]
    assert told
    assert all(0.0 < e.site(place).share < 2.0 for e in told for place in (Place.LEFT, Place.RIGHT, Place.BACK))
    assert braced[2].ring is not None
    assert braced[2].brace.level is not None


def test_a_replay_of_it_gives_every_stored_value_again(braced) -> None:
    checked = {c.table: c for c in check(braced[3])}
    assert all(c.same for c in checked.values())
    assert checked["derived_expansion"].stored_n
    assert checked["derived_brace"].stored_n


def test_a_calibration_of_sites_and_brace_takes_a_minute_at_most() -> None:
    assert calibration_steps(0.0, trunk=True, brace=True).end_s <= 60.0


def test_one_strap_in_the_middle_never_tells_left_from_right(tmp_path) -> None:
    strap = [("strap", worn(registry.device("polar_h10"), Place.STERNUM))]
    derived, _, view = trained("360_breathing", tmp_path / "one.breath", strap, minutes=0.2)
    assert all(math.isnan(e.symmetry) for e in derived.expansions)
    assert all(e.site(Place.LEFT) is None for e in derived.expansions)
    assert view.ring.symmetry is None
    assert [s.message.id for s in view.ring.sites if s.place is Place.LEFT] == ["trunk.no-sensor"]


def test_without_a_belt_at_the_waist_a_brace_is_timed_and_said_not_to_be_measured(tmp_path) -> None:
    strap = [("strap", worn(registry.device("polar_h10"), Place.STERNUM))]
    derived, result, view = trained("brace_and_breathe", tmp_path / "none.breath", strap, "1-breath", 0.3)
    assert derived.brace_calibrations == ()
    assert result.score is None or result.score.total is None
    assert view.brace.level is None
    assert view.brace.message is not None
