"""``breathcore devices list|show|check|sniff|pages``."""

from pathlib import Path

import typer
from rich.table import Table

from breathcore.catalog.load import load_device_text, require_apart
from breathcore.catalog.locate import DEVICES, builtin_folder
from breathcore.catalog.pages import index, page
from breathcore.cli import sniff
from breathcore.cli.problems import tell_problems
from breathcore.cli.words import out, text
from breathcore.decode.registry import LAYOUTS
from breathcore.model.device import DeviceSpec
from breathcore.model.errors import CatalogError, ExchangeError, Reason
from breathcore.session import registry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("sniff", help=text("cli.devices.sniff.help"))(sniff.command)


@app.command("list", help=text("cli.devices.list.help"))
def list_devices() -> None:
    """Print a line for every wearable."""
    table = Table(text("cli.id"), text("cli.name"), text("cli.measures"), box=None)
    for device in registry.devices():
        table.add_row(device.id, device.name, _measures(device))
    out.print(table)
    tell_problems()


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
    known = {device.id: device for device in registry.devices()}
    for file in files:
        device = load_device_text(read_text(file), file.name, codecs=LAYOUTS)
        require_apart(device, list(known.values()), file.name)
        known[device.id] = device
        out.print(text("cli.check.good", file=file.name, name=device.name), markup=False)


@app.command("pages", help=text("cli.devices.pages.help"))
def pages(folder: Path = typer.Option(..., "--out", help=text("cli.devices.pages.out"))) -> None:
    """Write a page for every built-in wearable."""
    builtin = [d for d in registry.devices() if builtin_folder(DEVICES).joinpath(f"{d.id}.toml").is_file()]
    written = {f"{d.id}.md": page(d, text) for d in builtin} | {"README.md": index(builtin, text)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written.items():
            (folder / name).write_text(content, "utf-8")
    except OSError as error:
        raise ExchangeError(Reason.EXPORT_FAILED, path=str(folder), problem=error.strerror or str(error)) from error
    out.print(text("cli.devices.pages.written", count=len(written), folder=str(folder)), markup=False)


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
