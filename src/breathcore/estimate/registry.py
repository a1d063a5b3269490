"""Which estimator reads which role. Adding one is a line here."""

from collections.abc import Callable
from typing import Protocol

from breathcore.estimate.beat_branch import BeatBranch
from breathcore.estimate.belt_rate import read_belt_rate
from breathcore.estimate.breath_branch import BreathBranch, ReadRate
from breathcore.estimate.ecg_branch import EcgBranch
from breathcore.estimate.effort import BeltTrace, EffortTrace
from breathcore.estimate.gyro import GyroReader
from breathcore.estimate.heart import ReportedRate
from breathcore.estimate.reported import ReportedBreathing, ReportedPhases
from breathcore.estimate.seconds import SecondsReader
from breathcore.estimate.tilt import TiltTrace
from breathcore.estimate.tilt_rate import read_tilt_rate
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import Estimate, Polarity, RateEstimate, Refusal


class Reader(Protocol):
    """Samples of one channel → what they say of breath and heart.

    A reader of breath tells one `RateEstimate` for each whole second T of session time, when a sample at or after T
    comes, from the samples before T alone: NaN with a reason where there is no answer.
    """

    @property
    def latency_s(self) -> float:
        """Worst-case algorithmic delay."""
        ...

    @property
    def next_s(self) -> int:
        """The next whole second to tell."""
        ...

    def push(self, t_s: F64, x: F64) -> list[Estimate]:
        """Take samples `t_s` (n,), `x` (n, axes)."""
        ...

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell what is still open, and the whole seconds up to `end_s`."""
        ...

    def turn(self, polarity: Polarity) -> None:
        """Turn the trace round, where there is one."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


# In order of preference: a person's breath is read from the first of these roles that is there.
TRACES: dict[Role, tuple[Callable[[ChannelSpec], EffortTrace], ReadRate]] = {
    Role.BELT: (lambda channel: BeltTrace(channel.rate_hz), read_belt_rate),
    Role.ABDOMEN_BELT: (lambda channel: BeltTrace(channel.rate_hz), read_belt_rate),
    Role.CHEST_ACC: (lambda channel: TiltTrace(channel.rate_hz, channel.inhale_axis), read_tilt_rate),
}

# A breathing rate without a trace.
TURNINGS: dict[Role, Callable[[ChannelSpec], Reader]] = {Role.GYRO: GyroReader}

# As above, for the heart. RR intervals and ECG tell the breathing rate too.
HEARTS: dict[Role, Callable[[ChannelSpec], Reader]] = {
    Role.RR: BeatBranch,
    Role.ECG: EcgBranch,
    Role.HEART_RATE: ReportedRate,
}

# The breath as the wearable itself reports it.
REPORTS: dict[Role, Callable[[ChannelSpec], Reader]] = {
    Role.BREATH_PHASES: ReportedPhases,
    Role.RESPIRATION_RATE: ReportedBreathing,
}


class Silent(SecondsReader):
    """A reader that refuses, for one that raised.

    Parameters
    ----------
    from_s : int
        The first whole second to tell.
    """

    latency_s = 0.0

    def __init__(self, from_s: int = 0) -> None:
        self._from_second(from_s)

    def reset(self) -> None:
        """Nothing to forget."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        return []

    def _tick(self, second: float) -> list[Estimate]:
        return [RateEstimate(second, float("nan"), float("nan"), 0.0, Refusal.NO_DATA)]


def reader_of(channel: ChannelSpec) -> Reader:
    """Return a new reader of `channel`, whose role is in one of the registries."""
    make_reader = HEARTS.get(channel.role) or REPORTS.get(channel.role) or TURNINGS.get(channel.role)
    if make_reader is not None:
        return make_reader(channel)
    make_trace, read = TRACES[channel.role]
    return BreathBranch(channel.id, make_trace(channel), read)
