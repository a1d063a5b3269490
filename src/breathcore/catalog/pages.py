"""A page of documentation for each wearable, made from its file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from breathcore.model.device import ChannelSpec, DeviceSpec, Status

Say = Callable[[str], str]

_STATUS: Mapping[Status, str] = MappingProxyType(
    {
        Status.DOCUMENTED: "documented by its maker, or by several who agree",
        Status.PROVISIONAL: "provisional: found out from outside, not confirmed by its maker",
        Status.UNVERIFIED: "unverified: left alone unless it is asked for by its id",
    }
)
_MADE = "<!-- Made from devices/{id}.toml by `breathcore devices pages`: change that file, not this one. -->"


def page(device: DeviceSpec, say: Say) -> str:
    """Return the page of `device` (Markdown); `say` gives the words of an id (``role.ecg``, ``placement.chest``)."""
    return "\n".join(_page(device, say)) + "\n"


def index(devices: Sequence[DeviceSpec], say: Say) -> str:
    """Return the page that lists all wearables."""
    lines = [
        "<!-- Made from devices/*.toml by `breathcore devices pages`: change those files, not this one. -->",
        "# Wearables",
        "",
        "Every wearable breathcore knows, with what it measures. Yours is not here? See",
        "[how to add a device](../how-to-add-a-device.md).",
        "",
        "| wearable | measures | worn | status |",
        "| --- | --- | --- | --- |",
    ]
    for device in sorted(devices, key=lambda d: d.name.casefold()):
        roles = ", ".join(sorted({say(f"role.{role}") for role in device.roles}))
        placement = say(f"placement.{device.placement}")
        lines.append(f"| [{device.name}]({device.id}.md) | {roles} | {placement} | {device.status.value} |")
    return "\n".join(lines) + "\n"


def _page(device: DeviceSpec, say: Say) -> Iterator[str]:
    yield _MADE.format(id=device.id)
    yield f"# {device.name}"
    yield ""
    yield f"- id: `{device.id}`"
    yield f"- worn: {say(f'placement.{device.placement}')}"
    yield f"- clock: {say(f'clock.{device.clock}')}"
    yield f"- first data: up to {device.time_to_first_data_s:g} s after the link is up"
    yield f"- status: {_STATUS[device.status]}"
    yield from ["", "## What it measures", ""]
    yield "| channel | measures | rate | unit | axes | packets | range |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for channel in device.channels:
        yield _row(channel, say)
    if any(c.optional for c in device.channels):
        yield from ["", "Channels marked with * are streamed only when asked for."]
    yield from ["", "## How to connect", ""]
    yield from _connect(device)
    if device.quirks:
        yield from ["", "## Good to know", ""]
        yield from (f"- {quirk}" for quirk in device.quirks)
    yield from ["", "## Where the numbers come from", ""]
    yield from (f"- {line}" for line in device.evidence)


def _row(channel: ChannelSpec, say: Say) -> str:
    rate = f"{channel.rate_hz:g} Hz" if channel.rate_hz else "events"
    packets = f"every {channel.expected_interval_s:g} s"
    span = f"{channel.limits[0]:g} … {channel.limits[1]:g}" if channel.limits else ""
    cells = (
        f"`{channel.id}`{'*' if channel.optional else ''}", say(f"role.{channel.role}"), rate, channel.unit,
        ", ".join(channel.axes), packets, span,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _connect(device: DeviceSpec) -> Iterator[str]:
    yield from [*_known_by(device), ""]
    yield "```"
    yield "breathcore scan"
    yield f"breathcore record --device {device.id} --seconds 60 --out session.breath"
    yield "```"
    yield ""
    yield "Services:"
    yield ""
    for endpoint in device.endpoints:
        yield f"- `{endpoint.service_uuid}`: {endpoint.id} (codec `{endpoint.codec}`)"


def _known_by(device: DeviceSpec) -> Iterator[str]:
    match = device.match
    if device.status is Status.UNVERIFIED:
        yield "It is not looked for in a scan. Ask for it by its id."
        return
    if match.name_prefixes:
        yield f"It is known by its name, which begins with {' or '.join(repr(p) for p in match.name_prefixes)}."
        return
    ways = [f"the maker's number {match.manufacturer_id}"] if match.manufacturer_id is not None else []
    ways += [f"the service `{uuid}`" for uuid in match.service_uuids]
    yield f"It is known by {' and '.join(ways) if match.manufacturer_id is not None else ' or '.join(ways)}."
