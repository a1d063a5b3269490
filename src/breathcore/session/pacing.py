"""What a drill's effects say about the pace: what the heart's coherence is measured against."""

from breathcore.estimate.rhythm import paced_rates
from breathcore.model.drill import Effect, EffectKind, Stage
from breathcore.model.estimates import PacedRate

UNPACED = frozenset({Stage.PAUSED, Stage.LOST, Stage.DIZZY, Stage.SET_REST, Stage.FINISHED})


def paces(effect: Effect) -> tuple[PacedRate, ...]:
    """Return the paces that hold from `effect` on: those of a target that is shown, none where it is taken away."""
    if effect.kind is EffectKind.TARGET and effect.timeline is not None and effect.timeline.phases:
        return paced_rates(effect.timeline)
    if effect.kind is EffectKind.STAGE and Stage(effect.value) in UNPACED:
        return (PacedRate(effect.t_s, float("nan")),)
    return ()
