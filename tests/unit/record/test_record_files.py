"""Files that are not what they should be, names, and lists of sessions."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.errors import Reason, SessionFileError
from breathcore.record.edit import delete
from breathcore.record.items import SessionMeta
from breathcore.record.reader import SessionFile
from breathcore.record.schema import APPLICATION_ID, SCHEMA_VERSION
from breathcore.record.summary import list_sessions
from breathcore.record.writer import SessionWriter, new_path

Write = Callable[..., Path]


def _read_all(path: Path) -> None:
    with SessionFile.open(path) as session:
        list(session.inputs())
        session.derived()


def _refused(path: Path) -> SessionFileError:
    with pytest.raises(SessionFileError) as caught:
        _read_all(path)
    for language in LANGUAGES:
        sentence = Wording(language).say(caught.value.message)
        assert sentence != caught.value.message.id
        assert str(path) in sentence
    return caught.value


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n" + bytes(200), b"SQLite format 3\x00"])
def test_other_files_are_foreign(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.breath"
    path.write_bytes(content)
    assert _refused(path).reason is Reason.SESSION_FOREIGN
    assert path.read_bytes() == content


def test_another_programs_database_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "x.breath"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta(key, value)")
    assert _refused(path).reason is Reason.SESSION_FOREIGN


def test_missing_files_and_folders_are_missing(tmp_path: Path) -> None:
    assert _refused(tmp_path / "none.breath").reason is Reason.SESSION_MISSING
    assert _refused(tmp_path).reason is Reason.SESSION_MISSING


def test_a_newer_schema_names_both_versions(written: Write) -> None:
    path = written()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    error = _refused(path)
    assert error.reason is Reason.SESSION_NEWER
    assert (error.params["version"], error.params["known"]) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)


def test_a_file_cut_off_is_damaged(written: Write) -> None:
    path = written()
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(content[: int(len(content) * share)])
        assert _refused(path).reason is Reason.SESSION_DAMAGED


def test_pages_overwritten_are_damaged(written: Write) -> None:
    path = written()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    assert _refused(path).reason is Reason.SESSION_DAMAGED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE meta SET value = '{' WHERE key = 'person'",
        "UPDATE meta SET value = '\"yesterday\"' WHERE key = 'start'",
        "DELETE FROM meta WHERE key = 't0_host_ns'",
        "UPDATE device SET spec = '[]'",
        "UPDATE packet SET direction = 'sideways'",
        "UPDATE derived_rate SET refusal = 'mood'",
        "DROP TABLE command",
    ],
)
def test_wrong_contents_are_damaged_not_a_crash(statement: str, written: Write) -> None:
    path = written()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    assert _refused(path).reason is Reason.SESSION_DAMAGED


def test_facts_of_an_older_program_have_their_defaults(written: Write) -> None:
    path = written()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE key IN ('minutes', 'more')")
        connection.execute("INSERT INTO meta VALUES ('mood', '1')")
    with SessionFile.open(path) as session:
        assert session.meta.minutes is None
        assert session.meta.more == {}


def test_an_existing_file_is_never_overwritten(tmp_path: Path, samples: Any) -> None:
    path = tmp_path / "s.breath"
    path.write_bytes(b"mine")
    with pytest.raises(SessionFileError) as caught:
        SessionWriter(path, samples.meta, ())
    assert caught.value.reason is Reason.SESSION_EXISTS
    assert path.read_bytes() == b"mine"


def test_a_wal_without_its_file_is_somebodys_recording(tmp_path: Path, samples: Any) -> None:
    (tmp_path / "s.breath-wal").write_bytes(b"data")
    with pytest.raises(SessionFileError) as caught:
        SessionWriter(tmp_path / "s.breath", samples.meta, ())
    assert caught.value.reason is Reason.SESSION_EXISTS
    assert not (tmp_path / "s.breath").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, samples: Any) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SessionFileError) as caught:
        SessionWriter(tmp_path / "file" / "s.breath", samples.meta, ())
    assert caught.value.reason is Reason.WRITE_FAILED


def test_new_names_are_fresh_and_safe(tmp_path: Path) -> None:
    start = datetime(2026, 3, 4, 5, 6, 7)
    first = new_path(tmp_path, start, "../Ärger / x")
    assert first == tmp_path / "2026-03-04_05-06-07_Ärger-x.breath"
    first.touch()
    assert new_path(tmp_path, start, "../Ärger / x").name == "2026-03-04_05-06-07_Ärger-x_2.breath"
    assert new_path(tmp_path, start, "").name == "2026-03-04_05-06-07.breath"


def test_lists_show_the_newest_first_and_bad_files_with_their_error(written: Write, samples: Any) -> None:
    old = written("b.breath")
    folder = old.parent
    later = SessionMeta(datetime.fromisoformat("2026-05-01T10:00:00+00:00"), 0, "0.1.0")
    SessionWriter(folder / "a.breath", later, ()).close()
    (folder / "bad.breath").write_text("text")
    (folder / "notes.txt").write_text("text")
    newest, oldest, bad = list_sessions(folder)
    assert (newest.path.name, oldest.path.name, bad.path.name) == ("a.breath", "b.breath", "bad.breath")
    assert (oldest.person, oldest.drill_id, oldest.duration_s) == ("Grünspecht", "slow", 4.05)
    assert (oldest.outcome.score, oldest.outcome.rate_before_bpm) == (87.5, 14.0)
    assert bad.error is not None
    assert bad.error.reason is Reason.SESSION_FOREIGN
    assert list_sessions(folder / "none") == ()


def test_deleting_takes_the_file_and_what_belongs_to_it(written: Write) -> None:
    path = written()
    path.with_name(path.name + "-wal").touch()
    delete(path)
    assert list(path.parent.iterdir()) == []
    with pytest.raises(SessionFileError) as caught:
        delete(path)
    assert caught.value.reason is Reason.SESSION_MISSING


def test_the_application_id_reads_brea() -> None:
    assert APPLICATION_ID.to_bytes(4, "big") == b"BREA"
