"""Comma-separated tables, one per rate: RFC 4180, UTF-8, "." decimals, units in the header, empty cells for nothing."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, isnan
from pathlib import Path
from typing import TextIO

import numpy as np

from breathcore.export.data import ExportData, Track
from breathcore.export.events import events
from breathcore.export.files import Progress, claim, no_progress, placed
from breathcore.export.grid import each_second, grid_times, heart_each_second, on_grid
from breathcore.export.trunk import trunk_tables
from breathcore.model.arrays import F64

_CHUNK = 20_000  # rows between two reports of progress
Cell = str | float | int | None
_VARIABILITY_HEAD = (
    "time [s]", "window [s]", "beats", "heart_rate [1/min]", "rmssd [ms]", "sdnn [ms]", "lf [ms2]", "hf [ms2]", "lf/hf",
    "quality [0-1]", "refused",
)  # fmt: skip
_COHERENCE_HEAD = ("time [s]", "rate [1/min]", "coherence [0-1]", "quality [0-1]", "refused")


def write_csv(
    data: ExportData,
    folder: Path,
    *,
    replace: bool = False,
    with_name: bool = False,
    progress: Progress = no_progress,
) -> tuple[Path, ...]:
    """Write all tables of a session into `folder`; return their paths.

    `signals_<rate>hz.csv` hold all samples of one nominal rate, resampled on the session clock; `<channel>.csv` events
    of sensors (beats); `heart_variability.csv` and `heart_coherence.csv` the heart's rhythm where there is one;
    `expansion.csv`, `brace.csv`, `repetitions.csv` and their like what was told of the trunk, where anything was;
    `rate_1hz.csv`, `breaths.csv`, `events.csv`, `session.csv` the rest. The person's name is left out unless
    `with_name`.

    Raises ExchangeError (EXPORT_EXISTS, EXPORT_FAILED).
    """
    grouped = _by_rate((*data.tracks, *data.traces))
    samples = {folder / f"signals_{rate:g}hz.csv": (rate, tracks) for rate, tracks in grouped.items() if rate > 0}
    small = _small_tables(data, grouped.get(0.0, []), with_name=with_name)
    paths = (*samples, *(folder / name for name in small))
    claim(paths, replace=replace)
    for n, (path, (rate, tracks)) in enumerate(samples.items()):
        _write_samples(path, rate, tracks, data.duration_s, _part(progress, n, len(samples)))
    for name, (head, rows) in small.items():
        _write_rows(folder / name, head, rows)
    progress(1.0)
    return paths


def _part(progress: Progress, n: int, of: int) -> Progress:
    return lambda share: progress((n + share) / of)


def _by_rate(tracks: Iterable[Track]) -> dict[float, list[Track]]:
    grouped: dict[float, list[Track]] = {}
    for track in tracks:
        grouped.setdefault(track.rate_hz, []).append(track)
    return grouped


def column_names(tracks: Sequence[Track]) -> list[str]:
    """Return a header for each axis of each track: ``acc.x [g]``, with the device where two would be the same."""
    names = [t.name for t in tracks]
    heads: list[str] = []
    for track in tracks:
        name = track.name if names.count(track.name) == 1 else f"{track.device} {track.name}"
        heads += [
            f"{name}.{axis} [{track.unit}]" if len(track.axes) > 1 else f"{name} [{track.unit}]" for axis in track.axes
        ]
    return heads


def _write_samples(path: Path, rate_hz: float, tracks: Sequence[Track], duration_s: float, progress: Progress) -> None:
    n = ceil(duration_s * rate_hz)
    values = np.column_stack([grid_times(rate_hz, n), *(on_grid(t, rate_hz, n) for t in tracks)])
    with placed(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["time [s]", *column_names(tracks)])
        for begin in range(0, n, _CHUNK):
            _write_chunk(file, values[begin : begin + _CHUNK])
            progress(min(1.0, (begin + _CHUNK) / n))


def _write_chunk(file: TextIO, values: F64) -> None:
    line = "%.6f" + ",%.9g" * (values.shape[1] - 1) + "\r\n"
    file.write((line * len(values) % tuple(values.ravel().tolist())).replace("nan", ""))


def _small_tables(
    data: ExportData, sparse: Sequence[Track], *, with_name: bool
) -> dict[str, tuple[list[str], Iterator[Sequence[Cell]]]]:
    tables: dict[str, tuple[list[str], Iterator[Sequence[Cell]]]] = {}
    for track in sparse:
        name = track.name if f"{track.name}.csv" not in tables else f"{track.device}_{track.name}"
        rows = np.column_stack([track.t_s, track.x]).tolist()
        tables[f"{name}.csv"] = (["time [s]", *column_names([track])], iter(rows))
    tables["rate_1hz.csv"] = (
        [
            "time [s]",
            "rate [1/min]",
            "rate_live [1/min]",
            "quality [0-1]",
            "refused",
            "heart_rate [1/min]",
            "read_from",
        ],
        _rate_rows(data),
    )
    tables["breaths.csv"] = (
        [
            "inhale_onset [s]",
            "exhale_onset [s]",
            "end [s]",
            f"amplitude [{data.traces[0].unit if data.traces else ''}]",
            "confirmed [s]",
            "quality [0-1]",
            "kind",
            "hold_in [s]",
            "hold_out [s]",
            "heart_swing [1/min]",
            "heart_phase [deg]",
        ],
        _breath_rows(data),
    )
    if data.variabilities:
        tables["heart_variability.csv"] = (list(_VARIABILITY_HEAD), _variability_rows(data))
    if data.coherences:
        tables["heart_coherence.csv"] = (list(_COHERENCE_HEAD), _coherence_rows(data))
    if data.told is not None:
        tables |= {table.name: (list(table.head), table.rows()) for table in trunk_tables(data.told)}
    tables["events.csv"] = (
        ["start [s]", "duration [s]", "kind", "text"],
        ((e.start_s, e.duration_s, e.kind, e.text) for e in events(data)),
    )
    tables["session.csv"] = (["key", "value"], _session_rows(data, with_name=with_name))
    return tables


def _rate_rows(data: ExportData) -> Iterator[Sequence[Cell]]:
    n = ceil(data.duration_s)
    hearts = heart_each_second(data.hearts, n)
    for second, rate in enumerate(each_second(data.rates, n)):
        heart = float(hearts[second])
        if rate is None:
            yield (second, None, None, None, "no-data", heart, None)
        else:
            reason = rate.refusal.value if rate.refusal else ""
            yield (second, rate.rate_bpm, rate.rate_live_bpm, rate.quality, reason, heart, " + ".join(rate.sources))


def _breath_rows(data: ExportData) -> Iterator[Sequence[Cell]]:
    hearts = {a.onset_s: a for a in data.arrhythmias}
    for b in data.breaths:
        heart = hearts.get(b.inhale_onset_s)
        followed = (None, None) if heart is None else (heart.amplitude_bpm, heart.phase_deg)
        times = (b.inhale_onset_s, b.exhale_onset_s, b.end_s, b.amplitude, b.confirmed_s, b.quality)
        yield (*times, b.kind.value, b.hold_in_s, b.hold_out_s, *followed)


def _variability_rows(data: ExportData) -> Iterator[Sequence[Cell]]:
    for v in data.variabilities:
        numbers = (v.hr_bpm, v.rmssd_ms, v.sdnn_ms, v.lf_ms2, v.hf_ms2, v.lf_hf, v.quality)
        yield (v.t_s, v.window_s, v.beats_n, *numbers, v.refusal.value if v.refusal else "")


def _coherence_rows(data: ExportData) -> Iterator[Sequence[Cell]]:
    for c in data.coherences:
        yield (c.t_s, c.rate_bpm, c.ratio, c.quality, c.refusal.value if c.refusal else "")


def _session_rows(data: ExportData, *, with_name: bool) -> Iterator[Sequence[Cell]]:
    yield ("start", data.start.isoformat())
    yield ("duration [s]", data.duration_s)
    yield ("person", data.person if with_name else "")
    yield ("drill", data.drill)
    yield ("sensors", "; ".join(data.sensors))
    yield ("software", data.software)
    yield ("score [0-100]", data.outcome.score)
    for part in data.told.scores[-1].parts if data.told is not None and data.told.scores else ():
        yield (f"score of {part.id} [0-1]", part.value)
    yield ("rate before [1/min]", data.outcome.rate_before_bpm)
    yield ("rate during [1/min]", data.outcome.rate_during_bpm)
    yield ("rate after [1/min]", data.outcome.rate_after_bpm)
    yield ("finish", data.outcome.finish)
    yield ("pain [0-10]", data.ratings.pain)
    yield ("effort [0-10]", data.ratings.effort)
    yield ("cut short", "yes" if data.cut_short else "no")
    yield ("unreadable packets", data.faults_n)


def _write_rows(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    with placed(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows([_text(cell) for cell in row] for row in rows)


def _text(cell: Cell) -> str | int:
    if cell is None or (isinstance(cell, float) and isnan(cell)):
        return ""
    return f"{cell:.9g}" if isinstance(cell, float) else cell
