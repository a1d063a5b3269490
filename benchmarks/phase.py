"""How late the breath is shown: what is displayed at a paint beside the chest at that same moment.

    python benchmarks/phase.py [--seeds 5] [--first-seed 1] [--minutes 3] [--paints 60] [--stalls] [--drills …]

The whole way is gone in virtual time: a simulated wearer who follows the drill, the wearable's packets with the radio's
delay (5–30 ms and an exponential 20 ms on top; with `--stalls` also 2 s of silence every 40 s, after which everything
comes at once), decoding, clock, estimators, calibration, drill, frames as the session makes them (after packets and
every 50 ms), and `Playout` asked `--paints` times a second, as the views ask it. Truth is the simulated chest's level.

Display and chest are brought to one scale by their 5th and 95th percentiles over the drill. Of each stroke (a way from
one resting level to the other) are taken, once it is displayed with look-ahead and once without:

- middle: when the display passes the middle between the two levels, less when the chest does;
- begin, end: the same at 10 % and at 90 % of the way: a turn, or a hold's end and beginning;
- turn: the shift in time that fits the display best to the chest in the second before and after each turning point;
- overshoot: into a hold, how far the display goes beyond where it then rests (its median 1.0 to 2.5 s after the
  stroke); where there is no hold, beyond the chest's own turn; in parts of the stroke.

Printed are the mean size of each error in seconds (and, in brackets, what 9 of 10 stay within), of the overshoot the
95th percentile and the largest; the declared delay of the trace, how old its newest sample usually gets before the
next comes (measured at the paints: link, packets and filter), the lag of the play-out, and how evenly the head moves:
its step from paint to paint, as 95 % stay within it, in parts of the time between the paints. With stalls, errors of
strokes within 3 s of a stall are left out and it is printed how long after a stall's end the head is back.

Not in it: what the screen takes. From the end of a paint event to light it is one to two refreshes (17–33 ms at 60 Hz);
`benchmarks/live.py` measures the way from the packet to the end of the paint event.
"""

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.playout import Head, Playout
from breathcore.model.arrays import F64
from breathcore.model.drill import DrillPhase, DrillSpec, Effect, EffectKind, PatternSpec, PhaseSpec, Stage, UserCommand
from breathcore.model.packets import Advance
from breathcore.session import registry
from breathcore.session.pilot import Pilot
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.reception import Outbound
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.simulation import Simulation
from breathcore.source.sim.spec import WearerSpec

IN, HOLD, OUT, REST = DrillPhase.INHALE, DrillPhase.HOLD, DrillPhase.EXHALE, DrillPhase.REST
DRILLS = {
    "6/min": ((IN, 4.0), (OUT, 6.0)),
    "15/min": ((IN, 1.6), (OUT, 2.4)),
    "4-4-4-4": ((IN, 4.0), (HOLD, 4.0), (OUT, 4.0), (REST, 4.0)),
    "4-7-8": ((IN, 4.0), (HOLD, 7.0), (OUT, 8.0)),
}
SENSORS = {"belt": "vernier_gdx_rb", "H10 ACC": "polar_h10"}
LIMIT_S = {"6/min": 0.14, "15/min": 0.17, "4-4-4-4": 0.20, "4-7-8": 0.20}
ACC_LIMIT_S = 0.25
OVERSHOOT_LIMIT = 0.10
JITTER_S = 0.02
STALL_S, STALL_EVERY_S, AROUND_STALL_S = 2.0, 40.0, 3.0
AFTER_S = 5.0
LONGEST_S = 1800.0
GRID_S = 0.005
LEAST_STROKE = 0.4
HELD = 0.02  # of a stroke: who moves less is holding
SEARCH_S, TURN_S, SHIFT_S = 1.5, 1.0, 0.6
BACK_S = 0.05


@dataclass
class Shown:
    """What one play-out displayed: times of the paints, the head's time and level."""

    paint_s: list[float] = field(default_factory=list)
    head_s: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)

    def add(self, now_s: float, head: Head) -> None:
        self.paint_s.append(now_s)
        self.head_s.append(head.t_s)
        self.level.append(head.y)


