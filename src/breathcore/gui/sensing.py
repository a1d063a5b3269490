"""While sensors are chosen: looking for them, and checking the signal of those chosen."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from breathcore.feedback.frame import FeedbackFrame
from breathcore.gui.live import LiveSession
from breathcore.gui.pages.sensors import SensorsPage
from breathcore.gui.services import FoundDevice
from breathcore.gui.shell import Shell
from breathcore.model.errors import BreathcoreError


class Sensing(QObject):
    """Runs the Sensors page: one search or one check at a time, none once the page is left.

    Signals
    -------
    changed(object)
        The sensors chosen now, a tuple of `ChosenSensor`.
    """

    changed = Signal(object)
    _found = Signal(object)
    _scan_failed = Signal(object)

    def __init__(self, shell: Shell, parent: QObject) -> None:
        super().__init__(parent)
        self._shell = shell
        self._scanning = False
        self._live: LiveSession | None = None
        self._heard: dict[str, FoundDevice] = {}
        self._found.connect(self._show_found)
        self._scan_failed.connect(self._show_scan_failed)

    def open(self) -> None:
        """Show the page and begin to look."""
        self._heard.clear()
        self._shell.show_page(self._make)
        self._scan(on=True)

    def stop(self) -> None:
        """End a search or check."""
        self._scan(on=False)
        self._end_check()

    def _make(self) -> QWidget:
        page = SensorsPage(self._shell.words, self._shell.services.devices(), self._shell.settings.sensors)
        for device in self._heard.values():
            page.found(device)
        page.scanning(on=self._scanning)
        page.checking(on=self._live is not None)
        page.scan.connect(lambda on: self._scan(on=on))
        page.check.connect(lambda on: self._check(on=on))
        page.changed.connect(self.changed)
        page.leave.connect(self._leave)
        return page

    @property
    def _page(self) -> SensorsPage | None:
        page = self._shell.page
        return page if isinstance(page, SensorsPage) else None

    def _leave(self) -> None:
        self.stop()
        self._shell.home()

    # the search

    def _scan(self, *, on: bool) -> None:
        if self._scanning and not on:
            self._shell.services.stop_scan()
        self._scanning = on
        if self._page is not None:
            self._page.scanning(on=on)
        if on:
            try:
                self._shell.services.scan(self._found.emit, self._scan_failed.emit)
            except BreathcoreError as error:
                self._show_scan_failed(error)

    def _show_found(self, device: FoundDevice) -> None:
        self._heard[device.address] = device
        if self._page is not None:
            self._page.found(device)

    def _show_scan_failed(self, error: BreathcoreError) -> None:
        self._scanning = False
        if self._page is not None:
            self._page.scan_failed(self._shell.words.say(error.message))

    # the check

    def _check(self, *, on: bool) -> None:
        self.stop()
        page = self._page
        if not on or page is None:
            return
        try:
            bridge = self._shell.services.check(page.chosen)
        except BreathcoreError as error:
            self._shell.complain(error)
            return
        live = self._live = LiveSession(bridge, self)
        live.frame.connect(self._show_frame)
        live.failed.connect(self._shell.complain)
        live.ended.connect(self._end_check)
        page.checking(on=True)

    def _show_frame(self, frame: FeedbackFrame) -> None:
        if self._page is not None:
            self._page.show_frame(frame)

    def _end_check(self) -> None:
        if self._live is None:
            return
        self._live.stop()
        self._live.deleteLater()
        self._live = None
        self._shell.services.stop_check()
        if self._page is not None:
            self._page.checking(on=False)
