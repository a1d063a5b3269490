"""The sensor's side of a Movella DOT: a sample a packet, in the mode that it is told to measure in."""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from breathcore.decode.battery import decode_level
from breathcore.decode.dot import DotCodec, from_wire, to_wire
from breathcore.decode.dot_packets import (
    RATES_HZ,
    decode_command,
    decode_rate,
    encode_battery,
    encode_rate,
)
from breathcore.decode.errors import DecodeError
from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec, EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.services import BatteryService, Sent
from breathcore.source.sim.streams import Stream, next_of

_US = 1e-6
_FIRST_DATA_S = 0.1


class DotService:
    """The measurement service. It measures in any mode that channels of its file can want; other modes are ignored."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._body = body
        self._codecs = {codec.mode: (codec, wanted) for codec, wanted in _codecs(endpoint)}
        self._codec = DotCodec(endpoint.id, endpoint.channels)
        self._stream = Stream(body, endpoint.channels, max(c.rate_hz for c in endpoint.channels))

    @property
    def next_s(self) -> float:
        """When the next sample is taken."""
        return next_of([self._stream])

    def connect(self, t_s: float) -> None:
        """Begin without measuring."""
        self._stream.stop()

    def disconnect(self) -> None:
        """Stop measuring."""
        self._stream.stop()

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return None: the commands are not remembered."""
        return None

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take a command; nothing answers it."""
        try:
            command = decode_command(payload)
        except DecodeError:
            return ()
        if name == "control":
            if command.start and command.mode in self._codecs and not self._stream.running:
                self._codec, self._stream.channels = self._codecs[command.mode]
                self._stream.start(t_s + _FIRST_DATA_S)
            elif not command.start and command.mode == self._codec.mode:
                self._stream.stop()
        return ()

    def send(self) -> Sent:
        """Return the sample that is due."""
        blocks = [_as_sent(block) for block in self._stream.take()]
        for block in blocks:
            self._body.sent(block)
        return self._codec.encode(*blocks)


def _codecs(endpoint: EndpointSpec) -> Iterator[tuple[DotCodec, tuple[ChannelSpec, ...]]]:
    """Yield what measures each choice of the channels, more of them later."""
    for n in range(1, len(endpoint.channels) + 1):
        for wanted in combinations(endpoint.channels, n):
            yield DotCodec(endpoint.id, wanted), wanted


class DotRateService:
    """The settings: the output rate is taken, told when it is read, and nothing else."""

    def __init__(self, endpoint: EndpointSpec, body: Body) -> None:
        self._rate_hz = RATES_HZ[-1]

    @property
    def next_s(self) -> float:
        """Never: settings do not notify."""
        return math.inf

    def send(self) -> Sent:
        """Return nothing."""
        return ()

    def connect(self, t_s: float) -> None:
        """Keep the settings."""

    def disconnect(self) -> None:
        """Keep the settings."""

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the settings."""
        return encode_rate(self._rate_hz)

    def write(self, name: str, payload: bytes, t_s: float) -> Sent:
        """Take settings; those that make no sense change nothing."""
        try:
            rate_hz = decode_rate(payload)
        except DecodeError:
            return ()
        if rate_hz in RATES_HZ:
            self._rate_hz = rate_hz
        return ()


class DotBatteryService(BatteryService):
    """The battery in the maker's own form: per cent and not charging."""

    def send(self) -> Sent:
        """Return the level if it has changed."""
        return tuple((endpoint, _as_told(level)) for endpoint, level in super().send())

    def read(self, name: str, t_s: float) -> bytes | None:
        """Return the level."""
        level = super().read(name, t_s)
        return None if level is None else _as_told(level)


def _as_told(level: bytes) -> bytes:
    return encode_battery(decode_level(level), charging=False)


def _as_sent(block: RawBlock) -> RawBlock:
    """Return `block` rounded to what the wire carries."""
    role = block.channel.role
    stamps_s = None if block.t_device_s is None else np.rint(block.t_device_s / _US) * _US
    return RawBlock(block.channel, from_wire(role, to_wire(role, block.x)), stamps_s, block.t_host_s)
