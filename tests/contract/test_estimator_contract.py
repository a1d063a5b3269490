"""Every estimator of the registry: any block split, causal, reset is fresh, latency, scale, gaps, dead input."""

import importlib
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breathcore import estimate
from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.registry import HEARTS, REPORTS, TRACES, TURNINGS, Silent, reader_of
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import (
    Breath,
    EffortBlock,
    HeartEstimate,
    PhaseEstimate,
    RateEstimate,
    Turn,
)

SECONDS = 90
BREATH_HZ = 0.2
RATES = {Role.BELT: 10.0, Role.ABDOMEN_BELT: 64.0, Role.CHEST_ACC: 100.0, Role.ECG: 130.0, Role.RR: 0.0}
RATES[Role.GYRO] = 52.0
RATES |= dict.fromkeys((Role.HEART_RATE, Role.RESPIRATION_RATE, Role.BREATH_PHASES), 0.0)
ROLES = [*TRACES, *TURNINGS, *HEARTS, *REPORTS]
SAMPLED = [role for role in ROLES if RATES[role] > 0]
AXES = {Role.CHEST_ACC: ("x", "y", "z"), Role.GYRO: ("x", "y", "z"), Role.BREATH_PHASES: ("in", "out")}


def channel(role: Role) -> ChannelSpec:
    return ChannelSpec(role.value, role, "", AXES.get(role, ("v",)), RATES[role], inhale_axis=(0.0, 1.0, 0.0))


def ecg(t: np.ndarray) -> np.ndarray:
    phase = np.mod(t + 0.2, 0.8) - 0.4
    return np.exp(-((phase / 0.012) ** 2)) - 0.2 * np.exp(-(((phase - 0.03) / 0.015) ** 2))


def recording(role: Role, seconds: float = SECONDS) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    if role in (Role.RR, Role.HEART_RATE):
        t = np.cumsum(0.8 + 0.05 * np.sin(2 * np.pi * BREATH_HZ * 0.8 * np.arange(int(seconds / 0.8))))
        rr = np.diff(t, prepend=t[0] - 0.8)
        return t, (rr if role is Role.RR else 60.0 / rr)[:, None]
    if role in REPORTS:
        t = np.arange(1.0, seconds, 1.0 if role is Role.RESPIRATION_RATE else 1.0 / BREATH_HZ)
        row = [60.0 * BREATH_HZ] if role is Role.RESPIRATION_RATE else [0.4 / BREATH_HZ, 0.6 / BREATH_HZ]
        return t, np.tile(row, (len(t), 1))
    t = np.arange(int(seconds * RATES[role])) / RATES[role]
    breath = np.sin(2 * np.pi * BREATH_HZ * t)
    if role is Role.ECG:
        return t, (ecg(t) + 0.02 * rng.standard_normal(len(t)))[:, None]
    if role is Role.GYRO:
        turning = np.stack((0.3 + 0 * t, np.cos(2 * np.pi * BREATH_HZ * t), 0 * t), axis=1)
        return t, turning + 0.05 * rng.standard_normal(turning.shape)
    if role is Role.CHEST_ACC:
        tilt = np.radians(1.0) * breath
        x = np.stack((0.3 + 0 * t, np.sin(tilt), np.cos(tilt)), axis=1)
        return t, x + 0.002 * rng.standard_normal(x.shape)
    return t, (5.0 + breath + 0.1 * rng.standard_normal(len(t)))[:, None]


def run(role: Role, t: np.ndarray, x: np.ndarray, edges: list[int], end_s: float = SECONDS) -> list[object]:
    person = PersonEstimator([channel(role)])
    out: list[object] = []
    for a, b in pairwise(edges):
        out += person.push(SampleBlock(channel(role), t[a:b], x[a:b]))
    out += person.flush(end_s)
    assert person.faults == ()
    return out


def told(out: list[object]) -> list[str]:
    """Everything but the trace, exactly, kind by kind; a NaN equals a NaN."""
    return sorted((repr(e) for e in out if not isinstance(e, EffortBlock)), key=lambda text: text.split("(")[0])


def trace(out: list[object]) -> tuple[np.ndarray, np.ndarray]:
    blocks = [e for e in out if isinstance(e, EffortBlock)]
    if not blocks:
        return np.empty(0), np.empty(0)
    return np.concatenate([b.t_s for b in blocks]), np.concatenate([b.y for b in blocks])


def rates(out: list[object]) -> np.ndarray:
    return np.array([e.rate_bpm for e in out if isinstance(e, RateEstimate)])


# Recorded, not read by an estimator: what the wearable itself found out, and what does not move with the breath.
NOT_READ = {
    Role.ACC, Role.MAG, Role.ORIENTATION, Role.PPG, Role.BREATH_DEPTH, Role.TEMPERATURE, Role.PRESSURE,
    Role.ACTIVITY, Role.BATTERY,
}  # fmt: skip


def test_every_role_that_can_be_read_is_registered_once():
    assert set(ROLES) == set(Role) - NOT_READ
    assert len(set(ROLES)) == len(ROLES)


