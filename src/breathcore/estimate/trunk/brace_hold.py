"""What becomes of the level: rest, brace on and off, how long, how it drifts, whether breathing goes on."""

import math
from collections import deque
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median

from breathcore.estimate.trunk.waves import Bottom

ON_AT, OFF_AT = 0.07, 0.05  # 8 % by the design, less what a level is not known to
RELEASED = 0.3  # of the most that a brace was: below it, it is released
RISE_S, RISE_SHARE = 3.0, 0.6  # a brace comes within this time, most of the way; what comes slowly is rest that drifts
CHANGES_N = 9
NEAR, BELOW, ABOVE = 0.6, 0.8, 0.25  # of what an unbraced breath out ends off rest: how far rest goes after it
FRESH_S, FRESH = 5.0, 0.7  # after a calibration: how far rest goes to a first end of a breath out ...
FRESH_MOST = 0.15  # ... if it is no farther than this share of the range
SLOPE_GAIN = 0.1  # the same for the speed at which it falls
SHORTEST_S = 3.0
APART_S = 8.0  # two levels at rest: nearer ones say nothing of how fast it falls
SLOPE_MOST = 0.3 / 60.0  # of the range a second: how fast a belt is believed to give way
SLOPE_SHARE, FADES_S = 0.5, 300.0  # of it is believed, and for about so long: fabric eases ever more slowly
SETTLED_S, SETTLED = 1.0, 0.03  # the ramp is over when the level changes by less than this in this time ...
RAMP_MOST_S = 2.0  # ... or so long after it began
DRIFT_S, DRIFT_LEAST_S = 10.0, 3.0
STRAIN_AT, GAP_S = 0.6, 4.0
BREATHES_BPM = (6.0, 24.0)
BREATHES_MARGIN = 0.08  # of it: what a rate is not known to
BREATHES_SHARE = 0.4  # of the unbraced quiet breath
STIRS = 0.1  # of it: less is no breathing
QUIET_N = 9
NAN = math.nan


class Rest:
    """What the reading is at rest: follows it between braces, and gives way during a brace as it did before.

    A belt's fabric creeps, about 5 % of its tension a minute: the level at rest falls all the time.
    """

    def __init__(self) -> None:
        self.level = NAN
        self.slope = 0.0
        self._changes: deque[float] = deque(maxlen=CHANGES_N)
        self._last = NAN
        self._fresh_s = 0.0  # for so long a first end of a breath out is waited for

    def begin(self, level: float, seen: Sequence[tuple[float, float]], unit: float) -> None:
        """Start at `level`; `seen` are times and levels at rest before: how fast they fell goes on."""
        slopes = [(b - a) / (u - t) for (t, a), (u, b) in combinations(seen, 2) if u - t >= APART_S]
        slope = SLOPE_SHARE * median(slopes) if slopes else 0.0
        self.slope = _easing(slope, unit)
        self.level = self._last = level
        self._fresh_s = FRESH_S
        self._changes.clear()
        self._changes.extend(abs(b - a) for (_, a), (_, b) in pairwise(seen))

    def step(self, dt: float) -> None:
        """Move on by `dt`: it gives way as it did before."""
        self.level += self.slope * dt
        self.slope -= dt / FADES_S * self.slope
        self._fresh_s = max(0.0, self._fresh_s - dt)

    @property
    def fresh(self) -> bool:
        """Whether it has only just begun and no end of a breath out has been seen since."""
        return self._fresh_s > 0.0

    @property
    def unsteady(self) -> float:
        """How much ends of unbraced breaths out differ from one to the next, in the reading's unit; 0 before three."""
        return median(self._changes) if len(self._changes) > 1 else 0.0

    def see(self, raw: float, unit: float, cycle_s: float, *, eased: bool = False) -> None:
        """Take the reading `raw` at the end of an unbraced breath out, `cycle_s` after the last.

        `eased`: ease was asked for, so what is read is no slight brace.
        """
        self._changes.append(abs(raw - self._last))
        self._last = raw
        off = raw - self.level
        if self.fresh and abs(off) < FRESH_MOST * abs(unit):
            self.level, self._fresh_s = self.level + FRESH * off, 0.0
            return
        share = off / unit
        self.level += (NEAR if abs(share) < OFF_AT else BELOW if share < 0 or eased else ABOVE) * off
        self.slope = _easing(self.slope + SLOPE_GAIN / max(cycle_s, SHORTEST_S) * off, unit)


