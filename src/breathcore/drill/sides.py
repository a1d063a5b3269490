"""Left compared with right: what differs by more than chance, and how it goes on from session to session.

A difference is 100 (left − right) / mean, as the symmetry index of signals.md §8. Its uncertainty is the half-width of
the 95 % interval of the difference of the two means (Welch), in the same percent: what the single repetitions or
breaths scatter; of a count one repetition on either side; of expansion also that two skins do not turn in proportion,
which no exchange of sensors takes out. It is told only where it is larger than that and than what can matter at all
(`LEAST_PERCENT`), and, where two sensors were compared (expansion), only after they have been exchanged: a sensor may
sit better than another.
A median of the last three sessions is the trend (drills.md §7).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, variance
from types import MappingProxyType

from breathcore.estimate.trunk.ring import skins_half_width
from breathcore.model.trunk import Rep, Side, Steadiness

LEAST_PERCENT = 5.0
LEAST_N = 3  # of each side
MISCOUNTED = 1.0  # of the repetitions of a side
LEAST_MEAN_DEG = 1.0  # of steadiness: of two that stand still, one is always a few times as still as the other
TREND_N = 3  # sessions
SUDDEN_POINTS = 15.0
RED_PERCENT = 25.0
_ONE_SENSOR: frozenset[str] = frozenset({"range", "tempo", "hold", "tilt", "rotation", "reps"})
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_NONE: Mapping[str, tuple[float, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SideMeasures:
    """What one side did: values by id, one for each repetition, hold or breath, in the unit of `UNITS`."""

    side: Side
    values: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: _NONE)


UNITS: Mapping[str, str] = MappingProxyType(
    {"reps": "1", "range": "deg", "tempo": "s", "hold": "s", "tilt": "deg", "rotation": "deg", "expansion": "%"}
)
"""What is compared, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class SideComparison:
    """One thing on both sides: means, and their `difference` ± `uncertainty` in percent of the mean of both.

    Positive: more on the left. NaN where a side has too few values to say. `told`: it is a difference, and not chance
    or the sensors.
    """

    id: str
    unit: str
    left: float
    right: float
    difference: float
    uncertainty: float
    told: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A difference over the sessions: median of the last three, of the three before them (NaN: none), and what it says.

    `sudden`: the last session is more than 15 points from the median of those before it; `red`: the median is beyond
    25 % in all of the last three. Both are for a clinician to look at.
    """

    now: float
    before: float
    sudden: bool
    red: bool


def measures(side: Side, reps: Sequence[Rep], holds: Sequence[Steadiness] = ()) -> SideMeasures:
    """Return what `side` did in its repetitions (the guided ones left out) and holds."""
    own = [r for r in reps if r.side is side and not r.guided]
    kept = [r.return_s - r.top_s for r in own]
    return SideMeasures(
        side,
        {
            "reps": (float(len(own)),) if own else (),
            "range": _known(r.range_deg for r in own),
            "tempo": _known(r.end_s - r.start_s for r in own),
            "hold": _known(kept) if any(k > 1.0 for k in kept) else (),
            "tilt": _known(h.tilt_deg for h in holds),
            "rotation": _known(h.rotation_deg for h in holds),
        },
    )


def expansion(side: Side, shares: Sequence[float]) -> SideMeasures:
    """Return what `side` opened, breath by breath, as shares of its own full breath."""
    return SideMeasures(side, {"expansion": _known(100.0 * s for s in shares)})


def compare(left: SideMeasures, right: SideMeasures, *, swapped: bool = False) -> tuple[SideComparison, ...]:
    """Return what both sides have, side by side.

    `swapped`: the sensors of left and right were exchanged in this session and what is given here is the mean of both
    ways of wearing them; without, nothing that two sensors measured is told.
    """
    return tuple(
        _compared(id_, left.values[id_], right.values[id_], swapped=swapped)
        for id_ in UNITS
        if left.values.get(id_) and right.values.get(id_)
    )


def trend(history: Sequence[float]) -> Trend:
    """Return how a difference (percent, one a session, the newest last, NaN where it was not measured) goes on."""
    known = [x for x in history if not math.isnan(x)]
    if not known:
        return Trend(math.nan, math.nan, sudden=False, red=False)
    last, earlier = known[-TREND_N:], known[-2 * TREND_N : -TREND_N]
    before = known[-TREND_N - 1 : -1]
    sudden = bool(before) and abs(known[-1] - median(before)) > SUDDEN_POINTS
    red = len(last) == TREND_N and all(abs(x) > RED_PERCENT for x in last)
    return Trend(median(last), median(earlier) if earlier else math.nan, sudden, red)


def _compared(id_: str, left: Sequence[float], right: Sequence[float], *, swapped: bool) -> SideComparison:
    a, b = fmean(left), fmean(right)
    mean = 0.5 * (a + b)
    if not mean > 0:
        return SideComparison(id_, UNITS[id_], a, b, math.nan, math.nan, told=False)
    difference = 100.0 * (a - b) / mean
    uncertainty = 100.0 * (MISCOUNTED * math.sqrt(2.0) if id_ == "reps" else _half_width(left, right)) / mean
    if id_ == "expansion":
        uncertainty = math.hypot(uncertainty, skins_half_width(0.01 * mean))
    tiny = UNITS[id_] == "deg" and id_ != "range" and mean < LEAST_MEAN_DEG
    sure = abs(difference) > max(uncertainty, LEAST_PERCENT) and not tiny  # NaN: never
    return SideComparison(id_, UNITS[id_], a, b, difference, uncertainty, sure and (swapped or id_ in _ONE_SENSOR))


def _half_width(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the half-width of the 95 % interval of the difference of two means (Welch)."""
    if min(len(a), len(b)) < LEAST_N:
        return math.nan
    va, vb = variance(a) / len(a), variance(b) / len(b)
    if va + vb == 0:
        return 0.0
    freedom = (va + vb) ** 2 / (va * va / (len(a) - 1) + vb * vb / (len(b) - 1))
    return _t95(freedom) * math.sqrt(va + vb)


def _t95(freedom: float) -> float:
    """Return the 97.5 % point of Student's t: a table up to 15 degrees of freedom, Fisher's expansion beyond."""
    whole = max(1, math.floor(freedom))
    if whole < len(_T95):
        return _T95[whole - 1] + max(0.0, freedom - whole) * (_T95[whole] - _T95[whole - 1])
    z = 1.959964
    return z + (z**3 + z) / (4.0 * freedom) + (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / (96.0 * freedom**2)


def _known(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(v for v in values if not math.isnan(v))
