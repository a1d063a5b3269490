"""Samples as they come → evenly spaced runs: short holes bridged, long ones told."""

import numpy as np

from breathcore.model.arrays import F64

BRIDGED_S = 1.0  # a hole up to this long is bridged by a straight line


class EvenRuns:
    """Cuts a stream of samples into runs without holes.

    A sample that is not finite counts as missing. A hole of at most `BRIDGED_S` is filled by a straight line at the
    nominal rate, a longer one starts a new run.
    """

    def __init__(self, rate_hz: float, axes_n: int) -> None:
        self._period_s = 1.0 / rate_hz
        self._axes_n = axes_n
        self.reset()

    def reset(self) -> None:
        """Forget the last sample."""
        self._last_t: float | None = None
        self._last_x: F64 = np.empty(self._axes_n)

    def push(self, t_s: F64, x: F64) -> list[tuple[F64, F64, bool]]:
        """Return runs (t (n,), x (axes, n), begins a new run) of samples `t_s` (n,), `x` (n, axes)."""
        x = np.ascontiguousarray(x.T)
        finite = np.isfinite(x)
        if not finite.all():
            kept = finite.all(axis=0)
            t_s, x = t_s[kept], x[:, kept]
        if not len(t_s):
            return []
        steps = np.empty(len(t_s))
        steps[0] = self._period_s if self._last_t is None else t_s[0] - self._last_t
        np.subtract(t_s[1:], t_s[:-1], out=steps[1:])
        runs = self._split(t_s, x, steps)
        self._last_t, self._last_x = float(t_s[-1]), x[:, -1].copy()
        return runs

    def _split(self, t_s: F64, x: F64, steps: F64) -> list[tuple[F64, F64, bool]]:
        runs: list[tuple[F64, F64, bool]] = []
        new, start = self._last_t is None, 0
        for at in (steps > 1.5 * self._period_s).nonzero()[0].tolist():
            if at > start:
                runs.append((t_s[start:at], x[:, start:at], new))
                new = False
            start = at
            if steps[at] > BRIDGED_S:
                new = True
                continue
            left_x = x[:, at - 1] if at else self._last_x
            runs.append((*self._bridge(float(t_s[at] - steps[at]), left_x, float(steps[at]), x[:, at]), new))
            new = False
        runs.append((t_s[start:], x[:, start:], new))
        return runs

    def _bridge(self, left_t: float, left_x: F64, step_s: float, right_x: F64) -> tuple[F64, F64]:
        missing_n = max(1, round(step_s / self._period_s) - 1)
        part = np.arange(1, missing_n + 1) / (missing_n + 1)
        return left_t + step_s * part, left_x[:, None] + part * (right_x - left_x)[:, None]
