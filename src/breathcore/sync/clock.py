"""Sensor time → session time for one device: raw blocks in, sample blocks out."""

from dataclasses import dataclass, field

import numpy as np

from breathcore.dsp.summary import extremes
from breathcore.model.arrays import F64
from breathcore.model.blocks import RawBlock, SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.sync.beats import BeatClock
from breathcore.sync.timeline import LEAP_S, Timeline

GAP_INTERVALS = 1.5  # stamps further apart than this are a gap
SET_S = 0.5  # a packet this much faster than all before: the device's clock was set forward
SET_EARLY_S = 5.0  # … in the first seconds, when the first packets themselves may have been late
LATE_S = 30.0  # a packet this late: the clock was set back
SAME_S = 0.3  # after a reconnect, packets this near to the map of before: the clock went on meanwhile
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
    count_n: int = 0  # of samples, where nothing else tells the time
    count: "_Run | None" = None
    beats: BeatClock = field(default_factory=BeatClock)


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A block that waits for its map to begin."""

    block: RawBlock
    device_s: F64
    track: _Track
    arrival_s: float


@dataclass(slots=True, eq=False)
class _Run:
    """A run of the device's clock, or of a count, and what waits for its map."""

    timeline: Timeline
    held: list[_Held] = field(default_factory=list)


class Synchroniser:
    """Puts every sample of one device on the session clock, causally; output times rise strictly per channel.

    - Channels with device time share one clock. Its offset and skew (up to 2.5 %) come from the fastest packets
      (`envelope`), so jitter, stalls and bursts do not move samples, and a sample never gets its arrival as its time.
    - Sampled channels without device time are counted: their clock is the number of samples over the nominal rate.
      `lost_n` is counted too; what is lost unnoticed sets the count back until a second of packets has agreed that it
      is behind, and then the times leap: a gap. Channels that come in the same packets share a count.
    - The first packets of a run are held back for 1 s (2.5 s where few come), so that several vote on where it begins.
    - The device's epoch is arbitrary. A clock that is set or starts over gives a new map, and a gap. After a reconnect
      the former map is kept where the packets fit it.
    - RR intervals: see `beats`.
    - Other events (the strap's own heart-rate number) have no sample time at all: they get their arrival.

    Samples that would fall at or before what was given out already are dropped and leave a gap. Samples with stamps
    that fit no others get their own packet's arrival.

    Parameters
    ----------
    t0_host_s : float
        The session clock's zero on the host's monotonic clock.
    """

    def __init__(self, t0_host_s: float) -> None:
        self._t0_host_s = t0_host_s
        self._tracks: dict[str, _Track] = {}
        self._now: _Run | None = None
        self._trial: _Run | None = None  # of stamps that do not fit the present map: a new one, or false stamps
        self._counts: list[_Run] = []
        self._slope = 0.0  # of the last count: a device's samples keep their pace
        self._relinked = False

    def push(self, block: RawBlock) -> tuple[SampleBlock, ...]:
        """Take one block; return what is known of the session clock, cut where samples are missing inside it."""
        if not len(block.x):
            return ()
        channel = block.channel
        track = self._tracks.get(channel.id)
        if track is None:
            track = self._tracks[channel.id] = _Track()
        arrival_s = block.t_host_s - self._t0_host_s
        if block.t_device_s is not None:
            return self._stamped(_Held(block, block.t_device_s, track, arrival_s))
        if channel.rate_hz > 0:
            return self._counted(block, track, arrival_s)
        if channel.role is Role.RR:
            times, gap = track.beats.place(block, arrival_s)
        else:
            times = arrival_s + _EVENT_S * np.arange(1 - len(block.x), 1, dtype=np.float64)
            gap = block.lost_n > 0
        return _given_out(channel, times, block.x, track, gap=gap)

    def reconnected(self) -> tuple[SampleBlock, ...]:
        """Take note that the link is a new one: counts start over, the clock may have; return what was held back."""
        out = self.flush()
        self._relinked = self._now is not None
        for run in self._counts:
            self._slope = run.timeline.slope
        self._counts = []
        for track in self._tracks.values():
            track.count, track.count_n = None, 0
        return out

    def flush(self) -> tuple[SampleBlock, ...]:
        """Return what is held back."""
        trial, self._trial = self._trial, None
        if trial is not None:
            self._now = trial
        return tuple(b for run in ((trial, *self._counts) if trial else self._counts) for b in _begun(run))

    # ── device clocks ────────────────────────────────────────────────────────────────────────────────────────────────

    def _stamped(self, held: _Held) -> tuple[SampleBlock, ...]:
        first_s, last_s = float(held.device_s[0]), float(held.device_s[-1])
        run, out = self._run_for(first_s, last_s, held)
        run.timeline.observe(last_s, held.arrival_s)
        run.held.append(held)
        if not run.timeline.begun:
            return out
        if run is self._trial:
            run = self._settle(run)
        return out + _released(run)

    def _run_for(self, first_s: float, last_s: float, held: _Held) -> tuple[_Run, tuple[SampleBlock, ...]]:
        """Return the run that a block belongs to, present, on trial or new; and what an abandoned trial held."""
        now, trial = self._now, self._trial
        if now is not None and self._fits(now, first_s, last_s, held):
            out = () if trial is None or self._relinked else _begun(trial)
            if trial is not None and self._relinked:  # what came late after a reconnect
                _taken_over(now, trial)
            self._trial, self._relinked = None, False
            return now, out
        if trial is not None and _near(trial, first_s, last_s, held):
            return trial, ()
        out = () if trial is None else _begun(trial)
        slope = 0.0 if now is None else now.timeline.slope
        self._trial = _Run(Timeline(last_s, held.arrival_s, slope))
        return self._trial, out

    def _fits(self, now: _Run, first_s: float, last_s: float, held: _Held) -> bool:
        if self._relinked and abs(now.timeline.delay_s(last_s, held.arrival_s)) > SAME_S:
            return False
        return _near(now, first_s, last_s, held)

    def _settle(self, trial: _Run) -> _Run:
        """Return the run that goes on: the one on trial, or the present one where the trial comes to the same."""
        now, self._trial = self._now, None
        if now is not None and self._relinked:
            self._relinked = False
            delays_s = [now.timeline.delay_s(float(h.device_s[-1]), h.arrival_s) for h in trial.held]
            if abs(min(delays_s)) <= SAME_S:
                _taken_over(now, trial)
                return now
        self._now = trial
        return trial

    # ── counts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _counted(self, block: RawBlock, track: _Track, arrival_s: float) -> tuple[SampleBlock, ...]:
        n, rate_hz = len(block.x), block.channel.rate_hz
        ahead_s = (track.count_n + block.lost_n + n) / rate_hz
        run = track.count
        if run is None or run.timeline.delay_s(ahead_s, arrival_s) > -SET_S:  # else such a loss cannot be
            track.count_n += block.lost_n
        device_s = (track.count_n + np.arange(1, n + 1)) / rate_hz
        track.count_n += n
        last_s = float(device_s[-1])
        run = track.count = self._count_for(track.count, last_s, arrival_s)
        if run.timeline.newest != (last_s, arrival_s):
            run.timeline.observe(last_s, arrival_s)
        run.held.append(_Held(block, device_s, track, arrival_s))
        return _released(run) if run.timeline.begun else ()

    def _count_for(self, run: _Run | None, last_s: float, arrival_s: float) -> _Run:
        """Return the count a packet belongs to: its own, one that has just counted the same packet, or a new one."""
        if run is not None:
            newest_s, newest_arrival_s = run.timeline.newest
            if newest_arrival_s < arrival_s or newest_s <= last_s:
                return run
        for other in self._counts:
            if other.timeline.newest == (last_s, arrival_s):
                return other
        self._counts.append(_Run(Timeline(last_s, arrival_s, self._slope, counted=True)))
        return self._counts[-1]


