"""Made-up sessions, sensors and frames, for pictures of every screen and for the tests of the window."""

from breathcore.gui.samples.frames import NOW_S, by_heart, drill_view, frame, planned, silent
from breathcore.gui.samples.results import (
    heart_only_summary,
    lost_summary,
    review,
    rows,
    summary,
    sweep_result,
    sweep_summary,
)
from breathcore.gui.samples.services import SampleServices, drills, no_adapter

__all__ = [
    "NOW_S",
    "SampleServices",
    "by_heart",
    "drill_view",
    "drills",
    "frame",
    "heart_only_summary",
    "lost_summary",
    "no_adapter",
    "planned",
    "review",
    "rows",
    "silent",
    "summary",
    "sweep_result",
    "sweep_summary",
]
