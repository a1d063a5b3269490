"""The resonance finder's sums (drill B7): what a paced rate did to the heart, and which rate did most.

Measures and the rule (the rate that wins most, ties to the faster) are those of reference drill B7, after the protocol
of Lehrer and Vaschillo. Ours: what counts as a difference. Each measure has a standard error, and every rate that lies
within two standard errors of the difference from the best wins beside it.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from breathcore.estimate.arrhythmia import Beats, Swing, fullest_s, swing
from breathcore.estimate.intervals import STEP_HZ, even, spectrum
from breathcore.model.arrays import F64
from breathcore.model.estimates import Breath, Refusal
from breathcore.model.resonance import Measure, RateTrial, ResonanceResult

SETTLE_S, SETTLE_SHARE = 30.0, 0.25  # the heart takes that long to follow a new rate
SHORTEST_S = 45.0  # after that
WHOLE = 0.8  # share of normal intervals
PEAK_HZ = 0.015  # half the width of a peak
LF_HZ, BAND_HZ = (0.04, 0.15), (0.04, 0.4)
DRIVEN = 0.25  # share of the power in the peak at the paced rate, from which the heart follows the breath
FEWEST_BREATHS = 4
MARGIN = 2  # measures that a rate wins less than the best, and is then behind it
DIFFER = 2.0  # standard errors of the difference, from which two rates differ
SPREAD = 3.0  # chi² per degree from which swings differ: of hearts that swing alike, 1 in 100 by chance (six rates)
NAN = float("nan")

BY_HEART = (Measure.AMPLITUDE, Measure.LF_PEAK, Measure.SMOOTHNESS, Measure.PHASE, Measure.SDNN)
BY_COMFORT = (Measure.COMFORT, Measure.EVENNESS)


def trial(
    beats_t_s: F64,
    rr_s: F64,
    breaths: Sequence[Breath],
    rate_bpm: float,
    start_s: float,
    end_s: float,
    comfort: float = NAN,
) -> RateTrial:
    """Measure one paced rate, from `start_s` to `end_s`, of which the first 30 s (a quarter at most) only settle.

    Parameters
    ----------
    beats_t_s, rr_s : (n,)
        Beats and the intervals that end with them, in s; those outside of the span are left out. Empty: no heart.
    breaths : sequence of Breath
        Those measured. Without any, peak to trough is taken over cycles of the paced length and there is no phase.
    comfort : float
        What the person said, 0–10.
    """
    from_s = start_s + min(SETTLE_S, SETTLE_SHARE * (end_s - start_s))
    own = [b for b in breaths if from_s <= b.inhale_onset_s and b.end_s <= end_s]
    lengths = np.array([b.end_s - b.inhale_onset_s for b in own])
    cv = float(lengths.std(ddof=1) / lengths.mean()) if len(own) >= FEWEST_BREATHS else NAN
    beats = Beats.of(beats_t_s, rr_s).between(from_s, end_s)
    count = int(beats.normal.sum())
    refusal = _refusal(beats, end_s - from_s)
    swings = _swings(beats, own, 60.0 / rate_bpm, from_s, end_s) if refusal is None else []
    if refusal is None and len(swings) < FEWEST_BREATHS:
        refusal = Refusal.TOO_SHORT
    if refusal is not None:
        return RateTrial(
            rate_bpm, start_s, end_s, count, NAN, NAN, NAN, NAN, NAN, cv, comfort, refusal, breaths_n=len(own)
        )
    rr_ms = 60e3 / beats.rate_bpm[beats.normal]
    lf_peak, share, peak_hz = _peak(beats.middle_s[beats.normal], rr_ms)
    driven = share >= DRIVEN and abs(peak_hz - rate_bpm / 60.0) <= PEAK_HZ
    amplitudes = np.array([s.amplitude_bpm for s in swings])
    phase, phase_se = _mean_angle([s.phase_deg for s in swings])
    return RateTrial(
        rate_bpm=rate_bpm,
        start_s=start_s,
        end_s=end_s,
        beats_n=count,
        amplitude_bpm=float(amplitudes.mean()),
        lf_peak_ms2=lf_peak,
        smoothness=share,
        phase_deg=phase,
        sdnn_ms=float(rr_ms.std(ddof=1)),
        breath_cv=cv,
        comfort=comfort,
        refusal=None if driven else Refusal.NOISE,
        breaths_n=len(swings),
        amplitude_se_bpm=float(amplitudes.std(ddof=1) / math.sqrt(len(swings))),
        phase_se_deg=phase_se,
    )


def _refusal(beats: Beats, span_s: float) -> Refusal | None:
    if not len(beats.normal):
        return Refusal.NO_SENSOR
    if span_s < SHORTEST_S or float(beats.middle_s[-1] - beats.middle_s[0]) < WHOLE * span_s:
        return Refusal.TOO_SHORT
    return None if beats.normal.mean() >= WHOLE else Refusal.IRREGULAR


def _swings(beats: Beats, breaths: Sequence[Breath], cycle_s: float, from_s: float, end_s: float) -> list[Swing]:
    if len(breaths) >= FEWEST_BREATHS:
        spans = [(b.inhale_onset_s, b.end_s, fullest_s(b)) for b in breaths]
    else:
        starts = [from_s + k * cycle_s for k in range(int((end_s - from_s) / cycle_s))]
        spans = [(s, s + cycle_s, NAN) for s in starts]
    found = [swing(beats, *span) for span in spans]
    return [s for s in found if not math.isnan(s.amplitude_bpm)]


def _peak(middle_s: F64, rr_ms: F64) -> tuple[float, float, float]:
    """Return the power of the highest LF peak (ms²), its share of 0.04–0.4 Hz, and where it is (Hz)."""
    hz, density = spectrum(even(middle_s, rr_ms))
    band = (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])
    at_hz, density = hz[band], density[band]
    low = at_hz <= LF_HZ[1]
    peak_hz = float(at_hz[low][int(density[low].argmax())])
    inside = np.abs(at_hz - peak_hz) <= PEAK_HZ + 1e-9
    total = float(density.sum())
    peak = float(density[inside].sum())
    return peak * STEP_HZ, peak / total if total > 0 else 0.0, peak_hz


def _mean_angle(degrees: Sequence[float]) -> tuple[float, float]:
    """Return the mean of angles and its standard error, in degrees; NaN without any."""
    angles = np.radians([d for d in degrees if not math.isnan(d)])
    if len(angles) < FEWEST_BREATHS:
        return NAN, NAN
    mean = complex(np.exp(1j * angles).mean())
    spread = math.sqrt(max(-2.0 * math.log(max(abs(mean), 1e-9)), 0.0))
    return math.degrees(math.atan2(mean.imag, mean.real)), math.degrees(spread) / math.sqrt(len(angles))


def choose(trials: Sequence[RateTrial]) -> ResonanceResult:
    """Return the rate that won most measures; ties go to the faster one.

    Only rates that the heart followed are compared by it; where there are fewer than two, or fewer than half of those
    tried, comfort and evenness decide alone and the result is no resonance but a comfort rate. Unless at least half of
    the other rates are two measures behind the best (by comfort: one), chance may have chosen it: no rate is told then,
    and those that are not behind are tied. So it is where the heart swung alike at all rates: then only the phase, of
    which a fixed delay is less at slower rates, or chance would choose.
    """
    tried = tuple(trials)
    followed = [t for t in tried if t.refusal is None]
    by_heart = len(followed) >= max(2, 0.5 * len(tried))
    entered = followed if by_heart else [t for t in tried if not math.isnan(t.comfort) or not math.isnan(t.breath_cv)]
    if len(entered) < 2:
        return ResonanceResult(tried, NAN, by_heart, tuple(() for _ in tried), (), Refusal.TOO_SHORT)
    won: dict[int, list[Measure]] = {id(t): [] for t in entered}
    for measure in BY_HEART if by_heart else BY_COMFORT:
        for winner in _winners(entered, _VALUE_AND_ERROR[measure]):
            won[id(winner)].append(measure)
    most = max(len(m) for m in won.values())
    margin = MARGIN if by_heart else 1
    alike = sum(most - len(m) >= margin for m in won.values()) < 0.5 * (len(entered) - 1)
    alike |= by_heart and _spread(entered) < SPREAD
    least = most - margin + 1 if alike else most
    tied = sorted({t.rate_bpm for t in entered if len(won[id(t)]) >= least}, reverse=True)
    return ResonanceResult(
        trials=tried,
        best_bpm=NAN if alike else tied[0],
        by_heart=by_heart,
        wins=tuple(tuple(won.get(id(t), ())) for t in tried),
        tied_bpm=tuple(tied) if len(tied) > 1 else (),
        refusal=Refusal.NOISE if alike else None,
    )


def _spread(trials: Sequence[RateTrial]) -> float:
    """Return how much more the mean swings of the rates differ than their standard errors say (chi² per degree)."""
    swing, error = (np.array(v) for v in zip(*((t.amplitude_bpm, t.amplitude_se_bpm) for t in trials), strict=True))
    weight = 1.0 / np.maximum(error, 1e-9) ** 2
    return float((weight * (swing - np.average(swing, weights=weight)) ** 2).sum() / (len(trials) - 1))


def _winners(trials: Sequence[RateTrial], of: Callable[[RateTrial], tuple[float, float]]) -> list[RateTrial]:
    """Return the best trial by a value, and those that cannot be told from it."""
    told = [(t, *of(t)) for t in trials]
    told = [(t, value, error) for t, value, error in told if not math.isnan(value)]
    if len(told) < 2:
        return []
    _, best, best_error = max(told, key=lambda row: row[1])
    return [t for t, value, error in told if best - value <= DIFFER * math.hypot(best_error, error)]


def _relative(t: RateTrial) -> float:
    return t.amplitude_se_bpm / t.amplitude_bpm if t.amplitude_bpm > 0 else 1.0


def _smoothness(t: RateTrial) -> tuple[float, float]:
    """Return the share s of one peak; its error from that of the peak (twice the amplitude's) and of what is beside it.

    The rest of 0.04–0.4 Hz, seen for T s through a Hann taper, has about 0.48 T degrees of freedom.
    """
    rest = 1.0 / (0.24 * (t.end_s - t.start_s))
    return t.smoothness, t.smoothness * (1.0 - t.smoothness) * math.sqrt(4.0 * _relative(t) ** 2 + rest)


# Each as (value, the more the better; its standard error). Power goes with the square of the amplitude.
_VALUE_AND_ERROR: dict[Measure, Callable[[RateTrial], tuple[float, float]]] = {
    Measure.AMPLITUDE: lambda t: (t.amplitude_bpm, t.amplitude_se_bpm),
    Measure.LF_PEAK: lambda t: (t.lf_peak_ms2, 2.0 * _relative(t) * t.lf_peak_ms2),
    Measure.SMOOTHNESS: _smoothness,
    Measure.PHASE: lambda t: (-abs(t.phase_deg), t.phase_se_deg),
    Measure.SDNN: lambda t: (t.sdnn_ms, _relative(t) * t.sdnn_ms),
    Measure.COMFORT: lambda t: (t.comfort, 0.0),
    Measure.EVENNESS: lambda t: (-t.breath_cv, t.breath_cv / math.sqrt(2.0 * max(t.breaths_n - 1, 1))),
}
