"""Breathing as the wearable itself reports it: its own rate, or the lengths of its breaths. Believed, not checked."""

from collections import deque

from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64
from breathcore.model.device import ChannelSpec
from breathcore.model.estimates import Estimate, RateEstimate, Refusal

SLOWEST_BPM, FASTEST_BPM = 2.5, 60.0
STALE_INTERVALS, STALE_S = 2.5, 6.0  # a report older than this (whichever is longer) says nothing of now
UNCHECKED = 0.5  # quality of a number whose signal nobody here has seen
STEADY_S, LIVE_S = 32.0, 16.0
FEWEST = 2  # breaths
NAN = float("nan")


class _Reported(SecondsReader):
    """What both kinds share: seconds, staleness, nothing to turn."""

    latency_s = 0.0

    def __init__(self, channel: ChannelSpec) -> None:
        self.source = channel.id
        self._stale_s = max(STALE_S, STALE_INTERVALS * channel.expected_interval_s)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._from_second()
        self._rows: deque[tuple[float, float, float]] = deque()

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        raise NotImplementedError

    def _rates(self, second: float) -> tuple[float, float]:
        raise NotImplementedError

    def _tick(self, second: float) -> list[Estimate]:
        if not self._rows:
            return [self._refused(second, Refusal.NO_DATA if self._seconds.next_s > STALE_S else Refusal.TOO_SHORT)]
        if second - self._rows[-1][0] > self._stale_s:
            return [self._refused(second, Refusal.NO_DATA)]
        rate, live = self._rates(second)
        if rate != rate:
            return [self._refused(second, Refusal.TOO_SHORT)]
        if not SLOWEST_BPM <= rate <= FASTEST_BPM:
            return [self._refused(second, Refusal.NOISE)]
        return [RateEstimate(second, rate, live, UNCHECKED, None, (self.source,))]

    def _refused(self, second: float, reason: Refusal) -> RateEstimate:
        return RateEstimate(second, NAN, NAN, 0.0, reason)


class ReportedBreathing(_Reported):
    """The wearable's own breathing rate, passed on while it is fresh. NaN and 0 mean that it has none."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        self._rows.clear()
        self._rows.append((float(t_s[-1]), float(x[-1, 0]), 0.0))
        return []

    def _rates(self, second: float) -> tuple[float, float]:
        rate = self._rows[-1][1]
        return (rate, rate) if rate > 0 else (NAN, NAN)


class ReportedPhases(_Reported):
    """The lengths of inhales and exhales that the wearable reports, rows (in, out) in s, 0 where one is not in it."""

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        for t, row in zip(t_s.tolist(), x.tolist(), strict=True):
            if all(0.0 <= v < 60.0 for v in row[:2]):
                self._rows.append((t, row[0], row[1]))
        while self._rows and self._rows[0][0] < self._rows[-1][0] - 2.0 * STEADY_S:
            self._rows.popleft()
        return []

    def _rates(self, second: float) -> tuple[float, float]:
        steady = self._rate_since(second - STEADY_S)
        steady = steady if steady == steady else self._rate_since(second - 2.0 * STEADY_S)
        live = self._rate_since(second - LIVE_S)
        return steady, live if live == live else steady

    def _rate_since(self, t_s: float) -> float:
        """Return 60 / the mean length of a breath: the mean inhale plus the mean exhale."""
        rows = [r for r in self._rows if r[0] >= t_s]
        ins, outs = [r[1] for r in rows if r[1] > 0], [r[2] for r in rows if r[2] > 0]
        if min(len(ins), len(outs)) < FEWEST:
            return NAN
        return 60.0 / (sum(ins) / len(ins) + sum(outs) / len(outs))
