"""A recorded session as the plain tables that exports write."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from breathcore import __version__
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.export.data import (
    ExportData,
    Track,
    brace_track,
    effort_track,
    sample_track,
    shown_phases,
    site_track,
)
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Role
from breathcore.model.estimates import (
    Breath,
    Coherence,
    EffortBlock,
    HeartEstimate,
    HeartVariability,
    RateEstimate,
    SinusArrhythmia,
)
from breathcore.model.trunk import SiteBlock
from breathcore.record.reader import Derived
from breathcore.session.recording import Session

TRACE_HZ = 25.0  # nominal, of every breath trace
TILT_UNIT = "deg"


def export_data(session: Session) -> ExportData:
    """Return `session` ready to be exported; samples and estimates are computed from its packets."""
    by_channel: dict[str, list[SampleBlock]] = defaultdict(list)
    for block in session.blocks:
        if block.channel.role is not Role.BATTERY:
            by_channel[block.channel.id].append(block)
    owners = {c.id: key for key, spec in session.devices for c in spec.channels}
    efforts = [e for e in session.estimates if isinstance(e, EffortBlock)]
    meta = session.meta
    return ExportData(
        start=meta.start,
        duration_s=session.duration_s,
        software=f"breathcore {__version__}",
        person=meta.person,
        drill=meta.drill.id if meta.drill else "",
        sensors=tuple(spec.name for _, spec in session.devices),
        tracks=tuple(sample_track(owners.get(id_, ""), blocks) for id_, blocks in by_channel.items()),
        traces=(*_traces(session, efforts), *_trunk_tracks(session.told)),
        rates=tuple(e for e in session.estimates if isinstance(e, RateEstimate)),
        hearts=tuple(e for e in session.estimates if isinstance(e, HeartEstimate)),
        variabilities=tuple(e for e in session.estimates if isinstance(e, HeartVariability)),
        arrhythmias=tuple(e for e in session.estimates if isinstance(e, SinusArrhythmia)),
        coherences=tuple(e for e in session.estimates if isinstance(e, Coherence)),
        breaths=tuple(e for e in session.estimates if isinstance(e, Breath)),
        phases=shown_phases(session.effects),
        marks=session.marks,
        notes=session.notes,
        ratings=session.ratings,
        outcome=session.outcome,
        cut_short=session.cut_short,
        faults_n=len(session.faults),
        told=session.told,
    )


def _trunk_tracks(told: Derived) -> Iterator[Track]:
    """Yield how far each site was open, and the brace."""
    sites: dict[str, list[SiteBlock]] = defaultdict(list)
    for block in told.sites:
        if len(block.t_s):
            sites[block.source].append(block)
    for blocks in sites.values():
        yield site_track(blocks, GRID_HZ)
    if len(told.braces) > 1:
        yield brace_track(told.braces)


def _traces(session: Session, efforts: Sequence[EffortBlock]) -> Iterator[Track]:
    """Yield the breath trace; another each time a sensor takes over whose scale cannot be compared."""
    scales: list[list[EffortBlock]] = []
    for block in efforts:
        if not scales or (math.isnan(block.gain) and block.source != scales[-1][-1].source):
            scales.append([])
        scales[-1].append(block)
    for n, blocks in enumerate(scales, 1):
        unit = _trace_unit(session, blocks[0].source)
        yield effort_track(blocks, unit, TRACE_HZ, "breath" if n == 1 else f"breath-{n}")


def _trace_unit(session: Session, source: str) -> str:
    channel = next((c for _, spec in session.devices for c in spec.channels if c.id == source), None)
    if channel is None:
        return ""
    return TILT_UNIT if channel.role is Role.CHEST_ACC else channel.unit
