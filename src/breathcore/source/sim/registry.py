"""The device's side of every codec, by the name that `devices/*.toml` call it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from breathcore.model.device import EndpointSpec
from breathcore.source.sim.body import Body
from breathcore.source.sim.pmd_service import PmdService
from breathcore.source.sim.services import BatteryService, HeartService, Service

MakeService = Callable[[EndpointSpec, Body], Service]

SERVICES: Mapping[str, MakeService] = MappingProxyType(
    {
        "battery": BatteryService,
        "heart_rate": HeartService,
        "polar_pmd": PmdService,
    }
)
