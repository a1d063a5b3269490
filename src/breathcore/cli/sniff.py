"""``breathcore devices sniff``."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer
from rich.live import Live
from rich.text import Text

from breathcore.catalog.match import match
from breathcore.catalog.sniffed import Notified, Sniffed, SniffedCharacteristic
from breathcore.catalog.starter import MARK, id_of, starter
from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import out, text
from breathcore.model.errors import BreathcoreError, ExchangeError, Reason
from breathcore.session import registry
from breathcore.source.ble_sniff import sniff

_PRINTABLE = range(0x20, 0x7F)
_SHORT = "-0000-1000-8000-00805f9b34fb"
_WRITE = re.compile(r"([0-9a-f]{4}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})=((?:[0-9a-f]{2})+)")
Key = tuple[str, str]  # service and characteristic


def command(
    address: str = typer.Argument(help=text("cli.devices.sniff.address")),
    seconds: float = typer.Option(10.0, min=1.0, max=600.0, help=text("cli.devices.sniff.seconds")),
    file: Path | None = typer.Option(None, "--out", help=text("cli.devices.sniff.out")),
    write: list[str] = typer.Option([], metavar="UUID=HEX", help=text("cli.devices.sniff.write")),
    radio: RadioText = "",
) -> None:
    """Connect to a device, show what it has and what it sends, and write a first file for it."""
    if file is not None and file.exists():
        raise ExchangeError(Reason.EXPORT_EXISTS, path=str(file))
    writes = [_command(order) for order in write]
    heard: dict[Key, list[Notified]] = {}
    with Live(console=out, transient=True, auto_refresh=out.is_terminal) as live:

        def note(c: SniffedCharacteristic, notified: Notified) -> None:
            heard.setdefault((c.service_uuid, c.uuid), []).append(notified)
            live.update(Text("\n".join(_streams(heard))))

        seen = asyncio.run(sniff(address, seconds, note, writes=writes, radio=radio_named(radio)))
        live.update("")
    _show(seen)
    if file is not None:
        _write(seen, file)


def _show(seen: Sniffed) -> None:
    out.print(text("cli.devices.sniff.found", name=seen.name or "-", address=seen.address), markup=False)
    profile = match(registry.devices(), seen.name, seen.service_uuids, seen.manufacturer_ids)
    if profile is not None:
        out.print(text("cli.devices.sniff.known", name=profile.name, id=profile.id), markup=False)
    for line in _services(seen):
        out.print(line, markup=False)
    heard = {(c.service_uuid, c.uuid): c.notified for c in seen.characteristics if c.notified}
    for line in _streams(heard) if heard else [text("cli.devices.sniff.silent")]:
        out.print(line, markup=False)


def _services(seen: Sniffed) -> Iterator[str]:
    service = ""
    for c in seen.characteristics:
        if c.service_uuid != service:
            service = c.service_uuid
            yield f"{_short(service)} {c.service_name}".rstrip()
        value = c.problem or ("" if c.value is None else _value(c.value))
        yield f"  {_short(c.uuid)} {c.name}".rstrip() + f" [{', '.join(c.properties)}] {value}".rstrip()


def _streams(heard: Mapping[Key, Sequence[Notified]]) -> Iterator[str]:
    for (_, uuid), notified in sorted(heard.items()):
        lengths = sorted({len(n.payload) for n in notified})
        bytes_n = str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]}-{lengths[-1]}"
        yield text(
            "cli.devices.sniff.stream", uuid=_short(uuid), count=len(notified), interval=_interval_ms(notified),
            bytes=bytes_n, last=notified[-1].payload.hex(),
        )  # fmt: skip


def _interval_ms(notified: Sequence[Notified]) -> str:
    if len(notified) == 1:
        return "-"
    return f"{1000.0 * (notified[-1].t_s - notified[0].t_s) / (len(notified) - 1):.0f}"


def _command(order: str) -> tuple[str, bytes]:
    found = _WRITE.fullmatch(order.strip().lower())
    if found is None:
        raise BreathcoreError(Reason.INVALID_VALUE, name="write", value=order, bound="UUID=HEX")
    return found[1], bytes.fromhex(found[2])


def _write(seen: Sniffed, file: Path) -> None:
    written = starter(seen, id_of(file.stem))
    if written is None:
        out.print(text("cli.devices.sniff.nothing"))
        return
    try:
        file.write_text(written, "utf-8")
    except OSError as error:
        raise ExchangeError(Reason.EXPORT_FAILED, path=str(file), problem=error.strerror or str(error)) from error
    marks_n = sum(MARK in line for line in written.splitlines())
    out.print(text("cli.devices.sniff.written", file=str(file), count=marks_n), markup=False)


def _short(uuid: str) -> str:
    return uuid[4:8] if uuid.startswith("0000") and uuid.endswith(_SHORT) else uuid


def _value(value: bytes) -> str:
    bare = value.rstrip(b"\0")
    printable = len(bare) > 1 and all(b in _PRINTABLE for b in bare)
    return bare.decode() if printable else value.hex()
