"""A wearer who lies down in the middle of a session: told, and nothing is measured by the old posture any more."""

import math

import pytest
from trunk_session import Trained, at, train

from breathcore.model.device import Place, worn
from breathcore.model.drill import CommandKind
from breathcore.model.estimates import NO_BREATH
from breathcore.model.trunk import Posture, Unmeasured
from breathcore.session import registry
from breathcore.source.sim.trunk.script import Posed, Script

CALIBRATE_S, START_S, LIES_S = 30.0, 92.0, 122.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    strap = registry.device("polar_h10")
    devices = [("chest", worn(strap, Place.STERNUM))]
    devices += [(place.value, worn(strap, place)) for place in (Place.LEFT, Place.RIGHT)]
    happens = Script(0.0, postures=(Posed(LIES_S, Posture.SUPINE),))
    path = tmp_path_factory.mktemp("posture") / "lies.breath"
    presses = [at(CALIBRATE_S, CommandKind.CALIBRATE)]
    return train("360_breathing", path, devices, start_s=START_S, presses=presses, happens=happens)


def test_the_calibration_in_the_drills_posture_teaches_how_the_body_stands(session: Trained) -> None:
    told = [p.posture for p in session.derived.postures if p.t_s < LIES_S]
    assert told == [Posture.UNKNOWN, Posture.UPRIGHT]


def test_the_change_is_told_while_it_goes_on_and_the_new_posture_when_it_has_lasted(session: Trained) -> None:
    left, lies = (p for p in session.derived.postures if p.t_s > LIES_S)
    assert (left.posture, left.reason) == (Posture.UNKNOWN, Unmeasured.MOTION)
    assert left.t_s < LIES_S + 2.0
    assert lies.posture is Posture.SUPINE
    assert lies.t_s < LIES_S + 5.0


def test_the_breath_trace_begins_anew_in_the_new_posture_and_is_not_usable_at_once(session: Trained) -> None:
    after = [b for b in session.derived.efforts if len(b.t_s) and b.t_s[0] > LIES_S + 2.5]
    first = next(b for b in after if b.gap_before)
    assert first.t_s[0] < LIES_S + 6.0
    assert not any(b.usable for b in after if b.t_s[0] < first.t_s[0])
    assert not first.usable
    assert any(b.usable for b in after)


def test_the_breath_in_which_it_happened_is_marked_and_none_is_told_of_the_way_down(session: Trained) -> None:
    there = [b for b in session.derived.breaths if b.inhale_onset_s < LIES_S + 2.5 and b.end_s > LIES_S]
    assert all(b.kind in NO_BREATH for b in there)
    assert any(b.inhale_onset_s > LIES_S + 5.0 and b.kind not in NO_BREATH for b in session.derived.breaths)


def test_the_ribs_are_not_told_of_that_breath_and_of_later_ones_only_where_the_sensor_sees_them(
    session: Trained,
) -> None:
    there = [e for e in session.derived.expansions if e.onset_s < LIES_S + 2.5 and e.end_s > LIES_S]
    assert all(math.isnan(s.share) for e in there for s in e.sites)
    later = [e for e in session.derived.expansions if e.onset_s > LIES_S + 10.0]
    assert later
    assert all(not math.isnan(e.site(Place.STERNUM).share) for e in later)
    assert all(s.reason is Unmeasured.BLIND for e in later for s in e.sites if s.place is not Place.STERNUM)
