"""Sensor time → session time for one device: raw blocks in, sample blocks out."""

from dataclasses import dataclass, field

import numpy as np

from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.errors import Reason, SignalError
from breathcore.sync.beats import BeatClock
from breathcore.sync.timeline import Timeline

GAP_INTERVALS = 1.5  # stamps further apart than this are a gap
LEAP_S = 0.5  # a packet this much faster than all before: the device's clock was set forward
LEAP_EARLY_S = 5.0  # … in the first seconds, when the first packet itself may have been late
LATE_S = 30.0  # a packet this late: the clock was set back
LEAST_STEP_S = 1e-6  # stamps nearer than this are one stamp: session times must differ as well
BACK_S = 1.0  # stamps of a channel that fall back further than this: the clock was set back
_SETTLED_S = 5.0
_EVENT_S = 1e-6  # between events that arrive together


@dataclass(slots=True)
class _Track:
    """Where one channel stands."""

    last_s: float = -np.inf
    last_device_s: float = np.nan
    timeline: Timeline | None = None
    beats: BeatClock = field(default_factory=BeatClock)


class Synchroniser:
    """Puts every sample of one device on the session clock, causally; output times rise strictly per channel.

    - Channels with device time share one clock. Its offset and skew (up to 2.5 %) come from the fastest packets
      (`envelope`), so jitter, stalls and bursts do not move samples, and a sample never gets its arrival as its time.
      The first block comes out at once, as late as its packet was; the error then fades with a time constant of
      1.25 s, at no more than 0.3 s per s.
    - The device's epoch is arbitrary. A clock that is set or starts over gives a new map, and a gap.
    - RR intervals: see `beats`.
    - Other events (the strap's own heart-rate number) have no sample time at all: they get their arrival.

    Samples that would fall at or before what was given out already are dropped and leave a gap.

    Parameters
    ----------
    t0_host_s : float
        The session clock's zero on the host's monotonic clock.
    """

    def __init__(self, t0_host_s: float) -> None:
        self._t0_host_s = t0_host_s
        self._tracks: dict[str, _Track] = {}
        self._shared: Timeline | None = None
        self._former: Timeline | None = None

    def push(self, block: RawBlock) -> tuple[SampleBlock, ...]:
        """Take one block; return it on the session clock, cut where samples are missing inside it."""
        if not len(block.x):
            return ()
        channel = block.channel
        track = self._tracks.get(channel.id)
        if track is None:
            track = self._tracks[channel.id] = _Track()
        arrival_s = block.t_host_s - self._t0_host_s
        if block.t_device_s is not None:
            return self._stamped(block, block.t_device_s, track, arrival_s)
        if channel.rate_hz > 0:
            raise SignalError(Reason.INVALID_VALUE, name="t_device_s", value="None", bound="a time for each sample")
        if channel.role is Role.RR:
            times, gap = track.beats.place(block, arrival_s)
        else:
            times = arrival_s + _EVENT_S * np.arange(1 - len(block.x), 1, dtype=np.float64)
            gap = block.lost_n > 0
        return _given_out(channel, times, block.x, track, gap=gap)

    def flush(self) -> tuple[SampleBlock, ...]:
        """Return what is held back: nothing, ever."""
        return ()

    def _stamped(self, block: RawBlock, t_device_s: F64, track: _Track, arrival_s: float) -> tuple[SampleBlock, ...]:
        timeline = self._timeline_for(float(t_device_s[0]), float(t_device_s[-1]), track, arrival_s)
        timeline.observe(float(t_device_s[-1]), arrival_s)
        gap = track.timeline is not None and (block.lost_n > 0 or timeline is not track.timeline)
        track.timeline = timeline
        return _cut(block.channel, t_device_s, timeline.session_s(t_device_s), block.x, track, gap=gap)

    def _timeline_for(self, first_s: float, last_s: float, track: _Track, arrival_s: float) -> Timeline:
        """Return the map that this block belongs to: the present one, the one before it, or a new one.

        False stamps start maps of their own; the next true one fits the last settled map better and brings it back.
        """
        now, former = self._shared, self._former
        settled = now is not None and now.settled_s >= _SETTLED_S
        far_s = np.inf if now is None else _distance_s(now, first_s, last_s, track, arrival_s)
        if now is not None and far_s < np.inf and (settled or former is None):
            return now
        before_s = np.inf if former is None else abs(former.delay_s(last_s, arrival_s))
        if now is not None and far_s < np.inf and far_s <= before_s:
            return now
        if settled or former is None:
            self._former = now
        self._shared = former if former is not None and before_s < LEAP_S else Timeline(last_s, arrival_s)
        return self._shared


def _distance_s(now: Timeline, first_s: float, last_s: float, track: _Track, arrival_s: float) -> float:
    """Return how far a block is from a map's fastest packets, infinity where the device's clock must have been set."""
    delay_s = now.delay_s(last_s, arrival_s)
    leap_s = LEAP_S if now.settled_s >= _SETTLED_S else LEAP_EARLY_S
    back = track.timeline is now and first_s < track.last_device_s - BACK_S
    return abs(delay_s) if -leap_s < delay_s < LATE_S and not back else np.inf


def _cut(
    channel: ChannelSpec, device_s: F64, times: F64, x: F64, track: _Track, *, gap: bool
) -> tuple[SampleBlock, ...]:
    """Give samples out in runs without a hole; samples whose device time does not rise are left out."""
    steps = device_s[1:] - device_s[:-1]
    if len(steps) and not np.minimum.reduce(steps) > LEAST_STEP_S:
        before = np.concatenate([[-np.inf], np.maximum.accumulate(device_s)[:-1]])
        rising = device_s > before + LEAST_STEP_S
        device_s, times, x, gap = device_s[rising], times[rising], x[rising], True
        steps = device_s[1:] - device_s[:-1]
    if not len(device_s):
        return ()
    limit_s = GAP_INTERVALS / channel.rate_hz if channel.rate_hz > 0 else np.inf
    gap = gap or bool(device_s[0] - track.last_device_s > limit_s)
    track.last_device_s = float(device_s[-1])
    if not len(steps) or np.maximum.reduce(steps) <= limit_s:
        return _given_out(channel, times, x, track, gap=gap)
    holes = np.flatnonzero(steps > limit_s) + 1
    runs = zip(np.split(times, holes), np.split(x, holes), strict=True)
    return tuple(b for i, (t, v) in enumerate(runs) for b in _given_out(channel, t, v, track, gap=gap or i > 0))


def _given_out(channel: ChannelSpec, times: F64, x: F64, track: _Track, *, gap: bool) -> tuple[SampleBlock, ...]:
    if times[0] <= track.last_s:
        new = int(np.searchsorted(times, track.last_s, side="right"))
        times, x, gap = times[new:], x[new:], True
        if not len(times):
            return ()
    track.last_s = float(times[-1])
    times.flags.writeable = False
    return (SampleBlock(channel, times, x, gap),)
