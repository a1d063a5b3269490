"""Heart rate from beats, or from what the strap itself says."""

from collections import deque
from statistics import median

from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, HeartEstimate, RateEstimate, Refusal

SHORTEST_RR_S, LONGEST_RR_S = 0.27, 2.2
AVERAGED = 5  # beats
JUDGED = 8
ALIKE = 0.25
ANSWER_AT = 0.5
NAN = float("nan")


class BeatSeries:
    """RR intervals → heart rate over the median of the last 5, refused while they do not agree.

    Quality is the share of the last 8 intervals that are possible and within 25 % of their median.
    """

    latency_s = 0.0

    def __init__(self, source: str) -> None:
        self._source = source
        self.reset()

    def reset(self) -> None:
        """Forget the beats."""
        self._last: deque[float] = deque(maxlen=JUDGED)

    def push(self, t_s: F64, x: F64) -> list[HeartEstimate]:
        """Take beats at `t_s` (n,) with intervals `x` (n, 1) in s."""
        return [self.beat(t, rr, 1.0) for t, rr in zip(t_s.tolist(), x[:, 0].tolist(), strict=True)]

    def beat(self, t_s: float, rr_s: float, clear: float) -> HeartEstimate:
        """Take one beat that stands out from the noise by `clear` (0–1)."""
        possible = SHORTEST_RR_S <= rr_s <= LONGEST_RR_S
        self._last.append(rr_s if possible else NAN)
        good = [rr for rr in self._last if rr == rr]
        if not good:
            return HeartEstimate(t_s, NAN, NAN, 0.0, self._source)
        usual = median(good[-AVERAGED:])
        width = ALIKE * usual
        alike = sum([abs(rr - usual) <= width for rr in good])
        quality = clear * alike / max(len(self._last), 3)
        rate = 60.0 / usual if quality >= ANSWER_AT else NAN
        return HeartEstimate(t_s, rate, rr_s if possible else NAN, quality, self._source)


class ReportedRate(SecondsReader):
    """The wearable's own heart rate, passed on when it is possible (25–240/min). It says nothing of the breath."""

    latency_s = 0.0

    def __init__(self, channel: ChannelSpec) -> None:
        self._source = channel.id
        self.reset()

    def reset(self) -> None:
        """Begin again at the first second."""
        self._from_second()

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        return [self._estimate(t, hr) for t, hr in zip(t_s.tolist(), x[:, 0].tolist(), strict=True)]

    def _tick(self, second: float) -> list[Estimate]:
        return [RateEstimate(second, NAN, NAN, 0.0, Refusal.HEART_ONLY)]

    def _estimate(self, t_s: float, hr: float) -> HeartEstimate:
        possible = 25.0 <= hr <= 240.0
        return HeartEstimate(t_s, hr if possible else NAN, NAN, 1.0 if possible else 0.0, self._source)
