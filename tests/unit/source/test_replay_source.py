"""A recorded session comes back as it was."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from breathcore.model.drill import CommandKind, UserCommand
from breathcore.model.errors import Reason, SessionFileError
from breathcore.model.packets import Advance, Direction, LinkEvent, LinkKind, Packet, Write
from breathcore.model.protocols import Source
from breathcore.record.items import SessionMeta
from breathcore.record.writer import SessionWriter
from breathcore.source.replay import ReplaySource

ITEMS = (
    LinkEvent("A", 5, LinkKind.CONNECTED),
    Packet("A", "hr.data", Direction.NOTIFY, 6, b"\x00"),
    Advance(9),
    UserCommand(CommandKind.START, 8),
    Packet("A", "hr.data", Direction.NOTIFY, 7, b"\x01"),
    *(Advance(10 + n) for n in range(1000)),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "s.breath"
    with SessionWriter(path, SessionMeta(datetime(2026, 1, 1, tzinfo=UTC), 5, "0.1.0"), ()) as writer:
        for item in ITEMS:
            writer.put(item)
    return path


def test_everything_comes_in_recorded_order_in_virtual_time(path: Path, run_async: Callable[..., Any]) -> None:
    source: Source = ReplaySource(path)

    async def run() -> list[object]:
        info = await source.open()
        assert info.virtual_time
        assert info.t0_host_ns == 5
        await source.request("A", Write("hr.data", b"\x02"))
        got = [item async for item in source.events()]
        await source.close()
        return got

    assert tuple(run_async(run())) == ITEMS


def test_the_plain_iterator_gives_the_same(path: Path) -> None:
    assert tuple(ReplaySource(path)) == ITEMS


def test_closing_ends_the_events(path: Path, run_async: Callable[..., Any]) -> None:
    async def run() -> int:
        source = ReplaySource(path)
        await source.open()
        n = 0
        async for _ in source.events():
            n += 1
            if n == 3:
                await source.close()
        return n

    assert run_async(run()) == 3


def test_other_tasks_run_in_between(path: Path, run_async: Callable[..., Any]) -> None:
    async def run() -> tuple[int, int]:
        source, turns = ReplaySource(path), 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await source.open()
        n = len([item async for item in source.events()])
        await source.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return n, turns

    n, turns = run_async(run())
    assert n == len(ITEMS)
    assert turns >= 3


def test_a_missing_file_is_told_on_opening(tmp_path: Path, run_async: Callable[..., Any]) -> None:
    with pytest.raises(SessionFileError) as caught:
        run_async(ReplaySource(tmp_path / "none.breath").open())
    assert caught.value.reason is Reason.SESSION_MISSING
