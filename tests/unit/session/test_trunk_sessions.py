"""Sessions with sensors round the trunk: what is refused or passed over, what is learned, told, scored and replayed."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import edfio
import pytest
from exported import Rows, exported
from trunk_session import Press, Trained, at, straps, train

from breathcore.cli.trunk import tell_trunk, trunk_json
from breathcore.drill.calibration import calibration_steps
from breathcore.drill.screening import Screening, ScreeningOutcome, locked
from breathcore.drill.self_rating import rating_text
from breathcore.model.device import Place, worn
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.errors import SafetyError
from breathcore.model.message import message
from breathcore.model.trunk import Unmeasured
from breathcore.record.edit import drop_derived
from breathcore.session import registry
from breathcore.session.exporting import export_data
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.replaying import check
from breathcore.session.trunk_drill import tape_reading
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.script import Air, AirKind, Exchange, Script, Slip


@pytest.mark.parametrize(
    "text",
    ["", "five", "[]", "{}", '{"place": "nose", "cm": [5]}', '{"place": "chest", "cm": []}', "null", "3"]
    + [json.dumps({"place": "sternum", "cm": cm}) for cm in ([0.1], [40.0], ["x"], None, [math.nan], [10**400])],
)
def test_nonsense_for_a_tape_reading_is_passed_over(text: str) -> None:
    assert tape_reading(text, 1.0) is None


def test_a_tape_reading_is_the_mean_of_what_was_read() -> None:
    reading = tape_reading(json.dumps({"place": "sternum", "cm": [4.5, 5.0, 5.5]}), 1.0)
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


@pytest.fixture(scope="module")
def braced(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    path = tmp_path_factory.mktemp("braced") / "session.breath"
    return train("brace_and_breathe", path, straps(pelvis="movesense"), form="1-breath", minutes=0.4, start_s=70.0)


def test_a_session_with_sensors_all_round_learns_the_own_range_of_every_site_and_of_the_brace(braced: Trained) -> None:
    learned = {c.place: c for c in braced.derived.site_calibrations if c.reason is None}
    assert {Place.STERNUM, Place.NAVEL, Place.LEFT, Place.RIGHT, Place.BACK} <= learned.keys()
    assert all(c.full > c.relaxed and 0.0 <= c.cv < 0.3 and math.isnan(c.change) for c in learned.values())
    assert [c.reason for c in braced.derived.brace_calibrations] == [None]


def test_its_brace_is_scored_by_zone_and_steadiness(braced: Trained) -> None:
    score = braced.result.score
    assert score is not None
    assert score.total is not None
    values = {part.id: part.value for part in score.parts}
    assert values["zone"] is not None
    assert values["steadiness"] is not None


def test_its_breaths_are_told_all_the_way_round(braced: Trained) -> None:
    told = [e for e in braced.derived.expansions if not math.isnan(e.score)]
    assert told
    assert all(0.0 < e.site(place).share < 2.0 for e in told for place in (Place.LEFT, Place.RIGHT, Place.BACK))
    last = braced.seen.frames[-1][2]
    assert last.ring is not None
    assert last.brace.level is not None


def test_what_is_measured_is_not_asked_of_the_person(braced: Trained) -> None:
    assert {v.brace.asked for _, _, v in braced.seen.frames} == {None}


def test_the_full_breaths_and_braces_of_the_calibration_are_not_told_as_breaths(braced: Trained) -> None:
    over_s = braced.derived.site_calibrations[-1].t_s
    assert all(e.onset_s >= over_s for e in braced.derived.expansions if e.t_s >= over_s)


def test_a_replay_of_it_gives_every_stored_value_again(braced: Trained) -> None:
    checked = {c.table: c for c in check(braced.path)}
    assert all(c.same for c in checked.values())
    assert checked["derived_expansion"].stored_n
    assert checked["derived_brace"].stored_n


def test_a_calibration_of_sites_and_brace_takes_a_minute_at_most(braced: Trained) -> None:
    assert calibration_steps(0.0, trunk=True, brace=True).end_s <= 60.0
    began, ready = (next(t for t, stage in braced.stages if stage == s) for s in ("calibrating", "ready"))
    assert ready - began <= 60.0


# ── everything that was told is in the exports ───────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def written(braced: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Rows], edfio.Edf]:
    return exported(braced.path, tmp_path_factory.mktemp("written"))


def test_the_tables_hold_every_breath_at_every_site_with_its_unit_or_its_reason(braced: Trained, written) -> None:
    rows, sites = written[0]["expansion.csv"], written[0]["expansion_sites.csv"]
    told = braced.derived.expansions
    assert len(rows) == len(told)
    assert len(sites) == sum(len(e.sites) for e in told)
    assert [r["score_360 refused"] for r in rows] == [e.reasons.get("score", "") for e in told]
    for row, site in zip(sites, (s for e in told for s in e.sites), strict=True):
        assert (row["site"], row["sensor"], row["refused"]) == (site.place, site.source, site.reason or "")
        assert bool(row["opened [0-1]"]) is not math.isnan(site.share)


def test_the_tables_hold_the_brace_with_its_reasons_and_what_was_calibrated(braced: Trained, written) -> None:
    rows = written[0]["brace.csv"]
    assert [r["refused"] for r in rows] == [b.reason or "" for b in braced.derived.braces]
    assert [bool(r["level [0-1]"]) for r in rows] == [not math.isnan(b.level) for b in braced.derived.braces]
    learned = {r["site"]: r for r in written[0]["trunk_calibration.csv"]}
    assert learned["left"]["unit"] == "deg"
    assert float(learned["left"]["range [unit]"]) > 0
    assert float(learned["left"]["cv [0-1]"]) >= 0
    assert [r["refused"] for r in written[0]["brace_calibration.csv"]] == [""]


def test_site_levels_and_the_brace_are_signals_in_both_formats(braced: Trained, written) -> None:
    tables, edf = written
    names = {s.label: s for s in edf.signals}
    assert {"Opened sternum", "Opened navel", "Opened left", "Opened right", "Opened back", "Brace"} <= names.keys()
    sampled = {name for rows in tables.values() if rows for name in rows[0]}
    assert {"opened.left [1]", "brace [1]"} <= sampled
    block = next(b for b in braced.derived.sites if b.place is Place.LEFT and len(b.t_s) > 2)
    at = round(float(block.t_s[1]) * names["Opened left"].sampling_frequency)
    assert names["Opened left"].data[at] == pytest.approx(float(block.level[1]), abs=1e-3)


def test_the_events_say_what_was_calibrated_and_what_was_not_told_and_why(written) -> None:
    tables, edf = written
    told = {(r["kind"], r["text"]) for r in tables["events.csv"]}
    assert ("calibration", "left") in told
    assert ("calibration", "brace") in told
    assert ("not told", "brace: not-calibrated") in told
    assert ("brace", "") in told
    notes = {a.text for a in edf.annotations}
    assert {"calibration: left", "not told: brace: not-calibrated"} <= notes


def test_analyse_prints_each_site_the_brace_and_why_the_rest_was_not_told(braced: Trained, capsys) -> None:
    tell_trunk(open_session(braced.path).told)
    said = capsys.readouterr().out
    for line in ("Calibrated, left", "Opening, back", "Brace: told", "Not told, left", "Left and right, opening"):
        assert line in said


def test_the_json_of_an_analysis_holds_everything_that_was_told(braced: Trained) -> None:
    told = trunk_json(open_session(braced.path).told)
    assert len(told["expansions"]) == len(braced.derived.expansions)
    assert len(told["braces"]) == len(braced.derived.braces)
    json.dumps(told, allow_nan=False)


def test_the_example_of_the_python_pages_reads_what_was_told(braced: Trained, repo: Path, capsys) -> None:
    page = (repo / "docs/how-to-use-the-python-api.md").read_text("utf-8").partition("### What was told")[2]
    example = page.partition("```python\n")[2].partition("```")[0]
    exec(example.replace("breathcore-demo/session.breath", braced.path.as_posix()), {})
    said = capsys.readouterr().out
    assert f"{Place.LEFT}" in said
    assert "no brace was told" not in said


# ── a tape, and sensors exchanged ────────────────────────────────────────────────────────────────────────────────────

TAPE = {Place.STERNUM: (5.1, 5.4, 5.2), Place.LEFT: (4.0, 4.2, 4.1)}
EXCHANGED_S = 84.0


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a session in which a tape was read, and left and right were exchanged before the drill."""
    said = [json.dumps({"place": place.value, "cm": cm}) for place, cm in TAPE.items()]
    presses = [at(58.0 + n, CommandKind.TAPE, text) for n, text in enumerate(said)]
    presses += [at(EXCHANGED_S + 5.0, CommandKind.EXCHANGE), at(EXCHANGED_S + 5.2, CommandKind.CALIBRATE)]
    return train(
        "360_breathing",
        tmp_path_factory.mktemp("exchanged") / "session.breath",
        [d for d in straps(waist=False) if d[0] != "back"],
        form="2-0-3",
        spec=replace(draw_trunk(4), rate_bpm=11.0, sway_deg=0.1),
        minutes=0.5,
        start_s=134.0,
        happens=Script(400.0, exchanges=(Exchange(EXCHANGED_S, 4.0),)),
        presses=presses,
    )


