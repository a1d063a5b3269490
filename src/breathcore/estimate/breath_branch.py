"""One breath source from samples to estimates: trace, rate each second, turns, breaths, phase."""

import math
from collections.abc import Callable

from breathcore.estimate.breaths import BreathDetector
from breathcore.estimate.effort import EffortTrace, Look, Piece
from breathcore.estimate.phase import PhaseFollower
from breathcore.estimate.quality import noise_sd, usual_span
from breathcore.estimate.rate import SHORTEST_S, SLOW_BPM, SLOW_S, STEADY_S, Reading, refused
from breathcore.estimate.seconds import SecondsReader
from breathcore.model.arrays import F64, frozen
from breathcore.model.estimates import Breath, EffortBlock, Estimate, Polarity, Refusal, Turn

ReadRate = Callable[[Look | None, float, Reading], Reading]

FRESH_S = 1.0  # a second further than this from the newest sample has no data
SILENT_S = 64.0  # without an answer: the trace is looked at less often
AFRESH_S = 4  # at least this often the rate is looked for without knowing the last one


class BreathBranch(SecondsReader):
    """Feeds one trace and everything read off it.

    A whole second T of session time is told when a sample at or after T comes (or at the flush), from the samples
    before T alone.

    Parameters
    ----------
    source : str
        Channel id, named in the effort blocks.
    trace : EffortTrace
        Maker of the trace.
    read_rate : callable
        Reads the rate off what the trace looks like, given about what it was (NaN: look afresh) and the last reading.
    """

    def __init__(self, source: str, trace: EffortTrace, read_rate: ReadRate) -> None:
        self.source = source
        self._trace = trace
        self._read_rate = read_rate
        self._breaths = BreathDetector(trace.latency_s)
        self._phase = PhaseFollower(trace.rate_hz)
        self._begin()

    def reset(self) -> None:
        """Forget everything."""
        for part in (self._trace, self._breaths, self._phase):
            part.reset()
        self._begin()

    def _begin(self) -> None:
        self._from_second()
        self._reading = refused(Refusal.NO_DATA)
        self._answered_s = -math.inf
        self._waiting: list[Turn | Breath] = []
        self._sign = 1
        self._turned: list[Polarity] = []

    @property
    def latency_s(self) -> float:
        """Delay of the trace."""
        return self._trace.latency_s

    def flush(self, end_s: float) -> list[Estimate]:
        """Tell the seconds up to `end_s` and the unfinished breath."""
        out = self._seconds.flush(end_s)
        if self._usable:
            out += self._breaths.flush()
        return out

    def turn(self, polarity: Polarity) -> None:
        """Multiply the trace by the polarity's sign from its time on."""
        self._turned.append(polarity)

    @property
    def _usable(self) -> bool:
        return self._reading.refusal is None and self._reading.followed

    def _feed(self, t_s: F64, x: F64) -> list[Estimate]:
        out: list[Estimate] = []
        for piece in self._trace.push(t_s, x):
            for part in self._signed(piece):
                out.append(EffortBlock(self.source, frozen(part.t_s), frozen(part.y), self._usable, part.new_run))
                out += self._admit(self._breaths.push(part))
                out += self._phase.push(part)
        return out

    def _signed(self, piece: Piece) -> list[Piece]:
        parts, new_run, start = [], piece.new_run, 0
        while self._turned and self._turned[0].t_s <= piece.t_s[-1]:
            polarity = self._turned.pop(0)
            at = max(start, int(piece.t_s.searchsorted(polarity.t_s)))
            if at > start:
                parts.append(_part(piece, slice(start, at), self._sign, new_run=new_run))
            new_run = new_run if at == start else False
            new_run = new_run or polarity.sign != self._sign
            start, self._sign = at, polarity.sign
        parts.append(_part(piece, slice(start, None), self._sign, new_run=new_run))
        return parts

    def _admit(self, found: list[Turn | Breath]) -> list[Turn | Breath]:
        if self._usable:
            return found
        self._waiting += found
        return []

    def _tick(self, second: float) -> list[Estimate]:
        if self._due(second):
            look = self._look(second)
            self._read(second, look)
            self._guide(look)
        return [self._reading.at(second, self.source), *self._vouch(second)]

    def _due(self, second: float) -> bool:
        """Whether to look at the trace: in turn, but at a beginning and an end every second."""
        trace = self._trace
        short = trace.span_s < SHORTEST_S or self._reading.refusal is Refusal.TOO_SHORT
        every_s = trace.look_every_s if second - self._answered_s <= SILENT_S else trace.seldom_s
        return short or second - trace.newest_s > FRESH_S or second % every_s == 0

    def _read(self, second: float, look: Look | None) -> None:
        if look is None and second - self._trace.newest_s > FRESH_S:
            self._reading = refused(Refusal.NO_DATA)
            return
        afresh = not self._usable or second % AFRESH_S == 0
        rough_bpm = math.nan if afresh else self._reading.rate_bpm
        self._reading = self._read_rate(look, rough_bpm, self._reading)
        if self._reading.refusal in (None, Refusal.TOO_SHORT):
            self._answered_s = second

    def _look(self, second: float) -> Look | None:
        return None if second - self._trace.newest_s > FRESH_S else self._trace.tick(60.0 / self._reading.rate_bpm)

    def _guide(self, look: Look | None) -> None:
        reading = self._reading
        noise = reading.noise
        if noise != noise:
            noise = 0.0 if look is None else noise_sd(look.y)
        guess = reading.rise if self._usable else usual_span(look)
        self._breaths.guide(guess, noise, reading.quality)
        self._phase.guide(reading.rise, reading.rate_bpm, noise)

    def _vouch(self, second: float) -> list[Turn | Breath]:
        """Release what waited for a rate to vouch for it; forget what is too old for that."""
        span_s = STEADY_S if self._reading.rate_bpm > SLOW_BPM else SLOW_S  # what the rate was read from
        begun = [w for w in self._waiting if _begin_s(w) >= second - span_s]
        if not self._usable:
            self._waiting = begun
            return []
        self._waiting = []
        return [_settled(w, second, self._reading) for w in begun]


def _part(piece: Piece, of: slice, sign: int, *, new_run: bool) -> Piece:
    return Piece(piece.t_s[of], sign * piece.y[of], new_run, sign * piece.lift[of])


def _begin_s(item: Turn | Breath) -> float:
    return item.t_s if isinstance(item, Turn) else item.inhale_onset_s


def _settled(item: Turn | Breath, second: float, reading: Reading) -> Turn | Breath:
    if isinstance(item, Turn):
        return Turn(item.kind, item.t_s, item.level, second)
    return Breath(
        item.inhale_onset_s,
        item.exhale_onset_s,
        item.end_s,
        item.amplitude,
        second,
        reading.quality,
        item.kind,
        item.hold_in_s,
        item.hold_out_s,
    )