def _easing(slope: float, unit: float) -> float:
    """Return `slope` held to what fabric does: it gives way, and not faster than it is believed to."""
    share = slope / unit
    return unit * min(0.0, max(-SLOPE_MOST, share))


class Hold:
    """One brace after the other: since when, and how it drifts.

    Attributes
    ----------
    since_s : float or None
        When the brace that goes on began.
    """

    def __init__(self, step_s: float) -> None:
        self._dt = step_s
        self._settled_n = max(1, round(SETTLED_S / step_s))
        self._rise: deque[float] = deque(maxlen=round(RISE_S / step_s))
        self.release()

    def release(self) -> None:
        """No brace."""
        self.since_s: float | None = None
        self._peak = 0.0
        self._lately: deque[float] = deque(maxlen=self._settled_n + 1)
        self._ramp_over_s: float | None = None
        self._sums = [0.0] * 5  # n, t, level, t², t·level since the ramp was over

    def step(self, t: float, level: float, on_at: float = ON_AT) -> None:
        """Take the level at `t`; a brace begins above `on_at`."""
        self._rise.append(level)
        if self.since_s is None:
            if level <= on_at or level - min(self._rise) < RISE_SHARE * on_at:
                return
            self.since_s = t
        self._peak = max(self._peak, level)
        if level < max(on_at - ON_AT + OFF_AT, RELEASED * self._peak):
            self.release()
        else:
            self._drifts(t, level, self.since_s)

    def _drifts(self, t: float, level: float, since_s: float) -> None:
        lately = self._lately
        lately.append(level)
        settled = len(lately) > self._settled_n and max(lately) - min(lately) < SETTLED
        if self._ramp_over_s is None and (settled or t - since_s >= RAMP_MOST_S):
            self._ramp_over_s = t
        if self._ramp_over_s is not None:
            x = t - self._ramp_over_s
            for i, term in enumerate((1.0, x, level, x * x, x * level)):
                self._sums[i] += term

    @property
    def drift(self) -> float:
        """Change of the level over 10 s since the ramp was over, by a straight line; NaN before 3 s of it."""
        n, t, level, tt, tl = self._sums
        if n * self._dt < DRIFT_LEAST_S:
            return NAN
        return DRIFT_S * (n * tl - t * level) / (n * tt - t * t)


class Kept:
    """Whether breathing goes on: its rate, its depth against the unbraced quiet breath, how long nothing stirred."""

    def __init__(self) -> None:
        self._quiet: deque[float] = deque(maxlen=QUIET_N)
        self._anchor = NAN
        self._stirred_s = NAN
        self._last: Bottom | None = None
        self.begin()

    def begin(self) -> None:
        """Begin a brace: breaths before do not count."""
        self._good: bool | None = None

    def step(self, t: float, y: float) -> None:
        """Take a sample of the breath."""
        if not abs(y - self._anchor) <= STIRS * self.quiet:
            self._anchor, self._stirred_s = y, t

    def breath(self, bottom: Bottom, *, braced: bool) -> None:
        """Take a breath that is over."""
        if not braced:
            if bottom.rise == bottom.rise:
                self._quiet.append(bottom.rise)
            return
        low, high = BREATHES_BPM
        rate = 60.0 / bottom.cycle_s if bottom.cycle_s > 0 else low
        in_time = low * (1.0 - BREATHES_MARGIN) <= rate <= high * (1.0 + BREATHES_MARGIN)
        self._good = in_time and bottom.rise >= BREATHES_SHARE * self.quiet

    @property
    def quiet(self) -> float:
        """The usual rise of an unbraced breath; NaN before one is known."""
        return median(self._quiet) if self._quiet else NAN

    def gap_s(self, t: float) -> float:
        """Return for how long nothing has stirred."""
        return t - self._stirred_s

    def goes_on(self, t: float) -> bool:
        """Whether breathing is kept at `t`."""
        return self.gap_s(t) <= GAP_S and self._good is not False
