"""The resonance finder (B7): what each paced rate did to the heart, and which rate is the person's own."""

from dataclasses import dataclass
from enum import StrEnum

from breathcore.model.estimates import Refusal


class Measure(StrEnum):
    """What paced rates are compared by. With heart beats the first five, without them the last two."""

    AMPLITUDE = "amplitude"  # mean peak-to-trough heart rate of a breath
    LF_PEAK = "lf-peak"  # power of the highest peak in 0.04–0.15 Hz
    SMOOTHNESS = "smoothness"  # share of the power in that one peak
    PHASE = "phase"  # heart and breath in step: near 0°
    SDNN = "sdnn"
    COMFORT = "comfort"  # as the person rated it, 0–10
    EVENNESS = "evenness"  # lowest variation of the breaths' length


@dataclass(frozen=True, slots=True)
class RateTrial:
    """One paced rate of the sweep, from session time `start_s` to `end_s`. NaN: not measured.

    `amplitude_se_bpm` and `phase_se_deg` are the standard errors over its `breaths_n` breaths: what decides whether two
    rates differ.
    """

    rate_bpm: float
    start_s: float
    end_s: float
    beats_n: int
    amplitude_bpm: float
    lf_peak_ms2: float
    smoothness: float
    phase_deg: float
    sdnn_ms: float
    breath_cv: float
    comfort: float = float("nan")
    refusal: Refusal | None = None  # why the heart tells nothing here
    breaths_n: int = 0
    amplitude_se_bpm: float = float("nan")
    phase_se_deg: float = float("nan")


@dataclass(frozen=True, slots=True)
class ResonanceResult:
    """The rate that won most measures (`best_bpm`, NaN if none can be told, with the reason), ties to the faster one.

    `by_heart` is False where no heart beats were seen: the result is then a comfort rate, and is called so. `wins`
    holds for each trial, in order, the measures it won: rates that differ by less than their uncertainty win together.
    `tied_bpm` are the rates that won as many. Where chance may have chosen, no rate is told (noise).
    """

    trials: tuple[RateTrial, ...]
    best_bpm: float
    by_heart: bool
    wins: tuple[tuple[Measure, ...], ...] = ()
    tied_bpm: tuple[float, ...] = ()
    refusal: Refusal | None = None
