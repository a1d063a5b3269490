"""One sentence that matters now."""

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy

from breathcore.gui import icons
from breathcore.gui.widgets import announce, button, label, pad, restyle_buttons, set_property, set_text


class Notice(QFrame):
    """One sentence that matters now, with a drawing; hidden when there is none.

    Parameters
    ----------
    hide_name : str
        The name of a button that hides it, "" for none.
    """

    def __init__(self, hide_name: str = "") -> None:
        super().__init__()
        self.setProperty("card", "attention")
        row = self._row = QHBoxLayout(self)
        self._icon = icons.Icon("warning", token="attention", ems=1.3)
        self._label = label()
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(self._icon, 0)
        row.addWidget(self._label, 1)
        self._passing = QTimer(self)
        self._passing.setSingleShot(True)
        self._passing.timeout.connect(partial(self.say, ""))
        self._hide: QPushButton | None = None
        if hide_name:
            self._hide = button("", partial(self.say, ""), kind="row", icon="close")
            row.addWidget(self._hide, 0)
            self.name_button(hide_name)
        self.restyle()
        self.hide()

    def name_button(self, name: str) -> None:
        """Name the button that hides the notice, if it has one."""
        if self._hide is not None:
            self._hide.setAccessibleName(name)
            self._hide.setToolTip(name)

    def restyle(self) -> None:
        """Take the theme and text size now in use."""
        pad(self._row, 0.7, 0.7)
        restyle_buttons(self)

    @property
    def shown(self) -> str:
        """The sentence in sight, "" for none."""
        return "" if self.isHidden() else self._label.text()

    def say(self, text: str, *, calm: bool = False, for_ms: int = 0) -> None:
        """Show `text` ("" hides), `calm` when it is only to be known; 0 ms: until told otherwise."""
        if text and text != self._label.text():
            announce(self, text)
        set_text(self._label, text)
        set_property(self, "card", "notice" if calm else "attention")
        self._icon.show_kind("info" if calm else "warning", "accent" if calm else "attention")
        self.setVisible(bool(text))
        self._passing.stop()
        if text and for_ms:
            self._passing.start(for_ms)
