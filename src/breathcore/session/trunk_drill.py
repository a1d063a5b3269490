"""What of a drill has to do with ribs, brace and movement: told to the estimators, and scored by what they found."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from breathcore.drill.brace_score import score_brace
from breathcore.drill.movement_score import score_movement
from breathcore.drill.scoring import WEIGHTS
from breathcore.drill.self_rating import ASKED_IN, BraceRating, brace_rating, unmeasured_sets
from breathcore.drill.sides import LEAST_N, SideComparison, SideMeasures, compare, expansion, measures
from breathcore.drill.state import DrillState
from breathcore.estimate.trunk.sights import Measure, Sight, sights, sites_of
from breathcore.estimate.trunk.site import SiteKind
from breathcore.model.device import ChannelSpec, Place
from breathcore.model.drill import (
    CommandKind,
    DrillPhase,
    DrillSpec,
    Effect,
    EffectKind,
    Score,
    ScorePart,
    Stage,
    TargetPhase,
)
from breathcore.model.estimates import Turn
from breathcore.model.trunk import (
    RING,
    BraceEstimate,
    Expansion,
    LumbarBend,
    MovementLearned,
    MovementTask,
    Rep,
    Side,
    SidesExchanged,
    Steadiness,
    TapeReading,
    TrunkCalibration,
    TrunkEstimate,
)

HOLD_AFTER_S = 2.0  # what a hold came to is told a little after it
BRACE_HOLD = "brace"  # the movement in which the pelvis should not move
RESTS = frozenset({Stage.SET_REST, Stage.PAUSED, Stage.LOST, Stage.DIZZY, Stage.FINISHED})
TAPE_CM = (0.5, 20.0)  # cm that a girth can grow by
TAPE_APART_CM = 1.5  # full breaths and a tape repeat to about half a centimetre: more apart, and it has shifted
TrunkItem = TrunkCalibration | TapeReading | SidesExchanged | MovementTask
Ask = Callable[[TrunkItem], Iterable[TrunkEstimate]]


class TrunkDrill:
    """Follows one drill.

    Parameters
    ----------
    spec : DrillSpec
    pattern_id : str
        The form that is done.
    channels : Sequence[ChannelSpec]
        What the session's wearables send.
    """

    def __init__(self, spec: DrillSpec, pattern_id: str, channels: Sequence[ChannelSpec]) -> None:
        self._spec = spec
        self._pattern = spec.pattern(pattern_id)
        self._sights = sights(channels)
        self._place = movement_place(spec, channels)
        self._still = self._held_at()
        self._task: MovementTask | None = None
        self.expansions: list[Expansion] = []
        self.braces: list[BraceEstimate] = []
        self.reps: list[Rep] = []
        self.steadinesses: list[Steadiness] = []
        self.turns: list[Turn] = []
        self.bends: list[LumbarBend] = []
        self._learned = False
        self._exchanges_s: list[float] = []  # when left and right were exchanged, and back
        self.ratings: dict[int, BraceRating] = {}
        self._unmeasured: tuple[int, ...] = ()

    def _held_at(self) -> Place | None:
        """Return where a brace is said to be asked for: the pelvis should keep still in it, the waist is to be at ease.

        The one hears of it if it is worn, else the waist's belt alone; all brace followers hear of either.
        """
        if not self._spec.braced:
            return None
        seen = {Place.PELVIS: Measure.STEADINESS, Place.NAVEL: Measure.BRACE}
        return next((place for place, measure in seen.items() if self._sights[measure].seen), None)

    @property
    def calibrates_trunk(self) -> bool:
        """Whether the ribs' own range is to be learned: the drill asks for it, and there is more than one site."""
        seen = sum(self._sights[m].seen for m in (Measure.FRONT, Measure.LEFT, Measure.RIGHT, Measure.BACK))
        several = seen > 1 or self._sights[Measure.RIB_BELLY].seen
        return ("expansion" in self._spec.measures and several) or self._place is not None

    @property
    def calibrates_brace(self) -> bool:
        """Whether the firmest gentle brace is to be learned."""
        return self._spec.braced and self._sights[Measure.BRACE].seen

    def sight(self, measure: Measure) -> Sight:
        """Return whether something can be measured."""
        return self._sights[measure]

    # what the estimators are told

    def on_effect(self, effect: Effect, state: DrillState) -> Iterator[TrunkItem]:
        """Return what the estimators should know of it: a calibration begins, a movement begins or ends."""
        if effect.kind is EffectKind.STAGE and effect.value == Stage.CALIBRATING and (state.trunk or state.brace):
            yield replace(state.calibration, posture=self._spec.posture)
        if effect.kind is EffectKind.STAGE and Stage(effect.value) in RESTS and self._task is not None:
            yield self._tasked(replace(self._task, t_s=effect.t_s, kind=""))
            self._task = None
        if effect.kind is EffectKind.PHASE and state.current is not None and state.stage is not Stage.CALIBRATING:
            yield from self._on_phase(effect.t_s, state.current)

    def _on_phase(self, t_s: float, phase: TargetPhase) -> Iterator[TrunkItem]:
        movement, task = self._spec.movement, self._task
        if movement is None and self._still is not None:
            held = phase.brace is not None or phase.kind is DrillPhase.EFFORT
            if held and task is None:
                yield self._tasked(MovementTask(t_s, BRACE_HOLD, self._still))
            elif task is not None and not held:
                yield replace(task, t_s=t_s, kind="")
                self._task = None
        elif movement is not None and self._place is not None and (task is None or task.side is not phase.side):
            guided_n = 0 if phase.scored else movement.guided_n
            yield self._tasked(MovementTask(t_s, movement.kind, self._place, movement.range_deg, guided_n, phase.side))

    def _tasked(self, task: MovementTask) -> MovementTask:
        self._task = task
        return task

    def on_command(self, kind: CommandKind, text: str, t_s: float) -> Iterator[TrunkItem]:
        """Return what the estimators should know of what a person did or typed in; nonsense is passed over."""
        if kind is CommandKind.EXCHANGE:
            self._exchanges_s.append(t_s)
            yield SidesExchanged(t_s)
        elif kind is CommandKind.TAPE:
            reading = tape_reading(text, t_s)
            if reading is not None:
                yield reading

    # what the person says of a brace that nothing measures

    def set_over(self, state: DrillState) -> None:
        """Look which of the sets that were done are to be rated by the person."""
        self._unmeasured = unmeasured_sets(state.done, self.braces) if self._spec.braced else ()

    def rate(self, text: str, t_s: float) -> BraceRating | None:
        """Take how hard a set's braces felt; None where the text does not say it, or that set is not asked about."""
        told = brace_rating(text, t_s, self._unmeasured)
        if told is not None:
            self.ratings[told.set_index] = told
        return told

    def asked(self, state: DrillState) -> int | None:
        """Return the set that the person is to rate now: the last one that was done, until it is rated."""
        last = self._unmeasured[-1] if self._unmeasured else None
        return None if state.stage not in ASKED_IN or last in self.ratings else last

    # what they found

    def take(self, item: object) -> bool:
        """Keep an estimate of the trunk; return whether the drill's score may have changed."""
        if isinstance(item, Expansion):
            self.expansions.append(item)
        elif isinstance(item, BraceEstimate):
            self.braces.append(item)
        elif isinstance(item, Rep):
            self.reps.append(item)
            return True
        elif isinstance(item, Steadiness):
            self.steadinesses.append(item)
        elif isinstance(item, LumbarBend):
            self.bends.append(item)
            return True
        elif isinstance(item, MovementLearned):
            self._learned = self._learned or item.reason is None
        elif isinstance(item, Turn):
            self.turns.append(item)
        return False

    @property
    def _braced(self) -> bool:
        return self._spec.braced and not self._spec.paced and self._spec.movement is None

    @property
    def scores(self) -> bool:
        """Whether the drill is scored by what the trunk did, not by how the breath kept time."""
        return self._spec.movement is not None or self._braced

    def score(self, state: DrillState, until_s: float) -> Score:
        """Return the score of a brace or a movement."""
        if self._spec.movement is not None:
            return score_movement(
                self._spec, state.done, self.reps, self.steadinesses, self.bends,
                measured=self._learned, turns=self.turns, until_s=until_s,
            )  # fmt: skip
        return score_brace(state.done, self.braces, self.steadinesses, until_s=until_s)

    def ringed(self, score: Score, state: DrillState) -> Score:
        """Return the score of a paced drill, its last part how evenly the ribs opened."""
        if "expansion" not in self._spec.measures or score.in_step is None or not state.done:
            return score
        start_s = next((p.start_s for p in state.done if p.scored), math.inf)
        told = [e.score for e in self.expansions if e.onset_s >= start_s and not math.isnan(e.score)]
        if not told:
            return score
        ring = ScorePart("ring", WEIGHTS["quality"], fmean(told) / 100.0, _least(self.expansions, start_s))
        parts = (*(p for p in score.parts if p.id != "quality"), ring)
        return rescored(score, parts)

    def sides(self, state: DrillState) -> tuple[SideComparison, ...]:
        """Return what left and right came to, where the drill trains both or both are measured."""
        if self._pattern.sides:
            return compare(self._of(Side.LEFT, state), self._of(Side.RIGHT, state))
        if "expansion" not in self._spec.measures:
            return ()
        pairs, swapped = self._pairs()
        left, right = (expansion(side, [p[k] for p in pairs]) for k, side in enumerate((Side.LEFT, Side.RIGHT)))
        return compare(left, right, swapped=swapped)

    def _pairs(self) -> tuple[Sequence[tuple[float, float]], bool]:
        """Return what left and right opened in each breath, and whether both sensors were worn on both sides.

        Then as many breaths of the one way as of the other count: what the sensors make of it cancels out. Of one way
        alone, that of more breaths.
        """
        usual, other = (_both_told([e for e in self.expansions if self._other_way(e) is way]) for way in (False, True))
        alike_n = min(len(usual), len(other))
        if alike_n < LEAST_N:
            return max(usual, other, key=len), False
        return (*usual[-alike_n:], *other[-alike_n:]), True

    def _other_way(self, expansion: Expansion) -> bool:
        """Whether left and right were worn the other way about than at first when it was told."""
        return sum(t_s <= expansion.t_s for t_s in self._exchanges_s) % 2 == 1

    def _of(self, side: Side, state: DrillState) -> SideMeasures:
        spans = [(p.start_s, p.end_s) for p in state.done if p.scored and p.side is side]
        holds = [h for h in self.steadinesses if any(a <= h.t_s < b + HOLD_AFTER_S for a, b in spans)]
        return measures(side, self.reps, holds)


