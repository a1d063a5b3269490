"""An event loop whose clock jumps to the next timer as soon as nothing else is to be done: hours pass in seconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START_S = 1000.0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Timers fire in order and at their very time; nothing sleeps."""

    def __init__(self) -> None:
        self.now_s = START_S
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.now_s


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, puts the clock forward to it. A loop that waits for nothing is a deadlock."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits, and nothing will ever happen")
        self._loop.now_s += timeout
        return ready


def clock_ns() -> int:
    """The running loop's clock in nanoseconds."""
    return round(asyncio.get_running_loop().time() * 1e9)


def run_virtual(coroutine: Coroutine[Any, Any, T], *, limit_s: float = 7200.0) -> T:
    """Run a coroutine on a loop of its own in virtual time, of which it may take `limit_s`."""

    async def limited() -> T:
        async with asyncio.timeout(limit_s):
            return await coroutine

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(limited())
