"""What the sensors round the trunk are worth: simulated wearers, the truth known.

    python benchmarks/trunk.py --seeds 101 102 103 --wearers 70 [--jobs 2] [--rig full|rig|ring|acc] [--only expansion]

Wearers are drawn by `source.sim.trunk.draw` (number 1000 × seed and on): tilts of 0.5–3° in a full breath, noise, bias,
steps of the wire, sensors put on askew, belts that creep, sway, rates of 4–25/min, curved and shared tilts. What they
do is in `trunk_scenes.py`. Estimators see samples only; the truth is the geometry of the chest.

Printed for each figure: the limit; of the wearers' own median errors (of "wrong": means) the median and the worst
decile; how many of all single tellings are within the limit; how much was told of what could have been; how many
wearers. Then who was refused, and why.

- share: how far a site opened in a breath, in points of the person's own full breath (and of the breath's truth);
- live: the level of a site at every moment;
- cm: growth of the girth in a breath, with tape readings that are wrong by 1.5 mm each;
- symmetry: left against right over the last eight breaths (own ones, with the left a third more, deep ones: windows
  that lie wholly in one of these); `error / band`: how the error compares with the half-width that is told; `side
  wrong`: the side that is said to open more does not;
- least: the site that is said to open least opened 3 points more than the least; `missed`: one opened a fifth less than
  the others, and another was named, or none;
- lag: of the belly behind the ribs; `0.3-3` are wearers whose girths grow in that ratio;
- zone wrong: quarters of a second in which the level is not in the true zone (< 5, 5–15, 15–25, 25–35, > 35 % of the
  firm brace), of those whose truth is 2 points or more from an edge; `held`: from 1 s after a ramp to the next;
- on, off: from the true brace's passing 8 % (5 %) until it is told, for braces of 10 % and more: by the time that
  the estimate is of, and by the clock (packets, filter and all);
- repetitions: told less done in sets of 3–12 at 2–6 s; steadiness against the pelvis' true turns; the lower back: the
  trunk's largest turn against the pelvis in each hip hinge;
- rate moving: breaths/min told during repetitions of 2–6 s by two sensors, against the 32 s before: of wearers who
  breathe as they like, and of those who breathe out on every way there.
"""

import argparse
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from breathcore.estimate.trunk.ring import PAIRS_N, score_of
from breathcore.estimate.trunk.sights import level_of
from breathcore.model.device import Place
from breathcore.model.trunk import (
    RING,
    BraceCalibration,
    BraceEstimate,
    Expansion,
    Side,
    SiteBlock,
    SiteCalibration,
    Unmeasured,
)
from breathcore.source.sim.trunk.draw import draw_trunk
from trunk_movement import moved
from trunk_scenes import DEEP_ONE_SIDED_S, DEEP_S, ONE_SIDED_S, RIGS, Told, belt, braces, breaths, opened

EDGES = np.array([0.05, 0.15, 0.25, 0.35])
NEAR = 0.02
ON, OFF = 0.08, 0.05
RATIO = (0.3, 3.0)
ONLY_ON = (Unmeasured.UNSURE, Unmeasured.LONE, Unmeasured.SMALL)  # with these on and off are told, the level is not
ALIKE = 0.03  # shares that are so near are equally the least


@dataclass
class Figure:
    """Errors of one kind, wearer by wearer; how many tellings there were, and how many there could have been."""

    limit: float
    mean: bool = False  # of a wearer's tellings, not the median
    of: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    told_n: int = 0
    asked_n: int = 0

    def add(self, wearer: int, error: float) -> None:
        """Count one telling (NaN: nothing was told)."""
        self.asked_n += 1
        if math.isfinite(error):
            self.told_n += 1
            self.of[wearer].append(abs(error))

    def join(self, other: "Figure") -> None:
        """Take over what was counted of other wearers."""
        self.asked_n += other.asked_n
        self.told_n += other.told_n
        for wearer, errors in other.of.items():
            self.of[wearer] += errors

    def line(self) -> str:
        """Return the figure as it is printed."""
        if not self.told_n:
            return f"{self.limit:8.3g}  nothing told of {self.asked_n}"
        own = [float(np.mean(v) if self.mean else np.median(v)) for v in self.of.values()]
        every = np.concatenate([np.array(v) for v in self.of.values()])
        return (
            f"{self.limit:8.3g} {np.median(own):8.3f} {np.quantile(own, 0.9):8.3f}"
            f" {100 * np.mean(every <= self.limit):7.1f} {100 * self.told_n / self.asked_n:7.1f} {len(own):5d}"
        )


