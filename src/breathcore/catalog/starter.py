"""A first device file for a wearable that was sniffed: valid at once, and what is guessed in it marked CHECK."""

import json
import re
from collections.abc import Iterator, Sequence

from breathcore.catalog.guess import Guess, guess
from breathcore.catalog.sniffed import Sniffed, SniffedCharacteristic

MARK = "# CHECK: "
_GYRO_SCALE = 0.061  # of a sensor set to 2000 deg/s: as good a start as any
_HEART_RATE = ("00002a37-0000-1000-8000-00805f9b34fb", "heart_rate", "measurement")
_BATTERY = ("00002a19-0000-1000-8000-00805f9b34fb", "battery", "level")
_WRITES = {"write", "write-without-response"}


def starter(sniffed: Sniffed, id_: str) -> str | None:
    """Return the text of ``<id_>.toml``, None where nothing was found that a file could be made of.

    Characteristics of the heart-rate and battery services get their codecs; every other that sent enough packets of one
    length gets a table with what `guess` makes of it.
    """
    tables = [(c, g) for c in sniffed.characteristics if not _known(c) and (g := guess(c.notified)) is not None]
    known = {k: c for c in reversed(sniffed.characteristics) if (k := _known(c)) is not None}
    if not tables and _HEART_RATE not in known:
        return None
    ids = [f"data{n}" if n > 1 else "data" for n in range(1, len(tables) + 1)]
    parts = [*_head(sniffed, id_, tables)]
    for endpoint, (c, found) in zip(ids, tables, strict=True):
        parts += _table(sniffed, endpoint, c, found)
    for (_, codec, name), c in sorted(known.items()):
        parts += _known_endpoint(c, codec, name)
    return "\n".join(parts) + "\n"


