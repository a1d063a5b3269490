"""The resonance finder in words: where a sweep stands, and what its result is and is not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from breathcore.drill.state import DrillState
from breathcore.model.drill import Stage
from breathcore.model.estimates import Refusal
from breathcore.model.message import Message, message
from breathcore.model.resonance import Measure, RateTrial, ResonanceResult

_ASKED_IN = frozenset({Stage.SET_REST, Stage.COUNTDOWN, Stage.GLIDE, Stage.PAUSED, Stage.FINISHED})
CLOSE_BPM = 0.5  # rates this far apart are neighbours


@dataclass(frozen=True, slots=True)
class SweepView:
    """Where a sweep stands: its rates, which one is breathed or comes next, and which one's comfort is asked now."""

    rates_bpm: tuple[float, ...]
    index: int = 0
    asked: int | None = None

    @property
    def rate_bpm(self) -> float:
        """The rate that is breathed or comes next."""
        return self.rates_bpm[min(self.index, len(self.rates_bpm) - 1)]


def sweep_view(state: DrillState, rates_bpm: tuple[float, ...], comfort: Mapping[int, int]) -> SweepView:
    """Return where `state` stands in a sweep; `comfort` holds the answers so far, by index of the rate.

    The rate that was breathed last is asked about until the next one begins in earnest.
    """
    ahead = (*state.phases[state.done_n :], *state.rest)
    done = [p.set_index for p in state.done if p.scored]
    index = ahead[0].set_index if ahead and state.stage is not Stage.FINISHED else len(rates_bpm) - 1
    last = done[-1] if done else None
    over = last is not None and (state.stage is Stage.FINISHED or last < index)
    asked = last if over and state.stage in _ASKED_IN and last not in comfort else None
    return SweepView(rates_bpm, index, asked)


def headline(result: ResonanceResult) -> Message:
    """Return the result in one sentence: a resonance, a comfort rate, or that none can be told, and why."""
    if not math.isnan(result.best_bpm):
        kind = "heart" if result.by_heart else "comfort"
        return message(f"resonance.found.{kind}", rate=float(result.best_bpm))
    if result.refusal is Refusal.NOISE:
        return message("resonance.none.alike" if result.by_heart else "resonance.none.alike-comfort")
    return message("resonance.none.short")


def notes(result: ResonanceResult) -> tuple[Message, ...]:
    """Return what must be known to read the result: how sure it is, what it rests on, what it is not."""
    found = []
    if not math.isnan(result.best_bpm):
        if others := [r for r in _near(result) if r != result.best_bpm]:
            kind = "tied" if result.tied_bpm else "close"
            found.append(message(f"resonance.note.{kind}", rate=float(result.best_bpm), other=float(others[0])))
        if (edge := _edge(result)) is not None:
            found.append(message(f"resonance.note.{edge}", rate=float(result.best_bpm)))
        found.append(message("resonance.note.sure" if result.by_heart else "resonance.note.sure-comfort"))
    else:
        found.append(message("resonance.note.none"))
    told = not math.isnan(result.best_bpm) or result.refusal is Refusal.NOISE
    if told and not result.by_heart:
        heard = any(t.refusal is not Refusal.NO_SENSOR for t in result.trials)
        found.append(message("resonance.note.unclear-heart" if heard else "resonance.note.no-heart"))
    if not math.isnan(result.best_bpm):
        found.append(message("resonance.note.again"))
    found.append(message("resonance.note.not"))
    return tuple(found)


def measures(trial: RateTrial) -> tuple[Message, ...]:
    """Return what was measured at a rate, one phrase each; where the heart told nothing, that comes first."""
    found = [] if trial.refusal is None else [message(f"resonance.refused.{trial.refusal.value}")]
    values = {
        Measure.AMPLITUDE: trial.amplitude_bpm,
        Measure.LF_PEAK: trial.lf_peak_ms2,
        Measure.SMOOTHNESS: 100.0 * trial.smoothness,
        Measure.PHASE: trial.phase_deg,
        Measure.SDNN: trial.sdnn_ms,
        Measure.COMFORT: trial.comfort,
        Measure.EVENNESS: 100.0 * trial.breath_cv,
    }
    for measure, value in values.items():
        if not math.isnan(value):
            ahead = ".ahead" if measure is Measure.PHASE and value < 0 else ""
            found.append(message(f"resonance.measure.{measure.value}{ahead}", value=abs(value)))
    return tuple(found)


def measures_n(result: ResonanceResult) -> int:
    """Return how many measures the rates were compared by."""
    return len({measure for won in result.wins for measure in won})


def _edge(result: ResonanceResult) -> str | None:
    """Return whether the heart answered best at the slowest or the fastest rate that was compared."""
    rates = [t.rate_bpm for t, won in zip(result.trials, result.wins, strict=False) if t.refusal is None or won]
    if not result.by_heart or len(rates) < 2:
        return None
    return "slowest" if result.best_bpm == min(rates) else "fastest" if result.best_bpm == max(rates) else None


def _near(result: ResonanceResult) -> tuple[float, ...]:
    """Return the rates that won as much as the best one, or else its neighbour if that lacks but one win."""
    if result.tied_bpm:
        return result.tied_bpm
    wins = {t.rate_bpm: len(w) for t, w in zip(result.trials, result.wins, strict=False)}
    most = wins.get(result.best_bpm, 0)
    return tuple(r for r, n in wins.items() if abs(r - result.best_bpm) <= CLOSE_BPM + 1e-9 and n >= most - 1 > 0)
