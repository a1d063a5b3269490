"""Made-up frames: a person who breathes six times a minute, with and without what can go wrong."""

from dataclasses import replace
from typing import Any

import numpy as np

from breathcore.drill.timeline import plan
from breathcore.feedback.frame import AHEAD_S, PAST_S, DeviceView, DrillView, FeedbackFrame
from breathcore.feedback.heart_view import HeartView
from breathcore.model.arrays import F64, frozen
from breathcore.model.drill import DrillPhase, DrillSpec, Score, ScorePart, Stage, TargetPhase
from breathcore.model.message import message

NOW_S = 83.2  # session time of the frames: an inhale has just begun to rise
START_S = 30.0
_AHEAD_S = np.arange(1, 17) * 0.04  # look-ahead
INHALE_S, EXHALE_S = 4.0, 6.0
STRAP = "Polar H10"
RHYTHM = HeartView(
    rmssd_ms=42.0,
    sdnn_ms=61.0,
    coherence=78,
    coherence_word=message("coherence.high"),
    swing_bpm=9.4,
    phase_deg=12.0,
)
SCORE = Score(
    91.0,
    0.94,
    (
        ScorePart("timing", 0.35, 0.94),
        ScorePart("depth", 0.25, 0.88),
        ScorePart("regularity", 0.2, 0.9),
        ScorePart("quality", 0.2, 0.92),
    ),
    14,
)


def breathing(t_s: F64) -> F64:
    """Return a breath of 6/min at times (n,), in shares of the range: 4 s in, 6 s out, a little uneven."""
    phase = np.mod(t_s - START_S, INHALE_S + EXHALE_S)
    up = 0.5 - 0.5 * np.cos(np.pi * phase / INHALE_S)
    down = 0.5 + 0.5 * np.cos(np.pi * (phase - INHALE_S) / EXHALE_S)
    uneven = 1.0 + 0.06 * np.sin(0.37 * t_s) + 0.04 * np.sin(1.3 * t_s)
    return np.asarray(np.where(phase < INHALE_S, up, down) * uneven, dtype=np.float64)


def target(start_s: float, end_s: float) -> tuple[TargetPhase, ...]:
    """Return the phases of a 6/min target that overlap `[start_s, end_s)`."""
    phases = []
    for n in range(40):
        t_s = START_S + n * (INHALE_S + EXHALE_S)
        top_s, end = t_s + INHALE_S, t_s + INHALE_S + EXHALE_S
        phases.append(TargetPhase(DrillPhase.INHALE, t_s, top_s, 0.0, 1.0, 0, n, scored=n > 2))
        phases.append(TargetPhase(DrillPhase.EXHALE, top_s, end, 1.0, 0.0, 0, n, scored=n > 2))
    return tuple(p for p in phases if p.end_s > start_s and p.start_s < end_s)


def drill_view(drill: DrillSpec, **changes: Any) -> DrillView:
    """Return where `drill` stands, in the middle of an inhale."""
    phase = drill.pattern().phases[0]
    view = DrillView(
        drill.id, dict(drill.title), 0, 1, 5, 30, phase.kind, dict(phase.cue), 0.8, DrillPhase.EXHALE,
        elapsed_s=53.2, total_s=300.0, paced=drill.paced,
    )  # fmt: skip
    return replace(view, **changes)


def strap(state: str = "signal.good", *, linked: bool = True, battery: int | None = 82) -> DeviceView:
    """Return the strap in the state `state`."""
    return DeviceView(STRAP, linked, battery if linked else None, message(state))


def frame(spec: DrillSpec, stage: Stage, **changes: Any) -> FeedbackFrame:
    """Return a frame of a session that goes well."""
    t_s = np.arange(NOW_S - PAST_S, NOW_S - 0.2, 0.075)
    good = FeedbackFrame(
        t_s=NOW_S,
        stage=stage,
        drill=drill_view(spec),
        device=strap(),
        calibrated=True,
        trace_t_s=frozen(t_s),
        trace_y=frozen(breathing(t_s - 0.25)),
        predicted_t_s=frozen(t_s[-1] + _AHEAD_S),
        predicted_y=frozen(breathing(t_s[-1] + _AHEAD_S - 0.25)),
        target=target(NOW_S - PAST_S, NOW_S + AHEAD_S),
        rate_bpm=6.1,
        rate_sources=(message("source.chest_acc"), message("source.ecg")),
        rate_target_bpm=6.0,
        quality=0.92,
        quality_message=message("quality.good"),
        heart_bpm=64.0,
        heart=RHYTHM,
        brace_message=message("brace.not-measured"),
        in_step=0.82,
        score=SCORE,
    )
    return replace(good, **changes)


def planned(spec: DrillSpec, start_s: float) -> tuple[TargetPhase, ...]:
    """Return what is in view of a drill that began at `start_s`."""
    phases = plan(spec, spec.pattern(), None, start_s).phases
    return tuple(p for p in phases if p.end_s > NOW_S - PAST_S and p.start_s < NOW_S + AHEAD_S)


def silent(drill: DrillSpec, stage: Stage, state: str, reason: str, **changes: Any) -> FeedbackFrame:
    """Return a frame without a breath: `state` of the strap and the `reason` in place of a number."""
    empty, linked = frozen(np.empty(0)), state != "signal.no-link"
    guided = linked and stage is Stage.RUNNING
    heart_bpm, heart_message = (64.0, None) if linked else (None, message("heart.none"))
    return frame(
        drill,
        stage,
        device=strap(state, linked=linked),
        calibrated=False,
        trace_t_s=empty,
        trace_y=empty,
        predicted_t_s=empty,
        predicted_y=empty,
        target=target(NOW_S - PAST_S, NOW_S + AHEAD_S) if guided else (),
        rate_bpm=None,
        rate_message=message(reason),
        quality=None,
        quality_message=None,
        heart_bpm=heart_bpm,
        heart_message=heart_message,
        in_step=None,
        score=None,
        **changes,
    )


def by_heart(drill: DrillSpec, stage: Stage, **changes: Any) -> FeedbackFrame:
    """Return a frame of a session with heart beats only: a rate, an estimate, and no breath."""
    estimate = silent(drill, stage, "signal.heart", "refusal.heart-unclear", breath_followed=False)
    known = replace(
        estimate, rate_bpm=6.2, rate_message=None, rate_sources=(message("source.rr"),), rate_estimated=True
    )
    return replace(known, **changes)
