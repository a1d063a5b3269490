"""Everything that is estimated for one person, from the channels their wearables have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from breathcore.estimate.fusion import RateFusion
from breathcore.estimate.lead import TraceLead
from breathcore.estimate.registry import HEARTS, REPORTS, TRACES, TURNINGS, Reader, Silent, reader_of
from breathcore.estimate.rhythm import HeartRhythm
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Place, Role
from breathcore.model.estimates import (
    Breath,
    EffortBlock,
    Estimate,
    HeartEstimate,
    HeartReading,
    PacedRate,
    PhaseEstimate,
    Polarity,
    RateEstimate,
    Refusal,
    Turn,
)

LOWEST_RATE_HZ = {Role.ECG: 100.0}  # below: not read
LOWEST_BREATH_HZ = 5.0
PLACES = (Place.STERNUM, Place.NAVEL, Place.LEFT, Place.RIGHT, Place.BACK, None)  # the best for the breath first
PREFERENCE = (*TRACES, *TURNINGS, *REPORTS, *HEARTS)


@dataclass(frozen=True, slots=True)
class EstimatorFault:
    """An estimator that raised and was switched off: its branch ("breath" or "heart"), when, and what it said."""

    branch: str
    t_s: float
    detail: str


class PersonEstimator:
    """The breath and the heart of one person, from every channel that tells of them.

    Each channel has a reader of its own. Their breathing rates become one (`RateFusion`); trace, breaths and phase are
    those of the best channel that answers (`TraceLead`): belt, else abdomen belt, else chest accelerometer; of several,
    by place: sternum, navel, left, right, back, then those whose place is not known, then the first. A sensor on the
    pelvis does not see the breath. The heart is read from RR intervals, else ECG, else the wearable's own rate. Each
    whole second of session time brings one `RateEstimate`, NaN with a reason where there is no answer.

    Parameters
    ----------
    channels : sequence of ChannelSpec
        What the session's wearables send.

    Attributes
    ----------
    faults : tuple of EstimatorFault
        Readers that raised and were switched off; the others go on.
    """

    def __init__(self, channels: Sequence[ChannelSpec]) -> None:
        self.faults: tuple[EstimatorFault, ...] = ()
        elsewhere = any(c.role is Role.ACC for c in channels)  # worn where no breath is
        used = sorted((c for c in channels if _readable(c) and not (elsewhere and c.role in TURNINGS)), key=_rank)
        self._channels = {c.id: c for c in used}
        self._readers: dict[str, Reader] = {c.id: reader_of(c) for c in used}
        self._traces = tuple(c.id for c in used if c.role in TRACES)
        hearts = sorted((c for c in used if c.role in HEARTS), key=lambda c: tuple(HEARTS).index(c.role))
        self.heart_source = hearts[0].id if hearts else None
        rated = {c.id: c.role for c in used if c.role is not Role.HEART_RATE}
        self._fusion = RateFusion(rated or {c.id: c.role for c in used})
        self._lead = TraceLead(self._traces)
        self._rhythm = HeartRhythm(self.heart_source or "")

    @property
    def breath_source(self) -> str | None:
        """Id of the channel that the breath trace is read from now."""
        return self._lead.source

    @property
    def breath_sources(self) -> tuple[str, ...]:
        """Ids of all channels that a breath trace can be read from, the best first."""
        return self._traces

    @property
    def rates_heart(self) -> bool:
        """Whether a breathing rate is read from the heart."""
        return any(c.role in (Role.RR, Role.ECG) for c in self._channels.values())

    @property
    def latency_s(self) -> float:
        """Delay of the breath trace (the heart's, if there is no breath)."""
        source = self.breath_source or self.heart_source
        return 0.0 if source is None else self._readers[source].latency_s

    @property
    def refusal(self) -> Refusal | None:
        """Why the breath cannot be followed at all with these channels, or None."""
        if self._traces:
            return None
        return Refusal.NO_SENSOR if self.heart_source is None else Refusal.HEART_ONLY

    def push(self, item: SampleBlock | Polarity | PacedRate) -> tuple[Estimate, ...]:
        """Take samples of any channel, a polarity or a pace; return what is now known."""
        if isinstance(item, PacedRate):
            self._rhythm.push(item)
            return ()
        if isinstance(item, Polarity):
            if item.source in self._readers:
                self._readers[item.source].turn(item)
            return ()
        channel = self._channels.get(item.channel.id)
        if channel is None or not len(item.t_s):
            return ()
        x = item.x if channel.inhale_sign > 0 else -item.x
        return self._told(channel, float(item.t_s[-1]), lambda reader: reader.push(item.t_s, x))

    def flush(self, end_s: float) -> tuple[Estimate, ...]:
        """Return what is still open; whole seconds are told up to `end_s`."""
        out: list[Estimate] = []
        for channel in self._channels.values():
            out += self._told(channel, end_s, lambda reader: reader.flush(end_s))
        return (*out, *self._fusion.flush(end_s), *self._in_rhythm(end_s, self._rhythm.flush))

    def _told(self, channel: ChannelSpec, t_s: float, run: Callable[[Reader], list[Estimate]]) -> tuple[Estimate, ...]:
        """Run one reader; if it raises, put one in its place that refuses, and go on."""
        reader = self._readers[channel.id]
        try:
            found = run(reader)
        except Exception as error:  # an estimator's fault may end neither the recording nor the other readers
            branch = "heart" if channel.role in HEARTS else "breath"
            self.faults = (*self.faults, EstimatorFault(branch, t_s, f"{type(error).__name__}: {error}"))
            self._readers[channel.id] = Silent(reader.next_s)
            return self._told(channel, t_s, run)
        out: list[Estimate] = []
        for item in found:
            out += self._sorted(channel.id, item)
        return tuple(out)

    def _in_rhythm(self, t_s: float, run: Callable[[], list[HeartReading]]) -> list[HeartReading]:
        """Follow the heart's rhythm; if that raises, begin afresh."""
        try:
            return run()
        except Exception as error:  # as above
            self.faults = (*self.faults, EstimatorFault("heart", t_s, f"{type(error).__name__}: {error}"))
            self._rhythm.reset()
            return []

    def _sorted(self, source: str, item: Estimate) -> Sequence[Estimate]:
        if isinstance(item, RateEstimate):
            return self._rated(source, item)
        if isinstance(item, EffortBlock | Breath | Turn | PhaseEstimate):
            out: list[Estimate] = []
            for event in self._lead.admit(source, item):
                out.append(event)
                if isinstance(event, Breath):
                    out += self._in_rhythm(event.confirmed_s, partial(self._rhythm.push, event))
            return out
        if isinstance(item, HeartEstimate):
            if source != self.heart_source:
                return ()
            return (item, *self._in_rhythm(item.t_s, partial(self._rhythm.push, item)))
        return (item,)

    def _rated(self, source: str, estimate: RateEstimate) -> list[RateEstimate]:
        if source not in self._fusion.sources:
            return []
        if source in self._traces:
            self._lead.hear(source, estimate)
        told = self._fusion.push(source, estimate)
        for fused in told:
            self._lead.decide(round(fused.t_s))
        return told


def _readable(channel: ChannelSpec) -> bool:
    if channel.role in TRACES or channel.role in TURNINGS:
        return channel.rate_hz >= LOWEST_BREATH_HZ and channel.place in PLACES
    return channel.role in PREFERENCE and channel.rate_hz >= LOWEST_RATE_HZ.get(channel.role, 0.0)


def _rank(channel: ChannelSpec) -> tuple[int, int]:
    return PREFERENCE.index(channel.role), PLACES.index(channel.place) if channel.place in PLACES else len(PLACES)
