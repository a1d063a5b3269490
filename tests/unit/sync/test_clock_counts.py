"""Sampled channels of devices that do not say when: the count of samples is their clock."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.clock import Synchroniser

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("n",), 100.0)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", ("n",), 100.0)
N = 10


def sent(
    seconds: float, *, skew: float = 0.0, seed: int = 1, start_s: float = 0.0, channel: ChannelSpec = ACC
) -> tuple[list[RawBlock], np.ndarray]:
    """Packets of 10 samples, each up to 40 ms late, and when the samples were taken; each sample is its own number."""
    rng = np.random.default_rng(seed)
    packets_n = int(seconds * 100 * (1 + skew)) // N
    true_s = start_s + np.arange(1, packets_n * N + 1) / (100 * (1 + skew))
    blocks = []
    for k in range(packets_n):
        number = np.arange(k * N, (k + 1) * N, dtype=float)
        arrival_s = true_s[(k + 1) * N - 1] + rng.uniform(0, 0.04)
        blocks.append(RawBlock(channel, number[:, None], None, float(arrival_s)))
    return blocks, true_s


def pushed(blocks: Sequence[RawBlock], clock: Synchroniser | None = None) -> list[SampleBlock]:
    clock = clock or Synchroniser(0.0)
    return [out for b in blocks for out in clock.push(b)] + list(clock.flush())


def wrong(out: Sequence[SampleBlock], true_s: np.ndarray) -> np.ndarray:
    """Return the error of each sample given out, in the order of their numbers."""
    numbers = np.concatenate([b.x[:, 0] for b in out]).astype(int)
    times = np.concatenate([b.t_s for b in out])
    assert (np.diff(times) > 0).all()
    return np.abs(times - true_s[numbers])


@pytest.mark.parametrize("skew", [0.0, 50e-6, 0.02, -0.02])
def test_samples_without_a_stamp_lie_within_60_ms_from_the_first_on(skew: float) -> None:
    blocks, true_s = sent(60.0, skew=skew)
    wrong_s = wrong(pushed(blocks), true_s)
    assert len(wrong_s) == len(true_s)
    assert wrong_s.max() <= 0.060
    assert wrong_s[2000:].max() <= 0.020


def test_losses_that_are_known_move_no_sample_and_leave_a_gap() -> None:
    blocks, true_s = sent(30.0)
    kept = [*blocks[:100], RawBlock(ACC, blocks[160].x, None, blocks[160].t_host_s, 600), *blocks[161:]]
    out = pushed(kept)
    assert wrong(out, true_s).max() <= 0.045
    assert sum(b.gap_before for b in out) == 1


def test_losses_that_nobody_noticed_are_made_up_for_within_two_seconds() -> None:
    blocks, true_s = sent(30.0)
    out = pushed(blocks[:100] + blocks[160:])
    numbers = np.concatenate([b.x[:, 0] for b in out])
    assert wrong(out, true_s)[numbers > 1600 + 200].max() <= 0.045
    assert sum(b.gap_before for b in out) == 1


def test_a_stall_and_a_burst_are_no_loss() -> None:
    blocks, true_s = sent(30.0)
    late = [
        RawBlock(b.channel, b.x, None, max(b.t_host_s, 14.0) if 12 < b.t_host_s < 14 else b.t_host_s) for b in blocks
    ]
    out = pushed(late)
    assert wrong(out, true_s).max() <= 0.045
    assert not any(b.gap_before for b in out)


def test_a_loss_that_cannot_be_is_not_believed() -> None:
    blocks, true_s = sent(20.0)
    blocks[100] = RawBlock(ACC, blocks[100].x, None, blocks[100].t_host_s, 60_000)
    assert wrong(pushed(blocks), true_s).max() <= 0.045


def test_a_reconnect_starts_a_new_count() -> None:
    clock = Synchroniser(0.0)
    blocks, true_s = sent(20.0, skew=0.02)
    assert wrong(pushed(blocks, clock), true_s).max() <= 0.060
    assert clock.reconnected() == ()
    blocks, true_s = sent(20.0, skew=0.02, start_s=27.0, seed=2)
    out = pushed(blocks, clock)
    assert wrong(out, true_s).max() <= 0.045
    assert [b.gap_before for b in out][:3] == [True, False, False]


def test_channels_of_one_packet_get_the_same_times() -> None:
    acc, _ = sent(20.0)
    gyro, _ = sent(20.0, channel=GYRO)
    both = [b for pair in zip(acc, gyro, strict=True) for b in pair]
    out = pushed(both)
    times = [np.concatenate([b.t_s for b in out if b.channel is c]) for c in (ACC, GYRO)]
    np.testing.assert_array_equal(times[0], times[1])


def test_a_channel_that_lost_a_packet_of_its_own_finds_its_own_count() -> None:
    acc, true_s = sent(20.0)
    gyro, _ = sent(20.0, channel=GYRO)
    both = [b for k, pair in enumerate(zip(acc, gyro, strict=True)) for b in pair if not (b is pair[1] and k == 100)]
    out = pushed(both)
    assert wrong([b for b in out if b.channel is ACC], true_s).max() <= 0.045
    late = [b for b in out if b.channel is GYRO and b.x[0, 0] > 1300]
    assert wrong(late, true_s).max() <= 0.06


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0.0, 5.0), st.integers(0, 500)), max_size=60), st.booleans())
def test_whatever_arrives_times_rise_strictly_and_no_sample_is_lost(
    packets: list[tuple[int, float, int]], reconnects: bool
) -> None:
    clock, host_s, out = Synchroniser(0.0), 0.0, []
    for k, (n, wait_s, lost_n) in enumerate(packets):
        host_s += wait_s
        if reconnects and k % 7 == 6:
            out += clock.reconnected()
        out += clock.push(RawBlock(ACC, np.zeros((n, 1)), None, host_s, lost_n))
    out += clock.flush()
    times = np.concatenate([np.zeros(0), *(b.t_s for b in out)])
    assert (np.diff(times) > 0).all()
    if not reconnects:
        assert len(times) == sum(n for n, _, _ in packets)
