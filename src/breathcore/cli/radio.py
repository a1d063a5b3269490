"""The option ``--radio`` of every command that speaks Bluetooth: the computer's own radio, or a virtual one."""

from typing import Annotated

import typer

from breathcore.cli.words import text
from breathcore.session import registry
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio

RadioText = Annotated[
    str, typer.Option("--radio", envvar="BREATHCORE_RADIO", metavar="RADIO", help=text("cli.radio.help"))
]


def radio_named(name: str) -> Radio:
    """Return the radio of the option. Raises BreathcoreError: INVALID_VALUE, UNKNOWN_DEVICE, EXTRA_MISSING."""
    if not name:
        return SYSTEM_RADIO
    from breathcore.source.virtual.radio import radio_of

    return radio_of(name, registry.devices)
