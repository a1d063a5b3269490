"""What sort of breath it was: ordinary, or a sigh, speech, a cough, or something that was no breath.

Told from the breath's two strokes against those of the last few breaths; so none is marked before three are known.
"""

from collections import deque
from dataclasses import dataclass
from statistics import fmean, median, pstdev

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.estimates import BreathKind

REMEMBERED = 7  # breaths
FEWEST = 3
SIGH = 2.0  # times the usual rise
ARTEFACT = 4.0
SHIFT = 1.0  # usual rises by which the level differs after the breath: posture, or the sensor slipped
STEEP = 3.0  # times the usual steepest slope of an exhale (signals.md §6)
COUGH_S = 0.8
COSINE = 2.0 / np.pi  # size over steepest slope of half a cosine, in parts of its length
SPAN_S = 0.2  # a slope's
UNEVEN = 0.35  # SD over mean of the last lengths of breath: speech (signals.md §6)
BURSTS = 3  # stretches of breathing out in one exhale
PAUSED, FLOWING = 0.25, 1.0  # of the exhale's mean slope
LONGEST_INHALE = 0.35  # of a breath in speech
NOISELESS = 0.02  # of the stroke: more noise than this makes bursts


@dataclass(frozen=True, slots=True)
class Stroke:
    """A rise or fall: how far, its steepest slope (1/s), and in how many bursts it went (0: too noisy to tell)."""

    size: float
    steepest: float
    bursts_n: int


def stroke(t_s: F64, y: F64, noise: float) -> Stroke:
    """Return what the trace `t_s`, `y` (n,) from one extreme to the next did."""
    size = abs(float(y[-1] - y[0]))
    step_s = float(t_s[-1] - t_s[0]) / (len(t_s) - 1)
    n = max(1, round(SPAN_S / step_s))
    if len(y) <= n or size <= 0:
        return Stroke(size, size / max(step_s, float(t_s[-1] - t_s[0])), 1)
    slope = (y[n:] - y[:-n]) / (n * step_s)
    slope = slope if y[-1] > y[0] else -slope
    mean = size / float(t_s[-1] - t_s[0])
    bursts_n = _bursts(slope / mean) if noise <= NOISELESS * size else 0
    return Stroke(size, float(slope.max()), bursts_n)


def _bursts(flow: F64) -> int:
    """Return how often `flow` (n,) goes beyond FLOWING after having been below PAUSED."""
    state = np.where(flow >= FLOWING, 1, np.where(flow <= PAUSED, -1, 0))
    state = state[state != 0]
    rises = (state[1:] > state[:-1]).sum() if len(state) else 0
    return int(rises) + (1 if len(state) and state[0] > 0 else 0)


class Marks:
    """Remembers the last breaths; says of each new one what sort it is."""

    def __init__(self) -> None:
        self._rises: deque[float] = deque(maxlen=REMEMBERED)
        self._steepest: deque[float] = deque(maxlen=REMEMBERED)
        self._lengths: deque[float] = deque(maxlen=REMEMBERED)

    def unfinished(self, rise: float) -> BreathKind:
        """Return the sort of a breath that has not ended."""
        return self._by_size(rise) if len(self._rises) >= FEWEST else BreathKind.NORMAL

    def finished(self, inhale: Stroke, exhale: Stroke, inhale_s: float, length_s: float) -> BreathKind:
        """Return the sort of a breath and remember it."""
        known = len(self._rises) >= FEWEST
        self._lengths.append(length_s)
        kind = self._told(inhale, exhale, inhale_s, length_s) if known else BreathKind.NORMAL
        self._rises.append(inhale.size)
        self._steepest.append(exhale.steepest)
        return kind

    def _told(self, inhale: Stroke, exhale: Stroke, inhale_s: float, length_s: float) -> BreathKind:
        if abs(inhale.size - exhale.size) > SHIFT * median(self._rises):
            return BreathKind.ARTEFACT
        quick = exhale.size < COSINE * COUGH_S * exhale.steepest
        kind = self._by_size(inhale.size)
        if kind is not BreathKind.ARTEFACT and quick and exhale.steepest > STEEP * median(self._steepest):
            return BreathKind.COUGH
        speech = exhale.bursts_n >= BURSTS and inhale_s < LONGEST_INHALE * length_s
        if speech and kind is BreathKind.NORMAL and self._uneven():
            return BreathKind.TALKING
        return kind

    def _by_size(self, rise: float) -> BreathKind:
        usual = median(self._rises)
        if not rise > SIGH * usual:
            return BreathKind.NORMAL
        return BreathKind.SIGH if rise < ARTEFACT * usual else BreathKind.ARTEFACT

    def _uneven(self) -> bool:
        return pstdev(self._lengths) > UNEVEN * fmean(self._lengths)
