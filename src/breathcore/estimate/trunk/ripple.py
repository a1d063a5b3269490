"""The breathing's ripple in a reading, told from another breath channel; what is left is the reading's level."""

import math
from collections import deque
from itertools import pairwise
from statistics import median

import numpy as np

from breathcore.estimate.trunk.waves import REMEMBERED
from breathcore.model.arrays import F64

NAN = math.nan
BRACED = 0.05  # of the range: breaths in more than this are braced ones
LAGS = (0.0, 0.04, 0.08, 0.12, 0.17, 0.22, 0.28, 0.34, 0.42, 0.5)  # of a breath, behind the other channel
LAG_LOOK_S = 25.0
LAG_LEAST_S = 10.0
LAG_BETTER = 0.4  # of what is explained: another lag has to be so much better


class Lag:
    """How far a reading lags behind the other channel's breath: the lag at which their speeds are most alike.

    Speeds, because a brace then is two short spikes and not another level.
    """

    def __init__(self, step_s: float) -> None:
        self._dt = step_s
        self._size = round(LAG_LOOK_S / step_s)
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self._own: deque[float] = deque(maxlen=self._size)
        self._other: deque[float] = deque(maxlen=self._size)
        self.seconds = 0.0

    def step(self, y: float, c: float) -> None:
        """Take one sample of both."""
        self._own.append(y)
        self._other.append(c)

    def find(self, cycle_s: float) -> bool:
        """Look the lag up anew for breaths of `cycle_s`; return whether another one was found."""
        if len(self._own) * self._dt < max(LAG_LEAST_S, 1.5 * cycle_s):
            return False
        own, other = (np.array(x) for x in (self._own, self._other))
        own, other = own[4:] - own[:-4], other[4:] - other[:-4]
        own, other = _clipped(own), _clipped(other)
        alike = {share * cycle_s: self._alike(own, other, round(share * cycle_s / self._dt)) for share in LAGS}
        best = max(alike, key=alike.__getitem__)
        if alike[best] < self._alike(own, other, round(self.seconds / self._dt)) + LAG_BETTER:
            return False
        self.seconds = best
        return True

    @staticmethod
    def _alike(own: F64, other: F64, behind_n: int) -> float:
        """Return the share of `own` that `other` explains `behind_n` samples later."""
        a, b = own[behind_n:], other[: len(other) - behind_n]
        both = float(np.sqrt((a * a).sum() * (b * b).sum()))
        return abs(float((a * b).sum())) / both if both > 0 else 0.0


SURE_SD = 0.012  # of the unit: what a sample at the floor is trusted to, at best; errors last for half a second
WALK_SD = 0.006  # of the unit and √s: how the level wanders when nothing happens
GAIN_SD, GAIN_SD_LEAST, GAIN_SD_MOST = 0.1, 0.03, 0.3  # of the gain: how breaths differ, until it is known; limits
STIFFER = 0.35  # of the gain: what the firmest brace takes off it, until it is known
STIFFER_MOST = 0.8
STIFFER_SHARE = 0.3  # of a braced breath in what is known of that
MORE_SDS = 2.0  # of what breaths differ by: what goes beyond is no breath
LAG_SD_S = 0.02  # what the lag is not known to: where the breath is fast, less is believed
STEP = 0.02  # of the unit: an innovation this large ...
STEP_SDS = 1.3  # ... and this many SD of what the breath may explain
STEP_NOISE = 2.5  # ... and this many times what usually remains
STEP_S = 0.16  # ... on average over this time is a step of the level
RAMP_S = 0.12  # with which the level follows a ramp
RAMP_OVER = 0.02  # of the unit, in `RAMP_LOOK_S`: less change, and the ramp is over
RAMP_LOOK_S = 0.4
RAMP_MOST_S = 2.5
AFTER_RAMP_SD = 0.1  # of the ripple, and of it after a ramp
FITTED_S = 0.8  # of breath at least, to learn from
KEPT_S = 20.0
PRIOR = 0.02  # of a usual breath's squares: what one breath's gains are held to the usual ones by
LATELY_N = 3  # unbraced breaths whose gains are the usual ones
PRIMED_N = 2  # breaths that what was learned in a calibration stands for
ODD = 3.0  # times what usually remains: nothing is learned from such a breath ...
ODD_MOST_N = 4  # ... but from the so manieth


def _clipped(x: F64) -> F64:
    limit = 4.0 * float(np.median(np.abs(x)))
    return np.clip(x, -limit, limit)


