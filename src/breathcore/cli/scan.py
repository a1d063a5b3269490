"""``breathcore scan``."""

import asyncio

import typer
from rich.markup import escape
from rich.table import Table

from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import out, text
from breathcore.session import registry
from breathcore.source.ble import Found, scan_for


def command(
    seconds: float = typer.Option(8.0, min=1.0, max=120.0, help=text("cli.scan.seconds")),
    radio: RadioText = "",
) -> None:
    """List the wearables in reach: each as it is heard, then all of them."""
    found = asyncio.run(scan_for(seconds, registry.devices(), _tell, radio=radio_named(radio)))
    if not found:
        out.print(text("cli.scan.none"))
        return
    out.print()
    out.print(_table(found))


def _tell(found: Found) -> None:
    name = found.name or text("cli.scan.nameless")
    out.print(text("cli.scan.heard", name=name, address=found.address, what=_kind(found)), markup=False)


def _table(found: tuple[Found, ...]) -> Table:
    table = Table(box=None)
    for heading in ("cli.name", "cli.scan.kind", "cli.measures", "cli.strength", "cli.address"):
        table.add_column(text(heading), no_wrap=heading == "cli.address", overflow="fold")
    for device in found:
        cells = (device.name or "–", _kind(device), _measures(device), f"{device.rssi} dBm", device.address)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _kind(found: Found) -> str:
    return found.profile.name if found.profile else text("cli.scan.unknown")


def _measures(found: Found) -> str:
    roles = found.profile.roles if found.profile else frozenset()
    return ", ".join(text(f"role.{role}") for role in sorted(roles)) or "–"
