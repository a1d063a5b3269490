"""Made-up sessions, sensors and frames, for pictures of every screen and for the tests of the window."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from breathcore.drill.timeline import plan
from breathcore.feedback.frame import AHEAD_S, PAST_S, DeviceView, DrillView, FeedbackFrame
from breathcore.feedback.heart_view import HeartView
from breathcore.gui.sample_sensors import devices
from breathcore.gui.services import (
    ExportKind,
    FoundDevice,
    Mark,
    Measured,
    ReviewView,
    SessionChoice,
    SessionRow,
    SummaryView,
)
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import (
    DrillPhase,
    DrillSpec,
    FinishReason,
    Score,
    ScorePart,
    Stage,
    TargetPhase,
)
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.estimates import Breath, Refusal
from breathcore.model.message import Message, message
from breathcore.model.resonance import Measure, RateTrial, ResonanceResult
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.settings import ChosenSensor, LoadedSettings, Settings

NOW_S = 83.2  # session time of the frames: an inhale has just begun to rise
START_S = 30.0
_AHEAD_S = np.arange(1, 17) * 0.04  # look-ahead
INHALE_S, EXHALE_S = 4.0, 6.0
STRAP = "Polar H10"
RHYTHM = HeartView(
    rmssd_ms=42.0,
    sdnn_ms=61.0,
    coherence=78,
    coherence_word=message("coherence.high"),
    swing_bpm=9.4,
    phase_deg=12.0,
)
SCORE = Score(
    91.0,
    0.94,
    (
        ScorePart("timing", 0.35, 0.94),
        ScorePart("depth", 0.25, 0.88),
        ScorePart("regularity", 0.2, 0.9),
        ScorePart("quality", 0.2, 0.92),
    ),
    14,
)
HEART_SCORE = Score(None, None, tuple(replace(p, value=None) for p in SCORE.parts))


def breathing(t_s: F64) -> F64:
    """Return a breath of 6/min at times (n,), in shares of the range: 4 s in, 6 s out, a little uneven."""
    phase = np.mod(t_s - START_S, INHALE_S + EXHALE_S)
    up = 0.5 - 0.5 * np.cos(np.pi * phase / INHALE_S)
    down = 0.5 + 0.5 * np.cos(np.pi * (phase - INHALE_S) / EXHALE_S)
    uneven = 1.0 + 0.06 * np.sin(0.37 * t_s) + 0.04 * np.sin(1.3 * t_s)
    return np.asarray(np.where(phase < INHALE_S, up, down) * uneven, dtype=np.float64)


def target(start_s: float, end_s: float) -> tuple[TargetPhase, ...]:
    """Return the phases of a 6/min target that overlap `[start_s, end_s)`."""
    phases = []
    for n in range(40):
        t_s = START_S + n * (INHALE_S + EXHALE_S)
        top_s, end = t_s + INHALE_S, t_s + INHALE_S + EXHALE_S
        phases.append(TargetPhase(DrillPhase.INHALE, t_s, top_s, 0.0, 1.0, 0, n, scored=n > 2))
        phases.append(TargetPhase(DrillPhase.EXHALE, top_s, end, 1.0, 0.0, 0, n, scored=n > 2))
    return tuple(p for p in phases if p.end_s > start_s and p.start_s < end_s)


def drill_view(drill: DrillSpec, **changes: Any) -> DrillView:
    """Return where `drill` stands, in the middle of an inhale."""
    phase = drill.pattern().phases[0]
    view = DrillView(
        drill.id, dict(drill.title), 0, 1, 5, 30, phase.kind, dict(phase.cue), 0.8, DrillPhase.EXHALE,
        elapsed_s=53.2, total_s=300.0, paced=drill.paced, breathes=drill.pattern().breathes,
    )  # fmt: skip
    return replace(view, **changes)


def strap(state: str = "signal.good", *, linked: bool = True, battery: int | None = 82) -> DeviceView:
    """Return the strap in the state `state`."""
    return DeviceView(STRAP, linked, battery if linked else None, message(state))


def frame(spec: DrillSpec, stage: Stage, **changes: Any) -> FeedbackFrame:
    """Return a frame of a session that goes well."""
    t_s = np.arange(NOW_S - PAST_S, NOW_S - 0.2, 0.075)
    good = FeedbackFrame(
        t_s=NOW_S,
        stage=stage,
        drill=drill_view(spec),
        device=strap(),
        calibrated=True,
        trace_t_s=frozen(t_s),
        trace_y=frozen(breathing(t_s - 0.25)),
        predicted_t_s=frozen(t_s[-1] + _AHEAD_S),
        predicted_y=frozen(breathing(t_s[-1] + _AHEAD_S - 0.25)),
        target=target(NOW_S - PAST_S, NOW_S + AHEAD_S),
        rate_bpm=6.1,
        rate_sources=(message("source.chest_acc"), message("source.ecg")),
        rate_target_bpm=6.0,
        quality=0.92,
        quality_message=message("quality.good"),
        heart_bpm=64.0,
        heart=RHYTHM,
        brace_message=message("brace.not-measured"),
        in_step=0.82,
        score=SCORE,
    )
    return replace(good, **changes)


def planned(spec: DrillSpec, start_s: float) -> tuple[TargetPhase, ...]:
    """Return what is in view of a drill that began at `start_s`."""
    phases = plan(spec, spec.pattern(), None, start_s).phases
    return tuple(p for p in phases if p.end_s > NOW_S - PAST_S and p.start_s < NOW_S + AHEAD_S)


def silent(drill: DrillSpec, stage: Stage, state: str, reason: str, **changes: Any) -> FeedbackFrame:
    """Return a frame without a breath: `state` of the strap and the `reason` in place of a number."""
    empty, linked = frozen(np.empty(0)), state != "signal.no-link"
    guided = linked and stage is Stage.RUNNING
    heart_bpm, heart_message = (64.0, None) if linked else (None, message("heart.none"))
    return frame(
        drill,
        stage,
        device=strap(state, linked=linked),
        calibrated=False,
        trace_t_s=empty,
        trace_y=empty,
        predicted_t_s=empty,
        predicted_y=empty,
        target=target(NOW_S - PAST_S, NOW_S + AHEAD_S) if guided else (),
        rate_bpm=None,
        rate_message=message(reason),
        quality=None,
        quality_message=None,
        heart_bpm=heart_bpm,
        heart_message=heart_message,
        in_step=None,
        score=None,
        **changes,
    )


def summary(**changes: Any) -> SummaryView:
    """Return a session that went well."""
    drill = registry.drill("diaphragmatic")
    good = SummaryView(
        path=Path("2025-03-14-0905-diaphragmatic.breath"),
        title=drill.title,
        started=datetime(2025, 3, 14, 9, 5),
        sentence=message("result.followed", done=28, planned=30, in_step=94),
        finish=FinishReason.COMPLETED,
        person="Kim",
        rate_before_bpm=14.3,
        rate_during_bpm=6.1,
        rate_after_bpm=9.4,
        rate_target_bpm=6.0,
        score=SCORE,
        advice=(message("advice.timing-late"),),
        done_s=300.0,
        heart_bpm=64.0,
        measured=(Measured("breath"), Measured("heart"), Measured("brace", message("brace.not-measured"))),
    )
    return replace(good, **changes)


def by_heart(drill: DrillSpec, stage: Stage, **changes: Any) -> FeedbackFrame:
    """Return a frame of a session with heart beats only: a rate, an estimate, and no breath."""
    estimate = silent(drill, stage, "signal.heart", "refusal.heart-unclear", breath_followed=False)
    known = replace(
        estimate, rate_bpm=6.2, rate_message=None, rate_sources=(message("source.rr"),), rate_estimated=True
    )
    return replace(known, **changes)


def heart_only_summary() -> SummaryView:
    """Return a session with a strap that sends heart beats only."""
    return summary(
        sentence=message("result.unmeasured", done=30, planned=30),
        rate_before_bpm=None,
        rate_during_bpm=6.2,
        rate_after_bpm=10.5,
        rate_message=message("summary.rate.estimated"),
        score=HEART_SCORE,
        advice=(message("advice.timed"),),
        measured=(
            Measured("breath", message("summary.measured.rate-only")),
            Measured("heart"),
            Measured("brace", message("brace.not-measured")),
        ),
    )


def sweep_result(*, heart: bool = True, told: bool = True) -> ResonanceResult:
    """Return what a sweep came to: by the heart or by comfort; with a rate, or with none that stands out."""
    nan = math.nan
    rates = (7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
    swings = (7.1, 8.4, 10.2, 11.9, 11.3, 8.8) if told else (9.0, 9.2, 8.9, 9.1, 9.3, 8.8)
    trials = tuple(
        RateTrial(r, 100.0 * n, 100.0 * n + 90, 92, a, 18 * a * a, 0.6 + a / 40, 20 * (r - 5.5) - 4, 5 * a, 0.03, 6)
        if heart
        else RateTrial(
            r,
            100.0 * n,
            100.0 * n + 90,
            0,
            nan,
            nan,
            nan,
            nan,
            nan,
            a / 200,
            8 - round(2 * abs(r - 5.5)),
            Refusal.NO_SENSOR,
        )
        for n, (r, a) in enumerate(zip(rates, swings, strict=True))
    )
    by = tuple(Measure)[:5] if heart else tuple(Measure)[5:]
    if not told:
        return ResonanceResult(trials, nan, heart, (by,) * 6, rates, Refusal.NOISE)
    wins = ((), (), by[2:3], by[:4], by[4:], ()) if heart else ((by[1],), (), (), (by[0],), (), ())
    return ResonanceResult(trials, 5.5 if heart else 7.0, heart, wins, () if heart else (7.0, 5.5))


def sweep_summary() -> SummaryView:
    """Return a session of the resonance finder."""
    drill = registry.drill("resonance")
    return summary(title=drill.title, rate_target_bpm=None, done_s=900.0, resonance=sweep_result())


def lost_summary() -> SummaryView:
    """Return a session that lost its strap."""
    return summary(
        sentence=message("result.signal_lost", done=11, planned=30),
        finish=FinishReason.SIGNAL_LOST,
        rate_after_bpm=None,
        score=replace(SCORE, total=62.0, in_step=0.6),
        advice=(message("advice.timing"),),
        done_s=142.0,
        lost_s=120.0,
        pain=3,
        effort=4,
        note="cough",
    )


def rows() -> tuple[SessionRow, ...]:
    """Return a list of stored sessions with all that can be said of one."""
    diaphragmatic, box, brace = (registry.drill(i) for i in ("diaphragmatic", "box", "brace_hold"))
    return (
        SessionRow(Path("a.breath"), datetime(2025, 3, 14, 9, 5), diaphragmatic.title, "Kim", 300.0, 91.0),
        SessionRow(Path("b.breath"), datetime(2025, 3, 13, 20, 40), box.title, "Kim", 240.0, 74.0, simulated=True),
        SessionRow(Path("c.breath"), datetime(2025, 3, 13, 8, 58), brace.title, "", 45.0),
        SessionRow(
            Path("d.breath"), datetime(2025, 3, 12, 9, 2), diaphragmatic.title, "Kim", 97.0,
            problem=message("review.cut-short"),
        ),
    )  # fmt: skip


def review(*, gap: bool = True) -> ReviewView:
    """Return a session's course of five minutes, with a gap and two marks."""
    t_s = np.arange(0.0, 300.0, 0.1)
    y = breathing(t_s) * 3.0 - 1.5
    gaps = ((142.0, 151.0),) if gap else ()
    for start_s, end_s in gaps:
        y[(t_s >= start_s) & (t_s < end_s)] = math.nan
    period = INHALE_S + EXHALE_S
    onsets = np.arange(START_S, 290.0, period)
    kept = [t for t in onsets if not any(s - period < t < e for s, e in gaps)]
    breaths = tuple(Breath(t, t + INHALE_S, t + period, 3.0, t + period + 1.0, 0.9) for t in (float(t) for t in kept))
    return ReviewView(
        summary(),
        300.0,
        frozen(t_s),
        frozen(y),
        "deg",
        breaths,
        target(START_S, 300.0),
        (Mark(58.0, "cough"), Mark(204.0)),
        gaps,
        frozen(np.arange(0.0, 300.0)),
        frozen(np.full(300, 6.1)),
    )


