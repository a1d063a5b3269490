"""What the sensors on the trunk say: how far the ribs open, the brace, posture and movement; or why they do not say."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.errors import Reason, SignalError

_NONE: Mapping[str, "Unmeasured"] = MappingProxyType({})
RING = (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK)
"""The sites of the 360° score: front, left, right, back."""


class Unmeasured(StrEnum):
    """Why there is no number. The value is also the id of the sentence that says what to do (`trunk.<value>`)."""

    NO_SENSOR = "no-sensor"  # nothing that is worn measures this
    NOT_CALIBRATED = "not-calibrated"
    NO_DATA = "no-data"  # samples stopped
    TOO_SHORT = "too-short"
    FLAT = "flat"
    SATURATED = "saturated"
    UNEVEN = "uneven"  # the repeats of the calibration differ too much
    BLIND = "blind"  # the site turns about the vertical: gravity does not show it, and there is no gyroscope
    PRESSED = "pressed"  # the body lies on the sensor
    SLIPPED = "slipped"  # the sensor sits otherwise than when it was calibrated
    MOTION = "motion"
    NO_BREATH = "no-breath"  # held, or none that can be told
    SMALL = "small"  # the firmest gentle brace pulls less than 1.7 quiet breaths do
    UNSURE = "unsure"  # the brace's level changes, or breaths differ: it is told again after a breath out or two
    LONE = "lone"  # only the waist's belt shows breath and brace: on and off are told, no level
    SHALLOW = "shallow"  # breaths too small to compare left and right: the skin does not turn in proportion
    ROUGH = "rough"  # left and right differ by too much, or too unsteadily, for a number
    INWARD = "inward"  # the site draws in while the others open
    SLIGHT = "slight"  # the movement is hardly larger than what a body does at rest
    UNLIKE = "unlike"  # the repetitions that a movement should be learned from differ too much
    QUICK = "quick"  # an accelerometer alone cannot tell so quick a movement from the body's acceleration
    UNDEFINED = "undefined"  # a phase angle of two movements of which one hardly moves


class Side(StrEnum):
    """The side that a drill works on."""

    LEFT = "left"
    RIGHT = "right"


class Posture(StrEnum):
    """How the trunk stands to gravity."""

    STANDING = "standing"  # told from sitting only where the pelvis is measured too
    SITTING = "sitting"
    UPRIGHT = "upright"  # sitting or standing
    SUPINE = "supine"
    PRONE = "prone"
    LEFT_SIDE = "left-side"  # lying on it
    RIGHT_SIDE = "right-side"
    BENT = "bent"  # leaning forward, all-fours
    UNKNOWN = "unknown"


# ── calibration ──────────────────────────────────────────────────────────────────────────────────────────────────────


class StepKind(StrEnum):
    """One thing a person does while the trunk is calibrated."""

    FULL = "full"  # one full breath: in as far as is comfortable, and out
    QUIET = "quiet"  # breathing as it comes
    RELAX = "relax"  # breathed out and at ease, nothing held
    BRACE = "brace"  # the firmest brace at which five words can still be said


LEAST_STEP_S = 1.0  # in less there is nothing to be seen


@dataclass(frozen=True, slots=True)
class CalibrationStep:
    """One step, `[start_s, end_s)` of session time. Raises SignalError where it lasts less than a second."""

    kind: StepKind
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not LEAST_STEP_S <= self.end_s - self.start_s < math.inf:
            bound = f"finite, {LEAST_STEP_S} s or more after {self.start_s} s"
            raise SignalError(Reason.INVALID_VALUE, name="end_s", value=f"{self.end_s} s", bound=bound)


@dataclass(frozen=True, slots=True)
class TrunkCalibration:
    """The steps of a calibration that begins now, in order; `posture`: how the body is meanwhile, if that is known.

    Raises SignalError where there is none.
    """

    steps: tuple[CalibrationStep, ...]
    posture: Posture = Posture.UNKNOWN

    def __post_init__(self) -> None:
        if not self.steps:
            raise SignalError(Reason.INVALID_VALUE, name="steps", value="()", bound="one step or more")

    @property
    def end_s(self) -> float:
        """When all is over."""
        return self.steps[-1].end_s


@dataclass(frozen=True, slots=True)
class TapeReading:
    """How much a tape round the body grew in a full breath: mean of what was read, cm, at the level of `place`.

    Place.STERNUM: round the chest; Place.NAVEL: round the waist; Place.LEFT: round the lower ribs (left, right, back).
    Raises SignalError where `cm` is not above 0 and finite.
    """

    t_s: float
    place: Place
    cm: float

    def __post_init__(self) -> None:
        if not 0.0 < self.cm < math.inf:
            raise SignalError(Reason.INVALID_VALUE, name="cm", value=str(self.cm), bound="> 0 cm, finite")


@dataclass(frozen=True, slots=True)
class SidesExchanged:
    """From `t_s` on, the sensors of left and right are worn the other way about."""

    t_s: float


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """The person's own range at one site.

    `relaxed` and `full` are the site's reading (its `unit`: ``deg`` for IMUs, else the belt's) breathed out at ease and
    after a full breath in; `cv` the coefficient of variation of the full breaths; `cm_per_unit` NaN without a tape
    reading; `change` how much `full - relaxed` differs from the last time's (share, NaN: no last time). `axis` is the
    direction in which the reading is taken, in the sensor's axes (empty for belts).
    """

    t_s: float
    place: Place
    source: str
    unit: str
    relaxed: float
    full: float
    cv: float
    axis: tuple[float, ...] = ()
    cm_per_unit: float = math.nan
    change: float = math.nan
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class BraceCalibration:
    """The reading at ease and in the firmest gentle brace, both breathed out, in the source's unit."""

    t_s: float
    source: str
    relaxed: float
    firm: float
    cv: float
    reason: Unmeasured | None = None


