"""Everything that is estimated for one person, from the channels their wearables have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.registry import HEARTS, TRACES, Reader, reader_of
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import Estimate, Polarity, RateEstimate, Refusal

LOWEST_RATE_HZ = {Role.ECG: 100.0}  # below: not read
LOWEST_BREATH_HZ = 5.0
PLACES = (Place.STERNUM, Place.NAVEL, Place.LEFT, Place.RIGHT, Place.BACK, None)  # the best for the breath first


@dataclass(frozen=True, slots=True)
class EstimatorFault:
    """An estimator that raised and was switched off: its branch ("breath" or "heart"), when, and what it said."""

    branch: str
    t_s: float
    detail: str


class PersonEstimator:
    """The breath from the best channel there is, and the heart from the best one.

    Breath: belt, else abdomen belt, else chest accelerometer; of several, by place: sternum, navel, left, right, back,
    then those whose place is not known, then the first. A sensor on the pelvis does not see the breath. Heart: RR
    intervals, else ECG, else the wearable's own rate. Each whole second of session time brings one `RateEstimate`, NaN
    with a reason where there is no answer.

    Parameters
    ----------
    channels : sequence of ChannelSpec
        What the session's wearables send.

    Attributes
    ----------
    faults : tuple of EstimatorFault
        Branches that raised; the other goes on.
    """

    def __init__(self, channels: Sequence[ChannelSpec]) -> None:
        self.faults: tuple[EstimatorFault, ...] = ()
        self._breath_channel = _best(channels, tuple(TRACES))
        self._heart_channel = _best(channels, tuple(HEARTS))
        self._breath: Reader | None = None
        self._heart: Reader | None = None
        self._inhale_sign = 1
        self._told_s = 0  # next second to refuse while there is no breath branch
        if self._breath_channel is not None:
            self._breath = reader_of(self._breath_channel)
            self._inhale_sign = self._breath_channel.inhale_sign
        if self._heart_channel is not None:
            self._heart = reader_of(self._heart_channel)

    @property
    def _rated(self) -> bool:
        """Whether the heart's reader tells a breathing rate."""
        return self._heart_channel is not None and self._heart_channel.role is not Role.HEART_RATE

    @property
    def breath_source(self) -> str | None:
        """Id of the channel the breath is read from."""
        return None if self._breath_channel is None else self._breath_channel.id

    @property
    def heart_source(self) -> str | None:
        """Id of the channel the heart is read from."""
        return None if self._heart_channel is None else self._heart_channel.id

    @property
    def latency_s(self) -> float:
        """Delay of the breath trace (the heart's, if there is no breath)."""
        if self._breath is not None:
            return self._breath.latency_s
        return 0.0 if self._heart is None else self._heart.latency_s

    @property
    def refusal(self) -> Refusal | None:
        """Why breath cannot be measured at all with these channels, or None."""
        if self._breath_channel is not None:
            return None
        return Refusal.NO_SENSOR if self._heart_channel is None else Refusal.HEART_ONLY

    def push(self, item: SampleBlock | Polarity) -> tuple[Estimate, ...]:
        """Take samples of any channel, or a polarity; return what is now known."""
        if isinstance(item, Polarity):
            if self._breath is not None and item.source == self.breath_source:
                self._breath.turn(item)
            return ()
        if not len(item.t_s):
            return ()
        newest_s = float(item.t_s[-1])
        out: list[Estimate] = []
        if item.channel.id == self.breath_source:
            breath = self._breath
            x = item.x if self._inhale_sign > 0 else -item.x
            out += self._guarded("breath", newest_s, lambda: breath.push(item.t_s, x) if breath else [])
        elif item.channel.id == self.heart_source:
            heart = self._heart
            out += self._guarded("heart", newest_s, lambda: heart.push(item.t_s, item.x) if heart else [])
            if self._breath is not None:
                out = [e for e in out if not isinstance(e, RateEstimate)]
        if self._breath is None and not self._rated and item.channel.id == (self.breath_source or self.heart_source):
            out += self._refuse_until(newest_s)
        return tuple(out)

    def flush(self, end_s: float) -> tuple[Estimate, ...]:
        """Return what is still open; whole seconds are told up to `end_s`."""
        out: list[Estimate] = []
        breath = self._breath or self._heart
        if breath is not None:
            out += self._guarded("breath", end_s, lambda: breath.flush(end_s))
        if self._breath is None and not self._rated:
            out += self._refuse_until(end_s)
        return tuple(out)

    def _guarded(self, branch: str, t_s: float, run: Callable[[], list[Estimate]]) -> list[Estimate]:
        """Run one branch; if it raises, switch it off for good and go on."""
        try:
            return run()
        except Exception as error:  # an estimator's fault may end neither the recording nor the other branch
            self.faults = (*self.faults, EstimatorFault(branch, t_s, f"{type(error).__name__}: {error}"))
            if branch == "breath":
                self._told_s = self._breath.next_s if self._breath is not None else 0
                self._breath = None
            else:
                self._heart = None
            return []

    def _refuse_until(self, end_s: float) -> list[Estimate]:
        reason = self.refusal or Refusal.NO_DATA
        out: list[Estimate] = []
        while self._told_s <= end_s:
            out.append(RateEstimate(float(self._told_s), np.nan, np.nan, 0.0, reason))
            self._told_s += 1
        return out


def _best(channels: Sequence[ChannelSpec], roles: tuple[Role, ...]) -> ChannelSpec | None:
    readable = [c for c in channels if c.role in roles and _fast_enough(c) and _in_place(c)]
    return min(readable, key=lambda c: (roles.index(c.role), _place_rank(c)), default=None)


def _in_place(channel: ChannelSpec) -> bool:
    return channel.role not in TRACES or channel.place in PLACES


def _place_rank(channel: ChannelSpec) -> int:
    return PLACES.index(channel.place) if channel.place in PLACES else len(PLACES)


def _fast_enough(channel: ChannelSpec) -> bool:
    if channel.role in TRACES:
        return channel.rate_hz >= LOWEST_BREATH_HZ
    return channel.rate_hz >= LOWEST_RATE_HZ.get(channel.role, 0.0)
