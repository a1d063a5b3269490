"""Values ⇄ rows of a session file: which type goes to which table, column by column."""

import json
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from breathcore.drill.self_rating import BraceRating
from breathcore.drill.sides import SideComparison
from breathcore.model.arrays import F64
from breathcore.model.drill import Effect, Score, Timeline, UserCommand
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
from breathcore.model.packets import Advance, LinkEvent, Packet
from breathcore.model.resonance import ResonanceResult
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
from breathcore.record.asjson import converter, to_json
from breathcore.record.items import Mark, Note, Outcome, Ratings, RecordedFault

Row = tuple[Any, ...]
_FLOAT64 = np.dtype("<f8")


@dataclass(frozen=True, slots=True)
class Table:
    """One table, whose columns are `key` (counted by the writer) and the fields of the type it holds."""

    name: str
    key: str
    columns: tuple[str, ...]
    to_row: Callable[[Any], Row]
    from_row: Callable[[Sequence[str], Sequence[Any]], Any]  # columns that are there, and their cells

    @property
    def insert(self) -> str:
        """The statement that adds a row: the key first (None lets the file count), then the columns."""
        names = ", ".join(map(_quoted, (self.key, *self.columns)))
        return f"INSERT INTO {self.name}({names}) VALUES ({', '.join('?' * (len(self.columns) + 1))})"

    def select(self, there: Collection[str]) -> str:
        """Return the statement that reads, in recorded order, those columns that are `there` (old files lack some)."""
        return f"SELECT {', '.join(map(_quoted, self.columns_of(there)))} FROM {self.name} ORDER BY {self.key}"

    def columns_of(self, there: Collection[str]) -> tuple[str, ...]:
        """Return the columns that are `there`."""
        return tuple(c for c in self.columns if c in there)


def _quoted(column: str) -> str:
    """Return the name as SQL takes it, whatever words SQL keeps for itself."""
    return f'"{column}"'


def _table(name: str, cls: type, key: str = "n") -> Table:
    columns = tuple(f.name for f in fields(cls))
    hints = get_type_hints(cls)
    readers = {c: _reader(hints[c]) for c in columns}

    def to_row(item: Any) -> Row:
        return tuple(_cell(getattr(item, c)) for c in columns)

    def from_row(there: Sequence[str], row: Sequence[Any]) -> Any:
        return cls(**{c: readers[c](cell) for c, cell in zip(there, row, strict=True)})

    return Table(name, key, columns, to_row, from_row)


def _cell(value: Any) -> Any:
    """Return `value` as SQLite stores it (which makes NaN a NULL by itself)."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value, dtype=_FLOAT64).tobytes()
    if isinstance(value, float):
        return float(value)  # NumPy's scalars are floats too, and SQLite wants the plain kind
    if value is None or isinstance(value, str | int | bytes):
        return value
    if isinstance(value, np.integer):
        return int(value)
    return json.dumps(to_json(value), separators=(",", ":"), allow_nan=False)


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint == F64:
        return _array
    if hint in (str, int, bytes):
        return _same
    if get_origin(hint) in (Union, types.UnionType):
        inner = _reader(next(a for a in get_args(hint) if a is not type(None)))
        return lambda cell: None if cell is None else inner(cell)
    read = converter(hint)
    if get_origin(hint) in (tuple, Mapping) or hint is Timeline:
        return lambda cell: read(json.loads(cell))
    return read


def _array(cell: bytes) -> F64:
    return np.frombuffer(cell, dtype=_FLOAT64)


def _same(cell: Any) -> Any:
    return cell


INPUT_TABLES: dict[type, Table] = {
    Packet: _table("packet", Packet, "seq"),
    LinkEvent: _table("link_event", LinkEvent, "seq"),
    UserCommand: _table("command", UserCommand, "seq"),
    Advance: _table("advance", Advance, "seq"),
}
SHOWN_TABLES: dict[type, Table] = {
    Effect: _table("drill_event", Effect),
    Mark: _table("mark", Mark),
    Note: _table("note", Note),
    Ratings: _table("rating", Ratings),
}
DERIVED_TABLES: dict[type, Table] = {
    RateEstimate: _table("derived_rate", RateEstimate),
    Breath: _table("derived_breath", Breath),
    Turn: _table("derived_turn", Turn),
    PhaseEstimate: _table("derived_phase", PhaseEstimate),
    HeartEstimate: _table("derived_heart", HeartEstimate),
    HeartVariability: _table("derived_variability", HeartVariability),
    SinusArrhythmia: _table("derived_arrhythmia", SinusArrhythmia),
    Coherence: _table("derived_coherence", Coherence),
    EffortBlock: _table("derived_effort", EffortBlock),
    BreathRange: _table("derived_range", BreathRange),
    Polarity: _table("derived_polarity", Polarity),
    SiteCalibration: _table("derived_site_calibration", SiteCalibration),
    BraceCalibration: _table("derived_brace_calibration", BraceCalibration),
    SiteBlock: _table("derived_site", SiteBlock),
    Expansion: _table("derived_expansion", Expansion),
    BraceEstimate: _table("derived_brace", BraceEstimate),
    PostureEstimate: _table("derived_posture", PostureEstimate),
    MovementLearned: _table("derived_movement", MovementLearned),
    Rep: _table("derived_rep", Rep),
    Steadiness: _table("derived_steadiness", Steadiness),
    LumbarBend: _table("derived_lumbar", LumbarBend),
    MovingRate: _table("derived_moving_rate", MovingRate),
    SideComparison: _table("derived_sides", SideComparison),
    BraceRating: _table("derived_brace_rating", BraceRating),
    Score: _table("derived_score", Score),
    RecordedFault: _table("derived_fault", RecordedFault),
    FitEstimate: _table("derived_fit", FitEstimate),
    ResonanceResult: _table("derived_resonance", ResonanceResult),
    Outcome: _table("derived_outcome", Outcome),
}
TABLES: dict[type, Table] = INPUT_TABLES | SHOWN_TABLES | DERIVED_TABLES


def derived_rows(items: Iterable[object]) -> dict[str, list[Row]]:
    """Return the rows that `items` would make in the derived tables: what to compare with a stored session's.

    NaN is None in them, so that equal rows are equal. Items of other kinds are passed over.
    """
    rows: dict[str, list[Row]] = {t.name: [] for t in DERIVED_TABLES.values()}
    for item in items:
        table = DERIVED_TABLES.get(type(item))
        if table is not None:
            rows[table.name].append(tuple(map(_as_stored, table.to_row(item))))
    return rows


def _as_stored(cell: Any) -> Any:
    return None if isinstance(cell, float) and cell != cell else cell
