"""What is said of a movement: where its target is, its tempo, the breath in it, the lower back, how still it was."""

import math

from breathcore.model.drill import DrillPhase, DrillSpec, TargetPhase
from breathcore.model.message import Message, message
from breathcore.model.trunk import LumbarBend, Rep, Steadiness

TEMPO = 0.2


def target_share(phase: TargetPhase | None, now_s: float) -> float | None:
    """Return where on the way the target is, 0–1; None outside a movement."""
    if phase is None or phase.kind not in (DrillPhase.MOVE, DrillPhase.KEEP, DrillPhase.RETURN, DrillPhase.REST):
        return None
    if phase.kind in (DrillPhase.KEEP, DrillPhase.REST):
        return phase.level_to
    way = min(1.0, max(0.0, (now_s - phase.start_s) / (phase.end_s - phase.start_s)))
    return phase.level_from + way * (phase.level_to - phase.level_from)


def tempo_of(rep: Rep, drill: DrillSpec) -> float | None:
    """Return how long the repetition took, by how long it should."""
    target = sum(p.seconds for p in drill.pattern().phases if p.kind is not DrillPhase.REST)
    return (rep.end_s - rep.start_s) / target if target else None


def tempo_word(tempo: float) -> Message:
    """Return how a repetition's tempo was, in words."""
    return message("tempo.fast" if tempo < 1 - TEMPO else "tempo.slow" if tempo > 1 + TEMPO else "tempo.good")


def exhaled_of(rep: Rep, drill: DrillSpec) -> float | None:
    """Return how much of the effort was breathed out, 0–1; None where the breath is not known."""
    back = drill.movement is not None and drill.movement.exhale_on is DrillPhase.RETURN
    return _number(rep.exhaled_back if back else rep.exhaled)


def back_word(bend: LumbarBend | None, drill: DrillSpec, *, seen: bool) -> Message | None:
    """Return what the lower back did in the last repetition, why that is not told, or None where nobody asks."""
    limit_deg = None if drill.movement is None else drill.movement.back_deg
    if limit_deg is None:
        return None
    if not seen:
        return message("lumbar.not-measured")
    if bend is None:
        return None
    if bend.reason is not None:
        return message(f"trunk.{bend.reason.value}")
    if abs(bend.bend_deg) <= limit_deg:
        return message("lumbar.kept")
    return message("lumbar.rounded" if bend.bend_deg > 0 else "lumbar.hollowed", degrees=round(abs(bend.bend_deg)))


def turning_word(steady: Steadiness | None, drill: DrillSpec, *, seen: bool) -> Message | None:
    """Return why the pelvis' turning is not told, where it is asked for and a gyroscope is there."""
    asked = drill.movement is not None and drill.movement.rotation_deg is not None
    if not (asked and seen) or steady is None or steady.reason is not None or not math.isnan(steady.rotation_deg):
        return None
    return message("steadiness.no-turning-yet")


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
