"""Samples at their true times → the even grid of an export."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from breathcore.export.data import Track
from breathcore.model.arrays import F64
from breathcore.model.estimates import HeartEstimate, RateEstimate

GAP_PERIODS = 2.5  # a longer step between two samples is a gap even where nobody said so
STALE_S = 5.0  # a held value is no value after this


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch ``[start_s, end_s)`` without samples."""

    start_s: float
    end_s: float


def grid_times(rate_hz: float, n: int) -> F64:
    """Return the session times of `n` samples at `rate_hz`, the first at 0."""
    return np.arange(n) / rate_hz


def gaps(track: Track, duration_s: float) -> tuple[Gap, ...]:
    """Return where `track` has no samples in ``[0, duration_s)``, before the first and after the last included."""
    period_s = 1.0 / track.rate_hz
    if not len(track.t_s):
        return (Gap(0.0, duration_s),) if duration_s > 0 else ()
    found = [Gap(float(track.t_s[i - 1]) + period_s, float(track.t_s[i])) for i in _gap_indices(track)]
    first, last = float(track.t_s[0]), float(track.t_s[-1]) + period_s
    if first > GAP_PERIODS * period_s:
        found.insert(0, Gap(0.0, first))
    if duration_s - last > GAP_PERIODS * period_s:
        found.append(Gap(last, duration_s))
    return tuple(Gap(max(g.start_s, 0.0), g.end_s) for g in found if g.end_s > max(g.start_s, 0.0))


def on_grid(track: Track, rate_hz: float, n: int) -> F64:
    """Return `track` (n, axes) at ``k / rate_hz``: linear between neighbours, NaN in gaps and outside.

    A sample within half a period of the first or last grid point of a stretch is taken as it is, so that a grid
    shifted against the samples loses none at the edges.
    """
    grid = grid_times(rate_hz, n)
    out = np.full((n, track.x.shape[1]), np.nan)
    half_s = 0.5 / rate_hz
    edges = [0, *_gap_indices(track), len(track.t_s)]
    for begin, end in pairwise(edges):
        t_s, x = track.t_s[begin:end], track.x[begin:end]
        if not len(t_s):
            continue
        a, b = np.searchsorted(grid, [t_s[0] - half_s, t_s[-1] + half_s])
        for axis in range(x.shape[1]):
            out[a:b, axis] = np.interp(grid[a:b], t_s, x[:, axis])
    return out


def _gap_indices(track: Track) -> list[int]:
    jumps = np.flatnonzero(np.diff(track.t_s) > GAP_PERIODS / track.rate_hz) + 1
    return sorted({*jumps.tolist(), *track.gap_at})


def each_second(estimates: tuple[RateEstimate, ...], n: int) -> list[RateEstimate | None]:
    """Return the estimate that holds at 0, 1 … `n` − 1 s: the newest, None where there is none fresh enough."""
    found = _held(np.array([e.t_s for e in estimates]), n)
    return [None if i < 0 else estimates[i] for i in found]


def heart_each_second(estimates: tuple[HeartEstimate, ...], n: int) -> F64:
    """Return the heart rate that holds at 0, 1 … `n` − 1 s, NaN where there is none fresh enough."""
    found = _held(np.array([e.t_s for e in estimates]), n)
    return np.array([np.nan if i < 0 else estimates[i].hr_bpm for i in found], dtype=np.float64)


def _held(t_s: F64, n: int) -> list[int]:
    """Return for each second the index of the newest time not after it and at most `STALE_S` old, −1 for none."""
    seconds = np.arange(n, dtype=np.float64)
    index = np.searchsorted(t_s, seconds, side="right") - 1
    if not len(t_s):
        return [-1] * n
    fresh = (index >= 0) & (seconds - t_s[index] <= STALE_S)
    return [int(i) for i in np.where(fresh, index, -1)]