def drills() -> tuple[DrillSpec, ...]:
    """Return the built-in drills, the first to learn first."""
    return tuple(sorted(registry.drills(), key=lambda d: d.code))


class SampleServices:
    """A `Services` with made-up content, all in memory; what the window asked for is kept in `asked`."""

    def __init__(self, settings: Settings | None = None, *, stored: tuple[SessionRow, ...] = ()) -> None:
        self.settings = settings or Settings()
        self.problem: Message | None = None
        self.file_problems: tuple[Message, ...] = ()
        self.stored = list(stored)
        self.asked: list[tuple[object, ...]] = []
        self.bridge = Bridge()
        self.result: SummaryView | None = summary()
        self.refuse: BreathcoreError | None = None
        self.found: Callable[[FoundDevice], None] | None = None
        self.scan_failed: Callable[[BreathcoreError], None] | None = None

    def drills(self) -> tuple[DrillSpec, ...]:
        """Return the built-in drills."""
        return drills()

    def devices(self) -> tuple[DeviceSpec, ...]:
        """Return the made-up wearables."""
        return devices()

    def problems(self) -> tuple[Message, ...]:
        """Return the prepared problems."""
        return self.file_problems

    def check(self, sensors: tuple[ChosenSensor, ...]) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("check", sensors))
        return self._bridge()

    def scan(self, found: Callable[[FoundDevice], None], failed: Callable[[BreathcoreError], None]) -> None:
        """Keep the callbacks."""
        self.asked.append(("scan",))
        self.found, self.scan_failed = found, failed

    def stop_scan(self) -> None:
        """Forget the callbacks."""
        self.asked.append(("stop_scan",))

    def stop_check(self) -> None:
        """End the check."""
        self.asked.append(("stop_check",))
        self.bridge.ended = True

    def start(self, choice: SessionChoice) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("start", choice))
        return self._bridge()

    def stop(self) -> None:
        """End."""
        self.asked.append(("stop",))
        self.bridge.ended = True

    def discard(self) -> None:
        """Keep the call."""
        self.asked.append(("discard",))

    def summary(self) -> SummaryView | None:
        """Return the prepared result."""
        return self.result

    def sessions(self) -> tuple[SessionRow, ...]:
        """Return the stored rows."""
        return tuple(self.stored)

    def review(self, path: Path) -> ReviewView:
        """Return the sample course."""
        self.asked.append(("review", path))
        self._maybe_refuse()
        return review()

    def replay(self, path: Path) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("replay", path))
        return self._bridge()

    def export(
        self, path: Path, kind: ExportKind, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Path:
        """Do nothing, in two steps."""
        self.asked.append(("export", path, kind))
        self._maybe_refuse()
        for share in (0.5, 1.0):
            progress(share)
        return path.with_suffix(f".{kind.value}")

    def delete(self, path: Path) -> None:
        """Drop the row."""
        self.asked.append(("delete", path))
        self._maybe_refuse()
        self.stored = [row for row in self.stored if row.path != path]

    def add_note(self, path: Path, text: str) -> None:
        """Keep the call."""
        self.asked.append(("note", path, text))

    def rate(self, path: Path, *, pain: int | None, effort: int | None) -> None:
        """Keep the call."""
        self.asked.append(("rate", path, pain, effort))

    def load_settings(self) -> LoadedSettings:
        """Return the prepared settings."""
        return LoadedSettings(self.settings, self.problem)

    def save_settings(self, settings: Settings) -> None:
        """Keep the settings."""
        self.settings = settings

    def _bridge(self) -> Bridge:
        self._maybe_refuse()
        self.bridge = Bridge()
        return self.bridge

    def _maybe_refuse(self) -> None:
        if self.refuse is not None:
            raise self.refuse


def no_adapter() -> BreathcoreError:
    """Return what a computer without Bluetooth says."""
    return BreathcoreError(Reason.NO_ADAPTER)
