"""What the window needs from the rest of the program, and the values that cross: no Qt here.

The window never touches files, radios or pipelines: it calls a `Services`. Values are frozen and may be made in any
thread. Calls marked *slow* are made from a thread of their own; all others return at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np

from breathcore.drill.screening import Screening
from breathcore.feedback.trunk_view import PairView
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import DeviceSpec, Place
from breathcore.model.drill import DrillSpec, FinishReason, Score, TargetPhase, Texts
from breathcore.model.errors import BreathcoreError
from breathcore.model.estimates import Breath
from breathcore.model.message import Message
from breathcore.model.resonance import ResonanceResult
from breathcore.session.bridge import Bridge
from breathcore.session.settings import ChosenSensor, LoadedSettings, Settings

SIMULATED_DEVICE = "polar_h10"  # what the simulated strap is
_EMPTY = frozen(np.empty(0))


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A wearable in radio reach; `device_id` is the id of its profile (a file of `devices/`)."""

    name: str
    address: str
    device_id: str
    rssi_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """What the person chose. No `sensors`: the simulated strap.

    `minutes` None asks for the drill's own dose, `pattern_id` "" for the drill's own pattern. `conditions` are ids of
    what applies to the person (`SafetySpec.avoid_if` speaks of them); `screening` is what
    the safety answers came to; None where nobody was asked (a simulated wearer). `opened`: a therapist has opened the
    firmer brace for the person.
    """

    drill_id: str
    sensors: tuple[ChosenSensor, ...] = ()
    pattern_id: str = ""
    minutes: float | None = None
    person: str = ""
    conditions: tuple[str, ...] = ()
    screening: Screening | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing a session measured, or why it did not (`reason`)."""

    id: str  # "breath", "heart", "brace"
    reason: Message | None = None


Stretch = tuple[float, float]  # [start, end) in seconds


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """How far one place opened in the middle breath, as a share of the own full breath, and in cm where told."""

    place: Place
    share: float
    cm: float | None = None


@dataclass(frozen=True, slots=True)
class SideSummary:
    """One thing on both sides, and its difference over the last `sessions_n` sessions (0: there was none before).

    `now` and `before` are medians of three sessions, in percent; `sudden` and `red` as in `drill.sides.Trend`.
    """

    pair: PairView
    sessions_n: int = 0
    now: float | None = None
    before: float | None = None
    sudden: bool = False
    red: bool = False


@dataclass(frozen=True, slots=True)
class TrunkSummary:
    """What a session measured of ribs, brace and movement; `braced`: whether the brace's level was told at all."""

    sites: tuple[SiteSummary, ...] = ()
    rib_share: float | None = None
    brace: float | None = None  # mean level while it was on
    reps_n: int = 0
    sides: tuple[SideSummary, ...] = ()
    braced: bool = False
    brace_seen: bool = False  # whether braced or not was told
    back_deg: float | None = None  # the median bend of the lower back in hip hinges; positive: rounded


