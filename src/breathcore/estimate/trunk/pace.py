"""What is to be done next, by how far the channels have come: quarters of a second, and steps between them."""

import math
from collections.abc import Iterable

TICK_S = 0.25
STEPS_N = 5  # of a quarter, at which a brace is looked for before the quarter is over


class Pace:
    """Session time in quarters, each with its steps; what is due depends on the newest samples of all channels.

    Parameters
    ----------
    channels : iterable of str
        Ids of the channels that are waited for.
    wait_s : float
        What one channel may be ahead of the others before it goes on without them.
    steps_n : int
        Steps of a quarter, the quarter itself the last.

    Attributes
    ----------
    quarter : int
        The next one to be worked off; −1 before the first sample.
    """

    def __init__(self, channels: Iterable[str], wait_s: float, steps_n: int) -> None:
        self._wait_s, self._steps_n = wait_s, steps_n
        self._newest = dict.fromkeys(channels, -math.inf)
        self.quarter = -1
        self._step = 0

    def hear(self, channel_id: str, first_s: float, last_s: float) -> bool:
        """Take note of samples; return whether they are the first of all."""
        self._newest[channel_id] = last_s
        begins = self.quarter < 0
        if begins:
            self.go_to(max(0, math.floor((first_s - self._wait_s) / TICK_S)))
        return begins

    def go_to(self, quarter: int) -> None:
        """Go on with `quarter`."""
        self.quarter, self._step = quarter, 0

    def step(self) -> None:
        """One step is done."""
        self._step += 1

    @property
    def between(self) -> bool:
        """Whether what comes next is a step before the quarter is over."""
        return self._step < self._steps_n - 1

    @property
    def at_s(self) -> float:
        """The session time of what comes next: a step, or the quarter itself."""
        left = (self._steps_n - 1 - self._step) / self._steps_n
        return (self.quarter - left) * TICK_S

    @property
    def due(self) -> bool:
        """Whether all channels have come to that, or one is too far ahead of it to wait for them."""
        at_s = self.at_s
        return min(self._newest.values()) >= at_s or max(self._newest.values()) >= at_s + self._wait_s

    @property
    def known_s(self) -> float:
        """Up to when everything is due."""
        newest = self._newest.values()
        return max(min(newest), max(newest) - self._wait_s)

    @property
    def newest_s(self) -> float:
        """The newest sample of any channel; 0 without channels."""
        return max(self._newest.values(), default=0.0)
