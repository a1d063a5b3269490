"""What is said of the sensors on the trunk: when left and right should be exchanged, and which range has changed."""

import math

import pytest

from breathcore.feedback.trunk_notice import BREATHS_N, Notices
from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.device import Place
from breathcore.model.message import message
from breathcore.model.trunk import Expansion, Side, SiteCalibration, SiteExpansion, Unmeasured

EXCHANGE = message("trunk.notice.exchange")


def breath(more: Side | None = None, reason: Unmeasured | None = None) -> Expansion:
    share = math.nan if reason else 0.5
    sites = tuple(SiteExpansion(p, p.value, share, reason=reason) for p in (Place.LEFT, Place.RIGHT))
    return Expansion(10.0, 5.0, 9.0, sites, opens_more=more)


def breathed(notices: Notices, *more: Side | None) -> None:
    for side in more:
        notices.on_expansion(breath(side))


def learned(place: Place, change: float) -> SiteCalibration:
    return SiteCalibration(50.0, place, place.value, "deg", 1.0, 3.0, 0.05, change=change)


def test_an_exchange_is_wanted_once_the_same_side_has_opened_more_in_all_of_the_last_breaths():
    notices = Notices()
    breathed(notices, *[Side.LEFT] * (BREATHS_N - 1))
    assert notices.tell(None) is None
    breathed(notices, Side.LEFT)
    assert notices.tell(None) == EXCHANGE


@pytest.mark.parametrize("more", [None, Side.RIGHT])
def test_one_breath_that_does_not_speaks_against_it(more):
    notices = Notices()
    breathed(notices, *[Side.LEFT] * BREATHS_N, more)
    assert notices.tell(None) is None


def test_it_is_not_wanted_of_breaths_before_a_calibration():
    notices = Notices()
    breathed(notices, *[Side.LEFT] * BREATHS_N)
    notices.on_calibration(learned(Place.LEFT, math.nan))
    assert notices.tell(None) is None


def test_after_an_exchange_it_is_not_asked_for_twice():
    notices = Notices()
    notices.exchange()
    assert notices.exchanged
    breathed(notices, *[Side.LEFT] * BREATHS_N)
    assert notices.tell(None) is None
    notices.exchange()
    assert not notices.exchanged
    breathed(notices, *[Side.LEFT] * BREATHS_N)
    assert notices.tell(None) is None


def test_one_that_was_taken_back_before_a_breath_was_told_was_none():
    notices = Notices()
    notices.exchange()
    notices.on_expansion(breath(reason=Unmeasured.NOT_CALIBRATED))
    notices.exchange()
    breathed(notices, *[Side.LEFT] * BREATHS_N)
    assert notices.tell(None) == EXCHANGE


@pytest.mark.parametrize("change", [0.31, -0.31])
def test_a_range_that_changed_names_its_place_until_the_drill_starts(change):
    notices = Notices()
    for place, by in ((Place.STERNUM, 0.1), (Place.LEFT, 0.22), (Place.RIGHT, change), (Place.BACK, math.nan)):
        notices.on_calibration(learned(place, by))
    told = notices.tell(None)
    assert told == message("trunk.notice.changed", place="right", percent=round(100 * change))
    notices.start()
    assert notices.tell(None) is None


def test_a_sensor_that_slipped_comes_first():
    notices = Notices()
    notices.on_calibration(learned(Place.LEFT, 0.5))
    assert notices.tell(breath(reason=Unmeasured.SLIPPED)) == message("trunk.notice.slipped", place="left")


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_are_said_by_their_names(language):
    words = Wording(language)
    for told in (
        message("trunk.notice.slipped", place="left"),
        message("trunk.notice.changed", place="left", percent=31),
    ):
        assert words.text("trunk.site.left") in words.say(told)


def test_put_on_anew_for_another_reason_the_exchange_is_to_be_checked_anew():
    notices = Notices()
    notices.exchange()
    breathed(notices, *[Side.LEFT] * BREATHS_N)
    for anew in (False, True):
        notices.on_expansion(breath(reason=Unmeasured.SLIPPED))
        if not anew:
            notices.exchange()
        for place in (Place.LEFT, Place.RIGHT):
            notices.on_calibration(learned(place, math.nan))
        breathed(notices, *[Side.LEFT] * BREATHS_N)
        assert notices.tell(breath()) == (EXCHANGE if anew else None)
