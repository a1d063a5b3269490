"""Runs one session: a source, the pipeline, the recorder, and the bridge to whoever watches."""

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from breathcore import __version__
from breathcore.feedback.frame import FeedbackFrame
from breathcore.model.drill import CommandKind, Effect, EffectKind, Stage, UserCommand
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.packets import Advance, Packet
from breathcore.model.protocols import Happening, Source, SourceInfo
from breathcore.record.items import Item, SessionMeta
from breathcore.record.writer import SessionWriter
from breathcore.session.bridge import Bridge
from breathcore.session.pace import LiveClock, VirtualClock, closed_after, with_ticks
from breathcore.session.pipeline import Pipeline, PipelineInput, RecorderFailed, SessionItem
from breathcore.session.plan import SessionPlan
from breathcore.session.reception import Outbound
from breathcore.session.result import SessionResult

Pilot = Callable[[Pipeline], CommandKind | None]


class Chain(Protocol):
    """The pure part of a session: items in the order they happened → what follows from them."""

    @property
    def now_s(self) -> float:
        """Session time of the newest item."""
        ...

    def push(self, item: PipelineInput) -> tuple[SessionItem, ...]:
        """Take the next item; return what follows from it, in order."""
        ...

    def stop(self) -> tuple[Outbound, ...]:
        """Return the requests that end the devices' streams."""
        ...

    def flush(self) -> tuple[SessionItem, ...]:
        """Return what was still open; nothing more comes."""
        ...

    def frame(self, recorder_depth: int = 0, *, recording: bool = True) -> FeedbackFrame:
        """Return the snapshot to paint."""
        ...