@dataclass
class Run:
    """A session: with and without look-ahead, the chest, and when it counts."""

    ahead: Shown
    plain: Shown
    grid_s: F64
    chest: F64
    stalls: tuple[tuple[float, float], ...]
    declared_s: float
    measured_s: float
    lag_s: float
    plain_lag_s: float


@dataclass
class Errors:
    """Of the strokes of some runs."""

    begin: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    turn: list[float] = field(default_factory=list)
    overshoot: list[float] = field(default_factory=list)
    hidden_n: int = 0


def drill(name: str) -> DrillSpec:
    """Return a paced drill of one pattern; the way there from the wearer's own rate is its glide, as in any drill."""
    like = registry.drill("box")
    phases = tuple(PhaseSpec(kind, seconds, {"en": kind.value}) for kind, seconds in DRILLS[name])
    return replace(like, id="phase", patterns=(PatternSpec(name, {"en": name}, phases),), glide=True)


class Session:
    """A session of the real chain in virtual time, with a virtual screen before it."""

    def __init__(
        self, sensor: str, name: str, seed: int, minutes: float, stalls: tuple[tuple[float, float], ...]
    ) -> None:
        device = registry.device(SENSORS[sensor])
        faults = FaultSpec(jitter_s=JITTER_S, stalls=stalls)
        self.simulation = Simulation(device, WearerSpec(seed=seed), faults, until_s=LONGEST_S)
        plan = SessionPlan(drill(name), name, minutes, wearer="simulated")
        self.pipeline = Pipeline(plan, self.simulation.info.devices, self.simulation.info.t0_host_ns)
        self._pilot = Pilot(after_s=AFTER_S)
        self._stalls = stalls

    def run(self, paints_hz: float) -> Run:
        """Run to the end of the drill."""
        ahead, plain, shown, shown_plain = Playout(), Playout(), Shown(), Shown()
        painted_n = 0
        newest: FeedbackFrame | None = None
        span = [np.inf, np.inf]
        for now_s, frame in self._frames():
            while (painted_n + 1) / paints_hz <= now_s:
                painted_n += 1
                if newest is not None:
                    ahead.take(newest)
                    plain.take(replace(newest, predicted_t_s=np.empty(0), predicted_y=np.empty(0)))
                    newest = None
                shown.add(painted_n / paints_hz, ahead.at(painted_n / paints_hz))
                shown_plain.add(painted_n / paints_hz, plain.at(painted_n / paints_hz))
            newest = frame
            if frame.stage is Stage.RUNNING:
                span = [min(span[0], now_s), now_s]
        grid_s = np.arange(span[0], span[1], GRID_S)
        chest = self.simulation.level(grid_s)
        return Run(
            shown, shown_plain, grid_s, chest, self._stalls,
            frame.latency_s, ahead.measured_s, ahead.lag_s, plain.lag_s,
        )  # fmt: skip

    def _frames(self) -> Iterator[tuple[float, FeedbackFrame]]:
        """Yield the frames as a session's worker makes them."""
        for item in self.simulation:
            out = self.pipeline.push(item)
            for told in out:
                self._obey(told)
            if out or isinstance(item, Advance):
                yield self.simulation.now_s, self.pipeline.frame()
            command = self._pilot(self.pipeline) if isinstance(item, Advance) else None
            if command is not None:
                for told in self.pipeline.push(UserCommand(command, item.t_host_ns)):
                    self._obey(told)
            if self.pipeline.stage is Stage.FINISHED:
                return

    def _obey(self, told: object) -> None:
        if isinstance(told, Outbound):
            self.simulation.request(told.request)
        elif isinstance(told, Effect) and told.kind is EffectKind.TARGET and told.timeline is not None:
            self.simulation.show(told.timeline)


