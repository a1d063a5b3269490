"""Samples that cannot be, gaps of hours and clocks that err: told as missing, at once, and only where they are."""

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trunk_signals import Trunk, Worn, breaths, cut, due, even, of, steps

from breathcore.estimate.trunk.estimator import SILENT_S, TrunkEstimator
from breathcore.estimate.trunk.intake import FAR_S, Intake
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Place
from breathcore.model.errors import SignalError
from breathcore.model.trunk import (
    BraceEstimate,
    CalibrationStep,
    Expansion,
    SiteBlock,
    SiteCalibration,
    StepKind,
    TapeReading,
    TrunkCalibration,
)

WORN = (
    Worn(Place.STERNUM, gyro=False),
    Worn(Place.LEFT),
    Worn(Place.RIGHT, gyro=False),
    Worn(Place.NAVEL, belt=True, hz=10.0),
)
TRUNK = Trunk(WORN, tuple(breaths(even(0.4), n=4)))
EVENTS = [b.event() for b in TRUNK.done]
LATE_N = 2  # breaths after the gap
GAP_AT_S = TRUNK.done[-LATE_N].start_s - 0.5


@cache
def streams():
    return TRUNK.streams()


def gapped(gap_s, edit=lambda channel, t, x: x):
    return [(c, np.where(t >= GAP_AT_S, t + gap_s, t), edit(c, t, x)) for c, t, x in streams()]


def later(event, by_s):
    return replace(
        event, **{n: getattr(event, n) + by_s for n in ("inhale_onset_s", "exhale_onset_s", "end_s", "confirmed_s")}
    )


def known(gap_s=0.0):
    return [steps(), *EVENTS[:-LATE_N], *(later(e, gap_s) for e in EVENTS[-LATE_N:])]


def played(blocks, items=(), end_s=0.0):
    estimator, out = TrunkEstimator(TRUNK.channels), []
    items = sorted(items or known(), key=due)
    for at_s, block in blocks:
        while items and due(items[0]) <= at_s:
            out += estimator.push(items.pop(0))
        out += estimator.push(block)
    out += estimator.flush(end_s or max(at_s for at_s, _ in blocks))
    assert estimator.faults == ()
    return out


def shares(out):
    return [[s.share for s in e.sites] for e in of(out, Expansion)]


def bits(out):
    return sorted(
        (value.source, repr(value.t_s.tolist()), repr(value.level.tolist()))
        if isinstance(value, SiteBlock)
        else (repr(value),)
        for value in out
    )


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("gap_s", [600.0, 8 * 3600.0])
def test_after_a_gap_of_hours_it_goes_on_and_the_gap_itself_is_not_told(gap_s):
    out = played(cut(gapped(gap_s), 0.2), known(gap_s))
    *_, last = of(out, Expansion)
    assert last.onset_s > GAP_AT_S + gap_s
    assert [s.share for s in last.sites] == pytest.approx([0.4] * len(WORN), abs=0.05)
    inside = [b for b in of(out, BraceEstimate) if GAP_AT_S + SILENT_S + 1.0 < b.t_s < GAP_AT_S + gap_s - 1.0]
    assert not inside
    assert all(b.gap_before for b in of(out, SiteBlock) if abs(b.t_s[0] - GAP_AT_S - gap_s) < 0.2)


@pytest.mark.parametrize(("gap_s", "seed"), [(20.0, 1), (1000.0, 2), (1000.0, 3)])
def test_any_cutting_of_streams_with_a_gap_gives_the_same_bits(seed, gap_s):
    sides = [[(c, t[part(t)], x[part(t)]) for c, t, x in gapped(gap_s)] for part in (before, after)]
    end_s = TRUNK.seconds + gap_s
    one = played([b for s in sides for b in cut(s, 0.2)], known(gap_s), end_s)
    other = played([b for s in sides for b in cut(s, 0.45, seed)], known(gap_s), end_s)
    assert bits(one) == bits(other)


def before(t_s):
    return t_s < GAP_AT_S


def after(t_s):
    return t_s >= GAP_AT_S


def test_a_calibration_asked_for_in_a_gap_is_refused_when_it_is_over_and_not_forgotten():
    asked = steps(GAP_AT_S + 100.0)
    out = played(cut(gapped(600.0), 0.2), [*known(600.0), asked])
    told = of(out, SiteCalibration)[-len(WORN) :]
    assert {c.reason.value for c in told} == {"no-data"}
    assert all(c.t_s == asked.end_s for c in told)


