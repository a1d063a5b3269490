"""A brace whose level is not sure just now: on and off are shown, and the level goes on standing for about a breath."""

import math

import pytest

from breathcore.feedback.brace_presenter import STANDS_S, BracePresenter
from breathcore.feedback.trunk_presenter import TrunkPresenter
from breathcore.feedback.trunk_view import BraceView
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import BraceCalibration, BraceEstimate, Unmeasured

BELT = ChannelSpec("waist.force", Role.BELT, "N", ("force",), 10.0, 0.1, place=Place.NAVEL)


def told(t_s: float, level: float, *, on: bool = True) -> BraceEstimate:
    reason = None if level == level else Unmeasured.UNSURE
    return BraceEstimate(t_s, BELT.id, level, on=on, held_s=4.0 if on else 0.0, breathing=on or None, reason=reason)


def shown(now_s: float, *estimates: BraceEstimate, channels: tuple[ChannelSpec, ...] = (BELT,)) -> BraceView:
    presenter = TrunkPresenter(channels)
    for estimate in estimates:
        presenter.on_estimate(estimate)
    view = presenter.view(now_s, None, None, 0)
    assert view is not None
    assert view.brace is not None
    return view.brace


def test_a_level_stands_for_about_a_breath_while_the_next_is_not_sure() -> None:
    view = shown(13.0, told(10.0, 0.12), told(13.0, math.nan))
    assert view.level == pytest.approx(0.12)
    assert view.on


def test_after_that_only_on_is_shown_with_a_sentence() -> None:
    late_s = 10.5 + STANDS_S
    view = shown(late_s, told(10.0, 0.12), told(late_s, math.nan))
    assert view.level is None
    assert view.on
    assert view.message is not None
    assert view.message.id == "brace.on-unsure"


def test_a_level_of_before_the_brace_does_not_stand_for_it() -> None:
    view = shown(11.0, told(10.0, 0.0, on=False), told(11.0, math.nan))
    assert view.level is None
    assert view.on


def test_strain_is_said_although_the_level_is_not_sure() -> None:
    strained = BraceEstimate(11.0, BELT.id, math.nan, on=True, held_s=9.0, strain=True, reason=Unmeasured.UNSURE)
    view = shown(11.0, strained)
    assert view.strain
    assert view.word is not None
    assert view.word.id == "brace.strain"


def test_with_the_waists_belt_alone_braced_or_not_is_said_and_what_would_show_more() -> None:
    lone = [BraceEstimate(10.0, BELT.id, math.nan, on=on, reason=Unmeasured.LONE) for on in (True, False)]
    views = [shown(10.0, told) for told in lone]
    assert [v.level for v in views] == [None, None]
    assert [v.message.id for v in views if v.message is not None] == ["brace.on-lone", "brace.off-lone"]


@pytest.mark.parametrize(("on", "said"), [(True, "brace.on-small"), (False, "brace.off-small")])
def test_beside_a_large_breath_braced_or_not_is_said_and_that_no_level_will_come(*, on: bool, said: str) -> None:
    small = BraceEstimate(11.0, BELT.id, math.nan, on=on, reason=Unmeasured.SMALL)
    view = shown(11.0, told(10.0, 0.12, on=on), small)
    assert view.level is None
    assert view.message is not None
    assert view.message.id == said


def test_after_a_calibration_refused_as_small_not_even_on_and_off_are_said() -> None:
    presenter = BracePresenter(seen=True)
    presenter.on_calibration(BraceCalibration(9.0, BELT.id, math.nan, math.nan, math.nan, Unmeasured.SMALL))
    presenter.on_estimate(BraceEstimate(10.0, BELT.id, math.nan, reason=Unmeasured.SMALL))
    message = presenter.view(10.0, None).message
    assert message is not None
    assert message.id == "trunk.small"
    assert not presenter.known


def test_a_brace_that_nothing_shows_is_rated_by_the_person() -> None:
    message = BracePresenter(seen=False).view(10.0, None).message
    assert message is not None
    assert message.id == "brace.self-rated"


def test_the_gauge_does_not_flicker_between_sure_and_unsure() -> None:
    presenter, changes, before = BracePresenter(seen=True), 0, False
    for n in range(240):  # a minute at four a second, of which every tenth estimate is sure
        t_s = 0.25 * n
        presenter.on_estimate(told(t_s, 0.1 if n % 10 == 0 else math.nan))
        there = presenter.view(t_s, None).level is not None
        changes, before = changes + (there is not before), there
    assert changes == 1