def strokes(chest: F64) -> list[tuple[int, int]]:
    """Return where on the grid each stroke begins and ends."""
    speed = np.gradient(chest, GRID_S)
    way = np.sign(np.where(np.abs(speed) > 0.01, speed, 0.0))
    edges = [0, *(np.flatnonzero(np.diff(way)) + 1).tolist(), len(chest) - 1]
    pairs = pairwise(edges)
    return [(a, b) for a, b in pairs if abs(chest[b] - chest[a]) > LEAST_STROKE][1:-1]


def errors(run: Run, shown: Shown, found: Errors) -> None:
    """Add the errors of what was displayed in one run."""
    display = np.interp(run.grid_s, shown.paint_s, shown.level)
    low, high = np.nanpercentile(display, [5, 95])
    least, most = np.percentile(run.chest, [5, 95])
    display = least + (display - low) / (high - low) * (most - least)
    for a, b in strokes(run.chest):
        if any(s - AROUND_STALL_S < run.grid_s[a] < e + AROUND_STALL_S for s, e in run.stalls):
            continue
        if np.isnan(display[a - round(SEARCH_S / GRID_S) : b + round(SEARCH_S / GRID_S)]).any():
            found.hidden_n += 1
            continue
        stroke(run, display, a, b, found)


def stroke(run: Run, display: F64, a: int, b: int, found: Errors) -> None:
    """Add the errors of one stroke."""
    up = 1.0 if run.chest[b] > run.chest[a] else -1.0
    true, seen = up * run.chest, up * display
    rise = true[b] - true[a]
    near = slice(max(0, a - round(SEARCH_S / GRID_S)), b + round(SEARCH_S / GRID_S))
    for part, into in ((0.1, found.begin), (0.5, found.middle), (0.9, found.end)):
        level = true[a] + part * rise
        at_s = float(np.interp(level, true[a : b + 1], run.grid_s[a : b + 1]))
        passed = np.flatnonzero((seen[near][:-1] < level) & (seen[near][1:] >= level))
        late_s = run.grid_s[near][passed] - at_s
        into.append(float(late_s[np.argmin(np.abs(late_s))]) if len(late_s) else SEARCH_S)
    for turn in (a, b):
        shift_s = fitted(true, seen, turn)
        if shift_s is not None:
            found.turn.append(shift_s)
    most = seen[b - round(0.5 / GRID_S) : b + round(1.0 / GRID_S)].max()
    rest = slice(b + round(1.0 / GRID_S), b + round(2.5 / GRID_S))
    held = np.ptp(true[b : rest.stop]) < HELD * rise
    found.overshoot.append(float((most - (np.median(seen[rest]) if held else true[b])) / rise))


def fitted(true: F64, seen: F64, at: int) -> float | None:
    """Return the shift in s by which `seen` fits `true` best about one place, None at the ends."""
    half, most = round(TURN_S / GRID_S), round(SHIFT_S / GRID_S)
    if at - half - most < 0 or at + half + most >= len(true):
        return None
    part = true[at - half : at + half]
    shifts = np.arange(-most, most + 1)
    off = [((seen[at - half + k : at + half + k] - part) ** 2).sum() for k in shifts]
    return float(shifts[int(np.argmin(off))] * GRID_S)


def size(values: Sequence[float]) -> float:
    """Return the mean size."""
    return statistics.fmean(abs(v) for v in values)


def told(found: Errors, *, limit_s: float) -> tuple[str, bool]:
    """Return a line about errors, and whether they keep the limits."""
    kinds = (("begin", found.begin), ("middle", found.middle), ("end", found.end), ("turn", found.turn))
    parts = [f"{name} {size(v):.3f} ({np.percentile(np.abs(v), 90):.2f})" for name, v in kinds]
    over = np.percentile(found.overshoot, 95)
    kept = max(size(v) for _, v in kinds) <= limit_s and bool(over <= OVERSHOOT_LIMIT)
    hidden = f"  {found.hidden_n} strokes not shown" if found.hidden_n else ""
    return f"{'  '.join(parts)}  overshoot {100 * over:.1f} (most {100 * max(found.overshoot):.1f}) %{hidden}", kept


