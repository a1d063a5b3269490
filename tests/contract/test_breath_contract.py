"""What holds for every reader of breath: right or silent, whatever the breathing, the sensor's rate, unit or clock."""

import numpy as np
import pytest
from breath_signals import BREATH_ROLES, NATIVE_HZ, Breathing, noise_of, signal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from breathcore.estimate.chain import PersonEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import HeartEstimate, RateEstimate

NEAR_BPM, NEAR_SHARE = 0.6, 0.06  # an answer this near, whichever is more, is right
SETTLED_S = 40.0  # after what was not breathing: the window is 32 s …
SLOW_BPM, SLOW_SETTLED_S = 8.0, 72.0  # … and 64 s for slow breathing
FASTEST_BPM = {Role.RR: 25.0, Role.ECG: 30.0}  # well below half the heart rate
SLOWEST_BPM = {Role.RR: 4.0, Role.ECG: 4.0}
WAVEFORMS = (Role.BELT, Role.ABDOMEN_BELT, Role.CHEST_ACC)


def told(role: Role, t: np.ndarray, x: np.ndarray, end_s: float, hz: float | None = None) -> list[object]:
    axes = ("x", "y", "z") if role is Role.CHEST_ACC else ("v",)
    hz = NATIVE_HZ[role] if hz is None else hz
    channel = ChannelSpec(role.value, role, "", axes, hz, inhale_axis=(0.0, 1.0, 0.0))
    person = PersonEstimator([channel])
    out = [*person.push(SampleBlock(channel, t, x)), *person.flush(end_s)]
    assert person.faults == ()
    return out


def rates(out: list[object]) -> np.ndarray:
    """Return one rate a second, from 0."""
    found = [e for e in out if isinstance(e, RateEstimate)]
    assert [e.t_s for e in found] == list(range(len(found)))
    assert all((e.refusal is None) == np.isfinite(e.rate_bpm) for e in found)
    assert all(0.0 <= e.quality <= 1.0 for e in found)
    return np.array([e.rate_bpm for e in found])


def wrong(rate_bpm: np.ndarray, truth_bpm: float) -> float:
    """Return the share of answers that are not right; NaN answers nothing."""
    answers = rate_bpm[np.isfinite(rate_bpm)]
    limit = max(NEAR_BPM, NEAR_SHARE * truth_bpm)
    return float((np.abs(answers - truth_bpm) > limit).mean()) if len(answers) else 0.0


def settled(rate_bpm: np.ndarray, b: Breathing) -> np.ndarray:
    """Return the rates of seconds whose window holds neither step nor gap, nor the beginning."""
    second = np.arange(len(rate_bpm))
    last_s = [0.0, b.step_s if b.step else 0.0, b.gap_s[1]]
    calm = np.ones(len(second), bool)
    wait_s = SETTLED_S if b.bpm > SLOW_BPM else SLOW_SETTLED_S
    for event_s in last_s:
        calm &= (second < event_s) | (second >= event_s + wait_s)
    return rate_bpm[calm]


BREATHING = st.builds(
    Breathing,
    bpm=st.floats(3.0, 45.0),
    inhale_share=st.floats(0.2, 2 / 3),
    phase=st.floats(0.0, 1.0),
    drift=st.floats(-1.0, 1.0),
    step=st.sampled_from([0.0, 0.0, -4.0, 3.0]),
    gap_s=st.sampled_from([(0.0, 0.0), (0.0, 0.0), (50.0, 50.7), (48.0, 58.0)]),
    clock=st.floats(0.98, 1.02),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    seconds=st.just(150.0),
    seed=st.integers(0, 99),
)


