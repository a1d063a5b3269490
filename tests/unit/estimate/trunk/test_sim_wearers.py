"""Simulated wearers: expansion against the geometry of their chest, and what happens to sensors and breath."""

from functools import cache

import numpy as np
import pytest
from braced import WEARER
from trunk_signals import cut, of

from breathcore.drill.calibration import calibration_steps
from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import Breath, RateEstimate, Turn
from breathcore.model.trunk import BraceCalibration, Expansion, SiteBlock, TapeReading, Unmeasured
from breathcore.source.sim.trunk.script import Air, AirKind, Exchange, Redon, Script, Slip, calibrated
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer

AXES = ("x", "y", "z")
RING = (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK)
CALIBRATION = calibration_steps(6.0, trunk=True)
START_S = CALIBRATION.end_s + 2.0


def worn():
    out = [ChannelSpec("chest", Role.BELT, "N", ("force",), 10.0, 0.2, place=Place.STERNUM)]
    out.append(ChannelSpec("waist", Role.BELT, "N", ("force",), 10.0, 0.2, place=Place.NAVEL))
    for place in (*RING,):
        out.append(ChannelSpec(f"{place.value}.acc", Role.CHEST_ACC, "g", AXES, 50.0, 0.1, place=place))
        out.append(ChannelSpec(f"{place.value}.gyro", Role.GYRO, "deg/s", AXES, 50.0, 0.1, place=place))
    return out


def played(end_s, seed=3, calibration=CALIBRATION, channels=None, spec=None, **script):
    channels = channels or worn()
    wearer = TrunkWearer(spec or TrunkSpec(seed=seed), calibrated(Script(end_s, **script), calibration))
    trunk, person = TrunkEstimator(channels), PersonEstimator([c for c in channels if c.role is Role.BELT])
    out = [*trunk.push(calibration), *trunk.push(TapeReading(1.0, Place.STERNUM, wearer.tape_cm(Place.STERNUM)))]
    streams = [(c, t, wearer.read(c, t)) for c in channels for t in [np.arange(0.1, end_s, 1 / c.rate_hz)]]
    for _, block in cut(streams, 0.4):
        for said in person.push(block):
            if isinstance(said, Breath | Turn | RateEstimate):
                out += trunk.push(said)
        out += trunk.push(block)
    out += trunk.flush(end_s)
    assert trunk.faults == ()
    return wearer, out


@cache
def usual():
    return played(100.0)


def breaths_of(out, start_s=START_S, end_s=np.inf):
    return [e for e in of(out, Expansion) if start_s <= e.onset_s and e.t_s < end_s]


def test_expansion_is_within_a_tenth_of_the_own_range_of_the_chests_geometry():
    wearer, out = usual()
    off = []
    for e in breaths_of(out):
        t = np.linspace(e.onset_s, e.end_s, 200)
        off += [s.share - np.ptp(wearer.share(s.place, t)) for s in e.sites if s.source.endswith("acc")]
    assert len(off) > 20
    assert np.median(np.abs(off)) < 0.05
    assert np.quantile(np.abs(off), 0.9) < 0.1


def test_girth_is_within_four_millimetres_and_the_ribs_part_within_five_points():
    wearer, out = usual()
    for e in breaths_of(out):
        t = np.linspace(e.onset_s, e.end_s, 200)
        chest = next(s for s in e.sites if s.source == "chest")
        assert chest.cm == pytest.approx(np.ptp(wearer.wall.breathed_cm(Place.STERNUM, t)), abs=0.4)


def test_the_bellys_lag_is_within_ten_degrees():
    wearer, out = usual()
    off = [e.phase_deg - wearer.phase_deg(e.onset_s, e.end_s) for e in breaths_of(out) if np.isfinite(e.phase_deg)]
    assert len(off) > 4
    assert np.abs(off).max() < 10.0


def reasons(out, place, start_s):
    return {e.site(place).reason for e in breaths_of(out, start_s)}


def test_a_sensor_that_slips_is_said_to_have():
    _, out = played(95.0, slips=(Slip(65.0, Place.LEFT, 25.0),))
    assert reasons(out, Place.LEFT, 70.0) == {Unmeasured.SLIPPED}
    assert None in reasons(out, Place.RIGHT, 70.0)


def test_put_on_anew_everything_has_to_be_calibrated_again():
    _, out = played(110.0, redons=(Redon(62.0, 20.0),))
    told = breaths_of(out, 88.0)
    assert told
    assert {s.reason for e in told for s in e.sites if s.place in RING and s.source != "chest"} == {Unmeasured.SLIPPED}


def test_sides_that_were_exchanged_in_silence_are_not_compared():
    _, out = played(100.0, exchanges=(Exchange(62.0, 10.0),))
    assert reasons(out, Place.LEFT, 78.0) == {Unmeasured.SLIPPED}
    assert all(np.isnan(e.symmetry) for e in breaths_of(out, 78.0))


def test_a_held_breath_stays_open():
    wearer, out = played(90.0, air=(Air(60.0, AirKind.HOLD, depth=0.7), Air(72.0)))
    level = np.concatenate([b.level for b in of(out, SiteBlock) if b.source == "chest" and 64 < b.t_s[0] < 71])
    assert level.mean() == pytest.approx(wearer.share(Place.STERNUM, np.array([68.0]))[0], abs=0.12)
    assert np.ptp(level) < 0.1


@pytest.mark.parametrize("kind", [AirKind.TALK, AirKind.COUGH])
def test_talking_and_coughing_make_no_wild_numbers(kind):
    _, out = played(95.0, air=(Air(60.0, kind), Air(80.0)))
    told = [s.share for e in breaths_of(out) for s in e.sites if s.reason is None]
    assert told
    assert all(-0.1 < share < 1.6 for share in told)


def test_a_brace_is_calibrated_where_a_belt_is_worn_round_the_waist():
    with_brace = calibration_steps(6.0, trunk=True, brace=True)
    belts = worn()[:2]
    _, out = played(70.0, calibration=with_brace, channels=belts, spec=WEARER)
    [told] = of(out, BraceCalibration)
    assert told.reason is None
    assert told.firm > told.relaxed
