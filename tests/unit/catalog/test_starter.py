"""The first file for a sniffed device: valid at once, right where the bytes tell, marked where they do not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.catalog.guess import guess
from breathcore.catalog.load import load_device_text
from breathcore.catalog.sniffed import Notified, Sniffed, SniffedCharacteristic
from breathcore.catalog.starter import MARK, id_of, starter
from breathcore.decode.registry import LAYOUTS
from breathcore.decode.table import TableCodec
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ClockKind, EndpointSpec, Role
from breathcore.model.table import ChecksumKind, FixedBytes, NumberType

FILE = Path(__file__).parents[3] / "devices/diy_imu.toml"
SERVICE, DATA, COMMAND = (f"8d2f000{k}-5d7a-4c1e-9b3a-6f1c0e5b7a10" for k in (1, 2, 3))
INFO = "8d2f0009-5d7a-4c1e-9b3a-6f1c0e5b7a10"
HEART, LEVEL = (f"0000{k}-0000-1000-8000-00805f9b34fb" for k in ("2a37", "2a19"))
Rows = Callable[[np.random.Generator, int], bytes]


def endpoint() -> EndpointSpec:
    return load_device_text(FILE.read_text("utf-8"), FILE.name, codecs=LAYOUTS).endpoints[0]


def imu(seconds: float = 10.0) -> tuple[Notified, ...]:
    """What the do-it-yourself sensor sends while somebody breathes, each packet a little late."""
    rng, spec = np.random.default_rng(5), endpoint()
    codec, (acc, gyro) = TableCodec(spec), spec.channels
    out = []
    for k in range(round(10 * seconds)):
        t_s = 0.1 * k + np.arange(10) / 100.0
        tilt = 0.05 * np.sin(2 * np.pi * t_s / 5.0)
        x = np.stack([0 * t_s, np.sin(tilt), np.cos(tilt)], axis=1) + 0.003 * rng.standard_normal((10, 3))
        turning = 3.0 * np.cos(2 * np.pi * t_s / 5.0)[:, None] * [1.0, 0.0, 0.0] + 0.1 * rng.standard_normal((10, 3))
        [(_, payload)] = codec.encode(RawBlock(acc, x, 7.0 + t_s, 0.0), RawBlock(gyro, turning, 7.0 + t_s, 0.0))
        out.append(Notified(0.1 * k + float(rng.exponential(0.01)), payload))
    return tuple(out)


def made(seconds: float, interval_s: float, make: Callable[[int], bytes]) -> tuple[Notified, ...]:
    return tuple(Notified(k * interval_s, make(k)) for k in range(round(seconds / interval_s)))


def device(*characteristics: SniffedCharacteristic, name: str = "My IMU") -> Sniffed:
    return Sniffed(name, "AA:BB", (SERVICE,), (), characteristics, 10.0)


def sent_by(notified: tuple[Notified, ...], uuid: str = DATA, uses: tuple[str, ...] = ("notify",)) -> Sniffed:
    command = SniffedCharacteristic(SERVICE, COMMAND, ("write",))
    return device(SniffedCharacteristic(SERVICE, uuid, uses, notified=notified), command)


def test_a_well_made_layout_is_found_out_completely() -> None:
    text = starter(sent_by(imu()), "my_imu")
    assert text is not None
    spec = load_device_text(text, "my_imu.toml", codecs=LAYOUTS)
    found, table = spec.endpoints[0].table, endpoint().table
    assert found is not None
    assert table is not None
    assert (found.head_bytes, found.row_bytes, found.rows_n, found.tail_bytes) == (6, 12, 10, 1)
    assert found.fixed == (FixedBytes(0, "b1"),)
    assert found.checksum is ChecksumKind.CRC8
    assert (found.stamp, found.counter) == (table.stamp, table.counter)
    assert [(f.axis, f.offset, f.type) for f in found.fields] == [(f.axis, f.offset, f.type) for f in table.fields]
    assert [f.scale for f in found.fields[:3]] == [f.scale for f in table.fields[:3]]
    assert [(c.role, c.rate_hz) for c in spec.channels] == [(Role.CHEST_ACC, 100.0), (Role.GYRO, 100.0)]
    assert spec.clock is ClockKind.SAMPLE_STAMP
    assert spec.match.name_prefixes == ("My IMU",)
    assert text.count(MARK) > 5


def test_what_a_starter_reads_is_what_was_sent() -> None:
    notified = imu()
    text = starter(sent_by(notified), "my_imu")
    assert text is not None
    spec = load_device_text(text, "my_imu.toml", codecs=LAYOUTS)
    assert guess(notified) == guess(notified)
    assert starter(sent_by(notified), "my_imu") == text
    assert spec.endpoints[0].characteristics[1].uuid == COMMAND
    assert spec.endpoints[0].table == replace(spec.endpoints[0].table, start_hex=())


def test_the_command_that_started_the_stream_is_in_the_file() -> None:
    orders = [SniffedCharacteristic(SERVICE, uuid, ("write",)) for uuid in (INFO, COMMAND)]
    data = SniffedCharacteristic(SERVICE, DATA, ("notify",), notified=imu())
    text = starter(device(data, orders[0], replace(orders[1], written=b"\x01\xff")), "my_imu")
    assert text is not None
    endpoint = load_device_text(text, "my_imu.toml", codecs=LAYOUTS).endpoints[0]
    assert endpoint.characteristics[1].uuid == COMMAND
    assert endpoint.table is not None
    assert (endpoint.table.command, endpoint.table.start_hex) == ("command", ("01ff",))


@pytest.mark.parametrize("big_endian", [False, True])
def test_acceleration_alone_is_found_in_both_byte_orders(big_endian: bool) -> None:
    rng = np.random.default_rng(2)

    def packet(_: int) -> bytes:
        x = np.rint([120, -700, 700] + 5 * rng.standard_normal((4, 3)))
        return x.astype(">i2" if big_endian else "<i2").tobytes()

    found = guess(made(10.0, 0.08, packet))
    assert found is not None
    assert found.triple is not None
    assert (found.head_bytes, found.row_bytes, found.rows_n, found.rate_hz) == (0, 6, 4, 50.0)
    assert (found.triple.big_endian, found.triple.counts_per_g, found.triple.gyro_offset) == (big_endian, 1000.0, None)
    assert (found.stamp, found.counter, found.checksum) == (None, None, None)


@pytest.mark.parametrize("gyro_first", [False, True])
def test_a_small_axis_beside_a_still_gyroscope_does_not_shift_the_triple(gyro_first: bool) -> None:
    rng = np.random.default_rng(7)

    def packet(_: int) -> bytes:
        acc, gyro = [0.08, -0.72, 0.69] + 0.003 * rng.standard_normal((5, 3)), 4 * rng.standard_normal((5, 3))
        parts = [gyro, 8192 * acc] if gyro_first else [8192 * acc, gyro]
        return np.rint(np.hstack(parts)).astype("<i2").tobytes()

    found = guess(made(10.0, 0.05, packet))
    assert found is not None
    assert found.triple is not None
    assert (found.row_bytes, found.rows_n, found.triple.offset) == (12, 5, 6 if gyro_first else 0)
    assert (found.triple.counts_per_g, found.triple.gyro_offset) == (8192.0, None if gyro_first else 6)


def test_a_smooth_number_becomes_a_belt_and_a_counter_is_kept_apart() -> None:
    rng = np.random.default_rng(3)

    def packet(k: int) -> bytes:
        value = 2000 + 600 * np.sin(k / 20) + rng.normal(0, 3)
        return bytes([0xAA, k & 0xFF]) + int(value).to_bytes(2, "little") + rng.integers(0, 256, 2, np.uint8).tobytes()

    text = starter(sent_by(made(20.0, 0.05, packet), uses=("indicate",)), "belt")
    assert text is not None
    spec = load_device_text(text, "belt.toml", codecs=LAYOUTS)
    table = spec.endpoints[0].table
    assert table is not None
    assert table.counter is not None
    assert (table.counter.offset, table.counter.type) == (1, NumberType.U8)
    assert [(f.offset, f.type) for f in table.fields] == [(0, NumberType.I16)]
    assert table.head_bytes == 2
    assert [c.role for c in spec.channels] == [Role.BELT]
    assert spec.channels[0].rate_hz == 20.0
    assert spec.clock is ClockKind.COUNTER


@given(seed=st.integers(0, 2**32 - 1), length=st.integers(1, 40))
def test_noise_is_never_a_stamp_a_counter_or_a_checksum(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    found = guess(made(3.0, 0.05, lambda _: rng.integers(0, 256, length, np.uint8).tobytes()))
    assert found is None or (found.stamp, found.counter, found.checksum, found.triple) == (None, None, None, None)


@pytest.mark.parametrize(
    "notified",
    [
        (),
        imu(0.5),
        made(5.0, 0.1, lambda _: b"\x01\x02\x03\x04"),
        made(5.0, 0.1, lambda k: bytes(1 + k % 7)),
        made(5.0, 0.1, lambda _: b""),
    ],
    ids=["silent", "too-few", "constant", "of-all-lengths", "empty"],
)
def test_too_little_to_guess_from_makes_no_file(notified: tuple[Notified, ...]) -> None:
    assert guess(notified) is None
    assert starter(sent_by(notified), "nothing") is None


def test_known_characteristics_get_their_codecs() -> None:
    heart = SniffedCharacteristic("0000180d-0000-1000-8000-00805f9b34fb", HEART, ("notify",))
    level = SniffedCharacteristic("0000180f-0000-1000-8000-00805f9b34fb", LEVEL, ("read", "notify"), value=b"d")
    text = starter(device(heart, level, level, name='The "best" strap'), "strap")
    assert text is not None
    spec = load_device_text(text, "strap.toml", codecs=LAYOUTS)
    assert [(e.codec, len(e.channels)) for e in spec.endpoints] == [("battery", 0), ("heart_rate", 2)]
    assert spec.name == 'The "best" strap'
    assert starter(device(level), "strap") is None


def test_a_nameless_device_is_known_by_its_services() -> None:
    sniffed = Sniffed("", "AA:BB", (), (), sent_by(imu()).characteristics, 10.0)
    text = starter(sniffed, "nameless")
    assert text is not None
    assert load_device_text(text, "nameless.toml", codecs=LAYOUTS).match.service_uuids == (SERVICE,)


@pytest.mark.parametrize(("name", "id_"), [("My IMU-2", "my_imu_2"), ("  ", "my_device"), ("Ä", "my_device")])
def test_ids_are_made_of_names(name: str, id_: str) -> None:
    assert id_of(name) == id_
