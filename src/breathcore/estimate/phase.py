"""The live phase: which way the trace moves now, told at once and without waiting for a turn to be sure."""

import math

import numpy as np

from breathcore.estimate.effort import Piece
from breathcore.model.arrays import F64
from breathcore.model.estimates import PhaseEstimate, PhaseKind

QUICK_S = 0.2  # means over this long are compared for a slope,
STEADY_S = 1.0  # and over up to this long in a noisy trace
MOVING = 0.15  # of the steepest slope of a sinusoid of the usual rise and rate
SURE = 6.5  # times `noise` of a slope of noise: three SDs, as `noise_sd` sees half the noise of a smooth trace
ALIKE_S = 0.14  # samples of a trace this close have their noise in common
HELD_S = 0.6
HELD_TIMES = 1.5  # as long as a sinusoid's turn is as slow: no hold


class PhaseFollower:
    """Phase changes of a trace. Without a known rise and rate (`guide`) the phase is UNKNOWN.

    Parameters
    ----------
    rate_hz : float
        Of the trace.

    Notes
    -----
    Two slopes are looked at, each the difference between the means of two neighbouring stretches: a quick one and one
    as steady as the noise demands. A hold is where both stay small for longer than they would in a slow turn.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._quick_n = max(1, round(QUICK_S * rate_hz))
        self._most_n = max(1, round(STEADY_S * rate_hz))
        self._alike_n = max(1.0, ALIKE_S * rate_hz)
        self._known = False
        self._held_s = HELD_S
        self._steady_n = self._quick_n
        self._least = self._quick_least = math.inf
        self.reset()

    @property
    def latency_s(self) -> float:
        """A turn is seen so late, in noise later; a hold once it has lasted 0.6 s or more."""
        return self._quick_n / self._rate_hz

    def reset(self) -> None:
        """Forget the past; the phase is unknown."""
        self._sums: F64 = np.zeros(1)  # of the trace up to each sample
        self._kind = PhaseKind.UNKNOWN
        self._still_since = math.nan

    def guide(self, rise: float, rate_bpm: float, noise: float) -> None:
        """Take the usual rise, rate and the noise's SD (NaN: not known)."""
        self._known = rise > 0 and rate_bpm > 0
        if not self._known:
            return
        steepest = math.pi * rise * rate_bpm / 60.0
        moving = MOVING * steepest
        noisy = SURE * noise * math.sqrt(2.0 * self._alike_n) * self._rate_hz  # over n^1.5: of a slope over n samples
        wanted = math.ceil((noisy / moving) ** (2.0 / 3.0))
        self._steady_n = min(max(wanted, self._quick_n), self._most_n)
        self._least = max(moving, noisy / self._steady_n**1.5)
        self._quick_least = max(moving, noisy / self._quick_n**1.5)
        turning = math.asin(min(self._least / steepest, 1.0)) / math.pi  # of a cycle
        self._held_s = max(HELD_S, HELD_TIMES * turning * 60.0 / rate_bpm)

    def push(self, piece: Piece) -> list[PhaseEstimate]:
        """Take trace; return the changes of phase."""
        out: list[PhaseEstimate] = []
        if piece.new_run:
            self.reset()
        before_n = len(self._sums)
        new = np.add.accumulate(np.concatenate((self._sums[-1:], piece.y + piece.lift)))[1:]
        sums = np.concatenate((self._sums, new))
        self._sums = sums[-2 * self._most_n - 1 :]
        if not self._known:
            change = self._change(float(piece.t_s[0]), float(piece.t_s[0]), PhaseKind.UNKNOWN)
            return [change] if change is not None else out
        first = max(before_n, 2 * self._steady_n)
        quick, steady = self._slope(sums, first, self._quick_n), self._slope(sums, first, self._steady_n)
        if self._goes_on(quick, steady):
            return out
        t_s = piece.t_s[len(piece.t_s) - len(steady) :]
        for t, q, v in zip(t_s.tolist(), quick.tolist(), steady.tolist(), strict=True):
            change = self._step(t, q, v)
            if change is not None:
                out.append(change)
        return out

    def _slope(self, sums: F64, first: int, n: int) -> F64:
        """Return the slopes at the samples from `first` on: the last `n` against the `n` before."""
        now, middle, begin = sums[first:], sums[first - n : len(sums) - n], sums[first - 2 * n : len(sums) - 2 * n]
        return np.asarray((now - 2.0 * middle + begin) * (self._rate_hz / (n * n)), dtype=np.float64)

    def _goes_on(self, quick: F64, steady: F64) -> bool:
        """Whether nothing changes: so it is most of the time, and a look at the whole piece is quicker."""
        if not len(steady):
            return True
        if self._still_since == self._still_since or self._kind not in (PhaseKind.INHALE, PhaseKind.EXHALE):
            return False
        if self._kind is PhaseKind.INHALE:
            return bool(steady.min() >= self._least and quick.min() > -self._quick_least)
        return bool(steady.max() <= -self._least and quick.max() < self._quick_least)

    def _step(self, t: float, quick: float, steady: float) -> PhaseEstimate | None:
        slope = quick if abs(quick) >= self._quick_least else steady
        if slope is quick or abs(steady) >= self._least:
            self._still_since = math.nan
            return self._change(t, t, PhaseKind.INHALE if slope > 0 else PhaseKind.EXHALE)
        if math.isnan(self._still_since):
            self._still_since = t
        if t - self._still_since < self._held_s:
            return None
        top = self._kind in (PhaseKind.INHALE, PhaseKind.HOLD_IN)
        return self._change(t, self._still_since, PhaseKind.HOLD_IN if top else PhaseKind.HOLD_OUT)

    def _change(self, t: float, since: float, kind: PhaseKind) -> PhaseEstimate | None:
        if kind is self._kind:
            return None
        self._kind = kind
        return PhaseEstimate(t, kind, t - since)
