"""The ports: what a codec, an estimator and a source promise."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from breathcore.model.blocks import RawBlock, Received
from breathcore.model.device import ChannelSpec, DeviceSpec
from breathcore.model.drill import Timeline, UserCommand
from breathcore.model.packets import Advance, LinkEvent, Packet, Request

Happening = Packet | LinkEvent | Advance | UserCommand  # what a session is made of, in the order it happened

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """The channels of one endpoint that a session wants, with their settings."""

    channels: tuple[ChannelSpec, ...]


class Codec(Protocol):
    """Bytes ⇄ blocks for one endpoint group of one connection; holds the whole conversation, does no I/O."""

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Return the first requests of the conversation."""
        ...

    def receive(self, packet: Packet) -> Received:
        """Take one packet, ours or the device's. Never raises on bytes: what is wrong comes back as faults."""
        ...

    def stop(self) -> tuple[Request, ...]:
        """Return the requests that end the streams."""
        ...

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return (endpoint, payload) pairs that carry `blocks`: the simulator's and the round-trip tests' way back.

        Channels that share packets are given together, sampled at the same times; those not given are zero there.
        """
        ...


@runtime_checkable
class Estimator(Protocol[In_contra, Out_co]):
    """Causal, and indifferent to how the stream was cut into blocks."""

    @property
    def latency_s(self) -> float:
        """Worst-case algorithmic delay."""
        ...

    def push(self, item: In_contra) -> tuple[Out_co, ...]:
        """Take the next item; return what is now known."""
        ...

    def flush(self) -> tuple[Out_co, ...]:
        """Return what was still open: the stream has ended."""
        ...

    def reset(self) -> None:
        """Forget everything (also done on a block's `gap_before`)."""
        ...


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source brings: its devices, the session clock's zero, and whether time is virtual."""

    devices: tuple[tuple[str, DeviceSpec], ...]
    t0_host_ns: int
    virtual_time: bool


class Source(Protocol):
    """A radio, a recording or a simulator."""

    async def open(self) -> SourceInfo:
        """Make ready (scan and connect, open the file, build the wearer)."""
        ...

    def events(self) -> AsyncIterator[Packet | LinkEvent | Advance | UserCommand]:
        """Yield what happens, in order, until the source ends or is closed (commands: only a recording has them).

        A source with virtual time also yields `Advance` every 50 ms of it; others leave that to a timer. A recording
        also yields what its person asked for.
        """
        ...

    async def request(self, device: str, request: Request) -> None:
        """Carry out a codec's request; the write (and what a read brings) comes back as packets of `events`."""
        ...

    def show(self, timeline: Timeline) -> None:
        """Tell the source what the person sees from now on (a simulated wearer follows it; others ignore it)."""
        ...

    async def close(self) -> None:
        """Stop and release everything."""
        ...
