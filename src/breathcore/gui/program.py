"""The program behind the window: `Services` over sessions, files and the radio, and the windows that commands open."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from breathcore.drill.screening import allowed_pattern, require_opened, too_firm
from breathcore.export.csv import write_csv
from breathcore.export.edf import write_edf
from breathcore.gui.app import run_app
from breathcore.gui.services import (
    SIMULATED_DEVICE,
    ExportKind,
    FoundDevice,
    ReviewView,
    SessionChoice,
    SessionRow,
    SummaryView,
)
from breathcore.gui.trunk_views import previous_ranges
from breathcore.gui.views import review_view, session_row, summary_view
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import CommandKind, DrillSpec, EffectKind, UserCommand
from breathcore.model.errors import BreathcoreError, Reason, SafetyError
from breathcore.model.message import Message
from breathcore.model.protocols import Source
from breathcore.record.edit import append_note, delete, set_ratings
from breathcore.record.items import Ratings
from breathcore.record.reader import SessionFile
from breathcore.record.summary import list_sessions
from breathcore.record.writer import new_path
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.capture import Capture
from breathcore.session.exporting import export_data
from breathcore.session.plan import SessionPlan
from breathcore.session.recording import open_session
from breathcore.session.replaying import plan_of
from breathcore.session.rig import all_round, all_simulated, rig, rig_source, shown
from breathcore.session.runner import LiveSession, SessionRunner, SessionThread
from breathcore.session.sensors import devices_of
from breathcore.session.settings import (
    ChosenSensor,
    LoadedSettings,
    Settings,
    load_settings,
    save_settings,
    sessions_folder,
)
from breathcore.session.simulated import wearer_for
from breathcore.source.ble import BleSource, Found, scan_for
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio
from breathcore.source.replay import ReplaySource
from breathcore.source.sim.source import SimSource
from breathcore.source.sim.spec import WearerSpec

_DRILL_COMMANDS = frozenset(CommandKind) - {CommandKind.CALIBRATE, CommandKind.END}  # END: how a session is left
_DRILL_EFFECTS = frozenset(EffectKind) - {EffectKind.STAGE, EffectKind.FINISHED}
SCAN_S = 3.0  # of one round, which brings news of strength; rounds follow each other until the scan is stopped


class Program:
    """Everything the window asks for (`gui.services.Services`).

    Parameters
    ----------
    wearer : WearerSpec
        Who wears the simulated strap.
    folder : Path | None
        Where sessions are kept, None for the person's data folder.
    replay_speed : float
        How fast recorded sessions are played.
    radio : Radio
        What sensors are reached through.
    """

    def __init__(
        self,
        wearer: WearerSpec | None = None,
        folder: Path | None = None,
        *,
        replay_speed: float = 1.0,
        radio: Radio = SYSTEM_RADIO,
    ) -> None:
        self._wearer = wearer
        self._folder = folder or sessions_folder()
        self._replay_speed = replay_speed
        self._radio = radio
        self._thread: SessionThread | None = None
        self._scanner: _Scanner | None = None

    def drills(self) -> tuple[DrillSpec, ...]:
        """Return the drills on offer, by the short names therapists use; those without one last."""
        return tuple(sorted(registry.drills(), key=lambda d: (not d.code, d.code, d.id)))

    def problems(self) -> tuple[Message, ...]:
        """Return what is wrong with files of wearables and drills that the person added."""
        return tuple(error.message for error in registry.problems())

    def devices(self) -> tuple[DeviceSpec, ...]:
        """Return the wearables the program knows."""
        return registry.devices()

    def scan(self, found: Callable[[FoundDevice], None], failed: Callable[[BreathcoreError], None]) -> None:
        """Look for wearables until `stop_scan`."""
        self.stop_scan()
        self._scanner = _Scanner(found, failed, self._radio)
        self._scanner.start()

    def stop_scan(self) -> None:
        """Stop looking."""
        if self._scanner is not None:
            self._scanner.stop()
            self._scanner = None

    def check(self, sensors: tuple[ChosenSensor, ...]) -> Bridge:
        """Connect to `sensors` and show how they do, without recording, until `stop_check`."""
        bridge = Bridge()
        return self._launch(Capture(self._source(sensors, self._who(sensors)), None, bridge), bridge)

    def stop_check(self) -> None:
        """Have the check end, without waiting for it."""
        if self._thread is not None:
            self._thread.ask_to_stop()

    def start(self, choice: SessionChoice) -> Bridge:
        """Begin a session in the worker thread. Raises SafetyError where the gate is closed for `choice`."""
        drill = registry.drill(choice.drill_id)
        simulated = all_simulated(choice.sensors)
        wearer = wearer_for(drill, choice.pattern_id, self._who(choice.sensors))
        _check_form(drill, choice)
        plan = SessionPlan(
            drill,
            choice.pattern_id,
            choice.minutes,
            choice.person,
            self.load_settings().settings.language.value,
            wearer="simulated" if simulated else "person",
            screening=choice.screening,
            opened=choice.opened,
            previous=previous_ranges(list_sessions(self._folder), choice.person, simulated=simulated),
            facts={"seed": wearer.seed} if simulated else {},
        )
        plan.require_clearance()
        require_opened(drill.pattern(choice.pattern_id), opened=choice.opened)  # of a simulated wearer, too
        path = new_path(self._folder, datetime.now().astimezone(), choice.person or drill.id)
        return self._run(plan, self._source(choice.sensors, wearer, drill), path, pace=1.0)

    def replay(self, path: Path) -> Bridge:
        """Run a stored session again."""
        with SessionFile.open(path) as file:
            plan = plan_of(file)
        return self._run(plan, ReplaySource(path), None, pace=self._replay_speed)

    def stop(self) -> None:
        """End the running session or replay and return when its file is closed."""
        if self._thread is not None and self._thread.is_alive():
            self._thread.stop()

    def discard(self) -> None:
        """Delete what the session that ended last recorded, if no drill was begun and nothing marked or noted in it."""
        session = self._thread.session if self._thread is not None else None
        if session is None or session.path is None or not session.path.exists():
            return
        with SessionFile.open(session.path) as file:
            empty = _is_empty(file)
        if empty:
            delete(session.path)

    def summary(self) -> SummaryView | None:
        """Return what the session that ended last came to."""
        session = self._thread.session if self._thread is not None else None
        if session is None or session.path is None or not session.path.exists():
            return None
        return summary_view(session.path, session.result(), list_sessions(self._folder))

    def sessions(self) -> tuple[SessionRow, ...]:
        """Return the stored sessions, newest first."""
        return tuple(session_row(summary) for summary in list_sessions(self._folder))

    def review(self, path: Path) -> ReviewView:
        """Return a stored session's course."""
        return review_view(path)

    def export(
        self, path: Path, kind: ExportKind, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Path:
        """Export a session beside its file and return where."""

        def step(share: float) -> None:
            if cancelled():
                raise BreathcoreError(Reason.CANCELLED)
            progress(share)

        step(0.0)
        data = export_data(open_session(path))
        if kind is ExportKind.CSV:
            folder = path.with_suffix("")
            write_csv(data, folder, replace=True, progress=step)
            return folder
        return write_edf(data, path.with_suffix(".edf"), replace=True, progress=step)

    def delete(self, path: Path) -> None:
        """Delete a session's file."""
        delete(path)

    def add_note(self, path: Path, text: str) -> None:
        """Store a note on a session."""
        append_note(path, text)

    def rate(self, path: Path, *, pain: int | None, effort: int | None) -> None:
        """Store how the person felt."""
        set_ratings(path, Ratings(pain, effort))

    def load_settings(self) -> LoadedSettings:
        """Return the stored settings."""
        return load_settings()

    def save_settings(self, settings: Settings) -> None:
        """Store `settings`."""
        save_settings(settings)

    def _who(self, sensors: Sequence[ChosenSensor]) -> WearerSpec:
        """Return who wears the simulated `sensors`, none: the simulated strap."""
        return self._wearer or shown(trunk=bool(sensors))

    def _source(self, sensors: Sequence[ChosenSensor], wearer: WearerSpec, drill: DrillSpec | None = None) -> Source:
        if not sensors:
            return SimSource(registry.device(SIMULATED_DEVICE), wearer)
        if all_simulated(sensors):
            return rig_source(sensors, wearer, drill)
        return BleSource(devices_of(sensors), radio=self._radio)

    def _run(self, plan: SessionPlan, source: Source, path: Path | None, pace: float) -> Bridge:
        bridge = Bridge()
        return self._launch(LiveSession(plan, source, path, bridge, pace=pace), bridge)

    def _launch(self, session: SessionRunner, bridge: Bridge) -> Bridge:
        """Begin `session`, as soon as what runs now has ended, and without a search: both would use the radio."""
        self.stop_scan()
        self.stop_check()
        self._thread = SessionThread(session, bridge, after=self._thread)
        self._thread.start()
        return bridge


def demo_window(wearer: WearerSpec, drill_id: str) -> int:
    """Open the window and guide the simulated `wearer` through a drill. Returns the exit code."""
    program, drill = Program(wearer), registry.drill(drill_id)
    sensors = rig({spec.id: spec for spec in registry.devices()}) if all_round(drill) else ()
    return run_app(program, begin=SessionChoice(drill_id=drill.id, sensors=sensors, minutes=2.0))


def train_window(
    drill_id: str,
    *,
    sensors: Sequence[ChosenSensor],
    minutes: float | None,
    person: str,
    form: str = "",
    opened: bool = False,
    radio: Radio = SYSTEM_RADIO,
) -> int:
    """Open the window at a drill; with `sensors` at its safety questions."""
    program = Program(radio=radio)
    choice = SessionChoice(drill_id=drill_id, pattern_id=form, minutes=minutes, person=person, opened=opened)
    if not sensors:
        return run_app(program, offer=choice)
    return run_app(program, begin=replace(choice, sensors=tuple(sensors)))


def replay_window(path: Path, speed: float) -> int:
    """Open the window and play a recorded session."""
    SessionFile.open(path).close()
    return run_app(Program(replay_speed=speed), replay=path)


def _check_form(drill: DrillSpec, choice: SessionChoice) -> None:
    """Let nobody with a condition on the avoid list reach a form with holds, or with any a firmer brace."""
    form, chosen = allowed_pattern(drill, choice.conditions), drill.pattern(choice.pattern_id)
    if form is None or (form and chosen.has_hold) or too_firm(chosen, choice.conditions):
        raise SafetyError(Reason.AVOID_LIST, drill=drill.id, conditions=", ".join(choice.conditions))


def _is_empty(file: SessionFile) -> bool:
    """Say whether a session holds nothing of a drill and no word of a person."""
    if file.marks() or file.notes() or file.ratings() != Ratings():
        return False
    begun = any(isinstance(item, UserCommand) and item.kind in _DRILL_COMMANDS for item in file.inputs())
    return not begun and not any(effect.kind in _DRILL_EFFECTS for effect in file.drill_events())


class _Scanner(threading.Thread):
    """Listens in rounds, in a thread with a loop of its own."""

    def __init__(
        self, found: Callable[[FoundDevice], None], failed: Callable[[BreathcoreError], None], radio: Radio
    ) -> None:
        super().__init__(name="breathcore-scan", daemon=True)
        self._radio = radio
        self._found = found
        self._failed = failed
        self._loop = asyncio.new_event_loop()
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            self._loop.run_until_complete(self._rounds())
        except asyncio.CancelledError:
            return
        except BreathcoreError as error:
            if not self._stopped.is_set():
                self._failed(error)
        finally:
            self._loop.close()

    def stop(self) -> None:
        self._stopped.set()

    async def _rounds(self) -> None:
        while not self._stopped.is_set():
            listening = asyncio.ensure_future(self._round())
            while not listening.done():
                await asyncio.wait([listening], timeout=0.1)
                if self._stopped.is_set():
                    listening.cancel()
            await listening

    async def _round(self) -> None:
        await scan_for(SCAN_S, registry.devices(), self._heard, radio=self._radio)

    def _heard(self, found: Found) -> None:
        if found.profile is not None and not self._stopped.is_set():
            self._found(FoundDevice(found.name, found.address, found.profile.id, found.rssi))
