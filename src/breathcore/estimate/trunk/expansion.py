"""How far one site opens: live, and breath by breath, in shares of the person's own full breath.

A breath's share is its own excursion (top less the line between its lows), so drift, creep and sway slower than a
breath leave it alone. The live level is counted from the last ends of a breath out; it moves there within a second.
What remains: between breathed out and the full breath the reading is taken as straight, so where a wearer's tilt bends
by 15 % over that range a half breath is shown up to 4 points off; and what a neighbouring site does to this one is in
its reading (cross-talk cannot be told from the calibration, in which all sites open together): a site that stays shut
while its neighbours open is shown open by as much of their share as crosses over.
"""

import math
from collections import deque
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from breathcore.dsp.summary import median
from breathcore.estimate.trunk.calibrate import Flags, Scale, Seen, calibrate, longest
from breathcore.estimate.trunk.excursion import AROUND, BELT_WIDTH, NOTHING, WIDTH, Excursion, excursion
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.pose import UPRIGHT, Vector, between_deg, unit
from breathcore.estimate.trunk.site import GRAVITY_ROWS, SHAKEN_ROW, TURN_ROW, History, Site, SiteKind, SiteReader
from breathcore.estimate.trunk.sway import Sway
from breathcore.model.arrays import F64, frozen
from breathcore.model.estimates import Breath, BreathKind
from breathcore.model.trunk import SiteBlock, SiteExpansion, TrunkCalibration, Unmeasured

KEPT_S = 120.0  # of readings
LOWS_N = 3  # ends of a breath out that the live level is counted from
GLIDE_S = 1.0
STILL_DEG, STILL_S = 2.5, 1.5  # a direction of gravity that stays
SHAKEN_G, SHAKEN_SHARE = 0.08, 0.15  # of a breath: it is lost in movement
LEANS_DEG, LEANS = 6.0, 2.0  # the trunk bends while it moves; in full breaths: a site never turns so far
SHIFTED = 0.75  # of a breath, or of a tenth of a full one: where its two ends lie so far apart, its size is a guess
SHUT = 0.1  # of the full breath
STEP = 0.75  # of the full breath: a belt's level at the end of a breath out moved so far at once
STUCK_S = 1.0
LOOSE_S = 2.0
LOOSE = 1.0  # of the full breath below what it pulls breathed out at ease
NAN = math.nan


class Change(NamedTuple):
    """How far gravity has stood from where it was at the calibration (n,), now, where that is, and whether it stays."""

    angles: F64
    degrees: float
    rest: Vector
    still: bool


