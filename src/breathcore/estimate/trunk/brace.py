"""The brace, live: what a belt at the waist (or a sensor on the belly) reads beyond the breathing's ripple."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Literal

import numpy as np

from breathcore.estimate.trunk.brace_calibration import calibrate_brace
from breathcore.estimate.trunk.ripple import LAGS, Bottom, Floor, Lag, Ripple, Waves
from breathcore.model.arrays import F64, I64
from breathcore.model.device import Place
from breathcore.model.trunk import (
    BraceCalibration,
    BraceEstimate,
    CalibrationStep,
    PostureEstimate,
    StepKind,
    Unmeasured,
)

TICK_S = 0.25
ON_AT, OFF_AT = 0.08, 0.05
STRAIN_AT, GAP_S = 0.6, 4.0
LAG_S = 0.12  # the level is that of samples this old: the other channel's speed is read about them
FLOOR_SHARE = 0.5  # of a new bottom in the other channel's floor
CYCLE_SHARE = 0.3
CYCLE_MOST_S = 15.0
MOVED = 0.6  # of a usual breath: two bottoms this far from the floor are another posture
LEFT_S = 1.0  # without samples: nothing is told
REST_S, RISING_S = 8.0, 30.0  # with which rest follows the level at rest
SLOPE_S = 60.0
APART_S = 8.0  # two levels at rest: nearer ones say nothing of how fast it falls
LAG_MOST_S = 8.0
BOTTOMS_N = 40
SEEN_S = 75.0
SLOPE_MOST = 0.3 / 60.0  # of the range a second: how fast a belt is believed to give way
SLOPE_SHARE, FADES_S = 0.7, 150.0  # of it is believed, and for about so long: fabric eases ever more slowly
QUIET_LEAST_S = 6.0  # of quiet breathing, to learn the ripple from
EASED_S = 1.2  # of a step at ease go by before it is
RELEASED = 0.4  # of the most that a brace was: below it (and below where it is taken for one), it is released
BREATHES_BPM = (5.5, 25.0)
BREATHES_SHARE = 0.4  # of the unbraced quiet breath
STIRS = 0.1  # of it: less is no breathing
QUIET_N = 9
SETTLED_S, SETTLED = 1.0, 0.03  # the ramp is over when the level changes by less than this in this time ...
RAMP_MOST_S = 2.0  # ... or so long after it began
DRIFT_LEAST_S = 3.0
EXPLAINED = 0.1  # of the range: more must not remain of the breath where the other channel is believed
TOLD_TO = 0.15  # of the range: a level that is less sure is not told
NAN = math.nan
Kind = Literal["belt", "tilt"]


class Rest:
    """What the reading is at rest: follows it between braces, and gives way during a brace as it did before.

    A belt's fabric creeps, about 5 % of its tension a minute: the level at rest falls all the time.
    """

    def __init__(self) -> None:
        self.level = NAN
        self.slope = 0.0
        self.fresh_s = 0.0

    def begin(self, level: float, seen: Sequence[tuple[float, float]], unit: float) -> None:
        """Start at `level`; `seen` are times and levels at rest before: how fast they fell goes on."""
        slopes = [(b - a) / (u - t) for (t, a), (u, b) in combinations(seen, 2) if u - t >= APART_S]
        most = SLOPE_MOST * abs(unit)
        slope = SLOPE_SHARE * median(slopes) if len(slopes) > 2 else 0.0
        self.slope = min(most, max(-most, slope))
        self.level, self.fresh_s = level, 0.0

    def step(self, dt: float, raw: float, unit: float, *, still: bool) -> None:
        """Move on by `dt`; `still`: nothing is braced and no ramp goes on."""
        self.level += self.slope * dt
        self.slope -= dt / FADES_S * self.slope
        off = raw - self.level
        share = off / unit
        if not still or share > ON_AT:
            return
        self.fresh_s += dt
        within_s = REST_S if share < 0 else RISING_S
        self.level += dt / (min(self.fresh_s + 1.0, within_s) if abs(share) < OFF_AT else within_s) * off
        most = SLOPE_MOST * abs(unit)
        self.slope = min(most, max(-most, self.slope + dt / (REST_S * SLOPE_S) * off))


@dataclass(slots=True)
class Track:
    """One way to the level: its raw reading now, and what that is at rest."""

    rest: Rest
    history: deque[tuple[float, float]]
    raw: float = NAN


class BraceFollower:
    """Follows the brace at one place.

    Parameters
    ----------
    source : str
        Id of the channel that the reading is of.
    place : Place
        Where it is worn.
    rate_hz : float
        Of the even grid of `push` and `breathe`.
    kind : "belt" or "tilt"
        What reads it.
    """

    def __init__(self, source: str, place: Place, rate_hz: float, kind: Kind) -> None:
        self.source, self.place, self.kind = source, place, kind
        self._dt = 1.0 / rate_hz
        self._lag_n = max(1, round(LAG_S * rate_hz))
        self._most_n = round(LAG_MOST_S * rate_hz)
        self._calibration: BraceCalibration | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the signal; the calibration stays."""
        self._own: deque[tuple[float, float]] = deque()
        self._other: deque[tuple[float, float]] = deque()
        self._other_source = ""
        self._seen: deque[tuple[float, float, float]] = deque(maxlen=round(SEEN_S / self._dt))
        self._bottoms: deque[Bottom] = deque(maxlen=BOTTOMS_N)
        self._ripple = Ripple(self._dt)
        self._floor = Floor(self._dt)
        self._breaths = Waves()  # of the other channel
        self._told = _track()  # by the other channel
        self._floored = _track()
        self._window: deque[tuple[float, float, float]] = deque(maxlen=self._lag_n * 2 + 1 + self._most_n)
        self._lag = Lag(self._dt)
        self._behind_n = 0
        self._base = self._size = NAN
        self._cycle_s = 4.0
        self._strays = 0
        self._quiet: deque[float] = deque(maxlen=QUIET_N)
        self._state_new()
        self._newest_s = -math.inf
        self._other_s = -math.inf

    def _state_new(self) -> None:
        self._on_since: float | None = None
        self._peak = 0.0
        self._held: list[tuple[float, float]] = []
        self._ramp_over: float | None = None
        self._last: Bottom | None = None
        self._breathless_s = -math.inf
        self._anchor: tuple[float, float] = (NAN, NAN)
        self._confirmed = NAN
        self._level = NAN

    def learn(self, steps: Sequence[CalibrationStep]) -> BraceCalibration:
        """Take the person's own range from the steps of a calibration that has just been seen to its end."""
        t, y, c = (np.array(x) for x in zip(*self._seen, strict=True)) if self._seen else (np.empty(0),) * 3
        other = c if np.isfinite(c).any() else None
        calibration = calibrate_brace(self.source, steps, t, y, other, signed=self.kind == "belt")
        self.calibrate(calibration, steps)
        if other is not None and calibration.reason is None:
            self._prime(steps, t, y, c)
        return calibration

    def _prime(self, steps: Sequence[CalibrationStep], t: F64, y: F64, c: F64) -> None:
        """Learn the ripple from the quiet step, and from it what is read at ease in the last one."""
        quiet = _done(t, y, steps, StepKind.QUIET)
        ease = _done(t, y, steps[-1:], StepKind.RELAX)
        if self._base != self._base or len(quiet) * self._dt < QUIET_LEAST_S:
            return
        fits = []
        for lag in LAGS:
            told = self._features(c, round(lag * self._cycle_s / self._dt))
            if np.isfinite(told[:, quiet]).all():
                fits.append((lag, told, *_gains(t[quiet], y[quiet], told[:, quiet])))
        if not fits:
            return
        lag, told, gains, remains = min(fits, key=lambda f: f[3])
        self._lag.share, self._behind_n = lag, round(lag * self._cycle_s / self._dt)
        self._ripple.prime(gains, remains)
        seen = y[ease] - gains @ told[:, ease]
        if np.isfinite(seen).any():
            self._told.rest.level = float(np.nanmedian(seen))

    def _features(self, c: F64, behind_n: int) -> F64:
        """Return excursion and speed of the other channel (2, n), `behind_n` samples ago; NaN where not known."""
        speed = np.full(len(c), np.nan)
        speed[self._lag_n : -self._lag_n] = c[2 * self._lag_n :] - c[: -2 * self._lag_n]
        speed *= self._cycle_s / (2 * math.pi) / (2 * self._lag_n * self._dt)
        told = np.stack((c - self._base, speed)) / self._size
        late: F64 = np.full(told.shape, np.nan)
        late[:, behind_n:] = told[:, : len(c) - behind_n]
        return late

    def calibrate(self, calibration: BraceCalibration, steps: Sequence[CalibrationStep] = ()) -> None:
        """Take the person's own range (one with a `reason` takes it away) and the steps that it was read in."""
        self._calibration = calibration
        if calibration.reason is not None:
            return
        unit = calibration.firm - calibration.relaxed
        self._ripple.begin(abs(unit))
        seen = self._at_rest(steps)
        for track in (self._told, self._floored):
            eased = [raw for t, raw in track.history if raw == raw and _eased(t, steps)]
            track.rest.begin(median(eased) if eased else calibration.relaxed, seen, unit)
        self._on_since = None

    def _at_rest(self, steps: Sequence[CalibrationStep]) -> list[tuple[float, float]]:
        """Return times and levels of the ends of breaths out before the first brace of `steps`."""
        start_s = min((s.start_s for s in steps), default=math.inf)
        end_s = min((s.start_s for s in steps if s.kind is StepKind.BRACE), default=math.inf)
        return [(b.t_s, b.level) for b in self._bottoms if start_s <= b.t_s < end_s]

    def push(self, t_s: F64, y: F64) -> None:
        """Take the own reading `t_s` (n,), `y` (n,), in the unit of the calibration, rising on inhale."""
        self._own.extend(zip(t_s.tolist(), y.tolist(), strict=True))

    def breathe(self, t_s: F64, level: F64, source: str) -> None:
        """Take another breath channel's reading, any unit, rising on inhale, on the same grid."""
        self._other.extend(zip(t_s.tolist(), level.tolist(), strict=True))
        self._other_source = source

    def on(self, item: PostureEstimate) -> None:
        """The posture has changed: what reads as rest has, too."""

    def tick(self, t_s: float) -> BraceEstimate:
        """Tell the brace after `t_s` (a quarter of a second); all samples before it have been pushed."""
        while self._own and self._own[0][0] < t_s:
            t, y = self._own.popleft()
            while self._other and self._other[0][0] < t - 0.5 * self._dt:
                self._other.popleft()
            c = NAN
            if self._other and self._other[0][0] < t + 0.5 * self._dt:
                c = self._other.popleft()[1]
            self._seen.append((t, y, c))
            if y == y:
                self._step(t, y, c)
        return self._tell(t_s)

    # ── samples ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _step(self, t: float, y: float, c: float) -> None:
        self._newest_s = t
        bottom = self._floor.step(t, y)
        if bottom is not None:
            self._bottoms.append(bottom)
        self._floored.raw = self._floor.level
        if c == c:
            self._other_s = t
            bottom = self._breathe(t, c)
            self._window.append((t, y, c))
            self._lag.step(y, c)
            self._explain()
        else:
            self._window.clear()
        self._follow(t, y, c, bottom)

    def _breathe(self, t: float, c: float) -> Bottom | None:
        bottom = self._breaths.step(t, c)
        if bottom is None:
            return None
        if bottom.cycle_s == bottom.cycle_s:
            self._cycle_s += CYCLE_SHARE * (min(bottom.cycle_s, CYCLE_MOST_S) - self._cycle_s)
        if self._base != self._base:
            self._base, self._size = bottom.level, self._breaths.usual
            return bottom
        by = FLOOR_SHARE * (bottom.level - self._base)
        self._base += by
        self._ripple.shift_floor(by / self._size)
        behind_s = self._behind_n * self._dt
        if bottom.cycle_s == bottom.cycle_s:
            start_s = bottom.t_s - bottom.cycle_s + behind_s
            self._ripple.breathe(start_s, bottom.t_s + behind_s, self._share(self._told) if self._range else 0.0)
        before = self._lag.share
        if self._lag.find(self._cycle_s) != before:
            self._ripple.forget()
        self._behind_n = min(self._most_n, round(self._lag.share * self._cycle_s / self._dt))
        return bottom

    def _explain(self) -> None:
        window, lag_n = self._window, self._lag_n
        if len(window) < 2 * lag_n + 1 + self._behind_n or self._base != self._base:
            return
        if self._ripple.unit != self._ripple.unit:
            if not self._floor.waves.usual > 0:
                return
            self._ripple.begin(self._floor.waves.usual)
        t, y, _ = window[-1 - lag_n]
        at = -1 - lag_n - self._behind_n
        c, before, after = window[at][2], window[at - lag_n][2], window[at + lag_n][2]
        speed = (after - before) / (2 * lag_n * self._dt) * self._cycle_s / (2 * math.pi)
        self._told.raw = self._ripple.step(
            t, y, (c - self._base) / self._size, speed / self._size, self._told.rest.level
        )

    # ── the brace ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _range(self) -> float:
        """Firm less relaxed; 0 where that is not known."""
        known = self._calibration
        return 0.0 if known is None or known.reason is not None else known.firm - known.relaxed

    def _share(self, track: Track) -> float:
        return (track.raw - track.rest.level) / self._range

    @property
    def _explained(self) -> bool:
        here = self._told.raw == self._told.raw and self._newest_s - self._other_s < LEFT_S
        return here and self._ripple.remains < EXPLAINED * abs(self._range)

    def _follow(self, t: float, y: float, c: float, bottom: Bottom | None) -> None:
        if self._calibration is None or self._calibration.reason is not None:
            return
        unit = self._calibration.firm - self._calibration.relaxed
        ramp = self._ripple.ramp_since is not None
        for track in (self._told, self._floored):
            if track.raw == track.raw:
                track.rest.step(
                    self._dt, track.raw, unit, still=self._on_since is None and not (track is self._told and ramp)
                )
        track = self._told if self._explained else self._floored
        if track.raw != track.raw:
            return
        self._level = (track.raw - track.rest.level) / unit
        if bottom is not None:
            self._confirmed = self._level
        if self._on_since is None and self._level > ON_AT:
            self._on_since, self._peak = t, self._level
        elif self._on_since is not None:
            self._peak = max(self._peak, self._level)
            if self._level < max(OFF_AT, min(ON_AT, RELEASED * self._peak)):
                self._on_since = None
                self._told.rest.fresh_s = self._floored.rest.fresh_s = 0.0

    def _tell(self, t_s: float) -> BraceEstimate:
        for track in (self._told, self._floored):
            track.history.append((t_s, track.raw))
        if self._calibration is None:
            return BraceEstimate(t_s, self.source, NAN, reason=Unmeasured.NOT_CALIBRATED)
        held = 0.0 if self._on_since is None else t_s - self._on_since
        return BraceEstimate(t_s - LAG_S, self.source, self._level, self._confirmed, self._on_since is not None, held)


