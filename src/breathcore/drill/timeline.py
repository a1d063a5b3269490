"""Plans a drill: from the person's own rate to the drill's, then the dose, as phases on the session clock.

Between sets the timeline has a gap: the person breathes freely, nothing is aimed at.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.drill import DoseSpec, DrillPhase, DrillSpec, PatternSpec, TargetPhase, Timeline
from breathcore.model.trunk import Side

GLIDE_MIN_S = 60.0
GLIDE_MAX_S = 120.0
GLIDE_STEP_S = 0.5  # most that a phase changes from one breath to the next
GLIDE_MARGIN_BPM = 1.0  # an own rate this close to the target needs no glide
EASE_S = 1.0  # how long a brace takes to come and to go
SIDE_REST_S = 10.0  # at least, to turn to the other side
SWEEP_FROM_BPM = 10.0  # where a sweep glides from if the own rate is not known
SWEEP_RATE_MIN = (2.0, 3.0)  # minutes that a rate of a sweep may be shortened or lengthened to
MIN_RATE_BPM = 2.0
MAX_RATE_BPM = 60.0

_BREATHS = (DrillPhase.INHALE, DrillPhase.EXHALE, DrillPhase.MOVE, DrillPhase.RETURN)  # take all of their time
_HIGH = frozenset({DrillPhase.INHALE, DrillPhase.EFFORT, DrillPhase.MOVE, DrillPhase.KEEP})


@dataclass(frozen=True, slots=True)
class _Cycle:
    """The durations of one breath, in the pattern's order of phases, and where it belongs."""

    seconds: tuple[float, ...]
    set_index: int
    cycle: int
    scored: bool
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class _Set:
    """The phase durations of a set's breaths, those of the glide first, and the side that works."""

    glide: tuple[tuple[float, ...], ...]
    dose: tuple[tuple[float, ...], ...]
    side: Side | None = None


def plan(
    spec: DrillSpec,
    pattern: PatternSpec,
    own_rate_bpm: float | None,
    start_s: float,
    minutes: float | None = None,
    first: Side = Side.LEFT,
) -> Timeline:
    """Return the target of a whole drill from `start_s` on.

    Parameters
    ----------
    spec, pattern : DrillSpec, PatternSpec
        The drill and the form of it to do.
    own_rate_bpm : float | None
        The person's own rate; None or NaN where it is not known.
    minutes : float | None
        Length of all sets together without glide and rests, in whole breaths; None: the drill's dose. In a sweep each
        rate gets its share of it, 2 to 3 minutes.
    first : Side
        The side to begin with, where both are trained: the weaker one.

    Notes
    -----
    drills.md §§2, 5. The glide (`scored` False, not part of the dose, `cycle` counted apart) starts at the own rate
    with an in : out ratio half-way to 1 : 1 and without holds; it lasts at least 60 s in steps of at most 0.5 s a
    phase, and never longer than 120 s (then the steps are larger). A sweep glides to each
    of its rates, after the first one, which follows a rest of normal breathing, as fast as the steps allow.

    A movement begins with the repetitions in which it is learned (`scored` False as well). Where both sides are
    trained, every set is there for one and then for the other.
    """
    phases: list[TargetPhase] = []
    at_s = start_s
    work = _both_sides(_work(spec, pattern, own_rate_bpm, minutes), first) if pattern.sides else None
    for index, part in enumerate(work or _work(spec, pattern, own_rate_bpm, minutes)):
        at_s += max(spec.dose.rest_s, SIDE_REST_S * pattern.sides) if index else 0.0
        for n, seconds in enumerate((*part.glide, *part.dose)):
            scored = n >= len(part.glide)
            cycle = _Cycle(seconds, index, n - len(part.glide) * scored, scored, part.side)
            phases += _lay(spec, pattern, cycle, at_s)
            at_s = phases[-1].end_s
    return Timeline(tuple(phases))


