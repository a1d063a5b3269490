"""Functions of time computed a second at a time, for those who ask for single moments, again and again."""

from collections.abc import Callable

import numpy as np

from breathcore.model.arrays import F64

_BLOCK_S = 1.0
_PER_BLOCK = 100
_KEPT = 4


class Ahead:
    """`sample` of times (n,) → (n, columns), on a grid of 10 ms, straight lines between.

    It is asked up to a second ahead of the present; `forget` what comes after a moment when that has become otherwise.
    """

    def __init__(self, sample: Callable[[F64], F64]) -> None:
        self._sample = sample
        self._blocks: dict[int, F64] = {}

    def __call__(self, t_s: F64) -> F64:
        """Return the values at rising `t_s` (n,), (n, columns)."""
        if t_s.size == 1:
            return self._at(float(t_s[0]))
        first, last = int(t_s[0] // _BLOCK_S), int(t_s[-1] // _BLOCK_S)
        if first == last:
            return self._between(first, t_s)
        which = (t_s // _BLOCK_S).astype(int)
        return np.concatenate([self._between(k, t_s[which == k]) for k in range(first, last + 1) if (which == k).any()])

    def forget(self, from_s: float) -> None:
        """Drop what was computed of the time after `from_s`."""
        for k in [k for k in self._blocks if (k + 1) * _BLOCK_S > from_s]:
            del self._blocks[k]

    def _at(self, t_s: float) -> F64:
        """Return what `_between` does for a single moment, much faster."""
        k = int(t_s // _BLOCK_S)
        rows = self._blocks[k] if k in self._blocks else self._block(k)
        at = (t_s - k * _BLOCK_S) * (_PER_BLOCK / _BLOCK_S)
        below = min(int(at), _PER_BLOCK - 1)
        share = at - below
        return np.asarray(rows[below : below + 1] * (1.0 - share) + rows[below + 1 : below + 2] * share)

    def _between(self, k: int, t_s: F64) -> F64:
        rows = self._block(k)
        at = (t_s - k * _BLOCK_S) * (_PER_BLOCK / _BLOCK_S)
        below = np.minimum(at.astype(int), _PER_BLOCK - 1)
        share = (at - below)[:, None]
        return np.asarray(rows[below] * (1.0 - share) + rows[below + 1] * share)

    def _block(self, k: int) -> F64:
        if k not in self._blocks:
            for old in [old for old in self._blocks if old < k - _KEPT]:
                del self._blocks[old]
            self._blocks[k] = self._sample(np.asarray((k + np.arange(_PER_BLOCK + 1) / _PER_BLOCK) * _BLOCK_S))
        return self._blocks[k]
