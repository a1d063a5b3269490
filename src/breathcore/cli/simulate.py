"""``breathcore simulate DEVICE``."""

import asyncio
import time
from collections.abc import Callable

import typer
from rich.table import Table

from breathcore.cli.status import status_line
from breathcore.cli.words import out, text, words
from breathcore.model.device import DeviceSpec
from breathcore.model.packets import LinkEvent, LinkKind
from breathcore.session import registry
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.script import faults_of
from breathcore.source.sim.spec import WearerSpec

SELF_TEST_S = 10.0
_LOOK_S = 0.25
_SHOWN = {LinkKind.CONNECTED, LinkKind.STREAMING, LinkKind.STALLED, LinkKind.LOST, LinkKind.CLOSED}


def command(
    device: str = typer.Argument(metavar="DEVICE", help=text("cli.simulate.device")),
    *,
    transport: str = typer.Option("", "--transport", help=text("cli.simulate.transport")),
    seconds: float | None = typer.Option(None, "--seconds", min=1.0, max=86400.0, help=text("cli.simulate.seconds")),
    faults: str = typer.Option("", "--faults", help=text("cli.simulate.faults")),
    seed: int = typer.Option(1, "--seed", min=0, help=text("cli.demo.seed")),
) -> None:
    """Be a wearable: over a Bluetooth controller, or for a client in this program."""
    from breathcore.source.virtual.radio import require_bumble

    spec, script, wearer = registry.device(device), faults_of(faults), WearerSpec(seed=seed)
    require_bumble()
    if transport:
        asyncio.run(_serve(spec, script, wearer, transport, seconds))
    else:
        _test(spec, script, wearer, seconds or SELF_TEST_S)


async def _serve(
    spec: DeviceSpec, faults: FaultSpec, wearer: WearerSpec, transport: str, seconds: float | None
) -> None:
    """Serve until the time is over or Ctrl-C, which ends the link in order."""
    from breathcore.source.virtual.devices import VirtualDevice
    from breathcore.source.virtual.serve import served

    async with served(VirtualDevice(spec, faults), transport, wearer) as peripheral:
        address = peripheral.device.random_address.to_string(with_type_qualifier=False)
        out.print(text("cli.simulate.serving", name=peripheral.name, address=address), markup=False)
        try:
            async with asyncio.timeout(seconds):
                await _watch(lambda: peripheral.is_connected, lambda: peripheral.notified)
        except (TimeoutError, asyncio.CancelledError):  # the latter: Ctrl-C
            pass
        out.print(_done(peripheral.notified, peripheral.now_s))


async def _watch(is_connected: Callable[[], bool], notified: Callable[[], int]) -> None:
    """Say when a host comes and goes, and show what is sent; ends by being cancelled."""
    started_s, was_connected = time.monotonic(), False
    with status_line() as show:
        while True:
            now_s = time.monotonic() - started_s
            if is_connected() != was_connected:
                was_connected = not was_connected
                _say(now_s, LinkKind.CONNECTED if was_connected else LinkKind.LOST)
            show(_done(notified(), now_s))
            await asyncio.sleep(_LOOK_S)


def _test(spec: DeviceSpec, faults: FaultSpec, wearer: WearerSpec, seconds: float) -> None:
    from breathcore.session.selftest import SelfTest

    started_s = time.monotonic()

    def tell(event: LinkEvent) -> None:
        if event.kind in _SHOWN:
            _say(time.monotonic() - started_s, event.kind)

    test = SelfTest(spec, wearer, faults, tell)

    async def run() -> None:
        with status_line() as show:
            showing = asyncio.create_task(_show(lambda: test.tally.packets_n, started_s, show))
            try:
                await test.run(seconds)
            except asyncio.CancelledError:  # Ctrl-C: the link has been ended, the table comes all the same
                pass
            finally:
                showing.cancel()
                await asyncio.wait([showing])

    asyncio.run(run())
    out.print()
    out.print(_table(spec, test.tally.sent, test.tally.received))
    out.print(_done(test.tally.packets_n, time.monotonic() - started_s))
    if test.tally.faults:
        reasons = ", ".join(f"{reason} {n}" for reason, n in test.tally.faults.most_common())
        out.print(text("cli.faults", count=test.tally.faults.total(), reasons=reasons), markup=False)


async def _show(packets_n: Callable[[], int], started_s: float, show: Callable[[str], None]) -> None:
    while True:
        show(_done(packets_n(), time.monotonic() - started_s))
        await asyncio.sleep(_LOOK_S)


def _say(t_s: float, kind: LinkKind) -> None:
    out.print(text("cli.simulate.link", seconds=words().number(t_s, 1), state=text(f"sensor.link.{kind.value}")))


def _done(packets_n: int, seconds: float) -> str:
    return text("cli.simulate.done", count=packets_n, seconds=words().number(seconds, 0))


def _table(spec: DeviceSpec, sent: dict[str, int], received: dict[str, int]) -> Table:
    headings = ("cli.channel", "cli.measures", "cli.rate", "cli.simulate.sent", "cli.simulate.received")
    table = Table(*(text(id_) for id_ in headings), box=None)
    for channel in spec.channels:
        rate = f"{channel.rate_hz:g} Hz" if channel.rate_hz else text("cli.events")
        counts = (str(sent[channel.id]), str(received[channel.id]))
        table.add_row(channel.id, text(f"role.{channel.role}"), rate, *counts)
    return table
