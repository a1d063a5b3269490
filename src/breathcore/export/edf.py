"""EDF+C, the format of sleep and physiology laboratories (Kemp & Olivan 2003; https://www.edfplus.info/specs/).

Signals are resampled on the session clock to their nominal rate, linearly. Where there are no samples, or no rate, the
file holds `FILL`, and an annotation says so.
"""

import dataclasses
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction
from math import ceil, floor, isnan, lcm, log10, nextafter
from pathlib import Path

import edfio
import numpy as np

from breathcore.export.data import ExportData, Track
from breathcore.export.events import Event, events
from breathcore.export.files import Progress, claim, no_progress, placed
from breathcore.export.grid import each_second, heart_each_second, on_grid
from breathcore.model.arrays import F64
from breathcore.model.device import Role

FILL = 0.0
FINEST = 1e-3  # half-width of the narrowest physical range, in the signal's unit
MAX_RECORD_S = 10
START_PARTS = 64
_DIGITAL_MAX = 32767
_LABELS = {
    Role.ECG: "ECG",
    Role.BELT: "Resp chest",
    Role.ABDOMEN_BELT: "Resp abdomen",
    Role.CHEST_ACC: "Acc",
    Role.ACC: "Acc limb",
    Role.GYRO: "Gyro",
    Role.MAG: "Mag",
    Role.ORIENTATION: "Orient",
    Role.PPG: "PPG",
    Role.TEMPERATURE: "Temp",
    Role.PRESSURE: "Pressure",
    None: "Resp trace",
}
_TRACES = {"opened": "Opened", "brace": "Brace"}  # of the trunk, by the first word of their name
_ASCII_SIGNS = {"µ": "u", "μ": "u", "°": "deg", "ß": "ss", "–": "-"}


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One signal of the file: `values` at `rate_hz`, NaN where there is nothing."""

    label: str
    unit: str
    rate_hz: float
    values: F64
    transducer: str = ""
    filtering: str = ""


def write_edf(
    data: ExportData,
    path: Path,
    *,
    replace: bool = False,
    with_name: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Write a session as EDF+C; return `path`. The patient field is ``X X X X`` unless `with_name`.

    Raises ExchangeError: EXPORT_EXISTS, EXPORT_FAILED.
    """
    claim([path], replace=replace)
    record_s, channels = _channels(data)
    progress(0.5)
    edf = edfio.Edf(
        [_signal(c) for c in _distinct(channels)],
        patient=_patient(data.person) if with_name else edfio.Patient(),
        recording=_recording(data),
        starttime=_start_time(data.start),
        data_record_duration=record_s,
        annotations=[_annotation(e) for e in events(data)],
    )
    progress(0.8)
    with placed(path) as part:
        edf.write(part)
    progress(1.0)
    return path


def record_length_s(rates_hz: Iterable[float]) -> tuple[int, dict[float, float]]:
    """Return the length of a data record (s) and the rate of each signal in the file.

    A record holds a whole number of samples of each signal. Rates that would need records beyond `MAX_RECORD_S` are
    written at the nearest whole number.
    """
    fractions = {rate: Fraction(rate).limit_denominator(MAX_RECORD_S) for rate in rates_hz}
    record_s = lcm(*(f.denominator for f in fractions.values()))
    if record_s > MAX_RECORD_S:
        return 1, {rate: float(max(1, round(rate))) for rate in fractions}
    return record_s, {rate: float(f) for rate, f in fractions.items()}


def _channels(data: ExportData) -> tuple[int, list[Channel]]:
    tracks = [t for t in (*data.tracks, *data.traces) if t.rate_hz > 0]
    record_s, rates = record_length_s(t.rate_hz for t in tracks)
    total_s = max(1, ceil(data.duration_s / record_s)) * record_s
    channels = [c for t in tracks for c in _of_track(t, rates[t.rate_hz], total_s)]
    return record_s, [*channels, *_numbers(data, total_s)]


def _of_track(track: Track, rate_hz: float, total_s: int) -> Iterator[Channel]:
    values = on_grid(track, rate_hz, round(rate_hz * total_s))
    label = _trunk_label(track.name) or _LABELS.get(track.role, _ascii(track.name))
    for i, axis in enumerate(track.axes):
        yield Channel(
            f"{label} {axis}".strip() if len(track.axes) > 1 else label,
            track.unit,
            rate_hz,
            values[:, i],
            track.device,
            f"resampled to {rate_hz:g} Hz; gaps = {FILL:g}",
        )


def _trunk_label(name: str) -> str:
    """Return the label of a computed trace of the trunk (``Opened left``, ``Brace``), "" for any other."""
    first, _, more = name.partition(".")
    return f"{_TRACES[first]} {more}".strip() if first in _TRACES else ""


