import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from breathcore.feedback.frame import AHEAD_S, PAST_S, DeviceView, DrillView, FeedbackFrame
from breathcore.model.arrays import frozen
from breathcore.model.drill import DrillPhase, Score, ScorePart, Stage, TargetPhase
from breathcore.model.message import message

CYCLE_S = 10.0


def target_phases(t_s: float) -> tuple[TargetPhase, ...]:
    """Six breaths a minute, 4 s in and 6 s out, over the visible window."""
    first = int((t_s - PAST_S) // CYCLE_S)
    phases = []
    for k in range(first, int((t_s + AHEAD_S) // CYCLE_S) + 1):
        s = k * CYCLE_S
        phases.append(TargetPhase(DrillPhase.INHALE, s, s + 4.0, 0.0, 1.0, 0, k, True))
        phases.append(TargetPhase(DrillPhase.EXHALE, s + 4.0, s + CYCLE_S, 1.0, 0.0, 0, k, True))
    return tuple(phases)


def make(
    t_s: float = 100.0, stage: Stage = Stage.RUNNING, *, drill: dict[str, object] | None = None, **changed: object
):
    """Return a frame of a drill that goes well; `drill` and `changed` replace fields."""
    t = np.arange(np.ceil((t_s - PAST_S) * 14), np.floor((t_s - 0.2) * 14)) / 14.0
    view = DrillView(
        drill_id="b1",
        title={"en": "Diaphragmatic breathing", "de": "Zwerchfellatmung"},
        sets_n=2,
        breath_index=13,
        breaths_n=30,
        phase=DrillPhase.INHALE,
        cue={"en": "Breathe in – let the belly widen", "de": "Einatmen – der Bauch wird weit"},
        phase_left_s=3.2,
        next_phase=DrillPhase.EXHALE,
        elapsed_s=140.0,
        total_s=300.0,
    )
    frame = FeedbackFrame(
        t_s=t_s,
        stage=stage,
        drill=view,
        device=DeviceView("Polar H10", linked=True, battery_percent=82, state=message("signal.good")),
        calibrated=True,
        trace_t_s=frozen(t),
        trace_y=frozen(0.5 - 0.45 * np.cos(2 * np.pi * t / CYCLE_S)),
        target=target_phases(t_s),
        rate_bpm=6.1,
        rate_target_bpm=6.0,
        quality=0.9,
        quality_message=message("quality.good"),
        heart_bpm=62.0,
        brace_message=message("brace.not-measured"),
        in_step=0.82,
        score=Score(86.0, 0.82, (ScorePart("timing", 0.35, 0.82), ScorePart("depth", 0.25, None)), 13),
        newest_host_ns=123_456_789_012,
    )
    return replace(frame, drill=replace(view, **(drill or {})), **changed)


@pytest.fixture
def frame_of():
    """Return the maker of frames."""
    return make


@pytest.fixture(autouse=True)
def _no_windows_of_earlier_tests():
    """Carry out the deletions that wait for an event loop: windows left over would be restyled by each new theme."""
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
