"""How much of their own breath a person sees now."""

from dataclasses import dataclass

from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.drill import Stage
from breathcore.session.settings import Thinning

_BETWEEN = frozenset({Stage.SET_REST, Stage.FINISHED})
_GUIDED = frozenset({Stage.GLIDE, Stage.RUNNING})


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the person's own breath may be seen now. The target always is."""

    trace: bool = True
    numbers: bool = True


def shown(thinning: Thinning, frame: FeedbackFrame) -> Shown:
    """Return what may be seen of `frame`. Outside a guided breath (waiting, calibrating, paused) all is seen.

    The breath is never drawn over a target that is none of breaths: a brace, a movement. A movement's own trace is.
    """
    seen = _thinned(thinning, frame)
    return seen if frame.drill.breathes or frame.trace_moves else Shown(trace=False, numbers=seen.numbers)


def _thinned(thinning: Thinning, frame: FeedbackFrame) -> Shown:
    if thinning is Thinning.EVERY or frame.stage not in _GUIDED | _BETWEEN:
        return Shown()
    if thinning is Thinning.THIRD:
        due = frame.stage in _BETWEEN or frame.drill.breath_index % 3 == 2
        return Shown(due, due)
    between = frame.stage in _BETWEEN
    return Shown(trace=between and thinning is Thinning.BLIND, numbers=between)