@dataclass(frozen=True, slots=True)
class SummaryView:
    """A finished (or cut short: `finish` None) session. Rates in breaths/min, None where there is no honest number."""

    path: Path
    title: Texts
    started: datetime  # local time
    sentence: Message
    finish: FinishReason | None
    person: str = ""
    rate_before_bpm: float | None = None
    rate_during_bpm: float | None = None
    rate_after_bpm: float | None = None
    rate_target_bpm: float | None = None
    rate_message: Message | None = None  # why there is no rate
    score: Score = field(default_factory=lambda: Score(None, None, ()))
    advice: tuple[Message, ...] = ()  # what to try next time
    done_s: float = 0.0
    lost_s: float = 0.0
    heart_bpm: float | None = None
    measured: tuple[Measured, ...] = ()
    pain: int | None = None
    effort: int | None = None
    note: str = ""
    simulated: bool = False
    resonance: ResonanceResult | None = None  # of a sweep through rates
    trunk: TrunkSummary | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One stored session in the list. `problem` says what is wrong with a file that is cut short or unreadable."""

    path: Path
    started: datetime  # local time
    title: Texts
    person: str = ""
    duration_s: float = 0.0
    score: float | None = None
    problem: Message | None = None
    readable: bool = True
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark a person set, with its note ("" for none)."""

    t_s: float
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ReviewView:
    """A stored session's course on the session clock.

    `trace_t_s` and `trace_y` are (n,), NaN where the signal was refused; `gaps` are `[start, end)` in seconds.
    """

    summary: SummaryView
    duration_s: float
    trace_t_s: F64 = field(default_factory=lambda: _EMPTY)
    trace_y: F64 = field(default_factory=lambda: _EMPTY)
    trace_unit: str = ""
    breaths: tuple[Breath, ...] = ()
    phases: tuple[TargetPhase, ...] = ()
    marks: tuple[Mark, ...] = ()
    gaps: tuple[Stretch, ...] = ()
    rate_t_s: F64 = field(default_factory=lambda: _EMPTY)
    rate_bpm: F64 = field(default_factory=lambda: _EMPTY)
    reps: tuple[Stretch, ...] = ()
    braces: tuple[Stretch, ...] = ()


class ExportKind(StrEnum):
    """What a session can be exported to."""

    CSV = "csv"
    EDF = "edf"


class Services(Protocol):
    """The window's one door to the program. Every call may raise BreathcoreError, whose message is shown."""

    def drills(self) -> tuple[DrillSpec, ...]:
        """Return the drills on offer, in the order to show them."""
        ...

    def problems(self) -> tuple[Message, ...]:
        """Return what is wrong with files of wearables and drills that a person added; these files are left out."""
        ...

    def devices(self) -> tuple[DeviceSpec, ...]:
        """Return the wearables the program knows."""
        ...

    def scan(self, found: Callable[[FoundDevice], None], failed: Callable[[BreathcoreError], None]) -> None:
        """Look for wearables until `stop_scan`; both callbacks may come from any thread, `found` again on news."""
        ...

    def stop_scan(self) -> None:
        """Stop looking; harmless when not looking."""
        ...

    def check(self, sensors: tuple[ChosenSensor, ...]) -> Bridge:
        """Connect to `sensors` (none: the simulated strap) and show how they do, unrecorded, until `stop_check`."""
        ...

    def stop_check(self) -> None:
        """Have the check end, without waiting for it; harmless when none runs."""
        ...

    def start(self, choice: SessionChoice) -> Bridge:
        """Begin a session in the worker thread. Raises SafetyError where the gate is closed for `choice`."""
        ...

    def stop(self) -> None:
        """End the running session or replay, close its file and return when that is done; harmless when none runs."""
        ...

    def discard(self) -> None:
        """Delete what the session that ended last recorded, if no drill was begun and nothing marked or noted in it."""
        ...

    def summary(self) -> SummaryView | None:
        """Return what the session that ended last came to (*slow*); None where nothing was recorded."""
        ...

    def sessions(self) -> tuple[SessionRow, ...]:
        """Return the stored sessions, newest first."""
        ...

    def review(self, path: Path) -> ReviewView:
        """Return a stored session's course (*slow*)."""
        ...

    def replay(self, path: Path) -> Bridge:
        """Run a stored session again at its own speed."""
        ...

    def export(
        self, path: Path, kind: ExportKind, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Path:
        """Export a session beside its file and return where (*slow*).

        `progress` takes 0–1; when `cancelled` says so it stops and leaves nothing behind.
        """
        ...

    def delete(self, path: Path) -> None:
        """Delete a session's file."""
        ...

    def add_note(self, path: Path, text: str) -> None:
        """Store a note on a session."""
        ...

    def rate(self, path: Path, *, pain: int | None, effort: int | None) -> None:
        """Store how the person felt, each 0–10 or not told."""
        ...

    def load_settings(self) -> LoadedSettings:
        """Return the stored settings."""
        ...

    def save_settings(self, settings: Settings) -> None:
        """Store `settings`."""
        ...
