"""``breathcore record --device NAME``."""

import asyncio
import math
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from breathcore.cli.radio import RadioText, radio_named
from breathcore.cli.words import err, out, text, words
from breathcore.feedback.frame import FeedbackFrame, SensorFrame
from breathcore.model.device import Place
from breathcore.model.errors import BreathcoreError, Reason, SessionFileError
from breathcore.model.packets import LinkKind
from breathcore.session.bridge import Bridge
from breathcore.session.capture import Capture
from breathcore.session.sensors import devices_of, recognised, sensor_named
from breathcore.session.tally import ChannelTally, DeviceTally
from breathcore.source.ble import BleSource

FIND_S = 15.0  # for the first of the devices to be heard
STATUS_S = 0.5


def command(
    *,
    device: list[str] = typer.Option(..., "--device", metavar="NAME[@PLACE]", help=text("cli.record.device")),
    place: list[Place] = typer.Option([], "--place", help=text("cli.record.place")),
    streams: str = typer.Option("", "--streams", metavar="ID,ID", help=text("cli.record.streams")),
    seconds: float | None = typer.Option(None, "--seconds", min=1.0, help=text("cli.record.seconds")),
    file: Path = typer.Option(..., "--out", metavar="FILE", help=text("cli.record.out")),
    person: str = typer.Option("", "--person", help=text("cli.train.person")),
    radio: RadioText = "",
) -> None:
    """Record wearables into a session file, without a window and without a drill."""
    if len(place) > len(device):
        raise BreathcoreError(Reason.INVALID_VALUE, name="place", value=str(len(place)), bound=f"≤ {len(device)}")
    sensors = [sensor_named(name, where) for name, where in zip_longest(device, place)]
    if file.exists():
        raise SessionFileError(Reason.SESSION_EXISTS, path=str(file))
    air = radio_named(radio)
    known = asyncio.run(recognised(sensors, FIND_S, air))
    devices = devices_of(known, [s.strip() for s in streams.split(",") if s.strip()])
    bridge = Bridge()
    capture = Capture(
        BleSource(devices, radio=air),
        file,
        bridge,
        seconds=seconds,
        find_s=FIND_S,
        origin="sim" if radio else "ble",
        language=words().language,
        person=person,
    )
    try:
        asyncio.run(_recorded(capture, bridge))
    finally:
        _summarise(capture, file)
    if not any(channel.samples_n for tally in capture.devices() for channel in tally.channels):
        raise typer.Exit(1)  # a file of links and no samples is not what was asked for


async def _recorded(capture: Capture, bridge: Bridge) -> None:
    """Run to the end; Ctrl-C asks for it, however often it is pressed."""
    loop = asyncio.get_running_loop()
    with _interrupted_by(lambda: loop.call_soon_threadsafe(capture.stop)), _status() as show:
        running = asyncio.ensure_future(capture.run())
        while not running.done():
            await asyncio.wait([running], timeout=STATUS_S)
            if bridge.latest is not None:
                show(bridge.latest, capture.devices())
        await running


@contextmanager
def _interrupted_by(stop: Callable[[], object]) -> Iterator[None]:
    """Let Ctrl-C call `stop` instead of breaking off."""
    before = signal.signal(signal.SIGINT, lambda *_: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# ── while it runs ────────────────────────────────────────────────────────────────────────────────────────────────────

_Show = Callable[[FeedbackFrame, Sequence[DeviceTally]], None]


@contextmanager
def _status() -> Iterator[_Show]:
    """Yield what shows how the devices do: a table that changes in place or, without a terminal, a line per change."""
    if not err.is_terminal:
        yield _Lines()
        return
    paces = _Paces()
    with Live(console=err, transient=True, auto_refresh=False) as live:
        yield lambda frame, tallies: live.update(_table(frame, paces(frame.t_s, tallies)), refresh=True)


class _Lines:
    """Says once what a link has come to."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def __call__(self, frame: FeedbackFrame, tallies: Sequence[DeviceTally]) -> None:
        for sensor in frame.sensors:
            line = f"{sensor.name}: {_sentence(sensor)}"
            if self._said.get(sensor.key) != line:
                self._said[sensor.key] = line
                err.print(line, markup=False)


class _Paces:
    """Samples a second of each device since the last time."""

    def __init__(self) -> None:
        self._t_s = 0.0
        self._counts: dict[str, int] = {}

    def __call__(self, t_s: float, tallies: Sequence[DeviceTally]) -> dict[str, float]:
        counts = {d.key: sum(c.samples_n for c in d.channels) for d in tallies}
        past_s = max(t_s - self._t_s, STATUS_S)
        paces = {key: (n - self._counts.get(key, 0)) / past_s for key, n in counts.items()}
        self._t_s, self._counts = t_s, counts
        return paces


def _table(frame: FeedbackFrame, paces: dict[str, float]) -> Group:
    table = Table(box=None)
    for heading in ("cli.name", "cli.record.where", "cli.record.battery", "cli.record.pace", "cli.record.how"):
        table.add_column(text(heading), justify="right" if heading == "cli.record.pace" else "left")
    for sensor in frame.sensors:
        table.add_row(
            Text(sensor.name),
            text(f"place.{sensor.place}") if sensor.place else "–",
            "–" if sensor.battery_percent is None else f"{sensor.battery_percent} %",
            f"{paces.get(sensor.key, 0.0):.0f}",
            Text(_sentence(sensor)),
        )
    rate = "–" if frame.rate_bpm is None else words().number(frame.rate_bpm, 1)
    return Group(Text(text("cli.record.running", clock=_clock(frame.t_s), rate=rate)), table)


def _sentence(sensor: SensorFrame) -> str:
    if sensor.message is not None and sensor.link is not LinkKind.CLOSED:
        return words().say(sensor.message)
    return text(f"sensor.link.{sensor.link}")


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(int(t_s), 60)
    return f"{minutes}:{seconds:02}"


# ── at the end ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _summarise(capture: Capture, file: Path) -> None:
    if not file.exists():
        out.print(text("cli.record.nothing"))
        return
    out.print(text("cli.record.done", seconds=capture.now_s, file=str(file)), markup=False)
    for device in capture.devices():
        battery = "–" if device.battery_percent is None else f"{device.battery_percent} %"
        counts = {"packets": device.packets_n, "faults": device.faults_n, "lost": device.lost_n}
        out.print(text("cli.record.device-done", device=device.key, battery=battery, **counts), markup=False)
        for channel in device.channels:
            out.print(_channel(channel), markup=False)


def _channel(tally: ChannelTally) -> str:
    id_, nominal_hz = tally.channel.id, tally.channel.rate_hz
    if nominal_hz == 0:
        return text("cli.record.events-done", channel=id_, samples=tally.samples_n, gaps=tally.gaps_n)
    measured = "–" if math.isnan(tally.rate_hz) else words().number(tally.rate_hz, 2)
    return text(
        "cli.record.channel-done",
        channel=id_,
        samples=tally.samples_n,
        measured=measured,
        nominal=nominal_hz,
        gaps=tally.gaps_n,
    )
