"""Made-up services: what the window asks of the program, all in memory."""

from collections.abc import Callable
from pathlib import Path

from breathcore.gui.samples.results import review, summary
from breathcore.gui.samples.sensors import devices
from breathcore.gui.services import ExportKind, FoundDevice, ReviewView, SessionChoice, SessionRow, SummaryView
from breathcore.model.device import DeviceSpec
from breathcore.model.drill import DrillSpec
from breathcore.model.errors import BreathcoreError, Reason
from breathcore.model.message import Message
from breathcore.session import registry
from breathcore.session.bridge import Bridge
from breathcore.session.settings import ChosenSensor, LoadedSettings, Settings


def drills() -> tuple[DrillSpec, ...]:
    """Return the built-in drills, the first to learn first."""
    return tuple(sorted(registry.drills(), key=lambda d: d.code))


class SampleServices:
    """A `Services` with made-up content, all in memory; what the window asked for is kept in `asked`."""

    def __init__(self, settings: Settings | None = None, *, stored: tuple[SessionRow, ...] = ()) -> None:
        self.settings = settings or Settings()
        self.problem: Message | None = None
        self.file_problems: tuple[Message, ...] = ()
        self.stored = list(stored)
        self.asked: list[tuple[object, ...]] = []
        self.bridge = Bridge()
        self.result: SummaryView | None = summary()
        self.refuse: BreathcoreError | None = None
        self.found: Callable[[FoundDevice], None] | None = None
        self.scan_failed: Callable[[BreathcoreError], None] | None = None

    def drills(self) -> tuple[DrillSpec, ...]:
        """Return the built-in drills."""
        return drills()

    def devices(self) -> tuple[DeviceSpec, ...]:
        """Return the made-up wearables."""
        return devices()

    def problems(self) -> tuple[Message, ...]:
        """Return the prepared problems."""
        return self.file_problems

    def check(self, sensors: tuple[ChosenSensor, ...]) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("check", sensors))
        return self._bridge()

    def scan(self, found: Callable[[FoundDevice], None], failed: Callable[[BreathcoreError], None]) -> None:
        """Keep the callbacks."""
        self.asked.append(("scan",))
        self.found, self.scan_failed = found, failed

    def stop_scan(self) -> None:
        """Forget the callbacks."""
        self.asked.append(("stop_scan",))

    def stop_check(self) -> None:
        """End the check."""
        self.asked.append(("stop_check",))
        self.bridge.ended = True

    def start(self, choice: SessionChoice) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("start", choice))
        return self._bridge()

    def stop(self) -> None:
        """End."""
        self.asked.append(("stop",))
        self.bridge.ended = True

    def discard(self) -> None:
        """Keep the call."""
        self.asked.append(("discard",))

    def summary(self) -> SummaryView | None:
        """Return the prepared result."""
        return self.result

    def sessions(self) -> tuple[SessionRow, ...]:
        """Return the stored rows."""
        return tuple(self.stored)

    def review(self, path: Path) -> ReviewView:
        """Return the sample course."""
        self.asked.append(("review", path))
        self._maybe_refuse()
        return review()

    def replay(self, path: Path) -> Bridge:
        """Return the bridge, or refuse."""
        self.asked.append(("replay", path))
        return self._bridge()

    def export(
        self, path: Path, kind: ExportKind, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Path:
        """Do nothing, in two steps."""
        self.asked.append(("export", path, kind))
        self._maybe_refuse()
        for share in (0.5, 1.0):
            progress(share)
        return path.with_suffix(f".{kind.value}")

    def delete(self, path: Path) -> None:
        """Drop the row."""
        self.asked.append(("delete", path))
        self._maybe_refuse()
        self.stored = [row for row in self.stored if row.path != path]

    def add_note(self, path: Path, text: str) -> None:
        """Keep the call."""
        self.asked.append(("note", path, text))

    def rate(self, path: Path, *, pain: int | None, effort: int | None) -> None:
        """Keep the call."""
        self.asked.append(("rate", path, pain, effort))

    def load_settings(self) -> LoadedSettings:
        """Return the prepared settings."""
        return LoadedSettings(self.settings, self.problem)

    def save_settings(self, settings: Settings) -> None:
        """Keep the settings."""
        self.settings = settings

    def _bridge(self) -> Bridge:
        self._maybe_refuse()
        self.bridge = Bridge()
        return self.bridge

    def _maybe_refuse(self) -> None:
        if self.refuse is not None:
            raise self.refuse


def no_adapter() -> BreathcoreError:
    """Return what a computer without Bluetooth says."""
    return BreathcoreError(Reason.NO_ADAPTER)