def _near(run: _Run, first_s: float, last_s: float, held: _Held) -> bool:
    """Whether a block may be of a run; if not, the device's clock must have been set."""
    delay_s = run.timeline.delay_s(last_s, held.arrival_s)
    set_s = SET_S if run.timeline.settled_s >= _SETTLED_S else SET_EARLY_S
    return -set_s < delay_s < LATE_S and not first_s < _newest_s(run, held.track) - BACK_S


def _newest_s(run: _Run, track: _Track) -> float:
    """Return the device time of a channel's newest sample in a run, given out or held back."""
    given_s = track.last_device_s if track.timeline is run.timeline else -np.inf
    if not run.held:
        return given_s
    return next((float(h.device_s[-1]) for h in reversed(run.held) if h.track is track), given_s)


def _taken_over(now: _Run, trial: _Run) -> None:
    """Let what a run on trial held be of the present run after all."""
    for held in trial.held:
        now.timeline.observe(float(held.device_s[-1]), held.arrival_s)
    now.held += trial.held


def _begun(run: _Run) -> tuple[SampleBlock, ...]:
    """Begin a run's map with what is known and give out what it held."""
    run.timeline.begin()
    return _released(run)


def _released(run: _Run) -> tuple[SampleBlock, ...]:
    held, run.held = run.held, []
    if len(held) == 1:
        return _placed(held[0], run.timeline)
    return tuple(block for one in held for block in _placed(one, run.timeline))


def _placed(held: _Held, timeline: Timeline) -> tuple[SampleBlock, ...]:
    block, track = held.block, held.track
    times = timeline.session_s(held.device_s)
    gap = track.timeline is not None and (block.lost_n > 0 or timeline is not track.timeline)
    if block.t_device_s is None and track.timeline is not None:  # a leap of a count is none of its device time
        gap = gap or bool(times[0] - track.last_s > LEAP_S + GAP_INTERVALS / block.channel.rate_hz)
    track.timeline = timeline
    return _cut(block.channel, held.device_s, times, block.x, track, gap=gap)


def _cut(
    channel: ChannelSpec, device_s: F64, times: F64, x: F64, track: _Track, *, gap: bool
) -> tuple[SampleBlock, ...]:
    """Give samples out in runs without a hole; samples whose device time does not rise are left out."""
    steps = device_s[1:] - device_s[:-1]
    shortest, longest = extremes(steps) if len(steps) else (np.inf, 0.0)
    if not shortest > LEAST_STEP_S:
        before = np.concatenate([[-np.inf], np.maximum.accumulate(device_s)[:-1]])
        rising = device_s > before + LEAST_STEP_S
        device_s, times, x, gap = device_s[rising], times[rising], x[rising], True
        steps = device_s[1:] - device_s[:-1]
        longest = extremes(steps)[1] if len(steps) else 0.0
    if not len(device_s):
        return ()
    limit_s = GAP_INTERVALS / channel.rate_hz if channel.rate_hz > 0 else np.inf
    gap = gap or bool(device_s[0] - track.last_device_s > limit_s)
    track.last_device_s = float(device_s[-1])
    if longest <= limit_s:
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
