"""What each Polar frame type carries, there and back in the wire's own numbers."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_control import Measurement
from breathcore.decode.pmd_forms import COMPRESSED, DELTAS, RAW
from breathcore.decode.pmd_frames import decode_frame, encode_frame
from breathcore.model.blocks import FaultReason

GYRO, MAG, PPG, PPI = Measurement.GYRO, Measurement.MAG, Measurement.PPG, Measurement.PPI
FLOATS = [Measurement.SKIN_TEMP, Measurement.PRESSURE, Measurement.TEMPERATURE]
INTEGER_DELTAS = [(t, f, form.columns, form.bits) for (t, f), form in DELTAS.items() if form.bits < 32]
FLOAT_FORMS = [*((t, f) for t in FLOATS for f in (0, COMPRESSED)), (GYRO, COMPRESSED | 1)]
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)


def rows(value: st.SearchStrategy[float], columns: int, dtype: type = np.int64) -> st.SearchStrategy[np.ndarray]:
    row = st.lists(value, min_size=columns, max_size=columns)
    return st.lists(row, min_size=1, max_size=25).map(lambda found: np.array(found, dtype=dtype))


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


@pytest.mark.parametrize(("type_", "frame_type", "columns", "bits"), INTEGER_DELTAS)
@given(data=st.data())
def test_compressed_counts_come_back(
    type_: Measurement, frame_type: int, columns: int, bits: int, data: st.DataObject
) -> None:
    counts = data.draw(rows(signed(bits), columns))
    frame = decode_frame(encode_frame(type_, 1, counts, frame_type))
    back = frame.samples
    if (type_, frame_type) == (MAG, COMPRESSED | 1):  # thousandths of a gauss, and a calibration
        back = np.rint(np.hstack([back[:, :3] * 1000.0, back[:, 3:]]))
    if (type_, frame_type) == (Measurement.ACC, COMPRESSED):  # counts of 1 g
        back = np.rint(back / 1000.0)
    np.testing.assert_array_equal(back, counts)
    assert all(bits != 1 for bits, _ in frame.blocks)


@pytest.mark.parametrize(("type_", "frame_type"), FLOAT_FORMS)
@given(data=st.data())
def test_floats_come_back_to_the_last_bit(type_: Measurement, frame_type: int, data: st.DataObject) -> None:
    samples = data.draw(rows(singles, 3 if type_ is GYRO else 1, np.float64))
    np.testing.assert_array_equal(decode_frame(encode_frame(type_, 1, samples, frame_type)).samples, samples)


@pytest.mark.parametrize(("type_", "frame_type"), FLOAT_FORMS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(type_: Measurement, frame_type: int, value: float) -> None:
    samples = np.array([[1.0] * (3 if type_ is GYRO else 1), [value] * (3 if type_ is GYRO else 1)])
    with pytest.raises(DecodeError) as caught:
        decode_frame(encode_frame(type_, 1, samples, frame_type))
    assert caught.value.fault is FaultReason.OUT_OF_RANGE


@given(st.integers(0x7F80_0000, 0x7FFF_FFFF))
def test_every_pattern_that_is_no_number_is_refused(pattern: int) -> None:
    frame = struct.pack("<BQBI", Measurement.TEMPERATURE, 1, 0, pattern)
    with pytest.raises(DecodeError) as caught:
        decode_frame(frame)
    assert caught.value.fault is FaultReason.OUT_OF_RANGE


byte, word, bit = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 1)


@given(st.lists(st.tuples(byte, word, word, bit, bit, bit), min_size=1, max_size=36))
def test_beats_come_back(beats: list[tuple[int, ...]]) -> None:
    frame = decode_frame(encode_frame(PPI, 7, np.array(beats), 0))
    assert frame.samples.tolist() == [list(beat) for beat in beats]


@given(rows(signed(24), 4))
def test_raw_light_comes_back(samples: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_frame(encode_frame(PPG, 1, samples, 0)).samples, samples)


def test_a_factor_scales_every_axis_but_no_status() -> None:
    light = encode_frame(PPG, 1, np.array([[2, 4, 7]]), 0x8D)
    assert decode_frame(light, 0.5).samples.tolist() == [[1.0, 2.0, 7.0]]
    field = encode_frame(MAG, 1, np.array([[2000, -4000, 0, 3]]), 0x81)
    assert decode_frame(field, 0.5).samples.tolist() == [[1.0, -2.0, 0.0, 3.0]]


@pytest.mark.parametrize(("type_", "frame_type"), sorted(DELTAS))
def test_no_compressed_frame_is_read_without_its_factor(type_: Measurement, frame_type: int) -> None:
    form = DELTAS[type_, frame_type]
    payload = encode_frame(Measurement(type_), 1, np.ones((2, form.columns)), frame_type)
    with pytest.raises(DecodeError) as caught:
        decode_frame(payload, None)
    assert caught.value.fault is FaultReason.UNEXPECTED


@pytest.mark.parametrize("type_", list(Measurement))
def test_frame_types_that_nobody_documents_are_not_guessed(type_: Measurement) -> None:
    known = {f for t, f in (*RAW, *DELTAS) if t == type_}
    for frame_type in set(range(256)) - known:
        with pytest.raises(DecodeError) as caught:
            decode_frame(struct.pack("<BQB", type_, 1, frame_type) + bytes(24))
        assert caught.value.fault is FaultReason.UNSUPPORTED_FRAME
