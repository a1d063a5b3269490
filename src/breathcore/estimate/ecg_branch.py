"""An ECG, from samples to estimates: beats as they come, and each second the breathing rate that they carry.

Every fourth second what sways in the beats (`edr`) goes into a belief (`edr_belief`); in between its answer stands. The
live rate is the same number: read off the last 16 s it was no nearer to them.
"""

import math
from collections import deque

import numpy as np

from breathcore.estimate.edr import WINDOW_S, BeatSways, Sway
from breathcore.estimate.edr_belief import EVERY_S, BreathBelief
from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.qrs import ALIKE, Beat, BeatFinder
from breathcore.estimate.rate_grid import FASTEST_BPM
from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, HeartEstimate, RateEstimate, Refusal

NAN = float("nan")
ANSWER_AT = 0.7
ALIASED = 0.42  # of the heart rate: a faster breath cannot be told from a slower one
FRESH_S = 3.0  # the longest time without a sample, and without a beat like the usual one
BACK_S = 8.0  # after the beats were lost: noise may look like one now and then
JUDGED = 8  # beats


class EcgBranch(SecondsReader):
    """Heart beats and breathing rate of one ECG channel, any unit, either way up, 100 Hz or more."""

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._finder = BeatFinder(channel.rate_hz)
        self._series = BeatSeries(channel.id)
        self._sways = BeatSways()
        self._belief = BreathBelief()
        self.latency_s = self._finder.latency_s
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        for part in (self._finder, self._series, self._sways, self._belief):
            part.reset()
        self._from_second()
        self._beat_s = self._usual_s = NAN
        self._sample_s = -math.inf
        self._first_s = math.inf
        self._lost_s = -math.inf
        self._alike: deque[bool] = deque(maxlen=JUDGED)
        self._sway: Sway | None = None
        self._folded = False

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        known = t_s[np.isfinite(x[:, 0])]
        if len(known):
            self._sample_s = float(known[-1])
            self._first_s = min(self._first_s, float(known[0]))
        return [self._heart(beat) for beat in self._finder.push(t_s, x)]

    def _heart(self, beat: Beat) -> HeartEstimate:
        interval, self._beat_s = beat.t_s - self._beat_s, beat.t_s
        self._sways.push(beat)
        self._alike.append(beat.likeness >= ALIKE)
        if self._alike[-1]:
            self._usual_s = beat.t_s
        known = min(1.0, 2.0 * self._alike.count(True) / len(self._alike))
        return self._series.beat(beat.t_s, interval, beat.clear * known)

    def _tick(self, second: float) -> list[Estimate]:
        if second - self._usual_s > FRESH_S:
            self._alike.extend([False] * JUDGED)
        if 2 * self._alike.count(False) >= len(self._alike):
            self._lost_s = second
        if second % EVERY_S == 0:
            self._weigh(second)
        return [self._answer(second)]

    def _weigh(self, second: float) -> None:
        sway = self._sway = self._sways.look(second)
        self._belief.push(sway)
        rate = self._belief.rate_bpm
        doubtful = sway is not None and self._belief.usable and sway.hr_bpm - rate <= FASTEST_BPM
        self._folded = doubtful and sway is not None and self._sways.folded(second, rate, sway.hr_bpm)

    def _answer(self, second: float) -> RateEstimate:
        reason = self._missing(second)
        if reason is not None:
            return RateEstimate(second, NAN, NAN, 0.0, reason)
        assert self._sway is not None
        rate, quality = self._belief.rate_bpm, self._belief.quality
        if quality < ANSWER_AT or self._folded or rate > ALIASED * self._sway.hr_bpm:
            return RateEstimate(second, NAN, NAN, min(quality, ANSWER_AT), Refusal.NOISE)
        return RateEstimate(second, rate, rate, quality, None, (self.source,))

    def _missing(self, second: float) -> Refusal | None:
        if second - self._sample_s > FRESH_S:
            return Refusal.NO_DATA
        if self._sway is None:
            return Refusal.TOO_SHORT if second - self._first_s < WINDOW_S else Refusal.NOISE
        return Refusal.NOISE if second - self._lost_s < BACK_S or not self._belief.usable else None
