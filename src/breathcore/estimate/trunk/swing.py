"""One swing: how far it went, and when it left, was there, turned back and came home."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.arrays import F64

LOW, HALF, HIGH = 0.1, 0.5, 0.9
BEFORE_S = 2.5  # half of a slow way, and some rest
BEYOND = 0.8  # of a way's time from 10 to 50 %, its end lies beyond 10 %: 0.7 for a cosine, 1 for minimal jerk


@dataclass(frozen=True, slots=True)
class Swing:
    """There and back: times (s), range (deg)."""

    start_s: float
    top_s: float
    return_s: float
    end_s: float
    range_deg: float

    @property
    def seconds(self) -> float:
        """From leaving to coming home."""
        return self.end_s - self.start_s


def swing_of(t_s: Sequence[float], angle_deg: Sequence[float], away_s: float, home_s: float) -> Swing | None:
    """Return the swing in `angle_deg` (n,), which is away from `away_s` to `home_s`; None: there is none.

    A movement begins and ends too slowly to be seen: its ends are put where the way from 10 to 50 % of it points. Of
    several tops the first and the last count.
    """
    t, y = np.array(t_s), np.array(angle_deg)
    away, home = int(t.searchsorted(away_s)), int(t.searchsorted(home_s))
    if not 0 < away < home < len(t):
        return None
    top = float(y[away:home].max())
    before = float(y[: away + 1][t[: away + 1] >= away_s - BEFORE_S].min())
    after = float(y[home:].min())
    if not top > max(before, after):
        return None
    there = _way(t[:home], y[:home], away, before, top)
    back = [-x for x in _way(-t[away:][::-1], y[away:][::-1], len(t) - 1 - home, after, top)]
    top_s = there[2] + BEYOND * (there[2] - there[1])
    return_s = back[2] - BEYOND * (back[1] - back[2])
    if top_s > return_s:
        top_s = return_s = 0.5 * (top_s + return_s)
    start_s = max(float(t[0]), there[0] - BEYOND * (there[1] - there[0]))
    end_s = back[0] + BEYOND * (back[0] - back[1])
    return Swing(start_s, top_s, return_s, end_s, top - before)


def _way(t: F64, y: F64, away: int, low: float, top: float) -> list[float]:
    """Return when the way up, on which `y` (n,) has come some way at index `away`, is at 10, 50 and 90 %."""
    levels = [low + share * (top - low) for share in (LOW, HALF, HIGH)]
    half = away + int((y[away:] >= levels[1]).argmax())  # at or after the first time above
    high = half + int((y[half:] >= levels[2]).argmax())
    return [_last_below(t[: i + 1], y[: i + 1], level) for i, level in zip((half, half, high), levels, strict=True)]


def _last_below(t: F64, y: F64, level: float) -> float:
    """Return when `y` (n,), whose last value lies at or above `level`, was last below it (its first time, if never)."""
    below = (y < level).nonzero()[0]
    if not len(below):
        return float(t[0])
    i = int(below[-1])
    if i + 1 >= len(y):
        return float(t[-1])
    part = (level - y[i]) / (y[i + 1] - y[i])
    return float(t[i] + part * (t[i + 1] - t[i]))


def alike(a: float, b: float, most: float) -> bool:
    """Return whether two ranges differ by no more than the share `most` of the larger."""
    return not math.isnan(a) and abs(a - b) <= most * max(a, b)
