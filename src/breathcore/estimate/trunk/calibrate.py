"""The person's own range at one site, from quiet breaths, full breaths and a moment breathed out at ease.

The full breaths give an IMU's axis: the direction in which gravity moves most in them once a straight line through each
one's ends is taken out, so that the sensor's bias, its mounting and slow drift do not choose it. Which way is in is
told by their shape (they begin and end breathed out); of a sensor on the navel, that may move against the ribs, by the
device's own inhale axis where it has one. `relaxed` is the median of all ends of a breath out, `full` is `relaxed` plus
the mean excursion of the full breaths, each against its own lows: a body that sways or settles between them does not
enter. The coefficient of variation is that of those excursions. What an IMU still shows while the breath rests is sway
that was not taken out: of two ways to take it out the stiller one counts, and beyond a twentieth of a full breath the
site is refused (errors of shares were found to grow with it).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from breathcore.dsp.peaks import prune, turning_points
from breathcore.dsp.summary import median, moments
from breathcore.estimate.trunk.excursion import BELT_WIDTH, WIDTH, excursion, mended, smoothed
from breathcore.estimate.trunk.grid import GRID_HZ
from breathcore.estimate.trunk.pose import UPRIGHT, Pose, Vector, angle, common, level_turn, turned, unit
from breathcore.estimate.trunk.site import GRAVITY_ROWS, TURN_ROW, Site, SiteKind
from breathcore.estimate.trunk.sway import UNEXPECTED, Expected, factor
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.trunk import CalibrationStep, SiteCalibration, StepKind, TrunkCalibration, Unmeasured

UNEVEN_CV = 0.25
STIRRED = 0.05  # of the full breath, SD while the breath rests: sway is too much for so small a tilt
LEAST_FULL_N = 2
LEAST_DEG = 0.15  # a full breath that tilts a sensor less is not told from sway
LEAST_NOISES = 6.0
STUCK_S = 0.8  # at one value to the bit, at an end
ENDS_S = 0.4
TURNS_MORE = 2.0  # times what gravity shows: then the gyroscope is what shows the breath
FLAT_SHARE = 1e-6
BEFORE, AFTER = 0.1, 0.35  # of a full breath: where its lows may lie, of a belly that lags
BEGUN_MOST = 0.15  # of a full breath: one that began higher above its end did not begin breathed out
ROUNDS_N = 3  # of axis and sway
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scale:
    """A calibrated site: what its calibration said, for an IMU how it sits, and how its reading drifts (a second).

    `restless` is the SD of the reading while the breath rests, in shares of the full breath (NaN: it was not seen to).
    """

    site: Site
    told: SiteCalibration
    pose: Pose | None = None
    drift: float = 0.0
    restless: float = math.nan

    @property
    def span(self) -> float:
        """The reading of a full breath less that at ease."""
        return self.told.full - self.told.relaxed

    def reading(self, x: F64, reference: F64 | None = None) -> F64:
        """Return the reading (n,), in the site's unit, of `x` (rows, n), the reference's turn (2, n) taken out."""
        return x[0] if self.pose is None else angle(x, self.pose, reference)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A site, and the turn (2, n) of what sways with it but does not breathe."""

    site: Site
    reference: F64 | None = None
    expected: Expected = UNEXPECTED


def calibrate(seen: Seen, t_s: F64, x: F64, calibration: TrunkCalibration) -> Scale:
    """Return the scale of a site from its readings `x` (rows, n) at `t_s` (n,) over the whole calibration."""
    site = seen.site
    end_s = calibration.end_s
    good = np.asarray(np.isfinite(x[:3] if site.kind is SiteKind.IMU else x).all(axis=0))
    fulls = [s for s in calibration.steps if s.kind is StepKind.FULL]
    if not good.any():
        return refused(site, end_s, Unmeasured.NO_DATA)
    if len(fulls) < LEAST_FULL_N or not all(_covered(t_s, good, s) for s in fulls):
        return refused(site, end_s, Unmeasured.TOO_SHORT if len(fulls) < LEAST_FULL_N else Unmeasured.NO_DATA)
    pose = _pose(seen, t_s, x, calibration.steps) if site.kind is SiteKind.IMU else None
    y = x[0] if pose is None else angle(x, pose, seen.reference)
    drift = _drift(t_s, y, calibration.steps) if pose is not None and pose.by_gyro else 0.0
    y = y - drift * t_s
    told = _range(site, t_s, y, calibration, pose)
    restless = _restless(t_s, y, calibration.steps) / (told.full - told.relaxed)
    if pose is not None and restless > STIRRED:
        told = refused(site, end_s, Unmeasured.MOTION, told.cv).told
    return Scale(site, told, pose, drift, restless)


