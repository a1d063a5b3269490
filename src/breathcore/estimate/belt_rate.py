"""Breathing rate of a belt, a band or impedance once a second, with a quality 0–1 or a reason for none.

People breathe unevenly: what tells a breath from noise is less that it repeats than that it is clear what to count.
The extremes are counted by three thresholds; where the number hardly depends on the threshold, excursions are of a
size, the power lies near the rate and the waveform is smooth, it is breathing. These signs make one number, the chance
that the rate is within 2/min, by weights from `benchmarks/fit_belt.py`.
"""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.band import Spectrum
from breathcore.estimate.counting import counted, rate_bpm
from breathcore.estimate.effort import Look
from breathcore.estimate.quality import limited, middle_value, noise_sd
from breathcore.estimate.rate import (
    BURIED,
    FASTEST_BPM,
    FRESH_S,
    LIVE_S,
    LOUDER,
    SLOW_BPM,
    SLOW_S,
    SLOWEST_BPM,
    STEADY_S,
    Reading,
    no_longer,
    read_alive,
    refused,
)
from breathcore.estimate.turns import FAST_BPM, HIGH_HZ, LOW_HZ, LOW_WHEN_FAST_HZ, Turns, turns_at
from breathcore.model.arrays import F64, I64
from breathcore.model.estimates import Refusal

