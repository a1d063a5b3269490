from dataclasses import replace
from math import nan

import numpy as np
import pytest

from breathcore.feedback.frame import PAST_S
from breathcore.feedback.presenter import Presenter, rounded
from breathcore.feedback.watch import NO_BEAT_S, RATE_STALE_S, STALLED_S, UNCLEAR_S, UNUSABLE_S, SignalWatch
from breathcore.model.device import ChannelSpec, ClockKind, DeviceSpec, EndpointSpec, MatchSpec, Role
from breathcore.model.estimates import (
    BreathRange,
    EffortBlock,
    FitEstimate,
    FitIssue,
    HeartEstimate,
    PhaseKind,
    RateEstimate,
    Refusal,
    Turn,
)
from breathcore.model.message import message
from breathcore.model.packets import LinkEvent, LinkKind

CHANNEL = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 200.0)
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)
STRAP = DeviceSpec(
    "strap",
    "Strap",
    MatchSpec(),
    (EndpointSpec("e", "c", "u", (), (CHANNEL, RR)),),
    "chest",
    ClockKind.SAMPLE_STAMP,
    1.0,
)


def effort(start_s: float, seconds: float, *, usable: bool = True, gap: bool = False) -> EffortBlock:
    t_s = start_s + np.arange(int(seconds * 25)) / 25
    return EffortBlock("chest_acc", t_s, np.sin(2 * np.pi * 0.1 * t_s), usable, gap)


class Person:
    def __init__(self, refusal: Refusal | None = None) -> None:
        self.watch = SignalWatch(refusal, (("s1", STRAP),), "acc")
        self.presenter = Presenter((("s1", STRAP),), self.watch)
        self.link(LinkKind.CONNECTED)

    def link(self, kind: LinkKind, detail: str = "", t_s: float = 0.0) -> None:
        event = LinkEvent("s1", 0, kind, detail)
        self.watch.on_link(event, t_s)
        self.presenter.on_link(event)

    def breathe(self, start_s: float, seconds: float, *, usable: bool = True, gap: bool = False) -> None:
        block = effort(start_s, seconds, usable=usable, gap=gap)
        self.watch.on_samples("acc", start_s + seconds)
        self.presenter.on_samples("acc")
        self.watch.on_effort(block)
        self.presenter.on_estimate(block)

    def rate(self, t_s: float, bpm: float, refusal: Refusal | None = None, quality: float = 0.9) -> None:
        estimate = RateEstimate(t_s, bpm, bpm, quality, refusal)
        self.watch.on_rate(estimate)
        self.presenter.on_estimate(estimate)


@pytest.mark.parametrize(("bpm", "shown"), [(6.04, 6.0), (9.96, 10.0), (12.3, 12.5), (14.74, 14.5)])
def test_rates_are_rounded_to_a_tenth_below_ten_and_to_a_half_above(bpm: float, shown: float) -> None:
    assert rounded(bpm) == shown


def test_no_number_before_a_rate_and_a_sentence_instead() -> None:
    person = Person()
    person.breathe(0, 5)
    assert person.presenter.rate_shown(5.0) is None
    message = person.presenter.rate_message(5.0)
    assert message is not None
    assert message.id == "refusal.too-short"


def test_a_shown_rate_changes_at_most_once_a_breath() -> None:
    person = Person()
    person.breathe(0, 40)
    person.rate(40, 6.0)
    assert person.presenter.rate_shown(40.0) == 6.0
    person.rate(41, 6.4)
    assert person.presenter.rate_shown(41.0) == 6.0
    person.presenter.on_estimate(Turn(PhaseKind.INHALE, 40.5, -1.0, 41.0))
    assert person.presenter.rate_shown(41.1) == 6.4


def test_a_new_link_is_listened_to_for_as_long_as_the_device_may_take_to_begin() -> None:
    person = Person()

    def said(now_s: float) -> tuple[str, str]:
        device, message = person.presenter.device(now_s), person.presenter.rate_message(now_s)
        assert device is not None
        assert device.state is not None
        assert message is not None
        return device.state.id, message.id

    assert said(STRAP.time_to_first_data_s) == ("signal.listening", "refusal.too-short")
    assert said(STRAP.time_to_first_data_s + 0.1) == ("signal.no-data", "refusal.no-data")
    person.breathe(2.0, 1.0)
    person.watch.on_link(LinkEvent("s1", 0, LinkKind.LOST), 10.0)
    person.watch.on_link(LinkEvent("s1", 0, LinkKind.CONNECTED), 20.0)
    assert said(20.5) == ("signal.listening", "refusal.too-short")


def test_a_device_that_sends_seldom_is_given_three_of_its_intervals() -> None:
    slow = replace(CHANNEL, expected_interval_s=2.0)
    strap = replace(STRAP, endpoints=(EndpointSpec("e", "c", "u", (), (slow,)),))
    watch = SignalWatch(None, (("s1", strap),), "acc")
    watch.on_link(LinkEvent("s1", 0, LinkKind.CONNECTED), 0.0)
    watch.on_samples("acc", 10.0)
    assert watch.streaming(16.0)
    assert not watch.streaming(16.1)