def refused(site: Site, t_s: float, reason: Unmeasured, cv: float = math.nan) -> Scale:
    """Return the scale of a site that could not be calibrated."""
    told = SiteCalibration(t_s, site.place, site.source, site.unit, math.nan, math.nan, cv, reason=reason)
    return Scale(site, told, None)


def _covered(t_s: F64, good: Flags, step: CalibrationStep) -> bool:
    inside = (t_s >= step.start_s) & (t_s < step.end_s)
    return bool(np.count_nonzero(good & inside) >= 0.9 * (step.end_s - step.start_s) * GRID_HZ - 1)


def _within(t_s: F64, step: CalibrationStep) -> slice:
    return slice(int(np.searchsorted(t_s, step.start_s)), int(np.searchsorted(t_s, step.end_s)))


# ── an IMU's axis ────────────────────────────────────────────────────────────────────────────────────────────────────


def _pose(seen: Seen, t_s: F64, x: F64, steps: Sequence[CalibrationStep]) -> Pose:
    """Return gravity at rest, the axis of the full breaths, and how the reference's sway is taken out."""
    rest = rest_of(t_s, x[GRAVITY_ROWS], steps)
    fulls = [s for s in steps if s.kind is StepKind.FULL]
    turns = turned(x, rest)
    axis, size = _principal(_levelled(t_s, turns, fulls))
    pose = Pose(rest, unit(axis))
    pose = _turned_inward(seen, pose, t_s, angle(x, pose), fulls)
    if seen.reference is not None:
        for _ in range(ROUNDS_N):
            pose, size = _unswayed(seen, t_s, x, pose, steps)
    whole_axis, whole_size = _about_all(t_s, x, turns, rest, fulls)
    if abs(float(whole_axis @ np.array(rest))) > math.sqrt(1.0 - UPRIGHT**2) and whole_size > TURNS_MORE * size:
        pose = Pose(rest, unit(whole_axis), by_gyro=True)
    return _turned_inward(seen, pose, t_s, angle(x, pose, seen.reference), fulls)


def _unswayed(seen: Seen, t_s: F64, x: F64, pose: Pose, steps: Sequence[CalibrationStep]) -> tuple[Pose, float]:
    """Return the pose with the reference's sway fitted about its axis, and the axis of what is left; and its RMS."""
    assert seen.reference is not None
    quiet = np.zeros(len(t_s), dtype=np.bool_)
    for step in steps:
        if step.kind in (StepKind.QUIET, StepKind.RELAX):
            quiet[_within(t_s, step)] = True
    own = level_turn(x, pose.rest, pose.axis)
    sway = factor(own, seen.reference, quiet, seen.expected)
    left = (own[0] + 1j * own[1]) - common(seen.reference, sway)
    first = np.array(pose.axis)
    second = np.cross(np.array(pose.rest), first)
    turns = first[:, None] * left.real + second[:, None] * left.imag
    axis, size = _principal(_levelled(t_s, turns, [s for s in steps if s.kind is StepKind.FULL]))
    if float(axis @ first) < 0:
        axis = -axis
    turn = complex(float(axis @ first), float(axis @ second))  # the new axis seen from the old one
    return replace(pose, axis=unit(axis), sway=sway / turn), size


def _turned_inward(seen: Seen, pose: Pose, t_s: F64, y: F64, fulls: Sequence[CalibrationStep]) -> Pose:
    """Return the pose the way round in which its angle rises on inhale."""
    if _inward(seen.site, pose, t_s, y, fulls) < 0:
        return replace(pose, axis=unit(-np.array(pose.axis)), sway=-pose.sway)
    return pose


def _about_all(t_s: F64, x: F64, turns: F64, rest: Vector, fulls: Sequence[CalibrationStep]) -> tuple[F64, float]:
    """Return the axis of the full breaths, the gyroscope's turning about gravity included, and its RMS."""
    about = x[TURN_ROW] * np.array(rest)[:, None]
    if not np.isfinite(about).any():
        return np.zeros(3), 0.0
    return _principal(_levelled(t_s, turns + np.nan_to_num(about), fulls))


