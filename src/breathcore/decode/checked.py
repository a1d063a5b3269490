"""The damage check that every codec is wrapped in: numbers that cannot be do not get past it.

Most wearables send no checksum: a flipped bit gives a number like any other. What tells it apart is what the sensor
can measure (`ChannelSpec.limits`) and how fast a body moves (`ChannelSpec.max_step`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from breathcore.dsp.summary import extremes
from breathcore.model.arrays import F64
from breathcore.model.blocks import Fault, FaultReason, RawBlock, Received
from breathcore.model.packets import Packet, Request
from breathcore.model.protocols import Codec, StreamPlan

GAP_INTERVALS = 3.0  # silence of that many packets, and of GAP_S: the next sample has nothing to be compared with
GAP_S = 0.25
_ANY = (-np.inf, np.inf)


class _Seen(NamedTuple):
    """A block of a channel: its last row, its arrival, the least and the largest of its numbers."""

    row: F64
    t_host_s: float
    lowest: float
    highest: float


class CheckedCodec:
    """A codec whose blocks are looked at before they are passed on.

    A block with a number that is not finite or outside its channel's `limits` is refused as OUT_OF_RANGE, one with a
    step of more than `max_step` as SUSPECT. A step into a block is taken from the last sample that passed, or from the
    last that was refused since, whichever is nearer: so a false number costs no block but its own, and a true jump
    costs one and never locks a channel out. Over lost samples a step may be larger by as many, after silence nothing
    is compared. Samples that are refused count into the `lost_n` of the channel's next block.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._seen: dict[str, tuple[_Seen, ...]] = {}  # the last that passed, and the last refused since
        self._refused_n: dict[str, int] = {}

    def start(self, want: StreamPlan) -> tuple[Request, ...]:
        """Return the codec's first requests."""
        return self._codec.start(want)

    def stop(self) -> tuple[Request, ...]:
        """Return the requests that end the streams."""
        return self._codec.stop()

    def encode(self, *blocks: RawBlock) -> tuple[tuple[str, bytes], ...]:
        """Return the codec's packets, unchecked."""
        return self._codec.encode(*blocks)

    def receive(self, packet: Packet) -> Received:
        """Take one packet; keep the blocks that can be true."""
        received = self._codec.receive(packet)
        if not received.blocks:
            return received
        problems = [self._problem(block) for block in received.blocks]
        if not self._refused_n and problems.count(None) == len(problems):
            return received
        blocks, faults = [], list(received.faults)
        for block, problem in zip(received.blocks, problems, strict=True):
            if problem is None:
                blocks.append(self._passed(block))
            else:
                faults.append(Fault(problem[0], packet.endpoint, 0, f"{block.channel.id}: {problem[1]}"))
                self._refuse(block)
        return Received(tuple(blocks), received.requests, received.events, tuple(faults))

    def _passed(self, block: RawBlock) -> RawBlock:
        missing_n = self._refused_n.pop(block.channel.id, 0)
        return replace(block, lost_n=block.lost_n + missing_n) if missing_n else block

    def _refuse(self, block: RawBlock) -> None:
        id_ = block.channel.id
        self._refused_n[id_] = self._refused_n.get(id_, 0) + block.lost_n + len(block.x)

    def _problem(self, block: RawBlock) -> tuple[FaultReason, str] | None:
        """Return what is wrong with a block, and take note of its last sample."""
        channel, x = block.channel, block.x
        low, high = channel.limits or _ANY
        lowest, highest = extremes(x)
        if not (low <= lowest and highest <= high and -np.inf < lowest and highest < np.inf):
            value, bound = (lowest, low) if lowest < low else (highest, high)
            return FaultReason.OUT_OF_RANGE, f"{value:g} {channel.unit}, bound {bound:g}"
        if channel.max_step is None:
            return None
        before, seen = self._seen.get(channel.id, ()), _Seen(x[-1], block.t_host_s, lowest, highest)
        self._seen[channel.id] = (seen,)
        for b in before:
            if max(highest, b.highest) - min(lowest, b.lowest) <= channel.max_step:
                return None  # no two of them are further apart
        step = _largest_step(block, before)
        if step <= channel.max_step:
            return None
        self._seen[channel.id] = (*before[:1], seen)
        return FaultReason.SUSPECT, f"a step of {step:g} {channel.unit}, at most {channel.max_step:g}"


def _largest_step(block: RawBlock, before: Sequence[_Seen]) -> float:
    """Return the largest step inside a block and into it, for each sample, from the nearest of those before."""
    x = block.x
    silent_s = max(GAP_INTERVALS * block.channel.expected_interval_s, GAP_S)
    recent = [b.row for b in before if block.t_host_s - b.t_host_s <= silent_s]
    largest = min((float(np.maximum.reduce(np.abs(x[0] - row))) for row in recent), default=0.0) / (1 + block.lost_n)
    if len(x) > 1:
        largest = max(largest, float(np.maximum.reduce(np.abs(x[1:] - x[:-1]), axis=None)))
    return largest
