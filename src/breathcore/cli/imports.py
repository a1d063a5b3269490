"""``breathcore import FILE``."""

from pathlib import Path

import typer

from breathcore.cli.words import out, text, working
from breathcore.session.settings import sessions_folder
from breathcore.source.bids import import_bids


def command(
    file: Path = typer.Argument(metavar="FILE", help=text("cli.import.file")),
    *,
    target: Path | None = typer.Option(None, "--out", help=text("cli.import.out")),
) -> None:
    """Turn a BIDS physio recording into a session file."""
    target = target or sessions_folder() / (file.name.removesuffix(".tsv.gz") + ".breath")
    with working(file.name) as progress:
        path = import_bids(file, target, progress=progress)
    out.print(text("cli.import.done", file=str(path)), markup=False)
