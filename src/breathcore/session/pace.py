"""How time passes in a session: by itself, or as fast as is asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator

from breathcore.model.packets import Advance
from breathcore.model.protocols import Happening, Source

TICK_S = 0.05


class LiveClock:
    """The host's own clock, from session time zero on."""

    def __init__(self, t0_host_ns: int) -> None:
        self._t0_host_ns = t0_host_ns

    def now_s(self) -> float:
        """Return the session time."""
        return (time.monotonic_ns() - self._t0_host_ns) * 1e-9

    async def wait(self, t_host_ns: int) -> None:
        """Live items are already due."""


class VirtualClock:
    """Lets virtual time pass at `pace` virtual seconds per real second."""

    def __init__(self, pace: float | None, t0_host_ns: int) -> None:
        self._pace = pace
        self._t0_host_ns = t0_host_ns
        self._start = time.monotonic()
        self._item_s = 0.0

    def now_s(self) -> float:
        """Return the session time."""
        if self._pace is None:
            return self._item_s
        # never far ahead of the items: if the worker is late, time stands still for the eye too
        return min((time.monotonic() - self._start) * self._pace, self._item_s + 2 * TICK_S * self._pace)

    async def wait(self, t_host_ns: int) -> None:
        """Wait until an item is due."""
        item_s = (t_host_ns - self._t0_host_ns) * 1e-9
        if self._pace is None:
            if item_s - self._item_s > 0:
                await asyncio.sleep(0)
        else:
            ahead_s = item_s / self._pace - (time.monotonic() - self._start)
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
        self._item_s = max(self._item_s, item_s)


@contextlib.asynccontextmanager
async def closed_after(items: AsyncIterator[Happening]) -> AsyncIterator[AsyncIterator[Happening]]:
    """Yield `items` and end them, and what they have running, however the block is left."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


async def with_ticks(source: Source) -> AsyncIterator[Happening]:
    """Yield the source's events in order with an `Advance` every 50 ms; ends with the source."""
    queue: asyncio.Queue[Happening | None] = asyncio.Queue()

    async def pump() -> None:
        try:
            async for event in source.events():
                queue.put_nowait(event)
        finally:
            queue.put_nowait(None)

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK_S)
            queue.put_nowait(Advance(time.monotonic_ns()))

    pumping, ticking = asyncio.create_task(pump()), asyncio.create_task(tick())
    try:
        while (item := await queue.get()) is not None:
            yield item
        await pumping  # a source that failed says why
    finally:
        for task in (pumping, ticking):
            task.cancel()
        await asyncio.gather(pumping, ticking, return_exceptions=True)
