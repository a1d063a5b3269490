"""RR intervals, from beats to estimates: heart rate at each, and each second the breathing rate they carry."""

from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.seconds import Seconds
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, Polarity, RateEstimate, Refusal

NAN = float("nan")


class BeatBranch:
    """Heart rate and breathing rate of a strap's RR intervals."""

    latency_s = 0.0

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._beats = BeatSeries(channel.id)
        self._seconds = Seconds(self._feed, self._tick)

    @property
    def next_s(self) -> int:
        """The next whole second to tell."""
        return self._seconds.next_s

    def push(self, t_s: F64, x: F64) -> list[Estimate]:
        """Take beats at `t_s` (n,) with intervals `x` (n, 1) in s."""
        return self._seconds.push(t_s, x)

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s`."""
        return self._seconds.flush(end_s)

    def reset(self) -> None:
        """Forget everything."""
        self._beats.reset()
        self._seconds = Seconds(self._feed, self._tick)

    def turn(self, polarity: Polarity) -> None:
        """Nothing to turn: beats say how fast, not which way."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        return list(self._beats.push(t_s, x))

    def _tick(self, second: float) -> list[Estimate]:
        return [RateEstimate(second, NAN, NAN, 0.0, Refusal.HEART_ONLY)]
