"""The brace, live: what a belt at the waist reads beyond the breathing's ripple.

Method: signals.md §9. The level is (reading at the end of a breath out − at ease) / (firm − at ease). Between two ends
of a breath out it is told from another breath channel, whose ripple is taken off (`explained`), or else it stays what
it was at the last end, less where the reading falls below it (`waves.Floor`). What reads as rest is followed between
braces (fabric creeps), and begun anew in another posture.

A brace begins only where a drill asks for one or a movement goes on in which there may be one (`brace_asked`): people
who shift about look the same. At ease the level is followed, and told where nothing looks like a brace.

Limits. Where a breath pulls more than 0.62 of what the firmest brace does, breaths' own differences are of the size
of a zone: only on and off are told (SMALL); where it pulls more than all of it, nothing is. With the waist's belt
alone the next breath and a brace look alike: only on and off are told (LONE), at the end of the breath out in which
they came, and a held breath looks like a brace. With another channel the level is not told on its way and where
breaths differ (UNSURE, `brace_trust`); after a calibration once an end of a breath out has borne out what was taken
for rest. Carried into another posture, a brace is not told from that posture's rest; one that does not end in a
drill's rest is taken for rest. Where ends of breaths out keep differing, the body moves: nothing is told, but only
once nine of them have shown it.
"""

import math
from collections import deque
from collections.abc import Sequence
from statistics import median

import numpy as np

from breathcore.estimate.trunk.brace_asked import Asked
from breathcore.estimate.trunk.brace_calibration import calibrate_brace
from breathcore.estimate.trunk.brace_hold import GAP_S, ON_AT, STRAIN_AT, Hold, Kept
from breathcore.estimate.trunk.brace_track import SEEN_S, TICK_S, Track
from breathcore.estimate.trunk.brace_trust import Trust
from breathcore.estimate.trunk.explained import AHEAD_S, EASED_S, Explained
from breathcore.estimate.trunk.likeness import Likeness
from breathcore.estimate.trunk.waves import Bottom, Floor
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.trunk import (
    BraceCalibration,
    BraceEstimate,
    CalibrationStep,
    Posture,
    PostureEstimate,
    StepKind,
    Unmeasured,
)

LEFT_S = 1.0  # without samples: nothing is told
BOTTOMS_N = 40
EXPLAINED = 0.04  # of the range: more must not remain of the breath where the other channel is believed
UNSTEADY = 2.5  # times what ends of breaths out differ by: less is no brace
SCATTER_S, SCATTER_N = 6.0, 9  # ends of breaths out no farther apart than this, so many of them, ...
SCATTER = 0.1  # ... differ by more than this share of the range from one to the next: the body moves
HELD_MOST_S = 120.0  # longer than anybody is asked to brace
HIDES = 0.62  # of the range: beside a larger breath only on and off are told
LASTS = 0.05  # of the range: two ends of breaths out at ease no farther apart are rest
BELOW = -0.2  # of the range: a level so far below rest is none, the belt or the body has moved
POSED_S = 2.0  # after a change of posture: what is read then is rest
UPRIGHT = frozenset({Posture.STANDING, Posture.SITTING, Posture.UPRIGHT})
NAN = math.nan