def test_no_number_when_samples_stop() -> None:
    person = Person()
    person.breathe(0, 40)
    person.rate(40, 6.0)
    assert person.presenter.rate_shown(40 + STALLED_S) == 6.0
    assert person.presenter.rate_shown(40 + STALLED_S + 0.1) is None
    message = person.presenter.rate_message(44.0)
    assert message is not None
    assert message.id == "refusal.no-data"


@pytest.mark.parametrize(
    ("refusal", "patience_s"),
    [(Refusal.FLAT, UNUSABLE_S), (Refusal.NOT_WORN, UNUSABLE_S), (Refusal.NOISE, UNCLEAR_S)],
)
def test_a_drill_waits_soon_for_a_strap_off_the_body_and_later_for_a_clear_breath(
    refusal: Refusal, patience_s: float
) -> None:
    person = Person()
    person.breathe(0, 40)
    person.rate(40, 6.0)
    person.breathe(40, patience_s, usable=False)
    person.rate(40, nan, refusal)
    assert person.watch.usable(40 + patience_s - 0.1)
    person.breathe(40 + patience_s, 1, usable=False)
    assert not person.watch.usable(41 + patience_s)


def test_the_trace_is_in_shares_of_the_persons_range_and_at_most_300_points() -> None:
    person = Person()
    person.breathe(0, 60)
    person.presenter.on_estimate(BreathRange(20.0, -1.0, 1.0))
    t_s, y = person.presenter.trace(60.0)
    assert len(t_s) <= 300
    assert t_s[0] >= 60 - PAST_S
    assert t_s[-1] == pytest.approx(60 - 1 / 25)
    assert y.min() == pytest.approx(0.0, abs=0.01)
    assert y.max() == pytest.approx(1.0, abs=0.01)


def test_before_calibration_the_trace_is_in_shares_of_what_most_of_it_spans() -> None:
    person = Person()
    person.breathe(0.0, 10.0)
    _, y = person.presenter.trace(10.0)
    assert len(y) == 250
    assert np.quantile(y, (0.05, 0.95)) == pytest.approx((0.0, 1.0), abs=1e-9)


def test_what_is_foretold_goes_on_from_the_trace_in_shares_of_the_same_range() -> None:
    person = Person()
    person.breathe(0, 60)
    person.rate(60, 6.0)
    person.presenter.on_estimate(BreathRange(20.0, -1.0, 1.0))
    t_s, y = person.presenter.predicted(60.0)
    assert t_s[0] > 60 - 1 / 25
    np.testing.assert_allclose(y, 0.5 + 0.5 * np.sin(2 * np.pi * 0.1 * t_s), atol=0.02)


@pytest.mark.parametrize("refusal", [Refusal.NOISE, Refusal.MOTION, Refusal.FLAT])
def test_nothing_is_foretold_where_the_breath_is_refused(refusal: Refusal) -> None:
    person = Person()
    person.breathe(0, 60)
    person.rate(60, nan, refusal)
    assert not person.presenter.predicted(60.0)[0].size


def test_nothing_is_foretold_of_a_trace_that_is_not_taken_for_breathing_or_that_has_stopped() -> None:
    person = Person()
    person.breathe(0, 60)
    person.rate(60, 6.0)
    assert person.presenter.predicted(60.0)[0].size
    assert not person.presenter.predicted(60.0 + STALLED_S + 0.1)[0].size
    person.breathe(60, 1, usable=False)
    assert not person.presenter.predicted(61.0)[0].size


def test_points_of_the_trace_keep_their_places_from_frame_to_frame() -> None:
    person = Person()
    person.breathe(0, 60)
    before = set(person.presenter.trace(60.0)[0][:-1].tolist())
    person.breathe(60, 0.2)
    after = [t for t in person.presenter.trace(60.2)[0][:-1].tolist() if t < 59.8]
    assert set(after) <= before


def test_an_unclear_breath_is_shown_though_it_has_no_number() -> None:
    person = Person()
    person.rate(0, nan, Refusal.NOISE)
    person.breathe(0, 5, usable=False)
    assert np.isfinite(person.presenter.trace(5.0)[1]).all()


def test_stretches_off_the_body_and_gaps_break_the_trace() -> None:
    person = Person()
    person.breathe(0, 5)
    person.rate(5, nan, Refusal.NOT_WORN)
    person.breathe(5, 1, usable=False)
    person.breathe(9, 1, gap=True)
    t_s, y = person.presenter.trace(10.0)
    assert np.isnan(y[(t_s >= 5) & (t_s < 6)]).all()
    assert np.isnan(y[(t_s > 6) & (t_s < 9)]).any()


def test_a_heart_only_strap_says_so() -> None:
    person = Person(Refusal.HEART_ONLY)
    person.watch.on_samples("acc", 10.0)
    message = person.presenter.rate_message(10.0)
    assert message is not None
    assert message.id == "refusal.heart-only"
    assert person.watch.usable(10.0)