def rest_of(t_s: F64, gravity: F64, steps: Sequence[CalibrationStep]) -> Vector:
    """Return the direction of `gravity` (3, n) at rest in a calibration."""
    calm = [s for s in steps if s.kind in (StepKind.RELAX, StepKind.QUIET)] or list(steps)
    there = np.concatenate([gravity[:, _within(t_s, s)] for s in calm], axis=1)
    there = there[:, np.isfinite(there).all(axis=0)]
    if not there.shape[1]:
        there = gravity[:, np.isfinite(gravity).all(axis=0)]
    return unit(np.array([median(row) for row in there]))


def _drift(t_s: F64, y: F64, steps: Sequence[CalibrationStep]) -> float:
    """Return by how much a gyroscope's sum moves in a second: the line through the moments breathed out."""
    moments_s = [(s.start_s, s.start_s + ENDS_S) for s in steps if s.kind is StepKind.FULL]
    moments_s += [(0.5 * (s.start_s + s.end_s), s.end_s) for s in steps if s.kind is StepKind.RELAX]
    parts = [slice(*np.searchsorted(t_s, m).tolist()) for m in moments_s]
    at = np.array([[float(np.mean(t_s[p])), float(np.mean(y[p]))] for p in parts if np.isfinite(y[p]).all()])
    if len(at) < LEAST_FULL_N:
        return 0.0
    t, level = at[:, 0] - at[:, 0].mean(), at[:, 1] - at[:, 1].mean()
    return float(t @ level) / max(float(t @ t), 1e-9)


def _restless(t_s: F64, y: F64, steps: Sequence[CalibrationStep]) -> float:
    """Return the SD of the reading in the stillest of the relaxed steps; NaN without one."""
    relaxed_s = [(s.start_s + ENDS_S, s.end_s) for s in steps if s.kind is StepKind.RELAX]
    parts = [y[slice(*np.searchsorted(t_s, span_s).tolist())] for span_s in relaxed_s]
    spread = [moments(p)[1] for p in parts if len(p) and np.isfinite(p).all()]
    return min(spread, default=math.nan)


def _levelled(t_s: F64, turns: F64, fulls: Sequence[CalibrationStep]) -> F64:
    """Return the turns (3, n) of the full breaths, each less the line through its ends."""
    parts = []
    for step in fulls:
        part = turns[:, _within(t_s, step)]
        part = part[:, np.isfinite(part).all(axis=0)]
        n = max(1, round(ENDS_S * GRID_HZ))
        if part.shape[1] > 4 * n:
            first, last = part[:, :n].mean(axis=1), part[:, -n:].mean(axis=1)
            parts.append(part - first[:, None] - (last - first)[:, None] * np.linspace(0.0, 1.0, part.shape[1]))
    return np.concatenate(parts, axis=1) if parts else np.zeros((3, 1))


def _principal(turns: F64) -> tuple[F64, float]:
    """Return the axis (3,) about which it turns most, and the RMS of that."""
    values, vectors = np.linalg.eigh(turns @ turns.T / turns.shape[1])
    return np.asarray(vectors[:, -1], dtype=np.float64), math.sqrt(max(0.0, float(values[-1])))


