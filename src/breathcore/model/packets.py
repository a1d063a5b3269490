"""The interchange and the recording: what crossed the radio, and when."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way a packet went and how."""

    NOTIFY = "notify"  # from the device, notification or indication
    READ = "read"  # from the device, the value of a read
    WRITE = "write"  # to the device


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes of one characteristic. `endpoint` is ``<endpoint id>.<characteristic name>``, for example ``pmd.data``.

    `t_host_ns` is the host's monotonic clock, stamped in the radio callback (integer, never wall time).
    """

    device: str
    endpoint: str
    direction: Direction
    t_host_ns: int
    payload: bytes


class LinkKind(StrEnum):
    """What happened to a link. The first eight are the states that it comes into; `detail` is why (`LinkReason`)."""

    WAITING = "waiting"  # not heard yet, or the radio is away, or the last attempt failed
    FOUND = "found"  # heard: to be connected
    CONNECTING = "connecting"
    CONNECTED = "connected"  # being set up: subscriptions, settings
    STREAMING = "streaming"  # data have come
    STALLED = "stalled"  # connected, but silent
    LOST = "lost"  # and looked for
    CLOSED = "closed"
    BATTERY = "battery"  # detail: per cent
    CONTACT = "contact"  # detail: "on" or "off"
    FAULT = "fault"  # detail: reason


class LinkReason(StrEnum):
    """Why a link is as it is; also the id of its sentence (``link.<value>``)."""

    NOT_FOUND = "not-found"  # nobody heard of it for long
    CONNECT_FAILED = "connect-failed"
    CONNECT_TIMEOUT = "connect-timeout"
    REFUSED = "refused"  # it does not take the connection
    TAKEN = "taken"  # in use by another program or device
    NOT_PAIRED = "not-paired"
    NO_STREAM = "no-stream"  # it lacks everything that is wanted of it
    DROPPED = "dropped"  # the link broke
    SILENT = "silent"  # data stopped
    NO_ADAPTER = "no-adapter"
    ADAPTER_OFF = "adapter-off"
    NO_PERMISSION = "no-permission"
    NO_SERVICE = "no-service"  # the system's Bluetooth service is not running
    ENDED = "ended"  # asked for


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """Something that happened to a device's link."""

    device: str
    t_host_ns: int
    kind: LinkKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """Time has passed (a live timer or a virtual clock says so); recorded, so that a replay ticks the same."""

    t_host_ns: int


@dataclass(frozen=True, slots=True)
class Write:
    """A request to write `payload` (with response) to `endpoint`."""

    endpoint: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """A request to read `endpoint` once."""

    endpoint: str


Request = Write | Read
