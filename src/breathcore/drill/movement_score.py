"""How well a movement was done: drills.md §4, from target phases and what the sensors saw.

    score = (35 repetitions + 25 range + 20 breath out on the effort + 20 steadiness) · min(1, p / 0.6)

`p` is the share of the asked repetitions that were done in tempo: exactly one fell to its cycle and it took as long as
asked, ±20 % (at least ±0.5 s); one too many counts as one more that was missed. A repetition that was done in another
tempo counts half for its part. Range: the share of repetitions whose range lies in the movement's band, fading out over
a quarter of its width. The breath out begins with the effort, ±0.8 s; where only shares of the ways are known, by how
much of the effort was breathed out. Steadiness: in full up to 0.4 of the limit (2° of 5°), none from 1.6 of it (8°).
Where the lower back should stay as it was (a hip hinge) this stands in the place of steadiness: in full up to the limit
(10°), none from half as much again (15°), either way.

Parts that were not measured are None and the rest counts for the whole. What is only held (bird-dog, side plank) has no
repetitions to count: its score is that of its steadiness, and there is no `p`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from breathcore.model.drill import DrillPhase, DrillSpec, MovementSpec, Score, ScorePart, TargetPhase
from breathcore.model.estimates import PhaseKind, Turn
from breathcore.model.trunk import LumbarBend, Rep, Steadiness

WEIGHTS = {"reps": 0.35, "range": 0.25, "exhale": 0.20, "steadiness": 0.20}
STILL = WEIGHTS["steadiness"]  # of what should not move: the pelvis in a hold, or the lower back
BENT_NONE = 1.5  # of the limit
TEMPO_SHARE, TEMPO_S = 0.2, 0.5
OFF_TEMPO = 0.5  # what a repetition in another tempo counts
RANGE_FADE = 0.25  # of the band's width
EXHALE_S = 0.8
EXHALED_FROM, EXHALED_TO = 0.4, 0.7  # share of the effort that was breathed out: none and all of the value
STEADY_FULL, STEADY_NONE = 0.4, 1.6  # of the limit
FULL_FROM_P = 0.6
_HINT_SHARE = 0.25
_MOVING = (DrillPhase.MOVE, DrillPhase.KEEP, DrillPhase.RETURN)


@dataclass(frozen=True, slots=True)
class _TargetRep:
    """One repetition that was asked for: how long it takes, and the time in which one counts for it."""

    seconds: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of one that was asked for: how many there were, and by which share the one was too slow."""

    count_n: int
    slow: float
    in_tempo: bool


def score_movement(
    spec: DrillSpec,
    phases: Sequence[TargetPhase],
    reps: Sequence[Rep],
    steadiness: Sequence[Steadiness] = (),
    bends: Sequence[LumbarBend] = (),
    *,
    measured: bool = True,
    turns: Sequence[Turn] = (),
    until_s: float = math.inf,
) -> Score:
    """Return the score of the phases that were carried out, also while the drill runs.

    Parameters
    ----------
    reps, steadiness, bends
        What was measured, in order; holds in `phases` and bends in repetitions that were asked for count.
    measured : bool
        Whether repetitions are counted at all: False where no sensor shows them or the movement was not learned.
    turns : Sequence[Turn]
        The turns of the breath, where it is known.
    until_s : float
        How far all this is known; a repetition that was asked for later is left out.
    """
    assert spec.movement is not None
    targets = [t for t in _target_reps(phases) if t.to_s <= until_s] if measured else []
    own = [[r for r in reps if t.from_s <= _middle(r) < t.to_s] for t in targets]
    done = [_done(t, found) for t, found in zip(targets, own, strict=True)]
    kept = [r for found in own for r in found]
    parts = (
        _reps(done),
        _range(spec.movement, kept),
        _exhale(spec.movement, kept, turns),
        _steady(spec.movement, [s for s in steadiness if _within(s, phases)])
        if spec.movement.back_deg is None
        else _back(spec.movement.back_deg, [b for b in bends if any(t.from_s <= b.t_s < t.to_s for t in targets)]),
    )
    known = [(part.weight, part.value) for part in parts if part.value is not None]
    if not known:
        return Score(None, None, parts)
    p = sum(d.in_tempo for d in done) / sum(max(1, d.count_n) for d in done) if done else None
    mean = sum(w * v for w, v in known) / sum(w for w, _ in known)
    return Score(100.0 * mean * (1.0 if p is None else min(1.0, p / FULL_FROM_P)), p, parts, len(targets))


# ── repetitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _target_reps(phases: Sequence[TargetPhase]) -> list[_TargetRep]:
    asked = []
    for scored, cycle in groupby(phases, key=lambda p: (p.scored, p.set_index, p.cycle)):
        moving = [p for p in cycle if p.kind in _MOVING]
        if scored[0] and moving:
            asked.append((moving[0].start_s, moving[-1].end_s))
    found = []
    for i, (start_s, end_s) in enumerate(asked):
        half_s = 0.5 * (end_s - start_s)
        before = asked[i - 1][1] if i else -math.inf
        after = asked[i + 1][0] if i + 1 < len(asked) else math.inf
        # Half of the rest on either side is its own, and no more than half of its length.
        from_s = start_s - min(half_s, 0.5 * (start_s - before))
        found.append(_TargetRep(end_s - start_s, from_s, end_s + min(half_s, 0.5 * (after - end_s))))
    return found


