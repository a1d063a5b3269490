"""A brace that nothing measures: it is timed, and after each set the person says how hard it was (0–10).

The number is the person's own and stands for nothing else: no score is made of it. A set is asked about where a brace
was asked for and its level was not told for half of the time: no sensor shows it, its range was refused, or it was not
sure.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from breathcore.drill.brace_score import LEAST_TOLD
from breathcore.model.drill import DrillPhase, Stage, TargetPhase
from breathcore.model.trunk import BraceEstimate

LIMITS = (0, 10)
ASKED_IN = frozenset({Stage.SET_REST, Stage.COUNTDOWN, Stage.PAUSED, Stage.FINISHED})


@dataclass(frozen=True, slots=True)
class BraceRating:
    """How hard the braces of set `set_index` (from 0) felt, 0 nothing at all to 10 the most; said at `t_s`."""

    t_s: float
    set_index: int
    effort: int


def brace_rating(text: str, t_s: float, asked: Collection[int]) -> BraceRating | None:
    """Return what was said, JSON ``{"set": from 0, "effort": 0-10}``, of one of the sets in `asked`; else None."""
    try:
        told = json.loads(text)
        index, effort = told["set"], told["effort"]
    except (ValueError, TypeError, KeyError):
        return None
    low, high = LIMITS
    whole = type(index) is int and type(effort) is int
    return BraceRating(t_s, index, effort) if whole and index in asked and low <= effort <= high else None


def rating_text(set_index: int, effort: int) -> str:
    """Return the text of an EFFORT command."""
    return json.dumps({"set": set_index, "effort": effort})


def unmeasured_sets(done: Sequence[TargetPhase], braces: Sequence[BraceEstimate]) -> tuple[int, ...]:
    """Return the sets of `done` with a brace whose level was told for less than half of what was seen, in order."""
    asked = [p for p in done if p.scored and (p.brace is not None or p.kind is DrillPhase.EFFORT)]
    levels: dict[int, list[float]] = {p.set_index: [] for p in asked}
    for p in asked:
        levels[p.set_index] += [b.level for b in braces if p.start_s <= b.t_s < p.end_s]
    return tuple(sorted(index for index, told in levels.items() if not _measured(told)))


def _measured(levels: Sequence[float]) -> bool:
    told_n = sum(level == level for level in levels)
    return told_n > 0 and told_n >= LEAST_TOLD * len(levels)
