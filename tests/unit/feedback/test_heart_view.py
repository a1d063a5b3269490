"""The heart's rhythm as a frame shows it."""

import pytest

from breathcore.feedback.heart_view import HeartPresenter, word_of
from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.estimates import Coherence, HeartVariability, Refusal, SinusArrhythmia

NAN = float("nan")


def known(t_s=100.0):
    presenter = HeartPresenter()
    presenter.on_estimate(HeartVariability(t_s, 120.0, 130, 65.0, 42.0, 55.0, 900.0, 300.0, 1.0, "rr"))
    presenter.on_estimate(Coherence(t_s, 6.0, 0.785, 1.0, "rr"))
    presenter.on_estimate(SinusArrhythmia(t_s, t_s - 10, 9.4, 12.0, 0.9, "rr"))
    return presenter


def test_what_is_known_is_shown_and_coherence_has_a_word():
    view = known().view(101.0)
    assert (view.rmssd_ms, view.sdnn_ms, view.coherence, view.swing_bpm, view.phase_deg) == (42.0, 55.0, 78, 9.4, 12.0)
    assert view.coherence_word is not None
    assert Wording("en").say(view.coherence_word) == "high"
    assert (view.variability_message, view.coherence_message, view.swing_message) == (None, None, None)


def test_what_is_old_is_not_shown():
    view = known().view(150.0)
    assert (view.rmssd_ms, view.coherence, view.coherence_word, view.swing_bpm) == (None, None, None, None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("refusal", ["too-short", "no-data", "irregular", "heart-only", "noise", "flat"])
def test_why_there_is_none_is_said(language, refusal):
    presenter = HeartPresenter()
    presenter.on_estimate(Coherence(100.0, NAN, NAN, 0.5, "rr", Refusal(refusal)))
    view = presenter.view(100.0)
    assert view.coherence is None
    assert view.coherence_message is not None
    assert Wording(language).say(view.coherence_message) != view.coherence_message.id


def test_a_breath_with_too_few_beats_shows_no_swing():
    presenter = HeartPresenter()
    presenter.on_estimate(SinusArrhythmia(100.0, 98.0, NAN, NAN, 0.0, "rr"))
    view = presenter.view(100.0)
    assert view.swing_bpm is None
    assert view.swing_message is not None
    assert view.swing_message.id == "heart.rhythm.no-swing"
    unseen = HeartPresenter().view(100.0)
    assert unseen.swing_message is not None
    assert unseen.swing_message.id == "heart.rhythm.no-breath"


def test_words_of_coherence():
    assert [word_of(r) for r in (0.08, 0.4, 0.9)] == ["low", "some", "high"]
