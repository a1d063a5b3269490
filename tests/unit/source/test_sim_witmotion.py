"""A virtual WitMotion sensor and the codec that reads it."""

import numpy as np
import pytest
from linked import Linked, profile, rows

from breathcore.model.blocks import FaultReason
from breathcore.model.packets import Direction, LinkKind, Write

SENSOR = profile("witmotion_wt901ble", "angle")


def test_what_arrives_is_what_was_sent() -> None:
    link = Linked(SENSOR).run(20.0)
    assert not link.faults
    assert set(link.received) == {"acc", "gyro", "angle"}
    for id_, blocks in link.sent.items():
        np.testing.assert_array_equal(rows(link.received[id_]), rows(blocks))
    assert len(rows(link.received["acc"])) == pytest.approx(1000, abs=2)


def test_the_rate_is_unlocked_set_and_saved_and_the_battery_read() -> None:
    link = Linked(SENSOR).run(1.0)
    written = [p.payload.hex() for p in link.packets if p.direction is Direction.WRITE]
    assert written == ["ffaa6988b5", "ffaa030800", "ffaa000000", "ffaa276400"]
    assert [e.detail for e in link.events if e.kind is LinkKind.BATTERY] == ["75"]


def test_without_unlocking_the_rate_stays() -> None:
    link = Linked(SENSOR)
    link.strap.connect(0.0)
    link.strap.write("witmotion.command", bytes.fromhex("ffaa030900"), 0.0)
    first_s = link.strap.next_s
    link.strap.send()
    assert link.strap.next_s - first_s == pytest.approx(0.1, rel=0.01)


def test_joined_notifications_give_every_frame() -> None:
    held: list[bytes] = []

    def join(payload: bytes) -> tuple[bytes, ...]:
        held.append(payload)
        if len(held) < 3:
            return ()
        joined = b"".join(held)
        held.clear()
        return (joined,)

    link = Linked(SENSOR, spoil=join).run(5.0)
    received = rows(link.received["acc"])
    assert not link.faults
    assert {len(b.x) for b in link.received["acc"]} == {3}
    np.testing.assert_array_equal(received, rows(link.sent["acc"])[: len(received)])


def test_damaged_heads_and_cut_frames_give_nothing() -> None:
    rng = np.random.default_rng(7)
    link = Linked(SENSOR, spoil=lambda p: (p[: rng.integers(20)] if rng.random() < 0.5 else b"\x54" + p[1:],)).run(5.0)
    assert not link.received
    assert set(link.reasons) == {FaultReason.TRUNCATED, FaultReason.BAD_HEADER}


def test_flipped_bits_that_no_body_makes_are_refused() -> None:
    """A flip of one of the three highest bits of acceleration or turning is a step beyond the profile's."""
    rng = np.random.default_rng(8)

    def flip(payload: bytes) -> tuple[bytes, ...]:
        spoilt = bytearray(payload)
        if rng.random() < 0.05:
            spoilt[3 + 2 * rng.integers(6)] ^= 1 << rng.integers(5, 8)
        return (bytes(spoilt),)

    link = Linked(SENSOR, spoil=flip).run(30.0)
    true = {tuple(row) for row in rows(link.sent["acc"])}
    assert all(tuple(row) in true for row in rows(link.received["acc"]))
    assert link.reasons[FaultReason.SUSPECT] > 20


def test_nonsense_is_not_answered() -> None:
    link = Linked(SENSOR).run(1.0)
    n = len(link.packets)
    for payload in (b"", b"\xff", b"\x00" * 5, bytes.fromhex("ffaa2751")):
        link.ask((Write("witmotion.command", payload),), 1.0)
    assert len(link.packets) == n + 4  # the writes themselves


def test_a_replay_without_its_requests_reads_the_same() -> None:
    link = Linked(SENSOR).run(5.0)
    again = link.replayed()
    for id_, blocks in link.received.items():
        np.testing.assert_array_equal(again[id_], rows(blocks))
