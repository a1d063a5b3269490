"""What the services of one virtual wearable share: its sensors, its clock, and how well it keeps time."""

from collections.abc import Callable
from dataclasses import dataclass

from breathcore.model.blocks import RawBlock
from breathcore.model.device import DeviceSpec
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.sensors import SensorClock, Sensors


def nobody(_: RawBlock) -> None:
    """Take note of nothing."""


@dataclass(frozen=True, slots=True)
class Body:
    """A virtual wearable without its services.

    `rate_error` is how much faster than nominal it samples. `sent` is told each block of samples as it goes out (with
    device times), for checks of what arrives; nothing that receives may see it.
    """

    device: DeviceSpec
    sensors: Sensors
    clock: SensorClock
    faults: FaultSpec
    rate_error: float = 0.0
    sent: Callable[[RawBlock], None] = nobody

    def rate_hz(self, nominal_hz: float) -> float:
        """Return the true rate of a stream."""
        return nominal_hz * (1.0 + self.rate_error)
