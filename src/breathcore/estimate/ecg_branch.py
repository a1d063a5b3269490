"""An ECG, from samples to estimates: beats as they come, and each second the breathing rate that they carry.

Every fourth second the sways of the last beats (`edr`) are weighed: the likelihood of a rate is a power of what it
explains, the same for all rates and people, so nothing is learned and no rate is preferred. A forward filter
(`rate_grid`) gathers them; the answer is its belief's peak. The live rate is the same number: read off the last 16 s
it was no nearer to them. Quality is the chance that the answer is within 2/min: it grows with how much of the belief
is there, with what the answer has explained in the last minute (beats of somebody who does not breathe sway too, but
not for long at one rate), and with how clean the beats are. `benchmarks/fit_ecg.py` tells how those few numbers do on
people left out.
"""

import math
from collections import deque

import numpy as np

from breathcore.estimate.edr import WINDOW_S, BeatSways, Sway
from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.qrs import ALIKE, Beat, BeatFinder
from breathcore.estimate.rate_grid import FASTEST_BPM, RATES_BPM, RateTracker, likeliest
from breathcore.estimate.seconds import Seconds
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, HeartEstimate, Polarity, RateEstimate, Refusal

NAN = float("nan")
EVERY_S = 4  # evidence of windows that overlap by half a minute: oftener tells nothing new
FLOOR, POWER = 0.1, 0.8  # likelihood = (FLOOR + evidence) ** POWER, each EVERY_S
DRIFT_PER_S, RESTART_PER_S = 0.025, 0.004
MEMORY, FEWEST = 16, 8  # evidences: a minute; fewer count as this many
NEAR_N = 3  # steps of the grid to either side that count as the same rate
BELIEF_WEIGHT, LASTING_WEIGHT, LASTING_FLOOR, LIKENESS_WEIGHT, OFFSET = 1.0, 3.0, 0.02, 0.5, 6.05  # of the log odds
ANSWER_AT = 0.7
GOOD = 0.6  # of the beats of half a minute must be normal ones
CLEAN = 0.96  # likeness of the middle one: below, noise sways as much as the breath does
ALIASED = 0.44  # of the heart rate: a faster breath cannot be told from a slower one
CERTAIN = 0.995
FRESH_S = 3.0  # the longest time without a beat
JUDGED = 8  # beats


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
        self._memory: deque[F64] = deque(maxlen=MEMORY)
        self._found = (NAN, 0.0)  # rate and quality

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
            self._weigh(second)
        return [self._answer(second)]

    def _weigh(self, second: float) -> None:
        sway = self._sway = self._sways.look(second)
        if sway is None or not _usable(sway):
            self._memory.append(np.zeros(len(RATES_BPM)))
            self._tracker.push(np.ones(len(RATES_BPM)))
            return
        self._memory.append(sway.evidence)
        rate, near = likeliest(self._tracker.push((FLOOR + sway.evidence) ** POWER))
        quality = _quality(near, self._lasting(rate), sway.likeness)
        if sway.hr_bpm - rate <= FASTEST_BPM and self._sways.folded(second, rate, sway.hr_bpm):
            quality = 0.0
        self._found = rate, quality

    def _lasting(self, rate_bpm: float) -> float:
        """Return what `rate_bpm` has explained in the last minute."""
        k = int(np.asarray(RATES_BPM).searchsorted(rate_bpm))
        near = np.array(self._memory)[:, max(k - NEAR_N, 0) : k + NEAR_N + 1]
        return float(np.add.reduce(near.max(axis=1))) / max(len(near), FEWEST)

    def _answer(self, second: float) -> RateEstimate:
        reason = self._missing(second)
        if reason is not None:
            return RateEstimate(second, NAN, NAN, 0.0, reason)
        assert self._sway is not None
        rate, quality = self._found
        if quality < ANSWER_AT or rate > ALIASED * self._sway.hr_bpm:
            return RateEstimate(second, NAN, NAN, min(quality, ANSWER_AT), Refusal.NOISE)
        return RateEstimate(second, rate, rate, quality, None, (self.source,))

    def _missing(self, second: float) -> Refusal | None:
        if second - self._sample_s > FRESH_S:
            return Refusal.NO_DATA
        if self._sway is None:
            return Refusal.TOO_SHORT if second - self._first_s < WINDOW_S else Refusal.NOISE
        return Refusal.NOISE if not _usable(self._sway) or second - self._beat_s > FRESH_S else None


def _usable(sway: Sway) -> bool:
    return sway.good >= GOOD and sway.likeness >= CLEAN


def _quality(near: float, lasting: float, likeness: float) -> float:
    """Return the chance that a rate is right.

    `near` is the belief within 2/min of it, `lasting` what it has explained in the last minute, `likeness` how like
    the usual beat the middle one is.
    """
    near, likeness = min(max(near, 1.0 - CERTAIN), CERTAIN), min(likeness, CERTAIN)
    odds = BELIEF_WEIGHT * math.log(near / (1.0 - near)) + LASTING_WEIGHT * math.log(LASTING_FLOOR + lasting)
    return 1.0 / (1.0 + math.exp(-odds - LIKENESS_WEIGHT * math.atanh(likeness) - OFFSET))
