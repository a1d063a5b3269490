"""Play-out: an even head however packets come, no lag that stays, corrections that glide."""

from math import isnan, pi

import numpy as np
import pytest

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.playout import CATCH_UP, Head, Playout
from breathcore.model.arrays import frozen

HZ = 25.0
PAINT_S = 1 / 60
STEP_S = 0.04


def breath(t_s: np.ndarray) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * pi * 0.1 * t_s)


def frame(t_s: float, newest_s: float, reach_s: float = 0.0, off: float = 0.0, **changes: object) -> FeedbackFrame:
    t = np.arange(max(0.0, newest_s - 20.0), newest_s + 1e-9, 1 / HZ)
    ahead = t[-1] + STEP_S * np.arange(1, round(reach_s / STEP_S) + 1)
    return FeedbackFrame(
        t_s,
        trace_t_s=frozen(t),
        trace_y=frozen(breath(t)),
        predicted_t_s=frozen(ahead),
        predicted_y=frozen(breath(ahead) + off),
        **changes,
    )


def watched(
    seconds: float, packet_s: float, delay_s: float, reach_s: float = 0.0, stall: tuple[float, float] = (1e9, 1e9)
) -> tuple[Playout, np.ndarray, list[Head]]:
    """Paint 60 times a second what comes in packets."""
    playout, heads, times, n = Playout(), [], [], 1
    for now_s in np.arange(1.0, seconds, PAINT_S):
        newest_s = None
        while n * packet_s + delay_s <= now_s and not stall[0] <= now_s < stall[1]:
            newest_s, n = n * packet_s, n + 1
        if newest_s is not None:
            playout.take(frame(now_s, newest_s, reach_s))
        heads.append(playout.at(now_s))
        times.append(now_s)
    return playout, np.array(times), heads


def behind(times: np.ndarray, heads: list[Head]) -> np.ndarray:
    return times - np.array([h.t_s for h in heads])


@pytest.mark.parametrize("packet_s", [0.18, 0.2, 0.56])
def test_with_look_ahead_the_head_stands_at_the_present(packet_s: float) -> None:
    _, times, heads = watched(30.0, packet_s, 0.02, reach_s=0.64)
    late = behind(times, heads)[600:]
    np.testing.assert_allclose(late, 0.0, atol=1e-9)
    shown = np.array([h.y for h in heads])[600:]
    np.testing.assert_allclose(shown, breath(times[600:]), atol=0.005)


@pytest.mark.parametrize("packet_s", [0.18, 0.2, 0.56])
def test_without_it_the_head_moves_evenly_behind_by_the_usual_wait(packet_s: float) -> None:
    playout, times, heads = watched(40.0, packet_s, 0.2)
    late = behind(times, heads)[1200:]
    assert np.ptp(late) <= 2 * PAINT_S
    assert late.max() <= packet_s + 0.2 + 2 * PAINT_S
    assert playout.measured_s == pytest.approx(packet_s + 0.2, abs=2 * PAINT_S)
    assert not any(h.predicted for h in heads)


def test_a_burst_is_caught_up_and_leaves_no_lag() -> None:
    _, times, heads = watched(40.0, 0.18, 0.2, reach_s=0.64, stall=(20.0, 22.0))
    late = behind(times, heads)
    in_stall = late[(times > 20.0) & (times < 22.0)]
    assert in_stall.max() == pytest.approx(2.0 + 0.2 + 0.18 - 0.64, abs=0.2)  # it waits where knowledge ends
    assert late[times > 23.0].max() <= PAINT_S
    step = np.diff([h.t_s for h in heads])
    assert step.min() >= 0.0
    assert step[times[1:] > 5.0].max() <= CATCH_UP * PAINT_S + 1e-9


def test_where_look_ahead_ends_the_head_waits_once_and_goes_on_evenly_and_it_comes_back_when_it_does() -> None:
    playout, times, heads = Playout(), np.arange(1.0, 40.0, PAINT_S), []
    for k, now_s in enumerate(times):
        if k % 12 == 0:
            playout.take(frame(now_s, now_s - 0.25, 0.0 if 20.0 < now_s < 30.0 else 0.64))
        heads.append(playout.at(now_s))
    late, speed = behind(times, heads), np.diff([h.t_s for h in heads]) / PAINT_S
    assert speed.min() >= 0.0
    without = (times[1:] > 21.0) & (times[1:] < 30.0)
    np.testing.assert_allclose(speed[without], 1.0, atol=0.26)
    assert np.mean(np.abs(speed[without] - 1.0) > 0.01) < 0.05
    back = times[1:] > 30.2
    assert speed[back].max() <= 1.26
    assert late[-1] == pytest.approx(0.0, abs=1e-9)


def test_what_a_packet_corrects_is_no_jump() -> None:
    playout = Playout()
    playout.take(frame(10.0, 9.8, 0.64, off=0.1))
    before = playout.at(10.0).y
    playout.take(frame(10.02, 9.98, 0.64))
    after = [playout.at(10.02 + k * PAINT_S) for k in range(40)]
    assert after[0].y == pytest.approx(before, abs=0.01)
    assert after[-1].y == pytest.approx(float(breath(np.array([after[-1].t_s]))[0]), abs=0.002)


def test_the_predicted_stretch_leads_from_the_newest_sample_to_the_head_and_is_marked() -> None:
    playout = Playout()
    playout.take(frame(10.0, 9.8, 0.64))
    head = playout.at(10.0)
    assert head.predicted
    assert head.ahead_t_s[0] == pytest.approx(9.8)
    assert (head.ahead_t_s[-1], head.ahead_y[-1]) == (head.t_s, pytest.approx(head.y))
    assert head.measured_n == len(frame(10.0, 9.8).trace_t_s)


def test_where_there_is_no_trace_there_is_no_head() -> None:
    playout = Playout()
    assert isnan(playout.at(1.0).y)
    playout.take(FeedbackFrame(1.0))
    assert isnan(playout.at(1.0).y)
    gone = frame(10.0, 9.8)
    t = gone.trace_t_s
    playout.take(FeedbackFrame(10.0, trace_t_s=t, trace_y=frozen(np.full(len(t), np.nan))))
    assert isnan(playout.at(10.0).y)


def test_a_new_scale_is_shown_at_once() -> None:
    playout = Playout()
    playout.take(frame(10.0, 9.8, 0.64, off=5.0))
    playout.at(10.0)
    playout.take(frame(10.02, 9.98, 0.64, calibrated=True))
    assert playout.at(10.02).y == pytest.approx(float(breath(np.array([10.02]))[0]), abs=0.005)


def test_a_clock_that_steps_back_moves_nothing_back() -> None:
    playout = Playout()
    playout.take(frame(10.0, 9.8, 0.64))
    ahead = playout.at(10.2)
    assert playout.at(10.1).t_s == ahead.t_s


def test_another_session_begins_anew() -> None:
    playout = Playout()
    playout.take(frame(100.0, 99.8, 0.64))
    playout.at(100.0)
    playout.take(frame(10.0, 9.8, 0.64))
    assert playout.at(10.0).t_s == pytest.approx(10.0)