class Figures:
    """All figures, by name; who was refused what; and the worst of them."""

    def __init__(self) -> None:
        self.all: dict[str, Figure] = {}
        self.refused: dict[str, Counter[str]] = defaultdict(Counter)
        self.cost: list[float] = []

    def add(self, name: str, limit: float, wearer: int, error: float) -> None:
        """Count one telling of `name`."""
        self.all.setdefault(name, Figure(limit, mean="wrong" in name)).add(wearer, error)

    def join(self, other: "Figures") -> None:
        """Take over what was measured of other wearers."""
        for name, figure in other.all.items():
            self.all.setdefault(name, Figure(figure.limit, figure.mean)).join(figure)
        for name, why in other.refused.items():
            self.refused[name] += why
        self.cost += other.cost

    def print(self, title: str) -> None:
        """Print the table."""
        print(f"\n{title}\n{'':24s}{'limit':>8s} {'median':>8s} {'decile':>8s} {'within%':>7s} {'told%':>7s} {'n':>5s}")
        for name, figure in self.all.items():
            print(f"{name:24s}{figure.line()}")
        for name, why in self.refused.items():
            print(f"refused: {name:20s}", dict(why))
        if self.cost:
            print(f"cost: {100 * float(np.mean(self.cost)):.1f} % of a core, worst {100 * max(self.cost):.1f} %")
        sys.stdout.flush()

    def worst(self, name: str, n: int = 12) -> None:
        """Print the wearers with the largest errors of `name`, and what they are like."""
        figure = self.all.get(name)
        if figure is None:
            return
        print(f"worst {name}:")
        middle = np.mean if figure.mean else np.median
        order = sorted(figure.of, key=lambda w: -float(middle(figure.of[w])))[:n]
        for w in order:
            s = draw_trunk(w)
            tilts = " ".join(f"{p.value}:{x.tilt_deg:.1f}/{x.curve:+.2f}/{x.crosstalk:.2f}" for p, x in s.sites.items())
            print(
                f"  {w} {float(middle(figure.of[w])):.3f} rate {s.rate_bpm:.1f} sway {s.sway_deg:.2f}"
                f" lag {s.phase_deg:.0f} depth {s.depth:.2f} I:E {s.i_to_e:.2f} {tilts}"
            )


def expansion(f: Figures, number: int, rig: str) -> None:
    """Measure what is told of one wearer's breaths."""
    told = breaths(number, rig)
    wearer = told.wearer
    start_s = told.calibration.end_s + 1.0
    chest, waist = wearer.full_girth_cm(Place.STERNUM), wearer.full_girth_cm(Place.NAVEL)
    f.cost.append(told.cpu_s / told.end_s)
    for _, e in told.said:
        if isinstance(e, SiteCalibration) and e.reason is not None:
            f.refused[f"calibration {e.place.value}"][e.reason.value] += 1
    found = [e for _, e in told.said if isinstance(e, Expansion) and e.onset_s > start_s]
    _count_breaths(f, number, told, found)
    pairs: list[tuple[float, float, float]] = []
    for e in found:
        _sites(f, number, told, e)
        _lag(f, number, told, e, chest / waist)
        left, right = e.site(Place.LEFT), e.site(Place.RIGHT)
        if left is not None and right is not None and left.reason is None and right.reason is None:
            sides = (opened(wearer, p, e.onset_s, e.end_s) for p in (Place.LEFT, Place.RIGHT))
            pairs = [*pairs, (next(sides), next(sides), e.onset_s)][-PAIRS_N:]
        _symmetry(f, number, e, pairs)
        _score(f, number, told, e)
    _live(f, number, told, start_s)


def _count_breaths(f: Figures, number: int, told: Told, found: Sequence[Expansion]) -> None:
    """Count how many of the breaths that were taken were told at all."""
    done = told.wearer.breaths(told.calibration.end_s + 2.0, told.end_s - 25.0)
    for onset_s, top_s, _ in done:
        hit = any(e.onset_s < top_s + 0.3 and e.end_s > top_s for e in found)
        f.add("breaths told", 0.5, number, 0.0 if hit else math.nan)
        del onset_s


def _sites(f: Figures, number: int, told: Told, e: Expansion) -> None:
    wearer = told.wearer
    for s in e.sites:
        by_belt = s.source.endswith("belt")
        if by_belt:
            level = level_of(s.place)
            t_s = np.linspace(e.onset_s, e.end_s, 300)
            truth = float(np.ptp(wearer.wall.breathed_cm(level, t_s))) / wearer.full_girth_cm(level)
        else:
            truth = opened(wearer, s.place, e.onset_s, e.end_s)
        name = f"{s.place.value} {'belt' if by_belt else 'tilt'}"
        share = s.share if s.reason is None else math.nan
        f.add(f"share {name}", 0.10, number, share - truth)
        if not by_belt and s.place is not Place.NAVEL:
            f.add("share, all tilts", 0.10, number, share - truth)
            f.add("  of the breath's truth", 0.10, number, share / truth - 1.0 if truth > 0.02 else math.nan)
        if s.reason is not None:
            f.refused[f"share {name}"][s.reason.value] += 1
        grown = float(np.ptp(wearer.wall.breathed_cm(level_of(s.place), np.linspace(e.onset_s, e.end_s, 300))))
        f.add(f"cm {level_of(s.place).value}", 0.4, number, s.cm - grown if s.reason is None else math.nan)


