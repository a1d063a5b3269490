import pytest

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.message import message


def test_german_writes_a_decimal_comma_and_english_a_point() -> None:
    assert Wording("de").number(6.04, 1) == "6,0"
    assert Wording("en").number(6.04, 1) == "6.0"


def test_numbers_inside_sentences_follow_the_language() -> None:
    assert "3,8" in Wording("de").text("cli.per-minute", rate=3.75)
    assert "3.8" in Wording("en").text("cli.per-minute", rate=3.75)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_is_spoken(language: str) -> None:
    sentence = Wording(language).say(message("result.timed", done=3, planned=10))
    assert "3" in sentence
    assert "10" in sentence


def test_an_unknown_language_is_english() -> None:
    assert Wording("fr").language == "en"


def test_an_unknown_id_is_shown_rather_than_nothing() -> None:
    assert Wording("en").text("no.such.id") == "no.such.id"


def test_a_drill_text_falls_back_to_english() -> None:
    assert Wording("de").of({"en": "Breathe in"}) == "Breathe in"
    assert Wording("de").of({"en": "Breathe in", "de": "Einatmen"}) == "Einatmen"
