"""Breathing rate from a gyroscope on the trunk: it feels the turns about the vertical too, to which gravity is blind.

The turning rate is summed to an angle along its principal axis. The sum wanders with the sensor's bias, so its mean and
its trend are left out in a window that ends at the present: good for a rate, no trace to follow.
"""

import math
from dataclasses import replace

import numpy as np

from breathcore.dsp.fir import Fir, hann_taps
from breathcore.dsp.grid import EvenRuns
from breathcore.dsp.ring import Ring
from breathcore.estimate.effort import Look
from breathcore.estimate.rate import ANSWER_AT, Reading, read_rate, refused
from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, Refusal

SLOW_HZ = 8.0
SMOOTH_S = 0.28
LOOK_BACK_S = 64.0
MOVED_DPS, MOVED_S = 20.0, 8.0  # signals.md §8: a body that turns so quickly is not only breathing
FRESH_S = 1.0
READ_EVERY_S = 4  # a rate is held in between, movement and missing samples are told at once
LEAST_S = 4.0
AGREED = 0.1  # of the rate
SURE_AT = 0.55  # quality: noise that wanders comes up to this


class GyroReader(SecondsReader):
    """Samples of a gyroscope (n, 3), deg/s, to a `RateEstimate` a second; neither trace nor breaths.

    Any rate from 10 Hz up. `latency_s` is that of the low-pass.
    """

    def __init__(self, channel: ChannelSpec) -> None:
        self._source = channel.id
        self._step_n = max(1, round(channel.rate_hz / SLOW_HZ))
        self._hz = channel.rate_hz / self._step_n
        self._runs = EvenRuns(channel.rate_hz, 3)
        self._smooth = Fir(hann_taps(max(1, round(SMOOTH_S * channel.rate_hz))), self._step_n, 3)
        self._ring = Ring(round(LOOK_BACK_S * self._hz), 3)
        self.latency_s = self._smooth.delay_n / channel.rate_hz + 1.0 / channel.rate_hz
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._runs.reset()
        self._from_second()
        self._newest_s = -math.inf
        self._reading = refused(Refusal.NO_DATA)
        self._forget()

    def _forget(self) -> None:
        self._smooth.reset()
        self._ring.reset()

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        for run_t, run_x, new_run in self._runs.push(t_s, x):
            if new_run:
                self._forget()
            self._newest_s = float(run_t[-1])
            self._ring.push(*self._smooth.push(run_t, run_x))
        return []

    def _tick(self, second: float) -> list[Estimate]:
        self._reading = self._read(second)
        return [self._reading.at(second, self._source)]

    def _read(self, second: float) -> Reading:
        if second - self._newest_s > FRESH_S:
            return refused(Refusal.NO_DATA)
        t_s, x = self._ring.last()
        if len(t_s) < LEAST_S * self._hz:
            return refused(Refusal.TOO_SHORT)
        moved = (np.add.reduce(x * x, axis=0) > MOVED_DPS**2).nonzero()[0]
        if len(moved):  # what came before it belongs to another posture
            t_s, x = t_s[moved[-1] + 1 :], x[:, moved[-1] + 1 :]
            if x.shape[1] < MOVED_S * self._hz:
                return refused(Refusal.MOTION)
        held = self._reading.refusal in (None, Refusal.NOISE, Refusal.IRREGULAR)
        if held and second % READ_EVERY_S:
            return self._reading
        return _agreed(*self._looks(t_s, x))

    def _looks(self, t_s: F64, x: F64) -> tuple[Look, Look]:
        """Return what turning rate and angle look like along the axis of most turning."""
        axis = _principal(x)
        turning = (axis[:, None] * x).sum(axis=0)
        turning = turning - np.add.reduce(turning) / len(turning)
        angle = turning.cumsum() / self._hz
        recent = slice(-round(2.0 * MOVED_S * self._hz), None)
        fast = np.stack((turning[recent], np.sqrt((x[:, recent] ** 2).sum(axis=0))))
        step = x[:, 1:] - x[:, :-1]
        rough = math.sqrt(float((step * step).sum()) / (6.0 * step.shape[1]))
        one = Look(t_s, turning, 1.0 / self._hz, fast, self._hz, rough)
        return one, Look(t_s, angle - _trend(angle), 1.0 / self._hz, fast, self._hz, rough / self._hz)


def _agreed(turning: Look, angle: Look) -> Reading:
    """Return the angle's rate where the turning itself comes at that rate too: a sum makes waves of any noise."""
    felt = read_rate(turning, math.nan)
    if felt.refusal is not None:
        return felt
    summed = read_rate(angle, math.nan)
    if summed.refusal is not None:
        return summed
    quality = min(felt.quality, summed.quality)
    if quality < SURE_AT or abs(felt.rate_bpm - summed.rate_bpm) > AGREED * summed.rate_bpm:
        return refused(Refusal.NOISE, min(quality, ANSWER_AT))
    return replace(summed, quality=quality)


def _principal(x: F64) -> F64:
    """Return the axis (3,) about which `x` (3, n) turns most, its mean (the sensor's bias) left out."""
    x = np.ascontiguousarray(x - (np.add.reduce(x, axis=1) / x.shape[1])[:, None])
    return np.asarray(np.linalg.eigh(x @ x.T)[1][:, -1], dtype=np.float64)


def _trend(y: F64) -> F64:
    """Return mean and straight line of `y` (n,)."""
    at = np.arange(len(y)) - 0.5 * (len(y) - 1)
    slope = float((y * at).sum()) / max(float((at * at).sum()), 1e-300)
    return np.asarray(np.add.reduce(y) / len(y) + slope * at, dtype=np.float64)
