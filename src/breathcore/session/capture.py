"""A session without a drill: sensors are recorded, or only looked at, and nobody is guided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from breathcore import __version__
from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.blocks import SampleBlock
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind
from breathcore.model.errors import RadioError, Reason
from breathcore.model.packets import LinkEvent, Packet
from breathcore.model.protocols import Source, SourceInfo
from breathcore.model.trunk import RepLevel
from breathcore.record.edit import delete
from breathcore.record.items import RecordedFault, SessionMeta, Simple
from breathcore.session.bridge import Bridge
from breathcore.session.pipeline import TICK_S, PipelineInput, SessionItem
from breathcore.session.reception import Outbound
from breathcore.session.result import SessionResult
from breathcore.session.runner import Chain, SessionRunner
from breathcore.session.signals import SignalChain, SignalItem
from breathcore.session.tally import DeviceTally, Tally

_NONE: Mapping[str, Simple] = MappingProxyType({})


class CaptureChain:
    """The pure part: everything that follows from the devices' packets, and the counts of them.

    `push` depends only on the sequence of items, as with `Pipeline`.

    Parameters
    ----------
    devices : Sequence[tuple[str, DeviceSpec]]
        The session's devices by the keys that packets carry.
    t0_host_ns : int
        The host's clock at session time zero.
    """

    def __init__(self, devices: Sequence[tuple[str, DeviceSpec]], t0_host_ns: int) -> None:
        self._signals = SignalChain(devices, t0_host_ns)
        self.tally = Tally(devices)
        self._ticks_n = 0
        self._now_s = 0.0

    @property
    def now_s(self) -> float:
        """Session time of the newest item."""
        return self._now_s

    def push(self, item: PipelineInput) -> tuple[SessionItem, ...]:
        """Take the next item; return what follows from it, in order."""
        t_s = self._signals.session_s(item.t_host_ns)
        out: list[SessionItem] = []
        while (self._ticks_n + 1) * TICK_S <= t_s:
            self._ticks_n += 1
            out += self._signals.tick(self._ticks_n * TICK_S)
        self._now_s = max(self._now_s, t_s)
        if isinstance(item, Packet | LinkEvent):
            self.tally.on_input(item)
            out += self._counted(self._signals.push(item, self._now_s))
        return tuple(out)

    def stop(self) -> tuple[Outbound, ...]:
        """Return the requests that end the devices' streams."""
        return self._signals.stop()

    def flush(self) -> tuple[SessionItem, ...]:
        """Return what was still open; nothing more comes."""
        return tuple(self._counted(self._signals.flush(self._now_s)))

    def frame(self, recorder_depth: int = 0, *, recording: bool = True) -> FeedbackFrame:
        """Return the snapshot to paint: that of a session without a drill."""
        return replace(self._signals.frame(self._now_s), recorder_depth=recorder_depth, recording=recording)

    def _counted(self, items: Iterable[SignalItem]) -> list[SessionItem]:
        out: list[SessionItem] = []
        for item in items:
            if isinstance(item, SampleBlock):
                self.tally.on_samples(item)
                continue
            if isinstance(item, LinkEvent):
                self.tally.on_input(item)
                continue
            if isinstance(item, RepLevel):  # only shown
                continue
            if isinstance(item, RecordedFault):
                self.tally.on_fault(item)
            out.append(item)
        return out


class Capture(SessionRunner):
    """Records a source's devices, or (without a path) only shows how they do. Any END command ends it.

    Parameters
    ----------
    source, path, bridge, pace
        As `SessionRunner`.
    seconds : float | None
        How long to go on from the first sample (or from `find_s` on, if none has come by then); None: until it is
        stopped.
    find_s : float | None
        After so long without any of the devices being heard it ends with RadioError (DEVICE_NOT_FOUND), and leaves no
        file. None: it goes on looking.
    origin, language, person, facts
        What `SessionMeta` says as ``source``, ``language``, ``person`` and ``more``.
    """

    def __init__(
        self,
        source: Source,
        path: Path | None,
        bridge: Bridge,
        *,
        pace: float | None = 1.0,
        seconds: float | None = None,
        find_s: float | None = None,
        origin: str = "ble",
        language: str = "en",
        person: str = "",
        facts: Mapping[str, Simple] = _NONE,
    ) -> None:
        super().__init__(source, path, bridge, pace=pace)
        self._seconds = seconds
        self._find_s = find_s
        self._facts = (origin, language, person, facts)
        self._names: tuple[str, ...] = ()
        self._chain: CaptureChain | None = None
        self._begun_s: float | None = None
        self._told_end = False

    @property
    def now_s(self) -> float:
        """Session time of the newest item, 0 before there is one."""
        return 0.0 if self._chain is None else self._chain.now_s

    def result(self) -> SessionResult | None:
        """Return None: there is no drill."""
        return None

    def devices(self) -> tuple[DeviceTally, ...]:
        """Return what has come so far, none where the source was never open (from the session's own thread)."""
        return () if self._chain is None else self._chain.tally.devices()

    async def run(self) -> None:
        """Open the source, run until it ends, time is over or `stop` is called. Raises BreathcoreError."""
        try:
            await super().run()
        except RadioError as error:
            if error.reason is Reason.DEVICE_NOT_FOUND and self.path is not None and self.path.exists():
                delete(self.path)
            raise

    def _begin(self, info: SourceInfo) -> Chain:
        self._names = tuple(spec.name for _, spec in info.devices)
        self._chain = CaptureChain(info.devices, info.t0_host_ns)
        return self._chain

    def _meta(self, info: SourceInfo) -> SessionMeta:
        origin, language, person, facts = self._facts
        return SessionMeta(
            start=datetime.now().astimezone(),
            t0_host_ns=info.t0_host_ns,
            software_version=__version__,
            source=origin,
            language=language,
            person=person,
            more=facts,
        )

    def _ends(self, command: CommandKind) -> bool:
        return True

    def _next(self) -> CommandKind | None:
        chain = self._chain
        if chain is None or self._told_end:
            return None
        if self._find_s is not None and not chain.tally.heard and chain.now_s >= self._find_s:
            raise RadioError(Reason.DEVICE_NOT_FOUND, device=", ".join(self._names), seconds=self._find_s)
        if self._begun_s is None and (chain.tally.sampled or chain.now_s >= (self._find_s or float("inf"))):
            self._begun_s = chain.now_s
        self._told_end = (
            self._seconds is not None and self._begun_s is not None and chain.now_s >= self._begun_s + self._seconds
        )
        return CommandKind.END if self._told_end else None
