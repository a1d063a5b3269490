"""Recent samples for plots: a ring that is read as one contiguous array."""

import numpy as np

from breathcore.model.arrays import F64


class History:
    """The newest `capacity` rows of `columns` numbers, in order.

    Rows are written into a buffer twice as long as the history and moved to its front when it is full, so that
    reading never copies and writing is amortised constant time.
    """

    def __init__(self, capacity: int, columns: int) -> None:
        self._capacity = capacity
        self._rows = np.empty((2 * capacity, columns))
        self._end = 0
        self._total = 0

    @property
    def total(self) -> int:
        """How many rows were ever added: the newest row is number `total` - 1."""
        return self._total

    def append(self, rows: F64) -> None:
        """Add `rows` (n, columns); of more than `capacity` only the newest are kept."""
        self._total += len(rows)
        rows = rows[-self._capacity :]
        if self._end + len(rows) > len(self._rows):
            kept = self.rows()[-(self._capacity - len(rows)) :] if len(rows) < self._capacity else rows[:0]
            self._rows[: len(kept)] = kept.copy()
            self._end = len(kept)
        self._rows[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def rows(self) -> F64:
        """Return the history (n, columns), oldest first: a view, valid until the next append."""
        return self._rows[max(0, self._end - self._capacity) : self._end]

    def clear(self) -> None:
        """Forget everything."""
        self._end = 0