def test_neither_heart_beats_nor_breath_mean_that_the_strap_is_not_worn() -> None:
    watch = SignalWatch(None, (("s1", STRAP),), ("acc",), has_heart=True)
    watch.on_link(LinkEvent("s1", 0, LinkKind.CONNECTED), 0.0)
    watch.on_heart(HeartEstimate(10.0, 62.0, 0.97, 1.0, "rr"))
    watch.on_rate(RateEstimate(15.0, nan, nan, 0.0, Refusal.NOISE))
    watch.on_samples("acc", 15.0)
    assert watch.refusal(15.0) is Refusal.NOISE
    watch.on_samples("acc", 10.0 + NO_BEAT_S + 1)
    assert watch.refusal(10.0 + NO_BEAT_S + 1) is Refusal.NOT_WORN
    watch.on_rate(RateEstimate(25.0, 12.0, 12.0, 0.9))
    assert watch.refusal(10.0 + NO_BEAT_S + 1) is None  # dry pads, but a breath: worn


def test_the_heart_rate_is_shown_and_goes_stale() -> None:
    person = Person()
    person.presenter.on_estimate(HeartEstimate(10.0, 62.0, 0.97, 1.0, "rr"))
    assert person.presenter.heart(12.0) == (62.0, None)
    assert person.presenter.heart(20.0)[0] is None
    person.presenter.on_estimate(HeartEstimate(21.0, nan, nan, 0.0, "rr"))
    assert person.presenter.heart(21.0)[0] is None


def test_loss_of_another_device_does_not_stop_the_drill() -> None:
    other = replace(STRAP, endpoints=(EndpointSpec("e", "c", "u", (), (replace(CHANNEL, id="other"),)),))
    watch = SignalWatch(None, (("s2", other), ("s1", STRAP)), ("acc",))
    watch.on_link(LinkEvent("s1", 0, LinkKind.CONNECTED), 0.0)
    assert watch.device == "s1"
    watch.on_samples("acc", 10.0)
    watch.on_effort(effort(5.0, 5.0))
    watch.on_rate(RateEstimate(10.0, 6.0, 6.0, 0.9))
    watch.on_link(LinkEvent("s2", 0, LinkKind.LOST, "dropped"), 10.0)
    assert watch.usable(10.1)
    watch.on_samples("other", 14.0)  # nor do its samples stand for the breath's
    assert not watch.streaming(14.0)
    watch.on_link(LinkEvent("s1", 0, LinkKind.LOST, "dropped"), 10.2)
    assert not watch.usable(10.2)


def test_while_the_breath_s_sensor_is_lost_a_rate_from_elsewhere_is_told_for_as_long_as_it_is_fresh() -> None:
    belt = replace(STRAP, endpoints=(EndpointSpec("e", "c", "u", (), (replace(CHANNEL, id="belt"),)),))
    beats = replace(STRAP, endpoints=(EndpointSpec("e", "c", "u", (), (RR,)),))
    watch = SignalWatch(None, (("s1", belt), ("s2", beats)), ("belt",))
    watch.on_rate(RateEstimate(10.0, 6.0, 6.0, 0.9, sources=("belt", "rr")))
    assert watch.refusal(10.0) is Refusal.NO_DATA
    watch.on_rate(RateEstimate(20.0, 6.0, 6.0, 0.9, sources=("rr",)))
    assert watch.refusal(20.0 + RATE_STALE_S) is None
    assert not watch.streaming(20.0)
    assert watch.refusal(20.1 + RATE_STALE_S) is Refusal.NO_DATA
    watch.on_rate(RateEstimate(30.0, nan, nan, 0.0, Refusal.NOISE))
    assert watch.refusal(30.0) is Refusal.NO_DATA


def test_a_lost_sensor_s_own_heart_beats_tell_nothing_more() -> None:
    watch = SignalWatch(None, (("s1", STRAP),), ("acc",))
    watch.on_rate(RateEstimate(20.0, 6.0, 6.0, 0.9, sources=("rr",)))
    assert watch.refusal(20.0) is Refusal.NO_DATA


def test_what_is_wrong_with_fit_or_with_another_sensor_does_not_make_the_breath_s_signal_bad() -> None:
    person = Person()
    person.breathe(0, 40)
    person.rate(40, 6.0)

    def said() -> str:
        device = person.presenter.device(40.0)
        assert device is not None
        assert device.state is not None
        return device.state.id

    assert said() == "signal.good"
    person.presenter.on_estimate(FitEstimate(40.0, "acc", (FitIssue.SATURATED, FitIssue.NOISY)))
    person.presenter.on_link(LinkEvent("s2", 0, LinkKind.WAITING, "not-found"))
    (sensor,) = person.presenter.sensors()
    assert sensor.message == message("fit.saturated", device="Strap")
    assert said() == "signal.good"
    assert person.presenter.quality(40.0)[1] == message("quality.good")
    person.link(LinkKind.LOST, "dropped", 40.0)
    assert said() == "signal.no-link"
    assert person.presenter.quality(40.0) == (None, None)


def test_the_battery_is_shown_when_told() -> None:
    person = Person()
    person.presenter.on_link(LinkEvent("s1", 0, LinkKind.BATTERY, "82"))
    device = person.presenter.device(1.0)
    assert device is not None
    assert device.battery_percent == 82
    assert device.linked
