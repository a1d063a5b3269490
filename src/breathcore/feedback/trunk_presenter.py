"""Estimates of the trunk → what a frame shows of it: ring, ribs and belly, brace, repetitions, both sides."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, median

import numpy as np

from breathcore.drill.sides import SideComparison
from breathcore.estimate.trunk.sights import Measure, belly_of, ribs_of, ring_of, sights, sites_of
from breathcore.estimate.trunk.site import SiteKind
from breathcore.feedback.brace_presenter import LIVE_S, BracePresenter
from breathcore.feedback.frame import PAST_S
from breathcore.feedback.history import History
from breathcore.feedback.movement_words import back_word, exhaled_of, target_share, tempo_of, tempo_word, turning_word
from breathcore.feedback.trunk_notice import CHANGE, Notices
from breathcore.feedback.trunk_view import (
    CalibrationView,
    CompartmentsView,
    PairView,
    RepsView,
    RingView,
    SiteView,
    TrunkView,
)
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import ChannelSpec, Place
from breathcore.model.drill import DrillSpec, TargetPhase
from breathcore.model.message import Message, message
from breathcore.model.trunk import (
    RING,
    BraceCalibration,
    BraceEstimate,
    Expansion,
    LumbarBend,
    MovementLearned,
    MovingRate,
    Posture,
    PostureEstimate,
    Rep,
    RepLevel,
    SiteBlock,
    SiteCalibration,
    Steadiness,
    TrunkEstimate,
    Unmeasured,
)

MOVING_S = 5.0  # nor a rate during movement
BREATH_S = 30.0  # nor what a breath came to
SYMMETRY_FAR = 20.0
TOGETHER_DEG, APART_DEG = 20.0, 45.0
SYMMETRY_BREATHS_N = 5  # whose median is shown
MOVED_N, MOVED_GAP_S = 300, 1.0  # points kept of a movement; more than this between two: the line is broken
_UNITS = {"deg": "°", "1": ""}
Spot = tuple[Place, SiteKind]  # a tilt and a belt may be worn at one place
_SEEN = {
    Place.STERNUM: Measure.FRONT,
    Place.LEFT: Measure.LEFT,
    Place.RIGHT: Measure.RIGHT,
    Place.BACK: Measure.BACK,
}


class TrunkPresenter:
    """Keeps what a frame needs of the recent past; pure, time passed in.

    Parameters
    ----------
    channels : Sequence[ChannelSpec]
        What the session's wearables send.
    """

    def __init__(self, channels: Sequence[ChannelSpec]) -> None:
        self._sights = sights(channels)
        self._sites = sites_of(channels)
        self._kinds = {s.source: s.kind for s in self._sites}
        self._levels: dict[Spot, tuple[float, float]] = {}  # time, level
        self._calibrations: dict[Spot, SiteCalibration] = {}
        self._brace = BracePresenter(seen=self._sights[Measure.BRACE].seen, beside=self._sights[Measure.RIB_BELLY].seen)
        self._expansion: Expansion | None = None
        self._symmetry: list[float] = []
        self._notices = Notices()
        self._posture: PostureEstimate | None = None
        self._learned: MovementLearned | None = None
        self._rep_level: RepLevel | None = None
        self._way = History(MOVED_N, 2)  # time, share of the learned range
        self._reps: list[Rep] = []
        self._steady: Steadiness | None = None
        self._bend: LumbarBend | None = None
        self._moving_rate: MovingRate | None = None
        self._places = {c.id: c.place for c in channels}
        self._from_s = 0.0
        self.sides: tuple[SideComparison, ...] = ()

    def on_estimate(self, estimate: TrunkEstimate) -> None:
        """Take an estimate."""
        if isinstance(estimate, SiteBlock):
            self._on_level(estimate)
        elif isinstance(estimate, Expansion):
            self._on_expansion(estimate)
        elif isinstance(estimate, SiteCalibration):
            self._calibrations[self._spot(estimate)] = estimate
            self._notices.on_calibration(estimate)
            self._expansion, self._symmetry = None, []  # they were told by another range
        elif isinstance(estimate, BraceCalibration):
            self._brace.on_calibration(estimate)
        elif isinstance(estimate, BraceEstimate):
            self._brace.on_estimate(estimate)
        elif isinstance(estimate, PostureEstimate):
            self._posture = estimate
        else:
            self._on_movement(estimate)

    def set_begins(self, t_s: float) -> None:
        """Count repetitions from here on."""
        self._from_s = t_s
        self._reps.clear()
        self._notices.start()

    def exchange(self) -> None:
        """Learn that left and right have been exchanged, or back."""
        self._notices.exchange()

    def view(
        self, now_s: float, drill: DrillSpec | None, phase: TargetPhase | None, planned_n: int
    ) -> TrunkView | None:
        """Return what there is to see, None where neither sensors nor drill speak of the trunk."""
        wanted = () if drill is None else drill.measures
        ring = self._ring(now_s, drill, phase) if self._shows_ring or "expansion" in wanted else None
        pair = self._compartments(now_s) if self._sights[Measure.RIB_BELLY].seen else None
        braced = drill is not None and drill.braced
        brace = self._brace.view(now_s, phase) if braced or self._brace.known else None
        reps = None if drill is None or drill.movement is None else self._reps_view(now_s, drill, phase, planned_n)
        if not any((ring, pair, brace, reps)):
            return None
        return TrunkView(
            ring, pair, brace, reps, self._pairs(), self._posture_word(), self._notice(now_s),
            self._results(braced=braced),
            both_sides=self._sights[Measure.SYMMETRY].seen, exchanged=self._notices.exchanged,
        )  # fmt: skip

    def _results(self, *, braced: bool) -> tuple[CalibrationView, ...]:
        """Return what the calibration came to, sensor by sensor, the brace last."""
        known = [c for p in Place for k in SiteKind if (c := self._calibrations.get((p, k))) is not None]
        sites, firm = tuple(_result(c) for c in known), self._brace.result()
        return (*sites, firm) if braced and firm is not None else sites

    def movement(self, now_s: float) -> tuple[F64, F64]:
        """Return times (n,) and shares of the learned range (n,) of the movement in view; empty where there is none."""
        rows = self._way.rows()
        rows = rows[rows[:, 0] >= now_s - PAST_S]
        return frozen(rows[:, 0].copy()), frozen(rows[:, 1].copy())

    # what comes

    def _on_level(self, block: SiteBlock) -> None:
        if len(block.t_s):
            self._levels[self._spot(block)] = float(block.t_s[-1]), float(block.level[-1])

    def _spot(self, estimate: SiteBlock | SiteCalibration) -> Spot:
        return estimate.place, self._kinds.get(estimate.source, SiteKind.IMU)

    def _on_expansion(self, expansion: Expansion) -> None:
        self._expansion = expansion
        self._notices.on_expansion(expansion)
        if not math.isnan(expansion.symmetry):
            self._symmetry = [*self._symmetry[1 - SYMMETRY_BREATHS_N :], expansion.symmetry]

    def _on_movement(self, estimate: TrunkEstimate) -> None:
        if isinstance(estimate, MovementLearned):
            self._learned = estimate
        elif isinstance(estimate, RepLevel):
            self._on_way(estimate)
        elif isinstance(estimate, Rep):
            self._reps.append(estimate)
        elif isinstance(estimate, Steadiness):
            self._steady = estimate
        elif isinstance(estimate, LumbarBend):
            self._bend = estimate
        elif isinstance(estimate, MovingRate):
            self._moving_rate = estimate

    def _on_way(self, level: RepLevel) -> None:
        if self._rep_level is not None and level.t_s - self._rep_level.t_s > MOVED_GAP_S:
            self._way.append(np.array([[level.t_s - MOVED_GAP_S, math.nan]]))
        self._way.append(np.array([[level.t_s, level.share]]))
        self._rep_level = level

    # the ring

    @property
    def _shows_ring(self) -> bool:
        return sum(self._sights[m].seen for m in _SEEN.values()) > 1

    def _ring(self, now_s: float, drill: DrillSpec | None, phase: TargetPhase | None) -> RingView:
        expansion = self._fresh(now_s)
        told = expansion is not None and not math.isnan(expansion.symmetry)
        symmetry = median(self._symmetry) if self._symmetry and told else None
        known = expansion is not None and not math.isnan(expansion.score)
        reason = Unmeasured.NO_BREATH if expansion is None else expansion.reasons.get("score", Unmeasured.NO_SENSOR)
        seen = self._sights[Measure.SCORE].seen
        return RingView(
            tuple(self._site(place, now_s, expansion) for place in RING),
            aim=(0.45, 0.95) if drill is None else drill.depth_band,
            focus=None if phase is None else phase.focus,
            score=expansion.score if expansion is not None and known else None,
            score_message=None if known else _why(reason if seen else Unmeasured.NO_SENSOR),
            least=None if expansion is None else expansion.least,
            symmetry=symmetry,
            symmetry_noise=None if symmetry is None or expansion is None else _number(expansion.symmetry_noise),
            symmetry_word=None if expansion is None else _symmetry_word(symmetry, expansion),
        )

    def _site(self, place: Place, now_s: float, expansion: Expansion | None) -> SiteView:
        if not self._sights[_SEEN[place]].seen:
            return SiteView(place, message=_why(Unmeasured.NO_SENSOR))
        spots = [(s.place, s.kind) for s in ring_of(self._sites) if s.place is place]
        calibration = next((self._calibrations.get(spot) for spot in spots), None)
        if calibration is None:
            return SiteView(place, message=_why(Unmeasured.NOT_CALIBRATED))
        if calibration.reason is not None:
            return SiteView(place, message=_why(calibration.reason))
        told = None if expansion is None else expansion.site(place)
        level = self._level(now_s, spots)
        if told is None or told.reason is not None:
            reason = told.reason if told is not None else None
            return SiteView(place, level, message=_why(reason) if reason is not None else None)
        return SiteView(place, level, told.share, _number(told.cm))

    def _level(self, now_s: float, spots: Sequence[Spot]) -> float | None:
        """Return the mean of the live levels there, None where one of them is not fresh."""
        known = [self._levels.get(spot, (-math.inf, math.nan)) for spot in spots]
        fresh = bool(known) and all(now_s - t_s <= LIVE_S for t_s, _ in known)
        return _number(fmean(level for _, level in known)) if fresh else None

    def _fresh(self, now_s: float) -> Expansion | None:
        told = self._expansion
        return told if told is not None and now_s - told.t_s <= BREATH_S else None

    # ribs and belly

    def _compartments(self, now_s: float) -> CompartmentsView:
        expansion = self._fresh(now_s)
        belly_site = belly_of(self._sites)
        rib_spots = [(s.place, s.kind) for s in ribs_of(self._sites)]
        belly_spots = [] if belly_site is None else [(belly_site.place, belly_site.kind)]
        ribs, belly = self._level(now_s, rib_spots), self._level(now_s, belly_spots)
        if expansion is None:
            missing = not {*rib_spots, *belly_spots} & set(self._calibrations)
            return CompartmentsView(
                ribs, belly, message=_why(Unmeasured.NOT_CALIBRATED if missing else Unmeasured.NO_BREATH)
            )
        share, phase = _number(expansion.rib_share), _number(expansion.phase_deg)
        reason = expansion.reasons.get("phase_deg") or expansion.reasons.get("rib_share")
        return CompartmentsView(
            ribs, belly, share, phase, _phase_word(expansion), None if reason is None else _why(reason)
        )

    # repetitions

    def _reps_view(self, now_s: float, drill: DrillSpec, phase: TargetPhase | None, planned_n: int) -> RepsView:
        assert drill.movement is not None
        done = [r for r in self._reps if not r.guided]
        guided_n = sum(r.guided for r in self._reps)
        side = None if phase is None else phase.side
        learning = phase is not None and not phase.scored
        rate = self.moving_rate(now_s)
        common = RepsView(
            len(done), planned_n, max(0, drill.movement.guided_n - guided_n) if learning else 0, side,
            target_share=target_share(phase, now_s), rate_bpm=None if rate is None else rate.rate_bpm,
            rate_place=None if rate is None else self._places.get(rate.source),
        )  # fmt: skip
        if not self._sights[Measure.REPS].seen:
            return replace(common, message=_why(Unmeasured.NO_SENSOR))
        if self._learned is not None and self._learned.reason is not None:
            return replace(common, message=_why(self._learned.reason))
        level = self._rep_level
        live = drill.movement.follows and level is not None and now_s - level.t_s <= LIVE_S
        last = done[-1] if done else None
        tempo = None if last is None else tempo_of(last, drill)
        return replace(
            common,
            share=level.share if live and level is not None else None,
            range_deg=None if last is None else last.range_deg,
            tempo=tempo,
            steady_deg=None if self._steady is None else _number(self._steady.tilt_deg),
            steady_coarse=self._sights[Measure.STEADINESS].coarse,
            exhaled=None if last is None else exhaled_of(last, drill),
            word=None if tempo is None else tempo_word(tempo),
            back=back_word(self._bend, drill, seen=self._sights[Measure.LUMBAR].seen),
            turning=turning_word(self._steady, drill, seen=not self._sights[Measure.STEADINESS].coarse),
        )

    def moving_rate(self, now_s: float) -> MovingRate | None:
        """Return the breath's rate during a movement, where there is one now."""
        told = self._moving_rate
        fresh = told is not None and told.reason is None and now_s - told.t_s <= MOVING_S
        return told if fresh else None

    # both sides, and what is to be said

    def _pairs(self) -> tuple[PairView, ...]:
        return tuple(pair_view(c) for c in self.sides)

    def _posture_word(self) -> Message | None:
        told = self._posture
        return None if told is None or told.posture is Posture.UNKNOWN else message(f"posture.{told.posture.value}")

    def _notice(self, now_s: float) -> Message | None:
        if self._brace.strains(now_s):
            return message("brace.strain")
        return self._notices.tell(self._fresh(now_s))


