"""A brace that nothing measures is timed, and rated by the person (0–10), set by set."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breathcore.drill.self_rating import brace_rating, rating_text, unmeasured_sets
from breathcore.model.drill import DrillPhase, TargetPhase
from breathcore.model.trunk import BraceEstimate, Unmeasured

NAN = float("nan")


def braced(set_index: int, start_s: float, *, scored: bool = True) -> TargetPhase:
    return TargetPhase(
        DrillPhase.EFFORT, start_s, start_s + 10.0, 0.0, 1.0, set_index, 0, scored, brace=(0.05, 0.15)
    )  # fmt: skip


def told(t_s: float, level: float) -> BraceEstimate:
    return BraceEstimate(t_s, "waist", level, reason=None if level == level else Unmeasured.SMALL)


def test_only_sets_whose_brace_was_never_told_are_to_be_rated() -> None:
    done = (braced(0, 0.0), braced(1, 20.0), braced(2, 40.0), braced(3, 60.0, scored=False))
    assert unmeasured_sets(done, ()) == (0, 1, 2)
    assert unmeasured_sets(done, (told(5.0, 0.1), told(25.0, NAN), told(35.0, 0.1))) == (1, 2)


def test_a_set_without_a_brace_is_not_asked_about() -> None:
    rest = TargetPhase(DrillPhase.REST, 0.0, 5.0, 0.0, 0.0, 0, 0, scored=True)
    assert unmeasured_sets((rest,), ()) == ()


@given(st.integers(0, 5), st.integers(-3, 14))
def test_what_is_said_is_taken_from_0_to_10_and_of_a_set_that_is_asked_about(index: int, effort: int) -> None:
    rating = brace_rating(rating_text(index, effort), 1.5, (0, 1, 2))
    if index <= 2 and 0 <= effort <= 10:
        assert rating is not None
        assert (rating.t_s, rating.set_index, rating.effort) == (1.5, index, effort)
    else:
        assert rating is None


@pytest.mark.parametrize(
    "text", ["", "4", "[]", "{}", "null", json.dumps({"set": 0, "effort": True}), json.dumps({"set": 0.0, "effort": 4})]
)
def test_nonsense_is_no_rating(text: str) -> None:
    assert brace_rating(text, 0.0, (0,)) is None
