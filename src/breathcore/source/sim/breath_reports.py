"""Wearables that find the breaths themselves: which have ended since the last look."""

import math

from breathcore.source.sim.body import Body
from breathcore.source.sim.truth import TrueBreath

LOOK_S = 0.5  # a breath is reported this long after its end at most


class BreathReports:
    """The breaths that end after `start`, a look every 0.5 s; none where the wearable is not felt."""

    def __init__(self, body: Body) -> None:
        self._sensors = body.sensors
        self._since_s = 0.0
        self.next_s = math.inf

    def start(self, t_s: float) -> None:
        """Look first half a second from now."""
        self._since_s, self.next_s = t_s, t_s + LOOK_S

    def stop(self) -> None:
        """Look no more."""
        self.next_s = math.inf

    def take(self) -> tuple[TrueBreath, ...]:
        """Return the breaths since the last look, and move on."""
        now_s = self.next_s
        self.next_s += LOOK_S
        if not self._sensors.has_contact(now_s):
            self._since_s = now_s
            return ()
        found = self._sensors.breaths(self._since_s, now_s)
        if found:
            self._since_s = math.nextafter(found[-1].end_s, math.inf)
        return found
