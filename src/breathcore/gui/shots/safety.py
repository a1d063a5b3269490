"""Pictures of the safety questions and what their answers lead to."""

from PySide6.QtWidgets import QWidget

from breathcore.drill.screening import QUESTIONS, screen
from breathcore.feedback.wording import Wording
from breathcore.gui.pages.safety import FormPage, NotNowPage, SafetyPage
from breathcore.gui.shots.shot import Make, Shot
from breathcore.session import registry


def safety() -> tuple[Shot, ...]:
    """Return the questions, both kinds of "not now", and the form offered instead."""

    def step(n: int) -> Make:
        def page(wording: Wording) -> QWidget:
            made = SafetyPage(wording)
            for question in QUESTIONS[: (6, 15, 18)[n - 1] if n else 0]:
                made.answer(question.id, yes=False)
            for _ in range(n):
                made.next.click()
            return made

        return page

    def notnow(id_: str) -> Make:
        return lambda wording: NotNowPage(wording, screen({id_: True}))

    def form(wording: Wording) -> QWidget:
        drill = registry.drill("box")
        return FormPage(wording, drill, drill.safety.instead, ("pregnancy", "eye"))

    return (
        *(Shot("safety", f"step{n + 1}", step(n)) for n in range(4)),
        Shot("notnow", "emergency", notnow("chest_pain")),
        Shot("notnow", "urgent", notnow("weight_loss")),
        Shot("form", "instead", form),
    )
