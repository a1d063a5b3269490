"""What was told of the trunk, as tables and as events: every number with its unit, every refusal with its reason."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, cast

from breathcore.model.trunk import BraceEstimate, Expansion, Unmeasured
from breathcore.record.reader import Derived

Cell = str | float | int | None
Rows = Iterator[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class TrunkTable:
    """One table: the file's name, its header, and its rows."""

    name: str
    head: tuple[str, ...]
    rows: Callable[[], Rows]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something of the trunk from `start_s` on, for `duration_s` (0: a moment)."""

    start_s: float
    duration_s: float
    kind: str
    text: str


def trunk_tables(told: Derived) -> tuple[TrunkTable, ...]:
    """Return a table for each kind of thing that was told; none for what was not."""
    found = []
    for name, items, columns in _layout(told):
        if items:
            rows = _rows(items, tuple(read for _, read in columns))
            found.append(TrunkTable(name, tuple(head for head, _ in columns), rows))
    return tuple(found)


def trunk_events(told: Derived) -> Iterator[Stretch]:
    """Yield calibrations, postures, repetitions, holds, braces, and when a site or the brace was not told, and why."""
    for c in told.site_calibrations:
        yield Stretch(c.t_s, 0.0, "calibration", _said(c.place.value, c.reason))
    for b in told.brace_calibrations:
        yield Stretch(b.t_s, 0.0, "calibration", _said("brace", b.reason))
    for p in told.postures:
        yield Stretch(p.t_s, 0.0, "posture", _said(p.posture.value, p.reason))
    for m in told.movements:
        yield Stretch(m.t_s, 0.0, "movement learned", _said(m.source, m.reason))
    for r in told.reps:
        words = (r.side.value if r.side else "", "guided" if r.guided else "")
        yield Stretch(r.start_s, r.end_s - r.start_s, "repetition", " ".join(filter(None, words)))
    for h in told.steadinesses:
        yield Stretch(h.start_s, h.t_s - h.start_s, "hold", _said(h.place.value, h.reason))
    for rating in told.brace_ratings:
        yield Stretch(rating.t_s, 0.0, "brace rated", f"set {rating.set_index + 1}: {rating.effort} of 10")
    yield from _braces(told.braces)
    yield from _unopened(told.expansions)


def _braces(braces: Sequence[BraceEstimate]) -> Iterator[Stretch]:
    for (on, reason), run in groupby(braces, key=lambda b: (b.on, b.reason)):
        own = list(run)
        if on or reason is not None:
            kind, text = ("brace", "") if reason is None else ("not told", f"brace: {reason.value}")
            yield Stretch(own[0].t_s, own[-1].t_s - own[0].t_s, kind, text)


def _unopened(expansions: Sequence[Expansion]) -> Iterator[Stretch]:
    """Yield the stretches of breaths in which a site, or what is read from several, was not told."""
    sources = dict.fromkeys(f"{s.place.value} ({s.source})" for e in expansions for s in e.sites)
    of_sites = {name: [(e, _site_reason(e, name)) for e in expansions] for name in sources}
    several = ("rib_share", "phase_deg", "symmetry", "score")
    of_all = {name: [(e, e.reasons.get(name)) for e in expansions] for name in several}
    for name, pairs in (of_sites | of_all).items():
        for reason, run in groupby(pairs, key=lambda pair: pair[1]):
            own = [e for e, _ in run]
            if reason is not None:
                yield Stretch(own[0].onset_s, own[-1].end_s - own[0].onset_s, "not told", f"{name}: {reason.value}")


def _site_reason(expansion: Expansion, name: str) -> Unmeasured | None:
    return next((s.reason for s in expansion.sites if f"{s.place.value} ({s.source})" == name), None)


def _said(what: str, reason: Unmeasured | None) -> str:
    return what if reason is None else f"{what}: refused ({reason.value})"


def _rows(items: Iterable[Any], readers: Sequence[Callable[[Any], Any]]) -> Callable[[], Rows]:
    return lambda: ([_cell(read(item)) for read in readers] for item in items)


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.value if isinstance(value, StrEnum) else cast(Cell, value)


Column = tuple[str, Callable[[Any], Any]]


def _layout(told: Derived) -> tuple[tuple[str, Sequence[Any], tuple[Column, ...]], ...]:
    """Return file, items and columns of each table."""
    breathed = [(e, s) for e in told.expansions for s in e.sites]
    return (
        ("trunk_calibration.csv", told.site_calibrations, _SITE_CALIBRATION),
        ("brace_calibration.csv", told.brace_calibrations, _BRACE_CALIBRATION),
        ("expansion.csv", told.expansions, _EXPANSION),
        ("expansion_sites.csv", breathed, _SITE),
        ("brace.csv", told.braces, _BRACE),
        ("brace_ratings.csv", told.brace_ratings, _RATING),
        ("posture.csv", told.postures, _POSTURE),
        ("movement.csv", told.movements, _MOVEMENT),
        ("repetitions.csv", told.reps, _REP),
        ("steadiness.csv", told.steadinesses, _STEADINESS),
        ("lumbar.csv", told.lumbars, _LUMBAR),
        ("moving_rate.csv", told.moving_rates, _MOVING_RATE),
        ("sides.csv", told.sides, _SIDES),
    )


def _axis(n: int) -> Callable[[Any], float | None]:
    return lambda item: item.axis[n] if len(item.axis) > n else None


_REFUSED: Column = ("refused", lambda item: item.reason)
_SENSOR: Column = ("sensor", lambda item: item.source)
_TIME: Column = ("time [s]", lambda item: item.t_s)
_SITE_CALIBRATION: tuple[Column, ...] = (
    _TIME,
    ("site", lambda c: c.place),
    _SENSOR,
    ("unit", lambda c: c.unit),
    ("relaxed [unit]", lambda c: c.relaxed),
    ("full [unit]", lambda c: c.full),
    ("range [unit]", lambda c: c.full - c.relaxed),
    ("cv [0-1]", lambda c: c.cv),
    ("growth [cm/unit]", lambda c: c.cm_per_unit),
    ("change [0-1]", lambda c: c.change),
    *((f"axis.{name}", _axis(n)) for n, name in enumerate("xyz")),
    _REFUSED,
)
_BRACE_CALIBRATION: tuple[Column, ...] = (
    _TIME,
    _SENSOR,
    ("relaxed [unit of the sensor]", lambda c: c.relaxed),
    ("firm [unit of the sensor]", lambda c: c.firm),
    ("cv [0-1]", lambda c: c.cv),
    _REFUSED,
)
_EXPANSION: tuple[Column, ...] = (
    ("told [s]", lambda e: e.t_s),
    ("inhale_onset [s]", lambda e: e.onset_s),
    ("end [s]", lambda e: e.end_s),
    ("ribs_share [0-1]", lambda e: e.rib_share),
    ("ribs_share refused", lambda e: e.reasons.get("rib_share")),
    ("belly_lag [deg]", lambda e: e.phase_deg),
    ("paradox", lambda e: e.paradox),
    ("belly_lag refused", lambda e: e.reasons.get("phase_deg")),
    ("symmetry [%]", lambda e: e.symmetry),
    ("symmetry_noise [%]", lambda e: e.symmetry_noise),
    ("opens_more", lambda e: e.opens_more),
    ("symmetry refused", lambda e: e.reasons.get("symmetry")),
    ("score_360 [0-100]", lambda e: e.score),
    ("opens_least", lambda e: e.least),
    ("score_360 refused", lambda e: e.reasons.get("score")),
)
_SITE: tuple[Column, ...] = (
    ("told [s]", lambda pair: pair[0].t_s),
    ("inhale_onset [s]", lambda pair: pair[0].onset_s),
    ("end [s]", lambda pair: pair[0].end_s),
    ("site", lambda pair: pair[1].place),
    ("sensor", lambda pair: pair[1].source),
    ("opened [0-1]", lambda pair: pair[1].share),
    ("growth [cm]", lambda pair: pair[1].cm),
    ("refused", lambda pair: pair[1].reason),
)
_BRACE: tuple[Column, ...] = (
    _TIME,
    _SENSOR,
    ("level [0-1]", lambda b: b.level),
    ("confirmed [0-1]", lambda b: b.confirmed),
    ("on", lambda b: b.on),
    ("held [s]", lambda b: b.held_s),
    ("drift [0-1 in 10 s]", lambda b: b.drift),
    ("breathing", lambda b: b.breathing),
    ("strain", lambda b: b.strain),
    _REFUSED,
)
_RATING: tuple[Column, ...] = (
    _TIME,
    ("set", lambda r: r.set_index + 1),
    ("effort [0-10]", lambda r: r.effort),
)
_POSTURE: tuple[Column, ...] = (_TIME, ("posture", lambda p: p.posture), _SENSOR, _REFUSED)
_MOVEMENT: tuple[Column, ...] = (
    _TIME,
    _SENSOR,
    *((f"axis.{name}", _axis(n)) for n, name in enumerate("xyz")),
    ("range [deg]", lambda m: m.range_deg),
    _REFUSED,
)
_REP: tuple[Column, ...] = (
    ("start [s]", lambda r: r.start_s),
    ("top [s]", lambda r: r.top_s),
    ("return [s]", lambda r: r.return_s),
    ("end [s]", lambda r: r.end_s),
    ("range [deg]", lambda r: r.range_deg),
    ("off_axis [deg]", lambda r: r.off_axis_deg),
    ("exhaled [0-1]", lambda r: r.exhaled),
    ("exhaled_back [0-1]", lambda r: r.exhaled_back),
    ("side", lambda r: r.side),
    ("guided", lambda r: r.guided),
    _SENSOR,
)
_STEADINESS: tuple[Column, ...] = (
    ("start [s]", lambda s: s.start_s),
    ("end [s]", lambda s: s.t_s),
    ("site", lambda s: s.place),
    _SENSOR,
    ("tilt [deg]", lambda s: s.tilt_deg),
    ("rotation [deg]", lambda s: s.rotation_deg),
    _REFUSED,
)
_REFERENCE: Column = ("reference", lambda item: item.reference)
_LUMBAR: tuple[Column, ...] = (
    ("start [s]", lambda b: b.start_s),
    ("told [s]", lambda b: b.t_s),
    ("bend [deg]", lambda b: b.bend_deg),
    ("side", lambda b: b.side),
    _SENSOR,
    _REFERENCE,
    _REFUSED,
)
_MOVING_RATE: tuple[Column, ...] = (
    _TIME,
    ("rate [1/min]", lambda m: m.rate_bpm),
    ("quality [0-1]", lambda m: m.quality),
    _SENSOR,
    _REFERENCE,
    _REFUSED,
)
_SIDES: tuple[Column, ...] = (
    ("what", lambda s: s.id),
    ("unit", lambda s: s.unit),
    ("left [unit]", lambda s: s.left),
    ("right [unit]", lambda s: s.right),
    ("difference [%]", lambda s: s.difference),
    ("uncertainty [%]", lambda s: s.uncertainty),
    ("told as a difference", lambda s: s.told),
)
