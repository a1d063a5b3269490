"""The person's own range of the brace: the reading at ease and in the firmest gentle brace, the breath taken off both.

Method: signals.md §9 (at ease, then two braces of 4 s, the better counts). Departures: someone who
can still say five words breathes, so the lowest of each brace counts (the live level without another channel is read
there too); where another channel shows the breath, the mean of that and of one least-squares fit over all steps, which
takes the breath off: the one errs upwards, the other to either side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breathcore.model.arrays import F64, I64
from breathcore.model.trunk import BraceCalibration, CalibrationStep, StepKind, Unmeasured

AT_EASE_S = 1.2  # of a step at ease or a quiet one go by before it is
BRACED_S = 1.1  # of a brace go by before it stands
BEFORE_END_S = 0.2
UNEVEN = 0.25  # the braces differ by more than this share of the better one
FLAT_NOISE = 4.0  # times what remains: a smaller brace is none
FLAT_SHARE = 0.15  # of a quiet breath
SMALL_SHARE = 1.0  # of a quiet breath: beside a smaller brace not even on and off can be told from breathing
STUCK_S = 0.5  # at the top of its range
SMOOTH_S = 0.3
STIFFER = 0.35  # of the breath's gain: what a brace usually takes off it
STIFFER_WEIGHT = 0.3  # of the samples braced: how far that is held to
LAGS = np.arange(0.0, 0.51, 0.05)  # of a breath
LEAST_N = 20  # samples of a step


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the steps show: firm less relaxed in each brace, relaxed, a quiet breath's ripple, noise."""

    firm: tuple[float, ...]
    relaxed: float
    quiet: float
    noise: float


def calibrate_brace(
    source: str,
    steps: Sequence[CalibrationStep],
    t_s: F64,
    y: F64,
    other: F64 | None = None,
) -> BraceCalibration:
    """Return the range of the brace from a calibration's steps.

    Parameters
    ----------
    source : str
        Id of the channel that `y` is of.
    t_s, y : (n,)
        Its reading on an even grid, from before the first step to the end of the last; NaN where there was none.
    other : (n,), optional
        Another channel's breath at the same times, any unit, rising on inhale.
    """
    end_s = steps[-1].end_s if steps else math.nan
    seen = _seen(steps, t_s, y, other)
    if isinstance(seen, Unmeasured):
        return BraceCalibration(end_s, source, math.nan, math.nan, math.nan, seen)
    size = np.array(seen.firm)
    best = float(size.max())
    cv = float(size.std(ddof=1) / abs(size.mean())) if len(size) > 1 and size.mean() else math.nan
    reason = Unmeasured.SATURATED if _stuck(steps, t_s, y) else _reason(seen, size)
    return BraceCalibration(end_s, source, seen.relaxed, seen.relaxed + best, cv, reason)


def _reason(seen: _Seen, size: F64) -> Unmeasured | None:
    best = float(size.max())
    if not best > max(FLAT_NOISE * seen.noise, FLAT_SHARE * seen.quiet):
        return Unmeasured.FLAT
    if best - float(size.min()) > UNEVEN * best:
        return Unmeasured.UNEVEN
    if best < SMALL_SHARE * seen.quiet:
        return Unmeasured.SMALL
    return None


def _seen(steps: Sequence[CalibrationStep], t_s: F64, y: F64, other: F64 | None) -> _Seen | Unmeasured:
    inside = {kind: [_part(s, t_s, y) for s in steps if s.kind is kind] for kind in StepKind}
    braces, rests = inside[StepKind.BRACE], inside[StepKind.RELAX]
    if not braces or not rests:
        return Unmeasured.TOO_SHORT
    if any(len(part) < LEAST_N for part in (*braces, rests[0])):
        return Unmeasured.NO_DATA
    quiet = np.concatenate(inside[StepKind.QUIET]) if inside[StepKind.QUIET] else rests[0]
    ripple = float(np.percentile(y[quiet], 95) - np.percentile(y[quiet], 5)) if len(quiet) else 0.0
    relaxed = float(np.median(y[rests[0]]))
    firm = tuple(_lowest(t_s, y, part) - relaxed for part in braces)
    fitted = None if other is None else _fitted(t_s, y, other, quiet, rests, braces)
    if fitted is not None:
        firm = tuple(0.5 * (a + b) for a, b in zip(firm, fitted[0], strict=True))
        return _Seen(firm, relaxed, ripple, fitted[1])
    noise = float(np.std(y[rests[0]] - np.linspace(y[rests[0]][0], y[rests[0]][-1], len(rests[0]))))
    return _Seen(firm, relaxed, ripple, noise)


