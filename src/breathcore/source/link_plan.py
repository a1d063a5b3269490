"""What a link is to keep to: which streams a wearable has, when their silence is a stall, how long a step may take."""

from dataclasses import dataclass

from breathcore.model.device import ChannelSpec, CharacteristicSpec, CharacteristicUse, DeviceSpec, EndpointSpec, Role

SILENCE_S = 1.5
SILENCE_INTERVALS = 3.0
SLOW_BREATH_S = 10.0  # where a packet comes with each breath: a slow or held one is no stall (three times this is)
FIRST_DATA_MARGIN_S = 5.0

_BREATH_EVENTS = {Role.RESPIRATION_RATE, Role.BREATH_PHASES, Role.BREATH_DEPTH}
_NOTIFYING = {CharacteristicUse.NOTIFY, CharacteristicUse.INDICATE}


@dataclass(frozen=True, slots=True)
class StreamRule:
    """What to expect of one endpoint group: data every `interval_s`, `sampled` evenly or as events happen.

    `endpoints` are the characteristics that bring data. Where they also bring the `answers` to what is written, the
    first notification after a write is not taken for data.
    """

    id: str
    endpoints: frozenset[str]
    interval_s: float
    sampled: bool
    answers: bool

    @property
    def limit_s(self) -> float:
        """The silence that is a stall."""
        return max(SILENCE_S, SILENCE_INTERVALS * self.interval_s)


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """What a link is to keep to: the device's streams, and how long it may take over each step."""

    streams: tuple[StreamRule, ...]
    first_data_s: float
    find_s: float = 15.0
    connect_s: float = 10.0
    configure_s: float = 15.0


def plan_for(spec: DeviceSpec, *, find_s: float, connect_s: float, configure_s: float) -> LinkPlan:
    """Return the plan of a wearable. Endpoints that nothing but a battery level is wanted of are no streams."""
    streams = tuple(rule for e in spec.endpoints if (rule := _rule(e)) is not None)
    return LinkPlan(streams, spec.time_to_first_data_s + FIRST_DATA_MARGIN_S, find_s, connect_s, configure_s)


def _rule(endpoint: EndpointSpec) -> StreamRule | None:
    channels = [c for c in endpoint.channels if c.role is not Role.BATTERY]
    notifying = [c for c in endpoint.characteristics if _NOTIFYING & set(c.uses)]
    if not channels or not notifying:
        return None
    data = [c for c in notifying if not _writable(c)] or notifying
    return StreamRule(
        endpoint.id,
        frozenset(f"{endpoint.id}.{c.name}" for c in data),
        min(_interval_s(c) for c in channels),
        any(c.rate_hz > 0.0 for c in channels),
        any(_writable(c) for c in endpoint.characteristics) and len(data) == len(notifying),
    )


def _interval_s(channel: ChannelSpec) -> float:
    return max(channel.expected_interval_s, SLOW_BREATH_S if channel.role in _BREATH_EVENTS else 0.0)


def _writable(characteristic: CharacteristicSpec) -> bool:
    return CharacteristicUse.WRITE in characteristic.uses
