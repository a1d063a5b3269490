"""A simulated wearable and a client of it in one program: what was sent, and what of it arrived."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import DeviceSpec
from breathcore.model.packets import Direction, LinkEvent, Packet
from breathcore.session.reception import Outbound, Reception
from breathcore.source.ble import BleSource
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.virtual.devices import VirtualDevice, address
from breathcore.source.virtual.radio import VirtualRadio


@dataclass(slots=True)
class Tally:
    """Samples by channel id, sent and received; packets received; what could not be read, by reason."""

    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    packets_n: int = 0
    faults: Counter[str] = field(default_factory=Counter)


class SelfTest:
    """Streams one wearable over the virtual radio into codecs.

    `on_event` is told of the link, and of battery and skin contact. Raises BreathcoreError (EXTRA_MISSING).
    """

    def __init__(
        self, spec: DeviceSpec, wearer: WearerSpec, faults: FaultSpec, on_event: Callable[[LinkEvent], None]
    ) -> None:
        self.tally = Tally()
        self._on_event = on_event
        self._spec = spec
        self._radio = VirtualRadio([VirtualDevice(spec, faults, self._sent)], wearer).radio

    async def run(self, seconds: float) -> None:
        """Stream for `seconds`, or until cancelled; the link is ended in either case."""
        loop_s = asyncio.get_running_loop().time  # the virtual radio's clock
        source = BleSource([(address(1), self._spec)], radio=self._radio, clock_ns=lambda: round(loop_s() * 1e9))
        info = await source.open()
        reception = Reception(info.devices, info.t0_host_ns)
        reading = asyncio.create_task(self._read(source, reception))
        try:
            await asyncio.wait([reading], timeout=seconds)
        finally:
            await self._ask(source, reception.stop())
            await source.close()
            await reading
            self._count(reception.flush())

    async def _read(self, source: BleSource, reception: Reception) -> None:
        async for item in source.events():
            if isinstance(item, LinkEvent):
                self._on_event(item)
            elif isinstance(item, Packet):
                self.tally.packets_n += item.direction is not Direction.WRITE
            else:
                continue
            reading = reception.push(item)
            for event in reading.events:
                self._on_event(event)
            self._count(reading.blocks)
            self.tally.faults.update(f.reason.value for f in reading.faults)
            await self._ask(source, reading.outbound)

    async def _ask(self, source: BleSource, outbound: tuple[Outbound, ...]) -> None:
        for asked in outbound:
            await source.request(asked.device, asked.request)

    def _count(self, blocks: tuple[SampleBlock, ...]) -> None:
        for block in blocks:
            self.tally.received[block.channel.id] += len(block.x)

    def _sent(self, block: RawBlock) -> None:
        self.tally.sent[block.channel.id] += len(block.x)
