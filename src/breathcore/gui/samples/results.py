"""Made-up results: summaries, the resonance finder's, stored sessions and the course of one."""

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from breathcore.gui.samples.frames import EXHALE_S, INHALE_S, SCORE, START_S, breathing, target
from breathcore.gui.services import Mark, Measured, ReviewView, SessionRow, SummaryView
from breathcore.model.arrays import frozen
from breathcore.model.drill import FinishReason, Score
from breathcore.model.estimates import Breath, Refusal
from breathcore.model.message import message
from breathcore.model.resonance import Measure, RateTrial, ResonanceResult
from breathcore.session import registry

HEART_SCORE = Score(None, None, tuple(replace(p, value=None) for p in SCORE.parts))


def summary(**changes: Any) -> SummaryView:
    """Return a session that went well."""
    drill = registry.drill("diaphragmatic")
    good = SummaryView(
        path=Path("2025-03-14-0905-diaphragmatic.breath"),
        title=drill.title,
        started=datetime(2025, 3, 14, 9, 5),
        sentence=message("result.followed", done=28, planned=30, in_step=94),
        finish=FinishReason.COMPLETED,
        person="Kim",
        rate_before_bpm=14.3,
        rate_during_bpm=6.1,
        rate_after_bpm=9.4,
        rate_target_bpm=6.0,
        score=SCORE,
        advice=(message("advice.timing-late"),),
        done_s=300.0,
        heart_bpm=64.0,
        measured=(Measured("breath"), Measured("heart"), Measured("brace", message("brace.not-measured"))),
    )
    return replace(good, **changes)


def heart_only_summary() -> SummaryView:
    """Return a session with a strap that sends heart beats only."""
    return summary(
        sentence=message("result.unmeasured", done=30, planned=30),
        rate_before_bpm=None,
        rate_during_bpm=6.2,
        rate_after_bpm=10.5,
        rate_message=message("summary.rate.estimated"),
        score=HEART_SCORE,
        advice=(message("advice.timed"),),
        measured=(
            Measured("breath", message("summary.measured.rate-only")),
            Measured("heart"),
            Measured("brace", message("brace.not-measured")),
        ),
    )


def sweep_result(*, heart: bool = True, told: bool = True) -> ResonanceResult:
    """Return what a sweep came to: by the heart or by comfort; with a rate, or with none that stands out."""
    nan = math.nan
    rates = (7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
    swings = (7.1, 8.4, 10.2, 11.9, 11.3, 8.8) if told else (9.0, 9.2, 8.9, 9.1, 9.3, 8.8)
    trials = tuple(
        RateTrial(r, 100.0 * n, 100.0 * n + 90, 92, a, 18 * a * a, 0.6 + a / 40, 20 * (r - 5.5) - 4, 5 * a, 0.03, 6)
        if heart
        else RateTrial(
            r,
            100.0 * n,
            100.0 * n + 90,
            0,
            nan,
            nan,
            nan,
            nan,
            nan,
            a / 200,
            8 - round(2 * abs(r - 5.5)),
            Refusal.NO_SENSOR,
        )
        for n, (r, a) in enumerate(zip(rates, swings, strict=True))
    )
    by = tuple(Measure)[:5] if heart else tuple(Measure)[5:]
    if not told:
        return ResonanceResult(trials, nan, heart, (by,) * 6, rates, Refusal.NOISE)
    wins = ((), (), by[2:3], by[:4], by[4:], ()) if heart else ((by[1],), (), (), (by[0],), (), ())
    return ResonanceResult(trials, 5.5 if heart else 7.0, heart, wins, () if heart else (7.0, 5.5))


def sweep_summary() -> SummaryView:
    """Return a session of the resonance finder."""
    drill = registry.drill("resonance")
    return summary(title=drill.title, rate_target_bpm=None, done_s=900.0, resonance=sweep_result())


def lost_summary() -> SummaryView:
    """Return a session that lost its strap."""
    return summary(
        sentence=message("result.signal_lost", done=11, planned=30),
        finish=FinishReason.SIGNAL_LOST,
        rate_after_bpm=None,
        score=replace(SCORE, total=62.0, in_step=0.6),
        advice=(message("advice.timing"),),
        done_s=142.0,
        lost_s=120.0,
        pain=3,
        effort=4,
        note="cough",
    )


def rows() -> tuple[SessionRow, ...]:
    """Return a list of stored sessions with all that can be said of one."""
    diaphragmatic, box, brace = (registry.drill(i) for i in ("diaphragmatic", "box", "brace_hold"))
    return (
        SessionRow(Path("a.breath"), datetime(2025, 3, 14, 9, 5), diaphragmatic.title, "Kim", 300.0, 91.0),
        SessionRow(Path("b.breath"), datetime(2025, 3, 13, 20, 40), box.title, "Kim", 240.0, 74.0, simulated=True),
        SessionRow(Path("c.breath"), datetime(2025, 3, 13, 8, 58), brace.title, "", 45.0),
        SessionRow(
            Path("d.breath"), datetime(2025, 3, 12, 9, 2), diaphragmatic.title, "Kim", 97.0,
            problem=message("review.cut-short"),
        ),
    )  # fmt: skip


def review(*, gap: bool = True) -> ReviewView:
    """Return a session's course of five minutes, with a gap and two marks."""
    t_s = np.arange(0.0, 300.0, 0.1)
    y = breathing(t_s) * 3.0 - 1.5
    gaps = ((142.0, 151.0),) if gap else ()
    for start_s, end_s in gaps:
        y[(t_s >= start_s) & (t_s < end_s)] = math.nan
    period = INHALE_S + EXHALE_S
    onsets = np.arange(START_S, 290.0, period)
    kept = [t for t in onsets if not any(s - period < t < e for s, e in gaps)]
    breaths = tuple(Breath(t, t + INHALE_S, t + period, 3.0, t + period + 1.0, 0.9) for t in (float(t) for t in kept))
    return ReviewView(
        summary(),
        300.0,
        frozen(t_s),
        frozen(y),
        "deg",
        breaths,
        target(START_S, 300.0),
        (Mark(58.0, "cough"), Mark(204.0)),
        gaps,
        frozen(np.arange(0.0, 300.0)),
        frozen(np.full(300, 6.1)),
    )
