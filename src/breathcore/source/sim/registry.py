"""The device's side of every codec, by the name that `devices/*.toml` call it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from breathcore.model.device import EndpointSpec
from breathcore.source.sim.bitalino_service import BitalinoService
from breathcore.source.sim.body import Body
from breathcore.source.sim.dot_service import DotBatteryService, DotRateService, DotService
from breathcore.source.sim.gdx_service import GdxService
from breathcore.source.sim.hexoskin_service import HexoskinActivityService, HexoskinRespirationService
from breathcore.source.sim.metamotion_service import MetaMotionService
from breathcore.source.sim.movesense_service import MovesenseService
from breathcore.source.sim.pmd_service import PmdService
from breathcore.source.sim.services import BatteryService, HeartService, Service
from breathcore.source.sim.sweetzpot_service import SweetzpotService
from breathcore.source.sim.table_service import TableService
from breathcore.source.sim.thingy_service import ThingyService
from breathcore.source.sim.tymewear_service import TymewearService
from breathcore.source.sim.witmotion_service import WitmotionService

MakeService = Callable[[EndpointSpec, Body], Service]

SERVICES: Mapping[str, MakeService] = MappingProxyType(
    {
        "battery": BatteryService,
        "bitalino": BitalinoService,
        "heart_rate": HeartService,
        "hexoskin_activity": HexoskinActivityService,
        "hexoskin_respiration": HexoskinRespirationService,
        "metamotion": MetaMotionService,
        "movella_dot": DotService,
        "movella_dot_battery": DotBatteryService,
        "movella_dot_rate": DotRateService,
        "movesense": MovesenseService,
        "polar_pmd": PmdService,
        "sweetzpot": SweetzpotService,
        "table": TableService,
        "thingy": ThingyService,
        "tymewear": TymewearService,
        "vernier_gdx": GdxService,
        "witmotion": WitmotionService,
    }
)
