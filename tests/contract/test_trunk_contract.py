"""What holds for everything told of the trunk: causal, the same for any cutting of the streams, in time, any unit."""

from dataclasses import fields, replace
from functools import cache
from typing import get_args

import numpy as np
import pytest
from trunk_signals import Trunk, Worn, breaths, cut, due, even, of, run, steps

from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.device import Place
from breathcore.model.trunk import (
    BraceEstimate,
    CalibrationStep,
    Expansion,
    MovementLearned,
    MovementTask,
    Posture,
    PostureEstimate,
    Rep,
    RepLevel,
    SiteBlock,
    Steadiness,
    StepKind,
    TrunkCalibration,
    TrunkEstimate,
)

WORN = (
    Worn(Place.STERNUM, hz=52.0),
    Worn(Place.LEFT),
    Worn(Place.RIGHT, gyro=False, hz=100.0),
    Worn(Place.PELVIS),
    Worn(Place.STERNUM, belt=True, hz=10.0),
    Worn(Place.NAVEL, belt=True, hz=20.0, lag_deg=30.0),
)
BREATHS = tuple(breaths({**even(0.4), Place.LEFT: 0.5}, n=4))
END_S = 68.0
TOLD = get_args(TrunkEstimate)
"""The registry of what is told: each kind of value is looked at on its own."""
MOVED_S = 66.0


def with_brace() -> TrunkCalibration:
    known = steps().steps
    brace = CalibrationStep(StepKind.BRACE, 45.0, 49.0)
    return TrunkCalibration((*known, brace, CalibrationStep(StepKind.RELAX, 49.0, 52.0)))


def known(shift_s=0.0):
    moved = tuple(replace(s, start_s=s.start_s + shift_s, end_s=s.end_s + shift_s) for s in with_brace().steps)
    events = [b.event() for b in BREATHS]
    names = ("inhale_onset_s", "exhale_onset_s", "end_s", "confirmed_s")
    events = [replace(e, **{n: getattr(e, n) + shift_s for n in names}) for e in events]
    return [TrunkCalibration(moved), *events, MovementTask(55.0 + shift_s, "hip_hinge", Place.PELVIS)]


TRUNK = Trunk(WORN, BREATHS, end_s=END_S)


def hinge(t_s):
    """Return how far the body leans, degrees (3, n): repetitions of 4 s from 16 s to 52 s."""
    there = (t_s > 16.0) & (t_s < 52.0)
    lean = np.zeros((3, len(t_s)))
    lean[0, there] = 20.0 * (1.0 - np.cos(2.0 * np.pi * (t_s[there] - 16.0) / 4.0))
    return lean


MOVED = Trunk((Worn(Place.STERNUM), Worn(Place.PELVIS)), tuple(breaths(even(0.4), n=4)), sway_deg=hinge, end_s=MOVED_S)


def moves(shift_s=0.0):
    lying = TrunkCalibration((CalibrationStep(StepKind.RELAX, 6.0 + shift_s, 10.0 + shift_s),), Posture.STANDING)
    tasks = ((15.0, "hip_hinge"), (54.0, "brace"), (63.0, ""))
    return [lying, *(MovementTask(t_s + shift_s, kind, Place.PELVIS) for t_s, kind in tasks)]


@cache
def streams():
    return TRUNK.streams()


class Played(Trunk):
    """The same streams, changed."""

    def streams(self):
        return [(c, t, x) for c, t, x in streams()]


def told(**how):
    return run(Played(WORN, BREATHS, end_s=END_S), known(), **how)[1]


def moved(**how):
    return run(MOVED, moves(), **how)[1]


@cache
def still():
    return told()


@cache
def usual():
    return [*still(), *moved()]


def same(one, other):
    """Whether two lists of values are alike to the bit; one place's at a time."""
    one, other = (sorted(values, key=lambda v: (key(v), begun(v))) for values in (one, other))
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for f in fields(a):
            x, y = getattr(a, f.name), getattr(b, f.name)
            assert repr(x) == repr(y) if not isinstance(x, np.ndarray) else np.array_equal(x, y), (a, b)


def begun(value):
    return value.start_s if isinstance(value, Rep) else float(np.min(value.t_s))


def key(value):
    return getattr(value, "source", "")


@pytest.mark.parametrize("kind", TOLD)
def test_something_is_told_of_each_kind(kind):
    assert of(usual(), kind)


@pytest.mark.parametrize(("seed", "block_s"), [(3, 0.45), (11, 0.03)])
def test_any_cutting_of_the_streams_gives_the_same_bits(seed, block_s):
    other = [*told(block_s=block_s, seed=seed), *moved(block_s=block_s, seed=seed)]
    for kind in TOLD:
        same(of(usual(), kind), of(other, kind))


