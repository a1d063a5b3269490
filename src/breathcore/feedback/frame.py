"""The one immutable snapshot that every view paints: window, command line and screenshots read nothing else."""

from dataclasses import dataclass, field

import numpy as np

from breathcore.feedback.heart_view import HeartView
from breathcore.feedback.resonance_view import SweepView
from breathcore.feedback.trunk_view import TrunkView
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import Place
from breathcore.model.drill import DrillPhase, FinishReason, Score, Stage, TargetPhase
from breathcore.model.estimates import FitIssue
from breathcore.model.message import Message
from breathcore.model.packets import LinkKind

PAST_S = 20.0  # visible seconds left of the now line
AHEAD_S = 25.0  # and right of it

_EMPTY = frozen(np.empty(0))


@dataclass(frozen=True, slots=True)
class DrillView:
    """Where the drill stands. Cue texts come from the drill's own file, so they are texts per language here.

    `drill_id` is "" in a session without a drill: then nothing else here speaks of anything.
    """

    drill_id: str = ""
    title: dict[str, str] = field(default_factory=dict)
    set_index: int = 0  # from 0
    sets_n: int = 1
    breath_index: int = 0  # from 0, within the set (cycles of a timed drill)
    breaths_n: int = 0
    phase: DrillPhase | None = None
    cue: dict[str, str] = field(default_factory=dict)
    phase_left_s: float = 0.0
    next_phase: DrillPhase | None = None
    countdown: int | None = None  # 3, 2, 1 before the start
    elapsed_s: float = 0.0  # of the drill, pauses left out
    total_s: float = 0.0
    paced: bool = True
    breathes: bool = True  # whether the target is one of breaths


@dataclass(frozen=True, slots=True)
class DeviceView:
    """The breath's own wearable, as the top line shows it."""

    name: str
    linked: bool
    battery_percent: int | None = None
    state: Message | None = None  # how its signal is: "signal good"


@dataclass(frozen=True, slots=True)
class SensorFrame:
    """One wearable of the session, as the Sensors page and the trainer's top line show it.

    `message` is the one sentence that matters most: why there is no link, or what to do about its fit; None: all well.
    """

    key: str  # how packets call it
    name: str
    place: Place | None
    link: LinkKind  # one of its eight states
    message: Message | None = None
    issues: tuple[FitIssue, ...] = ()
    battery_percent: int | None = None


@dataclass(frozen=True, slots=True)
class CalibrationStepView:
    """Which step of a calibration runs: its number from 1, of how many, and what it is for."""

    number: int
    of_n: int
    why: Message


@dataclass(frozen=True, slots=True, eq=False)
class FeedbackFrame:
    """Everything there is to see at session time `t_s`.

    `trace_t_s` and `trace_y` (n,) are the person's trace, `trace_y` in shares of their range (0 out, 1 in), at most
    300 points, NaN in gaps and off the body. `predicted_t_s` and `predicted_y` (m,) go on from its newest point: where
    the trace will be in the next tenths of a second. They are there to be painted (`Playout`), never recorded, scored
    or counted; empty where nothing can be foretold. `latency_s` is the delay that the trace's estimator declares.
    `target` are the phases that overlap the visible window. None always means: no honest number; the sentence
    beside it says why.
    """

    t_s: float
    stage: Stage = Stage.WAITING
    drill: DrillView = field(default_factory=DrillView)
    device: DeviceView | None = None
    sensors: tuple[SensorFrame, ...] = ()
    calibrated: bool = False
    calibration_left_s: float | None = None
    calibration_share: float = 0.0  # how much of it is over
    calibration_cue: Message | None = None
    calibration_step: CalibrationStepView | None = None  # of a calibration of several steps
    calibration_wanted: bool = False  # a drill that begins ready is better calibrated first; a pause can be used for it
    trace_t_s: F64 = field(default_factory=lambda: _EMPTY)
    trace_y: F64 = field(default_factory=lambda: _EMPTY)
    trace_moves: bool = False  # the trace is that of the drill's movement, in shares of its learned range
    predicted_t_s: F64 = field(default_factory=lambda: _EMPTY)
    predicted_y: F64 = field(default_factory=lambda: _EMPTY)
    latency_s: float = 0.0
    target: tuple[TargetPhase, ...] = ()
    band: float = 0.15
    rate_bpm: float | None = None  # already rounded for display, changes at most once a breath
    rate_target_bpm: float | None = None
    sweep: SweepView | None = None  # where a drill stands that tries several rates
    rate_message: Message | None = None  # why there is no rate, and what to do
    rate_sources: tuple[Message, ...] = ()  # what the rate was read from, the most trusted first
    rate_estimated: bool = False  # from the heart alone
    breath_followed: bool = True  # whether there is a sensor whose trace can be followed
    quality: float | None = None
    quality_message: Message | None = None
    heart_bpm: float | None = None
    heart_message: Message | None = None
    heart: HeartView | None = None  # the heart's rhythm; None: nothing measures its beats
    brace_message: Message | None = None  # "not measured with this strap"
    trunk: TrunkView | None = None  # expansion, brace, movement; None: no sensor and no drill for it
    in_step: float | None = None
    score: Score | None = None
    notice: Message | None = None  # one sentence that matters now (paused, lost, dizzy …)
    faults_n: int = 0
    recording: bool = True
    recorder_depth: int = 0
    finish: FinishReason | None = None
    newest_host_ns: int = 0  # receive time of the newest packet a sample of which is in the trace
