"""A wearer drawn by a seed: nobody is like the next, nor sits the sensor the same."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from breathcore.model.device import Place
from breathcore.model.trunk import RING
from breathcore.source.sim.trunk.spec import BeltSpec, BraceSpec, ImuSpec, SiteSpec, TrunkSpec, Vector
from breathcore.source.sim.trunk.wall import LEVELS

RATES_BPM = (4.0, 25.0)
RATIOS = (1.0 / 3.0, 1.5)  # in to out
TILTS_DEG = (0.5, 3.0)  # of a full breath
NOISES_MG = (1.0, 4.0)
BIAS_MG = 30.0
STEPS_MG = (0.06, 0.122, 0.244, 0.488, 1.0)
TURNED_DEG, OFF_CM = 15.0, 2.0
CREEPS_PER_MIN = (0.01, 0.05)
SWAYS_DEG = (0.2, 1.0)
CURVE = 0.15
ROUNDS = (-0.1, 0.5)  # of a hip hinge, by the lower back
CROSSTALKS = (0.10, 0.30)
RIBS_TO_BELLY = (0.25, 4.0)  # of the girths' growth in a full breath
EXPANSIONS_CM = (5.0, 11.0)  # chest and waist together
_AWRY_DEG = 12.0  # by how much a site's axis is out of true
_AXES: Mapping[Place, Vector] = {
    Place.STERNUM: (0.0, -1.0, 0.0),
    Place.LEFT: (1.0, 0.0, 0.0),
    Place.RIGHT: (-1.0, 0.0, 0.0),
    Place.BACK: (0.0, 1.0, 0.0),
    Place.NAVEL: (0.0, -1.0, 0.0),
}
_OUTWARDS = {Place.STERNUM: 1.0, Place.LEFT: 0.9, Place.RIGHT: 0.9, Place.BACK: 0.55}  # against the front


def draw_trunk(seed: int) -> TrunkSpec:
    """Return the person and the sensors of `seed`: every parameter drawn evenly (or evenly in ratio) from its range."""
    rng = np.random.default_rng([seed, 10])
    ribs_to_belly = _in_ratio(rng, RIBS_TO_BELLY)
    total_cm = float(rng.uniform(*EXPANSIONS_CM))
    chest_cm = total_cm * ribs_to_belly / (1.0 + ribs_to_belly)
    person_tilt_deg = float(rng.uniform(*TILTS_DEG))
    rate_bpm = _in_ratio(rng, RATES_BPM)
    depth = float(np.clip(rng.uniform(0.3, 0.5) * (13.0 / rate_bpm) ** 0.25, 0.25, 0.6))
    return TrunkSpec(
        seed=seed,
        rate_bpm=rate_bpm,
        rate_cv=float(rng.uniform(0.03, 0.12)),
        depth=depth,
        depth_cv=float(rng.uniform(0.05, 0.15)),
        i_to_e=_in_ratio(rng, RATIOS),
        pause=float(rng.uniform(0.0, 0.15)),
        full_cv=float(rng.uniform(0.01, 0.05)),
        phase_deg=_phase_deg(rng),
        quiet_ribs=float(rng.uniform(0.8, 1.1)),
        quiet_belly=float(rng.uniform(0.9, 1.2)),
        wanders=float(rng.uniform(0.02, 0.08)),
        leans_deg=(_about(rng, 2.0), _about(rng, 6.0), 0.0),
        sway_deg=float(rng.uniform(*SWAYS_DEG)),
        pelvis_sways=float(rng.uniform(0.3, 0.8)),
        wobble_deg=_in_ratio(rng, (0.3, 3.0)),
        ranges=float(rng.uniform(0.75, 1.25)),
        stray=float(rng.uniform(0.02, 0.10)),
        rounds=float(np.random.default_rng([seed, 19]).uniform(*ROUNDS)),
        sites=_sites(rng, chest_cm, total_cm - chest_cm, person_tilt_deg),
        imus=MappingProxyType({place: _imu(rng) for place in Place}),
        belts=MappingProxyType({place: _belt(rng) for place in (Place.STERNUM, Place.NAVEL)}),
        brace=_brace(rng),
    )


def _sites(rng: np.random.Generator, chest_cm: float, waist_cm: float, tilt_deg: float) -> Mapping[Place, SiteSpec]:
    """Return the wall: sites whose displacements make the girths grow as far as they should."""
    outwards = {place: _OUTWARDS[place] * float(np.exp(0.12 * rng.standard_normal())) for place in RING}
    chest = LEVELS[Place.STERNUM][: len(RING)]
    scale = chest_cm / (2.0 * math.pi * float(chest @ np.array([outwards[p] for p in RING])))
    sites = {place: _site(rng, place, scale * outwards[place], tilt_deg) for place in RING}
    belly_cm = waist_cm / (2.0 * math.pi * float(LEVELS[Place.NAVEL][-1]))
    sites[Place.NAVEL] = _site(rng, Place.NAVEL, belly_cm, tilt_deg)
    return MappingProxyType(sites)


def _site(rng: np.random.Generator, place: Place, full_cm: float, tilt_deg: float) -> SiteSpec:
    x, y, z = _AXES[place]
    out = {0: (0.0, _about(rng, 0.5), 1.0), 1: (_about(rng, 0.5), 0.0, 1.0)}[0 if x else 1]
    awry = math.tan(math.radians(_about(rng, _AWRY_DEG)))
    return SiteSpec(
        full_cm=full_cm,
        tilt_deg=float(np.clip(tilt_deg * np.exp(0.25 * rng.standard_normal()), *TILTS_DEG)),
        axis=(x + awry * out[0], y + awry * out[1], z + awry * out[2]),
        curve=_about(rng, CURVE),
        crosstalk=float(rng.uniform(*CROSSTALKS)),
        quiet=float(rng.uniform(0.8, 1.2)),
    )


def _imu(rng: np.random.Generator) -> ImuSpec:
    return ImuSpec(
        noise_mg=float(rng.uniform(*NOISES_MG)),
        bias_mg=(_about(rng, BIAS_MG), _about(rng, BIAS_MG), _about(rng, BIAS_MG)),
        lsb_mg=float(rng.choice(STEPS_MG)),
        gyro_noise_dps=float(rng.uniform(0.03, 0.12)),
        gyro_bias_dps=(_about(rng, 0.5), _about(rng, 0.5), _about(rng, 0.5)),
        turned_deg=(_about(rng, TURNED_DEG), _about(rng, TURNED_DEG), _about(rng, TURNED_DEG)),
        off_cm=_about(rng, OFF_CM),
    )


def _belt(rng: np.random.Generator) -> BeltSpec:
    return BeltSpec(
        rest_n=float(rng.uniform(4.0, 10.0)),
        n_per_cm=float(rng.uniform(0.8, 2.2)),
        creep_per_min=float(rng.uniform(*CREEPS_PER_MIN)),
        noise_n=float(rng.uniform(0.01, 0.04)),
    )


def _brace(rng: np.random.Generator) -> BraceSpec:
    return BraceSpec(
        waist_cm=float(rng.uniform(1.5, 4.0)),
        stiffens=float(rng.uniform(0.15, 0.5)),
        ribs_more=float(rng.uniform(0.0, 0.25)),
        turns_deg=float(rng.choice((-1.0, 1.0)) * rng.uniform(0.4, 2.0)),
        spills=float(rng.uniform(0.0, 0.08)),
        unsteady=float(rng.uniform(0.003, 0.012)),
    )


def _phase_deg(rng: np.random.Generator) -> float:
    """Return the belly's lag: mostly small, sometimes large, now and then paradox; a tenth of the small ones leads."""
    kind = float(rng.random())
    if kind < 0.6:
        return float(rng.uniform(-5.0, 25.0))
    return float(rng.uniform(25.0, 120.0)) if kind < 0.85 else float(rng.uniform(120.0, 180.0))


def _about(rng: np.random.Generator, most: float) -> float:
    return float(rng.uniform(-most, most))


def _in_ratio(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(math.log(bounds[0]), math.log(bounds[1]))))
