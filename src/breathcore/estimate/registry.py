"""Which estimator reads which role. Adding one is a line here."""

from collections.abc import Callable
from typing import Protocol

from breathcore.estimate.effort import BeltTrace, EffortTrace
from breathcore.estimate.heart import BeatSeries, EcgBeats, ReportedRate
from breathcore.estimate.tilt import TiltTrace
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import HeartEstimate


class HeartReader(Protocol):
    """Samples → heart beats."""

    @property
    def latency_s(self) -> float:
        """Worst-case algorithmic delay."""
        ...

    def push(self, t_s: F64, x: F64) -> list[HeartEstimate]:
        """Take samples `t_s` (n,), `x` (n, axes)."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


# In order of preference: a person's breath is read from the first of these roles that is there.
TRACES: dict[Role, Callable[[ChannelSpec], EffortTrace]] = {
    Role.BELT: lambda channel: BeltTrace(channel.rate_hz),
    Role.ABDOMEN_BELT: lambda channel: BeltTrace(channel.rate_hz),
    Role.CHEST_ACC: lambda channel: TiltTrace(channel.rate_hz, channel.inhale_axis),
}

HEARTS: dict[Role, Callable[[ChannelSpec], HeartReader]] = {
    Role.RR: lambda channel: BeatSeries(channel.id),
    Role.ECG: lambda channel: EcgBeats(channel.id, channel.rate_hz),
    Role.HEART_RATE: lambda channel: ReportedRate(channel.id),
}
