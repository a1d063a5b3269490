"""Reading a session file."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from breathcore.drill.self_rating import BraceRating
from breathcore.drill.sides import SideComparison
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, Effect, Score, UserCommand
from breathcore.model.estimates import (
    Breath,
    BreathRange,
    Coherence,
    EffortBlock,
    FitEstimate,
    HeartEstimate,
    HeartVariability,
    PhaseEstimate,
    Polarity,
    RateEstimate,
    SinusArrhythmia,
    Turn,
)
from breathcore.model.message import Message, message
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet
from breathcore.model.trunk import (
    BraceCalibration,
    BraceEstimate,
    Expansion,
    LumbarBend,
    MovementLearned,
    MovingRate,
    PostureEstimate,
    Rep,
    SiteBlock,
    SiteCalibration,
    Steadiness,
)
from breathcore.record.asjson import from_json
from breathcore.record.container import file_errors, is_closed, open_read_only
from breathcore.record.items import Input, Mark, Note, Outcome, Ratings, RecordedFault, SessionMeta
from breathcore.record.rows import DERIVED_TABLES, TABLES, Row, Table
from breathcore.record.schema import SCHEMA_VERSION

T = TypeVar("T")
_DIRECTIONS = {d.value: d for d in Direction}
_WINDOW_N = 4096  # inputs read at a time
_ADVANCES = "SELECT seq, t_host_ns FROM advance WHERE seq BETWEEN ? AND ?"
_PACKETS = "SELECT seq, t_host_ns, device, endpoint, direction, payload FROM packet WHERE seq BETWEEN ? AND ?"
_LINK_EVENTS = "SELECT seq, t_host_ns, device, kind, detail FROM link_event WHERE seq BETWEEN ? AND ?"
_COMMANDS = "SELECT seq, t_host_ns, kind, text FROM command WHERE seq BETWEEN ? AND ?"
_INPUTS = ("packet", "advance", "link_event", "command")
_NEXT_SEQ = " UNION ALL ".join(f"SELECT min(seq) FROM {table} WHERE seq >= ?" for table in _INPUTS)
_LAST_INPUT = " UNION ALL ".join(
    f"SELECT t_host_ns FROM {table} WHERE seq = (SELECT max(seq) FROM {table})" for table in _INPUTS
)


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What the live session had computed, in its order. To compare numbers use `SessionFile.derived_rows`."""

    rates: tuple[RateEstimate, ...]
    breaths: tuple[Breath, ...]
    turns: tuple[Turn, ...]
    phases: tuple[PhaseEstimate, ...]
    hearts: tuple[HeartEstimate, ...]
    variabilities: tuple[HeartVariability, ...]
    arrhythmias: tuple[SinusArrhythmia, ...]
    coherences: tuple[Coherence, ...]
    efforts: tuple[EffortBlock, ...]
    ranges: tuple[BreathRange, ...]
    polarities: tuple[Polarity, ...]
    scores: tuple[Score, ...]
    faults: tuple[RecordedFault, ...]
    fits: tuple[FitEstimate, ...]
    site_calibrations: tuple[SiteCalibration, ...] = ()
    brace_calibrations: tuple[BraceCalibration, ...] = ()
    sites: tuple[SiteBlock, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    braces: tuple[BraceEstimate, ...] = ()
    postures: tuple[PostureEstimate, ...] = ()
    movements: tuple[MovementLearned, ...] = ()
    reps: tuple[Rep, ...] = ()
    steadinesses: tuple[Steadiness, ...] = ()
    sides: tuple[SideComparison, ...] = ()
    lumbars: tuple[LumbarBend, ...] = ()
    moving_rates: tuple[MovingRate, ...] = ()
    brace_ratings: tuple[BraceRating, ...] = ()


class SessionFile(AbstractContextManager["SessionFile"]):
    """One session, open for reading; made by `SessionFile.open`.

    Attributes
    ----------
    path : Path
    meta : SessionMeta
    devices : tuple of (str, DeviceSpec)
    schema_version : int
        The form of the file, `record.schema.SCHEMA_VERSION` or an earlier one.
    cut_short : bool
        True where the recording was never ended in order; what was written before is all there.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        with file_errors(path):
            self.meta = _read_meta(connection)
            self.devices = _read_devices(connection)
            self.schema_version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            self.cut_short = not is_closed(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a session file, recovering a cut-short one first.

        Raises
        ------
        SessionFileError
            SESSION_MISSING, SESSION_FOREIGN, SESSION_NEWER, SESSION_WAL_MISSING, SESSION_IN_USE or SESSION_DAMAGED.
        """
        connection = open_read_only(path)
        try:
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def message(self) -> Message | None:
        """What to say about the file, or None."""
        return message("session.cut-short", path=self.path.name) if self.cut_short else None

    @property
    def lacks(self) -> Message | None:
        """What to say of a file of an earlier form: what it does not hold, or None."""
        if self.schema_version >= SCHEMA_VERSION:
            return None
        form = "first" if self.schema_version < 2 else "second"
        return message(f"session.{form}-form", path=self.path.name)

    @property
    def duration_s(self) -> float:
        """Session time of the last thing that happened."""
        with file_errors(self.path):
            times = [row[0] for row in self._connection.execute(_LAST_INPUT)]
        return max(0.0, self.session_s(max(times))) if times else 0.0

    def session_s(self, t_host_ns: int) -> float:
        """Return the session time of a host stamp."""
        return (t_host_ns - self.meta.t0_host_ns) * 1e-9

    def inputs(self, *, advances: bool = True) -> Iterator[Input]:
        """Yield packets, link events, advances (most of all items; may be left out) and commands in recorded order."""
        with file_errors(self.path):
            first = self._next_seq(0)
            while first is not None:
                yield from filter(None, self._window(first, advances=advances))
                first = self._next_seq(first + _WINDOW_N)

    def _next_seq(self, seq: int) -> int | None:
        """Return the first place from `seq` on that holds something."""
        found = [row[0] for row in self._connection.execute(_NEXT_SEQ, (seq,) * len(_INPUTS)) if row[0] is not None]
        return min(found, default=None)

    def _window(self, first: int, *, advances: bool) -> list[Input | None]:
        """Return the inputs of `_WINDOW_N` places from `first` on: each table put where its seq says."""
        places: list[Input | None] = [None] * _WINDOW_N
        span = (first, first + _WINDOW_N - 1)
        if advances:
            for seq, t_host_ns in self._connection.execute(_ADVANCES, span):
                places[seq - first] = Advance(t_host_ns)
        for seq, t_host_ns, device, endpoint, direction, payload in self._connection.execute(_PACKETS, span):
            places[seq - first] = Packet(device, endpoint, _DIRECTIONS[direction], t_host_ns, payload)
        for seq, t_host_ns, device, kind, detail in self._connection.execute(_LINK_EVENTS, span):
            places[seq - first] = LinkEvent(device, t_host_ns, LinkKind(kind), detail)
        for seq, t_host_ns, kind, text in self._connection.execute(_COMMANDS, span):
            places[seq - first] = UserCommand(CommandKind(kind), t_host_ns, text)
        return places

    def drill_events(self) -> tuple[Effect, ...]:
        """Return the drill's happenings: stages, phases, targets."""
        return self._all(Effect)

    def marks(self) -> tuple[Mark, ...]:
        """Return the moments the person marked."""
        return self._all(Mark)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes, those added later too."""
        return self._all(Note)

    def ratings(self) -> Ratings:
        """Return pain and effort as last given."""
        rows = self._all(Ratings)
        return rows[-1] if rows else Ratings()

    def outcome(self) -> Outcome:
        """Return the session in a few numbers, as computed when it ended."""
        rows = self._all(Outcome)
        return rows[-1] if rows else Outcome()

    def derived(self) -> Derived:
        """Return what the live session had computed."""
        return Derived(
            rates=self._all(RateEstimate),
            breaths=self._all(Breath),
            turns=self._all(Turn),
            phases=self._all(PhaseEstimate),
            hearts=self._all(HeartEstimate),
            variabilities=self._all(HeartVariability),
            arrhythmias=self._all(SinusArrhythmia),
            coherences=self._all(Coherence),
            efforts=self._all(EffortBlock),
            ranges=self._all(BreathRange),
            polarities=self._all(Polarity),
            scores=self._all(Score),
            faults=self._all(RecordedFault),
            fits=self._all(FitEstimate),
            site_calibrations=self._all(SiteCalibration),
            brace_calibrations=self._all(BraceCalibration),
            sites=self._all(SiteBlock),
            expansions=self._all(Expansion),
            braces=self._all(BraceEstimate),
            postures=self._all(PostureEstimate),
            movements=self._all(MovementLearned),
            reps=self._all(Rep),
            steadinesses=self._all(Steadiness),
            sides=self._all(SideComparison),
            lumbars=self._all(LumbarBend),
            moving_rates=self._all(MovingRate),
            brace_ratings=self._all(BraceRating),
        )

    def derived_rows(self, like: "SessionFile | None" = None) -> dict[str, list[Row]]:
        """Return the derived tables as stored (`record.rows.derived_rows` makes the same from a re-analysis).

        A file of an earlier version may lack some tables and columns; `like`: only those that this other file has.
        """
        with file_errors(self.path):
            there = {table.name: self.columns(table) for table in DERIVED_TABLES.values()}
            if like is not None:
                there = {t.name: t.columns_of(like.columns(t)) for t in DERIVED_TABLES.values()}
            return {
                table.name: self._connection.execute(table.select(there[table.name])).fetchall()
                for table in DERIVED_TABLES.values()
                if there[table.name]
            }

    @property
    def computed(self) -> bool:
        """Whether the file holds what the live session had computed; it may have been dropped."""
        with file_errors(self.path):
            return any(self.columns(table) for table in DERIVED_TABLES.values())

    def rows_of(self, cls: type[T]) -> tuple[T, ...]:
        """Return what the live session had computed of one kind; none where a file of an earlier version lacks it."""
        return self._all(cls)

    def _all(self, cls: type[T]) -> tuple[T, ...]:
        table = TABLES[cls]
        with file_errors(self.path):
            there = self.columns(table)
            rows = self._connection.execute(table.select(there)).fetchall() if there else []
            return tuple(table.from_row(there, row) for row in rows)

    def columns(self, table: Table) -> tuple[str, ...]:
        """Return the columns of `table` that this file has; none where it lacks the table."""
        rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table.name,))
        return table.columns_of([row[0] for row in rows])


def _read_meta(connection: sqlite3.Connection) -> SessionMeta:
    return from_json(
        SessionMeta, {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta")}
    )


def _read_devices(connection: sqlite3.Connection) -> tuple[tuple[str, DeviceSpec], ...]:
    rows = connection.execute("SELECT device, spec FROM device ORDER BY rowid")
    return tuple((key, from_json(DeviceSpec, json.loads(spec))) for key, spec in rows)
