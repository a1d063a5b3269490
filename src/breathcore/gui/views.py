"""Session files → what the window shows of them."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from breathcore.estimate.registry import TRACES
from breathcore.feedback.sight import BY_HEART, refusal_message
from breathcore.gui.services import Mark, Measured, ReviewView, SessionRow, SummaryView, TrunkSummary
from breathcore.gui.trunk_views import stretches, trunk_summary
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import DeviceSpec, Role
from breathcore.model.drill import FinishReason, Score
from breathcore.model.estimates import Breath, EffortBlock, RateEstimate
from breathcore.model.message import Message, message
from breathcore.record.summary import SessionSummary
from breathcore.session.exporting import export_data
from breathcore.session.recording import Session, open_session
from breathcore.session.replaying import result_of
from breathcore.session.result import SessionResult

HEART_ROLES = frozenset({Role.RR, Role.ECG, Role.HEART_RATE})
IMPORT_TITLE = {"en": "Recording", "de": "Aufnahme"}
UNKNOWN_TITLE = {"en": "Session", "de": "Sitzung"}
GAP_S = 1.0
PARTLY = 0.25  # share of the answered seconds that were read from the heart alone, from which that is said


def summary_view(
    path: Path, result: SessionResult | None = None, sessions: Sequence[SessionSummary] = ()
) -> SummaryView:
    """Return a stored session's summary; `result` saves computing it again. Raises SessionFileError.

    `sessions` are all that are stored, newest first: those before it say how left and right go on.
    """
    session = open_session(path)
    return _summary(session, result or (result_of(path) if session.meta.drill else None), sessions)


def review_view(path: Path) -> ReviewView:
    """Return a stored session's course. Raises SessionFileError."""
    session = open_session(path)
    analysis, data = session.analyse(), export_data(session)
    t_s, y, gaps = _trace(session)
    reps, braces = stretches(path)
    return ReviewView(
        summary=_summary(session, result_of(path) if session.meta.drill else None),
        duration_s=session.duration_s,
        trace_t_s=t_s,
        trace_y=y,
        trace_unit=data.traces[0].unit if data.traces else "",
        breaths=tuple(e for e in session.estimates if isinstance(e, Breath)),
        phases=data.phases,
        marks=tuple(Mark(m.t_s, m.text) for m in session.marks),
        gaps=gaps,
        reps=reps,
        braces=braces,
        rate_t_s=analysis.rate_t_s,
        rate_bpm=analysis.rate_bpm,
    )


def session_row(summary: SessionSummary) -> SessionRow:
    """Return one line of the list of sessions."""
    if summary.start is None:
        problem = summary.error.message if summary.error else None
        return SessionRow(summary.path, _changed(summary.path), UNKNOWN_TITLE, problem=problem, readable=False)
    score = summary.outcome.score
    return SessionRow(
        path=summary.path,
        started=summary.start.astimezone(),
        title=summary.drill_title or IMPORT_TITLE,
        person=summary.person,
        duration_s=summary.duration_s,
        score=None if np.isnan(score) else score,
        problem=message("session.cut-short") if summary.cut_short else None,
        simulated=summary.simulated,
    )


def _changed(path: Path) -> datetime:
    """Return when a file was last written: all that is known of one that cannot be read."""
    with suppress(OSError):
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return datetime.now().astimezone()


def _summary(session: Session, result: SessionResult | None, sessions: Sequence[SessionSummary] = ()) -> SummaryView:
    meta = session.meta
    specs = tuple(spec for _, spec in session.devices)
    analysis = session.analyse()
    heart = analysis.heart_bpm[np.isfinite(analysis.heart_bpm)]
    trunk = trunk_summary(session.path, sessions)
    view = SummaryView(
        path=session.path,
        title=meta.drill.title if meta.drill else IMPORT_TITLE,
        started=meta.start.astimezone(),
        sentence=result.sentence if result else message("result.recording"),
        finish=_finish(session, result),
        person=meta.person,
        rate_message=_rate_message(session),
        heart_bpm=float(np.median(heart)) if len(heart) else None,
        measured=_measured(session, specs, trunk),
        pain=session.ratings.pain,
        effort=session.ratings.effort,
        note="\n".join(n.text for n in session.notes),
        simulated=meta.source == "sim",
        trunk=trunk,
    )
    return view if result is None else _with_result(view, result)


