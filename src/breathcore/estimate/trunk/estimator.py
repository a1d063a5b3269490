"""Everything that the sensors round the trunk tell, from their channels and what is known of the breath."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from breathcore.estimate.chain import EstimatorFault
from breathcore.estimate.trunk.bracing import Bracing
from breathcore.estimate.trunk.calibrate import Scale, refused
from breathcore.estimate.trunk.expansion import SiteFollower
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.intake import Intake, Joiner
from breathcore.estimate.trunk.lumbar import lumbar_follower
from breathcore.estimate.trunk.motion import Motion
from breathcore.estimate.trunk.motion_reference import moving_breath
from breathcore.estimate.trunk.movement import OTHER, MovementEstimate, MovementFollower
from breathcore.estimate.trunk.pace import STEPS_N, TICK_S, Pace
from breathcore.estimate.trunk.round import Round
from breathcore.estimate.trunk.sights import Measure, Sight, level_of, posture_sources, sights, sites_of
from breathcore.estimate.trunk.site import LAG_S, SiteKind
from breathcore.estimate.trunk.slips import Slips
from breathcore.model.arrays import F64
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place
from breathcore.model.estimates import Breath, RateEstimate, Turn
from breathcore.model.trunk import (
    LumbarBend,
    MovementTask,
    MovingRate,
    Posture,
    PostureEstimate,
    Rep,
    SidesExchanged,
    SiteCalibration,
    StepKind,
    TapeReading,
    TrunkCalibration,
    TrunkEstimate,
    Unmeasured,
)

WAIT_S = 0.5  # for a channel, beyond the length of its packets
AFTER_S = 0.25  # from the moment that a breath is sure until it is told: lagging sites have shown it
SILENT_S = 30.0  # without a reading anywhere
POSED_S = 1.0  # after a posture: every order of blocks has brought it by then
ANOTHER = 3.0  # times the range of the last time, or less than a third: another sensor's
T = TypeVar("T")

Known = Breath | Turn | RateEstimate | TrunkCalibration | TapeReading | SidesExchanged | MovementTask
Item = SampleBlock | Known
Previous = Mapping[tuple[Place, SiteKind], float]


class TrunkEstimator:
    """What the sensors at places of the trunk tell: expansion, brace, posture, movement.

    Session time is cut into quarters of a second. One is worked off when every channel has come to it, or when one is
    `wait_s` ahead of it; what comes later is left out. Readings are looked at `LAG_S` behind that, at the same samples
    of the same grid at all places, so that nothing depends on how the streams were blocked or in which order blocks
    came, as long as they keep within `wait_s` of each other. What is said of the breath (`Breath`, `Turn`,
    `RateEstimate`) is to be pushed before the samples that follow it.

    Once nothing has been read anywhere for `SILENT_S`, nothing is told until something is, and quarters with nothing to
    do are passed over at once; breaths of such a gap are never told. What lies more than 120 s ahead of all samples
    before it is believed once it spans `wait_s` (`Intake`).

    Parameters
    ----------
    channels : sequence of ChannelSpec
        What the session's wearables send; those without a place on the trunk are left alone.
    previous : mapping of (place, kind) to float, optional
        Full less relaxed reading of the last calibration of another day, by site: `SiteCalibration.change`.

    Attributes
    ----------
    sights : mapping of Measure to Sight
        What can be told with these channels.
    faults : tuple of EstimatorFault
        Parts that raised and were switched off; the others go on.
    """

    def __init__(self, channels: Sequence[ChannelSpec], previous: Previous | None = None) -> None:
        self.faults: tuple[EstimatorFault, ...] = ()
        self.sights: Mapping[Measure, Sight] = sights(channels)
        sites = sites_of(channels)
        self._previous = dict(previous or {})
        self._followers = {s.source: SiteFollower(s) for s in sites}
        self._owners = {c.id: s.source for s in sites for c in (s.channel, s.gyro) if c is not None}
        used = [c for s in sites for c in (s.channel, s.gyro) if c is not None]
        self.wait_s = WAIT_S + max((c.expected_interval_s for c in used), default=0.0)
        self._slips = Slips(self._followers)
        self._round = Round(self._followers, self._slips)
        self._bracing = Bracing(self._followers)
        self._movers = {s.source: MovementFollower(s.place, s.channel, s.gyro) for s in sites if s.kind is SiteKind.IMU}
        self._shows_posture = posture_sources(sites)
        self._moving = moving_breath(self._movers.values())
        self._lumbar = lumbar_follower(self.sights)
        self._compared: list[MovingRate | LumbarBend] = []  # what several sensors that move said together
        for source, mover in self._movers.items():
            mover.heard = partial(self._hear, source)
        self._postures: list[PostureEstimate] = []
        self._intake = Intake(self.wait_s)
        self._joiner = Joiner()
        self._pace = Pace(self._owners, self.wait_s, steps_n=STEPS_N if self._bracing.early else 1)
        self._done_k = self._read_k = 0  # grid samples looked at; up to the newest that anything was read at
        self._calibrations: list[TrunkCalibration] = []
        self._events: list[Breath | Turn | RateEstimate] = []
        self._asked: list[TapeReading | SidesExchanged] = []
        self._tape: dict[Place, float] = {}
        self._off: set[str] = set()

    @property
    def latency_s(self) -> float:
        """Worst-case delay of a live level behind its sample, while all channels send."""
        return LAG_S + TICK_S

    def push(self, item: Item) -> tuple[TrunkEstimate, ...]:
        """Take samples, what is known of the breath, or what the person does; return what is now known."""
        if isinstance(item, SampleBlock):
            return self._samples(item)
        out = self._drained()
        self._learn(item)
        return tuple(out)

    def _learn(self, item: Known) -> None:
        """Take what is known of the breath, or what the person does."""
        if isinstance(item, MovementTask):
            for mover in self._movers.values():
                mover.task(item)
            if self._moving is not None:
                self._moving.task(item)
            if self._lumbar is not None:
                self._lumbar.task(item)
            self._bracing.task(item)
        elif isinstance(item, TrunkCalibration):
            self._calibrations.append(item)
            eased = [s.end_s for s in item.steps if s.kind is StepKind.RELAX]
            if item.posture is not Posture.UNKNOWN and eased:
                self.assume(item.posture, eased[-1])
        elif isinstance(item, Breath | Turn | RateEstimate):
            self._events.append(item)
            for mover in self._movers.values():
                mover.on(item)
        else:
            self._asked.append(item)
            if isinstance(item, SidesExchanged):
                self._exchanged(item.t_s)

    def _exchanged(self, t_s: float) -> None:
        """Tell those who follow movements that left and right change places."""
        for mover in self._movers.values():
            mover.exchanged(t_s)
        if self._moving is not None:
            self._moving.exchanged(t_s)

    def flush(self, end_s: float) -> tuple[TrunkEstimate, ...]:
        """Work off the quarters up to `end_s` from what there is."""
        out = self._drained()
        last_s = min(end_s, self._pace.newest_s + SILENT_S)
        while self._pace.quarter >= 0 and self._pace.at_s <= last_s:
            out += self._went_on()
        for source, mover in self._movers.items():
            out += self._moved(source, mover.flush)
        if self._lumbar is not None:
            out += self._try("lower back", self._lumbar.flush) or []
        return tuple(out)

    def adopt(self, source: str, relaxed: float, full: float) -> None:
        """Take the range of a belt that is known otherwise: of a recording that nobody calibrated in."""
        follower = self._followers[source]
        told = SiteCalibration(0.0, follower.site.place, source, follower.site.unit, relaxed, full, math.nan)
        follower.adopt(Scale(follower.site, told))

    def assume(self, posture: Posture, t_s: float) -> None:
        """Learn that the body is in `posture` at `t_s`, and has been for 2 s: how the sensors are mounted."""
        for mover in self._movers.values():
            mover.assume(posture, t_s)

    def _samples(self, block: SampleBlock) -> tuple[TrunkEstimate, ...]:
        if block.channel.id not in self._owners:
            return ()
        return tuple(told for taken in self._intake.push(block) for told in self._taken(taken))

    def _taken(self, block: SampleBlock) -> list[TrunkEstimate]:
        if self._pace.hear(block.channel.id, float(block.t_s[0]), float(block.t_s[-1])):
            self._begin()
            self._read_k = self._done_k
        joined = self._joiner.push(block)
        out = [] if joined is None else self._fed(joined)
        while self._pace.due:
            out += self._went_on()
            self._pass_over()
        return out

    def _begin(self) -> None:
        """Leave out what is older than the next quarter."""
        before = self._pace.quarter - 1
        self._done_k = self._known(before)
        self._bracing.begin(before * TICK_S)

    def _went_on(self) -> list[TrunkEstimate]:
        """Do the next tick, or look for a brace before it."""
        if not self._pace.between:
            return [*self._drained(), *self._tick()]
        out = self._drained(self._bracing.early)
        out += self._try("brace", partial(self._bracing.between, self._pace.at_s)) or []
        self._pace.step()
        return out

    def _drained(self, only: Collection[str] | None = None) -> list[TrunkEstimate]:
        return [told for block in self._joiner.drain(only) for told in self._fed(block)]

    def _fed(self, block: SampleBlock) -> list[TrunkEstimate]:
        """Give samples to their site; return what they say of movement."""
        source = self._owners[block.channel.id]
        follower = self._followers[source]
        self._try(source, partial(follower.reader.push, block.channel.id, block.t_s, block.x))
        self._try("brace", partial(self._bracing.push, block.channel.id, block.t_s, block.x))
        mover = self._movers.get(source)
        if mover is None:
            return []
        return self._moved(source, partial(mover.push, block.channel.id, block.t_s, block.x))

    def _hear(self, source: str, motion: Motion) -> None:
        """Read breath and lower back off two sensors that move, where there are two."""
        if self._moving is not None:
            self._compared += self._try("breath in movement", partial(self._moving.push, motion, source)) or []
        if self._lumbar is not None:
            self._compared += self._try("lower back", partial(self._lumbar.push, motion, source)) or []

    def _moved(self, source: str, run: Callable[[], list[MovementEstimate]]) -> list[TrunkEstimate]:
        """Return what one sensor says of movement; posture from those alone that show it best."""
        out: list[TrunkEstimate] = []
        for item in self._try(f"movement of {source}", run) or []:
            if not isinstance(item, PostureEstimate):
                out.append(item)
                if isinstance(item, Rep) and self._lumbar is not None:
                    self._compared += self._try("lower back", partial(self._lumbar.rep, item)) or []
            elif source in self._shows_posture:
                out.append(item)
                if source == self._shows_posture[0]:
                    self._postures.append(item)
        out += self._compared
        self._compared = []
        return out

    @property
    def _silent(self) -> bool:
        """Whether nothing has been read anywhere for so long that nothing is left to tell of."""
        return self._done_k - self._read_k > SILENT_S * GRID_HZ

    def _pass_over(self) -> None:
        """In a long gap, go on to the next quarter in which something is read or to be done, or that is not due yet."""
        if not self._silent:
            return
        wakes_s = [c.end_s for c in self._calibrations] + [a.t_s for a in self._asked]
        wakes_s += [f.reader.ready_k / GRID_HZ for f in self._followers.values()]
        goal = math.floor(min(self._pace.known_s, *wakes_s) / TICK_S) - 1
        if goal > self._pace.quarter:
            self._pace.go_to(goal)
            self._begin()
            self._forget((goal - 1) * TICK_S)

    def _forget(self, at_s: float) -> None:
        """Leave out the breaths of which no reading is left at `at_s`."""
        self._events = _split(self._events, lambda e: _sure_s(e) + AFTER_S <= at_s)[1]

    @staticmethod
    def _known(quarter: int) -> int:
        """Return the number of the first grid sample that is not yet looked at in `quarter`."""
        return max(0, grid_n(quarter * TICK_S - LAG_S))

    def _tick(self) -> list[TrunkEstimate]:
        at_s = self._pace.quarter * TICK_S
        first, end = self._done_k, self._known(self._pace.quarter)
        self._pace.go_to(self._pace.quarter + 1)
        self._done_k = end
        if end <= first:
            return []
        out: list[TrunkEstimate] = []
        rows: dict[str, F64] = {}
        for source, follower in self._followers.items():
            taken = self._try(source, partial(follower.take, first, end))
            if taken is not None:
                rows[source] = taken
        if any(np.isfinite(x).any() for x in rows.values()):
            self._read_k = end
        out += self._obeyed(at_s)
        if self._silent:
            self._forget(at_s)
            return [*out, *self._calibrated(at_s)]
        self._posed(at_s)
        self._try("slips", partial(self._slips.changed, end))
        out += self._calibrated(at_s)
        out += self._breathed(at_s, end)
        out += self._try("brace", partial(self._bracing.tick, at_s)) or []
        for source, x in rows.items():
            block = self._try(source, partial(self._followers[source].live, first, x))
            if block is not None:
                out.append(block)
        return out

    def _try(self, part: str, run: Callable[[], T]) -> T | None:
        """Run one part; if it raises, switch it off and go on."""
        if part in self._off:
            return None
        try:
            return run()
        except Exception as error:  # an estimator's fault may end neither the recording nor the other parts
            fault = EstimatorFault(part, self._pace.at_s, f"{type(error).__name__}: {error}")
            self.faults = (*self.faults, fault)
            self._off.add(part)
            return None

    # ── what the person does ─────────────────────────────────────────────────────────────────────────────────────────

    def _obeyed(self, at_s: float) -> list[TrunkEstimate]:
        """Do what was asked for by now."""
        due, self._asked = _split(self._asked, lambda a: a.t_s <= at_s)
        out: list[TrunkEstimate] = []
        for asked in due:
            if isinstance(asked, TapeReading):
                self._tape[asked.place] = asked.cm
                out += [self._told(f) for f in self._followers.values() if f.scale and f.scale.told.reason is None]
            elif isinstance(asked, SidesExchanged):
                self._exchange()
        return out

    def _posed(self, at_s: float) -> None:
        """Tell those whom it concerns of a posture that has been sure for a while."""
        due, self._postures = _split(self._postures, lambda p: p.t_s + POSED_S <= at_s)
        for item in due:
            self._try("brace", partial(self._bracing.posture, item))
            self._try("slips", partial(self._slips.posture, item))

    def _exchange(self) -> None:
        """Take left for right and the other way about: what they were calibrated to no longer holds."""
        for follower in self._followers.values():
            place = OTHER.get(follower.site.place)
            if place is not None:
                follower.moved_to(replace(follower.site, place=place))
        self._round.exchanged()

    # ── calibration ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _calibrated(self, at_s: float) -> list[TrunkEstimate]:
        """Calibrate all sites, if a calibration is over and has been seen to its end."""
        due, self._calibrations = _split(self._calibrations, lambda c: c.end_s + 2 * LAG_S <= at_s)
        out: list[TrunkEstimate] = []
        for calibration in due[-1:]:
            sway = self._try("round", partial(self._round.sway, calibration))
            for source, follower in self._followers.items():
                if follower.site.place is Place.PELVIS:
                    continue
                scale = self._try(source, partial(follower.calibrate, calibration, sway))
                if scale is None:
                    follower.scale = refused(follower.site, calibration.end_s, Unmeasured.NO_DATA)
            self._slips.calibrated()
            self._try("round", partial(self._round.calibrated, calibration))
            out += [self._told(f) for f in self._followers.values() if f.site.place is not Place.PELVIS]
            out += self._try("brace", partial(self._bracing.calibrated, calibration)) or []
        return out

    def _told(self, follower: SiteFollower) -> SiteCalibration:
        """Return a site's calibration with what the tape and the last time say of it, and keep it so."""
        assert follower.scale is not None
        scale, site = follower.scale, follower.site
        told = scale.told
        last = self._previous.get((site.place, site.kind), 0.0)
        ratio = scale.span / last if last > 0.0 else math.nan
        change = ratio - 1.0 if 1.0 / ANOTHER < ratio < ANOTHER else math.nan
        cm = self._tape.get(level_of(site.place), math.nan)
        told = replace(told, change=change, cm_per_unit=cm / scale.span)
        follower.scale = replace(scale, told=told)
        return told

    # ── breath by breath ─────────────────────────────────────────────────────────────────────────────────────────────

    def _breathed(self, at_s: float, end: int) -> list[TrunkEstimate]:
        due, self._events = _split(self._events, lambda e: _sure_s(e) + AFTER_S <= at_s)
        out: list[TrunkEstimate] = []
        for event in sorted(due, key=_sure_s):
            if isinstance(event, Breath) and math.isfinite(event.end_s):
                told = self._try("round", partial(self._round.breath, event, end, self._tape, at_s))
                out += [] if told is None else [told]
        return out


def _sure_s(event: Breath | Turn | RateEstimate) -> float:
    return event.t_s if isinstance(event, RateEstimate) else event.confirmed_s


def _split(items: Iterable[T], due: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Return those of `items` that are due, and the others."""
    items = list(items)
    return [i for i in items if due(i)], [i for i in items if not due(i)]
