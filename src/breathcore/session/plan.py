"""What a session is to be, decided before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from breathcore.drill.screening import Screening, require_clearance
from breathcore.model.drill import DrillSpec


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One session: whose, which drill, how long, and whether it may be done at all.

    `minutes` None means the drill's own dose. `wearer` is "person" where somebody trains: their safety questions
    must have been answered; "simulated" where nobody can come to harm. `facts` are kept with the recording (a
    simulator's seed).
    """

    drill: DrillSpec
    pattern_id: str = ""
    minutes: float | None = None
    person: str = ""
    language: str = "en"
    wearer: Literal["person", "simulated"] = "person"
    screening: Screening | None = None
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=lambda: MappingProxyType({}))

    def require_clearance(self) -> None:
        """Raise SafetyError (RED_FLAG, NOT_SCREENED) where the drill must not be reached."""
        if self.screening is not None or self.wearer == "person":
            require_clearance(self.screening)
