"""BIDS physio recordings become sessions, or are refused by file, key and value."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breathcore.decode.samples import SamplesCodec
from breathcore.model.device import Role
from breathcore.model.errors import ExchangeError, Reason, SessionFileError
from breathcore.model.packets import Advance, LinkEvent, LinkKind, Packet
from breathcore.record.reader import SessionFile
from breathcore.source.bids import import_bids
from breathcore.sync.clock import Synchroniser

RATE_HZ = 50.0
SIDECAR: dict[str, Any] = {
    "SamplingFrequency": RATE_HZ,
    "StartTime": -22.345,
    "Columns": ["cardiac", "respiratory", "trigger"],
    "cardiac": {"Description": "three-lead ECG", "Units": "mV"},
    "respiratory": {"Description": "bellows around the chest", "Units": "au"},
}


def _write(folder: Path, sidecar: Any, rows: list[str]) -> Path:
    path = folder / "sub-07_task-rest_physio.tsv.gz"
    path.write_bytes(gzip.compress("".join(f"{r}\n" for r in rows).encode()))
    (folder / "sub-07_task-rest_physio.json").write_text(json.dumps(sidecar), "utf-8")
    return path


def _rows(n: int) -> list[str]:
    return [f"{np.sin(i):.6f}\t{1000 + i / 3!r}\t0" for i in range(n)]


def _samples(path: Path, channel_id: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Read one channel the way a live session would."""
    with SessionFile.open(path) as session:
        device, spec = session.devices[0]
        channel = next(c for c in spec.channels if c.id == channel_id)
        codec = SamplesCodec(channel_id, (channel,))
        clock = Synchroniser(session.meta.t0_host_ns * 1e-9)
        blocks = []
        for item in session.inputs():
            if isinstance(item, Packet) and item.device == device:
                received = codec.receive(item)
                assert received.faults == ()
                blocks += [b for raw in received.blocks for b in clock.push(raw)]
    t_s, x = (np.concatenate([getattr(b, f) for b in blocks]) for f in ("t_s", "x"))
    return t_s, x[:, 0], sum(b.gap_before for b in blocks)


def test_every_sample_arrives_at_its_time_through_the_codec_and_the_clock(tmp_path: Path) -> None:
    out = import_bids(_write(tmp_path, SIDECAR, _rows(1003)), tmp_path / "s.breath")
    t_s, x, gaps = _samples(out, "respiratory")
    np.testing.assert_array_equal(x, [1000 + i / 3 for i in range(1003)])
    np.testing.assert_allclose(t_s, np.arange(1003) / RATE_HZ, atol=0.002)
    assert gaps == 0


def test_columns_get_their_roles_and_triggers_are_left_out(tmp_path: Path) -> None:
    out = import_bids(_write(tmp_path, SIDECAR, _rows(100)), tmp_path / "s.breath")
    with SessionFile.open(out) as session:
        channels = {c.id: (c.role, c.unit, c.rate_hz) for c in session.devices[0][1].channels}
        assert channels == {"cardiac": (Role.ECG, "mV", 50.0), "respiratory": (Role.BELT, "au", 50.0)}
        assert session.meta.person == "sub-07"
        assert session.meta.more["StartTime"] == -22.345
        assert not session.cut_short


@pytest.mark.parametrize(
    ("about", "role"),
    [
        ({"cardiac": {"Description": "pulse oximeter"}}, {"respiratory": Role.BELT}),
        (
            {"respiratory": {"LongName": "Abdominal belt"}},
            {"cardiac": Role.ECG, "respiratory": Role.ABDOMEN_BELT},
        ),
    ],
)
def test_descriptions_decide_what_a_column_is(about: dict[str, Any], role: dict[str, Role], tmp_path: Path) -> None:
    out = import_bids(_write(tmp_path, SIDECAR | about, _rows(10)), tmp_path / "s.breath")
    with SessionFile.open(out) as session:
        assert {c.id: c.role for c in session.devices[0][1].channels} == role


def test_the_clock_ticks_every_50_ms_and_packets_stand_where_they_arrived(tmp_path: Path) -> None:
    out = import_bids(_write(tmp_path, SIDECAR, _rows(500)), tmp_path / "s.breath")
    with SessionFile.open(out) as session:
        items = list(session.inputs())
        assert session.duration_s == pytest.approx(10.0, abs=0.1)
    stamps = [i.t_host_ns for i in items]
    assert stamps == sorted(stamps)
    ticks = [i.t_host_ns for i in items if isinstance(i, Advance)]
    assert np.all(np.diff(ticks) == 50_000_000)
    events = [i.kind for i in items if isinstance(i, LinkEvent)]
    assert events == [LinkKind.CONNECTED, LinkKind.CLOSED]


