"""Imported recordings as packets."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from breathcore.decode.errors import DecodeError
from breathcore.decode.registry import make_codec
from breathcore.decode.samples import SamplesCodec, decode_samples, encode_samples
from breathcore.model.blocks import FaultReason, RawBlock
from breathcore.model.device import ChannelSpec, CharacteristicSpec, CharacteristicUse, EndpointSpec, Role
from breathcore.model.errors import SignalError
from breathcore.model.packets import Direction, Packet

BELT = ChannelSpec("belt", Role.BELT, "a.u.", ("belt",), 50.0)
ENDPOINT = EndpointSpec(
    "samples", "samples", "", (CharacteristicSpec("data", "", (CharacteristicUse.NOTIFY,)),), (BELT,)
)
shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def packet(payload: bytes) -> Packet:
    return Packet("file", "samples.data", Direction.NOTIFY, 3_000_000_000, payload)


@given(
    hnp.arrays(np.float64, shapes, elements=finite), st.floats(0, 1e5), st.floats(0.1, 5000), st.sampled_from([4, 8])
)
def test_rows_and_times_come_back(x: np.ndarray, t_s: float, rate_hz: float, value_bytes: int) -> None:
    times, back = decode_samples(encode_samples(t_s, rate_hz, x, value_bytes))
    np.testing.assert_array_equal(back, x)
    np.testing.assert_array_equal(times, t_s + np.arange(len(x)) / rate_hz)


def test_a_row_that_is_no_number_is_left_out_and_its_time_stays_empty() -> None:
    times, x = decode_samples(encode_samples(1.0, 10.0, np.array([[1.0], [np.nan], [np.inf], [4.0]])))
    assert x.ravel().tolist() == [1.0, 4.0]
    assert times.tolist() == [1.0, 1.3]


def test_a_signalling_nan_and_a_time_without_end_are_left_out() -> None:
    payload = header(rate_hz=5e-324, value_bytes=4) + struct.pack("<f", 1.0) + bytes.fromhex("0100807f0000803f")
    times, x = decode_samples(payload)
    assert (times.tolist(), x.tolist()) == ([0.0], [[1.0]])


def header(t_s: float = 0.0, rate_hz: float = 50.0, axes: int = 1, value_bytes: int = 8) -> bytes:
    return struct.pack("<ddHH", t_s, rate_hz, axes, value_bytes)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", FaultReason.TRUNCATED),
        (header()[:-1], FaultReason.TRUNCATED),
        (header() + bytes(7), FaultReason.TRUNCATED),
        (header(t_s=float("nan")), FaultReason.BAD_HEADER),
        (header(rate_hz=0.0), FaultReason.BAD_HEADER),
        (header(rate_hz=float("inf")), FaultReason.BAD_HEADER),
        (header(rate_hz=float("nan")), FaultReason.BAD_HEADER),
        (header(axes=0), FaultReason.BAD_HEADER),
        (header(value_bytes=2), FaultReason.BAD_HEADER),
    ],
)
def test_packets_that_make_no_sense_are_refused(payload: bytes, reason: FaultReason) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_samples(payload)
    assert caught.value.fault is reason
    assert [f.reason for f in SamplesCodec("samples", (BELT,)).receive(packet(payload)).faults] == [reason]


def test_another_number_of_axes_than_the_channels_is_refused() -> None:
    received = SamplesCodec("samples", (BELT,)).receive(packet(encode_samples(0.0, 50.0, np.zeros((2, 3)))))
    assert [(f.reason, f.offset) for f in received.faults] == [(FaultReason.BAD_HEADER, 16)]


def test_an_endpoint_of_one_channel_is_read_and_written() -> None:
    codec = make_codec(ENDPOINT)
    block = RawBlock(BELT, np.arange(5.0)[:, None], 2.0 + np.arange(5) / 50, 3.0)
    ((endpoint, payload),) = codec.encode(block)
    assert endpoint == "samples.data"
    (back,) = codec.receive(packet(payload)).blocks
    np.testing.assert_array_equal(back.x, block.x)
    np.testing.assert_array_equal(back.t_device_s, block.t_device_s)
    assert back.t_host_s == pytest.approx(3.0)


def test_it_carries_one_channel() -> None:
    with pytest.raises(SignalError):
        SamplesCodec("samples", (BELT, BELT))
