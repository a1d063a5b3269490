"""What can be wrong with a channel's signal, told from its last seconds: one small question each.

Where no source is named, the bounds are ours: chosen so that worn sensors (noise 1-5 mg, 12 uV; breaths of 0.5-3
degrees) stay clear of them by a factor of two, and tested on the simulated wearer and on table, loose and off-body
data.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import FitIssue

LONG_S = 15  # seconds that are kept

_FLAT_S = 5  # without any change at all, an axis is stuck: every sensor has some noise
_STUCK_S = 10
_MOVES = {"g": 0.02, "deg/s": 1.0}  # how much the others must move for a still axis to be odd
_AT_END = 0.005  # of full scale: so near its end a value is clipped
_AT_END_N = 3  # samples in a second
_REST_G = 0.03  # standard deviation of |a| below which nobody moves
_GRAVITY_OFF_G = 0.1  # bias and scale errors of worn sensors stay below 0.05 g
_SHAKE_G = 0.3  # sample-to-sample noise of a loose or rattling sensor
_WHITE = 1.5  # times the scatter of means that white noise alone would have: less and nothing alive moves it
_LIFE_HZ = 10.0  # slower, the noise of means hides a shallow breath
_SLACK_N = 1.0
_TIGHT_N = 40.0  # beyond it a force belt strains the wearer and nears its 50 N end
_NO_SKIN_UV = 150.0  # median change from sample to sample: electrodes in the air
_NOISY_UV = 60.0
_DEAD_UV = 5.0  # peak to peak: no heart, no noise
_HIT_SHARE = 0.1
_RATE_SHARE = 0.05  # straps are off by up to 2 %
_RATE_S = 10


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """One whole second of a channel; arrays are (n_axes,).

    `noise` is the standard deviation of the change from sample to sample over the square root of two, `step` the
    median of its size; `size` and `size_sd` are mean and standard deviation of the vector's length, `clipped_n` the
    samples at an end of the scale.
    """

    n: int
    first_s: float
    last_s: float
    low: F64
    high: F64
    noise: F64
    step: F64
    mean: F64
    size: float
    size_sd: float
    clipped_n: int


def summarise(channel: ChannelSpec, t_s: F64, x: F64) -> Second:
    """Return one second's samples, `t_s` (n,) and `x` (n, n_axes), at least two, in short."""
    steps = np.abs(np.diff(x, axis=0))
    sizes = np.sqrt(np.einsum("ij,ij->i", x, x))
    return Second(
        n=len(x),
        first_s=float(t_s[0]),
        last_s=float(t_s[-1]),
        low=x.min(axis=0),
        high=x.max(axis=0),
        noise=np.sqrt((steps**2).mean(axis=0) / 2.0),
        step=np.median(steps, axis=0),
        mean=x.mean(axis=0),
        size=float(sizes.mean()),
        size_sd=float(sizes.std()),
        clipped_n=_clipped(channel, x),
    )


def _clipped(channel: ChannelSpec, x: F64) -> int:
    ends = _scale(channel)
    if ends is None:
        return 0
    near = _AT_END * (ends[1] - ends[0])
    return int(((x <= ends[0] + near) | (x >= ends[1] - near)).any(axis=1).sum())


def _scale(channel: ChannelSpec) -> tuple[float, float] | None:
    """Return the ends of the scale: the range asked of the device, else the sensor's limits, else None."""
    asked = channel.settings.get("range")
    if asked is not None and channel.role in (Role.CHEST_ACC, Role.ACC, Role.GYRO):
        return -float(asked), float(asked)
    return channel.limits


Seconds = Sequence[Second]
Check = Callable[[ChannelSpec, Seconds], bool]


def _range(seconds: Seconds) -> F64:
    return np.asarray(np.max([s.high for s in seconds], axis=0) - np.min([s.low for s in seconds], axis=0))


