"""Session times of a simulated strap against the truth, over radio jitter, stalls, bursts, skew and clock resets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.clock import Synchroniser
from breathcore.sync.timeline import VOTE_S

ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0)
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 130.0)
FRAMES = ((ACC, 36), (ECG, 73))
H10_EPOCH_S = 599_616_000.0
T0_HOST_S = 12_345.0
JITTER_S = 0.03
STALL_S = 2.0
SKEWS = (0.0, 20e-6, 0.02, -0.02)


@dataclass(frozen=True)
class Sent:
    """One frame: its block as received, and when its samples were really taken."""

    block: RawBlock
    true_s: np.ndarray


def strap(
    seed: int,
    *,
    seconds: float = 40.0,
    skew: float = 0.0,
    stalls_s: Sequence[float] = (),
    start_s: float = 0.0,
    epoch_s: float = H10_EPOCH_S,
) -> list[Sent]:
    """Frames in order, as a radio link keeps it: each up to 30 ms late, or held until a 2-s stall is over."""
    rng = np.random.default_rng(seed)
    taken: list[tuple[ChannelSpec, np.ndarray, np.ndarray]] = []
    for channel, n in FRAMES:
        rate_hz = channel.rate_hz * (1 + skew)
        for first in range(0, int(seconds * rate_hz) - n, n):
            true_s = start_s + (first + 1 + np.arange(n)) / rate_hz
            device_s = epoch_s + (first + 1 + np.arange(n)) / channel.rate_hz
            taken.append((channel, true_s, device_s))
    sent, last_s = [], -np.inf
    for channel, true_s, device_s in sorted(taken, key=lambda frame: frame[1][-1]):
        arrival_s = max(true_s[-1] + rng.uniform(0, JITTER_S), last_s + 1e-4)
        for stall_s in stalls_s:
            if stall_s <= arrival_s < stall_s + STALL_S:
                arrival_s = stall_s + STALL_S
        last_s = arrival_s
        x = np.zeros((len(true_s), len(channel.axes)))
        sent.append(Sent(RawBlock(channel, x, device_s, T0_HOST_S + arrival_s), true_s))
    return sent


def given(sent: Sequence[Sent], clock: Synchroniser) -> dict[str, list[SampleBlock]]:
    """Push all and return each channel's blocks, those held back to the end too."""
    blocks = [b for frame in sent for b in clock.push(frame.block)] + list(clock.flush())
    return {c.id: [b for b in blocks if b.channel is c] for c, _ in FRAMES}


