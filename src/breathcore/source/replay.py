"""A recorded session as a source: the same items in the same order, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from breathcore.model.drill import Timeline
from breathcore.model.packets import Request
from breathcore.model.protocols import SourceInfo
from breathcore.record.items import Input
from breathcore.record.reader import SessionFile

_BREATHER_N = 256  # items between two chances for other tasks


class ReplaySource:
    """Gives what a session file holds: packets, link events, advances and the person's commands.

    Requests and targets go nowhere: the recorded packets hold the answers that were given then, and the recorded
    person saw what they saw. Raises SessionFileError from `open` and while reading.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._session: SessionFile | None = None

    async def open(self) -> SourceInfo:
        """Open the file."""
        self._session = SessionFile.open(self.path)
        return SourceInfo(self._session.devices, self._session.meta.t0_host_ns, virtual_time=True)

    async def events(self) -> AsyncIterator[Input]:
        """Yield everything in recorded order, as fast as it is taken; other tasks run in between."""
        for n, item in enumerate(self._inputs(), start=1):
            yield item
            if n % _BREATHER_N == 0:
                await asyncio.sleep(0)

    async def request(self, device: str, request: Request) -> None:
        """Do nothing."""

    def show(self, timeline: Timeline) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Release the file; `events` ends."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def __iter__(self) -> Iterator[Input]:
        """Read the file without a loop: opened before, closed after."""
        with SessionFile.open(self.path) as session:
            yield from session.inputs()

    def _inputs(self) -> Iterator[Input]:
        if self._session is None:
            return
        for item in self._session.inputs():
            yield item
            if self._session is None:
                return
