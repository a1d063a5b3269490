"""What the wearers of `benchmarks/trunk.py` do, what they wear, and what is told of it, from arrays of samples.

Three scenes, each of them drawn anew for every wearer:

- breaths: calibration, a minute of the person's own breath, one in which the left ribs open a third more and the back a
  third less, then deep breaths at 8/min, even and as uneven; sensors front, left, right, back and pelvis (acceleration
  and turning, 52 Hz), belts round chest and waist (10 Hz);
- braces: calibration with braces, then braces of 7–33 % of the firm one, held 8–20 s, rests between; belts (20 Hz);
  as a drill does, it is said when a brace is asked for and when ease is;
- movements: a set of 3–12 repetitions after the two guided ones, of 2–6 s each, then in a session of its own a hold;
  hip hinges with sensors at trunk and pelvis; repetitions for 90 s with sensors at front and back, to see the breath.

Samples are cut into blocks of 0.2 s and given in the order of their last sample, as a session does it.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.drill.calibration import calibration_steps
from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.estimate.trunk.movements import movement_of
from breathcore.model.arrays import F64
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import Breath, RateEstimate, Turn
from breathcore.model.trunk import RING, MovementTask, TapeReading, TrunkCalibration, TrunkEstimate
from breathcore.source.sim.trunk.draw import draw_trunk
from breathcore.source.sim.trunk.movements import MOVEMENTS
from breathcore.source.sim.trunk.script import Air, Ramp, Reps, Script, calibrated
from breathcore.source.sim.trunk.wearer import TrunkWearer

XYZ = ("x", "y", "z")
BLOCK_S = 0.2
REPEATED = ("hip-hinge", "sit-to-stand", "bridge", "single-leg-bridge")
HELD = ("bird-dog", "dead-bug", "side-plank", "row", "single-leg-bridge", "carry")
ONE_SIDED_S, DEEP_S, DEEP_ONE_SIDED_S, EXPANSION_S = 105.0, 160.0, 235.0, 312.0
BRACE_S = 190.0
ASKED_S = 0.5  # a drill asks for a brace, or for ease, so long before it comes
TAPED = (Place.STERNUM, Place.NAVEL, Place.LEFT)


@dataclass
class Told:
    """One wearer's session: the truth, all that was told and when (s of the stream), breaths, and CPU seconds of it."""

    wearer: TrunkWearer
    calibration: TrunkCalibration
    said: list[tuple[float, TrunkEstimate]]
    cpu_s: float
    end_s: float


def imu(place: Place, rate_hz: float = 52.0, *, gyro: bool = True) -> tuple[ChannelSpec, ...]:
    """Return the channels of a motion sensor at `place`."""
    name = place.value
    acc = ChannelSpec(f"{name}.acc", Role.CHEST_ACC, "g", XYZ, rate_hz, 0.1, place=place)
    turning = ChannelSpec(f"{name}.gyro", Role.GYRO, "deg/s", XYZ, rate_hz, 0.1, place=place)
    return (acc, turning) if gyro else (acc,)


def belt(place: Place, rate_hz: float = 10.0) -> ChannelSpec:
    """Return the channel of a belt at `place`."""
    return ChannelSpec(f"{place.value}.belt", Role.BELT, "N", ("force",), rate_hz, 0.2, place=place)


BELTS = (belt(Place.STERNUM), belt(Place.NAVEL))
RIGS = {
    "full": (*(c for place in (*RING, Place.PELVIS) for c in imu(place)), *BELTS),
    "rig": (*(c for place in (*RING[1:], Place.PELVIS) for c in imu(place)), *BELTS),
    "ring": tuple(c for place in RING for c in imu(place)),
    "acc": tuple(c for place in RING for c in imu(place, gyro=False)),
}
"""full: all of it; rig: four motion sensors and two belts; ring: the four sites alone; acc: these without turning."""


def blocks(wearer: TrunkWearer, channels: Sequence[ChannelSpec], end_s: float) -> Iterator[tuple[float, SampleBlock]]:
    """Return what the sensors send, in the order in which it is there: (time, block)."""
    cut: list[tuple[float, int, SampleBlock]] = []
    for number, channel in enumerate(channels):
        t_s = np.arange(0.05 + 0.001 * (number % 7), end_s, 1.0 / channel.rate_hz)
        x = wearer.read(channel, t_s)
        n = max(1, round(BLOCK_S * channel.rate_hz))
        for k in range(0, len(t_s), n):
            cut.append(
                (float(t_s[min(k + n, len(t_s)) - 1]), number, SampleBlock(channel, t_s[k : k + n], x[k : k + n]))
            )
    return ((at_s, block) for at_s, _, block in sorted(cut, key=lambda c: c[:2]))


