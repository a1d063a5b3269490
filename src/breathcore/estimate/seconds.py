"""Whole seconds of session time, each told once, when the first sample at or after it comes."""

from collections.abc import Callable

from breathcore.model.arrays import F64
from breathcore.model.estimates import Estimate, Polarity


class Seconds:
    """Cuts samples at whole seconds, so that nothing told at a second can depend on how the stream was blocked.

    Parameters
    ----------
    feed : callable
        Takes samples `t_s` (n,), `x` (n, axes) that no whole second divides.
    tick : callable
        Takes a whole second; everything before it has been fed.
    """

    def __init__(
        self, feed: Callable[[F64, F64], list[Estimate]], tick: Callable[[float], list[Estimate]], from_s: int = 0
    ) -> None:
        self._feed, self._tick = feed, tick
        self.next_s = from_s

    def push(self, t_s: F64, x: F64) -> list[Estimate]:
        """Take samples `t_s` (n,), `x` (n, axes)."""
        out: list[Estimate] = []
        start, count = 0, len(t_s)
        while start < count:
            while t_s[start] >= self.next_s:
                out += self._next()
            end = int(t_s.searchsorted(self.next_s))
            out += self._feed(t_s[start:end], x[start:end])
            start = end
        return out

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        out: list[Estimate] = []
        while self.next_s <= end_s:
            out += self._next()
        return out

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
        return self._seconds.push(t_s, x)

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        return self._seconds.flush(end_s)

    def turn(self, polarity: Polarity) -> None:
        """Nothing to turn where there is no trace."""

    def _from_second(self, from_s: int = 0) -> None:
        """Begin at a whole second."""
        self._seconds = Seconds(self._feed, self._tick, from_s)

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        raise NotImplementedError

    def _tick(self, second: float) -> list[Estimate]:
        raise NotImplementedError
