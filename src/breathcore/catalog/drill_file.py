"""The shape of `protocols/drills/*.toml`. Keys are the field names of `breathcore.model.drill`.

One convenience: a cue that most phases of a kind share stands once in the table ``cues`` and is filled in.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from breathcore.catalog.base import Id, KeyProblemError, Language, Shape, Text, fixed, twice
from breathcore.model.device import Place
from breathcore.model.drill import (
    DoseSpec,
    DrillPhase,
    DrillSpec,
    FocusSpec,
    MovementSpec,
    PatternSpec,
    PhaseSpec,
    SafetySpec,
    Texts,
)
from breathcore.model.trunk import Posture

_BREATHING = {DrillPhase.INHALE, DrillPhase.HOLD, DrillPhase.EXHALE, DrillPhase.REST}
_BREATHS = {DrillPhase.INHALE, DrillPhase.EXHALE}
_BRACED = {DrillPhase.INHALE, DrillPhase.EXHALE, DrillPhase.EFFORT, DrillPhase.REST}
_MOVED = {DrillPhase.MOVE, DrillPhase.KEEP, DrillPhase.RETURN, DrillPhase.REST}
FIRMEST = 0.5  # no drill asks for more than half of the own firmest gentle brace
MIN_REST_S = 5.0  # between sets: time for the words and the 3-2-1


def _has_english(texts: Mapping[str, str]) -> Mapping[str, str]:
    if "en" not in texts:
        raise KeyProblemError("en", "missing")
    return texts


Rate = Annotated[float, Field(ge=3, le=20)]  # of a sweep: breaths a minute
TextsTable = Annotated[Mapping[Language, Text], AfterValidator(_has_english)]


class PhaseTable(Shape):
    """`[[patterns.phases]]`: what the person is asked to do, for how long, in which words."""

    kind: DrillPhase
    seconds: float = Field(ge=0.5, le=120)
    cue: TextsTable | None = None
    brace: tuple[float, float] | None = Field(
        default=None, description="The zone of brace to keep meanwhile, from … to, share of the own firmest gentle one."
    )

    def spec(self, cues: Mapping[DrillPhase, Texts]) -> PhaseSpec:
        """Return the frozen model, the cue from `cues` where the phase has none of its own."""
        return PhaseSpec(self.kind, self.seconds, fixed(self.cue or cues[self.kind]), self.brace)


class PatternTable(Shape):
    """`[[patterns]]`: a cycle under a name; the first is the drill itself."""

    id: Id
    title: TextsTable
    phases: tuple[PhaseTable, ...] = Field(min_length=1)
    rates_bpm: tuple[Rate, ...] = Field(
        default=(), max_length=12, description="A sweep: the cycle at each of these rates in turn, the fastest first."
    )
    sides: bool = Field(default=False, description="true: each set on the left and on the right, the same dose.")

    def spec(self, cues: Mapping[DrillPhase, Texts]) -> PatternSpec:
        """Return the frozen model."""
        phases = tuple(p.spec(cues) for p in self.phases)
        return PatternSpec(self.id, fixed(self.title), phases, self.rates_bpm, self.sides)


class FocusTable(Shape):
    """`[[focus]]`: where to send the next breaths."""

    place: Place
    breaths: int = Field(default=1, ge=1, le=20)
    cue: TextsTable

    def spec(self) -> FocusSpec:
        """Return the frozen model."""
        return FocusSpec(self.place, self.breaths, fixed(self.cue))


class MovementTable(Shape):
    """`[movement]`: what moves, where it is best seen, how far."""

    kind: Id
    places: tuple[Place, ...] = Field(min_length=1, description="Where a sensor shows it, the best first.")
    range_deg: tuple[float, float]
    guided_n: int = Field(default=2, ge=1, le=4, description="Repetitions in which it is learned; not scored.")
    steady_deg: float | None = Field(default=None, gt=0, le=30)
    rotation_deg: float | None = Field(default=None, gt=0, le=30)
    back_deg: float | None = Field(default=None, gt=0, le=30, description="How far the lower back may bend.")
    exhale_on: Literal["move", "return"] = Field(default="move", description="Where the effort is: breathe out on it.")

    def spec(self) -> MovementSpec:
        """Return the frozen model."""
        return MovementSpec(
            self.kind, self.places, self.range_deg, self.guided_n, self.steady_deg, self.rotation_deg, self.back_deg,
            DrillPhase(self.exhale_on),
        )  # fmt: skip


class DoseTable(Shape):
    """`[dose]`: minutes of all sets together, or cycles in each set."""

    sets: int = Field(default=1, ge=1, le=20)
    rest_s: float = Field(default=0.0, ge=0, le=600)
    minutes: float | None = Field(default=None, gt=0, le=60)
    cycles: int | None = Field(default=None, ge=1, le=500)

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.minutes is None) == (self.cycles is None):
            raise KeyProblemError("minutes", "give either minutes or cycles")
        if self.sets > 1 and self.rest_s < MIN_REST_S:
            raise KeyProblemError("rest_s", f"sets need at least {MIN_REST_S:g} s of rest between them")
        return self

    def spec(self) -> DoseSpec:
        """Return the frozen model."""
        return DoseSpec(self.sets, self.rest_s, self.minutes, self.cycles)


class SafetyTable(Shape):
    """`[safety]`: who should not do it, what they can do instead, what to say first."""

    avoid_if: tuple[Id, ...] = ()
    instead: Id | None = None
    caution: TextsTable | None = None

    def spec(self) -> SafetySpec:
        """Return the frozen model."""
        return SafetySpec(self.avoid_if, self.instead or "", fixed(self.caution or {}))


class DrillFile(Shape):
    """One drill."""

    id: Id
    code: str = Field(default="", max_length=10, description="Short name, also accepted on the command line.")
    title: TextsTable
    purpose: TextsTable
    position: TextsTable
    paced: bool = Field(description="true: breaths follow the phases and are scored; false: timed.")
    glide: bool = Field(description="true: start at the person's own rate.")
    band: float = Field(gt=0, le=0.5, description="Half-width of the target band, share of the person's range.")
    depth_band: tuple[float, float] = Field(description="Amplitude aimed at, from … to, share of the range.")
    measures: tuple[Id, ...]
    cues: Mapping[DrillPhase, TextsTable] = Field(default={}, description="Cues shared by all phases of a kind.")
    patterns: tuple[PatternTable, ...] = Field(min_length=1)
    dose: DoseTable
    safety: SafetyTable = SafetyTable()
    focus: tuple[FocusTable, ...] = Field(default=(), max_length=12)
    movement: MovementTable | None = None
    posture: Posture = Field(default=Posture.UNKNOWN, description="How the body is at the start, if always the same.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self._check_depth()
        self._check_patterns()
        self._check_sweeps()
        self._check_trunk()
        self._check_safety()
        return self

    def _check_depth(self) -> None:
        low, high = self.depth_band
        if not 0 <= low < high <= 1:
            raise KeyProblemError("depth_band", "must rise within 0 … 1")
        if self.glide and not self.paced:
            raise KeyProblemError("glide", "only a paced drill can glide")

    def _check_patterns(self) -> None:
        if again := twice([p.id for p in self.patterns]):
            raise KeyProblemError("patterns", f"the id {again!r} is there twice")
        for n, pattern in enumerate(self.patterns):
            self._check_kinds(f"patterns.{n}.phases", pattern.phases)
            for m, phase in enumerate(pattern.phases):
                if phase.cue is None and phase.kind not in self.cues:
                    raise KeyProblemError(f"patterns.{n}.phases.{m}.cue", f"missing, and there is no cues.{phase.kind}")

    def _check_kinds(self, key: str, phases: Sequence[PhaseTable]) -> None:
        moved = self.movement is not None
        allowed, does = (_BREATHING, "paced") if self.paced else (_MOVED, "moved") if moved else (_BRACED, "timed")
        kinds = [p.kind for p in phases]
        for m, (kind, phase) in enumerate(zip(kinds, phases, strict=True)):
            if kind not in allowed or (does == "timed" and kind in _BREATHS and phase.brace is None):
                raise KeyProblemError(f"{key}.{m}.kind", f"{kind.value!r} has no place in a {does} drill")
        first = (
            {DrillPhase.MOVE}
            if moved
            else {DrillPhase.INHALE}
            if self.paced
            else {DrillPhase.EFFORT, DrillPhase.INHALE}
        )
        if kinds[0] not in first:
            raise KeyProblemError(f"{key}.0.kind", "a cycle begins with an inhale, an effort or a move")
        if self.paced and DrillPhase.EXHALE not in kinds:
            raise KeyProblemError(key, "a breath needs an exhale")

    def _check_sweeps(self) -> None:
        sweeps = [(f"patterns.{n}.rates_bpm", p.rates_bpm) for n, p in enumerate(self.patterns) if p.rates_bpm]
        if not sweeps:
            return
        key, _ = sweeps[0]
        if not self.paced:
            raise KeyProblemError(key, "only a paced drill can sweep")
        if len(sweeps) < len(self.patterns):
            raise KeyProblemError(key, "either every pattern of a drill sweeps or none: its dose is that of one rate")
        if self.dose.minutes is None or self.dose.sets > 1 or self.dose.rest_s < MIN_REST_S:
            raise KeyProblemError("dose", f"a sweep needs minutes (of one rate), one set, rest_s from {MIN_REST_S:g}")
        for key, rates in sweeps:
            if len(rates) < 2 or any(b >= a for a, b in pairwise(rates)):
                raise KeyProblemError(key, "needs at least two rates, the fastest first")

    def _check_trunk(self) -> None:
        if self.movement is not None and self.paced:
            raise KeyProblemError("movement", "a drill is either paced breathing or a movement")
        if self.focus and not self.paced:
            raise KeyProblemError("focus", "only a paced drill sends the breath somewhere")
        if self.movement is not None and not 0 < self.movement.range_deg[0] < self.movement.range_deg[1] <= 180:
            raise KeyProblemError("movement.range_deg", "must rise within 0 … 180")
        for n, pattern in enumerate(self.patterns):
            for m, phase in enumerate(pattern.phases):
                if phase.brace is not None and not 0 < phase.brace[0] < phase.brace[1] <= FIRMEST:
                    raise KeyProblemError(f"patterns.{n}.phases.{m}.brace", f"must rise within 0 … {FIRMEST:g}")

    def _check_safety(self) -> None:
        if self.safety.instead is None:
            return
        form = next((p for p in self.patterns if p.id == self.safety.instead), None)
        if form is None:
            raise KeyProblemError("safety.instead", f"there is no pattern {self.safety.instead!r}")
        if any(p.kind is DrillPhase.HOLD for p in form.phases):
            raise KeyProblemError("safety.instead", f"{form.id!r} holds the breath")

    def spec(self) -> DrillSpec:
        """Return the frozen model."""
        return DrillSpec(
            id=self.id, title=fixed(self.title), purpose=fixed(self.purpose), position=fixed(self.position),
            patterns=tuple(p.spec(self.cues) for p in self.patterns), dose=self.dose.spec(),
            safety=self.safety.spec(), paced=self.paced, glide=self.glide, band=self.band,
            depth_band=self.depth_band, measures=self.measures, code=self.code,
            focus=tuple(f.spec() for f in self.focus), movement=self.movement.spec() if self.movement else None,
            posture=self.posture,
        )  # fmt: skip