# ── expansion ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class SiteBlock:
    """How far one site is open: `t_s` (n,) and `level` (n,), 0 breathed out at ease, 1 the person's own full breath."""

    place: Place
    source: str
    t_s: F64
    level: F64
    gap_before: bool = False


@dataclass(frozen=True, slots=True)
class SiteExpansion:
    """How far one site opened in one breath.

    `share` is of the person's own full breath (0–1 and beyond), `cm` the growth of the girth at its level that went
    with it (NaN without a tape reading). NaN and a reason where it is not measured.
    """

    place: Place
    source: str
    share: float
    cm: float = math.nan
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """One breath all the way round, told when every site has shown it, at session time `t_s`.

    `rib_share` is the rib cage's part of the breath (0–1; the rest is the belly's). `phase_deg` is how far the belly
    lags behind the ribs (−180 to 180, by cross-correlation), `paradox` whether they move against each other.
    `symmetry` is 100 (left − right) / mean, `symmetry_noise` the half-width of what sensors and breaths alone make of
    it, `opens_more` the side that does so by more than that and 10, even where it is too rough for a number. `score`
    is the 360° score, 0–100, `least` the site that opened least, by more than what sensors make of even ones
    (None: evenly). NaN (None) where not measured, and why (`reasons`: "rib_share", "phase_deg", "symmetry", "score").
    """

    t_s: float
    onset_s: float
    end_s: float
    sites: tuple[SiteExpansion, ...]
    rib_share: float = math.nan
    phase_deg: float = math.nan
    paradox: bool = False
    symmetry: float = math.nan
    symmetry_noise: float = math.nan
    opens_more: Side | None = None
    score: float = math.nan
    least: Place | None = None
    reasons: Mapping[str, Unmeasured] = field(default_factory=lambda: _NONE)

    def site(self, place: Place) -> SiteExpansion | None:
        """Return what `place` did, None where nothing is worn there."""
        return next((s for s in self.sites if s.place is place), None)