class BraceFollower:
    """Follows the brace at one place. Told levels are `AHEAD_S` old.

    Parameters
    ----------
    source : str
        Id of the channel that the reading is of.
    place : Place
        Where it is worn.
    rate_hz : float
        Of the even grid of `push` and `breathe`.
    """

    def __init__(self, source: str, place: Place, rate_hz: float) -> None:
        self.source, self.place = source, place
        self._dt = 1.0 / rate_hz
        self._calibration: BraceCalibration | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the signal; the calibration stays, but what reads as rest has to be seen again."""
        self._own: deque[tuple[float, float]] = deque()
        self._other: deque[tuple[float, float]] = deque()
        self._seen: deque[tuple[float, float, float]] = deque(maxlen=round(SEEN_S / self._dt))
        self._bottoms: deque[Bottom] = deque(maxlen=BOTTOMS_N)
        self._explained = Explained(self._dt)
        self._floor = Floor(self._dt)
        self._told, self._floored = Track(), Track()
        self._hold = Hold(self._dt)
        self._trust = Trust()
        self._likeness = Likeness(self._dt)
        self._asked = Asked()
        self._kept = {True: Kept(), False: Kept()}  # by the other channel, by the own one
        self._newest_s = self._other_s = -math.inf
        self._on = False  # as it was told last
        self._scatter: deque[float] = deque(maxlen=SCATTER_N)
        self._ended = 0.0
        self._level = self._confirmed = self._force = NAN
        self._posture: Posture | None = None
        self._rests: dict[Posture, tuple[float, float]] = {}
        self._posed_s = NAN  # since when the posture is one whose rest is not known
        self._steady_s = -math.inf  # until when the body moves

    # ── calibration ──────────────────────────────────────────────────────────────────────────────────────────────────

    def learn(self, steps: Sequence[CalibrationStep]) -> BraceCalibration:
        """Take the person's own range from the steps of a calibration that has just been seen to its end."""
        t, y, c = (np.array(x) for x in zip(*self._seen, strict=True)) if self._seen else (np.empty(0),) * 3
        other = c if np.isfinite(c).any() else None
        calibration = calibrate_brace(self.source, steps, t, y, other)
        self.calibrate(calibration, steps)
        if other is not None and calibration.reason is None:
            level = self._explained.learn(steps, t, y, c)
            self._told.rest.level = self._told.rest.level if level != level else level
            fulls = [c[(t >= s.start_s) & (t < s.end_s)] for s in steps if s.kind is StepKind.FULL]
            self._likeness.learn([f[np.isfinite(f)] for f in fulls])
        return calibration

    def calibrate(self, calibration: BraceCalibration, steps: Sequence[CalibrationStep] = ()) -> None:
        """Take the person's own range (one with a `reason` takes it away) and the steps that it was read in."""
        self._calibration = calibration
        self._hold.release()
        self._scatter.clear()
        self._trust.begin()
        self._rests.clear()
        self._posed_s, self._steady_s = NAN, -math.inf
        if not self._range:
            return
        self._explained.ripple.begin(abs(self._range))
        seen = self._at_rest(steps)
        for track in (self._told, self._floored):
            eased = [raw for t, raw in track.history if raw == raw and _eased(t, steps)]
            track.rest.begin(median(eased) if eased else calibration.relaxed, seen, self._range)

    def _at_rest(self, steps: Sequence[CalibrationStep]) -> list[tuple[float, float]]:
        """Return times and levels of the ends of breaths out before the first brace of `steps`."""
        start_s = min((s.start_s for s in steps), default=math.inf)
        end_s = min((s.start_s for s in steps if s.kind is StepKind.BRACE), default=math.inf)
        return [(b.t_s, b.level) for b in self._bottoms if start_s <= b.t_s < end_s]

    @property
    def _range(self) -> float:
        """Firm less relaxed; 0 where that is not known."""
        known = self._calibration
        return 0.0 if known is None or known.reason is not None else known.firm - known.relaxed

    # ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────────

    def push(self, t_s: F64, y: F64) -> None:
        """Take the own reading `t_s` (n,), `y` (n,), rising on inhale; NaN where there is none."""
        self._own.extend(zip(t_s.tolist(), y.tolist(), strict=True))

    def breathe(self, t_s: F64, level: F64) -> None:
        """Take another breath channel's reading (always the same one's), any unit, rising on inhale, same grid."""
        self._other.extend(zip(t_s.tolist(), level.tolist(), strict=True))

    def on(self, item: PostureEstimate) -> None:
        """Take the posture: each has a rest of its own, to be seen first; sitting and standing share theirs."""
        posture = Posture.UPRIGHT if item.posture in UPRIGHT else item.posture
        before, self._posture = self._posture, posture
        if before is None or posture is before:
            return
        if self._posed_s != self._posed_s:
            self._rests[before] = self._told.rest.level, self._floored.rest.level
        self._hold.release()
        self._steady_s = item.t_s + POSED_S
        known = self._rests.get(posture)
        self._posed_s = item.t_s if known is None else NAN
        if known is not None:
            self._told.rest.level, self._floored.rest.level = known

    def ask(self, t_s: float, *, braced: bool | None) -> None:
        """Learn that from `t_s` on a brace is asked for, or ease is (as before all), or (None) either may be."""
        self._asked.put(t_s, braced=braced)

    def tick(self, t_s: float) -> BraceEstimate:
        """Tell the brace (at a quarter of a second `t_s`); all samples before it have been pushed."""
        self._take_until(t_s)
        for track in (self._told, self._floored):
            track.history.append((t_s, track.raw))
        return self._tell(t_s)

    def turned(self, t_s: float) -> BraceEstimate | None:
        """Tell the brace before its next quarter is due if it has come or gone; samples before `t_s` are there."""
        self._take_until(t_s)
        return self._tell(t_s) if self._is_on is not self._on else None

    def _take_until(self, t_s: float) -> None:
        while self._own and self._own[0][0] < t_s:
            t, y = self._own.popleft()
            c = self._other_at(t)
            self._seen.append((t, y, c))
            if y == y:
                self._step(t, y, c)

    def _other_at(self, t: float) -> float:
        other = self._other
        while other and other[0][0] < t - 0.5 * self._dt:
            other.popleft()
        return other.popleft()[1] if other and other[0][0] < t + 0.5 * self._dt else NAN

    # ── sample by sample ─────────────────────────────────────────────────────────────────────────────────────────────

    def _step(self, t: float, y: float, c: float) -> None:
        if t - self._newest_s > LEFT_S:
            self._explained.interrupt()
        self._newest_s = t
        self._asked.step(t)
        if not self._explained.ripple.unit > 0 and self._floor.waves.usual > 0:
            self._explained.ripple.begin(self._floor.waves.usual)
        own = self._floor.step(t, y)
        if own is not None:
            self._bottoms.append(own)
        self._floored.raw = self._floor.level
        other = self._take(t, y, c)
        self._breathing(t, y, c, own, other)
        if self._range:
            if own is not None and self._is_explained and self._is_since_calibrated(own):
                self._compare(own)
            self._follow(t, y, other if self._is_explained else own)

    def _take(self, t: float, y: float, c: float) -> Bottom | None:
        if c != c:
            self._explained.interrupt()
            self._likeness.interrupt()
            self._told.raw = NAN
            return None
        self._other_s = t
        braced = self._share(self._told) if self._range else 0.0
        bottom = self._explained.step(t, y, c, self._told.rest.level, braced)
        self._told.raw = self._explained.raw
        self._likeness.step(c, bottom)
        return bottom

    def _breathing(self, t: float, y: float, c: float, own: Bottom | None, other: Bottom | None) -> None:
        braced = self._hold.since_s is not None
        for kept, level, bottom in ((self._kept[True], c, other), (self._kept[False], y, own)):
            if level == level:
                kept.step(t, level)
            if bottom is not None:
                kept.breath(bottom, braced=braced)

    @property
    def _is_explained(self) -> bool:
        here = self._told.raw == self._told.raw and self._newest_s - self._other_s < LEFT_S
        return here and self._explained.remains < EXPLAINED * abs(self._range)

    def _share(self, track: Track) -> float:
        return (track.raw - track.rest.level) / self._range

    def _compare(self, own: Bottom) -> None:
        """Hold what the other channel explains against the own reading, where its breath out ended."""
        raw = self._told.at(own.t_s + AHEAD_S)
        floor = (own.level - self._floored.rest.level) / self._range
        self._trust.own_end((raw - self._told.rest.level) / self._range - floor)

    def _is_since_calibrated(self, bottom: Bottom | None) -> bool:
        """Whether a breath out ended after the calibration, whose braces say nothing of what follows."""
        return bottom is not None and self._calibration is not None and bottom.t_s >= self._calibration.t_s

    def _follow(self, t: float, y: float, bottom: Bottom | None) -> None:
        track = self._told if self._is_explained else self._floored
        if track.raw != track.raw:
            return
        self._settle(t, bottom)
        held = self._hold.since_s is not None
        self._rest(bottom, held=held)
        self._level = self._share(track)
        if bottom is not None:
            self._end(bottom)
        self._force = (y - track.rest.level) / self._range
        if bottom is not None:
            self._confirmed = self._level
            self._trust.end(self._level)
        unlike = self._likeness.unlike
        if unlike:
            self._trust.begin()
        if t >= self._steady_s and self._posed_s != self._posed_s and not track.rest.fresh and (held or not unlike):
            self._hold.step(t, self._level, self._on_at(track))
        self._asked.hold(self._hold.since_s)
        if not held and self._hold.since_s is not None:
            for kept in self._kept.values():
                kept.begin()

    def _end(self, bottom: Bottom) -> None:
        """Take note of how far apart two ends of breaths out are that follow each other soon."""
        if bottom.cycle_s < SCATTER_S:
            self._scatter.append(abs(self._level - self._ended))
        self._ended = self._level

    @property
    def _scattered(self) -> bool:
        """Whether most of them lie apart, braced or not: the body moves, no brace comes and goes with every breath."""
        return len(self._scatter) == SCATTER_N and median(self._scatter) > SCATTER

    def _rest(self, bottom: Bottom | None, *, held: bool) -> None:
        """Let rest give way, and look at it where an unbraced breath out has ended."""
        below = self._level < BELOW  # whatever is asked for: nobody braces below rest
        seen = self._is_since_calibrated(bottom) and (below or not (self._likeness.unlike or self._asked.braced))
        for track in (self._told, self._floored):
            track.rest.step(self._dt)
            ramp = track is self._told and self._explained.ripple.ramp_since is not None
            if bottom is None or not seen or held or ramp:
                continue
            raw = track.at(bottom.t_s + AHEAD_S + TICK_S)
            if raw == raw:
                cycle_s = bottom.cycle_s if bottom.cycle_s == bottom.cycle_s else 0.0
                track.rest.see(raw, self._range, cycle_s, eased=self._asked.eased(bottom.t_s))

    def _settle(self, t: float, bottom: Bottom | None) -> None:
        """Take for rest what is read in another posture, once a breath out has ended there.

        Another posture is one that is told, a step that the other channel made too, or a "brace" that does not end:
        one that stays as it is while the drill asks for ease, or longer than anybody is asked to brace.
        """
        since_s = self._hold.since_s
        stepped = since_s is not None and bottom is not None and t - since_s < 2.0 * bottom.cycle_s
        shifted = bottom is not None and self._is_explained and self._explained.moved and stepped
        posed = bottom is not None and bottom.t_s >= self._posed_s + POSED_S
        stayed = since_s is not None and bottom is not None and t - since_s > HELD_MOST_S
        eased = since_s is not None and bottom is not None and self._asked.eased(bottom.t_s)
        lasts = eased and abs(self._share(self._told) - self._ended) < LASTS
        if shifted or posed or stayed or lasts:
            for track in (self._told, self._floored):
                track.rest.level = track.raw if track.raw == track.raw else track.rest.level
            self._hold.release()
            self._posed_s = NAN

    def _on_at(self, track: Track) -> float:
        """Return the level from which it is a brace: above what ends of breaths out differ by themselves."""
        unsteady = track.rest.unsteady / abs(self._range)
        return max(ON_AT, UNSTEADY * unsteady)

    @property
    def _is_on(self) -> bool:
        return self._hold.since_s is not None and self._asked.counts

    # ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, t_s: float) -> BraceEstimate:
        at_s = t_s - AHEAD_S
        reason = self._reason(t_s)
        if reason is not None:
            if reason is not Unmeasured.MOTION:
                self._hold.release()
            self._on = self._is_on
            return BraceEstimate(at_s, self.source, NAN, reason=reason)
        kept = self._kept[self._is_explained]
        self._on = held = self._is_on
        since_s = self._hold.since_s if held else None
        force = self._level if self._is_explained else self._force
        unsure = self._unsure()
        lone = unsure is Unmeasured.LONE
        return BraceEstimate(
            at_s,
            self.source,
            self._level if unsure is None else NAN,
            NAN if lone else self._confirmed,
            held,
            max(0.0, at_s - since_s) if since_s is not None else 0.0,
            NAN if lone else self._hold.drift,
            kept.goes_on(t_s) if held else None,
            force > STRAIN_AT and kept.gap_s(t_s) > GAP_S,
            unsure,
        )

    def _unsure(self) -> Unmeasured | None:
        """Return why the level is not told although on and off are."""
        if not self._is_explained:
            return Unmeasured.LONE
        if self._hold.since_s is not None and not self._asked.counts:
            return Unmeasured.UNSURE
        ripple, unit = self._explained.ripple, abs(self._range)
        if self._floor.waves.usual > HIDES * unit:
            return Unmeasured.SMALL
        ramp = ripple.ramp_since is not None
        sure = self._trust.sure(ripple.taken / unit, ripple.level_sd / unit, ripple.remains / unit, ramp=ramp)
        return None if sure else Unmeasured.UNSURE

    def _reason(self, t_s: float) -> Unmeasured | None:
        if self._calibration is None:
            return Unmeasured.NOT_CALIBRATED
        if self._calibration.reason is not None:
            return self._calibration.reason
        if t_s - self._newest_s > LEFT_S or self._level != self._level:
            return Unmeasured.NO_DATA
        moves = self._scattered or self._posed_s == self._posed_s or t_s < self._steady_s or self._level < BELOW
        return Unmeasured.MOTION if moves else None


def _eased(t_s: float, steps: Sequence[CalibrationStep]) -> bool:
    """Whether `t_s` lies in the last step, at ease."""
    return (
        bool(steps) and steps[-1].kind is StepKind.RELAX and steps[-1].start_s + EASED_S <= t_s <= steps[-1].end_s + 0.5
    )
