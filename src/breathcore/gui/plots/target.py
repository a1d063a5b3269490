"""The target's shape: from phases on the session clock to points of a curve and of its band."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from breathcore.drill.timeline import ease_s
from breathcore.model.arrays import F64, frozen
from breathcore.model.drill import DrillPhase, TargetPhase

_MOVING_POINTS = 21  # of a rising or falling phase; a straight one has its two ends
_SHARES = np.linspace(0.0, 1.0, _MOVING_POINTS)
_EASED = 0.5 - 0.5 * np.cos(np.pi * _SHARES)


class Run(NamedTuple):
    """A stretch of target without a break: session times and levels, and whether it is scored."""

    t_s: F64
    level: F64
    scored: bool


def level_at(phases: Sequence[TargetPhase], t_s: float) -> float | None:
    """Return the target's level at `t_s` (half a cosine from level to level, then level), None outside the target."""
    for phase in phases:
        if phase.start_s <= t_s < phase.end_s:
            share = min(1.0, (t_s - phase.start_s) / ease_s(phase))
            eased = 0.5 - 0.5 * np.cos(np.pi * share)
            return float(phase.level_from + (phase.level_to - phase.level_from) * eased)
    return None


def runs(phases: Sequence[TargetPhase]) -> tuple[Run, ...]:
    """Return the target in stretches, broken where time is missing and where scoring starts or stops."""
    made: list[Run] = []
    start = 0
    for i in range(1, len(phases) + 1):
        if i == len(phases) or not _joins(phases[i - 1], phases[i]):
            made.append(_run(phases[start:i]))
            start = i
    return tuple(made) if phases else ()


def _joins(a: TargetPhase, b: TargetPhase) -> bool:
    return abs(b.start_s - a.end_s) < 0.02 and a.scored == b.scored and a.set_index == b.set_index


def _run(phases: Sequence[TargetPhase]) -> Run:
    times: list[F64] = []
    levels: list[F64] = []
    for p in phases:
        flat = p.level_from == p.level_to
        shares, eased = (_SHARES[[0, -1]], _EASED[[0, -1]]) if flat else (_SHARES, _EASED)
        moved_s = p.end_s - p.start_s if flat else ease_s(p)
        times.append(p.start_s + moved_s * shares)
        levels.append(p.level_from + (p.level_to - p.level_from) * eased)
        if p.start_s + moved_s < p.end_s:  # a brace comes within a second and then stays
            times.append(np.array([p.end_s]))
            levels.append(np.array([p.level_to]))
    return Run(frozen(np.concatenate(times)), frozen(np.concatenate(levels)), phases[0].scored)


def band_outline(run: Run, half_width: float) -> tuple[F64, F64]:
    """Return the closed outline of the band around `run`: times and levels, forth above, back below."""
    t_s = np.concatenate([run.t_s, run.t_s[::-1]])
    level = np.concatenate([run.level + half_width, run.level[::-1] - half_width])
    return t_s, level


def ribbon(x: F64, y: F64, width: float) -> tuple[F64, F64]:
    """Return the closed outline of a line `width` wide through the points (x, y); filling it beats a wide pen."""
    dx, dy = np.gradient(x), np.gradient(y)
    length = np.hypot(dx, dy)
    scale = 0.5 * width / np.where(length > 0.0, length, 1.0)
    across, along = -dy * scale, dx * scale
    outline_x = np.concatenate([x + across, (x - across)[::-1], x[:1] + across[:1]])
    return outline_x, np.concatenate([y + along, (y - along)[::-1], y[:1] + along[:1]])


def finite_stretches(t_s: F64, y: F64) -> tuple[tuple[F64, F64], ...]:
    """Return the stretches of a trace between NaNs, those of two points and more."""
    good = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    return tuple(
        (t_s[a:b], y[a:b]) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if b - a > 1
    )


ICON_OF_PHASE = {
    DrillPhase.INHALE: "inhale",
    DrillPhase.HOLD: "hold",
    DrillPhase.EXHALE: "exhale",
    DrillPhase.REST: "rest",
    DrillPhase.EFFORT: "effort",
    DrillPhase.MOVE: "effort",
    DrillPhase.KEEP: "hold",
    DrillPhase.RETURN: "rest",
}