def _middle(rep: Rep) -> float:
    return 0.5 * (rep.start_s + rep.end_s)


def _done(target: _TargetRep, found: Sequence[Rep]) -> _Done:
    if len(found) != 1:
        return _Done(len(found), math.nan, in_tempo=False)
    late_s = found[0].end_s - found[0].start_s - target.seconds
    return _Done(1, late_s / target.seconds, abs(late_s) <= max(TEMPO_S, TEMPO_SHARE * target.seconds))


def _reps(done: Sequence[_Done]) -> ScorePart:
    weight = WEIGHTS["reps"]
    if not done:
        return ScorePart("reps", weight, None)
    value = sum(1.0 if d.in_tempo else OFF_TEMPO * (d.count_n > 0) for d in done) / sum(max(1, d.count_n) for d in done)
    off = [d for d in done if not d.in_tempo]
    counts = {
        "missed": sum(d.count_n == 0 for d in off),
        "fast": sum(d.slow < 0 or d.count_n > 1 for d in off),
        "slow": sum(d.slow > 0 for d in off),
    }
    return ScorePart("reps", weight, value, _hint(counts, len(done)))


# ── range, breath, steadiness ────────────────────────────────────────────────────────────────────────────────────────


def _range(movement: MovementSpec, reps: Sequence[Rep]) -> ScorePart:
    weight = WEIGHTS["range"]
    sizes = [r.range_deg for r in reps if not math.isnan(r.range_deg)]
    if not sizes:
        return ScorePart("range", weight, None)
    low, high = movement.range_deg
    fade = RANGE_FADE * (high - low)
    value = fmean(max(0.0, 1.0 - max(low - x, x - high, 0.0) / fade) for x in sizes)
    counts = {"small": sum(x < low for x in sizes), "large": sum(x > high for x in sizes)}
    return ScorePart("range", weight, value, _hint(counts, len(sizes)))


def _exhale(movement: MovementSpec, reps: Sequence[Rep], turns: Sequence[Turn]) -> ScorePart:
    weight = WEIGHTS["exhale"]
    back = movement.exhale_on is DrillPhase.RETURN
    onsets = [t.t_s for t in turns if t.kind is PhaseKind.EXHALE]
    values, late = [], []
    for rep in reps:
        share = rep.exhaled_back if back else rep.exhaled
        if math.isnan(share):
            continue
        start_s, end_s = (rep.return_s, rep.end_s) if back else (rep.start_s, rep.top_s)
        near = min((t - start_s for t in onsets if start_s - EXHALE_S <= t < end_s), key=abs, default=math.nan)
        by_share = max(0.0, min(1.0, (share - EXHALED_FROM) / (EXHALED_TO - EXHALED_FROM)))
        values.append(1.0 if abs(near) <= EXHALE_S else by_share)
        late.append(near)
    if not values:
        return ScorePart("exhale", weight, None)
    counts = {"late": sum(x > EXHALE_S for x in late), "missed": sum(v < 0.5 for v in values)}
    return ScorePart("exhale", weight, fmean(values), _hint(counts, len(values)))


def _steady(movement: MovementSpec, holds: Sequence[Steadiness]) -> ScorePart:
    weight = STILL
    tilts = _steadied(movement.steady_deg, [h.tilt_deg for h in holds])
    turns = _steadied(movement.rotation_deg, [h.rotation_deg for h in holds])
    means = [fmean(x) for x in (tilts, turns) if x]
    if not means:
        return ScorePart("steadiness", weight, None)
    counts = {"tilt": sum(v < 0.5 for v in tilts), "rotation": sum(v < 0.5 for v in turns)}
    return ScorePart("steadiness", weight, min(means), _hint(counts, max(len(tilts), len(turns))))


def _back(limit_deg: float, bends: Sequence[LumbarBend]) -> ScorePart:
    known = [b.bend_deg for b in bends if not math.isnan(b.bend_deg)]
    if not known:
        return ScorePart("back", STILL, None)
    none_deg = BENT_NONE * limit_deg
    value = fmean(max(0.0, min(1.0, (none_deg - abs(x)) / (none_deg - limit_deg))) for x in known)
    counts = {"rounded": sum(x > limit_deg for x in known), "hollowed": sum(x < -limit_deg for x in known)}
    return ScorePart("back", STILL, value, _hint(counts, len(known)))


def _steadied(limit_deg: float | None, found: Sequence[float]) -> list[float]:
    if limit_deg is None:
        return []
    known = [x / limit_deg for x in found if not math.isnan(x)]
    return [max(0.0, min(1.0, (STEADY_NONE - x) / (STEADY_NONE - STEADY_FULL))) for x in known]


def _within(hold: Steadiness, phases: Sequence[TargetPhase]) -> bool:
    return any(p.scored and p.start_s <= hold.t_s and hold.start_s < p.end_s for p in phases)


def _hint(counts: dict[str, int], of_n: int) -> str:
    hint = max(counts, key=lambda h: counts[h])
    return hint if counts[hint] > _HINT_SHARE * of_n else ""
