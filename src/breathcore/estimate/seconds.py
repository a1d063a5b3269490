"""Whole seconds of session time, each told once, when the first sample at or after it comes."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.estimates import Estimate, Polarity

AHEAD_S = 32  # samples of so many seconds are filtered at once, if so many come at once

Work = Callable[[], list[Estimate]]


class Seconds:
    """Cuts samples at whole seconds, so that nothing told at a second can depend on how the stream was blocked.

    Parameters
    ----------
    feed : callable
        Takes samples `t_s` (n,), `x` (n, axes) that no whole second divides.
    tick : callable
        Takes a whole second; everything before it has been fed.
    ahead : callable
        Takes samples `t_s` (n,), `x` (n, axes) of many seconds and the ends (k,) of the stretches that no whole second
        divides; returns what to do in place of feeding each, or nothing where each is to be fed.
    """

    def __init__(
        self,
        feed: Callable[[F64, F64], list[Estimate]],
        tick: Callable[[float], list[Estimate]],
        ahead: Callable[[F64, F64, list[int]], Sequence[Work]],
        from_s: int = 0,
    ) -> None:
        self._feed, self._tick, self._ahead = feed, tick, ahead
        self.next_s = from_s

    def push(self, t_s: F64, x: F64) -> Iterator[tuple[int, list[Estimate]]]:
        """Take samples `t_s` (n,), `x` (n, axes); yield what is told, by the second that the samples come before."""
        start, count = 0, len(t_s)
        work: list[Work] = []  # for the next seconds, the last first
        while start < count:
            out: list[Estimate] = []
            while t_s[start] >= self.next_s:
                out += self._next()
            if not work and t_s[-1] >= self.next_s + 1:
                work = self._many(t_s[start:], x[start:])
            end = int(t_s.searchsorted(self.next_s))
            out += work.pop()() if work else self._feed(t_s[start:end], x[start:end])
            yield self.next_s, out
            start = end

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        out: list[Estimate] = []
        while self.next_s <= end_s:
            out += self._next()
        return out

    def _many(self, t_s: F64, x: F64) -> list[Work]:
        """Return what there is to do for each of the next seconds, the last first."""
        until_s = min(self.next_s + AHEAD_S, math.floor(t_s[-1]) + 1)
        ends = t_s.searchsorted(np.arange(self.next_s, until_s + 1)).tolist()
        return list(self._ahead(t_s[: ends[-1]], x[: ends[-1]], ends))[::-1]

    def _next(self) -> list[Estimate]:
        second = self.next_s
        self.next_s += 1
        return self._tick(float(second))


class SecondsReader:
    """What the readers of all channels share: samples in, whole seconds told; each gives its `_feed` and `_tick`."""

    _seconds: Seconds

    @property
    def next_s(self) -> int:
        """The next whole second to tell."""
        return self._seconds.next_s

    def push(self, t_s: F64, x: F64) -> list[Estimate]:
        """Take samples `t_s` (n,), `x` (n, axes)."""
        if not len(t_s):
            return []
        if t_s[-1] < self._seconds.next_s:  # as most blocks are when they come live
            return self._feed(t_s, x)
        return [told for _, of_second in self._seconds.push(t_s, x) for told in of_second]

    def by_second(self, t_s: F64, x: F64) -> Iterator[tuple[int, list[Estimate]]]:
        """As `push`, bit for bit; yield what is told, by the second that the samples come before."""
        return self._seconds.push(t_s, x)

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        return self._seconds.flush(end_s)

    def turn(self, polarity: Polarity) -> None:
        """Nothing to turn where there is no trace."""

    def _from_second(self, from_s: int = 0) -> None:
        """Begin at a whole second."""
        self._seconds = Seconds(self._feed, self._tick, self._ahead, from_s)

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        raise NotImplementedError

    def _tick(self, second: float) -> list[Estimate]:
        raise NotImplementedError

    def _ahead(self, t_s: F64, x: F64, ends: list[int]) -> Sequence[Work]:
        """Nothing is gained where there is nothing to filter."""
        return ()
