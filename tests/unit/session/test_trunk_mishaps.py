"""What goes wrong in a whole session with sensors round the trunk: something sensible is done, and said."""

import math

import pytest
from trunk_session import BEGIN_S, SLOW, Trained, at, straps, train

from breathcore.model.device import Place
from breathcore.model.drill import CommandKind, FinishReason
from breathcore.model.trunk import BraceEstimate, Expansion, SiteExpansion, Unmeasured
from breathcore.session.replaying import check
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.trunk.script import Air, AirKind, Redon, Script, Slip

HELD, TALKED, COUGHED = (10.0, 24.0), (34.0, 44.0), (52.0, 55.0)  # s from the first phase on
LOST, SLIPPED, TAKEN_OFF = (90.0, 105.0), 116.0, (124.0, 132.0)
AGAIN_S = 143.0
BRACED = {"held": (4.0, 16.0), "talked": (20.0, 27.0), "coughed": (38.0, 41.0), "lost": (44.0, 52.0)}
BELT_SLIPS, SECOND_SET = 56.0, 66.0
KINDS = {"held": AirKind.HOLD, "talked": AirKind.TALK, "coughed": AirKind.COUGH}


def during(start_s: float, end_s: float) -> tuple[float, float]:
    return BEGIN_S + start_s, BEGIN_S + end_s


def airs(**spans: tuple[float, float]) -> tuple[Air, ...]:
    both = [(Air(BEGIN_S + a, KINDS[kind]), Air(BEGIN_S + b)) for kind, (a, b) in spans.items()]
    return tuple(air for pair in both for air in pair)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    happens = Script(
        400.0,
        airs(held=HELD, talked=TALKED, coughed=COUGHED),
        slips=(Slip(BEGIN_S + SLIPPED, Place.LEFT),),
        redons=(Redon(BEGIN_S + TAKEN_OFF[0], TAKEN_OFF[1] - TAKEN_OFF[0]),),
    )
    faults = {"right": FaultSpec(link_lost=(during(*LOST),))}
    path = tmp_path_factory.mktemp("ring") / "session.breath"
    again = {CommandKind.PAUSE: AGAIN_S, CommandKind.CALIBRATE: AGAIN_S + 1.0, CommandKind.RESUME: AGAIN_S + 50.0}
    presses = [at(BEGIN_S + t_s, kind) for kind, t_s in again.items()]
    return train(
        "360_breathing", path, straps(waist=False), spec=SLOW, minutes=2.2, faults=faults, happens=happens,
        presses=presses,
    )  # fmt: skip


