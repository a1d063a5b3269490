"""The heart's rhythm beside the breath: variability, sinus arrhythmia, coherence, as beats and breaths become known."""

import math
from collections import deque
from itertools import groupby

import numpy as np

from breathcore.estimate import coherence as _coherence
from breathcore.estimate import variability as _variability
from breathcore.estimate.arrhythmia import Beats, arrhythmia
from breathcore.model.arrays import F64
from breathcore.model.drill import DrillPhase, Timeline
from breathcore.model.estimates import Breath, HeartEstimate, HeartReading, PacedRate

VARIABILITY_EVERY_S = 10
COHERENCE_EVERY_S = 5
AFTER = 3  # beats after a breath until it is told: its last interval can be judged by its neighbours
PATIENCE_S = 30.0  # for the breath that tells its own rate
OWN_S, OWN_BREATHS = 60.0, 3
BEFORE_S = 5.0  # beats before a breath: its first interval is judged by them
_PACED = 256  # changes of the pace
_ROWS, _KEPT = 2048, 1024  # beats; kept: more than four minutes of them
SAME_BPM = 0.05
NAN = float("nan")


def paced_rates(timeline: Timeline) -> tuple[PacedRate, ...]:
    """Return the paces of a target's breaths, each from the cycle on that brings it; NaN from its end on.

    To be pushed when the target is shown. Where it stops being shown (a pause), push ``PacedRate(t_s, nan)``.
    """
    found: list[PacedRate] = []
    until_s = NAN
    for _, phases in groupby(timeline.phases, key=lambda p: (p.set_index, p.cycle)):
        cycle = list(phases)
        if all(p.kind is not DrillPhase.INHALE for p in cycle):
            continue
        start_s, end_s = cycle[0].start_s, cycle[-1].end_s
        if start_s > until_s:
            found.append(PacedRate(until_s, NAN))  # a rest
        rate_bpm = 60.0 / (end_s - start_s)
        if not found or not abs(rate_bpm - found[-1].rate_bpm) <= SAME_BPM:
            found.append(PacedRate(start_s, rate_bpm))
        until_s = end_s
    return (*found, PacedRate(until_s, NAN)) if found else ()