# ── brace ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class BraceEstimate:
    """The brace at `t_s`, told four times a second, and between where a belt shows it come or go.

    `level` is the live level (0 at ease, 1 the firmest gentle brace of the calibration), the breathing's ripple taken
    off; `confirmed` that of the last end of a breath out. `on`: above about 0.08 (until below 0.05), for `held_s`.
    `drift` is its change over 10 s since the ramp was over; `breathing` whether breathing goes on under it (None: no
    brace); `strain` that the force is high and no breath has gone for more than 4 s. NaN and a reason: not measured;
    with UNSURE, LONE and SMALL the level is not, but `on` and what belongs to it are told.
    """

    t_s: float
    source: str
    level: float
    confirmed: float = math.nan
    on: bool = False
    held_s: float = 0.0
    drift: float = math.nan
    breathing: bool | None = None
    strain: bool = False
    reason: Unmeasured | None = None


# ── movement ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PostureEstimate:
    """The trunk's posture from `t_s` on; `source` is the sensor that shows it."""

    t_s: float
    posture: Posture
    source: str
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class MovementTask:
    """What is done from `t_s` on: a movement of the sensor at `place`, learned in `guided_n` repetitions first.

    `kind` "" ends it. `range_deg` are the usual least and largest angles of it. `side`: which side works.
    """

    t_s: float
    kind: str
    place: Place
    range_deg: tuple[float, float] = (10.0, 90.0)
    guided_n: int = 2
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class MovementLearned:
    """The movement's own axis (in the sensor's axes) and range, or why they were not learned."""

    t_s: float
    source: str
    axis: tuple[float, ...]
    range_deg: float
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class RepLevel:
    """Where in a repetition the body is at `t_s`: `angle_deg` from the start, `share` of the learned range."""

    t_s: float
    angle_deg: float
    share: float


@dataclass(frozen=True, slots=True)
class Rep:
    """One repetition: left the start at `start_s`, was there from `top_s` to `return_s`, back at `end_s`.

    `range_deg` is how far it went, `off_axis_deg` the most it strayed from its own axis, `exhaled` the share of the way
    there in which the person breathed out (NaN where the breath is not known), `exhaled_back` that of the way back,
    `guided` one of those it was learned in.
    """

    start_s: float
    top_s: float
    return_s: float
    end_s: float
    range_deg: float
    off_axis_deg: float
    source: str
    side: Side | None = None
    exhaled: float = math.nan
    exhaled_back: float = math.nan
    guided: bool = False


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How still the sensor at `place` stood in `[start_s, t_s]`: RMS from the start, tilt and rotation, degrees.

    `rotation_deg` is about the vertical: NaN without a gyroscope.
    """

    t_s: float
    start_s: float
    place: Place
    source: str
    tilt_deg: float
    rotation_deg: float = math.nan
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class LumbarBend:
    """How far the lower back bent in the repetition from `start_s` to `t_s`, degrees: the trunk against the pelvis.

    The largest in it, against its own start; positive: rounded, negative: hollowed. `source` is the trunk's sensor,
    `reference` the pelvis'. NaN and a reason: not measured.
    """

    t_s: float
    start_s: float
    bend_deg: float
    source: str
    reference: str
    side: Side | None = None
    reason: Unmeasured | None = None


@dataclass(frozen=True, slots=True)
class MovingRate:
    """Breaths per minute during a movement, at `t_s`: from `source`, with `reference` to tell breath from movement."""

    t_s: float
    rate_bpm: float
    quality: float
    source: str
    reference: str
    reason: Unmeasured | None = None


TrunkEstimate = (
    SiteCalibration
    | BraceCalibration
    | SiteBlock
    | Expansion
    | BraceEstimate
    | PostureEstimate
    | MovementLearned
    | RepLevel
    | Rep
    | Steadiness
    | LumbarBend
    | MovingRate
)
