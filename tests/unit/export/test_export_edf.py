"""The EDF+ file, read back by another program (pyedflib). Test names carry the clause of the specification.

EDF (Kemp et al. 1992) and EDF+ (Kemp & Olivan 2003), https://www.edfplus.info/specs/edfplus.html.
"""

from dataclasses import replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from breathcore.export.data import ExportData, Track
from breathcore.export.edf import physical_range, record_length_s, write_edf
from breathcore.model.arrays import frozen
from breathcore.model.device import Role
from breathcore.model.errors import ExchangeError, Reason
from breathcore.model.estimates import RateEstimate, Refusal
from breathcore.record.items import Mark


class _File:
    def __init__(self, path: Path) -> None:
        with pyedflib.EdfReader(str(path)) as file:
            self.labels = file.getSignalLabels()
            self.headers = {h["label"]: h for h in file.getSignalHeaders()}
            self.signals = {label: file.readSignal(i) for i, label in enumerate(self.labels)}
            self.annotations = list(zip(*file.readAnnotations(), strict=True))
            self.start = file.getStartdatetime()
            self.duration_s = file.getFileDuration()
            self.type = file.filetype
            self.patient_name = file.getPatientName()
            self.equipment = file.getEquipment()


def _written(data: ExportData, tmp_path: Path, **options: Any) -> _File:
    return _File(write_edf(data, tmp_path / "s.edf", **options))


def test_2_1_1_the_header_says_edf_plus_continuous(data: ExportData, tmp_path: Path) -> None:
    path = write_edf(data, tmp_path / "s.edf")
    head = path.read_bytes()[:256]
    assert head[:8] == b"0       "
    assert head[192:236].rstrip() == b"EDF+C"
    assert all(32 <= byte <= 126 for byte in head)


def test_2_1_3_3_the_patient_field_is_four_unknowns(data: ExportData, tmp_path: Path) -> None:
    path = write_edf(data, tmp_path / "s.edf")
    assert path.read_bytes()[8:88].rstrip() == b"X X X X"
    assert b"rg_Wei" not in path.read_bytes()


def test_2_1_3_3_the_name_is_there_when_asked_in_ascii_without_spaces(data: ExportData, tmp_path: Path) -> None:
    path = write_edf(data, tmp_path / "s.edf", with_name=True)
    assert path.read_bytes()[8:88].rstrip() == b"X X X Jorg_Weiss"


def test_2_1_3_4_the_recording_field_starts_with_the_date(data: ExportData, tmp_path: Path) -> None:
    path = write_edf(data, tmp_path / "s.edf")
    assert path.read_bytes()[88:168].rstrip() == b"Startdate 04-MAR-2026 X X Polar_H10"


def test_2_2_4_the_fraction_of_the_start_is_in_the_first_tal(data: ExportData, tmp_path: Path) -> None:
    path = write_edf(data, tmp_path / "s.edf")
    assert path.read_bytes()[168:184] == b"04.03.2605.06.07"
    assert b"+0.25\x14\x14" in path.read_bytes()
    assert _File(path).start.replace(microsecond=0) == datetime(2026, 3, 4, 5, 6, 7)