def glide_cycles(
    spec: DrillSpec, pattern: PatternSpec, own_rate_bpm: float | None, least_s: float = GLIDE_MIN_S
) -> tuple[tuple[float, ...], ...]:
    """Return the phase durations of each breath of the glide, `least_s` long at least; empty where there is none."""
    if not (spec.paced and spec.glide) or own_rate_bpm is None:
        return ()
    if not MIN_RATE_BPM <= own_rate_bpm <= MAX_RATE_BPM or own_rate_bpm <= pattern.rate_bpm + GLIDE_MARGIN_BPM:
        return ()
    own = _own_cycle(pattern, 60.0 / own_rate_bpm)
    goal = tuple(p.seconds for p in pattern.phases)
    return tuple(_between(own, goal, k / n) for n in [_glide_breaths(own, goal, least_s)] for k in range(n))


def phase_at(timeline: Timeline, t_s: float) -> TargetPhase | None:
    """Return the phase at `t_s`; None before, after and between sets."""
    n = bisect_right(timeline.phases, t_s, key=_start_s) - 1
    return timeline.phases[n] if n >= 0 and t_s < timeline.phases[n].end_s else None


def level_at(timeline: Timeline, t_s: float | F64) -> F64:
    """Return the target's level at `t_s` (same shape), 0 breathed out … 1 breathed in; NaN where nothing is aimed at.

    Inhales and exhales follow a raised cosine from end to end; a brace comes and goes within 1 s.
    """
    at = np.asarray(t_s, dtype=np.float64)
    if not timeline.phases:
        return np.full(at.shape, np.nan)
    table = np.array([_row(p) for p in timeline.phases])
    row = table[np.searchsorted(table[:, 0], at, side="right") - 1]
    start, end, ease, low, high = np.moveaxis(row, -1, 0)
    share = np.clip((at - start) / ease, 0.0, 1.0)
    level = low + (high - low) * (1.0 - np.cos(np.pi * share)) / 2.0
    inside = (at >= timeline.start_s) & (at >= start) & (at < end)
    return np.where(inside, level, np.nan)


def shifted(phases: Sequence[TargetPhase], by_s: float) -> tuple[TargetPhase, ...]:
    """Return `phases` moved by `by_s`."""
    return tuple(replace(p, start_s=p.start_s + by_s, end_s=p.end_s + by_s) for p in phases)


def scaled(phases: Sequence[TargetPhase], by: float) -> tuple[TargetPhase, ...]:
    """Return `phases` with levels multiplied by `by`."""
    return tuple(replace(p, level_from=p.level_from * by, level_to=p.level_to * by) for p in phases)


def _start_s(phase: TargetPhase) -> float:
    return phase.start_s


def ease_s(phase: TargetPhase) -> float:
    """Return how long the level of `phase` takes to get from one end to the other: a breath takes all of it."""
    length = phase.end_s - phase.start_s
    return length if phase.kind in _BREATHS else min(length, EASE_S)


def _row(phase: TargetPhase) -> tuple[float, float, float, float, float]:
    return phase.start_s, phase.end_s, ease_s(phase), phase.level_from, phase.level_to


def _own_cycle(pattern: PatternSpec, cycle_s: float) -> tuple[float, ...]:
    inhale = sum(p.seconds for p in pattern.phases if p.kind is DrillPhase.INHALE)
    exhale = sum(p.seconds for p in pattern.phases if p.kind is DrillPhase.EXHALE)
    share = (0.5 + inhale / (inhale + exhale)) / 2.0
    scale = {DrillPhase.INHALE: share * cycle_s / inhale, DrillPhase.EXHALE: (1.0 - share) * cycle_s / exhale}
    return tuple(p.seconds * scale.get(p.kind, 0.0) for p in pattern.phases)


def _glide_breaths(own: tuple[float, ...], goal: tuple[float, ...], least_s: float) -> int:
    step = max(abs(b - a) for a, b in zip(own, goal, strict=True))
    n = max(1, math.ceil(step / GLIDE_STEP_S))
    while _glide_s(own, goal, n) < least_s:
        n += 1
    while n > 1 and _glide_s(own, goal, n) > GLIDE_MAX_S:
        n -= 1
    return n


def _glide_s(own: tuple[float, ...], goal: tuple[float, ...], n: int) -> float:
    return sum(sum(_between(own, goal, k / n)) for k in range(n))


def _between(own: tuple[float, ...], goal: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a + (b - a) * share for a, b in zip(own, goal, strict=True))


