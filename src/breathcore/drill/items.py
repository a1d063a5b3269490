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
    """From `t_s` on there is (or is not) what the drill needs: a usable breath signal, or just the link."""

    t_s: float
    ok: bool


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """Nothing more can be recorded."""

    t_s: float


DrillItem = Tick | Command | SignalChanged | RecordingFailed | RateEstimate | BreathRange
