"""Every wearable's file fits the codecs it names."""

from pathlib import Path

import numpy as np
import pytest

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS, make_codec
from breathcore.model.blocks import RawBlock
from breathcore.model.device import CharacteristicUse, ClockKind, DeviceSpec, EndpointSpec
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan

FOLDER = Path(__file__).parents[2] / "devices"
FILES = [*sorted(FOLDER.glob("*.toml")), FOLDER / "_template.toml.example"]
SENT = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}


def spec_of(file: Path) -> DeviceSpec:
    name = "my_strap.toml" if file.suffix == ".example" else str(file)
    return load_device_text(file.read_text(encoding="utf-8"), name, codecs=LAYOUTS)


def uses(endpoint: EndpointSpec) -> dict[str, set[CharacteristicUse]]:
    return {f"{endpoint.id}.{c.name}": set(c.uses) for c in endpoint.characteristics}


def whole_packets(endpoint: EndpointSpec) -> int:
    """How many rows to encode: 4, or what fills 4 packets of a table."""
    return 4 if endpoint.table is None else 4 * max(endpoint.table.rows_n, 1)


each_file = pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)


@each_file
def test_what_a_codec_asks_for_can_be_asked(file: Path) -> None:
    for endpoint in spec_of(file).endpoints:
        codec = make_codec(endpoint)
        for request in (*codec.start(StreamPlan(endpoint.channels)), *codec.stop()):
            use = CharacteristicUse.WRITE if isinstance(request, Write) else CharacteristicUse.READ
            assert use in uses(endpoint)[request.endpoint]


@each_file
def test_every_channel_travels_on_a_characteristic_that_sends(file: Path) -> None:
    spec = spec_of(file)
    for endpoint in spec.endpoints:
        rows_n = whole_packets(endpoint)
        for channel in endpoint.channels:
            times = 1000.0 + np.arange(rows_n) / channel.rate_hz if channel.rate_hz else None
            block = RawBlock(channel, np.ones((rows_n, len(channel.axes))), times, 0.0)
            packets = make_codec(endpoint).encode(block)
            assert packets
            assert all(uses(endpoint)[name] & SENT for name, _ in packets)


@each_file
def test_the_clock_it_claims_is_the_clock_it_has(file: Path) -> None:
    spec = spec_of(file)
    sampled = any(c.rate_hz > 0 for c in spec.channels)
    if spec.clock is ClockKind.COUNTER:
        assert sampled, "events are not counted"
    if spec.clock is not ClockKind.NONE:
        return
    for endpoint in spec.endpoints:
        codec, rows_n = make_codec(endpoint), whole_packets(endpoint)
        for channel in endpoint.channels:
            times = 1000.0 + np.arange(rows_n) / channel.rate_hz if channel.rate_hz else None
            block = RawBlock(channel, np.ones((rows_n, len(channel.axes))), times, 0.0)
            packets = [Packet("d", e, Direction.NOTIFY, 0, payload) for e, payload in codec.encode(block)]
            assert all(b.t_device_s is None for p in packets for b in codec.receive(p).blocks)


@each_file
def test_limits_that_are_given_are_limits(file: Path) -> None:
    for channel in spec_of(file).channels:
        low, high = channel.limits or (0.0, 1.0)
        assert low < high, channel.id
        assert channel.max_step is None or channel.max_step < high - low, channel.id


@each_file
def test_uuids_are_written_in_full(file: Path) -> None:
    for endpoint in spec_of(file).endpoints:
        for uuid in (endpoint.service_uuid, *(c.uuid for c in endpoint.characteristics)):
            assert len(uuid) == 36
            assert uuid == uuid.lower()


def test_an_h10_frame_of_acceleration_is_short_enough_for_a_trainer() -> None:
    acc = next(c for c in spec_of(FOLDER / "polar_h10.toml").channels if c.id == "acc")
    assert acc.rate_hz == acc.settings["sample_rate"] == 200
    assert acc.expected_interval_s == pytest.approx(36 / acc.rate_hz)