@example(microsecond=227_483, onset_s=0.0, text="")  # 1 + 0.227483 is 1.2274829999999999 in binary
@given(microsecond=st.integers(0, 999_999), onset_s=st.floats(0, 59), text=st.text(max_size=30))
def test_2_2_2_any_start_and_any_words_at_any_moment_open_in_a_strict_reader(
    microsecond: int, onset_s: float, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start = datetime(2026, 3, 4, 23, 59, 59, microsecond, UTC)
    t_s = np.arange(0, 60, 0.1)
    track = Track("belt", None, "au", ("",), 10.0, frozen(t_s), frozen(np.sin(t_s)[:, None]))
    session = ExportData(start, 60.0, "test", tracks=(track,), marks=(Mark(onset_s, text),))
    file = _written(session, tmp_path_factory.mktemp("edf"))
    onset, _, found = next(a for a in file.annotations if a[2].startswith("mark"))
    assert onset == pytest.approx(onset_s, abs=2e-6)
    assert found.startswith("mark")


def test_2_1_3_labels_units_and_rates(data: ExportData, tmp_path: Path) -> None:
    file = _written(data, tmp_path)
    assert file.labels == ["Acc x", "Acc y", "Acc z", "ECG", "Resp trace", "Resp rate", "HR"]
    assert [file.headers[label]["dimension"] for label in file.labels] == ["g", "g", "g", "uV", "deg", "1/min", "1/min"]
    assert [file.headers[label]["sample_frequency"] for label in file.labels] == [200, 200, 200, 130, 25, 1, 1]
    assert file.duration_s == 60


def test_samples_are_at_their_session_time_not_at_their_number(data: ExportData, tmp_path: Path) -> None:
    values = _written(data, tmp_path).signals["Acc x"]
    grid = np.arange(len(values)) / 200
    inside = (grid > 0.01) & ((grid < 19.9) | (grid > 23.1)) & (grid < 59.9)
    step_g = 1e-6
    np.testing.assert_allclose(values[inside], 0.02 * np.sin(0.2 * np.pi * grid[inside]), atol=5 * step_g)


def test_whole_microvolts_come_back_exactly(data: ExportData, tmp_path: Path) -> None:
    values = _written(data, tmp_path).signals["ECG"]
    np.testing.assert_allclose(values, data.tracks[1].x[:, 0], atol=1e-9)


def test_gaps_are_filled_with_the_stated_value_and_annotated(data: ExportData, tmp_path: Path) -> None:
    file = _written(data, tmp_path)
    (onset, duration, text) = next(a for a in file.annotations if a[2].startswith("gap: acc"))
    assert "filled with 0" in text
    assert onset == pytest.approx(20.0, abs=0.01)
    assert onset + duration == pytest.approx(23.0, abs=0.01)
    grid = np.arange(len(file.signals["Acc y"])) / 200
    np.testing.assert_allclose(file.signals["Acc y"][(grid > 20.01) & (grid < 22.99)], 0.0, atol=1e-9)
    assert np.all(file.signals["Acc y"][(grid < 19.99) | (grid > 23.01)] > 0.9)
    assert "gaps = 0" in file.headers["Acc y"]["prefilter"]


def test_refused_stretches_are_annotated_with_their_reason(data: ExportData, tmp_path: Path) -> None:
    file = _written(data, tmp_path)
    assert (0.0, 10.0, "refused: too-short") in [tuple(a) for a in file.annotations]
    np.testing.assert_allclose(file.signals["Resp rate"][:10], 0.0, atol=1e-9)
    np.testing.assert_allclose(file.signals["Resp rate"][10:60], 6.0 + 0.01 * np.arange(10, 60), atol=0.002)


def test_2_2_3_phases_breaths_and_marks_are_annotations(data: ExportData, tmp_path: Path) -> None:
    found = {(float(on), text): float(length) for on, length, text in _written(data, tmp_path).annotations}
    assert found[10.0, "phase: inhale"] == 4.0
    assert found[14.0, "phase: exhale"] == 6.0
    assert found[10.0, "breath: inhale"] == 4.0
    assert found[14.0, "breath: exhale"] == 6.0
    assert found[28.0, "breath: exhale"] <= 0.0  # unfinished: no length
    assert (30.5, 'mark: cough, "loud" ünd') in found
    assert (0.0, "note: slept badly") in found


def test_a_session_without_any_signal_still_opens(data: ExportData, tmp_path: Path) -> None:
    rates = (RateEstimate(0.0, nan, nan, 0.0, Refusal.HEART_ONLY),)
    bare = replace(data, tracks=(), traces=(), rates=rates, hearts=(), breaths=(), phases=(), duration_s=0.0)
    file = _written(bare, tmp_path)
    assert file.labels == ["Resp rate"]


def test_two_straps_have_two_labels(data: ExportData, tmp_path: Path) -> None:
    both = replace(data, tracks=(*data.tracks, replace(data.tracks[1], device="B")))
    assert [label for label in _written(both, tmp_path).labels if "ECG" in label] == ["ECG", "ECG 2"]


def test_every_axis_of_two_motion_sensors_has_a_label_of_its_own(data: ExportData, tmp_path: Path) -> None:
    acc = data.tracks[0]
    gyros = [
        replace(acc, name=f"{id_}.gyro", role=Role.GYRO, device=id_) for id_ in ("a_long_sensor", "a_long_sensor-2")
    ]
    labels = _written(replace(data, tracks=(acc, *gyros)), tmp_path).labels
    assert labels[3:9] == ["Gyro x", "Gyro y", "Gyro z", "Gyro x 2", "Gyro y 2", "Gyro z 2"]


def test_labels_that_begin_alike_are_numbered(data: ExportData, tmp_path: Path) -> None:
    acc = data.tracks[0]
    steps = replace(acc, name="a_long_sensor_of_steps", role=Role.ACTIVITY)
    labels = _written(replace(data, tracks=(steps,)), tmp_path).labels
    assert labels[:3] == ["a_long_sensor_of", "a_long_sensor 2", "a_long_sensor 3"]


@given(st.floats(1e-12, 1e9))
def test_2_1_3_any_amplitude_fits_the_eight_characters_and_most_of_the_range(largest: float) -> None:
    low, high = physical_range(np.array([-largest, largest, np.nan]))
    if largest <= 9e6:
        assert low <= -largest
        assert high >= largest * (1 - 1e-9)
    if 1e-3 <= largest <= 9e6:
        assert high - low < 2.6 * 2 * largest


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-4, 2e-3, 0.3, 7.0, 2500.0, 4e6, 3e8])
def test_any_scale_survives_the_round_trip(scale: float, data: ExportData, tmp_path: Path) -> None:
    ecg = data.tracks[1]
    track = Track("belt", None, "au", ("",), 130.0, ecg.t_s, frozen(ecg.x / 800 * scale))
    file = _written(replace(data, tracks=(track,), traces=()), tmp_path)
    factor = 1e3 if file.headers["Resp trace"]["dimension"] == "kau" else 1.0
    tolerance = max(scale * 1e-4, 1e-3 * 2**-15)
    np.testing.assert_allclose(file.signals["Resp trace"] * factor, track.x[:, 0], atol=tolerance)


