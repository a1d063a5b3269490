"""The board's side of a BITalino with a belt: numbered frames of six inputs between start and stop."""

from dataclasses import replace

import numpy as np

from breathcore.decode.bitalino import RATE, RATE_HZ, START, STOP, BitalinoCodec
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream

_MOST = 1023
_PER_COUNT = 0.25  # of the wearer's belt, which counts to more than 10 bits


class BitalinoService:
    """Sends one frame a packet at 100 Hz (other rates are not served) once it is told to start."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._endpoint, self._body = endpoint, body
        self._rate = b""
        self._codec = BitalinoCodec(endpoint.id, endpoint.channels)
        self._stream = Stream(body, endpoint.channels, RATE_HZ)

    @property
    def next_s(self) -> float:
        """When the next sample is taken."""
        return self._stream.next_s

    def connect(self, t_s: float) -> None:
        """Wait to be started."""
        self._stream.stop()

    def disconnect(self) -> None:
        """Stop sending."""
        self._stream.stop()

    def send(self) -> Sent:
        """Return the frame of this moment."""
        blocks = [_counted(block) for block in self._stream.take()]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: nothing can be read."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command: rate, start or stop."""
        if name != "command":
            return ()
        if payload == STOP:
            self._stream.stop()
        elif payload == START and self._rate == RATE:
            self._codec = BitalinoCodec(self._endpoint.id, self._endpoint.channels)
            self._stream.start(t_s + 1.0 / RATE_HZ)
        else:
            self._rate = payload
        return ()


def _counted(block: RawBlock) -> RawBlock:
    return replace(block, x=np.rint(block.x * _PER_COUNT).clip(0, _MOST))