def test_a_tape_reading_in_a_session_gives_cm_at_its_level_and_only_there(exchanged: Trained) -> None:
    told = {s.place: s for e in exchanged.derived.expansions for s in e.sites if not math.isnan(s.cm)}
    assert {Place.STERNUM, Place.LEFT, Place.RIGHT} == told.keys()
    chest = [s for e in exchanged.derived.expansions if (s := e.site(Place.STERNUM)) and s.reason is None]
    mean = sum(TAPE[Place.STERNUM]) / 3
    assert all(s.cm == pytest.approx(mean * s.share) for s in chest if not math.isnan(s.cm))
    views = [v.cm for v in exchanged.seen.frames[-1][2].ring.sites if v.place is Place.STERNUM]
    assert views[0] is not None


def test_before_the_tape_is_read_there_are_no_cm(exchanged: Trained) -> None:
    early = [s for e in exchanged.derived.expansions if e.t_s < 58.0 for s in e.sites]
    assert all(math.isnan(s.cm) for s in early)


def test_after_left_and_right_were_exchanged_each_sensor_speaks_for_the_other_side(exchanged: Trained) -> None:
    sources = {
        after: {
            s.place: s.source
            for e in exchanged.derived.expansions
            if (e.t_s > EXCHANGED_S + 5.0) is after
            for s in e.sites
        }
        for after in (False, True)
    }
    assert (sources[False][Place.LEFT], sources[False][Place.RIGHT]) == ("left.acc", "right.acc")
    assert (sources[True][Place.LEFT], sources[True][Place.RIGHT]) == ("right.acc", "left.acc")
    assert exchanged.seen.frames[-1][2].exchanged


