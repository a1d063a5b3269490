"""What one place shows, on a grid of session time that all places share: gravity in the sensor, or a belt's force.

Samples are low-passed without phase error (the time stamps leave the filter's delay out) and read off at every 1/25 s
of session time, so that places can be compared sample by sample. With a gyroscope the fast part of gravity's direction
comes from the turning (complementary filter, the usual form; the accelerometer holds it over `FUSED_S`): chest walls
turn by tenths of a degree, which is what an accelerometer's noise looks like, and a body that is shaken turns less than
it accelerates. The turning about gravity itself, which no accelerometer sees, is summed up beside it and wanders with
the gyroscope's bias: what is read from it has to leave a straight line out.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from breathcore.estimate.effort import SMOOTH_S
from breathcore.estimate.trunk.grid import GRID_HZ, GridStream, grid_n
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Place

LAG_S = 0.3  # grid samples older than this are known: filter, decimation, interpolation, at any rate from 5 Hz
HOLE_S = 0.4  # without a sample: nothing is bridged
FUSED_S = 1.5
GRAVITY_ROWS, TURN_ROW, SHAKEN_ROW = slice(0, 3), 3, 4
IMU_ROWS_N = 5


class SiteKind(StrEnum):
    """What is worn at a site."""

    IMU = "imu"
    BELT = "belt"


@dataclass(frozen=True, slots=True)
class Site:
    """One sensor at one place: its main channel (accelerometer or belt) and the gyroscope beside it."""

    place: Place
    kind: SiteKind
    channel: ChannelSpec
    gyro: ChannelSpec | None = None

    @property
    def source(self) -> str:
        """Id of the main channel, named in every estimate."""
        return self.channel.id

    @property
    def unit(self) -> str:
        """Unit of its reading."""
        return "deg" if self.kind is SiteKind.IMU else self.channel.unit


class Even:
    """Samples of one channel → its value at every 1/25 s of session time; the same bits for any block split.

    Parameters
    ----------
    rate_hz : float
        Nominal rate, 5 Hz or more.
    axes_n : int
        Columns of `x`.
    smooth_s : float
        Length of the low-pass.

    Attributes
    ----------
    newest_s : float
        Time of the newest sample.
    delay_s : float
        What is older than the newest sample by this can be taken.
    """

    def __init__(self, rate_hz: float, axes_n: int, smooth_s: float = SMOOTH_S) -> None:
        self._axes_n = axes_n
        self._grid = GridStream(rate_hz, axes_n, smooth_s, GRID_HZ)
        self.delay_s = self._grid.delay_s
        self.newest_s = -math.inf
        self._ready: list[tuple[int, F64]] = []

    def push(self, t_s: F64, x: F64) -> None:
        """Take samples `t_s` (n,), `x` (n, axes); what is not finite counts as missing."""
        kept = np.isfinite(x).all(axis=1)
        if not kept.all():
            t_s, x = t_s[kept], x[kept]
        start = 0
        steps = np.diff(t_s, prepend=self.newest_s)
        for at in (*(steps > HOLE_S).nonzero()[0].tolist(), len(t_s)):
            if at > start:
                self._push_run(t_s[start:at], x[start:at])
            if at < len(t_s):
                self._grid.reset()
            start = at

    def _push_run(self, t_s: F64, x: F64) -> None:
        self.newest_s = float(t_s[-1])
        self._ready += [(first, read.T) for first, read, _ in self._grid.push(t_s, x)]

    @property
    def ready_k(self) -> float:
        """The first grid sample that can be taken, infinity where there is none."""
        return self._ready[0][0] if self._ready else math.inf

    def take(self, first: int, end: int) -> F64:
        """Return the values (axes, n) at grid samples `[first, end)`, NaN where there are none, and forget them."""
        out = np.full((self._axes_n, end - first), np.nan)
        kept: list[tuple[int, F64]] = []
        for k, x in self._ready:
            low, high = max(first, k), min(end, k + x.shape[1])
            if high > low:
                out[:, low - first : high - first] = x[:, low - k : high - k]
            if k + x.shape[1] > end:
                kept.append((k, x))
        self._ready = kept
        return out


class SiteReader:
    """The reading of one site, from the samples of its channels.

    A belt gives one row, its force in its unit. An IMU gives five: gravity in the sensor's axes (g), the turning about
    gravity summed up (deg; NaN without a gyroscope), and how much it is shaken (g beyond gravity).
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.rows_n = IMU_ROWS_N if site.kind is SiteKind.IMU else 1
        self._main = Even(site.channel.rate_hz, 3 if site.kind is SiteKind.IMU else 1)
        self._gyro = None if site.gyro is None else Even(site.gyro.rate_hz, 3)
        self._sign = float(site.channel.inhale_sign) if site.kind is SiteKind.BELT else 1.0
        self._gravity: tuple[float, float, float] | None = None
        self._turned = 0.0

    @property
    def newest_s(self) -> float:
        """Time of the newest sample; with a gyroscope, the earlier of the two."""
        newest = self._main.newest_s
        return newest if self._gyro is None else min(newest, self._gyro.newest_s)

    @property
    def ready_k(self) -> float:
        """The first grid sample that anything can be read of, infinity where there is none."""
        return min(self._main.ready_k, math.inf if self._gyro is None else self._gyro.ready_k)

    def push(self, channel_id: str, t_s: F64, x: F64) -> None:
        """Take samples `t_s` (n,), `x` (n, axes) of one of its channels."""
        if channel_id == self.site.channel.id:
            self._main.push(t_s, x[:, : 3 if self.site.kind is SiteKind.IMU else 1] * self._sign)
        elif self._gyro is not None and self.site.gyro is not None and channel_id == self.site.gyro.id:
            self._gyro.push(t_s, x)

    def read(self, first: int, end: int) -> F64:
        """Return the reading (rows, n) at grid samples `[first, end)`: to be asked for in order, without a gap."""
        main = self._main.take(first, end)
        if self.site.kind is SiteKind.BELT:
            return main
        turning = None if self._gyro is None else self._gyro.take(first, end)
        return self._fused(main, turning)

    def _fused(self, acc: F64, turning: F64 | None) -> F64:
        out = np.full((IMU_ROWS_N, acc.shape[1]), np.nan)
        size = np.sqrt((acc * acc).sum(axis=0))
        out[SHAKEN_ROW] = np.abs(size - 1.0)
        if turning is None:
            out[GRAVITY_ROWS] = acc / size
            return out
        rad = np.radians(turning) / GRID_HZ
        for k, (a, w) in enumerate(zip(acc.T.tolist(), rad.T.tolist(), strict=True)):
            self._step(a, w)
            if self._gravity is not None:
                x, y, z = self._gravity
                norm = math.sqrt(x * x + y * y + z * z)
                out[:4, k] = x / norm, y / norm, z / norm, math.degrees(self._turned)
        return out

    def _step(self, a: list[float], w: list[float]) -> None:
        """Move gravity on by one grid sample: turn with the gyroscope, lean towards the accelerometer."""
        if a[0] != a[0]:
            self._gravity = None
            return
        if self._gravity is None:
            self._gravity = a[0], a[1], a[2]
            return
        x, y, z = self._gravity
        if w[0] != w[0]:
            w = [0.0, 0.0, 0.0]
        self._turned += (w[0] * x + w[1] * y + w[2] * z) / math.sqrt(x * x + y * y + z * z)
        x, y, z = x - (w[1] * z - w[2] * y), y - (w[2] * x - w[0] * z), z - (w[0] * y - w[1] * x)
        lean = 1.0 / (FUSED_S * GRID_HZ)
        self._gravity = x + lean * (a[0] - x), y + lean * (a[1] - y), z + lean * (a[2] - z)


