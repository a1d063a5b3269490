"""Values that go from one to the next: minimum-jerk steps, and slow random waves."""

import math
from bisect import bisect_right

import numpy as np

from breathcore.model.arrays import F64

_PART_S = 1e-6


class Track:
    """A value over time that is sent from where it is to where it should be, with no speed at either end.

    What has not begun can be cut off: `go` from a moment on drops all that would have begun later.
    """

    def __init__(self, rest: float = 0.0) -> None:
        self._starts: list[float] = [-math.inf]
        self._rows: list[tuple[float, float, float, float]] = [(0.0, 1.0, rest, rest)]
        self._table = np.array(self._rows)

    @property
    def end_s(self) -> float:
        """When the last step is over."""
        return self._rows[-1][1] if len(self._rows) > 1 else -math.inf

    def cut(self, t_s: float) -> None:
        """Drop the steps that begin at `t_s` or later."""
        keep = max(bisect_right(self._starts, t_s - _PART_S), 1)
        del self._starts[keep:], self._rows[keep:]
        self._table = np.array(self._rows)

    def go(self, start_s: float, end_s: float, to: float) -> None:
        """Go to `to` between `start_s` and `end_s`, from wherever it is then."""
        self.cut(start_s)
        here = float(self(np.array([start_s]))[0])
        self._starts.append(start_s)
        self._rows.append((start_s, max(end_s, start_s + _PART_S), here, to))
        self._table = np.array(self._rows)

    def __call__(self, t_s: F64) -> F64:
        """Return the value at `t_s` (n,)."""
        rows = self._table[np.searchsorted(self._starts, t_s, side="right") - 1]
        s = np.clip((t_s - rows[:, 0]) / (rows[:, 1] - rows[:, 0]), 0.0, 1.0)
        return np.asarray(rows[:, 2] + (rows[:, 3] - rows[:, 2]) * smooth(s))


def smooth(s: F64) -> F64:
    """Return how far along a minimum-jerk movement is at `s` (0–1) of its time (Flash and Hogan 1985)."""
    return np.asarray(s * s * s * (10.0 + s * (6.0 * s - 15.0)))


class Waves:
    """`n` sums of sines between two frequencies, each of RMS 1, unrelated: sway, wobble, wandering."""

    def __init__(self, rng: np.random.Generator, n: int, low_hz: float, high_hz: float, sines_n: int = 6) -> None:
        edges = np.geomspace(low_hz, high_hz, sines_n + 1)
        self._turn = 2.0 * np.pi * rng.uniform(edges[:-1], edges[1:], (n, sines_n))
        self._phase = rng.uniform(0.0, 2.0 * np.pi, (n, sines_n))
        self._gain = math.sqrt(2.0 / sines_n)

    def __call__(self, t_s: F64) -> F64:
        """Return the waves at `t_s` (n,), (n, waves)."""
        angle = t_s[:, None, None] * self._turn + self._phase
        return np.asarray(self._gain * np.sin(angle).sum(axis=2))