def id_of(name: str) -> str:
    """Return an id for a device called `name`: small letters, digits and _."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40] or "my_device"


def _known(c: SniffedCharacteristic) -> tuple[str, str, str] | None:
    return next((k for k in (_HEART_RATE, _BATTERY) if c.uuid == k[0]), None)


def _head(sniffed: Sniffed, id_: str, tables: list[tuple[SniffedCharacteristic, Guess]]) -> Iterator[str]:
    guesses = [g for _, g in tables]
    clock = (
        "sample_stamp" if any(g.stamp for g in guesses) else "counter" if any(g.counter for g in guesses) else "none"
    )
    packets_n = sum(len(c.notified) for c in sniffed.characteristics)
    yield "# Written by `breathcore devices sniff`. Lines marked CHECK are guesses or wishes: make them right, then"
    yield f"# `breathcore devices check {id_}.toml`. Every key is explained in docs/how-to-add-a-device.md."
    yield f'id = "{id_}"'
    yield f"name = {json.dumps(sniffed.name or id_, ensure_ascii=False)}"
    yield f'placement = "trunk"  {MARK}arm, chest, shirt, trunk or waist'
    yield f'clock = "{clock}"'
    yield "time_to_first_data_s = 5.0"
    said = f"Sniffed: {packets_n} packets in {sniffed.seconds:g} s. What they mean is a guess."
    yield f"evidence = [{json.dumps(said)}]  {MARK}say where each number comes from"
    yield ""
    yield "[match]"
    if sniffed.name:
        yield f"name_prefixes = [{json.dumps(sniffed.name, ensure_ascii=False)}]  {MARK}leave out a serial number"
    else:
        services = sniffed.service_uuids or tuple(dict.fromkeys(c.service_uuid for c, _ in tables))
        yield f"service_uuids = {json.dumps(list(services))}  {MARK}does no other device have them?"


def _table(sniffed: Sniffed, endpoint: str, c: SniffedCharacteristic, found: Guess) -> Iterator[str]:
    yield from _endpoint(endpoint, "table", c, "data", ["notify" if "notify" in c.properties else "indicate"])
    writable = [
        o for o in sniffed.characteristics if o.service_uuid == c.service_uuid and not _WRITES.isdisjoint(o.properties)
    ]
    command = next((o for o in writable if o.written), writable[0] if writable else None)
    if command is not None:
        yield ""
        yield "[[endpoints.characteristics]]"
        yield f'name = "command"  {MARK}does it start the stream? Then say start_hex and stop_hex below'
        yield f'uuid = "{command.uuid}"'
        yield 'uses = ["write"]'
    yield from _channels(endpoint, found)
    yield ""
    yield "[endpoints.table]"
    if command is not None:
        yield 'command = "command"'
        if command.written:
            yield f'start_hex = ["{command.written.hex()}"]  {MARK}and is there a stop_hex?'
    yield f"head_bytes = {found.head_bytes}"
    yield f"row_bytes = {found.row_bytes}"
    yield f"rows_n = {found.rows_n}"
    yield from _frame(found)
    yield "fields = ["
    yield from _fields(endpoint, found)
    yield "]"


def _frame(found: Guess) -> Iterator[str]:
    if found.checksum:
        yield f"tail_bytes = {found.tail_bytes}"
        yield f'checksum = "{found.checksum}"'
    if found.fixed_hex:
        yield f'fixed = [{{ offset = 0, bytes_hex = "{found.fixed_hex}" }}]  {MARK}always the same in what was heard'
    if found.counter:
        yield f'counter = {{ offset = {found.counter.offset}, type = "{found.counter.type}" }}'
    if found.stamp:
        order = ", big_endian = true" if found.stamp.big_endian else ""
        scale = f"{found.stamp.scale_s:.15f}".rstrip("0")
        yield (
            f'stamp = {{ offset = {found.stamp.offset}, type = "{found.stamp.type}", scale_s = {scale}{order} }}'
            f"  {MARK}of the first row? Else of_last = true"
        )


def _channels(endpoint: str, found: Guess) -> Iterator[str]:
    interval = f"expected_interval_s = {max(found.interval_s, found.rows_n / found.rate_hz):.4g}"
    rate = (
        f"rate_hz = {found.rate_hz}  {MARK}as its maker says; {1.0 / found.interval_s:.3g} packets a second were heard"
    )
    if found.triple is None:
        yield from ["", "[[endpoints.channels]]", f'id = "{endpoint}_belt"']
        yield f'role = "belt"  {MARK}a smooth number; what is it?'
        yield from [f'unit = "a.u."  {MARK}N, V, L or a.u.', 'axes = ["value"]', rate, interval]
        return
    yield from ["", "[[endpoints.channels]]", f'id = "{endpoint}_acc"']
    yield f'role = "chest_acc"  {MARK}acc, if it is worn on an arm'
    yield from ['unit = "g"', 'axes = ["x", "y", "z"]', rate, interval]
    if found.triple.gyro_offset is not None:
        yield from ["", "[[endpoints.channels]]", f'id = "{endpoint}_gyro"']
        yield f'role = "gyro"  {MARK}three more numbers; is it a gyroscope?'
        yield from ['unit = "deg/s"', 'axes = ["x", "y", "z"]', rate, interval]


def _fields(endpoint: str, found: Guess) -> Iterator[str]:
    if found.triple is None:
        yield f'  {{ channel = "{endpoint}_belt", axis = "value", offset = {found.number_offset}, type = "i16" }},'
        return
    order = ", big_endian = true" if found.triple.big_endian else ""
    groups = [("acc", found.triple.offset, 1.0 / found.triple.counts_per_g, "so that it shows 1 g at rest")]
    if found.triple.gyro_offset is not None:
        groups.append(("gyro", found.triple.gyro_offset, _GYRO_SCALE, "deg/s a count, from its data sheet"))
    for name, offset, scale, why in groups:
        for k, axis in enumerate("xyz"):
            scale_text = f"{scale:.15f}".rstrip("0")
            yield (
                f'  {{ channel = "{endpoint}_{name}", axis = "{axis}", offset = {offset + 2 * k}, type = "i16", '
                f"scale = {scale_text}{order} }},  {MARK}{why}"
            )


def _known_endpoint(c: SniffedCharacteristic, codec: str, name: str) -> Iterator[str]:
    uses = [use for use in ("read", "notify", "indicate") if use in c.properties]
    yield from _endpoint(codec, codec, c, name, uses, no_channels=codec == "battery")
    if codec == "heart_rate":
        for id_, role, unit in (("hr", "heart_rate", "beats/min"), ("rr", "rr", "s")):
            yield from ["", "[[endpoints.channels]]", f'id = "{id_}"', f'role = "{role}"', f'unit = "{unit}"']
            yield from [f'axes = ["{id_}"]', "rate_hz = 0.0"]


def _endpoint(
    id_: str, codec: str, c: SniffedCharacteristic, name: str, uses: Sequence[str], *, no_channels: bool = False
) -> Iterator[str]:
    yield from ["", "[[endpoints]]", f'id = "{id_}"', f'codec = "{codec}"', f'service_uuid = "{c.service_uuid}"']
    if no_channels:
        yield "channels = []"
    yield from ["", "[[endpoints.characteristics]]", f'name = "{name}"', f'uuid = "{c.uuid}"']
    yield f"uses = {json.dumps(list(uses))}"
