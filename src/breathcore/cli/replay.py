"""``breathcore replay FILE``."""

from pathlib import Path

import typer

from breathcore.cli.display import has_display
from breathcore.cli.words import out, text, words, working
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.record.reader import SessionFile
from breathcore.session.replaying import check, other_version


def command(
    file: Path = typer.Argument(metavar="FILE", help=text("cli.file")),
    *,
    only_check: bool = typer.Option(False, "--check", help=text("cli.replay.check")),
    speed: float = typer.Option(1.0, min=0.1, max=100.0, help=text("cli.replay.speed")),
) -> None:
    """Play a recorded session again, or only compute it again and compare."""
    if only_check:
        _check(file)
        return
    if not has_display():
        raise BreathcoreError(Reason.NO_DISPLAY)
    from breathcore.gui.program import replay_window

    raise typer.Exit(replay_window(file, speed))


def _check(file: Path) -> None:
    with working(file.name) as progress:
        tables = check(file, progress)
    wrong = [t for t in tables if not t.same]
    for table in wrong:
        out.print(
            text(
                "cli.replay.differs", file=file.name, table=table.table, stored=table.stored_n, again=table.again_n
            ),
            markup=False,
        )  # fmt: skip
    if wrong:
        with SessionFile.open(file) as stored:
            why = other_version(stored)
        if why is not None:
            out.print(words().say(why), markup=False)
        raise typer.Exit(1)
    out.print(text("cli.replay.same", file=file.name, rows=sum(t.stored_n for t in tables)), markup=False)
