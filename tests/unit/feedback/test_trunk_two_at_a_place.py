"""A tilt and a belt worn at one place: each keeps its own range, and each picture shows the one that it is made of."""

import math

import numpy as np
import pytest

from breathcore.feedback.trunk_presenter import TrunkPresenter
from breathcore.feedback.trunk_view import SiteView, TrunkView
from breathcore.model.arrays import frozen
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import Expansion, SiteBlock, SiteCalibration, SiteExpansion, Unmeasured

TILT, BELT = "front.acc", "chest.force"
CHANNELS = (
    ChannelSpec(BELT, Role.BELT, "N", ("force",), 20.0, 0.2, place=Place.STERNUM),
    ChannelSpec("waist.force", Role.BELT, "N", ("force",), 20.0, 0.2, place=Place.NAVEL),
    *(
        ChannelSpec(f"{name}.acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 50.0, 0.1, place=place)
        for name, place in (("front", Place.STERNUM), ("left", Place.LEFT), ("right", Place.RIGHT))
    ),
)


def shown(tilt: Unmeasured | None, belt: Unmeasured | None) -> TrunkView:
    presenter = TrunkPresenter(CHANNELS)
    for source, unit, reason in ((TILT, "deg", tilt), (BELT, "N", belt)):
        presenter.on_estimate(SiteCalibration(5.0, Place.STERNUM, source, unit, 0.0, 2.0, 0.05, reason=reason))
    sites = (told(TILT, 0.5, tilt), told(BELT, 0.6, belt))
    presenter.on_estimate(Expansion(20.0, 14.0, 19.0, sites))
    for source, level in ((TILT, 0.3), (BELT, 0.7)):
        presenter.on_estimate(SiteBlock(Place.STERNUM, source, frozen(np.array([20.0])), frozen(np.array([level]))))
    view = presenter.view(20.1, None, None, 0)
    assert view is not None
    return view


def told(source: str, share: float, reason: Unmeasured | None) -> SiteExpansion:
    return SiteExpansion(Place.STERNUM, source, share if reason is None else math.nan, reason=reason)


def front(view: TrunkView) -> SiteView:
    assert view.ring is not None
    return next(s for s in view.ring.sites if s.place is Place.STERNUM)


def test_the_ring_shows_the_tilt_and_the_picture_of_ribs_and_belly_the_belt() -> None:
    view = shown(None, None)
    assert (front(view).share, front(view).level) == (0.5, 0.3)
    assert view.compartments is not None
    assert view.compartments.ribs == pytest.approx(0.7)


def test_a_refused_belt_takes_nothing_from_the_tilt() -> None:
    site = front(shown(None, Unmeasured.SATURATED))
    assert (site.share, site.level, site.message) == (0.5, 0.3, None)


def test_a_refused_tilt_is_said_and_the_belt_does_not_move_its_bar() -> None:
    site = front(shown(Unmeasured.UNEVEN, None))
    assert (site.share, site.level) == (None, None)
    assert site.message is not None
    assert site.message.id == "trunk.uneven"


def test_what_was_learned_of_each_is_shown() -> None:
    results = shown(Unmeasured.UNEVEN, None).calibrated
    assert [(r.place, r.span, r.unit) for r in results] == [(Place.STERNUM, None, ""), (Place.STERNUM, 2.0, "N")]
