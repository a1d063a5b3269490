"""Recent sessions, quickly, and without letting one bad file hide the others."""

from dataclasses import dataclass, field
from datetime import datetime
from math import nan
from pathlib import Path

from breathcore.model.drill import Texts
from breathcore.model.errors import SessionFileError
from breathcore.record.items import Outcome
from breathcore.record.reader import SessionFile
from breathcore.record.schema import SUFFIX


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One line of a list of sessions. Where `error` is set, the file could not be read and the rest is unknown."""

    path: Path
    start: datetime | None = None
    person: str = ""
    drill_id: str = ""
    drill_title: Texts | None = None
    duration_s: float = nan
    outcome: Outcome = field(default_factory=Outcome)
    cut_short: bool = False
    simulated: bool = False
    error: SessionFileError | None = None


def summarise(path: Path) -> SessionSummary:
    """Return the summary of one session file; never raises for a file's sake."""
    try:
        with SessionFile.open(path) as session:
            meta = session.meta
            return SessionSummary(
                path,
                meta.start,
                meta.person,
                meta.drill.id if meta.drill else "",
                meta.drill.title if meta.drill else None,
                session.duration_s,
                session.outcome(),
                session.cut_short,
                meta.source == "sim",
            )
    except SessionFileError as error:
        return SessionSummary(path, error=error)


def list_sessions(folder: Path) -> tuple[SessionSummary, ...]:
    """Return the sessions of `folder`, newest first, unreadable ones last; none where there is no such folder."""
    found = [summarise(path) for path in sorted(folder.glob(f"*{SUFFIX}"))] if folder.is_dir() else []
    readable = [s for s in found if s.start is not None]
    readable.sort(key=lambda s: s.start.timestamp() if s.start else 0.0, reverse=True)
    return (*readable, *(s for s in found if s.start is None))
