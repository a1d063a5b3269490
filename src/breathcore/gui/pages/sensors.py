"""Which sensor: the simulated strap, the one used last, and those in reach."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from breathcore.feedback.wording import Wording
from breathcore.gui.pages.notice import Notice
from breathcore.gui.pages.parts import ChoiceCard
from breathcore.gui.services import FoundDevice
from breathcore.gui.widgets import button, label, pad, set_text
from breathcore.model.device import DeviceSpec, Role
from breathcore.session.settings import Settings

_BREATH = frozenset({Role.CHEST_ACC, Role.BELT, Role.ABDOMEN_BELT})
_STRONG_DBM, _FAIR_DBM = -70, -85


class SensorPicker(QWidget):
    """A list of sensors, one of them chosen.

    Signals
    -------
    scan(bool)
        Look for sensors, or stop looking.
    changed()
        Another one is chosen.
    """

    scan = Signal(bool)
    changed = Signal()

    def __init__(self, wording: Wording, devices: Sequence[DeviceSpec], settings: Settings) -> None:
        super().__init__()
        self._words = wording
        self._specs = {d.id: d for d in devices}
        self._found: dict[str, FoundDevice | None] = {}
        self._cards: dict[str, ChoiceCard] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        pad(column, 0, 0.45)
        self._list = QVBoxLayout()
        pad(self._list, 0, 0.45)
        column.addLayout(self._list)
        self._state = label(role="muted")
        self._state.hide()
        column.addWidget(self._state)
        self.problem = Notice()
        column.addWidget(self.problem)
        self._search = button("", self._toggle)
        column.addWidget(self._search)
        self._add("", wording.text("sensor.simulated"), wording.text("sensor.simulated.about"), None)
        self._cards[""].setChecked(True)
        self._remember(settings)
        self.scanning(on=False)

    @property
    def choice(self) -> FoundDevice | None:
        """The chosen sensor, None for the simulated strap."""
        return next((self._found[key] for key, made in self._cards.items() if made.isChecked()), None)

    def found(self, device: FoundDevice) -> None:
        """List a sensor in reach."""
        if device.address in self._cards:
            self._found[device.address] = device
            return
        self._add(device.address, device.name, self._about(device), device)

    def scanning(self, *, on: bool) -> None:
        """Show whether sensors are being looked for."""
        self._on = on
        self._search.setText(self._words.text("sensor.stop" if on else "sensor.search"))
        self._search.setAccessibleName(self._search.text())
        self._state.setVisible(on)
        set_text(self._state, self._words.text("sensor.searching") if on else "")
        if on:
            self.problem.say("")

    def failed(self, sentence: str) -> None:
        """Say why there can be no search."""
        self.scanning(on=False)
        self.problem.say(sentence)

    def _remember(self, settings: Settings) -> None:
        spec = self._specs.get(settings.last_device)
        if spec is None or not settings.last_device_address:
            return
        device = FoundDevice(spec.name, settings.last_device_address, spec.id)
        self._add(device.address, device.name, self._words.text("sensor.last"), device)
        self._cards[device.address].setChecked(True)

    def _add(self, key: str, name: str, about: str, device: FoundDevice | None) -> None:
        made = ChoiceCard(name, fact=about)
        made.clicked.connect(lambda _checked=False: self.changed.emit())
        self._group.addButton(made)
        self._cards[key] = made
        self._found[key] = device
        self._list.addWidget(made)

    def _about(self, device: FoundDevice) -> str:
        spec = self._specs.get(device.device_id)
        measures = "breath" if spec is not None and spec.roles & _BREATH else "heart"
        facts = [self._words.text(f"sensor.measures.{measures}")]
        if device.rssi_dbm is not None:
            near = "near" if device.rssi_dbm >= _STRONG_DBM else "fair" if device.rssi_dbm >= _FAIR_DBM else "far"
            facts.append(self._words.text(f"sensor.{near}"))
        return " · ".join(facts)

    def _toggle(self) -> None:
        self.scan.emit(not self._on)