def test_missing_values_are_missing_samples(tmp_path: Path) -> None:
    rows = _rows(500)
    rows[200:300] = ["0\tn/a\t0"] * 100
    out = import_bids(_write(tmp_path, SIDECAR, rows), tmp_path / "s.breath")
    t_s, x, gaps = _samples(out, "respiratory")
    assert len(x) == 400
    assert gaps == 1
    np.testing.assert_allclose(t_s[200], 6.0, atol=0.002)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ({"SamplingFrequency": 0}, "SamplingFrequency", "0.0"),
        ({"SamplingFrequency": "50"}, "SamplingFrequency", '"50"'),
        ({"SamplingFrequency": True}, "SamplingFrequency", "true"),
        ({"StartTime": None}, "StartTime", "null"),
        ({"Columns": []}, "Columns", "[]"),
        ({"Columns": "respiratory"}, "Columns", '"respiratory"'),
        ({"Columns": ["a", "a", "b"]}, "Columns", "a, a, b"),
        ({"Columns": ["trigger", "x", "y"]}, "Columns", "trigger, x, y"),
    ],
)
def test_a_wrong_json_is_named_by_file_key_and_value(
    change: dict[str, Any], key: str, value: str, tmp_path: Path
) -> None:
    source = _write(tmp_path, SIDECAR | change, _rows(3))
    with pytest.raises(ExchangeError) as caught:
        import_bids(source, tmp_path / "s.breath")
    assert caught.value.reason is Reason.IMPORT_INVALID
    assert caught.value.params["file"] == "sub-07_task-rest_physio.json"
    assert (caught.value.params["key"], caught.value.params["value"]) == (key, value)


@pytest.mark.parametrize(
    ("row", "key", "value"),
    [
        ("1\t2", "line 8", "2 columns"),
        ("1\tabc\t0", "line 8, respiratory", "abc"),
        ("cardiac\trespiratory\ttrigger", "line 8, cardiac", "cardiac"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_left(row: str, key: str, value: str, tmp_path: Path) -> None:
    rows = _rows(20)
    rows[7] = row
    with pytest.raises(ExchangeError) as caught:
        import_bids(_write(tmp_path, SIDECAR, rows), tmp_path / "s.breath")
    assert (caught.value.params["key"], caught.value.params["value"]) == (key, value)
    assert not list(tmp_path.glob("s.breath*"))


def test_a_missing_json_and_a_broken_gzip_are_named(tmp_path: Path) -> None:
    path = _write(tmp_path, SIDECAR, _rows(5000))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ExchangeError, match=r"physio\.tsv\.gz"):
        import_bids(path, tmp_path / "s.breath")
    path.with_name("sub-07_task-rest_physio.json").unlink()
    with pytest.raises(ExchangeError, match=r"physio\.json"):
        import_bids(path, tmp_path / "s.breath")
    with pytest.raises(ExchangeError, match=r"none\.tsv\.gz"):
        import_bids(tmp_path / "none.tsv.gz", tmp_path / "s.breath")
    assert not list(tmp_path.glob("s.breath*"))


def test_an_existing_session_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s.breath").write_bytes(b"mine")
    with pytest.raises(SessionFileError) as caught:
        import_bids(_write(tmp_path, SIDECAR, _rows(5)), tmp_path / "s.breath")
    assert caught.value.reason is Reason.SESSION_EXISTS
    assert (tmp_path / "s.breath").read_bytes() == b"mine"


def test_progress_rises_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    import_bids(_write(tmp_path, SIDECAR, _rows(45_000)), tmp_path / "s.breath", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_recording_without_a_row_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError) as empty:
        import_bids(_write(tmp_path, SIDECAR, []), tmp_path / "s.breath")
    assert (empty.value.params["key"], empty.value.params["value"]) == ("file", "empty")
    with pytest.raises(ExchangeError) as other:
        import_bids(tmp_path / "sub-07_task-rest_physio.json", tmp_path / "s.breath")
    assert other.value.params["key"] == "name"
    assert not (tmp_path / "s.breath").exists()
