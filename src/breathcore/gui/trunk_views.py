"""Session files → what summary and review show of ribs, brace, movement and both sides."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean, median

from breathcore.drill.sides import TREND_N, SideComparison, trend
from breathcore.feedback.trunk_presenter import pair_view
from breathcore.gui.services import SideSummary, SiteSummary, Stretch, TrunkSummary
from breathcore.model.drill import Effect, EffectKind
from breathcore.model.errors import SessionFileError
from breathcore.model.trunk import RING, BraceEstimate, Expansion, LumbarBend, Rep, SiteCalibration
from breathcore.record.reader import SessionFile
from breathcore.record.summary import SessionSummary

HISTORY_N = 2 * TREND_N  # sessions that a trend looks at
BRACE_GAP_S = 1.0


def trunk_summary(path: Path, sessions: Sequence[SessionSummary] = ()) -> TrunkSummary | None:
    """Return what a stored session measured of the trunk, None where it measured nothing of it.

    `sessions` are all there are, newest first: those of the same person and drill up to this one make the trend.
    """
    with SessionFile.open(path) as file:
        from_s = _begun_s(file.drill_events())
        expansions = [e for e in file.rows_of(Expansion) if e.t_s >= from_s]
        braces = [b for b in file.rows_of(BraceEstimate) if b.t_s >= from_s]
        reps = [r for r in file.rows_of(Rep) if not r.guided]
        last = _last(file.rows_of(SideComparison))
        bends = [b.bend_deg for b in file.rows_of(LumbarBend) if not math.isnan(b.bend_deg)]
    on = [b.level for b in braces if b.on and not math.isnan(b.level)]
    told = TrunkSummary(
        sites=tuple(_sites(expansions)),
        rib_share=_mean(e.rib_share for e in expansions),
        brace=fmean(on) if on else None,
        reps_n=len(reps),
        sides=tuple(_sides(last, _history(path, sessions))),
        back_deg=median(bends) if bends else None,
        braced=any(b.reason is None and not math.isnan(b.level) for b in braces),
        brace_seen=any(b.on for b in braces),
    )
    return told if told != TrunkSummary() else None


def _begun_s(events: Sequence[Effect]) -> float:
    """Return when a drill's target first began; what was breathed before, under another calibration too, is no part."""
    return next((e.t_s for e in events if e.kind is EffectKind.PHASE), -math.inf)


def stretches(path: Path) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Return when repetitions were done, and when a brace was on, each [start, end) in seconds."""
    with SessionFile.open(path) as file:
        reps, braces = file.rows_of(Rep), file.rows_of(BraceEstimate)
    on: list[Stretch] = []
    for brace in braces:
        if not brace.on:
            continue
        if on and brace.t_s - on[-1][1] <= BRACE_GAP_S:
            on[-1] = (on[-1][0], brace.t_s)
        else:
            on.append((brace.t_s, brace.t_s))
    return tuple((r.start_s, r.end_s) for r in reps), tuple((a, b) for a, b in on if b > a)


def previous_ranges(sessions: Iterable[SessionSummary], person: str, *, simulated: bool) -> Mapping[str, float]:
    """Return the person's own ranges of the last session that learned any (``place.kind`` → full less relaxed)."""
    for session in sessions:
        if session.start is None or session.person != person or session.simulated is not simulated:
            continue
        ranges = _ranges(session.path)
        if ranges:
            return ranges
    return {}


def _ranges(path: Path) -> Mapping[str, float]:
    with suppress(SessionFileError), SessionFile.open(path) as file:
        learned = [c for c in file.rows_of(SiteCalibration) if c.reason is None]
        return {f"{c.place.value}.{'imu' if c.unit == 'deg' else 'belt'}": c.full - c.relaxed for c in learned}
    return {}


def _sites(expansions: Sequence[Expansion]) -> Iterable[SiteSummary]:
    for place in RING:
        told = [s for e in expansions if (s := e.site(place)) is not None]
        share = _median(s.share for s in told)
        if share is not None:
            yield SiteSummary(place, share, _median(s.cm for s in told))


def _sides(last: Sequence[SideComparison], history: Sequence[Sequence[SideComparison]]) -> Iterable[SideSummary]:
    for comparison in last:
        if not comparison.told and comparison.id == "expansion":  # the sensors, as long as they were not exchanged
            yield SideSummary(pair_view(comparison))
            continue
        before = [c.difference for session in history for c in session if c.id == comparison.id]
        way = trend([*before, comparison.difference])
        yield SideSummary(
            pair_view(comparison),
            min(TREND_N, len(before) + 1) if before else 0,
            None if math.isnan(way.now) else way.now,
            None if math.isnan(way.before) else way.before,
            sudden=way.sudden and comparison.told,
            red=way.red and comparison.told,
        )


def _history(path: Path, sessions: Sequence[SessionSummary]) -> list[list[SideComparison]]:
    """Return the comparisons of the sessions of the same kind before this one, the oldest first."""
    own = next((s for s in sessions if s.path == path), None)
    if own is None or own.start is None:
        return []
    start = own.start
    alike = [
        s
        for s in sessions
        if s.start is not None
        and s.start < start
        and (s.person, s.drill_id, s.simulated) == (own.person, own.drill_id, own.simulated)
    ]
    found: list[list[SideComparison]] = []
    for session in alike[: HISTORY_N - 1]:
        with suppress(SessionFileError), SessionFile.open(session.path) as file:
            found.append(_last(file.rows_of(SideComparison)))
    return found[::-1]


def _last(told: Sequence[SideComparison]) -> list[SideComparison]:
    """Return the newest comparison of each thing."""
    return list({c.id: c for c in told}.values())


def _mean(values: Iterable[float]) -> float | None:
    return _of(fmean, values)


def _median(values: Iterable[float]) -> float | None:
    return _of(median, values)


def _of(how: Callable[[list[float]], float], values: Iterable[float]) -> float | None:
    known = [v for v in values if not math.isnan(v)]
    return how(known) if known else None
