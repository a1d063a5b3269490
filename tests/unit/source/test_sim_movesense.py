"""A virtual Movesense and the codec that reads it."""

from dataclasses import replace

import numpy as np
import pytest
from linked import Linked, lost_n, profile, rows, stamps

from breathcore.decode.movesense_packets import MoveCommand, Op, decode_command, encode_command
from breathcore.model.blocks import FaultReason
from breathcore.model.device import DeviceSpec
from breathcore.model.packets import Direction, Write

SENSOR = profile("movesense")
EVERYTHING = profile("movesense", "mag", "temperature")


def at_rate(device: DeviceSpec, rate: int) -> DeviceSpec:
    """Return `device` with its motion at another rate."""
    (endpoint,) = device.endpoints
    channels = tuple(
        replace(c, rate_hz=float(rate), settings={"sample_rate": rate}) if c.id in ("acc", "gyro", "mag") else c
        for c in endpoint.channels
    )
    return replace(device, endpoints=(replace(endpoint, channels=channels),))


def written(link: Linked) -> list[MoveCommand]:
    return [decode_command(p.payload) for p in link.packets if p.direction is Direction.WRITE]


@pytest.mark.parametrize("device", [SENSOR, EVERYTHING, at_rate(EVERYTHING, 104), at_rate(SENSOR, 13)])
def test_what_arrives_is_what_was_sent(device: DeviceSpec) -> None:
    link = Linked(device).run(20.0)
    assert not link.faults
    assert set(link.received) == set(link.sent) == {c.id for c in device.channels}
    for id_, blocks in link.sent.items():
        np.testing.assert_array_equal(rows(link.received[id_]), rows(blocks))
    for id_ in ("acc", "ecg"):
        np.testing.assert_allclose(stamps(link.received[id_]), stamps(link.sent[id_]), atol=2e-3)
        assert lost_n(link.received[id_]) == 0


def test_three_subscriptions_bring_everything_that_is_usual() -> None:
    commands = written(Linked(SENSOR).run(1.0))
    assert [c.op for c in commands] == [Op.HELLO, Op.SUBSCRIBE, Op.SUBSCRIBE, Op.SUBSCRIBE]
    assert [c.path for c in commands[1:]] == ["/Meas/IMU6/52", "/Meas/ECG/125", "/Meas/HR"]
    assert len({c.ref for c in commands}) == 4


def test_the_status_comes_before_the_data() -> None:
    link = Linked(SENSOR).run(2.0)
    heard = [p.payload for p in link.packets if p.endpoint == "movesense.data"]
    for command in written(link)[1:]:
        mine = [p[0] for p in heard if p[1] == command.ref]
        assert mine[0] == 1
        assert set(mine[1:]) == {2}


def test_nine_axes_at_104_hz_come_in_two_parts() -> None:
    link = Linked(at_rate(EVERYTHING, 104)).run(2.0)
    codes = [p.payload[0] for p in link.packets if p.endpoint == "movesense.data" and p.payload[1] == 2]
    assert codes[1:9] == [2, 3] * 4


def test_lost_parts_and_packets_are_counted() -> None:
    rng = np.random.default_rng(6)
    link = Linked(at_rate(EVERYTHING, 104), spoil=lambda p: (p,) if rng.random() > 0.05 else ()).run(30.0)
    received = link.received["acc"]
    sent = [tuple(row) for row in rows(link.sent["acc"])]
    found = [sent.index(tuple(row)) for row in rows(received)]
    assert found == sorted(set(found))
    assert len(found) + lost_n(received) == found[-1] - found[0] + 1
    assert lost_n(received) > 100
    assert set(link.reasons) <= {FaultReason.TRUNCATED, FaultReason.UNEXPECTED}


def test_a_fifth_subscription_and_an_unknown_path_are_refused() -> None:
    link = Linked(EVERYTHING).run(1.0)
    for ref, path in ((40, "/Meas/Gyro/26"), (41, "/Meas/Nothing"), (42, "/Meas/Acc/53")):
        link.ask((Write("movesense.command", encode_command(MoveCommand(Op.SUBSCRIBE, ref, path))),), 1.0)
    assert [f.detail.rpartition(" ")[2] for f in link.faults] == ["507", "404", "404"]
    assert link.reasons == {FaultReason.REFUSED: 3}


def test_after_stop_nothing_comes() -> None:
    link = Linked(SENSOR).run(2.0)
    link.stop(2.0)
    n = len(link.packets)
    link.listen(4.0)
    assert len(link.packets) == n


def test_a_replay_without_its_requests_reads_the_same() -> None:
    link = Linked(EVERYTHING).run(5.0)
    again = link.replayed()
    for id_, blocks in link.received.items():
        np.testing.assert_array_equal(again[id_], rows(blocks))