def test_a_session_that_goes_on_for_long_without_samples_ends_at_once():
    out = played(cut(streams(), 0.2), end_s=1e9)
    assert len(of(out, BraceEstimate)) < 4 * (TRUNK.seconds + SILENT_S + 2.0)


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", [0, 40, 300])
def test_one_block_a_day_ahead_silences_nobody(at):
    blocks = cut(streams(), 0.2)
    at_s, block = blocks[at]
    ahead = (at_s, replace(block, t_s=block.t_s + 86400.0))
    assert shares(played([*blocks[:at], ahead, *blocks[at:]])) == shares(played(blocks))


def test_a_sensor_whose_clock_stays_a_day_ahead_is_left_out_and_the_others_go_on():
    astray = [(c, t + 86400.0 * (c.place is Place.LEFT), x) for c, t, x in streams()]
    blocks = sorted(((at_s % 86400.0, block) for at_s, block in cut(astray, 0.2)), key=lambda b: b[0])
    *_, last = of(played(blocks), Expansion)
    assert last.site(Place.RIGHT).share == pytest.approx(0.4, abs=0.05)
    assert last.site(Place.LEFT).reason.value == "no-data"


def test_a_time_that_is_none_is_passed_over():
    blocks = [(at_s, replace(b, t_s=np.full(len(b.t_s), math.nan))) for at_s, b in cut(streams(), 0.2)[:10]]
    assert not played(blocks, end_s=1.0)
    whole = cut(streams(), 0.2)
    assert shares(played([*blocks, *whole])) == shares(played(whole))


@given(st.lists(st.floats(0.01, 400.0), min_size=1, max_size=40), st.integers(0, 100))
def test_what_is_taken_of_one_channel_does_not_depend_on_its_blocks(steps_s, seed):
    channel = WORN[0].acc_channel
    t_s = np.cumsum(steps_s)
    x = np.zeros((len(t_s), 3))

    def taken(edges):
        intake = Intake(0.6)
        parts = [SampleBlock(channel, t_s[a:b], x[a:b]) for a, b in pairwise(edges) if b > a]
        return [t for p in parts for block in intake.push(p) for t in block.t_s.tolist()]

    cuts = sorted(np.random.default_rng(seed).integers(0, len(t_s) + 1, 5).tolist())
    kept, whole = taken([0, *cuts, len(t_s)]), taken(list(range(len(t_s) + 1)))
    assert kept == whole
    if max(steps_s) <= FAR_S:
        assert kept == t_s.tolist()


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", [1e300, -1e12, math.inf])
def test_one_sample_that_cannot_be_is_missing_and_no_more(value):
    def edit(channel, t, x):
        there = (t > GAP_AT_S - 2.0) & (t < GAP_AT_S - 2.0 + 1.5 / channel.rate_hz)
        return np.where(there[:, None], value, x)

    spoilt = played(cut(gapped(0.0, edit), 0.2))
    for one, other in zip(shares(spoilt), shares(played(cut(streams(), 0.2))), strict=True):
        assert one == pytest.approx(other, abs=0.03, nan_ok=True)


@pytest.mark.parametrize(
    "span_s", [(5.0, 5.0), (5.0, 4.0), (5.0, 5.5), (5.0, math.nan), (-math.inf, 5.0), (5.0, math.inf)]
)
def test_a_step_that_shows_nothing_is_refused_where_it_is_made(span_s):
    with pytest.raises(SignalError, match=r"end_s.*1\.0 s or more"):
        CalibrationStep(StepKind.FULL, *span_s)


def test_a_calibration_without_steps_is_refused_where_it_is_made():
    with pytest.raises(SignalError, match="one step or more"):
        TrunkCalibration(())


@pytest.mark.parametrize("cm", [0.0, -3.0, math.nan, math.inf])
def test_a_tape_reading_that_cannot_be_is_refused_where_it_is_made(cm):
    with pytest.raises(SignalError, match="> 0 cm"):
        TapeReading(3.0, Place.LEFT, cm)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(StepKind), st.floats(1.01, 9.0)), min_size=1, max_size=7))
def test_any_steps_leave_every_site_with_a_calibration_or_a_reason(kinds):
    edges = np.cumsum([2.0, *(s for _, s in kinds)]).tolist()
    asked = tuple(CalibrationStep(k, a, b) for (k, _), a, b in zip(kinds, edges, edges[1:], strict=False))
    out = played(cut(streams(), 0.5), [TrunkCalibration(asked), *EVENTS], end_s=80.0)
    assert len(of(out, SiteCalibration)) == len(WORN)
