"""Breathing while the body moves: what a second sensor on the trunk sees of the movement is taken off the first one's.

A trunk that moves as one piece turns all sensors on it alike, so the direction of "up" at one is a linear function of
that at another, whatever the movement and however large; a breath turns front and back against each other. The
function is fitted over the last 30 s, once a second (ridge regression, squares included for a spine that bends), and
what it leaves is read as a tilt sensor is. The best reference is the opposite side of the same ribs. The pelvis is a
poor one: it does not turn with the ribs in a row, a carry or a hinge, and what is left over looks like breathing.

What no reference can do: a breath that goes exactly with the movement (out on every effort) is fitted away with it,
and what the fit leaves of the movement has the movement's rate. So a rate that is that of the movement (where the
reference looks most like itself again), or a small multiple of it, is not told, nor one of low quality.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from breathcore.dsp.ring import Ring
from breathcore.estimate.breath_branch import BreathBranch
from breathcore.estimate.tilt import TiltTrace
from breathcore.estimate.tilt_rate import read_tilt_rate
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.motion import Motion
from breathcore.estimate.trunk.movement import MovementFollower
from breathcore.estimate.trunk.movements import movement_of
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.estimates import Estimate, RateEstimate, Refusal
from breathcore.model.trunk import MovementTask, MovingRate, Unmeasured

WINDOW_S, LEAST_S = 30.0, 8.0
SMALL_DEG = 0.3  # what turns less than this is not movement: the ridge
SAME, MULTIPLES = 0.12, (1, 2, 3)  # of the movement's rate
LEAST_QUALITY = 0.7  # below, one rate in five is wrong by more than 2/min
SHORTEST_S, ALIKE = 0.8, 0.5  # of a movement's period; how alike it has to be after it
FEATURES_N = 9
_REASONS = {
    Refusal.TOO_SHORT: Unmeasured.TOO_SHORT,
    Refusal.FLAT: Unmeasured.FLAT,
    Refusal.MOTION: Unmeasured.MOTION,
}
_SECOND_N = round(GRID_HZ)
_PAIRS = tuple((i, j) for i in range(3) for j in range(i, 3))
OPPOSITE = {
    Place.STERNUM: (Place.BACK, Place.LEFT, Place.RIGHT),
    Place.NAVEL: (Place.BACK, Place.LEFT, Place.RIGHT),
    Place.LEFT: (Place.RIGHT, Place.BACK),
    Place.RIGHT: (Place.LEFT, Place.BACK),
    Place.BACK: (Place.LEFT, Place.RIGHT),
}
"""Which place shows the movement for another, the best first."""


def pair_of(places: Sequence[Place]) -> tuple[Place, Place] | None:
    """Return where the breath is read during a movement and what shows the movement, or None."""
    for place, others in OPPOSITE.items():
        if place in places:
            found = next((o for o in others if o in places), None)
            if found is not None:
                return place, found
    return None


class MotionReference:
    """What one sensor's "up" does that another's does not explain, reading by reading."""

    def __init__(self) -> None:
        self._window = Ring(round(WINDOW_S * GRID_HZ), 3 + FEATURES_N)
        self._second = -1
        self._was: F64 | None = None  # weights (features and 1, 3)
        self._now: F64 | None = None
        self.moves_bpm = math.nan  # the movement's own rate, of the whole second before

    def step(self, k: int, up: F64, reference: F64) -> F64 | None:
        """Take both at k/25 s, (3,) each; return what is left of the first, None in the first 8 s."""
        features = _features(reference)
        if k // _SECOND_N != self._second:
            self._second = k // _SECOND_N
            self._fit()
        self._window.push(np.array([k / GRID_HZ]), np.concatenate((up, features))[:, None])
        if self._was is None or self._now is None:
            return None
        glide = (k % _SECOND_N + 1) / _SECOND_N
        weights = self._was + glide * (self._now - self._was)
        moved = (features[:, None] * weights[:-1]).sum(axis=0) + weights[-1]
        return np.asarray(up - moved)

    def _fit(self) -> None:
        _, rows = self._window.last()
        self._was = self._now
        size = rows.shape[1]
        if size < LEAST_S * GRID_HZ:
            return
        self.moves_bpm = rate_of(rows[3:6])
        mean = np.add.reduce(rows, axis=1) / size
        off = np.ascontiguousarray(rows - mean[:, None])
        square = off @ off.T
        ridge = size * math.radians(SMALL_DEG) ** 2 * np.eye(FEATURES_N)
        weights = np.linalg.solve(square[3:, 3:] + ridge, square[3:, :3])
        self._now = np.vstack((weights, -(mean[3:, None] * weights).sum(axis=0)))
        if self._was is None:
            self._was = self._now


class MovingBreath:
    """The breathing rate while a movement is followed, from two sensors on the trunk.

    Parameters
    ----------
    source, reference : str
        Ids of the channel that the breath is read from and of that which shows the movement.
    """

    latency_s = 1.0  # besides that of the motion it is given

    def __init__(self, source: str, reference: str) -> None:
        self.source, self.reference = source, reference
        self._ups: tuple[dict[int, F64], dict[int, F64]] = ({}, {})
        self._newest = [-1, -1]
        self._asked: deque[tuple[float, str | None]] = deque()  # from when on, what (None: as before, begun anew)
        self._followed = False
        self._swings_n = 1
        self._begin()

    def _begin(self) -> None:
        self._difference = MotionReference()
        self._branch = BreathBranch(self.source, TiltTrace(GRID_HZ), read_tilt_rate)
        self._rows: list[tuple[float, F64]] = []
        self._moves: dict[int, float] = {}  # the movement's rate, by second

    def task(self, task: MovementTask) -> None:
        """Follow the breath from `task.t_s` on; no more, if its kind is ""."""
        self._asked.append((task.t_s, task.kind))

    def exchanged(self, t_s: float) -> None:
        """Begin anew at `t_s`: the sensors of left and right were exchanged."""
        self._asked.append((t_s, None))

    def push(self, motion: Motion, source: str) -> list[MovingRate]:
        """Take motion of one of both; return a rate for each whole second that is now over."""
        if source not in (self.source, self.reference):
            return []
        which = int(source == self.reference)
        numbers = np.rint(motion.t_s * GRID_HZ).astype(int).tolist()
        self._ups[which].update(zip(numbers, motion.up, strict=True))
        self._newest[which] = numbers[-1]
        until = min(self._newest)
        first, second = ({k: ups.pop(k) for k in [n for n in ups if n <= until]} for ups in self._ups)
        out: list[MovingRate] = []
        for k in sorted(first.keys() & second.keys()):
            while self._asked and self._asked[0][0] <= k / GRID_HZ:
                out += self._read()
                kind = self._asked.popleft()[1]
                if kind is not None:
                    self._followed, self._swings_n = bool(kind), movement_of(kind).swings_n
                self._begin()
            if self._followed:
                left = self._difference.step(k, first[k], second[k])
                self._moves[k // _SECOND_N] = self._difference.moves_bpm / self._swings_n
                self._rows += [] if left is None else [(k / GRID_HZ, left)]
        return out + self._read()

    def _read(self) -> list[MovingRate]:
        rows, self._rows = self._rows, []
        if not rows:
            return []
        told = _rates(self._branch.push(np.array([t for t, _ in rows]), np.array([x for _, x in rows])))
        return [self._judged(e, self._moved_bpm(e.t_s)) for e in told if e.refusal is not Refusal.NO_DATA]

    def _moved_bpm(self, t_s: float) -> float:
        """Return the movement's rate at `t_s`, and forget what was before."""
        second = math.floor(t_s)
        for old in [s for s in self._moves if s < second - 1]:
            del self._moves[old]
        return self._moves.get(second, self._moves.get(second - 1, math.nan))

    def _judged(self, told: RateEstimate, moves_bpm: float) -> MovingRate:
        reason = None if told.refusal is None else _REASONS.get(told.refusal, Unmeasured.NO_BREATH)
        same = any(abs(told.rate_bpm - k * moves_bpm) < SAME * k * moves_bpm for k in MULTIPLES)  # NaN: no
        if reason is None and (same or told.quality < LEAST_QUALITY):
            reason = Unmeasured.MOTION
        rate_bpm = told.rate_bpm if reason is None else math.nan
        return MovingRate(told.t_s, rate_bpm, told.quality, self.source, self.reference, reason)


