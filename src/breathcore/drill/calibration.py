"""The schedule of a calibration, as data: what is cued, what is painted, what the calibrators look at.

::

    every session      full breath 9 s · quiet until 20 s
    the trunk too      · full breath · full breath · at ease 4 s
    the brace too      · brace 4 s · at ease 3 s · brace 4 s · at ease 3 s                         56 s in all
"""

from itertools import pairwise

from breathcore.model.drill import DrillPhase, TargetPhase, Timeline
from breathcore.model.trunk import CalibrationStep, StepKind, TrunkCalibration

INHALE_S = 4.0
EXHALE_S = 5.0
DEEP_BREATH_S = INHALE_S + EXHALE_S
CALIBRATION_S = 20.0
PATIENCE_S = 10.0  # after that, for the range to arrive
RELAX_S = 4.0
BRACE_S = 4.0
RELEASE_S = 3.0

_LEVELS = {DrillPhase.INHALE: (0.0, 1.0), DrillPhase.EXHALE: (1.0, 0.0), DrillPhase.EFFORT: (0.0, 1.0)}


def calibration_steps(start_s: float, *, trunk: bool = False, brace: bool = False) -> TrunkCalibration:
    """Return the steps of a calibration from `start_s` on; of the trunk too, and of the brace."""
    steps = [(StepKind.FULL, DEEP_BREATH_S), (StepKind.QUIET, CALIBRATION_S - DEEP_BREATH_S)]
    if trunk or brace:
        steps += [(StepKind.FULL, DEEP_BREATH_S), (StepKind.FULL, DEEP_BREATH_S), (StepKind.RELAX, RELAX_S)]
    if brace:
        steps += [(StepKind.BRACE, BRACE_S), (StepKind.RELAX, RELEASE_S)] * 2
    edges = [start_s]
    for _, seconds in steps:
        edges.append(edges[-1] + seconds)
    kinds = (kind for kind, _ in steps)
    return TrunkCalibration(tuple(CalibrationStep(k, a, b) for k, (a, b) in zip(kinds, pairwise(edges), strict=True)))


def calibration_timeline(start_s: float, *, trunk: bool = False, brace: bool = False) -> Timeline:
    """Return what is shown of it: full breaths, ease and brace; while one breathes quietly nothing is aimed at."""
    phases: list[TargetPhase] = []
    for n, step in enumerate(calibration_steps(start_s, trunk=trunk, brace=brace).steps):
        if step.kind is StepKind.FULL:
            top_s = step.start_s + INHALE_S
            phases += [
                _phase(DrillPhase.INHALE, step.start_s, top_s, n),
                _phase(DrillPhase.EXHALE, top_s, step.end_s, n),
            ]
        elif step.kind is not StepKind.QUIET:
            kind = DrillPhase.EFFORT if step.kind is StepKind.BRACE else DrillPhase.REST
            phases.append(_phase(kind, step.start_s, step.end_s, n))
    return Timeline(tuple(phases))


def _phase(kind: DrillPhase, start_s: float, end_s: float, step: int) -> TargetPhase:
    low, high = _LEVELS.get(kind, (0.0, 0.0))
    return TargetPhase(kind, start_s, end_s, low, high, 0, step, scored=False)