def breaths(seed: int, rig: str) -> Told:
    """Return what is told of a wearer who breathes."""
    calibration = calibration_steps(8.0, trunk=True)
    uneven = {Place.LEFT: 0.33, Place.BACK: -0.33}
    air = (
        Air(ONE_SIDED_S, focus=uneven),
        Air(DEEP_S, rate_bpm=8.0, depth=0.9),
        Air(DEEP_ONE_SIDED_S, rate_bpm=8.0, depth=0.9, focus=uneven),
    )
    script = calibrated(Script(EXPANSION_S, air=air), calibration)
    wearer = TrunkWearer(draw_trunk(seed), script)
    channels = RIGS[rig]
    trunk = TrunkEstimator(channels)
    person = PersonEstimator(
        [c for c in channels if c.role is Role.BELT] or [c for c in channels if c.place is RING[0]]
    )
    trunk.push(calibration)
    for place in TAPED:
        trunk.push(TapeReading(1.0, place, wearer.tape_cm(place)))
    said: list[tuple[float, TrunkEstimate]] = []
    cpu_s = 0.0
    for at_s, block in blocks(wearer, channels, EXPANSION_S):
        known = [e for e in person.push(block) if isinstance(e, Breath | Turn | RateEstimate)]
        began = time.process_time()
        found = [e for item in (*known, block) for e in trunk.push(item)]
        cpu_s += time.process_time() - began
        said += [(at_s, e) for e in found]
    assert trunk.faults == (), trunk.faults
    return Told(wearer, calibration, said, cpu_s, EXPANSION_S)


def braces(seed: int, channels: Sequence[ChannelSpec]) -> Told:
    """Return what is told of a wearer who braces."""
    rng = np.random.default_rng([seed, 78])
    calibration = calibration_steps(5.0, trunk=True, brace=True)
    at_s = calibration.end_s + float(rng.uniform(6.0, 12.0))
    ramps: list[Ramp] = []
    while at_s < BRACE_S - 30.0:
        level = float(rng.choice([0.1, 0.2, 0.3]) + rng.uniform(-0.03, 0.03))
        up, hold, down, rest = rng.uniform((0.3, 8.0, 0.3, 6.0), (0.8, 20.0, 0.8, 15.0)).tolist()
        ramps += [Ramp(at_s, at_s + up, level), Ramp(at_s + up + hold, at_s + up + hold + down, 0.0)]
        at_s += up + hold + down + rest
    script = calibrated(Script(BRACE_S, brace=tuple(ramps)), calibration)
    asked = (MovementTask(r.start_s - ASKED_S, "brace" if r.to else "", Place.NAVEL) for r in ramps)
    return _plain(TrunkWearer(draw_trunk(seed), script), channels, calibration, tuple(asked), BRACE_S, calibrates=True)


def movement(seed: int, *, gyro: bool) -> tuple[Told, MovementTask]:
    """Return what is told of a set, the guided two before it, and what was asked for."""
    rng = np.random.default_rng([seed, 5])
    kind = str(rng.choice(REPEATED[:1] + REPEATED[2:] if not gyro else REPEATED))
    known = movement_of(kind.replace("-", "_"))
    place = known.places[int(rng.integers(len(known.places)))]
    each_s, n = float(rng.uniform(2.0, 6.0)), int(rng.integers(3, 13))
    keep, pause = float(rng.choice([0.1, 0.3])), float(rng.choice([0.05, 0.2]))
    there = (1.0 - keep - pause) * float(rng.uniform(0.4, 0.6))
    back = 1.0 - keep - pause - there
    spec = replace(draw_trunk(seed), posture=MOVEMENTS[kind].posture)
    reps = Reps(12.0, kind, n + 2, each_s * there, each_s * keep, each_s * back, each_s * pause)
    wearer = TrunkWearer(spec, Script(12.0 + 1.4 * (n + 2) * each_s + 10.0, reps=(reps,)))
    end_s = wearer.reps()[-1].end_s + 3.0
    task = MovementTask(10.0, known.kind, place, known.range_deg)
    tasks = (task, MovementTask(end_s, "", place))
    return _plain(wearer, imu(place, gyro=gyro), calibration_steps(5.0), tasks, end_s + 3.0), task


