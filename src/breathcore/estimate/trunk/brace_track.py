"""One way to the level of a brace: the raw reading, what that is at rest, and where it was lately."""

import math
from collections import deque
from dataclasses import dataclass, field

from breathcore.estimate.trunk.brace_hold import Rest

TICK_S = 0.25
SEEN_S = 75.0  # of readings kept: a calibration


@dataclass(slots=True)
class Track:
    """Raw reading (NaN: not known), its rest, and times and readings of the last ticks; all in the reading's unit."""

    rest: Rest = field(default_factory=Rest)
    raw: float = math.nan
    history: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=round(SEEN_S / TICK_S)))

    def at(self, t_s: float) -> float:
        """Return the last raw reading of a tick until `t_s`; NaN: there is none."""
        return next((raw for t, raw in reversed(self.history) if t <= t_s), math.nan)
