"""What `benchmarks/trunk.py` measures of movement: repetitions, steadiness, the lower back, the breath meanwhile."""

import math
from typing import TYPE_CHECKING

from breathcore.model.device import Place
from breathcore.model.trunk import LumbarBend, MovementLearned, MovingRate, Rep, Steadiness
from trunk_scenes import hinged, hold, moved_breath, movement

if TYPE_CHECKING:
    from trunk import Figures

RATED_S = 32.0  # what a rate is of


def moved(f: "Figures", number: int) -> None:
    """Measure repetitions and steadiness of one wearer."""
    for gyro in (True, False):
        by = "gyro" if gyro else "acc only"
        told, task = movement(number, gyro=gyro)
        reps = [e for _, e in told.said if isinstance(e, Rep)]
        learned = [e for _, e in told.said if isinstance(e, MovementLearned)]
        done = told.wearer.reps()
        refused = not any(e.reason is None for e in learned)
        wrong = math.nan if refused else float(len(reps) - len(done))
        f.add(f"sets exact, {by}", 0.5, number, wrong)
        f.add(f"sets within 1, {by}", 1.0, number, wrong)
        if refused:
            f.refused[f"sets, {by}"][learned[-1].reason.value if learned and learned[-1].reason else "-"] += 1
        elif wrong:
            f.refused[f"wrong sets, {by}"][f"{task.kind}/{task.place.value} {len(done)}: {wrong:+.0f}"] += 1
        if len(reps) == len(done):
            for rep, true in zip(reps, done, strict=True):
                f.add(f"range, deg, {by}", 5.0, number, rep.range_deg - told.wearer.range_deg(task.place, true))
        told, task = hold(number, gyro=gyro)
        still = [e for _, e in told.said if isinstance(e, Steadiness)][-1:]
        tilt, turn = told.wearer.steadiness(Place.PELVIS, task.t_s, told.end_s - 4.0)
        for e in still:
            f.add(f"tilt, deg, {by}", 0.5, number, e.tilt_deg - tilt)
            if gyro:
                f.add(f"rotation, deg, {by}", 0.5, number, e.rotation_deg - turn)
    _hinged(f, number)
    _breathed(f, number)


def _hinged(f: "Figures", number: int) -> None:
    """Compare what is told of the lower back with what it did."""
    told, _ = hinged(number)
    bends = [e for _, e in told.said if isinstance(e, LumbarBend)]
    for true in told.wearer.reps():
        found = min(bends, key=lambda e: abs(e.t_s - true.end_s), default=None)
        if found is None or abs(found.t_s - true.end_s) >= 1.0:
            f.add("lower back, deg", 3.0, number, math.nan)
            continue
        f.add("lower back, deg", 3.0, number, found.bend_deg - told.wearer.bend_deg(true))


def _breathed(f: "Figures", number: int) -> None:
    """Compare the rate that is told during a movement with the wearer's own over the 32 s before."""
    told, task = moved_breath(number)
    rates = [e for _, e in told.said if isinstance(e, MovingRate) and e.t_s >= task.t_s + RATED_S]
    by = "with the movement" if number % 2 else "own"
    for e in rates:
        breaths_n = [b for b in told.wearer.breaths(0.0, e.t_s) if b[2] > e.t_s - RATED_S]
        true_bpm = 60.0 * len(breaths_n) / (breaths_n[-1][2] - breaths_n[0][0]) if breaths_n else math.nan
        f.add(f"rate moving, {by}", 2.0, number, e.rate_bpm - true_bpm)
        if e.reason is not None:
            f.refused[f"rate moving, {by}"][e.reason.value] += 1