def test_an_exchange_asks_for_a_calibration_before_either_side_is_told_again(exchanged: Trained) -> None:
    learned_s = exchanged.derived.site_calibrations[-1].t_s
    between = [e for e in exchanged.derived.expansions if EXCHANGED_S + 6.0 < e.t_s < learned_s]
    sides = [s.reason for e in between for s in e.sites if s.place in (Place.LEFT, Place.RIGHT)]
    assert set(sides) <= {Unmeasured.NOT_CALIBRATED}
    told = [e for e in exchanged.derived.expansions if e.onset_s > learned_s + 1.0]
    assert told
    assert all(e.site(place).reason is None for e in told for place in (Place.LEFT, Place.RIGHT))


def test_a_replay_of_tape_and_exchange_gives_every_stored_value_again(exchanged: Trained) -> None:
    assert all(c.same for c in check(exchanged.path))


# ── a calibration that is refused ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a session whose first calibration went wrong at each sensor, and its repetition."""
    wearer = draw_trunk(4)
    tight = replace(wearer.belts[Place.NAVEL], rest_n=49.9, creep_per_min=0.0, noise_n=0.0)
    still = replace(wearer.sites[Place.LEFT], tilt_deg=0.005, crosstalk=0.0)
    spec = replace(
        wearer, belts={**wearer.belts, Place.NAVEL: tight}, sites={**wearer.sites, Place.LEFT: still}, rate_bpm=11.0
    )  # fmt: skip
    sighs = (Air(32.0, AirKind.HOLD, depth=0.1), Air(50.0))  # neither the second nor the third breath is full
    happens = Script(300.0, air=sighs, slips=(Slip(57.0, Place.NAVEL, cm=4.0),))
    return train(
        "360_breathing",
        tmp_path_factory.mktemp("refused") / "session.breath",
        [d for d in straps() if d[0] in ("chest-belt", "waist-belt", "left")],
        form="2-0-3",
        spec=spec,
        minutes=0.1,
        start_s=106.0,
        happens=happens,
        presses=[at(61.0, CommandKind.CALIBRATE)],
        previous={"sternum.belt": 3.0, "navel.belt": 2.4},
    )


def told_by(run: Trained, first: float, last: float) -> dict[Place, Unmeasured | None]:
    return {c.place: c.reason for c in run.derived.site_calibrations if first <= c.t_s < last}


def test_a_calibration_is_refused_with_its_reason_at_a_belt_at_its_end_and_where_breaths_differ(refused) -> None:
    first = told_by(refused, 0.0, 60.0)
    assert first[Place.NAVEL] is Unmeasured.SATURATED
    assert first[Place.STERNUM] is Unmeasured.UNEVEN
    assert first[Place.LEFT] is not None


