"""A session exported and read back with the standard library and edfio."""

import csv
from pathlib import Path

import edfio

from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.session.exporting import export_data
from breathcore.session.recording import open_session

Rows = list[dict[str, str]]


def exported(path: Path, folder: Path) -> tuple[dict[str, Rows], edfio.Edf]:
    """Return every table by its file's name, row by row under the header's names, and the EDF+ file."""
    data = export_data(open_session(path))
    tables = {}
    for file in write_csv(data, folder):
        with file.open(encoding="utf-8", newline="") as lines:
            tables[file.name] = list(csv.DictReader(lines, strict=True))
    return tables, edfio.read_edf(write_edf(data, folder / "session.edf"))
