"""``breathcore train DRILL``."""

import asyncio

import typer

from breathcore.cli.display import has_display
from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import text
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session import registry


def command(
    drill: str = typer.Argument(metavar="DRILL", help=text("cli.demo.drill")),
    *,
    device: list[str] = typer.Option([], "--device", metavar="NAME[@PLACE]", help=text("cli.train.device")),
    minutes: float | None = typer.Option(None, "--minutes", min=0.5, max=60.0, help=text("cli.train.minutes")),
    person: str = typer.Option("", "--person", help=text("cli.train.person")),
    radio: RadioText = "",
) -> None:
    """Open the window at a drill; its safety questions stand before the first breath, here as anywhere."""
    chosen = registry.drill(drill)
    if not has_display():
        raise BreathcoreError(Reason.NO_DISPLAY)
    from breathcore.gui.program import train_window
    from breathcore.session.sensors import FIND_S, recognised, sensor_named

    air = radio_named(radio)
    sensors = asyncio.run(recognised([sensor_named(name) for name in device], FIND_S, air))
    raise typer.Exit(train_window(chosen.id, sensors=sensors, minutes=minutes, person=person, radio=air))
