"""``breathcore import FILE``."""

from pathlib import Path

import typer
from rich.progress import Progress

from breathcore.cli.words import err, out, text
from breathcore.session.settings import sessions_folder
from breathcore.source.bids import import_bids


def command(
    file: Path = typer.Argument(metavar="FILE", help=text("cli.import.help")),
    *,
    target: Path | None = typer.Option(None, "--out", help=text("cli.out")),
) -> None:
    """Turn a BIDS physio recording into a session file."""
    target = target or sessions_folder() / (file.name.removesuffix(".tsv.gz") + ".breath")
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(file.name, total=1.0)
        path = import_bids(file, target, progress=lambda done: progress.update(task, completed=done))
    out.print(text("cli.import.done", file=str(path)), markup=False)