@pytest.mark.parametrize("role", BREATH_ROLES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(b=BREATHING)
@example(b=Breathing(bpm=3.0, inhale_share=0.2))
@example(b=Breathing(bpm=6.0, inhale_share=0.4, drift=0.5))
@example(b=Breathing(bpm=45.0, inhale_share=2 / 3))
def test_every_answer_is_right_whatever_the_breathing(role, b):
    slowest, fastest = SLOWEST_BPM.get(role, 3.0), FASTEST_BPM.get(role, 45.0)
    if not slowest <= b.bpm <= fastest:
        return
    out = told(role, *signal(role, b), b.seconds)
    assert wrong(settled(rates(out), b), b.bpm) <= 0.05


@pytest.mark.parametrize("role", WAVEFORMS)
@pytest.mark.parametrize("bpm", [3.0, 6.0, 12.0, 20.0, 30.0, 45.0])
@pytest.mark.parametrize("inhale_share", [0.2, 0.4, 2 / 3])
def test_clean_breathing_is_answered(role, bpm, inhale_share):
    b = Breathing(bpm=bpm, inhale_share=inhale_share, phase=0.3, seconds=100.0)
    found = settled(rates(told(role, *signal(role, b), b.seconds)), b)
    assert np.isfinite(found).mean() >= 0.9
    assert wrong(found, bpm) == 0.0


@pytest.mark.parametrize("role", BREATH_ROLES)
@pytest.mark.parametrize(("kind", "seeds_n", "share"), [("white", 3, 0.05), ("pink", 3, 0.05), ("walk", 10, 0.08)])
def test_noise_is_refused(role, kind, seeds_n, share):
    """Walks have stretches that look like breaths: below 5 % over many, with more scatter over ten."""
    found = [rates(told(role, *noise_of(role, kind, 200.0, seed), 200.0))[1:] for seed in range(seeds_n)]
    assert np.mean(np.isfinite(found)) <= share


RATES_HZ = {
    **dict.fromkeys(WAVEFORMS, (10.0, 12.5, 16.0, 25.0, 52.0, 64.0, 128.0, 200.0)),
    Role.ECG: (100.0, 125.0, 128.0, 130.0, 200.0, 250.0, 256.0, 500.0),
}
LOW_HZ = {**dict.fromkeys(WAVEFORMS, (1.0, 4.0, 5.0, 8.0)), Role.ECG: (25.0, 50.0, 99.0)}


@pytest.mark.parametrize(("role", "hz"), [(role, hz) for role, rates_hz in RATES_HZ.items() for hz in rates_hz])
def test_any_usual_sample_rate_gives_the_rate(role, hz):
    b = Breathing(bpm=13.0, phase=0.2, seconds=90.0)
    found = settled(rates(told(role, *signal(role, b, hz), b.seconds, hz)), b)
    assert wrong(found, b.bpm) == 0.0
    assert np.isfinite(found).mean() >= 0.8


@pytest.mark.parametrize(("role", "hz"), [(role, hz) for role, rates_hz in LOW_HZ.items() for hz in rates_hz])
def test_a_sample_rate_that_is_too_low_is_refused_with_a_reason_or_read_right(role, hz):
    b = Breathing(bpm=13.0, phase=0.2, seconds=90.0)
    assert wrong(rates(told(role, *signal(role, b, hz), b.seconds, hz)), b.bpm) == 0.0


@pytest.mark.parametrize("role", [r for r in BREATH_ROLES if r is not Role.RR])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_unit_does_not_matter(role, scale):
    b = Breathing(bpm=13.0, seconds=90.0)
    t, x = signal(role, b)
    one, other = told(role, t, x, b.seconds), told(role, t, scale * x, b.seconds)
    assert np.allclose(rates(one), rates(other), equal_nan=True)
    hearts = [[e.t_s for e in out if isinstance(e, HeartEstimate)] for out in (one, other)]
    assert np.allclose(*hearts)


@pytest.mark.parametrize("role", BREATH_ROLES)
@pytest.mark.parametrize("shift_s", [100.0, 86_400.0])
def test_the_time_of_day_does_not_matter(role, shift_s):
    b = Breathing(bpm=13.0, seconds=90.0)
    t, x = signal(role, b)
    one = rates(told(role, t, x, b.seconds))[1:]
    other = rates(told(role, t + shift_s, x, shift_s + b.seconds))[int(shift_s) + 1 :]
    known = np.isfinite(one) & np.isfinite(other)
    assert (np.isfinite(one) == np.isfinite(other)).mean() >= 0.97
    assert np.allclose(one[known], other[known], atol=0.05)


@pytest.mark.parametrize("role", BREATH_ROLES)
def test_what_is_missing_or_dead_is_no_breath_and_breath_is_back_after_it(role):
    b = Breathing(bpm=13.0, seconds=150.0, gap_s=(60.0, 75.0))
    t, x = signal(role, b)
    nan_x = x.copy()
    nan_x[(t > 20) & (t < 21)] = np.nan
    found = rates(told(role, t, nan_x, b.seconds))
    assert not np.isfinite(found[70:76]).any()
    assert wrong(settled(found, b), b.bpm) == 0.0
    if role in WAVEFORMS:
        assert np.isfinite(found[75 + int(SETTLED_S) :]).mean() >= 0.9


@pytest.mark.parametrize("role", BREATH_ROLES)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5])
def test_a_stuck_sensor_gives_no_number(role, value):
    t, x = signal(role, Breathing(seconds=70.0))
    assert not np.isfinite(rates(told(role, t, np.full_like(x, abs(value) if role is Role.RR else value), 70.0))).any()