def test_nothing_that_is_told_depends_on_what_comes_later():
    early = TrunkEstimator(TRUNK.channels)
    out, items, cut_s = [], sorted(known(), key=due), 60.0
    for at_s, block in cut([(c, t[t < cut_s], x[t < cut_s]) for c, t, x in streams()], 0.2):
        while items and due(items[0]) <= at_s:
            out += early.push(items.pop(0))
        out += early.push(block)
    for kind in (SiteBlock, Expansion, BraceEstimate):
        whole = [v for v in of(still(), kind) if moment(v) <= cut_s - 1.0]
        same([v for v in of(out, kind) if moment(v) <= cut_s - 1.0], whole)


def moment(value):
    return float(np.max(value.t_s))


def test_live_levels_are_told_within_the_declared_latency():
    estimator = TrunkEstimator(TRUNK.channels)
    for item in known():
        estimator.push(item)
    late = []
    for at_s, block in cut(streams(), 0.05):
        for value in of(estimator.push(block), SiteBlock):
            late.append(at_s - float(value.t_s[0]))
    assert max(late) <= estimator.latency_s + 0.15  # and one block, of the slowest belt one sample


def test_a_channel_that_never_comes_is_waited_for_no_longer_than_declared():
    estimator = TrunkEstimator(TRUNK.channels)
    for item in known():
        estimator.push(item)
    there = [s for s in streams() if s[0].place is not Place.RIGHT]
    late = [
        at_s - float(value.t_s[0]) for at_s, block in cut(there, 0.05) for value in of(estimator.push(block), SiteBlock)
    ]
    assert late
    assert max(late) <= estimator.latency_s + estimator.wait_s + 0.15


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_belts_unit_does_not_matter(scale):
    class Scaled(Played):
        def streams(self):
            return [(c, t, scale * x if c.id.endswith("belt") else x) for c, t, x in super().streams()]

    _, out = run(Scaled(WORN, BREATHS, end_s=END_S), known())
    for a, b in zip(of(usual(), Expansion), of(out, Expansion), strict=True):
        assert [s.share for s in a.sites] == pytest.approx([s.share for s in b.sites], nan_ok=True, rel=1e-6)
        assert a.phase_deg == pytest.approx(b.phase_deg, nan_ok=True, abs=0.1)
    for a, b in zip(of(usual(), BraceEstimate), of(out, BraceEstimate), strict=True):
        assert (a.on, a.reason) == (b.on, b.reason)
        assert a.level == pytest.approx(b.level, nan_ok=True, abs=1e-6)


def test_the_time_of_day_does_not_matter():
    shift_s = 7200.0

    class Later(Played):
        def streams(self):
            return [(c, t + shift_s, x) for c, t, x in super().streams()]

    _, out = run(Later(WORN, BREATHS, end_s=END_S + shift_s), known(shift_s))
    before, after = of(usual(), Expansion), of(out, Expansion)
    assert [e.t_s + shift_s for e in before] == pytest.approx([e.t_s for e in after])
    for a, b in zip(before, after, strict=True):
        assert [s.share for s in a.sites] == pytest.approx([s.share for s in b.sites], nan_ok=True, abs=0.005)


def test_a_movement_is_the_same_at_any_time_of_day():
    shift_s = 7200.0

    class Later(Trunk):
        def streams(self):
            return [(c, t + shift_s, x) for c, t, x in MOVED.streams()]

    usual_, (_, out) = moved(), run(Later(MOVED.worn, MOVED.done, end_s=MOVED_S + shift_s), moves(shift_s))
    for kind in (Rep, Steadiness, PostureEstimate, MovementLearned):
        before, after = of(usual_, kind), of(out, kind)
        assert [start(v) + shift_s for v in before] == pytest.approx([start(v) for v in after], abs=0.05)
    ranges = [[r.range_deg for r in of(values, Rep)] for values in (usual_, out)]
    assert ranges[0] == pytest.approx(ranges[1], abs=0.1)


def start(value):
    return value.start_s if isinstance(value, Rep | Steadiness) else value.t_s


def test_a_part_that_raises_is_switched_off_and_the_others_go_on(monkeypatch):
    estimator = TrunkEstimator(TRUNK.channels)
    broken = estimator._followers["left.acc"]
    monkeypatch.setattr(broken, "take", lambda *_: 1 / 0)
    out, items = [], sorted(known(), key=due)
    for at_s, block in cut(streams(), 0.2):
        while items and due(items[0]) <= at_s:
            out += estimator.push(items.pop(0))
        out += estimator.push(block)
    assert [f.branch for f in estimator.faults] == ["left.acc"]
    assert {b.place for b in of(out, SiteBlock)} >= {Place.STERNUM, Place.RIGHT, Place.NAVEL}
    assert all(s.reason for e in of(out, Expansion) for s in e.sites if s.place is Place.LEFT)


def test_no_movement_is_told_in_quiet_breathing():
    assert not of(still(), Rep)
    assert not of(still(), RepLevel)
