"""Who the simulated wearer is: everything about body, behaviour and sensor that a test may want to set."""

from dataclasses import dataclass
from enum import StrEnum


class Behaviour(StrEnum):
    """What the wearer does with a drill's target."""

    FOLLOW = "follow"
    FREE = "free"  # breathes at the own rate, whatever is shown
    ANTIPHASE = "antiphase"  # breathes in where the target says out, and the reverse


@dataclass(frozen=True, slots=True)
class PostureStep:
    """At `t_s` the trunk leans by `deg` more (positive: in the inhale direction), within half a second."""

    t_s: float
    deg: float


@dataclass(frozen=True, slots=True)
class Burst:
    """Body movement: `mg` (peak, thousandths of g) of 0.5–4 Hz shaking for `seconds`."""

    start_s: float
    seconds: float
    mg: float


@dataclass(frozen=True, slots=True)
class WearerSpec:
    """One simulated person and the sensor they wear. The defaults are a healthy adult, seated, leaning back a little.

    `tilt_deg_pp` is the tilt of the sternum in a quiet breath, `deep_ratio` how much more a full one tilts (a level of
    1 in a timeline is a full breath). `posture_g` is what the accelerometer reads at rest (any length), `inhale_sign`
    -1 wears the strap upside down. `compliance` is the share of cycles that are followed at all; `fatigue` (0–1) makes
    breaths shallower and reactions later in the course of five guided minutes. `rsa_bpm` is the swing of the heart
    rate in a full breath: at every rate of breathing, or, where there is a `resonance_bpm`, at that rate, and less the
    further the breath is from it. `clock_offset_s` is how long the sensor's clock has run when the session starts,
    `clock_skew_ppm` how much too fast it runs, `rate_error` how much faster than nominal it samples.
    """

    seed: int = 1
    # breath
    own_rate_bpm: float = 14.5
    rate_cv: float = 0.10
    depth_cv: float = 0.12
    inhale_share: float = 0.40  # of a breath
    behaviour: Behaviour = Behaviour.FOLLOW
    reaction_lag_s: float = 0.25
    lag_jitter_s: float = 0.06
    compliance: float = 1.0
    fatigue: float = 0.0
    # chest
    tilt_deg_pp: float = 1.5
    deep_ratio: float = 2.0
    inhale_sign: int = 1
    posture_g: tuple[float, float, float] = (0.04, -0.75, 0.66)
    posture_drift_deg: float = 0.4
    posture_steps: tuple[PostureStep, ...] = ()
    bursts: tuple[Burst, ...] = ()
    acc_noise_mg: float = 3.0
    ballistic_mg: float = 6.0
    # heart
    hr_bpm: float = 64.0
    rsa_bpm: float = 10.0
    resonance_bpm: float | None = None
    hr_cv: float = 0.012
    ecg_uv: float = 900.0
    ecg_noise_uv: float = 12.0
    # sensor
    clock_offset_s: float = 3.0
    clock_skew_ppm: float = 18.0
    rate_error: float = 0.002
