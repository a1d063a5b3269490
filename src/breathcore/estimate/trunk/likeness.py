"""Whether a breath of the ribs is like those before: words, a cough, a gasp, a sigh, a shift of the body are not.

What such a breath pulls at the waist is not what others did, so nothing told from them holds. Own method: it moves the
ribs faster than a usual breath at its fastest, or farther; the person's own full breaths of the calibration are never
unlike, since drills ask for deep ones among quiet ones.
"""

import math
from collections import deque
from collections.abc import Sequence
from statistics import median

import numpy as np

from breathcore.estimate.trunk.waves import Bottom
from breathcore.model.arrays import F64

LOOK_S = 0.2  # over which a speed is read
FASTER = 1.6  # times the fastest of a usual breath
LARGER = 1.5  # times the size of one
FULL = 1.2  # times the size of the own full breath
BREATHS_N, LEAST_N = 9, 2  # usual ones that are remembered; of which so many are needed
UNLIKE_N = 6  # one after the other: this is how the person breathes now


class Likeness:
    """Follows the breaths of a channel.

    Attributes
    ----------
    unlike : bool
        Whether this breath is unlike those before, or the last one was that is over.
    """

    def __init__(self, step_s: float) -> None:
        self._path: deque[float] = deque(maxlen=1 + max(1, round(LOOK_S / step_s)))
        self._usual: deque[tuple[float, float]] = deque(maxlen=BREATHS_N)  # fastest, size
        self._begin()
        self._unlike_n = 0
        self._full = 0.0, 0.0
        self.unlike = False

    def learn(self, fulls: Sequence[F64]) -> None:
        """Take the samples (n,) of each full breath of a calibration, as `step` gets them."""
        look_n = self._path.maxlen or 1
        speeds = [float(np.abs(c[look_n - 1 :] - c[: 1 - look_n]).max()) for c in fulls if len(c) >= look_n > 1]
        sizes = [float(np.ptp(c)) for c in fulls if len(c)]
        self._full = FASTER * median(speeds or [0.0]), FULL * median(sizes or [0.0])
        self.unlike = False

    def _begin(self) -> None:
        self._fastest, self._low, self._high = 0.0, math.inf, -math.inf

    def interrupt(self) -> None:
        """Take note that the channel has stopped."""
        self._path.clear()
        self._begin()

    def step(self, c: float, bottom: Bottom | None) -> None:
        """Take a sample, and the end of a breath out that it makes sure."""
        path = self._path
        path.append(c)
        if bottom is not None:
            self._end()
        if len(path) == path.maxlen:
            self._fastest = max(self._fastest, abs(path[-1] - path[0]))
        self._low, self._high = min(self._low, c), max(self._high, c)
        self.unlike = self.unlike or self._is_unlike

    def _end(self) -> None:
        """Take note that a breath is over, if any of it was seen."""
        if self._low > self._high:
            return
        self.unlike = self._is_unlike
        self._unlike_n = self._unlike_n + 1 if self.unlike else 0
        if self._unlike_n > UNLIKE_N:
            self._usual.clear()
            self._unlike_n, self.unlike = 0, False
        if not self.unlike:
            self._usual.append((self._fastest, self._high - self._low))
        self._begin()

    @property
    def _is_unlike(self) -> bool:
        if len(self._usual) < LEAST_N:
            return False
        fastest, size = (median(column) for column in zip(*self._usual, strict=True))
        at_full, full = self._full
        return bool(self._fastest > max(FASTER * fastest, at_full) or self._high - self._low > max(LARGER * size, full))
