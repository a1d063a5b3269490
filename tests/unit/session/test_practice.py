"""Practice at the rate that the resonance finder told, and when to look again."""

import math
from datetime import date, timedelta

import pytest

from breathcore.model.drill import FinishReason, Score
from breathcore.model.resonance import ResonanceResult
from breathcore.session import practice, registry
from breathcore.session.settings import Settings, StoredRate, load_settings, save_settings

TODAY = date(2026, 3, 14)


@pytest.mark.parametrize(("weeks", "told"), [(3.9, "not-yet"), (4, "may"), (7.9, "may"), (8, "due"), (30, "due")])
def test_a_rate_may_be_looked_for_again_after_four_weeks_and_is_due_after_eight(weeks: float, told: str) -> None:
    on = TODAY - timedelta(days=round(7 * weeks - 0.4))
    assert practice.again(StoredRate(on.isoformat(), 5.5), TODAY).value == told


def test_a_day_that_cannot_be_read_is_long_ago() -> None:
    assert practice.again(StoredRate("?", 5.5), TODAY) is practice.Again.DUE


def test_practice_grows_from_five_to_ten_to_twenty_minutes_a_day() -> None:
    settings = Settings().rated("Kim", StoredRate(TODAY.isoformat(), 5.5))
    lengths = []
    for n in range(8):
        lengths.append(practice.minutes(settings.rates["Kim"]))
        for _ in range(2):  # twice on one day counts once
            day = TODAY + timedelta(days=n)
            settings = practice.practised(settings, "Kim", FinishReason.COMPLETED, None, day)
    assert lengths == [5, 5, 5, 10, 10, 10, 20, 20]


@pytest.mark.parametrize(
    ("finish", "score"),
    [(FinishReason.ENDED, None), (FinishReason.COMPLETED, Score(60.0, 0.5, ())), (None, None)],
)
def test_a_day_cut_short_or_scored_below_80_is_no_step(finish: FinishReason | None, score: Score | None) -> None:
    settings = Settings().rated("Kim", StoredRate(TODAY.isoformat(), 5.5))
    assert practice.practised(settings, "Kim", finish, score, TODAY) is settings


def test_a_rate_that_is_told_is_kept_for_its_person_and_one_that_is_not_changes_nothing() -> None:
    told = ResonanceResult((), 5.5, True)
    kept = practice.found(Settings(), "Kim", told, TODAY)
    assert kept.rates["Kim"] == StoredRate("2026-03-14", 5.5)
    assert practice.found(kept, "Kim", ResonanceResult((), math.nan, True), TODAY) is kept


def test_every_rate_of_the_finder_has_a_form_to_practise_it() -> None:
    drill = registry.drill(practice.PRACTICE_ID)
    forms = [practice.form(drill, rate) for rate in registry.drill("resonance").pattern().rates_bpm]
    assert None not in forms
    assert len(set(forms)) == len(forms)
    assert practice.form(drill, 5.5) == ""
    assert practice.form(drill, 5.7) is None


def test_rates_outlive_the_program(tmp_path) -> None:
    path = tmp_path / "preferences.json"
    settings = Settings().rated("Kim", StoredRate("2026-03-14", 5.5, False, 4, "2026-03-20"))
    save_settings(settings, path)
    loaded = load_settings(path)
    assert loaded.problem is None
    assert loaded.settings.rates == settings.rates


def test_a_damaged_rate_falls_back_to_none_and_is_told(tmp_path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text('{"rates": {"Kim": {"on": "2026-03-14", "rate_bpm": "fast"}}}', encoding="utf-8")
    loaded = load_settings(path)
    assert loaded.settings.rates == {}
    assert loaded.problem is not None