class SiteFollower:
    """One site: its readings, its scale once it is calibrated, its live level, and what it did in a breath.

    `lost` is why it cannot be told although it was calibrated (slipped), None while it can; `pressed`: the body lies
    on it.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.reader = SiteReader(site)
        self.history = History(self.reader.rows_n, KEPT_S)
        self.scale: Scale | None = None
        self.lost: Unmeasured | None = None
        self._gap = True
        self._sway: Sway | None = None
        self._rest: Vector | None = None
        self._moved_k = -1
        self.pressed = False
        self._settle()

    def _settle(self) -> None:
        self._lows: deque[float] = deque(maxlen=LOWS_N)
        self._base = self._old_base = NAN if self.scale is None else self.scale.told.relaxed
        self._slope = 0.0
        self._base_k = 0
        self._stepped = 0

    def moved_to(self, site: Site) -> None:
        """Take the same sensor as worn elsewhere: what was calibrated no longer holds."""
        self.site = self.reader.site = site
        self.scale = None
        self.lost = None
        self._settle()

    def take(self, first: int, end: int) -> F64:
        """Read grid samples `[first, end)`; return them (rows, n)."""
        x = self.reader.read(first, end)
        self.history.put(first, x)
        return x

    def calibrate(self, calibration: TrunkCalibration, sway: Sway | None = None) -> Scale:
        """Take the person's range from a calibration that is over; `sway` shows what is not the breath."""
        first, end = grid_n(calibration.steps[0].start_s), grid_n(calibration.end_s)
        seen = [Seen(self.site)]
        if sway is not None and self.site.kind is SiteKind.IMU:
            turn = sway.turn(first, end)
            seen = [Seen(self.site, turn, expected) for expected in sway.expected(self.site.place)]
        self._sway = sway
        t_s, x = np.arange(first, end) / GRID_HZ, self.history.get(first, end)
        scales = [calibrate(s, t_s, x, calibration) for s in seen]
        self.scale = min(scales, key=lambda s: s.restless if math.isfinite(s.restless) else math.inf)
        self.lost = None
        self._settle()
        return self.scale

    def resize(self, factor: float) -> None:
        """Take the full breath for `factor` times as large as it was calibrated."""
        if self.scale is not None:
            told = self.scale.told
            full = told.relaxed + factor * self.scale.span
            self.scale = replace(self.scale, told=replace(told, full=full))

    def adopt(self, scale: Scale) -> None:
        """Take the range as it is."""
        self.scale, self.lost = scale, None
        self._settle()

    @property
    def reason(self) -> Unmeasured | None:
        """Why nothing can be told of this site now, None where it can."""
        if self.scale is None:
            return Unmeasured.NOT_CALIBRATED
        if self.scale.told.reason is not None:
            return self.scale.told.reason
        if self.lost is not None:
            return self.lost
        if self.pressed:
            return Unmeasured.PRESSED
        pose = self.scale.pose
        return Unmeasured.BLIND if pose is not None and not pose.by_gyro and pose.across < UPRIGHT else None

    # ── live ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def live(self, first: int, x: F64) -> SiteBlock | None:
        """Return the level at grid samples from `first` on of readings `x` (rows, n), None where there is none."""
        if self.scale is None or self.reason is not None:
            self._gap = True
            return None
        level = (self._reading(first, x) - self._bases(first, x.shape[1])) / self.scale.span
        good = np.isfinite(level)
        if not good.any():
            self._gap = True
            return None
        t_s = np.arange(first, first + len(level))[good] / GRID_HZ
        gap, self._gap = self._gap, not bool(good[-1])
        return SiteBlock(self.site.place, self.site.source, frozen(t_s), frozen(level[good]), gap)

    def _bases(self, first: int, count: int) -> F64:
        since = np.arange(first, first + count) - self._base_k
        glide = np.clip(since / (GLIDE_S * GRID_HZ), 0.0, 1.0)
        return np.asarray(self._old_base + glide * (self._base - self._old_base) + self._slope * since / GRID_HZ)

    def _reading(self, first: int, x: F64) -> F64:
        """Return the reading (n,) of `x` (rows, n) from grid sample `first` on."""
        assert self.scale is not None
        pose, drift = self.scale.pose, self.scale.drift
        if self._sway is None or pose is None or pose.sway == 0j:
            y = self.scale.reading(x)
        else:
            y = self.scale.reading(x, self._sway.turn(first, first + x.shape[1]))
        return y if drift == 0.0 else y - drift * np.arange(first, first + x.shape[1]) / GRID_HZ

    def reading(self, first: int, end: int) -> F64:
        """Return the reading (n,) in its unit at grid samples `[first, end)`; NaN of an IMU whose axis is not known."""
        x = self.history.get(first, end)
        if self.site.kind is SiteKind.BELT:
            return np.asarray(x[0], dtype=np.float64)
        if self.scale is None or self.scale.pose is None:
            return np.full(end - first, np.nan)
        return self._reading(first, x)

    def levels(self, start_s: float, end_s: float) -> F64:
        """Return the reading (n,) in `[start_s, end_s)` in shares of the full breath, from wherever it began."""
        if self.scale is None:
            return np.empty(0)
        x = self.history.between(start_s, end_s)[1]
        return np.asarray(self._reading(grid_n(start_s), x) / self.scale.span)

    # ── breath by breath ─────────────────────────────────────────────────────────────────────────────────────────────

    def breath(self, breath: Breath, end_k: int) -> tuple[SiteExpansion, Excursion]:
        """Return what this site did in a breath, of readings before grid sample `end_k`."""
        reason = self.reason or _no_breath(breath)
        if reason is not None or self.scale is None:
            return self._refused(reason or Unmeasured.NOT_CALIBRATED), NOTHING
        length = breath.end_s - breath.inhale_onset_s
        from_s, to_s = breath.inhale_onset_s - AROUND * length, breath.end_s + AROUND * length
        t_s, x = self.history.between(from_s, min(to_s, end_k / GRID_HZ))
        inside = (t_s >= breath.inhale_onset_s) & (t_s < breath.end_s)
        y = self._reading(grid_n(from_s), x)
        reason = self._spoilt(x[:, inside], breath)
        width = WIDTH if self.site.kind is SiteKind.IMU else BELT_WIDTH
        found = excursion(t_s, y, breath.inhale_onset_s, breath.end_s, width)
        if reason is None and not math.isfinite(found.size):
            reason = Unmeasured.NO_DATA
        if reason is None and not self._by_gyro and self._shifted(found):
            reason = Unmeasured.MOTION
        if math.isfinite(found.size):
            self._rebase(found, breath, end_k)
        if reason is None and self.lost is not None:
            reason = self.lost
        if reason is not None:
            return self._refused(reason), found
        return SiteExpansion(self.site.place, self.site.source, found.size / self.scale.span), found

    def _shifted(self, found: Excursion) -> bool:
        assert self.scale is not None
        return abs(found.low_after - found.low_before) > SHIFTED * max(found.size, SHUT * self.scale.span)

    def _refused(self, reason: Unmeasured) -> SiteExpansion:
        return SiteExpansion(self.site.place, self.site.source, NAN, reason=reason)

    def _spoilt(self, x: F64, breath: Breath) -> Unmeasured | None:
        """Return what makes a breath's readings `x` (rows, n) useless."""
        if breath.inhale_onset_s * GRID_HZ <= self._moved_k <= (breath.end_s + STILL_S) * GRID_HZ:
            return Unmeasured.MOTION
        x = x[:, np.isfinite(x[0])]
        if not x.size:
            return Unmeasured.NO_DATA
        if self.site.kind is SiteKind.IMU:
            shaken: Flags = x[SHAKEN_ROW] - median(x[SHAKEN_ROW]) > SHAKEN_G
            moved = np.count_nonzero(shaken) > SHAKEN_SHARE * x.shape[1] or self._leans(x[GRAVITY_ROWS])
            return Unmeasured.MOTION if moved else None
        same: Flags = np.abs(np.diff(x[0])) <= 1e-9 * np.abs(x[0, 1:])
        return Unmeasured.SATURATED if longest(same) >= STUCK_S * GRID_HZ else None

    def _leans(self, gravity: F64) -> bool:
        """Whether the trunk bends by far more than a breath turns a rib while `gravity` (3, n) was seen."""
        assert self.scale is not None
        ways = gravity / np.sqrt(np.add.reduce(gravity * gravity, axis=0))
        middle = np.array([median(row) for row in ways])
        off = np.sqrt(np.add.reduce((ways - middle[:, None]) ** 2, axis=0))
        return float(np.degrees(off.max())) > max(LEANS_DEG, LEANS * self.scale.span)

    def _rebase(self, found: Excursion, breath: Breath, end_k: int) -> None:
        """Count the live level from this breath's end; a belt whose level jumped, and stays there, has slipped."""
        assert self.scale is not None
        span, low = self.scale.span, found.low_after
        if self.site.kind is SiteKind.BELT and self._lows and low - median(np.array(self._lows)) < -STEP * span:
            self._stepped += 1
            if self._stepped >= 2:
                self.lost = Unmeasured.SLIPPED
            return
        self._stepped = 0
        self._old_base = float(self._bases(end_k, 1)[0])
        if self._by_gyro:
            drift = (found.low_after - found.low_before) / max(breath.end_s - breath.inhale_onset_s, 1.0)
            self._slope += 0.5 * (drift - self._slope)
            low += self._slope * (end_k / GRID_HZ - breath.end_s)
            self._lows.clear()
        self._lows.append(low)
        self._base, self._base_k = median(np.array(self._lows)), end_k

    @property
    def _by_gyro(self) -> bool:
        """Whether the reading is a sum of turning, which wanders in a straight line."""
        return self.scale is not None and self.scale.pose is not None and self.scale.pose.by_gyro

    # ── how it sits ──────────────────────────────────────────────────────────────────────────────────────────────────

    def change(self, end_k: int) -> Change | None:
        """Return how gravity stands now against the calibration, None where that cannot be said."""
        if self.site.kind is SiteKind.BELT:
            return None
        gravity = self.history.get(end_k - round(STILL_S * GRID_HZ), end_k)[GRAVITY_ROWS]
        rest = self.rest
        if rest is None or not np.isfinite(gravity).all():
            return None
        now = unit(gravity.sum(axis=1))
        off = float(np.abs(gravity - np.array(now)[:, None]).max())
        r = np.array(rest)
        along = gravity[0] * r[0] + gravity[1] * r[1] + gravity[2] * r[2]
        angles = np.degrees(np.arccos(np.clip(along, -1.0, 1.0)))
        return Change(angles, between_deg(rest, now), now, math.degrees(off) <= STILL_DEG)

    @property
    def rest(self) -> Vector | None:
        """Gravity at rest in the sensor's axes."""
        pose = None if self.scale is None else self.scale.pose
        return self._rest if pose is None else pose.rest

    def stand(self, rest: Vector) -> None:
        """Take `rest` for gravity at rest of a sensor that is not calibrated (the pelvis')."""
        self._rest = rest

    def off(self, end_k: int) -> bool:
        """Whether a belt has hung loose for the last seconds: it pulls far less than when it was calibrated."""
        if self.site.kind is SiteKind.IMU or self.scale is None or self.scale.told.reason is not None:
            return False
        y = self.history.get(end_k - round(LOOSE_S * GRID_HZ), end_k)[0]
        return bool(np.isfinite(y).all() and float(y.max()) < self.scale.told.relaxed - LOOSE * self.scale.span)

    def rest_in(self, rest: Vector, end_k: int) -> None:
        """Go on in another posture: the same axis, another direction of gravity. The breath meanwhile is lost."""
        self._rest = rest
        if self.scale is None or self.scale.pose is None:
            return
        self.scale = replace(self.scale, pose=self.scale.pose.rested(rest))
        self._lows.clear()
        self._old_base = self._base = float(self.reading(end_k - 1, end_k)[0])
        self._base_k = self._moved_k = end_k

    def slip(self) -> None:
        """Say nothing of this site until it is calibrated afresh."""
        self.lost = Unmeasured.SLIPPED

    @property
    def turns(self) -> bool:
        """Whether a gyroscope is there to be read."""
        return self.reader.rows_n > TURN_ROW and self.site.gyro is not None


def _no_breath(breath: Breath) -> Unmeasured | None:
    if breath.kind is BreathKind.COUGH:
        return Unmeasured.NO_BREATH
    if breath.kind is BreathKind.ARTEFACT:
        return Unmeasured.MOTION
    return None if breath.end_s > breath.inhale_onset_s else Unmeasured.TOO_SHORT
