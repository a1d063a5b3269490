"""The page of movements says what the table of movements does."""

from pathlib import Path

import pytest

from breathcore.estimate.trunk.movements import MOVEMENTS, Mode, Movement, Part
from breathcore.estimate.trunk.reps import LEARNED_DEG, MOST_SWING_S
from breathcore.model.device import Place
from breathcore.model.trunk import Unmeasured

PAGE = (Path(__file__).parents[4] / "docs/movements.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("` "): [c.strip() for c in cells[1:]]
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split("|")]
}


def test_every_movement_has_its_row_and_no_other():
    assert list(ROWS) == list(MOVEMENTS)


@pytest.mark.parametrize("movement", MOVEMENTS.values(), ids=MOVEMENTS)
def test_a_row_names_what_is_scored_what_is_not_measured_and_how_it_is_followed(movement: Movement):
    _, followed, turning, scored, unmeasured = ROWS[movement.kind]
    assert set(scored.split(", ")) == {p.value for p in movement.scored}
    assert set(filter(None, unmeasured.split(", "))) == set(movement.unscored)
    assert ("repetitions" in followed) is (movement.mode is Mode.REPS)
    assert (turning == "needed") is movement.by_gyro
    assert ("rotation" in turning) is (Part.ROTATION in movement.scored)


@pytest.mark.parametrize("movement", MOVEMENTS.values(), ids=MOVEMENTS)
def test_the_best_place_is_named_first(movement: Movement):
    first = ROWS[movement.kind][0].split(",")[0]
    assert first.startswith("pelvis") is (movement.places[0] is Place.PELVIS)


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert f"within {MOST_SWING_S:.0f} s, go by {LEARNED_DEG:.0f}° or more" in PAGE
    limits = {m.tilt_deg for m in MOVEMENTS.values() if m.tilt_deg}
    assert limits == {3.0, 5.0}
    assert {k for k, m in MOVEMENTS.items() if m.tilt_deg == 3.0} == {"bird_dog", "dead_bug", "carry", "brace"}
    assert {k for k, m in MOVEMENTS.items() if m.rotation_deg == 10.0} == {"row"}


@pytest.mark.parametrize("movement", MOVEMENTS.values(), ids=MOVEMENTS)
def test_what_a_sensor_cannot_show_has_a_reason(movement: Movement):
    nowhere = movement.unmeasured(None, gyro=True)
    assert set(nowhere) == set(movement.scored)
    assert set(nowhere.values()) == {Unmeasured.NO_SENSOR}
    best = movement.unmeasured(movement.places[0], gyro=True, lumbar=True)
    assert not best
    blind = movement.unmeasured(movement.places[0], gyro=False, lumbar=True)
    assert set(blind) == (set(movement.scored) if movement.by_gyro else {Part.ROTATION} & set(movement.scored))
    assert movement.bends is (Part.BACK in movement.unmeasured(movement.places[0], gyro=True))
