"""``breathcore export FILE``."""

from enum import StrEnum
from pathlib import Path

import typer

from breathcore.cli.condition import tell_condition
from breathcore.cli.words import out, text, working
from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.export.files import claim
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
    folder: Path | None = typer.Option(None, "--out", help=text("cli.export.out")),
    replace: bool = typer.Option(False, "--replace", help=text("cli.export.replace")),
    with_name: bool = typer.Option(False, "--with-name", help=text("cli.export.name")),
) -> None:
    """Write a session as CSV tables and as EDF+."""
    session = open_session(file)
    target = folder or file.parent
    edf = target / f"{file.stem}.edf"
    if format_ is not Format.CSV:
        claim([edf], replace=replace)  # before any table is written
    written: list[Path] = []
    with working(file.name) as progress:
        data = export_data(session)
        if format_ is not Format.EDF:
            written += write_csv(data, target / file.stem, replace=replace, with_name=with_name, progress=progress)
        if format_ is not Format.CSV:
            written.append(write_edf(data, edf, replace=replace, with_name=with_name, progress=progress))
    for path in written:
        out.print(text("cli.export.done", file=str(path)), markup=False)
    tell_condition(session)
