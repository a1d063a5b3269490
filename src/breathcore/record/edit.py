"""What may still be changed in a session that has ended: words are added, derived tables are dropped, files deleted."""

import sqlite3
from contextlib import closing
from math import nan
from pathlib import Path

from breathcore.model.errors import Reason, SessionFileError
from breathcore.record.container import is_recording, open_for_notes
from breathcore.record.items import Mark, Note, Ratings
from breathcore.record.rows import DERIVED_TABLES, TABLES
from breathcore.record.writer import write_error


def append_note(path: Path, text: str, t_s: float = nan) -> None:
    """Add a note to the session, at session time `t_s` or (NaN) to the whole of it. Raises SessionFileError."""
    _append(path, Note(t_s, text))


def append_mark(path: Path, t_s: float, text: str = "") -> None:
    """Mark a moment of the session. Raises SessionFileError."""
    _append(path, Mark(t_s, text))


def set_ratings(path: Path, ratings: Ratings) -> None:
    """Note pain and effort (0–10); earlier ratings stay in the file, the last counts. Raises SessionFileError."""
    _append(path, ratings)


def drop_derived(path: Path) -> None:
    """Drop every derived table: what is left is what happened. Raises SessionFileError."""
    _execute(path, [(f"DROP TABLE IF EXISTS {table.name}", ()) for table in DERIVED_TABLES.values()])


def delete(path: Path) -> None:
    """Delete a session. Raises SessionFileError (in use, missing, or the folder cannot be written)."""
    if is_recording(path):
        raise SessionFileError(Reason.SESSION_IN_USE, path=str(path))
    try:
        path.unlink()
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    except FileNotFoundError as error:
        raise SessionFileError(Reason.SESSION_MISSING, path=str(path)) from error
    except OSError as error:
        raise write_error(path, error) from error


def _append(path: Path, item: Mark | Note | Ratings) -> None:
    table = TABLES[type(item)]
    _execute(path, [(table.insert, (None, *table.to_row(item)))])


def _execute(path: Path, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    with closing(open_for_notes(path)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for statement, values in statements:
                connection.execute(statement, values)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise write_error(path, error) from error
