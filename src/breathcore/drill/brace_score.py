"""How well a brace was kept: drills.md C1–C3 and signals.md §9, from target zones and what the sensors saw.

    score = 40 time in the zone + 25 breathing kept + 20 steadiness of the lumbar spine + 15 drift

Time in the zone is the share of what was told of the level while a brace was asked for, without the first two seconds
(the ramp); a brace of which less than half was told counts as not measured. Breathing kept is the share of the time
braced in which breathing went on, without strain. Steadiness is that of the pelvis: in full up to 2°, none from 8°.
Drift: in full up to 5 % of the range in 10 s, none from 15 %.

Parts that were not measured are None and the rest counts for the whole. A brace that nothing measures has no score: the
drill is timed, and the person says how hard it was (0–10); the screens say so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from breathcore.model.device import Place
from breathcore.model.drill import Score, ScorePart, TargetPhase
from breathcore.model.trunk import BraceEstimate, Steadiness

WEIGHTS = {"zone": 0.40, "breathing": 0.25, "steadiness": 0.20, "drift": 0.15}
RAMP_S = 2.0
LEAST_TOLD = 0.5  # of the level, after the ramp: a brace of which less was told was not measured
KEPT_AT = 0.6  # of its time in the zone: a brace that was kept
STEADY_DEG, UNSTEADY_DEG = 2.0, 8.0
DRIFT_FULL, DRIFT_NONE = 0.05, 0.15
JOINED_S = 0.1  # between phases of one brace
_HINT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class AskedBrace:
    """One brace that was asked for, without a break; `zones` are `(start_s, end_s, low, high)`."""

    start_s: float
    end_s: float
    zones: tuple[tuple[float, float, float, float], ...]

    def zone(self, t_s: float) -> tuple[float, float] | None:
        """Return the zone at `t_s`, None in the ramp and outside."""
        if t_s < self.start_s + min(RAMP_S, 0.5 * (self.end_s - self.start_s)):
            return None
        return next(((low, high) for start_s, end_s, low, high in self.zones if start_s <= t_s < end_s), None)


def asked_braces(phases: Sequence[TargetPhase]) -> tuple[AskedBrace, ...]:
    """Return the scored braces of `phases`: neighbouring phases with a zone are one."""
    found: list[list[TargetPhase]] = []
    for phase in (p for p in phases if p.scored and p.brace is not None):
        last = found[-1][-1] if found else None
        joined = last is not None and phase.start_s - last.end_s < JOINED_S
        if joined and last is not None and (phase.set_index, phase.cycle) == (last.set_index, last.cycle):
            found[-1].append(phase)
        else:
            found.append([phase])
    return tuple(AskedBrace(b[0].start_s, b[-1].end_s, tuple(_zone(p) for p in b)) for b in found)


def score_brace(
    phases: Sequence[TargetPhase],
    braces: Sequence[BraceEstimate],
    steadiness: Sequence[Steadiness] = (),
    *,
    until_s: float = math.inf,
) -> Score:
    """Return the score of the phases that were carried out, also while the drill runs.

    Parameters
    ----------
    braces, steadiness
        What was measured, in order; steadiness of other places than the pelvis is left aside.
    until_s : float
        How far all this is known; a brace that was asked for later is left out.
    """
    asked = [a for a in asked_braces(phases) if a.end_s <= until_s]
    told = [[b for b in braces if a.start_s <= b.t_s < a.end_s] for a in asked]
    shares = [s for a, own in zip(asked, told, strict=True) if (s := _in_zone(a, own)) is not None]
    parts = (
        _zone_part(asked, told, shares),
        _breathing([b for own in told for b in own]),
        _steady([s for s in steadiness if s.place is Place.PELVIS and _within(s, asked)]),
        _drift(told),
    )
    if not shares:
        return Score(None, None, parts)
    known = [(part.weight, part.value) for part in parts if part.value is not None]
    total = 100.0 * sum(w * v for w, v in known) / sum(w for w, _ in known)
    return Score(total, fmean(s >= KEPT_AT for s in shares), parts, len(shares))


def _zone(phase: TargetPhase) -> tuple[float, float, float, float]:
    low, high = phase.brace or (math.nan, math.nan)
    return phase.start_s, phase.end_s, low, high


def _in_zone(asked: AskedBrace, told: Sequence[BraceEstimate]) -> float | None:
    """Return the share of what was told in which the level lay in the zone; None where too little was."""
    seen = [(b.level, *z) for b in told if (z := asked.zone(b.t_s)) is not None]
    inside = [low <= level <= high for level, low, high in seen if level == level]
    return fmean(inside) if inside and len(inside) >= LEAST_TOLD * len(seen) else None


def _zone_part(
    asked: Sequence[AskedBrace], told: Sequence[Sequence[BraceEstimate]], shares: Sequence[float]
) -> ScorePart:
    weight = WEIGHTS["zone"]
    if not shares:
        return ScorePart("zone", weight, None)
    off = [
        b.level - (low if b.level < low else high)
        for a, own in zip(asked, told, strict=True)
        for b in own
        if b.level == b.level and (z := a.zone(b.t_s))
        for low, high in [z]
        if not low <= b.level <= high
    ]
    seen_n = sum(b.level == b.level and a.zone(b.t_s) is not None for a, o in zip(asked, told, strict=True) for b in o)
    counts = {"light": sum(x < 0 for x in off), "firm": sum(x > 0 for x in off)}
    return ScorePart("zone", weight, fmean(shares), _hint(counts, seen_n))


def _breathing(told: Sequence[BraceEstimate]) -> ScorePart:
    weight = WEIGHTS["breathing"]
    known = [b for b in told if b.breathing is not None]
    if not known:
        return ScorePart("breathing", weight, None)
    value = fmean(bool(b.breathing) and not b.strain for b in known)
    counts = {"strain": sum(b.strain for b in known)}
    return ScorePart("breathing", weight, value, _hint(counts, len(known)))


def _steady(found: Sequence[Steadiness]) -> ScorePart:
    weight = WEIGHTS["steadiness"]
    known = [s.tilt_deg for s in found if not math.isnan(s.tilt_deg)]
    if not known:
        return ScorePart("steadiness", weight, None)
    return ScorePart("steadiness", weight, fmean(_fading(x, STEADY_DEG, UNSTEADY_DEG) for x in known))


def _drift(told: Sequence[Sequence[BraceEstimate]]) -> ScorePart:
    """Read each brace's drift where it was told last."""
    weight = WEIGHTS["drift"]
    known = [[b.drift for b in own if b.drift == b.drift] for own in told]
    last = [d[-1] for d in known if d]
    if not last:
        return ScorePart("drift", weight, None)
    counts = {"fades": sum(d < -DRIFT_FULL for d in last), "rises": sum(d > DRIFT_FULL for d in last)}
    return ScorePart(
        "drift", weight, fmean(_fading(abs(d), DRIFT_FULL, DRIFT_NONE) for d in last), _hint(counts, len(last))
    )


def _fading(x: float, full: float, none: float) -> float:
    return max(0.0, min(1.0, (none - x) / (none - full)))


def _within(hold: Steadiness, asked: Sequence[AskedBrace]) -> bool:
    return any(a.start_s <= hold.t_s and hold.start_s < a.end_s for a in asked)


def _hint(counts: dict[str, int], of_n: int) -> str:
    hint = max(counts, key=lambda h: counts[h])
    return hint if counts[hint] > _HINT_SHARE * of_n else ""
