"""The person's own range and the trace's direction, from a guided calibration: one deep breath, then quiet ones."""

import math

import numpy as np

from breathcore.dsp.summary import median
from breathcore.model.arrays import F64
from breathcore.model.estimates import BreathRange, EffortBlock, Polarity, Refusal

LAG_LIMIT_S = 1.5  # how late a person may follow the cue
LEAST_FIT = 0.6  # correlation with the cue below which the deep breath says nothing of the direction
LEAST_SHARE = 0.8  # of the window that must hold samples
USABLE_SHARE = 0.5  # of it that must be taken for breathing where the deep breath was not seen
STUCK_SHARE = 0.15  # of the samples at one end of the range: the sensor is saturated
SETTLE_S = 1.0
GRID_HZ = 10.0


class RangeCalibrator:
    """Watches one calibration and tells the person's range when it is over.

    Parameters
    ----------
    start_s : float
        When the calibration began, in session time.
    seconds : float
        Its length; the answer comes with the first samples after it.
    inhale_s, breath_s : float
        Of the guided deep breath it begins with: how long in, how long in all.

    Notes
    -----
    The trace is that of the source that is followed when the calibration begins; another's that takes over meanwhile is
    left out.

    One deep breath among quiet ones is just what the rate estimator refuses as uneven, so the trace is taken for breath
    where it clearly follows the cue, or where the estimator answered half of the time.

    The range is the 5th–95th percentile of the window (screens.md). The direction is that of the better fit between
    the trace and the cue, over lags up to 1.5 s; only a clear fit turns the trace round. It is told a few seconds
    before it takes effect, so that it does not matter how the stream was cut.
    """

    latency_s = 0.0

    def __init__(self, start_s: float, seconds: float, inhale_s: float, breath_s: float) -> None:
        self._start_s = start_s
        self._end_s = start_s + seconds
        self._inhale_s = inhale_s
        self._breath_s = breath_s
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._source = ""
        self._t_s: list[F64] = []
        self._y: list[F64] = []
        self._usable_s = 0.0
        self._fit: float | None = None  # of the trace with the cue, None before the deep breath is over
        self._done = False

    def push(self, block: EffortBlock) -> tuple[BreathRange | Polarity, ...]:
        """Take a piece of the trace; return the range once (a polarity before it, if the trace is upside down)."""
        if self._done or not len(block.t_s) or block.t_s[-1] < self._start_s:
            return ()
        self._source = self._source or block.source
        if block.source != self._source:
            return ()
        inside = (block.t_s >= self._start_s) & (block.t_s < self._end_s)
        if inside.any():
            self._t_s.append(block.t_s[inside])
            self._y.append(block.y[inside])
            if block.usable:
                self._usable_s += float(inside.sum()) * _step_s(block.t_s)
        turned = self._turned() if block.t_s[-1] >= self._told_s and self._fit is None else ()
        if block.t_s[-1] < self._end_s:
            return turned
        self._done = True
        return (*turned, self._range())

    def flush(self) -> tuple[BreathRange | Polarity, ...]:
        """Return nothing: a calibration that was not completed has no answer."""
        return ()

    @property
    def _told_s(self) -> float:
        """When the deep breath is over, however late: long before the polarity takes effect at the end."""
        return self._start_s + self._breath_s + LAG_LIMIT_S + 2 * SETTLE_S

    def _turned(self) -> tuple[Polarity, ...]:
        self._fit = cue_fit(*self._seen(), self._start_s, self._inhale_s, self._breath_s)
        return () if self._fit > -LEAST_FIT else (Polarity(self._end_s, self._source, -1),)

    def _range(self) -> BreathRange:
        refusal = self._refusal()
        if refusal is not None:
            return BreathRange(self._end_s, math.nan, math.nan, refusal)
        low, high = (float(v) for v in np.percentile(self._seen()[1], (5, 95)))
        turned = self._fit is not None and self._fit <= -LEAST_FIT
        return BreathRange(self._end_s, -high, -low) if turned else BreathRange(self._end_s, low, high)

    def _seen(self) -> tuple[F64, F64]:
        if not self._t_s:
            return np.empty(0), np.empty(0)
        return np.concatenate(self._t_s), np.concatenate(self._y)

    def _refusal(self) -> Refusal | None:
        seconds = self._end_s - self._start_s
        t_s, y = self._seen()
        if len(t_s) * _step_s(t_s) < LEAST_SHARE * seconds:
            return Refusal.NO_DATA
        if _stuck(y):
            return Refusal.FLAT
        followed = abs(self._fit or 0.0) >= LEAST_FIT
        return None if followed or self._usable_s >= USABLE_SHARE * seconds else Refusal.NOISE


def cue_fit(t_s: F64, y: F64, cue_s: float, inhale_s: float, breath_s: float) -> float:
    """Return the correlation of the trace `y` (n,) with the guided breath at its best lag; negative: upside down."""
    if not len(t_s):
        return 0.0
    best = 0.0
    for lag_s in np.arange(0.0, LAG_LIMIT_S + 0.01, 1.0 / GRID_HZ):
        grid = np.arange(cue_s + lag_s, cue_s + lag_s + breath_s + SETTLE_S, 1.0 / GRID_HZ)
        if grid[0] < t_s[0] - SETTLE_S or grid[-1] > t_s[-1]:
            continue
        fit = _correlation(np.interp(grid, t_s, y), _cue(grid - grid[0], inhale_s, breath_s))
        best = fit if abs(fit) > abs(best) else best
    return best


def _cue(elapsed_s: F64, inhale_s: float, breath_s: float) -> F64:
    """Return the cued level: a raised cosine up in `inhale_s` and down until `breath_s`, then rest."""
    up = np.clip(elapsed_s / inhale_s, 0.0, 1.0)
    down = np.clip((elapsed_s - inhale_s) / (breath_s - inhale_s), 0.0, 1.0)
    return 0.5 * (1 - np.cos(np.pi * up)) - 0.5 * (1 - np.cos(np.pi * down))


def _correlation(a: F64, b: F64) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def _stuck(y: F64) -> bool:
    span = float(np.ptp(y))
    if span <= 1e-12 * float(np.abs(y).max(initial=0.0)) or span == 0.0:
        return True
    edge = 1e-3 * span
    return bool(max((y > y.max() - edge).mean(), (y < y.min() + edge).mean()) > STUCK_SHARE)


def _step_s(t_s: F64) -> float:
    return median(t_s[1:] - t_s[:-1]) if len(t_s) > 1 else 0.04
