"""``breathcore scan``."""

import asyncio

import typer
from rich.markup import escape
from rich.table import Table

from breathcore.cli.words import out, text
from breathcore.session import registry
from breathcore.source.ble import Found, scan_for


def command(seconds: float = typer.Option(8.0, min=1.0, max=120.0, help=text("cli.scan.seconds"))) -> None:
    """List the wearables in reach."""
    found = asyncio.run(scan_for(seconds, registry.devices()))
    if not found:
        out.print(text("cli.scan.none"))
        return
    out.print(_table(found))


def _table(found: tuple[Found, ...]) -> Table:
    table = Table(text("cli.name"), text("cli.address"), text("cli.strength"), text("cli.measures"), box=None)
    for device in found:
        roles = device.profile.roles if device.profile else frozenset()
        measures = ", ".join(text(f"role.{role}") for role in sorted(roles)) or text("cli.scan.unknown")
        table.add_row(escape(device.name or "-"), device.address, f"{device.rssi} dBm", measures)
    return table
