"""How still a sensor stands in a hold: RMS of its tilt and of its rotation about the vertical, from the start.

The tilt is the angle between gravity now and at the start of the hold, both directions of it together. The
rotation is what the gyroscope says about the vertical, summed up; its bias is that of the hold's start, so that a slow
turn of the body is not taken for it. A bias is known to some hundredths of a degree a second: 0.3° after 10 s.
"""

import math
from collections.abc import Sequence

from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.motion import Vector, angle_deg, dot, unit
from breathcore.model.device import Place
from breathcore.model.trunk import Steadiness, Unmeasured

START_S = 0.4  # without gyroscope, the direction at the start is the mean over it
TOLD_EVERY_N = round(GRID_HZ)
LEAST_S = 1.0
ROTATION_S = 60.0  # beyond, a hundredth of a degree a second makes 0.6°: rotation is not told any more
Point = tuple[float, Vector, Vector, Vector]
"""Time, up, turning rate less bias, bias."""


class SteadinessMeter:
    """Follows one hold at a time, point by point.

    Parameters
    ----------
    place : Place
        Where the sensor is worn.
    source : str
        Its id.
    """

    latency_s = 1.0  # told once a second

    def __init__(self, place: Place, source: str) -> None:
        self._place, self._source = place, source
        self._hold: Hold | None = None

    def start(self) -> None:
        """Begin a hold with the next point."""
        self._hold = Hold()

    def step(self, point: Point) -> list[Steadiness]:
        """Take one point."""
        if self._hold is None:
            return []
        self._hold.step(point)
        return [self._told()] if self._hold.count_n % TOLD_EVERY_N == 0 else []

    def end(self) -> list[Steadiness]:
        """End the hold; return what it came to."""
        told = [self._told()] if self._hold is not None and self._hold.count_n else []
        self._hold = None
        return told

    def broken(self) -> None:
        """Begin a hold anew: samples are missing."""
        if self._hold is not None:
            self._hold = Hold()

    def _told(self) -> Steadiness:
        assert self._hold is not None
        return self._hold.told(self._place, self._source)


def steadiness_of(points: Sequence[Point], place: Place, source: str) -> Steadiness:
    """Return how still the sensor stood in `points` (at least one)."""
    hold = Hold()
    for point in points:
        hold.step(point)
    return hold.told(place, source)


class Hold:
    """One hold, summed up point by point."""

    def __init__(self) -> None:
        self.count_n = 0
        self._start_s = self._now_s = math.nan
        self._first: list[Vector] = []
        self._from: Vector | None = None
        self._bias: Vector = (math.nan,) * 3
        self._tilt2 = self._turned = self._turned2 = 0.0

    def step(self, point: Point) -> None:
        """Take one point."""
        t_s, up, turn, bias = point
        if not self.count_n:
            self._start_s, self._bias = t_s, bias
        self.count_n += 1
        self._now_s = t_s
        # The rate less the bias of the hold's start, not less today's.
        rate = tuple(w + b - b0 for w, b, b0 in zip(turn, bias, self._bias, strict=True))
        self._turned += dot((rate[0], rate[1], rate[2]), up) / GRID_HZ
        self._turned2 += self._turned * self._turned
        if self._from is not None:
            self._tilt2 += angle_deg(self._from, up) ** 2
            return
        self._first.append(up)
        alone = turn[0] != turn[0]  # NaN: no gyroscope
        if len(self._first) >= START_S * GRID_HZ or not alone:
            self._from = unit(
                (sum(v[0] for v in self._first), sum(v[1] for v in self._first), sum(v[2] for v in self._first))
            )
            self._tilt2 = sum(angle_deg(self._from, v) ** 2 for v in self._first)

    def told(self, place: Place, source: str) -> Steadiness:
        """Return what it has come to."""
        if self._now_s - self._start_s < LEAST_S:
            return Steadiness(self._now_s, self._start_s, place, source, math.nan, reason=Unmeasured.TOO_SHORT)
        long = self._now_s - self._start_s > ROTATION_S
        rotation = math.nan if long else math.sqrt(self._turned2 / self.count_n)
        return Steadiness(self._now_s, self._start_s, place, source, math.sqrt(self._tilt2 / self.count_n), rotation)
