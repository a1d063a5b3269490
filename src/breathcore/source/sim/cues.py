"""What a wearer makes of a target: which phases they act on, when, and how deep."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.source.sim.spec import Behaviour, WearerSpec

_LONG_REST_S = 12.0  # a rest as long as this is a pause between sets, not a breath held out
_JUST_S = 0.5  # a phase that began this short before it was shown is still acted on,
_QUICKEST_S = 0.02  # at once
_EASE_S = 1.2  # to breathe out where ease is coached
_TIRED_AFTER_S = 300.0
_SWAPPED = {
    DrillPhase.INHALE: DrillPhase.EXHALE,
    DrillPhase.EXHALE: DrillPhase.INHALE,
    DrillPhase.HOLD: DrillPhase.REST,
    DrillPhase.REST: DrillPhase.HOLD,
}
_EFFORTS = (DrillPhase.EFFORT, DrillPhase.MOVE)
_MOVED = {DrillPhase.MOVE: (DrillPhase.EXHALE, 0.0), DrillPhase.RETURN: (DrillPhase.INHALE, 0.5)}


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at_s` to `until_s` the wearer moves to `level`, or holds still where it is None."""

    at_s: float
    until_s: float
    level: float | None
    kind: DrillPhase


def cues(
    timeline: Timeline | None, from_s: float, spec: WearerSpec, rng: np.random.Generator, *, guided: bool
) -> list[Cue]:
    """Return what the wearer will do with `timeline`, seen from `from_s` on.

    Between efforts one breathes freely.
    With a movement one breathes out on the way that is the effort, in on the other, as one likes while it is kept.
    A timeline without a scored phase is a coached breath (calibration), which everyone takes as told; one without
    inhales is timed only, and one breathes freely in it. `guided` says that the wearer is following already and may
    go on in the middle of a cycle; otherwise the first cue acted on is an inhale.
    """
    asked = timeline.phases if timeline else ()
    phases = tuple(_moved(p) for p in asked)
    coached = not any(p.scored for p in phases)
    if not any(p.kind is DrillPhase.INHALE for p in phases) or (spec.behaviour is Behaviour.FREE and not coached):
        return []
    if spec.behaviour is Behaviour.ANTIPHASE and not coached:
        phases = tuple(_swapped(p) for p in phases)
    efforts = not coached and any(p.kind in _EFFORTS for p in asked)
    chosen = [p for p in _complied(phases, spec, rng) if _breathes(p, efforts=efforts)]
    acted = [c for c in _timed(chosen, from_s, spec, rng) if c.at_s > from_s]
    if coached:
        acted = [eased for cue in acted for eased in _eased(cue)]
    return _from_inhales(acted, guided=guided)


def _eased(cue: Cue) -> tuple[Cue, ...]:
    """Return a rest as it is coached: out, soon, and then at ease."""
    if cue.kind is not DrillPhase.REST or cue.until_s - cue.at_s < 2.0 * _EASE_S:
        return (cue,)
    out_s = cue.at_s + _EASE_S
    return replace(cue, until_s=out_s, level=0.0), replace(cue, at_s=out_s)


def _breathes(phase: TargetPhase, *, efforts: bool) -> bool:
    rest = phase.kind is DrillPhase.REST and (efforts or phase.end_s - phase.start_s > _LONG_REST_S)
    return phase.kind not in (DrillPhase.EFFORT, DrillPhase.KEEP) and not rest


def _moved(phase: TargetPhase) -> TargetPhase:
    if phase.kind not in _MOVED:
        return phase
    there = (phase.kind is DrillPhase.MOVE) is not phase.effort_back
    kind, level = _MOVED[DrillPhase.MOVE if there else DrillPhase.RETURN]
    return replace(phase, kind=kind, level_to=level)


def _swapped(phase: TargetPhase) -> TargetPhase:
    kind = _SWAPPED.get(phase.kind, phase.kind)
    return replace(phase, kind=kind, level_from=1.0 - phase.level_from, level_to=1.0 - phase.level_to)


def _complied(phases: tuple[TargetPhase, ...], spec: WearerSpec, rng: np.random.Generator) -> list[TargetPhase]:
    cycles = dict.fromkeys((p.scored, p.set_index, p.cycle) for p in phases)
    kept = {cycle for cycle in cycles if rng.random() < spec.compliance}
    return [p for p in phases if (p.scored, p.set_index, p.cycle) in kept]


def _timed(phases: list[TargetPhase], from_s: float, spec: WearerSpec, rng: np.random.Generator) -> list[Cue]:
    found: list[Cue] = []
    for phase in phases:
        tired = spec.fatigue * min((phase.start_s - phases[0].start_s) / _TIRED_AFTER_S, 1.0)
        lag_s = max(0.05, spec.reaction_lag_s * (1.0 + tired) + spec.lag_jitter_s * (1.0 + tired) * rng.normal())
        at_s = phase.start_s + lag_s
        if phase.start_s > from_s - _JUST_S:
            at_s = max(at_s, from_s + _QUICKEST_S)
        if found and at_s < found[-1].at_s + 0.2:
            at_s = found[-1].at_s + 0.2
        level = _level(phase, tired, rng)
        found.append(Cue(at_s, max(phase.end_s + spec.reaction_lag_s, at_s + 0.2), level, phase.kind))
    return _joined(found, phases)


def _level(phase: TargetPhase, tired: float, rng: np.random.Generator) -> float | None:
    wobble = rng.normal()
    if phase.kind not in (DrillPhase.INHALE, DrillPhase.EXHALE):
        return None
    level = phase.level_to * (1.0 - 0.4 * tired) * (1.0 + 0.04 * wobble)
    return level if phase.kind is DrillPhase.INHALE else level + 0.015 * wobble


def _joined(found: list[Cue], phases: list[TargetPhase]) -> list[Cue]:
    """Let each cue last until the next where their phases touch (and never beyond it)."""
    joined = [
        replace(cue, until_s=after.at_s if next_.start_s - phase.end_s < 0.1 else min(cue.until_s, after.at_s))
        for (cue, after), (phase, next_) in zip(pairwise(found), pairwise(phases), strict=True)
    ]
    return joined + found[-1:]


def _from_inhales(acted: list[Cue], *, guided: bool) -> list[Cue]:
    """Drop cues in the middle of a cycle whose beginning was not followed."""
    kept: list[Cue] = []
    following, end_s = guided, acted[0].at_s if acted else 0.0
    for cue in acted:
        touches = abs(cue.at_s - end_s) < 1e-6
        eases = cue.kind is DrillPhase.REST and cue.level is not None
        following = (following and touches) or eases or cue.kind is DrillPhase.INHALE
        if following:
            kept.append(cue)
        end_s = cue.until_s
    return kept
