"""Holds of a drill: recognised, timed, and shown while they last; none in ordinary slow breathing."""

import itertools

import numpy as np
import pytest

from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.offline import estimate_blocks
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.estimates import Breath, PhaseEstimate, PhaseKind
from breathcore.source.sim.wearer import Wearer, WearerSpec

IN, HOLD, OUT, REST = DrillPhase.INHALE, DrillPhase.HOLD, DrillPhase.EXHALE, DrillPhase.REST
DRILLS = {
    "box": ((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0)),
    "4-7-8": ((IN, 4.0), (HOLD, 7.0), (OUT, 8.0)),
    "6/min": ((IN, 4.0), (OUT, 6.0)),
    "4/min": ((IN, 6.0), (OUT, 9.0)),
}
LEVELS = {IN: (0.0, 1.0), HOLD: (1.0, 1.0), OUT: (1.0, 0.0), REST: (0.0, 0.0)}
CYCLES_N, START_S = 9, 30.0
BELT = ChannelSpec("belt", Role.BELT, "N", ("force",), 10.0)
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0, inhale_axis=(0.0, 0.0, 1.0))
EITHER = pytest.mark.parametrize("channel", [BELT, ACC], ids=["belt", "acc"])
HELD = (PhaseKind.HOLD_IN, PhaseKind.HOLD_OUT)


def timeline(pattern):
    phases, t = [], START_S
    for cycle, (kind, seconds) in itertools.product(range(CYCLES_N), pattern):
        phases.append(TargetPhase(kind, t, t + seconds, *LEVELS[kind], 0, cycle, True))
        t += seconds
    return Timeline(tuple(phases)), t


def worn(channel, wearer, t_s, seed):
    rng = np.random.default_rng(seed)
    if channel is BELT:
        return (6.0 + 6.0 * wearer.level(t_s) + 0.02 * rng.standard_normal(len(t_s)))[:, None]
    return (wearer.acc_mg(t_s) + wearer.spec.acc_noise_mg * rng.standard_normal((len(t_s), 3))) / 1000.0


def session(drill, channel, seed, **worn_so):
    """Return what is told, and the wearer's holds: begin, end, at the top or not."""
    target, end_s = timeline(DRILLS[drill])
    wearer = Wearer(WearerSpec(seed=seed, **worn_so), target)
    t_s = np.arange(int(end_s * channel.rate_hz)) / channel.rate_hz
    block = SampleBlock(channel, t_s, worn(channel, wearer, t_s, seed))
    told = estimate_blocks(PersonEstimator([channel]), [block], end_s)
    chain = wearer._breathing.chain
    ends = [*chain.starts[1:], chain.end[0]]
    still = [(s.start_s, e, s.level_to) for s, e in zip(chain.strokes, ends, strict=True) if s.turn_s is None]
    return told, [(s, e, level > 0.5) for s, e, level in still if s > START_S and e - s > 1.5 and e < end_s - 1.0]


def told_holds(told):
    for b in (b for b in told if isinstance(b, Breath)):
        if b.hold_in_s > 0:
            yield b.exhale_onset_s - b.hold_in_s, b.exhale_onset_s, True
        if b.hold_out_s > 0:
            yield b.end_s - b.hold_out_s, b.end_s, False


@EITHER
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("drill", ["box", "4-7-8"])
def test_hold_begins_and_ends_within_half_a_second(drill, channel, seed):
    told, holds = session(drill, channel, seed)
    found = list(told_holds(told))
    late = [h for h in holds if h[0] > START_S + 40.0]  # told breaths begin with the first rate
    assert len(late) >= CYCLES_N - 3
    for start_s, end_s, top in late:
        same = [f for f in found if f[2] is top and f[0] < end_s and f[1] > start_s]
        assert len(same) == 1
        assert abs(same[0][0] - start_s) <= 0.5
        assert abs(same[0][1] - end_s) <= 0.5


@EITHER
@pytest.mark.parametrize("drill", ["box", "4-7-8"])
def test_hold_is_shown_within_two_seconds_of_its_beginning(drill, channel):
    told, holds = session(drill, channel, 1)
    phases = [e for e in told if isinstance(e, PhaseEstimate)]
    at = np.array([p.t_s for p in phases])
    right = []
    for start_s, end_s, top in (h for h in holds if h[0] > START_S + 80.0):
        seen = [phases[i].kind for i in at.searchsorted(np.arange(start_s + 2.0, end_s, 0.1), side="right") - 1]
        right += [kind is (PhaseKind.HOLD_IN if top else PhaseKind.HOLD_OUT) for kind in seen]
    assert len(right) > 50
    assert np.mean(right) >= 0.75


@EITHER
@pytest.mark.parametrize("drill", ["6/min", "4/min"])
def test_slow_breathing_without_holds_has_none(drill, channel):
    told, _ = session(drill, channel, 1)
    assert [h for h in told_holds(told) if h[0] > START_S + 20.0] == []
    held = [p for p in told if isinstance(p, PhaseEstimate) and p.kind in HELD and p.t_s > START_S + 45.0]
    assert held == []


@pytest.mark.parametrize(("tilt_deg", "noise_mg"), [(3.0, 4.0), (1.5, 1.0), (1.5, 4.0)])
@pytest.mark.parametrize("drill", ["box", "4-7-8"])
def test_hold_of_a_small_tilt_in_noise_begins_and_ends_within_half_a_second(drill, tilt_deg, noise_mg):
    told, holds = session(drill, ACC, 2, tilt_deg_pp=tilt_deg / 2.0, acc_noise_mg=noise_mg)
    found = list(told_holds(told))
    late = [h for h in holds if h[0] > START_S + 40.0]
    near = [f for h in late for f in found if f[2] is h[2] and abs(f[0] - h[0]) <= 0.5 and abs(f[1] - h[1]) <= 0.5]
    assert len(late) >= CYCLES_N - 3
    assert len(near) == len(late)


@pytest.mark.parametrize("drill", ["box", "4-7-8", "4/min"])
def test_no_hold_is_told_where_noise_buries_the_tilt(drill):
    told, _ = session(drill, ACC, 2, tilt_deg_pp=0.25, acc_noise_mg=4.0)
    assert len([h for h in told_holds(told) if h[0] > START_S + 40.0]) <= 1
