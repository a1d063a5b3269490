"""A virtual Go Direct belt and the codec that reads it."""

import numpy as np
from linked import Linked, lost_n, profile, rows

from breathcore.decode.gdx_frames import Command, GdxFrames, decode_command
from breathcore.model.blocks import FaultReason
from breathcore.model.packets import Direction, LinkKind

BELT = profile("vernier_gdx_rb")
ROWS_N = 2


def asked(link: Linked) -> list[Command]:
    """Return the commands that were written, in order."""
    frames = GdxFrames()
    parts = [p.payload for p in link.packets if p.direction is Direction.WRITE]
    return [Command(decode_command(f).command) for part in parts for f in frames.take(part)[0]]


def test_what_arrives_is_what_was_sent() -> None:
    link = Linked(BELT).run(90.0)
    assert not link.faults
    assert set(link.sent) == set(link.received) == {"belt", "respiration_rate"}
    for id_, blocks in link.sent.items():
        np.testing.assert_array_equal(rows(link.received[id_]), rows(blocks))
    assert len(rows(link.received["belt"])) > 850
    assert lost_n(link.received["belt"]) == 0


def test_the_belt_is_asked_in_the_order_its_maker_asks() -> None:
    commands = asked(Linked(BELT).run(1.0))
    assert commands[:4] == [Command.INIT, Command.STATUS, Command.DEVICE_INFO, Command.AVAILABLE]
    assert commands[4:] == [Command.CHANNEL_INFO] * 4 + [Command.PERIOD, Command.START]


def test_no_write_and_no_notification_is_longer_than_the_smallest_link_carries() -> None:
    link = Linked(BELT).run(5.0)
    assert max(len(p.payload) for p in link.packets) == 20


def test_the_rate_is_left_out_until_the_belt_knows_it() -> None:
    link = Linked(BELT).run(60.0)
    assert link.received["respiration_rate"][0].t_host_s > 5.0
    rate = rows(link.received["respiration_rate"])[-1, 0]
    assert 4.0 < rate < 30.0


def test_its_battery_is_told_once_by_the_status_and_once_by_the_battery_service() -> None:
    told = [e.detail for e in Linked(BELT).run(5.0).events if e.kind is LinkKind.BATTERY]
    assert len(told) == 2
    assert len(set(told)) == 1


def test_lost_notifications_are_counted_to_the_sample() -> None:
    rng = np.random.default_rng(2)
    link = Linked(BELT, spoil=lambda p: (p,) if rng.random() > 0.02 else ()).run(120.0)
    received = link.received["belt"]
    between = lost_n(received)
    last_row = int(np.flatnonzero(rows(link.sent["belt"])[:, 0] == rows(received)[-1, 0])[-1])
    first_row = int(np.flatnonzero(rows(link.sent["belt"])[:, 0] == rows(received)[0, 0])[0])
    assert between > 20
    assert len(rows(received)) + between == last_row - first_row + 1
    assert set(link.reasons) <= {FaultReason.TRUNCATED, FaultReason.BAD_HEADER, FaultReason.BAD_CHECKSUM}


def test_a_repeated_packet_counts_once() -> None:
    link = Linked(BELT, spoil=lambda p: (p, p)).run(0.5)
    whole = [p for p in link.packets if p.direction is Direction.NOTIFY]
    assert whole
    link = Linked(profile("vernier_gdx_rb"))
    sent = link.run(10.0).sent["belt"]
    frames = [p for p in link.packets if p.endpoint == "gdx.response"]
    for packet in frames[-2:]:
        link.take(packet.endpoint, Direction.NOTIFY, 10.0, packet.payload)
    np.testing.assert_array_equal(rows(link.received["belt"]), rows(sent))
    assert link.reasons == {FaultReason.BAD_COUNTER: 1}


def test_a_replay_without_its_requests_reads_the_same() -> None:
    link = Linked(BELT).run(60.0)
    again = link.replayed()
    for id_, blocks in link.received.items():
        np.testing.assert_array_equal(again[id_], rows(blocks))


def test_after_stop_nothing_comes() -> None:
    link = Linked(BELT).run(5.0)
    link.stop(5.0)
    before_n = len(link.received["belt"])
    link.listen(8.0)
    assert len(link.received["belt"]) == before_n
    assert asked(link)[-1] is Command.STOP


def test_a_second_connection_begins_anew_and_measures_again() -> None:
    link = Linked(BELT).run(5.0)
    link.strap.disconnect()
    n = len(rows(link.received["belt"]))
    link.run(10.0, from_s=6.0)
    assert len(rows(link.received["belt"])) > n + 30
    assert not link.faults
