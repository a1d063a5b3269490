"""Sessions without a drill: several devices on one time base, links that break, the same file again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from breathcore.decode.samples import encode_samples
from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Place,
    Role,
    distinct,
    worn,
)
from breathcore.model.drill import CommandKind, Timeline
from breathcore.model.errors import RadioError, Reason, SessionFileError
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, LinkReason, Packet, Request
from breathcore.model.protocols import SourceInfo
from breathcore.model.table import FieldSpec, NumberType, TableSpec
from breathcore.record.reader import SessionFile
from breathcore.session.bridge import Bridge
from breathcore.session.capture import Capture, CaptureChain
from breathcore.session.recording import Session, open_session
from breathcore.session.replaying import check, plan_of
from breathcore.session.runner import SessionThread
from breathcore.source.replay import ReplaySource

T0_NS = 7_000_000_000
RATE_HZ, PACKET_N = 100.0, 10
AWAY = (20.0, 24.0)

Happening = Packet | LinkEvent | Advance


def imu(name: str, codec: str, clock: ClockKind, table: TableSpec | None = None) -> DeviceSpec:
    """Return a device with one accelerometer, whose x axis carries the number of the sample."""
    channel = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), RATE_HZ, 0.1, inhale_axis=(0.0, 0.0, 1.0))
    data = CharacteristicSpec("data", "0001", (CharacteristicUse.NOTIFY,))
    endpoint = EndpointSpec("imu", codec, "0002", (data,), (channel,), table)
    return DeviceSpec(name.lower(), name, MatchSpec(), (endpoint,), "chest", clock, 2.0)


ROWS = TableSpec(0, 24, tuple(FieldSpec("acc", axis, 8 * k, NumberType.F64) for k, axis in enumerate(("x", "y", "z"))))
STAMPED = imu("Stamped", "samples", ClockKind.SAMPLE_STAMP)
BARE = imu("Bare", "table", ClockKind.NONE, ROWS)
DEVICES = distinct([("a", worn(STAMPED, Place.NAVEL)), ("b", worn(STAMPED, Place.STERNUM)), ("c", worn(BARE))])


@dataclass(frozen=True)
class Script:
    """All that happens, in order, and when each sample of each device was taken."""

    items: tuple[Happening, ...]
    taken_s: dict[str, np.ndarray]


def script(seconds: float = 45.0, seed: int = 1) -> Script:
    """Three devices up to 40 ms late; the first loses its link for 4 s and comes back with its clock at zero."""
    rng = np.random.default_rng(seed)
    items: list[tuple[float, Happening]] = [(0.05 * k, Advance(ns(0.05 * k))) for k in range(1, int(seconds * 20))]
    taken_s: dict[str, np.ndarray] = {}
    for (key, _), skew in zip(DEVICES, (50e-6, -50e-6, 0.02), strict=True):
        items.append((0.01, LinkEvent(key, ns(0.01), LinkKind.CONNECTED)))
        true_s = 0.1 + np.arange(1, int((seconds - 1.0) * RATE_HZ)) / (RATE_HZ * (1 + skew))
        taken_s[key] = true_s
        device_s, last_s = 500.0 + np.arange(len(true_s)) / RATE_HZ, 0.0
        for first in range(0, len(true_s) - PACKET_N, PACKET_N):
            now = slice(first, first + PACKET_N)
            if key == "a" and AWAY[0] <= true_s[now][-1] < AWAY[1]:
                continue
            start_s = device_s[first] - (
                device_s[int(AWAY[1] * RATE_HZ)] if key == "a" and true_s[first] > AWAY[1] else 0
            )
            numbers = np.arange(first, first + PACKET_N, dtype=float)
            x = np.column_stack([numbers, 0.1 * np.sin(true_s[now]), np.ones(PACKET_N)])
            last_s = max(last_s + 1e-4, true_s[now][-1] + rng.uniform(0.0, 0.04))
            payload = encode_samples(start_s + 1.0, RATE_HZ, x) if key != "c" else x.astype("<f8").tobytes()
            items.append((last_s, Packet(key, "imu.data", Direction.NOTIFY, ns(last_s), payload)))
    items += [(t, LinkEvent("a", ns(t), kind, why)) for t, kind, why in breaks()]
    return Script(tuple(item for _, item in sorted(items, key=lambda pair: pair[0])), taken_s)


def breaks() -> Sequence[tuple[float, LinkKind, str]]:
    return (AWAY[0], LinkKind.LOST, LinkReason.DROPPED.value), (AWAY[1], LinkKind.CONNECTED, "")


def ns(t_s: float) -> int:
    return T0_NS + round(t_s * 1e9)


class Scripted:
    """A source that plays a script in virtual time."""

    def __init__(self, items: Sequence[Happening]) -> None:
        self._items = items
        self._closed = False

    async def open(self) -> SourceInfo:
        return SourceInfo(DEVICES, T0_NS, virtual_time=True)

    async def events(self) -> AsyncIterator[Happening]:
        for item in self._items:
            if self._closed:
                return
            yield item
            await asyncio.sleep(0)

    async def request(self, device: str, request: Request) -> None:
        """These devices take none."""

    def show(self, timeline: Timeline) -> None:
        """There is none."""

    async def close(self) -> None:
        self._closed = True


def capture(items: Sequence[Happening], path: Path | None, **options: float) -> tuple[Capture, Bridge]:
    bridge = Bridge()
    run = Capture(Scripted(items), path, bridge, pace=None, **options)
    asyncio.run(run.run())
    return run, bridge


@pytest.fixture(scope="module")
def played() -> Script:
    return script()


@pytest.fixture(scope="module")
def recorded(played: Script, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("capture") / "three.breath"
    capture(played.items, path)
    return path


def stream(session: Session, key: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Return numbers and session times of a device's samples, and in how many stretches they came."""
    blocks = [b for b in session.blocks if b.channel.id.startswith(f"{key}.")]
    return np.concatenate([b.x[:, 0] for b in blocks]).astype(int), np.concatenate([b.t_s for b in blocks]), len(blocks)


