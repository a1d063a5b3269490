"""Practice at the rate that the resonance finder told: which form of the drill, how long, when to look again."""

import math
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from breathcore.model.drill import DrillSpec, FinishReason, Score
from breathcore.model.resonance import ResonanceResult
from breathcore.session.settings import Settings, StoredRate

PRACTICE_ID = "resonance_practice"
LADDER_MIN = (5.0, 10.0, 20.0)  # a day (drills.md B7)
GOOD_DAYS = 3  # on a rung before the next: no more than two rungs a week
GOOD_SCORE = 80.0
AGAIN_FROM, AGAIN_BY = timedelta(weeks=4), timedelta(weeks=8)


class Again(StrEnum):
    """Whether a rate should be looked for again."""

    NOT_YET = "not-yet"
    MAY = "may"  # four weeks old
    DUE = "due"  # eight


def again(rate: StoredRate, today: date) -> Again:
    """Return whether `rate` should be looked for again; a day that cannot be read has passed long ago."""
    with suppress(ValueError):
        age = today - date.fromisoformat(rate.on)
        return Again.NOT_YET if age < AGAIN_FROM else Again.MAY if age < AGAIN_BY else Again.DUE
    return Again.DUE


def minutes(rate: StoredRate | None) -> float:
    """Return how long to practise: a rung of the ladder, one more after three good days."""
    rung = rate.practised_n // GOOD_DAYS if rate is not None else 0
    return LADDER_MIN[min(rung, len(LADDER_MIN) - 1)]


def form(drill: DrillSpec, rate_bpm: float) -> str | None:
    """Return the pattern of the practice `drill` at `rate_bpm` ("" its own), None where it has none."""
    for n, pattern in enumerate(drill.patterns):
        if not pattern.rates_bpm and abs(pattern.rate_bpm - rate_bpm) < 0.01:
            return pattern.id if n else ""
    return None


def found(settings: Settings, person: str, result: ResonanceResult, today: date) -> Settings:
    """Return `settings` with the rate that was found for `person`; none told: as before. Practice goes on."""
    if math.isnan(result.best_bpm):
        return settings
    new = StoredRate(today.isoformat(), float(result.best_bpm), result.by_heart)
    old = settings.rates.get(person)
    if old is not None:
        new = replace(new, practised_n=old.practised_n, practised_on=old.practised_on)
    return settings.rated(person, new)


def practised(
    settings: Settings, person: str, finish: FinishReason | None, score: Score | None, today: date
) -> Settings:
    """Return `settings` after a practice session: a good one (whole, and not scored below 80) counts once a day."""
    rate = settings.rates.get(person)
    poor = score is not None and score.total is not None and score.total < GOOD_SCORE
    if rate is None or finish is not FinishReason.COMPLETED or poor or rate.practised_on == today.isoformat():
        return settings
    return settings.rated(person, replace(rate, practised_n=rate.practised_n + 1, practised_on=today.isoformat()))
