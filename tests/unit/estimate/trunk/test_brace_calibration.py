"""The range of the brace from its calibration, and why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from braced import CALIBRATION, WEARER, braced

from breathcore.estimate.trunk.brace_calibration import calibrate_brace
from breathcore.model.arrays import F64
from breathcore.model.trunk import StepKind, Unmeasured
from breathcore.source.sim.trunk.spec import BeltSpec

STEPS = CALIBRATION.steps
BRACES = [s for s in STEPS if s.kind is StepKind.BRACE]
T = np.arange(1500) / 25.0 + 2.0


def reading(heights: tuple[float, float] = (4.0, 4.0), ripple: float = 1.0, noise: float = 0.01) -> F64:
    """Return a belt's pull: 6 N at ease, breathed but in the steps at ease, two braces."""
    y = 6.0 + noise * np.random.default_rng(1).standard_normal(len(T))
    breathed = np.array([not any(s.kind is StepKind.RELAX and s.start_s <= t < s.end_s for s in STEPS) for t in T])
    y = y + 0.5 * ripple * (1.0 - np.cos(2.0 * np.pi * (T - STEPS[0].start_s) / 4.0)) * breathed
    for step, height in zip(BRACES, heights, strict=True):
        y = y + height * np.clip((T - step.start_s) / 0.6, 0, 1) * np.clip((step.end_s + 0.4 - T) / 0.4, 0, 1)
    return y


@pytest.mark.parametrize("seed", range(6))
def test_the_firm_brace_of_a_simulated_wearer_is_found_within_a_tenth(seed) -> None:
    spec = replace(WEARER, seed=seed, rate_bpm=7.0 + 2.5 * seed)
    seen = braced(end_s=64.0, spec=spec)
    true_n = spec.brace.waist_cm * BeltSpec().n_per_cm
    for other in (seen.chest, None):
        found = calibrate_brace("w", STEPS, seen.t_s, seen.waist, other)
        assert found.reason is None
        assert found.firm - found.relaxed == pytest.approx(true_n, rel=0.1)
        assert found.cv < 0.1


def test_the_better_of_two_braces_counts() -> None:
    found = calibrate_brace("w", STEPS, T, reading((4.0, 3.6)))
    assert found.firm - found.relaxed == pytest.approx(4.0, abs=0.15)
    assert found.relaxed == pytest.approx(6.0, abs=0.02)


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        (reading((4.0, 2.6)), Unmeasured.UNEVEN),
        (reading((0.1, 0.1)), Unmeasured.FLAT),
        (reading(ripple=5.0), Unmeasured.SMALL),
        (reading((-1.0, -1.0)), Unmeasured.FLAT),
        (np.minimum(reading(), 9.5), Unmeasured.SATURATED),
        (np.where(BRACES[1].start_s < T, np.nan, reading()), Unmeasured.NO_DATA),
    ],
    ids=lambda x: x.value if isinstance(x, Unmeasured) else "",
)
def test_refused_with_a_reason(y, reason) -> None:
    assert calibrate_brace("w", STEPS, T, y).reason is reason


def test_a_calibration_without_a_brace_is_too_short() -> None:
    steps = [s for s in STEPS if s.kind is not StepKind.BRACE]
    assert calibrate_brace("w", steps, T, reading()).reason is Unmeasured.TOO_SHORT