def test_a_refusal_is_said_place_by_place(refused: Trained) -> None:
    view = refused.seen.between(58.0, 60.0)[-1]
    said = {c.place: c.message.id for c in view.calibrated if c.message is not None}
    assert said[Place.NAVEL] == "trunk.saturated"
    assert said[Place.STERNUM] == "trunk.uneven"
    assert Place.LEFT in said


def test_a_refused_calibration_can_be_repeated_and_is_learned_then(refused: Trained) -> None:
    again = told_by(refused, 60.0, 200.0)
    assert again[Place.NAVEL] is None
    assert again[Place.STERNUM] is None


def test_a_range_that_changed_by_more_than_a_fifth_is_flagged_and_one_that_did_not_is_not(refused: Trained) -> None:
    last = {c.place: c for c in refused.derived.site_calibrations}
    assert abs(last[Place.STERNUM].change) > 0.2
    assert abs(last[Place.NAVEL].change) <= 0.2
    shown = {c.place: c.change for c in refused.seen.frames[-1][2].calibrated}
    assert shown[Place.STERNUM] == last[Place.STERNUM].change
    assert shown[Place.NAVEL] is None
    assert "trunk.notice.changed" in refused.seen.notices()


# ── what one strap cannot ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def one_strap(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a brace drill with nothing that shows the brace, rated by the person after each set."""
    path = tmp_path_factory.mktemp("one") / "session.breath"
    strap = [("strap", worn(registry.device("polar_h10"), Place.STERNUM))]
    rated = [
        Press(CommandKind.EFFORT, rating_text(0, 4), lambda p: p.stage is Stage.SET_REST),
        Press(CommandKind.EFFORT, rating_text(0, 11), lambda p: p.stage is Stage.SET_REST),
        Press(CommandKind.EFFORT, rating_text(1, 7), lambda p: p.stage is Stage.FINISHED),
    ]
    return train(
        "brace_and_breathe", path, strap, form="1-breath", minutes=1.2, start_s=8.0, presses=rated, after_s=1.0
    )  # fmt: skip


def test_without_a_belt_at_the_waist_a_brace_is_timed_and_said_not_to_be_measured(one_strap: Trained) -> None:
    assert one_strap.derived.brace_calibrations == ()
    assert one_strap.result.score is None or one_strap.result.score.total is None
    view = one_strap.seen.frames[-1][2]
    assert view.brace.level is None
    assert view.brace.message is not None


def test_it_is_rated_by_the_person_after_each_set_and_the_summary_says_so(one_strap: Trained) -> None:
    assert [(r.set_index, r.effort) for r in one_strap.derived.brace_ratings] == [(0, 4), (1, 7)]
    assert one_strap.result.sentence.id == "result.self-rated"
    assert one_strap.result.sentence.params["effort"] == 5.5


def test_each_set_is_asked_about_once_after_it(one_strap: Trained) -> None:
    asked = [(stage, v.brace.asked) for _, stage, v in one_strap.seen.frames]
    assert (Stage.SET_REST, 0) in asked
    assert (Stage.FINISHED, 1) in asked
    assert all(n is None for stage, n in asked if stage is Stage.RUNNING)
    assert asked[-1][1] is None


def test_a_replay_of_a_rated_session_gives_the_ratings_again(one_strap: Trained) -> None:
    checked = {c.table: c for c in check(one_strap.path)}
    assert checked["derived_brace_rating"].same
    assert checked["derived_brace_rating"].stored_n == 2


def test_what_was_dropped_from_a_file_is_computed_again_for_its_exports(one_strap: Trained, tmp_path: Path) -> None:
    copy = tmp_path / "copy.breath"
    shutil.copy(one_strap.path, copy)
    drop_derived(copy)
    told = export_data(open_session(copy)).told
    assert told.brace_ratings == one_strap.derived.brace_ratings
    assert len(told.expansions) == len(one_strap.derived.expansions)


def test_one_strap_in_the_middle_never_tells_left_from_right(one_strap: Trained) -> None:
    assert all(math.isnan(e.symmetry) for e in one_strap.derived.expansions)
    assert all(e.site(Place.LEFT) is None for e in one_strap.derived.expansions)
    ring = one_strap.seen.frames[-1][2].ring
    assert ring.symmetry is None
    assert [s.message.id for s in ring.sites if s.place is Place.LEFT] == ["trunk.no-sensor"]
