"""Whole seconds of session time, each told once, when the first sample at or after it comes."""

from collections.abc import Callable

from breathcore.model.arrays import F64
from breathcore.model.estimates import Estimate


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
