"""What the ring says of the sides and of the least site: a word where it is sure, even without a number."""

import math

import pytest

from breathcore.feedback.trunk_presenter import SYMMETRY_BREATHS_N, TrunkPresenter
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import RING, Expansion, Side, SiteExpansion, Unmeasured

CHANNELS = [ChannelSpec(f"{p.value}.acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 50.0, 0.1, place=p) for p in RING]
SITES = tuple(SiteExpansion(p, f"{p.value}.acc", 0.5) for p in RING)


def told(*breaths: Expansion):
    presenter = TrunkPresenter(CHANNELS)
    for breath in breaths:
        presenter.on_estimate(breath)
    return presenter.view(10.0, None, None, 0)


def breath(score: float = 80.0, reason: Unmeasured | None = None, **what: object) -> Expansion:
    return Expansion(9.0, 4.0, 8.0, SITES, score=score, reasons={} if reason is None else {"symmetry": reason}, **what)


def word(view):
    return view.ring.symmetry_word.id


def test_a_side_that_opens_more_is_named_without_a_number():
    view = told(breath(reason=Unmeasured.ROUGH, opens_more=Side.LEFT, symmetry_noise=15.0))
    assert word(view) == "symmetry.far-left"
    assert view.ring.symmetry is None
    assert view.ring.symmetry_noise is None


@pytest.mark.parametrize(("index", "expected"), [(12.0, "symmetry.note-right"), (25.0, "symmetry.far-right")])
def test_with_a_number_it_says_how_much_more(index, expected):
    view = told(breath(symmetry=-index, symmetry_noise=5.0, opens_more=Side.RIGHT))
    assert word(view) == expected
    assert view.ring.symmetry == -index


def test_where_no_site_stands_out_all_four_open_evenly():
    view = told(breath(reason=Unmeasured.SHALLOW))
    assert word(view) == "trunk.even"
    assert view.ring.least is None


def test_without_a_score_quiet_breaths_are_said_to_be_too_shallow_to_compare():
    assert word(told(breath(score=math.nan, reason=Unmeasured.SHALLOW))) == "trunk.shallow"


def test_sensors_are_asked_to_be_exchanged_where_the_same_side_opened_more_in_all_of_the_last_breaths():
    same = [breath(reason=Unmeasured.SHALLOW, opens_more=Side.LEFT)] * SYMMETRY_BREATHS_N
    assert told(*same).notice.id == "trunk.notice.exchange"
    for mixed in (same[1:], [*same[1:], breath()], [*same[1:], breath(opens_more=Side.RIGHT)]):
        assert told(*mixed).notice is None


def test_a_least_site_is_kept_for_the_ring_to_name():
    assert told(breath(least=Place.BACK)).ring.least is Place.BACK
