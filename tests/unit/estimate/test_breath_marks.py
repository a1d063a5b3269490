"""Sorts of breaths: sighs, speech, coughs and slips are marked; ordinary breathing is not."""

import numpy as np
import pytest

from breathcore.estimate.breaths import BreathDetector
from breathcore.estimate.effort import Piece
from breathcore.model.estimates import Breath, BreathKind

HZ = 25.0
NOISE = 0.003
ORDINARY = [(1.6, 1.0), (2.4, 0.0)]  # seconds, level to go to


def strokes(*moves):
    """Half cosines from level to level."""
    parts, level = [np.zeros(1)], 0.0
    for seconds, to in moves:
        share = np.arange(1, round(seconds * HZ) + 1) / round(seconds * HZ)
        parts.append(level + (to - level) * (0.5 - 0.5 * np.cos(np.pi * share)))
        level = to
    return np.concatenate(parts)


def told(*moves, scale=1.0, seed=1):
    y = scale * strokes(*moves)
    y = y + scale * NOISE * np.random.default_rng(seed).standard_normal(len(y))
    detector = BreathDetector(0.0)
    detector.guide(scale, scale * NOISE, 0.9)
    piece = Piece(np.arange(len(y)) / HZ, y, True, np.zeros(len(y)))
    return [e for e in detector.push(piece) if isinstance(e, Breath)]


def marked(breaths, from_s, to_s):
    """Return the kinds of breaths that overlap the span, and how many others are not ordinary."""
    inside = [b for b in breaths if b.end_s > from_s and b.inhale_onset_s < to_s]
    outside = [b for b in breaths if b not in inside]
    return [b.kind for b in inside], sum(b.kind is not BreathKind.NORMAL for b in outside)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize(("depth", "seconds"), [(2.5, (1.8, 3.0)), (3.5, (2.5, 3.5))])
def test_sigh_is_marked_and_nothing_else(depth, seconds, scale):
    breaths = told(*ORDINARY * 6, (seconds[0], depth), (seconds[1], 0.0), *ORDINARY * 6, scale=scale)
    kinds, others = marked(breaths, 24.5, 28.0)
    assert BreathKind.SIGH in kinds
    assert others == 0


@pytest.mark.parametrize("again", [1, 3])
def test_coughs_are_marked(again):
    cough = [(0.8, 1.3), (0.3, -0.3), (0.6, 0.0)]
    breaths = told(*ORDINARY * 6, *cough * again, *ORDINARY * 6)
    kinds, others = marked(breaths, 24.2, 24.0 + 1.7 * again - 0.3)
    assert BreathKind.COUGH in kinds
    assert set(kinds) <= {BreathKind.COUGH, BreathKind.NORMAL}
    assert others == 0


@pytest.mark.parametrize("step", [-4.0, -2.5, 2.5, 4.0])
def test_step_of_posture_is_no_ordinary_breath(step):
    shifted = [(s, level + step) for s, level in ORDINARY * 8]
    breaths = told(*ORDINARY * 6, (1.0, 0.6), (0.5, step + 0.5), (1.5, step), *shifted)
    kinds, others = marked(breaths, 24.5, 26.5)
    assert BreathKind.ARTEFACT in kinds
    assert BreathKind.SIGH not in kinds
    assert others == 0


def speech(seed, seconds=45.0):
    """Quick inhales; exhales of 1.5 to 8 s in spurts with pauses between."""
    rng, moves, spent = np.random.default_rng(seed), [], 0.0
    while spent < seconds:
        top, length = rng.uniform(0.8, 1.3), rng.choice([1.5, 2.5, 5.0, 8.0]) * rng.uniform(0.8, 1.2)
        spurts = max(1, round(length / 1.3))
        said = [(length / spurts * part, top * (1 - (k + 1) / spurts)) for k in range(spurts) for part in (0.55,)]
        broken = [move for s, to in said for move in ((s, to), (s / 0.55 * 0.45, to))]
        moves += [(0.6, top), *broken]
        spent += 0.6 + length
    return moves


def test_most_long_exhales_of_speech_are_marked_as_talking():
    found = long = others = 0
    for seed in range(6):
        said = speech(seed)
        end_s = 24.0 + sum(s for s, _ in said)
        breaths = told(*ORDINARY * 6, *said, *ORDINARY * 6, seed=seed)
        inside = [b for b in breaths if b.exhale_onset_s > 24.0 and b.end_s < end_s - 1.0]
        broken = [b for b in inside[4:] if b.end_s - b.exhale_onset_s > 4.0]
        long += len(broken)
        found += sum(b.kind is BreathKind.TALKING for b in broken)
        others += sum(b.kind is not BreathKind.NORMAL for b in breaths if b.end_s < 24.0 or b.inhale_onset_s > end_s)
    assert found >= 0.7 * long > 0
    assert others == 0


@pytest.mark.parametrize("bpm", [4, 12, 30, 45])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.65])
def test_even_breathing_is_ordinary(bpm, share):
    cycle_s = 60.0 / bpm
    breaths = told(*[(share * cycle_s, 1.0), ((1 - share) * cycle_s, 0.0)] * 20)
    assert len(breaths) >= 18
    assert {b.kind for b in breaths} == {BreathKind.NORMAL}


def test_uneven_quiet_breathing_is_hardly_ever_marked():
    marks = count = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        moves = []
        for _ in range(60):
            length, depth = 4.0 * np.exp(0.15 * rng.normal()), np.exp(0.15 * rng.normal())
            moves += [(0.4 * length, depth), (0.6 * length, 0.05 * rng.normal())]
        breaths = told(*moves, seed=seed)
        marks, count = marks + sum(b.kind is not BreathKind.NORMAL for b in breaths), count + len(breaths)
    assert count > 280
    assert marks <= 0.01 * count