def errors(sent: Sequence[Sent], synchroniser: Synchroniser | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the true times and the errors of all samples; every sample must come out once, in order."""
    streams = given(sent, synchroniser or Synchroniser(T0_HOST_S))
    true_s: list[np.ndarray] = []
    wrong_s: list[np.ndarray] = []
    for channel, _ in FRAMES:
        truth = [f.true_s for f in sent if f.block.channel is channel]
        if truth:
            times = np.concatenate([b.t_s for b in streams[channel.id]])
            assert (np.diff(times) > 0).all()
            true_s.append(np.concatenate(truth))
            wrong_s.append(np.abs(times - true_s[-1]))
    return np.concatenate(true_s), np.concatenate(wrong_s)


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("stalls_s", [(), (15.0, 30.0), (9.0,), (0.0,)], ids=["jitter", "stalls", "early", "first"])
def test_after_ten_seconds_samples_lie_within_20_ms(skew: float, stalls_s: tuple[float, ...]) -> None:
    for seed in range(3):
        true_s, wrong_s = errors(strap(seed, skew=skew, stalls_s=stalls_s))
        assert wrong_s[true_s >= 10.0].max() <= 0.020


@pytest.mark.parametrize("skew", SKEWS)
def test_after_a_minute_samples_lie_within_8_ms(skew: float) -> None:
    true_s, wrong_s = errors(strap(7, seconds=100.0, skew=skew))
    assert wrong_s[true_s >= 60.0].max() <= 0.008


def test_a_crystal_that_warms_up_is_followed() -> None:
    clock = Synchroniser(T0_HOST_S)
    cold = strap(1, seconds=60.0)
    errors(cold, clock)
    acc_end_s = max(f.true_s[-1] for f in cold if f.block.channel is ACC)
    warm = strap(2, seconds=120.0, skew=-500e-6, start_s=acc_end_s, epoch_s=H10_EPOCH_S + acc_end_s)
    true_s, wrong_s = errors([f for f in warm if f.block.channel is ACC], clock)
    assert wrong_s.max() <= 0.030
    assert wrong_s[true_s > acc_end_s + 80.0].max() <= 0.012


def test_the_first_packets_vote_for_a_second_before_the_map_begins() -> None:
    clock = Synchroniser(T0_HOST_S)
    frames = strap(1)
    begun = next(i for i, f in enumerate(frames) if clock.push(f.block))
    waited_s = frames[begun].block.t_host_s - frames[0].block.t_host_s
    assert VOTE_S <= waited_s < VOTE_S + 0.7
    true_s, wrong_s = errors(frames)
    assert wrong_s[true_s < VOTE_S].max() <= JITTER_S / 2  # the first packet alone could be late by all of it


def test_slewing_never_distorts_a_settled_trace() -> None:
    clock = Synchroniser(T0_HOST_S)
    acc = np.concatenate([b.t_s for b in given(strap(3, stalls_s=(20.0,)), clock)["acc"]])
    intervals = np.diff(acc[acc > 10.0])
    assert intervals == pytest.approx(0.005, rel=0.01)


def test_it_follows_the_device_at_any_epoch() -> None:
    _, far = errors(strap(5, epoch_s=H10_EPOCH_S))
    _, near = errors(strap(5, epoch_s=0.0))
    np.testing.assert_allclose(far, near, atol=1e-6)


def test_a_clock_that_starts_over_after_a_reconnect_is_anchored_anew() -> None:
    clock = Synchroniser(T0_HOST_S)
    errors(strap(1, seconds=30.0, epoch_s=H10_EPOCH_S + 1e6), clock)
    after = strap(2, seconds=30.0, start_s=35.0, epoch_s=H10_EPOCH_S)
    streams = given(after, clock)
    for stream in streams.values():
        assert [b.gap_before for b in stream] == [True] + [False] * (len(stream) - 1)
    truth = np.concatenate([f.true_s for f in after if f.block.channel is ACC])
    wrong_s = np.abs(np.concatenate([b.t_s for b in streams["acc"]]) - truth)
    assert wrong_s.max() <= 0.020


@pytest.mark.parametrize("paused_s", [0.7, 3.0, 12.0])
def test_a_clock_that_stood_still_while_the_link_was_away_is_not_taken_for_late_packets(paused_s: float) -> None:
    clock = Synchroniser(T0_HOST_S)
    errors(strap(1, seconds=30.0), clock)
    assert clock.reconnected() == ()
    after = strap(2, seconds=20.0, start_s=30.0 + paused_s, epoch_s=H10_EPOCH_S + 30.0)
    _, wrong_s = errors(after, clock)
    assert wrong_s.max() <= 0.020


def test_a_clock_that_went_on_while_the_link_was_away_is_known_at_once() -> None:
    clock = Synchroniser(T0_HOST_S)
    frames = strap(4, seconds=60.0, skew=0.02)
    errors([f for f in frames if f.true_s[-1] < 30.0], clock)
    clock.reconnected()
    first, *_ = (f for f in frames if f.true_s[-1] >= 40.0)
    (block,) = clock.push(first.block)
    assert np.abs(block.t_s - first.true_s).max() <= 0.015


def test_a_burst_right_after_a_reconnect_loses_nothing() -> None:
    clock = Synchroniser(T0_HOST_S)
    frames = strap(4, seconds=60.0, stalls_s=(40.0,))
    errors([f for f in frames if f.true_s[-1] < 30.0], clock)
    clock.reconnected()
    true_s, wrong_s = errors([f for f in frames if f.true_s[-1] >= 40.0], clock)
    assert len(true_s)
    assert wrong_s.max() <= 0.015


def test_a_clock_set_forward_while_it_streams_is_anchored_anew() -> None:
    clock = Synchroniser(T0_HOST_S)
    errors(strap(1, seconds=20.0), clock)
    _, wrong_s = errors(strap(2, seconds=20.0, start_s=20.0, epoch_s=H10_EPOCH_S + 2e8), clock)
    assert wrong_s.max() <= JITTER_S + 1e-6


def test_a_pause_of_the_link_is_a_gap_on_the_same_clock() -> None:
    clock = Synchroniser(T0_HOST_S)
    frames = strap(4, seconds=60.0)
    errors([f for f in frames if f.true_s[-1] < 30.0], clock)
    rest = [f for f in frames if f.true_s[-1] >= 40.0]
    streams = given(rest, clock)
    for stream in streams.values():
        assert [b.gap_before for b in stream] == [True] + [False] * (len(stream) - 1)
    truth = np.concatenate([f.true_s for f in rest if f.block.channel is ACC])
    assert np.abs(np.concatenate([b.t_s for b in streams["acc"]]) - truth).max() <= 0.012


@pytest.mark.parametrize("false_s", [{100: 3.0}, {100: -400.0}, {100: 2e4, 101: -2.8}])
def test_frames_with_false_stamps_move_no_other(false_s: dict[int, float]) -> None:
    clock = Synchroniser(T0_HOST_S)
    frames = [f for f in strap(6, seconds=40.0) if f.block.channel is ACC]
    given_n = 0
    for n, frame in enumerate(frames):
        stamps = frame.block.t_device_s
        assert stamps is not None
        numbers = np.full((len(stamps), 3), float(n))
        for out in clock.push(RawBlock(ACC, numbers, stamps + false_s.get(n, 0.0), frame.block.t_host_s)):
            given_n += len(out.t_s)
            of = int(out.x[0, 0])
            limit_s = JITTER_S + 1e-6 if of in false_s or of < 60 else 0.020
            assert np.abs(out.t_s - frames[of].true_s[-len(out.t_s) :]).max() <= limit_s
    assert given_n >= sum(len(f.true_s) for f in frames) - 6 * len(false_s)  # those that it was late by


def test_one_early_packet_does_not_pull_the_clock() -> None:
    frames = [f for f in strap(6, seconds=40.0) if f.block.channel is ACC]
    block = frames[100].block
    frames[100] = Sent(RawBlock(ACC, block.x, block.t_device_s, block.t_host_s - 0.3), frames[100].true_s)
    true_s, wrong_s = errors(frames)
    assert wrong_s[true_s >= 10.0].max() <= 0.020


def test_the_same_packets_give_the_same_times_to_the_bit() -> None:
    frames = strap(8, skew=0.01, stalls_s=(12.0,))
    first, second = given(frames, Synchroniser(T0_HOST_S)), given(frames, Synchroniser(T0_HOST_S))
    for a, b in zip(first["acc"], second["acc"], strict=True):
        np.testing.assert_array_equal(a.t_s, b.t_s)


def test_session_time_starts_at_the_zero_given() -> None:
    frames = strap(1, seconds=3.0)
    early, *_ = given(frames, Synchroniser(T0_HOST_S))["acc"]
    late, *_ = given(frames, Synchroniser(T0_HOST_S - 100.0))["acc"]
    np.testing.assert_allclose(late.t_s - early.t_s, 100.0)
