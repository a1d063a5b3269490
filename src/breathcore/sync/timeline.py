"""One device clock's map to session time: built forward only, never stepping back.

The first packet is placed by its own arrival, at once; the envelope then tells better, and the map leans towards it.
Device times already mapped keep their session times, so channels that share a clock stay true to one another.
"""

import math

import numpy as np

from breathcore.model.arrays import F64
from breathcore.sync.envelope import LowerEnvelope

KNOT_S = 0.25  # the map's slope changes at most this often
LEAN_S = 1.25  # time constant of the approach to the envelope
LEAN_LIMIT = 0.3  # and its greatest rate, s per s: 2 s too late at first is right within 10 s
KEPT_S = 10.0  # of knots, for channels whose frames come later than others'
DOUBT_S = 0.05  # a packet this much faster than all before is believed when a second one follows
_FAR_S = 1e6


class Timeline:
    """Device time → session time for one run of the device's clock.

    Parameters
    ----------
    device_s, arrival_s : float
        Device time of the newest sample of the first packet, and the packet's arrival in session time.
    """

    def __init__(self, device_s: float, arrival_s: float) -> None:
        self._zero_s = device_s
        self._envelope = LowerEnvelope(0.0, arrival_s)
        self._knots_s = [0.0]
        self._values_s = [arrival_s]
        self._slope = 1.0
        self._frontier_s = 0.0
        self._doubted = False

    @property
    def settled_s(self) -> float:
        """How long packets have been observed, s of device time."""
        return self._envelope.span_s

    def delay_s(self, device_s: float, arrival_s: float) -> float:
        """Return how much later than the fastest packets one arrived whose newest sample is `device_s`."""
        x_s = device_s - self._zero_s
        return arrival_s - x_s - self._envelope.level_s(x_s)

    def observe(self, device_s: float, arrival_s: float) -> None:
        """Learn from a packet's arrival and extend the map to its newest sample."""
        x_s = device_s - self._zero_s
        lag_s = arrival_s - x_s
        low = self.settled_s > LEAN_S and lag_s < self._envelope.level_s(x_s) - DOUBT_S
        if not low or self._doubted:
            self._envelope.add(x_s, lag_s)
        self._doubted = low
        if x_s > self._frontier_s:
            self._extend(x_s)

    def session_s(self, device_s: F64) -> F64:
        """Return session times (n,) for device times (n,), rising as they do."""
        last_s = self._zero_s + self._knots_s[-1]
        if device_s[0] >= last_s:
            return self._values_s[-1] + (device_s - last_s) * self._slope
        x_s = device_s - self._zero_s
        ends = [self._knots_s[0] - _FAR_S, self._knots_s[-1] + _FAR_S]
        values = [self._values_s[0] - _FAR_S, self._values_s[-1] + _FAR_S * self._slope]
        return np.interp(x_s, [ends[0], *self._knots_s, ends[1]], [values[0], *self._values_s, values[1]])

    def _extend(self, x_s: float) -> None:
        knot_s = self._frontier_s
        self._frontier_s = x_s
        if 0.0 < knot_s - self._knots_s[-1] < KNOT_S:
            return
        value_s = self._values_s[-1] + (knot_s - self._knots_s[-1]) * self._slope
        step_s = x_s - knot_s
        error_s = knot_s + self._envelope.level_s(knot_s) - value_s
        lean = error_s * -math.expm1(-step_s / LEAN_S) / step_s
        self._slope = 1.0 + self._envelope.slope + min(max(lean, -LEAN_LIMIT), LEAN_LIMIT)
        if knot_s > self._knots_s[-1]:
            self._knots_s.append(knot_s)
            self._values_s.append(value_s)
        while len(self._knots_s) > 1 and self._knots_s[1] < knot_s - KEPT_S:
            del self._knots_s[0], self._values_s[0]
