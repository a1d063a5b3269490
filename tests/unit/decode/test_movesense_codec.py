"""The conversation with a Movesense, and its packets there and back."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.decode import movesense_packets as move
from breathcore.decode.checked import CheckedCodec
from breathcore.decode.movesense import MovesenseCodec
from breathcore.decode.movesense_packets import Code, MoveCommand, MoveData, MoveNotification, Op
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.packets import Direction, Packet, Write
from breathcore.model.protocols import StreamPlan

XYZ = ("x", "y", "z")
ACC = ChannelSpec("acc", Role.CHEST_ACC, "g", XYZ, 52.0)
GYRO = ChannelSpec("gyro", Role.GYRO, "deg/s", XYZ, 52.0)
MAG = ChannelSpec("mag", Role.MAG, "uT", XYZ, 52.0)
ECG = ChannelSpec("ecg", Role.ECG, "uV", ("ecg",), 125.0)
HR = ChannelSpec("hr", Role.HEART_RATE, "beats/min", ("hr",), 0.0)
RR = ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0)
TEMPERATURE = ChannelSpec("temperature", Role.TEMPERATURE, "degC", ("t",), 0.0)
IMU6 = "/Meas/IMU6/52"
IMU_PATHS = [
    f"/Meas/{kind}/{rate}" for kind in ("Acc", "Gyro", "Magn", "IMU6", "IMU6m", "IMU9") for rate in (13, 52, 104)
]
single = st.floats(-2000, 2000, width=32)


def started(*channels: ChannelSpec) -> MovesenseCodec:
    codec = MovesenseCodec("m", channels)
    codec.start(StreamPlan(channels))
    return codec


def heard(codec: MovesenseCodec, value: MoveNotification, t_s: float = 0.0) -> Received:
    return codec.receive(Packet("d", "m.data", Direction.NOTIFY, round(t_s * 1e9), move.encode_notification(value)))


def motion(stamp_ms: int, rows_n: int = 4, value: float = 1.0) -> bytes:
    return move.encode_data(IMU6, MoveData({n: np.full((rows_n, 3), value) for n in ("acc", "gyro")}, stamp_ms))


def data(codec: MovesenseCodec, *payloads: bytes, ref: int = 2, step_s: float = 0.077) -> list[Received]:
    return [heard(codec, MoveNotification(Code.DATA, ref, payload=p), n * step_s) for n, p in enumerate(payloads)]


def reasons(results: Sequence[Received]) -> list[FaultReason]:
    return [f.reason for r in results for f in r.faults]


def paths(*channels: ChannelSpec) -> list[str]:
    requests = MovesenseCodec("m", channels).start(StreamPlan(channels))
    commands = [move.decode_command(r.payload) for r in requests if isinstance(r, Write)]
    assert commands[0].op == Op.HELLO
    return [c.path for c in commands[1:]]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((ACC,), ["/Meas/Acc/52"]),
        ((ACC, GYRO), [IMU6]),
        ((ACC, MAG), ["/Meas/IMU6m/52"]),
        ((GYRO, MAG), ["/Meas/IMU9/52"]),
        ((ACC, GYRO, MAG), ["/Meas/IMU9/52"]),
        ((ACC, replace(GYRO, rate_hz=104.0)), ["/Meas/Acc/52", "/Meas/Gyro/104"]),
        ((replace(ECG, settings={"sample_rate": 200}), HR, RR), ["/Meas/ECG/200", "/Meas/HR"]),
        ((RR, TEMPERATURE), ["/Meas/HR", "/Meas/Temp"]),
    ],
)
def test_one_path_brings_what_can_come_together(channels: tuple[ChannelSpec, ...], expected: list[str]) -> None:
    assert paths(*channels) == expected


def test_stop_ends_every_subscription() -> None:
    codec = started(ACC, ECG)
    ends = [move.decode_command(r.payload) for r in codec.stop() if isinstance(r, Write)]
    assert ends == [MoveCommand(Op.UNSUBSCRIBE, 2), MoveCommand(Op.UNSUBSCRIBE, 3)]


def test_a_status_other_than_200_is_a_refusal() -> None:
    codec = started(ACC, GYRO)
    assert not heard(codec, MoveNotification(Code.RESULT, 1)).faults  # the greeting's answer has no status
    assert not heard(codec, MoveNotification(Code.RESULT, 2, 200)).faults
    (fault,) = heard(codec, MoveNotification(Code.RESULT, 2, 404)).faults
    assert (fault.reason, fault.detail) == (FaultReason.REFUSED, f"{IMU6}: 404")


def test_acceleration_is_told_in_g_and_the_ecg_in_microvolts() -> None:
    codec = started(ACC, GYRO, ECG)
    rows = {"acc": np.full((4, 3), 9.80665), "gyro": np.full((4, 3), 2.0)}
    acc, gyro = data(codec, move.encode_data(IMU6, MoveData(rows, 500)))[0].blocks
    np.testing.assert_allclose(acc.x, np.ones((4, 3)), atol=1e-6)
    np.testing.assert_array_equal(gyro.x, np.full((4, 3), 2.0))
    counts = MoveData({"ecg": np.full((16, 1), 1000.0)}, 7)
    (ecg,) = data(codec, move.encode_data("/Meas/ECG/125", counts), ref=3)[0].blocks
    np.testing.assert_allclose(ecg.x, np.full((16, 1), 381.469726563))


def test_the_ecg_in_millivolts_is_told_in_microvolts_too() -> None:
    codec = started(ECG)
    write = move.encode_command(MoveCommand(Op.SUBSCRIBE, 9, "/Meas/Ecg/200/mV"))
    codec.receive(Packet("d", "m.command", Direction.WRITE, 0, write))
    payload = move.encode_data("/Meas/Ecg/200/mV", MoveData({"ecg": np.full((16, 1), 1500.0)}, 7))
    (ecg,) = data(codec, payload, ref=9)[0].blocks
    assert ecg.x[0, 0] == 1500.0
    assert ecg.channel.rate_hz == 200.0


def test_temperature_and_heart_are_told_in_their_units() -> None:
    codec = started(HR, RR, TEMPERATURE)
    beat = move.encode_data("/Meas/HR", MoveData({"hr": np.array([[66.5]]), "rr": np.array([[904.0]])}))
    hr, rr = data(codec, beat)[0].blocks
    assert (hr.x[0, 0], rr.x[0, 0], rr.lost_n) == (66.5, pytest.approx(0.904), 1)
    warm = move.encode_data("/Meas/Temp", MoveData({"temp": np.array([[306.15]])}, 5))
    (temperature,) = data(codec, warm, ref=3)[0].blocks
    assert temperature.x[0, 0] == pytest.approx(33.0, abs=1e-4)
    assert temperature.t_device_s is None


def test_a_result_that_is_cut_is_told() -> None:
    result = started(ACC).receive(Packet("d", "m.data", Direction.NOTIFY, 0, bytes([Code.RESULT, 2, 200])))
    assert reasons([result]) == [FaultReason.TRUNCATED]


def test_a_heart_rate_below_zero_is_given_to_be_refused_and_counted() -> None:
    codec = CheckedCodec(started(replace(HR, limits=(15.0, 300.0))))
    payload = move.encode_data("/Meas/HR", MoveData({"hr": np.array([[-60.0]]), "rr": np.array([[1000.0]])}))
    packet = Packet("d", "m.data", Direction.NOTIFY, 0, bytes([Code.DATA, 2]) + payload)
    assert reasons([codec.receive(packet)]) == [FaultReason.OUT_OF_RANGE]


def test_a_beat_without_an_interval_is_a_lost_beat() -> None:
    codec = started(HR, RR)
    beats = [
        move.encode_data("/Meas/HR", MoveData({"hr": np.array([[60.0]]), "rr": np.array([[ms]])}))
        for ms in (1000.0, 0.0, 0.0, 990.0)
    ]
    rr = [b for r in data(codec, *beats) for b in r.blocks if b.channel is RR]
    assert [(round(b.x[0, 0], 3), b.lost_n) for b in rr] == [(1.0, 1), (0.99, 2)]


def test_times_come_from_successive_stamps() -> None:
    results = data(started(ACC, GYRO), motion(1000), motion(1078), motion(1156))
    times = np.concatenate([b.t_device_s for r in results for b in r.blocks[:1] if b.t_device_s is not None])
    np.testing.assert_allclose(times[4:], 1.078 + 0.0195 * np.arange(8))


def test_stamps_that_wrap_go_on() -> None:
    results = data(started(ACC, GYRO), motion(2**32 - 77), motion(0), motion(77))
    firsts = [r.blocks[0].t_device_s[0] for r in results if r.blocks[0].t_device_s is not None]
    np.testing.assert_allclose(np.diff(firsts), 0.077, atol=1e-6)


def test_a_packet_in_two_parts_is_glued() -> None:
    codec, whole = started(ACC, GYRO), motion(1000)
    first = heard(codec, MoveNotification(Code.DATA, 2, payload=whole[:50]))
    rest = heard(codec, MoveNotification(Code.MORE, 2, payload=whole[50:]))
    assert not first.blocks
    assert len(rest.blocks[0].x) == 4
    assert reasons([first, rest]) == []


def test_a_cut_between_rows_is_not_taken_for_a_shorter_packet() -> None:
    codec, whole = started(ACC, GYRO), motion(1000)
    assert not heard(codec, MoveNotification(Code.DATA, 2, payload=whole[: 4 + 72])).blocks
    assert len(heard(codec, MoveNotification(Code.MORE, 2, payload=whole[4 + 72 :])).blocks[0].x) == 4


def test_a_part_without_its_other_half_is_told() -> None:
    codec = started(ACC, GYRO)
    assert reasons([heard(codec, MoveNotification(Code.MORE, 2, payload=motion(1)[50:]))]) == [FaultReason.UNEXPECTED]
    results = data(codec, motion(1000)[:50], motion(1077))
    assert reasons(results) == [FaultReason.TRUNCATED]
    assert len(results[1].blocks) == 2


@pytest.mark.parametrize("rows_n", [2, 6])
def test_another_number_of_rows_is_believed_when_it_has_come_three_times(rows_n: int) -> None:
    step_ms = round(rows_n * 1000 / 52)
    results = data(started(ACC, GYRO), *(motion(1000 + n * step_ms, rows_n) for n in range(8)), step_s=step_ms / 1000)
    read = [len(r.blocks[0].x) if r.blocks else 0 for r in results]
    assert read in ([0, 0, 0] + [rows_n] * 5, [0, 0, 0, 0] + [rows_n] * 4)
    assert 2 <= len(reasons(results)) <= 4


def test_data_for_nobody_are_told() -> None:
    assert reasons(data(started(ACC), motion(1), ref=77)) == [FaultReason.UNEXPECTED]


@pytest.mark.parametrize("none", ["0000c07f", "0100807f", "0000807f", "000080ff"])
def test_a_number_that_is_none_is_refused(none: str) -> None:
    payload = motion(1)[:-4] + bytes.fromhex(none)
    assert reasons(data(started(ACC, GYRO), payload)) == [FaultReason.OUT_OF_RANGE]


@pytest.mark.parametrize("path", IMU_PATHS)
@given(values=st.data(), stamp_ms=st.integers(0, 2**32 - 1))
def test_every_packet_of_motion_goes_there_and_back(path: str, values: st.DataObject, stamp_ms: int) -> None:
    n = move.rows_of(path)
    names = move.sensors_of(path)
    numbers = values.draw(st.lists(single, min_size=9, max_size=9))
    rows = {name: np.resize(numbers[3 * k :], (n, 3)) for k, name in enumerate(names)}
    found = move.decode_data(path, move.encode_data(path, MoveData(rows, stamp_ms)))
    assert found.timestamp_ms == stamp_ms
    for name in names:
        np.testing.assert_array_equal(found.rows[name], rows[name])


@given(counts=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=16), stamp_ms=st.integers(0, 2**32 - 1))
def test_every_packet_of_the_ecg_goes_there_and_back(counts: list[int], stamp_ms: int) -> None:
    rows = np.array(counts, dtype=np.float64)[:, None]
    found = move.decode_data("/Meas/ECG/125", move.encode_data("/Meas/ECG/125", MoveData({"ecg": rows}, stamp_ms)))
    assert found.timestamp_ms == stamp_ms
    np.testing.assert_array_equal(found.rows["ecg"], rows)


@given(op=st.sampled_from(list(Op)), ref=st.integers(0, 255), path=st.text(st.characters(codec="ascii"), max_size=30))
def test_every_command_goes_there_and_back(op: Op, ref: int, path: str) -> None:
    command = MoveCommand(op, ref, path)
    assert move.decode_command(move.encode_command(command)) == command


@given(packets_n=st.integers(1, 5), values=st.lists(st.integers(-16000, 16000), min_size=3, max_size=3))
def test_blocks_of_nine_axes_at_104_hz_go_there_and_back_in_two_parts(packets_n: int, values: list[int]) -> None:
    fast = tuple(replace(c, rate_hz=104.0) for c in (ACC, GYRO, MAG))
    codec, n = started(*fast), 8 * packets_n
    x = np.array(values) / 1024 + np.arange(n)[:, None] / 16
    scale = {"acc": 1 / 9.80665, "gyro": 1.0, "mag": 1.0}
    sent = [RawBlock(c, x * scale[c.id], 1.0 + np.arange(n) / 104.0, 0.0) for c in fast]
    encoded = codec.encode(*sent)
    assert [p[0] for _, p in encoded] == [2, 3] * packets_n
    results = [codec.receive(Packet("d", e, Direction.NOTIFY, 10**9, p)) for e, p in encoded]
    for block in sent:
        found = [b.x for r in results for b in r.blocks if b.channel.id == block.channel.id]
        np.testing.assert_allclose(np.concatenate(found), block.x, rtol=0, atol=1e-9)


heads = st.sampled_from([b"", b"\x01\x02", b"\x02\x02", b"\x02\x03", b"\x03\x02", b"\x02\x04", b"\x01\x05/Meas/Acc/52"])


@given(parts=st.lists(st.tuples(st.sampled_from(["command", "data"]), heads, st.binary(max_size=120)), max_size=6))
def test_no_bytes_make_it_raise(parts: list[tuple[str, bytes, bytes]]) -> None:
    codec = started(ACC, GYRO, ECG, HR, RR, TEMPERATURE)
    for name, head, rest in parts:
        direction = Direction.WRITE if name == "command" else Direction.NOTIFY
        result = codec.receive(Packet("d", f"m.{name}", direction, 1, head + rest))
        assert all(np.isfinite(b.x).all() for b in result.blocks)
        assert all(0 <= f.offset <= len(head + rest) for f in result.faults)