class HeartRhythm:
    """Takes what the heart's reader and the breath's tell, in whatever order they come to know it.

    Each reading is told once all it rests on is known, and rests on nothing else: a `HeartVariability` of each tenth
    second T when the first beat at or after T comes, from the beats before T; a `SinusArrhythmia` of each finished
    breath with the third beat after it; a `Coherence` of each fifth second T at once where a pacer is known, else with
    the first breath that ends after T (or without a rate, 30 s later). The values are the same whichever of beats and
    breaths came first, as long as neither runs 30 s ahead. A `PacedRate` is to come before the beats it is about.

    Parameters
    ----------
    source : str
        Id of the heart's channel; beats of others are passed over.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._n = 0
        self._t_s, self._rr_s = np.empty(_ROWS), np.empty(_ROWS)
        self._breaths: deque[Breath] = deque(maxlen=64)  # waiting for their beats
        self._lengths: deque[tuple[float, float]] = deque(maxlen=64)  # end and length of the last breaths
        self._breathed_s = -math.inf  # end of the newest breath
        self._paced: deque[PacedRate] = deque(maxlen=_PACED)
        self._second: int | None = None  # the next fifth second
        self._waiting: deque[tuple[int, F64, F64]] = deque()  # seconds whose coherence waits for a breath

    def push(self, item: HeartEstimate | Breath | PacedRate) -> list[HeartReading]:
        """Take one thing that is known; return what follows."""
        if isinstance(item, PacedRate):
            self._paced.append(item)
            return []
        if isinstance(item, Breath):
            return self._on_breath(item)
        return self._on_beat(item) if item.source == self._source else []

    def flush(self) -> list[HeartReading]:
        """Tell what still waits, from what there is."""
        out: list[HeartReading] = self._arrhythmias(0)
        while self._waiting:
            out.append(self._coherence_of(*self._waiting.popleft()))
        return out

    def _on_beat(self, beat: HeartEstimate) -> list[HeartReading]:
        if math.isnan(beat.rr_s) and not self._n:
            return []  # a rate without beats
        out: list[HeartReading] = []
        if self._second is None:
            self._second = (math.floor(beat.t_s) // COHERENCE_EVERY_S + 1) * COHERENCE_EVERY_S
        while beat.t_s >= self._second:
            out += self._tick(self._second)
            self._second += COHERENCE_EVERY_S
        self._add(beat.t_s, beat.rr_s if beat.hr_bpm > 0 and beat.rr_s > 0 else 0.0)
        return out + self._arrhythmias(AFTER)

    def _add(self, t_s: float, rr_s: float) -> None:
        if self._n == _ROWS:
            for rows in (self._t_s, self._rr_s):
                rows[:_KEPT] = rows[-_KEPT:]
            self._n = _KEPT
        self._t_s[self._n], self._rr_s[self._n] = t_s, rr_s
        self._n += 1

    def _since(self, start_s: float) -> tuple[F64, F64]:
        """Return the beats at or after `start_s`: when (n,), and their intervals (n,), 0 where one is not known."""
        first = int(self._t_s[: self._n].searchsorted(start_s))
        return self._t_s[first : self._n], self._rr_s[first : self._n]

    def _on_breath(self, breath: Breath) -> list[HeartReading]:
        if math.isnan(breath.end_s) or math.isnan(breath.exhale_onset_s) or breath.end_s <= breath.inhale_onset_s:
            return []
        self._breaths.append(breath)
        self._lengths.append((breath.end_s, breath.end_s - breath.inhale_onset_s))
        self._breathed_s = max(self._breathed_s, breath.end_s)
        return [*self._arrhythmias(AFTER), *self._coherences()]

    def _tick(self, second: int) -> list[HeartReading]:
        out: list[HeartReading] = []
        if second % VARIABILITY_EVERY_S == 0:
            t_s, rr_s = self._since(second - _variability.WINDOW_S)
            out.append(_variability.variability(t_s, rr_s, float(second), self._source))
        t_s, rr_s = self._since(second - _coherence.WINDOW_S)
        self._waiting.append((second, t_s.copy(), rr_s.copy()))
        return out + self._coherences()

    def _coherences(self) -> list[HeartReading]:
        out: list[HeartReading] = []
        while self._waiting and self._ready(self._waiting[0][0]):
            out.append(self._coherence_of(*self._waiting.popleft()))
        return out

    def _ready(self, second: int) -> bool:
        late = self._second is not None and self._second - second > PATIENCE_S
        return late or self._breathed_s > second or not math.isnan(self._pace(second))

    def _coherence_of(self, second: int, t_s: F64, rr_s: F64) -> HeartReading:
        rate_bpm = self._pace(second)
        if math.isnan(rate_bpm):
            rate_bpm = self._own(second)
        return _coherence.coherence(t_s, rr_s, float(second), rate_bpm, self._source)

    def _pace(self, second: float) -> float:
        return next((p.rate_bpm for p in reversed(self._paced) if p.t_s <= second), NAN)

    def _own(self, second: float) -> float:
        lengths = [length for end_s, length in self._lengths if second - OWN_S < end_s <= second]
        return 60.0 * len(lengths) / sum(lengths) if len(lengths) >= OWN_BREATHS else NAN

    def _arrhythmias(self, after: int) -> list[HeartReading]:
        out: list[HeartReading] = []
        while self._breaths:
            breath = self._breaths[0]
            if after and (self._n < after or self._t_s[self._n - after] <= breath.end_s):
                break
            self._breaths.popleft()
            t_s, rr_s = self._since(breath.inhale_onset_s - BEFORE_S)
            last = int(t_s.searchsorted(breath.end_s, side="right")) + AFTER
            out.append(arrhythmia(Beats.of(t_s[:last], rr_s[:last]), breath, self._source))
        return out