def _numbers(data: ExportData, total_s: int) -> Iterator[Channel]:
    """Return the numbers of each second: the rate of breathing and, where there is one, of the heart."""
    held = each_second(data.rates, total_s)
    rates = np.array([np.nan if e is None else e.rate_bpm for e in held])
    yield Channel("Resp rate", "1/min", 1.0, rates, "computed", f"mean of 32 s; refused = {FILL:g}")
    if data.hearts:
        yield Channel("HR", "1/min", 1.0, heart_each_second(data.hearts, total_s), "", f"refused = {FILL:g}")


def _distinct(channels: Sequence[Channel]) -> Iterator[Channel]:
    """Give numbers to labels that occur before, within the 16 characters of the header."""
    seen: dict[str, int] = {}
    for channel in channels:
        short = channel.label[:16]
        n = seen[short] = seen.get(short, 0) + 1
        label = short if n == 1 else f"{short[:13]} {n}"
        yield dataclasses.replace(channel, label=label)


def _signal(channel: Channel) -> edfio.EdfSignal:
    unit, values = _scaled(_ascii(channel.unit), channel.values)
    return edfio.EdfSignal(
        np.where(np.isnan(values), FILL, values),
        channel.rate_hz,
        label=channel.label,
        transducer_type=_ascii(channel.transducer)[:80],
        physical_dimension=unit[:8],
        physical_range=physical_range(values),
        digital_range=(-_DIGITAL_MAX - 1, _DIGITAL_MAX),
        prefiltering=channel.filtering[:80],
    )


def _scaled(unit: str, values: F64) -> tuple[str, F64]:
    """Bring numbers that the header's eight characters cannot hold into thousands."""
    return (f"k{unit}", values * 1e-3) if _largest(values) > 9e6 else (unit, values)


def physical_range(values: F64) -> tuple[float, float]:
    """Return a range around zero in which one digital step is 1, 2 or 5 × 10ⁿ of the unit, as fine as `values` allow.

    So whole microvolts or milli-g come back exactly. Where eight characters cannot say such a range, a round one; no
    range is narrower than ±`FINEST`.
    """
    largest = max(_largest(values), FINEST)
    step = _round_up(largest / _DIGITAL_MAX)
    low, high = round(-(_DIGITAL_MAX + 1) * step, 9), round(_DIGITAL_MAX * step, 9)
    if max(len(f"{v:.9f}".rstrip("0").rstrip(".")) for v in (low, high)) <= 8:
        return _nudged(low), _nudged(high)
    bound = _round_up(largest)
    return -bound, bound


def _nudged(value: float) -> float:
    """Return the neighbour towards zero: edfio rounds outwards in binary, and 16.3835 would become 16.38351."""
    return value if value.is_integer() else nextafter(value, 0.0)


def _largest(values: F64) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if len(finite) else 0.0


def _round_up(value: float) -> float:
    """Return the next 1, 2 or 5 × 10ⁿ."""
    scale = Fraction(10) ** floor(log10(value))
    return float(next(m * scale for m in (1, 2, 5, 10, 20) if m * scale >= value * (1 - 1e-12)))


def _recording(data: ExportData) -> edfio.Recording:
    equipment = _word("+".join(data.sensors))[:40]
    return edfio.Recording(startdate=data.start.date(), equipment_code=equipment or "X")


def _start_time(start: datetime) -> time:
    """Return the time of day to 1/`START_PARTS` s: a binary fraction, of which every record's time is an exact sum.

    With any other fraction some records would be stamped 1.2274829999999999, which strict readers refuse.
    """
    part = start.microsecond * START_PARTS // 1_000_000
    return start.time().replace(microsecond=part * 1_000_000 // START_PARTS)


def _patient(person: str) -> edfio.Patient:
    return edfio.Patient(name=_word(person)[:60] or "X")


def _annotation(event: Event) -> edfio.EdfAnnotation:
    text = f"{event.kind}: {event.text}" if event.text else event.kind
    if event.kind == "gap":
        text += f" (filled with {FILL:g})"
    text = "".join(c if c.isprintable() else " " for c in text)
    duration_s = None if isnan(event.duration_s) else max(0.0, round(event.duration_s, 6))
    return edfio.EdfAnnotation(max(0.0, round(event.start_s, 6)), duration_s, text)


def _word(text: str) -> str:
    """Return `text` as one field of EDF+'s identifications: no spaces."""
    return "_".join(_ascii(text).split())


def _ascii(text: str) -> str:
    """Return `text` in the printable ASCII that EDF headers allow: accents dropped, other signs replaced."""
    text = "".join(_ASCII_SIGNS.get(c, c) for c in text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return "".join(c for c in plain if " " <= c <= "~")
