"""What each Polar device offers, and the frames it sends: the data behind `breathcore.source.sim.pmd_service`.

Source: the vendor's SDK documents (online_measurement.pdf, its lists of rates) and captures in its issues. Rows of
compressed frames are as many as fit a packet when every delta is as wide as it can be; a real device packs more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from breathcore.decode.pmd_control import Measurement

_G_PER_COUNT = 0.000244  # as a Verity Sense answers (16 bits, 8 g)
_DPS_PER_COUNT = 0.06103515625  # 2000 deg/s in 15 bits


@dataclass(frozen=True, slots=True)
class Offer:
    """One stream: the settings to choose from, its frames, and what the start reply says of them.

    `factor` None: the reply has none, and readers take 1. `tail` are stray bytes at the reply's end. `status` is what
    the columns beyond the channel's axes hold.
    """

    settings: Mapping[str, tuple[int, ...]]
    frame_type: int
    rows_n: int
    factor: float | None = None
    tail: bytes = b""
    status: int = 0


Offers = Mapping[Measurement, Offer]

_PPI = Offer({}, 0x00, 0)

H10: Offers = MappingProxyType(
    {
        Measurement.ECG: Offer({"sample_rate": (130,), "resolution": (14,)}, 0x00, 73),
        Measurement.ACC: Offer(
            {"sample_rate": (25, 50, 100, 200), "resolution": (16,), "range": (2, 4, 8)}, 0x01, 36, tail=b"\x01"
        ),
    }
)
VERITY: Offers = MappingProxyType(
    {
        Measurement.PPG: Offer({"sample_rate": (55,), "resolution": (22,), "channels": (4,)}, 0x80, 14, 1.0),
        Measurement.ACC: Offer(
            {"sample_rate": (52,), "resolution": (16,), "range": (8,), "channels": (3,)}, 0x80, 30, _G_PER_COUNT
        ),
        Measurement.PPI: _PPI,
        Measurement.GYRO: Offer(
            {"sample_rate": (52,), "resolution": (16,), "range": (2000,), "channels": (3,)}, 0x80, 30, _DPS_PER_COUNT
        ),
        Measurement.MAG: Offer(
            {"sample_rate": (10, 20, 50, 100), "resolution": (16,), "range": (50,), "channels": (3,)},
            0x81, 20, 1.0, status=3,
        ),
    }
)  # fmt: skip
OH1: Offers = MappingProxyType(
    {
        Measurement.PPG: Offer({"sample_rate": (130,), "resolution": (22,)}, 0x00, 18),
        Measurement.ACC: Offer({"sample_rate": (50,), "resolution": (16,), "range": (8,)}, 0x01, 36),
        Measurement.PPI: _PPI,
    }
)
POLAR_360: Offers = MappingProxyType(
    {
        Measurement.PPG: Offer({"sample_rate": (22,), "resolution": (24,), "channels": (3,)}, 0x8D, 20),
        Measurement.ACC: Offer(
            {"sample_rate": (50,), "resolution": (16,), "range": (8,), "channels": (3,)}, 0x81, 30
        ),
        Measurement.PPI: _PPI,
        Measurement.SKIN_TEMP: Offer({"sample_rate": (1, 2, 4), "resolution": (32,)}, 0x00, 3),
    }
)  # fmt: skip
OFFERS: Mapping[str, Offers] = MappingProxyType(
    {"polar_h10": H10, "polar_verity_sense": VERITY, "polar_oh1": OH1, "polar_360": POLAR_360}
)
"""By the id of the device's file; a device that is not listed is taken for an H10."""
