"""An ECG, from samples to estimates: beats as they come, and each second the breathing rate that they carry.

Every other second the sways of the last beats (`edr`) are weighed: the likelihood of a rate is a power of the share
that it explains, the same for all rates and people, so nothing is learned and no rate is preferred. A forward filter
(`rate_grid`) gathers them. The answer is the belief's peak; its quality, the chance that it is within 2/min, comes from
how much of the belief is there and how clean the beats are (`benchmarks/fit_ecg.py` fits those three numbers and tells
the figures of people left out).
"""

import math
from collections import deque

import numpy as np

from breathcore.estimate.edr import WINDOW_S, BeatSways, Sway
from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.qrs import ALIKE, Beat, BeatFinder
from breathcore.estimate.rate_grid import RATES_BPM, RateTracker, likeliest
from breathcore.estimate.seconds import Seconds
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, HeartEstimate, Polarity, RateEstimate, Refusal

NAN = float("nan")
EVERY_S = 2  # evidence of windows that overlap by half a minute: oftener tells nothing new
FLOOR, POWER = 0.1, 0.6  # likelihood = (FLOOR + evidence) ** POWER, each EVERY_S
DRIFT_PER_S, RESTART_PER_S = 0.025, 0.004
BELIEF_WEIGHT, LIKENESS_WEIGHT, OFFSET = 1.0, 5.0, -10.5  # of the quality's log odds
ANSWER_AT = 0.7
GOOD = 0.6  # of the beats of half a minute must be normal ones
ALIASED = 0.44  # of the heart rate: a faster breath cannot be told from a slower one
CERTAIN = 0.995
FRESH_S = 3.0  # the longest time without a beat
JUDGED = 8  # beats
LIVE_S, LIVE_CYCLES = 16.0, 3.0


class EcgBranch:
    """Heart beats and breathing rate of one ECG channel, any unit, either way up, 100 Hz or more."""

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._finder = BeatFinder(channel.rate_hz)
        self._series = BeatSeries(channel.id)
        self._sways = BeatSways()
        self._tracker = RateTracker(DRIFT_PER_S, RESTART_PER_S, EVERY_S)
        self.latency_s = self._finder.latency_s
        self.reset()

    @property
    def next_s(self) -> int:
        """The next whole second to tell."""
        return self._seconds.next_s

    def push(self, t_s: F64, x: F64) -> list[Estimate]:
        """Take samples `t_s` (n,), `x` (n, 1)."""
        return self._seconds.push(t_s, x)

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        return self._seconds.flush(end_s)

    def reset(self) -> None:
        """Forget everything."""
        for part in (self._finder, self._series, self._sways, self._tracker):
            part.reset()
        self._seconds = Seconds(self._feed, self._tick)
        self._beat_s = NAN
        self._sample_s = -math.inf
        self._first_s = NAN
        self._alike: deque[bool] = deque(maxlen=JUDGED)
        self._sway: Sway | None = None

    def turn(self, polarity: Polarity) -> None:
        """Nothing to turn: an ECG says how fast, not which way."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        self._sample_s = float(t_s[-1])
        if not self._first_s <= self._sample_s:
            self._first_s = float(t_s[0])
        return [self._heart(beat) for beat in self._finder.push(t_s, x)]

    def _heart(self, beat: Beat) -> HeartEstimate:
        interval, self._beat_s = beat.t_s - self._beat_s, beat.t_s
        self._sways.push(beat)
        self._alike.append(beat.likeness >= ALIKE)
        known = min(1.0, 2.0 * self._alike.count(True) / len(self._alike))
        return self._series.beat(beat.t_s, interval, beat.clear * known)

    def _tick(self, second: float) -> list[Estimate]:
        if second % EVERY_S == 0:
            self._sway = self._sways.look(second)
            usable = self._sway is not None and self._sway.good >= GOOD
            evidence = self._sway.evidence if self._sway is not None and usable else np.zeros(len(RATES_BPM))
            self._tracker.push((FLOOR + evidence) ** POWER)
        return [self._answer(second)]

    def _answer(self, second: float) -> RateEstimate:
        reason = self._missing(second)
        if reason is not None:
            return RateEstimate(second, NAN, NAN, 0.0, reason)
        assert self._sway is not None
        rate, near = likeliest(self._tracker.belief)
        quality = _quality(near, self._sway.likeness)
        if quality < ANSWER_AT or rate > ALIASED * self._sway.hr_bpm:
            return RateEstimate(second, NAN, NAN, min(quality, ANSWER_AT), Refusal.NOISE)
        return RateEstimate(second, rate, rate, quality, None, (self.source,))

    def _missing(self, second: float) -> Refusal | None:
        if second - self._sample_s > FRESH_S:
            return Refusal.NO_DATA
        if self._sway is None:
            return Refusal.TOO_SHORT if second - self._first_s < WINDOW_S else Refusal.NOISE
        return Refusal.NOISE if self._sway.good < GOOD or second - self._beat_s > FRESH_S else None


def _quality(near: float, likeness: float) -> float:
    """Return the chance that a rate is right, given the belief `near` it and the `likeness` of the beats."""
    near, likeness = min(max(near, 1.0 - CERTAIN), CERTAIN), min(max(likeness, 0.0), CERTAIN)
    odds = BELIEF_WEIGHT * math.log(near / (1.0 - near)) + LIKENESS_WEIGHT * math.atanh(likeness) + OFFSET
    return 1.0 / (1.0 + math.exp(-odds))
