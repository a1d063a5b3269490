"""What a session came to: the numbers and the one honest sentence of its summary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from breathcore.drill.scoring import advice
from breathcore.drill.self_rating import BraceRating
from breathcore.drill.state import DrillState
from breathcore.model.drill import FinishReason, Score
from breathcore.model.estimates import RateEstimate, Refusal
from breathcore.model.message import Message, message
from breathcore.model.resonance import ResonanceResult
from breathcore.record.items import Outcome

_FAMILIES = {"zone": "brace", "reps": "movement"}  # by the first part of the score
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
    resonance: ResonanceResult | None = None  # of a sweep
    ratings: tuple[BraceRating, ...] = ()  # what the person said of braces that nothing measured, set by set

    def outcome(self) -> Outcome:
        """Return the numbers that lists of sessions show."""
        total = self.score.total if self.score else None
        rates = (self.rate_before_bpm, self.rate_during_bpm, self.rate_after_bpm)
        before, during, after, score = (math.nan if v is None else v for v in (*rates, total))
        return Outcome(before, during, after, score, self.finish.value if self.finish else "")


def rate_over(rates: Sequence[RateEstimate], start_s: float, end_s: float) -> float | None:
    """Return the median steady rate of `[start_s, end_s]`, None where fewer than five seconds were answered."""
    known = [r.rate_bpm for r in rates if start_s <= r.t_s <= end_s and not math.isnan(r.rate_bpm)]
    return float(np.median(known)) if len(known) >= 5 else None


def sentence(
    finish: FinishReason | None,
    score: Score | None,
    refusal: Refusal | None,
    done_n: int,
    planned_n: int,
    ratings: Sequence[BraceRating] = (),
) -> Message:
    """Return the one sentence: what was done, and whether it could be measured."""
    counts = {"done": done_n, "planned": planned_n}
    if finish in (FinishReason.DIZZY_TWICE, FinishReason.STOP_RULE, FinishReason.RECORDING_FAILED):
        return message(f"result.{finish.value}", **counts)
    if finish is FinishReason.SIGNAL_LOST:
        return message("result.signal_lost", **counts)
    family = None if score is None or not score.parts else _FAMILIES.get(score.parts[0].id)
    if family is not None and score is not None and score.in_step is not None:
        early = "" if finish is FinishReason.COMPLETED else "-early"
        return message(f"result.{family}{early}", in_step=round(100 * score.in_step), **counts)
    if ratings and (score is None or score.total is None):
        effort = round(fmean(r.effort for r in ratings), 1)
        early = "" if finish is FinishReason.COMPLETED else "-early"
        return message(f"result.self-rated{early}", effort=effort, **counts)
    if score is None or score.in_step is None:
        kind = "unmeasured" if refusal is not None else "timed"
        return message(f"result.{kind}" if finish is FinishReason.COMPLETED else f"result.{kind}-early", **counts)
    level = "followed" if score.in_step >= 0.75 else "partly" if score.in_step >= 0.4 else "apart"
    early = "" if finish is FinishReason.COMPLETED else "-early"
    return message(f"result.{level}{early}", in_step=round(100 * score.in_step), **counts)


def make_result(
    state: DrillState,
    score: Score | None,
    rates: Sequence[RateEstimate],
    started_s: float | None,
    finished_s: float | None,
    refusal: Refusal | None,
    target_bpm: float | None,
    planned_n: int,
    resonance: ResonanceResult | None = None,
    ratings: tuple[BraceRating, ...] = (),
) -> SessionResult:
    """Return what a session has come to.

    `started_s` and `finished_s` bound the drill, None where it was not reached; a steady rate counts for a stretch
    only where its whole 32-s window lies in it.
    """
    before = during = after = None
    if started_s is not None:
        calm_s = state.quiet_from_s if math.isfinite(state.quiet_from_s) else started_s
        before = rate_over(rates, 0.0, min(calm_s, started_s)) or rate_over(rates, 0.0, started_s)
        end_s = math.inf if finished_s is None else finished_s
        steady_s = next((p.start_s for p in state.phases if p.scored), started_s)
        during = rate_over(rates, steady_s + WINDOW_S, end_s)
        after = None if finished_s is None else rate_over(rates, finished_s + WINDOW_S, math.inf)
    done_n = state.breaths_n
    return SessionResult(
        finish=state.finish,
        sentence=sentence(state.finish, score, refusal, done_n, planned_n, ratings),
        advice=advice(score) if score is not None and score.total is not None else None,
        score=score,
        rate_before_bpm=before,
        rate_during_bpm=during,
        rate_after_bpm=after,
        target_bpm=target_bpm,
        done_n=done_n,
        planned_n=planned_n,
        trained_s=state.dose_s,
        lost_s=state.lost_s,
        paused_s=state.paused_s + state.dizzy_s,
        resonance=resonance,
        ratings=ratings,
    )


def cycles_ahead(state: DrillState) -> int:
    """Return how many scored breaths (or efforts) are still to be done."""
    ahead = (*state.phases[state.done_n :], *state.rest)
    return len({(p.set_index, p.cycle) for p in ahead if p.scored})
