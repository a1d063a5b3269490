"""How right breathing rates are on recorded people, beside the peers, by fixed rules.

    python benchmarks/accuracy.py [--method product neurokit2 …] [--task bidmc_impedance …] [--no-fusion]
                                  [--json OUT] [--picture docs/pictures/accuracy.png]

Recordings: see `recordings.py`. Rules:

- A reference window is 32 s long; windows start every 2 s. The value judged is the newest at or before the window's
  end; one older than 5 s, or none, is a refusal. So a causal estimator is judged causally; the peers (group `bench`)
  and `fft` look at the whole recording at once, which is an advantage.
- MAE is the mean over people of each person's mean error in answered windows, so it stands beside the share answered
  (`cover`). penMAE lets a refused window cost what a constant guess would: silence is neither free nor ruinous.
- F1: breath starts (in) and exhale starts (ex) within ± 0.5 s of the reference, one to one.
- Curves: only the windows of the best quality are kept; where quality is honest, MAE falls with coverage.

Below each task: the curve and the worst people of breathcore. Below all: several signals at once. Speed is CPU seconds
per hour of signal at the recording's own rate.
"""

import argparse
import json
import time
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from peers import METHODS, Found, constant
from recordings import F64, FUSED, RECORDINGS, TASKS, Recording, Signals, Task, Timed

OLDEST_S, NEAR_S = 5.0, 0.5
CURVE = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
WORST_N = 4


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def latest(found: Found, ends: F64) -> tuple[F64, F64]:
    """Return the newest rate at or before each end and its quality, NaN if it is older than 5 s."""
    if not len(found.t_s):
        return np.full(len(ends), np.nan), np.full(len(ends), np.nan)
    at = np.searchsorted(found.t_s, ends + 1e-6, side="right") - 1
    fresh = (at >= 0) & (ends - found.t_s[np.maximum(at, 0)] <= OLDEST_S)
    quality = np.full(len(found.t_s), np.nan) if found.quality is None else found.quality
    return tuple(np.where(fresh, values[np.maximum(at, 0)], np.nan) for values in (found.rate_bpm, quality))


def f1(found: F64, reference: F64, *, own_habit: bool) -> float:
    """F1 within ± 0.5 s; `own_habit`: first take off one constant offset (where in a breath an annotator clicks)."""
    if not len(reference):
        return np.nan
    if not len(found):
        return 0.0
    found, reference = np.sort(found), np.sort(reference)
    if own_habit:
        found = found + _habit(found, reference)
    hits = i = j = 0
    while i < len(found) and j < len(reference):
        late = found[i] - reference[j]
        hits += abs(late) <= NEAR_S
        i, j = i + (late <= NEAR_S), j + (late >= -NEAR_S)
    return 2 * hits / (len(found) + len(reference))


def _habit(found: F64, reference: F64) -> float:
    best, hits = 0.0, -1
    for offset in np.arange(-1.5, 1.51, 0.1):
        gap = reference[:, None] - (found + offset)
        near = np.abs(gap).min(axis=1) < NEAR_S
        if near.sum() > hits:
            rest = np.median(gap[near, np.abs(gap[near]).argmin(axis=1)]) if near.any() else 0.0
            best, hits = offset + rest, int(near.sum())
    return best


def timing(found: Found, references: Timed) -> dict[str, float]:
    scores: dict[str, list[float]] = {"in": [], "ex": []}
    for kind, reference in references:
        for name, events in (("in", found.inhale_s), ("ex", found.exhale_s)):
            if kind not in ("any", name) or events is None:
                continue
            if kind != "any" and len(reference) and len(events):
                events = events[[np.abs(reference - e).min() < 4 for e in events]]
            scores[name].append(f1(events, reference, own_habit=kind == "any"))
    return {k: float(np.nanmean(v)) if v else np.nan for k, v in scores.items()}


@dataclass(frozen=True)
class Person:
    """One person (or recording): windows, share answered, mean error of the answers (NaN: none)."""

    name: str
    windows: int
    cover: float
    mae: float


@dataclass(frozen=True)
class Score:
    """One row of the table. `curve`: (share of windows kept, MAE, share within 2/min)."""

    method: str
    task: str
    people: int
    windows: int
    cover: float
    mae: float
    in2: float
    good: float
    pen_mae: float
    f1_in: float
    f1_ex: float
    cpu_s_per_hour: float
    curve: tuple[tuple[float, float, float], ...]
    persons: tuple[Person, ...]


@dataclass
class Sheet:
    """What was found in all windows of a task."""

    person: list[str] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    estimate: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    timing: list[dict[str, float]] = field(default_factory=list)
    cpu_s: float = 0.0
    signal_s: float = 0.0

    def score(self, method: str, name: str, task: Task) -> Score | None:
        person = np.array(self.person)
        enough = [p for p in np.unique(person) if (person == p).sum() >= task.least_windows]
        keep = np.isin(person, enough)
        if not keep.any():
            return None
        person = person[keep]
        ref, est, quality = (np.array(v)[keep] for v in (self.reference, self.estimate, self.quality))
        answered, error = np.isfinite(est), np.abs(est - ref)
        paid = np.where(answered, error, np.abs(ref - task.guess_bpm))
        near = answered & (error <= 2)
        return Score(
            method,
            name,
            len(enough),
            len(person),
            float(answered.mean()),
            by_person(person[answered], error[answered]),
            float(near.sum() / answered.sum()) if answered.any() else np.nan,
            float(near.mean()),
            by_person(person, paid),
            self._f1("in"),
            self._f1("ex"),
            3600 * self.cpu_s / self.signal_s,
            curve(person, error, quality),
            tuple(_person(p, error[person == p]) for p in enough),
        )

    def _f1(self, kind: str) -> float:
        known = [t[kind] for t in self.timing if np.isfinite(t[kind])]
        return float(np.mean(known)) if known else np.nan


