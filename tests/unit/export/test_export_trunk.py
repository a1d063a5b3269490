"""Whatever a session tells of the trunk has a table and a place in the JSON, with its unit and its reason."""

import math
from dataclasses import MISSING, fields
from typing import get_args, get_type_hints

import pytest

from breathcore.cli.trunk import trunk_json
from breathcore.drill.self_rating import BraceRating
from breathcore.drill.sides import SideComparison
from breathcore.export.trunk import trunk_events, trunk_tables
from breathcore.model.device import Place
from breathcore.model.trunk import (
    BraceCalibration,
    BraceEstimate,
    Expansion,
    LumbarBend,
    MovementLearned,
    MovingRate,
    Posture,
    PostureEstimate,
    Rep,
    Side,
    SiteCalibration,
    SiteExpansion,
    Steadiness,
    Unmeasured,
)
from breathcore.record.reader import Derived

NAN = math.nan
FLAT = Unmeasured.FLAT
ITEMS = {
    "site_calibrations": SiteCalibration(1.0, Place.LEFT, "l", "deg", NAN, NAN, 0.4, reason=FLAT),
    "brace_calibrations": BraceCalibration(1.0, "w", NAN, NAN, 0.4, reason=FLAT),
    "expansions": Expansion(
        9.0, 2.0, 8.0, (SiteExpansion(Place.LEFT, "l", NAN, reason=FLAT),), reasons={"score": Unmeasured.NO_SENSOR}
    ),
    "braces": BraceEstimate(2.0, "w", NAN, reason=FLAT),
    "brace_ratings": BraceRating(3.0, 0, 4),
    "postures": PostureEstimate(1.0, Posture.UNKNOWN, "l", reason=FLAT),
    "movements": MovementLearned(5.0, "p", (), NAN, reason=FLAT),
    "reps": Rep(1.0, 2.0, 3.0, 4.0, 20.0, 2.0, "p", Side.LEFT),
    "steadinesses": Steadiness(5.0, 3.0, Place.PELVIS, "p", NAN, reason=FLAT),
    "lumbars": LumbarBend(5.0, 3.0, NAN, "b", "p", reason=FLAT),
    "moving_rates": MovingRate(5.0, NAN, 0.0, "b", "p", reason=FLAT),
    "sides": SideComparison("range", "deg", 20.0, 21.0, -5.0, 8.0, told=False),
}
SIGNALS = {"sites"}  # written as samples


def told(**kinds: object) -> Derived:
    """Return what a session told, a single one of each of `kinds`."""
    empty = {f.name: () for f in fields(Derived) if f.default is MISSING}
    return Derived(**empty, **{name: (item,) for name, item in kinds.items()})


def test_the_examples_here_are_of_every_kind_there_is() -> None:
    of_trunk = {f.name for f in fields(Derived) if f.default is not MISSING}
    assert of_trunk - SIGNALS == ITEMS.keys()
    hints = get_type_hints(Derived)
    assert all(isinstance(item, get_args(hints[name])[0]) for name, item in ITEMS.items())


@pytest.mark.parametrize("name", ITEMS)
def test_each_kind_has_a_table_with_its_reason_and_a_place_in_the_json(name: str) -> None:
    given = told(**{name: ITEMS[name]})
    tables = trunk_tables(given)
    assert tables
    for table in tables:
        (row,) = table.rows()
        assert len(row) == len(table.head) == len(set(table.head))
        reason = dict(zip(table.head, row, strict=True)).get("refused")
        assert reason in (None, "flat")
    assert len(trunk_json(given)[name]) == 1


def test_what_was_refused_is_an_event_with_its_reason() -> None:
    said = {(e.kind, e.text) for e in trunk_events(told(**ITEMS))}
    assert {
        ("calibration", "left: refused (flat)"),
        ("calibration", "brace: refused (flat)"),
        ("not told", "left (l): flat"),
        ("not told", "score: no-sensor"),
        ("not told", "brace: flat"),
        ("repetition", "left"),
        ("brace rated", "set 1: 4 of 10"),
    } <= said


def test_of_nothing_there_is_no_table_and_no_event() -> None:
    assert trunk_tables(told()) == ()
    assert list(trunk_events(told())) == []
