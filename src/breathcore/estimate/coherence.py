"""Coherence: how much of the heart's rhythm moves at the rate of the breath.

    coherence = P(f0 - 0.015 … f0 + 0.015 Hz) / P(0.04 … 0.4 Hz)

P is the power of the normal RR intervals of the last 60 s, drawn evenly at 4 Hz, straight line taken out, Hann taper;
f0 the paced rate, or the breath's own where nothing paces. The band ends at f0 + 0.015 Hz where that is beyond 0.4 Hz.
0–1: chance gives about 0.08, an even breath that the heart follows 0.8 and more (a taper of 60 s leaves a pure tone
0.85 of itself). After McCraty's ratio, with the peak at the breath's rate in place of the highest one, and the total
with the peak in it, so that it ends at 1.
"""

import numpy as np

from breathcore.estimate.intervals import STEP_HZ, even, middles, normal, spectrum
from breathcore.model.arrays import F64
from breathcore.model.estimates import Coherence, Refusal

WINDOW_S = 60.0
SHORTEST_S = 55.0
PEAK_HZ = 0.015
LOW_HZ, HIGH_HZ = 0.04, 0.4
SLOWEST_BPM = 3.0
FAINT_S = 1e-3  # SD of intervals that do not vary, as a clock of 1/1024 s counts them
WHOLE = 0.8  # share of normal intervals
COVERED = 0.9  # share of the window that its intervals add up to
NAN = float("nan")


def coherence(t_s: F64, rr_s: F64, at_s: float, rate_bpm: float, source: str) -> Coherence:
    """Return the coherence of the intervals `rr_s` (n,) that ended at `t_s` (n,), before `at_s`, with `rate_bpm`.

    NaN with a reason: ``too-short`` below 55 s of beats, ``no-data`` where beats are missing, ``irregular`` where fewer
    than four in five intervals are normal, ``heart-only`` where no rate is known, ``noise`` where it is below 3/min or
    above half the heart rate, ``flat`` where the intervals do not vary.
    """
    good = normal(t_s, rr_s)
    share = np.count_nonzero(good) / len(good) if len(good) else 0.0
    refusal = _refusal(t_s, rr_s, good, share, rate_bpm)
    if refusal is not None:
        return Coherence(at_s, rate_bpm, NAN, share, source, refusal)
    own_hz = rate_bpm / 60.0
    hz, density = spectrum(even(middles(t_s, rr_s)[good], rr_s[good]))
    band = (hz >= LOW_HZ) & (hz <= max(HIGH_HZ, own_hz + PEAK_HZ))
    total = float(density[band].sum())
    inside = float(density[band & (np.abs(hz - own_hz) <= PEAK_HZ)].sum())
    if total * STEP_HZ < FAINT_S**2:
        return Coherence(at_s, rate_bpm, NAN, share, source, Refusal.FLAT)
    return Coherence(at_s, rate_bpm, inside / total, share, source)


def _refusal(t_s: F64, rr_s: F64, good: np.ndarray, share: float, rate_bpm: float) -> Refusal | None:
    normal_n = int(np.count_nonzero(good))
    if normal_n < 10 or float(t_s[-1] - t_s[0] + rr_s[0]) < SHORTEST_S:
        return Refusal.TOO_SHORT
    if share < WHOLE:
        return Refusal.IRREGULAR
    if np.isnan(rate_bpm):
        return Refusal.HEART_ONLY
    total_s = float(np.add.reduce(rr_s[good]))
    if total_s < COVERED * WHOLE * SHORTEST_S:
        return Refusal.NO_DATA
    return None if SLOWEST_BPM <= rate_bpm <= 30.0 * normal_n / total_s else Refusal.NOISE
