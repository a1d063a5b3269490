"""What a drill asks for, and so whether a level that rises is a brace.

A belt reads the same of a brace and of a body that shifts: nobody can tell them apart who does not know whether one was
meant. So a brace begins where a drill asks for one, or in a movement, in which one may be held. What rises at ease is
told to be none; if it is still there once a brace is asked for, somebody was early, and it is one.
"""

import math
from collections import deque

EASED_AFTER_S = 3.0  # of a rest of the drill: who braced has let go


class Asked:
    """Takes what is asked for, in order of time.

    Attributes
    ----------
    braced : bool or None
        Whether a brace is asked for now, or ease (as before all), or (None) either may be.
    counts : bool
        Whether the level that is up now has been asked for: it stays a brace until it is let go of.
    """

    def __init__(self) -> None:
        self._next: deque[tuple[float, bool | None]] = deque()
        self.braced: bool | None = False
        self._since_s = -math.inf
        self.counts = False

    def put(self, t_s: float, *, braced: bool | None) -> None:
        """Take what is asked for from `t_s` on."""
        self._next.append((t_s, braced))

    def step(self, t_s: float) -> None:
        """Move on to `t_s`."""
        while self._next and self._next[0][0] <= t_s:
            self._since_s, self.braced = self._next.popleft()

    def hold(self, since_s: float | None) -> None:
        """Take note since when the level is up; None: it is not."""
        self.counts = since_s is not None and (self.counts or self.braced is not False)

    def eased(self, t_s: float) -> bool:
        """Whether ease had been asked for a while before `t_s`."""
        return self.braced is False and t_s >= self._since_s + EASED_AFTER_S