@pytest.fixture(scope="module")
def braced(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    happens = Script(
        400.0,
        airs(held=BRACED["held"], talked=BRACED["talked"], coughed=BRACED["coughed"]),
        slips=(Slip(BEGIN_S + BELT_SLIPS, Place.NAVEL, cm=2.0),),
    )
    faults = {"waist-belt": FaultSpec(link_lost=(during(*BRACED["lost"]),))}
    belts = [d for d in straps() if d[0].endswith("belt")]
    path = tmp_path_factory.mktemp("braced") / "session.breath"
    return train("brace_and_breathe", path, belts, form="1-breath", minutes=1.2, faults=faults, happens=happens)


def breaths(run: Trained, start_s: float, end_s: float) -> list[Expansion]:
    """Return the breaths that lie wholly within a stretch of the drill."""
    a, b = during(start_s, end_s)
    return [e for e in run.derived.expansions if a <= e.onset_s and e.end_s <= b]


def sites(run: Trained, place: Place, start_s: float, end_s: float) -> list[SiteExpansion]:
    return [s for e in breaths(run, start_s, end_s) if (s := e.site(place)) is not None]


def braces(run: Trained, start_s: float, end_s: float) -> list[BraceEstimate]:
    a, b = during(start_s, end_s)
    return [e for e in run.derived.braces if a <= e.t_s < b]


# ── all the way round ────────────────────────────────────────────────────────────────────────────────────────────────


def test_while_the_breath_is_held_no_site_is_told_to_open(ring: Trained) -> None:
    told = [s.share for e in breaths(ring, HELD[0] + 1.0, HELD[1]) for s in e.sites if s.reason is None]
    assert told == []


def wrong(run: Trained, told: list[Expansion]) -> list[tuple[Expansion, Place]]:
    """Return what was told of a site that opened quite otherwise."""
    return [
        (e, s.place)
        for e in told
        for s in e.sites
        if s.reason is None and abs(s.share - run.truth.opened(s.place, e.onset_s, e.end_s)) > 0.25
    ]


def test_a_cough_is_no_breath_of_the_ribs_and_no_sensor_has_slipped_by_it(ring: Trained) -> None:
    a, b = during(*COUGHED)
    assert wrong(ring, [e for e in ring.derived.expansions if e.onset_s < b and e.end_s > a]) == []
    before = breaths(ring, 0.0, LOST[0])
    assert len(before) > 5
    assert all(s.reason is not Unmeasured.SLIPPED for e in before for s in e.sites)


def test_after_talking_and_coughing_every_site_is_told_again(ring: Trained) -> None:
    again = breaths(ring, COUGHED[1] + 4.0, LOST[0] - 2.0)
    assert again
    assert all(s.reason is None for s in again[-1].sites)


def test_a_lost_sensor_is_said_the_other_sites_go_on_and_it_is_told_again_when_it_is_back(ring: Trained) -> None:
    lost = sites(ring, Place.RIGHT, LOST[0], LOST[1] + 6.0)
    assert {s.reason for s in lost} == {Unmeasured.NO_DATA}
    assert all(s.reason is None for s in sites(ring, Place.BACK, LOST[0], LOST[1] + 6.0))
    reasons = {e.reasons.get("score") for e in breaths(ring, LOST[0], LOST[1] + 6.0)}
    assert reasons == {Unmeasured.NO_DATA}
    views = [v.ring for v in ring.seen.between(*during(LOST[0] + 4.0, LOST[1])) if v.ring is not None]
    assert any(v.score_message is not None and v.score_message.id == "trunk.no-data" for v in views)


def test_a_slipped_sensor_is_said_and_told_no_more(ring: Trained) -> None:
    after = sites(ring, Place.LEFT, SLIPPED + 2.0, AGAIN_S)
    assert after
    assert {s.reason for s in after} == {Unmeasured.SLIPPED}
    assert "trunk.notice.slipped" in ring.seen.notices()


def test_what_the_others_did_in_the_breath_in_which_one_slipped_is_not_told_wrongly(ring: Trained) -> None:
    at_s = during(SLIPPED, SLIPPED)[0]
    own = [e for e in ring.derived.expansions if e.onset_s <= at_s < e.end_s]
    assert any(s.reason is None for e in own for s in e.sites)
    assert wrong(ring, own) == []


def test_after_everything_was_put_on_anew_nothing_is_told_by_the_old_calibration(ring: Trained) -> None:
    after = breaths(ring, TAKEN_OFF[1] - 1.0, AGAIN_S)
    assert after
    assert all(s.reason is Unmeasured.SLIPPED for e in after for s in e.sites)


def test_calibrated_again_in_a_pause_every_site_is_told_again(ring: Trained) -> None:
    learned = [c for c in ring.derived.site_calibrations if c.t_s > BEGIN_S]
    assert {c.place: c.reason for c in learned} == dict.fromkeys((c.place for c in learned), None)
    after = breaths(ring, AGAIN_S + 50.0, 230.0)
    assert after
    assert all(s.reason is None for e in after for s in e.sites)
    assert ring.seen.frames[-1][2].notice is None
    stages = [stage for t_s, stage in ring.stages if t_s >= BEGIN_S + AGAIN_S]
    assert stages == ["paused", "calibrating", "paused", "countdown", "running", "finished"]


def test_the_drill_goes_on_to_its_end_through_all_of_it(ring: Trained) -> None:
    assert ring.result.finish is FinishReason.COMPLETED
    assert ring.result.done_n == ring.result.planned_n


# ── the brace ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breath_held_under_the_brace_is_said_not_to_go_on(braced: Trained) -> None:
    late = [b.breathing for b in braces(braced, BRACED["held"][0] + 5.0, 10.0) if b.on]
    assert late
    assert not any(late)


def test_talking_under_the_brace_does_not_end_it(braced: Trained) -> None:
    talked = braces(braced, *BRACED["talked"])
    assert talked
    assert sum(b.on for b in talked) >= 0.8 * len(talked)


def test_a_lost_belt_is_said_until_it_is_back(braced: Trained) -> None:
    lost = braces(braced, BRACED["lost"][0] + 2.0, BRACED["lost"][1])
    assert {b.reason for b in lost} == {Unmeasured.NO_DATA}
    back = braces(braced, BRACED["lost"][1] + 2.0, BELT_SLIPS)
    assert back
    assert all(b.reason is not Unmeasured.NO_DATA for b in back)  # a level only once breaths are as they were before
    views = [v.brace for v in braced.seen.between(*during(BRACED["lost"][0] + 3.0, BRACED["lost"][1]))]
    assert {v.message.id for v in views if v is not None and v.message is not None} == {"trunk.no-data"}


def test_a_belt_that_slipped_tells_no_brace_any_more_and_says_so(braced: Trained) -> None:
    after = braces(braced, SECOND_SET, 140.0)
    assert after
    assert all(b.reason is Unmeasured.SLIPPED and math.isnan(b.level) and not b.on for b in after)
    assert "trunk.notice.slipped" in braced.seen.notices()


def test_the_sets_before_count_and_a_set_that_was_not_measured_is_the_persons_to_rate(braced: Trained) -> None:
    score = braced.result.score
    assert score is not None
    assert score.total is not None
    asked = {v.brace.asked for _, stage, v in braced.seen.frames if v.brace is not None and stage.value == "finished"}
    assert 1 in asked
    assert 0 not in asked


def test_a_replay_of_a_session_with_mishaps_gives_every_stored_value_again(braced: Trained) -> None:
    assert all(c.same for c in check(braced.path))
