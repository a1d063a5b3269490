"""What an export writes, whoever computed it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from breathcore.model.arrays import F64, frozen
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Role
from breathcore.model.drill import Effect, EffectKind, Stage, TargetPhase
from breathcore.model.estimates import (
    Breath,
    Coherence,
    EffortBlock,
    HeartEstimate,
    HeartVariability,
    RateEstimate,
    SinusArrhythmia,
)
from breathcore.model.trunk import BraceEstimate, SiteBlock
from breathcore.record.items import Mark, Note, Outcome, Ratings
from breathcore.record.reader import Derived

_STOPS = frozenset({Stage.PAUSED, Stage.LOST, Stage.DIZZY, Stage.SET_REST, Stage.FINISHED})


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One stream of numbers on the session clock.

    `t_s` is (n,), strictly rising, `x` is (n, axes). `gap_at` are the indices of samples before which samples are
    missing. `rate_hz` is nominal, 0 for events (beats). `role` is None for a computed trace.
    """

    name: str
    role: Role | None
    unit: str
    axes: tuple[str, ...]
    rate_hz: float
    t_s: F64
    x: F64
    gap_at: tuple[int, ...] = ()
    device: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ExportData:
    """A session, ready to be written.

    `start` is the wall clock, with its zone, at session time zero. `tracks` are the sensors' samples, `traces` the
    breath traces and how far each site was open and the brace on, `phases` what the person was shown, `told` all that
    the live session said. `cut_short` says that the recording was never ended in order, `faults_n` how many packets
    could not be read.
    """

    start: datetime
    duration_s: float
    software: str
    person: str = ""
    drill: str = ""
    sensors: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()
    traces: tuple[Track, ...] = ()
    rates: tuple[RateEstimate, ...] = ()
    hearts: tuple[HeartEstimate, ...] = ()
    variabilities: tuple[HeartVariability, ...] = ()
    arrhythmias: tuple[SinusArrhythmia, ...] = ()
    coherences: tuple[Coherence, ...] = ()
    breaths: tuple[Breath, ...] = ()
    phases: tuple[TargetPhase, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[Note, ...] = ()
    ratings: Ratings = field(default_factory=Ratings)
    outcome: Outcome = field(default_factory=Outcome)
    cut_short: bool = False
    faults_n: int = 0
    told: Derived | None = None


def sample_track(device: str, blocks: Sequence[SampleBlock]) -> Track:
    """Return the blocks of one channel (at least one block) as a track."""
    channel = blocks[0].channel
    return Track(
        channel.id,
        channel.role,
        channel.unit,
        channel.axes,
        channel.rate_hz,
        _joined([b.t_s for b in blocks]),
        _joined([b.x.reshape(len(b.t_s), -1) for b in blocks]),
        _gaps([(len(b.t_s), b.gap_before) for b in blocks]),
        device,
    )


def effort_track(blocks: Sequence[EffortBlock], unit: str, rate_hz: float, id_: str = "breath") -> Track:
    """Return a breath trace in one scale (at least one block) as a track."""
    return Track(
        id_,
        None,
        unit,
        ("",),
        rate_hz,
        _joined([b.t_s for b in blocks]),
        _joined([b.y[:, None] for b in blocks]),
        _gaps([(len(b.t_s), b.gap_before) for b in blocks]),
        blocks[0].source,
    )


def site_track(blocks: Sequence[SiteBlock], rate_hz: float) -> Track:
    """Return how far one site was open (at least one block), shares of the own full breath, as a track."""
    return Track(
        f"opened.{blocks[0].place.value}",
        None,
        "1",
        ("",),
        rate_hz,
        _joined([b.t_s for b in blocks]),
        _joined([b.level[:, None] for b in blocks]),
        _gaps([(len(b.t_s), b.gap_before) for b in blocks]),
        blocks[0].source,
    )


def brace_track(told: Sequence[BraceEstimate]) -> Track:
    """Return the brace (at least two estimates), share of the firmest gentle one, as a track; NaN where not told."""
    t_s = np.array([b.t_s for b in told])
    level = np.array([[b.level] for b in told])
    rate_hz = max(1.0, round(1.0 / float(np.median(np.diff(t_s)))))
    return Track("brace", None, "1", ("",), rate_hz, frozen(t_s), frozen(level), (), told[0].source)


def _joined(parts: list[F64]) -> F64:
    return frozen(np.concatenate(parts))


def _gaps(blocks: list[tuple[int, bool]]) -> tuple[int, ...]:
    gaps: list[int] = []
    n = 0
    for length, gap_before in blocks:
        if gap_before and n and length:
            gaps.append(n)
        n += length
    return tuple(gaps)


def shown_phases(events: Sequence[Effect]) -> tuple[TargetPhase, ...]:
    """Return the phases as they were really shown: each target only until the next one, a pause or the end."""
    shown: list[TargetPhase] = []
    for n, event in enumerate(events):
        if event.kind is EffectKind.TARGET and event.timeline is not None:
            until_s = next((e.t_s for e in events[n + 1 :] if _ends_target(e)), np.inf)
            shown += _clipped(event.timeline.phases, event.t_s, until_s)
    return tuple(shown)


def _ends_target(event: Effect) -> bool:
    return event.kind is EffectKind.TARGET or (event.kind is EffectKind.STAGE and event.value in _STOPS)


def _clipped(phases: Sequence[TargetPhase], start_s: float, end_s: float) -> list[TargetPhase]:
    kept: list[TargetPhase] = []
    for p in phases:
        begin, end = max(p.start_s, start_s), min(p.end_s, end_s)
        if begin < end:
            kept.append(_between(p, begin, end))
    return kept


def _between(p: TargetPhase, begin_s: float, end_s: float) -> TargetPhase:
    """Return the part of `p` in ``[begin_s, end_s)``, its levels cut to match."""
    low, high = (
        p.level_from + (p.level_to - p.level_from) * (t - p.start_s) / (p.end_s - p.start_s) for t in (begin_s, end_s)
    )
    return TargetPhase(p.kind, begin_s, end_s, low, high, p.set_index, p.cycle, p.scored)
