"""How one place of the trunk stands to gravity and how it turns, on an even grid of session time.

Accelerometer and gyroscope are joined by a complementary filter on the direction of gravity (Mahony 2008, its part on
the sphere): the gyroscope carries the direction from sample to sample, the accelerometer pulls it back slowly, and
less where it does not read 1 g. Departures: the gyroscope's bias is not integrated from the pull (breathing and sway
would leak into it) but taken as the mean of what it says at rest; it is therefore known about the vertical too.

Without gyroscope the direction is the accelerometer's own, low-passed: the body's acceleration is in it (0.14 g, thus
8°, in a hinge of 40° in 2 s).
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.trunk.grid import GRID_HZ, GridStream
from breathcore.model.arrays import F64

LEAST_HZ = 2.0 * GRID_HZ  # of the samples that are low-passed
WAIT_S = 0.5  # for the gyroscope, longer than a packet lasts; what comes later is left out
PULL_S = 3.0  # time constant of the pull to what the accelerometer says
TRUSTED_G, IGNORED_G = 0.05, 0.15  # off 1 g: full weight up to the one, none from the other (bias alone makes 30 mg)
REST_S = 2.0
REST_DPS = 4.0  # off the mean, the most in a stretch of rest: breathing turns a sensor by up to 2–3 deg/s
REST_BIAS_DPS = 10.0  # beyond: no sensor's bias
REST_TILT_DEG = 1.0  # between the ends of a stretch of rest
SURE_RESTS_N = 6  # until a bias is told: sway of 1° in 2 s looks like 0.5 deg/s
BIAS_OVER = 40.0  # stretches that the bias is the mean of
SMOOTH_S = 0.2
ALONE_SMOOTH_S = 0.6  # without gyroscope: what accelerates a body is quicker than what turns it
_REST_N = round(REST_S * GRID_HZ)
_NONE = (math.nan, math.nan, math.nan)
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A stretch of motion: `t_s` (n,), `up` (n, 3), `turn_dps` (n, 3), `bias_dps` (n, 3), in the sensor's axes.

    `up` is the unit vector against gravity (what an accelerometer at rest reads); `turn_dps` the turning rate less
    the bias (NaN without gyroscope), `bias_dps` that bias (NaN as long as the sensor has not been at rest for 12 s).
    `new_run`: what came before does not belong to it.
    """

    t_s: F64
    up: F64
    turn_dps: F64
    bias_dps: F64
    new_run: bool


class MotionFollower:
    """Accelerometer (g) and gyroscope (deg/s) of one sensor → `Motion`.

    A reading is told when both channels have come to it, or when the accelerometer is `WAIT_S` and a packet ahead:
    then without the gyroscope.

    Parameters
    ----------
    acc_hz, gyro_hz : float
        Nominal rates; `gyro_hz` None where there is no gyroscope.
    packet_s : float
        How long a packet of the accelerometer lasts: its samples come all at once, the gyroscope's after them.
    """

    def __init__(self, acc_hz: float, gyro_hz: float | None = None, packet_s: float = 1.0) -> None:
        self._acc = GridStream(acc_hz, 3, ALONE_SMOOTH_S if gyro_hz is None else SMOOTH_S, LEAST_HZ)
        self._gyro = None if gyro_hz is None else GridStream(gyro_hz, 3, SMOOTH_S, LEAST_HZ)
        self.latency_s = self._acc.latency_s
        if self._gyro is not None:
            self.latency_s = max(self.latency_s, self._gyro.latency_s) + WAIT_S + packet_s
        self._wait_n = round((WAIT_S + packet_s) * GRID_HZ)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._acc.reset()
        if self._gyro is not None:
            self._gyro.reset()
        self._waiting: deque[tuple[int, Vector, bool]] = deque()
        self._turns: deque[tuple[int, Vector]] = deque()
        self._turned_to = -1  # the newest multiple of 1/25 s that the gyroscope has come to
        self._up = _Up()

    def push_acc(self, t_s: F64, x: F64) -> list[Motion]:
        """Take samples of the accelerometer: `t_s` (n,), `x` (n, 3)."""
        for first, read, new_run in self._acc.push(t_s, x):
            for i, (a, b, c) in enumerate(read.tolist()):
                self._waiting.append((first + i, (a, b, c), new_run and i == 0))
        return self._advance()

    def push_gyro(self, t_s: F64, x: F64) -> list[Motion]:
        """Take samples of the gyroscope: `t_s` (n,), `x` (n, 3)."""
        if self._gyro is None:
            return []
        for first, read, _ in self._gyro.push(t_s, x):
            for i, (a, b, c) in enumerate(read.tolist()):
                self._turns.append((first + i, (a, b, c)))
            self._turned_to = first + len(read) - 1
        return self._advance()

    def flush(self) -> list[Motion]:
        """Return what was still waited for."""
        return self._advance(waits=False)

    def _advance(self, *, waits: bool = True) -> list[Motion]:
        told: list[Motion] = []
        rows: list[_Row] = []
        while self._waiting:
            k, acc, new_run = self._waiting[0]
            late = self._waiting[-1][0] - k >= self._wait_n
            if waits and self._gyro is not None and self._turned_to < k and not late:
                break
            self._waiting.popleft()
            if new_run:
                _tell(rows, told)
                self._up = _Up(self._up.bias)
                rows = []
            rows.append((k / GRID_HZ, new_run, *self._up.step(k, acc, self._turn_at(k))))
        _tell(rows, told)
        return told

    def _turn_at(self, k: int) -> Vector | None:
        while self._turns and self._turns[0][0] < k:
            self._turns.popleft()
        return self._turns.popleft()[1] if self._turns and self._turns[0][0] == k else None