def _track() -> Track:
    return Track(Rest(), deque(maxlen=round(SEEN_S / TICK_S)))


def _done(t_s: F64, y: F64, steps: Sequence[CalibrationStep], kind: StepKind) -> I64:
    """Return the places of what was read while steps of `kind` were done."""
    parts = [s for s in steps if s.kind is kind]
    inside = [np.flatnonzero((t_s >= s.start_s + EASED_S) & (t_s < s.end_s) & np.isfinite(y)) for s in parts]
    return np.concatenate(inside) if inside else np.empty(0, dtype=np.int64)


def _gains(t_s: F64, y: F64, told: F64) -> tuple[F64, float]:
    """Return how `y` (n,) goes with `told` (2, n) beside a straight line, and what remains (RMS)."""
    columns = np.stack((told[0], told[1], np.ones(len(t_s)), t_s - t_s.mean()), axis=1)
    found, *_ = np.linalg.lstsq(columns, y, rcond=None)
    left = y - columns @ found
    return found[:2], float(np.sqrt((left * left).mean()))


def _eased(t_s: float, steps: Sequence[CalibrationStep]) -> bool:
    """Whether `t_s` lies in the last step, at ease."""
    return bool(steps) and steps[-1].kind is StepKind.RELAX and steps[-1].start_s + EASED_S <= t_s <= steps[-1].end_s + 0.5
