"""Beat times from intervals that carry no time."""

import numpy as np
import pytest

from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.clock import Synchroniser

RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)


def intervals(counts: list[int], t_host_s: float, lost_n: int = 0) -> RawBlock:
    return RawBlock(RR, np.array(counts, float)[:, None] / 1024, None, t_host_s, lost_n)


def run(*blocks: RawBlock) -> list[SampleBlock]:
    clock = Synchroniser(0.0)
    out = [b for block in blocks for b in clock.push(block)]
    times = np.concatenate([b.t_s for b in out])
    assert (np.diff(times) > 0).all()
    return out


def test_the_newest_beat_of_the_first_packet_is_at_its_arrival() -> None:
    (out,) = run(intervals([1000, 900], 10.0))
    assert out.t_s.tolist() == [10.0 - 900 / 1024, 10.0]
    assert out.x.ravel().tolist() == [1000 / 1024, 900 / 1024]
    assert not out.gap_before


def test_counts_add_up_without_rounding_for_hours() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(700, 900, 20_000)
    ends = 5.0 + np.cumsum(counts) / 1024
    out = run(*(intervals([int(c)], float(t)) for c, t in zip(counts, ends, strict=True)))
    times = np.concatenate([b.t_s for b in out])
    np.testing.assert_array_equal(times - times[0], (np.cumsum(counts) - counts[0]) / 1024)
    assert not any(b.gap_before for b in out)


def notified(beats_s: np.ndarray, *, phase_s: float = 0.0, missing: range = range(0)) -> list[RawBlock]:
    """Blocks of a strap that notifies once a second the beats since the last time."""
    counts = np.rint(np.diff(beats_s) * 1024).astype(int)
    seconds = np.ceil(beats_s[1:] - phase_s).astype(int)
    blocks = []
    for second in np.unique(seconds):
        if second not in missing:
            blocks.append(intervals(counts[seconds == second].tolist(), float(second + phase_s) + 0.02))
    return blocks


@pytest.mark.parametrize("rr_s", [0.45, 0.8, 0.985, 1.015, 1.6])
def test_beats_reported_once_a_second_keep_their_rhythm(rr_s: float) -> None:
    beats_s = np.cumsum(np.full(300, np.rint(rr_s * 1024) / 1024))
    out = run(*notified(beats_s))
    times = np.concatenate([b.t_s for b in out])
    late_s = times - beats_s[1:]
    assert late_s.min() > -0.01
    assert late_s.max() < 1.05
    assert np.ptp(late_s[60:]) <= 0.5 + 1e-9  # anchored anew at most for having been too late
    assert sum(b.gap_before for b in out) <= 2


def test_beats_lost_with_a_notification_are_made_up_for() -> None:
    beats_s = np.cumsum(np.full(200, 820 / 1024))
    out = run(*notified(beats_s, missing=range(60, 64)))
    assert sum(b.gap_before for b in out) >= 1
    last = out[-1].t_s[-1]
    assert last == pytest.approx(beats_s[-1], abs=1.05)


def test_a_burst_after_a_stall_is_no_loss() -> None:
    beats_s = np.cumsum(np.full(120, 800 / 1024))
    blocks = [
        RawBlock(RR, b.x, None, max(b.t_host_s, 42.0) if b.t_host_s > 40 else b.t_host_s) for b in notified(beats_s)
    ]
    out = run(*blocks)
    late_s = np.concatenate([b.t_s for b in out]) - beats_s[1:]
    assert np.ptp(late_s[60:]) < 1e-9


def test_known_losses_set_the_anchor_anew() -> None:
    out = run(intervals([1024], 10.0), intervals([1024], 11.0), intervals([1024], 14.0, lost_n=2))
    assert [b.gap_before for b in out] == [False, False, True]
    assert out[2].t_s.tolist() == [14.0]


def test_silence_sets_the_anchor_anew() -> None:
    out = run(intervals([1024], 10.0), intervals([1024], 11.0), intervals([1024], 16.5))
    assert [b.gap_before for b in out] == [False, False, True]
    assert out[2].t_s.tolist() == [16.5]


def test_a_sum_ahead_of_the_arrivals_is_pulled_back_without_stepping_back() -> None:
    out = run(*(intervals([1024], 10.0 + 0.4 * n) for n in range(30)))
    assert any(b.gap_before for b in out)
    assert out[-1].t_s[-1] <= 10.0 + 0.4 * 29 + 0.5
