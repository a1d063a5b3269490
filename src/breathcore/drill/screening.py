"""Safety questions before a drill, who should not do which form, and when to stop (drills.md §10).

Triage, not diagnosis: a "yes" sends the person to where they can be looked at. Sentences are
``screening.question.<id>``, ``screening.<outcome>``, ``condition.<id>`` and ``stop.<id>``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from breathcore.model.drill import DrillSpec, PatternSpec
from breathcore.model.errors import Reason, SafetyError
from breathcore.model.message import Message, message


class Urgency(StrEnum):
    """How soon a "yes" should be seen to."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SOON = "soon"


class ScreeningOutcome(StrEnum):
    """What the answers come to."""

    CLEAR = "clear"
    SEE_CLINICIAN_SOON = "see_clinician_soon"  # drills allowed, with a sentence
    BLOCKED_URGENT = "blocked_urgent"
    BLOCKED_EMERGENCY = "blocked_emergency"
    INCOMPLETE = "incomplete"  # not every question was answered


@dataclass(frozen=True, slots=True)
class Question:
    """A yes-or-no question; "yes" is the red flag."""

    id: str
    urgency: Urgency

    @property
    def message(self) -> Message:
        """The question in words."""
        return message(f"screening.question.{self.id}")


@dataclass(frozen=True, slots=True)
class Screening:
    """The outcome, the ids answered "yes" that led to it (or those without an answer), and what to tell the person."""

    outcome: ScreeningOutcome
    flags: tuple[str, ...]
    message: Message

    @property
    def cleared(self) -> bool:
        """Whether drills may be reached."""
        return self.outcome in (ScreeningOutcome.CLEAR, ScreeningOutcome.SEE_CLINICIAN_SOON)


_IDS = {
    Urgency.EMERGENCY: ("saddle", "bladder_bowel", "both_legs", "leg_worse", "chest_pain", "tearing_pain"),
    Urgency.URGENT: (
        "trauma", "minor_trauma", "cancer", "weight_loss", "infection", "night_pain", "thoracic_pain",
        "first_onset_age", "steroids",
    ),
    Urgency.SOON: ("leg_pain", "morning_stiffness", "deformity"),
}  # fmt: skip

QUESTIONS = tuple(Question(id_, urgency) for urgency, ids in _IDS.items() for id_ in ids)
CONDITIONS = ("cardiac", "hypertension", "pregnancy", "eye", "surgery", "panic")
STOP_RULES = (
    "chest_pain", "faint", "numb", "leg_pain", "bladder_bowel", "breathless", "palpitations", "headache", "want",
)  # fmt: skip

_OUTCOMES = {
    Urgency.EMERGENCY: ScreeningOutcome.BLOCKED_EMERGENCY,
    Urgency.URGENT: ScreeningOutcome.BLOCKED_URGENT,
    Urgency.SOON: ScreeningOutcome.SEE_CLINICIAN_SOON,
}


def screen(answers: Mapping[str, bool]) -> Screening:
    """Return what `answers` (question id → yes) come to; the most urgent "yes" decides, missing answers never clear.

    Raises KeyError for an id that is no question.
    """
    known = {q.id for q in QUESTIONS}
    if stray := set(answers) - known:
        raise KeyError(min(stray))
    yes = [q for q in QUESTIONS if answers.get(q.id)]
    for urgency in (Urgency.EMERGENCY, Urgency.URGENT):
        if flags := tuple(q.id for q in yes if q.urgency is urgency):
            return _screening(_OUTCOMES[urgency], flags)
    if missing := tuple(q.id for q in QUESTIONS if q.id not in answers):
        return _screening(ScreeningOutcome.INCOMPLETE, missing)
    soon = tuple(q.id for q in yes)
    return _screening(ScreeningOutcome.SEE_CLINICIAN_SOON if soon else ScreeningOutcome.CLEAR, soon)


def require_clearance(screening: Screening | None) -> None:
    """Pass only a person whose answers allow drills.

    Raises
    ------
    SafetyError
        RED_FLAG (outcome) after an emergency or urgent "yes", NOT_SCREENED where answers are missing.
    """
    if screening is None or screening.outcome is ScreeningOutcome.INCOMPLETE:
        raise SafetyError(Reason.NOT_SCREENED)
    if not screening.cleared:
        raise SafetyError(Reason.RED_FLAG, outcome=screening.outcome.value, flags=", ".join(screening.flags))


def allowed_pattern(spec: DrillSpec, conditions: Collection[str]) -> str | None:
    """Return the form of `spec` that someone with `conditions` may do: "" its own, a pattern's id, None not at all."""
    if set(conditions).isdisjoint(spec.safety.avoid_if):
        return ""
    return spec.safety.instead or None


LIGHT_BRACE = 0.25
"""Share of the own firmest gentle brace: a form that asks for more stays locked until a therapist opens it."""


def locked(pattern: PatternSpec, *, opened: bool = False) -> bool:
    """Return whether a form asks for a firmer brace than anybody may do who was not told to (drills.md C3).

    `opened`: a therapist has opened it for this person, free of symptoms.
    """
    return not opened and any(p.brace is not None and p.brace[1] > LIGHT_BRACE for p in pattern.phases)


def too_firm(pattern: PatternSpec, conditions: Collection[str]) -> bool:
    """Return whether a form asks for a firmer brace of someone with `conditions`: for them nobody opens it."""
    return locked(pattern) and bool(conditions)


def require_opened(pattern: PatternSpec, *, opened: bool = False) -> None:
    """Pass only a form that this person may do.

    Raises
    ------
    SafetyError
        NOT_OPENED where it asks for a firmer brace and no therapist has opened it.
    """
    if locked(pattern, opened=opened):
        raise SafetyError(Reason.NOT_OPENED, pattern=pattern.id)


def _screening(outcome: ScreeningOutcome, flags: tuple[str, ...]) -> Screening:
    return Screening(outcome, flags, message(f"screening.{outcome.value}"))
