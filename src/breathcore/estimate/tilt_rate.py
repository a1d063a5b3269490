"""Breathing rate of a chest accelerometer once a second, with a quality 0–1 or a reason for none.

The principal axis is asked first, as a belt is. Where sway hides the breath along it, the direction across gravity that
keeps a rhythm best is asked (`tilt_rhythm`): the rate is then told, but the trace, which shows the sway, is not.
"""

import math

import numpy as np

from breathcore.estimate.effort import Look
from breathcore.estimate.quality import calm, noise_sd, usual_span
from breathcore.estimate.rate import (
    ANSWER_AT,
    BURIED,
    FRESH_S,
    LOUDER,
    SLOW_BPM,
    SLOW_S,
    STILL_S,
    Reading,
    read_rate,
    refused,
)  # fmt: skip
from breathcore.estimate.tilt_plane import TiltLook, unrest
from breathcore.estimate.tilt_rhythm import QUICK_S, Rhythm, quick_rhythm, slow_rhythm
from breathcore.model.arrays import F64
from breathcore.model.estimates import Refusal

DOUBT_BELOW = 0.55  # quality of the principal axis: noise that wanders comes up to this
UNSURE_BELOW = 0.6  # a rhythm of its own is believed before it
RHYTHM_AT, RHYTHM_IF_AGREED_AT = 0.34, 0.27
AGREED = 0.1  # of the rate
LATELY_S, LATELY_AT = 24.0, 0.5
REPEATS_AT = 0.8
LAG_S = 1.0
LOOSE_S, LOOSENED = 8.0, 2.2  # the seconds that are compared with those before, and how many times as much they move
QUICK_MOVES, HOLD_MOVES = 0.3, 0.1  # of the usual rise: what the last 7 s show of a breath that goes on, of one held
STILL_G, MOVED_G = 0.01, 0.02  # SD of gravity's length in half a minute: no tilt does that. Rhythm asked for; at all


def read_tilt_rate(look: Look | None, rough_bpm: float, _before: Reading | None = None) -> Reading:
    """Read the rate off a `TiltLook`; `rough_bpm` is about what it was (NaN: not known)."""
    first = read_rate(look, rough_bpm)
    if not isinstance(look, TiltLook) or first.refusal not in (None, Refusal.NOISE, Refusal.IRREGULAR):
        return first
    moved = unrest(look.x[:, -round(QUICK_S / look.step_s) :])
    if moved > MOVED_G:
        return first if first.refusal else refused(Refusal.MOTION)
    if first.refusal is None and first.quality >= UNSURE_BELOW:
        return first
    sway = first.refusal is not None or first.quality < DOUBT_BELOW
    hidden = None if moved > STILL_G else _hidden(look, sway=sway)
    if hidden is not None:
        return hidden
    doubtful = first.refusal is None and first.quality < DOUBT_BELOW
    return refused(Refusal.NOISE, min(first.quality, ANSWER_AT)) if doubtful else first


def _hidden(look: TiltLook, *, sway: bool) -> Reading | None:
    """Return what a direction of its own says of the breath, if it keeps a rhythm."""
    span_s = len(look.y) * look.step_s
    if span_s < QUICK_S:
        return None
    plane = look.plane(QUICK_S)
    if _loosened(plane, look.step_s):
        return None
    quick = quick_rhythm(plane, look.step_s)
    if quick.strength > RHYTHM_AT:
        return _reading(look, quick, 0.5 + 1.5 * (quick.strength - RHYTHM_AT))
    if not sway:
        return None
    if quick.strength > RHYTHM_IF_AGREED_AT and _agrees(look, quick.rate_bpm):
        return _reading(look, quick, 0.5)
    if span_s < SLOW_S - 1.0:
        return None
    slow = slow_rhythm(look.plane(SLOW_S), look.step_s, REPEATS_AT)
    return _reading(look, slow, 0.6 + 2.0 * (slow.strength - REPEATS_AT)) if slow.strength > REPEATS_AT else None


def _loosened(plane: F64, step_s: float) -> bool:
    """Whether the last seconds of `plane` (2, n) change far more than those before: the strap has come loose."""
    lag, fresh_n = max(1, round(LAG_S / step_s)), round(LOOSE_S / step_s)
    change = ((plane[:, lag:] - plane[:, :-lag]) ** 2).sum(axis=0)
    return float(change[-fresh_n:].mean()) > LOOSENED**2 * float(change[:-fresh_n].mean())


def _agrees(look: TiltLook, rate_bpm: float) -> bool:
    """Whether the breaths that are counted along the last 24 s' principal axis come at this rate."""
    lately = read_rate(look.along(_principal(look.plane(LATELY_S), look.step_s)), math.nan)
    return lately.quality > LATELY_AT and abs(lately.rate_bpm - rate_bpm) < AGREED * rate_bpm


def _principal(plane: F64, step_s: float) -> F64:
    """Return `plane` (2, n) along the direction in which it changes most within a second (n,)."""
    lag = max(1, round(LAG_S / step_s))
    u, v = plane[:, lag:] - plane[:, :-lag]
    angle = 0.5 * math.atan2(2.0 * float((u * v).sum()), float((u * u).sum() - (v * v).sum()))
    return np.asarray(math.cos(angle) * plane[0] + math.sin(angle) * plane[1], dtype=np.float64)


def _reading(look: TiltLook, rhythm: Rhythm, quality: float) -> Reading | None:
    """Return the rhythm as a reading, unless the body moves, it is buried in noise, or it has just ended."""
    quality = min(quality, 1.0) * calm(look)
    along = look.along(rhythm.y)
    rise, noise = usual_span(along), noise_sd(rhythm.y[: -round(FRESH_S / look.step_s)])
    still = rhythm.y[-round(STILL_S / look.step_s) :]
    fresh = noise_sd(rhythm.y[-round(FRESH_S / look.step_s) :])
    least = QUICK_MOVES if rhythm.rate_bpm > SLOW_BPM else HOLD_MOVES
    over = float(still.max() - still.min()) < least * rise or fresh > max(LOUDER * noise, 0.06 * rise)
    if quality < ANSWER_AT or rise < BURIED * look.rough or over:
        return None
    return Reading(rhythm.rate_bpm, rhythm.rate_bpm, quality, None, rise, noise, followed=False)
