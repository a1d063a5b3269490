"""Breathing rate of a chest accelerometer once a second, with a quality 0–1 or a reason for none."""

from breathcore.estimate.effort import Look
from breathcore.estimate.rate import Reading, read_rate


def read_tilt_rate(look: Look | None, rough_bpm: float) -> Reading:
    """Read the rate off a `Look` of three axes; `rough_bpm` is about what it was (NaN: not known)."""
    return read_rate(look, rough_bpm)
