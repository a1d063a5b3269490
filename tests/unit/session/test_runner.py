"""Running a session: the gate, commands across the bridge, and what goes wrong beside it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fake_ble import FakeRadio

from breathcore.drill.screening import QUESTIONS, Urgency, screen
from breathcore.estimate.breath_branch import BreathBranch
from breathcore.model.blocks import FaultReason
from breathcore.model.drill import CommandKind, FinishReason, Stage, Timeline
from breathcore.model.errors import BreathcoreError, RadioError, Reason, SafetyError
from breathcore.model.packets import LinkEvent, LinkKind, Packet, Request
from breathcore.model.protocols import SourceInfo
from breathcore.record.reader import SessionFile
from breathcore.record.writer import SessionWriter
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.pipeline import Pipeline
from breathcore.session.plan import SessionPlan
from breathcore.session.runner import LiveSession, SessionThread
from breathcore.session.simulated import run_simulated
from breathcore.source.ble import BleSource, Limits
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

ANSWERS = {q.id: False for q in QUESTIONS}


def plan(**changes: object) -> SessionPlan:
    return SessionPlan(registry.drill("brace_hold"), minutes=0.25, **changes)


class LiveSource:
    """A source that keeps its own time: a link that stays silent, or fails to open."""

    def __init__(self, *, error: BreathcoreError | None = None, searches: bool = False) -> None:
        self._error = error
        self._searches = searches
        self.searching = False
        self._queue: asyncio.Queue[LinkEvent | None] = asyncio.Queue()
        self.requests: list[Request] = []
        self.closed = False

    async def open(self) -> SourceInfo:
        if self._error is not None:
            raise self._error
        if self._searches:
            self.searching = True
            await asyncio.Event().wait()
        self._queue.put_nowait(LinkEvent("s", time.monotonic_ns(), LinkKind.CONNECTED))
        return SourceInfo((("s", registry.device("polar_h10")),), time.monotonic_ns(), virtual_time=False)

    async def events(self) -> AsyncIterator[Packet | LinkEvent]:
        while (event := await self._queue.get()) is not None:
            yield event

    async def request(self, device: str, request: Request) -> None:
        self.requests.append(request)

    def show(self, timeline: Timeline) -> None:
        """Not seen by anyone."""

    async def close(self) -> None:
        self.closed = True
        self._queue.put_nowait(None)


def until(met: Iterator[bool], limit_s: float = 10.0) -> None:
    """Wait for a thread to have done something (no fixed sleep: as soon as it is done)."""
    end_s = time.monotonic() + limit_s
    while not next(met):
        assert time.monotonic() < end_s, "the worker did not do it"
        time.sleep(0.005)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.urgency is not Urgency.SOON], ids=lambda q: q.id)
def test_a_yes_to_a_red_flag_cannot_reach_a_drill(question: object, tmp_path: Path) -> None:
    screening = screen({**ANSWERS, question.id: True})
    with pytest.raises(SafetyError) as caught:
        LiveSession(plan(screening=screening), LiveSource(), tmp_path / "s.breath", Bridge())
    assert caught.value.reason is Reason.RED_FLAG
    assert not list(tmp_path.iterdir())


def test_nobody_trains_unasked(tmp_path: Path) -> None:
    with pytest.raises(SafetyError) as caught:
        LiveSession(plan(), LiveSource(), tmp_path / "s.breath", Bridge())
    assert caught.value.reason is Reason.NOT_SCREENED


def test_a_yes_holds_with_a_simulated_strap_too(tmp_path: Path) -> None:
    screening = screen({**ANSWERS, "chest_pain": True})
    with pytest.raises(SafetyError):
        LiveSession(plan(wearer="simulated", screening=screening), LiveSource(), tmp_path / "s.breath", Bridge())


def test_a_live_session_ticks_obeys_and_closes_its_file(tmp_path: Path) -> None:
    bridge, source = Bridge(), LiveSource()
    session = LiveSession(plan(screening=screen(ANSWERS)), source, tmp_path / "s.breath", bridge)
    thread = SessionThread(session, bridge)
    thread.start()
    until(iter(lambda: bridge.latest is not None and bridge.latest.t_s > 0.1, None))
    bridge.command(CommandKind.MARK, "a note")
    thread.stop()
    assert not thread.is_alive()
    assert bridge.ended
    assert bridge.error is None
    assert source.closed
    assert source.requests
    with SessionFile.open(tmp_path / "s.breath") as file:
        assert [m.text for m in file.marks()] == ["a note"]
        assert not file.cut_short
        assert file.outcome().finish == FinishReason.ENDED


def test_a_source_that_cannot_open_leaves_its_error_on_the_bridge(tmp_path: Path) -> None:
    bridge = Bridge()
    source = LiveSource(error=RadioError(Reason.NO_ADAPTER))
    thread = SessionThread(LiveSession(plan(screening=screen(ANSWERS)), source, tmp_path / "s.breath", bridge), bridge)
    thread.start()
    thread.join(10)
    assert bridge.ended
    assert bridge.error is not None
    assert bridge.error.reason is Reason.NO_ADAPTER
    assert not list(tmp_path.iterdir())


def test_a_session_can_be_left_while_its_strap_is_looked_for(tmp_path: Path) -> None:
    bridge, source = Bridge(), LiveSource(searches=True)
    thread = SessionThread(LiveSession(plan(screening=screen(ANSWERS)), source, tmp_path / "s.breath", bridge), bridge)
    thread.start()
    until(iter(lambda: source.searching, None))
    thread.stop()
    assert not thread.is_alive()
    assert bridge.error is None
    assert source.closed
    assert not list(tmp_path.iterdir())


def test_a_session_that_is_cancelled_while_its_strap_is_looked_for_says_so(run_async, tmp_path: Path) -> None:
    source = LiveSource(searches=True)

    async def session() -> None:
        live = LiveSession(plan(screening=screen(ANSWERS)), source, tmp_path / "s.breath", Bridge())
        running = asyncio.create_task(live.run())
        while not source.searching:  # noqa: ASYNC110 — the source wakes nobody
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()

    run_async(session())
    assert source.closed


def test_while_a_strap_is_looked_for_the_window_is_told_so_and_after_a_while_what_to_do(tmp_path: Path) -> None:
    bridge = Bridge()
    source = BleSource([("", registry.device("polar_h10"))], radio=FakeRadio().radio, limits=Limits(find_s=1.0))
    thread = SessionThread(LiveSession(plan(screening=screen(ANSWERS)), source, tmp_path / "s.breath", bridge), bridge)
    said: list[tuple[LinkKind, str]] = []

    def told() -> bool:
        frame = bridge.take()
        if frame is not None:
            (sensor,) = frame.sensors
            said.append((sensor.link, sensor.message.id if sensor.message else ""))
        return bool(said) and said[-1][1] != ""

    thread.start()
    until(iter(told, None))
    thread.stop()
    assert bridge.error is None
    assert said[0] == (LinkKind.WAITING, "")
    assert said[-1] == (LinkKind.WAITING, "link.not-found")


def test_a_disk_that_fills_up_stops_the_drill_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    insert, calls = SessionWriter._insert, []

    def full(self: SessionWriter, *args: object) -> None:
        calls.append(1)
        if len(calls) > 50:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        insert(self, *args)

    monkeypatch.setattr(SessionWriter, "_insert", full)
    bridge, source = Bridge(), SimSource(registry.device("polar_h10"), WearerSpec(seed=1), until_s=600.0)
    session = LiveSession(
        plan(wearer="simulated"), source, tmp_path / "s.breath", bridge, pace=20.0, pilot=lambda p: _when_failed(p)
    )
    with pytest.raises(BreathcoreError) as caught:
        asyncio.run(session.run())
    assert caught.value.reason is Reason.DISK_FULL
    assert session.pipeline.result().finish is FinishReason.RECORDING_FAILED
    frame = bridge.latest
    assert frame is not None
    assert frame.notice is not None
    assert frame.notice.id == "notice.recorder"


def _when_failed(pipeline: Pipeline) -> CommandKind | None:
    return CommandKind.END if pipeline.stage is Stage.FINISHED else None


def test_an_estimator_that_raises_ends_neither_recording_nor_drill_nor_heart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, calls = BreathBranch._feed, []

    def broken(self: BreathBranch, *args: object) -> object:
        calls.append(1)
        if len(calls) > 30:
            raise ZeroDivisionError("on purpose")
        return feed(self, *args)

    monkeypatch.setattr(BreathBranch, "_feed", broken)
    run = run_simulated(
        plan(wearer="simulated"), registry.device("polar_h10"), WearerSpec(seed=2), tmp_path / "s.breath"
    )
    assert run.result.finish is FinishReason.COMPLETED
    assert run.frame.heart_bpm is not None
    assert run.frame.rate_bpm is None
    with SessionFile.open(run.path) as file:
        faults = file.derived().faults
        newest_s = max(file.session_s(i.t_host_ns) for i in file.inputs() if isinstance(i, Packet))
    assert [f.reason for f in faults] == [FaultReason.UNEXPECTED]
    assert "on purpose" in faults[0].detail
    assert newest_s > run.steady[1]
