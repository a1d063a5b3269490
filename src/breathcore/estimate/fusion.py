"""One breathing rate from all that a session has: what several sources say each second, weighed against each other.

Sources whose rates lie within a tenth of each other vouch for each other, so half and double of the true rate lose
against two that agree. The number is the mean of the winning group, by quality and by how exact its kind of sensor is
(reference: quality-weighted fusion, Tarassenko 2002 and Nemati 2010; here a vote before the mean and no Kalman filter,
as each source's window already smooths). When all that carried the last number have gone and what is left says
something else, the number is withheld until that has lasted: a source going bad degrades the answer, it never makes it
jump.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from breathcore.model.device import Role
from breathcore.model.estimates import RateEstimate, Refusal

WAIT_S = 5  # a second is told without the sources that are further behind
DEAD_S = 10  # nobody waits for a source that has been silent for so long
ALIKE = 0.1  # of the log of the rate: two sources say the same
FAITHFUL = 0.1  # weight in the vote for what was said last
CONFIRM_S = 6  # how long something new must last when all that spoke before has gone
VOUCH = 0.5  # how far a source that agrees makes up for what the best one lacks
DOUBTED = 0.5  # how far sources that disagree count against the winner's quality
LEAST_QUALITY = 0.15  # below, disagreement has left nothing to believe
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Trust:
    """A kind of source: its weight in a vote (0–1), and its usual error in breaths/min where it is right."""

    weight: float
    spread_bpm: float


TRUST: dict[Role, Trust] = {
    Role.BELT: Trust(1.0, 0.2),
    Role.ABDOMEN_BELT: Trust(0.95, 0.2),
    Role.CHEST_ACC: Trust(0.8, 0.3),
    Role.GYRO: Trust(0.7, 0.4),
    Role.BREATH_PHASES: Trust(0.5, 0.6),
    Role.ECG: Trust(0.35, 0.8),  # ECG and RR err together: the two must not outvote a belt
    Role.RESPIRATION_RATE: Trust(0.5, 1.0),
    Role.RR: Trust(0.25, 1.0),
    Role.HEART_RATE: Trust(0.0, 1.0),
}


class Voice(NamedTuple):
    """What a source answers, the log of its rate, its weight in the vote and in the mean."""

    source: str
    estimate: RateEstimate
    log_rate: float
    weight: float
    exactness: float


_EXACTNESS = attrgetter("exactness")


class RateFusion:
    """`RateEstimate`s of several sources → one each second.

    A second is told once every source has told it, or once one is `WAIT_S` ahead of it; a single source is passed on as
    it comes. What is told does not depend on the order in which sources that keep within `WAIT_S` of each other come.

    Parameters
    ----------
    sources : mapping of channel id to Role
        In order of preference.
    absent : Refusal
        What is said where there is no source.
    """

    def __init__(self, sources: Mapping[str, Role], absent: Refusal = Refusal.NO_SENSOR) -> None:
        self._trust = {source: TRUST[role] for source, role in sources.items()}
        self._absent = absent
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._said: dict[str, dict[int, RateEstimate]] = {source: {} for source in self._trust}
        self._newest = dict.fromkeys(self._trust, -1)
        self._next_s = 0
        self._last = NAN  # log of the rate that was said last, for as long as it counts
        self._carriers: frozenset[str] = frozenset()
        self._changed_s = -1  # since when something else is said by others

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources, the preferred first."""
        return tuple(self._trust)

    @property
    def latency_s(self) -> float:
        """How long a second may wait for the slowest source."""
        return 0.0 if len(self._trust) < 2 else float(WAIT_S)

    def push(self, source: str, estimate: RateEstimate) -> list[RateEstimate]:
        """Take what `source` says of one whole second; return the seconds that are now told."""
        second = round(estimate.t_s)
        self._newest[source] = second
        if second >= self._next_s:
            self._said[source][second] = estimate
        out = []
        while self._complete(self._next_s):
            out.append(self._tell())
        return out

    def flush(self, end_s: float) -> list[RateEstimate]:
        """Tell the seconds up to `end_s` from what there is."""
        out = []
        while self._next_s <= end_s:
            out.append(self._tell())
        return out

    def _complete(self, second: int) -> bool:
        told = self._newest.values()
        newest = max(told)
        if newest < second or newest >= second + WAIT_S:
            return newest >= second
        return all(n >= second or n < newest - DEAD_S for n in told)

    def _tell(self) -> RateEstimate:
        second = self._next_s
        self._next_s += 1
        said = {s: e for s, by_s in self._said.items() if (e := by_s.pop(second, None)) is not None}
        if len(self._trust) == 1 and said:
            return next(iter(said.values()))
        answers = [self._voice(s, e) for s, e in said.items() if e.refusal is None]
        if not answers:
            return self._silent(second, said)
        found = self._merged(second, self._winners(answers), answers)
        if self._jumps(second, found):
            reasons = [e.refusal for s, e in said.items() if s in self._carriers and e.refusal is not None]
            gone = not reasons or reasons[0] is Refusal.NO_DATA  # while others do see a breath
            return _refused(second, Refusal.IRREGULAR if gone else reasons[0])
        self._last, self._carriers, self._changed_s = math.log(found.rate_bpm), frozenset(found.sources), -1
        return found if found.quality >= LEAST_QUALITY else _refused(second, Refusal.IRREGULAR, found.quality)

    def _voice(self, source: str, estimate: RateEstimate) -> Voice:
        trust, quality = self._trust[source], estimate.quality
        exactness = (max(quality, 0.01) / trust.spread_bpm) ** 2
        return Voice(source, estimate, math.log(estimate.rate_bpm), trust.weight * quality, exactness)

    def _silent(self, second: int, said: Mapping[str, RateEstimate]) -> RateEstimate:
        """Refuse with the reason of the best source that has one other than that it is gone."""
        refusals = [(e.refusal, e.quality) for e in said.values() if e.refusal is not None]
        spoken = (
            [r for r in refusals if r[0] is not Refusal.NO_DATA]
            or refusals
            or [(Refusal.NO_DATA if self._trust else self._absent, 0.0)]
        )
        return _refused(second, *spoken[0])

    def _winners(self, answers: Sequence[Voice]) -> list[Voice]:
        """Return the sources that agree with the rate that has the most weight behind it."""
        best, best_support = [], -1.0
        for candidate in answers:
            group = [v for v in answers if _alike(v.log_rate, candidate.log_rate)]
            support = sum([v.weight for v in group]) + FAITHFUL * _alike(candidate.log_rate, self._last)
            if support > best_support:
                best, best_support = group, support
        return best

    def _merged(self, second: int, group: Sequence[Voice], answers: Sequence[Voice]) -> RateEstimate:
        ranked = sorted(group, key=_EXACTNESS, reverse=True)
        quality = ranked[0].estimate.quality
        for voice in ranked[1:]:
            quality += (1.0 - quality) * VOUCH * voice.weight
        if len(group) < len(answers):
            support = sum([v.weight for v in group])
            against = sum([v.weight for v in answers if v not in group])
            quality *= 1.0 - DOUBTED * against / (against + support) if against else 1.0
        exact = [v.exactness for v in ranked]
        rate = _mean([v.estimate.rate_bpm for v in ranked], exact)
        live = _mean([v.estimate.rate_live_bpm for v in ranked], exact)
        return RateEstimate(float(second), rate, live, quality, None, tuple([v.source for v in ranked]))

    def _jumps(self, second: int, found: RateEstimate) -> bool:
        """Whether others than those that carried the last number say something else, and have not for long."""
        same = _alike(math.log(found.rate_bpm), self._last) or not self._carriers.isdisjoint(found.sources)
        if same or self._last != self._last:
            return False
        if self._changed_s < 0:
            self._changed_s = second
        return second - self._changed_s < CONFIRM_S


def _alike(log_rate: float, other: float) -> bool:
    return abs(log_rate - other) <= ALIKE  # never so where one is NaN


def _mean(rates: Sequence[float], weights: Sequence[float]) -> float:
    known = [(r, w) for r, w in zip(rates, weights, strict=True) if r == r]
    if len(known) < 2:
        return known[0][0] if known else NAN
    return math.exp(sum(w * math.log(r) for r, w in known) / sum(w for _, w in known))


def _refused(second: int, reason: Refusal, quality: float = 0.0) -> RateEstimate:
    return RateEstimate(float(second), NAN, NAN, quality, reason)
