"""Which source's trace, breaths and phase a person sees: the best that answers, and how one takes over from another.

What is decided at a whole second takes effect some seconds later, beyond all that any source can have told by then, so
it does not matter in which order the sources came. A trace that takes over is scaled to go on from the one before it,
where both were seen together for long enough.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from breathcore.dsp.ring import Ring
from breathcore.estimate.fusion import WAIT_S
from breathcore.model.arrays import F64, frozen
from breathcore.model.estimates import Breath, EffortBlock, PhaseEstimate, RateEstimate, Turn

AHEAD_S = WAIT_S + 1  # when a second is told, no source has told anything so much later
LOST_S = 3  # seconds without an answer after which another may take over …
START_S = 20  # … and before the first answer
GOOD_S = 3  # seconds of answers that the other must have
BACK_S = 15  # seconds of answers after which a better source takes over again
COMPARED_S = 24.0
COMPARE_EVERY_S = 5
UNSETTLED_S = 1.0  # before a second is told, some traces have not come so far
GRID_HZ = 8.0
FASTEST_TRACE_HZ = 40.0
LEAST_FIT = 0.5  # correlation of two traces from which their ratio means something
NAN = float("nan")

Event = EffortBlock | Breath | Turn | PhaseEstimate


@dataclass(frozen=True, slots=True)
class Reign:
    """From `from_s` on `source` is followed, its trace multiplied by `gain` (NaN: its scale is a new one)."""

    from_s: float
    source: str
    gain: float


class TraceLead:
    """Chooses among the traces of `sources`, given in order of preference."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = tuple(sources)
        self._alone = len(self._sources) < 2
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._reigns = [Reign(-math.inf, self._sources[0] if self._sources else "", 1.0)]
        self._begun = {0}
        self._run = dict.fromkeys(self._sources, 0)  # seconds of answers in a row; negative: without one
        self._lost_s = dict.fromkeys(self._sources, START_S)
        self._gains: dict[str, float] = {}
        self._answers: set[tuple[str, int]] = set()
        capacity_n = round(FASTEST_TRACE_HZ * (COMPARED_S + AHEAD_S + 1))
        self._traces = {} if self._alone else {s: Ring(capacity_n, 1) for s in self._sources}

    @property
    def source(self) -> str | None:
        """The source that was chosen last."""
        return self._reigns[-1].source if self._sources else None

    def hear(self, source: str, estimate: RateEstimate) -> None:
        """Take what `source` says of a second."""
        if not self._alone and estimate.refusal is None:
            self._answers.add((source, round(estimate.t_s)))

    def decide(self, second: int) -> None:
        """Choose whom to follow from a few seconds after `second` on; all that the sources say of it has been heard."""
        if self._alone:
            return
        for source in self._sources:
            answers = (source, second) in self._answers
            self._answers.discard((source, second))
            self._run[source] = max(self._run[source], 0) + 1 if answers else min(self._run[source], 0) - 1
            self._lost_s[source] = LOST_S if answers else self._lost_s[source]
        lead = self._reigns[-1]
        if second % COMPARE_EVERY_S == 0:
            self._compare(second, lead)
        chosen = self._chosen(lead.source)
        if chosen is not None and second + AHEAD_S > lead.from_s:
            self._reigns.append(Reign(float(second + AHEAD_S), chosen, self._gains.get(chosen, NAN)))
            if chosen not in self._gains:
                self._gains.clear()

    def admit(self, source: str, item: Event) -> list[Event]:
        """Return what of an item of `source` belongs to what the person sees."""
        if self._alone:
            return [item]
        if isinstance(item, EffortBlock):
            self._traces[source].push(item.t_s, item.y[None, :])
            return list(self._parts(item))
        reign = self._reign_at(item.inhale_onset_s if isinstance(item, Breath) else item.t_s)
        if reign.source != source:
            return []
        gain = reign.gain if reign.gain == reign.gain else 1.0
        if isinstance(item, Breath):
            return [replace(item, amplitude=item.amplitude * abs(gain))]
        return [replace(item, level=item.level * gain)] if isinstance(item, Turn) else [item]

    def _chosen(self, lead: str) -> str | None:
        """Return who takes over from `lead`, or None."""
        better = self._sources[: self._sources.index(lead)]
        back = next((s for s in better if self._run[s] >= BACK_S), None)
        if back is not None or self._run[lead] > -self._lost_s[lead]:
            return back
        return next((s for s in self._sources if self._run[s] >= GOOD_S), None)

    def _parts(self, block: EffortBlock) -> list[EffortBlock]:
        """Return the stretches of a block in which its source is the one that is followed."""
        parts = []
        for k, reign in enumerate(self._reigns):
            end_s = self._reigns[k + 1].from_s if k + 1 < len(self._reigns) else math.inf
            first, last = block.t_s.searchsorted([reign.from_s, end_s]).tolist()
            if reign.source != block.source or first == last:
                continue
            y = block.y[first:last] * (reign.gain if reign.gain == reign.gain else 1.0)
            gap = k not in self._begun or (block.gap_before and first == 0)
            self._begun.add(k)
            parts.append(EffortBlock(block.source, block.t_s[first:last], frozen(y), block.usable, gap, reign.gain))
        return parts

    def _reign_at(self, t_s: float) -> Reign:
        return next(r for r in reversed(self._reigns) if t_s >= r.from_s)

    def _compare(self, second: int, lead: Reign) -> None:
        """Learn by what the other traces must be multiplied to look like the one that is followed."""
        if self._run[lead.source] < COMPARED_S or second < lead.from_s:
            return
        gain = lead.gain if lead.gain == lead.gain else 1.0
        self._gains[lead.source] = gain
        grid = second - UNSETTLED_S - np.arange(round((COMPARED_S - UNSETTLED_S) * GRID_HZ))[::-1] / GRID_HZ
        own = self._sampled(lead.source, grid)
        for source in self._sources:
            if source == lead.source or self._run[source] < COMPARED_S:
                continue
            other = self._sampled(source, grid)
            scale = math.sqrt(float(own @ own) * float(other @ other))
            fit = float(own @ other) / scale if scale > 0 else 0.0
            if abs(fit) >= LEAST_FIT:
                self._gains[source] = gain * math.copysign(math.sqrt(float(own @ own) / float(other @ other)), fit)

    def _sampled(self, source: str, grid: F64) -> F64:
        t_s, y = self._traces[source].last()
        if not len(t_s):
            return np.zeros(len(grid))
        values = np.interp(grid, t_s, y[0])
        return np.asarray(values - np.add.reduce(values) / len(values), dtype=np.float64)