def _work(spec: DrillSpec, pattern: PatternSpec, own_rate_bpm: float | None, minutes: float | None) -> Iterator[_Set]:
    if not pattern.rates_bpm:
        cycle = tuple(p.seconds for p in pattern.phases)
        guided = (cycle,) * spec.movement.guided_n if spec.movement else ()
        glide = guided or glide_cycles(spec, pattern, own_rate_bpm)
        for index, cycles_n in enumerate(_sets(spec.dose, pattern.cycle_s, minutes)):
            yield _Set(() if index else glide, (cycle,) * cycles_n)
        return
    own_bpm = SWEEP_FROM_BPM if own_rate_bpm is None or math.isnan(own_rate_bpm) else own_rate_bpm
    rate_min = _rate_minutes(spec.dose, len(pattern.rates_bpm), minutes)
    for index, rate_bpm in enumerate(pattern.rates_bpm):
        here = pattern.at(rate_bpm)
        cycles_n = max(1, round(rate_min * rate_bpm))
        glide = glide_cycles(spec, here, own_bpm, 0.0 if index else GLIDE_MIN_S)
        yield _Set(glide, (tuple(p.seconds for p in here.phases),) * cycles_n)


def _both_sides(work: Iterator[_Set], first: Side) -> Iterator[_Set]:
    for part in work:
        yield replace(part, side=first)
        yield _Set((), part.dose, Side.RIGHT if first is Side.LEFT else Side.LEFT)


def _rate_minutes(dose: DoseSpec, rates_n: int, minutes: float | None) -> float:
    if minutes is None:
        return dose.minutes or 0.0
    low, high = SWEEP_RATE_MIN
    return min(max(minutes / rates_n, low), high)


def _sets(dose: DoseSpec, cycle_s: float, minutes: float | None) -> tuple[int, ...]:
    """Return the cycles of each set."""
    wanted = dose.minutes if minutes is None else minutes
    if wanted is None:
        return (dose.cycles or 1,) * dose.sets
    total = max(1, round(wanted * 60.0 / cycle_s))
    sets = min(total, math.ceil(total / dose.cycles) if dose.cycles else dose.sets)
    return tuple(total // sets + (n < total % sets) for n in range(sets))


def _lay(spec: DrillSpec, pattern: PatternSpec, cycle: _Cycle, at_s: float) -> Iterator[TargetPhase]:
    depth = sum(spec.depth_band) / 2.0 if pattern.breathes else 1.0
    shares = _shares(pattern)
    focus = _focus(spec, cycle.cycle) if cycle.scored else None
    level = 0.0
    high = _HIGH - {DrillPhase.EFFORT} if pattern.breathes else _HIGH  # where the breath is aimed at, the brace is not
    for phase, seconds, share in zip(pattern.phases, cycle.seconds, shares, strict=True):
        to = _level_after(phase.kind, level, depth * share) if spec.paced else depth * (phase.kind in high)
        if seconds > 0.0:
            end_s = at_s + seconds
            yield TargetPhase(
                phase.kind, at_s, end_s, level, to, cycle.set_index, cycle.cycle, cycle.scored,
                phase.brace, focus, cycle.side,
                spec.movement is not None and spec.movement.exhale_on is DrillPhase.RETURN,
            )  # fmt: skip
            at_s = end_s
        level = to


def _focus(spec: DrillSpec, cycle: int) -> Place | None:
    """Return where breath `cycle` is sent: `spec.focus` in turn, each for its number of breaths."""
    turn = [f.place for f in spec.focus for _ in range(f.breaths)]
    return turn[cycle % len(turn)] if turn else None


def _shares(pattern: PatternSpec) -> tuple[float, ...]:
    """Return which share of the depth each phase brings (a breath may come in two inhales)."""
    total = {kind: sum(p.seconds for p in pattern.phases if p.kind is kind) for kind in DrillPhase}
    return tuple(p.seconds / total[p.kind] for p in pattern.phases)


def _level_after(kind: DrillPhase, level: float, depth: float) -> float:
    if kind is DrillPhase.INHALE:
        return level + depth
    return max(0.0, level - depth) if kind is DrillPhase.EXHALE else level
