"""The breath trace from a chest accelerometer or a belt: rising on inhale, zero near the middle of the breath.

Samples are low-passed without phase error (the time stamps leave the filter's delay out). There is no high-pass: at
drill rates it would lead by 40–90°; a middle tracked over the last breaths is subtracted instead. Each second of
session time or so (`tick`) axis and middle are looked up anew; the trace glides to them over the next second.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from breathcore.dsp.fir import Fir, hann_taps, triangle_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.dsp.ring import Ring
from breathcore.model.arrays import F64

TRACE_HZ = 25.0
SLOW_HZ = 8.0
SMOOTH_S = 0.28  # Hann low-pass: −3 dB near 2.5 Hz
LOOK_BACK_S = 64.0
MIDDLE_S = 24.0
FAST_S = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of trace: `t_s` (n,), `y` (n,), and whether what came before does not belong to it.

    `lift` (n,) is how far the middle has moved since the run began: in y + lift nothing moves but the body.
    """

    t_s: F64
    y: F64
    new_run: bool
    lift: F64


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the trace looks like at a whole second.

    `t_s`, `y` (n,): up to 64 s at about 8 Hz on today's axis. `fast` (axes, m): up to 16 s at about 25 Hz before the
    low-pass, for noise, movement and stuck values.
    `rough`: RMS change from sample to sample over √2 as the samples came (white noise: its SD), last 16 s.
    """

    t_s: F64
    y: F64
    step_s: float
    fast: F64
    fast_hz: float
    rough: float

    def lately(self, seconds: float) -> "Look":
        """Return the last `seconds` of it."""
        size = round(seconds / self.step_s)
        return Look(self.t_s[-size:], self.y[-size:], self.step_s, self.fast, self.fast_hz, self.rough)


class EffortTrace:
    """What the two kinds of trace share: runs, decimation, history, middle.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of the samples, 10 Hz or more.
    axes_n : int
        Columns of `x`.

    Attributes
    ----------
    newest_s : float
        Time of the newest sample that said something.
    look_every_s, seldom_s : int
        How often `tick` is to be called, usually and after a long silence; what it says may be held until then.
    """

    look_every_s = seldom_s = 1

    def __init__(self, rate_hz: float, axes_n: int) -> None:
        factor = max(1, round(rate_hz / TRACE_HZ))
        self.rate_hz = rate_hz / factor
        self._slow_n = max(1, round(self.rate_hz / SLOW_HZ))
        self.slow_hz = self.rate_hz / self._slow_n
        self._runs = EvenRuns(rate_hz, axes_n)
        self._decimate = Fir(triangle_taps(factor), factor, axes_n)
        self._smooth = Fir(hann_taps(max(1, round(SMOOTH_S * self.rate_hz))), 1, axes_n)
        self._thin = Fir(np.full(self._slow_n, 1.0 / self._slow_n), self._slow_n, axes_n)
        self._fast = Ring(round(FAST_S * self.rate_hz), axes_n)
        self._slow = Ring(round(LOOK_BACK_S * self.slow_hz), axes_n)
        self._axes_n = axes_n
        self.newest_s = -math.inf
        self.latency_s = self._decimate.delay_n / rate_hz + self._smooth.delay_n / self.rate_hz + 1.0 / self.rate_hz
        self._begin()

    def reset(self) -> None:
        """Forget everything."""
        self._runs.reset()
        self.newest_s = -math.inf
        self._begin()

    def _begin(self) -> None:
        for part in (self._decimate, self._smooth, self._thin, self._fast, self._slow):
            part.reset()
        self._new_run = True
        self._unfelt: list[F64] = []
        self._felt: deque[tuple[float, int]] = deque(maxlen=round(FAST_S / self.look_every_s))
        self._old_middle: F64 | None = None
        self._middle: F64 = np.zeros(self._axes_n)
        self._old_axis = self._axis = self._first_axis()
        self._since_n = 0
        self._lift = 0.0

    def push(self, t_s: F64, x: F64) -> list[Piece]:
        """Take samples `t_s` (n,), `x` (n, axes); return the trace that is now known."""
        pieces = []
        for run_t, run_x, new_run in self._runs.push(t_s, x):
            if new_run:
                self._begin()
            self.newest_s = float(run_t[-1])
            piece = self._push_run(run_t, run_x)
            if piece is not None:
                pieces.append(piece)
        return pieces

    def _push_run(self, t_s: F64, x: F64) -> Piece | None:
        self._unfelt.append(x)
        fast_t, fast_x = self._decimate.push(t_s, x)
        self._fast.push(fast_t, fast_x)
        out_t, out_x = self._smooth.push(fast_t, fast_x)
        if not len(out_t):
            return None
        self._slow.push(*self._thin.push(out_t, out_x))
        if self._old_middle is None:
            self._old_middle = self._middle = out_x[:, 0].copy()
        y, lift = self._project(out_x)
        piece = Piece(out_t, y, self._new_run, lift)
        self._new_run = False
        return piece

    def _roughness(self) -> float:
        """Return the RMS change from sample to sample over √2, last 16 s."""
        x = np.concatenate(self._unfelt, axis=1)  # in one piece: sums do not depend on the blocks
        self._unfelt = [x[:, -1:].copy()]
        step = x[:, 1:] - x[:, :-1]
        self._felt.append((float(np.add.reduce(step * step, axis=None)), step.size))
        return math.sqrt(sum(p for p, _ in self._felt) / max(1, 2 * sum(n for _, n in self._felt)))

    def _project(self, x: F64) -> tuple[F64, F64]:
        count, since_n = x.shape[1], self._since_n
        self._since_n += count
        assert self._old_middle is not None
        to_go = (self._middle - self._old_middle)[:, None]
        if since_n >= self.rate_hz:  # arrived
            there = self._old_axis + (self._axis - self._old_axis)
            return along(x - (self._old_middle[:, None] + to_go), there), np.full(count, self._lift)
        glide = np.minimum(np.arange(since_n, since_n + 1 + count) / self.rate_hz, 1.0)
        middle = self._old_middle[:, None] + glide[1:] * to_go
        axis = self._old_axis[:, None] + glide[1:] * (self._axis - self._old_axis)[:, None]
        y: F64 = np.add.reduce((x - middle) * axis, axis=0, initial=0.0)
        moved = (glide[1:] - glide[:-1]) * np.add.reduce(to_go * axis, axis=0, initial=0.0)
        lift = np.add.accumulate(np.concatenate(([self._lift], moved)))[1:]
        self._lift = float(lift[-1])
        return y, lift

    def tick(self, cycle_s: float) -> Look | None:
        """Look up middle and axis anew; return what the trace looks like, or None while there is none.

        `cycle_s` is the length of a breath (NaN: not known): over whole breaths the middle does not sway.
        """
        t_s, x = self._slow.last()
        if self._old_middle is None or len(t_s) < 3:
            return None
        glide = min(self._since_n / self.rate_hz, 1.0)
        self._old_middle = self._old_middle + glide * (self._middle - self._old_middle)
        self._old_axis = self._old_axis + glide * (self._axis - self._old_axis)
        self._since_n = 0
        self._axis = self._find_axis(x)
        y = along(x, self._axis)
        self._middle = self._find_middle(x, y, _whole(cycle_s))
        fast = self._fast.last()[1]
        scale = math.sqrt(float((self._axis * self._axis).sum()))
        return Look(t_s, y, 1.0 / self.slow_hz, fast, self.rate_hz, scale * self._roughness())

    @property
    def span_s(self) -> float:
        """How much there is to look back on."""
        return len(self._slow) / self.slow_hz

    def _first_axis(self) -> F64:
        raise NotImplementedError

    def _find_axis(self, x: F64) -> F64:
        raise NotImplementedError

    def _find_middle(self, x: F64, y: F64, span_s: float) -> F64:
        first = -round(span_s * self.slow_hz)
        ordered = np.sort(y[first:])
        edge = len(ordered) // 10
        wanted = 0.5 * (ordered[edge] + ordered[-1 - edge])
        centre = np.add.reduce(x[:, first:], axis=1) / len(ordered)
        now = float((centre * self._axis).sum())
        length2 = float((self._axis * self._axis).sum())
        middle = centre + self._axis * ((wanted - now) / length2)
        return np.asarray(middle, dtype=np.float64)


def _whole(cycle_s: float) -> float:
    """Return about 24 s, as a whole number of breaths where their length is known."""
    return max(1, round(MIDDLE_S / cycle_s)) * cycle_s if cycle_s > 0 else MIDDLE_S


def along(x: F64, axis: F64) -> F64:
    """Return the component (n,) of `x` (axes, n) along `axis` (axes,)."""
    y = x[0] * axis[0]
    for k in range(1, len(axis)):
        y = y + x[k] * axis[k]
    return np.asarray(y, dtype=np.float64)


class BeltTrace(EffortTrace):
    """A belt, band or impedance: one waveform that rises on inhale, in its own unit."""

    def __init__(self, rate_hz: float) -> None:
        super().__init__(rate_hz, 1)

    def _first_axis(self) -> F64:
        return np.ones(1)

    def _find_axis(self, x: F64) -> F64:
        return self._axis