def test_several_devices_share_one_time_base_from_the_first_sample_on(recorded: Path, played: Script) -> None:
    session = open_session(recorded)
    for key, _ in DEVICES:
        numbers, t_s, _ = stream(session, key)
        wrong_s = np.abs(t_s - played.taken_s[key][numbers])
        assert wrong_s.max() <= 0.060, key
        assert np.percentile(wrong_s[t_s > 10.0], 95) <= (0.060 if key == "c" else 0.020), key


def test_after_a_reconnect_with_a_clock_at_zero_samples_are_in_their_place_and_no_other_device_shows_a_gap(
    recorded: Path, played: Script
) -> None:
    session = open_session(recorded)
    numbers, t_s, stretches_n = stream(session, "a")
    assert stretches_n == 2
    after = t_s > AWAY[1]
    assert np.abs(t_s - played.taken_s["a"][numbers])[after].max() <= 0.030
    assert stream(session, "b")[2] == stream(session, "c")[2] == 1


def test_every_sample_that_was_delivered_is_recorded_once_and_only_once(recorded: Path, played: Script) -> None:
    session = open_session(recorded)
    for key, _ in DEVICES:
        packets_n = sum(isinstance(i, Packet) and i.device == key for i in played.items)
        numbers, _, _ = stream(session, key)
        assert len(numbers) == len(set(numbers)) == packets_n * PACKET_N


def test_a_capture_computed_again_is_the_same_bit_by_bit(recorded: Path) -> None:
    tables = {t.table: t for t in check(recorded)}
    assert all(t.same for t in tables.values())
    assert tables["derived_effort"].stored_n > 100
    assert tables["derived_fit"].stored_n > 0


def test_two_captures_of_the_same_happenings_are_equal(recorded: Path, played: Script, tmp_path: Path) -> None:
    capture(played.items, tmp_path / "again.breath")
    with SessionFile.open(recorded) as one, SessionFile.open(tmp_path / "again.breath") as two:
        assert list(one.inputs()) == list(two.inputs())
        assert one.derived_rows() == two.derived_rows()
        assert one.meta.drill is None
        assert not one.cut_short


def test_the_breath_is_read_at_the_sternum_first(recorded: Path) -> None:
    assert open_session(recorded).analyse().source == "b.acc"


def test_a_recording_without_a_drill_has_no_plan(recorded: Path) -> None:
    with SessionFile.open(recorded) as file, pytest.raises(SessionFileError) as caught:
        plan_of(file)
    assert caught.value.reason is Reason.NO_DRILL


