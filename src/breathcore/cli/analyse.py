"""``breathcore analyse FILE``."""

import json
import math
from pathlib import Path

import numpy as np
import typer

from breathcore.cli.condition import faults_by_reason, tell_condition
from breathcore.cli.resonance import tell_resonance
from breathcore.cli.trunk import tell_trunk, trunk_json
from breathcore.cli.words import out, text, words, working
from breathcore.estimate.offline import Analysis
from breathcore.estimate.registry import REPORTS
from breathcore.feedback.sight import BY_HEART, refusal_message
from breathcore.model.resonance import ResonanceResult
from breathcore.record.asjson import to_json
from breathcore.session.recording import Session, open_session
from breathcore.session.replaying import result_of


def command(
    file: Path = typer.Argument(metavar="FILE", help=text("cli.file")),
    *,
    json_: bool = typer.Option(False, "--json", help=text("cli.analyse.json")),
) -> None:
    """Compute a session's estimates from its packets and print them."""
    with working(file.name):
        session = open_session(file)
        analysis = session.analyse()
    if json_:
        typer.echo(json.dumps(as_json(session, analysis)))
        return
    _print(session, analysis)
    tell_trunk(session.told)
    if (sweep := _sweep(session)) is not None:
        tell_resonance(sweep)
    tell_condition(session)
    for fault in analysis.faults:
        out.print(text("cli.analyse.fault", branch=fault.branch, detail=fault.detail), markup=False)


def as_json(session: Session, analysis: Analysis) -> dict[str, object]:
    """Return an analysis as plain values; null where there is no honest number."""
    return {
        "file": session.path.name,
        "cut_short": session.cut_short,
        "notice": None if session.notice is None else words().say(session.notice),
        "unreadable_packets": {"count": len(session.faults), "by_reason": faults_by_reason(session)},
        "switched_off": [{"branch": f.branch, "t_s": f.t_s, "detail": f.detail} for f in analysis.faults],
        "source": analysis.source,
        "rate_t_s": _plain(analysis.rate_t_s),
        "rate_bpm": _plain(analysis.rate_bpm),
        "rate_live_bpm": _plain(analysis.rate_live_bpm),
        "quality": _plain(analysis.quality),
        "breaths": [
            {
                "inhale_onset_s": _number(b.inhale_onset_s),
                "exhale_onset_s": _number(b.exhale_onset_s),
                "end_s": _number(b.end_s),
                "amplitude": _number(b.amplitude),
                "confirmed_s": _number(b.confirmed_s),
                "quality": _number(b.quality),
                "kind": b.kind.value,
            }
            for b in analysis.breaths
        ],
        "heart_t_s": _plain(analysis.heart_t_s),
        "heart_bpm": _plain(analysis.heart_bpm),
        "trunk": trunk_json(session.told),
        "resonance": to_json(_sweep(session)),
    }


def _sweep(session: Session) -> ResonanceResult | None:
    """Return what a sweep through rates came to; None in any other session."""
    meta = session.meta
    if meta.drill is None or not meta.drill.pattern(meta.pattern_id).rates_bpm:
        return None
    return result_of(session.path).resonance


def _print(session: Session, analysis: Analysis) -> None:
    known = analysis.rate_bpm[np.isfinite(analysis.rate_bpm)]
    seconds = float(len(analysis.rate_t_s))
    if len(known):
        coverage = 100 * len(known) / seconds
        out.print(text("cli.analyse.rate", rate=float(np.median(known)), coverage=coverage, seconds=seconds))
        if analysis.source is not None:
            out.print(text("cli.breaths", count=len(analysis.breaths)))
        elif _by_heart(session):
            out.print(text("summary.rate.estimated"))
    else:
        reasons = [r for r in analysis.refusal if r is not None]
        by_heart = analysis.source is None and _by_heart(session)
        most = max(set(reasons), key=reasons.count) if reasons else None
        why = "" if most is None else words().say(refusal_message(most, by_heart=by_heart))
        out.print(text("cli.analyse.refused", seconds=seconds, why=why))
    heart = analysis.heart_bpm[np.isfinite(analysis.heart_bpm)]
    if len(heart):
        out.print(text("cli.analyse.heart", rate=float(np.median(heart))))


def _by_heart(session: Session) -> bool:
    """Return whether nothing but heart beats can tell a breathing rate here."""
    roles = {role for _, spec in session.devices for role in spec.roles}
    return roles.isdisjoint(REPORTS) and not roles.isdisjoint(BY_HEART)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _plain(values: np.ndarray) -> list[float | None]:
    return [_number(v) for v in values.tolist()]