def by_person(person: F64, values: F64) -> float:
    """Return the mean over people of each one's mean."""
    return float(np.mean([values[person == p].mean() for p in np.unique(person)])) if len(person) else np.nan


def _person(name: str, error: F64) -> Person:
    answers = error[np.isfinite(error)]
    return Person(str(name), len(error), len(answers) / len(error), float(answers.mean()) if len(answers) else np.nan)


def curve(person: F64, error: F64, quality: F64) -> tuple[tuple[float, float, float], ...]:
    """Return the accuracy of the windows of best quality, at several coverages, where a method has a quality."""
    answered = np.isfinite(error)
    if not answered.any() or not np.isfinite(quality[answered]).all():
        return ()
    best = np.argsort(-np.where(answered, quality, -np.inf), kind="stable")
    out = []
    for cover in CURVE:
        kept = best[: round(cover * len(error))]
        kept = kept[answered[kept]]
        if len(kept) and len(kept) >= 0.97 * cover * len(error):
            out.append((cover, by_person(person[kept], error[kept]), float((error[kept] <= 2).mean())))
    return tuple(out)


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Cache = dict[tuple[object, ...], tuple[Found, float]]


def judge(method: str, name: str, task: Task, cache: Cache) -> Score | None:
    sheet = Sheet()
    for r in task.recordings():
        signals = task.signals(r)
        if signals is None:
            continue
        windows = task.windows_of(r)
        found, cpu_s = timed(method, task, r, signals, cache)
        sheet.cpu_s += cpu_s
        sheet.signal_s += r.seconds
        sheet.person += [r.facts["id"] if task.by_recording else r.facts["subject"]] * len(windows.end_s)
        sheet.reference += windows.rate_bpm.tolist()
        rate, quality = latest(found, windows.end_s)
        sheet.estimate += rate.tolist()
        sheet.quality += quality.tolist()
        if task.breaths is not None and method != "constant":
            sheet.timing.append(timing(found, task.breaths(r)))
    return sheet.score(method, name, task) if sheet.person else None


def timed(method: str, task: Task, r: Recording, signals: Signals, cache: Cache) -> tuple[Found, float]:
    if method == "constant":
        return constant(task.guess_bpm, r.seconds), 0.0
    key = (method, r.name, *task.given)
    if key not in cache:
        start_s = time.process_time()
        found = METHODS[method](signals)
        cache[key] = found, time.process_time() - start_s
    return cache[key]


HEAD = (
    f"{'task':17}{'method':11}{'people':>6}{'win':>6}{'cover':>7}{'MAE':>7}{'in2':>6}{'good':>6}{'penMAE':>8}"
    f"{'F1 in':>7}{'F1 ex':>7}{'s/h':>8}"
)


def line(s: Score) -> str:
    row = f"{s.task:17}{s.method:11}{s.people:6d}{s.windows:6d}{s.cover:7.2f}{s.mae:7.2f}{s.in2:6.2f}{s.good:6.2f}"
    return f"{row}{s.pen_mae:8.2f}{s.f1_in:7.2f}{s.f1_ex:7.2f}{s.cpu_s_per_hour:8.1f}"


def details(s: Score) -> str:
    """Return the curve and the worst people, who matter most."""
    kept = "  ".join(f"{100 * cover:.0f}%: {mae:.2f} / {in2:.2f}" for cover, mae, in2 in s.curve)
    worst = sorted(s.persons, key=lambda p: -p.mae if np.isfinite(p.mae) else np.inf)[:WORST_N]
    silent = min(s.persons, key=lambda p: p.cover)
    people = "  ".join(f"{p.name} {p.mae:.2f} @ {p.cover:.2f}" for p in worst)
    return f"    MAE / in2 by quality   {kept}\n    worst   {people}   most silent   {silent.name} @ {silent.cover:.2f}"


def table(tasks: dict[str, Task], methods: list[str]) -> list[Score]:
    """Judge and print."""
    rows: list[Score] = []
    cache: Cache = {}
    for name, task in tasks.items():
        for method in methods:
            score = judge(method, name, task, cache)
            if score is None:
                continue
            rows.append(score)
            print(line(score), flush=True)
            if method == "product":
                print(details(score), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    methods = [*METHODS, "constant"]
    parser.add_argument("--method", nargs="*", choices=methods, default=methods)
    parser.add_argument("--task", nargs="*", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--no-fusion", action="store_true", help="leave out several signals at once")
    parser.add_argument("--json", type=Path, help="write the rows here as well")
    parser.add_argument("--picture", type=Path, help="draw what was found here")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    if not RECORDINGS.is_dir():
        parser.exit(1, f"No recordings in {RECORDINGS}. Set BREATHCORE_RECORDINGS to their folder.\n")
    print(HEAD)
    rows = table({name: TASKS[name] for name in chosen.task}, chosen.method)
    if not chosen.no_fusion and "product" in chosen.method:
        print("several signals at once")
        rows += table(FUSED, ["product"])
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    if chosen.picture is not None:
        from accuracy_picture import draw

        draw([row for row in rows if row.task in TASKS], chosen.picture)


if __name__ == "__main__":
    main()
