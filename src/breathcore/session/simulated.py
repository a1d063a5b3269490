"""A whole simulated session without a screen, and truth beside measurement."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from breathcore.estimate.offline import Analysis
from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, DrillSpec, Stage
from breathcore.model.estimates import Breath
from breathcore.record.asjson import to_json
from breathcore.record.reader import SessionFile
from breathcore.session.bridge import Bridge
from breathcore.session.pilot import Pilot
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import Session, open_session
from breathcore.session.result import SessionResult
from breathcore.session.runner import LiveSession
from breathcore.session.trunk_facts import trunk_facts
from breathcore.source.sim.faults import NO_FAULTS, FaultSpec
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.trunk.spec import TrunkSpec
from breathcore.source.sim.trunk.wearer import TrunkWearer
from breathcore.source.sim.truth import Truth

RESONANCES_BPM = (4.5, 6.5)  # of adults
RESONANT_RSA_BPM = 18.0  # swing of a full breath at that rate
MATCH_S = 1.0  # a found breath belongs to a true one whose inhale began this close
PICTURE_SHARE = 0.5  # of the drill: when the picture is taken


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedRun:
    """What a run left behind. `frame` is from the middle of the drill, `steady` the stretch after the glide."""

    path: Path
    truth: Truth
    result: SessionResult
    frame: FeedbackFrame
    steady: tuple[float, float]
    trunk: TrunkWearer | None = None


@dataclass(frozen=True, slots=True)
class BreathCount:
    """True breaths of a stretch: found, missed; and breaths found that were none."""

    found: int
    missed: int
    extra: int


def run_simulated(
    plan: SessionPlan,
    devices: DeviceSpec | Sequence[tuple[str, DeviceSpec]],
    wearer: WearerSpec,
    path: Path,
    *,
    faults: FaultSpec | Mapping[str, FaultSpec] = NO_FAULTS,
    trunk: TrunkSpec | None = None,
    speed: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> SimulatedRun:
    """Run one session to its end and return what it left behind.

    `devices` is a wearable, or several by key; with a `trunk` those with a place are worn on it, and a movement of the
    drill is done.
    `speed` is virtual seconds per second at most, None for as fast as possible; it changes nothing else. `progress`
    takes 0–1. Raises BreathcoreError.
    """
    movement = plan.drill.movement.kind if trunk is not None and plan.drill.movement is not None else ""
    source = SimSource(devices, wearer, faults, trunk=trunk, movement=movement)
    watcher = _Watcher(progress)
    session = LiveSession(plan, source, path, Bridge(), pace=speed, pilot=watcher)
    asyncio.run(session.run())
    pipeline = session.pipeline
    frame = watcher.frame or pipeline.frame()
    steady = watcher.steady(pipeline.now_s)
    return SimulatedRun(path, source.truth(), pipeline.result(), frame, steady, source.simulation.trunk)


def wearer_for(drill: DrillSpec, pattern_id: str, wearer: WearerSpec) -> WearerSpec:
    """Return `wearer`, with a resonance drawn by its seed where the drill looks for one and it has none."""
    if not drill.pattern(pattern_id).rates_bpm or wearer.resonance_bpm is not None:
        return wearer
    resonance_bpm = float(np.random.default_rng([wearer.seed, 3]).uniform(*RESONANCES_BPM))
    return replace(wearer, resonance_bpm=resonance_bpm, rsa_bpm=RESONANT_RSA_BPM)


class _Watcher:
    """A pilot that also keeps a frame from the middle of the drill and the bounds of the steady part."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self.frame: FeedbackFrame | None = None
        self._pilot = Pilot()
        self._progress = progress
        self._from_s = math.nan
        self._to_s = math.nan
        self._told = 0

    def __call__(self, pipeline: Pipeline) -> CommandKind | None:
        stage = pipeline.stage
        if stage is Stage.RUNNING and math.isnan(self._from_s):
            self._from_s = pipeline.now_s
        if stage is Stage.FINISHED and math.isnan(self._to_s):
            self._to_s = pipeline.now_s
        if stage is Stage.RUNNING and self.frame is None:
            frame = pipeline.frame()
            if frame.drill.elapsed_s >= PICTURE_SHARE * frame.drill.total_s:
                self.frame = frame
        self._report(pipeline)
        return self._pilot(pipeline)

    def steady(self, end_s: float) -> tuple[float, float]:
        return (self._from_s, end_s if math.isnan(self._to_s) else self._to_s)

    def _report(self, pipeline: Pipeline) -> None:
        if int(pipeline.now_s) > self._told:
            self._told = int(pipeline.now_s)
            self._progress(pipeline.share_done)


