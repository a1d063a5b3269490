"""What a person does when: breaths, calibration, brace, movements, postures, and what happens to the sensors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from breathcore.model.device import Place
from breathcore.model.trunk import Posture, Side, StepKind, TrunkCalibration

_EVENLY: Mapping[Place, float] = MappingProxyType({})
_FULL_IN_S = 4.0  # of the 9 s that are shown


class AirKind(StrEnum):
    """What somebody does with their breath."""

    BREATHE = "breathe"
    HOLD = "hold"  # where it is, or at `depth`
    TALK = "talk"
    COUGH = "cough"


@dataclass(frozen=True, slots=True)
class Air:
    """From `start_s` until the next: how the breath goes. None: the person's own way.

    `depth` is the share of a full breath (of a hold: where it is held), `focus` by how much more (or less) than the
    others a place opens: 0.3 is a third more. `exact` breaths have no spread.
    """

    start_s: float
    kind: AirKind = AirKind.BREATHE
    rate_bpm: float | None = None
    depth: float | None = None
    i_to_e: float | None = None
    phase_deg: float | None = None
    focus: Mapping[Place, float] = field(default_factory=lambda: _EVENLY)
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Ramp:
    """The brace goes to `to` (1: the firmest gentle brace) between `start_s` and `end_s`, and stays."""

    start_s: float
    end_s: float
    to: float


@dataclass(frozen=True, slots=True)
class Reps:
    """`n` repetitions of a movement: there in `go_s`, `keep_s` at its end, back in `back_s`, `pause_s` between.

    `range_deg` None: the usual one. `even` 0 makes all alike; `breathes_out` makes the breath follow: out on the way
    there, in on the way back.
    """

    start_s: float
    kind: str
    n: int
    go_s: float = 2.0
    keep_s: float = 0.5
    back_s: float = 2.0
    pause_s: float = 0.5
    range_deg: float | None = None
    side: Side | None = None
    spread: float = 0.08
    breathes_out: bool = False

    @property
    def end_s(self) -> float:
        """When the last is over, pause and all, if all last as long as they should."""
        return self.start_s + self.n * (self.go_s + self.keep_s + self.back_s + self.pause_s)


@dataclass(frozen=True, slots=True)
class Posed:
    """The body goes into `posture` within `seconds`."""

    t_s: float
    posture: Posture
    seconds: float = 2.5


@dataclass(frozen=True, slots=True)
class Slip:
    """The sensor at `place` (a belt's too) slips: turns by `deg` about its own outward axis, a belt gives by `cm`."""

    t_s: float
    place: Place
    deg: float = 20.0
    cm: float = 1.0


@dataclass(frozen=True, slots=True)
class Redon:
    """Everything is taken off and put on again, otherwise than before, within `seconds`."""

    t_s: float
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """The sensors of left and right change places within `seconds`, whatever their channels say."""

    t_s: float
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Script:
    """All of it, to `end_s`. Each in the order of time."""

    end_s: float
    air: tuple[Air, ...] = ()
    brace: tuple[Ramp, ...] = ()
    reps: tuple[Reps, ...] = ()
    postures: tuple[Posed, ...] = ()
    slips: tuple[Slip, ...] = ()
    redons: tuple[Redon, ...] = ()
    exchanges: tuple[Exchange, ...] = ()


def calibrated(script: Script, calibration: TrunkCalibration, ease_s: float = 0.6) -> Script:
    """Return `script` with the steps of `calibration` done as they are asked for, its own breath afterwards."""
    air = tuple(a for step in calibration.steps for a in _air(step.kind, step.start_s, step.end_s))
    before = tuple(a for a in script.air if a.start_s < calibration.steps[0].start_s)
    after = tuple(a for a in script.air if a.start_s >= calibration.end_s)
    back = () if after and after[0].start_s <= calibration.end_s else (Air(calibration.end_s),)
    ramps = [
        ramp
        for step in calibration.steps
        if step.kind is StepKind.BRACE
        for ramp in (
            Ramp(step.start_s, step.start_s + ease_s, 1.0),
            Ramp(step.end_s, step.end_s + ease_s, 0.0),
        )
    ]
    brace = tuple(sorted((*ramps, *script.brace), key=lambda r: r.start_s))
    return replace(script, air=before + air + back + after, brace=brace)


def _air(kind: StepKind, start_s: float, end_s: float) -> Iterable[Air]:
    match kind:
        case StepKind.FULL:
            length_s = end_s - start_s
            in_s = min(_FULL_IN_S, 0.5 * length_s)
            ratio = in_s / (length_s - in_s)
            return (Air(start_s, rate_bpm=60.0 / length_s, depth=1.0, i_to_e=ratio, exact=True),)
        case StepKind.RELAX:
            return (Air(start_s, AirKind.HOLD, depth=0.0),)
        case _:
            return (Air(start_s),)
