"""The brace among the other sites: what its follower is fed with, and when it is calibrated."""

import math
from collections.abc import Mapping

import numpy as np

from breathcore.estimate.trunk.brace import BraceFollower
from breathcore.estimate.trunk.brace_track import TICK_S
from breathcore.estimate.trunk.expansion import KEPT_S, SiteFollower
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.sights import ribs_of, waist_of
from breathcore.estimate.trunk.site import LAG_S, Even, History, Site, SiteKind
from breathcore.model.arrays import F64
from breathcore.model.trunk import (
    BraceEstimate,
    MovementTask,
    PostureEstimate,
    StepKind,
    TrunkCalibration,
    TrunkEstimate,
    Unmeasured,
)

SMOOTH_S = 0.15  # of belts: their noise is small, and what follows a brace averages by itself
SLOWER = 1.5  # times the nominal distance of samples: so slow a stream is still read in time
TASKS_S = 300.0  # tasks older than any calibration are of no use to a new follower
BRACE_TASK = "brace"


class Bracing:
    """Feeds the brace's follower with the belly's reading and the ribs', tick by tick.

    Where both are belts they are read here, with a shorter low-pass than the breath's, as soon as it lets them: a brace
    is told when it comes or goes, `lag_s` and a step after its sample. With a motion sensor on the ribs, whose reading
    needs its axis, it is read where the breath is, quarter by quarter. After a calibration a new follower is shown all
    of it.

    Parameters
    ----------
    followers : mapping of channel id to SiteFollower
        The sites.
    """

    def __init__(self, followers: Mapping[str, SiteFollower]) -> None:
        self._followers = followers
        self._posture: PostureEstimate | None = None
        self._tasks: list[MovementTask] = []
        belly = self._belly
        self._brace = None if belly is None else self._new(belly)
        worn = () if belly is None else (belly.site, *ribs_of(self._sites))
        self._belts = {s.source: _Belt(s) for s in worn if all(w.kind is SiteKind.BELT for w in worn)}
        self.lag_s = max((SLOWER * b.even.delay_s for b in self._belts.values()), default=LAG_S)
        self._done = 0  # grid samples shown

    @property
    def early(self) -> frozenset[str]:
        """Channels that are read here, between two ticks too."""
        return frozenset(self._belts)

    def push(self, channel_id: str, t_s: F64, x: F64) -> None:
        """Take samples `t_s` (n,), `x` (n, 1) of a channel."""
        belt = self._belts.get(channel_id)
        if belt is not None:
            belt.even.push(t_s, x[:, :1] * belt.sign)

    @property
    def _sites(self) -> tuple[Site, ...]:
        return tuple(f.site for f in self._followers.values())

    @property
    def _belly(self) -> SiteFollower | None:
        site = waist_of(self._sites)
        return None if site is None else self._followers[site.source]

    @staticmethod
    def _new(belly: SiteFollower) -> BraceFollower:
        site = belly.site
        return BraceFollower(site.source, site.place, GRID_HZ)

    def posture(self, item: PostureEstimate) -> None:
        """Take the posture."""
        self._posture = item
        if self._brace is not None:
            self._brace.on(item)

    def task(self, item: MovementTask) -> None:
        """Learn from what the drill asks for when to look for rest."""
        self._tasks = [t for t in self._tasks if t.t_s > item.t_s - TASKS_S] + [item]
        if self._brace is not None:
            self._brace.ask(item.t_s, braced=_asked(item))

    def begin(self, at_s: float) -> None:
        """Leave out what is known at `at_s`."""
        self._done = self._known(at_s)
        for belt in self._belts.values():
            belt.even.take(self._done, self._done)

    def _known(self, at_s: float) -> int:
        return max(0, grid_n(at_s - self.lag_s))

    def tick(self, at_s: float) -> list[TrunkEstimate]:
        """Tell the brace from the readings known when all channels have come to `at_s`, a quarter of a second."""
        if self._brace is None:
            return []
        self._take(at_s)
        return self._told(self._brace.tick(self._done / GRID_HZ))

    def between(self, at_s: float) -> list[TrunkEstimate]:
        """Tell the brace at `at_s`, between two quarters, if it has come or gone."""
        if self._brace is None:
            return []
        self._take(at_s)
        told = self._brace.turned(self._done / GRID_HZ)
        return [] if told is None else self._told(told)

    def _told(self, told: BraceEstimate) -> list[TrunkEstimate]:
        belly = self._belly
        slipped = belly is not None and belly.lost is not None
        return [BraceEstimate(told.t_s, told.source, math.nan, reason=Unmeasured.SLIPPED) if slipped else told]

    def _take(self, at_s: float) -> None:
        first, self._done = self._done, self._known(at_s)
        for belt in self._belts.values():
            belt.take(first, self._done)
        if self._brace is not None and self._done > first:
            self._show(self._brace, first, self._done)

    def calibrated(self, calibration: TrunkCalibration) -> list[TrunkEstimate]:
        """Learn the brace from a calibration that is over and had one."""
        belly = self._belly
        if belly is None or not any(s.kind is StepKind.BRACE for s in calibration.steps):
            return []
        self._brace = self._new(belly)
        if self._posture is not None:
            self._brace.on(self._posture)
        for task in self._tasks:
            self._brace.ask(task.t_s, braced=_asked(task))
        step = round(TICK_S * GRID_HZ)
        end = self._done
        begin = max(grid_n(calibration.steps[0].start_s), end - round(KEPT_S * GRID_HZ))
        for first in range(begin, end, step):
            to = min(first + step, end)
            self._show(self._brace, first, to)
            self._brace.tick(to / GRID_HZ)
        return [self._brace.learn(calibration.steps)]

    def _show(self, brace: BraceFollower, first: int, end: int) -> None:
        t_s = np.arange(first, end) / GRID_HZ
        belly = self._belly
        if belly is None:
            return
        brace.push(t_s, self._reading(belly.site, first, end))
        ribs = ribs_of(self._sites)
        if ribs:
            brace.breathe(t_s, self._mean(ribs, first, end))

    def _reading(self, site: Site, first: int, end: int) -> F64:
        belt = self._belts.get(site.source)
        return self._followers[site.source].reading(first, end) if belt is None else belt.history.get(first, end)[0]

    def _mean(self, sites: tuple[Site, ...], first: int, end: int) -> F64:
        readings = [self._reading(s, first, end) for s in sites]
        return np.asarray(np.add.reduce(np.stack(readings), axis=0) / len(readings), dtype=np.float64)


class _Belt:
    """A belt as the brace reads it: little smoothed, early."""

    def __init__(self, site: Site) -> None:
        self.even = Even(site.channel.rate_hz, 1, SMOOTH_S)
        self.sign = float(site.channel.inhale_sign)
        self.history = History(1, KEPT_S)

    def take(self, first: int, end: int) -> None:
        """Read grid samples `[first, end)`."""
        if end > first:
            self.history.put(first, self.even.take(first, end))


def _asked(task: MovementTask) -> bool | None:
    """Return whether a brace is asked for (False: ease); None in a movement, in which either may be."""
    return True if task.kind == BRACE_TASK else None if task.kind else False
