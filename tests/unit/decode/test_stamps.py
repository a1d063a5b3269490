"""Stamps that wrap, repeat, leap and lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.stamps import Stamps
from breathcore.model.blocks import FaultReason

RATE_HZ, ROWS_N = 100.0, 4
STEP = 40  # ms a packet


def fed(stamps: Stamps, *counts: int, step_s: float = 0.04) -> list[tuple[np.ndarray, int] | FaultReason]:
    """Return what comes of packets that arrive evenly."""
    found: list[tuple[np.ndarray, int] | FaultReason] = []
    for n, count in enumerate(counts):
        try:
            found.append(stamps.times(count, ROWS_N, RATE_HZ, n * step_s))
        except DecodeError as error:
            found.append(error.fault)
    return found


def burst(stamps: Stamps, *counts: int) -> list[tuple[np.ndarray, int] | FaultReason]:
    """Return what comes of packets that arrive together, three seconds after the first one."""
    stamps.times(1000, ROWS_N, RATE_HZ, 0.0)
    found: list[tuple[np.ndarray, int] | FaultReason] = []
    for count in counts:
        try:
            found.append(stamps.times(count, ROWS_N, RATE_HZ, 3.0))
        except DecodeError as error:
            found.append(error.fault)
    return found


def firsts(found: list[tuple[np.ndarray, int] | FaultReason]) -> list[float | FaultReason]:
    return [f if isinstance(f, FaultReason) else round(float(f[0][0]), 6) for f in found]


@given(start=st.integers(0, 2**32 - 1), rate_error=st.floats(-0.02, 0.02))
def test_even_packets_give_even_times_wherever_the_stamps_wrap(start: int, rate_error: float) -> None:
    stamps = Stamps(1e-6)
    counts = [(start + round(n * 40_000 * (1 + rate_error))) % 2**32 for n in range(20)]
    found = [stamps.times(c, ROWS_N, RATE_HZ, n * 0.04) for n, c in enumerate(counts)]
    times = np.concatenate([t for t, _ in found])
    assert [lost for _, lost in found] == [0] * 20
    np.testing.assert_allclose(np.diff(times), 0.01 * (1 + rate_error), atol=1e-3)
    assert times[0] == pytest.approx(start * 1e-6)


@pytest.mark.parametrize("lost_packets_n", [1, 2, 10])
def test_lost_packets_are_counted_in_samples(lost_packets_n: int) -> None:
    stamps = Stamps(1e-3)
    stamps.times(1000, ROWS_N, RATE_HZ, 0.0)
    _, lost_n = stamps.times(1000 + STEP * (1 + lost_packets_n), ROWS_N, RATE_HZ, 0.04 * (1 + lost_packets_n))
    assert lost_n == ROWS_N * lost_packets_n


def test_a_repeated_and_a_late_packet_are_refused() -> None:
    found = fed(Stamps(1e-3), 1000, 1040, 1040, 1080, 1000, 1120)
    assert firsts(found) == [1.0, 1.04, FaultReason.NOT_RISING, 1.08, FaultReason.NOT_RISING, 1.12]


def test_a_burst_after_silence_is_believed() -> None:
    stamps = Stamps(1e-3)
    stamps.times(1000, ROWS_N, RATE_HZ, 0.0)
    for n in range(1, 150):
        _, lost_n = stamps.times(1000 + STEP * n, ROWS_N, RATE_HZ, 6.0)
        assert lost_n == 0


def test_a_leap_beyond_what_the_host_waited_is_refused_and_what_follows_goes_on() -> None:
    found = fed(Stamps(1e-3), 1000, 1040, 900_000, 1120, 1160)
    assert firsts(found) == [1.0, 1.04, FaultReason.OUT_OF_RANGE, 1.12, 1.16]
    assert [f[1] for f in found if not isinstance(f, FaultReason)] == [0, 0, ROWS_N, 0]


def test_a_clock_that_was_set_is_believed_at_its_second_packet() -> None:
    found = fed(Stamps(1e-3), 1_000_000, 1_000_040, 20, 60, 100)
    assert firsts(found) == [1000.0, 1000.04, FaultReason.OUT_OF_RANGE, 0.06, 0.1]


def test_a_false_stamp_that_was_believed_is_found_out_by_the_next() -> None:
    found = burst(Stamps(1e-3), 1040, 2900, 1120, 1160)
    assert firsts(found) == [1.04, 2.9, 1.12, 1.16]
    assert found[2][1] == ROWS_N  # the one that was false


def test_a_hole_in_a_burst_is_believed() -> None:
    found = burst(Stamps(1e-3), 1040, 2900, 2940)
    assert firsts(found) == [1.04, 2.9, 2.94]
    assert [f[1] for f in found if not isinstance(f, FaultReason)] == [0, 46 * ROWS_N - ROWS_N // 2, 0]


@pytest.mark.parametrize("skew", [-0.005, 0.0, 0.005])
@pytest.mark.parametrize("seed", range(3))
def test_no_true_packet_is_refused_after_stalls_whose_bursts_have_holes(seed: int, skew: float) -> None:
    rng, stamps, free_s = np.random.default_rng(seed), Stamps(1e-3), 0.0
    for n in range(5000):
        taken_s = n * STEP * 1e-3
        if n % 400 == 399:
            free_s = taken_s + 5.0  # the radio is silent until then
        if n and rng.random() < 0.2:
            continue
        free_s = max(free_s, taken_s + float(rng.exponential(0.01)))
        stamps.times(1000 + round(n * STEP * (1.0 + skew)), ROWS_N, RATE_HZ, free_s)


def test_a_packet_from_the_future_is_refused_and_costs_itself_alone() -> None:
    counts = [1000 + STEP * n for n in range(200)]
    counts[150] += 500
    found = fed(Stamps(1e-3), *counts)
    assert [n for n, f in enumerate(found) if isinstance(f, FaultReason)] == [150]
    assert found[150] is FaultReason.OUT_OF_RANGE
    assert found[151][1] == ROWS_N


@pytest.mark.parametrize("later", [1, 19])
def test_a_packet_that_is_repeated_with_a_stamp_a_little_later_is_refused(later: int) -> None:
    found = fed(Stamps(1e-3), 1000, 1040, 1040 + later, 1080)
    assert firsts(found) == [1.0, 1.04, FaultReason.NOT_RISING, 1.08]
    assert found[3][1] == 0


@given(counts=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 1e4)), max_size=20))
def test_anything_gives_finite_rising_times_or_an_error_of_ours(counts: list[tuple[int, float]]) -> None:
    stamps = Stamps(1e-3)
    for count, t_host_s in counts:
        try:
            times, lost_n = stamps.times(count, ROWS_N, RATE_HZ, t_host_s)
        except DecodeError:
            continue
        assert np.isfinite(times).all()
        assert (np.diff(times) > 0).all()
        assert lost_n >= 0