def moving_breath(followers: Iterable[MovementFollower]) -> MovingBreath | None:
    """Return what reads the breath off the two best of these sensors, or None."""
    sources = {f.place: f.source for f in followers}
    pair = pair_of(tuple(sources))
    return None if pair is None else MovingBreath(sources[pair[0]], sources[pair[1]])


def rate_of(up: F64) -> float:
    """Return how often a minute a sensor turns there and back in `up` (3, n) on the grid; NaN: not evenly.

    The first lag at which its largest turn is like itself again, by autocorrelation.
    """
    off = up - (np.add.reduce(up, axis=1) / up.shape[1])[:, None]
    y = np.linalg.eigh(off @ off.T)[1][:, -1] @ off
    n = len(y)
    spectrum = np.fft.rfft(y, 2 * n)
    alike = np.fft.irfft(spectrum * spectrum.conj())[: n // 2] / (n - np.arange(n // 2))
    first = round(SHORTEST_S * GRID_HZ)
    if not alike[0] > 0.0 or not (alike < 0.0).any():
        return math.nan
    first = max(first, int((alike < 0.0).argmax()))
    after = alike[first:]
    tops = np.flatnonzero((after[1:-1] >= after[:-2]) & (after[1:-1] > after[2:]) & (after[1:-1] > ALIKE * alike[0]))
    return 60.0 * GRID_HZ / (first + 1 + int(tops[0])) if len(tops) else math.nan


def _rates(told: Sequence[Estimate]) -> list[RateEstimate]:
    return [e for e in told if isinstance(e, RateEstimate)]


def _features(up: F64) -> F64:
    return np.array((*up, *(up[i] * up[j] for i, j in _PAIRS)))
