"""Opening the file itself: whose it is, whether it was closed, and its recovery where it was not."""

import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from breathcore.model.errors import Reason, SessionFileError
from breathcore.record.schema import APPLICATION_ID, SCHEMA_VERSION

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_WAL_VERSION = 2
_CLOSED = "SELECT value FROM meta WHERE key = 'closed'"

_recording: set[Path] = set()
_recording_lock = threading.Lock()


def begin_recording(path: Path) -> None:
    """Keep other parts of this process from opening `path` while a writer has it.

    Closing any file handle of a process releases all its POSIX locks on that file, the writer's too.
    """
    with _recording_lock:
        _recording.add(path.resolve())


def end_recording(path: Path) -> None:
    """Let `path` be opened again."""
    with _recording_lock:
        _recording.discard(path.resolve())


def is_recording(path: Path) -> bool:
    """Return whether this process is writing `path` right now."""
    with _recording_lock:
        return path.resolve() in _recording


@dataclass(frozen=True, slots=True)
class Header:
    """What SQLite's file header says (https://sqlite.org/fileformat.html, section 1.3)."""

    size: int
    is_sqlite: bool
    is_wal: bool
    page_size: int
    pages: int
    schema_version: int
    application_id: int

    @property
    def is_cut_off(self) -> bool:
        """Whether the file is shorter than it says; while it has a -wal, pages may still be in there."""
        return not self.is_wal and self.size < self.page_size * self.pages


def read_header(path: Path) -> Header:
    """Return the header of `path`. Raises SessionFileError (SESSION_MISSING)."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise SessionFileError(Reason.SESSION_MISSING, path=str(path)) from error
    if len(head) < _HEADER_BYTES or not head.startswith(_MAGIC):
        return Header(size, is_sqlite=False, is_wal=False, page_size=0, pages=0, schema_version=0, application_id=0)
    page_size = struct.unpack_from(">H", head, 16)[0]
    (pages,) = struct.unpack_from(">I", head, 28)
    version, application_id = struct.unpack_from(">I4xI", head, 60)
    # a page size of 65 536 does not fit its field and is written as 1
    size_of_page = 65536 if page_size == 1 else page_size
    return Header(
        size,
        is_sqlite=True,
        is_wal=head[18] == _WAL_VERSION,
        page_size=size_of_page,
        pages=pages,
        schema_version=version,
        application_id=application_id,
    )


def check(path: Path) -> Header:
    """Return the header of a session file that can be opened.

    Raises SessionFileError: missing, foreign, newer than this program, damaged, or being recorded right now.
    """
    if is_recording(path):
        raise SessionFileError(Reason.SESSION_IN_USE, path=str(path))
    header = read_header(path)
    if not header.is_sqlite or header.application_id != APPLICATION_ID:
        raise SessionFileError(Reason.SESSION_FOREIGN, path=str(path))
    if header.schema_version > SCHEMA_VERSION:
        raise SessionFileError(
            Reason.SESSION_NEWER, path=str(path), version=header.schema_version, known=SCHEMA_VERSION
        )
    if header.is_cut_off:
        raise SessionFileError(Reason.SESSION_DAMAGED, path=str(path), problem="shorter than its header says")
    return header


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a session file for reading, after recovery where it was cut short.

    The connection may be used from any one thread at a time. Raises SessionFileError.
    """
    header = check(path)
    with file_errors(path):
        if header.is_wal:
            _recover(path)
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def open_for_notes(path: Path) -> sqlite3.Connection:
    """Open a finished (or recovered) session file for adding to it. Raises SessionFileError."""
    if check(path).is_wal:
        _recover(path)
    return sqlite3.connect(path, isolation_level=None)


def _recover(path: Path) -> None:
    """Bring the -wal of a cut-short recording into the file and leave one file.

    In a folder that cannot be written nothing is changed: SQLite then reads file and -wal side by side.
    """
    if not path.with_name(path.name + "-wal").exists():
        _accept_without_wal(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection, file_errors(path):
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise SessionFileError(Reason.SESSION_IN_USE, path=str(path)) from error
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise


def _accept_without_wal(path: Path) -> None:
    """Raise SessionFileError unless the recording had been closed before its -wal went.

    The writer's last step is to drop the -wal and then to note that in the header; between the two all is in the file.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection, file_errors(path):
        if connection.execute(_CLOSED).fetchone() is None:
            raise SessionFileError(Reason.SESSION_WAL_MISSING, path=str(path))


def is_closed(connection: sqlite3.Connection) -> bool:
    """Return whether the recording was ended in order."""
    return connection.execute(_CLOSED).fetchone() is not None


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and wrong values raise on reading `path` into SessionFileError (damaged, or disk full)."""
    try:
        yield
    except (sqlite3.Error, LookupError, ValueError, TypeError, AttributeError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:  # no room to recover a cut-short file
            raise SessionFileError(Reason.DISK_FULL, path=str(path)) from error
        raise SessionFileError(Reason.SESSION_DAMAGED, path=str(path), problem=str(error)) from error
