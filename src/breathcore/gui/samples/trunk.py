"""Made-up frames of sessions that measure ribs, brace and movement."""

from dataclasses import replace
from typing import Any

import numpy as np

from breathcore.drill.timeline import level_at, plan
from breathcore.feedback.frame import AHEAD_S, PAST_S, FeedbackFrame
from breathcore.feedback.trunk_view import (
    BraceView,
    CalibrationView,
    CompartmentsView,
    PairView,
    RepsView,
    RingView,
    SiteView,
    TrunkView,
)
from breathcore.gui import samples
from breathcore.gui.samples.sensors import all_round
from breathcore.gui.services import Measured, ReviewView, SideSummary, SiteSummary, SummaryView, TrunkSummary
from breathcore.model.arrays import frozen
from breathcore.model.device import Place
from breathcore.model.drill import DrillSpec, FinishReason, Score, ScorePart, Stage, TargetPhase, Timeline
from breathcore.model.message import message
from breathcore.model.trunk import RING, Side
from breathcore.session import registry

_SHARES = {Place.STERNUM: 0.84, Place.LEFT: 0.80, Place.RIGHT: 0.59, Place.BACK: 0.77}
PAIRS = (
    PairView("range", "°", 24.0, 21.0, 13.3, 5.0, told=True),
    PairView("tempo", "s", 8.1, 8.3, -2.4, 6.0),
    PairView("tilt", "°", 2.1, 2.6, -21.0, 30.0),
)


def ring(*, cm: bool = False, **changes: Any) -> RingView:
    """Return a ring of a good breath, sent to the right."""
    sites = tuple(SiteView(p, 0.9 * s, s, 4.8 * s if cm else None) for p, s in _SHARES.items())
    good = RingView(
        sites, focus=Place.RIGHT, score=65.0, least=Place.RIGHT, symmetry_word=message("symmetry.far-left"),
    )  # fmt: skip
    return replace(good, **changes)


def silent_ring(reason: str) -> RingView:
    """Return a ring that says why it is empty."""
    return RingView(tuple(SiteView(p, message=message(f"trunk.{reason}")) for p in RING), score_message=None)


def front_only() -> RingView:
    """Return the ring of a session with sensors in front and at the left only."""
    missing = message("trunk.no-sensor")
    known = {Place.STERNUM: 0.84, Place.LEFT: 0.8}
    sites = tuple(SiteView(p, known.get(p), known.get(p), message=None if p in known else missing) for p in RING)
    return RingView(sites, score_message=missing)


def without_back() -> RingView:
    """Return a ring whose sensor at the back is silent."""
    sites = tuple(SiteView(p, 0.9 * s, s) for p, s in _SHARES.items() if p is not Place.BACK)
    silent = message("trunk.no-data")
    return ring(sites=(*sites, SiteView(Place.BACK, message=silent)), score=None, score_message=silent)


def paradox() -> CompartmentsView:
    """Return ribs and belly that move against each other."""
    return CompartmentsView(0.7, 0.1, 0.8, 165.0, message("compartments.against"))


def silent_brace(reason: str) -> BraceView:
    """Return a brace that says why it is not measured."""
    return BraceView(zone=(0.05, 0.15), message=message(reason))


def unmeasured_reps() -> RepsView:
    """Return repetitions that nothing counts."""
    return RepsView(0, 8, 0, Side.RIGHT, target_share=0.85, message=message("trunk.no-sensor"))


def compartments(**changes: Any) -> CompartmentsView:
    """Return ribs and belly that rise together."""
    good = CompartmentsView(0.7, 0.8, 0.55, 9.0, message("compartments.together"))
    return replace(good, **changes)


def brace(**changes: Any) -> BraceView:
    """Return a brace within its zone."""
    good = BraceView(0.12, (0.05, 0.15), on=True, held_s=6.0, drift=0.01, breathing=True, word=message("brace.in-zone"))
    return replace(good, **changes)


def reps(**changes: Any) -> RepsView:
    """Return a set of repetitions on its way."""
    good = RepsView(
        3, 8, 0, Side.LEFT, 0.7, 0.85, 24.0, 1.05, 2.1, exhaled=0.9, word=message("tempo.good"),
    )  # fmt: skip
    return replace(good, **changes)


