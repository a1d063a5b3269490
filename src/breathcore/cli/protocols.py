"""``breathcore protocols list|show|check``."""

from pathlib import Path

import typer
from rich.table import Table

from breathcore.catalog.load import load_drill_text
from breathcore.cli.devices import read_text
from breathcore.cli.problems import tell_problems
from breathcore.cli.words import out, text, words
from breathcore.session import registry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list", help=text("cli.protocols.list.help"))
def list_drills() -> None:
    """Print a line for every drill."""
    table = Table(text("cli.id"), text("cli.name"), text("cli.pattern"), text("cli.purpose"), box=None)
    for drill in registry.drills():
        phases = "-".join(f"{p.seconds:g}" for p in drill.patterns[0].phases)
        table.add_row(drill.id, words().of(drill.title), phases, words().of(drill.purpose))
    out.print(table)
    tell_problems()


@app.command("show", help=text("cli.protocols.show.help"))
def show(id_: str = typer.Argument(metavar="ID", help=text("cli.id"))) -> None:
    """Print all about one drill."""
    drill = registry.drill(id_)
    out.print(f"{words().of(drill.title)} ({drill.id})", style="bold")
    out.print(words().of(drill.purpose), markup=False)
    out.print(words().of(drill.position), markup=False)
    table = Table(text("cli.pattern"), text("cli.phases"), text("cli.rate"), box=None)
    for pattern in drill.patterns:
        phases = ", ".join(f"{text('phase.' + p.kind)} {words().number(p.seconds, 1)} s" for p in pattern.phases)
        rates = ", ".join(words().number(rate, 1) for rate in pattern.rates_bpm)
        rate = text("cli.sweep-rates", rates=rates) if rates else text("cli.per-minute", rate=pattern.rate_bpm)
        table.add_row(pattern.id, phases, rate)
    out.print(table)
    for condition in drill.safety.avoid_if:
        out.print(f"{text('cli.avoid')}: {text('condition.' + condition)}", markup=False)


@app.command("check", help=text("cli.protocols.check.help"))
def check(files: list[Path] = typer.Argument(help=text("cli.files"))) -> None:
    """Check drill files; the first wrong one ends with its file, key and problem."""
    for file in files:
        drill = load_drill_text(read_text(file), file.name)
        out.print(text("cli.check.good", file=file.name, name=words().of(drill.title)), markup=False)
