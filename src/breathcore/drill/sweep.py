"""What a sweep through paced rates brings: each rate's measures, and which rate is the person's own (drill B7)."""

import json
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from breathcore.estimate.resonance import choose, trial
from breathcore.model.drill import PatternSpec, TargetPhase
from breathcore.model.estimates import NO_BREATH, Breath, Estimate, HeartEstimate
from breathcore.model.resonance import ResonanceResult

JOINED_S = 0.5  # phases further apart than this are no unbroken stretch
COMFORT_LIMITS = (0, 10)


class SweepFinder:
    """Collects beats, breaths and answers while a sweep runs; pure, and a function of their order only.

    Parameters
    ----------
    pattern : PatternSpec
        The sweep: its `rates_bpm` are the sets of the drill.

    Attributes
    ----------
    comfort : dict[int, int]
        The answers so far, by index of the rate.
    """

    def __init__(self, pattern: PatternSpec) -> None:
        self.rates_bpm = pattern.rates_bpm
        self._beats: list[tuple[float, float]] = []
        self._breaths: list[Breath] = []
        self.comfort: dict[int, int] = {}

    def push(self, estimate: Estimate) -> None:
        """Take a beat or a breath; everything else is passed over."""
        if isinstance(estimate, HeartEstimate):
            if estimate.rr_s == estimate.rr_s:
                self._beats.append((estimate.t_s, estimate.rr_s))
        elif isinstance(estimate, Breath) and estimate.kind not in NO_BREATH:
            self._breaths.append(estimate)

    def answer(self, text: str) -> None:
        """Take how comfortable a rate was: JSON {"rate": from 0, "comfort": 0–10}; anything else is no answer."""
        try:
            told = json.loads(text)
            rate, comfort = told["rate"], told["comfort"]
        except (ValueError, TypeError, KeyError):
            return
        low, high = COMFORT_LIMITS
        whole = type(rate) is int and type(comfort) is int
        if whole and 0 <= rate < len(self.rates_bpm) and low <= comfort <= high:
            self.comfort[rate] = comfort

    def result(self, done: Sequence[TargetPhase]) -> ResonanceResult:
        """Return what the phases that were carried out come to; rates that were never reached are left out."""
        beats = np.array(self._beats).reshape(-1, 2)
        trials = [
            trial(
                beats[:, 0],
                beats[:, 1],
                self._breaths,
                self.rates_bpm[index],
                start_s,
                end_s,
                float(self.comfort.get(index, np.nan)),
            )
            for index, (start_s, end_s) in sorted(spans(done).items())
        ]
        return choose(trials)


def spans(done: Sequence[TargetPhase]) -> dict[int, tuple[float, float]]:
    """Return the longest unbroken stretch of each set's scored phases, `[start_s, end_s)`, by index of the set."""
    found: dict[int, tuple[float, float]] = {}
    for index, phases in groupby((p for p in done if p.scored), key=lambda p: p.set_index):
        for start_s, end_s in _stretches(tuple(phases)):
            known = found.get(index, (0.0, 0.0))
            if end_s - start_s > known[1] - known[0]:
                found[index] = (start_s, end_s)
    return found


def _stretches(phases: Sequence[TargetPhase]) -> list[tuple[float, float]]:
    stretches: list[tuple[float, float]] = []
    for phase in phases:
        if stretches and phase.start_s - stretches[-1][1] < JOINED_S:
            stretches[-1] = (stretches[-1][0], phase.end_s)
        else:
            stretches.append((phase.start_s, phase.end_s))
    return stretches
