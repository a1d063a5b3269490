"""What a session told of ribs, brace, movement and both sides, printed, and as plain values."""

import math
from collections import Counter
from collections.abc import Iterable
from statistics import fmean, median

from breathcore.cli.words import out, text
from breathcore.drill.sides import SideComparison
from breathcore.model.trunk import BraceEstimate, Expansion, SiteCalibration, SiteExpansion, Unmeasured
from breathcore.record.asjson import Json, to_json
from breathcore.record.reader import Derived

_KEPT = (
    "site_calibrations", "brace_calibrations", "expansions", "braces", "brace_ratings", "postures", "movements", "reps",
    "steadinesses", "lumbars", "moving_rates", "sides",
)  # fmt: skip


def trunk_json(told: Derived) -> dict[str, Json]:
    """Return all of it, each kind by its name; null where there is no honest number."""
    return {name: to_json(getattr(told, name)) for name in _KEPT}


def tell_trunk(told: Derived) -> None:
    """Print what there is of it, with why the rest was not told; nothing where a session knew nothing of the trunk."""
    _tell_calibrations(told.site_calibrations)
    _tell_sites(told.expansions)
    _tell_brace(told.braces)
    if told.brace_ratings:
        efforts = ", ".join(str(r.effort) for r in told.brace_ratings)
        _say(text("cli.trunk.rated", efforts=efforts))
    if told.reps:
        guided_n = sum(r.guided for r in told.reps)
        _say(text("cli.trunk.reps", n=len(told.reps) - guided_n, guided=guided_n))
    for comparison in {c.id: c for c in told.sides}.values():
        _tell_side(comparison)


def _tell_calibrations(calibrations: Iterable[SiteCalibration]) -> None:
    for c in {c.source: c for c in calibrations}.values():
        site = text(f"trunk.site.{c.place.value}")
        if c.reason is not None:
            _say(text("cli.trunk.not-learned", site=site, why=text(f"trunk.{c.reason.value}")))
        else:
            unit = "°" if c.unit == "deg" else f" {c.unit}"
            _say(text("cli.trunk.learned", site=site, span=c.full - c.relaxed, unit=unit, cv=100.0 * c.cv))


def _tell_sites(expansions: Iterable[Expansion]) -> None:
    by_site: dict[str, list[SiteExpansion]] = {}
    for site in (s for e in expansions for s in e.sites):
        by_site.setdefault(site.source, []).append(site)
    for sites in by_site.values():
        known = [s for s in sites if s.reason is None and not math.isnan(s.share)]
        name = text(f"trunk.site.{sites[-1].place.value}")
        cm = [s.cm for s in known if not math.isnan(s.cm)]
        if known:
            percent, n, all_n = 100.0 * median(s.share for s in known), len(known), len(sites)
            _say(text("cli.trunk.site", site=name, percent=percent, n=n, all=all_n))
        if cm:
            _say(text("cli.trunk.cm", site=name, cm=median(cm)))
        _tell_reasons(name, (s.reason for s in sites))


def _tell_brace(braces: Iterable[BraceEstimate]) -> None:
    told = list(braces)
    known = [b for b in told if not math.isnan(b.level)]
    on = [b.level for b in known if b.on]
    if known:
        level = 100.0 * fmean(on) if on else 0.0
        shares = [100.0 * len(known) / len(told), 100.0 * len(on) / len(known)]
        _say(text("cli.trunk.brace", percent=shares[0], on=shares[1], level=level))
    if told:
        _tell_reasons(text("trunk.brace.name"), (b.reason for b in told))


def _tell_reasons(what: str, reasons: Iterable[Unmeasured | None]) -> None:
    for reason, n in Counter(r for r in reasons if r is not None).most_common():
        _say(text("cli.trunk.refused", what=what, n=n, why=text(f"trunk.{reason.value}")))


def _tell_side(c: SideComparison) -> None:
    what = text(f"pair.{c.id}")
    if math.isnan(c.difference) or math.isnan(c.uncertainty):
        _say(text("cli.trunk.side-few", what=what, left=c.left, right=c.right))
        return
    sentence = text(
        "cli.trunk.side", what=what, left=c.left, right=c.right, difference=c.difference, uncertainty=c.uncertainty
    )
    _say(f"{sentence} {text('cli.trunk.differs' if c.told else 'cli.trunk.alike')}")


def _say(sentence: str) -> None:
    out.print(sentence, markup=False)
