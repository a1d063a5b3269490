"""Every codec there is, by the name that `devices/*.toml` call it."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from breathcore.decode.battery import BatteryCodec
from breathcore.decode.bitalino import BitalinoCodec
from breathcore.decode.checked import CheckedCodec
from breathcore.decode.dot import DotBatteryCodec, DotCodec, DotRateCodec
from breathcore.decode.gdx import GdxCodec
from breathcore.decode.heart_rate import HeartRateCodec
from breathcore.decode.hexoskin import HexoskinActivityCodec, HexoskinRespirationCodec
from breathcore.decode.metamotion import MetaMotionCodec
from breathcore.decode.movesense import NAMES as MOVESENSE_NAMES
from breathcore.decode.movesense import MovesenseCodec
from breathcore.decode.pmd import TYPES as PMD_TYPES
from breathcore.decode.pmd import PmdCodec
from breathcore.decode.samples import SamplesCodec
from breathcore.decode.sweetzpot import SweetzpotCodec
from breathcore.decode.table import TableCodec
from breathcore.decode.thingy import ThingyCodec
from breathcore.decode.tymewear import TymewearCodec
from breathcore.decode.witmotion import WitmotionCodec
from breathcore.model.device import ChannelSpec, EndpointSpec, Layout, Role
from breathcore.model.protocols import Codec

Make = Callable[[EndpointSpec], Codec]


def _by_channels(codec: Callable[[str, Sequence[ChannelSpec]], Codec]) -> Make:
    """Return the maker of a codec that needs an endpoint's id and channels only."""
    return lambda endpoint: codec(endpoint.id, endpoint.channels)


CODECS: Mapping[str, Make] = MappingProxyType(
    {
        "battery": _by_channels(BatteryCodec),
        "bitalino": _by_channels(BitalinoCodec),
        "heart_rate": _by_channels(HeartRateCodec),
        "hexoskin_activity": _by_channels(HexoskinActivityCodec),
        "hexoskin_respiration": _by_channels(HexoskinRespirationCodec),
        "metamotion": _by_channels(MetaMotionCodec),
        "movella_dot": _by_channels(DotCodec),
        "movella_dot_battery": _by_channels(DotBatteryCodec),
        "movella_dot_rate": _by_channels(DotRateCodec),
        "movesense": _by_channels(MovesenseCodec),
        "polar_pmd": _by_channels(PmdCodec),
        "samples": _by_channels(SamplesCodec),
        "sweetzpot": _by_channels(SweetzpotCodec),
        "table": TableCodec,
        "thingy": _by_channels(ThingyCodec),
        "tymewear": _by_channels(TymewearCodec),
        "vernier_gdx": _by_channels(GdxCodec),
        "witmotion": _by_channels(WitmotionCodec),
    }
)


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "battery": Layout(frozenset({"level"}), frozenset()),
        "bitalino": Layout(frozenset({"command", "frames"}), frozenset({Role.BELT, Role.ABDOMEN_BELT, Role.PPG})),
        "heart_rate": Layout(frozenset({"measurement"}), frozenset({Role.HEART_RATE, Role.RR})),
        "hexoskin_activity": Layout(frozenset({"measurement"}), frozenset({Role.ACTIVITY})),
        "hexoskin_respiration": Layout(
            frozenset({"measurement"}), frozenset({Role.RESPIRATION_RATE, Role.BREATH_PHASES})
        ),
        "metamotion": Layout(
            frozenset({"command", "notify"}), frozenset({Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.ORIENTATION})
        ),
        "movella_dot": Layout(
            frozenset({"control", "short", "medium", "long"}),
            frozenset({Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.MAG, Role.ORIENTATION}),
        ),
        "movella_dot_battery": Layout(frozenset({"level"}), frozenset()),
        "movella_dot_rate": Layout(frozenset({"settings"}), frozenset()),
        "movesense": Layout(frozenset({"command", "data"}), frozenset(MOVESENSE_NAMES)),
        "polar_pmd": Layout(frozenset({"control", "data"}), frozenset(PMD_TYPES)),
        "samples": Layout(frozenset({"data"}), frozenset(Role)),
        "sweetzpot": Layout(frozenset({"data"}), frozenset({Role.BELT, Role.ABDOMEN_BELT})),
        "table": Layout(frozenset(), frozenset(Role)),  # its table names its characteristics
        "thingy": Layout(
            frozenset({"config", "raw", "quaternion", "euler"}),
            frozenset({Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.MAG, Role.ORIENTATION}),
        ),
        "tymewear": Layout(
            frozenset({"data"}), frozenset({Role.RESPIRATION_RATE, Role.BREATH_PHASES, Role.BREATH_DEPTH})
        ),
        "vernier_gdx": Layout(
            frozenset({"command", "response"}), frozenset({Role.BELT, Role.ABDOMEN_BELT, Role.RESPIRATION_RATE})
        ),
        "witmotion": Layout(
            frozenset({"command", "data"}), frozenset({Role.CHEST_ACC, Role.ACC, Role.GYRO, Role.ORIENTATION})
        ),
    }
)


def make_codec(endpoint: EndpointSpec) -> Codec:
    """Return a fresh codec for one connection to `endpoint`; its numbers are checked (see `breathcore.decode.checked`).

    Raises KeyError for a codec that does not exist.
    """
    return CheckedCodec(CODECS[endpoint.codec](endpoint))
