"""The receiving end of a session, without a drill: codecs that ask, samples that come."""

import asyncio
from collections.abc import Callable

from legal_links import LEGAL

from breathcore.model.blocks import SampleBlock
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet
from breathcore.model.protocols import SourceInfo
from breathcore.record.items import RecordedFault
from breathcore.session.reception import Reception
from breathcore.source.ble import BleSource


class Host:
    """A session's receiving end: obeys the codecs and notes everything that comes."""

    def __init__(self, source: BleSource) -> None:
        self.source = source
        self.packets: list[Packet] = []
        self.events: list[LinkEvent] = []
        self.blocks: list[SampleBlock] = []
        self.faults: list[RecordedFault] = []

    async def run(self, info: SourceInfo) -> None:
        reception = Reception(info.devices, info.t0_host_ns)
        async for item in self.source.events():
            if isinstance(item, LinkEvent):
                self.events.append(item)
            else:
                self.packets.append(item)
            reading = reception.push(item)
            self.blocks += reading.blocks
            self.faults += reading.faults
            for outbound in reading.outbound:
                await self.source.request(outbound.device, outbound.request)

    def notified(self, device: str) -> list[tuple[str, bytes]]:
        """What has come of one device, in order."""
        return [(p.endpoint, p.payload) for p in self.packets if p.device == device and p.direction is Direction.NOTIFY]

    def kinds(self, device: str) -> list[LinkKind]:
        """The states of one device's link, in order."""
        return [e.kind for e in self.events if e.device == device and e.kind in LEGAL]

    def streams(self, device: str) -> bool:
        """Whether a device streams now."""
        return self.kinds(device)[-1:] == [LinkKind.STREAMING]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 — what the fake radio does wakes nobody here
        await asyncio.sleep(0.01)
