"""The heart-rate block of Polar's advertisement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.errors import DecodeError
from breathcore.decode.polar_adv import PolarAdvertisement, decode_advertisement, encode_advertisement
from breathcore.model.blocks import FaultReason

bit, byte = st.integers(0, 1), st.integers(0, 255)


@given(st.builds(PolarAdvertisement, byte, byte, byte, st.integers(0, 7), bit, bit, bit, bit, bit))
def test_it_survives_its_bytes(value: PolarAdvertisement) -> None:
    assert decode_advertisement(encode_advertisement(value)) == value


@pytest.mark.parametrize(
    ("n", "reason"), [(0, FaultReason.TRUNCATED), (2, FaultReason.TRUNCATED), (5, FaultReason.BAD_LENGTH)]
)
def test_other_lengths_are_refused(n: int, reason: FaultReason) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_advertisement(bytes(n))
    assert caught.value.fault is reason