def _lag(f: Figures, number: int, told: Told, e: Expansion, ratio: float) -> None:
    off = (e.phase_deg - told.wearer.phase_deg(e.onset_s, e.end_s) + 180.0) % 360.0 - 180.0
    f.add("lag, deg", 10.0, number, off)
    if RATIO[0] <= ratio <= RATIO[1]:
        f.add("lag 0.3-3, deg", 5.0, number, off)
    truth = told.wearer.rib_share(e.onset_s, e.end_s)
    f.add("ribs' part", 0.05, number, e.rib_share - truth)
    for name in ("phase_deg", "rib_share", "symmetry", "score"):
        if name in e.reasons:
            f.refused[name][e.reasons[name].value] += 1


def _symmetry(f: Figures, number: int, e: Expansion, pairs: Sequence[tuple[float, float, float]]) -> None:
    left, right = (sum(p[k] for p in pairs) for k in (0, 1))
    off = e.symmetry - 200.0 * (left - right) / (left + right) if pairs else math.nan
    f.add("symmetry, all", 5.0, number, off)
    f.add("  error / band", 1.0, number, off / e.symmetry_noise)
    parts = [int(np.searchsorted((ONE_SIDED_S, DEEP_S, DEEP_ONE_SIDED_S), p[2] + 1.0)) for p in pairs]
    if len(parts) >= PAIRS_N // 2 and len(set(parts)) == 1:
        name = ("own breaths", "left + 1/3", "deep", "deep, left + 1/3")[parts[0]]
        f.add(f"symmetry, {name}", 5.0, number, off)
        side = math.nan if e.opens_more is None else float((e.opens_more is Side.LEFT) != (left > right))
        f.add(f"  side wrong, {name}", 0.5, number, side)


def _score(f: Figures, number: int, told: Told, e: Expansion) -> None:
    """Compare the 360° score with what it would be of true shares."""
    ring = [s for s in e.sites if s.place in RING and not s.source.endswith("belt")]
    if len(ring) == len(RING):
        truth = [replace(s, share=opened(told.wearer, s.place, e.onset_s, e.end_s), reason=None) for s in ring]
        score, least, _ = score_of(truth)
        f.add("360° score, points", 10.0, number, e.score - score)
        over = next((s.share for s in truth if s.place is e.least), math.nan) - min(s.share for s in truth)
        f.add("least wrong", 0.5, number, float(over > ALIKE) if e.least is not None else math.nan)
        if least is not None and math.isfinite(e.score):
            f.add("  least missed, wrong", 0.5, number, float(e.least is None or over > ALIKE))


def _live(f: Figures, number: int, told: Told, start_s: float) -> None:
    off: dict[str, list[float]] = defaultdict(list)
    wearer = told.wearer
    for _, b in told.said:
        if isinstance(b, SiteBlock) and b.t_s[0] > start_s and b.t_s[-1] < told.end_s - 1.0:
            at = slice(None, None, 3)
            if b.source.endswith("belt"):
                level = level_of(b.place)
                truth = wearer.wall.breathed_cm(level, b.t_s[at]) / wearer.full_girth_cm(level)
            else:
                truth = wearer.share(b.place, b.t_s[at])
            off["belts" if b.source.endswith("belt") else "tilts"] += (b.level[at] - truth).tolist()
    for name, values in off.items():
        for value in values[::5]:
            f.add(f"live, {name}", 0.10, number, value)


def brace(f: Figures, number: int) -> None:
    """Measure what is told of one wearer's braces: with a belt on the chest too, and without."""
    rigs = {
        "chest too": (belt(Place.STERNUM, 20.0), belt(Place.NAVEL, 20.0)),
        "alone": (belt(Place.NAVEL, 20.0),),
    }
    for name, channels in rigs.items():
        told = braces(number, channels)
        _brace(f, number, name, told)


