"""A virtual wearable: the services its file names, worn by the simulated wearer."""

import math
from collections.abc import Callable

from breathcore.model.blocks import RawBlock
from breathcore.model.device import DeviceSpec, EndpointSpec
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.source.sim.body import Body, nobody
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.registry import SERVICES
from breathcore.source.sim.sensors import SensorClock, Sensors
from breathcore.source.sim.services import Sent, Service
from breathcore.source.sim.wearer import Wearer


class Strap:
    """The device's side of everything a host can ask of it. Times are session seconds and must not run backwards.

    `sent` is told each block of samples as it goes out; `number` tells straps on one wearer apart (each has its own
    noise). Raises BreathcoreError (INVALID_VALUE) for a wearable with a codec that is not simulated.
    """

    def __init__(
        self,
        device: DeviceSpec,
        wearer: Wearer,
        faults: FaultSpec,
        sent: Callable[[RawBlock], None] = nobody,
        number: int = 0,
    ) -> None:
        self._clock = SensorClock(-wearer.spec.clock_offset_s, wearer.spec.clock_skew_ppm + faults.clock_ppm)
        self._faults = faults
        sensors = Sensors(wearer, faults, number)
        body = Body(device, sensors, self._clock, faults, wearer.spec.rate_error + faults.rate_error, sent)
        self._services = {e.id: _service(e, body) for e in device.endpoints}

    @property
    def next_s(self) -> float:
        """When the strap next sends by itself (inf: never)."""
        return min((s.next_s for s in self._services.values()), default=math.inf)

    def send(self) -> Sent:
        """Return the (endpoint, payload) of what is due at `next_s` and move on."""
        return min(self._services.values(), key=lambda s: s.next_s).send()

    def connect(self, t_s: float) -> None:
        """Begin with a host that has subscribed to everything; after long off the body the clock has started anew."""
        self.link(t_s)
        for endpoint in self._services:
            self.subscribed(endpoint, t_s)

    def link(self, t_s: float) -> None:
        """Begin with a host that has not subscribed to anything yet."""
        for lost_s in self._faults.clock_losses_s:
            if lost_s <= t_s:
                self._clock.wake(lost_s)

    def subscribed(self, endpoint: str, t_s: float) -> None:
        """Begin to serve an endpoint whose characteristics the host has subscribed to. Raises KeyError."""
        self._services[endpoint].connect(t_s)

    def disconnect(self) -> None:
        """End every stream: the link is gone."""
        for service in self._services.values():
            service.disconnect()

    def read(self, endpoint: str, t_s: float) -> bytes | None:
        """Return the value of a characteristic, None where it cannot be read."""
        service = self._services.get(endpoint.partition(".")[0])
        return service.read(endpoint.partition(".")[2], t_s) if service else None

    def write(self, endpoint: str, payload: bytes, t_s: float) -> Sent:
        """Take a write; return the indications that answer it."""
        service = self._services.get(endpoint.partition(".")[0])
        return service.write(endpoint.partition(".")[2], payload, t_s) if service else ()


def _service(endpoint: EndpointSpec, body: Body) -> Service:
    make = SERVICES.get(endpoint.codec)
    if make is None:
        known = ", ".join(sorted(SERVICES))
        raise BreathcoreError(Reason.INVALID_VALUE, name="codec", value=endpoint.codec, bound=known)
    return make(endpoint, body)
