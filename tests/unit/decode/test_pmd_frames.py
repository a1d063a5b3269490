"""PMD frames and the times of their samples."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_frames import UNSET_CLOCK_NS, decode_frame, encode_frame, sample_times_ns
from breathcore.model.blocks import FaultReason

ACC, ECG = Measurement.ACC, Measurement.ECG
stamps = st.integers(0, (1 << 62) - 1)
FRAMES = [(ECG, 0x00, 1, 24), (ACC, 0x00, 3, 8), (ACC, 0x01, 3, 16), (ACC, 0x02, 3, 24), (ACC, 0x81, 3, 16)]


@st.composite
def counts(draw: st.DrawFn, columns: int, bits: int) -> np.ndarray:
    value = st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)
    row = st.lists(value, min_size=columns, max_size=columns)
    return np.array(draw(st.lists(row, min_size=1, max_size=80)), dtype=np.int64)


@pytest.mark.parametrize(("type_", "frame_type", "columns", "bits"), FRAMES)
@given(data=st.data(), stamp_ns=stamps)
def test_frames_come_back(
    type_: Measurement, frame_type: int, columns: int, bits: int, data: st.DataObject, stamp_ns: int
) -> None:
    samples = data.draw(counts(columns, bits))
    frame = decode_frame(encode_frame(type_, stamp_ns, samples, frame_type))
    np.testing.assert_array_equal(frame.samples, samples)
    assert (frame.type, frame.timestamp_ns, frame.frame_type) == (type_, stamp_ns, frame_type)


@given(counts(3, 16))
def test_counts_with_a_factor_come_back_as_whole_mg(samples: np.ndarray) -> None:
    frame = decode_frame(encode_frame(ACC, 1, samples, 0x80), 0.000244)
    assert np.abs(frame.samples - samples * 0.244).max() < 1.01  # cut towards zero, in single precision


def test_a_factor_scales_frames_already_in_mg_too() -> None:
    payload = encode_frame(ACC, 1, np.array([[2, 4, -6]]), 0x81)
    assert decode_frame(payload, 0.5).samples.tolist() == [[1, 2, -3]]


@pytest.mark.parametrize("frame_type", [0x80, 0x81])
def test_without_its_factor_a_compressed_frame_is_no_number(frame_type: int) -> None:
    payload = encode_frame(ACC, 1, np.array([[2, 4, -6]]), frame_type)
    with pytest.raises(DecodeError) as caught:
        decode_frame(payload, None)
    assert caught.value.fault is FaultReason.UNEXPECTED


@pytest.mark.parametrize("frame_type", [0x00, 0x01, 0x02, 0x80])
def test_a_saturated_sensor_stays_at_its_limit(frame_type: int) -> None:
    bits = {0x00: 8, 0x01: 16, 0x02: 24, 0x80: 16}[frame_type]
    payload = encode_frame(ACC, 1, np.array([[1 << 30, -(1 << 30), 0]]), frame_type)
    samples = decode_frame(payload, 0.001).samples
    assert samples.tolist() == [[(1 << bits - 1) - 1, -(1 << bits - 1), 0]]


def test_unknown_frames_are_not_guessed() -> None:
    for type_, frame_type in ((ACC, 0x03), (ACC, 0x84), (ECG, 0x80), (ECG, 0x7F)):
        with pytest.raises(DecodeError) as caught:
            encode_frame(type_, 1, np.zeros((1, 3), np.int64), frame_type)
        assert caught.value.fault is FaultReason.UNSUPPORTED_FRAME
        with pytest.raises(DecodeError):
            decode_frame(bytes([type_]) + bytes(8) + bytes([frame_type]) + bytes(12))


def test_a_frame_without_samples_is_truncated() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_frame(bytes([ECG]) + bytes(9))
    assert (caught.value.fault, caught.value.offset) == (FaultReason.TRUNCATED, 10)


@given(
    previous=st.integers(1, 1 << 61), span=st.integers(1, 10_000_000_000), n=st.integers(1, 300), odd=st.integers(0, 1)
)
def test_stamps_are_the_exact_ones_rounded_half_to_even(previous: int, span: int, n: int, odd: int) -> None:
    frame_ns = previous + span + odd
    times = sample_times_ns(frame_ns, n, previous, 0.0).tolist()
    exact = [previous + Fraction((frame_ns - previous) * k, n) for k in range(1, n + 1)]
    assert times[-1] == frame_ns
    assert all(abs(t - e) <= Fraction(1, 2) + Fraction(1, 10**5) for t, e in zip(times, exact, strict=True))
    halves = [(t, e) for t, e in zip(times, exact, strict=True) if e.denominator == 2]
    assert all(t == round(e) for t, e in halves)


def test_the_first_frame_counts_back_at_its_rate() -> None:
    times = sample_times_ns(UNSET_CLOCK_NS, 36, 0, 200.0)
    assert np.diff(times).tolist() == [5_000_000] * 35
    assert times[-1] == UNSET_CLOCK_NS


@pytest.mark.parametrize(
    ("frame_ns", "previous_ns", "rate_hz", "reason"),
    [
        (5, 5, 200.0, FaultReason.NEGATIVE_TIMESTAMP),
        (5, 6, 200.0, FaultReason.NEGATIVE_TIMESTAMP),
        (1000, 0, 200.0, FaultReason.NEGATIVE_TIMESTAMP),
        (1000, 0, 0.0, FaultReason.TS_AND_RATE_ZERO),
        (1000, 0, float("nan"), FaultReason.TS_AND_RATE_ZERO),
    ],
)
def test_stamps_that_cannot_be(frame_ns: int, previous_ns: int, rate_hz: float, reason: FaultReason) -> None:
    with pytest.raises(DecodeError) as caught:
        sample_times_ns(frame_ns, 2, previous_ns, rate_hz)
    assert caught.value.fault is reason