def _brace(f: Figures, number: int, name: str, told: Told) -> None:
    for _, e in told.said:
        if isinstance(e, BraceCalibration):
            f.refused[f"brace {name}"]["calibrated" if e.reason is None else e.reason.value] += 1
    start_s = told.calibration.end_s + 2.0
    seen = [(at_s, e) for at_s, e in told.said if isinstance(e, BraceEstimate) and start_s < e.t_s < told.end_s - 1.0]
    t_s = np.array([e.t_s for _, e in seen])
    truth = told.wearer.brace(t_s)
    zones = np.searchsorted(EDGES, truth)
    clear = np.abs(truth[:, None] - EDGES).min(axis=1) >= NEAR
    for (_, e), zone, ok in zip(seen, zones.tolist(), clear.tolist(), strict=True):
        if ok:
            wrong = math.nan if e.reason is not None else float(int(np.searchsorted(EDGES, e.level)) != zone)
            f.add(f"zone wrong, {name}", 0.05, number, wrong)
            if zone and not any(r.start_s < e.t_s < r.end_s + 1.0 for r in told.wearer.script.brace):
                f.add(f"  held wrong, {name}", 0.05, number, wrong)
        if e.reason is not None:
            f.refused[f"zone {name}"][e.reason.value] += 1
    _switches(f, number, name, told, seen)


def _switches(f: Figures, number: int, name: str, told: Told, seen: Sequence[tuple[float, BraceEstimate]]) -> None:
    """Measure how long it takes until a brace is told, and until its end is."""
    fine_s = np.arange(told.calibration.end_s + 2.0, told.end_s - 2.0, 0.02)
    level = told.wearer.brace(fine_s)
    breath_s = 60.0 / told.wearer.spec.rate_bpm if name == "alone" else 1.0
    limit = 1.0 if name == "alone" else 0.5
    unit = "breaths" if name == "alone" else "s"
    for ramp in told.wearer.script.brace:
        if ramp.start_s < told.calibration.end_s:
            continue
        size = ramp.to or float(told.wearer.brace(np.array([ramp.start_s - 0.1]))[0])
        if size < 0.10:
            continue
        on = ramp.to > 0.0
        after = fine_s >= ramp.start_s
        passed = level[after] > ON if on else level[after] < OFF
        if not passed.any():
            continue
        true_s = float(fine_s[after][passed.argmax()])
        what = f"{'on' if on else 'off'} {name}, {unit}"
        if not any(e.reason in (None, *ONLY_ON) for _, e in seen):
            f.add(what, limit, number, math.nan)
            f.add(f"  clock: {what}", limit, number, math.nan)
            continue
        first = next(
            ((at_s, e.t_s) for at_s, e in seen if e.t_s >= true_s and e.on is on and e.reason in (None, *ONLY_ON)), None
        )
        clock_s, own_s = first or (math.inf, math.inf)
        f.add(what, limit, number, min((own_s - true_s) / breath_s, 99.0))
        f.add(f"  clock: {what}", limit, number, min((clock_s - true_s) / breath_s, 99.0))


def measured(number: int, rig: str, only: Sequence[str]) -> Figures:
    """Return what was measured of one wearer."""
    f = Figures()
    if "expansion" in only:
        expansion(f, number, rig)
    if "brace" in only:
        brace(f, number)
    if "movement" in only:
        moved(f, number)
    return f


def each(numbers: Sequence[int], rig: str, only: Sequence[str], jobs: int) -> Iterator[Figures]:
    """Yield what was measured of every wearer, in order, by `jobs` processes; say on stderr how far it is."""
    one, began = partial(measured, rig=rig, only=tuple(only)), time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for n, f in enumerate(pool.map(one, numbers) if jobs > 1 else map(one, numbers), 1):
            took_s = time.monotonic() - began
            print(f"\r{n} of {len(numbers)} wearers, {took_s:.0f} s", end="", file=sys.stderr, flush=True)
            yield f
    print(file=sys.stderr)


def run(seeds: Iterable[int], wearers_n: int, rig: str, only: Sequence[str], *, worst: bool, jobs: int) -> None:
    """Measure and print all of it, seed by seed and together."""
    numbers = {seed: range(1000 * seed, 1000 * seed + wearers_n) for seed in seeds}
    found = each([n for own in numbers.values() for n in own], rig, only, jobs)
    together = Figures()
    for seed, own_numbers in numbers.items():
        own = Figures()
        for _ in own_numbers:
            f = next(found)
            own.join(f)
            together.join(f)
        own.print(f"seed {seed}: {wearers_n} wearers, {rig}")
    next(found, None)
    together.print("all seeds")
    if worst:
        for name in (
            "share, all tilts",
            "lag, deg",
            "symmetry, told",
            "zone wrong, chest too",
            "zone wrong, alone",
            "cm left",
        ):
            together.worst(name)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--wearers", type=int, default=70)
    parser.add_argument("--rig", choices=list(RIGS), default="full")
    parser.add_argument("--only", nargs="+", choices=["expansion", "brace", "movement"])
    parser.add_argument("--worst", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="processes; the figures are the same whatever their number")
    a = parser.parse_args()
    run(a.seeds, a.wearers, a.rig, a.only or ["expansion", "brace", "movement"], worst=a.worst, jobs=a.jobs)


if __name__ == "__main__":
    main()
