"""Which of several wearables the breath is read from, and which way round."""

import numpy as np
import pytest

from breathcore.estimate.chain import PersonEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import EffortBlock, Refusal


def acc(id_: str, place: Place | None) -> ChannelSpec:
    return ChannelSpec(id_, Role.CHEST_ACC, "g", ("x", "y", "z"), 50.0, place=place)


def belt(id_: str, place: Place | None = None, inhale_sign: int = 1) -> ChannelSpec:
    return ChannelSpec(id_, Role.BELT, "N", ("force",), 20.0, inhale_sign=inhale_sign, place=place)


@pytest.mark.parametrize(
    ("channels", "source"),
    [
        ([acc("a", None), acc("b", Place.NAVEL), acc("c", Place.STERNUM)], "c"),
        ([acc("a", Place.BACK), acc("b", Place.RIGHT), acc("c", Place.LEFT)], "c"),
        ([acc("a", None), acc("b", Place.BACK)], "b"),
        ([acc("a", None), acc("b", None)], "a"),
        ([acc("a", Place.STERNUM), belt("b", Place.NAVEL)], "b"),
        ([acc("a", Place.PELVIS), acc("b", None)], "b"),
    ],
)
def test_the_breath_is_read_by_role_then_by_place_then_by_order(channels: list[ChannelSpec], source: str) -> None:
    assert PersonEstimator(channels).breath_source == source


def test_a_sensor_on_the_pelvis_does_not_see_the_breath() -> None:
    assert PersonEstimator([acc("a", Place.PELVIS)]).refusal is Refusal.NO_SENSOR


def test_a_belt_whose_value_falls_on_inhale_is_turned() -> None:
    def trace(sign: int) -> np.ndarray:
        channel = belt("b", inhale_sign=sign)
        person = PersonEstimator([channel])
        t_s = np.arange(0.0, 30.0, 0.05)
        x = 10.0 + sign * np.sin(2 * np.pi * 0.2 * t_s)
        found = person.push(SampleBlock(channel, t_s, x[:, None]))
        return np.concatenate([e.y for e in found if isinstance(e, EffortBlock)])

    np.testing.assert_allclose(trace(-1), trace(1), atol=1e-9)
    assert np.ptp(trace(1)) > 1.0
