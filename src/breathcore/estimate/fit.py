"""How each sensor sits: signal checks of every channel, before and during a session.

Whole seconds of samples are judged as they end, so verdicts do not depend on how the stream was cut into blocks; what
only time can tell (nothing comes any more) is judged by `tick`. A verdict is given when it changes, the first one after
three seconds of samples. An issue is taken back when it has been gone for three.
"""

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from breathcore.estimate.fit_checks import CHECKS, LONG_S, Second, measured_hz, rate_off, summarise
from breathcore.model.arrays import F64
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import ChannelSpec, Role
from breathcore.model.estimates import FitEstimate, FitIssue

FIRST_S = 3.0  # of samples before the first verdict
KEPT_S = 3.0  # an issue stays for so long after it was last seen
SILENT_S = 1.5  # of a sampled channel …
SILENT_INTERVALS = 3.0  # … or so many of its usual intervals
EVENTS_SILENT_S = 6.0  # of beats and breaths, which come when they come …
EVENTS_SILENT_INTERVALS = 4.0
DAMAGED_N = 5  # packets that could not be read …
DAMAGED_S = 10.0  # … in this time
_HEART = frozenset({Role.RR, Role.HEART_RATE})
_ORDER = {issue: n for n, issue in enumerate(FitIssue)}


@dataclass(slots=True, eq=False)
class _Watched:
    """One channel: the samples of the second under way, those before in short, and what was found."""

    channel: ChannelSpec
    t_s: list[F64] = field(default_factory=list)
    x: list[F64] = field(default_factory=list)
    seconds: deque[Second] = field(default_factory=lambda: deque(maxlen=LONG_S))
    first_s: float = math.nan
    newest_s: float = math.nan
    contact: bool = True
    faults_s: deque[float] = field(default_factory=lambda: deque(maxlen=DAMAGED_N))
    seen_s: dict[FitIssue, float] = field(default_factory=dict)
    said: tuple[FitIssue, ...] | None = None


class SignalFit:
    """Checks the fit of all channels of a session.

    Parameters
    ----------
    channels : sequence of ChannelSpec
        With ids that are unique in the session.
    """

    def __init__(self, channels: Sequence[ChannelSpec]) -> None:
        self._watched = {c.id: _Watched(c) for c in channels}

    def push(self, block: SampleBlock) -> tuple[FitEstimate, ...]:
        """Take samples; return the verdicts that changed."""
        watched = self._watched.get(block.channel.id)
        if watched is None or not len(block.t_s):
            return ()
        if block.gap_before or not watched.newest_s <= block.t_s[0]:
            _forget(watched)
        if math.isnan(watched.first_s):
            watched.first_s = float(block.t_s[0])
        watched.newest_s = float(block.t_s[-1])
        out: list[FitEstimate] = []
        if block.channel.rate_hz > 0:
            for t_s, x in _by_second(block):
                out += self._close_before(watched, float(t_s[0]))
                watched.t_s.append(t_s)
                watched.x.append(x)
        return tuple(out)

    def tick(self, t_s: float) -> tuple[FitEstimate, ...]:
        """Take the time; return the verdicts that changed by nothing coming, or by events alone."""
        out: list[FitEstimate] = []
        for watched in self._watched.values():
            if _silent(watched, t_s):
                watched.seen_s[_silence(watched.channel)] = t_s
                _forget(watched)
            elif not (watched.said is not None or watched.channel.rate_hz == 0):
                continue
            out += _verdict(watched, t_s)
        return tuple(out)

    def on_contact(self, channel_ids: Collection[str], *, on: bool, t_s: float) -> tuple[FitEstimate, ...]:
        """Take a device's word on whether its electrodes touch skin; return the verdicts that changed."""
        out: list[FitEstimate] = []
        for watched in self._of(channel_ids):
            watched.contact = on
            out += _verdict(watched, t_s)
        return tuple(out)

    def on_fault(self, channel_ids: Collection[str], t_s: float) -> None:
        """Take note of a packet of these channels that could not be read."""
        for watched in self._of(channel_ids):
            watched.faults_s.append(t_s)

    def on_link(self, channel_ids: Collection[str]) -> None:
        """Begin anew: the device of these channels has been connected again, or is gone."""
        for watched in self._of(channel_ids):
            _forget(watched)
            watched.first_s = watched.newest_s = math.nan
            watched.contact = True

    def _of(self, channel_ids: Collection[str]) -> list[_Watched]:
        return [self._watched[id_] for id_ in channel_ids if id_ in self._watched]

    def _close_before(self, watched: _Watched, t_s: float) -> list[FitEstimate]:
        """Judge the second under way if `t_s` lies beyond it."""
        if not watched.t_s or math.floor(t_s) == math.floor(watched.t_s[0][0]):
            return []
        times, x = np.concatenate(watched.t_s), np.concatenate(watched.x)
        watched.t_s, watched.x = [], []
        if 2 * len(times) >= watched.channel.rate_hz and len(times) > 1:  # seconds with holes prove nothing
            watched.seconds.append(summarise(watched.channel, times, x))
            now_s = float(times[-1])
            for issue in _found(watched.channel, tuple(watched.seconds)):
                watched.seen_s[issue] = now_s
            return _verdict(watched, now_s) if now_s - watched.first_s >= FIRST_S else []
        return []


