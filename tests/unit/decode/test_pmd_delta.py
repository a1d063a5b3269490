"""Compressed sample lists: round trips over the full range of every width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.pmd_delta import decode_deltas, delta_bits, encode_deltas, pack, unpack
from breathcore.model.blocks import FaultReason


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


@st.composite
def sample_lists(draw: st.DrawFn, bits: int) -> np.ndarray:
    channels = draw(st.integers(1, 4))
    row = st.lists(signed(bits), min_size=channels, max_size=channels)
    return np.array(draw(st.lists(row, min_size=1, max_size=40)), dtype=np.int64)


@given(st.integers(2, 32).flatmap(lambda b: st.tuples(st.just(b), st.lists(signed(b), max_size=70))))
def test_packed_numbers_come_back(case: tuple[int, list[int]]) -> None:
    bits, values = case
    packed = pack(np.array(values, dtype=np.int64), bits)
    assert len(packed) == -(-bits * len(values) // 8)
    assert unpack(packed, bits, len(values)).tolist() == values


@given(st.sampled_from([8, 14, 16, 24]).flatmap(lambda b: st.tuples(st.just(b), sample_lists(b))), st.integers(1, 255))
def test_lists_come_back(case: tuple[int, np.ndarray], block_n: int) -> None:
    bits, samples = case
    content = encode_deltas(samples, bits, block_n)
    back, blocks = decode_deltas(content, samples.shape[1], bits)
    np.testing.assert_array_equal(back, samples)
    assert 1 + sum(count for _, count in blocks) == len(samples)
    assert all(2 <= width <= 32 for width, _ in blocks)


def _block_ends(content: bytes, channels: int) -> set[int]:
    ends = [2 * channels]
    while ends[-1] < len(content):
        bits, count = content[ends[-1] : ends[-1] + 2]
        ends.append(ends[-1] + 2 + -(-bits * count * channels // 8))
    return set(ends)


@given(sample_lists(16), st.data())
def test_a_list_cut_inside_a_block_is_dropped_whole(samples: np.ndarray, data: st.DataObject) -> None:
    content = encode_deltas(samples, 16)
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    channels = samples.shape[1]
    if len(cut) in _block_ends(content, channels):
        back, _ = decode_deltas(cut, channels, 16)
        np.testing.assert_array_equal(back, samples[: len(back)])
        return
    with pytest.raises(DecodeError) as caught:
        decode_deltas(cut, channels, 16, at=10)
    assert caught.value.fault is FaultReason.TRUNCATED
    assert caught.value.offset == 10 + len(cut)


@pytest.mark.parametrize("bits", [0, 1, 33, 255])
def test_undefined_widths_are_refused(bits: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_deltas(bytes([0, 0, bits, 1]) + bytes(40), 1, 16)
    assert caught.value.fault is FaultReason.BAD_HEADER
    assert caught.value.offset == 2


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 0, 2), (-2, 1, 2), (-3, 0, 3), (0, 2, 3), (-128, 127, 8), (0, 128, 9)]
)
def test_the_smallest_width_is_found(low: int, high: int, bits: int) -> None:
    assert delta_bits(np.array([low, high])) == bits