def test_2_1_2_records_hold_whole_numbers_of_samples(data: ExportData, tmp_path: Path) -> None:
    assert record_length_s([200.0, 130.0, 25.0]) == (1, {200.0: 200.0, 130.0: 130.0, 25.0: 25.0})
    assert record_length_s([31.25, 1.0]) == (4, {31.25: 31.25, 1.0: 1.0})
    assert record_length_s([31.25, 51.2]) == (1, {31.25: 31.0, 51.2: 51.0})
    t_s = np.arange(0, 60, 1 / 31.25)
    track = Track("belt", None, "au", ("",), 31.25, frozen(t_s), frozen(np.sin(t_s)[:, None]))
    file = _written(replace(data, tracks=(track,), traces=()), tmp_path)
    assert file.headers["Resp trace"]["sample_frequency"] == pytest.approx(31.25)
    np.testing.assert_allclose(file.signals["Resp trace"][: len(t_s)], np.sin(t_s), atol=1e-4)


def test_an_existing_file_is_never_replaced_unasked(data: ExportData, tmp_path: Path) -> None:
    path = tmp_path / "s.edf"
    path.write_bytes(b"mine")
    with pytest.raises(ExchangeError) as caught:
        write_edf(data, path)
    assert caught.value.reason is Reason.EXPORT_EXISTS
    assert path.read_bytes() == b"mine"
    write_edf(data, path, replace=True)
    assert path.read_bytes().startswith(b"0  ")


def test_an_unwritable_folder_is_named(data: ExportData, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ExchangeError) as caught:
        write_edf(data, tmp_path / "file" / "s.edf")
    assert caught.value.reason is Reason.EXPORT_FAILED
    assert "s.edf" in str(caught.value.params["path"])


def test_a_failed_write_leaves_nothing_behind(
    data: ExportData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edfio.Edf.write", full)
    with pytest.raises(ExchangeError, match="No space left"):
        write_edf(data, tmp_path / "s.edf")
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_to_one(data: ExportData, tmp_path: Path) -> None:
    told: list[float] = []
    write_edf(data, tmp_path / "s.edf", progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
