"""One breath all the way round: every site's share, ribs and belly, left and right, the score; and who has slipped."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from breathcore.dsp.summary import median
from breathcore.estimate.trunk.calibrate import rest_of
from breathcore.estimate.trunk.compartments import (
    ALIKE,
    BREATHS_N,
    LEAST_RATIO,
    MOST_RATIO,
    PARADOX_DEG,
    lag,
)
from breathcore.estimate.trunk.expansion import TURNED_DEG, SiteFollower
from breathcore.estimate.trunk.ring import ASK_AT, Pairs, score_of
from breathcore.estimate.trunk.sights import belly_of, found, level_of, ribs_of, ring_of
from breathcore.estimate.trunk.site import GRAVITY_ROWS, GRID_HZ, Site, SiteKind, grid_n
from breathcore.estimate.trunk.sway import PelvisSway, RingSway, Sway, ratio
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.estimates import Breath, BreathKind
from breathcore.model.trunk import RING, Expansion, SiteExpansion, StepKind, TrunkCalibration, TrunkEstimate, Unmeasured

NAN = math.nan
SAME_TURN = 0.5  # of a site's turn that another one has made as well: then it was the body
KNOWN = 0.9


class Round:
    """Puts the sites' breaths together.

    Parameters
    ----------
    followers : mapping of channel id to SiteFollower
        The sites.
    """

    def __init__(self, followers: Mapping[str, SiteFollower]) -> None:
        self._followers = followers
        self._pairs = Pairs()
        self._fulls_n = 0
        self._exchanged = False
        self._breaths: list[Breath] = []
        self._moved_s = -math.inf
        self.swap_wanted = False

    @property
    def _sites(self) -> tuple[Site, ...]:
        return tuple(f.site for f in self._followers.values())

    def calibrated(self, calibration: TrunkCalibration) -> None:
        """Begin afresh after a calibration."""
        self._pairs.reset()
        self._fulls_n = sum(s.kind is StepKind.FULL for s in calibration.steps)
        self._breaths = []

    def sway(self, calibration: TrunkCalibration) -> Sway | None:
        """Return what shows the body's sway: the ribs' own sensors, the pelvis, both; None where nothing does."""
        first, end = grid_n(calibration.steps[0].start_s), grid_n(calibration.end_s)
        ribs, pelvis = self._ring_sway(calibration), self._pelvis_sway(calibration)
        if ribs is None or pelvis is None:
            return pelvis or ribs
        if not ribs.whole:
            return pelvis
        return replace(ribs, pelvis=replace(pelvis, ribs=ratio(ribs.turn(first, end), pelvis.turn(first, end))))

    def _pelvis_sway(self, calibration: TrunkCalibration) -> PelvisSway | None:
        pelvis = found(self._sites, Place.PELVIS, SiteKind.IMU)
        if pelvis is None:
            return None
        first, end = grid_n(calibration.steps[0].start_s), grid_n(calibration.end_s)
        history = self._followers[pelvis.source].history
        gravity = history.get(first, end)[GRAVITY_ROWS]
        if np.isfinite(gravity).all(axis=0).mean() < KNOWN:
            return None
        return PelvisSway(history.get, rest_of(np.arange(first, end) / GRID_HZ, gravity, calibration.steps))

    def _ring_sway(self, calibration: TrunkCalibration) -> RingSway | None:
        ribs = {}
        for follower in self._followers.values():
            site = follower.site
            if site.kind is SiteKind.IMU and site.place in RING:
                pose = follower.calibrate(calibration).pose
                if pose is not None and not pose.by_gyro:
                    ribs[site.place] = (follower.history.get, pose)
        return RingSway(ribs) if len(ribs) > 1 else None

    def exchanged(self) -> None:
        """Begin afresh: left and right have changed places."""
        self._pairs.reset()
        self._exchanged = True
        self.swap_wanted = False

    # ── posture and slipping ─────────────────────────────────────────────────────────────────────────────────────────

    def changed(self, end_k: int) -> list[TrunkEstimate]:
        """Look whether the body, or one sensor alone, has come to stand otherwise than when it was calibrated."""
        changes = {s: f.change(end_k) for s, f in self._followers.items()}
        for source, change in changes.items():
            follower = self._followers[source]
            if change is None or follower.scale is None or change.degrees < TURNED_DEG or follower.lost is not None:
                continue
            others = [c.degrees for s, c in changes.items() if c is not None and s != source]
            if others and median(np.array(others)) < SAME_TURN * change.degrees:
                follower.slip()
            else:
                follower.rest_in(change.rest)
        return []

    # ── one breath ───────────────────────────────────────────────────────────────────────────────────────────────────

    def breath(self, breath: Breath, end_k: int, tape: Mapping[Place, float], at_s: float) -> Expansion:
        """Return what a breath that is over was all the way round, from readings before grid sample `end_k`."""
        shares: dict[str, SiteExpansion] = {}
        for source, follower in self._followers.items():
            if follower.site.place is not Place.PELVIS:
                shares[source] = follower.breath(breath, end_k)[0]
        told = self._in_cm(shares, tape)
        self._breaths = [*self._breaths, breath][-BREATHS_N:]
        expansion = Expansion(at_s, breath.inhale_onset_s, breath.end_s, tuple(told.values()))
        expansion = self._with_compartments(expansion, told, breath, end_k)
        return self._with_ring(expansion, told)

    def _in_cm(self, told: Mapping[str, SiteExpansion], tape: Mapping[Place, float]) -> dict[str, SiteExpansion]:
        """Return the sites with the growth of the girth at their level: the belt's there, else the mean of all."""
        growth: dict[Place, float] = {}
        for level, cm in tape.items():
            here = [s for s, f in self._followers.items() if level_of(f.site.place) is level and s in told]
            belts = [s for s in here if self._followers[s].site.kind is SiteKind.BELT and told[s].reason is None]
            shares = [told[s].share for s in belts or here if told[s].reason is None]
            if shares:
                growth[level] = cm * sum(shares) / len(shares)
        return {
            source: s if s.reason is not None else replace(s, cm=growth.get(level_of(s.place), NAN))
            for source, s in told.items()
        }

    def _with_ring(self, expansion: Expansion, told: Mapping[str, SiteExpansion]) -> Expansion:
        reasons = dict(expansion.reasons)
        ring = [told[s.source] for s in ring_of(self._sites)]
        score, least, missing = score_of(ring)
        if missing is not None:
            reasons["score"] = missing
        left, right = found(self._sites, Place.LEFT), found(self._sites, Place.RIGHT)
        if left is None or right is None:
            return replace(expansion, score=score, least=least, reasons={**reasons, "symmetry": Unmeasured.NO_SENSOR})
        pair = told[left.source], told[right.source]
        missing = pair[0].reason or pair[1].reason
        if missing is not None:
            return replace(expansion, score=score, least=least, reasons={**reasons, "symmetry": missing})
        self._pairs.push(pair[0].share, pair[1].share)
        symmetry = self._pairs.tell(self._cv(left), self._cv(right), self._fulls_n)
        if symmetry.reason is not None:
            reasons["symmetry"] = symmetry.reason
        elif abs(symmetry.value) > max(ASK_AT, symmetry.noise) and not self._exchanged:
            self.swap_wanted = True
        return replace(
            expansion,
            score=score,
            least=least,
            symmetry=symmetry.value,
            symmetry_noise=symmetry.noise,
            reasons=reasons,
        )

    def _cv(self, site: Site) -> float:
        scale = self._followers[site.source].scale
        return NAN if scale is None else scale.told.cv

    # ── ribs and belly ───────────────────────────────────────────────────────────────────────────────────────────────

    def _with_compartments(
        self, expansion: Expansion, told: Mapping[str, SiteExpansion], breath: Breath, end_k: int
    ) -> Expansion:
        belly, ribs = belly_of(self._sites), ribs_of(self._sites)
        if belly is None or not ribs:
            missing = dict.fromkeys(("rib_share", "phase_deg"), Unmeasured.NO_SENSOR)
            return replace(expansion, reasons=missing)
        there = [told[s.source] for s in (*ribs, belly)]
        reason = next((s.reason for s in there if s.reason is not None), None)
        if reason is not None:
            return replace(expansion, reasons=dict.fromkeys(("rib_share", "phase_deg"), reason))
        chest, waist = sum(s.share for s in there[:-1]) / len(ribs), there[-1].share
        grown = sum(s.cm for s in there[:-1]) / len(ribs), there[-1].cm
        one, two = grown if math.isfinite(sum(grown)) else (chest, waist)
        share = one / (one + two) if one + two > 0 else NAN
        reasons = {} if math.isfinite(share) else {"rib_share": Unmeasured.NO_BREATH}
        expansion = replace(expansion, rib_share=share, reasons=reasons)
        return self._with_lag(expansion, (ribs, belly), (chest, waist), breath)

    def _with_lag(
        self, expansion: Expansion, sites: tuple[Sequence[Site], Site], sizes: tuple[float, float], breath: Breath
    ) -> Expansion:
        chest, waist = sizes
        if breath.kind is not BreathKind.NORMAL or not LEAST_RATIO * waist < chest < MOST_RATIO * waist:
            return _undefined(expansion)
        start_s = self._run_start()
        if breath.end_s - start_s < 1.8 * (breath.end_s - breath.inhale_onset_s):
            return _undefined(expansion, Unmeasured.TOO_SHORT)
        cycle_s = (breath.end_s - start_s) / len(self._breaths)
        ribs = self._mean(sites[0], start_s, breath.end_s)
        found_lag = lag(ribs, self._mean((sites[1],), start_s, breath.end_s), cycle_s)
        if not found_lag.correlation >= ALIKE:
            return _undefined(expansion)
        return replace(expansion, phase_deg=found_lag.deg, paradox=abs(found_lag.deg) > PARADOX_DEG)

    def _run_start(self) -> float:
        """Return where the last breaths that follow each other without a gap begin."""
        while any(b.inhale_onset_s > a.end_s + 0.1 for a, b in zip(self._breaths, self._breaths[1:], strict=False)):
            self._breaths = self._breaths[1:]
        return self._breaths[0].inhale_onset_s

    def _mean(self, sites: Sequence[Site], start_s: float, end_s: float) -> F64:
        levels = [self._followers[s.source].levels(start_s, end_s) for s in sites]
        return np.asarray(np.add.reduce(np.stack(levels), axis=0) / len(levels), dtype=np.float64)


def _undefined(expansion: Expansion, reason: Unmeasured = Unmeasured.UNDEFINED) -> Expansion:
    return replace(expansion, reasons={**expansion.reasons, "phase_deg": reason})
