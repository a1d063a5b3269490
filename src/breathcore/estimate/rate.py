"""Breathing rate once a second with a quality 0–1, or a reason for none.

A function of what the trace looks like now. From one second to the next only the rough rate is handed on, which picks
the band; it is looked for anew every few seconds and after every refusal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from breathcore.estimate.band import Spectrum
from breathcore.estimate.effort import Look
from breathcore.estimate.quality import calm, limited, middle_value, noise_sd, regularity, saturated, stuck
from breathcore.estimate.turns import HIGH_HZ, LEAST_HIGH_HZ, Turns, find_turns
from breathcore.model.estimates import RateEstimate, Refusal

STEADY_S = 32.0
LIVE_S = 16.0
SLOW_S = 64.0
SLOW_BPM = 7.0
SLOWEST_BPM, FASTEST_BPM = 2.5, 46.0
SHORTEST_S = 9.0
FEWEST = 4  # half-way points: two rises and two falls
ANSWER_AT = 0.4  # quality from which a number is given
SMOOTH_ANSWER_AT = 0.3  # the same for a single waveform that is smooth
SMOOTH = 4.0  # times the samples' own roughness: the least rise of a breath that makes it so
STILL_S = 7.0  # without movement of the trace: longer than any hold of a drill
OVERDUE, OVERDUE_S = 1.4, 5.0  # times the longest wait between half-way points, and at least: no breath comes now
FRESH_S = 6.0
LOUDER = 3.0  # times the noise before: the sensor has come off
CERTAIN_AT, CERTAIN_CYCLES = 0.75, 3.0  # what the last 16 s must show to be believed against the half minute
BURIED = 0.15  # of the samples' own roughness: a rise this small is what filters left of something else
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Reading:
    """Rates (NaN if refused), quality, reason; usual rise, noise's SD (NaN: none), cycles seen.

    `followed`: whether the trace shows the breath that the rate is of.
    """

    rate_bpm: float
    live_bpm: float
    quality: float
    refusal: Refusal | None
    rise: float = NAN
    noise: float = NAN
    cycles: float = 0.0
    followed: bool = True

    def at(self, t_s: float, source: str) -> RateEstimate:
        """Return the estimate of channel `source` for second `t_s`."""
        sources = () if self.refusal else (source,)
        return RateEstimate(t_s, self.rate_bpm, self.live_bpm, self.quality, self.refusal, sources)


def refused(reason: Refusal, quality: float = 0.0) -> Reading:
    """Return a reading without a number."""
    return Reading(NAN, NAN, quality, reason)


def read_rate(look: Look | None, rough_bpm: float) -> Reading:
    """Read the rate off a `Look`; `rough_bpm` is about what it was (NaN: not known)."""
    return read_alive(look, lambda part: _read(part, rough_bpm if part is look else NAN), CERTAIN_AT)


def read_alive(look: Look | None, read: Callable[[Look], Reading], certain_at: float) -> Reading:
    """Read a `Look` that is there, alive and long enough; where it says nothing, its last 16 s if they are certain."""
    if look is None:
        return refused(Refusal.TOO_SHORT)
    if stuck(look) or saturated(look):
        return refused(Refusal.FLAT)
    if len(look.y) * look.step_s < SHORTEST_S:
        return refused(Refusal.TOO_SHORT)
    whole = read(look)
    if whole.refusal in (None, Refusal.FLAT, Refusal.MOTION):
        return whole
    lately = look.lately(LIVE_S)
    recent = read(lately) if len(lately.y) < len(look.y) else whole
    certain = recent.refusal is None and recent.quality >= certain_at and recent.cycles >= CERTAIN_CYCLES
    return recent if certain else whole


def _read(look: Look, rough_bpm: float) -> Reading:
    span_s = len(look.y) * look.step_s
    spectrum = Spectrum(limited(look.y), look.step_s)
    single = len(look.fast) == 1
    turns = find_turns(spectrum, look.step_s, rough_bpm, HIGH_HZ if single else LEAST_HIGH_HZ)
    window_s = STEADY_S
    chosen = turns.since(span_s - window_s)
    rate = chosen.rate_bpm()
    if not rate > SLOW_BPM:
        window_s = SLOW_S
        chosen = turns.since(span_s - window_s)
        rate = chosen.rate_bpm()
    if len(chosen.half_s) < FEWEST:
        return refused(Refusal.TOO_SHORT if span_s < STEADY_S else Refusal.IRREGULAR)
    rise = middle_value(np.abs(chosen.level[1:] - chosen.level[:-1]))
    quality = regularity(look, spectrum, chosen, rate, min(window_s, span_s))
    moving = calm(look)
    quality *= moving
    least = SMOOTH_ANSWER_AT if single and rise > SMOOTH * look.rough else ANSWER_AT
    if quality < least or not SLOWEST_BPM <= rate <= FASTEST_BPM:
        reason = Refusal.MOTION if moving < 0.5 else Refusal.NOISE
        return refused(reason, min(quality, least))
    if rise < BURIED * look.rough:
        return refused(Refusal.NOISE)
    fresh_n = round(FRESH_S / look.step_s)
    noise = noise_sd(look.y[:-fresh_n])
    over = no_longer(look, turns, chosen, rise, max(LOUDER * noise, 0.06 * rise))
    if over is not None:
        return refused(over)
    live = turns.since(span_s - max(LIVE_S, 2.0 * 60.0 / rate)).rate_bpm()
    cycles = 0.5 * (len(chosen.half_s) - 1)
    return Reading(rate, live, quality, None, rise, noise, cycles)


def no_longer(look: Look, turns: Turns, chosen: Turns, rise: float, loud: float) -> Refusal | None:
    """Return why the last seconds are no breath any more, though the window as a whole still is."""
    still = turns.z[-round(STILL_S / look.step_s) :]
    if float(still.max() - still.min()) < 0.1 * rise:
        return Refusal.FLAT
    half = chosen.half_s
    waited = len(look.y) * look.step_s - float(half[-1])
    if waited > max(OVERDUE_S, OVERDUE * float((half[1:] - half[:-1]).max())):
        return Refusal.IRREGULAR
    fresh = look.y[-round(FRESH_S / look.step_s) :]
    return Refusal.NOISE if noise_sd(fresh) > loud else None
