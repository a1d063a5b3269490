"""``breathcore export FILE``."""

from enum import StrEnum
from pathlib import Path

import typer

from breathcore.cli.words import out, text
from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.session.exporting import export_data
from breathcore.session.recording import open_session


class Format(StrEnum):
    """What to write."""

    CSV = "csv"
    EDF = "edf"
    BOTH = "both"


def command(
    file: Path = typer.Argument(metavar="FILE", help=text("cli.file")),
    *,
    format_: Format = typer.Option(Format.BOTH, "--format", help=text("cli.export.format")),
    folder: Path | None = typer.Option(None, "--out", help=text("cli.out")),
    replace: bool = typer.Option(False, "--replace", help=text("cli.export.replace")),
    with_name: bool = typer.Option(False, "--with-name", help=text("cli.export.name")),
) -> None:
    """Write a session as CSV tables and as EDF+."""
    data = export_data(open_session(file))
    target = folder or file.parent
    if format_ is not Format.EDF:
        for written in write_csv(data, target / file.stem, replace=replace, with_name=with_name):
            out.print(text("cli.export.done", file=str(written)), markup=False)
    if format_ is not Format.CSV:
        written = write_edf(data, target / f"{file.stem}.edf", replace=replace, with_name=with_name)
        out.print(text("cli.export.done", file=str(written)), markup=False)
