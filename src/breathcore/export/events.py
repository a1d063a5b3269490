"""Everything of a session that has a moment and a name: phases, breaths, movements, gaps, refusals, marks, notes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, nan

from breathcore.export.data import ExportData, Track
from breathcore.export.grid import gaps
from breathcore.export.trunk import trunk_events
from breathcore.model.estimates import Breath, BreathKind, RateEstimate


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an event table; `duration_s` is NaN where it is a moment."""

    start_s: float
    duration_s: float
    kind: str
    text: str


def events(data: ExportData) -> tuple[Event, ...]:
    """Return all events by start time."""
    found = [
        *(Event(p.start_s, p.end_s - p.start_s, "phase", p.kind.value) for p in data.phases),
        *(e for b in data.breaths for e in _breath(b)),
        *(e for t in (*data.tracks, *data.traces) if t.rate_hz > 0 for e in _gap_events(t, data.duration_s)),
        *_refused(data.rates, data.duration_s),
        *_of_trunk(data),
        *(Event(m.t_s, nan, "mark", m.text) for m in data.marks),
        *(Event(0.0 if isnan(n.t_s) else n.t_s, nan, "note", n.text) for n in data.notes),
    ]
    return tuple(sorted(found, key=lambda e: e.start_s))


def _of_trunk(data: ExportData) -> Iterator[Event]:
    for s in trunk_events(data.told) if data.told is not None else ():
        yield Event(s.start_s, s.duration_s or nan, s.kind, s.text)


def _breath(breath: Breath) -> Iterator[Event]:
    kind = "" if breath.kind is BreathKind.NORMAL else f" ({breath.kind.value})"
    if not isnan(breath.inhale_onset_s):
        yield Event(breath.inhale_onset_s, breath.exhale_onset_s - breath.inhale_onset_s, "breath", f"inhale{kind}")
    if not isnan(breath.exhale_onset_s):
        yield Event(breath.exhale_onset_s, breath.end_s - breath.exhale_onset_s, "breath", f"exhale{kind}")


def _gap_events(track: Track, duration_s: float) -> Iterator[Event]:
    for gap in gaps(track, duration_s):
        yield Event(gap.start_s, gap.end_s - gap.start_s, "gap", track.name)


def _refused(rates: tuple[RateEstimate, ...], duration_s: float) -> Iterator[Event]:
    """Return the stretches without a rate, with the reason; neighbours with one reason are one stretch."""
    start_s, reason = 0.0, None
    for before, now in pairwise((None, *rates)):
        if now is None or (before is not None and now.refusal is before.refusal):
            continue
        if reason is not None:
            yield Event(start_s, now.t_s - start_s, "refused", reason.value)
        start_s, reason = now.t_s, now.refusal
    if reason is not None:
        yield Event(start_s, max(0.0, duration_s - start_s), "refused", reason.value)
