"""What is left when a recording does not end in order."""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from breathcore.model.errors import Reason, SessionFileError
from breathcore.model.packets import Advance, Packet
from breathcore.record import container, writer
from breathcore.record.edit import append_note
from breathcore.record.reader import SessionFile
from breathcore.record.writer import SessionWriter

CHILD = Path(__file__).with_name("recorder_child.py")


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < limit, "never came true"
        time.sleep(0.002)


@pytest.fixture
def cut(samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a file as a dead recorder leaves it: 1 000 ticks in file and -wal together, no close mark."""
    monkeypatch.setattr(writer, "COMMIT_S", 0.005)
    with SessionWriter(tmp_path / "live.breath", samples.meta, samples.devices) as recorder:
        for n in range(1000):
            recorder.put(Advance(n))
        _until(lambda: recorder.depth == 0)
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"live.breath{ending}", tmp_path / f"cut.breath{ending}")
        yield tmp_path / "cut.breath"


@pytest.mark.parametrize("after_s", [0.4, 1.3])
def test_kill_9_loses_at_most_half_a_second_and_a_power_cut_one(after_s: float, tmp_path: Path) -> None:
    path = tmp_path / "s.breath"
    with subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        begun_ns = time.monotonic_ns()
        time.sleep(after_s)
        child.kill()
        killed_ns = time.monotonic_ns()
    shutil.copy(path, tmp_path / "power.breath")  # what a checkpoint had brought to the disk, without the -wal
    with SessionFile.open(path) as session:
        packets = [i for i in session.inputs() if isinstance(i, Packet)]
        assert session.cut_short
        assert session.message is not None
        assert session.message.id == "session.cut-short"
    assert [int.from_bytes(p.payload[:4], "little") for p in packets] == list(range(len(packets)))
    assert (killed_ns - max([begun_ns, *(p.t_host_ns for p in packets)])) * 1e-9 <= 0.5
    with closing(sqlite3.connect(f"file:{tmp_path / 'power.breath'}?immutable=1", uri=True)) as connection:
        (last_ns,) = connection.execute("SELECT max(t_host_ns) FROM packet").fetchone()
    assert (killed_ns - (last_ns or begun_ns)) * 1e-9 <= 1.0


def test_a_cut_short_file_opens_with_everything_and_is_one_file_then(cut: Path) -> None:
    with SessionFile.open(cut) as session:
        assert session.cut_short
        assert list(session.inputs()) == [Advance(n) for n in range(1000)]
    assert not cut.with_name("cut.breath-wal").exists()
    with SessionFile.open(cut) as session:
        assert session.cut_short
    append_note(cut, "battery was empty")
    with SessionFile.open(cut) as session:
        assert session.notes()[0].text == "battery was empty"


def test_without_its_wal_a_cut_short_file_says_so(cut: Path) -> None:
    cut.with_name("cut.breath-wal").unlink()
    with pytest.raises(SessionFileError) as caught:
        SessionFile.open(cut)
    assert caught.value.reason is Reason.SESSION_WAL_MISSING


def test_a_wal_torn_anywhere_still_opens(cut: Path) -> None:
    wal = cut.with_name("cut.breath-wal")
    whole = wal.read_bytes()
    assert len(whole) > 10_000
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        copy = cut.with_name(f"torn{share}.breath")
        shutil.copy(cut, copy)
        copy.with_name(copy.name + "-wal").write_bytes(whole[: int(len(whole) * share)])
        with SessionFile.open(copy) as session:
            ticks = [i.t_host_ns for i in session.inputs()]
        assert ticks == list(range(len(ticks)))


def test_killed_between_dropping_the_wal_and_noting_it_nothing_is_missing(written: Any, samples: Any) -> None:
    path = written()
    with path.open("r+b") as file:  # bytes 18 and 19 of the header: 2 means "with a write-ahead log"
        file.seek(18)
        file.write(b"\x02\x02")
    with SessionFile.open(path) as session:
        assert tuple(session.inputs()) == samples.inputs
        assert not session.cut_short


def test_a_session_being_recorded_here_is_left_alone(samples: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.breath"
    with SessionWriter(path, samples.meta, ()):
        for attempt in (SessionFile.open, lambda p: append_note(p, "x")):
            with pytest.raises(SessionFileError) as caught:
                attempt(path)
            assert caught.value.reason is Reason.SESSION_IN_USE
    SessionFile.open(path).close()


def test_a_session_being_recorded_by_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.breath"
    with subprocess.Popen([sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            _until(lambda: path.with_name("s.breath-wal").exists())
            with pytest.raises(SessionFileError) as caught:
                SessionFile.open(path)
            assert child.poll() is None
        finally:
            child.kill()
    assert caught.value.reason is Reason.SESSION_IN_USE


class _Disk:
    """Stands between the writer and SQLite: refuses to insert while `full`."""

    full = True
    code = sqlite3.SQLITE_FULL

    def connect(self, path: Path) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                if disk.full and sql.startswith("INSERT"):
                    error = sqlite3.OperationalError("no")
                    error.sqlite_errorcode = disk.code
                    raise error
                return super().execute(sql, parameters)

        connection = sqlite3.connect(path, isolation_level=None, factory=Connection)
        connection.execute("PRAGMA journal_mode = WAL")
        return connection


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> _Disk:
    disk = _Disk()
    monkeypatch.setattr(writer, "COMMIT_S", 0.005)
    monkeypatch.setattr(writer, "RETRY_S", 0.005)
    monkeypatch.setattr(writer, "_connect", disk.connect)
    return disk


@pytest.mark.parametrize(
    ("code", "reason"), [(sqlite3.SQLITE_FULL, Reason.DISK_FULL), (sqlite3.SQLITE_IOERR, Reason.WRITE_FAILED)]
)
def test_a_failing_disk_is_told_and_nothing_put_is_lost(
    code: int, reason: Reason, disk: _Disk, samples: Any, tmp_path: Path
) -> None:
    disk.code = code
    with SessionWriter(tmp_path / "s.breath", samples.meta, ()) as recorder:
        for n in range(10):
            recorder.put(Advance(n))
        _until(lambda: recorder.error is not None)
        assert recorder.error is not None
        assert recorder.error.reason is reason
        assert recorder.depth == 10
        recorder.put(Advance(10))
        disk.full = False
        _until(lambda: recorder.depth == 0)
        assert recorder.error.reason is reason
    with SessionFile.open(tmp_path / "s.breath") as session:
        assert list(session.inputs()) == [Advance(n) for n in range(11)]


def test_a_disk_that_stays_full_leaves_a_cut_short_file(disk: _Disk, samples: Any, tmp_path: Path) -> None:
    disk.full = False
    with SessionWriter(tmp_path / "s.breath", samples.meta, ()) as recorder:
        recorder.put(Advance(1))
        _until(lambda: recorder.depth == 0)
        disk.full = True
        recorder.put(Advance(2))
    assert recorder.error is not None
    assert recorder.depth == 1
    with SessionFile.open(tmp_path / "s.breath") as session:
        assert list(session.inputs()) == [Advance(1)]
        assert session.cut_short


def test_a_really_full_file_system_is_disk_full(samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = writer._connect

    def small(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 60")
        return connection

    monkeypatch.setattr(writer, "_connect", small)
    with SessionWriter(tmp_path / "s.breath", samples.meta, ()) as recorder:
        for _ in range(100):
            recorder.put(Packet("A", "x.y", next(iter(samples.inputs[1:2])).direction, 1, bytes(5000)))
    assert recorder.error is not None
    assert recorder.error.reason is Reason.DISK_FULL


def test_an_impossible_value_is_told_and_the_others_are_kept(samples: Any, tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "s.breath", samples.meta, ()) as recorder:
        for stamp in (1, 2**70, 2):
            recorder.put(Advance(stamp))
    assert recorder.error is not None
    assert recorder.error.reason is Reason.WRITE_FAILED
    with SessionFile.open(tmp_path / "s.breath") as session:
        assert list(session.inputs()) == [Advance(1), Advance(2)]


def test_after_the_end_the_file_can_be_read_while_others_read(written: Any) -> None:
    path = written()
    assert not container.is_recording(path)
    with SessionFile.open(path) as one, SessionFile.open(path) as two:
        assert list(one.inputs()) == list(two.inputs())