# What takes a stream and is no part of a reader: who holds it to a contract of its own.
ELSEWHERE = {
    "Silent": "tests/contract/test_estimator_contract.py",
    "SignalFit": "tests/unit/estimate/test_fit.py",
    "RangeCalibrator": "tests/unit/estimate/test_calibration.py",
    "LookAhead": "tests/unit/estimate/test_lookahead.py",
    "HeartRhythm": "tests/unit/estimate/test_heart_rhythm.py",
}


ROUND = [
    replace(channel(role), id=f"{place.value}.{role.value}", place=place)
    for place in Place
    for role in (Role.CHEST_ACC, Role.GYRO, *((Role.BELT,) if place in (Place.STERNUM, Place.NAVEL) else ()))
]


def streaming_classes() -> dict[str, type]:
    """Return every class with a `push` that the room defines; protocols, which describe one, left out."""
    found: dict[str, type] = {}
    for module in pkgutil.walk_packages(estimate.__path__, "breathcore.estimate."):
        for name, value in vars(importlib.import_module(module.name)).items():
            here = isinstance(value, type) and value.__module__ == module.name
            if here and hasattr(value, "push") and not getattr(value, "_is_protocol", False):
                found[name] = value
    return found


def parts(thing: object, seen: set[int]) -> Iterator[object]:
    """Yield `thing` and all that it is made of."""
    if id(thing) in seen or isinstance(thing, type | str | np.ndarray):
        return
    seen.add(id(thing))
    yield thing
    inner = [*thing.values()] if isinstance(thing, dict) else [*thing] if isinstance(thing, list | tuple | set) else []
    inner += vars(thing).values() if hasattr(thing, "__dict__") else []
    inner += [getattr(thing, n) for c in type(thing).__mro__ for n in getattr(c, "__slots__", ()) if hasattr(thing, n)]
    inner += [thing.__self__] if hasattr(thing, "__self__") and not isinstance(thing.__self__, type) else []
    for part in inner:
        yield from parts(part, seen)


def test_whatever_takes_a_stream_is_part_of_a_registered_reader_or_held_to_a_contract_elsewhere(repo):
    """A new estimator that no registry leads to is under none of the tests here: it fails this one."""
    person = PersonEstimator([channel(role) for role in ROLES])
    for role in ROLES:
        t, x = recording(role, 30)
        person.push(SampleBlock(channel(role), t, x))
    trunk = TrunkEstimator(ROUND)  # held to tests/contract/test_trunk_contract.py, with all that it is made of
    known = (*parts(person, set()), *parts(trunk, set()))
    covered = {c for part in known for c in type(part).__mro__}
    missing = {name for name, c in streaming_classes().items() if c not in covered}
    assert missing <= set(ELSEWHERE)
    for name in missing:
        assert name in (repo / ELSEWHERE[name]).read_text("utf-8")


def test_what_stands_in_for_a_reader_that_failed_refuses_each_second_once():
    t = np.arange(0.0, 10.0, 0.1)
    whole, cut = Silent(3), Silent(3)
    one = [*whole.push(t, t[:, None]), *whole.flush(12.0)]
    many = [e for k in range(100) for e in cut.push(t[k : k + 1], t[k : k + 1, None])] + cut.flush(12.0)
    assert [repr(e) for e in one] == [repr(e) for e in many]
    assert [e.t_s for e in one] == list(range(3, 13))
    assert not np.isfinite(rates(one)).any()


