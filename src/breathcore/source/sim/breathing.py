"""How the wearer breathes: freely at the own rate, or following a target, without a jump between the two."""

import math

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.drill import Timeline
from breathcore.source.sim.cues import Cue, cues
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.sim.strokes import Chain, moves

_PAUSE_SHARE = 0.12
_MEMORY = 0.3  # how much of one breath's length deviation the next one keeps


class Breathing:
    """Chest level over time, planned stroke by stroke; causal: a target seen at t changes nothing before t.

    Free breaths last `60 / own_rate_bpm` s with a log-normal spread; the last one before a target's first inhale is
    fitted so that it ends when that inhale begins (the wave is seen coming).
    """

    def __init__(self, spec: WearerSpec, start_s: float) -> None:
        self._spec = spec
        self._rng = np.random.default_rng([spec.seed, 1])
        self._cues: list[Cue] = []
        self._guided_until_s = -math.inf
        self._deviation = 0.0
        self._quiet = 1.0 / spec.deep_ratio
        self.chain = Chain(start_s)

    def follow(self, timeline: Timeline | None, from_s: float) -> None:
        """See `timeline` (None or without phases: nothing) from `from_s` on."""
        self._plan(from_s)
        guided = self._guided_until_s > from_s
        shown = timeline if timeline and timeline.phases else None
        self._cues = cues(shown, from_s, self._spec, self._rng, guided=guided)
        if self._cues and self._cues[0].at_s < self.chain.end[0]:
            self.chain.cut(self._cues[0].at_s)

    def level(self, t_s: F64) -> F64:
        """Return levels at `t_s` (n,), rising."""
        self._plan(float(t_s[-1]))
        return self.chain.level(t_s)

    def level_at(self, t_s: float) -> float:
        """Return the level at one moment."""
        self._plan(t_s)
        return self.chain.level_at(t_s)

    def acceleration(self, t_s: F64) -> F64:
        """Return levels/s² at `t_s` (n,), rising."""
        self._plan(float(t_s[-1]))
        return self.chain.acceleration(t_s)

    def _plan(self, until_s: float) -> None:
        while self.chain.end[0] <= until_s:
            if self._cues and self._cues[0].at_s <= self.chain.end[0] + 1e-6:
                self._act(self._cues.pop(0))
            else:
                self._breathe_freely(self._cues[0].at_s if self._cues else math.inf)

    def _act(self, cue: Cue) -> None:
        start_s, level, speed = self.chain.end
        target = level if cue.level is None else cue.level
        self.chain.append(moves(start_s, max(cue.until_s, start_s + 0.1), level, speed, target))
        self._guided_until_s = self.chain.end[0]

    def _breathe_freely(self, limit_s: float) -> None:
        start_s, level, _ = self.chain.end
        length_s = self._next_length_s()
        left_s = limit_s - start_s
        full = level > 0.5 * self._quiet  # as after a hold: out first
        if left_s < (0.3 if full else 0.55) * length_s:
            self.chain.append(moves(start_s, limit_s, level, 0.0, level))
        elif full:
            out_s = min(0.6 * length_s, left_s)
            self.chain.append(moves(start_s, start_s + out_s, level, 0.0, self._bottom()))
        else:
            self._breath(start_s, left_s if left_s < 1.5 * length_s else length_s)

    def _breath(self, start_s: float, length_s: float) -> None:
        _, level, speed = self.chain.end
        share = self._spec.inhale_share + 0.02 * self._rng.normal()
        top_s = start_s + share * length_s
        low_s = start_s + (1.0 - _PAUSE_SHARE) * length_s
        depth = self._quiet * math.exp(self._spec.depth_cv * self._rng.normal())
        bottom = self._bottom()
        self.chain.append(moves(start_s, top_s, level, speed, max(depth, level + 0.3 * self._quiet)))
        self.chain.append(moves(top_s, low_s, self.chain.end[1], 0.0, bottom))
        self.chain.append(moves(low_s, start_s + length_s, bottom, 0.0, bottom))

    def _bottom(self) -> float:
        return 0.03 * self._quiet * float(self._rng.normal())

    def _next_length_s(self) -> float:
        spread = math.sqrt(1.0 - _MEMORY**2)
        self._deviation = _MEMORY * self._deviation + spread * float(self._rng.normal())
        return 60.0 / self._spec.own_rate_bpm * math.exp(self._spec.rate_cv * self._deviation)
