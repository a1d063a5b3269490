"""What the signal core says about the breath and the heart; NaN and a reason where it does not know."""

from dataclasses import dataclass
from enum import StrEnum

from breathcore.model.arrays import F64


class Refusal(StrEnum):
    """Why there is no number. The value is also the id of the sentence that says what to do (`refusal.<value>`)."""

    NO_SENSOR = "no-sensor"  # nothing connected measures this
    HEART_ONLY = "heart-only"  # the strap sends heart beats only
    NO_DATA = "no-data"  # samples stopped
    TOO_SHORT = "too-short"  # not enough signal yet
    FLAT = "flat"  # no movement, stuck or saturated
    NOT_WORN = "not-worn"  # lying on a table, no body in it
    NOISE = "noise"  # no breath can be told from noise
    MOTION = "motion"  # the body moves too much
    IRREGULAR = "irregular"


class FitIssue(StrEnum):
    """What is wrong with a channel's signal; also the id of the sentence that says what to do (``fit.<value>``).

    The most urgent first.
    """

    NO_DATA = "no-data"  # it has sent, and stopped
    NOT_WORN = "not-worn"
    NO_CONTACT = "no-contact"  # electrodes off the skin, or dry
    FLAT = "flat"  # no axis moves at all: stuck
    STUCK_AXIS = "stuck-axis"  # one axis stands still while others move
    SATURATED = "saturated"  # at the end of its scale
    NO_GRAVITY = "no-gravity"  # an accelerometer at rest that does not read 1 g
    SLACK = "slack"  # a belt without tension
    TIGHT = "tight"  # a belt pulled beyond 40 N
    NOISY = "noisy"
    RATE_OFF = "rate-off"  # samples come much faster or slower than they should
    DAMAGED = "damaged"  # many packets could not be read


@dataclass(frozen=True, slots=True)
class FitEstimate:
    """How well a channel's sensor sits, from session time `t_s` on; no issue: fine. `rate_hz` as measured, or NaN."""

    t_s: float
    channel: str
    issues: tuple[FitIssue, ...]
    rate_hz: float = float("nan")


class PhaseKind(StrEnum):
    """Where in the breath the person is."""

    INHALE = "inhale"
    HOLD_IN = "hold_in"
    EXHALE = "exhale"
    HOLD_OUT = "hold_out"
    UNKNOWN = "unknown"


class BreathKind(StrEnum):
    """What sort of breath it was."""

    NORMAL = "normal"
    SIGH = "sigh"
    TALKING = "talking"
    COUGH = "cough"
    ARTEFACT = "artefact"


NO_BREATH = frozenset({BreathKind.COUGH, BreathKind.ARTEFACT})  # not counted where breaths are scored


@dataclass(frozen=True, slots=True, eq=False)
class EffortBlock:
    """The breath trace: `t_s` (n,) and `y` (n,), rising on inhale, zero near the middle of the breath.

    Unit: that of the source (degrees of tilt for an accelerometer, the belt's own unit for a belt), times `gain` where
    it took over from another source and goes on in that one's scale; a `gain` of NaN says that the scale is a new one.
    `usable` is False while the estimator does not take this for breathing.
    """

    source: str
    t_s: F64
    y: F64
    usable: bool
    gap_before: bool = False
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Breath:
    """One breath, from inhale onset to the next inhale onset. Unfinished fields are NaN.

    `amplitude` is the rise from inhale onset to exhale onset in the source's unit; `hold_in_s` and `hold_out_s`
    the pauses at the top and at the bottom; `confirmed_s` the session time of the sample that settled it.
    """

    inhale_onset_s: float
    exhale_onset_s: float
    end_s: float
    amplitude: float
    confirmed_s: float
    quality: float
    kind: BreathKind = BreathKind.NORMAL
    hold_in_s: float = 0.0
    hold_out_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A turning point, told as soon as it is confirmed: what scoring and the live phase follow."""

    kind: PhaseKind  # INHALE: an inhale began here; EXHALE: an exhale began here
    t_s: float
    level: float
    confirmed_s: float


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """Breaths per minute at `t_s`: over the last 32 s (`rate_bpm`) and the last 16 s (`rate_live_bpm`).

    `sources` are the ids of the channels that the numbers were read from, the most trusted first; empty if refused.
    """

    t_s: float
    rate_bpm: float
    rate_live_bpm: float
    quality: float
    refusal: Refusal | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhaseEstimate:
    """The live phase at `t_s`, and how long it has lasted."""

    t_s: float
    kind: PhaseKind
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class HeartEstimate:
    """Heart rate at `t_s` (beats/min, NaN = refused) with the RR interval that led to it (s, NaN if none)."""

    t_s: float
    hr_bpm: float
    rr_s: float
    quality: float
    source: str


@dataclass(frozen=True, slots=True)
class HeartVariability:
    """How much the heart's rhythm varied in the `window_s` up to `t_s`; NaN where the window does not allow a number.

    `hr_bpm` is the mean rate. `rmssd_ms` and `sdnn_ms` are those of the normal intervals; `lf_ms2` and `hf_ms2` the
    power in 0.04–0.15 and 0.15–0.4 Hz. `quality` is the share of the window's intervals that were normal ones.
    """

    t_s: float
    window_s: float
    beats_n: int
    hr_bpm: float
    rmssd_ms: float
    sdnn_ms: float
    lf_ms2: float
    hf_ms2: float
    quality: float
    source: str
    refusal: Refusal | None = None

    @property
    def lf_hf(self) -> float:
        """Low by high frequency power; NaN where either is."""
        return self.lf_ms2 / self.hf_ms2 if self.hf_ms2 > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class SinusArrhythmia:
    """How the heart followed one breath, told once both are known.

    `amplitude_bpm` is the highest less the lowest heart rate of the breath from `onset_s` to `t_s`; `phase_deg` how far
    the heart's rise lags behind the breath's (0: the heart is quickest when the lungs are fullest; −180 to 180).
    """

    t_s: float
    onset_s: float
    amplitude_bpm: float
    phase_deg: float
    quality: float
    source: str


@dataclass(frozen=True, slots=True)
class Coherence:
    """How much of the heart's rhythm moves at one rate: that of the pacer, or the breath's own.

    `ratio` is 0–1 by the formula of `estimate.coherence`. A display of 0–100 is a map of it, nothing measured.
    """

    t_s: float
    rate_bpm: float
    ratio: float
    quality: float
    source: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class PacedRate:
    """From session time `t_s` on, the person is paced at `rate_bpm`; NaN: nothing paces them any more."""

    t_s: float
    rate_bpm: float


@dataclass(frozen=True, slots=True)
class BreathRange:
    """The person's own range of the breath trace (5th–95th percentile of the calibration), or why there is none."""

    t_s: float
    low: float
    high: float
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Polarity:
    """From `t_s` on, the trace of `source` is multiplied by `sign` (a guided deep breath showed which way is in)."""

    t_s: float
    source: str
    sign: int


HeartReading = HeartEstimate | HeartVariability | SinusArrhythmia | Coherence
Estimate = EffortBlock | Breath | Turn | RateEstimate | PhaseEstimate | HeartReading | BreathRange
