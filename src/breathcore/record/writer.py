"""The recorder: a thread that owns the open session file and loses nothing that was put.

Measured limits (docs/session-file.md): a killed process loses at most one commit interval, a power cut at most one
checkpoint interval.
"""

import errno
import json
import os
import queue
import re
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, UserCommand
from breathcore.model.errors import BreathcoreError, Reason, SessionFileError
from breathcore.record.asjson import from_json, to_json
from breathcore.record.container import begin_recording, end_recording
from breathcore.record.items import Item, Mark, Note, Ratings, SessionMeta
from breathcore.record.rows import INPUT_TABLES, TABLES, Row, Table
from breathcore.record.schema import APPLICATION_ID, DERIVED_SCHEMA, SCHEMA, SCHEMA_VERSION, SUFFIX

COMMIT_S = 0.25
CHECKPOINT_S = 0.75  # every third commit reaches the disk: a power cut loses less than a second
RETRY_S = 1.0  # after a failed write

# an impossible value in one row (an integer beyond 64 bits, NaN for a time): told, and the other rows go on
_ROW_REFUSED = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    OverflowError,
    ValueError,
)
_Batch = list[tuple[Table, Row]]


def new_path(folder: Path, start: datetime, name: str) -> Path:
    """Return a path in `folder` that no file has: date, time, `name` (letters, digits and dashes kept), a number."""
    word = re.sub(r"[^\w]+", "-", name).strip("-")[:40]
    stem = "_".join(part for part in (start.strftime("%Y-%m-%d_%H-%M-%S"), word) if part)
    path, n = folder / f"{stem}{SUFFIX}", 1
    while path.exists():
        n += 1
        path = folder / f"{stem}_{n}{SUFFIX}"
    return path