def _both_told(expansions: Sequence[Expansion]) -> list[tuple[float, float]]:
    """Return the shares of left and right of those breaths that have both."""
    pairs = ((e.site(Place.LEFT), e.site(Place.RIGHT)) for e in expansions)
    both = [(left.share, right.share) for left, right in pairs if left is not None and right is not None]
    return [p for p in both if not math.isnan(p[0] + p[1])]


def rescored(score: Score, parts: tuple[ScorePart, ...]) -> Score:
    """Return `score` with other parts, weighed as before (drills.md §2)."""
    known = [(p.weight, p.value) for p in parts if p.value is not None]
    mean = sum(w * v for w, v in known) / sum(w for w, _ in known)
    assert score.in_step is not None
    return replace(score, total=100.0 * mean * min(1.0, score.in_step / 0.6), parts=parts)


def movement_place(spec: DrillSpec, channels: Sequence[ChannelSpec]) -> Place | None:
    """Return where the drill's movement is best seen with what is worn, None where it is not seen or there is none."""
    if spec.movement is None:
        return None
    worn = {site.place for site in sites_of(channels) if site.kind is SiteKind.IMU}
    return next((place for place in spec.movement.places if place in worn), None)


def tape_reading(text: str, t_s: float) -> TapeReading | None:
    """Return the mean of what was read off the tape, None where the text does not say it."""
    try:
        said = json.loads(text)
        place, values = Place(said["place"]), [float(v) for v in said["cm"]]
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return None if tape_fault(values) else TapeReading(t_s, place, fmean(values))


def tape_fault(values: Sequence[float]) -> str:
    """Return what is wrong with readings of a tape: ``need`` others, they lie ``apart``, or nothing."""
    low, high = TAPE_CM
    if not values or not all(low <= v <= high for v in values):
        return "need"
    return "apart" if max(values) - min(values) > TAPE_APART_CM else ""


def _least(expansions: Sequence[Expansion], start_s: float) -> str:
    """Return which site opened least in most breaths, "" where none stands out."""
    told = [e.least for e in expansions if e.onset_s >= start_s and not math.isnan(e.score)]
    counts = {place: told.count(place) for place in RING}
    place = max(RING, key=lambda p: counts[p])
    return place.value if told and counts[place] > len(told) / 2 else ""