def _rate_message(session: Session) -> Message | None:
    """Return why there is no rate, or that it, or a part of it, is an estimate; None where there is nothing to say."""
    roles = _roles(session)
    rates = [e for e in session.estimates if isinstance(e, RateEstimate)]
    told = [e for e in rates if e.refusal is None]
    estimated_n = sum(_by_heart(e, roles) for e in told)
    if told:
        if estimated_n < PARTLY * len(told):
            return None
        return message("summary.rate.estimated" if estimated_n == len(told) else "summary.rate.partly")
    refused = next((e.refusal for e in reversed(rates) if e.refusal is not None), None)
    by_heart = not any(role in TRACES for role in roles.values()) and not BY_HEART.isdisjoint(roles.values())
    return refusal_message(refused, by_heart=by_heart) if refused else None


def _roles(session: Session) -> dict[str, Role]:
    return {c.id: c.role for _, spec in session.devices for c in spec.channels}


def _by_heart(rate: RateEstimate, roles: dict[str, Role]) -> bool:
    return bool(rate.sources) and all(roles.get(source) in BY_HEART for source in rate.sources)


def _with_result(view: SummaryView, result: SessionResult) -> SummaryView:
    return replace(
        view,
        rate_before_bpm=result.rate_before_bpm,
        rate_during_bpm=result.rate_during_bpm,
        rate_after_bpm=result.rate_after_bpm,
        rate_target_bpm=result.target_bpm,
        score=result.score or Score(None, None, ()),
        advice=(result.advice,) if result.advice else (),
        done_s=result.trained_s,
        lost_s=result.lost_s,
        resonance=result.resonance,
    )


def _finish(session: Session, result: SessionResult | None) -> FinishReason | None:
    if result is not None:
        return result.finish
    return FinishReason(session.outcome.finish) if session.outcome.finish else None


def _measured(session: Session, specs: tuple[DeviceSpec, ...], trunk: TrunkSummary | None) -> tuple[Measured, ...]:
    roles = frozenset(role for spec in specs for role in spec.roles)
    no_breath = None if any(isinstance(e, Breath) for e in session.estimates) else _why_no_breath(session)
    no_heart: Message | None = None if roles & HEART_ROLES else message("sight.no-heart")
    found = [Measured("breath", no_breath), Measured("heart", no_heart)]
    drill, told = session.meta.drill, trunk or TrunkSummary()
    if drill and "brace" in drill.measures:
        why = message("brace.on-off" if told.brace_seen else "brace.self-rated")
        found.append(Measured("brace", None if told.braced else why))
    if drill and "expansion" in drill.measures:
        found.append(Measured("expansion", None if told.sites else message("summary.not-measured")))
    if drill and drill.movement is not None:
        found.append(Measured("movement", None if told.reps_n else message("summary.not-measured")))
    return tuple(found)


def _why_no_breath(session: Session) -> Message:
    """Return what there is in place of breaths: a rate, or why not even that."""
    if any(isinstance(e, RateEstimate) and e.refusal is None for e in session.estimates):
        return message("summary.measured.rate-only")
    sees, feels = (not k.isdisjoint(_roles(session).values()) for k in (TRACES.keys(), HEART_ROLES))
    return message("refusal.heart-only" if feels and not sees else "summary.not-measured")


def _trace(session: Session) -> tuple[F64, F64, tuple[tuple[float, float], ...]]:
    """Return the trace's times and values (NaN where refused) and the gaps in it."""
    parts: dict[str, list[F64]] = defaultdict(list)
    gaps: list[tuple[float, float]] = []
    newest_s = 0.0
    for block in (e for e in session.estimates if isinstance(e, EffortBlock) and len(e.t_s)):
        if block.t_s[0] - newest_s > GAP_S:
            gaps.append((newest_s, float(block.t_s[0])))
        newest_s = float(block.t_s[-1])
        parts["t"].append(block.t_s)
        parts["y"].append(block.y if block.usable else np.full(len(block.y), np.nan))
    if not parts:
        return frozen(np.empty(0)), frozen(np.empty(0)), ()
    return frozen(np.concatenate(parts["t"])), frozen(np.concatenate(parts["y"])), tuple(gaps)
