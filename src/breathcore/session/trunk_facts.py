"""What a simulated session measured of the trunk, beside what really happened there."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean, median

import numpy as np

from breathcore.model.device import Place
from breathcore.model.trunk import BraceEstimate, Expansion, Rep
from breathcore.record.reader import Derived
from breathcore.source.sim.trunk.wearer import TrunkWearer

Fact = dict[str, object]
SITES = (Place.STERNUM, Place.LEFT, Place.RIGHT, Place.BACK, Place.NAVEL)


def trunk_facts(derived: Derived, trunk: TrunkWearer, steady: tuple[float, float]) -> Fact:
    """Return measured and true values of the stretch `steady`: medians over breaths, means over time, counts."""
    start_s, end_s = steady
    breaths = [e for e in derived.expansions if start_s <= e.onset_s and e.end_s < end_s]
    return {
        "sites": {place.value: _site(place, breaths, trunk) for place in SITES},
        "rib_share": _pair([e.rib_share for e in breaths], [trunk.rib_share(e.onset_s, e.end_s) for e in breaths]),
        "phase_deg": _pair([e.phase_deg for e in breaths], [trunk.phase_deg(e.onset_s, e.end_s) for e in breaths]),
        "brace": _brace([b for b in derived.braces if start_s <= b.t_s < end_s], trunk),
        "lower_back_deg": _lower_back(derived, trunk, steady),
        "moving_rate_told": sum(not math.isnan(r.rate_bpm) for r in derived.moving_rates if start_s <= r.t_s < end_s),
        "reps": _reps([r for r in derived.reps if start_s <= r.start_s], trunk, steady),
    }


def _site(place: Place, breaths: Sequence[Expansion], trunk: TrunkWearer) -> Fact:
    told = [(e, s.share) for e in breaths if (s := e.site(place)) is not None and not math.isnan(s.share)]
    return _pair([share for _, share in told], [trunk.opened(place, e.onset_s, e.end_s) for e, _ in told])


def _brace(told: Sequence[BraceEstimate], trunk: TrunkWearer) -> Fact:
    known = [b for b in told if not math.isnan(b.level)]
    if not known:
        return {"told": 0.0, "error": None}
    truth = trunk.brace(np.array([b.t_s for b in known]))
    errors = [abs(b.level - t) for b, t in zip(known, truth.tolist(), strict=True)]
    return {"told": len(known) / len(told), "error": fmean(errors)}


def _lower_back(derived: Derived, trunk: TrunkWearer, steady: tuple[float, float]) -> Fact:
    true = [trunk.bend_deg(r) for r in trunk.reps(steady[1]) if r.start_s >= steady[0] and r.kind == "hip-hinge"]
    return _pair([b.bend_deg for b in derived.lumbars if b.start_s >= steady[0]], true)


def _reps(found: Sequence[Rep], trunk: TrunkWearer, steady: tuple[float, float]) -> Fact:
    true = [r for r in trunk.reps(steady[1]) if r.start_s >= steady[0]]
    return {"truth": len(true), "measured": len(found)}


def _pair(measured: Sequence[float], truth: Sequence[float]) -> Fact:
    return {"truth": _or_none(median, truth), "measured": _or_none(median, measured)}


def _or_none(of: Callable[[Sequence[float]], float], values: Sequence[float]) -> float | None:
    known = [v for v in values if not math.isnan(v)]
    return of(known) if known else None