def _inward(site: Site, pose: Pose, t_s: F64, y: F64, fulls: Sequence[CalibrationStep]) -> float:
    """Return above 0 where the angle rises on inhale."""
    inhale = site.channel.inhale_axis
    if site.place is Place.NAVEL and inhale is not None:
        moves = float(np.cross(np.array(pose.rest), np.array(pose.axis)) @ np.array(inhale))
        if abs(moves) > UPRIGHT:
            return moves
    swing = 0.0
    for step in fulls:
        part = y[_within(t_s, step)]
        part = part[np.isfinite(part)]
        n = max(1, len(part) // 6)
        swing += float(np.mean(part[2 * n : 4 * n]) - 0.5 * (np.mean(part[:n]) + np.mean(part[-n:])))
    return swing


# ── the range ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _range(site: Site, t_s: F64, y: F64, calibration: TrunkCalibration, pose: Pose | None) -> SiteCalibration:
    fulls = [s for s in calibration.steps if s.kind is StepKind.FULL]
    width = WIDTH if site.kind is SiteKind.IMU else BELT_WIDTH
    found = [_excursion(t_s, y, s, width) for s in fulls]
    sizes = np.array([f[0] for f in found])
    if not np.isfinite(sizes).all():
        return refused(site, calibration.end_s, Unmeasured.NO_DATA).told
    mean, sd = moments(sizes)
    cv = sd * math.sqrt(len(sizes) / (len(sizes) - 1)) / mean if mean > 0 else math.inf
    reason = _refusal(site, t_s, y, calibration, mean, pose)
    if reason is None and cv > UNEVEN_CV:
        reason = Unmeasured.UNEVEN
    if reason is not None:
        return refused(site, calibration.end_s, reason, cv).told
    relaxed = median(np.array([*(f[1] for f in found), *_ease(t_s, y, calibration.steps, mean)]))
    axis = () if pose is None else pose.axis
    return SiteCalibration(
        calibration.end_s, site.place, site.source, site.unit, relaxed, relaxed + mean, cv, axis=axis
    )


def _excursion(t_s: F64, y: F64, step: CalibrationStep, width: float) -> tuple[float, float]:
    """Return the size of a full breath and the low that it began from.

    It ends breathed out, as it is guided to; where it began in the middle of another breath, that does not count.
    """
    span = step.end_s - step.start_s
    of = slice(*np.searchsorted(t_s, (step.start_s - BEFORE * span, step.end_s + AFTER * span)).tolist())
    found = excursion(t_s[of], y[of], step.start_s, step.end_s, width)
    if found.low_before - found.low_after > BEGUN_MOST * (found.top - found.low_after):
        return found.top - found.low_after, found.low_after
    return found.size, found.low_before


def _ease(t_s: F64, y: F64, steps: Sequence[CalibrationStep], full: float) -> list[float]:
    """Return the levels breathed out at ease: of the relaxed steps, and of the ends of quiet breaths."""
    levels = []
    for step in steps:
        part = mended(y[_within(t_s, step)])
        if part is None:
            continue
        if step.kind is StepKind.RELAX:
            levels.append(median(part[len(part) // 2 :]))
        elif step.kind is StepKind.QUIET:
            levels += _lows(smoothed(part, round(0.3 * GRID_HZ)), full)
    return levels


def _lows(y: F64, full: float) -> list[float]:
    at = turning_points(y)
    levels = [float(v) for v in y[at]]
    low, high = np.quantile(y, (0.1, 0.9))
    kept = prune(levels, max(0.4 * float(high - low), 0.02 * full))
    return [levels[k] for k in kept if levels[k] < 0.5 * (low + high)]


def _refusal(
    site: Site, t_s: F64, y: F64, calibration: TrunkCalibration, size: float, pose: Pose | None
) -> Unmeasured | None:
    """Return what is wrong with a reading: stuck, at the end of its scale, or not moved by the full breaths."""
    part = np.concatenate([y[_within(t_s, s)] for s in calibration.steps])
    part = part[np.isfinite(part)]
    low, high = float(part.min()), float(part.max())
    if high - low <= FLAT_SHARE * max(abs(high), abs(low), 1e-9):
        return Unmeasured.FLAT
    if _saturated(site, part, high, low):
        return Unmeasured.SATURATED
    noise = noise_of(part)
    if size > max(LEAST_NOISES * noise, LEAST_DEG if pose is not None else 0.0):
        return None
    if pose is None or pose.by_gyro:
        return Unmeasured.FLAT
    return Unmeasured.BLIND


def _saturated(site: Site, y: F64, high: float, low: float) -> bool:
    """Whether a belt sticks to the bit at its highest or its lowest value: at the end of its scale, or slack."""
    if site.kind is SiteKind.IMU:
        return False
    near = 1e-9 * max(abs(high), abs(low))
    return any(longest(np.abs(y - end) <= near) >= STUCK_S * GRID_HZ for end in (high, low))


def longest(flags: Flags) -> int:
    """Return the length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def noise_of(y: F64) -> float:
    """Return the SD of what is too quick for a breath: second differences over 0.2 s, scaled for white noise."""
    step = max(1, round(0.2 * GRID_HZ))
    if len(y) < 3 * step:
        return 0.0
    bend = y[2 * step :] - 2.0 * y[step:-step] + y[: -2 * step]
    return 1.4826 * median(np.abs(bend - median(bend))) / math.sqrt(6.0)