def _result(c: SiteCalibration) -> CalibrationView:
    if c.reason is not None:
        return CalibrationView(c.place, message=_why(c.reason))
    span = c.full - c.relaxed
    change = _number(c.change)
    told = change if change is not None and abs(change) > CHANGE else None
    return CalibrationView(c.place, span, _UNITS.get(c.unit, c.unit), _number(c.cm_per_unit * span), told)


def pair_view(c: SideComparison) -> PairView:
    """Return what is shown of a comparison."""
    left, right, difference, uncertainty = map(_number, (c.left, c.right, c.difference, c.uncertainty))
    return PairView(c.id, _UNITS.get(c.unit, c.unit), left, right, difference, uncertainty, c.told)


def _why(reason: Unmeasured) -> Message:
    return message(f"trunk.{reason.value}")


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _symmetry_word(symmetry: float | None, expansion: Expansion) -> Message | None:
    """Return which side opens more, where that is sure without a number too; else that all are alike, or why not."""
    side = expansion.opens_more
    if side is not None:
        return message(
            f"symmetry.{'note' if symmetry is not None and abs(symmetry) <= SYMMETRY_FAR else 'far'}-{side.value}"
        )
    if not math.isnan(expansion.score) and expansion.least is None:
        return message("trunk.even")
    if symmetry is not None:
        return message("symmetry.even")
    reason = expansion.reasons.get("symmetry")
    return _why(reason) if reason in (Unmeasured.SHALLOW, Unmeasured.ROUGH) else None


def _phase_word(expansion: Expansion) -> Message | None:
    if math.isnan(expansion.phase_deg):
        return None
    if expansion.paradox:
        return message("compartments.against")
    off = abs(expansion.phase_deg)
    return message(
        "compartments.together"
        if off < TOGETHER_DEG
        else "compartments.late"
        if off < APART_DEG
        else "compartments.apart"
    )
