"""Layouts in device files: what becomes of a good one, and which cannot be, named by file and key."""

import pytest

from breathcore.catalog.load import load_device_text
from breathcore.decode.registry import LAYOUTS
from breathcore.model.errors import CatalogError, Reason
from breathcore.model.table import (
    ChecksumKind,
    CounterKind,
    CounterSpec,
    FieldSpec,
    FixedBytes,
    NumberType,
    StampSpec,
    TableSpec,
)

IMU = """
id = "imu"
name = "An IMU"
placement = "trunk"
clock = "sample_stamp"
time_to_first_data_s = 3
evidence = ["Its sketch."]

[match]
name_prefixes = ["IMU"]

[[endpoints]]
id = "imu"
codec = "table"
service_uuid = "180d"

[[endpoints.characteristics]]
name = "samples"
uuid = "2a37"
uses = ["notify"]

[[endpoints.characteristics]]
name = "orders"
uuid = "2a39"
uses = ["write"]

[[endpoints.channels]]
id = "acc"
role = "chest_acc"
unit = "g"
axes = ["x", "y", "z"]
rate_hz = 100.0

[[endpoints.channels]]
id = "temperature"
role = "temperature"
unit = "degC"
axes = ["t"]
rate_hz = 0.0

[endpoints.table]
data = "samples"
command = "orders"
start_hex = ["01"]
head_bytes = 8
row_bytes = 8
rows_n = 5
tail_bytes = 1
fixed = [{ offset = 0, bytes_hex = "aa" }]
stamp = { offset = 1, type = "u32", scale_s = 0.001, of_last = true }
counter = { offset = 5, type = "u16", counts = "samples", big_endian = true }
checksum = "crc8"
fields = [
  { channel = "acc", axis = "x", offset = 0, type = "i16", scale = 0.001 },
  { channel = "acc", axis = "y", offset = 2, type = "i16", scale = 0.001 },
  { channel = "acc", axis = "z", offset = 4, type = "i16", scale = 0.001 },
  { channel = "temperature", axis = "t", offset = 6, type = "u16", scale = 0.01, bias = -40.0, big_endian = true },
]
"""


def imu(old: str = "", new: str = "") -> str:
    assert old in IMU
    return IMU.replace(old, new, 1)


