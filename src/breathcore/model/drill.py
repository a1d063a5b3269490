"""What a drill is (the frozen form of one file in `protocols/drills/`) and what running it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from breathcore.model.device import Place
from breathcore.model.trunk import Posture, Side


class DrillPhase(StrEnum):
    """What the person is asked to do."""

    INHALE = "inhale"
    HOLD = "hold"  # after an inhale, lungs comfortably full
    EXHALE = "exhale"
    REST = "rest"  # after an exhale, or between efforts
    EFFORT = "effort"  # a gentle brace, breathing goes on
    MOVE = "move"  # the effort of a movement, on a breath out
    KEEP = "keep"  # at the end of it, breathing goes on
    RETURN = "return"  # back to the start


Texts = Mapping[str, str]  # language code → text
_NO_TEXTS: Texts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PhaseSpec:
    """One phase of a cycle, with its cue in every language; `brace` is the zone to be kept meanwhile (0–1)."""

    kind: DrillPhase
    seconds: float
    cue: Texts
    brace: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """A cycle of phases under a name: the drill's own, a form without holds, a rung of its ladder.

    With `rates_bpm` it is a sweep: the cycle is stretched to each of these rates in turn, each a set of its own. With
    `sides` each set is done on the left and on the right, the same dose.
    """

    id: str
    title: Texts
    phases: tuple[PhaseSpec, ...]
    rates_bpm: tuple[float, ...] = ()
    sides: bool = False

    @property
    def cycle_s(self) -> float:
        """Length of one cycle."""
        return sum(p.seconds for p in self.phases)

    @property
    def rate_bpm(self) -> float:
        """Cycles a minute."""
        return 60.0 / self.cycle_s

    @property
    def breathes(self) -> bool:
        """Whether breaths are aimed at."""
        return any(p.kind is DrillPhase.INHALE for p in self.phases)

    @property
    def firmest(self) -> float:
        """The upper edge of the firmest brace asked for, share of the own firm brace; 0 where none is."""
        return max((p.brace[1] for p in self.phases if p.brace), default=0.0)

    @property
    def has_hold(self) -> bool:
        """Whether the breath is held in it."""
        return any(p.kind is DrillPhase.HOLD for p in self.phases)

    def at(self, rate_bpm: float) -> "PatternSpec":
        """Return this cycle alone, stretched to `rate_bpm`."""
        stretch = 60.0 / rate_bpm / self.cycle_s
        phases = tuple(replace(p, seconds=p.seconds * stretch) for p in self.phases)
        return replace(self, phases=phases, rates_bpm=())


@dataclass(frozen=True, slots=True)
class DoseSpec:
    """How much: either a time or a number of cycles in each of `sets` sets, `rest_s` between them."""

    sets: int
    rest_s: float
    minutes: float | None = None  # of all sets together; in a sweep of each rate
    cycles: int | None = None  # in each set


@dataclass(frozen=True, slots=True)
class SafetySpec:
    """Who should not do it, and which form they can do instead (a pattern id, "" where there is none)."""

    avoid_if: tuple[str, ...]  # ids of conditions: "pregnancy", "cardiac" …
    instead: str = ""
    caution: Texts = field(default_factory=lambda: _NO_TEXTS)  # one sentence to show before the start


@dataclass(frozen=True, slots=True)
class FocusSpec:
    """Where to send the next `breaths` breaths, and the words for it."""

    place: Place
    breaths: int
    cue: Texts


@dataclass(frozen=True, slots=True)
class MovementSpec:
    """The movement of a drill: what it is, where it is best seen, how far it goes, how still the rest should stay.

    `places` are where a sensor shows it, the best first. `steady_deg` and `rotation_deg` bound the RMS of what should
    not move (in the holds), `back_deg` how far the lower back may bend; None: not looked at.
    """

    kind: str
    places: tuple[Place, ...]
    range_deg: tuple[float, float]
    guided_n: int = 2
    steady_deg: float | None = None
    rotation_deg: float | None = None
    back_deg: float | None = None
    exhale_on: DrillPhase = DrillPhase.MOVE  # the effort: of a hip hinge it is the way back up

    @property
    def follows(self) -> bool:
        """Whether the sensor's tilt goes the way the body does: who stands up leans forward, and again to sit down."""
        return self.kind != "sit-to-stand"


@dataclass(frozen=True, slots=True)
class DrillSpec:
    """One drill. `patterns[0]` is the drill itself."""

    id: str
    title: Texts
    purpose: Texts
    position: Texts
    patterns: tuple[PatternSpec, ...]
    dose: DoseSpec
    safety: SafetySpec
    paced: bool  # True: breaths follow the phases and are scored; False: timed (a brace), breathing goes on
    glide: bool  # start at the person's own rate
    band: float  # half-width of the target band, share of the person's range
    depth_band: tuple[float, float]  # amplitude aimed at, share of the person's range
    measures: tuple[str, ...]  # what a drill would like measured: "breath", "brace"
    code: str = ""  # the short name therapists use: "B1"
    focus: tuple[FocusSpec, ...] = ()  # where the breaths are sent, in turn
    movement: MovementSpec | None = None
    posture: Posture = Posture.UNKNOWN  # how one sits, stands or lies when it begins, where that is always the same

    @property
    def braced(self) -> bool:
        """Whether a brace is asked for in any of its forms."""
        return any(p.brace or p.kind is DrillPhase.EFFORT for pattern in self.patterns for p in pattern.phases)

    def pattern(self, id_: str = "") -> PatternSpec:
        """Return the pattern `id_`, the drill's own for "". Raises KeyError where there is none."""
        if not id_:
            return self.patterns[0]
        return {p.id: p for p in self.patterns}[id_]