def frame(drill_id: str, trunk: TrunkView, pattern_id: str = "", **changes: Any) -> FeedbackFrame:
    """Return a frame in the middle of a drill."""
    drill = registry.drill(drill_id)
    phases = _planned(drill, pattern_id)
    now = next(p for p in phases if p.start_s <= samples.NOW_S < p.end_s)
    spec = next(p for p in drill.pattern(pattern_id).phases if p.kind is now.kind)
    sent = {f.place: dict(f.cue) for f in drill.focus}
    view = samples.drill_view(
        drill, phase=now.kind, cue=sent.get(now.focus, dict(spec.cue)) if now.focus else dict(spec.cue),
        phase_left_s=now.end_s - samples.NOW_S, sets_n=3, breath_index=3, breaths_n=8,
    )  # fmt: skip
    if trunk.ring is not None:
        trunk = replace(trunk, ring=replace(trunk.ring, focus=now.focus))
    good = samples.frame(drill, Stage.RUNNING, trunk=trunk, drill=view, target=phases, rate_target_bpm=None)
    good = replace(
        good, score=_score(drill, trunk), in_step=good.in_step if drill.pattern(pattern_id).breathes else None
    )
    return replace(
        good, **(_moved(phases) if trunk.reps is not None and trunk.reps.share is not None else {}), **changes
    )


def _score(drill: DrillSpec, trunk: TrunkView) -> Score | None:
    """Return a good score of what is measured, None where nothing of what the drill asks for is."""
    if trunk.brace is not None and trunk.brace.message is not None and drill.movement is None:
        return None
    if trunk.reps is not None and trunk.reps.message is not None:
        return None
    ids: tuple[str, ...] = ("timing", "depth", "regularity", "quality")
    if trunk.ring is not None and trunk.ring.score is not None:
        ids = (*ids[:3], "ring")
    if drill.movement is not None:
        ids = ("reps", "range", "exhale", "steadiness")
    elif drill.braced:
        ids = ("zone", "breathing", "drift")
    return Score(86.0, 0.94, tuple(ScorePart(id_, 1 / len(ids), 0.92 - 0.04 * n) for n, id_ in enumerate(ids)), 14)


def _moved(phases: tuple[TargetPhase, ...]) -> dict[str, Any]:
    """Return a trace that follows the target a little late and not quite as far."""
    t_s = np.arange(max(phases[0].start_s, samples.NOW_S - PAST_S), samples.NOW_S - 0.2, 0.08)
    y = 0.94 * level_at(Timeline(phases), t_s - 0.3)
    return {
        "trace_t_s": frozen(t_s),
        "trace_y": frozen(np.asarray(y)),
        "trace_moves": True,
        "predicted_t_s": frozen(t_s[:0]),
        "predicted_y": frozen(t_s[:0]),
    }


def _planned(drill: DrillSpec, pattern_id: str) -> tuple[TargetPhase, ...]:
    phases = plan(drill, drill.pattern(pattern_id), None, samples.NOW_S - 33.5).phases
    return tuple(p for p in phases if p.end_s > samples.NOW_S - PAST_S and p.start_s < samples.NOW_S + AHEAD_S)


def ribs_frame(trunk: TrunkView | None = None, **changes: Any) -> FeedbackFrame:
    """Return 360° breathing that goes well."""
    trunk = trunk or TrunkView(ring(), compartments())
    bare = trunk.ring is not None and any(s.message == message("trunk.no-sensor") for s in trunk.ring.sites)
    worn = {} if bare else {"sensors": all_round(), "heart_bpm": None}
    return frame("360_breathing", trunk, **{**worn, **changes})


def brace_frame(view: BraceView | None = None, **changes: Any) -> FeedbackFrame:
    """Return a brace that is kept while breathing goes on."""
    return frame("brace_and_breathe", TrunkView(compartments=compartments(), brace=view or brace()), **changes)


def rated_frame(index: int = 0) -> FeedbackFrame:
    """Return a rest after a set of braces that nothing measured: the person says how hard it was."""
    asked = replace(silent_brace("brace.self-rated"), zone=None, asked=index)
    frame_ = brace_frame(asked, stage=Stage.SET_REST)
    return replace(frame_, drill=replace(frame_.drill, phase=None))


def paused_frame() -> FeedbackFrame:
    """Return a pause in which the sensors can be calibrated again: one has slipped."""
    silent = SiteView(Place.LEFT, message=message("trunk.slipped"))
    sites = tuple(silent if s.place is Place.LEFT else s for s in ring().sites)
    view = TrunkView(ring(sites=sites, score=None, least=None, symmetry_word=None), compartments())
    return ribs_frame(view, stage=Stage.PAUSED, notice=message("notice.paused"), calibration_wanted=True)


