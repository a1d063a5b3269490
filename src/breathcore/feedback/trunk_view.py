"""What a frame shows of the trunk: ring, compartments, brace, repetitions, both sides. None: no honest number.

The `message` beside a None says why there is none, and what to do.
"""

from dataclasses import dataclass

from breathcore.model.device import Place
from breathcore.model.message import Message
from breathcore.model.trunk import Side


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site of the ring. `level` is live, `share` and `cm` are the last breath's; shares of the own full breath."""

    place: Place
    level: float | None = None
    share: float | None = None
    cm: float | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class RingView:
    """The expansion ring: front, left, right, back.

    `aim` is the share aimed at, `focus` where this breath is sent, `least` the site to think of next. `symmetry` is
    told with its noise; `symmetry_word` puts it in words.
    """

    sites: tuple[SiteView, ...]
    aim: tuple[float, float] = (0.45, 0.95)
    focus: Place | None = None
    score: float | None = None
    score_message: Message | None = None
    least: Place | None = None
    symmetry: float | None = None
    symmetry_noise: float | None = None
    symmetry_word: Message | None = None


@dataclass(frozen=True, slots=True)
class CompartmentsView:
    """Ribs and belly: the ribs' part of the breath, how far the belly lags, and that in words."""

    ribs: float | None = None  # live levels, shares of the own full breath
    belly: float | None = None
    rib_share: float | None = None
    phase_deg: float | None = None
    word: Message | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class BraceView:
    """The brace gauge: 0 at ease, 1 the firmest gentle brace. `zone` is what is aimed at now, `drift` over 10 s.

    `asked` is the set (from 0) of which nothing measured the brace and whose effort the person is to say now.
    """

    level: float | None = None
    zone: tuple[float, float] | None = None
    on: bool = False
    held_s: float = 0.0
    drift: float | None = None
    breathing: bool | None = None
    strain: bool = False  # "breathe out"
    word: Message | None = None
    message: Message | None = None
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class RepsView:
    """The repetition counter with its tempo bar: `share` of the way now, `tempo` the last one's length by the target's.

    `guided_left` counts down the repetitions in which the movement is learned.
    """

    done_n: int = 0
    planned_n: int = 0
    guided_left: int = 0
    side: Side | None = None
    share: float | None = None
    target_share: float | None = None  # where the target is now
    range_deg: float | None = None  # the last one's
    tempo: float | None = None
    steady_deg: float | None = None
    steady_coarse: bool = False  # by an accelerometer alone: to a degree
    exhaled: float | None = None
    word: Message | None = None
    back: Message | None = None  # what the lower back did in the last one
    turning: Message | None = None  # why the pelvis' turning is not told
    rate_bpm: float | None = None  # of the breath meanwhile, read by the sensor at `rate_place`, the movement taken out
    rate_place: Place | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class PairView:
    """One measure of both sides: `difference` in percent of the mean, with its uncertainty.

    `told` says that the difference is larger than what sensors and repetitions alone make.
    """

    id: str  # "reps", "range", "tempo", "hold", "tilt", "rotation", "expansion": ids of `pair.<id>`
    unit: str
    left: float | None
    right: float | None
    difference: float | None = None
    uncertainty: float | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """What the last calibration said of one site, or of the brace (`place` None).

    `span` is the own range in `unit`, `cm` the same where there is a tape reading, `change` since the last time where
    that is worth saying (a share). None and the `message`: refused.
    """

    place: Place | None
    span: float | None = None
    unit: str = ""
    cm: float | None = None
    change: float | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class TrunkView:
    """All of it; None: the session has nothing that measures it (said elsewhere), or the drill does not ask for it."""

    ring: RingView | None = None
    compartments: CompartmentsView | None = None
    brace: BraceView | None = None
    reps: RepsView | None = None
    sides: tuple[PairView, ...] = ()
    posture: Message | None = None
    notice: Message | None = None  # a sensor slipped, left and right look exchanged …
    calibrated: tuple[CalibrationView, ...] = ()  # what the last calibration came to
    both_sides: bool = False  # whether left and right can be compared, and so be exchanged to check them
    exchanged: bool = False
