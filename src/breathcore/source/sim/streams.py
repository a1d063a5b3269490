"""Sampled channels of a virtual wearable: when the next packet is full, and what is in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.blocks import RawBlock
from breathcore.model.device import ChannelSpec
from breathcore.source.sim.body import Body


@dataclass(slots=True, eq=False)
class Stream:
    """Channels that are sampled together, `rows_n` samples a packet.

    Sample k is taken at ``first_s + k / rate`` with the wearable's true rate. `next_s` is when the packet's last one
    is taken (infinity while the stream is stopped).
    """

    body: Body
    channels: tuple[ChannelSpec, ...]
    rate_hz: float  # nominal
    rows_n: int = 1
    first_s: float = math.inf
    taken_n: int = 0

    @property
    def next_s(self) -> float:
        """When the next packet is full."""
        return self.first_s + (self.taken_n + self.rows_n - 1) / self.body.rate_hz(self.rate_hz)

    @property
    def running(self) -> bool:
        """Whether it has been started."""
        return self.first_s < math.inf

    def start(self, t_s: float) -> None:
        """Begin: the first sample is taken at `t_s`."""
        self.first_s, self.taken_n = t_s, 0

    def stop(self) -> None:
        """End."""
        self.first_s = math.inf

    def take(self) -> tuple[RawBlock, ...]:
        """Return the packet that is full at `next_s`, one block a channel with device times, and move on."""
        k = np.arange(self.taken_n, self.taken_n + self.rows_n)
        t_s = self.first_s + k / self.body.rate_hz(self.rate_hz)
        self.taken_n += self.rows_n
        stamps_s = self.body.clock.device_s(t_s)
        read = self.body.sensors.read
        return tuple(RawBlock(c, read(c, t_s), stamps_s, float(t_s[-1])) for c in self.channels)


def next_of(streams: Sequence[Stream]) -> float:
    """Return when the first of `streams` has a packet to send (infinity: none runs)."""
    return min((s.next_s for s in streams), default=math.inf)


def due(streams: Sequence[Stream]) -> Stream:
    """Return the stream whose packet is full first."""
    return min(streams, key=lambda s: s.next_s)