class SessionWriter:
    """Writes one new session file.

    Parameters
    ----------
    path : Path
        Must not exist; its folder is made.
    meta : SessionMeta
        What is true of the whole session.
    devices : sequence of (str, DeviceSpec)
        The sensors by the keys that packets carry.

    Raises
    ------
    SessionFileError
        SESSION_EXISTS, DISK_FULL or WRITE_FAILED, before anything is recorded.

    Notes
    -----
    After a failed write `error` is set and stays; what was put is kept in memory (`depth` counts it) and tried again
    each second, so that a disk with room again loses nothing. `put` never blocks and never raises for the disk's sake.
    """

    def __init__(self, path: Path, meta: SessionMeta, devices: Sequence[tuple[str, DeviceSpec]]) -> None:
        self.path = path
        self.error: BreathcoreError | None = None
        self._t0_host_ns = meta.t0_host_ns
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._pending: _Batch = []
        self._seq = 0
        self._stop = threading.Event()
        create(path, meta, devices)
        begin_recording(path)
        self._thread = threading.Thread(target=self._run, name="breathcore-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Items put and not yet committed."""
        return self._queue.qsize() + len(self._pending)

    def put(self, item: Item) -> None:
        """Hand over one item, from any thread. Inputs (packets, link events, advances, commands) keep their order.

        Raises TypeError for a type the file has no table for.
        """
        if type(item) not in TABLES:
            raise TypeError(f"a session file holds no {type(item).__name__}")
        self._queue.put(item)

    def close(self) -> None:
        """Write what is left, mark the session as closed and leave one file. Look at `error` afterwards."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # everything below runs in the writer's thread

    def _run(self) -> None:
        try:
            with closing(_connect(self.path)) as connection:
                try:
                    self._record(connection)
                    self._finish(connection)
                finally:
                    _leave_one_file(connection)
        except sqlite3.Error as error:
            self._failed(error)
        finally:
            end_recording(self.path)

    def _record(self, connection: sqlite3.Connection) -> None:
        checkpoint_at = _next_checkpoint()
        pause_s = COMMIT_S
        while not self._stop.wait(pause_s):
            try:
                self._commit(connection)
                pause_s = COMMIT_S
                if time.monotonic() >= checkpoint_at:
                    connection.execute("PRAGMA wal_checkpoint(FULL)")
                    checkpoint_at = _next_checkpoint()
            except sqlite3.Error as error:
                self._failed(error)
                pause_s = RETRY_S

    def _finish(self, connection: sqlite3.Connection) -> None:
        self._commit(connection)
        now = datetime.now().astimezone()
        connection.execute("INSERT INTO meta VALUES ('closed', ?)", (json.dumps(now.isoformat()),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _commit(self, connection: sqlite3.Connection) -> None:
        self._drain()
        if not self._pending:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for table, row in self._pending:
                self._insert(connection, table, row)
            connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                connection.execute("ROLLBACK")
            raise
        self._pending.clear()

    def _insert(self, connection: sqlite3.Connection, table: Table, row: Row) -> None:
        try:
            connection.execute(table.insert, row)
        except _ROW_REFUSED as error:
            self._failed(error)

    def _drain(self) -> None:
        for _ in range(self._queue.qsize()):
            item = self._queue.get()
            for rows_of in (self._row, self._said):
                try:
                    self._pending += rows_of(item)
                except Exception as error:  # an item with impossible values must not stop the others
                    self._failed(error)

    def _row(self, item: Item) -> _Batch:
        table = TABLES[type(item)]
        key = None
        if type(item) in INPUT_TABLES:
            self._seq += 1
            key = self._seq
        return [(table, (key, *table.to_row(item)))]

    def _said(self, command: Item) -> _Batch:
        """Return the mark, note or ratings that a command carries, for readers who do not know commands."""
        if not isinstance(command, UserCommand):
            return []
        t_s = (command.t_host_ns - self._t0_host_ns) * 1e-9
        said: Mark | Note | Ratings
        if command.kind is CommandKind.MARK:
            said = Mark(t_s, command.text)
        elif command.kind is CommandKind.NOTE:
            said = Note(t_s, command.text)
        elif command.kind is CommandKind.RATINGS:
            said = from_json(Ratings, json.loads(command.text))
        else:
            return []
        table = TABLES[type(said)]
        return [(table, (None, *table.to_row(said)))]

    def _failed(self, error: Exception) -> None:
        self.error = self.error or write_error(self.path, error)


def create(path: Path, meta: SessionMeta, devices: Sequence[tuple[str, DeviceSpec]]) -> None:
    """Make a session file with no events in it. Raises SessionFileError; what exists is left as it is.

    The tables are there before the file turns to its write-ahead log: even a killed first second is recognised.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    try:
        if path.with_name(path.name + "-wal").exists():
            raise FileExistsError
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # nobody else's to read
    except FileExistsError:
        raise SessionFileError(Reason.SESSION_EXISTS, path=str(path)) from None
    except OSError as error:
        raise write_error(path, error) from error
    try:
        _fill(path, meta, devices)
    except sqlite3.Error as error:
        path.unlink(missing_ok=True)
        raise write_error(path, error) from error


def _fill(path: Path, meta: SessionMeta, devices: Sequence[tuple[str, DeviceSpec]]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
            + SCHEMA
            + DERIVED_SCHEMA
        )
        facts = [(f.name, json.dumps(to_json(getattr(meta, f.name)), ensure_ascii=False)) for f in fields(meta)]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts)
        connection.executemany(
            "INSERT INTO device VALUES (?, ?, ?, ?)",
            [(key, spec.id, spec.name, json.dumps(to_json(spec), ensure_ascii=False)) for key, spec in devices],
        )
        connection.execute("COMMIT")


def _leave_one_file(connection: sqlite3.Connection) -> None:
    """Bring the -wal into the file and drop it, after a failure too.

    SQLite would drop it anyway on closing, and a file that still says it has one would look as if it had been lost.

    Where that fails (no room, another program is reading) file and -wal stay, and whoever opens them next tidies up.
    """
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA journal_mode = DELETE")


def _next_checkpoint() -> float:
    return time.monotonic() + CHECKPOINT_S - COMMIT_S / 2  # half a commit early, so that it is never one commit late


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def write_error(path: Path, error: Exception) -> SessionFileError:
    """Return what to tell about a failed write to `path`."""
    full = isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    full = full or (isinstance(error, OSError) and error.errno == errno.ENOSPC)
    if full:
        return SessionFileError(Reason.DISK_FULL, path=str(path))
    problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return SessionFileError(Reason.WRITE_FAILED, path=str(path), problem=problem)
