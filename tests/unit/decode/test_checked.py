"""The damage check around every codec."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode.checked import CheckedCodec
from breathcore.decode.sweetzpot import SweetzpotCodec
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet, Request
from breathcore.model.protocols import StreamPlan

BELT = ChannelSpec("belt", Role.BELT, "a.u.", ("belt",), 10.0, 0.7, limits=(-1000.0, 1000.0), max_step=100.0)


class Told:
    """A codec that says what it is told to."""

    def __init__(self, *blocks: RawBlock) -> None:
        self._blocks = list(blocks)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        return ()

    def stop(self) -> tuple[Request, ...]:
        return ()

    def receive(self, packet: Packet) -> Received:
        return Received((self._blocks.pop(0),))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        return ()


def block(values: Sequence[float], t_host_s: float = 1.0, lost_n: int = 0) -> RawBlock:
    return RawBlock(BELT, np.array(values, dtype=np.float64)[:, None], None, t_host_s, lost_n)


def through(*blocks: RawBlock) -> list[Received]:
    codec = CheckedCodec(Told(*blocks))
    return [codec.receive(Packet("d", "belt.data", Direction.NOTIFY, 0, b"")) for _ in blocks]


@pytest.mark.parametrize("value", [1000.5, -1001.0, np.inf, -np.inf, np.nan])
def test_a_number_that_cannot_be_is_refused_with_channel_value_and_bound(value: float) -> None:
    (received,) = through(block([0.0, value, 0.0]))
    assert received.blocks == ()
    (fault,) = received.faults
    assert (fault.reason, fault.endpoint) == (FaultReason.OUT_OF_RANGE, "belt.data")
    assert fault.detail.startswith("belt: ")
    assert "1000" in fault.detail


def test_a_step_inside_a_block_makes_it_suspect() -> None:
    (received,) = through(block([0.0, 101.0]))
    assert [f.reason for f in received.faults] == [FaultReason.SUSPECT]
    assert "101" in received.faults[0].detail
    assert "100" in received.faults[0].detail


def test_a_step_from_the_last_sample_makes_a_block_suspect() -> None:
    first, second = through(block([0.0]), block([150.0], 1.7))
    assert len(first.blocks) == 1
    assert [f.reason for f in second.faults] == [FaultReason.SUSPECT]


def test_a_true_jump_costs_one_block_and_its_samples_are_counted_as_lost() -> None:
    results = through(block([0.0, 1.0]), block([500.0, 501.0], 1.7), block([502.0, 503.0], 2.4), block([504.0], 3.1))
    assert [len(r.blocks) for r in results] == [1, 0, 1, 1]
    assert [b.lost_n for r in results for b in r.blocks] == [0, 2, 0]


def test_one_false_sample_does_not_cost_the_one_after_it() -> None:
    results = through(block([0.0]), block([900.0], 1.7), block([1.0], 2.4), block([2.0], 3.1))
    assert [len(r.blocks) for r in results] == [1, 0, 1, 1]


def test_losses_before_a_refused_block_are_not_forgotten() -> None:
    results = through(block([0.0]), block([2000.0, 0.0], 1.7, lost_n=3), block([0.0], 2.4, lost_n=4))
    assert [b.lost_n for r in results for b in r.blocks] == [0, 3 + 2 + 4]


def test_after_silence_nothing_is_compared() -> None:
    assert [len(r.blocks) for r in through(block([0.0]), block([500.0], 3.2))] == [1, 1]


@pytest.mark.parametrize(("value", "passes"), [(290.0, 1), (310.0, 0)])
def test_over_lost_samples_a_step_may_be_larger_by_as_many(value: float, passes: int) -> None:
    assert len(through(block([0.0]), block([value], 1.7, lost_n=2))[1].blocks) == passes


def test_a_number_out_of_range_is_nothing_to_compare_with() -> None:
    assert [len(r.blocks) for r in through(block([0.0]), block([5000.0], 1.7), block([1.0], 2.4))] == [1, 0, 1]


@given(st.lists(st.lists(st.integers(-2000, 2000), min_size=1, max_size=7), min_size=1, max_size=12))
def test_whatever_comes_nothing_impossible_passes_and_every_sample_is_accounted_for(runs: list[list[int]]) -> None:
    results = through(*(block([float(v) for v in run], 1.0 + 0.7 * i) for i, run in enumerate(runs)))
    passed_n = sum(len(b.x) + b.lost_n for r in results for b in r.blocks)
    refused_after_n = 0
    for run, result in zip(runs, results, strict=True):
        assert len(result.blocks) + len(result.faults) == 1
        refused_after_n = 0 if result.blocks else refused_after_n + len(run)
        for b in result.blocks:
            assert np.abs(b.x).max() <= 1000.0
            assert len(b.x) == 1 or np.abs(np.diff(b.x[:, 0])).max() <= 100.0
    assert passed_n + refused_after_n == sum(len(run) for run in runs)


def test_faults_of_the_codec_itself_pass_through() -> None:
    codec = CheckedCodec(SweetzpotCodec("belt", (BELT,)))
    received = codec.receive(Packet("d", "belt.data", Direction.NOTIFY, 0, b"\0"))
    assert [f.reason for f in received.faults] == [FaultReason.TRUNCATED]
