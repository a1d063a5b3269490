"""The breath of a script: one chain of strokes, planned as a whole, and what goes with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from breathcore.model.arrays import F64
from breathcore.source.sim.strokes import Chain, moves
from breathcore.source.sim.trunk.script import Air, AirKind, Script
from breathcore.source.sim.trunk.spec import WALL, TrunkSpec
from breathcore.source.sim.trunk.tracks import Track

BEFORE_S = 30.0  # one breathed before the script began
_SETTLES_S = 1.2  # how long the belly takes to come to rest in a hold
_SENT_S = 0.6
_FULL = 0.9  # breaths as deep as this differ by `full_cv`
_LOW = 0.02  # spread of the level breathed out to, share of the depth
_HELD_S = 1.0  # to where a breath is held
_TALK_IN_S, _TALK_TOP, _TALK_LOW = 0.6, 0.55, 0.08
_COUGH_IN_S, _COUGH_S, _COUGHS_N, _COUGH_TOP = 0.8, 0.35, 3, 0.6


class TrunkBreath(Protocol):
    """How the two compartments are driven."""

    @property
    def chain(self) -> Chain:
        """The strokes of the breath, as far as it is planned."""
        ...

    def level(self, t_s: F64) -> F64:
        """Return the breath at rising `t_s` (n,)."""
        ...

    def lag_s(self, t_s: F64) -> F64:
        """Return how far the belly lags behind the ribs (n,)."""
        ...

    def sent(self, t_s: F64) -> F64:
        """Return by what each site of WALL opens more than in step, (n, sites)."""
        ...

    def coughs(self, until_s: float) -> Sequence[float]:
        """Return when the coughs up to `until_s` burst."""
        ...


@dataclass(frozen=True, slots=True)
class Guided:
    """From `start_s` to `end_s` the breath goes to these levels at these times: with a movement."""

    start_s: float
    end_s: float
    to: tuple[tuple[float, float], ...]  # (until_s, level)


@dataclass(frozen=True, slots=True)
class _Part:
    start_s: float
    end_s: float
    air: Air
    guided: Guided | None = None


class ScriptedBreath:
    """The breath of `script`; `guided` stretches come before what it says."""

    def __init__(self, spec: TrunkSpec, script: Script, guided: Sequence[Guided] = ()) -> None:
        self._spec = spec
        self._rng = np.random.default_rng([spec.seed, 11])
        self.chain = Chain(-BEFORE_S)
        self._lag = Track(self._lag_of(Air(-BEFORE_S)))
        self._sent = tuple(Track() for _ in WALL)
        self._bursts: list[float] = []
        for part in _parts(script, guided):
            self._settle(part)
            self._lay(part)

    def level(self, t_s: F64) -> F64:
        """Return the breath at rising `t_s` (n,)."""
        return self.chain.level(np.clip(t_s, -BEFORE_S, self.chain.end[0]))

    def lag_s(self, t_s: F64) -> F64:
        """Return how far the belly lags behind the ribs (n,)."""
        return self._lag(t_s)

    def sent(self, t_s: F64) -> F64:
        """Return by what each site of WALL opens more than in step, (n, sites)."""
        return np.stack([track(t_s) for track in self._sent], axis=1)

    def coughs(self, until_s: float) -> Sequence[float]:
        """Return when the coughs up to `until_s` burst."""
        return [t for t in self._bursts if t <= until_s]

    def _lag_of(self, air: Air) -> float:
        if air.kind is not AirKind.BREATHE:
            return 0.0
        phase_deg = self._spec.phase_deg if air.phase_deg is None else air.phase_deg
        return phase_deg / 360.0 * 60.0 / (air.rate_bpm or self._spec.rate_bpm)

    def _settle(self, part: _Part) -> None:
        if part.start_s > -BEFORE_S:
            self._lag.go(part.start_s, part.start_s + _SETTLES_S, self._lag_of(part.air))
        for track, place in zip(self._sent, WALL, strict=True):
            more = part.air.focus.get(place, 0.0)
            if more != float(track(np.array([part.start_s + 60.0]))[0]):
                track.go(part.start_s - _SENT_S / 2, part.start_s + _SENT_S / 2, more)

    def _lay(self, part: _Part) -> None:
        if part.guided:
            for until_s, level in part.guided.to:
                self._go(until_s, level)
            return
        while part.end_s - self.chain.end[0] > 1e-6:
            match part.air.kind:
                case AirKind.HOLD:
                    self._hold(part)
                case AirKind.TALK:
                    self._say(part.end_s)
                case AirKind.COUGH:
                    self._cough(part.end_s)
                case _:
                    self._breathe(part.air, part.end_s)

    def _go(self, until_s: float, level: float) -> None:
        start_s, here, speed = self.chain.end
        if until_s > start_s + 1e-6:
            self.chain.append(moves(start_s, until_s, here, speed, level))

    def _breathe(self, air: Air, limit_s: float) -> None:
        start_s, here, _ = self.chain.end
        usual_s = 60.0 / (air.rate_bpm or self._spec.rate_bpm)
        length_s = usual_s if air.exact else usual_s * math.exp(self._spec.rate_cv * self._normal())
        left_s = limit_s - start_s
        length_s = left_s if left_s < 1.5 * length_s else length_s
        if length_s < 0.55 * usual_s:  # no time for a breath
            self._go(limit_s, 0.0)
            return
        depth = self._depth(air)
        ratio = air.i_to_e or self._spec.i_to_e
        share = ratio / (1.0 + ratio)
        pause = 0.0 if air.exact else min(self._spec.pause, 0.4 * (1.0 - share))
        self._go(start_s + share * length_s, max(depth, here + 0.3 * depth))
        low = 0.0 if air.exact else _LOW * depth * self._normal()
        self._go(start_s + (1.0 - pause) * length_s, low)
        self._go(start_s + length_s, low)

    def _depth(self, air: Air) -> float:
        depth = self._spec.depth if air.depth is None else air.depth
        if depth >= _FULL:
            return depth * (1.0 + self._spec.full_cv * self._normal())
        return depth if air.exact else depth * math.exp(self._spec.depth_cv * self._normal())

    def _hold(self, part: _Part) -> None:
        start_s, here, _ = self.chain.end
        level = here if part.air.depth is None else part.air.depth
        self._go(min(start_s + _HELD_S, part.end_s), level)
        self._go(part.end_s, level)

    def _say(self, limit_s: float) -> None:
        start_s, _, _ = self.chain.end
        self._go(min(start_s + _TALK_IN_S, limit_s), _TALK_TOP * (1.0 + 0.1 * self._normal()))
        words_n = int(self._rng.integers(4, 8))
        top = self.chain.end[1]
        for n in range(words_n):
            level = top + (_TALK_LOW - top) * (n + 1) / words_n
            word_s = float(self._rng.uniform(0.25, 0.6))
            self._go(min(self.chain.end[0] + word_s, limit_s), level)
            self._go(min(self.chain.end[0] + float(self._rng.uniform(0.05, 0.35)), limit_s), level)

    def _cough(self, limit_s: float) -> None:
        start_s, _, _ = self.chain.end
        self._go(min(start_s + _COUGH_IN_S, limit_s), _COUGH_TOP)
        for n in range(_COUGHS_N):
            at_s = self.chain.end[0]
            if at_s + _COUGH_S < limit_s:
                self._bursts.append(at_s)
            self._go(min(at_s + _COUGH_S, limit_s), _COUGH_TOP * (1.0 - (n + 1) / _COUGHS_N))
        self._go(limit_s, 0.0)

    def _normal(self) -> float:
        return float(self._rng.standard_normal())


def _parts(script: Script, guided: Sequence[Guided]) -> list[_Part]:
    """Return the stretches of the script in order, whole from before it to its end."""
    air = script.air if script.air and script.air[0].start_s <= 0.0 else (Air(0.0), *script.air)
    starts = [-BEFORE_S, *(a.start_s for a in air[1:]), script.end_s + 1.0]
    parts: list[_Part] = []
    for a, (start_s, end_s) in zip(air, pairwise(starts), strict=True):
        for g in guided:
            if start_s < g.end_s and g.start_s < end_s:
                if g.start_s > start_s:
                    parts.append(_Part(start_s, g.start_s, a))
                parts.append(_Part(max(g.start_s, start_s), g.end_s, replace(a, kind=AirKind.BREATHE), g))
                start_s = max(start_s, g.end_s)
        if end_s > start_s:
            parts.append(_Part(start_s, end_s, a))
    return parts
