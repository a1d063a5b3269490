"""The CSV tables, read back with the standard library. Test names carry the clause of RFC 4180."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from breathcore.export.csv import write_csv
from breathcore.export.data import ExportData, effort_track, sample_track, shown_phases
from breathcore.export.grid import gaps, on_grid
from breathcore.model.arrays import frozen
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.drill import DrillPhase, Effect, EffectKind, Stage, TargetPhase, Timeline
from breathcore.model.errors import ExchangeError, Reason
from breathcore.model.estimates import Coherence, EffortBlock, HeartVariability, Refusal, SinusArrhythmia


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, strict=True)
    return head, rows


def test_one_table_per_rate_with_units_in_the_header(data: ExportData, tmp_path: Path) -> None:
    paths = write_csv(data, tmp_path / "out")
    assert sorted(p.name for p in paths) == [
        "breaths.csv",
        "events.csv",
        "rate_1hz.csv",
        "rr.csv",
        "session.csv",
        "signals_130hz.csv",
        "signals_200hz.csv",
        "signals_25hz.csv",
    ]
    assert _table(tmp_path / "out/signals_200hz.csv")[0] == ["time [s]", "acc.x [g]", "acc.y [g]", "acc.z [g]"]
    assert _table(tmp_path / "out/signals_130hz.csv")[0] == ["time [s]", "ecg [µV]"]
    assert _table(tmp_path / "out/rr.csv")[0] == ["time [s]", "rr [s]"]


def test_samples_lie_on_the_grid_and_gaps_are_empty(data: ExportData, tmp_path: Path) -> None:
    write_csv(data, tmp_path)
    _, rows = _table(tmp_path / "signals_200hz.csv")
    assert len(rows) == 60 * 200
    times = np.array([float(r[0]) for r in rows])
    np.testing.assert_allclose(times, np.arange(12000) / 200, atol=1e-6)
    empty = np.array([r[1] == "" for r in rows])
    np.testing.assert_array_equal(empty, (times > 19.9996) & (times < 22.9996))
    filled = np.array([float(r[1]) for r in rows if r[1]])
    inner = slice(1, -1)
    np.testing.assert_allclose(
        filled[inner], 0.02 * np.sin(0.2 * np.pi * times[~empty][inner]), atol=1e-7 + 0.02 * 0.2 * np.pi * 0.0025
    )


def test_a_refused_second_has_a_reason_and_no_number(data: ExportData, tmp_path: Path) -> None:
    write_csv(data, tmp_path)
    _, rows = _table(tmp_path / "rate_1hz.csv")
    assert rows[3] == ["3", "", "", "0", "too-short", "67", ""]
    assert rows[20] == ["20", "6.2", "6.1", "0.9", "", "", ""]
    assert len(rows) == 60


def test_2_5_to_2_7_text_with_commas_quotes_and_breaks_survives(data: ExportData, tmp_path: Path) -> None:
    write_csv(data, tmp_path)
    _, rows = _table(tmp_path / "events.csv")
    assert ["30.5", "", "mark", 'cough, "loud"\nünd'] in rows
    assert ["10", "4", "phase", "inhale"] in rows


def test_2_1_lines_end_with_crlf_and_2_4_have_equal_length(data: ExportData, tmp_path: Path) -> None:
    for path in write_csv(data, tmp_path):
        head, rows = _table(path)
        assert path.read_bytes().endswith(b"\r\n")
        assert {len(row) for row in rows} <= {len(head)}


def test_the_name_is_written_only_when_asked(data: ExportData, tmp_path: Path) -> None:
    for path in write_csv(data, tmp_path):
        assert "Jörg" not in path.read_text("utf-8")
    write_csv(data, tmp_path, replace=True, with_name=True)
    assert ["person", "Jörg Weiß"] in _table(tmp_path / "session.csv")[1]


def test_an_unfinished_breath_has_empty_cells(data: ExportData, tmp_path: Path) -> None:
    write_csv(data, tmp_path)
    head, rows = _table(tmp_path / "breaths.csv")
    assert head[3] == "amplitude [deg]"
    assert rows[1][:3] == ["24", "28", ""]


def test_nothing_is_written_where_one_file_exists(data: ExportData, tmp_path: Path) -> None:
    (tmp_path / "breaths.csv").write_text("mine")
    with pytest.raises(ExchangeError) as caught:
        write_csv(data, tmp_path)
    assert caught.value.reason is Reason.EXPORT_EXISTS
    assert [p.name for p in tmp_path.iterdir()] == ["breaths.csv"]


def test_equal_channels_of_two_devices_keep_apart(data: ExportData, tmp_path: Path) -> None:
    twins = tuple(replace(t, device="B") for t in data.tracks)
    write_csv(replace(data, tracks=(*data.tracks, *twins)), tmp_path)
    assert _table(tmp_path / "signals_130hz.csv")[0] == ["time [s]", "A ecg [µV]", "B ecg [µV]"]
    assert _table(tmp_path / "rr.csv")[1] == _table(tmp_path / "B_rr.csv")[1]


def test_progress_rises_to_one(data: ExportData, tmp_path: Path) -> None:
    told: list[float] = []
    write_csv(data, tmp_path, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_empty_session_has_headers_only(data: ExportData, tmp_path: Path) -> None:
    bare = replace(data, tracks=(), traces=(), rates=(), hearts=(), breaths=(), phases=(), marks=(), notes=())
    write_csv(replace(bare, duration_s=0.0), tmp_path)
    assert _table(tmp_path / "rate_1hz.csv")[1] == []
    assert _table(tmp_path / "events.csv")[1] == []


_ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x",), 10.0)


def _block(start_s: float, n: int, *, gap: bool = False) -> SampleBlock:
    t_s = start_s + np.arange(n) / 10
    return SampleBlock(_ACC, frozen(t_s), frozen(t_s[:, None] * 2), gap)


def test_blocks_become_a_track_with_their_gaps() -> None:
    track = sample_track("A", [_block(0.0, 10), _block(1.0, 10), _block(2.1, 10, gap=True)])
    assert track.gap_at == (20,)
    assert [(round(g.start_s, 6), round(g.end_s, 6)) for g in gaps(track, 3.1)] == [(2.0, 2.1)]
    values = on_grid(track, 10.0, 31)[:, 0]
    assert np.flatnonzero(np.isnan(values)).tolist() == [20]
    np.testing.assert_allclose(values[25], 5.0)


def test_a_long_step_is_a_gap_even_where_nobody_said_so() -> None:
    track = sample_track("A", [_block(0.0, 10), _block(5.0, 10)])
    assert np.isnan(on_grid(track, 10.0, 60)[10:49]).all()
    assert [g.end_s for g in gaps(track, 10.0)] == [5.0, 10.0]


def test_effort_blocks_become_a_track() -> None:
    blocks = [EffortBlock("A", frozen([0.0, 0.1]), frozen([1.0, 2.0]), usable=True, gap_before=True)]
    track = effort_track(blocks, "deg", 10.0)
    assert track.x.shape == (2, 1)
    assert track.gap_at == ()


def _timeline(*starts_s: float) -> Timeline:
    return Timeline(
        tuple(TargetPhase(DrillPhase.INHALE, s, s + 4, 0.0, 1.0, 0, i, True) for i, s in enumerate(starts_s))
    )


def test_phases_count_only_while_they_were_shown() -> None:
    shown = shown_phases(
        [
            Effect(EffectKind.TARGET, 0.0, "", _timeline(3.0, 7.0, 11.0)),
            Effect(EffectKind.STAGE, 3.0, Stage.RUNNING),
            Effect(EffectKind.STAGE, 9.0, Stage.PAUSED),
            Effect(EffectKind.TARGET, 20.0, "", _timeline(23.0, 27.0)),
            Effect(EffectKind.STAGE, 31.0, Stage.FINISHED),
        ]
    )
    assert [(p.start_s, p.end_s) for p in shown] == [(3.0, 7.0), (7.0, 9.0), (23.0, 27.0), (27.0, 31.0)]
    assert shown[1].level_to == pytest.approx(0.5)


def test_the_hearts_rhythm_has_its_tables_and_each_breath_its_swing(data: ExportData, tmp_path: Path) -> None:
    nan = float("nan")
    onset_s = data.breaths[0].inhale_onset_s
    rhythm = replace(
        data,
        variabilities=(HeartVariability(30.0, 30.0, 33, 66.0, 41.5, 52.0, nan, nan, 1.0, "rr"),),
        arrhythmias=(SinusArrhythmia(onset_s + 10, onset_s, 9.5, -12.0, 0.9, "rr"),),
        coherences=(Coherence(30.0, 6.0, nan, 1.0, "rr", Refusal.TOO_SHORT),),
    )
    write_csv(rhythm, tmp_path)
    assert _table(tmp_path / "heart_variability.csv")[1] == [
        ["30", "30", "33", "66", "41.5", "52", "", "", "", "1", ""]
    ]
    assert _table(tmp_path / "heart_coherence.csv")[1] == [["30", "6", "", "1", "too-short"]]
    head, rows = _table(tmp_path / "breaths.csv")
    assert head[-2:] == ["heart_swing [1/min]", "heart_phase [deg]"]
    assert [row[-2:] for row in rows] == [["9.5", "-12"], *[["", ""]] * (len(rows) - 1)]