def write_summary(run: SimulatedRun, path: Path, session: Session | None = None) -> dict[str, object]:
    """Write truth and measurement side by side as JSON; the measured side comes from the session file alone.

    `session` is that file where it is open already.
    """
    analysis = (session or open_session(run.path)).analyse()
    start_s, end_s = run.steady
    count = count_breaths(run.truth, analysis.breaths, start_s, end_s)
    score = run.result.score
    facts: dict[str, object] = {
        "session": run.path.name,
        "finish": run.result.finish.value if run.result.finish else None,
        "steady_s": [_plain(start_s), _plain(end_s)],
        "rate_bpm": {
            "truth": _plain(run.truth.rate_bpm(start_s, end_s)),
            "measured": steady_rate(analysis, run.steady),
        },
        "breaths": {
            "truth": count.found + count.missed,
            "found": count.found,
            "missed": count.missed,
            "extra": count.extra,
        },
        "heart_bpm": {
            "truth": _plain(run.truth.heart_bpm(start_s, end_s)),
            "measured": _median(analysis.heart_bpm[_inside(analysis.heart_t_s, start_s, end_s)]),
        },
        "score": None if score is None else score.total,
        "in_step": None if score is None else score.in_step,
        "score_parts": {} if score is None else {p.id: p.value for p in score.parts},
        "rate_before_bpm": run.result.rate_before_bpm,
        "rate_during_bpm": run.result.rate_during_bpm,
        "rate_after_bpm": run.result.rate_after_bpm,
    }
    if run.trunk is not None:
        with SessionFile.open(run.path) as file:
            facts["trunk"] = trunk_facts(file.derived(), run.trunk, run.steady)
    if run.result.resonance is not None:
        facts["resonance"] = to_json(run.result.resonance)
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def steady_rate(analysis: Analysis, steady: tuple[float, float]) -> float | None:
    """Return the median steady rate whose 32-s window lies in the stretch, None where it was refused there."""
    inside = _inside(analysis.rate_t_s, steady[0] + 32.0, steady[1])
    return _median(analysis.rate_bpm[inside])


def count_breaths(truth: Truth, breaths: Sequence[Breath], start_s: float, end_s: float) -> BreathCount:
    """Match found to true breaths one to one by their inhale onsets, in order; count those of the stretch."""
    true = [b.inhale_onset_s for b in truth.breaths]
    found = [b.inhale_onset_s for b in breaths]
    pairs = _pairs(true, found)
    inside_n = sum(start_s <= t < end_s for t in true)
    found_n = sum(start_s <= true[i] < end_s for i, _ in pairs)
    matched = {j for _, j in pairs}
    extra_n = sum(start_s <= t < end_s for j, t in enumerate(found) if j not in matched)
    return BreathCount(found_n, inside_n - found_n, extra_n)


def _pairs(true: Sequence[float], found: Sequence[float]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(true) and j < len(found):
        if abs(true[i] - found[j]) <= MATCH_S:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif true[i] < found[j]:
            i += 1
        else:
            j += 1
    return pairs


def _inside(t_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return (t_s >= start_s) & (t_s < end_s)


def _median(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
