"""Link events and fit → how each wearable of a session is doing, and the one sentence about it that matters most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from breathcore.feedback.frame import SensorFrame
from breathcore.model.device import DeviceSpec, Place
from breathcore.model.estimates import FitEstimate, FitIssue
from breathcore.model.message import message
from breathcore.model.packets import LinkEvent, LinkKind, LinkReason

STATES = (
    LinkKind.WAITING,
    LinkKind.FOUND,
    LinkKind.CONNECTING,
    LinkKind.CONNECTED,
    LinkKind.STREAMING,
    LinkKind.STALLED,
    LinkKind.LOST,
    LinkKind.CLOSED,
)
_REASONS = {reason.value: reason for reason in LinkReason}
_ORDER = {issue: n for n, issue in enumerate(FitIssue)}


@dataclass(slots=True)
class _Sensor:
    name: str
    place: Place | None
    link: LinkKind = LinkKind.WAITING
    reason: LinkReason | None = None
    battery_percent: int | None = None
    issues: dict[str, tuple[FitIssue, ...]] = field(default_factory=dict)


class SensorPresenter:
    """Keeps what there is to show of each device.

    Parameters
    ----------
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices. Where two are of one kind, the later ones are called by a number too.
    """

    def __init__(self, devices: Sequence[tuple[str, DeviceSpec]]) -> None:
        count: Counter[str] = Counter()
        self._sensors: dict[str, _Sensor] = {}
        for key, spec in devices:
            count[spec.name] += 1
            n = count[spec.name]
            place = next((c.place for c in spec.channels), None)
            self._sensors[key] = _Sensor(spec.name if n == 1 else f"{spec.name} {n}", place)
        self._owners = {c.id: key for key, spec in devices for c in spec.channels}
        self._frames: dict[str, SensorFrame] = {}  # those that have not changed since they were last asked for

    def on_link(self, event: LinkEvent) -> None:
        """Take a link event."""
        sensor = self._sensors.get(event.device)
        if sensor is None:
            return
        self._frames.pop(event.device, None)
        if event.kind is LinkKind.BATTERY and event.detail.isdigit():
            sensor.battery_percent = int(event.detail)
        elif event.kind in STATES:
            sensor.link = event.kind
            sensor.reason = _REASONS.get(event.detail)
            if event.kind is LinkKind.CONNECTED:
                sensor.issues.clear()

    def on_samples(self, channel: str) -> None:
        """Take note of samples: a source that tells of no more than connections streams from then on."""
        key = self._owners.get(channel)
        if key is not None and self._sensors[key].link is LinkKind.CONNECTED:
            self._sensors[key].link = LinkKind.STREAMING
            self._frames.pop(key, None)

    def on_fit(self, estimate: FitEstimate) -> None:
        """Take a channel's verdict."""
        key = self._owners.get(estimate.channel)
        if key is not None:
            self._sensors[key].issues[estimate.channel] = estimate.issues
            self._frames.pop(key, None)

    def frames(self) -> tuple[SensorFrame, ...]:
        """Return all devices, in the session's order."""
        return tuple(self._frame(key) for key in self._sensors)

    def frame(self, key: str) -> SensorFrame | None:
        """Return one device, None where there is no such."""
        return self._frame(key) if key in self._sensors else None

    def _frame(self, key: str) -> SensorFrame:
        frame = self._frames.get(key)
        if frame is None:
            frame = self._frames[key] = _frame(key, self._sensors[key])
        return frame


def _frame(key: str, sensor: _Sensor) -> SensorFrame:
    issues = _issues(sensor)
    said = None
    if sensor.reason is not None:
        said = message(f"link.{sensor.reason.value}", device=sensor.name)
    elif issues:
        said = message(f"fit.{issues[0].value}", device=sensor.name)
    return SensorFrame(key, sensor.name, sensor.place, sensor.link, said, issues, sensor.battery_percent)


def _issues(sensor: _Sensor) -> tuple[FitIssue, ...]:
    """Return what is wrong with the fit, the most urgent first; nothing is known of a device that does not send."""
    if sensor.link is not LinkKind.STREAMING:
        return ()
    return tuple(sorted({i for issues in sensor.issues.values() for i in issues}, key=_ORDER.__getitem__))
