"""A session file as an earlier version would have written it: without tables, columns and keys that it did not know."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from breathcore.record.rows import DERIVED_TABLES

FIRST = {
    "derived_rate", "derived_breath", "derived_turn", "derived_phase", "derived_heart", "derived_effort",
    "derived_range", "derived_polarity", "derived_score", "derived_fault", "derived_fit", "derived_outcome",
}  # fmt: skip
SECOND = FIRST | {"derived_variability", "derived_arrhythmia", "derived_coherence", "derived_resonance"}
KEPT_AS_JSON = (("meta", "value", "key"), ("device", "spec", "device"), ("drill_event", "timeline", "n"))
NEW_KEYS = {"place", "focus", "movement", "posture", "sides", "rates_bpm", "brace", "side"}  # of sensors and drills


def as_form(path: Path, form: int, out: Path) -> Path:
    """Return `out`, the session of `path` as form 1 or 2 of the file would hold it."""
    shutil.copy(path, out)
    known = FIRST if form == 1 else SECOND
    with closing(sqlite3.connect(out, isolation_level=None)) as file:
        for table in DERIVED_TABLES.values():
            if table.name not in known:
                file.execute(f"DROP TABLE {table.name}")
        if form == 1:
            file.execute("ALTER TABLE derived_rate DROP COLUMN sources")
            file.execute("ALTER TABLE derived_effort DROP COLUMN gain")
        for table, column, key in (
            ("meta", "value", "key"),
            ("device", "spec", "device"),
            ("drill_event", "timeline", "n"),
        ):
            for id_, text in file.execute(f"SELECT {key}, {column} FROM {table}").fetchall():
                if text is not None:
                    older = json.dumps(_without(json.loads(text)), ensure_ascii=False)
                    file.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (older, id_))
        file.execute(f"PRAGMA user_version = {form}")
    return out


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without(v) for k, v in value.items() if k not in NEW_KEYS}
    return [_without(v) for v in value] if isinstance(value, list) else value
