"""Import of BIDS physiological recordings: ``*_physio.tsv.gz`` with its ``.json`` → a session file.

https://bids-specification.readthedocs.io, "Physiological recordings": no header line, tab-separated, ``n/a`` for
missing; the JSON gives SamplingFrequency (Hz), StartTime (s) and Columns. The samples become packets of codec
"samples", so that everything after the radio reads them like a sensor's.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

import breathcore
from breathcore.decode.samples import encode_samples
from breathcore.model.arrays import F64
from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
)
from breathcore.model.errors import ExchangeError, Reason
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet
from breathcore.record.edit import delete
from breathcore.record.items import Input, SessionMeta
from breathcore.record.writer import SessionWriter

DEVICE = "import"
SUFFIX = ".tsv.gz"
PACKET_S = 0.25
TICK_NS = 50_000_000
_LINES = 20_000
_ECG = re.compile(r"\b(ecg|ekg|electrocardio\w*)\b", re.IGNORECASE)
_ABDOMEN = re.compile(r"\babdom\w*", re.IGNORECASE)

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that something reads: its place in the table and its channel."""

    index: int
    channel: ChannelSpec


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the JSON says, checked."""

    rate_hz: float
    start_s: float
    names: tuple[str, ...]
    columns: tuple[Column, ...]


def import_bids(tsv_gz: Path, out: Path, *, progress: Progress | None = None) -> Path:
    """Turn a BIDS physio recording into the session file `out`; return `out`.

    Session time 0 is the first sample. ``respiratory`` becomes a belt (an abdominal one where its description says
    so), ``cardiac`` an ECG where its description says so; pulse waves, triggers and other columns are left out.

    Raises
    ------
    ExchangeError
        IMPORT_INVALID with file, key, value and what was expected; nothing is left behind.
    SessionFileError
        `out` exists or cannot be written; no half of it is left behind.
    """
    if not tsv_gz.name.endswith(SUFFIX):
        raise _invalid(tsv_gz, "name", tsv_gz.name, f"…{SUFFIX}")
    if not tsv_gz.is_file():
        raise _invalid(tsv_gz, "file", "missing", SUFFIX)
    sidecar = read_sidecar(tsv_gz)
    meta = SessionMeta(
        start=datetime.now().astimezone(),
        t0_host_ns=0,
        software_version=breathcore.__version__,
        source="import",
        person=_subject(tsv_gz.name),
        more={"file": tsv_gz.name, "StartTime": sidecar.start_s, "start": "time of the import"},
    )
    writer = SessionWriter(out, meta, ((DEVICE, device_spec(sidecar)),))
    try:
        for item in items(sidecar, read_rows(tsv_gz, sidecar, progress)):
            writer.put(item)
    except BaseException:
        writer.close()
        delete(out)
        raise
    writer.close()
    if writer.error is not None:
        delete(out)  # half an import is none
        raise writer.error
    return out


def read_sidecar(tsv_gz: Path) -> Sidecar:
    """Return what the JSON beside `tsv_gz` says. Raises ExchangeError."""
    path = tsv_gz.with_name(tsv_gz.name.removesuffix(SUFFIX) + ".json")
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _invalid(path, "file", "missing", "JSON") from error
    except OSError as error:
        raise _invalid(path, "file", error.strerror or "unreadable", "JSON") from error
    except ValueError as error:
        raise _invalid(path, "file", f"unreadable ({error})", "JSON") from error
    if not isinstance(data, dict):
        raise _invalid(path, "file", type(data).__name__, "{…}")
    rate_hz = _number(path, data, "SamplingFrequency")
    if rate_hz <= 0:
        raise _invalid(path, "SamplingFrequency", rate_hz, "> 0")
    names = _names(path, data)
    columns = tuple(c for i, n in enumerate(names) if (c := _column(i, n, data.get(n), rate_hz)) is not None)
    if not columns:
        raise _invalid(path, "Columns", ", ".join(names), "respiratory, cardiac (ECG)")
    return Sidecar(rate_hz, _number(path, data, "StartTime"), names, columns)


def _names(path: Path, data: Mapping[str, Any]) -> tuple[str, ...]:
    names = data.get("Columns")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise _invalid(path, "Columns", json.dumps(names), '["…", …]')
    if len(set(names)) < len(names):
        raise _invalid(path, "Columns", ", ".join(names), "each name once")
    return tuple(names)


def _number(path: Path, data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _invalid(path, key, json.dumps(value), "number")
    return float(value)


def _column(index: int, name: str, about: object, rate_hz: float) -> Column | None:
    facts = about if isinstance(about, dict) else {}
    text = " ".join(str(v) for v in facts.values())
    role: Role | None = None
    if name.lower() == "respiratory":
        role = Role.ABDOMEN_BELT if _ABDOMEN.search(text) else Role.BELT
    elif name.lower() in ("cardiac", "ecg") and _ECG.search(f"{name} {text}"):
        role = Role.ECG
    if role is None:
        return None
    unit = str(facts.get("Units", "au"))
    return Column(index, ChannelSpec(name, role, unit, (name,), rate_hz, expected_interval_s=PACKET_S))


def device_spec(sidecar: Sidecar) -> DeviceSpec:
    """Return the wearable that the imported columns make up."""
    data = (CharacteristicSpec("data", "", (CharacteristicUse.NOTIFY,)),)
    return DeviceSpec(
        id="bids_import",
        name="BIDS",
        match=MatchSpec(),
        endpoints=tuple(EndpointSpec(c.channel.id, "samples", "", data, (c.channel,)) for c in sidecar.columns),
        placement="chest",
        clock=ClockKind.SAMPLE_STAMP,
        time_to_first_data_s=PACKET_S,
    )


def read_rows(tsv_gz: Path, sidecar: Sidecar, progress: Progress | None = None) -> Iterator[F64]:
    """Yield the table in blocks (n, columns of the file), NaN where it says ``n/a``. Raises ExchangeError."""
    try:
        size = tsv_gz.stat().st_size
        with tsv_gz.open("rb") as raw, gzip.open(raw) as unpacked, TextIOWrapper(unpacked, "utf-8") as text:
            first_line = 1
            while lines := list(islice(text, _LINES)):
                yield _parsed(tsv_gz, lines, first_line, sidecar.names)
                first_line += len(lines)
                if progress is not None:
                    progress(raw.tell() / size)
            if first_line == 1:
                raise _invalid(tsv_gz, "file", "empty", "numbers")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _invalid(tsv_gz, "file", f"unreadable ({error})", "gzip") from error


def _parsed(path: Path, lines: Sequence[str], first_line: int, names: tuple[str, ...]) -> F64:
    try:
        rows = np.array([_values(line) for line in lines], dtype=np.float64)
    except ValueError:
        rows = np.empty((0, 0))
    if rows.shape == (len(lines), len(names)):
        return rows
    raise _fault(path, lines, first_line, names)


def _values(line: str) -> list[str]:
    return line.rstrip("\r\n").replace("n/a", "nan").split("\t")


def _fault(path: Path, lines: Sequence[str], first_line: int, names: tuple[str, ...]) -> ExchangeError:
    """Return which line, column and value is wrong, in lines that could not be read together."""
    for number, line in enumerate(lines, first_line):
        cells = _values(line)
        if len(cells) != len(names):
            return _invalid(path, f"line {number}", f"{len(cells)} columns", f"{len(names)} columns")
        for name, cell in zip(names, cells, strict=True):
            try:
                float(cell)
            except ValueError:
                return _invalid(path, f"line {number}, {name}", cell[:40], "number, n/a")
    return _invalid(path, f"line {first_line}", "unreadable", "numbers")


def items(sidecar: Sidecar, blocks: Iterator[F64]) -> Iterator[Input]:
    """Yield packets, one for each column and `PACKET_S`, among the ticks of a virtual clock."""
    yield LinkEvent(DEVICE, 0, LinkKind.CONNECTED)
    step = max(1, round(sidecar.rate_hz * PACKET_S))
    now_ns, done = 0, 0
    for rows in _cut(blocks, step):
        done += len(rows)
        t_ns = round((done - 1) / sidecar.rate_hz * 1e9)
        while now_ns + TICK_NS <= t_ns:
            now_ns += TICK_NS
            yield Advance(now_ns)
        for column in sidecar.columns:
            x = rows[:, column.index, None]
            payload = encode_samples((done - len(rows)) / sidecar.rate_hz, sidecar.rate_hz, x)
            yield Packet(DEVICE, f"{column.channel.id}.data", Direction.NOTIFY, t_ns, payload)
    yield LinkEvent(DEVICE, now_ns + TICK_NS, LinkKind.CLOSED)
    yield Advance(now_ns + TICK_NS)


def _cut(blocks: Iterator[F64], step: int) -> Iterator[F64]:
    """Yield rows `step` at a time, whatever the blocks' lengths; the last may be shorter."""
    rest: F64 | None = None
    for block in blocks:
        rows = block if rest is None else np.concatenate([rest, block])
        whole = len(rows) - len(rows) % step
        for begin in range(0, whole, step):
            yield rows[begin : begin + step]
        rest = rows[whole:]
    if rest is not None and len(rest):
        yield rest


def _subject(name: str) -> str:
    found = re.match(r"sub-[A-Za-z0-9]+", name)
    return found.group() if found else ""


def _invalid(path: Path, key: str, value: object, expected: str) -> ExchangeError:
    return ExchangeError(Reason.IMPORT_INVALID, file=path.name, key=key, value=str(value), expected=expected)
