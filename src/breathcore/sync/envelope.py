"""Offset and skew between a device's clock and the host's, from packets that are late by unknown amounts.

A packet's lag (arrival minus the device time of its newest sample) is the clocks' offset plus a delay that is never
negative. So the line along the underside of the lags is the offset of the fastest packets: delays of any size, stalls
and bursts lie above it and do not move it. Of all lines below the points, the one with the least sum of distances is
the edge of their lower convex hull over the mean time (Moon, Skelly & Towsley, INFOCOM 1999). We keep the lowest
point of each second over a minute, so that the line may follow a crystal that warms up.

Where the device has no clock and samples are counted instead, a loss that nobody noticed puts all later lags up by what
was lost, for good. There only the slope comes from the whole minute, and the level from the newest second.
"""

import math
from collections import deque
from itertools import pairwise

BIN_S = 1.0
WINDOW_BINS = 60
EAGER_BINS = 20  # fitted every second until then,
FIT_EVERY_BINS = 4  # and this often after it
SKEW_LIMIT = 0.025  # devices are off by up to 2 %
SKEW_SPAN_S = 3.0  # below it the slope is not told from delay, and taken as what it was the last time
RECENT_S = 1.0  # of time in which packets came: a pause counts as two packets' time (or PAUSE_S), not more
RECENT_N = 8  # packets at least
PAUSE_S = 0.1

Point = tuple[float, float]


class LowerEnvelope:
    """The line below all (device time, lag) points of the last minute. Times in s; `slope` in s per s."""

    def __init__(self, x_s: float, lag_s: float, slope: float = 0.0) -> None:
        self._points: list[Point] = []
        self._bin = math.floor(x_s / BIN_S)
        self._low: Point = (x_s, lag_s)
        self._first_s = x_s
        self._first_slope = slope
        self.slope = slope
        self._level_s = lag_s - slope * x_s

    @property
    def span_s(self) -> float:
        """Device time since the first point."""
        return self._low[0] - self._first_s

    def level_s(self, x_s: float) -> float:
        """Return the line's lag at device time `x_s`."""
        return self._level_s + self.slope * x_s

    def add(self, x_s: float, lag_s: float) -> None:
        """Take the newest point; points of a second already closed are left out."""
        bin_ = math.floor(x_s / BIN_S)
        if bin_ > self._bin:
            self._points.append(self._low)
            del self._points[:-WINDOW_BINS]
            self._bin, self._low = bin_, (x_s, lag_s)
            if len(self._points) < EAGER_BINS or bin_ % FIT_EVERY_BINS == 0 or lag_s < self.level_s(x_s):
                self._fit()
        elif bin_ == self._bin and lag_s < self._low[1]:
            self._low = (x_s, lag_s)
            if lag_s < self.level_s(x_s):
                self._fit()

    def _fit(self) -> None:
        points = [*self._points, self._low]
        slope = self._first_slope
        if points[-1][0] - points[0][0] >= SKEW_SPAN_S:
            slope = _middle_slope(_lower_hull(points), math.fsum(x for x, _ in points) / len(points))
        self.slope = min(max(slope, -SKEW_LIMIT), SKEW_LIMIT)
        self._level_s = min(lag - self.slope * x for x, lag in points)


class RecentEnvelope(LowerEnvelope):
    """The same slope; the level is that of the newest packets alone, for `recent_for_s` of device time.

    In the first seconds the slope is not known: there the newest packets tell better, too.
    """

    def __init__(self, x_s: float, lag_s: float, slope: float = 0.0, *, recent_for_s: float) -> None:
        super().__init__(x_s, lag_s, slope)
        self._recent: deque[tuple[float, float, float]] = deque([(x_s, lag_s, 0.0)])
        self._recent_level_s = self._level_s
        self._recent_for_s = recent_for_s
        self._came_s = 0.0

    def level_s(self, x_s: float) -> float:
        """Return the line's lag at device time `x_s`."""
        level_s = self._level_s if self._low[0] - self._first_s > self._recent_for_s else self._recent_level_s
        return level_s + self.slope * x_s

    def add(self, x_s: float, lag_s: float) -> None:
        """Take the newest point."""
        slope = self.slope
        super().add(x_s, lag_s)
        if self.span_s > self._recent_for_s:
            return
        gone_s = self._note(x_s, lag_s)
        if self.slope != slope or gone_s <= self._recent_level_s:
            self._recent_level_s = min(lag - self.slope * x for x, lag, _ in self._recent)
        else:
            self._recent_level_s = min(self._recent_level_s, lag_s - slope * x_s)

    def _note(self, x_s: float, lag_s: float) -> float:
        """Keep a point; return the level of the lowest that is too old now."""
        before_s, lag_before_s, _ = self._recent[-1]
        step_s = x_s - before_s
        self._came_s += min(max(step_s + lag_s - lag_before_s, 0.0), max(2.0 * step_s, PAUSE_S))
        self._recent.append((x_s, lag_s, self._came_s))
        gone_s = math.inf
        while len(self._recent) > RECENT_N and self._recent[0][2] < self._came_s - RECENT_S:
            x, lag, _ = self._recent.popleft()
            gone_s = min(gone_s, lag - self.slope * x)
        return gone_s


def _lower_hull(points: list[Point]) -> list[Point]:
    """Return the lower convex hull of `points`, rising in time (Andrew's monotone chain)."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()
        hull.append((x, y))
    return hull


def _middle_slope(hull: list[Point], middle_s: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(hull):
        if x1 >= middle_s:
            return (y1 - y0) / (x1 - x0)
    return 0.0
