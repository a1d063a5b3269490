"""The live phase: which way the trace moves now, told at once and without waiting for a turn to be sure."""

import math

import numpy as np

from breathcore.estimate.effort import Piece
from breathcore.model.arrays import F64
from breathcore.model.estimates import PhaseEstimate, PhaseKind

SLOPE_S = 0.4
MOVING = 0.15  # of the steepest slope of a sinusoid of the usual rise and rate
HELD_S = 0.6
HELD_PART = 0.07  # of a cycle: a slow sinusoid's turn is no hold


class PhaseFollower:
    """Phase changes of a trace. Without a known rise and rate (`guide`) the phase is UNKNOWN.

    Parameters
    ----------
    rate_hz : float
        Of the trace.
    """

    def __init__(self, rate_hz: float) -> None:
        self._lag = max(1, round(SLOPE_S * rate_hz))
        self._span_s = self._lag / rate_hz
        self._slope = math.inf
        self._held_s = HELD_S
        self.reset()

    @property
    def latency_s(self) -> float:
        """A change of direction is seen half the slope's span late; a hold after it has lasted 0.6 s or more."""
        return self._span_s / 2

    def reset(self) -> None:
        """Forget the past; the phase is unknown."""
        self._past: F64 = np.empty(0)
        self._kind = PhaseKind.UNKNOWN
        self._still_since = math.nan

    def guide(self, rise: float, rate_bpm: float, noise: float) -> None:
        """Take the usual rise, rate and the noise's SD (NaN: not known)."""
        known = rise > 0 and rate_bpm > 0
        self._slope = max(MOVING * math.pi * rise * rate_bpm / 60.0, 3.0 * noise / self._span_s) if known else math.inf
        self._held_s = max(HELD_S, HELD_PART * 60.0 / rate_bpm) if known else HELD_S

    def push(self, piece: Piece) -> list[PhaseEstimate]:
        """Take trace; return the changes of phase."""
        out: list[PhaseEstimate] = []
        if piece.new_run:
            self.reset()
        y = np.concatenate((self._past, piece.y + piece.lift))
        self._past = y[-self._lag :]
        slope = (y[self._lag :] - y[: -self._lag]) / self._span_s
        if self._goes_on(slope):
            return out
        for t, v in zip(piece.t_s[len(piece.t_s) - len(slope) :].tolist(), slope.tolist(), strict=True):
            change = self._step(t, v)
            if change is not None:
                out.append(change)
        return out

    def _goes_on(self, slope: F64) -> bool:
        """Whether nothing changes: so it is most of the time, and a look at the whole piece is quicker."""
        if self._kind is PhaseKind.UNKNOWN:
            return math.isinf(self._slope)
        if self._still_since == self._still_since or not len(slope):
            return not len(slope)
        if self._kind is PhaseKind.INHALE:
            return bool(slope.min() >= self._slope)
        return self._kind is PhaseKind.EXHALE and bool(slope.max() <= -self._slope)

    def _step(self, t: float, slope: float) -> PhaseEstimate | None:
        if math.isinf(self._slope):
            return self._change(t, t, PhaseKind.UNKNOWN)
        if abs(slope) >= self._slope:
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
