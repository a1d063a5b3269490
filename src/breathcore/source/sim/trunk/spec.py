"""Who wears sensors all round the trunk: everything about body, sensors and habits that a test may want to set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from breathcore.model.device import Place
from breathcore.model.trunk import RING, Posture

Vector = tuple[float, float, float]
WALL = (*RING, Place.NAVEL)
"""The sites that breathing moves, in the order of every array of sites."""


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """One site of the wall.

    `full_cm` is how far it moves outwards in a full breath, `tilt_deg` how far the skin turns then; `curve` is by how
    much the slope of turn against displacement is above its mean breathed out (and below it in a full breath),
    `crosstalk` the part of the turn that its neighbours make. `quiet` is its share of what the compartment does in a
    small breath. `axis` is what the skin turns about, in body axes (any length).
    """

    full_cm: float
    tilt_deg: float
    axis: Vector
    curve: float = 0.0
    crosstalk: float = 0.2
    quiet: float = 1.0


@dataclass(frozen=True, slots=True)
class ImuSpec:
    """One accelerometer and gyroscope, and how it was put on.

    `turned_deg` is a rotation vector (degrees, body axes) off its intended orientation, `off_cm` how far it sits off
    its place along the wall. `lsb_mg` are the wire's steps.
    """

    noise_mg: float = 2.0
    bias_mg: Vector = (0.0, 0.0, 0.0)
    lsb_mg: float = 0.25
    gyro_noise_dps: float = 0.06
    gyro_bias_dps: Vector = (0.0, 0.0, 0.0)
    turned_deg: Vector = (0.0, 0.0, 0.0)
    off_cm: float = 0.0


@dataclass(frozen=True, slots=True)
class BeltSpec:
    """One belt: its pull at rest (N), N per cm of girth, how fast the rest creeps, its noise, steps and range."""

    rest_n: float = 6.0
    n_per_cm: float = 1.6
    creep_per_min: float = 0.03
    noise_n: float = 0.02
    lsb_n: float = 0.01
    most_n: float = 50.0


@dataclass(frozen=True, slots=True)
class BraceSpec:
    """What the firmest gentle brace does: the waist grows, the belly breathes less, the ribs more, the skin turns."""

    waist_cm: float = 2.5
    stiffens: float = 0.35
    ribs_more: float = 0.15
    turns_deg: float = 1.0
    spills: float = 0.05  # to the chest's girth
    unsteady: float = 0.01  # RMS of its level while it is held


def _sites() -> Mapping[Place, SiteSpec]:
    return MappingProxyType(
        {
            Place.STERNUM: SiteSpec(0.9, 2.0, (0.0, -1.0, 0.0)),
            Place.LEFT: SiteSpec(0.8, 2.0, (1.0, 0.0, 0.0)),
            Place.RIGHT: SiteSpec(0.8, 2.0, (-1.0, 0.0, 0.0)),
            Place.BACK: SiteSpec(0.5, 1.4, (0.0, 1.0, 0.0)),
            Place.NAVEL: SiteSpec(1.0, 2.0, (0.0, -1.0, 0.0)),
        }
    )


def _imus() -> Mapping[Place, ImuSpec]:
    return MappingProxyType({place: ImuSpec() for place in Place})


def _belts() -> Mapping[Place, BeltSpec]:
    return MappingProxyType({Place.STERNUM: BeltSpec(), Place.NAVEL: BeltSpec()})


@dataclass(frozen=True, slots=True)
class TrunkSpec:
    """One person, and the sensors of this session. The defaults are a healthy adult, seated.

    Breath: `rate_bpm` with log-normal spread `rate_cv`, `depth` of a quiet breath (share of a full one) with
    `depth_cv`, `i_to_e` the ratio of in to out, `pause` the part of a breath that rests at its end. `phase_deg` is how
    far the belly lags behind the ribs, `full_cv` by how much "full" breaths differ.
    `quiet_ribs` and `quiet_belly` are the compartments' shares in a small breath (1: as in a full one).
    `wanders` is the RMS by which a site's share of the breath changes in the course of a minute.
    Body: `sway_deg` peak to peak, the pelvis takes `pelvis_sways` of it; `wobble_deg` RMS of the pelvis while a
    movement is held at its top. `ranges` are shares of a movement's usual range; `stray` how far one goes off its axis.
    `rounds` is the part of a hip hinge that the lower back bends instead of the hips, most of it at the end of the way
    (negative: it is hollowed).
    """

    seed: int = 1
    rate_bpm: float = 13.0
    rate_cv: float = 0.08
    depth: float = 0.4
    depth_cv: float = 0.10
    i_to_e: float = 0.67
    pause: float = 0.08
    full_cv: float = 0.03
    phase_deg: float = 8.0
    quiet_ribs: float = 0.95
    quiet_belly: float = 1.05
    wanders: float = 0.05
    posture: Posture = Posture.SITTING
    leans_deg: Vector = (0.0, -4.0, 0.0)  # rotation vector, in every posture
    sway_deg: float = 0.4
    pelvis_sways: float = 0.5
    wobble_deg: float = 0.8
    ranges: float = 1.0
    stray: float = 0.05
    rounds: float = 0.1
    sites: Mapping[Place, SiteSpec] = field(default_factory=_sites)
    imus: Mapping[Place, ImuSpec] = field(default_factory=_imus)
    belts: Mapping[Place, BeltSpec] = field(default_factory=_belts)
    brace: BraceSpec = BraceSpec()
