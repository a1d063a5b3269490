"""``breathcore screenshots``."""

import os
from pathlib import Path

import typer

from breathcore.cli.words import out, text


def command(folder: Path = typer.Option(..., "--out", help=text("cli.screenshots.out"))) -> None:
    """Write a picture of every screen in every state, theme, size and language."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from breathcore.gui.screenshots import make_screenshots

    made = make_screenshots(folder)
    out.print(text("cli.screenshots.done", count=len(made), folder=str(folder)), markup=False)