def test_a_layout_becomes_frozen_model() -> None:
    table = load_device_text(IMU, "imu.toml", codecs=LAYOUTS).endpoints[0].table
    assert table == TableSpec(
        head_bytes=8,
        row_bytes=8,
        fields=(
            *(FieldSpec("acc", axis, 2 * k, NumberType.I16, 0.001) for k, axis in enumerate("xyz")),
            FieldSpec("temperature", "t", 6, NumberType.U16, 0.01, -40.0, big_endian=True),
        ),
        rows_n=5,
        tail_bytes=1,
        fixed=(FixedBytes(0, "aa"),),
        stamp=StampSpec(1, NumberType.U32, 0.001, of_last=True),
        counter=CounterSpec(5, NumberType.U16, CounterKind.SAMPLES, big_endian=True),
        checksum=ChecksumKind.CRC8,
        data="samples",
        command="orders",
        start_hex=("01",),
    )


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (imu("head_bytes", "head_byte"), "table.head_byte", "unknown key"),
        (imu("rows_n = 5", "rows_n = -1"), "table.rows_n", "greater than or equal to 0 (is -1)"),
        (imu("rows_n = 5", "rows_n = 64"), "table.rows_n", "packets of 521 bytes, at most 512"),
        (imu("row_bytes = 8", "row_bytes = 7"), "table.fields.3.offset", "ends at 8, but a row has 7 bytes"),
        (imu("offset = 2", "offset = -2"), "table.fields.1.offset", "(is -2)"),
        (imu("offset = 4", "offset = 3"), "table.fields.2.offset", "3 lies in the bytes of fields.1.offset"),
        (imu('"acc", axis = "y"', '"arm", axis = "y"'), "table.fields.1.channel", "no channel 'arm', but: acc"),
        (imu('axis = "y"', 'axis = "w"'), "table.fields.1.axis", "no axis 'w', but: x, y, z"),
        (imu('axis = "y"', 'axis = "x"'), "table.fields.1.axis", "acc x is there twice"),
        (imu('["t"]', '["u"]'), "table.fields.3.axis", "no axis 't', but: u"),
        (
            imu('  { channel = "acc", axis = "z", offset = 4, type = "i16", scale = 0.001 },\n', ""),
            "channels.0.axes", "the table has no field for z",
        ),
        (imu("scale = 0.001 }", "scale = 0.0 }"), "table.fields.0.scale", "may not be 0"),
        (imu('"u16", scale', '"u12", scale'), "table.fields.3.type", "u12"),
        (imu("stamp = { offset = 1", "stamp = { offset = 6"), "table.stamp.offset", "beyond the head, which has 8"),
        (imu("stamp = { offset = 1", "stamp = { offset = 0"), "table.stamp.offset", "0 lies in the bytes of fixed.0"),
        (imu("counter = { offset = 5", "counter = { offset = 3"), "table.counter.offset", "in the bytes of stamp"),
        (imu("counter = { offset = 5", "counter = { offset = 7"), "table.counter.offset", "beyond the head"),
        (imu('"u32"', '"f32"'), "table.stamp.type", "one of u8, u16, u24, u32, u64"),
        (imu("scale_s = 0.001", "scale_s = 0.0"), "table.stamp.scale_s", "greater than 0"),
        (imu("tail_bytes = 1", "tail_bytes = 0"), "table.checksum_offset", "beyond the tail, which has 0 bytes"),
        (imu('"crc8"', '"crc8"\nchecksum_offset = 2'), "table.checksum_offset", "in the bytes of stamp"),
        (imu('"crc8"', '"crc16"'), "table.checksum", "crc16"),
        (imu('offset = 0, bytes_hex = "aa"', 'offset = -2, bytes_hex = "aa"'), "table.fixed.0.offset", "tail"),
        (imu('"aa"', '"a"'), "table.fixed.0.bytes_hex", "pattern"),
        (imu('["01"]', '["0x01"]'), "table.start_hex.0", "pattern"),
        (imu('command = "orders"\n', ""), "table.start_hex", "needs the key command"),
        (imu('command = "orders"', 'command = "order"'), "table.command", "'order', but: samples, orders"),
        (imu('command = "orders"', 'command = "samples"'), "table.command", "'samples' is not written to"),
        (imu('data = "samples"', 'data = "data"'), "table.data", "'data', but: samples, orders"),
        (imu('data = "samples"', 'data = "orders"'), "table.data", "'orders' does not notify"),
        (imu('codec = "table"', 'codec = "samples"'), "table", "is for the codec 'table' only"),
        (imu("rate_hz = 0.0", "rate_hz = 50.0"), "channels", "one rate, not 50, 100"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_is_refused_by_key(text: str, key: str, problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_device_text(text, "imu.toml", codecs=LAYOUTS)
    assert caught.value.reason is Reason.FILE_INVALID
    assert caught.value.params["file"] == "imu.toml"
    assert caught.value.params["key"] == f"endpoints.0.{key}"
    assert problem in str(caught.value.params["problem"])


def test_the_codec_table_needs_a_layout() -> None:
    with pytest.raises(CatalogError, match=r"endpoints\.0\.table.*missing"):
        load_device_text(IMU[: IMU.index("[endpoints.table]")], "imu.toml", codecs=LAYOUTS)


@pytest.mark.parametrize(
    ("removed", "clock"),
    [
        ((), "sample_stamp"),
        (("stamp",), "counter"),
        (("stamp", "counter"), "none"),
    ],
)
def test_the_clock_is_what_the_layout_makes_it(removed: tuple[str, ...], clock: str) -> None:
    lines = [line for line in IMU.splitlines() if not line.startswith(tuple(f"{key} =" for key in removed))]
    text = "\n".join(lines).replace('clock = "sample_stamp"', f'clock = "{clock}"')
    assert load_device_text(text, "imu.toml", codecs=LAYOUTS).clock.value == clock
    wrong = text.replace(f'clock = "{clock}"', f'clock = "{"none" if clock != "none" else "counter"}"')
    with pytest.raises(CatalogError, match=f"'clock'.*make it '{clock}'"):
        load_device_text(wrong, "imu.toml", codecs=LAYOUTS)
