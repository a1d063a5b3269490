"""What to put on, and where: a drawing and numbered steps, fitting the sensors that were chosen."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from breathcore.feedback.frame import SensorFrame
from breathcore.feedback.sight import has_pads
from breathcore.feedback.wording import Wording
from breathcore.gui.pages.body import USUAL, WornDrawing, marks_of
from breathcore.gui.pages.drawing import StrapDrawing
from breathcore.gui.pages.parts import NumberedStep
from breathcore.gui.sensor_text import Worn, is_fine
from breathcore.gui.widgets import pad


class PutOn(QFrame):
    """The drawing and its steps; the last step is the signal's.

    Parameters
    ----------
    wording : Wording
    worn : Sequence[Worn]
        What a session uses.
    ems : float
        The drawing's height in text sizes.
    last : str
        The last step.
    """

    def __init__(self, wording: Wording, worn: Sequence[Worn], ems: float, last: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        pad(column, 0, 0.7)
        drawing, texts = _strap(wording, ems) if _is_strap(worn) else _several(wording, worn, ems)
        if drawing is not None:
            column.addWidget(drawing)
        self.steps = [NumberedStep(i + 1, text) for i, text in enumerate((*texts, last))]
        for step in self.steps:
            column.addWidget(step)

    def tell(self, last: str, *, good: bool, sensors: Sequence[SensorFrame]) -> None:
        """Show another last step, and what is done: with a `good` signal all of it, of several `sensors` the fine."""
        own = self.steps[:-1]
        several = len(sensors) > 1 and len(sensors) == len(own)
        for i, step in enumerate(own):
            step.tell(step.body.text(), done=is_fine(sensors[i]) if several else good)
        self.steps[-1].tell(last, done=good)


def _is_strap(worn: Sequence[Worn]) -> bool:
    """Whether all that is worn is one chest strap with pads."""
    if len(worn) != 1:
        return False
    spec, place = worn[0].spec, worn[0].place
    return spec.placement == "chest" and has_pads(spec, place)


def _strap(wording: Wording, ems: float) -> tuple[QWidget, list[str]]:
    texts = [wording.text("start.step.on"), wording.text("start.step.wet")]
    return StrapDrawing(ems, wording.text("start.drawing")), texts


def _several(wording: Wording, worn: Sequence[Worn], ems: float) -> tuple[QWidget | None, list[str]]:
    """Return a drawing in which every sensor has the number of its step."""
    marks = marks_of([(w.spec, w.place or USUAL.get(w.spec.placement)) for w in worn])
    drawing = WornDrawing(marks, ems, wording.text("start.worn")) if marks.numbers else None
    return drawing, [_step(wording, w) for w in worn]


def _step(wording: Wording, worn: Worn) -> str:
    where = wording.text(f"place.{worn.place}" if worn.place else f"placement.{worn.spec.placement}")
    id_ = "start.step.at-wet" if has_pads(worn.spec, worn.place) else "start.step.at"
    return wording.text(id_, device=worn.name, place=where)
