"""A chest accelerometer's breath is found in whatever direction it tilts, beside sway, and nowhere in noise."""

import numpy as np
import pytest

from breathcore.estimate.offline import Analysis, analyse
from breathcore.estimate.tilt import TiltTrace
from breathcore.estimate.tilt_plane import across_gravity, unrest
from breathcore.estimate.tilt_rhythm import quick_rhythm, slow_rhythm

HZ = 50.0


def strap(breath_deg: np.ndarray, sway_deg: np.ndarray, seed: int, noise_g: float = 0.002) -> np.ndarray:
    """Readings (n, 3) in g, to the thousandth, in any posture: sway lies 60° from the breath, across gravity."""
    rng = np.random.default_rng(seed)
    down, some = rng.standard_normal((2, 3))
    down /= np.linalg.norm(down)
    one = np.cross(down, some)
    one /= np.linalg.norm(one)
    other = 0.5 * one + np.sqrt(0.75) * np.cross(down, one)
    tilt = np.radians(breath_deg)[:, None] * one + np.radians(sway_deg)[:, None] * other
    return np.round(down + tilt + noise_g * rng.standard_normal(tilt.shape) + rng.uniform(-0.02, 0.02, 3), 3)


def wander(n: int, seed: int, deg: float) -> np.ndarray:
    walk = np.cumsum(np.random.default_rng(seed).standard_normal(n))
    return deg * (walk - walk.mean()) / walk.std()


def read(x: np.ndarray) -> Analysis:
    return analyse({"chest_acc": (x, HZ)})


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("bpm", [15, 20, 30, 40])
def test_straps_in_any_posture_are_right_to_a_third_of_a_breath(bpm, seed):
    t = np.arange(int(100 * HZ)) / HZ
    heart = 0.05 * np.sin(2 * np.pi * 1.1 * t)
    a = read(strap(0.3 * seed * np.sin(2 * np.pi * bpm / 60 * t) + heart, 0 * t, seed))
    assert np.isfinite(a.rate_bpm[33:]).mean() > 0.95
    assert np.nanmean(np.abs(a.rate_bpm[33:] - bpm)) <= 0.3


@pytest.mark.parametrize("bpm", [12.0, 20.0, 28.0])
def test_a_quick_rhythm_is_found_beside_larger_sway(bpm):
    t = np.arange(256) / 8.0
    sway = wander(256, 3, 1.5)
    plane = np.stack((0.5 * np.sin(2 * np.pi * bpm / 60 * t) + sway, 0.6 * sway))
    found = quick_rhythm(plane, 0.125)
    assert found.rate_bpm == pytest.approx(bpm, rel=0.03)
    assert found.strength > 0.6


def test_slow_pulses_are_found_where_sway_is_the_larger():
    t = np.arange(512) / 8.0
    pulse = np.exp(-(((t % 20.0 - 10.0) / 2.0) ** 2))
    sway = wander(512, 5, 1.0)
    found = slow_rhythm(np.stack((pulse + 0.5 * sway, sway)), 0.125)
    assert found.rate_bpm == pytest.approx(3.0, rel=0.03)
    assert found.strength > 0.9


def test_several_quick_breaths_are_not_one_slow_one():
    t = np.arange(512) / 8.0
    found = slow_rhythm(np.stack((np.sin(2 * np.pi * t / 4.0), 0.1 * wander(512, 5, 1.0))), 0.125)
    assert not found.strength


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_units_do_not_matter(scale):
    t = np.arange(256) / 8.0
    x = strap(0.5 * np.sin(2 * np.pi * 0.3 * t), wander(256, 1, 0.5), 4)
    plane = across_gravity(scale * x.T)
    assert quick_rhythm(plane, 0.125).rate_bpm == pytest.approx(18.0, rel=0.03)
    assert unrest(scale * x.T) == pytest.approx(unrest(x.T))


def test_a_plane_without_any_movement_has_no_rhythm():
    assert quick_rhythm(np.zeros((2, 256)), 0.125).strength == 0
    assert slow_rhythm(np.zeros((2, 512)), 0.125).strength == 0
    assert not across_gravity(np.zeros((3, 8))).any()


def test_the_breath_is_told_beside_sway_across_it():
    t = np.arange(int(120 * HZ)) / HZ
    a = read(strap(0.4 * np.sin(2 * np.pi * 0.4 * t), wander(len(t), 8, 1.2), 8))
    told = np.isfinite(a.rate_bpm[40:])
    assert told.mean() > 0.5
    assert np.abs(a.rate_bpm[40:][told] - 24).max() < 2.0


def test_no_rate_while_the_body_moved_in_the_last_half_minute():
    t = np.arange(int(110 * HZ)) / HZ
    x = strap(0.5 * np.sin(2 * np.pi * 0.25 * t), 0 * t, 2)
    moved = (t > 60) & (t < 70)
    x[moved] *= 1 + 0.2 * np.sin(2 * np.pi * 0.8 * t[moved])[:, None]
    a = read(x)
    assert np.isfinite(a.rate_bpm[40:60]).all()
    assert not np.isfinite(a.rate_bpm[64:70]).any()
    assert np.isfinite(a.rate_bpm[-1])


def test_a_deep_breath_every_forty_seconds_is_no_new_posture():
    t = np.arange(int(200 * HZ)) / HZ
    deep = (t % 40 > 20) & (t % 40 < 25)
    tilt = np.radians(np.where(deep, 8.0, 1.0 + np.sin(2 * np.pi * t / 5.0)))
    x = np.column_stack((np.sin(tilt), np.zeros(len(t)), np.cos(tilt)))
    trace = TiltTrace(HZ)
    begun = []
    for second in range(1, 200):
        part = (t >= second - 1) & (t < second)
        begun += [piece.t_s[0] for piece in trace.push(t[part], x[part]) if piece.new_run]
        if second % trace.look_every_s == 0:
            trace.tick(5.0)
    assert all(at < 30 for at in begun)
