"""Estimates → what a frame shows of the person: trace, rate, quality, heart, devices."""

import math
from collections.abc import Sequence

import numpy as np

from breathcore.estimate.lookahead import LookAhead
from breathcore.feedback.frame import PAST_S, DeviceView, SensorFrame
from breathcore.feedback.heart_view import HeartPresenter, HeartView
from breathcore.feedback.history import History
from breathcore.feedback.sensors import SensorPresenter
from breathcore.feedback.sight import BY_HEART, refusal_message
from breathcore.feedback.watch import OFF_BODY, RATE_STALE_S, SignalWatch
from breathcore.model.arrays import F64, frozen
from breathcore.model.device import DeviceSpec, Role
from breathcore.model.estimates import (
    BreathRange,
    EffortBlock,
    Estimate,
    FitEstimate,
    HeartEstimate,
    PhaseKind,
    RateEstimate,
    Refusal,
    Turn,
)
from breathcore.model.message import Message, message
from breathcore.model.packets import LinkEvent

TRACE_POINTS = 280
HEART_STALE_S = 6.0
BREATH_LIMIT_S = 25.0  # without a new breath, a displayed rate may change all the same
LIVE_FROM_BPM = 10.0  # below, 16 s hold fewer than three breaths: the 32-s number is shown
GOOD, FAIR = 0.7, 0.4  # quality in words

_EMPTY = frozen(np.empty(0))