@pytest.mark.parametrize("role", ROLES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_block_split_gives_the_same_bits(role, data):
    t, x = recording(role, 40)
    size = data.draw(st.integers(1, 400), label="largest block")
    steps = np.random.default_rng(data.draw(st.integers(0, 99))).integers(1, size + 1, len(t))
    edges = [0, *(int(e) for e in np.cumsum(steps) if e < len(t)), len(t)]
    one, many = run(role, t, x, [0, len(t)], 40), run(role, t, x, edges, 40)
    assert told(one) == told(many)
    for a, b in zip(trace(one), trace(many), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("cut_s", [13.0, 37.25, 61.0])
def test_nothing_depends_on_what_comes_later(role, cut_s):
    t, x = recording(role)
    n = int(np.searchsorted(t, cut_s))
    full, part = run(role, t, x, [0, len(t)]), run(role, t[:n], x[:n], [0, n], cut_s)

    def known(out: list[object]) -> list[str]:
        kept: list[object] = [e for e in out if isinstance(e, RateEstimate | PhaseEstimate) and e.t_s <= cut_s - 1]
        kept += [e for e in out if isinstance(e, RateEstimate) and cut_s - 1 < e.t_s <= cut_s]
        kept += [e for e in out if isinstance(e, Breath | Turn) and e.confirmed_s < cut_s - 0.1]
        kept += [e for e in out if isinstance(e, HeartEstimate) and e.t_s < cut_s - 1]
        return sorted(repr(e) for e in kept)

    assert known(part) == known(full)
    assert len(known(part)) > 10


@pytest.mark.parametrize("role", ROLES)
def test_reset_is_as_good_as_new(role):
    t, x = recording(role)
    reader = reader_of(channel(role))
    first = [*reader.push(t, x), *reader.flush(SECONDS + 5.0)]
    reader.reset()
    assert reader.next_s == 0
    again = [*reader.push(t, x), *reader.flush(SECONDS + 5.0)]
    assert [repr(e) for e in again if not isinstance(e, EffortBlock)] == [
        repr(e) for e in first if not isinstance(e, EffortBlock)
    ]
    for a, b in zip(trace(first), trace(again), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("role", TRACES)
def test_a_reset_trace_is_as_good_as_new(role):
    t, x = recording(role)
    source = TRACES[role][0](channel(role))
    first = source.push(t, x)
    source.tick(math.nan)
    source.reset()
    again = source.push(t, x)
    assert [p.new_run for p in again] == [True]
    assert np.array_equal(first[0].y, again[0].y)


@pytest.mark.parametrize("role", TRACES)
def test_the_trace_is_known_within_its_declared_latency(role):
    t, x = recording(role, 40)
    person = PersonEstimator([channel(role)])
    late = []
    for i in range(len(t)):
        for e in person.push(SampleBlock(channel(role), t[i : i + 1], x[i : i + 1])):
            if isinstance(e, EffortBlock):
                late.append(t[i] - e.t_s[0])
    assert 0 < max(late) <= person.latency_s + 1e-9 <= 0.4


@pytest.mark.parametrize("role", TRACES)
def test_the_trace_is_on_time(role):
    """Declared latency left out, the trace is where the chest was: within 20 ms."""
    t, x = recording(role)
    at, y = trace(run(role, t, x, [0, len(t)]))
    late = at > 40
    angle = 2 * np.pi * BREATH_HZ * at[late]
    y = y[late] - y[late].mean()
    lag = math.atan2(-float(y @ np.cos(angle)), float(y @ np.sin(angle))) / (2 * np.pi * BREATH_HZ)
    assert abs(lag) < 0.02


@pytest.mark.parametrize("role", [Role.BELT, Role.ABDOMEN_BELT])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_a_belts_unit_does_not_matter(role, scale):
    t, x = recording(role)
    a, b = run(role, t, x, [0, len(t)]), run(role, t, scale * x, [0, len(t)])
    assert np.allclose(rates(a), rates(b), equal_nan=True)
    breaths = [[e for e in out if isinstance(e, Breath)] for out in (a, b)]
    assert np.allclose([e.inhale_onset_s for e in breaths[0]], [e.inhale_onset_s for e in breaths[1]])
    assert np.allclose([scale * e.amplitude for e in breaths[0][:-1]], [e.amplitude for e in breaths[1][:-1]])


@pytest.mark.parametrize("role", TRACES)
def test_a_gap_is_told_and_survived(role):
    t, x = recording(role)
    kept = (t < 40) | (t >= 50)
    out = run(role, t[kept], x[kept], [0, int(kept.sum())])
    by_second = {e.t_s: e for e in out if isinstance(e, RateEstimate)}
    assert sorted(by_second) == list(range(SECONDS + 1))
    assert np.isfinite(by_second[40.0].rate_bpm)
    assert all(by_second[s].refusal is not None and by_second[s].refusal.value == "no-data" for s in range(42, 51))
    back = next(s for s in range(51, SECONDS) if np.isfinite(by_second[s].rate_bpm))
    assert back - 50 <= 3 / BREATH_HZ


@pytest.mark.parametrize("role", TRACES)
@pytest.mark.parametrize("end", ["gone", "flat", "noise"])
def test_no_number_outlives_the_signal_by_8_s(role, end):
    t, x = recording(role)
    late = t >= 50
    x[late] = x[0] + {"gone": np.nan, "flat": 0.0, "noise": 1.0}[end] * (
        np.random.default_rng(2).standard_normal(x[late].shape) * (0.03 if role is Role.CHEST_ACC else 1.0)
    )
    out = run(role, t, x, [0, len(t)])
    answers = [e.t_s for e in out if isinstance(e, RateEstimate) and np.isfinite(e.rate_bpm)]
    assert 49 <= max(answers) < 58


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_dead_input_gives_no_number(role, value):
    t, x = recording(role, 60)
    out = run(role, t, np.full_like(x, value) if role is not Role.HEART_RATE else 0 * x, [0, len(t)], 60)
    assert not np.isfinite(rates(out)).any() or (role, value) == (Role.BREATH_PHASES, 1.0)  # 1 s in, 1 s out: 30/min
    if role is not Role.RR:
        assert not any(math.isfinite(e.hr_bpm) for e in out if isinstance(e, HeartEstimate))


@pytest.mark.parametrize("role", ROLES)
def test_no_samples_at_all(role):
    out = run(role, np.empty(0), np.empty((0, 3 if role is Role.CHEST_ACC else 1)), [0, 0], 5.0)
    assert [e.t_s for e in out if isinstance(e, RateEstimate)] == [0, 1, 2, 3, 4, 5]
    assert not np.isfinite(rates(out)).any()
