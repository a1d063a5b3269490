"""One run of a device's clock as a map to session time: built forward only, never stepping back.

The first packets vote before the map begins, so that one late packet does not decide where; the envelope then tells
better, and the map leans towards it. Device times already mapped keep their session times, so channels that share a
clock stay true to one another.
"""

import math

import numpy as np

from breathcore.model.arrays import F64
from breathcore.sync.envelope import RecentEnvelope

VOTE_S = 1.0  # the first packets are waited for so long …
VOTES_N = 8  # … and so many of them,
VOTE_LIMIT_S = 2.5  # at most so long
EARLY_S = 6.0  # the skew is not known well enough yet
KNOT_S = 0.25  # the map's slope changes at most this often
LEAN_S = 1.25  # time constant of the approach to the envelope
LEAN_LIMIT = 0.3  # and its greatest rate, s per s
HASTE_LIMIT = 0.9  # … further off than
FAR_S = 1.0  # this
KEPT_S = 10.0  # of knots, for channels whose frames come later than others'
DOUBT_S = 0.05  # a packet this much faster than all before is believed when a second one follows
LEAP_S = 0.1  # samples that are counted and come this much too late: some were lost before them
_EDGE_S = 1e-6
_FAR_S = 1e6


class Timeline:
    """Device time → session time for one run of the device's clock, or of a count of its samples.

    Parameters
    ----------
    device_s, arrival_s : float
        Device time of the newest sample of the first packet, and the packet's arrival in session time.
    slope : float
        What is known of the clock's skew from a run before, s per s.
    counted : bool
        Whether device time is a count of samples, which unnoticed losses set back: the map then follows the newest
        second of packets, and leaps forward where it must.
    """

    def __init__(self, device_s: float, arrival_s: float, slope: float = 0.0, *, counted: bool = False) -> None:
        self._zero_s = device_s
        self._counted = counted
        recent_for_s = math.inf if counted else EARLY_S
        self._envelope = RecentEnvelope(0.0, arrival_s - device_s, slope, recent_for_s=recent_for_s)
        self._first_arrival_s = self._arrival_s = arrival_s
        self._votes_n = 1
        self._begun = False
        self._knots_s = [0.0]
        self._values_s = [0.0]
        self._slope = 1.0
        self._frontier_s = 0.0
        self._doubted = False

    @property
    def begun(self) -> bool:
        """Whether enough packets have come for the map to begin (`begin` begins it all the same)."""
        return self._begun

    @property
    def slope(self) -> float:
        """The clock's skew, s per s."""
        return self._envelope.slope

    @property
    def settled_s(self) -> float:
        """How long packets have been observed, s of device time."""
        return self._envelope.span_s

    @property
    def newest(self) -> tuple[float, float]:
        """Device time of the newest sample, and arrival of the newest packet."""
        return self._zero_s + self._frontier_s, self._arrival_s

    def delay_s(self, device_s: float, arrival_s: float) -> float:
        """Return how much later than the fastest packets one arrived whose newest sample is `device_s`."""
        return arrival_s - device_s - self._envelope.level_s(device_s - self._zero_s)

    def observe(self, device_s: float, arrival_s: float) -> None:
        """Learn from a packet's arrival and extend the map to its newest sample."""
        x_s = device_s - self._zero_s
        lag_s = arrival_s - device_s
        low = self._begun and lag_s < self._envelope.level_s(x_s) - DOUBT_S
        if not low or self._doubted:
            self._envelope.add(x_s, lag_s)
        self._doubted = low
        self._votes_n += arrival_s > self._arrival_s
        self._arrival_s = max(self._arrival_s, arrival_s)
        if x_s > self._frontier_s:
            if self._begun:
                self._extend(x_s)
            self._frontier_s = x_s
        waited_s = arrival_s - self._first_arrival_s
        if not self._begun and (waited_s >= VOTE_LIMIT_S or (waited_s >= VOTE_S and self._votes_n >= VOTES_N)):
            self.begin()

    def begin(self) -> None:
        """Let the map begin with what is known now."""
        if not self._begun:
            self._begun = True
            self._values_s = [self._zero_s + self._envelope.level_s(0.0)]
            self._slope = 1.0 + self._envelope.slope

    def session_s(self, device_s: F64) -> F64:
        """Return session times (n,) for device times (n,), rising as they do."""
        last_s = self._zero_s + self._knots_s[-1]
        if device_s[0] >= last_s:
            times = device_s - last_s
            times *= self._slope
            times += self._values_s[-1]
            return times
        x_s = device_s - self._zero_s
        ends = [self._knots_s[0] - _FAR_S, self._knots_s[-1] + _FAR_S]
        values = [self._values_s[0] - _FAR_S, self._values_s[-1] + _FAR_S * self._slope]
        return np.interp(x_s, [ends[0], *self._knots_s, ends[1]], [values[0], *self._values_s, values[1]])

    def _extend(self, x_s: float) -> None:
        knot_s = self._frontier_s
        value_s = self._values_s[-1] + (knot_s - self._knots_s[-1]) * self._slope
        error_s = self._zero_s + knot_s + self._envelope.level_s(knot_s) - value_s
        leap = self._counted and error_s > LEAP_S
        if 0.0 < knot_s - self._knots_s[-1] < KNOT_S and not leap:
            return
        step_s = x_s - knot_s
        lean = 0.0 if leap else error_s * -math.expm1(-step_s / LEAN_S) / step_s
        limit = LEAN_LIMIT if abs(error_s) < FAR_S else HASTE_LIMIT
        self._slope = 1.0 + self._envelope.slope + min(max(lean, -limit), limit)
        if knot_s > self._knots_s[-1]:
            self._knots_s.append(knot_s)
            self._values_s.append(value_s)
        if leap:
            self._knots_s.append(knot_s + _EDGE_S)
            self._values_s.append(value_s + error_s)
        while len(self._knots_s) > 1 and self._knots_s[1] < knot_s - KEPT_S:
            del self._knots_s[0], self._values_s[0]