def flat(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether no axis has changed for 5 s."""
    return len(seconds) >= _FLAT_S and not _range(seconds[-_FLAT_S:]).any()


def stuck_axis(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether one axis has not changed for 10 s while another moved."""
    if len(seconds) < _STUCK_S:
        return False
    ranges = _range(seconds[-_STUCK_S:])
    return bool(ranges.min() == 0.0 and ranges.max() > _MOVES[channel.unit])


def saturated(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether the value was at the end of its scale in this second or the last."""
    return any(s.clipped_n >= _AT_END_N for s in seconds[-2:])


def no_gravity(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether an accelerometer at rest for 3 s does not read 1 g."""
    newest = seconds[-3:]
    still = len(newest) == 3 and all(s.size_sd < _REST_G for s in newest)
    return still and all(abs(s.size - 1.0) > _GRAVITY_OFF_G for s in newest)


def shaking(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether an accelerometer rattles: noise beyond 0.3 g for 3 s."""
    newest = seconds[-3:]
    return len(newest) == 3 and all(s.noise.max() > _SHAKE_G for s in newest)


def lifeless(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether for 15 s nothing but the sensor's own white noise is in an accelerometer.

    A trunk sways, breathes and beats, so the means of seconds scatter more than white noise of the sample-to-sample
    size would make them; on a table they do not.
    """
    if len(seconds) < LONG_S or channel.rate_hz < _LIFE_HZ:
        return False
    noise = np.sqrt(np.mean([s.noise**2 for s in seconds], axis=0))
    scatter = np.std([s.mean for s in seconds], axis=0)
    white = noise / np.sqrt(np.mean([s.n for s in seconds]))
    return bool((scatter < _WHITE * white).all())


def slack(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether a force belt has had no tension for 5 s."""
    return channel.unit == "N" and len(seconds) >= 5 and all(s.high.max() < _SLACK_N for s in seconds[-5:])


def tight(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether a force belt has been pulled beyond 40 N throughout a second."""
    return channel.unit == "N" and seconds[-1].low.min() > _TIGHT_N


def off_skin(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether electrodes touch nothing: for 3 s no signal, nothing but noise, or the ends of the scale."""
    newest = seconds[-3:]
    dead = bool(_range(newest).max() < _DEAD_UV)
    wild = all(s.step.max() > _NO_SKIN_UV for s in newest)
    clipped = sum(s.clipped_n for s in newest) > _HIT_SHARE * sum(s.n for s in newest)
    return len(newest) == 3 and (dead or wild or clipped)


def noisy_skin(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether noise of electrodes has been beyond what beats can be read in, for 3 s."""
    newest = seconds[-3:]
    return len(newest) == 3 and all(s.step.max() > _NOISY_UV for s in newest)


def rate_off(channel: ChannelSpec, seconds: Seconds) -> bool:
    """Return whether samples come more than 5 % faster or slower than nominal."""
    rate_hz = measured_hz(seconds)
    return rate_hz is not None and abs(rate_hz / channel.rate_hz - 1.0) > _RATE_SHARE


def measured_hz(seconds: Seconds) -> float | None:
    """Return the rate over the last 10 s, None where there are fewer."""
    newest = seconds[-_RATE_S:]
    if len(newest) < _RATE_S:
        return None
    return (sum(s.n for s in newest) - 1) / (newest[-1].last_s - newest[0].first_s)


_MOTION: Mapping[FitIssue, Check] = {
    FitIssue.FLAT: flat,
    FitIssue.STUCK_AXIS: stuck_axis,
    FitIssue.SATURATED: saturated,
}
_TRUNK: Mapping[FitIssue, Check] = {FitIssue.NOT_WORN: lifeless}
_ACC: Mapping[FitIssue, Check] = {FitIssue.NO_GRAVITY: no_gravity, FitIssue.NOISY: shaking}
_BELT: Mapping[FitIssue, Check] = {
    FitIssue.FLAT: flat, FitIssue.SATURATED: saturated, FitIssue.SLACK: slack, FitIssue.TIGHT: tight,
}  # fmt: skip
_ECG: Mapping[FitIssue, Check] = {FitIssue.NO_CONTACT: off_skin, FitIssue.NOISY: noisy_skin}
_ANY: Mapping[FitIssue, Check] = {FitIssue.FLAT: flat}

CHECKS: Mapping[Role, Mapping[FitIssue, Check]] = MappingProxyType(
    {
        Role.CHEST_ACC: {**_MOTION, **_ACC, **_TRUNK},
        Role.ACC: {**_MOTION, **_ACC},
        Role.GYRO: _MOTION,
        Role.BELT: _BELT,
        Role.ABDOMEN_BELT: _BELT,
        Role.ECG: _ECG,
        Role.PPG: _ANY,
    }
)
"""The questions asked of each role's sampled channels; the rate is asked of all."""