def rated_after() -> FeedbackFrame:
    """Return the end of a drill whose last braces nothing measured."""
    return replace(rated_frame(2), stage=Stage.FINISHED, finish=FinishReason.COMPLETED, target=())


def bridge_frame(view: RepsView | None = None, **changes: Any) -> FeedbackFrame:
    """Return a single-leg bridge, both sides compared."""
    view = view or reps()
    sides = PAIRS if view.message is None else ()
    return frame("glute_bridge", TrunkView(reps=view, sides=sides), "single-leg", **changes)


def hinge_frame(**changes: Any) -> FeedbackFrame:
    """Return a hip hinge with a brace."""
    return frame("hip_hinge", TrunkView(reps=reps(side=None, steady_deg=None), brace=brace()), **changes)


def calibrated(**changes: CalibrationView) -> tuple[CalibrationView, ...]:
    """Return a calibration that all places came through; `changes` by the place's value."""
    spans = {Place.STERNUM: (6.1, "N"), Place.LEFT: (2.4, "°"), Place.RIGHT: (2.1, "°"), Place.BACK: (1.3, "°")}
    good = {p.value: CalibrationView(p, span, unit) for p, (span, unit) in spans.items()}
    return tuple({**good, **changes}.values())


def ribs_summary() -> SummaryView:
    """Return a session of 360° breathing, measured all round and by a tape."""
    sites = tuple(SiteSummary(place, share, 4.8 * share) for place, share in _SHARES.items())
    score = Score(
        78.0, 0.9, tuple(ScorePart(p, 0.25, 0.9 - 0.07 * n) for n, p in enumerate(("timing", "depth", "ring")))
    )
    return samples.summary(
        title=registry.drill("360_breathing").title, score=score, advice=(message("advice.ring-right"),),
        trunk=TrunkSummary(sites, 0.55), measured=(Measured("breath"), Measured("expansion")),
    )  # fmt: skip


def bridge_summary() -> SummaryView:
    """Return a session of single-leg bridges whose sides differ, and have for some time."""
    sides = (
        SideSummary(PAIRS[0], 3, 26.4, 21.0, red=True),
        SideSummary(PAIRS[1], 3, -2.4, 1.0),
        SideSummary(PAIRS[2], 3, -21.0, -4.0),
    )
    drill = registry.drill("glute_bridge")
    parts = tuple(ScorePart(p, 0.25, 0.9 - 0.05 * n) for n, p in enumerate(("reps", "range", "exhale", "steadiness")))
    return samples.summary(
        title=drill.title, score=Score(84.0, 0.9, parts), advice=(message("advice.reps-fast"),),
        sentence=message("result.movement", done=15, planned=16, in_step=90), rate_target_bpm=None,
        trunk=TrunkSummary(brace=None, reps_n=16, sides=sides), measured=(Measured("breath"), Measured("movement")),
    )  # fmt: skip


def brace_summary() -> SummaryView:
    """Return a session of braces that nothing measured."""
    drill = registry.drill("brace_and_breathe")
    parts = tuple(ScorePart(p, 0.33, None) for p in ("zone", "breathing", "drift"))
    return samples.summary(
        title=drill.title, score=Score(None, None, parts), advice=(message("advice.timed"),), rate_target_bpm=None,
        sentence=message("result.timed", done=9, planned=9), effort=4,
        measured=(Measured("breath"), Measured("brace", message("brace.self-rated"))),
    )  # fmt: skip


def moved_review() -> ReviewView:
    """Return the course of a session with repetitions and a brace."""
    reps = tuple((40.0 + 8.0 * n, 46.5 + 8.0 * n) for n in range(12))
    return replace(samples.review(), summary=bridge_summary(), reps=reps, braces=((38.0, 84.0), (96.0, 140.0)))


def ready(trunk: TrunkView, drill_id: str = "360_breathing", **changes: Any) -> FeedbackFrame:
    """Return the frame of a session that is calibrated and may begin."""
    good = samples.frame(
        registry.drill(drill_id), Stage.READY, trunk=trunk, target=(), score=None, heart_bpm=None, sensors=all_round()
    )
    return replace(good, **changes)
