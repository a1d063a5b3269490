"""The turns of breathing in a window: where peaks and troughs are, how regular they come, what rate that makes."""

import math
from dataclasses import dataclass

import numpy as np

from breathcore.dsp.peaks import prune, turning_points
from breathcore.estimate.band import Spectrum
from breathcore.model.arrays import F64, I64

LOW_HZ = 0.04
LOW_WHEN_FAST_HZ = 0.08  # drift counts as breaths otherwise
FAST_BPM = 14.0
HIGH_HZ = 1.0
LEAST_HIGH_HZ = 0.3
FIRST_PART = 0.15  # of the spread: what a turn must stand out by, at first
NO_POWER = 0.03  # of what lies above 0.03 Hz
PART = 0.3  # of the median excursion: thereafter


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Alternating extremes: `at_s` (n,) from the window's start and `level` (n,), and the waveform they are of.

    `half_s` (up to n + 1,): when the waveform passed half-way to, between and from the extremes, rises and falls in
    turn. Breaths are timed by these: they are steep where tops may be long and flat.
    """

    at_s: F64
    level: F64
    half_s: F64
    z: F64

    def since(self, t_s: float) -> "Turns":
        """Return those at or after `t_s`."""
        first = int(self.at_s.searchsorted(t_s))
        half = int(self.half_s.searchsorted(t_s))
        return Turns(self.at_s[first:], self.level[first:], self.half_s[half:], self.z)

    def rate_bpm(self) -> float:
        """Return 60 (n − 1) / (last − first), the mean over rises and falls; NaN where neither came twice."""
        kinds = self.half_s[::2], self.half_s[1::2]
        rates = [60.0 * (len(e) - 1) / float(e[-1] - e[0]) for e in kinds if len(e) > 1]
        return sum(rates) / len(rates) if rates else math.nan


def find_turns(spectrum: Spectrum, step_s: float, rough_bpm: float, least_high_hz: float = LEAST_HIGH_HZ) -> Turns:
    """Find the turns of breathing in the band that suits its rate (accuracy.md), known roughly or (NaN) looked for.

    The band's upper edge follows the rate from `least_high_hz` to 1.2 Hz, and to no more than 1 Hz if it begins there.
    """
    if not rough_bpm > 0:
        z = spectrum.band(LOW_HZ, HIGH_HZ)
        places = _places(z)
        if len(places) < 2:
            return turns_at(z, z, places, step_s)
        rough_bpm = _weighed(spectrum, 30.0 * (len(places) - 1) / (float(places[-1] - places[0]) * step_s))
    high_hz = HIGH_HZ if least_high_hz >= HIGH_HZ else min(max(rough_bpm / 20.0, least_high_hz), 1.2)
    z = spectrum.band(LOW_WHEN_FAST_HZ if rough_bpm > FAST_BPM else LOW_HZ, high_hz)
    return turns_at(z, spectrum.below(high_hz), _places(z), step_s)


def _weighed(spectrum: Spectrum, rate_bpm: float) -> float:
    """Return the rate, or that of the strongest frequency where next to no power lies at the rate.

    So it is when wiggles of noise on slow breathing have been counted.
    """
    power = spectrum.power
    edges = (0.03, 0.01 * rate_bpm, 0.025 * rate_bpm)  # from 0.6 to 1.5 times the rate
    least, first, last = spectrum.f_hz.searchsorted(edges).tolist()
    if float(power[first:last].sum()) >= NO_POWER * float(power[least:].sum()):
        return rate_bpm
    return 60.0 * float(spectrum.f_hz[least + int(power[least:].argmax())])


def _places(z: F64) -> I64:
    inner = turning_points(z)
    at = np.concatenate(([0], inner, [len(z) - 1]))
    levels = z[at].tolist()
    ordered = np.sort(z)
    edge = len(z) // 20
    kept = prune(levels, FIRST_PART * float(ordered[-1 - edge] - ordered[edge]))
    if len(kept) > 1:
        excursion = np.sort(np.abs(z[at[kept[1:]]] - z[at[kept[:-1]]]))
        kept = prune(levels, PART * float(excursion[len(excursion) // 2]))
    return np.asarray(at[kept], dtype=np.int64)


def turns_at(z: F64, whole: F64, places: I64, step_s: float) -> Turns:
    """Return the turns at the extremes `places` (n,) of `z`; `whole` is the waveform with its drift."""
    if len(places) < 2:
        return Turns(np.empty(0), np.empty(0), np.empty(0), z)
    half = np.concatenate((_before(z, places), _between(z, places), _after(whole, places)))
    at_s = np.asarray(places * step_s, dtype=np.float64)
    return Turns(at_s, z[places], half * step_s, z)


def _between(z: F64, places: I64) -> F64:
    """Return where `z` first passes half-way from one of the extremes at `places` to the next."""
    levels = z[places]
    wanted = 0.5 * (levels[1:] + levels[:-1])
    begin = places[0] + 1  # a stretch ends with the extreme it leads to
    inner = z[begin : places[-1] + 1]
    length = places[1:] - places[:-1]
    beyond = ((inner > wanted.repeat(length)) == (levels[1:] > levels[:-1]).repeat(length)).nonzero()[0]
    index = beyond[beyond.searchsorted(places[:-1] + 1 - begin)] + begin
    return np.asarray(index - (z[index] - wanted) / (z[index] - z[index - 1]), dtype=np.float64)


def _before(z: F64, places: I64) -> F64:
    """Return where `z` passes half-way to the first extreme, if it does."""
    first, second = float(z[places[0]]), float(z[places[1]])
    return _last_crossing(z[: places[0] + 1], 0.5 * (first + second))


def _after(whole: F64, places: I64) -> F64:
    """Return where the waveform has passed half-way from the last extreme, if it has.

    Read off the waveform with its drift: so near the end a high-pass would bend it.
    """
    last, before = float(whole[places[-1]]), float(whole[places[-2]])
    tail = whole[places[-1] :]
    return len(whole) - 1 - _last_crossing(tail[::-1], 0.5 * (last + before))


def _last_crossing(z: F64, level: float) -> F64:
    """Return where `z` crosses `level` for the last time before its end; empty if it does not."""
    other = ((z > level) != (z[-1] > level)).nonzero()[0][-1:]
    return np.asarray(other + (level - z[other]) / (z[other + 1] - z[other]), dtype=np.float64)