class History:
    """The newest readings of one site by grid number; what was never put is NaN."""

    def __init__(self, rows_n: int, seconds: float) -> None:
        self._size = round(seconds * GRID_HZ)
        self._x = np.full((rows_n, self._size), np.nan)
        self.end = 0  # one beyond the newest

    def put(self, first: int, x: F64) -> None:
        """Append readings `x` (rows, n) from grid number `first` on."""
        x = x[:, -self._size :]
        if first > self.end:
            self._blank(self.end, first)
        self._x[:, np.arange(first, first + x.shape[1]) % self._size] = x
        self.end = first + x.shape[1]

    def _blank(self, first: int, end: int) -> None:
        self._x[:, np.arange(max(first, end - self._size), end) % self._size] = np.nan

    def get(self, first: int, end: int) -> F64:
        """Return the readings (rows, n) at `[first, end)`."""
        at = np.arange(first, end)
        out: F64 = self._x[:, at % self._size]
        out[:, (at < self.end - self._size) | (at >= self.end)] = np.nan
        return out

    def between(self, start_s: float, end_s: float) -> tuple[F64, F64]:
        """Return times (n,) and readings (rows, n) in `[start_s, end_s)`."""
        first, end = grid_n(start_s), max(grid_n(start_s), grid_n(end_s))
        return np.arange(first, end) / GRID_HZ, self.get(first, end)
