"""What drives a drill besides estimates: time, the person, the signal, the recorder. All on the session clock."""

from dataclasses import dataclass

from breathcore.model.drill import CommandKind
from breathcore.model.estimates import BreathRange, RateEstimate


@dataclass(frozen=True, slots=True)
class Tick:
    """It is `t_s`."""

    t_s: float


@dataclass(frozen=True, slots=True)
class Command:
    """The person asked for something at `t_s`."""

    kind: CommandKind
    t_s: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class SignalChanged:
    """At `t_s` it is known that there is (or is not) what the drill needs: a usable breath signal, or just the link.

    `since_s` is when it went away, where that is known to be earlier: breaths after it were not measured and are done
    again.
    """

    t_s: float
    ok: bool
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Nothing more can be recorded."""

    t_s: float


DrillItem = Tick | Command | SignalChanged | RecordingFailed | RateEstimate | BreathRange
