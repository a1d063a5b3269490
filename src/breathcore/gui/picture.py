"""A picture of the trainer at one moment of a session."""

from pathlib import Path

from breathcore.feedback.frame import FeedbackFrame
from breathcore.gui.screenshots import Look, Shot, Studio
from breathcore.gui.trainer import TrainerOptions, TrainerPage
from breathcore.model.errors import ExchangeError, Reason


def save_trainer(frame: FeedbackFrame, path: Path, language: str) -> None:
    """Paint `frame` as the trainer would and write it as PNG. Raises ExchangeError (EXPORT_FAILED)."""

    def make(wording: object) -> TrainerPage:
        page = TrainerPage(words, TrainerOptions())
        page.show_frame(frame)
        page.tick()
        return page

    studio = Studio()
    words = studio.dress(Look("light", 100, language))
    page = studio.pose(Shot("trainer", "running", make), words)
    if not studio.take(page).save(str(path)):
        raise ExchangeError(Reason.EXPORT_FAILED, path=str(path), problem="PNG")
    studio.dismiss(page)
