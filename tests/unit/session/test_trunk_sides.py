"""What a drill says of left against right, breath by breath, with the sensors worn one way or the other."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunk_signals import Worn

from breathcore.drill.sides import LEAST_N, SideComparison
from breathcore.drill.state import DrillState
from breathcore.model.device import Place
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.trunk import Expansion, SiteExpansion
from breathcore.session import registry
from breathcore.session.trunk_drill import TrunkDrill

CHANNELS = tuple(c for p in (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK) for c in Worn(p).channels)
DEEPER = 0.2  # what the sensor that is on the left at first shows more, wherever it is worn


def breath(at_s: float, left: float, right: float) -> Expansion:
    sides = (SiteExpansion(Place.LEFT, "left.acc", left), SiteExpansion(Place.RIGHT, "right.acc", right))
    return Expansion(at_s, at_s - 5.0, at_s, sides)


def told(counts: Sequence[int], body: float = 0.0, sensor: float = DEEPER) -> SideComparison:
    """Return what is told of the sides: `counts` breaths, an exchange between each two of them."""
    spec = registry.drill("360_breathing")
    drill = TrunkDrill(spec, spec.patterns[0].id, CHANNELS)
    t_s = 10.0
    for turn, count in enumerate(counts):
        if turn:
            assert list(drill.on_command(CommandKind.EXCHANGE, "", t_s))
        way = 1 if turn % 2 == 0 else -1
        for k in range(count):
            t_s += 5.0
            half = 0.5 * (body + way * sensor) + 0.002 * (-1) ** k
            drill.take(breath(t_s, 0.6 + half, 0.6 - half))
        t_s += 1.0
    [found] = drill.sides(DrillState(Stage.FINISHED, breath_measured=True))
    return found


def test_what_a_sensor_shows_more_is_no_difference_of_the_body():
    assert not told([12]).told
    found = told([6, 6])
    assert abs(found.difference) < 1.0
    assert not found.told


def test_what_the_body_does_is_one_after_an_exchange():
    assert not told([12], body=0.2, sensor=0.0).told
    found = told([6, 6], body=0.2, sensor=0.0)
    assert found.difference == pytest.approx(100 * 0.2 / 0.6, abs=1.0)
    assert found.told


def test_exchanged_and_back_the_breaths_of_either_way_stay_apart():
    found = told([8, 6, 2], body=0.3, sensor=0.1)
    assert found.difference == pytest.approx(100 * 0.3 / 0.6, abs=1.0)
    assert found.told


@pytest.mark.parametrize("counts", [[0, 12], [6, 0, 6], [6, LEAST_N - 1, 6], [0, 0, 12], [LEAST_N - 1, 12]])
def test_of_sensors_that_were_worn_one_way_only_nothing_is_called_a_difference(counts):
    assert not told(counts, body=0.3).told


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5))
def test_whatever_is_exchanged_a_sensor_alone_is_never_called_a_difference(counts):
    if sum(counts):
        found = told(counts)
        assert not found.told
        assert math.isfinite(found.left)
