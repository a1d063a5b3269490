"""The heart's rhythm as a frame shows it: variability, coherence as 0–100 with a word, swing with the breath."""

import math
from dataclasses import dataclass
from typing import TypeVar

from breathcore.model.estimates import Coherence, Estimate, FitEstimate, HeartVariability, Refusal, SinusArrhythmia
from breathcore.model.message import Message, message

VARIABILITY_STALE_S = 25.0  # told every 10 s, with the beat after
COHERENCE_STALE_S = 40.0  # every 5 s, with the next breath
SWING_STALE_S = 40.0
HIGH, SOME = 0.6, 0.3  # coherence in words; chance gives about 0.1

Told = TypeVar("Told", HeartVariability, Coherence, SinusArrhythmia)


@dataclass(frozen=True, slots=True)
class HeartView:
    """What is known of the heart's rhythm now; None: no honest number, and the message beside it says why.

    `coherence` is 0–100: a map of the share of the rhythm that moves with the breath, nothing measured in per cent.
    """

    rmssd_ms: float | None = None
    sdnn_ms: float | None = None
    variability_message: Message | None = None
    coherence: int | None = None
    coherence_word: Message | None = None
    coherence_message: Message | None = None
    swing_bpm: float | None = None  # highest less lowest heart rate of the last breath
    phase_deg: float | None = None
    swing_message: Message | None = None


class HeartPresenter:
    """Keeps the newest of what the estimators say of the heart's rhythm; pure, time passed in."""

    def __init__(self) -> None:
        self._variability: HeartVariability | None = None
        self._coherence: Coherence | None = None
        self._swing: SinusArrhythmia | None = None

    def on_estimate(self, estimate: Estimate | FitEstimate) -> None:
        """Take an estimate; those that are not of the heart's rhythm are passed over."""
        if isinstance(estimate, HeartVariability):
            self._variability = estimate
        elif isinstance(estimate, Coherence):
            self._coherence = estimate
        elif isinstance(estimate, SinusArrhythmia):
            self._swing = estimate

    def view(self, now_s: float) -> HeartView:
        """Return what there is to show at `now_s`."""
        told = _fresh(self._variability, now_s, VARIABILITY_STALE_S)
        coherence = _fresh(self._coherence, now_s, COHERENCE_STALE_S)
        swing = _fresh(self._swing, now_s, SWING_STALE_S)
        seen = swing is not None and not math.isnan(swing.amplitude_bpm)
        ratio = None if coherence is None or coherence.refusal is not None else min(coherence.ratio, 1.0)
        return HeartView(
            rmssd_ms=_number(told.rmssd_ms) if told else None,
            sdnn_ms=_number(told.sdnn_ms) if told else None,
            variability_message=_why(told.refusal if told else Refusal.TOO_SHORT),
            coherence=None if ratio is None else round(100 * ratio),
            coherence_word=None if ratio is None else message(f"coherence.{word_of(ratio)}"),
            coherence_message=_why(coherence.refusal if coherence else Refusal.TOO_SHORT),
            swing_bpm=swing.amplitude_bpm if swing and seen else None,
            phase_deg=_number(swing.phase_deg) if swing and seen else None,
            swing_message=None if seen else message(f"heart.rhythm.{'no-breath' if swing is None else 'no-swing'}"),
        )


def word_of(ratio: float) -> str:
    """Return how a coherence of 0–1 is called."""
    return "high" if ratio >= HIGH else "some" if ratio >= SOME else "low"


def _fresh(told: Told | None, now_s: float, stale_s: float) -> Told | None:
    return told if told is not None and now_s - told.t_s <= stale_s else None


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _why(refusal: Refusal | None) -> Message | None:
    return None if refusal is None else message(f"heart.rhythm.{refusal.value}")