@dataclass(frozen=True, slots=True)
class TargetPhase:
    """One phase on the session clock, `[start_s, end_s)`, the target's level going from `level_from` to `level_to`.

    Levels are shares of the person's range: 0 breathed out, 1 breathed in (for efforts: 0 rest, 1 brace).
    `cycle` counts breaths (or efforts) of the set from 0. `scored` is False in the glide. `brace` is the zone to be
    kept meanwhile, `focus` where the breath is sent, `side` the side that works; `effort_back`: of a movement whose way
    back is the effort, to be breathed out on (else the way there is).
    """

    kind: DrillPhase
    start_s: float
    end_s: float
    level_from: float
    level_to: float
    set_index: int
    cycle: int
    scored: bool
    brace: tuple[float, float] | None = None
    focus: Place | None = None
    side: Side | None = None
    effort_back: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole target on the session clock: what is painted ahead, what a simulated wearer follows."""

    phases: tuple[TargetPhase, ...]

    @property
    def start_s(self) -> float:
        """Start of the first phase."""
        return self.phases[0].start_s

    @property
    def end_s(self) -> float:
        """End of the last phase."""
        return self.phases[-1].end_s


class Stage(StrEnum):
    """Where the session stands."""

    WAITING = "waiting"  # for a good signal
    CALIBRATING = "calibrating"
    READY = "ready"  # calibrated (or not calibratable), waiting for Start
    COUNTDOWN = "countdown"  # 3-2-1
    GLIDE = "glide"
    RUNNING = "running"
    SET_REST = "set_rest"
    PAUSED = "paused"
    LOST = "lost"  # link or signal lost; resumes by itself
    DIZZY = "dizzy"  # pacing stopped, breathing normally
    FINISHED = "finished"


class FinishReason(StrEnum):
    """How a drill ended."""

    COMPLETED = "completed"
    ENDED = "ended"  # by the person
    DIZZY_TWICE = "dizzy_twice"
    STOP_RULE = "stop_rule"
    SIGNAL_LOST = "signal_lost"  # and did not come back
    RECORDING_FAILED = "recording_failed"


class CommandKind(StrEnum):
    """What a person can ask for while a session runs."""

    CALIBRATE = "calibrate"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    DIZZY = "dizzy"
    CUT_HOLD = "cut_hold"
    SKIP = "skip"  # the rest of this set (in a sweep: this rate); between two, the next one
    END = "end"
    STOP_RULE = "stop_rule"
    MARK = "mark"  # text: the note
    RATINGS = "ratings"  # text: JSON {"pain": 0–10, "effort": 0–10}
    NOTE = "note"  # text
    COMFORT = "comfort"  # of one rate of a sweep; text: JSON {"rate": from 0, "comfort": 0–10}
    TAPE = "tape"  # a tape reading; text: JSON {"place": "sternum", "cm": [5.1, 5.4, 5.2]}
    EXCHANGE = "exchange"  # the sensors of left and right were exchanged
    EFFORT = "effort"  # how hard a brace that nothing measures felt; text: JSON {"set": from 0, "effort": 0–10}


@dataclass(frozen=True, slots=True)
class UserCommand:
    """Something a person asked for, when (host monotonic clock), with its text."""

    kind: CommandKind
    t_host_ns: int
    text: str = ""


class EffectKind(StrEnum):
    """One-off happenings of a drill: for ears, for the record, for the simulated wearer."""

    STAGE = "stage"  # value: the new stage
    PHASE = "phase"  # value: the phase that begins
    COUNT = "count"  # value: "3", "2", "1"
    SET_OVER = "set_over"
    TARGET = "target"  # the timeline is new (started, resumed, cut short)
    SIGNAL_LOST = "signal_lost"
    SIGNAL_BACK = "signal_back"
    FINISHED = "finished"  # value: the finish reason


@dataclass(frozen=True, slots=True)
class Effect:
    """One happening at session time `t_s`."""

    kind: EffectKind
    t_s: float
    value: str = ""
    timeline: Timeline | None = None


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score: its share of the whole, and 0–1, or None where it was not measured."""

    id: str  # "timing", "depth", "regularity", "quality"
    weight: float
    value: float | None
    hint: str = ""  # which way it was off: "shallow", "deep", "early", "late", "fast"; "" where nothing stands out


@dataclass(frozen=True, slots=True)
class Score:
    """0–100, or None where there is nothing to score; `in_step` is p of drills.md §2."""

    total: float | None
    in_step: float | None
    parts: tuple[ScorePart, ...]
    breaths_scored: int = 0
