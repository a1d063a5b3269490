"""When and where the trace's head is shown: evenly at every paint, however the packets come."""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.arrays import F64, frozen

USUAL_N = 32  # arrivals by which the usual wait for the next one is known
USUAL_SHARE = 0.9  # of them wait no longer; a stall of the radio is none of them
LAG_PER_S = 0.25  # how fast the lag changes: the head goes at 0.75 to 1.25 of its usual speed
CATCH_UP = 4.0  # times its usual speed, after a stall
LOST_S = 3.0  # behind what is known by more than this: the head is put there at once
SETTLE_S = 0.04  # a prediction's error goes by within this time

_EMPTY = frozen(np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What of the trace is shown at a paint.

    `t_s`, `y`: its newest point, NaN where there is none. The first `measured_n` points of the frame's trace come
    before it. `ahead_t_s`, `ahead_y` (n,): the predicted stretch, from the newest measured point to the head; empty
    where the head itself is measured.
    """

    t_s: float = math.nan
    y: float = math.nan
    measured_n: int = 0
    ahead_t_s: F64 = field(default_factory=lambda: _EMPTY)
    ahead_y: F64 = field(default_factory=lambda: _EMPTY)

    @property
    def predicted(self) -> bool:
        """Whether the head lies beyond what has been measured."""
        return self.ahead_t_s.size > 0


class Playout:
    """Moves the head of the trace with the clock.

    The head stands at the present moment as long as measured and predicted samples reach so far. Where they usually do
    not (no look-ahead, large packets), it stands behind by a lag that just covers the usual wait for a packet, so that
    it moves evenly; the lag follows that wait slowly and does not grow with stalls. In a stall the head waits
    where knowledge ends, and afterwards catches up. What a new packet corrects in a prediction goes over smoothly.
    """

    def __init__(self) -> None:
        self._frame: FeedbackFrame | None = None
        self._waits: deque[float] = deque(maxlen=USUAL_N)
        self._wait_s = 0.0
        self._lag_s = math.nan
        self._now_s = -math.inf
        self._head_s = math.nan
        self._off, self._off_s = 0.0, 0.0
        self._before: FeedbackFrame | None = None

    @property
    def lag_s(self) -> float:
        """How far behind the present the head stands in the usual course of things."""
        return 0.0 if math.isnan(self._lag_s) else self._lag_s

    @property
    def measured_s(self) -> float:
        """How old the newest sample usually gets before the next ones come: link, filter and packet together."""
        waits = sorted(self._waits)
        return waits[int(USUAL_SHARE * (len(waits) - 1))] if waits else 0.0

    def take(self, frame: FeedbackFrame) -> None:
        """Take the newest frame."""
        last = self._frame
        if last is not None and _newest(last) < _newest(frame):
            if self._wait_s > 0.0:
                self._waits.append(self._wait_s)
            self._wait_s = 0.0
        self._before = self._before or last  # the one that was painted last
        self._frame = frame

    def at(self, now_s: float) -> Head:
        """Return the head at session time `now_s`."""
        frame = self._frame
        if frame is None or not frame.trace_t_s.size:
            self._head_s = math.nan
            return Head()
        if now_s < self._now_s - LOST_S:  # another session
            self._now_s, self._head_s, self._wait_s = -math.inf, math.nan, 0.0
        now_s = max(now_s, self._now_s)
        passed_s = now_s - self._now_s if self._now_s > -math.inf else 0.0
        newest_s = _newest(frame)
        self._wait_s = max(self._wait_s, now_s - newest_s)
        reach_s = float(frame.predicted_t_s[-1]) if frame.predicted_t_s.size else newest_s
        self._follow(max(0.0, self.measured_s - (reach_s - newest_s)), now_s - reach_s, passed_s)
        self._move(min(now_s - self.lag_s, reach_s), passed_s)
        self._now_s = now_s
        return self._head(frame, newest_s)

    def _follow(self, wanted_s: float, starved_s: float, passed_s: float) -> None:
        """Let the lag follow the usual wait less the look-ahead: slowly, but not slower than knowledge is lacking."""
        if math.isnan(self._lag_s) or len(self._waits) < 2:
            self._lag_s = wanted_s
            return
        most_s = LAG_PER_S * passed_s
        slowly_s = self._lag_s + min(max(wanted_s - self._lag_s, -most_s), most_s)
        self._lag_s = max(slowly_s, min(wanted_s, starved_s))

    def _move(self, wanted_s: float, passed_s: float) -> None:
        if not abs(wanted_s - self._head_s) <= LOST_S:
            self._head_s, self._before, self._off = wanted_s, None, 0.0
            return
        self._head_s = max(self._head_s, min(wanted_s, self._head_s + CATCH_UP * passed_s))

    def _head(self, frame: FeedbackFrame, newest_s: float) -> Head:
        head_s, now_s = self._head_s, self._now_s
        known = _level(frame, head_s)
        if self._before is not None:
            same_scale = self._before.calibrated == frame.calibrated
            off = _level(self._before, head_s) + self._left(now_s) - known
            self._off = off if same_scale and math.isfinite(off) else 0.0
            self._off_s, self._before = now_s, None
        measured_n = int(frame.trace_t_s.searchsorted(head_s, side="right"))
        if head_s <= newest_s:
            return Head(head_s, known, measured_n)
        left = self._left(now_s)
        inside = frame.predicted_t_s < head_s
        t_s = np.concatenate(([newest_s], frame.predicted_t_s[inside], [head_s]))
        y = np.concatenate((frame.trace_y[-1:], frame.predicted_y[inside], [known]))
        y = y + left * (t_s - newest_s) / (head_s - newest_s)
        return Head(head_s, known + left, measured_n, frozen(t_s), frozen(y))

    def _left(self, now_s: float) -> float:
        """Return what is left now of the last correction."""
        return self._off * math.exp((self._off_s - now_s) / SETTLE_S)


def _newest(frame: FeedbackFrame) -> float:
    return float(frame.trace_t_s[-1]) if frame.trace_t_s.size else -math.inf


def _level(frame: FeedbackFrame, t_s: float) -> float:
    """Return the trace of a frame, measured or predicted, at `t_s`; NaN where it has a hole or nothing."""
    times, levels = frame.trace_t_s, frame.trace_y
    if not times.size:
        return math.nan
    if t_s > times[-1]:
        times = np.concatenate((times[-1:], frame.predicted_t_s))
        levels = np.concatenate((levels[-1:], frame.predicted_y))
    return float(np.interp(t_s, times, levels))
