"""Puts the commands together; only the command that is asked for is loaded."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from breathcore import __version__
from breathcore.cli.words import complain, err, out, text
from breathcore.model.errors import BreathcoreError

INTERRUPTED = 130  # as shells say it: ended by Ctrl-C

# command → its module in this room; a module that has an `app` is a group of commands
COMMANDS = {
    "demo": "demo",
    "scan": "scan",
    "train": "train",
    "record": "record",
    "replay": "replay",
    "analyse": "analyse",
    "import": "imports",
    "export": "export",
    "screenshots": "screenshots",
    "doctor": "doctor",
    "simulate": "simulate",
    "devices": "devices",
    "protocols": "protocols",
}


def build(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line with the command that `arguments` ask for, or with all of them for its help."""
    app = typer.Typer(
        name="breathcore",
        help=text("cli.help"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_options)
    asked = next((a for a in arguments if not a.startswith("-")), "")
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        module = import_module(f"breathcore.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, help=text(f"cli.{name}.help"))
        else:
            app.command(name, help=text(f"cli.{name}.help"))(module.command)
    return app


def run(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code: 0 done, 1 could not be done, 2 wrong words, 130 Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        build(words)(args=words, prog_name="breathcore")
    except BreathcoreError as error:
        complain(error)
        return 1
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 0
        if code == INTERRUPTED:
            err.print(text("cli.stopped"))
        return code
    return 0


def _options(*, version: bool = typer.Option(False, "--version", help=text("cli.version.help"), is_eager=True)) -> None:
    if version:
        out.print(f"breathcore {__version__}")
        raise typer.Exit
