"""Every codec there is, by the name that `devices/*.toml` call it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from breathcore.decode.battery import BatteryCodec
from breathcore.decode.heart_rate import HeartRateCodec
from breathcore.decode.pmd import PmdCodec
from breathcore.decode.samples import SamplesCodec
from breathcore.decode.table import TableCodec
from breathcore.model.device import ChannelSpec, EndpointSpec, Layout, Role
from breathcore.model.protocols import Codec

Make = Callable[[EndpointSpec], Codec]


def _by_channels(codec: Callable[[str, Sequence[ChannelSpec]], Codec]) -> Make:
    """Return the maker of a codec that needs an endpoint's id and channels only."""
    return lambda endpoint: codec(endpoint.id, endpoint.channels)


CODECS: Mapping[str, Make] = MappingProxyType(
    {
        "battery": _by_channels(BatteryCodec),
        "heart_rate": _by_channels(HeartRateCodec),
        "polar_pmd": _by_channels(PmdCodec),
        "samples": _by_channels(SamplesCodec),
        "table": TableCodec,
    }
)


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "battery": Layout(frozenset({"level"}), frozenset()),
        "heart_rate": Layout(frozenset({"measurement"}), frozenset({Role.HEART_RATE, Role.RR})),
        "polar_pmd": Layout(frozenset({"control", "data"}), frozenset({Role.ECG, Role.CHEST_ACC})),
        "samples": Layout(frozenset({"data"}), frozenset(Role)),
        "table": Layout(frozenset(), frozenset(Role)),  # its table names its characteristics
    }
)


def make_codec(endpoint: EndpointSpec) -> Codec:
    """Return a fresh codec for one connection to `endpoint`. Raises KeyError for a codec that does not exist."""
    return CODECS[endpoint.codec](endpoint)
