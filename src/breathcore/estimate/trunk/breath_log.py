"""Which way the breath went, and when: for what is done on a breath out."""

import math
from collections import deque

from breathcore.model.estimates import Breath, PhaseKind, RateEstimate, Turn

KEPT_S = 40.0
STALE_S = 15.0  # after a turn of the breath: nobody breathes one way for so long


class BreathLog:
    """The turns of the breath, as they were known at any time."""

    def __init__(self) -> None:
        self._turns: deque[Turn] = deque()
        self._refused: deque[float] = deque()

    def on(self, item: Breath | Turn | RateEstimate) -> None:
        """Take what the breath says."""
        if isinstance(item, Turn) and item.kind in (PhaseKind.INHALE, PhaseKind.EXHALE):
            self._turns.append(item)
            while self._turns[0].t_s < item.t_s - KEPT_S:
                self._turns.popleft()
        elif isinstance(item, RateEstimate) and item.refusal is not None:
            self._refused.append(item.t_s)
            while self._refused[0] < item.t_s - KEPT_S:
                self._refused.popleft()

    def exhaled(self, start_s: float, end_s: float, known_s: float) -> float:
        """Return the share of `[start_s, end_s)` in which was breathed out, as known at `known_s`; NaN if it is not."""
        turns = sorted((t for t in self._turns if t.confirmed_s <= known_s and t.t_s < end_s), key=lambda t: t.t_s)
        before = [t for t in turns if t.t_s <= start_s]
        refused = any(start_s < t <= min(end_s + 1.0, known_s) for t in self._refused)
        if not before or refused or not end_s > start_s or end_s - turns[-1].t_s > STALE_S:
            return math.nan
        out_s, way, since_s = 0.0, before[-1].kind, start_s
        for turn in turns[len(before) :]:
            out_s += (turn.t_s - since_s) * (way is PhaseKind.EXHALE)
            way, since_s = turn.kind, turn.t_s
        return (out_s + (end_s - since_s) * (way is PhaseKind.EXHALE)) / (end_s - start_s)
