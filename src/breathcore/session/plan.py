"""What a session is to be, decided before it starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from breathcore.drill.screening import Screening, require_clearance, require_opened
from breathcore.model.drill import DrillSpec
from breathcore.model.trunk import Side


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One session: whose, which drill, how long, and whether it may be done at all.

    `minutes` None means the drill's own dose. `wearer` is "person" where somebody trains: their safety questions
    must have been answered; "simulated" where nobody can come to harm. `opened`: a therapist has opened the firmer
    brace for this person. `first` is the side to begin with where both are trained. `previous` are the person's own
    ranges of the last calibration (``place.kind`` → full less relaxed). `facts` are kept with the recording (a
    simulator's seed).
    """

    drill: DrillSpec
    pattern_id: str = ""
    minutes: float | None = None
    person: str = ""
    language: str = "en"
    wearer: Literal["person", "simulated"] = "person"
    screening: Screening | None = None
    opened: bool = False
    first: Side = Side.LEFT
    previous: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def kept(self) -> Mapping[str, str | int | float | bool | None]:
        """What of the plan is kept with the recording beside what it has a place for: enough to run it again."""
        more: dict[str, str | int | float | bool | None] = dict(self.facts)
        if self.opened:
            more["opened_by_therapist"] = True
        if self.first is not Side.LEFT:
            more["first_side"] = self.first.value
        if self.previous:
            more["previous_ranges"] = json.dumps(dict(self.previous))
        return more

    def require_clearance(self) -> None:
        """Raise SafetyError (RED_FLAG, NOT_SCREENED, NOT_OPENED) where the drill must not be reached."""
        if self.screening is not None or self.wearer == "person":
            require_clearance(self.screening)
        if self.wearer == "person":
            require_opened(self.drill.pattern(self.pattern_id), opened=self.opened)


def kept_side(more: Mapping[str, object]) -> Side:
    """Return the side to begin with, as a recording keeps it."""
    return Side(str(more.get("first_side", Side.LEFT.value)))


def kept_ranges(more: Mapping[str, object]) -> Mapping[str, float]:
    """Return the last calibration's ranges, as a recording keeps them."""
    text = more.get("previous_ranges")
    return MappingProxyType({k: float(v) for k, v in json.loads(text).items()} if isinstance(text, str) else {})
