"""The brace among the other sites: what its follower is fed with, and when it is calibrated."""

import math
from collections.abc import Mapping

import numpy as np

from breathcore.estimate.trunk.brace import BraceFollower
from breathcore.estimate.trunk.expansion import KEPT_S, SiteFollower
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.sights import ribs_of, waist_of
from breathcore.estimate.trunk.site import Site
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

TICK_S = 0.25
TASKS_S = 300.0  # tasks older than any calibration are of no use to a new follower
BRACE_TASK = "brace"


class Bracing:
    """Feeds the brace's follower with the belly's reading and the ribs', tick by tick.

    After a calibration a new follower is shown all of it.

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

    def tick(self, first: int, end: int) -> list[TrunkEstimate]:
        """Tell the brace from the readings at grid samples `[first, end)`."""
        if self._brace is None:
            return []
        self._show(self._brace, first, end)
        told, belly = self._brace.tick(end / GRID_HZ), self._belly
        slipped = belly is not None and belly.lost is not None
        return [BraceEstimate(told.t_s, told.source, math.nan, reason=Unmeasured.SLIPPED) if slipped else told]

    def calibrated(self, calibration: TrunkCalibration, end: int) -> list[TrunkEstimate]:
        """Learn the brace from a calibration that is over and had one; readings before grid sample `end` are there."""
        belly = self._belly
        if belly is None or not any(s.kind is StepKind.BRACE for s in calibration.steps):
            return []
        self._brace = self._new(belly)
        if self._posture is not None:
            self._brace.on(self._posture)
        for task in self._tasks:
            self._brace.ask(task.t_s, braced=_asked(task))
        step = round(TICK_S * GRID_HZ)
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
        brace.push(t_s, belly.reading(first, end))
        ribs = ribs_of(self._sites)
        if ribs:
            brace.breathe(t_s, self._mean(ribs, first, end))

    def _mean(self, sites: tuple[Site, ...], first: int, end: int) -> F64:
        readings = [self._followers[s.source].reading(first, end) for s in sites]
        return np.asarray(np.add.reduce(np.stack(readings), axis=0) / len(readings), dtype=np.float64)


def _asked(task: MovementTask) -> bool | None:
    """Return whether a brace is asked for (False: ease); None in a movement, in which either may be."""
    return True if task.kind == BRACE_TASK else None if task.kind else False
