"""What of the samples that come is taken: sound ones, none from far ahead that nothing bears out; short blocks join."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from breathcore.model.blocks import SampleBlock
from breathcore.model.device import Role

FAR_S = 120.0  # beyond all that came before
MOST: Mapping[Role, float] = {Role.CHEST_ACC: 100.0, Role.GYRO: 1e4}  # g, deg/s: no wearable measures so much
MOST_ELSE = 1e9  # of a belt, in whatever unit
JOINED_S = 0.1  # wearables that send sample by sample: every block costs the same, however short


class Intake:
    """Sorts out what cannot be: samples without a time, values that no sensor measures, times far ahead.

    Samples more than `FAR_S` later than all that came before (session time 0 at first) are either what comes after a
    long gap or the fault of a clock. They are kept until they span `wait_s`, and left out if anything comes from before
    that meanwhile: one block far ahead does not keep the other channels from being heard.

    Parameters
    ----------
    wait_s : float
        Longer than any packet lasts.
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._newest_s = 0.0
        self._ahead: list[SampleBlock] = []

    def push(self, block: SampleBlock) -> Iterator[SampleBlock]:
        """Take samples; yield those to be taken now, what was kept first."""
        for run in _runs(_sound(block)):
            yield from self._push_run(run)

    def _push_run(self, run: SampleBlock) -> Iterator[SampleBlock]:
        if float(run.t_s[0]) <= self._newest_s + FAR_S:
            self._ahead = []
            yield self._taken(run)
            return
        self._ahead.append(run)
        times = [t for b in self._ahead for t in (float(b.t_s[0]), float(b.t_s[-1]))]
        if max(times) - min(times) >= self._wait_s:
            ahead, self._ahead = self._ahead, []
            yield from map(self._taken, ahead)

    def _taken(self, block: SampleBlock) -> SampleBlock:
        self._newest_s = max(self._newest_s, float(block.t_s[-1]))
        return block


def _sound(block: SampleBlock) -> SampleBlock:
    """Return the samples whose time is finite, NaN for values that cannot be."""
    most = MOST.get(block.channel.role, MOST_ELSE)
    if not np.isfinite(block.t_s).all():
        known = np.isfinite(block.t_s)
        block = replace(block, t_s=block.t_s[known], x=block.x[known])
    if len(block.t_s) and not float(np.abs(block.x).max()) <= most:
        block = replace(block, x=np.where(np.abs(block.x) <= most, block.x, math.nan))
    return block


def _runs(block: SampleBlock) -> list[SampleBlock]:
    """Return the block in parts between which no more than `FAR_S` lie."""
    if len(block.t_s) < 2 or float(block.t_s[-1] - block.t_s[0]) <= FAR_S:
        return [block] if len(block.t_s) else []
    edges = [0, *(np.flatnonzero(np.diff(block.t_s) > FAR_S) + 1).tolist(), len(block.t_s)]
    return [replace(block, t_s=block.t_s[a:b], x=block.x[a:b]) for a, b in pairwise(edges)]


class Joiner:
    """Holds short blocks of each channel back until they span `JOINED_S`; longer ones go through at once.

    For what is bit-identical for any block split: only when it is told changes, by less than `JOINED_S`.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[SampleBlock]] = {}

    def push(self, block: SampleBlock) -> SampleBlock | None:
        """Take a block; return what its channel has come to, None as long as that is held."""
        held = self._held.setdefault(block.channel.id, [])
        held.append(block)
        return self._pop(block.channel.id) if block.t_s[-1] - held[0].t_s[0] >= JOINED_S else None

    def drain(self, only: Collection[str] | None = None) -> list[SampleBlock]:
        """Return all that is held (of some channels only), a block for each channel."""
        return [self._pop(i) for i in tuple(self._held) if only is None or i in only] if self._held else []

    def _pop(self, channel_id: str) -> SampleBlock:
        held = self._held.pop(channel_id)
        if len(held) == 1:
            return held[0]
        t_s, x = np.concatenate([b.t_s for b in held]), np.concatenate([b.x for b in held])
        return SampleBlock(held[0].channel, t_s, x, held[0].gap_before)
