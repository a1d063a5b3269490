"""The newest samples, always in one contiguous piece."""

import numpy as np

from breathcore.model.arrays import F64


class Ring:
    """The last `capacity_n` rows of `t` and `x`.

    Rows lie in an array of twice the capacity and are moved to its front when it is full: views stay contiguous and
    a row is copied once on average.
    """

    def __init__(self, capacity_n: int, axes_n: int) -> None:
        self.capacity_n = capacity_n
        self._t: F64 = np.empty(2 * capacity_n)
        self._x: F64 = np.empty((axes_n, 2 * capacity_n))
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self.capacity_n)

    def reset(self) -> None:
        """Drop all rows."""
        self._end = 0

    def push(self, t_s: F64, x: F64) -> None:
        """Append rows `t_s` (n,) and `x` (axes, n)."""
        keep = self.capacity_n
        for i in range(0, len(t_s), keep):
            self._append(t_s[i : i + keep], x[:, i : i + keep])

    def _append(self, t_s: F64, x: F64) -> None:
        new_n = len(t_s)
        if self._end + new_n > len(self._t):
            old = min(self.capacity_n, self._end)
            self._t[:old] = self._t[self._end - old : self._end].copy()
            self._x[:, :old] = self._x[:, self._end - old : self._end].copy()
            self._end = old
        self._t[self._end : self._end + new_n] = t_s
        self._x[:, self._end : self._end + new_n] = x
        self._end += new_n

    def last(self, count_n: int | None = None) -> tuple[F64, F64]:
        """Return views of the last `count_n` rows (all, if None): times (n,) and values (axes, n)."""
        size = len(self) if count_n is None else min(count_n, len(self))
        return self._t[self._end - size : self._end], self._x[:, self._end - size : self._end]

    def drop_before(self, t_s: float) -> None:
        """Forget rows older than `t_s`."""
        times, values = self.last()
        first = int(np.searchsorted(times, t_s))
        kept = len(times) - first
        self._t[:kept] = times[first:].copy()
        self._x[:, :kept] = values[:, first:].copy()
        self._end = kept
