"""The device's side of a Thingy:52's motion service: a rate that can be written, three characteristics that notify."""

import math
from dataclasses import replace

import numpy as np

from breathcore.decode.errors import DecodeError
from breathcore.decode.thingy import (
    EULER_PER_DEG,
    QUATERNION_PER_UNIT,
    RAW_PER_UNIT,
    ThingyCodec,
    ThingyConfig,
    decode_config,
    encode_config,
)
from breathcore.model.blocks import RawBlock
from breathcore.model.device import EndpointSpec, Role
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import Sent
from breathcore.source.sim.streams import Stream
from breathcore.source.sim.wire import on_wire

_FIRST = ThingyConfig(100, 500, 500, 10, 1)  # as it comes: 10 Hz
_I32 = 1 << 31


class ThingyService:
    """Sends everything it has a channel for, at the rate of its configuration, once a host has subscribed."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._body = body
        self._codec = ThingyCodec(endpoint.id, endpoint.channels)
        self._config = _FIRST
        self._stream = Stream(body, endpoint.channels, _FIRST.rate_hz)

    @property
    def next_s(self) -> float:
        """When the next sample is taken."""
        return self._stream.next_s if self._stream.running else math.inf

    def connect(self, t_s: float) -> None:
        """Begin to send."""
        self._begin(t_s)

    def disconnect(self) -> None:
        """Stop sending; the configuration stays."""
        self._stream.stop()

    def send(self) -> Sent:
        """Return the notifications of one moment."""
        blocks = [_on_wire(block) for block in self._stream.take()]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the configuration."""
        return encode_config(self._config) if name == "config" else None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a configuration; one that cannot be is ignored."""
        if name == "config":
            try:
                self._config = decode_config(payload)
            except DecodeError:
                return ()
            self._begin(t_s)
        return ()

    def _begin(self, t_s: float) -> None:
        self._stream = replace(self._stream, rate_hz=float(self._config.rate_hz))
        self._stream.start(t_s + 1.0 / self._config.rate_hz)


def _on_wire(block: RawBlock) -> RawBlock:
    if block.channel.role is not Role.ORIENTATION:
        return on_wire(block, RAW_PER_UNIT[block.channel.role])
    four = np.shape(block.x)[1] == 4
    return on_wire(block, QUATERNION_PER_UNIT if four else EULER_PER_DEG, -_I32, _I32 - 1)
