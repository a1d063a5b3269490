"""``breathcore train DRILL``."""

import asyncio

import typer

from breathcore.cli.display import has_display
from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import text
from breathcore.drill.screening import require_opened
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session import registry


def command(
    drill: str = typer.Argument(metavar="DRILL", help=text("cli.demo.drill")),
    *,
    device: list[str] = typer.Option([], "--device", metavar="NAME[@PLACE]", help=text("cli.train.device")),
    minutes: float | None = typer.Option(None, "--minutes", min=0.5, max=60.0, help=text("cli.train.minutes")),
    person: str = typer.Option("", "--person", help=text("cli.train.person")),
    form: str = typer.Option("", "--form", metavar="ID", help=text("cli.train.form")),
    opened: bool = typer.Option(False, "--opened-by-therapist", help=text("cli.train.opened")),
    radio: RadioText = "",
) -> None:
    """Open the window at a drill; its safety questions stand before the first breath, here as anywhere."""
    chosen = registry.drill(drill)
    forms = [pattern.id for pattern in chosen.patterns]
    if form and form not in forms:
        raise BreathcoreError(Reason.INVALID_VALUE, name="form", value=form, bound=", ".join(forms))
    require_opened(chosen.pattern(form), opened=opened)
    if not has_display():
        raise BreathcoreError(Reason.NO_DISPLAY)
    from breathcore.gui.program import train_window
    from breathcore.session.sensors import FIND_S, recognised, sensor_named

    air = radio_named(radio)
    sensors = asyncio.run(recognised([sensor_named(name) for name in device], FIND_S, air))
    raise typer.Exit(
        train_window(chosen.id, sensors=sensors, minutes=minutes, person=person, form=form, opened=opened, radio=air)
    )