def hold(seed: int, *, gyro: bool) -> tuple[Told, MovementTask]:
    """Return what is told of a hold of 5–12 s, and what was asked for (its `t_s`; it ends 4 s before the session)."""
    rng = np.random.default_rng([seed, 6])
    kind = str(rng.choice(HELD))
    hold_s, rest_s = float(rng.uniform(5.0, 12.0)), float(rng.uniform(14.0, 24.0))
    spec = replace(draw_trunk(seed), posture=MOVEMENTS[kind].posture)
    wearer = TrunkWearer(spec, Script(70.0, reps=(Reps(rest_s + 4.0, kind, 1, 2.0, hold_s + 2.0, 2.0, 1.0),)))
    done = wearer.reps()[0]
    start_s = done.top_s + 0.5 if rng.random() < 0.5 else done.start_s - 0.5
    end_s = done.return_s - 0.3
    task = MovementTask(start_s, "bird_dog", Place.PELVIS)
    tasks = (task, MovementTask(end_s, "", Place.PELVIS))
    return _plain(wearer, imu(Place.PELVIS, gyro=gyro), calibration_steps(5.0), tasks, end_s + 4.0), task


def hinged(seed: int) -> tuple[Told, MovementTask]:
    """Return what two sensors (trunk and pelvis) tell of a set of hip hinges, and what was asked for."""
    rng = np.random.default_rng([seed, 7])
    place = (Place.BACK, Place.STERNUM)[int(rng.integers(2))]
    each_s, n = float(rng.uniform(3.0, 6.0)), int(rng.integers(4, 9))
    spec = replace(draw_trunk(seed), posture=MOVEMENTS["hip-hinge"].posture)
    reps = Reps(12.0, "hip-hinge", n + 2, 0.4 * each_s, 0.1 * each_s, 0.4 * each_s, 0.1 * each_s)
    wearer = TrunkWearer(spec, Script(12.0 + 1.4 * (n + 2) * each_s + 10.0, reps=(reps,)))
    end_s = wearer.reps()[-1].end_s + 3.0
    task = MovementTask(10.0, "hip_hinge", Place.PELVIS, movement_of("hip_hinge").range_deg)
    tasks = (task, MovementTask(end_s, "", Place.PELVIS))
    return _plain(wearer, (*imu(place), *imu(Place.PELVIS)), calibration_steps(5.0), tasks, end_s + 3.0), task


def moved_breath(seed: int) -> tuple[Told, MovementTask]:
    """Return what sensors at front and back tell of the breath in 90 s of repetitions, and what was asked for.

    Half of the wearers breathe as they like, half out on every way there.
    """
    rng = np.random.default_rng([seed, 8])
    kind = str(rng.choice(REPEATED))
    each_s = float(rng.uniform(2.0, 6.0))
    spec = replace(draw_trunk(seed), posture=MOVEMENTS[kind].posture)
    n = round(90.0 / each_s)
    reps = Reps(12.0, kind, n, 0.4 * each_s, 0.1 * each_s, 0.4 * each_s, 0.1 * each_s, breathes_out=bool(seed % 2))
    wearer = TrunkWearer(spec, Script(12.0 + 1.4 * n * each_s, reps=(reps,)))
    end_s = wearer.reps()[-1].end_s
    known = movement_of(kind.replace("-", "_"))
    task = MovementTask(10.0, known.kind, Place.BACK, known.range_deg)
    channels = (*imu(Place.STERNUM), *imu(Place.BACK))
    return _plain(wearer, channels, calibration_steps(5.0), (task, MovementTask(end_s, "", Place.BACK)), end_s), task


def _plain(
    wearer: TrunkWearer,
    channels: Sequence[ChannelSpec],
    calibration: TrunkCalibration,
    tasks: Sequence[MovementTask],
    end_s: float,
    *,
    calibrates: bool = False,
) -> Told:
    """Return what is told without the breath being known."""
    trunk = TrunkEstimator(channels)
    if calibrates or not tasks:
        trunk.push(calibration)
    for task in tasks:
        trunk.push(task)
    said: list[tuple[float, TrunkEstimate]] = []
    for at_s, block in blocks(wearer, channels, end_s):
        said += [(at_s, e) for e in trunk.push(block)]
    said += [(end_s, e) for e in trunk.flush(end_s)]
    assert trunk.faults == (), trunk.faults
    return Told(wearer, calibration, said, 0.0, end_s)


def opened(wearer: TrunkWearer, place: Place, start_s: float, end_s: float) -> float:
    """Return how far `place` truly opened in the breath between two moments: its top less the lowest before it.

    Sites lead and lag: looked at from a quarter of the breath before it, its top within the breath.
    """
    length = end_s - start_s
    t_s = np.linspace(start_s - 0.25 * length, end_s, 400)
    share: F64 = wearer.share(place, t_s)
    inside = np.flatnonzero(t_s >= start_s)
    top = int(inside[share[inside].argmax()])
    return float(share[top] - share[: top + 1].min())
