"""What can happen to one wearable's link, and what can then be to do."""

from dataclasses import dataclass

from breathcore.model.packets import LinkKind, LinkReason


@dataclass(frozen=True, slots=True)
class Start:
    """The device is wanted."""


@dataclass(frozen=True, slots=True)
class Stop:
    """It is wanted no more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing has happened but time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The device advertises."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The attempt to connect has worked; subscriptions follow."""


@dataclass(frozen=True, slots=True)
class Configured:
    """Subscriptions are done: `endpoints` (characteristics) may notify from now on."""

    endpoints: frozenset[str]


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt to connect or to subscribe has failed."""

    reason: LinkReason


@dataclass(frozen=True, slots=True)
class Busy:
    """The radio could not try: it was doing something else."""


@dataclass(frozen=True, slots=True)
class Data:
    """A notification has come."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something is being written to a characteristic."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection is gone."""


@dataclass(frozen=True, slots=True)
class RadioGone:
    """Nothing can be heard: no adapter, switched off, not allowed, no service."""

    reason: LinkReason


@dataclass(frozen=True, slots=True)
class RadioBack:
    """The radio listens (again)."""


Occurrence = (
    Start
    | Stop
    | Tick
    | Heard
    | Connected
    | Configured
    | Failed
    | Busy
    | Data
    | Asked
    | Dropped
    | RadioGone
    | RadioBack
)


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect to the device as it was last heard, and subscribe to everything."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Give the connection, or the attempt, up; nothing that it still says counts."""


@dataclass(frozen=True, slots=True)
class Tell:
    """The link has come into a state, or has another reason to be in it."""

    kind: LinkKind
    reason: LinkReason | None


Action = Connect | Disconnect | Tell