def unevenness(runs: Sequence[Run]) -> float:
    """Return what 95 % of the head's steps are off from the clock's, in parts of the time between paints."""
    off: list[float] = []
    for run in runs:
        paint_s, head_s = np.array(run.ahead.paint_s), np.array(run.ahead.head_s)
        drilled = paint_s > run.grid_s[0]
        off += np.abs(np.diff(head_s[drilled]) / np.diff(paint_s[drilled]) - 1.0).tolist()
    return float(np.percentile(off, 95))


def back_s(runs: Sequence[Run]) -> list[float]:
    """Return how long after the end of each stall the head was where it usually is."""
    found = []
    for run in runs:
        paint_s, head_s = np.array(run.ahead.paint_s), np.array(run.ahead.head_s)
        for start_s, end_s in run.stalls:
            before = (paint_s > start_s - 5.0) & (paint_s < start_s)
            if start_s < run.grid_s[0] or not before.any():
                continue
            usual_s = float(np.median((paint_s - head_s)[before]))
            there = paint_s[(paint_s > end_s) & (paint_s - head_s < usual_s + BACK_S)]
            if len(there):
                found.append(float(there[0]) - end_s)
    return found


def stalls_of(*, wanted: bool) -> tuple[tuple[float, float], ...]:
    """Return when the radio is silent."""
    starts_s = np.arange(STALL_EVERY_S, LONGEST_S, STALL_EVERY_S)
    return tuple((s, s + STALL_S) for s in starts_s.tolist()) if wanted else ()


def measure(sensor: str, name: str, options: argparse.Namespace) -> bool:
    """Run and print one drill with one sensor; return whether the limits were kept."""
    limit_s = LIMIT_S[name] if sensor == "belt" else ACC_LIMIT_S
    stalls = stalls_of(wanted=options.stalls)
    runs = [
        Session(sensor, name, seed, options.minutes, stalls).run(options.paints)
        for seed in range(options.first_seed, options.first_seed + options.seeds)
    ]
    ahead, plain = Errors(), Errors()
    for run in runs:
        errors(run, run.ahead, ahead)
        errors(run, run.plain, plain)
    line, kept = told(ahead, limit_s=limit_s)
    print(f"{sensor:8} {name:8} {line}  limit {limit_s:.2f}: {'kept' if kept else 'NOT KEPT'}")
    print(f"{'':8} {'without':8} {told(plain, limit_s=limit_s)[0]}")
    usual = [statistics.fmean(v) for v in zip(*((r.measured_s, r.lag_s, r.plain_lag_s) for r in runs), strict=True)]
    print(
        f"{'':17} trace declared {runs[0].declared_s:.3f} s, newest sample up to {usual[0]:.3f} s old, "
        f"play-out's lag {usual[1]:.3f} s (without look-ahead {usual[2]:.3f} s), steps off by {unevenness(runs):.3f}"
    )
    if stalls and (times_s := back_s(runs)):
        print(f"{'':17} after a stall back in {statistics.median(times_s):.2f} s (at most {max(times_s):.2f} s)")
    return kept


def main() -> int:
    """Run; 1 where a limit was not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--paints", type=float, default=60.0)
    parser.add_argument("--drills", nargs="+", choices=tuple(DRILLS), default=tuple(DRILLS))
    parser.add_argument("--sensors", nargs="+", choices=tuple(SENSORS), default=tuple(SENSORS))
    parser.add_argument("--stalls", action="store_true")
    options = parser.parse_args()
    print(
        f"{options.seeds} seeds, {options.minutes:g} min each, {options.paints:g} paints/s; errors: mean size (90 %), s"
    )
    kept = [measure(sensor, name, options) for sensor in options.sensors for name in options.drills]
    print("not in it: the screen, one to two refreshes from paint to light")
    return int(not all(kept))


if __name__ == "__main__":
    raise SystemExit(main())
