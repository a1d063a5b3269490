"""An ECG, from samples to estimates: beats as they come, and each second the breathing rate that they carry."""

from breathcore.estimate.qrs import EcgBeats
from breathcore.estimate.seconds import Seconds
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, Polarity, RateEstimate, Refusal

NAN = float("nan")


class EcgBranch:
    """Heart beats and breathing rate of one ECG channel, any unit, either way up, 100 Hz or more."""

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._beats = EcgBeats(channel.id, channel.rate_hz)
        self.latency_s = self._beats.latency_s
        self._seconds = Seconds(self._feed, self._tick)

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
        self._beats.reset()
        self._seconds = Seconds(self._feed, self._tick)

    def turn(self, polarity: Polarity) -> None:
        """Nothing to turn: an ECG says how fast, not which way."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        return list(self._beats.push(t_s, x))

    def _tick(self, second: float) -> list[Estimate]:
        return [RateEstimate(second, NAN, NAN, 0.0, Refusal.HEART_ONLY)]
