"""What is given out around holes, repeats and events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.clock import Synchroniser

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x",), 100.0)
HR = ChannelSpec("hr", Role.HEART_RATE, "beats/min", ("hr",), 0.0)


def block(device_s: np.ndarray, *, late_s: float = 0.0, lost_n: int = 0) -> RawBlock:
    x = np.round(device_s * 100.0)[:, None]  # each sample is its own number: a mix-up would show
    return RawBlock(ACC, x, device_s, float(device_s[-1]) + late_s, lost_n)


def samples(first: int, n: int) -> np.ndarray:
    return (first + np.arange(n)) / 100.0


def pushed(*blocks: RawBlock) -> list[SampleBlock]:
    clock = Synchroniser(0.0)
    return [out for b in blocks for out in clock.push(b)] + list(clock.flush())


def test_blocks_that_follow_one_another_have_no_gap() -> None:
    out = pushed(block(samples(0, 20)), block(samples(20, 20)), block(samples(40, 5)))
    assert [b.gap_before for b in out] == [False, False, False]


def test_a_jump_of_more_than_one_and_a_half_intervals_is_a_gap() -> None:
    out = pushed(block(samples(0, 20)), block(samples(20, 20) + 0.004), block(samples(41, 20) + 0.004))
    assert [b.gap_before for b in out] == [False, False, True]


def test_samples_known_to_be_lost_are_a_gap() -> None:
    out = pushed(block(samples(0, 20)), block(samples(20, 20), lost_n=3))
    assert [b.gap_before for b in out] == [False, True]


def test_a_jump_inside_a_block_cuts_it() -> None:
    stamps = np.concatenate([samples(0, 10), samples(15, 10), samples(40, 3)])
    out = pushed(block(stamps))
    assert [len(b.t_s) for b in out] == [10, 10, 3]
    assert [b.gap_before for b in out] == [False, True, True]
    np.testing.assert_allclose(np.concatenate([b.t_s for b in out]), stamps)
    np.testing.assert_allclose(np.concatenate([b.x for b in out])[:, 0], np.round(stamps * 100))


def test_samples_given_out_before_are_dropped() -> None:
    out = pushed(block(samples(0, 20)), block(samples(10, 20)), block(samples(10, 20)))
    assert [len(b.t_s) for b in out] == [20, 10]
    assert out[1].gap_before
    assert out[1].x[:, 0].tolist() == list(range(20, 30))


def test_a_first_stamp_that_is_false_displaces_nothing_after_it() -> None:
    first = RawBlock(ACC, np.array([[-1.0]]), np.array([17.0]), 0.19)
    out = pushed(first, *(block(samples(20 * n, 20)) for n in range(1, 60)))
    times, x = np.concatenate([b.t_s for b in out]), np.concatenate([b.x for b in out])[:, 0]
    assert x.tolist() == [-1, *range(20, 1200)]
    np.testing.assert_allclose(times[1:], x[1:] / 100.0, atol=1e-6)


def test_stamps_that_do_not_rise_inside_a_block_are_left_out() -> None:
    (out,) = pushed(block(np.array([0.0, 0.01, 0.01, 0.005, 0.02])))
    assert out.x[:, 0].tolist() == [0, 1, 2]


def test_stamps_a_hair_apart_are_one() -> None:
    (out,) = pushed(block(1000.0 + np.array([0.0, 1e-12, 0.01])))
    assert out.x[:, 0].tolist() == [100_000, 100_001]


def test_times_are_read_only() -> None:
    (out,) = pushed(block(samples(0, 3)))
    with pytest.raises(ValueError, match="read-only"):
        out.t_s[0] = 1.0


def test_an_empty_block_is_nothing() -> None:
    assert Synchroniser(0.0).push(RawBlock(ACC, np.zeros((0, 1)), np.zeros(0), 1.0)) == ()


def test_what_is_held_back_at_the_start_comes_at_the_end() -> None:
    clock = Synchroniser(0.0)
    assert clock.push(block(samples(0, 3))) == ()
    (out,) = clock.flush()
    assert out.x[:, 0].tolist() == [0, 1, 2]
    assert clock.flush() == ()


def test_what_is_held_back_comes_when_the_link_is_a_new_one() -> None:
    clock = Synchroniser(0.0)
    clock.push(block(samples(0, 3)))
    assert [len(b.t_s) for b in clock.reconnected()] == [3]


def test_the_straps_own_heart_rate_gets_its_arrival() -> None:
    clock = Synchroniser(100.0)
    out = [b for t in (101.0, 102.2) for b in clock.push(RawBlock(HR, np.array([[60.0]]), None, t))]
    assert [b.t_s.tolist() for b in out] == [[1.0], [pytest.approx(2.2)]]
    assert [b.gap_before for b in out] == [False, False]


def test_events_that_arrive_together_still_rise() -> None:
    clock = Synchroniser(0.0)
    (out,) = clock.push(RawBlock(HR, np.array([[60.0], [61.0], [62.0]]), None, 5.0))
    assert (np.diff(out.t_s) > 0).all()
    assert out.t_s[-1] == 5.0


@given(
    st.lists(
        st.tuples(
            st.floats(-50.0, 50.0), st.integers(1, 40), st.floats(0.0, 5.0), st.integers(0, 1), st.floats(0.0, 1.0)
        ),
        max_size=30,
    )
)
def test_whatever_the_stamps_times_rise_strictly(frames: list[tuple[float, int, float, int, float]]) -> None:
    clock = Synchroniser(0.0)
    device_s, host_s, last_s = 1000.0, 0.0, -np.inf
    for jump_s, n, wait_s, lost_n, stretch in frames:
        device_s += jump_s
        host_s += wait_s
        stamps = device_s + np.arange(n) * 0.02 * stretch
        device_s = float(stamps[-1])
        for out in clock.push(RawBlock(ACC, np.zeros((n, 1)), stamps, host_s, lost_n)):
            assert out.t_s[0] > last_s
            assert (np.diff(out.t_s) > 0).all()
            last_s = float(out.t_s[-1])
    for out in clock.flush():
        assert out.t_s[0] > last_s
