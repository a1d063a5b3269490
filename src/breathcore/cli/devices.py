"""``breathcore devices list|show|check``."""

from pathlib import Path

import typer
from rich.table import Table

from breathcore.catalog.load import load_device_text
from breathcore.cli.words import out, text
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import DeviceSpec
from breathcore.model.errors import CatalogError, Reason
from breathcore.session import registry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list", help=text("cli.devices.list.help"))
def list_devices() -> None:
    """Print a line for every wearable."""
    table = Table(text("cli.id"), text("cli.name"), text("cli.measures"), box=None)
    for device in registry.devices():
        table.add_row(device.id, device.name, _measures(device))
    out.print(table)


@app.command("show", help=text("cli.devices.show.help"))
def show(id_: str = typer.Argument(metavar="ID", help=text("cli.id"))) -> None:
    """Print all about one wearable."""
    device = registry.device(id_)
    out.print(f"{device.name} ({device.id})", style="bold")
    table = Table(
        text("cli.channel"), text("cli.measures"), text("cli.rate"), text("cli.unit"), text("cli.axes"), box=None
    )
    for channel in device.channels:
        rate = f"{channel.rate_hz:g} Hz" if channel.rate_hz else text("cli.events")
        table.add_row(channel.id, text(f"role.{channel.role}"), rate, channel.unit, " ".join(channel.axes))
    out.print(table)
    placement, clock = text(f"placement.{device.placement}"), text(f"clock.{device.clock}")
    out.print(f"{text('cli.placement')}: {placement}", markup=False)
    out.print(f"{text('cli.clock')}: {clock}", markup=False)
    for heading, lines in (("cli.quirks", device.quirks), ("cli.evidence", device.evidence)):
        for line in lines:
            out.print(f"{text(heading)}: {line}", markup=False)


@app.command("check", help=text("cli.devices.check.help"))
def check(files: list[Path] = typer.Argument(help=text("cli.files"))) -> None:
    """Check device files; the first wrong one ends with its file, key and problem."""
    for file in files:
        device = load_device_text(read_text(file), file.name, codecs=LAYOUTS)
        out.print(text("cli.check.good", file=file.name, name=device.name), markup=False)


def read_text(file: Path) -> str:
    """Return a file's text. Raises CatalogError (FILE_UNREADABLE) where there is none."""
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise CatalogError(Reason.FILE_UNREADABLE, file=str(file), problem=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise CatalogError(Reason.FILE_UNREADABLE, file=str(file), problem="not UTF-8") from error


def _measures(device: DeviceSpec) -> str:
    return ", ".join(text(f"role.{role}") for role in sorted(device.roles))
