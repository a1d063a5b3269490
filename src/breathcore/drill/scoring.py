"""How well the breath followed: drills.md §2, from target phases and measured breaths.

    score = (35 p + 25 depth + 20 regularity + 20 quality) · min(1, p / 0.6)

`p` is the share of target phases that were hit. A phase is hit when *exactly one* measured onset of its kind falls to
its target breath (half a breath either side of the target onset) and lies within ±max(0.5 s, 15 % of the phase): two
breaths to one target breath hit nothing, however they happen to fall, and each onset too many counts as one more phase
that was missed. So 8 or 10 even breaths a minute, which meet a 6-a-minute target every 30 s, do not pass for half of
it. Depth is the share of breaths with an amplitude
in the band (fading out over a quarter of the range beyond it), regularity 1 − CV/0.3 of the breaths' lengths, and
quality their steadiness of depth, 1 − CV/0.5: wider than regularity, because a strap sees depth less exactly than time.
Parts that were not measured are None and the rest counts for the whole; without `p` there is no score.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean, stdev

from breathcore.model.drill import DrillPhase, DrillSpec, Score, ScorePart, TargetPhase
from breathcore.model.estimates import NO_BREATH, Breath, BreathRange, PhaseKind, Turn
from breathcore.model.message import Message, message

WEIGHTS = {"timing": 0.35, "depth": 0.25, "regularity": 0.20, "quality": 0.20}
TOLERANCE_S = 0.5
TOLERANCE_SHARE = 0.15
FULL_FROM_P = 0.6
REGULARITY_CV = 0.3
STEADINESS_CV = 0.5
DEPTH_FADE = 0.25  # share of the range over which depth outside the band fades from 1 to 0
BREATHS_MIN_N = 3  # for a coefficient of variation
GOOD_SCORE = 85.0
SAME_ONSET_S = 0.3
_HINT_SHARE = 0.25  # of what was looked at, to name a direction


@dataclass(frozen=True, slots=True)
class _TargetBreath:
    """The phases of one scored breath, and the limits of the unbroken stretch of target it stands in."""

    phases: tuple[TargetPhase, ...]
    from_s: float
    to_s: float

    @property
    def start_s(self) -> float:
        return self.phases[0].start_s

    @property
    def end_s(self) -> float:
        return self.phases[-1].end_s


@dataclass(frozen=True, slots=True)
class _Aim:
    """One target phase against what was measured: how many onsets fell to it, how late the one was, if in time."""

    onsets_n: int
    late_s: float
    hit: bool


def score_drill(
    spec: DrillSpec,
    phases: Sequence[TargetPhase],
    breaths: Sequence[Breath],
    breath_range: BreathRange | None = None,
    *,
    turns: Sequence[Turn] = (),
    until_s: float = math.inf,
) -> Score:
    """Return the score of the phases that were carried out (`DrillState.done`), also while the drill runs.

    Parameters
    ----------
    phases : Sequence[TargetPhase]
        In order; the unscored ones (glide, cut-off breaths) tell where the target was unbroken and are not scored.
    breaths, turns
        What was measured; turns only fill in onsets later than the last breath's (its end is told a breath later).
    breath_range : BreathRange | None
        The person's range, for depth; None where it was not calibrated.
    until_s : float
        How far the breath is known; target phases that onsets may still fall to are left out.
    """
    real = [b for b in breaths if b.kind not in NO_BREATH]
    targets = _target_breaths(phases) if spec.paced else []
    aims = _aims(targets, _onsets(real, turns), until_s) if real or turns else []
    if not aims:
        return Score(None, None, tuple(ScorePart(id_, weight, None) for id_, weight in WEIGHTS.items()))
    p = sum(a.hit for a in aims) / sum(max(1, a.onsets_n) for a in aims)
    pairs = [(t, b) for t in targets for b in _breaths_of(t, real)]
    parts = (
        ScorePart("timing", WEIGHTS["timing"], p, _timing_hint(aims)),
        _depth(spec, pairs, breath_range),
        ScorePart("regularity", WEIGHTS["regularity"], _evenness(_lengths(pairs), REGULARITY_CV)),
        ScorePart("quality", WEIGHTS["quality"], _evenness([b.amplitude for _, b in pairs], STEADINESS_CV)),
    )
    scored_n = sum(t.end_s <= until_s for t in targets)
    return Score(_total(parts, p), p, parts, scored_n)


def advice(score: Score) -> Message:
    """Return what to try next: a word on the part that cost most."""
    measured = [(part, part.value) for part in score.parts if part.value is not None]
    if score.total is None or not measured:
        return message("advice.timed")
    if score.total >= GOOD_SCORE:
        return message("advice.good")
    worst, _ = max(measured, key=lambda pair: pair[0].weight * (1.0 - pair[1]))
    return message(f"advice.{worst.id}-{worst.hint}" if worst.hint else f"advice.{worst.id}")


def tolerance_s(phase: TargetPhase) -> float:
    """Return how far from its target an onset may lie."""
    return max(TOLERANCE_S, TOLERANCE_SHARE * (phase.end_s - phase.start_s))


def _total(parts: Iterable[ScorePart], p: float) -> float:
    known = [(part.weight, part.value) for part in parts if part.value is not None]
    mean = sum(w * v for w, v in known) / sum(w for w, _ in known)
    return 100.0 * mean * min(1.0, p / FULL_FROM_P)


# ── timing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _target_breaths(phases: Sequence[TargetPhase]) -> list[_TargetBreath]:
    found = []
    for stretch in _stretches(phases):
        for scored, breath in groupby(stretch, key=lambda p: (p.scored, p.set_index, p.cycle)):
            if scored[0]:
                found.append(_TargetBreath(tuple(breath), stretch[0].start_s, stretch[-1].end_s))
    return found


def _stretches(phases: Sequence[TargetPhase]) -> list[list[TargetPhase]]:
    """Split `phases` where time is missing between them."""
    stretches: list[list[TargetPhase]] = []
    for phase in phases:
        if stretches and phase.start_s - stretches[-1][-1].end_s < TOLERANCE_S:
            stretches[-1].append(phase)
        else:
            stretches.append([phase])
    return stretches


def _onsets(breaths: Sequence[Breath], turns: Sequence[Turn]) -> dict[DrillPhase, list[float]]:
    """Return the sorted onset times of each kind of phase. Holds have onsets only where one was seen."""
    found = {
        DrillPhase.INHALE: [b.inhale_onset_s for b in breaths],
        DrillPhase.EXHALE: [b.exhale_onset_s for b in breaths],
        DrillPhase.HOLD: [b.exhale_onset_s - b.hold_in_s for b in breaths if b.hold_in_s > 0.0],
        DrillPhase.REST: [b.end_s - b.hold_out_s for b in breaths if b.hold_out_s > 0.0],
    }
    known = (t for kind in (DrillPhase.INHALE, DrillPhase.EXHALE) for t in found[kind] if not math.isnan(t))
    after_s = max(known, default=-math.inf) + SAME_ONSET_S
    for turn in turns:
        if turn.t_s > after_s and turn.kind in (PhaseKind.INHALE, PhaseKind.EXHALE):
            found[DrillPhase(turn.kind.value)].append(turn.t_s)
    return {kind: sorted(t for t in times if not math.isnan(t)) for kind, times in found.items()}


def _aims(targets: Sequence[_TargetBreath], onsets: dict[DrillPhase, list[float]], until_s: float) -> list[_Aim]:
    found = []
    for target in targets:
        for phase in target.phases:
            low_s, high_s = _region(target, phase)
            times = onsets[phase.kind]
            own = times[bisect_left(times, low_s) : bisect_left(times, high_s)]
            # A hold that cannot be seen is left out: whether it was kept shows in the onset that ends it.
            if high_s <= until_s and (own or phase.kind in (DrillPhase.INHALE, DrillPhase.EXHALE)):
                found.append(_aim(phase, own))
    return found


def _region(target: _TargetBreath, phase: TargetPhase) -> tuple[float, float]:
    half_s = (target.end_s - target.start_s) / 2.0
    margin_s = tolerance_s(phase)
    return max(phase.start_s - half_s, target.from_s - margin_s), min(phase.start_s + half_s, target.to_s + margin_s)


def _aim(phase: TargetPhase, onsets: Sequence[float]) -> _Aim:
    late_s = onsets[0] - phase.start_s if len(onsets) == 1 else math.nan
    return _Aim(len(onsets), late_s, abs(late_s) <= tolerance_s(phase))


def _timing_hint(aims: Sequence[_Aim]) -> str:
    missed = [a for a in aims if not a.hit]
    counts = {
        "fast": sum(a.onsets_n > 1 for a in missed),
        "slow": sum(a.onsets_n == 0 for a in missed),
        "late": sum(a.late_s > 0 for a in missed),
        "early": sum(a.late_s < 0 for a in missed),
    }
    hint = max(counts, key=lambda h: counts[h])
    return hint if counts[hint] > _HINT_SHARE * len(aims) else ""


# ── depth, regularity, quality ───────────────────────────────────────────────────────────────────────────────────────


def _breaths_of(target: _TargetBreath, breaths: Sequence[Breath]) -> list[Breath]:
    """Return the breaths that began within `target` and whose depth is known."""
    margin_s = tolerance_s(target.phases[0])
    first = bisect_left(breaths, target.start_s - margin_s, key=lambda b: b.inhale_onset_s)
    last = bisect_left(breaths, target.end_s - margin_s, key=lambda b: b.inhale_onset_s)
    return [b for b in breaths[first:last] if not math.isnan(b.amplitude)]


def _depth(
    spec: DrillSpec, pairs: Sequence[tuple[_TargetBreath, Breath]], breath_range: BreathRange | None
) -> ScorePart:
    weight = WEIGHTS["depth"]
    if (
        breath_range is None
        or breath_range.refusal is not None
        or not breath_range.high > breath_range.low
        or not pairs
    ):
        return ScorePart("depth", weight, None)
    span = breath_range.high - breath_range.low
    off = [_outside(spec, target, breath.amplitude / span) for target, breath in pairs]
    value = fmean(max(0.0, 1.0 - abs(x) / DEPTH_FADE) for x in off)
    shallow, deep = sum(x < 0 for x in off), sum(x > 0 for x in off)
    hint = "shallow" if shallow >= deep else "deep"
    return ScorePart("depth", weight, value, hint if max(shallow, deep) > _HINT_SHARE * len(off) else "")


def _outside(spec: DrillSpec, target: _TargetBreath, depth: float) -> float:
    """Return how far `depth` lies below (< 0) or above (> 0) the band, which moves with the depth aimed at."""
    aimed = max(p.level_to for p in target.phases) - target.phases[0].level_from
    low, high = (edge * aimed / fmean(spec.depth_band) for edge in spec.depth_band)
    return min(0.0, depth - low) + max(0.0, depth - high)


def _lengths(pairs: Sequence[tuple[_TargetBreath, Breath]]) -> list[float]:
    inside = [b for t, b in pairs if b.end_s <= t.to_s + tolerance_s(t.phases[0])]
    return [b.end_s - b.inhale_onset_s for b in inside]


def _evenness(values: Sequence[float], cv_at_zero: float) -> float | None:
    if len(values) < BREATHS_MIN_N:
        return None
    mean = fmean(values)
    return max(0.0, 1.0 - stdev(values) / mean / cv_at_zero) if mean > 0 else None