class Presenter:
    """Keeps what a frame needs of the recent past; pure, time passed in.

    Parameters
    ----------
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices.
    watch : SignalWatch
        Shared with the drill: screen and drill agree on whether there is a signal. Its device is the one that the top
        line names.
    """

    def __init__(self, devices: Sequence[tuple[str, DeviceSpec]], watch: SignalWatch) -> None:
        self._watch = watch
        self._sensors = SensorPresenter(devices)
        self._trace = History(1024, 2)
        self._ahead = LookAhead()
        self._seen = False
        self._range: BreathRange | None = None
        self._rate: RateEstimate | None = None
        self._shown_bpm: float | None = None
        self._shown_s = -math.inf
        self._breathed = False
        self._heart: HeartEstimate | None = None
        self._roles = {c.id: c.role for _, spec in devices for c in spec.channels}
        self._scale_of = ""
        self._rhythm = HeartPresenter() if any(spec.roles & {Role.RR, Role.ECG} for _, spec in devices) else None
        self._has_heart = any(spec.roles & {Role.HEART_RATE, Role.RR, Role.ECG} for _, spec in devices)

    def on_link(self, event: LinkEvent) -> None:
        """Take a link event."""
        self._sensors.on_link(event)

    def on_samples(self, channel: str) -> None:
        """Take note of samples of `channel`."""
        self._sensors.on_samples(channel)

    def on_estimate(self, estimate: Estimate | FitEstimate) -> None:
        """Take an estimate."""
        if self._rhythm is not None:
            self._rhythm.on_estimate(estimate)
        if isinstance(estimate, FitEstimate):
            self._sensors.on_fit(estimate)
        elif isinstance(estimate, EffortBlock):
            self._on_effort(estimate)
        elif isinstance(estimate, RateEstimate):
            self._rate = estimate
            self._ahead.guide(estimate)
        elif isinstance(estimate, Turn):
            self._breathed |= estimate.kind is PhaseKind.INHALE
        elif isinstance(estimate, HeartEstimate):
            self._heart = estimate
        elif isinstance(estimate, BreathRange):
            self._range = estimate if estimate.refusal is None else None

    def turn(self) -> None:
        """Turn the trace that is in view upside down: a calibration has found that it was."""
        self._trace.rows()[:, 1] *= -1
        self._ahead.turn()

    @property
    def calibrated(self) -> bool:
        """Whether the person's range is known."""
        return self._range is not None

    @property
    def rate(self) -> RateEstimate | None:
        """The newest rate."""
        return self._rate

    def trace(self, now_s: float) -> tuple[F64, F64]:
        """Return times (n,) and shares of the range (n,) of the visible past, at most 300 points.

        NaN breaks the line at gaps and where there was no body in the strap. Before calibration the range is that of
        the visible past itself, so that the person sees a trace at once.
        """
        rows = self._trace.rows()
        rows = rows[np.searchsorted(rows[:, 0], now_s - PAST_S) :]
        if not len(rows):
            return _EMPTY, _EMPTY
        step = max(1, math.ceil(len(rows) / TRACE_POINTS))
        # points keep their places from frame to frame: every step-th row by number, and the newest
        first = -(self._trace.total - len(rows)) % step
        index = np.append(np.arange(first, len(rows) - 1, step), len(rows) - 1)
        y = rows[:, 1]
        low, high = self._limits(y)
        return frozen(rows[index, 0].copy()), frozen((y[index] - low) / (high - low))

    def predicted(self, now_s: float) -> tuple[F64, F64]:
        """Return times (m,) and shares of the range (m,) where the trace will go on; empty where it is not known."""
        if not self._seen or not self._watch.streaming(now_s) or self._watch.refusal(now_s) is not None:
            return _EMPTY, _EMPTY
        t_s, y = self._ahead.ahead()
        rows = self._trace.rows()
        low, high = self._limits(rows[np.searchsorted(rows[:, 0], now_s - PAST_S) :, 1])
        return frozen(t_s), frozen((y - low) / (high - low))

    def rate_shown(self, now_s: float) -> float | None:
        """Return the rate to display, or None where none is honest now; it changes at most once a breath."""
        rate = self._rate
        fresh = rate is not None and self._watch.refusal(now_s) is None and now_s - rate.t_s <= RATE_STALE_S
        if rate is None or not fresh:
            self._shown_bpm = None
            return None
        bpm = rate.rate_bpm
        if not math.isnan(rate.rate_live_bpm) and (math.isnan(bpm) or rate.rate_live_bpm >= LIVE_FROM_BPM):
            bpm = rate.rate_live_bpm
        if math.isnan(bpm):
            self._shown_bpm = None
        elif self._shown_bpm is None or self._breathed or now_s - self._shown_s > BREATH_LIMIT_S:
            self._shown_bpm, self._shown_s, self._breathed = rounded(bpm), now_s, False
        return self._shown_bpm

    def rate_message(self, now_s: float) -> Message | None:
        """Return why there is no rate and what to do, None where there is one."""
        refusal = self._watch.refusal(now_s)
        return None if refusal is None else refusal_message(refusal, by_heart=self._watch.by_heart)

    def rate_sources(self) -> tuple[Message, ...]:
        """Return what the newest rate was read from, each kind of sensor once, the most trusted first."""
        sources = () if self._rate is None else self._rate.sources
        roles = dict.fromkeys(self._roles[s] for s in sources if s in self._roles)
        return tuple(message(f"source.{role.value}") for role in roles)

    @property
    def rate_estimated(self) -> bool:
        """Whether the newest rate comes from the heart alone."""
        sources = () if self._rate is None else self._rate.sources
        return bool(sources) and all(self._roles.get(s) in BY_HEART for s in sources)

    def quality(self, now_s: float) -> tuple[float | None, Message | None]:
        """Return quality 0–1 and its word, None where the breath cannot be seen."""
        unseen = not self._watch.streaming(now_s) or self._watch.refusal(now_s) is not None
        if self._rate is None or self.rate_estimated or unseen:
            return None, None
        q = self._rate.quality
        word = "good" if q >= GOOD else "fair" if q >= FAIR else "weak"
        return q, message(f"quality.{word}")

    def heart(self, now_s: float) -> tuple[float | None, Message | None]:
        """Return the heart rate, or None and why (None where nothing measures it)."""
        if not self._has_heart:
            return None, None
        heart = self._heart
        if heart is None or math.isnan(heart.hr_bpm) or now_s - heart.t_s > HEART_STALE_S:
            return None, message("heart.none")
        return heart.hr_bpm, None

    def rhythm(self, now_s: float) -> HeartView | None:
        """Return what is known of the heart's rhythm, None where nothing measures its beats."""
        return None if self._rhythm is None else self._rhythm.view(now_s)

    def sensors(self) -> tuple[SensorFrame, ...]:
        """Return all devices as they are now."""
        return self._sensors.frames()

    def device(self, now_s: float) -> DeviceView | None:
        """Return the top line's device: the breath's own, and how its signal is."""
        own = self._sensors.frame(self._watch.device)
        if own is None:
            return None
        return DeviceView(own.name, self._watch.linked, own.battery_percent, self._signal(now_s))

    def _signal(self, now_s: float) -> Message:
        if not self._watch.linked:
            return message("signal.no-link")
        if not self._watch.streaming(now_s):
            return message("signal.listening" if self._watch.starting(now_s) else "signal.no-data")
        if self._watch.heart_only:
            return message("signal.heart")
        refusal = self._watch.refusal(now_s)
        if refusal is None:
            return message("signal.weak" if self.rate_estimated else "signal.good")
        return message("signal.listening" if refusal is Refusal.TOO_SHORT else "signal.weak")

    def _limits(self, y: F64) -> tuple[float, float]:
        if self._range is not None:
            return self._range.low, self._range.high
        known = y[~np.isnan(y)]
        if not len(known):
            return 0.0, 1.0
        low, high = _quantiles(known, (0.05, 0.95))
        return (low, high) if high > low else (low - 0.5, low + 0.5)

    def _off_body(self, block: EffortBlock) -> bool:
        """Whether there is no body in the trace; an uneven or unclear breath is shown, only not counted."""
        return not block.usable and self._rate is not None and self._rate.refusal in OFF_BODY

    def _on_effort(self, block: EffortBlock) -> None:
        if not len(block.t_s):
            return
        if math.isnan(block.gain) and block.source != self._scale_of:
            self._range = None  # another sensor has taken over, in a scale that cannot be compared
        self._scale_of = block.source
        self._ahead.push(block.t_s, block.y, gap_before=block.gap_before)
        self._seen = block.usable
        rows = np.column_stack([block.t_s, np.full(len(block.y), np.nan) if self._off_body(block) else block.y])
        if block.gap_before:
            rows = np.vstack([[block.t_s[0] - 1e-3, np.nan], rows])
        self._trace.append(rows)


def _quantiles(values: F64, shares: tuple[float, float]) -> tuple[float, float]:
    """Return what `numpy.quantile` does for a few hundred values, several times as fast: a frame asks for it."""
    last = len(values) - 1
    low, high = np.interp([last * share for share in shares], np.arange(len(values)), np.sort(values))
    return float(low), float(high)


def rounded(bpm: float) -> float:
    """Round a rate for display: to 0.1 below 10/min, to 0.5 above."""
    return round(bpm, 1) if bpm < LIVE_FROM_BPM else round(2 * bpm) / 2
