"""The public analysis: what it takes, what it refuses to take, and that it is causal on real recordings."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.effort import BeltTrace
from breathcore.estimate.offline import Analysis, analyse
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import Reason, SignalError
from breathcore.model.estimates import EffortBlock, HeartEstimate, Polarity, RateEstimate, Refusal

HZ = 25.0
T = np.arange(int(60 * HZ)) / HZ
BREATH = np.sin(2 * np.pi * 0.2 * T)
RECORDINGS = Path(os.environ.get("BREATHCORE_RECORDINGS", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.parametrize(
    ("signals", "reason"),
    [
        ({}, Reason.NO_SIGNAL),
        ({"nose": (BREATH, HZ)}, Reason.UNKNOWN_ROLE),
        ({"heart_rate": (BREATH, HZ)}, Reason.UNKNOWN_ROLE),
        ({"belt": (np.ones((50, 2)), HZ)}, Reason.BAD_SHAPE),
        ({"chest_acc": (BREATH, HZ)}, Reason.BAD_SHAPE),
        ({"rr": (np.array([[1.0, 0.8], [0.5, 0.8]]), 0.0)}, Reason.BAD_SHAPE),
        ({"belt": (BREATH, 0.0)}, Reason.BAD_RATE),
        ({"belt": (BREATH, -5.0)}, Reason.BAD_RATE),
        ({"ecg": (BREATH, math.nan)}, Reason.BAD_RATE),
        ({"belt": (BREATH, "25")}, Reason.BAD_RATE),
        ({"belt": (["a", "b"], HZ)}, Reason.BAD_SHAPE),
    ],
)
def test_what_is_no_signal_is_named(signals, reason):
    with pytest.raises(SignalError) as caught:
        analyse(signals)
    assert caught.value.reason is reason


def test_there_is_one_value_a_second_from_zero():
    a = analyse({"belt": (BREATH, HZ)})
    assert a.rate_t_s.tolist() == list(range(61))
    assert len(a.rate_bpm) == len(a.rate_live_bpm) == len(a.quality) == len(a.refusal) == 61
    assert all((r is None) == np.isfinite(v) for r, v in zip(a.refusal, a.rate_bpm, strict=True))
    assert not a.rate_bpm.flags.writeable


def test_the_best_source_is_chosen():
    acc = np.stack((0 * T, 0 * T, 1 + 0 * T), axis=1)
    both = analyse({"chest_acc": (acc, HZ), "belt": (BREATH, HZ), "abdomen_belt": (0 * T, HZ)})
    assert both.source == "belt"
    assert np.array_equal(both.rate_bpm, analyse({"belt": (BREATH, HZ)}).rate_bpm, equal_nan=True)


@pytest.mark.parametrize("role", ["belt", "chest_acc"])
@pytest.mark.parametrize("n", [0, 1, 30])
def test_too_few_samples_are_refused(role, n):
    a = analyse({role: (np.zeros((n, 3)) if role == "chest_acc" else np.zeros(n), HZ)})
    assert len(a.rate_bpm) == int(n / HZ) + 1
    assert not np.isfinite(a.rate_bpm).any()


def test_short_holes_are_bridged():
    x = BREATH.copy()
    x[700:710] = np.nan
    a = analyse({"belt": (x, HZ)})
    assert np.isfinite(a.rate_bpm[20:]).all()
    assert np.abs(a.rate_bpm[20:] - 12).max() < 0.2


def test_a_long_hole_has_no_data():
    x = BREATH.copy()
    x[750:1000] = np.nan
    a = analyse({"belt": (x, HZ)})
    assert a.refusal[35] is Refusal.NO_DATA
    assert a.refusal[30] is None


@pytest.mark.parametrize("role", ["ecg", "rr"])
def test_heart_alone_gives_a_heart_rate_and_no_breath(role):
    beats = np.arange(1, 74) * 0.8
    if role == "rr":
        a = analyse({"rr": (np.stack((beats, 0 * beats + 0.8), axis=1), 0)})
    else:
        t = np.arange(60 * 250) / 250.0
        x = np.exp(-(((np.mod(t + 0.4, 0.8) - 0.4) / 0.012) ** 2)) + 0.02 * np.random.default_rng(0).standard_normal(
            15000
        )
        a = analyse({"ecg": (-300 * x, 250.0)})
    assert np.isnan(a.rate_bpm).all()
    assert set(a.refusal) <= {Refusal.HEART_ONLY, Refusal.TOO_SHORT, Refusal.NO_DATA, Refusal.NOISE}
    assert a.refusal[-1] is not None
    assert a.source is None
    assert a.heart_source == role
    late = a.heart_t_s > 10
    assert late.sum() > 55
    assert np.abs(a.heart_bpm[late] - 75).max() < 0.5


def test_an_ecg_of_noise_has_no_heart_rate():
    a = analyse({"ecg": (np.random.default_rng(0).standard_normal(130 * 120), 130.0)})
    assert np.isfinite(a.heart_bpm).mean() < 0.05


def test_ectopic_and_missed_beats_do_not_move_the_rate():
    rr = np.full(60, 0.8)
    rr[[20, 21]] = 0.5, 1.1
    rr[40] = 1.6
    a = analyse({"rr": (np.stack((np.cumsum(rr), rr), axis=1), 0)})
    assert np.abs(a.heart_bpm[5:] - 75).max() < 1e-9


def test_a_wearables_own_heart_rate_is_passed_on():
    channel = ChannelSpec("hr", Role.HEART_RATE, "bpm", ("hr",), 0.0)
    out = PersonEstimator([channel]).push(SampleBlock(channel, np.array([1.0, 2.0]), np.array([[70.0], [0.0]])))
    beats = [e for e in out if isinstance(e, HeartEstimate)]
    assert beats[0].hr_bpm == 70
    assert math.isnan(beats[1].hr_bpm)


def test_nothing_that_measures_breath():
    assert PersonEstimator([]).refusal is Refusal.NO_SENSOR
    assert [e.refusal for e in PersonEstimator([]).flush(1.0)] == [Refusal.NO_SENSOR] * 2


def test_a_polarity_turns_the_trace_from_its_time_on():
    channel = ChannelSpec("b", Role.BELT, "", ("v",), HZ)
    block = SampleBlock(channel, T, BREATH[:, None])

    def trace(polarity):
        person = PersonEstimator([channel])
        if polarity is not None:
            person.push(polarity)
        blocks = [e for e in person.push(block) if isinstance(e, EffortBlock)]
        return np.concatenate([b.t_s for b in blocks]), np.concatenate([b.y for b in blocks])

    t, y = trace(None)
    _, turned = trace(Polarity(30.0, "b", -1))
    assert np.array_equal(turned, np.where(t < 30.0, y, -y))
    assert np.array_equal(trace(Polarity(30.0, "someone else", -1))[1], y)


def test_a_fault_in_one_branch_spares_the_other(monkeypatch):
    belt = ChannelSpec("b", Role.BELT, "", ("v",), HZ)
    rr = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)
    person = PersonEstimator([belt, rr])
    person.push(SampleBlock(belt, T[:500], BREATH[:500, None]))

    def broken(*_):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(BeltTrace, "push", broken)
    out = list(person.push(SampleBlock(belt, T[500:600], BREATH[500:600, None])))
    assert [(f.branch, f.detail) for f in person.faults] == [("breath", "ZeroDivisionError: boom")]
    out += person.push(SampleBlock(belt, T[600:750], BREATH[600:750, None]))
    assert [(e.t_s, e.refusal) for e in out if isinstance(e, RateEstimate)][-1] == (29.0, Refusal.NO_DATA)
    beats = person.push(SampleBlock(rr, np.array([30.0, 31.0, 32.0, 33.0]), np.full((4, 1), 1.0)))
    assert beats[-1].hr_bpm == pytest.approx(60.0)
    assert len(person.faults) == 1


def known_until(a: Analysis, t_s: float) -> tuple[list[float], list[str]]:
    seconds = a.rate_t_s <= t_s
    rates = np.nan_to_num(np.concatenate((a.rate_bpm[seconds], a.rate_live_bpm[seconds])), nan=-1.0)
    return rates.tolist(), [repr(b) for b in a.breaths if b.confirmed_s <= t_s and math.isfinite(b.end_s)]


@pytest.mark.parametrize(
    ("name", "signal", "role"),
    [
        ("bidmc_14", "resp_impedance_au", "belt"),
        ("paced-acc_pos2_10s", "acc_g", "chest_acc"),
    ],
)
def test_cutting_the_future_off_changes_nothing(name, signal, role):
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the recordings are not in {RECORDINGS}")
    spec = json.loads(path.read_text())["signals"][signal]
    x, hz = np.load(path.with_suffix(".npz"))[signal] * spec["scale"] + spec["offset"], spec["fs_hz"]
    x = x[: int(150 * hz)]
    full = analyse({role: (x, hz)})
    for n in np.random.default_rng(1).integers(int(5 * hz), len(x), 20):
        cut = analyse({role: (x[:n], hz)})
        delayed = n / hz - 0.4  # what a filter's delay later confirms
        assert known_until(cut, n / hz)[0] == known_until(full, n / hz)[0]
        assert known_until(cut, delayed)[1] == known_until(full, delayed)[1]