def test_a_capture_can_be_replayed_as_a_source(recorded: Path, tmp_path: Path) -> None:
    run = Capture(ReplaySource(recorded), tmp_path / "copy.breath", Bridge(), pace=None)
    asyncio.run(run.run())
    with SessionFile.open(recorded) as one, SessionFile.open(tmp_path / "copy.breath") as two:
        assert one.derived_rows() == two.derived_rows()


def test_without_a_file_the_sensors_are_shown_and_nothing_is_written(played: Script, tmp_path: Path) -> None:
    run, bridge = capture([i for i in played.items if i.t_host_ns < ns(22.0)], None)
    frame = bridge.latest
    assert isinstance(frame, FeedbackFrame)
    assert [(s.key, s.name, s.place, s.link) for s in frame.sensors] == [
        ("a", "Stamped", Place.NAVEL, LinkKind.LOST),
        ("b", "Stamped 2", Place.STERNUM, LinkKind.STREAMING),
        ("c", "Bare", None, LinkKind.STREAMING),
    ]
    assert frame.sensors[0].message is not None
    assert frame.sensors[0].message.id == "link.dropped"
    assert frame.drill.drill_id == ""
    assert run.result() is None
    assert not list(tmp_path.iterdir())


def test_the_numbers_at_the_end_tell_what_came(played: Script) -> None:
    run, _ = capture(played.items, None)
    first, second, bare = run.devices()
    assert (first.lost_n, first.gaps_n, second.lost_n, second.gaps_n) == (1, 1, 0, 0)
    assert bare.channels[0].samples_n == PACKET_N * bare.packets_n
    assert bare.channels[0].rate_hz == pytest.approx(102.0, rel=0.005)
    assert second.channels[0].rate_hz == pytest.approx(100.0, rel=0.001)


def test_it_ends_so_long_after_the_first_sample(played: Script, tmp_path: Path) -> None:
    run, _ = capture(played.items, tmp_path / "s.breath", seconds=5.0)
    assert run.now_s == pytest.approx(6.3, abs=0.3)  # the first sample comes out when its clock is known
    with SessionFile.open(tmp_path / "s.breath") as file:
        assert not file.cut_short


def test_where_no_device_is_heard_it_ends_with_a_reason_and_leaves_no_file(tmp_path: Path) -> None:
    looking = [LinkEvent(key, ns(0.0), LinkKind.WAITING) for key, _ in DEVICES]
    ticks = [Advance(ns(0.05 * k)) for k in range(1, 400)]
    with pytest.raises(RadioError) as caught:
        capture([*looking, *ticks], tmp_path / "s.breath", find_s=15.0)
    assert caught.value.reason is Reason.DEVICE_NOT_FOUND
    assert caught.value.params["seconds"] == 15.0
    assert not list(tmp_path.iterdir())


def test_one_device_that_is_heard_is_enough(played: Script, tmp_path: Path) -> None:
    items = [i for i in played.items if isinstance(i, Advance) or i.device == "b"]
    run, _ = capture(items, tmp_path / "s.breath", find_s=15.0)
    assert run.now_s > 40.0


def test_it_runs_and_stops_in_a_thread_like_a_guided_session(played: Script, tmp_path: Path) -> None:
    bridge = Bridge()
    session = Capture(Scripted(played.items), tmp_path / "s.breath", bridge, pace=1.0)
    thread = SessionThread(session, bridge)
    thread.start()
    bridge.command(CommandKind.MARK, "too early or not: it must do no harm")
    thread.stop()
    assert not thread.is_alive()
    assert bridge.error is None


def test_a_battery_that_is_read_is_shown_and_counted():
    level = CharacteristicSpec("level", "2a19", (CharacteristicUse.READ,))
    belt = DeviceSpec(
        "b", "B", MatchSpec(), (EndpointSpec("battery", "battery", "180f", (level,), ()),), "chest", ClockKind.NONE, 1.0
    )
    chain = CaptureChain([("b", belt)], T0_NS)
    chain.push(LinkEvent("b", ns(0.1), LinkKind.CONNECTED))
    assert chain.push(Packet("b", "battery.level", Direction.READ, ns(0.2), bytes([82]))) == ()
    assert chain.tally.devices()[0].battery_percent == 82
    assert chain.frame().sensors[0].battery_percent == 82
