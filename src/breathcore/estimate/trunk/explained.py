"""A reading's level with another channel's breath taken off: the channel's breaths, the lag behind it, the ripple."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from breathcore.estimate.trunk.ripple import Lag, Ripple
from breathcore.estimate.trunk.waves import Bottom, Waves
from breathcore.model.arrays import F64, I64
from breathcore.model.trunk import CalibrationStep, StepKind

AHEAD_S = 0.08  # the level is that of a sample this old: the other channel's speed is read about it
FLOOR_SHARE = 0.5  # of a new bottom in the other channel's floor
MOVED = 0.5  # of a usual breath: a bottom this far from the floor is not one of breathing
SPEED_S = 0.6  # by which a speed is about as much as the excursion
CYCLE_S, CYCLE_SHARE, CYCLE_MOST_S = 4.0, 0.3, 15.0
LAG_MOST_S = 8.0
LAG_STEP_N = 2
AGAINST = 1.5  # times what remains: what a fit against the ribs has to be better by
QUIET_LEAST_S = 6.0  # of quiet breathing, to learn the ripple from
EASED_S = 1.2  # of a step at ease go by before it is
NAN = math.nan


class Explained:
    """The level of a reading beyond what another channel's breath explains of it, sample by sample.

    Attributes
    ----------
    raw : float
        The level, in the reading's unit; NaN before it is known.
    waves : Waves
        The other channel's breaths.
    moved : bool
        Whether the last bottom was far from the floor: the body has moved, or the sensor.
    """

    def __init__(self, step_s: float) -> None:
        self._dt = step_s
        self._half_n = max(1, round(AHEAD_S / step_s))
        self._most_n = round(LAG_MOST_S / step_s)
        self.waves = Waves()
        self.ripple = Ripple(step_s)
        self._lag = Lag(step_s)
        self._window: deque[tuple[float, float, float]] = deque(maxlen=2 * self._half_n + 1 + self._most_n)
        self._behind_n = 0
        self._base = self._size = NAN
        self._cycle_s = CYCLE_S
        self.raw = NAN
        self.moved = False

    @property
    def remains(self) -> float:
        """What usually remains of the breath (RMS), in the reading's unit."""
        return self.ripple.remains

    def interrupt(self) -> None:
        """One of the channels has stopped."""
        self._window.clear()
        self.raw = NAN

    def step(self, t: float, y: float, c: float, rest: float, braced: float) -> Bottom | None:
        """Take a sample of both; `rest` is the level at rest, `braced` the brace now as a share of the range.

        Return the bottom of the other channel's breath that it makes sure, if it does.
        """
        bottom = self.waves.step(t, c)
        if bottom is not None:
            self._breathe(bottom, braced)
            bottom = replace(bottom, t_s=bottom.t_s + self._behind_n * self._dt)
        self._window.append((t, y, c))
        self._lag.step(y, c)
        self._explain(rest)
        return bottom

    def _breathe(self, bottom: Bottom, braced: float) -> None:
        if bottom.cycle_s == bottom.cycle_s:
            self._cycle_s += CYCLE_SHARE * (min(bottom.cycle_s, CYCLE_MOST_S) - self._cycle_s)
        if self._base != self._base:
            self._base, self._size = bottom.level, self.waves.usual
            return
        off = bottom.level - self._base
        self.moved = abs(off) > MOVED * self._size
        self._base += FLOOR_SHARE * off
        self.ripple.shift_floor(FLOOR_SHARE * off / self._size)
        if bottom.cycle_s == bottom.cycle_s:
            behind_s = self._behind_n * self._dt
            self.ripple.breathe(bottom.t_s - bottom.cycle_s + behind_s, bottom.t_s + behind_s, braced)
        if self._lag.find(self._cycle_s):
            self.ripple.loosen()
        self._behind_n = min(self._most_n, round(self._lag.seconds / self._dt))

    def _explain(self, rest: float) -> None:
        window, half_n = self._window, self._half_n
        if len(window) < 2 * half_n + 1 + self._behind_n or self._base != self._base:
            return
        if not self.ripple.unit > 0:
            return
        t, y, _ = window[-1 - half_n]
        at = -1 - half_n - self._behind_n
        speed = (window[at + half_n][2] - window[at - half_n][2]) * self._per_speed
        c = (window[at][2] - self._base) / self._size
        self.raw = self.ripple.step(t, y, c, speed / self._size, rest)

    @property
    def _per_speed(self) -> float:
        """Scales a difference over the window's width to about as much as the excursion."""
        return SPEED_S / (2 * self._half_n * self._dt)

    # ── what a calibration shows ─────────────────────────────────────────────────────────────────────────────────────

    def learn(self, steps: Sequence[CalibrationStep], t_s: F64, y: F64, c: F64) -> float:
        """Learn lag and ripple from the quiet step; return the level at ease in the last step, NaN: not to be told."""
        quiet = _done(t_s, y, steps, StepKind.QUIET)
        ease = _done(t_s, y, steps[-1:], StepKind.RELAX)
        if self._base != self._base or len(quiet) * self._dt < QUIET_LEAST_S:
            return NAN
        if np.isfinite(c[ease]).any():
            self._base = float(np.nanmedian(c[ease]))
        fits = []
        most_n = min(self._most_n, round(0.55 * _cycle_n(c[quiet])))
        for behind_n in range(0, most_n + 1, LAG_STEP_N):
            told = self._features(c, behind_n)
            if np.isfinite(told[:, quiet]).all():
                fits.append((behind_n, told, *_gains(t_s[quiet], y[quiet], told[:, quiet])))
        if not fits:
            return NAN
        # A belly that lags by half a breath is the same as one that moves against the ribs: the lag is what is meant.
        self._behind_n, told, gains, remains = min(fits, key=lambda f: f[3] * (1.0 if f[2][0] > 0 else AGAINST))
        self._lag.seconds = self._behind_n * self._dt
        self.ripple.prime(gains, remains)
        seen = y[ease] - gains @ told[:, ease]
        return float(np.nanmedian(seen)) if np.isfinite(seen).any() else NAN

    def _features(self, c: F64, behind_n: int) -> F64:
        """Return excursion and speed of the other channel (2, n), `behind_n` samples ago; NaN where not known."""
        half_n = self._half_n
        speed = np.full(len(c), np.nan)
        speed[half_n:-half_n] = (c[2 * half_n :] - c[: -2 * half_n]) * self._per_speed
        told = np.stack((c - self._base, speed)) / self._size
        late: F64 = np.full(told.shape, np.nan)
        late[:, behind_n:] = told[:, : len(c) - behind_n]
        return late


def _done(t_s: F64, y: F64, steps: Sequence[CalibrationStep], kind: StepKind) -> I64:
    """Return the places of what was read while steps of `kind` were done."""
    parts = [s for s in steps if s.kind is kind]
    inside = [np.flatnonzero((t_s >= s.start_s + EASED_S) & (t_s < s.end_s) & np.isfinite(y)) for s in parts]
    return np.concatenate(inside) if inside else np.empty(0, dtype=np.int64)


def _cycle_n(c: F64) -> float:
    """Return about how many samples a breath in `c` (n,) has."""
    z = c - c.mean()
    return len(z) / max(1, int(((z[1:] > 0) & (z[:-1] <= 0)).sum()))


def _gains(t_s: F64, y: F64, told: F64) -> tuple[F64, float]:
    """Return how `y` (n,) goes with `told` (2, n) beside a straight line, and what remains (RMS)."""
    columns = np.stack((told[0], told[1], np.ones(len(t_s)), t_s - t_s.mean()), axis=1)
    found, *_ = np.linalg.lstsq(columns, y, rcond=None)
    left = y - columns @ found
    return found[:2], float(np.sqrt((left * left).mean()))