class Ripple:
    """Level of a reading beyond what another channel's breath explains.

    reading = level + gain · c, where c is the other channel's excursion and its speed (which stands for what is left of
    the lag between the two). The gains are fitted breath by breath, those of unbraced breaths kept by their median; a
    brace takes off them (a braced belly is stiffer) as much as it did before, until a breath within it has shown it.
    The level is followed sample by sample, with this breath's own share of the ripple: the more the ripple matters (not
    at all at the channel's floor), the less a sample is believed.
    What goes beyond all that breaths explain is a step: it is followed at once, until it is over.

    Parameters
    ----------
    step_s : float
        From sample to sample.
    """

    def __init__(self, step_s: float) -> None:
        self._dt = step_s
        self.unit = NAN
        self.reset()

    def reset(self) -> None:
        """Forget all but the unit."""
        self.level = NAN
        self.gains: F64 | None = None
        self.remains = NAN
        self._last = 0.0
        self._more = 0.0  # of this breath's ripple than the gains say, as a share of it
        self._p = (0.0, 0.0, 0.0)  # variances of the level, of the two together, of that share
        self._usual: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self._spread = GAIN_SD
        self._stiffer = STIFFER
        self._braced: list[F64] = []
        self._remained: deque[float] = deque(maxlen=REMEMBERED)
        self._rows: deque[tuple[float, float, float, float]] = deque(maxlen=round(KEPT_S / self._dt))
        self._odd_n = 0
        self.ramp_since: float | None = None
        self._recent: deque[float] = deque(maxlen=max(1, round(STEP_S / self._dt)))
        self._path: deque[float] = deque(maxlen=max(2, round(RAMP_LOOK_S / self._dt)))

    @property
    def taken(self) -> float:
        """What was taken off the last sample, in the reading's unit."""
        return self._last

    @property
    def level_sd(self) -> float:
        """What the level is known to, in the reading's unit."""
        return math.sqrt(max(0.0, self._p[0]))

    def begin(self, unit: float) -> None:
        """Take the size of what is looked for, in the reading's unit."""
        self.unit = unit

    def shift_floor(self, by: float) -> None:
        """Take note that what counts as the channel's floor has risen by `by` (of a usual breath)."""
        if self.gains is not None:
            self.level += float(self.gains[0]) * by

    def loosen(self) -> None:
        """Take note that the features are others now: the gains go on until a breath has shown others."""
        self._usual.clear()
        self._braced.clear()
        self._spread = GAIN_SD_MOST

    def forget(self) -> None:
        """Forget what was learned of the gains."""
        self.gains, self.remains = None, NAN
        self._usual.clear()
        self._remained.clear()
        self._braced.clear()

    def prime(self, gains: F64, remains: float) -> None:
        """Start from gains that were learned over a stretch of quiet breathing, and what remained of it."""
        self.forget()
        self._usual.extend([(float(gains[0]), float(gains[1]))] * PRIMED_N)
        self._remained.extend([remains] * PRIMED_N)
        self.gains, self.remains, self.level = gains, remains, NAN
        self.ramp_since = None

    # ── breath by breath ─────────────────────────────────────────────────────────────────────────────────────────────

    def breathe(self, start_s: float, end_s: float, brace: float) -> None:
        """Learn from the breath `[start_s, end_s)`; `brace` is the level in it, as a share of the range."""
        self._more, self._p = 0.0, (self._p[0], 0.0, self._spread**2)
        if end_s - start_s < FITTED_S:
            return
        rows = np.array([r for r in self._rows if start_s <= r[0] < end_s])
        if len(rows) * self._dt < FITTED_S or len(rows) * self._dt < 0.8 * (end_s - start_s):
            return
        fitted, remains = self._fit(rows)
        if self.remains == self.remains and remains > ODD * max(self.remains, SURE_SD * self.unit):
            self._odd_n += 1
            if self._odd_n < ODD_MOST_N:
                return
            self.forget()
            fitted, remains = self._fit(rows)
        self._odd_n = 0
        self._remained.append(remains)
        self.remains = median(self._remained)
        if abs(brace) < BRACED or self.gains is None:
            self._learn(fitted)
        else:
            self._braced.append(fitted)
            usual = self.gains
            taken = 1.0 - float((fitted * usual).sum() / (usual * usual).sum())
            taken = min(STIFFER_MOST, max(0.0, taken / max(brace, 0.1)))
            self._stiffer += STIFFER_SHARE * min(1.0, brace / 0.3) * (taken - self._stiffer)

    def _fit(self, rows: F64) -> tuple[F64, float]:
        """Return the gains in one breath, held to the usual ones where it hardly shows them, and what remains (RMS)."""
        t, y, c, speed = rows.T
        middle = t - t.mean()
        known = np.zeros(2) if self.gains is None else self.gains
        moves = np.stack((c - c.mean(), speed - speed.mean()), axis=1)
        slope = middle / float((middle * middle).sum())
        moves = moves - np.outer(middle, slope @ moves)
        own = y - y.mean()
        own = own - middle * float(slope @ own)
        own = own - moves @ known
        held = moves.T @ moves + PRIOR * len(rows) * np.eye(2)
        change: F64 = np.linalg.solve(held, moves.T @ own)
        left = own - moves @ change
        return known + change, math.sqrt(float((left * left).mean()))

    def _learn(self, fitted: F64) -> None:
        self._usual.append((float(fitted[0]), float(fitted[1])))
        lately = list(self._usual)[-LATELY_N:]
        self.gains = np.array([median(g[0] for g in lately), median(g[1] for g in lately)])
        size = math.hypot(*self.gains.tolist())
        if len(self._usual) > 3 and size > 0:
            off = median(math.hypot(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(self._usual))
            self._spread = min(GAIN_SD_MOST, max(GAIN_SD_LEAST, off / size))

    def _now(self, share: float) -> F64:
        """Return the gains under a brace of `share`."""
        assert self.gains is not None
        if abs(share) < BRACED:
            self._braced.clear()
            return self.gains
        if self._braced:
            return np.asarray(sum(self._braced[-3:]) / len(self._braced[-3:]))
        return self.gains * (1.0 - self._stiffer * min(1.0, max(0.0, share)))

    # ── sample by sample ─────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, t: float, y: float, c: float, speed: float, rest: float) -> float:
        """Take one sample; return the level (NaN: not known yet).

        `c` is 0 at the channel's floor, 1 at a usual top, `speed` scaled to about as much, `rest` the level at rest.
        """
        self._rows.append((t, y, c, speed))
        if self.gains is None:
            return NAN
        gains = self._now((self.level - rest) / self.unit if rest == rest else 0.0)
        ripple = float(gains[0]) * c + float(gains[1]) * speed
        if self.level != self.level:
            self.level, self._more, self._last = y - ripple, 0.0, ripple
            self._p = self.unit**2, 0.0, self._spread**2
        if self.ramp_since is None:
            self._hold(t, y - ripple, ripple)
        else:
            self._ramp(t, y - ripple * (1.0 + self._more))
        return self.level

    def _hold(self, t: float, told: float, ripple: float) -> None:
        """Follow level and this breath's own share by a Kalman filter of the two."""
        ll, lm, mm = self._p
        ll += (WALK_SD * self.unit) ** 2 * self._dt
        e = told - self.level - self._more * ripple
        by_level, by_more = ll + lm * ripple, lm + mm * ripple
        late = LAG_SD_S / self._dt * (ripple - self._last)
        self._last = ripple
        explained = by_level + by_more * ripple + late * late
        self._recent.append(e)
        if self._stepped(e, explained):
            self.ramp_since = t
            self._path.clear()
            return
        s = explained + max(SURE_SD * self.unit, self.remains) ** 2
        self.level += by_level / s * e
        most = MORE_SDS * self._spread
        self._more = min(most, max(-most, self._more + by_more / s * e))
        self._p = ll - by_level * by_level / s, lm - by_level * by_more / s, mm - by_more * by_more / s

    def _stepped(self, e: float, explained: float) -> bool:
        """Whether the innovations of late are more than the breath can explain."""
        recent = self._recent
        if len(recent) < (recent.maxlen or 0):
            return False
        mean = abs(sum(recent) / len(recent))
        least = max(STEP * self.unit, STEP_SDS * math.sqrt(max(0.0, explained)), STEP_NOISE * self.remains)
        return mean > least and abs(e) > least

    def _ramp(self, t: float, told: float) -> None:
        self._braced.clear()
        self.level += min(1.0, self._dt / RAMP_S) * (told - self.level)
        path = self._path
        path.append(self.level)
        still = len(path) == path.maxlen and abs(path[-1] - path[0]) < RAMP_OVER * self.unit
        if still or (self.ramp_since is not None and t - self.ramp_since > RAMP_MOST_S):
            self.ramp_since = None
            self._recent.clear()
            self._p = (RAMP_OVER * self.unit) ** 2, 0.0, max(self._p[2], AFTER_RAMP_SD**2)