class SessionRunner(ABC):
    """A session of any kind as a coroutine; `SessionThread` gives it a thread of its own.

    Parameters
    ----------
    source : Source
        A source with virtual time is consumed in lock-step, so the same seed gives the same recording at any pace.
    path : Path | None
        The session file to make, never overwritten; None records nothing.
    bridge : Bridge
        Gets frames and effects; its commands are obeyed.
    pace : float | None
        Virtual seconds per real second, None for as fast as possible. A live source keeps its own time.
    """

    def __init__(self, source: Source, path: Path | None, bridge: Bridge, *, pace: float | None) -> None:
        self.path = path
        self._source = source
        self._bridge = bridge
        self._pace = pace
        self._commands: asyncio.Queue[tuple[CommandKind, str]] = asyncio.Queue()
        self._stop = False
        self._opening: asyncio.Future[SourceInfo] | None = None
        self._called_off = False

    @abstractmethod
    def result(self) -> SessionResult | None:
        """Return what the drill came to, None where there was none."""

    @abstractmethod
    def _begin(self, info: SourceInfo) -> Chain:
        """Return the chain for what the source brings."""

    @abstractmethod
    def _meta(self, info: SourceInfo) -> SessionMeta:
        """Return what is true of the whole session."""

    @abstractmethod
    def _ends(self, command: CommandKind) -> bool:
        """Whether a command leaves the session now."""

    def _next(self) -> CommandKind | None:
        """Return what is to be done by itself; asked after every tick."""
        return None

    async def run(self) -> None:
        """Open the source, run until it ends or `stop` is called, close everything. Raises BreathcoreError."""
        self._opening = asyncio.ensure_future(self._source.open())
        try:
            info = await self._opening
        except asyncio.CancelledError:
            await self._source.close()
            if self._called_off:  # stopped while the radio was waited for: there is nothing to keep
                return
            raise
        chain = self._begin(info)
        try:
            await self._record(info, chain)
        finally:
            await self._source.close()

    async def _record(self, info: SourceInfo, chain: Chain) -> None:
        if self.path is None:
            await self._run(info, _Worker(chain, None, self._source, self._bridge))
            return
        with SessionWriter(self.path, self._meta(info), info.devices) as writer:
            worker = _Worker(chain, writer, self._source, self._bridge)
            try:
                await self._run(info, worker)
            finally:  # stopped by Ctrl-C or by a source that failed: what was under way is in the file all the same
                worker.finish()
        if writer.error is not None:
            raise writer.error

    def stop(self) -> None:
        """Ask the session to end, the drill too (from its own loop)."""
        if self._opening is not None:
            self._called_off |= self._opening.cancel()  # nothing happens where it is done
        self._commands.put_nowait((CommandKind.END, ""))
        self._commands.put_nowait((CommandKind.END, ""))

    async def _run(self, info: SourceInfo, worker: "_Worker") -> None:
        loop = asyncio.get_running_loop()

        def send(kind: CommandKind, text: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: there is no session left to command
                loop.call_soon_threadsafe(self._commands.put_nowait, (kind, text))

        self._bridge.connect(send)
        clock = VirtualClock(self._pace, info.t0_host_ns) if info.virtual_time else LiveClock(info.t0_host_ns)
        self._bridge.now_s = clock.now_s
        happenings = self._source.events() if info.virtual_time else with_ticks(self._source)
        async with closed_after(happenings) as items:
            async for item in items:
                await clock.wait(item.t_host_ns)
                await self._obey(worker, item.t_host_ns)
                await worker.handle(item)
                if isinstance(item, Advance):
                    command = self._next()
                    if command is not None:
                        await self._command(worker, UserCommand(command, item.t_host_ns))
                if self._stop:
                    self._stop = False
                    await worker.end_streams()
                    await self._source.close()  # ends `items` when all that came before has been taken

    async def _obey(self, worker: "_Worker", t_host_ns: int) -> None:
        while not self._commands.empty():
            kind, text = self._commands.get_nowait()
            await self._command(worker, UserCommand(kind, t_host_ns, text))

    async def _command(self, worker: "_Worker", command: UserCommand) -> None:
        if command.kind is CommandKind.END and self._ends(command.kind):
            self._stop = True
        elif self.path is not None:
            await worker.handle(command)


class LiveSession(SessionRunner):
    """A guided session.

    Parameters
    ----------
    plan : SessionPlan
        Checked for clearance at once: raises SafetyError where the drill must not be reached.
    source, path, bridge, pace
        As `SessionRunner`. Without a path it plays without recording (a replay: commands are those of the recording,
        END stops it).
    pilot : Pilot | None
        Presses the buttons where nobody does (a run without a screen).
    """

    def __init__(
        self,
        plan: SessionPlan,
        source: Source,
        path: Path | None,
        bridge: Bridge,
        *,
        pace: float | None = 1.0,
        pilot: Pilot | None = None,
    ) -> None:
        plan.require_clearance()
        super().__init__(source, path, bridge, pace=pace)
        self.plan = plan
        self._pipeline: Pipeline | None = None
        self._pilot = pilot

    @property
    def pipeline(self) -> Pipeline:
        """The chain; there once the source is open. Raises RuntimeError before."""
        if self._pipeline is None:
            raise RuntimeError("the session has not been run")
        return self._pipeline

    def result(self) -> SessionResult | None:
        """Return what the session came to, None where it never began."""
        return None if self._pipeline is None else self._pipeline.result()

    def _begin(self, info: SourceInfo) -> Chain:
        self._pipeline = Pipeline(self.plan, info.devices, info.t0_host_ns)
        return self._pipeline

    def _meta(self, info: SourceInfo) -> SessionMeta:
        return _meta(self.plan, info)

    def _ends(self, command: CommandKind) -> bool:
        """Whether a command leaves the session; END before the drill's end ends the drill first."""
        return self.path is None or self.pipeline.stage is Stage.FINISHED

    def _next(self) -> CommandKind | None:
        return None if self._pilot is None else self._pilot(self.pipeline)


class _Worker:
    """Record first, then decode and estimate, then act on what came out."""

    def __init__(self, chain: Chain, writer: SessionWriter | None, source: Source, bridge: Bridge) -> None:
        self._chain = chain
        self._writer = writer
        self._source = source
        self._bridge = bridge
        self._failed = False

    async def handle(self, item: Happening) -> None:
        self._put(item)
        told = await self._push(item)
        if self._writer is not None and self._writer.error is not None and not self._failed:
            self._failed = True
            self._bridge.error = self._writer.error
            await self._push(RecorderFailed(item.t_host_ns))
        if told or not isinstance(item, Packet):  # of a hundred packets a second most change nothing to be seen
            self._show()

    async def end_streams(self) -> None:
        """Ask the devices to stop sending."""
        for outbound in self._chain.stop():
            await self._source.request(outbound.device, outbound.request)

    def finish(self) -> None:
        """Write what was still open when the source ended."""
        self._write(self._chain.flush())
        self._show()

    def _put(self, item: Item) -> None:
        if self._writer is not None:
            self._writer.put(item)

    def _show(self) -> None:
        depth = 0 if self._writer is None else self._writer.depth
        recording = self._writer is not None and not self._failed
        self._bridge.show(self._chain.frame(depth, recording=recording))

    async def _push(self, item: PipelineInput) -> bool:
        """Take an item; return whether anything followed from it."""
        outputs = self._chain.push(item)
        self._write(outputs)
        for output in outputs:
            if isinstance(output, Outbound):
                await self._source.request(output.device, output.request)
        return bool(outputs)

    def _write(self, outputs: tuple[SessionItem, ...]) -> None:
        for output in outputs:
            if isinstance(output, Outbound):
                continue
            self._put(output)
            if isinstance(output, Effect):
                self._bridge.effects.put(output)
                if output.kind is EffectKind.TARGET and output.timeline is not None:
                    self._source.show(output.timeline)


def _meta(plan: SessionPlan, info: SourceInfo) -> SessionMeta:
    screening = {"outcome": plan.screening.outcome.value} if plan.screening else {}
    return SessionMeta(
        start=datetime.now().astimezone(),
        t0_host_ns=info.t0_host_ns,
        software_version=__version__,
        source="sim" if plan.wearer == "simulated" else "ble",
        language=plan.language,
        person=plan.person,
        drill=plan.drill,
        pattern_id=plan.pattern_id,
        minutes=plan.minutes,
        screening=screening,
        more=plan.kept,
    )


class SessionThread(threading.Thread):
    """A session in a worker thread of its own, as the window needs it: Qt never waits for the radio.

    Parameters
    ----------
    session : SessionRunner
    bridge : Bridge
        That of `session`.
    after : threading.Thread | None
        Begin when this one has ended.
    """

    def __init__(self, session: SessionRunner, bridge: Bridge, *, after: threading.Thread | None = None) -> None:
        super().__init__(name="breathcore-session", daemon=True)
        self.session = session
        self._bridge = bridge
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unwanted = False
        self._after = after

    def run(self) -> None:
        """Run the session; how it failed is left in `bridge.error`."""
        if self._after is not None:
            self._after.join()
            self._after = None
        try:
            asyncio.run(self._main())
        except BreathcoreError as error:
            self._bridge.error = error
        except Exception as error:  # shown to the person, not lost with the thread
            self._bridge.error = BreathcoreError(Reason.INTERNAL, detail=f"{type(error).__name__}: {error}")
        finally:
            self._bridge.ended = True

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self._unwanted:  # asked to stop before there was a loop to tell
            await self.session.run()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Ask the session to end and wait until its file is closed."""
        self.ask_to_stop()
        self.join(timeout_s)

    def ask_to_stop(self) -> None:
        """Ask the session to end; harmless when it has."""
        self._unwanted = True
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it ended by itself in this very moment
                self._loop.call_soon_threadsafe(self.session.stop)
