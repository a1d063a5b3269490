"""One breath all the way round: every site's share, ribs and belly, left and right, the score."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from breathcore.estimate.trunk.calibrate import rest_of
from breathcore.estimate.trunk.compartments import (
    ALIKE,
    BREATHS_N,
    LEAST_RATIO,
    MOST_RATIO,
    PARADOX_DEG,
    alike,
    lag,
)
from breathcore.estimate.trunk.expansion import SiteFollower
from breathcore.estimate.trunk.grid import GRID_HZ, grid_n
from breathcore.estimate.trunk.ranges import factors, ratio_sd
from breathcore.estimate.trunk.ring import AGAINST_SHARE, Pairs, against, score_of
from breathcore.estimate.trunk.sights import belly_of, found, level_of, ribs_of, ring_of
from breathcore.estimate.trunk.site import GRAVITY_ROWS, Site, SiteKind
from breathcore.estimate.trunk.slips import Slips
from breathcore.estimate.trunk.sway import PelvisSway, RingSway, Sway, ratio
from breathcore.model.arrays import F64
from breathcore.model.device import Place
from breathcore.model.estimates import Breath, BreathKind
from breathcore.model.trunk import (
    RING,
    CalibrationStep,
    Expansion,
    SiteExpansion,
    StepKind,
    TrunkCalibration,
    Unmeasured,
)

NAN = math.nan
SLIPS_S = 2.0  # from a slip until it is sure
KNOWN = 0.9
PASSES_N = 3


class Round:
    """Puts the sites' breaths together.

    Parameters
    ----------
    followers : mapping of channel id to SiteFollower
        The sites.
    slips : Slips
        When one of them slipped.
    """

    def __init__(self, followers: Mapping[str, SiteFollower], slips: Slips) -> None:
        self._followers = followers
        self._slips = slips
        self._pairs = Pairs()
        self._fulls_n = 0
        self._fulls: F64 | None = None
        self._together: tuple[str, ...] = ()
        self._breaths: list[Breath] = []
        self._calibrated_s = -math.inf

    @property
    def _sites(self) -> tuple[Site, ...]:
        return tuple(f.site for f in self._followers.values())

    def calibrated(self, calibration: TrunkCalibration) -> None:
        """Begin afresh after all sites' calibration; read the ranges of those on the ribs against each other."""
        self._pairs.reset()
        self._calibrated_s = calibration.end_s
        self._breaths = []
        self._compare([s for s in calibration.steps if s.kind is StepKind.FULL])

    def _compare(self, fulls: Sequence[CalibrationStep]) -> None:
        self._fulls_n, self._fulls = len(fulls), None
        ribs = [f for f in self._followers.values() if f.site.kind is SiteKind.IMU and f.site.place in RING]
        ribs = [f for f in ribs if f.reason is None]
        self._together = tuple(f.site.source for f in ribs)
        if len(ribs) > 1:
            self._fulls = factors([np.stack([f.levels(s.start_s, s.end_s) for f in ribs]) for s in fulls])
        if self._fulls is not None:
            for follower, sizes in zip(ribs, self._fulls.T, strict=True):
                follower.resize(float(np.add.reduce(sizes)) / len(sizes))

    def sway(self, calibration: TrunkCalibration) -> Sway | None:
        """Return what shows the body's sway: the ribs' own sensors, the pelvis, both; None where nothing does.

        The ribs' axes are found first as they are, then with the sway that they show taken out, then again.
        """
        pelvis = self._pelvis_sway(calibration)
        sway: Sway | None = None
        for turn in range(PASSES_N):
            ribs = self._ring_sway(calibration, sway)
            if ribs is None or not ribs.whole:
                return pelvis or ribs
            sway = replace(ribs, settled=turn > 0)
            if pelvis is not None:
                first, end = grid_n(calibration.steps[0].start_s), grid_n(calibration.end_s)
                like = ratio(ribs.turn(first, end), pelvis.turn(first, end))
                sway = replace(sway, pelvis=replace(pelvis, ribs=like))
        return sway

    def _pelvis_sway(self, calibration: TrunkCalibration) -> PelvisSway | None:
        pelvis = found(self._sites, Place.PELVIS, SiteKind.IMU)
        if pelvis is None:
            return None
        first, end = grid_n(calibration.steps[0].start_s), grid_n(calibration.end_s)
        history = self._followers[pelvis.source].history
        gravity = history.get(first, end)[GRAVITY_ROWS]
        if np.isfinite(gravity).all(axis=0).mean() < KNOWN:
            return None
        rest = rest_of(np.arange(first, end) / GRID_HZ, gravity, calibration.steps)
        self._followers[pelvis.source].stand(rest)
        return PelvisSway(history.get, rest)

    def _ring_sway(self, calibration: TrunkCalibration, sway: Sway | None) -> RingSway | None:
        ribs = {}
        for follower in self._followers.values():
            site = follower.site
            if site.kind is SiteKind.IMU and site.place in RING:
                pose = follower.calibrate(calibration, sway).pose
                if pose is not None and not pose.by_gyro:
                    ribs[site.place] = (follower.history.get, pose)
        return RingSway(ribs) if len(ribs) > 1 else None

    def exchanged(self) -> None:
        """Begin afresh: left and right have changed places."""
        self._pairs.reset()

    # ── one breath ───────────────────────────────────────────────────────────────────────────────────────────────────

    def breath(self, breath: Breath, end_k: int, tape: Mapping[Place, float], at_s: float) -> Expansion | None:
        """Return what a breath that is over was all the way round, from readings before grid sample `end_k`.

        None of one that began before a calibration was over: it belongs to its full breaths and braces.
        """
        if breath.inhale_onset_s < self._calibrated_s:
            return None
        shares: dict[str, SiteExpansion] = {}
        shaken = breath.inhale_onset_s <= self._slips.slipped_s < breath.end_s + SLIPS_S
        for source, follower in self._followers.items():
            if follower.site.place is not Place.PELVIS:
                share = follower.breath(breath, end_k)[0]
                if shaken and share.reason is None and follower.site.kind is SiteKind.IMU:
                    share = replace(share, share=NAN, reason=Unmeasured.MOTION)
                shares[source] = share
        self._draw_in(shares, breath)
        told = self._in_cm(shares, tape)
        self._breaths = [*self._breaths, breath][-BREATHS_N:]
        expansion = Expansion(at_s, breath.inhale_onset_s, breath.end_s, tuple(told.values()))
        expansion = self._with_compartments(expansion, told, breath)
        return self._with_ring(expansion, told)

    def _draw_in(self, told: dict[str, SiteExpansion], breath: Breath) -> None:
        """Take its number from a site of the ring that moves against the others: it does not open by so much."""
        ring = [s.source for s in ring_of(self._sites) if told[s.source].reason is None]
        if not ring:
            return
        levels = [self._followers[s].levels(breath.inhale_onset_s, breath.end_s) for s in ring]
        for source, opposed in zip(ring, against(np.stack(levels)), strict=True):
            if opposed and told[source].share > AGAINST_SHARE:
                told[source] = replace(told[source], share=NAN, reason=Unmeasured.INWARD)

    def _in_cm(self, told: Mapping[str, SiteExpansion], tape: Mapping[Place, float]) -> dict[str, SiteExpansion]:
        """Return the sites with the growth of the girth at their level: a belt's there, else the mean of all.

        None where one of them is not told: what is left of them is not the girth.
        """
        growth: dict[Place, float] = {}
        for level, cm in tape.items():
            here = [s for s, f in self._followers.items() if level_of(f.site.place) is level and s in told]
            belts = [s for s in here if self._followers[s].site.kind is SiteKind.BELT and told[s].reason is None]
            shares = [told[s].share for s in belts or here]
            if shares and all(map(math.isfinite, shares)):
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
        symmetry = self._pairs.tell(self._ratio_sd(left, right), sum(s.kind is SiteKind.IMU for s in (left, right)))
        if symmetry.reason is not None:
            reasons["symmetry"] = symmetry.reason
        return replace(
            expansion,
            score=score,
            least=least,
            symmetry=symmetry.value,
            symmetry_noise=symmetry.noise,
            opens_more=symmetry.opens_more,
            reasons=reasons,
        )

    def _ratio_sd(self, left: Site, right: Site) -> float:
        """Return the SD of the ratio of both sides' ranges."""
        sources = list(self._together)
        if self._fulls is not None and left.source in sources and right.source in sources:
            return ratio_sd(self._fulls, sources.index(left.source), sources.index(right.source))
        scales = [self._followers[s.source].scale for s in (left, right)]
        cvs = [s.told.cv for s in scales if s is not None]
        return math.hypot(*cvs) / math.sqrt(max(1, self._fulls_n))

    # ── ribs and belly ───────────────────────────────────────────────────────────────────────────────────────────────

    def _with_compartments(self, expansion: Expansion, told: Mapping[str, SiteExpansion], breath: Breath) -> Expansion:
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
        breaths = alike(self._breaths)
        start_s, breath_s = breaths[0].inhale_onset_s, breath.end_s - breath.inhale_onset_s
        if len(breaths) < 2:
            return _undefined(expansion, Unmeasured.TOO_SHORT)
        ribs = self._mean(sites[0], start_s, breath.end_s)
        belly = self._mean((sites[1],), start_s, breath.end_s)
        found_lag = lag(ribs, belly, (breath.end_s - start_s) / len(breaths), breath_s)
        if not found_lag.correlation >= ALIKE or math.isnan(found_lag.deg):
            return _undefined(expansion)
        return replace(expansion, phase_deg=found_lag.deg, paradox=abs(found_lag.deg) > PARADOX_DEG)

    def _mean(self, sites: Sequence[Site], start_s: float, end_s: float) -> F64:
        levels = [self._followers[s.source].levels(start_s, end_s) for s in sites]
        return np.asarray(np.add.reduce(np.stack(levels), axis=0) / len(levels), dtype=np.float64)


def _undefined(expansion: Expansion, reason: Unmeasured = Unmeasured.UNDEFINED) -> Expansion:
    return replace(expansion, reasons={**expansion.reasons, "phase_deg": reason})
