"""What a session file holds besides the values of `model`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import nan
from types import MappingProxyType

from breathcore.drill.self_rating import BraceRating
from breathcore.drill.sides import SideComparison
from breathcore.model.blocks import FaultReason
from breathcore.model.drill import DrillSpec, Effect, Score, UserCommand
from breathcore.model.estimates import (
    Breath,
    BreathRange,
    EffortBlock,
    FitEstimate,
    HeartReading,
    PhaseEstimate,
    Polarity,
    RateEstimate,
    Turn,
)
from breathcore.model.packets import Advance, LinkEvent, Packet
from breathcore.model.resonance import ResonanceResult
from breathcore.model.trunk import TrunkEstimate

Simple = str | int | float | bool | None
_NONE: Mapping[str, Simple] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SessionMeta:
    """What is true of a whole session.

    `start` is the wall clock, with its zone, at session time zero; `t0_host_ns` the host's monotonic clock then.
    `drill` is the drill as it was (later versions of its file change nothing), `pattern_id` the form of it chosen,
    `minutes` the length asked for (None: the drill's own). `source` says where the packets came from: "ble", "sim",
    "import". `screening` is the outcome of the safety questions; `more` are further facts (a simulator's seed).
    """

    start: datetime
    t0_host_ns: int
    software_version: str
    source: str = "ble"
    language: str = "en"
    person: str = ""
    drill: DrillSpec | None = None
    pattern_id: str = ""
    minutes: float | None = None
    screening: Mapping[str, Simple] = field(default_factory=lambda: _NONE)
    more: Mapping[str, Simple] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, slots=True)
class RecordedFault:
    """Bytes of `device` that could not be used, at session time `t_s`."""

    device: str
    t_s: float
    reason: FaultReason
    endpoint: str
    byte_offset: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The session in a few numbers, for lists: NaN where there is none. `finish` is a FinishReason or ""."""

    rate_before_bpm: float = nan
    rate_during_bpm: float = nan
    rate_after_bpm: float = nan
    score: float = nan
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment the person marked, in session time."""

    t_s: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `t_s` is NaN where it belongs to the whole session."""

    t_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Ratings:
    """Pain and effort, 0–10, None where not given."""

    pain: int | None = None
    effort: int | None = None


Input = Packet | LinkEvent | Advance | UserCommand
Estimated = (
    RateEstimate
    | Breath
    | Turn
    | PhaseEstimate
    | HeartReading
    | EffortBlock
    | BreathRange
    | Polarity
    | Score
    | RecordedFault
    | FitEstimate
    | TrunkEstimate
    | SideComparison
    | BraceRating
    | ResonanceResult
    | Outcome
)
Item = Input | Effect | Estimated
