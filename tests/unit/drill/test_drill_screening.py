"""Safety gates (drills.md §10)."""

from dataclasses import replace

import pytest

from breathcore.catalog.load import load_drills
from breathcore.drill.screening import (
    CONDITIONS,
    QUESTIONS,
    STOP_RULES,
    ScreeningOutcome,
    Urgency,
    allowed_pattern,
    locked,
    require_clearance,
    require_opened,
    screen,
)
from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.errors import Reason, SafetyError

NO = {q.id: False for q in QUESTIONS}
OUTCOMES = {
    Urgency.EMERGENCY: ScreeningOutcome.BLOCKED_EMERGENCY,
    Urgency.URGENT: ScreeningOutcome.BLOCKED_URGENT,
    Urgency.SOON: ScreeningOutcome.SEE_CLINICIAN_SOON,
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_each_yes_has_its_outcome(question) -> None:
    result = screen(NO | {question.id: True})
    assert result.outcome is OUTCOMES[question.urgency]
    assert result.flags == (question.id,)
    if question.urgency is Urgency.SOON:
        require_clearance(result)
    else:
        with pytest.raises(SafetyError) as caught:
            require_clearance(result)
        assert caught.value.reason is Reason.RED_FLAG


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.urgency is not Urgency.SOON], ids=lambda q: q.id)
def test_a_blocking_yes_blocks_even_with_the_rest_unanswered(question) -> None:
    assert screen({question.id: True}).outcome is OUTCOMES[question.urgency]


def test_the_most_urgent_answer_decides() -> None:
    assert screen(dict.fromkeys(NO, True)).outcome is ScreeningOutcome.BLOCKED_EMERGENCY


def test_all_no_is_clear() -> None:
    result = screen(NO)
    assert result.outcome is ScreeningOutcome.CLEAR
    assert result.flags == ()
    require_clearance(result)


@pytest.mark.parametrize("missing", QUESTIONS, ids=lambda q: q.id)
def test_an_unanswered_question_never_clears(missing) -> None:
    result = screen({id_: no for id_, no in NO.items() if id_ != missing.id})
    assert result.outcome is ScreeningOutcome.INCOMPLETE
    assert result.flags == (missing.id,)
    with pytest.raises(SafetyError) as caught:
        require_clearance(result)
    assert caught.value.reason is Reason.NOT_SCREENED


def test_nobody_passes_without_answers() -> None:
    with pytest.raises(SafetyError) as caught:
        require_clearance(None)
    assert caught.value.reason is Reason.NOT_SCREENED


def test_an_answer_to_no_question_is_an_error() -> None:
    with pytest.raises(KeyError, match="sadle"):
        screen(NO | {"sadle": True})


@pytest.mark.parametrize("condition", CONDITIONS)
def test_box_breathing_offers_its_form_without_holds(condition: str) -> None:
    box = next(d for d in load_drills() if d.id == "box")
    assert allowed_pattern(box, {condition}) == "4-0-4-0"
    assert allowed_pattern(box, ()) == ""


def test_conditions_of_the_builtin_drills_are_known() -> None:
    for spec in load_drills():
        assert set(spec.safety.avoid_if) <= set(CONDITIONS)


def test_a_drill_without_another_form_is_not_offered() -> None:
    box = next(d for d in load_drills() if d.id == "box")
    assert allowed_pattern(replace(box, safety=replace(box.safety, instead="")), {"cardiac"}) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_words(language: str) -> None:
    wording = Wording(language)
    ids = [q.message.id for q in QUESTIONS]
    ids += [f"screening.{o}" for o in ScreeningOutcome]
    ids += [f"condition.{c}" for c in CONDITIONS] + [f"stop.{s}" for s in STOP_RULES]
    for id_ in ids:
        assert wording.text(id_) != id_


def test_a_firm_brace_is_locked_until_a_therapist_opens_it() -> None:
    drill = next(d for d in load_drills() if d.id == "brace_and_breathe")
    firm = {p.id for p in drill.patterns if locked(p)}
    assert firm == {p.id for p in drill.patterns if any(x.brace and x.brace[1] > 0.25 for x in p.phases)}
    assert firm
    assert not locked(drill.pattern())
    for pattern in drill.patterns:
        assert not locked(pattern, opened=True)
        require_opened(pattern, opened=True)
    with pytest.raises(SafetyError) as caught:
        require_opened(drill.pattern(next(iter(firm))))
    assert caught.value.reason is Reason.NOT_OPENED
