"""RR intervals, from beats to estimates: heart rate at each, and each second the breathing rate they carry."""

from breathcore.estimate.heart import BeatSeries
from breathcore.estimate.rsa import RsaRate
from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, RateEstimate


class BeatBranch(SecondsReader):
    """Heart rate and breathing rate of a strap's RR intervals.

    The breathing rate is an estimate from respiratory sinus arrhythmia (`rsa`) over 32 s, below 8/min 64 s; a heart
    tells none over 16 s. It is silent where the arrhythmia is weak, and where the rate may be one above half the heart
    rate.
    """

    latency_s = 0.0

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._beats = BeatSeries(channel.id)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._beats.reset()
        self._rsa = RsaRate()
        self._from_second()

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        for beat_s, rr_s in zip(t_s.tolist(), x[:, 0].tolist(), strict=True):
            self._rsa.push(beat_s, rr_s)
        return list(self._beats.push(t_s, x))

    def _tick(self, second: float) -> list[Estimate]:
        told = self._rsa.tick(second)
        sources = () if told.refusal else (self.source,)
        return [RateEstimate(second, told.rate_bpm, told.rate_bpm, told.quality, told.refusal, sources)]