PARTS = (0.2, 0.3, 0.45)  # of the median excursion; breaths are counted by the middle one
WIGGLE_SDS = 3.0  # of the noise: a smaller excursion is no breath
WIGGLE_PART = 0.08  # of the span of the extremes: nor is one on the plateau of a hold
FLAT_TOPS_BPM = 10.0  # below, tops may be long and flat and do not time a breath
BEYOND = 5.0  # times the span of the middle 80 %: a spike
BEGIN_AT, ANSWER_AT = 0.5, 0.25  # quality from which a number is given, and from which it goes on being given
DOUBTFUL, UNEVEN = 0.18, 0.5  # dependence on the threshold, spread of depths: together nobody can say what is a breath
CERTAIN_AT = 0.9  # what the last 16 s must show to be believed against the half minute
WEIGHTS = (-1.9, -4.6, -0.9, -4.9, 4.4, 5.5, -4.8, -2.3)  # version 1, 2026-11-22


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells breathing from noise.

    `doubt`: how far the rate depends on the threshold (log). `pace`, `depth`: spread of the cycles' lengths and of the
    excursions (SD of the log). `share`, `above`, `below`: of the power near the rate, far above it and far below it
    (drift). `smooth`: log of the usual excursion over the noise.
    """

    doubt: float
    pace: float
    depth: float
    share: float
    smooth: float
    above: float
    below: float

    @property
    def numbers(self) -> tuple[float, ...]:
        """What `WEIGHTS` weigh: 1 and the signs, each within what breathing and noise may show."""
        return (
            1.0,
            min(self.doubt, 1.0),
            min(self.pace, 0.6),
            min(self.depth, 0.8),
            self.share,
            min(self.smooth, 4.0) / 4.0,
            min(self.above, 0.3) / 0.3,
            max(self.below - 0.5, 0.0),
        )

    def quality(self) -> float:
        """Return the chance, 0–1, that the rate is within 2/min."""
        return 1.0 / (1.0 + math.exp(-sum(w * v for w, v in zip(WEIGHTS, self.numbers, strict=True))))

    @property
    def unclear(self) -> bool:
        """Whether it cannot be said what is a breath and what a wiggle in one."""
        return self.doubt > DOUBTFUL and self.depth > UNEVEN


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """The breaths in a window: all turns, the `chosen` ones of the half minute or minute judged, rate and signs."""

    turns: Turns
    chosen: Turns
    rate_bpm: float
    signs: Signs


def read_belt_rate(look: Look | None, _rough_bpm: float, before: Reading) -> Reading:
    """Read the rate off a `Look` of one waveform. What it was does not matter; to begin takes more than to go on."""
    least = ANSWER_AT if before.refusal is None else BEGIN_AT
    return read_alive(look, lambda part: _read(part, least), CERTAIN_AT)


def _read(look: Look, least: float) -> Reading:
    span_s = len(look.y) * look.step_s
    count = count_breaths(look)
    if count is None:
        return refused(Refusal.TOO_SHORT if span_s < STEADY_S else Refusal.IRREGULAR)
    quality = count.signs.quality()
    if quality < least or not SLOWEST_BPM <= count.rate_bpm <= FASTEST_BPM:
        return refused(Refusal.NOISE, min(quality, least))
    if count.signs.unclear:
        return refused(Refusal.IRREGULAR, min(quality, least))
    rise = middle_value(np.abs(count.chosen.level[1:] - count.chosen.level[:-1]))
    if rise < BURIED * look.rough:
        return refused(Refusal.NOISE)
    noise = noise_sd(look.y[: -round(FRESH_S / look.step_s)])
    over = no_longer(look, count.turns, count.chosen, rise, max(LOUDER * noise, 0.06 * rise))
    if over is not None:
        return refused(over)
    live = _rate(count.turns.since(span_s - max(LIVE_S, 120.0 / count.rate_bpm)))
    cycles = 0.5 * (len(count.chosen.at_s) - 1)
    return Reading(count.rate_bpm, live, quality, None, rise, noise, cycles)


def count_breaths(look: Look) -> Count | None:
    """Count the breaths of a `Look`; None where there are too few to tell a rate."""
    span_s = len(look.y) * look.step_s
    spectrum = Spectrum(limited(look.y, BEYOND), look.step_s)
    noise = noise_sd(look.y)
    found = _count(look, spectrum, LOW_HZ, noise)
    if found is not None and found[1] > FAST_BPM:
        found = _count(look, spectrum, LOW_WHEN_FAST_HZ, noise)
    if found is None:
        return None
    turns, rate, places = found
    window_s = STEADY_S if rate > SLOW_BPM else SLOW_S
    chosen = turns.since(span_s - window_s)
    if len(chosen.at_s) < 3 or not rate > 0:
        return None
    rates = [rate_bpm(_since(p, look.step_s, span_s - window_s)) for p in (places[0], places[-1])]
    return Count(turns, chosen, rate, _signs(spectrum, chosen, rate, rates, noise))


def _count(look: Look, spectrum: Spectrum, low_hz: float, noise: float) -> tuple[Turns, float, tuple[I64, ...]] | None:
    """Return turns, rate and the places by each threshold in the band from `low_hz`; None where nothing turns."""
    z = spectrum.band(low_hz, HIGH_HZ)
    ordered = np.sort(z)
    edge = len(z) // 20
    least = max(WIGGLE_SDS * noise, WIGGLE_PART * float(ordered[-1 - edge] - ordered[edge]))
    places = counted(z, look.step_s, PARTS, least)
    if len(places[1]) < 3:
        return None
    turns = turns_at(z, spectrum.below(HIGH_HZ), places[1], look.step_s)
    span_s = len(look.y) * look.step_s
    rate = _rate(turns.since(span_s - STEADY_S))
    return turns, rate if rate > SLOW_BPM else _rate(turns.since(span_s - SLOW_S)), places


def _rate(turns: Turns) -> float:
    """Return the rate, timed half-way up and down; that of quicker breaths by their tops and bottoms as well."""
    half_way, rate = turns.rate_bpm(), rate_bpm(turns.at_s)
    return 0.5 * (rate + half_way) if rate > FLAT_TOPS_BPM else half_way


def _since(places: I64, step_s: float, from_s: float) -> F64:
    at_s = np.asarray(places * step_s, dtype=np.float64)
    return at_s[at_s.searchsorted(from_s) :]


def _signs(spectrum: Spectrum, chosen: Turns, rate: float, others_bpm: list[float], noise: float) -> Signs:
    size = np.abs(chosen.level[1:] - chosen.level[:-1])
    cycles = chosen.at_s[2:] - chosen.at_s[:-2]
    power, f_hz = spectrum.power, rate / 60.0
    edges = (0.03, 0.6 * f_hz, 1.5 * f_hz, max(1.2, 2.2 * f_hz))
    least, first, last, above = spectrum.f_hz.searchsorted(edges).tolist()
    whole = float(power[least:].sum())
    doubt = abs(math.log(others_bpm[0] / others_bpm[1])) if all(r > 0 for r in others_bpm) else 1.0
    return Signs(
        doubt=doubt,
        pace=_spread(cycles),
        depth=_spread(size),
        share=float(power[first:last].sum()) / whole if whole > 0 else 0.0,
        smooth=math.log(max(middle_value(size), 1e-300) / noise) if noise > 0 else 4.0,
        above=float(power[above:].sum()) / whole if whole > 0 else 1.0,
        below=float(power[least:first].sum()) / whole if whole > 0 else 0.0,
    )


def _spread(values: F64) -> float:
    """Return the SD of the logs of `values` (n,)."""
    if len(values) < 2:
        return 0.0
    logs = np.log(np.maximum(values, 1e-300))
    return float(np.sqrt(np.add.reduce((logs - np.add.reduce(logs) / len(logs)) ** 2) / len(logs)))