def _by_second(block: SampleBlock) -> list[tuple[F64, F64]]:
    if math.floor(block.t_s[0]) == math.floor(block.t_s[-1]):  # most are short
        return [(block.t_s, block.x)]
    whole = np.floor(block.t_s)
    cuts = np.flatnonzero(np.diff(whole)) + 1
    return list(zip(np.split(block.t_s, cuts), np.split(block.x, cuts), strict=True))


def _found(channel: ChannelSpec, seconds: Sequence[Second]) -> list[FitIssue]:
    found = [issue for issue, check in CHECKS.get(channel.role, {}).items() if check(channel, seconds)]
    return [*found, FitIssue.RATE_OFF] if rate_off(channel, seconds) else found


def _silent(watched: _Watched, t_s: float) -> bool:
    channel = watched.channel
    if channel.rate_hz > 0:
        limit_s = max(SILENT_S, SILENT_INTERVALS * channel.expected_interval_s)
    else:
        limit_s = max(EVENTS_SILENT_S, EVENTS_SILENT_INTERVALS * channel.expected_interval_s)
    return t_s - watched.newest_s > limit_s


def _silence(channel: ChannelSpec) -> FitIssue:
    """Return what it means that nothing comes: a heart that is not found is a matter of the electrodes."""
    return FitIssue.NO_CONTACT if channel.role in _HEART else FitIssue.NO_DATA


def _verdict(watched: _Watched, t_s: float) -> list[FitEstimate]:
    """Return the channel's verdict if it differs from the last one."""
    if not watched.contact:
        watched.seen_s[FitIssue.NO_CONTACT] = t_s
    if len(watched.faults_s) == DAMAGED_N and t_s - watched.faults_s[0] <= DAMAGED_S:
        watched.seen_s[FitIssue.DAMAGED] = t_s
    watched.seen_s = {i: s for i, s in watched.seen_s.items() if t_s - s <= KEPT_S}
    issues = tuple(sorted(watched.seen_s, key=_ORDER.__getitem__))
    if issues == watched.said or (watched.said is None and math.isnan(watched.newest_s) and not issues):
        return []
    watched.said = issues
    rate_hz = measured_hz(tuple(watched.seconds)) if watched.seconds else None
    return [FitEstimate(t_s, watched.channel.id, issues, math.nan if rate_hz is None else rate_hz)]


def _forget(watched: _Watched) -> None:
    watched.t_s, watched.x = [], []
    watched.seconds.clear()
