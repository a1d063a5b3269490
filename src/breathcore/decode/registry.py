"""Every codec there is, by the name that `devices/*.toml` call it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from breathcore.decode.battery import BatteryCodec
from breathcore.decode.heart_rate import HeartRateCodec
from breathcore.decode.pmd import PmdCodec
from breathcore.decode.samples import SamplesCodec
from breathcore.model.device import ChannelSpec, EndpointSpec
from breathcore.model.protocols import Codec

CODECS: Mapping[str, Callable[[str, Sequence[ChannelSpec]], Codec]] = MappingProxyType(
    {
        "battery": BatteryCodec,
        "heart_rate": HeartRateCodec,
        "polar_pmd": PmdCodec,
        "samples": SamplesCodec,
    }
)


def make_codec(endpoint: EndpointSpec) -> Codec:
    """Return a fresh codec for one connection to `endpoint`. Raises KeyError for a codec that does not exist."""
    return CODECS[endpoint.codec](endpoint.id, endpoint.channels)
