"""What is asked and offered on the trainer while nothing is guided."""

from dataclasses import replace

import pytest

from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.samples import trunk as sample
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.model.drill import CommandKind, Stage
from breathcore.model.message import message


def resting(asked: int | None) -> FeedbackFrame:
    """Return a rest after a set in which nothing measured the brace."""
    silent = sample.silent_brace("brace.self-rated")
    return replace(sample.brace_frame(replace(silent, asked=asked)), stage=Stage.SET_REST)


def paused(*, may: bool) -> FeedbackFrame:
    return replace(sample.ribs_frame(), stage=Stage.PAUSED, calibration_wanted=may)


def trainer(qtbot, frame: FeedbackFrame, *, replay: bool = False) -> tuple[TrainerPage, list]:
    page, said = TrainerPage(Wording("en"), TrainerOptions(replay=replay)), []
    qtbot.addWidget(page)
    page.command.connect(lambda kind, text: said.append((kind, text)))
    page.show_frame(frame)
    return page, said


def test_a_set_whose_brace_nothing_measured_is_rated_with_one_press(qtbot) -> None:
    page, said = trainer(qtbot, resting(1))
    assert not page.between.isHidden()
    page.between.question.answered.emit(4)
    assert said == [(CommandKind.EFFORT, '{"set": 1, "effort": 4}')]
    page.show_frame(resting(None))
    assert page.between.isHidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_says_that_nothing_measured_it_and_which_set_it_was(qtbot, language: str) -> None:
    words = Wording(language)
    assert words.text("effort.ask", n=2)
    assert "2" in words.text("effort.ask", n=2)


def test_the_last_set_is_rated_after_the_drill(qtbot) -> None:
    page, said = AfterPage(Wording("en")), []
    qtbot.addWidget(page)
    page.effort.connect(lambda n, effort: said.append((n, effort)))
    page.show_frame(replace(resting(2), stage=Stage.FINISHED))
    page.between.question.answered.emit(7)
    assert said == [(2, 7)]


def test_a_pause_offers_to_calibrate_again_where_that_can_be_done_and_only_there(qtbot) -> None:
    page, said = trainer(qtbot, paused(may=True))
    assert not page.between.calibrate.isHidden()
    page.between.calibrate.click()
    assert said == [(CommandKind.CALIBRATE, "")]
    page.show_frame(paused(may=False))
    assert page.between.isHidden()


def test_a_replay_asks_and_offers_nothing(qtbot) -> None:
    assert trainer(qtbot, resting(0), replay=True)[0].between.isHidden()
    assert trainer(qtbot, paused(may=True), replay=True)[0].between.isHidden()


@pytest.mark.parametrize(("language", "place"), [("en", "the back"), ("de", "(hinten)")])
def test_a_place_is_named_in_the_language_of_its_sentence(language: str, place: str) -> None:
    assert place in Wording(language).say(message("trunk.notice.slipped", place="back"))
