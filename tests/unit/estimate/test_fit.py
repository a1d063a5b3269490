"""Signal fit: each thing that can be wrong is found, named once, taken back, and never found on a well-worn sensor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breathcore.estimate.fit import SignalFit
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import FitEstimate, FitIssue
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.sensors import Sensors
from breathcore.source.sim.wearer import Wearer, WearerSpec

XYZ = ("x", "y", "z")
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", XYZ, 100.0, 0.2, limits=(-8.0, 8.0))
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", XYZ, 100.0, 0.2, limits=(-2000.0, 2000.0))
BELT = ChannelSpec("force", Role.BELT, "N", ("force",), 10.0, 0.1, limits=(-1.0, 50.0))
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0, 0.56, limits=(-20_000.0, 20_000.0))
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0, 1.0)
SAMPLED = (ACC, GYRO, BELT, ECG)
each_channel = pytest.mark.parametrize("channel", SAMPLED, ids=lambda c: c.id)


def worn(channel: ChannelSpec, seconds: float, faults: FaultSpec = NO_FAULTS, **wearer: float) -> np.ndarray:
    sensors = Sensors(Wearer(WearerSpec(**wearer)), faults)
    return sensors.read(channel, np.arange(int(seconds * channel.rate_hz)) / channel.rate_hz)


def blocks(channel: ChannelSpec, x: np.ndarray, size: int = 20, rate_hz: float | None = None) -> list[SampleBlock]:
    t_s = np.arange(len(x)) / (rate_hz or channel.rate_hz)
    return [SampleBlock(channel, t_s[i : i + size], x[i : i + size]) for i in range(0, len(x), size)]


def verdicts(channel: ChannelSpec, x: np.ndarray, rate_hz: float | None = None) -> list[FitEstimate]:
    fit = SignalFit([channel])
    return [v for b in blocks(channel, x, rate_hz=rate_hz) for v in fit.push(b)]


def last(channel: ChannelSpec, x: np.ndarray, **more: float) -> tuple[FitIssue, ...]:
    return verdicts(channel, x, **more)[-1].issues


@each_channel
@pytest.mark.parametrize("seed", range(4))
def test_a_well_worn_sensor_is_told_once_to_be_fine(channel, seed):
    assert [v.issues for v in verdicts(channel, worn(channel, 90, seed=seed))] == [()]


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 200.0])
@pytest.mark.parametrize("noise_mg", [1.0, 4.0])
@pytest.mark.parametrize("tilt_deg", [0.5, 3.0])
def test_shallow_and_deep_breaths_in_any_noise_are_not_taken_for_a_table(rate_hz, noise_mg, tilt_deg):
    channel = ChannelSpec("acc", Role.CHEST_ACC, "g", XYZ, rate_hz, 0.2)
    x = worn(channel, 60, tilt_deg_pp=tilt_deg, acc_noise_mg=noise_mg)
    assert last(channel, x) == ()


def test_a_strap_on_a_table_is_not_worn():
    assert last(ACC, worn(ACC, 30, FaultSpec(table=((0.0, 99.0),)))) == (FitIssue.NOT_WORN,)


def test_a_strap_that_is_put_on_is_fine_again():
    told = [v.issues for v in verdicts(ACC, worn(ACC, 60, FaultSpec(table=((0.0, 30.0),))))]
    assert told == [(), (FitIssue.NOT_WORN,), ()]


@each_channel
def test_the_same_value_all_the_time_is_flat_or_without_contact(channel):
    x = np.full((int(20 * channel.rate_hz), len(channel.axes)), 1.0)
    x[:, 1:] = 0.0
    assert last(channel, x)[0] == (FitIssue.NO_CONTACT if channel.role is Role.ECG else FitIssue.FLAT)


@pytest.mark.parametrize("axis", range(3))
def test_one_axis_that_stands_still_while_others_move_is_stuck(axis):
    x = worn(ACC, 40, tilt_deg_pp=3.0)
    x[:, axis] = 0.02
    x *= 1.0 / np.linalg.norm(x, axis=1).mean()
    assert FitIssue.STUCK_AXIS in last(ACC, x)


def test_a_stuck_axis_at_the_end_of_its_scale_is_also_saturated():
    x = worn(ACC, 40)
    x[:, 2] = -8.0
    assert {FitIssue.STUCK_AXIS, FitIssue.SATURATED, FitIssue.NO_GRAVITY} <= set(last(ACC, x))


def test_the_range_that_was_asked_for_is_the_scale():
    channel = ChannelSpec("acc", Role.CHEST_ACC, "g", XYZ, 100.0, 0.2, {"range": 2}, limits=(-8.0, 8.0))
    x = worn(channel, 10)
    x[-300:] = np.minimum(x[-300:] * 4.0, 2.0)
    assert FitIssue.SATURATED in last(channel, x)


@pytest.mark.parametrize("factor", [0.5, 0.88, 1.12, 9.80665])
def test_an_accelerometer_at_rest_that_does_not_read_1_g_is_told(factor):
    assert FitIssue.NO_GRAVITY in last(ACC, factor * worn(ACC, 20))


@pytest.mark.parametrize("bias_g", [-0.05, 0.05])
def test_the_bias_of_a_usual_sensor_is_not(bias_g):
    assert last(ACC, worn(ACC, 20) + bias_g / math.sqrt(3)) == ()


def test_a_rattling_sensor_is_noisy():
    rng = np.random.default_rng(1)
    assert FitIssue.NOISY in last(ACC, worn(ACC, 20) + 0.4 * rng.standard_normal((2000, 3)))


@pytest.mark.parametrize(("force_n", "issue"), [(0.2, FitIssue.SLACK), (-0.3, FitIssue.SLACK), (43.0, FitIssue.TIGHT)])
def test_a_belt_without_tension_or_with_too_much_is_told(force_n, issue):
    breath = np.sin(np.arange(300) / 10.0)[:, None]
    assert last(BELT, force_n + 0.1 * breath) == (issue,)


@pytest.mark.parametrize("unit", ["a.u.", "V"])
def test_a_belt_in_units_of_its_own_is_neither_slack_nor_tight(unit):
    channel = ChannelSpec("belt", Role.BELT, unit, ("v",), 10.0, 0.1)
    for level in (0.1, 4000.0):
        assert last(channel, level + 0.05 * np.sin(np.arange(300) / 10.0)[:, None]) == ()


def test_electrodes_off_the_skin_have_no_contact():
    assert last(ECG, worn(ECG, 20, FaultSpec(contact_lost=((5.0, 99.0),))))[0] is FitIssue.NO_CONTACT


def test_noise_in_which_beats_may_still_be_found_is_only_noisy():
    rng = np.random.default_rng(1)
    assert last(ECG, worn(ECG, 20) + 90.0 * rng.standard_normal((2600, 1))) == (FitIssue.NOISY,)


@each_channel
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_rate_far_from_nominal_is_told_with_the_rate(channel, factor):
    rate_hz = factor * channel.rate_hz
    x = worn(channel, 30)
    told = verdicts(channel, x, rate_hz=rate_hz)[-1]
    assert told.issues == (FitIssue.RATE_OFF,)
    assert told.rate_hz == pytest.approx(rate_hz, rel=0.02)


@each_channel
@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_a_rate_that_is_two_per_cent_off_is_not(channel, factor):
    assert last(channel, worn(channel, 30), rate_hz=factor * channel.rate_hz) == ()


@each_channel
def test_a_channel_that_stops_is_told_by_time_alone_and_not_before_its_limit(channel):
    fit = SignalFit([channel])
    for block in blocks(channel, worn(channel, 10)):
        fit.push(block)
    limit_s = max(1.5, 3 * channel.expected_interval_s)
    end_s = 10.0 - 1.0 / channel.rate_hz
    assert fit.tick(end_s + limit_s - 0.01) == ()
    assert [v.issues for v in fit.tick(end_s + limit_s + 0.01)] == [(FitIssue.NO_DATA,)]
    assert fit.tick(end_s + limit_s + 1.0) == ()


def test_what_has_never_sent_is_not_said_to_have_stopped():
    fit = SignalFit([*SAMPLED, RR])
    assert [v for t_s in range(60) for v in fit.tick(float(t_s))] == []


def beat(t_s: float) -> SampleBlock:
    return SampleBlock(RR, np.array([t_s]), np.array([[0.8]]))


def test_beats_that_stay_away_are_a_matter_of_the_electrodes():
    fit = SignalFit([RR])
    told = [v for t_s in range(10) for v in (*fit.push(beat(t_s)), *fit.tick(t_s + 0.5))]
    told += [v for t_s in range(10, 30) for v in fit.tick(float(t_s))]
    assert [v.issues for v in told] == [(), (FitIssue.NO_CONTACT,)]


def test_one_breath_a_packet_is_not_silence():
    breaths = ChannelSpec("breaths", Role.BREATH_PHASES, "s", ("phase", "duration"), 0.0, 6.0)
    fit = SignalFit([breaths])
    fit.push(SampleBlock(breaths, np.array([1.0]), np.array([[1.0, 9.0]])))
    assert [v.issues for t_s in range(2, 21) for v in fit.tick(float(t_s))] == [()]


def test_the_devices_word_on_contact_holds_until_it_takes_it_back():
    fit = SignalFit([RR, ECG])
    told = [v.issues for v in fit.on_contact(["rr"], on=False, t_s=5.0)]
    told += [v.issues for t_s in range(5, 20) for v in (*fit.push(beat(t_s)), *fit.tick(t_s + 0.5))]
    told += [v.issues for v in fit.on_contact(["rr"], on=True, t_s=20.0)]
    told += [v.issues for t_s in range(20, 30) for v in (*fit.push(beat(t_s)), *fit.tick(t_s + 0.5))]
    assert told == [(FitIssue.NO_CONTACT,), ()]


def test_many_damaged_packets_are_told_a_single_one_is_not():
    fit = SignalFit([RR])
    fit.push(beat(0.0))
    fit.on_fault(["rr"], 1.0)
    assert [v.issues for v in fit.tick(1.0)] == [()]
    for t_s in (2.0, 3.0, 4.0, 5.0):
        fit.on_fault(["rr"], t_s)
    assert [v.issues for v in fit.tick(5.0)] == [(FitIssue.DAMAGED,)]


def test_a_new_link_begins_without_the_old_ones_faults():
    fit = SignalFit([ACC])
    for block in blocks(ACC, worn(ACC, 10)):
        fit.push(block)
    fit.on_link(["acc"])
    assert fit.tick(60.0) == ()


def test_several_issues_come_the_most_urgent_first():
    order = list(FitIssue)
    x = worn(ACC, 40)
    x[:, 2] = -8.0
    found = last(ACC, x)
    assert list(found) == sorted(found, key=order.index)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_verdicts_do_not_depend_on_how_the_stream_was_cut(data):
    faults = FaultSpec(table=((20.0, 45.0),), loose=((50.0, 60.0),))
    x = worn(ACC, 70, faults)
    whole = [v for b in blocks(ACC, x, len(x)) for v in SignalFit([ACC]).push(b)]
    cuts = sorted(data.draw(st.lists(st.integers(1, len(x) - 1), max_size=60, unique=True)))
    t_s = np.arange(len(x)) / ACC.rate_hz
    fit, parts = SignalFit([ACC]), []
    for a, b in zip([0, *cuts], [*cuts, len(x)], strict=True):
        parts += fit.push(SampleBlock(ACC, t_s[a:b], x[a:b]))
    assert repr(parts) == repr(whole)
    assert len(whole) > 2


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    channel=st.sampled_from(SAMPLED),
)
def test_any_numbers_get_a_verdict_and_no_error(values, channel):
    x = np.resize(np.array(values), (1500, len(channel.axes)))
    for verdict in verdicts(channel, x):
        assert len(set(verdict.issues)) == len(verdict.issues)
