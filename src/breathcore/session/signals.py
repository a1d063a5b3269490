"""Packets → samples, estimates and fit: all of a session that has nothing to do with a drill."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from breathcore.estimate.chain import PersonEstimator
from breathcore.estimate.fit import SignalFit
from breathcore.estimate.trunk.estimator import TrunkEstimator
from breathcore.estimate.trunk.site import SiteKind
from breathcore.feedback.frame import FeedbackFrame
from breathcore.feedback.presenter import Presenter
from breathcore.feedback.trunk_presenter import TrunkPresenter
from breathcore.feedback.watch import SignalWatch
from breathcore.model.blocks import FaultReason, SampleBlock
from breathcore.model.device import DeviceSpec, Place, Role
from breathcore.model.estimates import (
    Breath,
    EffortBlock,
    Estimate,
    FitEstimate,
    HeartEstimate,
    RateEstimate,
    Turn,
)
from breathcore.model.message import message
from breathcore.model.packets import LinkEvent, LinkKind, Packet
from breathcore.model.trunk import MovementTask, SidesExchanged, TapeReading, TrunkCalibration, TrunkEstimate
from breathcore.record.items import RecordedFault
from breathcore.session.reception import Outbound, Reading, Reception

FIT_EVERY_S = 1.0
_ELECTRODES = frozenset({Role.HEART_RATE, Role.RR, Role.ECG, Role.PPG})
_OTHER_LINK = frozenset({LinkKind.CONNECTED, LinkKind.LOST, LinkKind.CLOSED})

SignalItem = Outbound | RecordedFault | LinkEvent | SampleBlock | Estimate | FitEstimate | TrunkEstimate


class SignalChain:
    """Codecs, clocks, estimators and signal checks of all devices of a session, and what a frame shows of them.

    Pure: what comes out depends only on what was pushed, in its order.

    Parameters
    ----------
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices by the keys that packets carry, with channel ids that are unique among them all.
    t0_host_ns : int
        The host's clock at session time zero.

    Attributes
    ----------
    estimator : PersonEstimator
        Where a calibration's finding goes.
    watch : SignalWatch
        Whether there is a signal.
    trunk : TrunkEstimator
        What ribs, brace and movement do; where its calibrations and tasks go.
    presenter : Presenter
        What is shown of the person.
    body : TrunkPresenter
        What is shown of the trunk.
    """

    def __init__(
        self,
        devices: Sequence[tuple[str, DeviceSpec]],
        t0_host_ns: int,
        previous: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        channels = tuple(c for _, spec in devices for c in spec.channels)
        self._reception = Reception(devices, t0_host_ns)
        self.estimator = PersonEstimator(channels)
        self.trunk = TrunkEstimator(channels, _by_site(previous))
        self.body = TrunkPresenter(channels)
        heart_source = self.estimator.heart_source
        self.watch = SignalWatch(
            self.estimator.refusal,
            devices,
            self.estimator.breath_sources or ((heart_source,) if heart_source else ()),
            has_heart=heart_source is not None,
            rated=self.estimator.rates_heart,
        )
        self.presenter = Presenter(devices, self.watch)
        self._fit = SignalFit(channels)
        self._channels = {(key, e.id): [c.id for c in e.channels] for key, spec in devices for e in spec.endpoints}
        self._owned = {key: [c.id for c in spec.channels] for key, spec in devices}
        self._electrodes = {key: [c.id for c in s.channels if c.role in _ELECTRODES] for key, s in devices}
        self._fit_s = 0.0
        self._faults_n = 0
        self._reported_n = self._reported_trunk_n = 0
        self._newest_host_ns = 0

    def session_s(self, t_host_ns: int) -> float:
        """Return the session time of a host stamp."""
        return self._reception.session_s(t_host_ns)

    def push(self, item: Packet | LinkEvent, now_s: float) -> Iterator[SignalItem]:
        """Take a packet or link event at session time `now_s`; yield what follows from it, in order.

        What is done about one item (a trace turned round) is in force before the next is made.
        """
        if isinstance(item, LinkEvent):
            yield from self._on_link(item, now_s)
        reading: Reading = self._reception.push(item)
        yield from reading.outbound
        for fault in reading.faults:
            self._fit.on_fault(self._channels.get((fault.device, fault.endpoint.partition(".")[0]), ()), now_s)
            yield fault
        self._faults_n += len(reading.faults)
        for event in reading.events:
            yield event
            yield from self._on_link(event, now_s)
        for block in reading.blocks:
            yield from self._on_samples(block, item.t_host_ns)

    def tick(self, now_s: float) -> Iterator[FitEstimate]:
        """Let time pass: what only time can tell of the sensors' fit, once a second."""
        if now_s >= self._fit_s + FIT_EVERY_S:
            self._fit_s = now_s
            yield from self._fitted(self._fit.tick(now_s))

    def stop(self) -> tuple[Outbound, ...]:
        """Return the requests that end the devices' streams."""
        return self._reception.stop()

    def flush(self, now_s: float) -> Iterator[SignalItem]:
        """Yield what was still open; nothing more comes."""
        for block in self._reception.flush():
            yield from self._on_samples(block, self._newest_host_ns)
        yield from self._estimated(self.estimator.flush(now_s))
        yield from self._embodied(self.trunk.flush(now_s))
        yield from self._switched_off()

    def frame(self, now_s: float) -> FeedbackFrame:
        """Return what there is to see of a session without a drill."""
        presenter = self.presenter
        trace_t_s, trace_y = presenter.trace(now_s)
        predicted_t_s, predicted_y = presenter.predicted(now_s)
        quality, quality_message = presenter.quality(now_s)
        heart_bpm, heart_message = presenter.heart(now_s)
        rate_bpm = presenter.rate_shown(now_s)
        return FeedbackFrame(
            t_s=now_s,
            device=presenter.device(now_s),
            sensors=presenter.sensors(),
            calibrated=presenter.calibrated,
            trace_t_s=trace_t_s,
            trace_y=trace_y,
            predicted_t_s=predicted_t_s,
            predicted_y=predicted_y,
            latency_s=self.estimator.latency_s,
            rate_bpm=rate_bpm,
            rate_message=None if rate_bpm is not None else presenter.rate_message(now_s),
            rate_sources=() if rate_bpm is None else presenter.rate_sources(),
            rate_estimated=rate_bpm is not None and presenter.rate_estimated,
            breath_followed=not self.watch.heart_only,
            quality=quality,
            quality_message=quality_message,
            heart_bpm=heart_bpm,
            heart_message=heart_message,
            heart=presenter.rhythm(now_s),
            brace_message=message("brace.not-measured"),
            faults_n=self._faults_n,
            newest_host_ns=self._newest_host_ns,
        )

    def _on_link(self, event: LinkEvent, now_s: float) -> Iterator[FitEstimate]:
        self.watch.on_link(event, now_s)
        self.presenter.on_link(event)
        if event.kind in _OTHER_LINK:
            self._fit.on_link(self._owned.get(event.device, ()))
        elif event.kind is LinkKind.CONTACT:
            channels = self._electrodes.get(event.device, ())
            yield from self._fitted(self._fit.on_contact(channels, on=event.detail == "on", t_s=now_s))

    def _on_samples(self, block: SampleBlock, t_host_ns: int) -> Iterator[SignalItem]:
        if not len(block.t_s):
            return
        yield block
        self.watch.on_samples(block.channel.id, float(block.t_s[-1]))
        self.presenter.on_samples(block.channel.id)
        estimates = self.estimator.push(block)
        if any(isinstance(e, EffortBlock) for e in estimates):
            self._newest_host_ns = t_host_ns
        yield from self._estimated(estimates)
        yield from self._embodied(self.trunk.push(block))
        yield from self._switched_off()
        yield from self._fitted(self._fit.push(block))

    def ask(self, item: TrunkCalibration | TapeReading | SidesExchanged | MovementTask) -> Iterator[TrunkEstimate]:
        """Tell the trunk's estimators what is being done; yield what follows from it."""
        yield from self._embodied(self.trunk.push(item))

    def _estimated(self, estimates: Sequence[Estimate]) -> Iterator[Estimate | TrunkEstimate]:
        for estimate in estimates:
            self.presenter.on_estimate(estimate)
            if isinstance(estimate, EffortBlock):
                self.watch.on_effort(estimate)
            elif isinstance(estimate, RateEstimate):
                self.watch.on_rate(estimate)
            elif isinstance(estimate, HeartEstimate):
                self.watch.on_heart(estimate)
            yield estimate
            if isinstance(estimate, Breath | Turn | RateEstimate):
                yield from self._embodied(self.trunk.push(estimate))

    def _embodied(self, estimates: Sequence[TrunkEstimate]) -> Iterator[TrunkEstimate]:
        for estimate in estimates:
            self.body.on_estimate(estimate)
            yield estimate

    def _fitted(self, estimates: Sequence[FitEstimate]) -> Iterator[FitEstimate]:
        for estimate in estimates:
            self.presenter.on_estimate(estimate)
            yield estimate

    def _switched_off(self) -> Iterator[RecordedFault]:
        """Tell of estimators that raised and were switched off; recording, heart or drill go on without them."""
        own, trunk = self.estimator.faults, self.trunk.faults
        for fault in (*own[self._reported_n :], *trunk[self._reported_trunk_n :]):
            self._faults_n += 1
            yield RecordedFault("", fault.t_s, FaultReason.UNEXPECTED, fault.branch, 0, fault.detail)
        self._reported_n, self._reported_trunk_n = len(own), len(trunk)


def _by_site(previous: Mapping[str, float]) -> dict[tuple[Place, SiteKind], float]:
    """Return the last calibration's ranges by site; in recordings their keys are texts (``left.imu``)."""
    parts = {key: key.partition(".") for key in previous}
    return {(Place(place), SiteKind(kind)): previous[key] for key, (place, _, kind) in parts.items()}
