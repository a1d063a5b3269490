"""Pictures of what comes after a drill."""

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QWidget

from breathcore.feedback.resonance_view import SweepView
from breathcore.feedback.wording import Wording
from breathcore.gui import samples
from breathcore.gui.pages.after import AfterPage
from breathcore.gui.pages.resonance import ResonancePage
from breathcore.gui.pages.review import ReviewPage
from breathcore.gui.pages.summary import SummaryPage
from breathcore.gui.services import SummaryView
from breathcore.gui.shots.shot import Make, Shot
from breathcore.model.drill import FinishReason, Stage
from breathcore.model.resonance import ResonanceResult
from breathcore.session import registry


def after() -> tuple[Shot, ...]:
    """Return the quiet breaths after a drill."""
    drill = registry.drill("diaphragmatic")
    over = samples.frame(drill, Stage.FINISHED, finish=FinishReason.COMPLETED, target=())

    def page(wording: Wording) -> QWidget:
        made = AfterPage(wording)
        made.show_frame(replace(over, t_s=over.t_s - 12.0))
        made.show_frame(over)
        return made

    def swept(wording: Wording) -> QWidget:
        made = AfterPage(wording)
        made.show_frame(replace(over, sweep=SweepView((6.5, 5.5, 4.5), 2, 2)))
        return made

    return (Shot("after", "quiet", page), Shot("after", "sweep", swept))


def resonance() -> tuple[Shot, ...]:
    """Return what a sweep came to."""
    results = {
        "heart": samples.sweep_result(),
        "comfort": samples.sweep_result(heart=False),
        "alike": samples.sweep_result(told=False),
    }
    tied = replace(samples.sweep_result(), tied_bpm=(5.5, 5.0))

    def page(result: ResonanceResult, wording: Wording) -> QWidget:
        return ResonancePage(wording, samples.sweep_summary(), result, 5.0)

    def below(made: QWidget) -> None:
        if isinstance(made, ResonancePage):
            bar = made.area.verticalScrollBar()
            bar.setValue(bar.maximum())

    shown = tuple(Shot("resonance", state, partial(page, result)) for state, result in results.items())
    return (*shown, Shot("resonance", "meaning", partial(page, tied), below))


def summary() -> tuple[Shot, ...]:
    """Return summaries."""
    views = {"good": samples.summary(), "heart-only": samples.heart_only_summary(), "lost": samples.lost_summary()}
    return tuple(Shot("summary", state, partial(_summarised, view)) for state, view in views.items())


def review() -> tuple[Shot, ...]:
    """Return the course of a session."""

    def page(*, whole: bool) -> Make:
        def make(wording: Wording) -> QWidget:
            made = ReviewPage(wording, samples.review())
            if whole:
                made.plot.whole()
            return made

        return make

    def swept(wording: Wording) -> QWidget:
        return ReviewPage(wording, replace(samples.review(), summary=samples.sweep_summary()))

    return (
        Shot("review", "begin", page(whole=False)),
        Shot("review", "whole", page(whole=True)),
        Shot("review", "sweep", swept),
    )


def _summarised(view: SummaryView, wording: Wording) -> QWidget:
    return SummaryPage(wording, view)
