"""Heart rate variability of a window: mean rate, RMSSD, SDNN, LF and HF power, of normal-to-normal intervals.

Measures and bands as in Task Force (1996), Circulation 93:1043. Ours: windows of 2 min instead of 5, told as they go,
so SDNN is smaller than that of 5 min; power from one Hann window of the intervals drawn evenly at 4 Hz.
"""

import math
from collections.abc import Sequence

import numpy as np

from breathcore.dsp.summary import moments
from breathcore.estimate.intervals import STEP_HZ, even, follow, middles, normal, spectrum
from breathcore.model.arrays import F64
from breathcore.model.estimates import HeartVariability, Refusal

WINDOW_S = 120.0
SHORTEST_S = 30.0  # for RMSSD and SDNN
HF_AFTER_S, LF_AFTER_S = 60.0, 119.0  # nine cycles of 0.15 Hz, near five of 0.04 Hz
LF_HZ, HF_HZ = (0.04, 0.15), (0.15, 0.4)
WHOLE = 0.8  # share of normal intervals
COVERED = 0.9  # share of the window that its intervals add up to
NAN = float("nan")


def variability(t_s: F64, rr_s: F64, at_s: float, source: str) -> HeartVariability:
    """Return the variability of the intervals `rr_s` (n,) that ended at `t_s` (n,), the last of them before `at_s`.

    NaN with a reason: ``too-short`` below 30 s, ``no-data`` where beats are missing, ``irregular`` where fewer than
    four in five intervals are normal. HF needs 60 s, LF 120 s; HF also a heart rate above 48/min, so that 0.4 Hz lie
    below half of it.
    """
    good = normal(t_s, rr_s)
    share = np.count_nonzero(good) / len(good) if len(good) else 0.0
    span_s = min(float(at_s - t_s[0] + rr_s[0]), WINDOW_S) if len(t_s) else 0.0
    refusal = _refusal(rr_s[good], span_s, share)
    if refusal is not None:
        return HeartVariability(at_s, span_s, int(good.sum()), NAN, NAN, NAN, NAN, NAN, share, source, refusal)
    nn_ms = 1000.0 * rr_s[good]
    steps = (1000.0 * (rr_s[1:] - rr_s[:-1]))[follow(t_s, rr_s, good)]
    mean_ms, sdnn_ms = moments(nn_ms)
    heart_bpm = 60e3 / mean_ms
    lf, hf = _powers(middles(t_s, rr_s)[good], nn_ms, (LF_HZ, HF_HZ))
    return HeartVariability(
        t_s=at_s,
        window_s=span_s,
        beats_n=len(nn_ms),
        hr_bpm=heart_bpm,
        rmssd_ms=math.sqrt(float(steps @ steps) / len(steps)) if len(steps) > 1 else NAN,
        sdnn_ms=sdnn_ms * math.sqrt(len(nn_ms) / (len(nn_ms) - 1)),
        lf_ms2=lf if span_s >= LF_AFTER_S else NAN,
        hf_ms2=hf if span_s >= HF_AFTER_S and heart_bpm > 120.0 * HF_HZ[1] else NAN,
        quality=share,
        source=source,
    )


def _refusal(nn_s: F64, span_s: float, share: float) -> Refusal | None:
    if span_s < SHORTEST_S:
        return Refusal.TOO_SHORT
    if share < WHOLE:
        return Refusal.IRREGULAR
    return None if float(nn_s.sum()) >= COVERED * WHOLE * span_s else Refusal.NO_DATA


def _powers(middle_s: F64, nn_ms: F64, bands_hz: Sequence[tuple[float, float]]) -> list[float]:
    hz, density = spectrum(even(middle_s, nn_ms))
    return [float(density[(hz >= low) & (hz < high)].sum()) * STEP_HZ for low, high in bands_hz]
