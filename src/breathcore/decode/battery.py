"""The Bluetooth battery service (0x180F): level 0x2A19, one byte, 0–100 %."""

from collections.abc import Sequence

from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import FaultReason, RawBlock, Received
from breathcore.model.device import ChannelSpec
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Read, Request
from breathcore.model.protocols import StreamPlan

_FULL = 100


def decode_level(payload: bytes) -> int:
    """Return per cent. Raises DecodeError: TRUNCATED, BAD_LENGTH, or OUT_OF_RANGE above 100."""
    if not payload:
        raise DecodeError(FaultReason.TRUNCATED)
    if len(payload) > 1:
        raise DecodeError(FaultReason.BAD_LENGTH, 1)
    if payload[0] > _FULL:
        raise DecodeError(FaultReason.OUT_OF_RANGE, 0, str(payload[0]))
    return payload[0]


def encode_level(percent: int) -> bytes:
    """Return the byte of 0x2A19 for 0–100 %. Raises ValueError outside 0–255."""
    return bytes([percent])


class BatteryCodec:
    """Codec "battery": characteristic ``<id>.level`` → LinkEvents BATTERY, detail the per cent ("82").

    The level is read once at the start, because straps notify it only when it changes. It makes no blocks: its
    endpoint needs no channels.
    """

    def __init__(self, endpoint: str, channels: Sequence[ChannelSpec]) -> None:
        self._level = f"{endpoint}.level"

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Ask for the level."""
        return (Read(self._level),)

    def stop(self) -> tuple[Request, ...]:
        """Return nothing: the stream ends with the subscription."""
        return ()

    def receive(self, packet: Packet) -> Received:
        """Take one level, read or notified."""
        if packet.endpoint != self._level or packet.direction is Direction.WRITE:
            return Received()
        try:
            percent = self._percent(packet.payload)
        except DecodeError as error:
            return Received(faults=(error.at(packet.endpoint),))
        return Received(events=(LinkEvent(packet.device, packet.t_host_ns, LinkKind.BATTERY, str(percent)),))

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return one packet for each row of per cents in `blocks`."""
        return tuple((self._level, self._payload(round(v))) for b in blocks for v in b.x[:, 0].tolist())

    def _percent(self, payload: bytes) -> int:
        return decode_level(payload)

    def _payload(self, percent: int) -> bytes:
        return encode_level(percent)
