"""The brace by the clock: from the belts' packets until it is told."""

from itertools import pairwise

import numpy as np
import pytest
from braced import AFTER_S, CALIBRATION, WEARER

from breathcore.estimate.trunk.bracing import TICK_S
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.trunk import BraceEstimate, MovementTask
from breathcore.source.sim.trunk.script import Ramp, Script, calibrated
from breathcore.source.sim.trunk.wearer import TrunkWearer

ON_S, OFF_S = AFTER_S + 12.0, AFTER_S + 27.0
END_S = OFF_S + 4.0
BELTS = tuple(
    ChannelSpec(f"{place.value}.belt", Role.BELT, "N", ("force",), 20.0, 0.2, place=place)
    for place in (Place.STERNUM, Place.NAVEL)
)


def told(packet_s):
    """Return (clock, estimate) of what is told of one brace, the belts' samples coming in packets."""
    ramps = (Ramp(ON_S, ON_S + 0.4, 0.4), Ramp(OFF_S, OFF_S + 0.4, 0.0))
    wearer = TrunkWearer(WEARER, calibrated(Script(END_S, brace=ramps), CALIBRATION))
    trunk = TrunkEstimator(BELTS)
    asked = [MovementTask(ON_S - 1.0, "brace", Place.NAVEL), MovementTask(OFF_S - 0.5, "", Place.NAVEL)]
    for item in (CALIBRATION, *asked):
        trunk.push(item)
    blocks = []
    for n, channel in enumerate(BELTS):
        t_s = np.arange(0.02 + 0.001 * n, END_S, 1.0 / channel.rate_hz)
        x = wearer.read(channel, t_s)
        cuts = range(0, len(t_s), round(packet_s * channel.rate_hz))
        blocks += [SampleBlock(channel, t_s[k : k + cuts.step], x[k : k + cuts.step]) for k in cuts]
    blocks.sort(key=lambda b: float(b.t_s[-1]))
    found = [(float(b.t_s[-1]), e) for b in blocks for e in trunk.push(b)]
    assert trunk.faults == ()
    return [(at_s, e) for at_s, e in found if isinstance(e, BraceEstimate)], wearer


@pytest.mark.parametrize("packet_s", [0.05, 0.2])
def test_with_a_second_belt_a_brace_is_told_within_half_a_second_by_the_clock_of_coming_and_of_going(packet_s):
    said, wearer = told(packet_s)
    fine_s = np.arange(ON_S, END_S, 0.01)
    level = wearer.brace(fine_s)
    on_s = fine_s[(level > 0.08).argmax()]
    off_s = fine_s[(fine_s > OFF_S) & (level < 0.05)][0]
    assert next(at_s for at_s, e in said if e.t_s > ON_S - 1.0 and e.on) - on_s < 0.5
    assert next(at_s for at_s, e in said if e.t_s > off_s and not e.on) - off_s < 0.5


def test_between_its_quarters_the_brace_is_told_only_where_it_comes_or_goes():
    said, _ = told(0.2)
    times = [e.t_s for _, e in said]
    assert times == sorted(set(times))
    turns_n = sum(one.on is not e.on for (_, one), (_, e) in pairwise(said))
    quarters_n = round((times[-1] - times[0]) / TICK_S) + 1
    assert 1 <= len(said) - quarters_n <= turns_n
