"""Puts the commands together."""

import sys
from collections.abc import Sequence

import click
import typer

from breathcore import __version__
from breathcore.cli import analyse, demo, devices, export, imports, protocols, replay, scan, screenshots, train
from breathcore.cli.words import complain, err, out, text
from breathcore.model.errors import BreathcoreError

app = typer.Typer(
    name="breathcore", help=text("cli.help"), no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
app.command("demo", help=text("cli.demo.help"))(demo.demo)
app.command("scan", help=text("cli.scan.help"))(scan.scan)
app.command("train", help=text("cli.train.help"))(train.train)
app.command("replay", help=text("cli.replay.help"))(replay.replay)
app.command("analyse", help=text("cli.analyse.help"))(analyse.analyse)
app.command("import", help=text("cli.import.help"))(imports.import_recording)
app.command("export", help=text("cli.export.help"))(export.export)
app.command("screenshots", help=text("cli.screenshots.help"))(screenshots.screenshots)
app.add_typer(devices.app, name="devices", help=text("cli.devices.help"))
app.add_typer(protocols.app, name="protocols", help=text("cli.protocols.help"))


@app.callback(invoke_without_command=True)
def _version(*, version: bool = typer.Option(False, "--version", help=text("cli.version.help"), is_eager=True)) -> None:
    if version:
        out.print(f"breathcore {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code: 0 done, 1 could not be done, 2 wrong words, 130 interrupted."""
    try:
        result = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except BreathcoreError as error:
        complain(error)
        return 1
    except click.UsageError as error:
        err.print(error.format_message(), markup=False)
        return 2
    except (KeyboardInterrupt, click.Abort):
        err.print(text("cli.interrupted"))
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return result if isinstance(result, int) else 0
