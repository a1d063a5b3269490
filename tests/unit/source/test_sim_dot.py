"""A virtual Movella DOT and the codecs that read it."""

import numpy as np
import pytest
from linked import Linked, lost_n, profile, rows, stamps

from breathcore.decode.dot_packets import encode_rate
from breathcore.model.blocks import FaultReason
from breathcore.model.packets import Direction, LinkKind, Write
from breathcore.source.sim.wearer import WearerSpec

DOT = profile("movella_dot")
WRAP_S = 2**32 * 1e-6


def written(link: Linked) -> list[tuple[str, str]]:
    return [(p.endpoint, p.payload.hex()) for p in link.packets if p.direction is Direction.WRITE]


def test_what_arrives_is_what_was_sent() -> None:
    link = Linked(DOT).run(20.0)
    assert not link.faults
    assert set(link.received) == {"acc", "gyro"}
    for id_, blocks in link.sent.items():
        np.testing.assert_array_equal(rows(link.received[id_]), rows(blocks))
        np.testing.assert_allclose(np.diff(stamps(link.received[id_])), np.diff(stamps(blocks)), atol=2e-6)
    assert len(rows(link.received["acc"])) > 1180


def test_the_rate_is_set_before_measuring_starts() -> None:
    assert written(Linked(DOT).run(1.0)) == [
        ("settings.settings", encode_rate(60).hex()),
        ("measurement.control", "010115"),
    ]


def test_with_the_orientation_another_mode_is_measured() -> None:
    link = Linked(profile("movella_dot", "orientation")).run(3.0)
    assert ("measurement.control", "01011a") in written(link)
    assert {p.endpoint for p in link.packets if p.endpoint.startswith("measurement")} == {
        "measurement.control",
        "measurement.long",
    }
    np.testing.assert_array_equal(rows(link.received["orientation"]), rows(link.sent["orientation"]))


@pytest.mark.parametrize("wrapped_after_s", [2.0, 10.0])
def test_times_go_on_when_the_stamps_begin_anew(wrapped_after_s: float) -> None:
    link = Linked(DOT, wearer=WearerSpec(seed=3, clock_offset_s=WRAP_S - wrapped_after_s)).run(20.0)
    times = stamps(link.received["acc"])
    assert not link.faults
    assert times[-1] > WRAP_S
    np.testing.assert_allclose(np.diff(times), 1 / 60, rtol=0.005, atol=2e-6)


def test_lost_samples_are_counted_and_repeated_ones_left_out() -> None:
    rng = np.random.default_rng(4)
    link = Linked(DOT, spoil=lambda p: ((), (p,), (p,), (p,), (p,), (p, p))[rng.integers(6)]).run(30.0)
    for id_ in ("acc", "gyro"):
        received = link.received[id_]
        sent = [tuple(row) for row in rows(link.sent[id_])]
        found = [sent.index(tuple(row)) for row in rows(received)]
        assert found == sorted(set(found))
        assert len(found) + lost_n(received) == found[-1] - found[0] + 1
    assert set(link.reasons) == {FaultReason.NOT_RISING}


def test_cut_packets_give_nothing() -> None:
    rng = np.random.default_rng(5)
    link = Linked(DOT, spoil=lambda p: (p[: rng.integers(len(p))],)).run(3.0)
    assert not link.received
    assert set(link.reasons) == {FaultReason.TRUNCATED}


def test_its_battery_is_told_in_its_own_form() -> None:
    link = Linked(DOT).run(130.0)
    told = [int(e.detail) for e in link.events if e.kind is LinkKind.BATTERY]
    assert told
    assert all(0 <= percent <= 100 for percent in told)
    assert {len(p.payload) for p in link.packets if p.endpoint == "battery.level"} == {2}


def test_settings_can_be_read_and_nonsense_changes_nothing() -> None:
    link = Linked(DOT).run(1.0)
    before = link.strap.read("settings.settings", 1.0)
    for payload in (b"", b"\x10", encode_rate(61)):
        link.ask((Write("settings.settings", payload),), 1.0)
    assert link.strap.read("settings.settings", 1.0) == before == encode_rate(60)
    link.ask((Write("settings.settings", encode_rate(30)),), 1.0)
    assert link.strap.read("settings.settings", 1.0) == encode_rate(30)


def test_after_stop_nothing_comes() -> None:
    link = Linked(DOT).run(2.0)
    link.stop(2.0)
    n = len(link.received["acc"])
    link.listen(4.0)
    assert len(link.received["acc"]) == n
    assert written(link)[-1] == ("measurement.control", "010015")


def test_a_replay_without_its_requests_reads_the_same() -> None:
    link = Linked(DOT).run(5.0)
    again = link.replayed()
    for id_, blocks in link.received.items():
        np.testing.assert_array_equal(again[id_], rows(blocks))
