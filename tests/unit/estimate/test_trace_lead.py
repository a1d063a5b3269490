"""Which trace is followed: the best that answers; another takes over in its scale; order of arrival does not matter."""

from math import isnan, nan, pi

import numpy as np
import pytest

from breathcore.estimate.lead import AHEAD_S, LOST_S, TraceLead
from breathcore.model.arrays import frozen
from breathcore.model.estimates import Breath, EffortBlock, PhaseKind, RateEstimate, Refusal, Turn

HZ = 25
LOST_AT_S = 60


def trace(source: str, second: int, scale: float) -> EffortBlock:
    t = second + np.arange(HZ) / HZ
    return EffortBlock(source, frozen(t), frozen(scale * np.sin(2 * pi * 0.2 * t)), usable=True)


def answer(second: int, good: bool) -> RateEstimate:
    return (
        RateEstimate(float(second), 12.0, 12.0, 0.9)
        if good
        else RateEstimate(float(second), nan, nan, 0.0, Refusal.NOISE)
    )


def drive(
    lead: TraceLead, seconds: range, belt_good, acc_scale: float = -0.5, belt_ahead_s: int = 0
) -> list[EffortBlock]:
    out: list[EffortBlock] = []
    for t in seconds:
        for ahead in (belt_ahead_s,):
            out += lead.admit("belt", trace("belt", t + ahead, 2.0))
        out += lead.admit("acc", trace("acc", t, acc_scale))
        lead.hear("belt", answer(t, belt_good(t)))
        lead.hear("acc", answer(t, True))
        lead.decide(t)
    return out


def test_a_single_trace_is_passed_on_as_it_is():
    lead, block = TraceLead(["belt"]), trace("belt", 0, 1.0)
    assert lead.admit("belt", block)[0] is block


def test_the_preferred_trace_is_followed_while_it_answers():
    out = drive(TraceLead(["belt", "acc"]), range(60), lambda t: True)
    assert {b.source for b in out} == {"belt"}


def test_another_takes_over_in_the_same_scale_and_direction():
    out = drive(TraceLead(["belt", "acc"]), range(80), lambda t: t < LOST_AT_S)
    later = [b for b in out if b.source == "acc"]
    assert later[0].t_s[0] == pytest.approx(LOST_AT_S + LOST_S - 1 + AHEAD_S)
    assert later[0].gap_before
    assert not later[1].gap_before
    t, y = np.concatenate([b.t_s for b in later]), np.concatenate([b.y for b in later])
    assert np.allclose(y, 2.0 * np.sin(2 * pi * 0.2 * t), atol=0.05)
    assert later[0].gain == pytest.approx(-4.0, rel=0.02)
    times = np.concatenate([b.t_s for b in out])
    assert (np.diff(times) > 0).all()  # no moment is told twice


def test_traces_that_were_never_compared_begin_a_new_scale():
    out = drive(TraceLead(["belt", "acc"]), range(60), lambda t: False)
    later = [b for b in out if b.source == "acc"]
    assert isnan(later[0].gain)
    assert np.abs(np.concatenate([b.y for b in later])).max() == pytest.approx(0.5, abs=0.01)


def test_the_preferred_one_takes_over_again_when_it_has_answered_for_a_while():
    out = drive(TraceLead(["belt", "acc"]), range(140), lambda t: not LOST_AT_S <= t < 90)
    assert out[-1].source == "belt"
    assert out[-1].gain == pytest.approx(1.0, rel=0.05)


def test_breaths_and_turns_belong_to_the_one_that_was_followed_at_their_time():
    lead = TraceLead(["belt", "acc"])
    drive(lead, range(80), lambda t: t < LOST_AT_S)
    before, after = 50.0, 75.0
    for t_s, owner, gain in ((before, "belt", 1.0), (after, "acc", 4.0)):
        for source in ("belt", "acc"):
            breath = Breath(t_s, t_s + 2, t_s + 5, 0.3, t_s + 6, 0.9)
            turn = Turn(PhaseKind.INHALE, t_s, -0.2, t_s + 1)
            kept, turned = lead.admit(source, breath), lead.admit(source, turn)
            assert (len(kept), len(turned)) == ((1, 1) if source == owner else (0, 0))
            if kept:
                assert kept[0].amplitude == pytest.approx(0.3 * gain, rel=0.02)


def test_a_source_that_runs_ahead_changes_nothing():
    even = drive(TraceLead(["belt", "acc"]), range(80), lambda t: t < LOST_AT_S)
    ahead = drive(TraceLead(["belt", "acc"]), range(80), lambda t: t < LOST_AT_S, belt_ahead_s=2)
    one, two = ([(b.t_s.tolist(), b.gain) for b in out if b.source == "acc"] for out in (even, ahead))
    assert one == two
