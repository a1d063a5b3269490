"""What a session came to: the numbers and the one honest sentence of its summary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.drill import FinishReason, Score
from breathcore.model.estimates import RateEstimate, Refusal
from breathcore.model.message import Message, message

WINDOW_S = 32.0  # of the steady rate: a value speaks of the 32 s before it


@dataclass(frozen=True, slots=True)
class SessionResult:
    """Rates are medians of the steady 32-s number over the stretch, breaths/min, None where it was refused there."""

    finish: FinishReason | None
    sentence: Message
    advice: Message | None
    score: Score | None
    rate_before_bpm: float | None
    rate_during_bpm: float | None
    rate_after_bpm: float | None
    target_bpm: float | None
    done_n: int  # breaths or efforts of the dose that were done
    planned_n: int
    trained_s: float
    lost_s: float
    paused_s: float


def rate_over(rates: Sequence[RateEstimate], start_s: float, end_s: float) -> float | None:
    """Return the median steady rate of `[start_s, end_s]`, None where fewer than five seconds were answered."""
    known = [r.rate_bpm for r in rates if start_s <= r.t_s <= end_s and not math.isnan(r.rate_bpm)]
    return float(np.median(known)) if len(known) >= 5 else None


def sentence(
    finish: FinishReason | None, score: Score | None, refusal: Refusal | None, done_n: int, planned_n: int
) -> Message:
    """Return the one sentence: what was done, and whether it could be measured."""
    counts = {"done": done_n, "planned": planned_n}
    if finish in (FinishReason.DIZZY_TWICE, FinishReason.STOP_RULE, FinishReason.RECORDING_FAILED):
        return message(f"result.{finish.value}", **counts)
    if finish is FinishReason.SIGNAL_LOST:
        return message("result.signal_lost", **counts)
    if score is None or score.in_step is None:
        kind = "unmeasured" if refusal is not None else "timed"
        return message(f"result.{kind}" if finish is FinishReason.COMPLETED else f"result.{kind}-early", **counts)
    level = "followed" if score.in_step >= 0.75 else "partly" if score.in_step >= 0.4 else "apart"
    early = "" if finish is FinishReason.COMPLETED else "-early"
    return message(f"result.{level}{early}", in_step=round(100 * score.in_step), **counts)
