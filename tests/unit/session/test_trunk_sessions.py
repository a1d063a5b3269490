"""What of a session with sensors round the trunk can be seen without running one: what is refused or passed over."""

import json
import math

import pytest

from breathcore.drill.screening import Screening, ScreeningOutcome, locked
from breathcore.model.device import Place
from breathcore.model.errors import SafetyError
from breathcore.model.message import message
from breathcore.session import registry
from breathcore.session.plan import SessionPlan
from breathcore.session.trunk_drill import tape_reading


@pytest.mark.parametrize(
    "text",
    ["", "five", "[]", "{}", '{"place": "nose", "cm": [5]}', '{"place": "chest", "cm": []}', "null", "3"]
    + [json.dumps({"place": "sternum", "cm": cm}) for cm in ([0.1], [40.0], ["x"], None, [math.nan], [10**400])],
)
def test_nonsense_for_a_tape_reading_is_passed_over(text: str) -> None:
    assert tape_reading(text, 1.0) is None


def test_a_tape_reading_is_the_mean_of_what_was_read() -> None:
    reading = tape_reading(json.dumps({"place": "sternum", "cm": [4.0, 5.0, 6.0]}), 1.0)
    assert reading is not None
    assert (reading.place, reading.cm) == (Place.STERNUM, pytest.approx(5.0))


def test_the_firmer_brace_is_refused_for_a_person_until_it_is_opened() -> None:
    drill = registry.drill("brace_and_breathe")
    clear = Screening(ScreeningOutcome.CLEAR, (), message("screening.clear"))
    firm = [p.id for p in drill.patterns if locked(p)]
    assert firm
    for form in firm:
        with pytest.raises(SafetyError):
            SessionPlan(drill, pattern_id=form, screening=clear).require_clearance()
        SessionPlan(drill, pattern_id=form, screening=clear, opened=True).require_clearance()
