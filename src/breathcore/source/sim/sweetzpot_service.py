"""The belt's side of a SweetzPot FLOW: seven samples a packet for as long as somebody listens."""

from breathcore.decode.sweetzpot import ROWS_N, SweetzpotCodec
from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream
from breathcore.source.sim.wire import on_wire


class SweetzpotService:
    """Sends from when it is subscribed to."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._body = body
        self._codec = SweetzpotCodec(endpoint.id, endpoint.channels)
        self._stream = Stream(body, endpoint.channels, endpoint.channels[0].rate_hz, ROWS_N)

    @property
    def next_s(self) -> float:
        """When the next packet is full."""
        return self._stream.next_s

    def connect(self, t_s: float) -> None:
        """Begin to send."""
        self._stream.start(t_s + 1.0 / self._stream.rate_hz)

    def disconnect(self) -> None:
        """Stop sending."""
        self._stream.stop()

    def send(self) -> Sent:
        """Return the packet that is full now."""
        blocks = [on_wire(block, 1.0) for block in self._stream.take()]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a write without an answer."""
        return ()
