"""Breaths of a Tymewear: rates from ticks, and stamps that must follow."""

import pytest

from breathcore.decode.tymewear import TICK_S, TymeBreath, TymewearCodec, encode_breath
from breathcore.model.blocks import FaultReason, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet

RATE = ChannelSpec("rate", Role.RESPIRATION_RATE, "breaths/min", ("rate",), 0.0, 6.0)


def heard(*breaths: tuple[float, float]) -> list[Received]:
    """Feed breaths of 4 s, given by stamp and arrival in s."""
    codec = TymewearCodec("breath", (RATE,))
    payloads = [encode_breath(TymeBreath(round(t_s / TICK_S), 150, 250, 800)) for t_s, _ in breaths]
    return [
        codec.receive(Packet("d", "breath.data", Direction.NOTIFY, round(at_s * 1e9), payload))
        for payload, (_, at_s) in zip(payloads, breaths, strict=True)
    ]


def rates(results: list[Received]) -> list[float | None]:
    return [round(float(r.blocks[0].x[0, 0]), 3) if r.blocks else None for r in results]


def test_the_first_rate_is_from_the_breaths_own_length_the_next_from_ticks() -> None:
    assert rates(heard((100.0, 1.0), (104.8, 5.8))) == [15.0, 12.5]


def test_after_a_lost_breath_the_rate_is_from_its_own_length() -> None:
    assert rates(heard((100.0, 1.0), (109.0, 10.0))) == [15.0, 15.0]


@pytest.mark.parametrize("stamp_s", [100.0, 90.0, 5000.0])
def test_a_stamp_that_does_not_follow_is_refused_and_the_next_true_one_is_not(stamp_s: float) -> None:
    results = heard((100.0, 1.0), (stamp_s, 5.0), (108.0, 9.0))
    assert [f.reason for f in results[1].faults] == [FaultReason.NOT_RISING]
    assert [bool(r.blocks) for r in results] == [True, False, True]


def test_a_clock_that_was_set_costs_one_breath() -> None:
    results = heard((1000.0, 1.0), (0.4, 5.0), (4.4, 9.0), (8.4, 13.0))
    assert [bool(r.blocks) for r in results] == [True, False, True, True]


def test_types_that_are_not_understood_are_left_alone() -> None:
    codec = TymewearCodec("breath", (RATE,))
    for payload in (b"\x02" + bytes(12), b"\x06" + bytes(16)):
        received = codec.receive(Packet("d", "breath.data", Direction.NOTIFY, 0, payload))
        assert (received.blocks, received.faults) == ((), ())