_Row = tuple[float, bool, Vector, Vector, Vector]


def _tell(rows: list[_Row], told: list[Motion]) -> None:
    if rows:
        t_s, new_run, up, turn, bias = zip(*rows, strict=True)
        told.append(Motion(np.array(t_s), np.array(up), np.array(turn), np.array(bias), new_run[0]))


class _Bias:
    """What a gyroscope says at rest."""

    def __init__(self) -> None:
        self.dps: Vector = _NONE
        self._rests_n = 0

    @property
    def told(self) -> Vector:
        """It, once it is known well enough to sum up a rotation over seconds; NaN before."""
        return self.dps if self._rests_n >= SURE_RESTS_N else _NONE

    def hear(self, turns: list[Vector]) -> None:
        """Take one stretch of what may be rest."""
        x = np.array(turns)
        mean = np.add.reduce(x, axis=0) / len(x)
        if float(np.abs(x - mean).max()) > REST_DPS or float(np.abs(mean).max()) > REST_BIAS_DPS:
            return
        self._rests_n += 1
        share = max(1.0 / self._rests_n, 1.0 / BIAS_OVER)
        was = np.array(self.dps) if self._rests_n > 1 else mean
        a, b, c = (was + share * (mean - was)).tolist()
        self.dps = (a, b, c)


class _Up:
    """The direction against gravity, step by step."""

    def __init__(self, bias: _Bias | None = None) -> None:
        self.bias = bias or _Bias()
        self._up: Vector | None = None
        self._last_turn: Vector | None = None
        self._count_n = 0
        self._rest: list[Vector] = []
        self._rest_up: Vector = _NONE

    def step(self, k: int, acc: Vector, turn: Vector | None) -> tuple[Vector, Vector, Vector]:
        """Take what both say at k/25 s; return up, turning rate (NaN: not known) and bias."""
        length = math.sqrt(acc[0] * acc[0] + acc[1] * acc[1] + acc[2] * acc[2])
        said = (acc[0] / length, acc[1] / length, acc[2] / length) if length > 0 else (self._up or (0.0, 0.0, 1.0))
        bias = self.bias.dps
        if turn is None:
            self._up, self._last_turn = said, None
            self._rest = []
            return said, _NONE, self.bias.told
        known = bias if bias[0] == bias[0] else (0.0, 0.0, 0.0)
        rate = (turn[0] - known[0], turn[1] - known[1], turn[2] - known[2])
        before = self._last_turn or rate
        self._last_turn = rate
        self._count_n += 1
        self._up = said if self._up is None else self._fused(self._up, said, length, _middle(before, rate))
        self._rested(k, turn)
        return self._up, rate, self.bias.told

    def _fused(self, up: Vector, said: Vector, length: float, rate: Vector) -> Vector:
        carried = turned(up, rate, 1.0 / GRID_HZ)
        off = abs(length - 1.0)
        trust = min(1.0, max(0.0, (IGNORED_G - off) / (IGNORED_G - TRUSTED_G)))
        pull = trust * max(1.0 / (PULL_S * GRID_HZ), 1.0 / (1.0 + self._count_n))
        return unit(
            (
                carried[0] + pull * (said[0] - carried[0]),
                carried[1] + pull * (said[1] - carried[1]),
                carried[2] + pull * (said[2] - carried[2]),
            )
        )

    def _rested(self, k: int, turn: Vector) -> None:
        assert self._up is not None
        if k % _REST_N == 0:
            if len(self._rest) == _REST_N and angle_deg(self._rest_up, self._up) < REST_TILT_DEG:
                self.bias.hear(self._rest)
            self._rest, self._rest_up = [], self._up
        self._rest.append(turn)


# ── helpers of all that follows motion ───────────────────────────────────────────────────────────────────────────────


def unit(v: Vector) -> Vector:
    """Return `v` with length 1 (+z for a vector of length 0)."""
    length = math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    return (v[0] / length, v[1] / length, v[2] / length) if length > 0 else (0.0, 0.0, 1.0)


def dot(a: Vector, b: Vector) -> float:
    """Return a · b."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return a × b."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def angle_deg(a: Vector, b: Vector) -> float:
    """Return the angle between two directions, 0–180."""
    over = cross(a, b)
    return math.degrees(math.atan2(math.sqrt(dot(over, over)), dot(a, b)))


def turned(up: Vector, rate_dps: Vector, seconds: float) -> Vector:
    """Return where a direction fixed in the room is seen after a sensor has turned for `seconds` at `rate_dps`."""
    step = math.radians(seconds)
    over = cross(up, rate_dps)
    return unit((up[0] + step * over[0], up[1] + step * over[1], up[2] + step * over[2]))


def across(v: Vector, axis: Vector) -> Vector:
    """Return the part of `v` at right angles to the unit vector `axis`."""
    along = dot(v, axis)
    return (v[0] - along * axis[0], v[1] - along * axis[1], v[2] - along * axis[2])


def as_vector(row: F64) -> Vector:
    """Return an array of three as a vector."""
    a, b, c = row.tolist()
    return (a, b, c)


def _middle(a: Vector, b: Vector) -> Vector:
    return (0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2]))
