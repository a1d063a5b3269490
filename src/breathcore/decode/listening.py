"""What codecs share that hold no conversation: the device sends once it is subscribed to, on one characteristic."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import ChannelSpec
from breathcore.model.packets import Direction, Packet, Request
from breathcore.model.protocols import StreamPlan


class ListeningCodec(ABC):
    """Reads the notifications of ``<id>.<characteristic>``; `decoded` says what is in one."""

    characteristic: ClassVar[str]

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._source = f"{endpoint}.{self.characteristic}"
        self._channels = tuple(channels)

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Keep to the wanted channels; there is nothing to ask for."""
        self._channels = want.channels
        return ()

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the stream ends with the subscription."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take one packet."""
        if packet.endpoint != self._source or packet.direction is Direction.WRITE:
            return Received()
        try:
            return Received(self.decoded(packet.payload, packet.t_host_ns * 1e-9))
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))

    @abstractmethod
    def decoded(self, payload: bytes, t_host_s: float) -> tuple[RawBlock, ...]:
        """Return the blocks in a packet that arrived at `t_host_s`. Raises DecodeError."""

    @abstractmethod
    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return (endpoint, payload) pairs that carry `blocks`."""
