"""Made-up sensors and how they do, for pictures of every screen and for the tests of the window."""

from breathcore.feedback.frame import SensorFrame
from breathcore.gui.services import FoundDevice
from breathcore.model.device import ChannelSpec, ClockKind, DeviceSpec, EndpointSpec, MatchSpec, Place, Role
from breathcore.model.errors import CatalogError, Reason
from breathcore.model.estimates import FitIssue
from breathcore.model.message import Message, message
from breathcore.model.packets import LinkKind, LinkReason
from breathcore.session import registry
from breathcore.session.rig import rig
from breathcore.session.settings import ChosenSensor
from breathcore.source.sim.trunk.rig import TRUNK_RIG


def devices() -> tuple[DeviceSpec, ...]:
    """Return a chest strap, one for the heart only, what is simulated all round, a belt and an IMU."""
    belt = ChannelSpec("force", Role.BELT, "N", ("force",), 20.0)
    tilt = ChannelSpec("acc", Role.CHEST_ACC, "g", ("x", "y", "z"), 52.0)
    return (
        registry.device("polar_h10"),
        registry.device("heart_rate_strap"),
        *(registry.device(id_) for id_ in dict.fromkeys(device for _, device, _ in TRUNK_RIG)),
        _wearable("sample_belt", "GDX-RB", "chest", belt),
        _wearable("sample_imu", "Movesense", "sticker", tilt),
    )


def _wearable(id_: str, name: str, placement: str, channel: ChannelSpec) -> DeviceSpec:
    endpoint = EndpointSpec("data", "table", "", (), (channel,))
    return DeviceSpec(id_, name, MatchSpec(), (endpoint,), placement, ClockKind.NONE, 2.0)


FOUND = (
    FoundDevice("Polar H10 7A3F1C2B", "a", "polar_h10", -58),
    FoundDevice("HRM-Dual:312345", "b", "heart_rate_strap", -81),
    FoundDevice("Movesense 1740", "c", "sample_imu", -66),
    FoundDevice("GDX-RB 0K4003T5", "d", "sample_belt", -90),
)
CHOSEN = (
    ChosenSensor("polar_h10", "a", "Polar H10 7A3F1C2B", Place.STERNUM),
    ChosenSensor("sample_imu", "c", "Movesense 1740", Place.LEFT),
)
RIG = rig({spec.id: spec for spec in devices()})


def sensor(
    name: str,
    link: LinkKind = LinkKind.STREAMING,
    *,
    issue: FitIssue | None = None,
    reason: LinkReason | None = None,
    battery: int | None = 82,
) -> SensorFrame:
    """Return how a sensor does: its link, and what is wrong with its fit or its link."""
    said = f"fit.{issue}" if issue else f"link.{reason}" if reason else ""
    told = message(said, device=name) if said else None
    return SensorFrame(name, name, None, link, told, (issue,) if issue else (), battery)


def all_round() -> tuple[SensorFrame, ...]:
    """Return the sensors of the rig, all well."""
    return tuple(
        SensorFrame(c.address, c.name, c.place, LinkKind.STREAMING, battery_percent=86 - n) for n, c in enumerate(RIG)
    )


def wrong_file() -> Message:
    """Return what is said of a wearable's file that cannot be used."""
    path, problem = "devices/my_strap.toml", "kg"
    return CatalogError(Reason.FILE_INVALID, file=path, key="unit", problem=problem).message