def _part(step: CalibrationStep, t_s: F64, y: F64) -> I64:
    """Return the places of the samples of `step` in which it is done."""
    after_s = BRACED_S if step.kind is StepKind.BRACE else AT_EASE_S
    done = (t_s >= step.start_s + after_s) & (t_s < step.end_s - BEFORE_END_S) & np.isfinite(y)
    return np.flatnonzero(done)


def _lowest(t_s: F64, y: F64, part: I64) -> float:
    size = max(1, round(SMOOTH_S * (len(part) - 1) / float(t_s[part[-1]] - t_s[part[0]])))
    return float(np.convolve(y[part], np.full(size, 1.0 / size), "valid").min())


def _stuck(steps: Sequence[CalibrationStep], t_s: F64, y: F64) -> bool:
    """Whether a brace runs into the end of the sensor's range: the highest value of all, again and again."""
    part = np.flatnonzero((t_s >= steps[0].start_s) & (t_s < steps[-1].end_s) & np.isfinite(y))
    most = float(y[part].max())
    step_s = float(t_s[1] - t_s[0])
    span = most - float(y[part].min())
    return int((y[part] > most - 1e-6 * span).sum()) * step_s >= STUCK_S


def _fitted(
    t_s: F64, y: F64, other: F64, quiet: I64, rests: Sequence[I64], braces: Sequence[I64]
) -> tuple[tuple[float, ...], float] | None:
    """Return firm less relaxed of each brace, and what remains (RMS); None: not to be had."""
    calm = np.concatenate((quiet, *rests))
    part = np.concatenate((calm, *braces))
    fits = []
    for lag in LAGS:
        late = _late(other, lag, quiet)
        if late is None or not np.isfinite(late[part]).all():
            continue
        floor = float(np.median(late[rests[0]]))
        size = float(np.std(late[quiet]))
        if not size > 0:
            continue
        c = (late - floor) / size
        fits.append(_fit(t_s, y, c, calm, rests[0], braces))
    if not fits:
        return None
    return min(fits, key=lambda f: f[1])


def _late(other: F64, lag: float, quiet: I64) -> F64 | None:
    """Return `other` later by the share `lag` of a breath in `quiet`; None where no breath can be told."""
    if not len(quiet):
        return None
    z = other[quiet] - np.mean(other[quiet])
    ups = int(((z[1:] > 0) & (z[:-1] <= 0)).sum())
    cycle_n = len(quiet) / max(ups, 1)
    by = round(lag * cycle_n)
    late: F64 = np.full(len(other), np.nan)
    late[by:] = other[: len(other) - by] if by else other
    return late


def _fit(t_s: F64, y: F64, c: F64, calm: I64, rest: I64, braces: Sequence[I64]) -> tuple[tuple[float, ...], float]:
    part = np.concatenate((calm, *braces))
    braced = np.zeros(len(part))
    braced[len(calm) :] = 1.0
    speed = np.gradient(c)
    speed = speed / max(float(np.std(speed[calm])), 1e-12)
    middle = t_s[part] - float(t_s[rest].mean())
    columns = [np.ones(len(part)), middle, c[part], speed[part], braced * c[part]]
    at = len(calm)
    for brace in braces:
        column = np.zeros(len(part))
        column[at : at + len(brace)] = 1.0
        columns.append(column)
        at += len(brace)
    x = np.stack(columns, axis=1)
    held = np.zeros(len(columns))  # what a brace takes off the gain is held to the usual
    held[2], held[4] = STIFFER, 1.0
    weight = math.sqrt(STIFFER_WEIGHT * max(1, int(braced.sum())))
    rows = np.vstack((x, weight * held))
    found, *_ = np.linalg.lstsq(rows, np.append(y[part], 0.0), rcond=None)
    left = y[part] - x @ found
    return tuple(float(f) for f in found[5:]), float(np.sqrt((left * left).mean()))
